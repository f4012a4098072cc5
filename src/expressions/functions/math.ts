/** Mathematical functions: one table row each. Where databases differ, their own files say how. */
import type { FuncSpec } from "../../ast/expr.js";
import { functionMaker, type FunctionMaker } from "../makers.js";

const row = (name: string, sql: string, output: string, more: Partial<FuncSpec> = {}): FunctionMaker =>
  functionMaker({ name, sql, output, arity: 1, lookupName: name.toLowerCase(), ...more });

/** The absolute value: `Abs("balance")` gives `ABS("balance")`. */
export const Abs = row("Abs", "ABS", "same");
/** The smallest whole number that is not less. */
export const Ceil = row("Ceil", "CEILING", "same", { spell: { postgres: { sql: "CEIL" } } });
/** The largest whole number that is not greater. */
export const Floor = row("Floor", "FLOOR", "same");
/**
 * Rounded to `precision` digits after the point, 0 when left out: `Round("price", 1)`; negative digits round tens, hundreds (not on SQLite).
 * @see https://docs.djangoproject.com/en/stable/ref/models/database-functions/#round
 */
export const Round: FunctionMaker = functionMaker(
  { name: "Round", sql: "ROUND", output: "first", arity: [1, 2], lookupName: "round" },
  ["precision"],
);
/** -1, 0 or 1. */
export const Sign = row("Sign", "SIGN", "same");
/** The square root. */
export const Sqrt = row("Sqrt", "SQRT", "math");
/** e to the power of the value. */
export const Exp = row("Exp", "EXP", "math");
/** The natural logarithm. */
export const Ln = row("Ln", "LN", "math");
/** The logarithm of the second value to the base of the first: `Log(Value(10), "size")`. */
export const Log: FunctionMaker = functionMaker({ name: "Log", sql: "LOG", output: "math", arity: 2 });
/** The remainder of a division. */
export const Mod: FunctionMaker = functionMaker({ name: "Mod", sql: "MOD", output: "math", arity: 2 });
/** The first value to the power of the second. */
export const Power: FunctionMaker = functionMaker({ name: "Power", sql: "POWER", output: "math", arity: 2 });
/** The ratio of a circle's circumference to its diameter. */
export const Pi: FunctionMaker = functionMaker({ name: "Pi", sql: "PI", output: "FloatField", arity: 0 });
/** A random number from 0 to below 1, a new one for each row. */
export const Random: FunctionMaker = functionMaker({
  name: "Random",
  sql: "RANDOM",
  output: "FloatField",
  arity: 0,
  spell: { sqlite: { sql: "RAND" }, mysql: { sql: "RAND" } },
});
/** The arc cosine, in radians. */
export const ACos = row("ACos", "ACOS", "math");
/** The arc sine, in radians. */
export const ASin = row("ASin", "ASIN", "math");
/** The arc tangent, in radians. */
export const ATan = row("ATan", "ATAN", "math");
/** The arc tangent of the first value divided by the second, in the right quadrant. */
export const ATan2: FunctionMaker = functionMaker({ name: "ATan2", sql: "ATAN2", output: "math", arity: 2 });
/** The cosine. */
export const Cos = row("Cos", "COS", "math");
/** The cotangent. */
export const Cot = row("Cot", "COT", "math");
/** The sine. */
export const Sin = row("Sin", "SIN", "math");
/** The tangent. */
export const Tan = row("Tan", "TAN", "math");
/** Radians as degrees. */
export const Degrees = row("Degrees", "DEGREES", "math");
/** Degrees as radians. */
export const Radians = row("Radians", "RADIANS", "math");
