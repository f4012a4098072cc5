/** The plain calls that make expressions: F, Value, Case, Cast, Subquery, Window and their kin. No SQL and no model is known here. */
import { namedOptions, ownOptions, refuseUnknown } from "../base/options.js";
import { labelOf, type FuncSpec } from "../ast/expr.js";
import type { ValueType } from "../ast/seams.js";
import { FieldError, QueryTypeError, ValueError } from "../base/errors.js";
import { combined, comparison, Expression, isExpression, orderBy } from "./expression.js";
import { Q } from "./q.js";

export interface OutputOption {
  readonly outputField?: ValueType;
}

/** Strings name fields, everything else that is no expression or condition is a value. */
export function fieldOrValue(arg: unknown): unknown {
  return typeof arg === "string" ? F(arg) : wrapValue(arg);
}
/** Plain values become `Value`; expressions, conditions and querysets stay. */
export function wrapValue(arg: unknown): unknown {
  if (isExpression(arg) || arg instanceof Q) return arg;
  if (typeof arg === "object" && arg !== null && !Array.isArray(arg) && isSpecial(arg)) return arg;
  return new Expression({ kind: "value", args: [arg] });
}
function isSpecial(o: object): boolean {
  return Symbol.for("babik.querysource") in o;
}
/** True for the trailing object of options of a call such as `Count("x", { distinct: true })`. */
export function isOptions(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const proto: unknown = Object.getPrototypeOf(value);
  return proto === Object.prototype || proto === null;
}
/** Splits a trailing options object off; unknown option names are an error with the choices. */
export function splitOptions(
  name: string,
  args: readonly unknown[],
  allowed: readonly string[],
): [unknown[], Record<string, unknown>] {
  const last = args.at(-1);
  if (!isOptions(last)) return [[...args], ownOptions({})];
  refuseUnknown(`${name}()`, last, allowed, (text) => new QueryTypeError(text, "expression.option"));
  for (const key of Object.keys(last))
    if (last[key] === undefined)
      throw new ValueError(`The option '${key}' of ${name}() is undefined; leave it out instead.`, "value.undefined");
  return [args.slice(0, -1), ownOptions(last)];
}

/** A field of the model, or an annotation, by path: `F("category__name")` gives `"shop_category"."name"`. */
export function F(name: string): Expression {
  if (typeof name !== "string" || name === "") throw new FieldError("F() takes the path of a field.", "expression.f");
  return new Expression({ kind: "f", settings: { name } });
}
/** A field of the query outside of a subquery; nest it to reach two levels out. */
export function OuterRef(name: string | Expression): Expression {
  if (isExpression(name)) return new Expression({ kind: "outerref", args: [name], settings: { name: null } });
  if (typeof name !== "string" || name === "")
    throw new FieldError("OuterRef() takes the path of a field of the outer query.", "expression.f");
  return new Expression({ kind: "outerref", settings: { name } });
}
const OUTPUT = ["outputField"] as const;
/** A value as an expression; sent as a parameter. */
export function Value(value: unknown, options: OutputOption = {}): Expression {
  if (value === undefined) throw new ValueError("Value(undefined): write null for SQL NULL.", "value.undefined");
  if (isExpression(value))
    throw new QueryTypeError("Value() takes a plain value, not an expression.", "expression.value");
  return new Expression({
    kind: "value",
    args: [value],
    outputField: namedOptions("Value()", options, OUTPUT).outputField,
  });
}
/** Arithmetic by operator: `CombinedExpression(F("a"), "+", 1)`. */
export function CombinedExpression(lhs: unknown, op: string, rhs: unknown, options: OutputOption = {}): Expression {
  const known = op === "%%" ? "%" : op;
  if (!["+", "-", "*", "/", "%", "^", "&", "|", "#", "<<", ">>"].includes(known))
    throw new QueryTypeError(
      "The operator of CombinedExpression is one of + - * / % ^ & | # << >>.",
      "expression.operator",
    );
  return combined(lhs, known, rhs).with({
    outputField: namedOptions("CombinedExpression()", options, OUTPUT).outputField,
  });
}
/** An expression with its output type said. */
export function ExpressionWrapper(expression: unknown, options: { readonly outputField: ValueType }): Expression {
  return new Expression({
    kind: "wrapper",
    args: [typeof expression === "string" ? F(expression) : wrapValue(expression)],
    outputField: options.outputField,
  });
}
/** `When({ price__lt: 20 }, { then: Value("cheap") })`: one branch of a Case. Strings in `then` are fields. */
export function When(condition: unknown, options: { readonly then?: unknown } & Record<string, unknown>): Expression {
  const { then: result, ...more } = ownOptions(options);
  if (result === undefined)
    throw new ValueError("When() needs { then: … }; write null for SQL NULL.", "value.undefined");
  const parts: unknown[] = [];
  if (condition !== null && condition !== undefined) parts.push(condition);
  if (Object.keys(more).length > 0) parts.push(more);
  const q =
    parts.length === 1 && parts[0] instanceof Q
      ? parts[0]
      : parts.length === 1 && isExpression(parts[0])
        ? parts[0]
        : new Q(...parts);
  if (q instanceof Q && q.empty)
    throw new ValueError("An empty Q() can't be used as a When() condition.", "expression.when_empty");
  return new Expression({ kind: "when", args: [q, fieldOrValue(result)] });
}
/** `Case(When(…), When(…), { default: Value("dear") })`. */
export function Case(...args: unknown[]): Expression {
  const [whens, options] = splitOptions("Case", args, ["default", "outputField"]);
  for (const w of whens)
    if (!isExpression(w) || w.kind !== "when")
      throw new QueryTypeError("Case() takes When() branches.", "expression.case");
  const fallback = Object.hasOwn(options, "default")
    ? fieldOrValue(options["default"])
    : new Expression({ kind: "value", args: [null] });
  return new Expression({
    kind: "case",
    args: [...whens, fallback],
    outputField: options["outputField"] as ValueType | undefined,
  });
}
/** `CAST(expression AS type)`; the type is a field: `Cast("price", IntegerField())`. */
export function Cast(expression: unknown, field: ValueType | { outputField: ValueType }): Expression {
  const type = isOptions(field) ? (field as { outputField: ValueType }).outputField : (field as ValueType);
  if (typeof type !== "object" || type === null || typeof type.castType !== "function")
    throw new QueryTypeError("Cast() takes a field as its type, such as IntegerField().", "expression.cast");
  return new Expression({ kind: "cast", args: [fieldOrValue(expression)], outputField: type });
}
/** The expression compared and sorted by another collation. */
export function Collate(expression: unknown, collation: string): Expression {
  if (typeof collation !== "string" || !/^[\w-]+$/.test(collation))
    throw new ValueError("Invalid collation name.", "expression.collation");
  return new Expression({ kind: "collate", args: [fieldOrValue(expression)], settings: { collation } });
}
/** SQL text of your own with parameters: `RawSQL("price * %s", [2])`. The text is never checked; put no user input into it. */
export function RawSQL(
  sql: string,
  params: readonly unknown[] = [],
  options: OutputOption | ValueType = {},
): Expression {
  const outputField = isOptions(options)
    ? namedOptions("RawSQL()", options as OutputOption, OUTPUT).outputField
    : (options as ValueType);
  if (typeof sql !== "string" || !Array.isArray(params))
    throw new QueryTypeError("RawSQL() takes SQL text and a list of its parameters.", "expression.raw");
  return new Expression({ kind: "rawsql", args: [...params], settings: { sql }, outputField });
}
function subquerySource(name: string, queryset: unknown): unknown {
  const q =
    (queryset as { all?: () => unknown } | null)?.all !== undefined && !isSpecial(queryset as object)
      ? (queryset as { all: () => unknown }).all()
      : queryset;
  if (typeof q !== "object" || q === null || !isSpecial(q))
    throw new QueryTypeError(`${name}() takes a queryset.`, "expression.subquery");
  return q;
}
/** One value from another query: `Subquery(Order.objects.filter({ product: OuterRef("pk") }).values("total").slice(0, 1))`. */
export function Subquery(queryset: unknown, options: OutputOption = {}): Expression {
  return new Expression({
    kind: "subquery",
    args: [subquerySource("Subquery", queryset)],
    outputField: namedOptions("Subquery()", options, OUTPUT).outputField,
  });
}
/** An array made of the rows of a query (PostgreSQL). */
export function ArraySubquery(queryset: unknown, options: OutputOption = {}): Expression {
  return new Expression({
    kind: "subquery",
    args: [subquerySource("ArraySubquery", queryset)],
    settings: { array: true },
    outputField: namedOptions("ArraySubquery()", options, OUTPUT).outputField,
  });
}
/** True when the query has a row; usable in `filter`, `annotate`, `When` and `orderBy`. */
export function Exists(queryset: unknown): Expression {
  return new Expression({ kind: "exists", args: [subquerySource("Exists", queryset)], settings: { negated: false } });
}
/** `OrderBy(F("a"), { descending: true, nullsLast: true })`. */
export function OrderBy(
  expression: unknown,
  options: { descending?: boolean; nullsFirst?: boolean; nullsLast?: boolean } = {},
): Expression {
  if (!isExpression(expression) && !(expression instanceof Q) && typeof expression !== "string")
    throw new QueryTypeError("OrderBy() takes an expression.", "expression.order");
  const { descending, ...nulls } = namedOptions("OrderBy()", options, ["descending", "nullsFirst", "nullsLast"]);
  return orderBy(typeof expression === "string" ? F(expression) : expression, descending ?? false, nulls);
}
/** The value that the column's database default gives, in INSERT and UPDATE. */
export function DatabaseDefault(expression: unknown = null, options: OutputOption = {}): Expression {
  return new Expression({
    kind: "dbdefault",
    args: expression === null ? [] : [wrapValue(expression)],
    outputField: namedOptions("DatabaseDefault()", options, OUTPUT).outputField,
  });
}
/** A relation joined under a condition: `annotate({ cheap: FilteredRelation("products", { condition: Q({ products__price__lt: 5 }) }) })`. */
export function FilteredRelation(relation: string, options: { condition?: unknown } = {}): Expression {
  if (typeof relation !== "string" || relation === "")
    throw new ValueError("relation_name cannot be empty.", "expression.filtered_relation");
  const c = namedOptions("FilteredRelation()", options, ["condition"]).condition ?? new Q();
  if (!(c instanceof Q))
    throw new ValueError("condition argument must be a Q() instance.", "expression.filtered_relation");
  return new Expression({ kind: "filteredrelation", args: [c], settings: { relation } });
}
/** The negation of a condition. */
export function NegatedExpression(expression: unknown): Expression {
  return new Expression({ kind: "not", args: [wrapValue(expression)] });
}
/** Part of a text or array, as `F("x").slice(…)`. */
export function Sliced(expression: unknown, slice: { start: number; stop: number | null }): Expression {
  const e = fieldOrValue(expression) as Expression;
  return slice.stop === null ? e.slice(slice.start) : e.slice(slice.start, slice.stop);
}

export interface WindowOptions extends OutputOption {
  readonly partitionBy?: unknown;
  readonly orderBy?: unknown;
  readonly frame?: Frame | null;
}
/** A window function: `Window(Rank(), { partitionBy: ["category"], orderBy: [F("price").desc()] })`. */
export function Window(expression: unknown, given: WindowOptions = {}): Expression {
  const options = namedOptions("Window()", given, ["partitionBy", "orderBy", "frame", "outputField"]);
  if (!isExpression(expression))
    throw new QueryTypeError("Window() takes an aggregate or a window function.", "expression.window");
  if (expression.spec?.windowCompatible !== true && expression.custom?.windowCompatible !== true)
    throw new ValueError(
      `Expression '${expression.describe()}' isn't compatible with OVER clauses.`,
      "expression.window",
    );
  const list = (v: unknown): unknown[] => (v === undefined || v === null ? [] : Array.isArray(v) ? v : [v]);
  const partition = list(options.partitionBy).map(fieldOrValue);
  const ordering = list(options.orderBy).map((o) => {
    if (typeof o === "string") return o.startsWith("-") ? F(o.slice(1)).desc() : F(o).asc();
    if (isExpression(o) || o instanceof Q) return o;
    throw new ValueError(
      "Window.orderBy must be either a string reference to a field, an expression, or a list or tuple of them.",
      "expression.window",
    );
  });
  return new Expression({
    kind: "window",
    args: [expression, ...partition, ...ordering],
    settings: { partitions: partition.length, frame: checkedFrame(options.frame ?? null) },
    outputField: options.outputField,
  });
}
/** Bounds of a window frame; negative counts precede the row, positive ones follow it, null is unbounded. */
export interface Frame {
  readonly unit: "ROWS" | "RANGE" | "GROUPS";
  readonly start: number | null;
  readonly end: number | null;
  readonly exclusion: FrameExclusion | null;
}
export type FrameExclusion = "CURRENT ROW" | "GROUP" | "TIES" | "NO OTHERS";
export const WindowFrameExclusion = Object.freeze({
  CURRENT_ROW: "CURRENT ROW",
  GROUP: "GROUP",
  TIES: "TIES",
  NO_OTHERS: "NO OTHERS",
} as const);
const FRAME = ["start", "end", "exclusion"] as const;
const UNITS: readonly string[] = ["ROWS", "RANGE", "GROUPS"];
/** Its words stand in the text of the statement: whoever made the object, they are those of a frame. */
function checkedFrame(given: Frame | null): Frame | null {
  if (given === null) return null;
  const unit: unknown = typeof given === "object" && Object.hasOwn(given, "unit") ? given.unit : undefined;
  if (typeof unit !== "string" || !UNITS.includes(unit))
    throw new QueryTypeError("The frame of a window is a RowRange() or ValueRange().", "expression.frame");
  return frame(unit as Frame["unit"], { start: given.start, end: given.end, exclusion: given.exclusion });
}
function frame(
  unit: Frame["unit"],
  given: { start?: number | null; end?: number | null; exclusion?: FrameExclusion | null } = {},
): Frame {
  const o = namedOptions(unit === "ROWS" ? "RowRange()" : "ValueRange()", given, FRAME);
  for (const n of [o.start, o.end])
    if (n !== null && n !== undefined && !Number.isSafeInteger(n))
      throw new ValueError("The bounds of a window frame are whole numbers or null.", "expression.frame");
  const exclusion = o.exclusion ?? null;
  if (exclusion !== null && !Object.values(WindowFrameExclusion).includes(exclusion))
    throw new QueryTypeError("exclusion must be one of WindowFrameExclusion's values.", "expression.frame");
  return Object.freeze({ unit, start: o.start ?? null, end: o.end ?? null, exclusion });
}
/** Frame counted in rows. */
export const RowRange = (
  given: { start?: number | null; end?: number | null; exclusion?: FrameExclusion | null } = {},
): Frame => {
  const o = namedOptions("RowRange()", given, FRAME);
  if (typeof o.start === "number" && typeof o.end === "number" && o.start > o.end)
    throw new ValueError("start cannot be greater than end.", "expression.frame");
  return frame("ROWS", o);
};
/** Frame counted in values of the ordering. */
export const ValueRange = (
  given: { start?: number | null; end?: number | null; exclusion?: FrameExclusion | null } = {},
): Frame => {
  const o = namedOptions("ValueRange()", given, FRAME);
  if (typeof o.start === "number" && o.start > 0)
    throw new ValueError(
      `start argument must be a negative integer, zero, or None, but got '${o.start}'.`,
      "expression.frame",
    );
  if (typeof o.end === "number" && o.end < 0)
    throw new ValueError(
      `end argument must be a positive integer, zero, or None, but got '${o.end}'.`,
      "expression.frame",
    );
  return frame("RANGE", o);
};

/** Makers of lookups as expressions: `GreaterThan(F("a"), F("b"))`. */
const compare =
  (name: string) =>
  (lhs: unknown, rhs: unknown): Expression =>
    comparison(
      name,
      isExpression(lhs) || lhs instanceof Q ? lhs : typeof lhs === "string" ? stringLhs(name) : wrapValue(lhs),
      [rhs],
    );
function stringLhs(name: string): never {
  throw new FieldError(`The left side of ${name} has to be an expression, such as F("name"), not text.`, "lookup.lhs");
}
export const Exact = compare("exact");
export const IExact = compare("iexact");
export const GreaterThan = compare("gt");
export const GreaterThanOrEqual = compare("gte");
export const LessThan = compare("lt");
export const LessThanOrEqual = compare("lte");
export const In = compare("in");
export const Range = compare("range");
export const IsNull = compare("isnull");
export const Contains = compare("contains");
export const IContains = compare("icontains");
export const StartsWith = compare("startswith");
export const IStartsWith = compare("istartswith");
export const EndsWith = compare("endswith");
export const IEndsWith = compare("iendswith");
export const Regex = compare("regex");
export const IRegex = compare("iregex");
export const HasKey = compare("has_key");

/** A maker of one function's expressions, with the function's static description: what `registerLookup` takes. */
export type FunctionMaker = ((...args: unknown[]) => Expression) & { readonly spec: FuncSpec };

/** Makes the maker of a function from its static description. `options` are the names its last argument may have besides `outputField`. */
export function functionMaker(spec: FuncSpec, options: readonly string[] = []): FunctionMaker {
  const allowed = ["outputField", ...options];
  return withSpec(spec, (...args) => {
    const [rest, o] = splitOptions(spec.name, args, allowed);
    checkArity(spec, rest.length);
    const { outputField, ...settings } = o;
    return new Expression({
      kind: "func",
      spec,
      args: rest.map(fieldOrValue),
      settings,
      outputField: outputField as ValueType | undefined,
    });
  });
}
/** A maker written by hand with the description it makes expressions of. */
export function withSpec(spec: FuncSpec, make: (...args: unknown[]) => Expression): FunctionMaker {
  return Object.freeze(Object.assign(make, { spec }));
}
export function checkArity(spec: FuncSpec, n: number): void {
  if (spec.arity === undefined) return;
  const [min, max] = typeof spec.arity === "number" ? [spec.arity, spec.arity] : spec.arity;
  if (n < min || n > max)
    throw new QueryTypeError(
      `'${labelOf(spec)}' takes ${min === max ? `exactly ${min}` : `${min} to ${max}`} argument${min === 1 && max === 1 ? "" : "s"} (${n} given)`,
      "expression.arity",
    );
}
