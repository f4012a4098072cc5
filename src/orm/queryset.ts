/**
 * QuerySet: immutable, lazy, thenable, async-iterable. Methods that return querysets stand here; what touches the database stands in
 * `queryset-run.ts` and is handed over to. A queryset is a node of the shape tree and the values gathered on the way.
 */
import { namedOptions, nameList, ownOptions, plainOptions } from "../base/options.js";
import { QueryTypeError, ValueError } from "../base/errors.js";
import { currentZone } from "../base/temporal.js";
import { isExpression } from "../expressions/expression.js";
import { isOptions } from "../expressions/makers.js";
import { COMBINED_LEVELS } from "../expressions/depth.js";
import { ShapeKey } from "../expressions/shape-key.js";
import { addAnnotations } from "../query/annotate.js";
import { combineQueries, isOpenOr } from "../query/merge.js";
import {
  addDeferred,
  addDistinct,
  addImmediate,
  addOrdering,
  addSelectRelated,
  setValues,
} from "../query/selection.js";
import type { Query } from "../query/state.js";
import type { ModelMeta } from "../meta/options.js";
import { Transaction } from "../db/begin.js";
import { aliasOf, bindSignal, bindTransaction } from "./bound.js";
import { BULK_CREATE, bulkCreate, type BulkCreateOptions } from "./bulk-create.js";
import { bulkUpdate, type BulkUpdateOptions } from "./bulk-update.js";
import { executable, databaseOf } from "./execute.js";
import type { FetchMode } from "./instance-state.js";
import type { RowMode } from "./queryset-state.js";
import * as run from "./queryset-run.js";
import * as write from "./queryset-write.js";
import { autoName, namedExpressions, position, refuseOthers } from "./queryset-arguments.js";
import { plainParts, QuerySetCore } from "./queryset-core.js";
import { update } from "./update.js";
import { runtimeOf, type Deleted, type ReturningLike } from "./runtime.js";
import { allowedOrder, onlyOption, type OnlyOption } from "./untrusted.js";

const ODD = /[^\w]/;
const word = (s: string): string => (ODD.test(s) ? JSON.stringify(s) : s);

/** Rows of a model, not read yet. See Django's "QuerySet API reference". */
export class QuerySet extends QuerySetCore {
  /** A plain queryset of another model, for operations over several tables. */
  plain(meta: ModelMeta): QuerySet {
    return new QuerySet(plainParts(meta));
  }

  // ---- what is selected ---------------------------------------------------------------------------------------
  /** Adds calculated values to each row: `annotate({ n: Count("books") })`. */
  annotate(...args: unknown[]): this {
    return this.annotated("annotate", args, true);
  }
  /** Like annotate, for use in later calls only: the values are not selected. */
  alias(...args: unknown[]): this {
    return this.annotated("alias", args, false);
  }
  private annotated(name: string, args: readonly unknown[], select: boolean): this {
    this.refuseCombined(name);
    const entries = namedExpressions(name, args);
    const valuesMode = this.mode !== "instances";
    const key = new ShapeKey();
    key.static(select ? "a" : "l");
    key.static(valuesMode ? "v" : "");
    for (const [k, v] of entries) {
      key.static(`,${word(k)}=`);
      key.any(v);
    }
    return this.step(key, (query, slotter) =>
      addAnnotations(
        query,
        entries.map(([k, v]) => [k, slotter.any(v)] as const),
        select,
        valuesMode,
      ),
    );
  }
  /** Rows as objects: `values("name", "category__name")`; a last object names expressions. */
  values(...args: unknown[]): this {
    return this.selected("values", args, "values");
  }
  /** Rows as tuples; `{ flat: true }` for single values, `{ named: true }` for named tuples. */
  valuesList(...args: unknown[]): this {
    const last = args.at(-1);
    let flat = false,
      named = false,
      rest = args;
    if (isOptions(last) && Object.keys(last).every((k) => k === "flat" || k === "named")) {
      const o = ownOptions(last);
      flat = o["flat"] === true;
      named = o["named"] === true;
      rest = args.slice(0, -1);
    }
    if (flat && named) throw new QueryTypeError("'flat' and 'named' can't be used together.", "values.options");
    if (flat && rest.length > 1)
      throw new QueryTypeError(
        "'flat' is not valid when valuesList() is called with more than one field.",
        "values.flat",
      );
    let fields = rest;
    if (flat && rest.length === 0) fields = ["pk"];
    return this.selected("valuesList", fields, flat ? "flat" : named ? "named" : "list");
  }
  private selected(name: string, args: readonly unknown[], mode: RowMode): this {
    const names: string[] = [];
    const expressions: [string, unknown][] = [];
    let counter = 1;
    const taken = new Set(args.filter((a): a is string => typeof a === "string"));
    for (const a of args) {
      if (typeof a === "string") names.push(a);
      else if (isExpression(a)) {
        const prefix = autoName(a);
        let id = `${prefix}${counter++}`;
        while (taken.has(id)) id = `${prefix}${counter++}`;
        expressions.push([id, a]);
        names.push(id);
      } else if (isOptions(a)) {
        for (const [k, v] of namedExpressions(name, [a])) {
          expressions.push([k, v]);
          names.push(k);
        }
      } else throw new QueryTypeError(`${name}() takes names of fields and expressions.`, "values.argument");
    }
    const start = expressions.length > 0 ? this.annotated(name, [Object.fromEntries(expressions)], true) : this;
    if (names.some((n) => /["'`;\s]|--/.test(n)))
      for (const n of names)
        if (/["'`;\s]|--/.test(n) && !this.query.extra.has(n))
          throw new ValueError(
            "Column aliases cannot contain whitespace characters, quotation marks, semicolons, or SQL comments.",
            "query.alias",
          );
    if (mode === "named") {
      const wrong = names.find((n) => !/^[A-Za-z_]\w*$/.test(n));
      if (wrong !== undefined)
        throw new ValueError(`Type names and field names must be valid identifiers: '${wrong}'`, "values.named");
    }
    const key = new ShapeKey();
    key.static(`v:${names.map(word).join()}`);
    return start.step(key, (query) => setValues(query, names), { mode });
  }
  /** Only these fields are loaded at once; others load when they are awaited. */
  only(...names: string[]): this {
    this.refuseCombined("only");
    if (this.mode !== "instances")
      throw new QueryTypeError("Cannot call only() after .values() or .values_list()", "queryset.values");
    for (const n of names) {
      if (typeof n !== "string")
        throw new QueryTypeError("Cannot pass None as an argument to only().", "only.argument");
      if (this.query.filteredRelations.has(n.split("__")[0]!))
        throw new ValueError("only() is not supported with FilteredRelation.", "only.filtered");
    }
    const key = new ShapeKey();
    key.static(`o:${names.map(word).join()}`);
    return this.step(key, (query) => addImmediate(query, names));
  }
  /** These fields are loaded when they are awaited. `defer(null)` forgets earlier calls. */
  defer(...names: (string | null)[]): this {
    this.refuseCombined("defer");
    if (this.mode !== "instances")
      throw new QueryTypeError("Cannot call defer() after .values() or .values_list()", "queryset.values");
    nameList("defer()", names[0] === null ? names.slice(1) : names);
    const key = new ShapeKey();
    key.static(`d:${names.map((n) => (n === null ? "\u0000" : word(n))).join()}`);
    return this.step(key, (query) => {
      if (names.length === 1 && names[0] === null) query.deferred = { names: new Set(), defer: true };
      else addDeferred(query, names as string[]);
    });
  }
  /** Loads related rows with the same query. Without names: all that cannot be null. `selectRelated(null)` forgets earlier calls. */
  selectRelated(...names: (string | null)[]): this {
    this.refuseCombined("selectRelated");
    if (this.mode !== "instances")
      throw new QueryTypeError("Cannot call select_related() after .values() or .values_list()", "queryset.values");
    nameList("selectRelated()", names.length === 1 && names[0] === null ? [] : names);
    const key = new ShapeKey();
    key.static(`s:${names.map((n) => (n === null ? "\u0000" : word(n))).join()}`);
    return this.step(key, (query) => {
      if (names.length === 1 && names[0] === null) query.selectRelated = false;
      else if (names.length > 0) addSelectRelated(query, names as string[]);
      else query.selectRelated = true;
    });
  }
  /** Loads sets of related rows, one query for each. `prefetchRelated(null)` forgets earlier calls. */
  prefetchRelated(...lookups: unknown[]): this {
    this.refuseCombined("prefetchRelated");
    if (lookups.length === 1 && lookups[0] === null) return this.with({ prefetches: [] });
    for (const l of lookups) {
      const path = typeof l === "string" ? l : (l as { lookup?: string } | null)?.lookup;
      if (typeof path !== "string")
        throw new QueryTypeError(
          "prefetchRelated() takes names of relations and Prefetch objects.",
          "prefetch.argument",
        );
      if (this.query.filteredRelations.has(path.split("__")[0]!))
        throw new ValueError("prefetch_related() is not supported with FilteredRelation.", "prefetch.filtered");
    }
    return this.with({ prefetches: [...this.prefetches, ...lookups] });
  }
  /** How relations that are not loaded are fetched: one by one, for all rows of a result at once, or not at all. */
  fetchMode(mode: FetchMode): this {
    if (mode !== "one" && mode !== "peers" && mode !== "raise")
      throw new ValueError('fetchMode() takes "one", "peers" or "raise".', "queryset.fetch_mode");
    return this.with({ fetchMode: mode });
  }

  // ---- order and limits ---------------------------------------------------------------------------------------
  /** Sorts by names ("-price", "category__name", "?") and expressions; replaces earlier orderings. */
  orderBy(...terms: unknown[]): this {
    if (this.query.isSliced)
      throw new QueryTypeError("Cannot reorder a query once a slice has been taken.", "queryset.sliced");
    const key = new ShapeKey();
    key.static("ob");
    for (const t of terms) {
      if (typeof t === "string") key.static(`,${word(t)}`);
      else {
        key.static(";");
        key.any(t);
      }
    }
    return this.step(key, (query, slotter) => {
      query.clearOrdering(true, false);
      query.extraOrdering = [];
      addOrdering(
        query,
        terms.map((t) => (typeof t === "string" ? t : slotter.any(t))),
      );
    });
  }
  /** `orderBy()` with names from outside, such as "-price,name": those that are not in `allow` are refused. */
  orderByUntrusted(terms: unknown, allow: readonly string[]): this {
    return this.orderBy(...allowedOrder("orderByUntrusted", terms, allow));
  }
  /** The same rows in the opposite order. */
  reverse(): this {
    if (this.query.isSliced)
      throw new QueryTypeError("Cannot reverse a query once a slice has been taken.", "queryset.sliced");
    const key = new ShapeKey();
    key.static("rev");
    return this.step(key, (query) => {
      query.standardOrdering = !query.standardOrdering;
    });
  }
  /** Whether the rows come in a said order. */
  get ordered(): boolean {
    const q = this.query;
    if (q.empty) return true;
    if (q.extraOrdering.length > 0 || q.ordering.length > 0) return true;
    return q.defaultOrdering && q.meta.ordering.length > 0 && q.groupBy === null;
  }
  /** No two equal rows; with names (PostgreSQL) the first row of each. */
  distinct(...names: string[]): this {
    this.refuseCombined("distinct");
    if (this.query.isSliced)
      throw new QueryTypeError("Cannot create distinct fields once a slice has been taken.", "queryset.sliced");
    nameList("distinct()", names);
    const key = new ShapeKey();
    key.static(`di:${names.map(word).join()}`);
    return this.step(key, (query) => addDistinct(query, names));
  }
  /** Rows from `start` up to, not including, `end`. Negative positions are an error. */
  slice(start?: number | null, end?: number | null): this {
    const low = position(start ?? 0),
      high = end === null || end === undefined ? null : position(end);
    const from = this.low + low;
    let to = high === null ? this.high : this.low + high;
    if (this.high !== null && to !== null) to = Math.min(to, this.high);
    const bottom = this.high !== null ? Math.min(from, this.high) : from;
    const key = new ShapeKey();
    const nothing = to !== null && to <= bottom;
    const one = to !== null && to - bottom === 1;
    key.static(`sl${bottom > 0 ? "l" : ""}${to !== null ? "h" : ""}${nothing ? "0" : one ? "1" : ""}`);
    if (bottom > 0) key.value(bottom);
    if (to !== null) key.value(to);
    return this.step(
      key,
      (query, slotter) => {
        const first = slotter.position;
        query.limit = { low: bottom > 0 ? first : null, high: to !== null ? first + (bottom > 0 ? 1 : 0) : null };
        query.limitedToOne = one;
        if (nothing) query.empty = true;
      },
      { low: bottom, high: to },
    );
  }
  /** No rows, and no query for them. */
  none(): this {
    const key = new ShapeKey();
    key.static("none");
    return this.step(key, (query) => {
      query.empty = true;
    });
  }
  /** A copy that reads its rows anew. */
  all(): this {
    return this.with({});
  }
  /** Reads from and writes to the database of that alias, or inside of a transaction that `begin()` gave. */
  using(database: string | Transaction): this {
    if (database instanceof Transaction) return bindTransaction(this, database);
    return this.with({ alias: aliasOf(database) });
  }
  /** Cancels what this queryset sends when the signal is aborted. */
  signal(signal: AbortSignal): this {
    return bindSignal(this, signal);
  }
  /** Locks the rows until the transaction ends. */
  selectForUpdate(
    given: { nowait?: boolean; skipLocked?: boolean; of?: readonly string[]; noKey?: boolean } = {},
  ): this {
    const options = namedOptions("selectForUpdate()", given, ["nowait", "skipLocked", "of", "noKey"]);
    this.refuseCombined("selectForUpdate");
    if (options.nowait === true && options.skipLocked === true)
      throw new ValueError("The nowait option cannot be used with skip_locked.", "lock.options");
    const of = nameList("The option 'of' of selectForUpdate()", options.of ?? []);
    const key = new ShapeKey();
    key.static(
      `lock${options.nowait === true}${options.skipLocked === true}${options.noKey === true}${of.map(word).join()}`,
    );
    return this.step(
      key,
      (query) => {
        query.lock = {
          nowait: options.nowait === true,
          skipLocked: options.skipLocked === true,
          of,
          noKey: options.noKey === true,
        };
      },
      { forWrite: true },
    );
  }

  // ---- several querysets --------------------------------------------------------------------------------------
  /** Rows of any of the querysets; `{ all: true }` keeps doubles. */
  union(...args: unknown[]): this {
    const last = args.at(-1);
    const all = isOptions(last) && namedOptions<{ all?: unknown }>("union()", last, ["all"]).all === true;
    const others = (isOptions(last) ? args.slice(0, -1) : args) as QuerySet[];
    refuseOthers("union", others);
    if (this.query.empty && this.query.combinator === null) {
      const full = others.filter((o) => !o.query.empty);
      if (full.length === 0) return this;
      const [first, ...rest] = full;
      return (rest.length === 0 ? first : first!.union(...rest, { all })) as unknown as this;
    }
    return this.combinator("union", others, all);
  }
  intersection(...others: QuerySet[]): this {
    refuseOthers("intersection", others);
    if (this.query.empty) return this;
    const nothing = others.find((o) => o.query.empty);
    if (nothing !== undefined) return nothing as unknown as this;
    return this.combinator("intersection", others, false);
  }
  difference(...others: QuerySet[]): this {
    refuseOthers("difference", others);
    return this.query.empty ? this : this.combinator("difference", others, false);
  }
  private combinator(kind: "union" | "intersection" | "difference", others: readonly QuerySet[], all: boolean): this {
    const key = new ShapeKey();
    key.static(`${kind}${all}<`);
    key.reach(this.depth + COMBINED_LEVELS);
    for (const o of others) {
      key.source(o, COMBINED_LEVELS);
      key.static("|");
    }
    return this.step(
      key,
      (query, slotter) => {
        const own = query.clone();
        own.context = query.context;
        const rest = others.map((o) => {
          const base = slotter.position;
          slotter.any(o);
          const q = o.embed(base) as Query;
          q.context = query.context;
          return q;
        });
        query.clearOrdering(true);
        query.limit = null;
        query.combined = [own, ...rest];
        query.combinator = kind;
        query.combinatorAll = all;
      },
      { low: 0, high: null },
    );
  }
  /** Rows of both querysets. */
  and(other: QuerySet): this {
    return this.merged(other, "AND");
  }
  /** Rows of either queryset. */
  or(other: QuerySet): this {
    return this.merged(other, "OR");
  }
  /** Rows of exactly one of the querysets. */
  xor(other: QuerySet): this {
    return this.merged(other, "XOR");
  }
  private merged(given: QuerySet, connector: "AND" | "OR" | "XOR"): this {
    if (!(given instanceof QuerySet))
      throw new QueryTypeError("Querysets are combined with querysets.", "queryset.combine");
    this.refuseCombined(connector.toLowerCase());
    given.refuseCombined(connector.toLowerCase());
    if (connector === "AND") {
      if (given.query.empty) return given as unknown as this;
      if (this.query.empty) return this;
    } else {
      if (given.query.empty) return this;
      if (this.query.empty) return given as unknown as this;
    }
    // A sliced side of OR is one of keys.
    const keyed = (qs: QuerySet): QuerySet =>
      connector !== "AND" && qs.query.isSliced
        ? new QuerySet(plainParts(qs.meta)).with({ alias: qs.alias_ }).filter({ pk__in: qs.values("pk") })
        : qs;
    const self = keyed(this),
      other = keyed(given);
    const key = new ShapeKey();
    key.static(`&${connector}<`);
    key.source(other, 1);
    key.reach(self.depth + (connector === "AND" || (connector === "OR" && isOpenOr(self.query.where)) ? 0 : 1));
    return self.step(
      key,
      (query, slotter) => {
        const base = slotter.position;
        slotter.any(other);
        combineQueries(query, other.embed(base) as Query, connector);
      },
      { known: [...self.known, ...other.known] },
    ) as this;
  }

  // ---- dates ---------------------------------------------------------------------------------------------------
  /** The dates of a field, each once, cut to year, month, week or day. */
  dates(
    field: string,
    kind: "year" | "month" | "week" | "day",
    order: "ASC" | "DESC" | { readonly order?: "ASC" | "DESC" } = "ASC",
  ): this {
    return run.truncated(
      this,
      field,
      kind,
      typeof order === "object" ? (namedOptions("dates()", order, ["order"]).order ?? "ASC") : order,
      "date",
    ) as this;
  }
  /** The date-times of a field, each once, cut to year … second in the current time zone. */
  datetimes(
    field: string,
    kind: string,
    order: "ASC" | "DESC" | { order?: string; tzinfo?: string; timeZone?: string } = "ASC",
    tzinfo?: string,
  ): this {
    const o: { order?: string; tzinfo?: string | undefined; timeZone?: string } =
      typeof order === "object"
        ? namedOptions("datetimes()", order, ["order", "tzinfo", "timeZone"])
        : { order, tzinfo };
    return run.truncated(this, field, kind, o.order ?? "ASC", "datetime", o.timeZone ?? o.tzinfo) as this;
  }
  /** SQL of one's own in a query: select, where, params, tables, orderBy, selectParams. A last resort; its text is never checked. */
  extra(
    options: {
      select?: Record<string, string>;
      where?: readonly string[];
      params?: readonly unknown[];
      tables?: readonly string[];
      orderBy?: readonly string[];
      selectParams?: readonly unknown[];
    } = {},
  ): this {
    return run.extra(this, namedOptions("extra()", options, run.EXTRA)) as this;
  }
  /** Instances from SQL of one's own. */
  raw(sql: unknown, params?: unknown, options?: unknown): unknown {
    return run.raw(this, sql, params, options);
  }

  // ---- reading -------------------------------------------------------------------------------------------------
  then<A = unknown[], B = never>(
    ok?: ((rows: unknown[]) => A | PromiseLike<A>) | null,
    no?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.rows().then(ok, no);
  }
  /** The rows; read once, then kept. */
  rows(): Promise<unknown[]> {
    return this.resultPromise ?? (this.reader === null ? run.load(this) : this.reader());
  }
  async *[Symbol.asyncIterator](): AsyncGenerator<unknown> {
    for (const row of await this.rows()) yield row;
  }
  /** Rows in chunks, without keeping them. */
  iterator(options: { chunkSize?: number } = {}): AsyncGenerator<unknown> {
    return run.iterate(this, namedOptions("iterator()", options, ["chunkSize"]).chunkSize);
  }
  get(...conditions: unknown[]): Promise<unknown> {
    return run.get(this, conditions);
  }
  first(): Promise<unknown> {
    return run.first(this, false);
  }
  last(): Promise<unknown> {
    return run.first(this, true);
  }
  earliest(...fields: string[]): Promise<unknown> {
    return run.extreme(this, fields, false);
  }
  latest(...fields: string[]): Promise<unknown> {
    return run.extreme(this, fields, true);
  }
  /** Number of rows. */
  count(): Promise<number> {
    return run.count(this);
  }
  exists(): Promise<boolean> {
    return run.exists(this);
  }
  contains(instance: object): Promise<boolean> {
    return run.contains(this, instance);
  }
  aggregate(...args: unknown[]): Promise<Record<string, unknown>> {
    return run.aggregate(this, args);
  }
  async inBulk(ids?: Iterable<unknown> | null, options: { fieldName?: string } = {}): Promise<Map<unknown, unknown>> {
    return run.inBulk(this, ids, namedOptions("inBulk()", options, ["fieldName"]));
  }
  /** How the database runs the query. */
  explain(options: Record<string, unknown> = {}): Promise<string> {
    return run.explain(this, plainOptions("explain()", options));
  }

  // ---- writing -------------------------------------------------------------------------------------------------
  create(values: Record<string, unknown> = {}, options: OnlyOption = {}): Promise<object> {
    return write.create(this, onlyOption("create", values, options));
  }
  async bulkCreate(
    objects: Iterable<object> | AsyncIterable<object>,
    options: BulkCreateOptions = {},
  ): Promise<object[] | number> {
    return bulkCreate(this, objects, namedOptions("bulkCreate()", options, BULK_CREATE));
  }
  async bulkUpdate(
    objects: Iterable<object>,
    fields: readonly string[],
    options: BulkUpdateOptions = {},
  ): Promise<number> {
    return bulkUpdate(this, objects, fields, namedOptions("bulkUpdate()", options, ["batchSize"]));
  }
  async getOrCreate(
    conditions: Record<string, unknown>,
    options: { defaults?: Record<string, unknown> } = {},
  ): Promise<[object, boolean]> {
    return write.getOrCreate(this, conditions, namedOptions("getOrCreate()", options, ["defaults"]).defaults ?? {});
  }
  async updateOrCreate(
    conditions: Record<string, unknown>,
    options: { defaults?: Record<string, unknown>; createDefaults?: Record<string, unknown> } = {},
  ): Promise<[object, boolean]> {
    return write.updateOrCreate(
      this,
      conditions,
      namedOptions("updateOrCreate()", options, ["defaults", "createDefaults"]),
    );
  }
  update(values: Record<string, unknown>, options: OnlyOption = {}): Promise<number> {
    return update(this, onlyOption("update", values, options));
  }
  delete(...none: readonly never[]): Promise<Deleted> {
    return write.deleteAll(this, none.length);
  }
  /** Writes that give the rows back: `returning("id").update({…})`. Without names in the form that the rows of this queryset have. */
  returning(...names: unknown[]): ReturningLike {
    return runtimeOf(this.meta).operations.returning(names.length === 0 ? this : this.values(...names));
  }

  // ---- looking ---------------------------------------------------------------------------------------------------
  /** Text and parameters of the query, for the database it would run on. */
  sql(): { text: string; params: readonly unknown[] } {
    const db = databaseOf({ ...this.parts, binding: undefined });
    const exe = executable(this.node, db.dialect);
    if (exe.compiled === null) return { text: "", params: [] };
    const { text, params } = exe.compiled.bind(this.values_, currentZone(), db);
    return { text, params };
  }
  /** Alias of the database it reads from. */
  get db(): string {
    return databaseOf({ ...this.parts, binding: undefined }).alias;
  }
  override toString(): string {
    return `QuerySet of ${this.meta.label}${this.result === null ? " (not read yet)" : ` (${this.result.length} rows)`}`;
  }
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }
  toJSON(): unknown {
    return this.result ?? this.toString();
  }
}
