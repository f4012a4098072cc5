/**
 * Expressions without names -> nodes, with no query around: what users' lookups, transforms and lowerings build from the parts they
 * are given and from plain values. It must not reach a model: names of fields are refused.
 */
import { where, type Expr, type ListNode, type ParamNode } from "../ast/expr.js";
import { isQuerySource, MISFIT, Slot } from "../ast/slots.js";
import { mapChildren } from "../ast/walk.js";
import { FieldError, QueryTypeError, ValueError } from "../base/errors.js";
import type { BuildContext } from "../lookups/context.js";
import { resolved } from "../expressions/doors.js";
import { isExpression } from "../expressions/expression.js";
import { Q } from "../expressions/q.js";
import { asCondition, asValue } from "./conditions.js";
import { BOOLEAN } from "./types.js";

/** What is needed of a context that nothing else uses. */
interface OwnContext extends Pick<BuildContext, "prepares"> {
  readonly resolver: { resolve(query: unknown, e: unknown, options: object): Expr };
}
/** Slots of such values are far from those of any chain; they become constants of the node. */
const FIRST = 2 ** 30;
const NAMED: ReadonlySet<string> = new Set([
  "f",
  "outerref",
  "subquery",
  "exists",
  "filteredrelation",
  "dbdefault",
  "aggregate",
  "rawsql",
]);

/** The node of an expression made of resolved parts, functions and plain values; `cacheable` is false where one of them cannot be compared. */
export function closed(context: OwnContext, e: unknown): { readonly node: Expr; readonly cacheable: boolean } {
  const values: unknown[] = [];
  let cacheable = true;
  const query = { context, annotations: new Map<string, Expr>() };
  const condition = (q: Q): Expr => {
    const parts = q.children.map((c): Expr => {
      if (Array.isArray(c))
        throw new FieldError(
          "Conditions by name have no model here. Compare the expressions that are given: lhs.gt(rhs).",
          "expression.closed",
        );
      return c instanceof Q ? condition(c) : asCondition(context.resolver.resolve(query, slotted(c), {}));
    });
    return where(q.connector, parts, q.negated, BOOLEAN());
  };
  const slotted = (v: unknown): unknown => {
    if (v === undefined)
      throw new ValueError("A value in an expression is undefined; write null for SQL NULL.", "value.undefined");
    if (v instanceof Q) return resolved(condition(v));
    if (isExpression(v)) {
      if (NAMED.has(v.kind))
        throw new FieldError(
          `'${v.describe()}' has no query here: what an expression reads has to be among its source expressions.`,
          "expression.closed",
        );
      if (v.custom !== undefined && v.custom.cacheKey === undefined) cacheable = false;
      return v.args.length === 0 ? v : v.with({ args: v.args.map(slotted) });
    }
    if (isQuerySource(v)) throw new FieldError("A queryset has no query around it here.", "expression.closed");
    if (Array.isArray(v) && v.some((x) => isExpression(x) || x instanceof Q)) return v.map(slotted);
    values.push(v);
    return new Slot(FIRST + values.length - 1, v);
  };
  if (!isExpression(e) && !(e instanceof Q))
    throw new QueryTypeError(
      "An expression of your own has to be made of expressions: functions, comparisons and Value().",
      "expression.closed",
    );
  const node = asValue(e instanceof Q ? condition(e) : context.resolver.resolve(query, slotted(e), {}));
  const prepared = values.map((v, i) => {
    const p = context.prepares.get(FIRST + i);
    const out = p === undefined ? v : p(v);
    return out === MISFIT ? v : out;
  });
  const constants = (n: Expr): Expr => {
    if ((n.kind === "param" || n.kind === "list") && n.slot >= FIRST)
      return { ...n, slot: -1, value: prepared[n.slot - FIRST] } as ParamNode | ListNode;
    return mapChildren(n, constants);
  };
  return { node: constants(node), cacheable };
}
