/** Conditions split by where they can stand: WHERE, HAVING (aggregates), or outside of the query (window functions). */
import { where, type Expr, type WhereNode } from "../ast/expr.js";
import { NotSupportedError } from "../base/errors.js";
import { containsAggregate, containsWindow } from "../ast/walk.js";

export interface SplitConditions {
  readonly where: WhereNode | null;
  readonly having: WhereNode | null;
  readonly qualify: WhereNode | null;
}

/**
 * Splits a tree of conditions. AND trees are split child by child; OR, XOR and negated trees stay whole and go where their
 * strictest member belongs (S23). `groups`: whether the query has GROUP BY.
 */
export function splitHaving(tree: WhereNode, groups: boolean, negated = false): SplitConditions {
  const aggregate = containsAggregate(tree),
    window = containsWindow(tree);
  if (!aggregate && !window) return { where: tree.children.length > 0 ? tree : null, having: null, qualify: null };
  const flipped = negated !== tree.negated;
  const whole =
    (flipped && tree.connector === "AND") || (!flipped && tree.connector === "OR") || tree.connector === "XOR";
  if (whole) {
    // A condition on a plain column would have to hold before the rows are grouped, the one beside it after: refused, as in Django.
    if (window && groups && hasPlain(tree))
      throw new NotSupportedError(
        "Heterogeneous disjunctive predicates against window functions are not implemented when performing conditional aggregation.",
        "query.window_filter",
      );
    if (window) return { where: null, having: null, qualify: tree };
    return { where: null, having: tree, qualify: null };
  }
  const parts = { where: [] as Expr[], having: [] as Expr[], qualify: [] as Expr[] };
  for (const child of tree.children) {
    if (child.kind === "where") {
      const s = splitHaving(child, groups, flipped);
      if (s.where) parts.where.push(s.where);
      if (s.having) parts.having.push(s.having);
      if (s.qualify) parts.qualify.push(s.qualify);
    } else if (containsWindow(child)) parts.qualify.push(child);
    else if (containsAggregate(child)) parts.having.push(child);
    else parts.where.push(child);
  }
  const make = (list: Expr[]): WhereNode | null =>
    list.length === 0 ? null : where(tree.connector, list, tree.negated);
  return { where: make(parts.where), having: make(parts.having), qualify: make(parts.qualify) };
}
/** Whether a condition of the tree needs neither an aggregate nor a window function. */
function hasPlain(tree: WhereNode): boolean {
  return tree.children.some((c) => (c.kind === "where" ? hasPlain(c) : !containsAggregate(c) && !containsWindow(c)));
}
