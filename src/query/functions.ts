/** Calls of functions as nodes: by their table row, or, where the node is not "name and arguments", by a builder of their own. */
import { func, labelOf, typeOrNull, type BindContext, type Expr, type FuncSpec } from "../ast/expr.js";
import type { ValueType } from "../ast/seams.js";
import { ValueError } from "../base/errors.js";
import { buildExtract, buildTrunc, buildTruncCast } from "./function-dates.js";
import { INTEGER, isA, ruleType, typeNamed } from "./types.js";

export interface BuildCall {
  readonly args: readonly Expr[];
  readonly spec: FuncSpec;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly outputField: ValueType | undefined;
}
export type FunctionBuilder = (call: BuildCall) => Expr;

/** The plain node of a call. */
export function plain(call: BuildCall, options: Readonly<Record<string, unknown>> = call.settings): Expr {
  const kept = Object.keys(options).length > 0 ? options : undefined;
  return func(
    call.spec,
    call.args,
    call.outputField ?? call.spec.outputType ?? ruleType(call.spec.output, call.args, labelOf(call.spec)),
    kept,
  );
}

const whole = (value: number): Expr => ({ kind: "param", slot: -1, value, type: INTEGER() });
/** ROUND always has its digits: the databases' defaults differ in the type of the result. */
function round(call: BuildCall): Expr {
  const { precision, ...rest } = call.settings;
  const args =
    call.args.length > 1
      ? [call.args[0]!, digits(call.args[1]!)]
      : [call.args[0]!, digits(whole(typeof precision === "number" ? precision : 0))];
  return plain({ ...call, args, settings: rest });
}
// SQLite takes negative digits for zero, without a word.
function digits(node: Expr): Expr {
  if (node.kind !== "param" || node.map !== undefined) return node;
  const map = (v: unknown, c: BindContext): unknown => {
    if (c.dialect.name === "sqlite" && typeof v === "number" && v < 0)
      throw new ValueError("SQLite does not support negative precision.", "expression.precision");
    return v;
  };
  return { ...node, map, mapKey: "digits" };
}
/** Mixed decimals and numbers of mathematics give what is more exact. */
function mathOfTwo(call: BuildCall): Expr {
  const decimal = call.args.some((a) => isA(typeOrNull(a), "DecimalField"));
  return plain({ ...call, outputField: call.outputField ?? typeNamed(decimal ? "DecimalField" : "FloatField") });
}

/** By `FuncSpec.name`. */
export const functionBuilders: ReadonlyMap<string, FunctionBuilder> = new Map<string, FunctionBuilder>([
  ["Round", round],
  ...["Log", "Mod", "Power", "ATan2"].map((name): [string, FunctionBuilder] => [name, mathOfTwo]),
  ...[
    "",
    "Year",
    "IsoYear",
    "Quarter",
    "Month",
    "Week",
    "Day",
    "WeekDay",
    "IsoWeekDay",
    "Hour",
    "Minute",
    "Second",
  ].map((part): [string, FunctionBuilder] => [`Extract${part}`, buildExtract]),
  ...["", "Year", "Quarter", "Month", "Week", "Day", "Hour", "Minute", "Second"].map(
    (kind): [string, FunctionBuilder] => [`Trunc${kind}`, buildTrunc],
  ),
  ["TruncDate", buildTruncCast],
  ["TruncTime", buildTruncCast],
]);

/** The node of a call whose arguments are resolved. */
export function callFunction(call: BuildCall): Expr {
  const build = functionBuilders.get(call.spec.name);
  return build === undefined ? plain(call) : build(call);
}
