/** Text functions: one table row each, and the arguments that are checked before they reach a database. */
import type { FuncSpec } from "../../ast/expr.js";
import { ValueError } from "../../base/errors.js";
import { Expression, isExpression } from "../expression.js";
import {
  checkArity,
  fieldOrValue,
  functionMaker,
  isOptions,
  splitOptions,
  Value,
  withSpec,
  type FunctionMaker,
} from "../makers.js";
import type { ValueType } from "../../ast/seams.js";

const row = (name: string, sql: string, output = "same", more: Partial<FuncSpec> = {}): FunctionMaker =>
  functionMaker({ name, sql, output, arity: 1, lookupName: name.toLowerCase(), ...more });

/** Small letters: `Lower("name")` gives `LOWER("name")`. */
export const Lower = row("Lower", "LOWER");
/** Capital letters. */
export const Upper = row("Upper", "UPPER");
/** The number of characters. */
export const Length = row("Length", "LENGTH", "IntegerField", { spell: { mysql: { sql: "CHAR_LENGTH" } } });
/** Without spaces on both sides. */
export const Trim = row("Trim", "TRIM");
/** Without spaces on the left. */
export const LTrim = row("LTrim", "LTRIM");
/** Without spaces on the right. */
export const RTrim = row("RTrim", "RTRIM");
/** The characters in reverse order. */
export const Reverse = row("Reverse", "REVERSE");
/** The character of a code point. */
export const Chr = row("Chr", "CHR", "CharField", { spell: { sqlite: { sql: "CHAR" } } });
/** The code point of the first character. */
export const Ord = row("Ord", "ASCII", "IntegerField", {
  spell: { sqlite: { sql: "UNICODE" }, mysql: { sql: "ORD" } },
});
/** The MD5 digest in hexadecimal. */
export const MD5 = row("MD5", "MD5");
/** The SHA-1 digest in hexadecimal (PostgreSQL: needs the extension pgcrypto). */
export const SHA1 = row("SHA1", "SHA1");
/** The SHA-224 digest in hexadecimal. */
export const SHA224 = row("SHA224", "SHA224");
/** The SHA-256 digest in hexadecimal. */
export const SHA256 = row("SHA256", "SHA256");
/** The SHA-384 digest in hexadecimal. */
export const SHA384 = row("SHA384", "SHA384");
/** The SHA-512 digest in hexadecimal. */
export const SHA512 = row("SHA512", "SHA512");

const CONCAT: FuncSpec = Object.freeze({ name: "Concat", output: "same" });
function concat(name: string): FunctionMaker {
  return withSpec(CONCAT, (...args) => {
    const [rest, o] = splitOptions(name, args, ["outputField"]);
    if (rest.length < 2) throw new ValueError(`${name} must take at least two expressions`, "expression.arity");
    return new Expression({
      kind: "func",
      spec: CONCAT,
      args: rest.map(fieldOrValue),
      outputField: o["outputField"] as ValueType | undefined,
    });
  });
}
/**
 * The texts one after the other; NULL counts as the empty text.
 * @example Concat("first", Value(" "), "last")   // COALESCE("first", '') || COALESCE(?, '') || COALESCE("last", '')
 * @see https://docs.djangoproject.com/en/stable/ref/models/database-functions/#concat
 */
export const Concat: FunctionMaker = concat("Concat");
/** Two texts one after the other. */
export const ConcatPair: FunctionMaker = concat("ConcatPair");

/** The text as often as said: `Repeat("name", 2)`. A number below zero is refused. */
export const Repeat: FunctionMaker = numbered(
  functionMaker({ name: "Repeat", sql: "REPEAT", output: "CharField", arity: 2 }),
  "number",
);
/** Each occurrence of a text replaced, by the empty text when none is given: `Replace("name", Value("a"), Value("b"))`. */
export const Replace: FunctionMaker = (() => {
  const make = functionMaker({ name: "Replace", sql: "REPLACE", output: "first", arity: 3 });
  return withSpec(make.spec, (...args) => {
    const options = isOptions(args.at(-1)) ? [args.at(-1)] : [];
    const rest = args.slice(0, args.length - options.length);
    if (rest.length === 2) rest.push(Value(""));
    return make(...rest, ...options);
  });
})();
/** Filled on the left with a text, spaces when none is given, up to a length; longer texts are cut. */
export const LPad: FunctionMaker = padding("LPad", "LPAD");
/** Filled on the right. */
export const RPad: FunctionMaker = padding("RPad", "RPAD");
function padding(name: string, sql: string): FunctionMaker {
  const make = functionMaker({ name, sql, output: "first", arity: 3 });
  return numbered(
    withSpec(make.spec, (...args) => {
      const options = isOptions(args.at(-1)) ? [args.at(-1)] : [];
      const rest = args.slice(0, args.length - options.length);
      if (rest.length === 2) rest.push(Value(" "));
      return make(...rest, ...options);
    }),
    "length",
  );
}
// A length that is a plain number is seen before the database sees it.
function numbered(make: FunctionMaker, argument: string): FunctionMaker {
  return withSpec(make.spec, (...args) => {
    const n = args[1];
    if (
      !isExpression(n) &&
      n !== null &&
      n !== undefined &&
      typeof n !== "string" &&
      (typeof n !== "number" || !Number.isSafeInteger(n) || n < 0)
    )
      throw new ValueError(`'${argument}' must be greater or equal to 0.`, "expression.argument");
    return make(...args);
  });
}

function positive(name: string, argument: string, n: unknown): void {
  if (!isExpression(n) && (typeof n !== "number" || !Number.isInteger(n) || n <= 0))
    throw new ValueError(`'${argument}' must be greater than 0.`, "expression.argument", { path: name });
}
const LEFT: FuncSpec = Object.freeze({ name: "Left", sql: "LEFT", output: "first", arity: 2 });
/** The first characters: `Left("name", 3)`. @throws ValueError for a length below 1 */
export const Left: FunctionMaker = withSpec(LEFT, (...args) => {
  positive("Left", "length", args[1]);
  return functionMaker(LEFT)(...args);
});
const RIGHT: FuncSpec = Object.freeze({ name: "Right", sql: "RIGHT", output: "first", arity: 2 });
/** The last characters: `Right("name", 3)`. */
export const Right: FunctionMaker = withSpec(RIGHT, (...args) => {
  positive("Right", "length", args[1]);
  return functionMaker(RIGHT)(...args);
});
/** Part of a text from a position (1 is the first): `Substr("name", 1, 5)`. */
export const SUBSTR: FuncSpec = Object.freeze({
  name: "Substr",
  sql: "SUBSTRING",
  output: "first",
  arity: [2, 3],
  spell: { sqlite: { sql: "SUBSTR" } },
} as const);
/**
 * Part of a text: `Substr("name", 1, 5)` gives `SUBSTRING("name", 1, 5)`.
 * @param args the text, the position of the first character (1-based), and how many characters (all when left out)
 * @throws ValueError for a position or length below 1
 */
export const Substr: FunctionMaker = withSpec(SUBSTR, (...args) => {
  const [rest, o] = splitOptions("Substr", args, ["outputField", "length"]);
  if (o["length"] !== undefined && o["length"] !== null) rest.push(o["length"]);
  checkArity(SUBSTR, rest.length);
  const pos = rest[1];
  if (!isExpression(pos) && (typeof pos !== "number" || pos < 1))
    throw new ValueError("'pos' must be greater than 0", "expression.argument");
  if (rest.length === 3 && rest[2] !== null) positive("Substr", "length", rest[2]);
  const kept = rest[2] === null ? rest.slice(0, 2) : rest;
  return new Expression({
    kind: "func",
    spec: SUBSTR,
    args: kept.map(fieldOrValue),
    outputField: o["outputField"] as ValueType | undefined,
  });
});
/** The position of a text within another (1 is the first), 0 where it is absent: `StrIndex("name", Value("x"))`. */
export const StrIndex: FunctionMaker = functionMaker({
  name: "StrIndex",
  sql: "INSTR",
  output: "IntegerField",
  arity: 2,
  spell: { postgres: { sql: "STRPOS" } },
});
