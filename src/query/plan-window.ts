/** Conditions on window functions: the query becomes a derived table, the conditions stand outside of it (S24). */
import { typeOrNull, where, type Expr, type OrderNode, type SubqueryNode, type WhereNode } from "../ast/expr.js";
import { simplify } from "../ast/simplify.js";
import type { Column, SelectStatement } from "../ast/statement.js";
import { children, nodeKey } from "../ast/walk.js";
import type { SplitConditions } from "./having.js";
import { planOrdering } from "./plan-order.js";
import {
  EMPTY_SELECT,
  limitsOf,
  type PlannedColumn,
  type Planner,
  type PlanOptions,
  type RowShape,
  type SelectPlan,
} from "./plan-types.js";
import type { Query } from "./state.js";

const INNER = "qualify",
  MASK = "qualify_mask";

export function planQualified(
  query: Query,
  split: SplitConditions,
  columns: readonly PlannedColumn[],
  shape: RowShape,
  options: PlanOptions,
  plan: Planner,
): SelectPlan {
  const inner = query.clone();
  inner.context = query.context;
  const remaining: WhereNode[] = [];
  if (split.where) remaining.push(split.where);
  if (split.having) remaining.push(split.having);
  inner.where = where("AND", remaining);
  inner.isSubquery = true;
  inner.limit = null;
  inner.fixedLimit = null;
  inner.ordering = [];
  inner.defaultOrdering = false;
  inner.extraOrdering = [];
  // The selected columns by name, then what the conditions and the ordering need besides.
  const names = new Map<string, string>();
  const list: Column[] = columns.map((c, i) => {
    const alias = c.alias ?? `col${i + 1}`;
    if (!names.has(nodeKey(c.expr))) names.set(nodeKey(c.expr), alias);
    return { expr: c.expr, alias };
  });
  const selectedCount = list.length;
  let extra = 0;
  const collect = (e: Expr): void => {
    if (names.has(nodeKey(e))) return;
    if (e.kind === "where" || e.kind === "lookup") {
      for (const c of children(e)) collect(c);
      return;
    }
    if (e.kind === "param" || e.kind === "list" || e.kind === "keyword" || e.kind === "null") return;
    if (e.kind === "ref") {
      collect(e.source);
      return;
    }
    const alias = `qual${extra++}`;
    names.set(nodeKey(e), alias);
    list.push({ expr: e, alias });
  };
  collect(split.qualify!);
  const ordering = planOrdering(query, columns, options.dialect);
  for (const o of ordering) collect(o.node.expr);
  const toRef = (e: Expr): Expr => {
    const fix = (n: Expr): Expr => {
      const alias = names.get(nodeKey(n));
      if (alias !== undefined) return { kind: "ref", name: alias, source: n, type: typeOrNull(n) };
      return replaceWith(n, fix);
    };
    return fix(e);
  };
  const planned = planList(inner, list, options, plan);
  const test = (_n: SubqueryNode): boolean => false;
  const qualify = simplify(toRef(split.qualify!), test, options.dialect);
  const orderBy = ordering.map((o) => ({ ...o.node, expr: toRef(o.node.expr) }) as OrderNode);
  const { low, high } = limitsOf(query);
  const outside: Column[] = list.slice(0, selectedCount).map((c) => ({
    expr: { kind: "ref", name: c.alias!, source: c.expr, type: typeOrNull(c.expr) },
    alias: options.aliasColumns === true ? c.alias : null,
  }));
  const statement: SelectStatement = {
    ...EMPTY_SELECT,
    columns: outside,
    from: [{ kind: "derived", alias: extra > 0 ? MASK : INNER, select: planned.statement }],
    where: qualify.kind === "always" ? null : qualify,
    orderBy,
    low,
    high,
  };
  return {
    statement,
    columns: columns.map((c, i) => ({ expr: c.expr, alias: list[i]!.alias })),
    shape,
    empty: planned.empty || qualify.kind === "never",
  };
}
function replaceWith(n: Expr, fix: (e: Expr) => Expr): Expr {
  switch (n.kind) {
    case "where":
      return { ...n, children: n.children.map(fix) };
    case "lookup":
      return { ...n, lhs: fix(n.lhs), rhs: n.rhs.map(fix) };
    default:
      return n;
  }
}
/** The inner query with this very SELECT list. */
function planList(inner: Query, list: readonly Column[], options: PlanOptions, plan: Planner): SelectPlan {
  const q = inner.clone();
  q.context = inner.context;
  const grouped = q.groupBy;
  q.selected = new Map(list.map((c) => [c.alias!, { kind: "annotation" as const }]));
  q.defaultCols = false;
  q.select = [];
  q.selectRelated = false;
  q.extraMask = new Set();
  for (const c of list) q.annotations.set(c.alias!, c.expr);
  q.maskAnnotations(list.map((c) => c.alias!));
  q.groupBy = grouped;
  return plan(q, { dialect: options.dialect, aliasColumns: true });
}
