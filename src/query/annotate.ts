/** Annotations, and aggregation of a whole query: in place where its rows are the model's own, else over a derived table. */
import { labelOf, type ColNode, type Expr, type RefNode } from "../ast/expr.js";
import { children, containsAggregate, containsWindow, mapChildren, nodeKey, some } from "../ast/walk.js";
import { QueryTypeError, ValueError } from "../base/errors.js";
import { isInstanceMember, isObjectMember } from "../base/reserved.js";
import { isExpression, type Expression } from "../expressions/expression.js";
import { Q } from "../expressions/q.js";
import { putAnnotation } from "./annotations-put.js";
import { ReverseRelation } from "../fields/relations.js";
import type { MetaField, ModelMeta } from "../meta/options.js";
import { asValue } from "./conditions.js";
import { groupByCols, setGroupBy } from "./grouping.js";
import { setupJoins } from "./joins.js";
import { resolve, resolveFiltered } from "./resolve.js";
import { addFields } from "./selection.js";
import { splitHaving } from "./having.js";
import { checkAnnotation } from "./measure.js";
import { Query } from "./state.js";

const ALIAS = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** Refuses names that cannot be an alias: an allow-list, since every deny-list had a hole. */
export function checkAlias(alias: string): void {
  if (!ALIAS.test(alias) || alias.length > 250 || alias === "pk")
    throw new ValueError(
      "An alias has to be made of letters, digits and underscores, and cannot begin with a digit. Column aliases cannot contain whitespace characters, quotation marks, semicolons, or SQL comments.",
      "query.alias",
    );
  if (isObjectMember(alias))
    throw new ValueError(
      `'${alias}' cannot be an alias: every object has a member of this name, or is asked for one. Choose another name.`,
      "query.alias",
      { path: alias },
    );
}

/** `annotate()` and (with `select` false) `alias()`. */
export function addAnnotations(
  query: Query,
  entries: readonly (readonly [string, unknown])[],
  select: boolean,
  valuesMode: boolean,
): void {
  const names = new Set<string>();
  if (!valuesMode) {
    for (const [name, f] of query.meta.byName) {
      names.add(name);
      names.add(f.attname);
    }
    for (const [, r] of query.meta.reverseByQuery) if (r.accessorName !== null) names.add(r.accessorName);
  }
  const added: string[] = [];
  for (const [alias, value] of entries) {
    checkAlias(alias);
    if (!valuesMode && select && isInstanceMember(alias))
      throw new ValueError(
        `The annotation '${alias}' would hide the member '${alias}' that every instance has. Choose another name; in the rows of values() it may have this one.`,
        "query.alias",
        { path: alias },
      );
    if (
      !valuesMode
        ? names.has(alias)
        : query.valuesSelect.includes(alias) && query.meta.find(alias) !== undefined && false
    )
      throw new ValueError(
        `The annotation '${alias}' conflicts with a field on the model.`,
        "query.annotation_conflict",
        { path: alias },
      );
    if (isExpression(value) && value.kind === "filteredrelation") {
      addFilteredRelation(query, alias, value);
      continue;
    }
    if (!isExpression(value) && !(value instanceof Q) && typeof value !== "object")
      throw new QueryTypeError(
        `QuerySet.annotate() received a non-expression: ${typeof value}. Wrap plain values in Value().`,
        "query.annotation_type",
      );
    addAnnotation(query, alias, value, select);
    added.push(alias);
  }
  if (added.some((a) => containsAggregate(query.annotations.get(a)!))) {
    if (!valuesMode) query.groupBy = true;
    else setGroupBy(query);
  }
}
export function addAnnotation(query: Query, alias: string, value: unknown, select: boolean): void {
  const node = asValue(resolve(query, value, { allowJoins: true, reuse: null }));
  if (node.kind === "tuple")
    throw new ValueError("Composite primary keys cannot be annotated.", "query.annotation_composite");
  checkAnnotation(alias, node);
  putAnnotation(query, alias, node, select);
}
function addFilteredRelation(query: Query, alias: string, e: Expression): void {
  const relation = e.settings["relation"] as string;
  const condition = e.args[0] as Q;
  const parts = relation.split("__");
  if (relationDepth(query, parts) < parts.length)
    throw new ValueError(
      `FilteredRelation's relation_name cannot contain lookups (got '${relation}').`,
      "query.filtered_relation",
      { path: relation },
    );
  for (const path of conditionPaths(condition)) {
    const names = path.split("__");
    const depth = relationDepth(query, names);
    const outside = names.slice(0, Math.max(0, Math.min(depth, parts.length) - 1)).findIndex((n, k) => n !== parts[k]);
    if (outside >= 0 && parts.length > outside)
      throw new ValueError(
        `FilteredRelation's condition doesn't support relations outside the '${relation}' (got '${path}').`,
        "query.filtered_relation",
        { path },
      );
    if (Math.min(names.length, depth + 1) > parts.length + 1)
      throw new ValueError(
        `FilteredRelation's condition doesn't support nested relations deeper than the relation_name (got '${path}' for '${relation}').`,
        "query.filtered_relation",
        { path },
      );
  }
  // Inside of the condition the relation is the joined table itself, not another join to it.
  query.filteredRelations.set(alias, {
    alias,
    relation,
    condition: renamed(condition, relation, alias) as Q,
    resolved: null,
  });
  // Joined once on the side: a mistake shows now, and the condition's values are prepared with this call.
  const probe = query.clone();
  probe.context = query.context;
  setupJoins(probe, [alias], probe.meta, probe.initialAlias(), null, true, resolveFiltered);
}
/** How many of the names are relations, one after the other; the first may be a filtered relation. */
function relationDepth(query: Query, names: readonly string[]): number {
  let meta = query.meta;
  for (const [n, name] of names.entries()) {
    const filtered = n === 0 ? query.filteredRelations.get(name) : undefined;
    if (filtered !== undefined && meta.find(name) === undefined) {
      for (const part of filtered.relation.split("__")) {
        const step = (
          query.filteredRelations.get(part) !== undefined && meta.find(part) === undefined
            ? undefined
            : meta.find(part === "pk" ? meta.pk.name : part)
        ) as MetaField | undefined;
        const to = step === undefined ? undefined : relationTarget(step);
        if (to === undefined) return n;
        meta = to;
      }
      continue;
    }
    const f = meta.find(name === "pk" ? meta.pk.name : name);
    const to = f === undefined || !f.isRelation ? undefined : relationTarget(f);
    if (to === undefined) return n;
    meta = to;
  }
  return names.length;
}
function relationTarget(f: MetaField): ModelMeta | undefined {
  return (f instanceof ReverseRelation ? f.relatedModel : (f as unknown as { related?: unknown }).related) as
    | ModelMeta
    | undefined;
}
function conditionPaths(q: Q): string[] {
  return q.children.flatMap((c) => (Array.isArray(c) ? [c[0] as string] : c instanceof Q ? conditionPaths(c) : []));
}
/** A condition with a path's beginning exchanged, in its keys and in the names of expressions that stand as conditions. */
function renamed(x: unknown, from: string, to: string): unknown {
  const path = (p: string): string => (p === from ? to : p.startsWith(`${from}__`) ? to + p.slice(from.length) : p);
  if (x instanceof Q)
    return Q.make(
      x.connector,
      x.children.map((c) =>
        Array.isArray(c) ? ([path(c[0] as string), c[1]] as const) : (renamed(c, from, to) as object),
      ),
      x.negated,
    );
  if (!isExpression(x)) return x;
  const settings = x.kind === "f" ? { ...x.settings, name: path(String(x.settings["name"])) } : x.settings;
  return x.with({ args: x.args.map((a) => renamed(a, from, to)), settings });
}

/** Default name of an aggregate given without one: `price__avg`. */
export function defaultAlias(e: unknown): string {
  if (isExpression(e) && e.kind === "aggregate") {
    const first = e.args[0];
    if (e.settings["n"] === 1 && isExpression(first) && first.kind === "f")
      return `${String(first.settings["name"])}__${labelOf(e.spec!).toLowerCase()}`;
  }
  throw new QueryTypeError("Complex aggregates require an alias: { name: … }.", "aggregate.alias");
}

/** What `aggregate()` and `count()` select: the query whose one row answers, with the aggregates as its annotations. */
export function aggregation(start: Query, entries: readonly (readonly [string, unknown])[]): Query {
  const query = start;
  const mask = query.annotationMask;
  const aggregates = new Map<string, Expr>();
  let refsSubquery = false,
    refsWindow = false;
  const existing = new Map(query.annotations);
  for (const [alias, value] of entries) {
    checkAlias(alias);
    let node = asValue(resolve(query, value, { allowJoins: true, reuse: null, summarize: true }));
    if (!containsAggregate(stripExisting(node, existing)))
      throw new QueryTypeError(`${alias} is not an aggregate expression`, "aggregate.type");
    query.addToMask([alias]);
    for (const ref of refsOf(node)) {
      const target = existing.get(ref);
      if (target === undefined) continue;
      refsSubquery ||= some(target, (n) => n.kind === "subquery");
      refsWindow ||= containsWindow(target);
    }
    // References to aggregates named before in the same call are put in.
    node = inlineRefs(node, aggregates);
    query.annotations.set(alias, node);
    aggregates.set(alias, node);
  }
  for (const alias of aggregates.keys()) {
    const before = existing.get(alias);
    if (before === undefined) query.annotations.delete(alias);
    else query.annotations.set(alias, before);
  }
  query.annotationMask = mask;
  const { having, qualify } = splitHaving(query.where, query.groupBy !== null);
  const hasAggregation = [...query.annotations.values()].some(containsAggregate) || having !== null;
  const wrap =
    (query.groupBy !== null && query.groupBy !== true) ||
    query.isSliced ||
    hasAggregation ||
    refsSubquery ||
    refsWindow ||
    qualify !== null ||
    query.distinct ||
    query.combinator !== null;
  let outer: Query;
  if (wrap) {
    const inner = query.clone();
    inner.context = query.context;
    inner.isSubquery = true;
    inner.lock = null;
    inner.selectRelated = false;
    inner.maskAnnotations(query.annotationSelect.keys());
    inner.clearOrdering(false);
    if (!inner.distinct) {
      if (inner.defaultCols && hasAggregation) inner.groupBy = pkCols(inner);
      inner.defaultCols = false;
      if (qualify === null && query.combinator === null) {
        const keep = new Set<string>();
        if (query.groupBy !== null && query.groupBy !== true)
          for (const e of query.groupBy) for (const r of refsOf(e)) keep.add(r);
        for (const a of aggregates.values()) for (const r of refsOf(a)) keep.add(r);
        // What takes part in grouping changes the number of rows even when nobody reads it.
        for (const [name, node] of query.annotationSelect)
          if (groupByCols(node).length > 0 && inner.groupBy !== null) keep.add(name);
        inner.maskAnnotations(keep);
      }
    }
    outer = new Query(query.meta);
    outer.context = query.context;
    outer.defaultCols = false;
    const refs = new Map<string, RefNode>();
    const repoint = (node: Expr): Expr => {
      if (node.kind === "ref") return node;
      if (node.kind === "col") {
        const key = nodeKey(node);
        let ref = refs.get(key);
        if (ref === undefined) {
          ref = { kind: "ref", name: `__col${refs.size + 1}`, source: node, type: node.type };
          refs.set(key, ref);
          putAnnotation(inner, ref.name, node, true);
        }
        return ref;
      }
      return mapChildren(node, repoint);
    };
    for (const [alias, node] of aggregates) outer.annotations.set(alias, repoint(node));
    if (inner.select.length === 0 && !inner.defaultCols && inner.annotationSelect.size === 0)
      inner.select = pkCols(inner);
    outer.inner = inner;
  } else {
    outer = query;
    outer.select = [];
    outer.selected = null;
    outer.valuesSelect = [];
    outer.defaultCols = false;
    outer.extra = new Map();
    outer.groupBy = null;
    const all = new Map(outer.annotations);
    outer.annotations = new Map([...aggregates].map(([k, v]) => [k, inlineRefs(v, all)]));
    outer.maskAnnotations(aggregates.keys());
  }
  outer.clearOrdering(true);
  outer.limit = null;
  outer.fixedLimit = null;
  outer.lock = null;
  outer.selectRelated = false;
  return outer;
}
function pkCols(query: Query): Expr[] {
  const alias = query.initialAlias();
  return query.meta.pkFields.map((f): ColNode => ({ kind: "col", alias, field: f as never, type: f }));
}
function refsOf(node: Expr): Set<string> {
  const out = new Set<string>();
  const walk = (e: Expr): void => {
    if (e.kind === "ref") out.add(e.name);
    else for (const c of children(e)) walk(c);
  };
  walk(node);
  return out;
}
function stripExisting(node: Expr, existing: ReadonlyMap<string, Expr>): Expr {
  if (node.kind === "ref" && existing.has(node.name)) return { kind: "null", type: node.type };
  return mapChildren(node, (c) => stripExisting(c, existing));
}
function inlineRefs(node: Expr, map: ReadonlyMap<string, Expr>): Expr {
  if (node.kind === "ref") return map.get(node.name) ?? node;
  return mapChildren(node, (c) => inlineRefs(c, map));
}

/** The query as EXISTS asks it: one constant column, no ordering, one row. */
export function existsQuery(start: Query, limit = true): Query {
  const q = start.clone();
  q.context = start.context;
  const keep = q.distinct && q.isSliced;
  if (!keep) {
    if (q.groupBy === true) {
      addFields(
        q,
        q.meta.concreteFields.map((f) => f.attname),
        false,
      );
      setGroupBy(q, false);
    } else if (q.groupBy !== null) {
      q.groupBy = q.groupBy.flatMap((e) => (e.kind === "ref" ? [e.source] : [e]));
    }
    q.clearSelect();
  }
  if (q.combined.length > 0 && q.combinator === "union") q.combined = q.combined.map((c) => existsQuery(c, false));
  q.clearOrdering(true);
  if (limit && !q.isSliced) q.fixedLimit = 1;
  if (!keep) putAnnotation(q, "a", { kind: "param", slot: -1, value: 1, type: null, rawValue: true }, true);
  return q;
}
