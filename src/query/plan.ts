/**
 * A query's state -> a statement and the shape of its rows: default columns, related tables, ordering, GROUP BY, HAVING, derived
 * tables for window conditions. It looks at what the dialect can do, never at values, and writes no text.
 */
import {
  lateParam,
  col,
  where as whereNode,
  type ColumnField,
  type Expr,
  type OrderNode,
  type SubqueryNode,
} from "../ast/expr.js";
import type { DialectInfo } from "../ast/seams.js";
import { simplify } from "../ast/simplify.js";
import type { Column, SelectStatement, Source } from "../ast/statement.js";
import { children, mapChildren, nodeKey } from "../ast/walk.js";
import { FieldError, NotSupportedError } from "../base/errors.js";
import { F as fieldRef } from "../expressions/makers.js";
import type { Field } from "../fields/field.js";
import type { ModelMeta } from "../meta/options.js";
import { existsQuery } from "./annotate.js";
import { groupByCols } from "./grouping.js";
import { splitHaving } from "./having.js";
import { planCompound } from "./plan-compound.js";
import { planOrdering, type PlannedOrder } from "./plan-order.js";
import { defaultColumns, loadMask, relatedColumns } from "./plan-related.js";
import {
  EMPTY_SELECT,
  limitsOf,
  NO_SHAPE,
  type PlannedColumn,
  type PlanOptions,
  type RelatedShape,
  type RowShape,
  type SelectPlan,
} from "./plan-types.js";
import { planQualified } from "./plan-window.js";
import { newContext } from "./resolve.js";
import type { Query, TableRef } from "./state.js";

/** Plans a SELECT. The query is not changed. */
export function planSelect(source: Query, options: PlanOptions): SelectPlan {
  const query = source.clone();
  query.context = newContext();
  if (query.empty) return { statement: EMPTY_SELECT, columns: [], shape: NO_SHAPE, empty: true };
  if (query.inner !== null) return planOverDerived(query, options);
  if (query.combinator !== null) return planCompound(query, options, planSelect);

  if ([...query.refs.values()].every((n) => n <= 0)) query.initialAlias();
  const { columns, shape } = selectColumns(query);
  const ordering = planOrdering(query, columns, options.dialect);
  const split = splitHaving(query.where, query.groupBy !== null);
  if (split.qualify !== null) return planQualified(query, split, columns, shape, options, planSelect);

  const test = (n: SubqueryNode): boolean => isEmptySubquery(n, options.dialect);
  const where = split.where === null ? null : simplify(split.where, test, options.dialect);
  const having = split.having === null ? null : simplify(split.having, test, options.dialect);
  const empty = where?.kind === "never" || having?.kind === "never";
  let groupBy = planGroupBy(query, columns, ordering, having, options.dialect);
  if (groupBy !== null && query.distinctFields.length > 0)
    throw new NotSupportedError("annotate() + distinct(fields) is not implemented.", "annotate.distinct");
  // Django's order: what DISTINCT is ordered by has to be selected.
  let all: Column[] = columns.map((c) => ({ ...c }));
  if (query.distinct && query.distinctFields.length === 0) {
    const have = new Set(all.map((c) => nodeKey(c.expr)));
    for (const o of ordering) {
      const bare = o.node.expr;
      if (!o.isRef && !have.has(nodeKey(bare))) {
        all.push({ expr: bare, alias: null });
        have.add(nodeKey(bare));
      }
    }
  }
  const plan = (e: Expr): Expr => planExpr(e, options.dialect);
  if (options.aliasColumns === true) all = withAliases(all);
  all = all.map((c) => ({ expr: plan(simplify(c.expr, test, options.dialect)), alias: c.alias }));
  if (groupBy !== null) groupBy = groupBy.map(plan);
  const distinctOn = query.distinctFields.length > 0 ? distinctColumns(query) : [];
  const { low, high } = limitsOf(query);
  const statement: SelectStatement = {
    kind: "select",
    columns: all,
    distinct: query.distinct,
    distinctOn,
    from: planFrom(query, plan),
    where: where === null || where.kind === "always" ? null : plan(where),
    groupBy: groupBy !== null && groupBy.length === 0 ? null : groupBy,
    having: having === null || having.kind === "always" ? null : plan(having),
    orderBy: ordering.map((o) => mapChildren(o.node, plan) as OrderNode),
    low,
    high,
    lock: query.lock === null ? null : { ...query.lock, of: lockedTables(query, shape, options.dialect) },
    explain: query.explain,
  };
  return { statement, columns: all, shape, empty };
}
/** A subquery is put in as a planned select; everything else is walked through. */
export function planExpr(node: Expr, dialect: DialectInfo): Expr {
  if (node.kind === "subquery") {
    const inner = node.query as Query;
    let q = inner;
    if (node.exists) {
      q = inner.clone();
      q.context = newContext();
      q = existsQuery(q);
    }
    const planned = planSelect(q, { dialect, subquery: true });
    return { ...node, select: planned.statement };
  }
  if (node.kind === "lookup" && node.decide !== undefined) return planExpr(node.decide(dialect, node.lhs), dialect);
  return mapChildren(node, (c) => planExpr(c, dialect));
}
export function isEmptySubquery(node: SubqueryNode, dialect: DialectInfo): boolean {
  const q = node.query as Query;
  if (q.empty) return true;
  if (!mayBeEmpty(q)) return false;
  return planSelect(q, { dialect, subquery: true }).empty;
}
// Planning twice is only worth it where something in the conditions could be decided.
function mayBeEmpty(q: Query): boolean {
  const walk = (e: Expr): boolean =>
    e.kind === "never" ||
    e.kind === "always" ||
    (e.kind === "lookup" && e.decide !== undefined) ||
    (e.kind === "subquery" && ((e.query as Query).empty || mayBeEmpty(e.query as Query))) ||
    children(e).some(walk);
  return walk(q.where) || q.combined.some((c) => c.empty || mayBeEmpty(c));
}

/** The SELECT list and how rows are read from it. */
export function selectColumns(query: Query): { columns: PlannedColumn[]; shape: RowShape } {
  const columns: PlannedColumn[] = [];
  const named: { name: string; index: number; width?: number }[] = [];
  const add = (expr: Expr, alias: string | null): number => columns.push({ expr, alias }) - 1;
  // A composite key is as many columns as it has parts, read as one list.
  const put = (name: string, expr: Expr, alias: string | null): void => {
    if (expr.kind !== "tuple") named.push({ name, index: add(expr, alias) });
    else {
      const [first, ...rest] = expr.items.map((item) => add(item, null));
      named.push({ name, index: first!, width: rest.length + 1 });
    }
  };
  if (query.selected !== null) {
    for (const [name, s] of query.selected) {
      if (s.kind === "column") put(name, query.select[s.index]!, null);
      else if (s.kind === "annotation") {
        const node = query.annotationSelect.get(name);
        if (node !== undefined) named.push({ name, index: add(node, name) });
      } else {
        const x = query.extraSelect.get(name);
        if (x !== undefined) named.push({ name, index: add(x.node, name) });
      }
    }
    for (const [name, node] of query.annotationSelect)
      if (!query.selected.has(name)) named.push({ name, index: add(node, name) });
    const order = query.valuesOrder;
    if (order !== null && new Set(order).size < order.length) {
      const rest = named.filter((n) => !order.includes(n.name));
      return {
        columns,
        shape: { ...NO_SHAPE, named: [...order.flatMap((name) => named.filter((n) => n.name === name)), ...rest] },
      };
    }
    return { columns, shape: { ...NO_SHAPE, named } };
  }
  for (const [name, x] of query.extraSelect) named.push({ name, index: add(x.node, name) });
  if (!query.defaultCols) {
    query.select.forEach((e, i) => {
      const name = query.valuesSelect[i];
      if (name !== undefined) put(name, e, null);
      else for (const item of e.kind === "tuple" ? e.items : [e]) add(item, null);
    });
    for (const [name, node] of query.annotationSelect) named.push({ name, index: add(node, name) });
    return { columns, shape: { ...NO_SHAPE, named } };
  }
  const start = columns.length;
  const mask = loadMask(query);
  const own = defaultColumns(query, query.meta, query.baseAlias!, mask, null);
  for (const c of own) add(c.expr, null);
  const fields = own.map((c) => c.field);
  for (const [name, node] of query.annotationSelect) named.push({ name, index: add(node, name) });
  const related =
    query.selectRelated === false
      ? []
      : relatedColumns(
          query,
          mask,
          fields.map((field, i) => ({ field, index: start + i })),
          (e) => add(e, null),
        );
  return { columns, shape: { instances: true, fields, start, related, named } };
}

function planGroupBy(
  query: Query,
  columns: readonly PlannedColumn[],
  ordering: readonly PlannedOrder[],
  having: Expr | null,
  dialect: DialectInfo,
): Expr[] | null {
  if (query.groupBy === null) return null;
  const list: Expr[] = [];
  const refs = new Set<string>();
  if (query.groupBy !== true)
    for (const e of query.groupBy) {
      if (e.kind === "ref") {
        if (!refs.has(e.name)) {
          refs.add(e.name);
          list.push(e.source);
        }
      } else list.push(e);
    }
  const positions = new Map<string, string>();
  for (const c of columns) {
    if (c.alias !== null) positions.set(nodeKey(c.expr), c.alias);
    if (c.alias !== null && refs.has(c.alias)) continue;
    list.push(...groupByCols(c.expr));
  }
  for (const o of ordering) if (!o.isRef && !o.fromMeta) list.push(...groupByCols(o.node));
  const inHaving = having === null ? [] : groupByCols(having);
  list.push(...inHaving);
  const keep = new Set(inHaving.map(nodeKey));
  let out = list.flatMap((e) => (e.kind === "tuple" ? e.items : [e]));
  if (dialect.features.groupByPrimaryKey) {
    // The key of a table decides its other columns.
    const grouped = new Set<string>();
    for (const e of out)
      if (e.kind === "col" && e.field.primaryKey && (query.aliases.get(e.alias)?.meta.managed ?? false))
        grouped.add(e.alias);
    out = out.filter((e) => e.kind !== "col" || !grouped.has(e.alias) || e.field.primaryKey || keep.has(nodeKey(e)));
  }
  const seen = new Set<string>();
  const result: Expr[] = [];
  for (const e of out) {
    const s = simplify(e, () => false);
    if (s.kind === "always" || s.kind === "never" || s.kind === "param" || s.kind === "null") continue;
    const key = nodeKey(e);
    if (seen.has(key)) continue;
    seen.add(key);
    // A selected expression is named by its position: two equal expressions with parameters are not equal to the database.
    const position = e.kind === "col" ? -1 : columns.findIndex((c) => c.alias !== null && nodeKey(c.expr) === key);
    result.push(
      position >= 0 && positions.has(key) ? { kind: "keyword", text: String(position + 1), type: e.type } : e,
    );
  }
  return result;
}

/** FROM: tables that are still referred to, in the order they were joined. */
export function planFrom(query: Query, plan: (e: Expr) => Expr): Source[] {
  const out: Source[] = [];
  for (const [alias, t] of query.aliases) {
    if ((query.refs.get(alias) ?? 0) <= 0) continue;
    if (t.parent === null || t.type === null) out.push({ kind: "table", table: t.table, alias });
    else
      out.push({
        kind: "join",
        table: t.table,
        alias,
        type: t.type,
        on: t.pairs.map(([l, r]) => [column(t.parent!, l), column(alias, r)] as const),
        extra: joinCondition(t, plan),
      });
  }
  for (const table of query.extraTables) {
    if ((query.refs.get(table) ?? 0) <= 0) out.push({ kind: "named", table, alias: null });
  }
  return out;
}
function joinCondition(t: TableRef, plan: (e: Expr) => Expr): Expr | null {
  const parts: Expr[] = [];
  if (t.restriction !== null) {
    const r = t.restriction;
    const c = column(r.side === "right" ? t.alias : t.parent!, r.field);
    parts.push({ kind: "lookup", op: "exact", lhs: c, rhs: [lateParam(r.value, r.field)], type: null });
  }
  if (t.filtered?.resolved) {
    const s = simplify(t.filtered.resolved, () => false);
    if (s.kind !== "always") parts.push(plan(s));
  }
  return parts.length === 0 ? null : parts.length === 1 ? parts[0]! : whereNode("AND", parts);
}
function column(alias: string, f: Field): Expr {
  return col(alias, f as unknown as ColumnField);
}

export function withAliases(columns: readonly Column[]): Column[] {
  let n = 1;
  return columns.map((c) => (c.alias !== null ? c : { expr: c.expr, alias: `col${n++}` }));
}

function distinctColumns(query: Query): Expr[] {
  const out: Expr[] = [];
  const probe = query;
  for (const name of query.distinctFields) {
    const annotation = probe.annotations.get(name);
    if (annotation !== undefined) {
      out.push(
        probe.annotationSelect.has(name)
          ? { kind: "ref", name, source: annotation, type: annotation.type }
          : annotation,
      );
      continue;
    }
    const info = query.context.resolver.resolve(query, fieldRef(name), {});
    out.push(info);
  }
  return out;
}

/** `of` without what it names, where the database cannot: it says so when the statement is written. */
function lockedTables(query: Query, shape: RowShape, { features }: DialectInfo): readonly string[] {
  if (!features.selectForUpdate) return [];
  return features.selectForUpdateOf ? lockTargets(query, shape) : query.lock!.of;
}
/** Aliases of the tables that `selectForUpdate({ of })` names. */
function lockTargets(query: Query, shape: RowShape): string[] {
  const names = query.lock!.of;
  if (names.length === 0) return [];
  const out: string[] = [],
    bad: string[] = [];
  for (const name of names) {
    if (name === "self") {
      out.push(ownTable(query, shape));
      continue;
    }
    let level: readonly RelatedShape[] = shape.related;
    let at: { alias: string; meta: ModelMeta } | undefined = { alias: ownTable(query, shape), meta: query.meta };
    for (const part of name.split("__")) {
      const found: RelatedShape | undefined = level.find((r) => r.name === part);
      at = found ?? parentTable(query, at, part);
      if (at === undefined) break;
      level = found?.related ?? [];
    }
    if (at === undefined) bad.push(name);
    else out.push(at.alias);
  }
  if (bad.length > 0)
    throw new FieldError(
      `Invalid field name(s) given in select_for_update(of=(...)): ${bad.join(", ")}. Only relational fields followed in the query are allowed. Choices are: ${["self", ...shape.related.map((r) => r.name)].join(", ")}.`,
      "lock.of",
    );
  return out;
}
/** The joined table of a model that a row's model inherits from, by the name of the link to it. */
function parentTable(
  query: Query,
  child: { alias: string; meta: ModelMeta },
  name: string,
): { alias: string; meta: ModelMeta } | undefined {
  for (const [parent, link] of child.meta.concrete.parents)
    if (link?.name === name)
      for (const t of query.aliases.values())
        if (t.parent === child.alias && t.meta === parent) return { alias: t.alias, meta: parent };
  return undefined;
}
function ownTable(query: Query, _shape: RowShape): string {
  return query.baseAlias!;
}

/** An aggregation over a derived table. */
function planOverDerived(query: Query, options: PlanOptions): SelectPlan {
  const inner = planSelect(query.inner!, { dialect: options.dialect, aliasColumns: true });
  const columns: PlannedColumn[] = [];
  const named: { name: string; index: number }[] = [];
  for (const [name, node] of query.annotationSelect)
    named.push({
      name,
      index:
        columns.push({
          expr: planExpr(
            simplify(node, (n) => isEmptySubquery(n, options.dialect), options.dialect),
            options.dialect,
          ),
          alias: name,
        }) - 1,
    });
  const statement: SelectStatement = {
    ...EMPTY_SELECT,
    columns,
    from: [{ kind: "derived", alias: "subquery", select: inner.statement }],
  };
  return { statement, columns, shape: { ...NO_SHAPE, named }, empty: inner.empty };
}

/** The result of an aggregate over no rows, or UNKNOWN when only the database knows. `values` are those the query gathered. */
export function emptyValue(node: Expr, values: readonly unknown[] = []): unknown {
  switch (node.kind) {
    case "aggregate":
      return Object.hasOwn(node.spec, "emptyValue") ? node.spec.emptyValue : null;
    case "param": {
      const given = node.slot < 0 ? node.value : node.slot < values.length ? values[node.slot] : UNKNOWN;
      return node.map === undefined || given === null ? given : UNKNOWN;
    }
    case "null":
      return null;
    case "func": {
      if (node.spec.name !== "Coalesce") return UNKNOWN;
      for (const a of node.args) {
        const v = emptyValue(a, values);
        if (v !== null) return v;
      }
      return null;
    }
    default:
      return UNKNOWN;
  }
}
export const UNKNOWN: unique symbol = Symbol("unknown");
