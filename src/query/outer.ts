/** What an embedded query gives to the one around it, and whether it refers to it. */
import type { Expr, OutputType } from "../ast/expr.js";
import { children } from "../ast/walk.js";
import type { Query } from "./state.js";

/** Output type of a query of one column. */
export function outputOf(q: Query): OutputType {
  const annotations = [...q.annotationSelect.values()];
  if (q.select.length === 1 && annotations.length === 0) return q.select[0]!.type;
  if (q.select.length === 0 && annotations.length === 1 && !q.defaultCols) return annotations[0]!.type;
  if (q.combined.length > 0) return outputOf(q.combined[0]!);
  return null;
}
/** Whether a query refers to one further out. */
export function mentionsOuter(q: Query): boolean {
  let found = false;
  const probe = q.clone();
  const walk = (e: Expr): Expr => {
    if (e.kind === "outerref") found = true;
    if (e.kind === "subquery" && mentionsOuter(e.query as Query)) found = true;
    if (!found) for (const c of children(e)) walk(c);
    return e;
  };
  probe.mapExpressions(walk);
  return found;
}
