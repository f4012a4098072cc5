/** Putting a resolved annotation into a query, selected or not. */
import type { Expr } from "../ast/expr.js";
import type { Query } from "./state.js";

export function putAnnotation(query: Query, alias: string, node: Expr, select: boolean): void {
  if (select) query.addToMask([alias]);
  else query.maskAnnotations([...query.annotationSelect.keys()].filter((k) => k !== alias));
  query.annotations.set(alias, node);
  if (query.selected !== null && select) query.selected.set(alias, { kind: "annotation" });
}
