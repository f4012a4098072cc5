/** Functions whose nodes are not simply "name and arguments": what their calls become within a query, by the function's name. */
import { func, typeOrNull, type Expr, type FuncSpec } from "../ast/expr.js";
import type { ValueType } from "../ast/seams.js";
import type { Expression } from "../expressions/expression.js";
import type { Query } from "./state.js";
import { ruleType } from "./types.js";

export interface BuildCall {
  readonly query: Query;
  readonly expression: Expression;
  readonly args: readonly Expr[];
  readonly spec: FuncSpec;
  readonly outputField: ValueType | undefined;
  readonly options: unknown;
}
export type FunctionBuilder = (call: BuildCall) => Expr;

/** By `FuncSpec.name`. */
export const functionBuilders: ReadonlyMap<string, FunctionBuilder> = new Map<string, FunctionBuilder>();

/** The plain node of a call. */
export function plain(call: BuildCall, options?: Readonly<Record<string, unknown>>): Expr {
  return func(call.spec, call.args, call.outputField ?? ruleType(call.spec.output, call.args, call.spec.name), options);
}
export { typeOrNull };
