/**
 * The state of one query: tables, conditions, annotations, selection. It is data with the few operations that keep its alias
 * map whole; what grows it stands in the neighbouring files. It cannot run itself and knows no SQL text.
 */
import type { Field } from "../fields/field.js";
import {
  QUERY,
  where,
  type ColNode,
  type EmbeddedQuery,
  type Expr,
  type OrderNode,
  type WhereNode,
} from "../ast/expr.js";
import { children, nodeKey, relabel, shiftSlots } from "../ast/walk.js";
import type { ModelMeta } from "../meta/options.js";
import type { JoinPairs, JoinRestriction, PathInfo } from "../meta/relations.js";
import type { QueryContext } from "./context.js";
import type { Q } from "../expressions/q.js";

/** A condition on a joined relation, under the alias that `annotate` gave it. */
export interface FilteredJoin {
  readonly alias: string;
  readonly relation: string;
  readonly condition: Q;
  /** Resolved when the join is made. */
  readonly resolved: Expr | null;
}

/** A table in FROM: the first one, or one joined to another. */
export interface TableRef {
  readonly table: string;
  readonly alias: string;
  readonly meta: ModelMeta;
  /** null for the first table. */
  readonly parent: string | null;
  readonly type: "INNER" | "LEFT" | null;
  readonly pairs: JoinPairs;
  readonly joinField: PathInfo["joinField"] | null;
  readonly nullable: boolean;
  readonly filtered: FilteredJoin | null;
  readonly restriction: JoinRestriction | null;
}

/** What stands in the SELECT list of `values()`, by name. */
export type Selected =
  | { readonly kind: "column"; readonly index: number }
  | { readonly kind: "annotation" }
  | { readonly kind: "extra" };

/** One term of ORDER BY before planning: a name with its sign, `?`, or a resolved expression. */
export type OrderTerm = string | Expr;

/** Trees of relation names, for selectRelated and the masks of only/defer. */
export interface NameTree {
  readonly [name: string]: NameTree;
}

export interface LockOptions {
  readonly nowait: boolean;
  readonly skipLocked: boolean;
  readonly of: readonly string[];
  readonly noKey: boolean;
}
export interface ExtraColumn {
  readonly sql: string;
  readonly node: Expr;
}

const EMPTY_WHERE: WhereNode = Object.freeze(where("AND", []));

export class Query implements EmbeddedQuery {
  readonly [QUERY] = true as const;
  meta: ModelMeta;
  aliases = new Map<string, TableRef>();
  refs = new Map<string, number>();
  tableAliases = new Map<string, string[]>();
  prefix = "T";
  where: WhereNode = EMPTY_WHERE;
  annotations = new Map<string, Expr>();
  annotationMask: ReadonlySet<string> | null = null;
  defaultCols = true;
  select: readonly Expr[] = [];
  valuesSelect: readonly string[] = [];
  selected: Map<string, Selected> | null = null;
  /** Names as `values()` got them, where one may stand twice. */
  valuesOrder: readonly string[] | null = null;
  groupBy: true | readonly Expr[] | null = null;
  ordering: readonly OrderTerm[] = [];
  defaultOrdering = true;
  standardOrdering = true;
  extraOrdering: readonly OrderTerm[] = [];
  /** Slots of the slice's ends, and which of them are there. */
  limit: { readonly low: number | null; readonly high: number | null } | null = null;
  /** LIMIT of babik's own (`get`, `exists`), in numbers. */
  fixedLimit: number | null = null;
  empty = false;
  distinct = false;
  distinctFields: readonly string[] = [];
  selectRelated: boolean | NameTree = false;
  deferred: { readonly names: ReadonlySet<string>; readonly defer: boolean } = { names: new Set(), defer: true };
  combinator: "union" | "intersection" | "difference" | null = null;
  combinatorAll = false;
  combined: readonly Query[] = [];
  filteredRelations = new Map<string, FilteredJoin>();
  usedAliases = new Set<string>();
  sticky = false;
  lock: LockOptions | null = null;
  extra = new Map<string, ExtraColumn>();
  extraMask: ReadonlySet<string> | null = null;
  extraTables: readonly string[] = [];
  /** Aliases that belong to an outer query. */
  external = new Set<string>();
  isSubquery = false;
  /** A queryset given as a plain value (not by `Subquery`), and whether its slice is of one row. */
  isSubqueryValue = false;
  /** Databases that querysets given as values are bound to: the statement has to run there. */
  boundAliases: ReadonlySet<string> = new Set();
  limitedToOne = false;
  explain: Readonly<Record<string, unknown>> | null = null;
  /** Aliases of the last condition's joins, for `trimStart`. */
  lookupJoins: readonly string[] = [];
  /** The derived table of an aggregation over a subquery. */
  inner: Query | null = null;
  /** What `update()` assigns. */
  assignments: readonly { readonly field: Field; readonly value: Expr }[] | null = null;
  /** Only while a call is being built. */
  context!: QueryContext;

  constructor(meta: ModelMeta) {
    this.meta = meta;
  }

  clone(): Query {
    const c = Object.create(Query.prototype) as Query;
    Object.assign(c, this);
    c.aliases = new Map(this.aliases);
    c.refs = new Map(this.refs);
    c.tableAliases = new Map([...this.tableAliases].map(([k, v]) => [k, [...v]]));
    c.annotations = new Map(this.annotations);
    c.filteredRelations = new Map(this.filteredRelations);
    c.usedAliases = new Set(this.usedAliases);
    c.external = new Set(this.external);
    c.extra = new Map(this.extra);
    if (this.selected !== null) c.selected = new Map(this.selected);
    c.keyCache = undefined;
    return c;
  }
  /** A clone for the next call of a chain: aliases may not be reused by multi-valued joins unless the last call was sticky. */
  chain(): Query {
    const c = this.clone();
    if (!c.sticky) c.usedAliases = new Set();
    c.sticky = false;
    return c;
  }

  // ---- alias map ----------------------------------------------------------------------------------------------
  get baseAlias(): string | null {
    for (const a of this.aliases.keys()) return a;
    return null;
  }
  /** Alias of the model's own table, made when there is none yet. */
  initialAlias(): string {
    const base = this.baseAlias;
    if (base !== null) {
      this.ref(base);
      return base;
    }
    const table = this.meta.dbTable;
    const alias = this.newAlias(table, null);
    this.aliases.set(alias, {
      table,
      alias,
      meta: this.meta,
      parent: null,
      type: null,
      pairs: [],
      joinField: null,
      nullable: false,
      filtered: null,
      restriction: null,
    });
    return alias;
  }
  newAlias(table: string, filtered: FilteredJoin | null): string {
    const list = this.tableAliases.get(table);
    let alias: string;
    if (list !== undefined) {
      alias = `${this.prefix}${this.aliases.size + 1}`;
      while (this.aliases.has(alias)) alias += "_";
      list.push(alias);
    } else {
      alias = filtered?.alias ?? table;
      this.tableAliases.set(table, [alias]);
    }
    this.refs.set(alias, 1);
    return alias;
  }
  ref(alias: string): void {
    this.refs.set(alias, (this.refs.get(alias) ?? 0) + 1);
  }
  unref(alias: string, by = 1): void {
    this.refs.set(alias, (this.refs.get(alias) ?? 0) - by);
  }
  get isSliced(): boolean {
    return this.limit !== null || this.fixedLimit !== null;
  }
  get annotationSelect(): ReadonlyMap<string, Expr> {
    const mask = this.annotationMask;
    if (mask === null) return this.annotations;
    return new Map([...this.annotations].filter(([k]) => mask.has(k)));
  }
  get extraSelect(): ReadonlyMap<string, ExtraColumn> {
    const mask = this.extraMask;
    if (mask === null) return this.extra;
    return new Map([...this.extra].filter(([k]) => mask.has(k)));
  }
  /** True when the SELECT list is the model's own columns. */
  get hasSelectFields(): boolean {
    return this.select.length > 0 || this.annotationMask !== null || this.extraMask !== null;
  }
  maskAnnotations(names: Iterable<string> | null): void {
    this.annotationMask = names === null ? null : new Set(names);
  }
  addToMask(names: Iterable<string>): void {
    if (this.annotationMask !== null) this.annotationMask = new Set([...this.annotationMask, ...names]);
  }
  addWhere(node: Expr): void {
    this.where = addClause(this.where, node, "AND");
  }
  clearOrdering(force: boolean, clearDefault = true): void {
    if (!force && (this.isSliced || this.distinctFields.length > 0 || this.lock !== null)) return;
    this.ordering = [];
    this.extraOrdering = [];
    if (clearDefault) this.defaultOrdering = false;
  }
  clearSelect(): void {
    this.select = [];
    this.defaultCols = false;
    this.selectRelated = false;
    this.extraMask = new Set();
    this.maskAnnotations([]);
    this.selected = null;
    this.valuesSelect = [];
  }

  // ---- rewriting ----------------------------------------------------------------------------------------------
  /** Applies `fn` to every expression the query holds. */
  mapExpressions(fn: (e: Expr) => Expr): void {
    this.where = fn(this.where) as WhereNode;
    this.select = this.select.map(fn);
    for (const [k, v] of this.annotations) this.annotations.set(k, fn(v));
    if (this.groupBy !== null && this.groupBy !== true) this.groupBy = this.groupBy.map(fn);
    this.ordering = this.ordering.map((t) => (typeof t === "string" ? t : fn(t)));
    this.extraOrdering = this.extraOrdering.map((t) => (typeof t === "string" ? t : fn(t)));
    for (const [k, v] of this.extra) this.extra.set(k, { sql: v.sql, node: fn(v.node) });
    for (const [k, t] of this.aliases)
      if (t.filtered?.resolved)
        this.aliases.set(k, { ...t, filtered: { ...t.filtered, resolved: fn(t.filtered.resolved) } });
    this.combined = this.combined.map((q) => {
      const c = q.clone();
      c.mapExpressions(fn);
      return c;
    });
    if (this.inner !== null) {
      this.inner = this.inner.clone();
      this.inner.mapExpressions(fn);
    }
  }
  /** Gives own tables other aliases. `map` is old -> new; nothing else may use a new name. */
  renameAliases(map: ReadonlyMap<string, string>): void {
    if (map.size === 0) return;
    const combined = this.combined,
      inner = this.inner;
    this.combined = [];
    this.inner = null;
    this.mapExpressions((e) => relabel(e, map));
    this.combined = combined.map((q) => q.relabeled(map) as Query);
    this.inner = inner === null ? null : (inner.relabeled(map) as Query);
    const aliases = new Map<string, TableRef>(),
      refs = new Map<string, number>();
    for (const [a, t] of this.aliases) {
      const to = map.get(a) ?? a;
      aliases.set(to, { ...t, alias: to, parent: t.parent === null ? null : (map.get(t.parent) ?? t.parent) });
      refs.set(to, this.refs.get(a) ?? 0);
    }
    this.aliases = aliases;
    this.refs = refs;
    for (const [table, list] of this.tableAliases)
      this.tableAliases.set(
        table,
        list.map((a) => map.get(a) ?? a),
      );
    this.external = new Set([...this.external].map((a) => map.get(a) ?? a));
    this.usedAliases = new Set([...this.usedAliases].map((a) => map.get(a) ?? a));
    this.lookupJoins = this.lookupJoins.map((a) => map.get(a) ?? a);
  }
  /** Aliases with a prefix that neither this query nor `outer` uses, so that the two can stand in one statement. */
  bumpPrefix(outer: Query, exclude: ReadonlySet<string> = new Set()): void {
    if (this.prefix !== outer.prefix) return;
    this.prefix = nextPrefix(outer.prefix);
    const taken = new Set<string>();
    const collect = (q: Query): void => {
      taken.add(q.prefix);
      for (const s of q.subqueries()) collect(s);
    };
    for (const s of this.subqueries()) collect(s);
    while (taken.has(this.prefix)) this.prefix = nextPrefix(this.prefix);
    const map = new Map<string, string>();
    let i = 0;
    for (const a of this.aliases.keys()) if (!exclude.has(a)) map.set(a, `${this.prefix}${i++}`);
    this.renameAliases(map);
  }
  /** Queries nested in this one's expressions. */
  *subqueries(): Generator<Query> {
    const walk = function* (e: Expr): Generator<Query> {
      if (e.kind === "subquery") yield e.query as Query;
      for (const c of children(e)) yield* walk(c);
    };
    yield* walk(this.where);
    for (const e of this.annotations.values()) yield* walk(e);
    for (const e of this.select) yield* walk(e);
    yield* this.combined;
    if (this.inner !== null) yield this.inner;
  }

  relabeled(map: ReadonlyMap<string, string>): EmbeddedQuery {
    // Only what points outside changes: own aliases have another prefix than the outer query's.
    const c = this.clone();
    const own = new Map([...map].filter(([from]) => !c.aliases.has(from)));
    if (own.size === 0) return this;
    c.mapExpressions((e) => relabel(e, own));
    c.external = new Set([...c.external].map((a) => own.get(a) ?? a));
    return c;
  }
  shifted(by: number): EmbeddedQuery {
    if (by === 0) return this;
    const c = this.clone();
    c.mapExpressions((e) => shiftSlots(e, by));
    if (c.limit !== null)
      c.limit = {
        low: c.limit.low === null ? null : c.limit.low + by,
        high: c.limit.high === null ? null : c.limit.high + by,
      };
    c.combined = c.combined.map((q) => shiftLimits(q, by));
    if (c.inner !== null) c.inner = shiftLimits(c.inner, by);
    return c;
  }
  externalCols(): readonly Expr[] {
    const out: ColNode[] = [];
    const walk = (e: Expr): void => {
      if (e.kind === "col" && !this.aliases.has(e.alias)) out.push(e);
      if (e.kind === "subquery") for (const c of e.query.externalCols()) walk(c);
      for (const c of children(e)) walk(c);
    };
    walk(this.where);
    for (const e of this.annotations.values()) walk(e);
    for (const e of this.select) walk(e);
    for (const t of this.ordering) if (typeof t !== "string") walk(t);
    for (const t of this.aliases.values()) if (t.filtered?.resolved) walk(t.filtered.resolved);
    for (const q of this.combined)
      for (const c of q.externalCols()) if (!this.aliases.has((c as ColNode).alias)) out.push(c as ColNode);
    return out;
  }
  private keyCache: string | undefined;
  get key(): string {
    return (this.keyCache ??= [
      this.meta.label,
      [...this.aliases.values()]
        .map(
          (t) =>
            `${t.alias}<${t.parent ?? ""}${t.type ?? ""}${this.refs.get(t.alias) ?? 0}${t.filtered?.resolved ? nodeKey(t.filtered.resolved) : ""}`,
        )
        .join(),
      nodeKey(this.where),
      [...this.annotationSelect].map(([k, v]) => `${k}=${nodeKey(v)}`).join(),
      this.select.map(nodeKey).join(),
      this.defaultCols,
      this.groupBy === null || this.groupBy === true ? String(this.groupBy) : this.groupBy.map(nodeKey).join(),
      this.ordering.map((o) => (typeof o === "string" ? o : nodeKey(o))).join(),
      this.defaultOrdering,
      this.standardOrdering,
      JSON.stringify(this.limit),
      this.fixedLimit,
      this.empty,
      this.distinct,
      this.distinctFields.join(),
      this.combinator,
      this.combinatorAll,
      this.combined.map((q) => q.key).join("|"),
      this.inner?.key ?? "",
    ].join("/"));
  }
}

function shiftLimits(q: Query, by: number): Query {
  const c = q.clone();
  if (c.limit !== null)
    c.limit = {
      low: c.limit.low === null ? null : c.limit.low + by,
      high: c.limit.high === null ? null : c.limit.high + by,
    };
  c.combined = c.combined.map((x) => shiftLimits(x, by));
  return c;
}

/** T, U, … Z, AA, AB, …: prefixes of aliases, one for each depth of nesting. */
function nextPrefix(prefix: string): string {
  const last = prefix.at(-1)!;
  if (last !== "Z") return prefix.slice(0, -1) + String.fromCharCode(last.charCodeAt(0) + 1);
  return prefix === "Z" ? "AA" : `${nextPrefix(prefix.slice(0, -1))}A`;
}

/** Adds a child to a tree of conditions, flattening what has the same connector. */
export function addClause(tree: WhereNode, node: Expr, connector: "AND" | "OR" | "XOR"): WhereNode {
  if (tree.children.length === 0 && !tree.negated)
    return node.kind === "where" && !node.negated && (node.connector === connector || node.children.length <= 1)
      ? { ...node, connector }
      : where(connector, [node]);
  if (tree.connector !== connector || tree.negated) return where(connector, [tree, node]);
  if (tree.children.includes(node)) return tree;
  if (node.kind === "where" && !node.negated && (node.connector === connector || node.children.length === 1))
    return { ...tree, children: [...tree.children, ...node.children] };
  return { ...tree, children: [...tree.children, node] };
}

/** ORDER BY nodes carry a direction of their own. */
export function isOrder(e: Expr): e is OrderNode {
  return e.kind === "order";
}
