/** Aggregates as data: what they are called, what they give over nothing, and the options they take. */
import { ownOptions } from "../base/options.js";
import { labelOf, type FuncSpec } from "../ast/expr.js";
import type { ValueType } from "../ast/seams.js";
import { QueryTypeError, ValueError } from "../base/errors.js";
import { Expression, isExpression, type ExpressionParts } from "./expression.js";
import { checkArity, F, fieldOrValue, splitOptions, Value } from "./makers.js";
import { Q } from "./q.js";

const OPTIONS = ["distinct", "filter", "default", "orderBy", "outputField"];

/** Options of an aggregate call, after `expression`. */
export interface AggregateOptions {
  readonly distinct?: boolean;
  /** Only rows for which it holds are aggregated: `Q(…)` or a condition object. */
  readonly filter?: unknown;
  /** The result over no rows, instead of null. */
  readonly default?: unknown;
  readonly orderBy?: unknown;
  readonly outputField?: ValueType;
}

/** Builds the unresolved aggregate; the args are the expressions, then filter, default and orderings as the settings say. */
export function aggregateOf(
  spec: FuncSpec,
  args: readonly unknown[],
  o: Record<string, unknown>,
  extra: Record<string, unknown> = {},
): Expression {
  return new Expression(aggregateParts(spec, args, o, extra));
}
/** The parts of an aggregate. */
export function aggregateParts(
  spec: FuncSpec,
  args: readonly unknown[],
  given: Record<string, unknown>,
  extra: Record<string, unknown> = {},
): ExpressionParts {
  const o = ownOptions(given);
  checkArity(spec, args.length);
  const distinct = o["distinct"] === true;
  if (distinct && spec.allowDistinct !== true)
    throw new QueryTypeError(`${labelOf(spec)} does not allow distinct.`, "expression.aggregate_distinct");
  if (o["default"] !== undefined && o["default"] !== null && spec.emptyValue !== undefined)
    throw new QueryTypeError(`${labelOf(spec)} does not allow default.`, "expression.aggregate_default");
  const orderings =
    o["orderBy"] === undefined || o["orderBy"] === null
      ? []
      : Array.isArray(o["orderBy"])
        ? o["orderBy"]
        : [o["orderBy"]];
  if (orderings.length > 0 && spec.allowOrderBy !== true)
    throw new QueryTypeError(`${labelOf(spec)} does not allow orderBy.`, "expression.aggregate_order");
  const filter =
    o["filter"] === undefined || o["filter"] === null
      ? []
      : [o["filter"] instanceof Q || isExpression(o["filter"]) ? o["filter"] : new Q(o["filter"])];
  const fallback = o["default"] === undefined || o["default"] === null ? [] : [fieldOrDefault(o["default"])];
  return {
    kind: "aggregate",
    spec,
    args: [...args.map(fieldOrValue), ...filter, ...fallback, ...orderings.map(ordering)],
    settings: {
      ...extra,
      n: args.length,
      distinct,
      filter: filter.length,
      fallback: fallback.length,
      orderings: orderings.length,
    },
    outputField: o["outputField"] as ValueType | undefined,
  };
}
function fieldOrDefault(v: unknown): unknown {
  return isExpression(v) ? v : new Expression({ kind: "value", args: [v] });
}
function ordering(o: unknown): unknown {
  if (typeof o === "string") return o.startsWith("-") ? F(o.slice(1)).desc() : F(o).asc();
  if (isExpression(o)) return o.kind === "order" ? o : o.asc();
  throw new QueryTypeError("orderBy of an aggregate takes names and expressions.", "expression.aggregate_order");
}

/** Makes the maker of an aggregate. */
export function aggregateMaker(spec: FuncSpec, more: readonly string[] = []): (...args: unknown[]) => Expression {
  return (...args) => {
    const [rest, o] = splitOptions(spec.name, args, [...OPTIONS, ...more]);
    const extra: Record<string, unknown> = {};
    for (const k of more) if (o[k] !== undefined) extra[k] = o[k];
    return aggregateOf(spec, rest, o, extra);
  };
}

const COUNT: FuncSpec = {
  name: "Count",
  sql: "COUNT",
  output: "IntegerField",
  emptyValue: 0,
  arity: 1,
  allowDistinct: true,
  windowCompatible: true,
};
/** Number of rows (`"*"`) or of values that are not NULL: `Count("books", { distinct: true })`. */
export function Count(...args: unknown[]): Expression {
  const [rest, o] = splitOptions("Count", args, OPTIONS);
  if (rest[0] === "*") {
    if (o["filter"] !== undefined && o["filter"] !== null)
      throw new ValueError("Star cannot be used with filter. Please specify a field.", "expression.star_filter");
    return aggregateOf(COUNT, [new Expression({ kind: "star" })], o);
  }
  return aggregateOf(COUNT, rest, o);
}
/** Sum of the values, null over none. */
export const Sum = aggregateMaker({
  name: "Sum",
  sql: "SUM",
  output: "sum",
  arity: 1,
  allowDistinct: true,
  windowCompatible: true,
});
/** Mean of the values; a number for integers, a Decimal for decimals. */
export const Avg = aggregateMaker({
  name: "Avg",
  sql: "AVG",
  output: "avg",
  arity: 1,
  allowDistinct: true,
  windowCompatible: true,
});
/** Smallest value. */
export const Min = aggregateMaker({ name: "Min", sql: "MIN", output: "same", arity: 1, windowCompatible: true });
/** Largest value. */
export const Max = aggregateMaker({ name: "Max", sql: "MAX", output: "same", arity: 1, windowCompatible: true });
/** Some value of the group. */
export const AnyValue = aggregateMaker({
  name: "AnyValue",
  sql: "ANY_VALUE",
  output: "same",
  arity: 1,
  windowCompatible: false,
});

const STDDEV_POP: FuncSpec = { name: "StdDev", sql: "STDDEV_POP", output: "numeric", arity: 1, windowCompatible: true };
const STDDEV_SAMP: FuncSpec = { ...STDDEV_POP, sql: "STDDEV_SAMP" };
const VAR_POP: FuncSpec = { name: "Variance", sql: "VAR_POP", output: "numeric", arity: 1, windowCompatible: true };
const VAR_SAMP: FuncSpec = { ...VAR_POP, sql: "VAR_SAMP" };
function sampled(name: string, population: FuncSpec, sample: FuncSpec): (...args: unknown[]) => Expression {
  return (...args) => {
    const [rest, o] = splitOptions(name, args, [...OPTIONS, "sample"]);
    return aggregateOf(o["sample"] === true ? sample : population, rest, o);
  };
}
/** Standard deviation; `{ sample: true }` for that of a sample. */
export const StdDev = sampled("StdDev", STDDEV_POP, STDDEV_SAMP);
/** Variance; `{ sample: true }` for that of a sample. */
export const Variance = sampled("Variance", VAR_POP, VAR_SAMP);

const STRING_AGG: FuncSpec = {
  name: "StringAgg",
  sql: "STRING_AGG",
  output: "TextField",
  arity: 2,
  allowDistinct: true,
  allowOrderBy: true,
  windowCompatible: true,
  spell: { sqlite: { sql: "GROUP_CONCAT" }, mysql: { sql: "GROUP_CONCAT" } },
};
/** Values joined by a delimiter: `StringAgg("name", Value(", "), { orderBy: "name" })`. The delimiter is a parameter. */
export function StringAgg(...args: unknown[]): Expression {
  const [rest, o] = splitOptions("StringAgg", args, [...OPTIONS, "delimiter"]);
  // As an option, text is the delimiter itself; as an argument it is a path, as all arguments are.
  const given = o["delimiter"];
  if (rest.length === 1 && given !== undefined) rest.push(typeof given === "string" ? Value(given) : given);
  const { delimiter: _used, ...more } = o;
  return aggregateOf(STRING_AGG, rest, more);
}
