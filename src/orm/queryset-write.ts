/** Writing through a queryset: create, bulk methods, get-or-create, update, delete. */
import { type Expr } from "../ast/expr.js";
import { FieldError, IntegrityError, NotSupportedError, QueryTypeError, suggest, ValueError } from "../base/errors.js";
import { currentZone } from "../base/temporal.js";
import type { DialectInfo } from "../ast/seams.js";
import { containsAggregate } from "../ast/walk.js";
import { isExpression } from "../expressions/expression.js";
import { Case, Value, When } from "../expressions/makers.js";
import { ShapeKey } from "../expressions/shape-key.js";
import { Field } from "../fields/field.js";
import { AutoField } from "../fields/keys.js";
import type { ModelMeta } from "../meta/options.js";
import type { Query } from "../query/state.js";
import { planUpdate, resolveAssignments } from "../query/write.js";
import type { Compiled } from "../sql/compiled.js";
import { compileStatement } from "../sql/compile.js";
import { databaseOf } from "./execute.js";
import { batchSize, insertRows, storedValue } from "./insert.js";
import { hasPk, metaOfInstance, ownState, pkOf, putValue } from "./instance-state.js";
import type { ModelClass } from "./model.js";
import type { QuerySetLike } from "./queryset-state.js";
import { runtimeOf, type Deleted } from "./runtime.js";
import { placeAmongSiblings } from "./sibling-order.js";
import { settleGeneric } from "./contenttypes/hook.js";
import { relatedForBulk } from "./related-keys.js";
import { modelError } from "./model-errors.js";

function writeDb(qs: QuerySetLike) {
  return databaseOf(qs.parts, true);
}
/** Makes and saves one instance. */
export async function create(qs: QuerySetLike, values: Record<string, unknown>): Promise<object> {
  const cls = qs.meta.modelClass as ModelClass;
  const reverse = Object.keys(values).filter(
    (k) => !qs.meta.byName.has(k) && qs.meta.reverseByQuery.get(k)?.kind === "oneToOne",
  );
  if (reverse.length > 0)
    throw new ValueError(`The following fields do not exist in this model: ${reverse.join(", ")}`, "create.reverse", {
      model: qs.meta.label,
    });
  const instance = new cls(values);
  await runtimeOf(qs.meta).operations.save(instance, { forceInsert: true, using: writeDb(qs).alias });
  return instance;
}

export interface BulkCreateOptions {
  readonly batchSize?: number | null;
  readonly ignoreConflicts?: boolean;
  readonly updateConflicts?: boolean;
  readonly updateFields?: readonly string[] | null;
  readonly uniqueFields?: readonly string[] | null;
}
/** Inserts many instances in few statements; keys come back where the database gives them. */
export async function bulkCreate(qs: QuerySetLike, given: Iterable<object>, o: BulkCreateOptions): Promise<object[]> {
  const { meta } = qs;
  checkBatch(o.batchSize);
  for (const parent of meta.concrete.allParents)
    if (parent !== meta.concrete)
      throw new ValueError("Can't bulk create a multi-table inherited model", "bulk.inherited", { model: meta.label });
  const objects = [...given];
  if (objects.length === 0) return objects;
  const db = writeDb(qs);
  const info = await db.ready();
  const onConflict = conflictOf(meta, info, o);
  const concrete = meta.concrete;
  const fields = concrete.localConcreteFields.filter((f) => !f.generated);
  for (const object of objects) {
    if (metaOfInstance(object) === undefined)
      throw new QueryTypeError("bulkCreate() takes model instances.", "bulk.argument");
    relatedForBulk(object, metaOfInstance(object));
    await settleGeneric(object, "bulk_create");
    const record = object as Record<string, unknown>;
    for (const k of concrete.pkFields)
      if ((record[k.attname] ?? null) === null && k.hasDefault()) putValue(object, k.attname, k.prep(k.getDefault()));
  }
  if (concrete.orderWithRespectTo !== null)
    await placeAmongSiblings(
      objects,
      concrete,
      (qs as unknown as { plain(meta: ModelMeta): QuerySetLike }).plain(concrete).with({ alias: db.alias }),
    );
  const auto =
    concrete.pkFields.length === 1 && concrete.pkFields[0] instanceof AutoField ? concrete.pkFields[0] : null;
  const isSet = (object: object): boolean => {
    const pk = pkOf(object);
    return hasPk(object) && !isExpression(pk);
  };
  const groups: [object[], readonly Field[]][] = [];
  const withKey = objects.filter(isSet),
    without = objects.filter((x) => !isSet(x));
  if (withKey.length > 0) groups.push([withKey, fields]);
  if (without.length > 0) groups.push([without, fields.filter((f) => f !== auto)]);
  await db.atomic(
    async () => {
      for (const [list, cols] of groups) {
        const most = batchSize(info, cols.length);
        const size = o.batchSize ? Math.min(o.batchSize, most) : most;
        const returning = (list === without && auto !== null ? [auto as Field] : []).concat(
          concrete.localConcreteFields.filter((f) => (f.generated || f.hasDbDefault()) && f !== auto),
        );
        for (let i = 0; i < list.length; i += size) {
          const batch = list.slice(i, i + size);
          const rows = batch.map((x) => cols.map((f) => storedValue(f, f.preSave(x as Record<string, unknown>, true))));
          const wants = onConflict?.action === "ignore" ? [] : returning;
          const result = await insertRows(db, concrete, cols, rows, { returning: wants, onConflict });
          batch.forEach((x, n) => {
            cols.forEach((f, c) => {
              if (!isExpression(rows[n]![c])) putValue(x, f.attname, rows[n]![c]);
            });
            const row = result.rows[n];
            if (row !== undefined) wants.forEach((f, c) => putValue(x, f.attname, row[c]));
          });
        }
      }
    },
    { savepoint: false },
  );
  for (const x of objects) {
    const s = ownState(x);
    s.adding = false;
    s.db = db.alias;
  }
  return objects;
}
function checkBatch(n: number | null | undefined): void {
  if (n !== undefined && n !== null && (!Number.isSafeInteger(n) || n <= 0))
    throw new ValueError("Batch size must be a positive integer.", "bulk.batch_size");
}
function conflictOf(
  meta: ModelMeta,
  info: DialectInfo,
  o: BulkCreateOptions,
): { action: "ignore" | "update"; target: string[]; update: string[] } | null {
  if (o.ignoreConflicts === true && o.updateConflicts === true)
    throw new ValueError("ignore_conflicts and update_conflicts are mutually exclusive.", "bulk.conflicts");
  if (o.ignoreConflicts === true) {
    if (!info.features.ignoreConflicts)
      throw new NotSupportedError("This database backend does not support ignoring conflicts.", "bulk.conflicts");
    return { action: "ignore", target: [], update: [] };
  }
  if (o.updateConflicts !== true) return null;
  if (!info.features.updateConflicts)
    throw new NotSupportedError("This database backend does not support updating conflicts.", "bulk.conflicts");
  const update = o.updateFields ?? [],
    unique = o.uniqueFields ?? [];
  if (update.length === 0)
    throw new ValueError(
      "Fields that will be updated when a row insertion fails on conflicts must be provided.",
      "bulk.conflicts",
    );
  if (unique.length > 0 && !info.features.conflictTarget)
    throw new NotSupportedError(
      "This database backend does not support updating conflicts with specifying unique fields that can trigger the upsert.",
      "bulk.conflicts",
    );
  if (unique.length === 0 && info.features.conflictTarget)
    throw new ValueError("Unique fields that can trigger the upsert must be provided.", "bulk.conflicts");
  const concrete = (n: string): Field => {
    const f = n === "pk" ? meta.pk : meta.getField(n);
    if (!("column" in f) || !f.concrete)
      throw new ValueError("bulk_create() can only be used with concrete fields in update_fields.", "bulk.conflicts");
    return f;
  };
  const updates = update.map(concrete);
  if (updates.some((f) => meta.pkFields.includes(f)))
    throw new ValueError("bulk_create() cannot be used with primary keys in update_fields.", "bulk.conflicts");
  const targets = unique.flatMap((n) => (n === "pk" ? meta.pkFields : [uniqueTarget(meta, n)]));
  return { action: "update", target: targets.map((f) => f.column!), update: updates.map((f) => f.column!) };
}
function uniqueTarget(meta: ModelMeta, n: string): Field {
  const f = meta.getField(n);
  if (!("column" in f) || !f.concrete)
    throw new ValueError("bulk_create() can only be used with concrete fields in unique_fields.", "bulk.conflicts");
  return f;
}

/** Writes the given fields of many instances; returns the number of rows matched. */
export async function bulkUpdate(
  qs: QuerySetLike,
  given: Iterable<object>,
  names: readonly string[],
  o: { batchSize?: number | null },
): Promise<number> {
  checkBatch(o.batchSize);
  if (names.length === 0) throw new ValueError("Field names must be given to bulk_update().", "bulk.fields");
  const { meta } = qs;
  const objects = [...given];
  const fields = names.map((n) => {
    const f = meta.getField(n);
    if (!("column" in f) || !f.concrete)
      throw new ValueError("bulk_update() can only be used with concrete fields.", "bulk.fields");
    if (meta.pkFields.includes(f) || f.primaryKey)
      throw new ValueError("bulk_update() cannot be used with primary key fields.", "bulk.fields");
    return f;
  });
  if (objects.some((x) => !hasPk(x)))
    throw new ValueError("All bulk_update() objects must have a primary key set.", "bulk.no_key");
  if (objects.length === 0) return 0;
  for (const x of objects) {
    relatedForBulk(x, metaOfInstance(x), new Set(fields));
    await settleGeneric(x, "bulk_update");
  }
  const db = writeDb(qs);
  const info = await db.ready();
  const most = Math.max(1, Math.floor(Math.min(info.features.maxParams, 10_000) / (2 * fields.length + 1)));
  const size = o.batchSize ? Math.min(o.batchSize, most) : most;
  let total = 0;
  await db.atomic(
    async () => {
      for (let i = 0; i < objects.length; i += size) {
        const batch = objects.slice(i, i + size);
        const values: Record<string, unknown> = {};
        for (const f of fields) {
          const whens = batch.map((x) => {
            const v = (x as Record<string, unknown>)[f.attname];
            return When({ pk: pkOf(x) }, { then: isExpression(v) ? v : Value(storedValue(f, v), { outputField: f }) });
          });
          values[f.attname] = Case(...whens, { outputField: f });
        }
        total += await update(qs.with({ alias: db.alias }).filter({ pk__in: batch.map((x) => pkOf(x)) }), values);
      }
    },
    { savepoint: false },
  );
  return total;
}

/** Names without lookups, with defaults: what a new row is made of. */
function creationValues(
  meta: ModelMeta,
  conditions: Record<string, unknown>,
  defaults: Record<string, unknown>,
): Record<string, unknown> {
  const out: Record<string, unknown> = {};
  for (const [k, v] of Object.entries(conditions)) if (!k.includes("__")) out[k] = v;
  Object.assign(out, defaults);
  const wrong = Object.keys(out).filter(
    (k) => k !== "pk" && meta.find(k) === undefined && !(k in (meta.modelClass as ModelClass).prototype),
  );
  if (wrong.length > 0)
    throw new FieldError(
      `Invalid field name(s) for model ${meta.objectName}: '${wrong.join("', '")}'.${suggest(wrong[0]!, meta.choices())}`,
      "query.unknown_field",
      { model: meta.label, choices: meta.choices() },
    );
  return out;
}
function called(values: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(values).map(([k, v]) => [k, typeof v === "function" ? (v as () => unknown)() : v]),
  );
}
/** The row that the conditions name, made if there is none; several callers get one row (S39). */
export async function getOrCreate(
  start: QuerySetLike,
  conditions: Record<string, unknown>,
  defaults: Record<string, unknown>,
): Promise<[object, boolean]> {
  const db = writeDb(start);
  const qs = start.with({ forWrite: true, alias: db.alias });
  try {
    return [(await qs.get(conditions)) as object, false];
  } catch (error) {
    if (!(error instanceof modelError(qs.meta, "DoesNotExist"))) throw error;
  }
  const values = creationValues(qs.meta, conditions, defaults);
  try {
    return await db.atomic(async (): Promise<[object, boolean]> => [await createFor(qs, called(values)), true]);
  } catch (error) {
    if (!(error instanceof IntegrityError)) throw error;
    try {
      return [(await qs.get(conditions)) as object, false];
    } catch (second) {
      if (second instanceof modelError(qs.meta, "DoesNotExist")) throw error;
      throw second;
    }
  }
}
function createFor(qs: QuerySetLike, values: Record<string, unknown>): Promise<object> {
  return (qs as unknown as { create(v: Record<string, unknown>): Promise<object> }).create(values);
}
/** How often an updateOrCreate with a transaction of its own begins anew after a deadlock. */
const UPSERT_RETRIES = 10;
/** Like getOrCreate, and an existing row gets the defaults; it is locked meanwhile (S40). */
export async function updateOrCreate(
  start: QuerySetLike,
  conditions: Record<string, unknown>,
  o: { defaults?: Record<string, unknown>; createDefaults?: Record<string, unknown> },
): Promise<[object, boolean]> {
  const db = writeDb(start);
  const qs = start.with({ forWrite: true, alias: db.alias });
  const updates = o.defaults ?? {};
  const work = async (): Promise<[object, boolean]> => {
    const [object, created] = await getOrCreate(qs.selectForUpdate(), conditions, o.createDefaults ?? updates);
    if (created) return [object, true];
    const { meta } = qs;
    const values = called(updates);
    const ops = runtimeOf(meta).operations;
    ops.assign(object, values);
    const names = new Set(Object.keys(values));
    const plain = meta.concreteFields.filter((f) => !meta.pkFields.includes(f));
    const known = new Set(plain.flatMap((f) => [f.name, f.attname]));
    if ([...names].every((n) => known.has(n))) {
      for (const f of meta.localConcreteFields)
        if (!f.primaryKey && !f.generated && f.preSave !== Field.prototype.preSave) names.add(f.name);
      await ops.save(object, { using: db.alias, updateFields: [...names] });
    } else await ops.save(object, { using: db.alias });
    return [object, false];
  };
  // Several callers who meet at one new key can lock each other out on MariaDB: a refused INSERT leaves a shared lock behind.
  return db.atomic(work, { retries: UPSERT_RETRIES });
}

interface UpdateExecutable {
  readonly info: DialectInfo;
  readonly compiled: Compiled | null;
}
/** Sets fields of all rows; returns the number of rows matched. */
export async function update(qs: QuerySetLike, values: Record<string, unknown>): Promise<number> {
  qs.refuseCombined("update");
  if (qs.query.isSliced)
    throw new QueryTypeError("Cannot update a query once a slice has been taken.", "queryset.sliced");
  if (qs.query.distinctFields.length > 0)
    throw new QueryTypeError("Cannot call update() after .distinct(*fields).", "update.distinct");
  if (typeof values !== "object" || values === null || Array.isArray(values))
    throw new QueryTypeError("update() takes an object of values.", "update.argument");
  const entries = Object.entries(values);
  const { meta } = qs;
  for (const [k, v] of entries)
    if (v === undefined)
      throw new ValueError(
        `The value of '${k}' given to update() is undefined. Write null for NULL, or leave it out.`,
        "value.undefined",
        { path: k },
      );
  refuseAggregateOrder(qs.query);
  if (entries.length === 0) return 0;
  const inherited = entries.filter(([k]) => ownerOf(meta, k) !== meta.concrete);
  if (inherited.length === 0) return (await updateReturning(qs, meta.concrete, entries, [])).matched;
  return updateInherited(qs, entries);
}
// The order of an update matters where rows are changed one by one (MySQL's ORDER BY); groups have none.
function refuseAggregateOrder(query: Query): void {
  for (const term of query.ordering) {
    const name = typeof term === "string" ? term.replace(/^-/, "") : "";
    const annotation = query.annotations.get(name);
    if (annotation !== undefined && containsAggregate(annotation))
      throw new FieldError(`Cannot update when ordering by an aggregate: ${name}.`, "update.order", { path: name });
  }
}
function ownerOf(meta: ModelMeta, name: string): ModelMeta {
  const f = name === "pk" ? meta.pk : meta.getField(name);
  return "owner" in f && f.owner !== null ? (f.owner as ModelMeta).concrete : meta.concrete;
}
/** One UPDATE for each table, over keys that were read before. */
async function updateInherited(qs: QuerySetLike, entries: [string, unknown][]): Promise<number> {
  const { meta } = qs;
  const db = writeDb(qs);
  const groups = new Map<ModelMeta, [string, unknown][]>();
  for (const e of entries) {
    const owner = ownerOf(meta, e[0]);
    groups.set(owner, [...(groups.get(owner) ?? []), e]);
  }
  let matched = 0,
    own: number | null = null;
  await db.atomic(
    async () => {
      const ancestors = [...groups.keys()].filter((m) => m !== meta.concrete);
      const rows = (await qs
        .with({ alias: db.alias })
        .orderBy()
        .valuesList("pk", ...ancestors.map((m) => keyPath(meta, m)))
        .rows()) as unknown[][];
      const mine = groups.get(meta.concrete);
      if (mine !== undefined)
        own =
          rows.length === 0
            ? 0
            : (
                await updateReturning(
                  keyed(
                    qs,
                    meta,
                    rows.map((r) => r[0]),
                    db.alias,
                  ),
                  meta.concrete,
                  mine,
                  [],
                )
              ).matched;
      for (const [i, m] of ancestors.entries()) {
        const ids = rows.map((r) => r[i + 1]);
        if (ids.length > 0)
          matched = (await updateReturning(keyed(qs, m, ids, db.alias), m, groups.get(m)!, [])).matched;
      }
    },
    { savepoint: false },
  );
  return own ?? matched;
}
function keyPath(meta: ModelMeta, ancestor: ModelMeta): string {
  return ancestor.pk.name in Object.fromEntries(meta.byName) ? ancestor.pk.name : "pk";
}
function keyed(qs: QuerySetLike, meta: ModelMeta, ids: readonly unknown[], alias: string): QuerySetLike {
  const fresh = (qs as unknown as { plain(meta: ModelMeta): QuerySetLike }).plain(meta);
  return fresh.with({ alias }).filter({ pk__in: ids });
}

/** UPDATE through the shape cache; `returning` fields are given back for the one row of a save, where the database can. */
export async function updateReturning(
  qs: QuerySetLike,
  meta: ModelMeta,
  entries: readonly (readonly [string, unknown])[],
  returning: readonly Field[],
): Promise<{ matched: number; row: unknown[] | null }> {
  const db = writeDb(qs);
  const info = await db.ready();
  const key = new ShapeKey();
  key.static("update");
  for (const [k, v] of entries) {
    key.static(`,${JSON.stringify(k)}=`);
    key.any(v);
  }
  const { node, values } = qs.node.step(key, qs.values_, (query, slotter) => {
    query.assignments = resolveAssignments(
      query,
      entries.map(([k, v]) => [k, slotter.any(v)] as const),
    );
  });
  const wanted = info.features.returningFromUpdate ? returning : [];
  const cacheKey = `update|${info.name}|${currentZone()}|${wanted.map((f) => f.column).join()}`;
  let exe = node.compiled.get(cacheKey) as UpdateExecutable | undefined;
  if (exe === undefined || exe.info !== info) {
    const cols = wanted.map((f): Expr => ({ kind: "col", alias: meta.dbTable, field: f as never, type: f }));
    const plan = planUpdate(node.query, meta, node.query.assignments!, info, cols);
    exe = { info, compiled: plan.empty ? null : compileStatement(plan.statement, info, currentZone()) };
    node.compiled.set(cacheKey, exe);
  }
  if (exe.compiled === null) return { matched: 0, row: null };
  await exe.compiled.ready(db);
  const bound = exe.compiled.bind(values, currentZone(), db);
  const result = await db.run({ ...bound, bigInts: wanted.some((f) => f.needsBigInt) });
  const row =
    wanted.length > 0 && result.rows.length > 0
      ? result.rows[0]!.map((v, i) => {
          const read = wanted[i]!.fromDb(info);
          return v === null || read === undefined ? v : read(v);
        })
      : null;
  return { matched: wanted.length > 0 ? Math.max(result.rows.length, result.affected) : result.affected, row };
}

/** Deletes all rows, with what depends on them. */
export function deleteAll(qs: QuerySetLike): Promise<Deleted> {
  return runtimeOf(qs.meta).operations.deleteRows(qs);
}
