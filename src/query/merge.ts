/** Two queries over one model into one: `qs.and(other)`, `qs.or(other)`, `qs.xor(other)`. */
import { ALWAYS, type WhereNode } from "../ast/expr.js";
import { relabel } from "../ast/walk.js";
import { QueryTypeError, ValueError } from "../base/errors.js";
import { JoinVotes } from "./joins.js";
import { addClause, type Query, type TableRef } from "./state.js";

/** Whether one more condition can join the others of this OR. */
export function isOpenOr(node: WhereNode): boolean {
  return node.connector === "OR" && !node.negated && node.children.length > 0;
}

/** Adds the joins and conditions of `given` to `query`. Selection and ordering are those of `given`, where it has some. */
export function combineQueries(query: Query, given: Query, connector: "AND" | "OR" | "XOR"): void {
  if (query.meta.concrete !== given.meta.concrete && query.meta !== given.meta)
    throw new QueryTypeError("Cannot combine queries on two different base models.", "queryset.combine");
  if (query.isSliced || given.isSliced)
    throw new QueryTypeError("Cannot combine queries once a slice has been taken.", "queryset.combine");
  if (query.distinct !== given.distinct)
    throw new QueryTypeError("Cannot combine a unique query with a non-unique query.", "queryset.combine");
  if (query.distinctFields.join() !== given.distinctFields.join())
    throw new QueryTypeError("Cannot combine queries with different distinct fields.", "queryset.combine");
  const base = query.initialAlias();
  const rhs = given.clone();
  rhs.context = query.context;
  const rhsBase = rhs.initialAlias();
  // Own names first: no alias of one side may mean another table of the other.
  rhs.bumpPrefix(query, new Set([rhsBase]));
  const map = new Map<string, string>();
  if (rhsBase !== base) map.set(rhsBase, base);
  // Under AND two rows may satisfy the two sides, so joins are made anew; under OR one row is enough for both.
  const reuse = connector === "AND" ? new Set<string>() : new Set(query.aliases.keys());
  const votes = new JoinVotes(connector, 2, false);
  votes.add([...query.aliases.values()].filter((t) => t.type === "INNER").map((t) => t.alias));
  const theirs = new Set<string>();
  for (const [alias, t] of [...rhs.aliases].slice(1)) {
    const parent = map.get(t.parent!) ?? t.parent!;
    const made = addJoin(query, { ...t, parent }, reuse);
    if (t.type === "INNER") theirs.add(made);
    reuse.delete(made);
    if (alias !== made) map.set(alias, made);
    if ((rhs.refs.get(alias) ?? 0) <= 0) query.unref(made);
  }
  votes.add(theirs);
  votes.apply(query);
  const where = relabel(rhs.where, map) as WhereNode;
  // A side without conditions is all rows, which OR and XOR must not forget.
  if (connector === "AND") {
    if (where.children.length > 0) query.where = addClause(query.where, where, "AND");
  } else
    query.where = {
      kind: "where",
      connector,
      negated: false,
      // One after the other, as in a chain of or(), they stand in one list.
      children: [...(connector === "OR" && isOpenOr(query.where) ? query.where.children : [query.where]), where].map(
        (w) => (w.kind === "where" && w.children.length === 0 ? ALWAYS : w),
      ),
      type: null,
    };
  query.select = rhs.select.map((e) => relabel(e, map));
  if (connector === "OR" && query.extra.size > 0 && rhs.extra.size > 0)
    throw new ValueError(
      "When merging querysets using 'or', you cannot have extra(select=...) on both sides.",
      "queryset.combine",
    );
  for (const [k, v] of rhs.extra) query.extra.set(k, v);
  query.extraTables = [...query.extraTables, ...rhs.extraTables];
  if (rhs.ordering.length > 0) query.ordering = rhs.ordering.map((t) => (typeof t === "string" ? t : relabel(t, map)));
  if (rhs.extraOrdering.length > 0) query.extraOrdering = rhs.extraOrdering;
  for (const [k, v] of rhs.annotations) if (!query.annotations.has(k)) query.annotations.set(k, relabel(v, map));
}

function addJoin(query: Query, t: TableRef, reuse: ReadonlySet<string>): string {
  let shared: string | undefined;
  for (const [alias, have] of query.aliases)
    if (
      reuse.has(alias) &&
      have.table === t.table &&
      have.parent === t.parent &&
      have.joinField === t.joinField &&
      (have.filtered?.alias ?? null) === (t.filtered?.alias ?? null)
    )
      shared = alias;
  if (shared !== undefined) {
    query.ref(shared);
    return shared;
  }
  const alias = query.newAlias(t.table, t.filtered);
  const type = query.aliases.get(t.parent!)?.type === "LEFT" || t.nullable ? "LEFT" : "INNER";
  query.aliases.set(alias, { ...t, alias, type });
  return alias;
}
