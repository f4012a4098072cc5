/**
 * Func and Transform: SQL functions of the user's own, by call or as a class to extend. Names and templates belong to the
 * class or to a call of `Func` itself; a call of another class brings arguments and single words only.
 */
import { ownOptions } from "../base/options.js";
import type { CustomEmitter, Expr, FuncNode, FuncSpec, SqlPiece, Spelling } from "../ast/expr.js";
import type { ValueType } from "../ast/seams.js";
import { QueryTypeError, ValueError } from "../base/errors.js";
import { compileNode, Door, hasDoors, resolved, type SqlCompiler, type SqlConnection } from "./doors.js";
import { Expression } from "./expression.js";
import { checkArity, fieldOrValue, isOptions } from "./makers.js";

/** How a function is spelled. */
export interface FuncSpelling {
  readonly function?: string;
  readonly template?: string;
  readonly argJoiner?: string;
}
/** What a class says of its function. */
export interface FuncStatics extends FuncSpelling {
  readonly arity?: number | readonly [number, number];
  readonly outputField?: ValueType;
  readonly windowCompatible?: boolean;
  readonly conditional?: boolean;
  readonly emptyValue?: unknown;
  readonly lookupName?: string;
  readonly bilateral?: boolean;
  readonly allowDistinct?: boolean;
  readonly allowOrderBy?: boolean;
  readonly sqlite?: FuncSpelling;
  readonly postgresql?: FuncSpelling;
  readonly mysql?: FuncSpelling;
}
const STATICS = [
  "function",
  "template",
  "argJoiner",
  "arity",
  "windowCompatible",
  "conditional",
  "emptyValue",
  "allowDistinct",
  "allowOrderBy",
  "sqlite",
  "postgresql",
  "mysql",
] as const;
const NAME = /^[A-Za-z_][\w$]*(?:\.[A-Za-z_][\w$]*)*$/;
const WORD = /^(?:[A-Za-z_]\w*|-?\d+(?:\.\d+)?)$/;
const OWN_PARTS = new Set(["function", "expressions", "distinct", "orderBy", "filter"]);

/** The spec of a class, or of one call of the bare class, checked; equal calls have one spec. */
const ofClass = new WeakMap<object, FuncSpec>();
const ofCalls = new Map<string, FuncSpec>();

type FuncClass = { readonly prototype: object; readonly name: string } & FuncStatics;

/** Spec of a class by its static fields. */
export function classSpec(cls: FuncClass): FuncSpec {
  let spec = ofClass.get(cls);
  if (spec === undefined) ofClass.set(cls, (spec = makeSpec(cls, cls.name)));
  return spec;
}
/** Spec of a call that brings spelling of its own. */
export function callSpec(cls: FuncClass, o: Record<string, unknown>): FuncSpec {
  const given = Object.fromEntries(STATICS.filter((k) => Object.hasOwn(o, k)).map((k) => [k, o[k]]));
  checkSpelling(given, cls.name);
  const key = `${cls.name}${JSON.stringify(given, (_k, v: unknown) => (typeof v === "bigint" ? `${v}n` : v))}`;
  let spec = ofCalls.get(key);
  if (spec === undefined) {
    spec = makeSpec(given, cls.name);
    // Calls with ever new spellings make room for each other.
    if (ofCalls.size >= 1000) ofCalls.clear();
    ofCalls.set(key, spec);
  }
  return spec;
}
function makeSpec(s: FuncStatics, className: string): FuncSpec {
  const label =
    className === "" || className === "Func" || className === "Aggregate"
      ? (s.function ?? (className || "Func"))
      : className;
  for (const part of [s, s.sqlite, s.postgresql, s.mysql]) if (part !== undefined) checkSpelling(part, label);
  const spell = { sqlite: spellingOf(s.sqlite), postgres: spellingOf(s.postgresql), mysql: spellingOf(s.mysql) };
  return Object.freeze({
    // No handler of a dialect answers to such a name: a class called Round is what it says.
    name: `own ${label}`,
    label,
    ...spellingOf(s),
    ...(s.arity === undefined ? {} : { arity: s.arity }),
    ...(s.outputField === undefined ? {} : { outputType: s.outputField }),
    ...(s.windowCompatible === true ? { windowCompatible: true } : {}),
    ...(s.conditional === true ? { conditional: true } : {}),
    ...(s.emptyValue === undefined ? {} : { emptyValue: s.emptyValue }),
    ...(s.allowDistinct === true ? { allowDistinct: true } : {}),
    ...(s.allowOrderBy === true ? { allowOrderBy: true } : {}),
    ...(s.bilateral === true ? { bilateral: true } : {}),
    lookupName: s.lookupName ?? label.toLowerCase(),
    spell,
  });
}
function checkSpelling(s: FuncSpelling, label: string): void {
  if (s.function !== undefined && (typeof s.function !== "string" || !NAME.test(s.function)))
    throw new ValueError(
      `The function of ${label} has to be a name such as POWER or pg_catalog.lower; other text belongs into a template.`,
      "expression.function_name",
    );
  for (const text of [s.template, s.argJoiner])
    if (text !== undefined && typeof text !== "string")
      throw new QueryTypeError(`The template and argJoiner of ${label} are texts.`, "expression.template");
}
function spellingOf(s: FuncSpelling | undefined): Spelling {
  if (s === undefined) return {};
  return {
    ...(s.function === undefined ? {} : { sql: s.function }),
    ...(s.template === undefined ? {} : { template: s.template }),
    ...(s.argJoiner === undefined ? {} : { joiner: s.argJoiner }),
  };
}

/** Words that the templates of a spec ask for. */
function templateWords(spec: FuncSpec): Set<string> {
  const out = new Set<string>();
  for (const s of [spec, spec.spell?.sqlite, spec.spell?.postgres, spec.spell?.mysql])
    for (const [, word] of (s?.template ?? "").matchAll(/%\((\w+)\)s/g)) if (!OWN_PARTS.has(word!)) out.add(word!);
  return out;
}
/** The options of a call: what has a meaning of its own, and words for the template. */
export function splitCall(
  cls: FuncClass,
  args: readonly unknown[],
  bare: boolean,
  known: readonly string[],
): { rest: unknown[]; options: Record<string, unknown>; words: Record<string, unknown>; spec: FuncSpec } {
  const last = args.at(-1);
  const [rest, o]: [unknown[], Record<string, unknown>] = isOptions(last) ? [args.slice(0, -1), last] : [[...args], {}];
  const spec = bare ? callSpec(cls, o) : classSpec(cls);
  const label = spec.label!;
  const wanted = templateWords(spec);
  const options: Record<string, unknown> = ownOptions({}),
    words: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(o)) {
    if (value === undefined)
      throw new ValueError(`The option '${key}' of ${label} is undefined; leave it out instead.`, "value.undefined");
    if (known.includes(key)) options[key] = value;
    else if (wanted.has(key)) words[key] = checkWord(key, value, label);
    else if (!bare || !(STATICS as readonly string[]).includes(key)) {
      const more =
        !bare && (STATICS as readonly string[]).includes(key)
          ? " What is SQL text is a static field of the class, so that no data can bring it."
          : "";
      throw new QueryTypeError(
        `${label} has no option '${key}'. Options are: ${[...known, ...(bare ? STATICS : []), ...wanted].join(", ")}.${more}`,
        "expression.option",
      );
    }
  }
  for (const word of wanted)
    if (!Object.hasOwn(words, word))
      throw new QueryTypeError(`The template of ${label} needs the option '${word}'.`, "expression.template");
  checkArity(spec, rest.length);
  return { rest, options, words, spec };
}
function checkWord(key: string, value: unknown, label: string): string {
  const text = typeof value === "number" || typeof value === "string" ? String(value) : "";
  if (!WORD.test(text))
    throw new ValueError(
      `The option '${key}' of ${label} stands in its template: it can be one word or one number.`,
      "expression.template_word",
    );
  return text;
}
/** A function that nothing names cannot be written. */
export function requireSpelling(spec: FuncSpec, doors: boolean): void {
  if (
    !doors &&
    spec.sql === undefined &&
    spec.template === undefined &&
    !["sqlite", "postgres", "mysql"].every((d) => Object.keys(spec.spell?.[d as "sqlite"] ?? {}).length > 0)
  )
    throw new QueryTypeError(
      `${spec.label} says neither its function nor its template: Func("price", { function: "ROUND" }), or static fields of a class.`,
      "expression.function_name",
    );
}

const built = new WeakMap<Expression, Expr>();
/** A copy of a function or aggregate whose arguments are those of its node. */
export function withNode<E extends Expression>(e: E, node: Expr): E {
  const args = (node as FuncNode).args.map(resolved);
  const copy = e.with({ args }) as E;
  built.set(copy, node);
  return copy;
}
/** The text of the node that an expression stands for, spelled otherwise where `more` says so. */
export function plainSql(
  e: Expression,
  compiler: SqlCompiler,
  more: FuncSpelling & Readonly<Record<string, unknown>> = {},
): SqlPiece {
  const node = built.get(e) as FuncNode | undefined;
  if (node === undefined) throw new QueryTypeError("asSql() is called by the compiler.", "expression.custom_compiler");
  const { function: _f, template: _t, argJoiner: _j, ...words } = more;
  checkSpelling(more, e.describe());
  for (const [k, v] of Object.entries(words)) checkWord(k, v, e.describe());
  const own = spellingOf(more);
  const spell = node.spec.spell ?? {};
  const spec: FuncSpec = {
    ...node.spec,
    ...own,
    spell: {
      sqlite: { ...spell.sqlite, ...own },
      postgres: { ...spell.postgres, ...own },
      mysql: { ...spell.mysql, ...own },
    },
  };
  return compileNode(compiler, { ...node, spec, options: { ...node.options, ...words } });
}

/**
 * Any function of the database.
 * @example
 * Product.objects.annotate({ r: Func("price", Value(1), { function: "ROUND", arity: 2 }) })   // ROUND("price", 1)
 * class Power extends Func { static function = "POWER"; static arity = 2; static outputField = FloatField(); }
 * @see https://docs.djangoproject.com/en/stable/ref/models/expressions/#func-expressions
 */
export class Func extends Expression {
  declare static readonly function?: string;
  declare static readonly template?: string;
  declare static readonly argJoiner?: string;
  declare static readonly arity?: number | readonly [number, number];
  declare static readonly outputField?: ValueType;
  declare static readonly windowCompatible?: boolean;
  declare static readonly conditional?: boolean;
  declare static readonly lookupName?: string;
  declare static readonly bilateral?: boolean;
  declare static readonly sqlite?: FuncSpelling;
  declare static readonly postgresql?: FuncSpelling;
  declare static readonly mysql?: FuncSpelling;
  declare lower?: (connection: SqlConnection) => unknown;

  constructor(...args: unknown[]) {
    const proto = new.target.prototype as Func;
    const bare = proto === Func.prototype;
    const { rest, options, words, spec } = splitCall(proto.constructor as unknown as FuncClass, args, bare, [
      "outputField",
    ]);
    const doors = hasDoors(proto, Func.prototype);
    requireSpelling(spec, doors);
    super({
      kind: "func",
      spec,
      args: rest.map(fieldOrValue),
      settings: words,
      outputField: options["outputField"] as ValueType | undefined,
    });
    if (doors) (this as { custom: CustomEmitter | undefined }).custom = new Door(this);
  }
  /** The arguments. */
  getSourceExpressions(): readonly unknown[] {
    return this.args;
  }
  /** What the compiler calls where a class has methods of its own: the same expression over nodes. */
  withNodes(children: readonly Expr[]): this {
    return withNode(this, children[0]!);
  }
  /** How it is written: `function(arguments)`, or as `more` says. Classes may override it, or add `asSqlite`, `asPostgresql`, `asMysql`. */
  asSql(
    compiler: SqlCompiler,
    _connection: SqlConnection,
    more: FuncSpelling & Readonly<Record<string, unknown>> = {},
  ): SqlPiece {
    return plainSql(this, compiler, more);
  }
}
/**
 * A function of one argument with a name in paths: `registerLookup(CharField, Shout)` makes `name__shout` known.
 * @see https://docs.djangoproject.com/en/stable/ref/models/lookups/#transform-reference
 */
export class Transform extends Func {
  static override readonly arity: number | readonly [number, number] = 1;
  /** What is transformed. */
  get lhs(): unknown {
    return this.args[0];
  }
}
