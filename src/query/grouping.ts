/** GROUP BY: which columns a query with aggregates is grouped by. */
import { type ColNode, type Expr } from "../ast/expr.js";
import { children, containsAggregate, containsWindow, nodeKey } from "../ast/walk.js";
import type { Query, Selected } from "./state.js";

/** What an expression adds to GROUP BY: nothing for aggregates and constants, its columns around aggregates, else itself. */
export function groupByCols(node: Expr): readonly Expr[] {
  switch (node.kind) {
    case "param":
    case "list":
    case "star":
    case "null":
    case "keyword":
    case "always":
    case "never":
    case "default":
      return [];
    case "col":
    case "outercol":
    case "ref":
      return node.kind === "ref" && containsAggregate(node.source) ? groupByCols(node.source) : [node];
    case "aggregate":
      return [];
    case "window":
      return [node.expr, ...node.partitionBy, ...node.orderBy].flatMap((c) =>
        c === node.expr ? children(c).flatMap(groupByCols) : groupByCols(c),
      );
    case "subquery": {
      const external = node.query.externalCols() as readonly ColNode[];
      // A correlated subquery over a multi-valued join cannot be told by its columns.
      return node.exists && external.length > 0 ? external : [node];
    }
    case "where":
    case "lookup":
      // Conditions are told by their columns, whatever they compare them with: HAVING may use those columns too.
      return children(node).flatMap((c) =>
        c.kind === "subquery" && c.query.externalCols().length === 0 ? [] : groupByCols(c),
      );
    case "order":
      return groupByCols(node.expr);
    case "tuple":
      return node.items.flatMap(groupByCols);
    case "func":
      if (node.spec.name === "Random") return [];
      return containsAggregate(node) || containsWindow(node)
        ? children(node).flatMap(groupByCols)
        : hasColumn(node)
          ? [node]
          : [];
    case "custom":
      if (node.by.isAggregate === true) return [];
      return containsAggregate(node) || containsWindow(node) ? children(node).flatMap(groupByCols) : [node];
    default: {
      if (containsAggregate(node) || containsWindow(node)) return children(node).flatMap(groupByCols);
      // An expression without any column is a constant; grouping by it is no grouping.
      return hasColumn(node) ? [node] : [];
    }
  }
}
function hasColumn(node: Expr): boolean {
  if (
    node.kind === "col" ||
    node.kind === "outercol" ||
    node.kind === "ref" ||
    node.kind === "raw" ||
    node.kind === "subquery" ||
    node.kind === "custom"
  )
    return true;
  // A function of nothing (Random(), Now()) is no constant.
  if (node.kind === "func" && node.args.length === 0) return true;
  return children(node).some(hasColumn);
}

/** Groups by what `values()` selected so far and by the annotations that are no aggregates. */
export function setGroupBy(query: Query, allowAliases = true): void {
  if (allowAliases && query.valuesSelect.length > 0) moveExpressions(query);
  const group: Expr[] = [...query.select];
  for (const [alias, node] of query.annotationSelect) {
    const cols = groupByCols(node);
    if (cols.length === 0) continue;
    if (allowAliases && !containsAggregate(node))
      group.push({ kind: "ref", name: alias, source: node, type: node.type });
    else group.push(...cols);
  }
  query.groupBy = group;
}
/** Selected expressions become annotations, so that GROUP BY can name them. */
function moveExpressions(query: Query): void {
  const moved = new Map<string, Expr>(),
    kept: [string, Expr][] = [];
  query.valuesSelect.forEach((name, i) => {
    const e = query.select[i]!;
    if (e.kind === "col" || e.kind === "tuple") kept.push([name, e]);
    else moved.set(name, e);
  });
  if (moved.size === 0) return;
  query.annotations = new Map([...moved, ...query.annotations]);
  query.addToMask(moved.keys());
  query.select = kept.map(([, e]) => e);
  query.valuesSelect = kept.map(([name]) => name);
  if (query.selected !== null) {
    const selected = new Map<string, Selected>();
    for (const [name, s] of query.selected) {
      if (moved.has(name)) selected.set(name, { kind: "annotation" });
      else if (s.kind === "column") selected.set(name, { kind: "column", index: kept.findIndex(([n]) => n === name) });
      else selected.set(name, s);
    }
    query.selected = selected;
  }
}

/** Without doubles, in order. */
export function uniqueNodes(list: readonly Expr[]): Expr[] {
  const seen = new Map<string, Expr>();
  for (const e of list) {
    const key = nodeKey(e.kind === "ref" ? e.source : e);
    if (!seen.has(key)) seen.set(key, e);
  }
  return [...seen.values()];
}
