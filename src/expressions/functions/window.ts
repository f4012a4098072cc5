/** Functions that only mean something in `Window(…)`. One table row each; arguments are checked before they reach a database. */
import type { FuncSpec } from "../../ast/expr.js";
import type { ValueType } from "../../ast/seams.js";
import { ValueError } from "../../base/errors.js";
import { Expression, isExpression } from "../expression.js";
import { fieldOrValue, functionMaker, splitOptions, Value, withSpec, type FunctionMaker } from "../makers.js";

const ranking = (name: string, sql: string, output: string): FunctionMaker =>
  functionMaker({ name, sql, output, arity: 0, windowCompatible: true });

/** The number of the row in its partition, from 1. */
export const RowNumber = ranking("RowNumber", "ROW_NUMBER", "IntegerField");
/** The rank, with gaps after rows that are equal. */
export const Rank = ranking("Rank", "RANK", "IntegerField");
/** The rank without gaps. */
export const DenseRank = ranking("DenseRank", "DENSE_RANK", "IntegerField");
/** The rank as a share from 0 to 1. */
export const PercentRank = ranking("PercentRank", "PERCENT_RANK", "FloatField");
/** The share of rows up to this one. */
export const CumeDist = ranking("CumeDist", "CUME_DIST", "FloatField");

const NTILE: FuncSpec = Object.freeze({
  name: "Ntile",
  sql: "NTILE",
  output: "IntegerField",
  arity: 1,
  windowCompatible: true,
});
/** The partition divided into so many parts: the number of the row's part. @throws ValueError for a number below 1 */
export const Ntile: FunctionMaker = withSpec(NTILE, (...args) => {
  const [rest, o] = splitOptions("Ntile", args, ["numBuckets", "outputField"]);
  const n = rest[0] ?? o["numBuckets"] ?? 1;
  if (!whole(n) || n <= 0) throw new ValueError("num_buckets must be greater than 0.", "expression.argument");
  return new Expression({
    kind: "func",
    spec: NTILE,
    args: [Value(n)],
    outputField: o["outputField"] as ValueType | undefined,
  });
});
function whole(n: unknown): n is number {
  return typeof n === "number" && Number.isSafeInteger(n);
}

function offset(name: string, sql: string): FunctionMaker {
  const spec: FuncSpec = Object.freeze({ name, sql, output: "first", arity: [1, 3], windowCompatible: true } as const);
  return withSpec(spec, (...args) => {
    const [rest, o] = splitOptions(name, args, ["expression", "offset", "default", "outputField"]);
    const expression = rest[0] ?? o["expression"] ?? null;
    const by = rest[1] ?? o["offset"] ?? 1;
    const fallback = rest[2] ?? o["default"] ?? null;
    if (expression === null)
      throw new ValueError(`${name} requires a non-null source expression.`, "expression.argument");
    if (!whole(by) || by <= 0)
      throw new ValueError(`${name} requires a positive integer for the offset.`, "expression.argument");
    const all = [fieldOrValue(expression), Value(by), ...(fallback === null ? [] : [fieldOrValue(fallback)])];
    return new Expression({ kind: "func", spec, args: all, outputField: o["outputField"] as ValueType | undefined });
  });
}
/** The value of the row so many rows before: `Lag("salary", { offset: 1, default: 0 })`; NULL, or the default, where there is none. */
export const Lag = offset("Lag", "LAG");
/** The value of the row so many rows after. */
export const Lead = offset("Lead", "LEAD");
/** The value of the first row of the frame. */
export const FirstValue: FunctionMaker = functionMaker({
  name: "FirstValue",
  sql: "FIRST_VALUE",
  output: "first",
  arity: 1,
  windowCompatible: true,
});
/** The value of the last row of the frame. */
export const LastValue: FunctionMaker = functionMaker({
  name: "LastValue",
  sql: "LAST_VALUE",
  output: "first",
  arity: 1,
  windowCompatible: true,
});
const NTH: FuncSpec = Object.freeze({
  name: "NthValue",
  sql: "NTH_VALUE",
  output: "first",
  arity: 2,
  windowCompatible: true,
});
/** The value of the nth row of the frame, from 1: `NthValue("salary", { nth: 2 })`. */
export const NthValue: FunctionMaker = withSpec(NTH, (...args) => {
  const [rest, o] = splitOptions("NthValue", args, ["expression", "nth", "outputField"]);
  const expression = rest[0] ?? o["expression"] ?? null;
  const nth = rest[1] ?? o["nth"] ?? 1;
  if (expression === null || (isExpression(expression) && expression.kind === "value" && expression.args[0] === null))
    throw new ValueError("NthValue requires a non-null source expression.", "expression.argument");
  if (!whole(nth) || nth <= 0)
    throw new ValueError("NthValue requires a positive integer as for nth.", "expression.argument");
  return new Expression({
    kind: "func",
    spec: NTH,
    args: [fieldOrValue(expression), Value(nth)],
    outputField: o["outputField"] as ValueType | undefined,
  });
});
