/** UNION, INTERSECT and EXCEPT of several queries: columns by position, ordering by selected columns, empty parts left out. */
import type { Expr, OrderNode } from "../ast/expr.js";
import type { CompoundStatement, SelectLike } from "../ast/statement.js";
import { nodeKey } from "../ast/walk.js";
import { DatabaseError, NotSupportedError } from "../base/errors.js";
import { planOrdering } from "./plan-order.js";
import {
  EMPTY_SELECT,
  limitsOf,
  type PlannedColumn,
  type Planner,
  type PlanOptions,
  type SelectPlan,
} from "./plan-types.js";
import { addFields, setValues } from "./selection.js";
import { newContext } from "./resolve.js";
import { putAnnotation } from "./annotations-put.js";
import type { Query } from "./state.js";

export function planCompound(query: Query, options: PlanOptions, plan: Planner): SelectPlan {
  const op = query.combinator!;
  const { dialect } = options;
  if (op !== "union" && !dialect.features.intersect)
    throw new NotSupportedError(`${op} is not supported on this database.`, "query.combinator");
  const queries = query.combined.map((q) => {
    const c = q.clone();
    c.context = newContext();
    // `values()` after the union is pushed into the parts, unless they chose their columns themselves.
    if (!c.hasSelectFields && query.hasSelectFields) {
      if (query.selected !== null) setValues(c, [...query.selected.keys()]);
      else if (query.valuesSelect.length > 0) setValues(c, query.valuesSelect);
      else if (query.annotationSelect.size > 0 && !query.defaultCols) copySelect(query, c);
    }
    return c;
  });
  // Columns of the first part give the names and types of the result.
  const orders = orderTerms(query, queries, options, plan);
  const plans: SelectPlan[] = [];
  for (const [i, q] of queries.entries()) {
    if (q.ordering.length > 0 && !q.isSliced && !dialect.features.parenthesesInCompound) q.clearOrdering(true);
    if (!dialect.features.sliceInCompound) {
      if (q.isSliced)
        throw new NotSupportedError(
          "LIMIT/OFFSET not allowed in subqueries of compound statements.",
          "query.combinator_slice",
        );
      if (q.ordering.length > 0 && i >= 0)
        throw new NotSupportedError(
          "ORDER BY not allowed in subqueries of compound statements.",
          "query.combinator_order",
        );
    }
    if (!q.isSliced) q.clearOrdering(true);
    plans.push(plan(q, { dialect, aliasColumns: options.aliasColumns === true }));
  }
  const shapePlan = plans[0]!;
  let kept = plans;
  if (op === "union") kept = plans.filter((p) => !p.empty);
  else if (op === "intersection") {
    if (plans.some((p) => p.empty)) kept = [];
  } else {
    kept = plans[0]!.empty ? [] : [plans[0]!, ...plans.slice(1).filter((p) => !p.empty)];
  }
  const shape = visible(query, shapePlan);
  const { low, high } = limitsOf(query);
  if (kept.length === 0) return { statement: EMPTY_SELECT, columns: shapePlan.columns, shape, empty: true };
  const statement: CompoundStatement = {
    kind: "compound",
    op: op === "union" ? "UNION" : op === "intersection" ? "INTERSECT" : "EXCEPT",
    all: op === "union" && query.combinatorAll,
    parts: kept.map((p) => p.statement as SelectLike),
    orderBy: orders,
    low,
    high,
    explain: query.explain,
  };
  return { statement, columns: shapePlan.columns, shape, empty: false };
}
// Columns added only for ordering are not given out.
function visible(_query: Query, plan: SelectPlan): SelectPlan["shape"] {
  return { ...plan.shape, named: plan.shape.named.filter((n) => !n.name.startsWith("__orderbycol")) };
}
function copySelect(from: Query, to: Query): void {
  setValues(
    to,
    [...from.annotationSelect.keys()].filter((k) => to.annotations.has(k)),
  );
}

function orderTerms(query: Query, queries: Query[], options: PlanOptions, plan: Planner): OrderNode[] {
  const first = queries[0]!;
  const probe = queries[0]!.clone();
  probe.context = newContext();
  probe.ordering =
    query.ordering.length > 0 || !query.defaultOrdering ? query.ordering : (query.meta.ordering as Query["ordering"]);
  probe.extraOrdering = query.extraOrdering;
  probe.defaultOrdering = false;
  probe.standardOrdering = query.standardOrdering;
  probe.limit = null;
  probe.fixedLimit = null;
  if (probe.ordering.length === 0 && probe.extraOrdering.length === 0) return [];
  probe.initialAlias();
  const chosen = plan(unordered(probe), options);
  const columns = chosen.columns;
  const ordering = planOrdering(probe, columns, options.dialect);
  return ordering.map((o, i) => {
    const asked = o.node.expr;
    if (asked.kind === "ref" && !o.isRef) {
      const position = columns.findIndex(
        (c) =>
          c.alias === asked.name ||
          (c.expr.kind === "col" && (c.expr.field.name === asked.name || c.expr.field.attname === asked.name)),
      );
      if (position < 0)
        throw new DatabaseError("ORDER BY term does not match any column in the result set.", "query.combinator_order");
      return { ...o.node, expr: resultColumn(columns, position, o.node, options) };
    }
    if (o.isRef) return o.node;
    const key = nodeKey(o.node.expr);
    const given = probe.ordering[i];
    const named = typeof given === "string" ? given.replace(/^[-+]/, "") : null;
    // A column that was given another name by values() is ordered by under that name only.
    const at = columns.findIndex(
      (c) =>
        nodeKey(c.expr) === key &&
        !(c.alias !== null && c.alias !== named && first.hasSelectFields && first.annotationSelect.has(c.alias)),
    );
    if (at >= 0) return { ...o.node, expr: resultColumn(columns, at, o.node, options) };
    if (queries.some((q) => q.hasSelectFields))
      throw new DatabaseError("ORDER BY term does not match any column in the result set.", "query.combinator_order");
    const name = `__orderbycol${columns.length + 1}`;
    const term = query.ordering.find((t) => typeof t === "string");
    for (const q of queries) {
      const node =
        q === queries[0]
          ? o.node.expr
          : sameColumn(q, typeof term === "string" ? term.replace(/^[-+]/, "") : null, o.node.expr);
      putAnnotation(q, name, node, true);
    }
    return { ...o.node, expr: { kind: "keyword", text: String(columns.length + 1), type: o.node.expr.type } as Expr };
  });
}
function sameColumn(q: Query, name: string | null, fallback: Expr): Expr {
  if (name === null) return fallback;
  const c = q.clone();
  c.context = newContext();
  c.select = [];
  addFields(c, [name]);
  q.aliases = c.aliases;
  q.refs = c.refs;
  q.tableAliases = c.tableAliases;
  return c.select[0]!;
}
/** A column of the result by its position; by its name where NULLs are sorted by an expression over it. */
function resultColumn(columns: readonly PlannedColumn[], at: number, node: OrderNode, options: PlanOptions): Expr {
  const c = columns[at]!;
  const name = c.alias ?? (c.expr.kind === "col" ? c.expr.field.column : null);
  if (node.nulls !== null && !options.dialect.features.nullsOrdering && name !== null)
    return { kind: "ref", name, source: c.expr, type: c.expr.type };
  return { kind: "keyword", text: String(at + 1), type: c.expr.type };
}
function unordered(q: Query): Query {
  const c = q.clone();
  c.ordering = [];
  c.defaultOrdering = false;
  c.extraOrdering = [];
  return c;
}
