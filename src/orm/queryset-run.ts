/** Reading: what a queryset does when it touches the database, as functions of it. */
import { stateOf } from "./instance-state.js";
import type { Expr } from "../ast/expr.js";
import { nameList } from "../base/options.js";
import { NotSupportedError, QueryTypeError, ValueError } from "../base/errors.js";
import { isInstanceMember } from "../base/reserved.js";
import type { MaybePromise } from "../db/driver.js";
import { asMadeAt, origins } from "../db/origin.js";
import { isExpression } from "../expressions/expression.js";
import { Count } from "../expressions/aggregate.js";
import { F, isOptions } from "../expressions/makers.js";
import { Trunc } from "../expressions/functions/dates.js";
import { ShapeKey } from "../expressions/shape-key.js";
import { DateField } from "../fields/dates.js";
import { aggregation, defaultAlias, existsQuery } from "../query/annotate.js";
import { rawParts } from "../query/raw-parts.js";
import { inferType } from "../query/types.js";
import type { Slot } from "../ast/slots.js";
import { databaseOf, executable, fetchAggregates, fetchRows, readRows, type Executable } from "./execute.js";
import { hasPk, keyText, metaOfInstance, pkOf, setCached } from "./instance-state.js";
import { KeyMap } from "./key-map.js";
import { doesNotExist, multipleReturned } from "./model-errors.js";
import type { QuerySetLike } from "./queryset-state.js";
import { rawQuerySet } from "./raw.js";
import { runtimeOf } from "./runtime.js";
import type { Database } from "../db/connection.js";

/** Reads all rows and what is prefetched with them. They are kept; a failure is not: the next await tries again. */
export function load(qs: QuerySetLike): Promise<unknown[]> {
  return origins.watched ? asMadeAt(qs, qs.parts.hints, () => loadNow(qs)) : loadNow(qs);
}
function loadNow(qs: QuerySetLike): Promise<unknown[]> {
  let done: MaybePromise<unknown[]>;
  try {
    const { parts } = qs;
    const db = databaseOf(parts);
    checkLock(qs, db);
    const fetched = fetchRows(parts, db);
    done =
      fetched instanceof Promise
        ? fetched.then((f) => finish(qs, f.exe, f.rows, db))
        : finish(qs, fetched.exe, fetched.rows, db);
  } catch (error) {
    return Promise.reject(error as Error);
  }
  if (!(done instanceof Promise)) return (qs.resultPromise = Promise.resolve(done));
  const reading = done.catch((error: unknown) => {
    if (qs.resultPromise === reading) qs.resultPromise = null;
    throw error;
  });
  return (qs.resultPromise = reading);
}
export function checkLock(qs: QuerySetLike, db: Database): void {
  if (qs.query.lock === null || db.inTransaction) return;
  // All servers have row locks, and the first query may come before their version is known.
  if (!db.embedded || db.dialect.features.selectForUpdate) throw transactionNeeded();
}
import { TransactionManagementError } from "../base/errors.js";
function transactionNeeded(): Error {
  return new TransactionManagementError(
    "select_for_update cannot be used outside of a transaction: put the query and what depends on it into atomic().",
    "lock.transaction",
  );
}
/** Rows that were read become what the queryset gives, with what is prefetched. */
export function finish(
  qs: QuerySetLike,
  exe: Executable,
  rows: readonly (readonly unknown[])[],
  db: Database,
): MaybePromise<unknown[]> {
  const out = readRows(qs.parts, exe, rows, db);
  if (qs.mode === "instances") {
    setKnown(qs, out as object[]);
    if (qs.prefetches.length > 0 && out.length > 0)
      return runtimeOf(qs.meta)
        .operations.prefetch(out as object[], qs.prefetches)
        .then(() => {
          qs.result = out;
          return out;
        });
  }
  qs.result = out;
  return out;
}
function setKnown(qs: QuerySetLike, rows: readonly object[]): void {
  for (const k of qs.known)
    for (const row of rows) {
      const object = k.objects.get(keyText(k.keyOf(row)));
      if (object !== undefined && !(k.cacheName in (stateOf(row).cache ?? {})))
        setCached(row, k.cacheName, object, false);
    }
}

const MAX_GET = 21;
/** The one row for which the conditions hold. */
export function get(qs: QuerySetLike, conditions: readonly unknown[]): Promise<unknown> {
  try {
    if (qs.query.combinator !== null && conditions.length > 0)
      throw new NotSupportedError(
        `Calling QuerySet.get(...) with filters after ${qs.query.combinator}() is not supported.`,
        "queryset.combined",
      );
    const start = conditions.length > 0 ? qs.filter(...conditions) : qs;
    const key = new ShapeKey();
    key.static("get");
    const one = start.step(key, (query) => {
      if (query.combinator === null && !query.isSliced && query.distinctFields.length === 0) query.clearOrdering(true);
      if (query.lock === null && query.limit === null) query.fixedLimit = MAX_GET;
    });
    return one.rows().then((rows) => {
      if (rows.length === 1) return rows[0];
      throw rows.length === 0 ? doesNotExist(qs.meta) : multipleReturned(qs.meta, rows.length, MAX_GET);
    });
  } catch (error) {
    return Promise.reject(error as Error);
  }
}

/** The first row by the queryset's order, else by key. `last` turns the order around. */
export async function first(qs: QuerySetLike, last: boolean): Promise<unknown> {
  let ordered: QuerySetLike;
  if (qs.ordered) ordered = last ? qs.reverse() : qs;
  else {
    const group = qs.query.groupBy;
    if (group !== null && group !== true) {
      const grouped = group.flatMap((e) => (e.kind === "tuple" ? e.items : [e]));
      if (!qs.meta.pkFields.every((pk) => grouped.some((e) => e.kind === "col" && e.field === (pk as unknown))))
        throw new QueryTypeError(
          `Cannot use QuerySet.${last ? "last" : "first"}() on an unordered queryset performing aggregation. Add an ordering with order_by().`,
          "queryset.first",
        );
    }
    ordered = qs.orderBy(last ? "-pk" : "pk");
  }
  const rows = await ordered.slice(0, 1).rows();
  return rows[0] ?? null;
}
/** The earliest or latest row by fields, or by Meta.getLatestBy. */
export async function extreme(qs: QuerySetLike, fields: readonly string[], latest: boolean): Promise<unknown> {
  if (qs.query.isSliced)
    throw new QueryTypeError("Cannot change a query once a slice has been taken.", "queryset.sliced");
  const names = fields.length > 0 ? fields : qs.meta.getLatestBy;
  if (names.length === 0)
    throw new ValueError(
      "earliest() and latest() require either fields as positional arguments or 'get_latest_by' in the model's Meta.",
      "queryset.latest",
    );
  const ordered = qs.orderBy(...names);
  const turned = latest !== !qs.query.standardOrdering ? ordered.reverse() : ordered;
  const key = new ShapeKey();
  key.static("ext");
  const one = turned.step(key, (query) => {
    query.fixedLimit = 1;
  });
  const rows = await one.rows();
  if (rows.length === 0) throw doesNotExist(qs.meta);
  return rows[0];
}

/** Number of rows, without reading them. */
export async function count(qs: QuerySetLike): Promise<number> {
  if (qs.result !== null) return qs.result.length;
  const key = new ShapeKey();
  key.static("count");
  const { node, values } = qs.node.step(key, qs.values_, (query) => aggregation(query, [["__count", Count("*")]]));
  const row = await fetchAggregates(qs.parts, node, values, databaseOf(qs.parts));
  return Number(row["__count"]);
}
/** Aggregates over all rows as one object. */
export async function aggregate(qs: QuerySetLike, args: readonly unknown[]): Promise<Record<string, unknown>> {
  if (qs.query.distinctFields.length > 0)
    throw new NotSupportedError("aggregate() + distinct(fields) not implemented.", "aggregate.distinct");
  const entries: [string, unknown][] = [];
  const put = (name: string, value: unknown): void => {
    if (entries.some(([n]) => n === name))
      throw new QueryTypeError(
        `The named aggregate '${name}' conflicts with the default name of another one.`,
        "aggregate.alias",
      );
    entries.push([name, value]);
  };
  for (const a of args) {
    if (isExpression(a)) put(defaultAlias(a), a);
    else if (isOptions(a))
      for (const [k, v] of Object.entries(a)) {
        if (!isExpression(v))
          throw new QueryTypeError(`QuerySet.aggregate() received a non-expression for '${k}'.`, "aggregate.type");
        put(k, v);
      }
    else
      throw new QueryTypeError(
        'QuerySet.aggregate() takes aggregates such as Avg("price") or an object of them.',
        "aggregate.type",
      );
  }
  if (entries.length === 0) return {};
  const key = new ShapeKey();
  key.static("agg");
  for (const [k, v] of entries) {
    key.static(`,${JSON.stringify(k)}=`);
    key.any(v);
  }
  const { node, values } = qs.node.step(key, qs.values_, (query, slotter) =>
    aggregation(
      query,
      entries.map(([k, v]) => [k, slotter.any(v)] as const),
    ),
  );
  return fetchAggregates(qs.parts, node, values, databaseOf(qs.parts));
}
/** Whether there is a row. */
export async function exists(qs: QuerySetLike): Promise<boolean> {
  if (qs.result !== null) return qs.result.length > 0;
  const key = new ShapeKey();
  key.static("exists");
  const probe = qs.step(key, (query) => existsQuery(query), { prefetches: [], mode: "list", known: [] });
  const db = databaseOf(qs.parts);
  const { rows } = await fetchRows(probe.parts, db);
  return rows.length > 0;
}
export async function contains(qs: QuerySetLike, instance: object): Promise<boolean> {
  qs.refuseCombined("contains");
  if (qs.mode !== "instances")
    throw new QueryTypeError("Cannot call QuerySet.contains() after .values() or .values_list().", "queryset.values");
  const meta = typeof instance === "object" && instance !== null ? metaOfInstance(instance) : undefined;
  if (meta === undefined) throw new QueryTypeError("'obj' must be a model instance.", "queryset.contains");
  if (meta.concrete !== qs.meta.concrete) return false;
  if (!hasPk(instance))
    throw new ValueError("QuerySet.contains() cannot be used on unsaved objects.", "queryset.contains");
  if (qs.result !== null) return (qs.result as object[]).some((o) => keyText(pkOf(o)) === keyText(pkOf(instance)));
  return qs.filter({ pk: pkOf(instance) }).exists();
}
/** Rows by key (or by another unique field) as a Map. */
export async function inBulk(
  qs: QuerySetLike,
  ids: Iterable<unknown> | null | undefined,
  options: { fieldName?: string },
): Promise<Map<unknown, unknown>> {
  if (qs.query.isSliced) throw new QueryTypeError("Cannot use 'limit' or 'offset' with in_bulk().", "queryset.in_bulk");
  const name = options.fieldName ?? "pk";
  nameList("The option 'fieldName' of inBulk()", [name]);
  const field = name === "pk" ? qs.meta.pk : qs.meta.getConcrete(name);
  const unique = name === "pk" || field.unique || isUniqueConstraint(qs, field.name);
  if (!unique && !(qs.query.distinctFields.length === 1 && qs.query.distinctFields[0] === name))
    throw new ValueError(`in_bulk()'s field_name must be a unique field but '${name}' isn't.`, "queryset.in_bulk");
  const out = qs.meta.hasCompositePk && name === "pk" ? new KeyMap() : new Map<unknown, unknown>();
  const keyed = keyedRows(qs, name);
  const add = (rows: unknown[]): void => {
    for (const row of rows) out.set(keyed.key(row), keyed.value(row));
  };
  if (ids === null || ids === undefined) {
    add(await keyed.qs.rows());
    return out;
  }
  if (typeof ids !== "object" || !(Symbol.iterator in ids))
    throw new QueryTypeError("inBulk() takes a list of keys, and { fieldName } after it.", "queryset.in_bulk");
  const list = [...new Set(ids)];
  if (list.length === 0) return out;
  const db = databaseOf(qs.parts);
  await db.ready();
  const { maxParams } = db.dialect.features;
  const width = qs.meta.hasCompositePk && name === "pk" ? qs.meta.pkFields.length : 1;
  const size =
    db.dialect.name === "postgres" && width === 1 ? list.length : Math.max(1, Math.floor(maxParams / 2 / width));
  for (let i = 0; i < list.length; i += size)
    add(await keyed.qs.filter({ [`${name}__in`]: list.slice(i, i + size) }).rows());
  return out;
}
function isUniqueConstraint(qs: QuerySetLike, name: string): boolean {
  return qs.meta.constraints.some((c) => {
    const u = c as { fields?: readonly string[]; condition?: unknown };
    return (
      Array.isArray(u.fields) &&
      u.fields.length === 1 &&
      u.fields[0] === name &&
      (u.condition === undefined || u.condition === null)
    );
  });
}
function keyedRows(
  qs: QuerySetLike,
  name: string,
): { qs: QuerySetLike; key: (row: unknown) => unknown; value: (row: unknown) => unknown } {
  if (qs.mode === "instances") {
    const attname = name === "pk" ? null : qs.meta.getConcrete(name).attname;
    return {
      qs,
      key: (row) => (attname === null ? pkOf(row as object) : (row as Record<string, unknown>)[attname]),
      value: (row) => row,
    };
  }
  const names = [...(qs.query.selected?.keys() ?? qs.query.valuesSelect)];
  if (qs.mode === "flat" || qs.mode === "list" || qs.mode === "named") {
    const at = names.indexOf(name) >= 0 ? names.indexOf(name) : names.indexOf(qs.meta.pk.name);
    if (
      qs.mode === "flat" &&
      names.length === 1 &&
      (names[0] === name || (name === "pk" && names[0] === qs.meta.pk.name))
    )
      return { qs, key: (r) => r, value: (r) => r };
    if (at >= 0 && qs.mode !== "flat")
      return {
        qs,
        key: (r) => (Array.isArray(r) ? r[at] : (r as Record<string, unknown>)[names[at]!]),
        value: (r) => r,
      };
    const wide = qs.valuesList(name, ...names);
    return {
      qs: wide,
      key: (r) => (r as unknown[])[0],
      value: (r) => (qs.mode === "flat" ? (r as unknown[])[1] : (r as unknown[]).slice(1)),
    };
  }
  if (names.includes(name)) return { qs, key: (r) => (r as Record<string, unknown>)[name], value: (r) => r };
  const wide = qs.values(name, ...names);
  return {
    qs: wide,
    key: (r) => (r as Record<string, unknown>)[name],
    value: (r) => {
      const { [name]: _key, ...rest } = r as Record<string, unknown>;
      return rest;
    },
  };
}

/** Rows in chunks, in bounded memory; prefetches are done for each chunk. */
export async function* iterate(qs: QuerySetLike, chunkSize: number | undefined): AsyncGenerator<unknown> {
  if (chunkSize === undefined && qs.prefetches.length > 0)
    throw new ValueError(
      "chunk_size must be provided when using QuerySet.iterator() after prefetch_related().",
      "queryset.iterator",
    );
  if (chunkSize !== undefined && (!Number.isSafeInteger(chunkSize) || chunkSize <= 0))
    throw new ValueError("Chunk size must be strictly positive.", "queryset.iterator");
  const db = databaseOf(qs.parts);
  const exe = executable(qs.node, await db.ready());
  checkLock(qs, db);
  if (exe.compiled === null) return;
  const { currentZone } = await import("../base/temporal.js");
  await exe.compiled.ready(db);
  const bound = exe.compiled.bind(qs.values_, currentZone(), db);
  for await (const rows of db.stream({ ...bound, bigInts: exe.bigInts }, chunkSize ?? 2000)) {
    const out = readRows(qs.parts, exe, rows, db);
    if (qs.mode === "instances") {
      setKnown(qs, out as object[]);
      if (qs.prefetches.length > 0 && out.length > 0)
        await runtimeOf(qs.meta).operations.prefetch(out as object[], qs.prefetches);
    }
    yield* out;
  }
}

const EXPLAIN: Readonly<Record<string, { formats: readonly string[]; options: readonly string[] }>> = {
  sqlite: { formats: [], options: [] },
  postgres: {
    formats: ["text", "xml", "json", "yaml"],
    options: [
      "analyze",
      "verbose",
      "costs",
      "settings",
      "buffers",
      "wal",
      "timing",
      "summary",
      "generic_plan",
      "memory",
      "serialize",
      "genericPlan",
    ],
  },
  mysql: { formats: ["text", "json", "traditional", "tree"], options: ["analyze"] },
};
/** The database's plan for the query as text. */
export async function explain(qs: QuerySetLike, given: Record<string, unknown>): Promise<string> {
  const db = databaseOf(qs.parts);
  const info = await db.ready();
  const { format, ...options } = given;
  const allowed = EXPLAIN[info.name]!;
  if (format !== undefined && format !== null) {
    if (allowed.formats.length === 0 || typeof format !== "string" || !allowed.formats.includes(format.toLowerCase()))
      throw new ValueError(
        `That is not a recognized format of this database's EXPLAIN. Allowed formats: ${allowed.formats.join(", ") || "none"}.`,
        "explain.format",
      );
  }
  for (const [k, v] of Object.entries(options)) {
    if (!allowed.options.includes(k))
      throw new ValueError(
        `Unknown options for EXPLAIN on this database. Allowed options: ${allowed.options.join(", ") || "none"}.`,
        "explain.option",
      );
    if (typeof v !== "boolean") throw new ValueError(`The EXPLAIN option '${k}' is true or false.`, "explain.option");
  }
  const exe = executable(qs.node, info);
  if (exe.compiled === null) return "(the query is known to give no rows; nothing is sent)";
  let prefix = "EXPLAIN ";
  if (info.name === "sqlite") prefix = "EXPLAIN QUERY PLAN ";
  else if (info.name === "postgres") {
    const words = Object.entries(options).map(
      ([k, v]) => `${k === "genericPlan" ? "GENERIC_PLAN" : k.toUpperCase()} ${v === true ? "true" : "false"}`,
    );
    if (typeof format === "string") words.push(`FORMAT ${format.toUpperCase()}`);
    if (words.length > 0) prefix = `EXPLAIN (${words.join(", ")}) `;
  } else if (options["analyze"] === true) prefix = info.isMariaDb ? "ANALYZE " : "EXPLAIN ANALYZE ";
  else if (typeof format === "string" && format.toLowerCase() !== "traditional" && format.toLowerCase() !== "text")
    prefix = `EXPLAIN FORMAT=${format.toUpperCase()} `;
  const { currentZone } = await import("../base/temporal.js");
  await exe.compiled.ready(db);
  const { text, params } = exe.compiled.bind(qs.values_, currentZone(), db);
  const result = await db.run({ text: prefix + text, params });
  return result.rows
    .map((r) => r.map((v) => (v === null ? "" : typeof v === "object" ? JSON.stringify(v) : String(v))).join(" "))
    .join("\n");
}

const DATE_KINDS = ["year", "month", "week", "day"],
  TIME_KINDS = [...DATE_KINDS, "hour", "minute", "second"];
/** `dates()` and `datetimes()`. */
export function truncated(
  qs: QuerySetLike,
  field: string,
  kind: string,
  order: string,
  what: "date" | "datetime",
  tzinfo?: string,
): QuerySetLike {
  const kinds = what === "date" ? DATE_KINDS : TIME_KINDS;
  if (typeof kind !== "string")
    throw new QueryTypeError(`${what}s() takes a field and a kind: ${kinds.join(", ")}.`, "dates.kind");
  if (!kinds.includes(kind))
    throw new ValueError(`'kind' must be one of ${kinds.map((k) => `'${k}'`).join(", ")}.`, "dates.kind");
  if (order !== "ASC" && order !== "DESC")
    throw new ValueError("'order' must be either 'ASC' or 'DESC'.", "dates.order");
  const name = what === "date" ? "datefield" : "datetimefield";
  const options = what === "date" ? { outputField: new DateField() } : tzinfo === undefined ? {} : { tzinfo };
  return qs
    .annotate({ [name]: Trunc(field, kind, options), plain_field: F(field) })
    .valuesList(name, { flat: true })
    .distinct()
    .filter({ plain_field__isnull: false })
    .orderBy((order === "DESC" ? "-" : "") + name);
}

interface ExtraOptions {
  select?: Record<string, string>;
  where?: readonly string[];
  params?: readonly unknown[];
  tables?: readonly string[];
  orderBy?: readonly string[];
  selectParams?: readonly unknown[];
}
export const EXTRA = [
  "select",
  "where",
  "params",
  "tables",
  "orderBy",
  "selectParams",
] as const satisfies readonly (keyof ExtraOptions)[];
/** SQL text of the user's own in a query. */
export function extra(qs: QuerySetLike, o: ExtraOptions): QuerySetLike {
  qs.refuseCombined("extra");
  if (qs.query.isSliced)
    throw new QueryTypeError("Cannot change a query once a slice has been taken.", "queryset.sliced");
  const key = new ShapeKey();
  key.static(`extra${JSON.stringify([o.select ?? null, o.where ?? null, o.tables ?? null, o.orderBy ?? null])}`);
  for (const p of [...(o.selectParams ?? []), ...(o.params ?? [])]) key.any(p);
  return qs.step(key, (query, slotter) => {
    const param = (p: unknown): Expr => {
      const s = slotter.any(p) as Slot;
      return { kind: "param", slot: s.index, type: inferType(p) };
    };
    const selectParams = (o.selectParams ?? []).map(param),
      params = (o.params ?? []).map(param);
    let used = 0;
    for (const [name, text] of Object.entries(o.select ?? {})) {
      const sql = String(text);
      if (name === "" || /["'`\\;\p{Cc}\s]|--|\/\*/u.test(name))
        throw new ValueError(
          "Column aliases cannot contain whitespace characters, quotation marks, semicolons, or SQL comments.",
          "query.alias",
        );
      if (isInstanceMember(name))
        throw new ValueError(`'${name}' cannot be an alias: every instance has a member of this name.`, "query.alias", {
          path: name,
        });
      const n = (sql.replaceAll("%%", "").match(/%s/g) ?? []).length;
      query.extra.set(name, {
        sql,
        node: {
          kind: "raw",
          parts: rawParts(sql, selectParams.slice(used, used + n)),
          type: null,
          parenthesised: true,
        },
      });
      used += n;
    }
    if ((o.where?.length ?? 0) > 0) {
      const text = o.where!.map((w) => `(${w})`).join(" AND ");
      query.addWhere({ kind: "raw", parts: rawParts(text, params), type: null, parenthesised: false });
    }
    if (o.tables !== undefined) query.extraTables = [...query.extraTables, ...o.tables];
    if (o.orderBy !== undefined) query.extraOrdering = o.orderBy;
  });
}
export const raw = rawQuerySet;
