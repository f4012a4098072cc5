/**
 * `bulkUpdate()`: other values for each of many rows, by few statements. The values travel as a table that the UPDATE is joined with, so
 * that its work grows with the number of rows; a CASE with a branch for each row, as Django writes it, grows with its square.
 */
import type { DialectInfo } from "../ast/seams.js";
import { FieldError, QueryTypeError, ValueError } from "../base/errors.js";
import { nameList } from "../base/options.js";
import { currentZone } from "../base/temporal.js";
import { INSTANCE } from "../ast/slots.js";
import type { Database } from "../db/connection.js";
import { isExpression } from "../expressions/expression.js";
import { Case, Value, When } from "../expressions/makers.js";
import type { Field } from "../fields/field.js";
import type { ModelMeta } from "../meta/options.js";
import type { Query } from "../query/state.js";
import { planRowsUpdate } from "../query/write.js";
import { compileStatement } from "../sql/compile.js";
import type { Compiled } from "../sql/compiled.js";
import { checkBatch, DEADLOCKS } from "./bulk-create.js";
import { settleGeneric } from "./contenttypes/hook.js";
import { databaseOf } from "./execute.js";
import { storedValue } from "./insert.js";
import { explained } from "./integrity.js";
import { hasPk, metaOfInstance, pkOf } from "./instance-state.js";
import { inBatchesThatFit, valueSize } from "./packets.js";
import type { QuerySetLike } from "./queryset-state.js";
import { relatedForBulk } from "./related-keys.js";
import { inKeyOrder } from "./row-order.js";
import { update } from "./update.js";

/** Most rows of a statement with a CASE: it compares every row with every branch. */
const CASE_ROWS = 250;
/** Most rows and parameters of a statement with a table of values; larger ones are no faster. */
const TABLE_ROWS = 2_000;
const TABLE_PARAMS = 30_000;

/** Bytes from which on a value is too long for a temporary table: MariaDB 10 reports files of these as corrupted. */
const LONG = 20_000;

export interface BulkUpdateOptions {
  readonly batchSize?: number | null;
}
/** Writes the given fields of many instances in one transaction; returns the number of rows matched. */
export async function bulkUpdate(
  qs: QuerySetLike,
  given: Iterable<object>,
  names: readonly string[],
  o: BulkUpdateOptions,
): Promise<number> {
  checkBatch(o.batchSize);
  if (!Array.isArray(names) || names.length === 0)
    throw new ValueError("Field names must be given to bulk_update().", "bulk.fields");
  const { meta } = qs;
  const fields = namedFields(meta, nameList("bulkUpdate()", names));
  qs.refuseCombined("bulk_update");
  if (qs.query.isSliced)
    throw new QueryTypeError("Cannot update a query once a slice has been taken.", "queryset.sliced");
  if (typeof given !== "object" || given === null || !(Symbol.iterator in given))
    throw new QueryTypeError("bulkUpdate() takes a list or another iterable of instances.", "bulk.argument");
  const objects = [...given];
  if (objects.some((x) => typeof x !== "object" || x === null || !(INSTANCE in x)))
    throw new QueryTypeError("bulkUpdate() takes model instances.", "bulk.argument", { model: meta.label });
  if (objects.some((x) => !hasPk(x)))
    throw new ValueError("All bulk_update() objects must have a primary key set.", "bulk.no_key");
  if (objects.length === 0) return 0;
  const named = new Set(fields);
  for (const x of objects) {
    const own = metaOfInstance(x);
    if (own.concrete !== meta.concrete && !own.allParents.includes(meta.concrete))
      throw new QueryTypeError(
        `bulkUpdate() of ${meta.objectName} was given an instance of ${own.objectName}.`,
        "bulk.argument",
        { model: meta.label },
      );
    relatedForBulk(x, own, named);
    if (own.virtualFields.length > 0) await settleGeneric(x, "bulk_update");
  }
  const db = databaseOf(qs.parts, true);
  const info = await db.ready();
  const inOneTable = fields.every((f) => (f.owner as ModelMeta).concrete === meta.concrete);
  const plain: object[] = [],
    calculated: object[] = [];
  const fits = inOneTable && info.features.updateFrom;
  for (const x of objects) (fits && isPlain(x, fields, info) ? plain : calculated).push(x);
  return db.atomic(
    async () => {
      let total = 0;
      if (plain.length > 0) total += await byTable(qs, db, info, plain, fields, o);
      for (const batch of batchesOf(calculated, o.batchSize, caseRows(info, fields)))
        for (const part of objectsThatFit(info, batch, fields))
          total += await byCase(qs.with({ alias: db.alias }), part, fields);
      return total;
    },
    // Writers of the same rows may lock each other out; a block of its own can be run again.
    { savepoint: false, ...(db.inTransaction ? {} : { retries: DEADLOCKS }) },
  );
}
function namedFields(meta: ModelMeta, names: readonly string[]): readonly Field[] {
  return names.map((n) => {
    const f = meta.getField(n);
    if (!("column" in f) || !f.concrete)
      throw new ValueError("bulk_update() can only be used with concrete fields.", "bulk.fields");
    if (f.generated)
      throw new FieldError(`The generated field '${n}' cannot be assigned.`, "update.generated", { path: n });
    if (meta.pkFields.includes(f) || f.primaryKey)
      throw new ValueError("bulk_update() cannot be used with primary key fields.", "bulk.fields");
    return f;
  });
}
/** Whether all values can stand in a table of values: no expressions, and nothing that makes the table too large for some servers. */
function isPlain(instance: object, fields: readonly Field[], info: DialectInfo): boolean {
  const limited = info.features.maxPacket !== Infinity;
  for (const f of fields) {
    const value = (instance as Record<string, unknown>)[f.attname];
    if (isExpression(value) || (limited && valueSize(value, f, info) > LONG)) return false;
  }
  return true;
}
function* objectsThatFit(
  info: DialectInfo,
  objects: readonly object[],
  fields: readonly Field[],
): Generator<readonly object[]> {
  if (info.features.maxPacket === Infinity) return yield objects;
  const rows = objects.map((x) => fields.map((f) => (x as Record<string, unknown>)[f.attname]));
  let from = 0;
  for (const part of inBatchesThatFit(info, rows, fields)) yield objects.slice(from, (from += part.length));
}
function* batchesOf<T>(list: readonly T[], asked: number | null | undefined, most: number): Generator<readonly T[]> {
  const size = asked ? Math.min(asked, most) : most;
  for (let i = 0; i < list.length; i += size) yield list.slice(i, i + size);
}

// ---- joined with a table of values -------------------------------------------------------------------------------
type Statements = Map<string, { readonly info: DialectInfo; readonly compiled: Compiled | null }>;
const statements = new WeakMap<ModelMeta, Statements>();

async function byTable(
  qs: QuerySetLike,
  db: Database,
  info: DialectInfo,
  objects: readonly object[],
  fields: readonly Field[],
  o: BulkUpdateOptions,
): Promise<number> {
  const meta = qs.meta.concrete;
  const columns = [...meta.pkFields, ...fields];
  const rows = objects.map((x) => columns.map((f) => storedValue(f, (x as Record<string, unknown>)[f.attname])));
  // A key that is given twice would be written by one of its rows, nobody knows which: the first one counts, as in a CASE.
  const sorted = distinctKeys(inKeyOrder(rows, meta.pkFields.length), meta.pkFields);
  const most = Math.min(
    TABLE_ROWS,
    Math.floor(Math.min(info.features.maxParams - qs.values_.length, TABLE_PARAMS) / columns.length),
  );
  let total = 0;
  for (const batch of batchesOf(sorted, o.batchSize, Math.max(1, most)))
    for (const part of inBatchesThatFit(info, batch, columns)) {
      const compiled = tableStatement(qs, meta, fields, part.length, info);
      if (compiled === null) continue;
      await compiled.ready(db);
      const bound = compiled.bind([...qs.values_, ...part.flat()], currentZone(), db);
      try {
        total += (await db.run(bound)).affected;
      } catch (error) {
        throw explained(error, meta);
      }
    }
  return total;
}
function distinctKeys(rows: readonly unknown[][], pk: readonly Field[]): readonly unknown[][] {
  const seen = new Map<string, unknown[]>();
  for (const r of rows) {
    const key = JSON.stringify(pk.map((_, i) => String(r[i])));
    if (!seen.has(key)) seen.set(key, r);
  }
  return seen.size === rows.length ? rows : [...seen.values()];
}
function isAllRows(q: Query): boolean {
  return q.where.children.length === 0 && !q.empty && q.groupBy === null && !q.distinct && q.annotations.size === 0;
}
/** The statement for so many rows; null where the queryset is known to match nothing. */
function tableStatement(
  qs: QuerySetLike,
  meta: ModelMeta,
  fields: readonly Field[],
  rows: number,
  info: DialectInfo,
): Compiled | null {
  // Only querysets of all rows share their statements; a condition may be anything.
  const shared = isAllRows(qs.query);
  const key = `${info.name}|${fields.map((f) => f.column).join()}|${rows}`;
  const known: Statements = statements.get(meta) ?? new Map();
  statements.set(meta, known);
  const found = shared ? known.get(key) : undefined;
  if (found !== undefined && found.info === info) return found.compiled;
  const { statement, empty } = planRowsUpdate(qs.query, meta, fields, rows, qs.values_.length, info);
  const compiled = empty ? null : compileStatement(statement, info, currentZone());
  if (shared) {
    if (known.size > 32) known.clear();
    known.set(key, { info, compiled });
  }
  return compiled;
}

// ---- by CASE: expressions, and fields of parents' tables -----------------------------------------------------------
function caseRows(info: DialectInfo, fields: readonly Field[]): number {
  return Math.max(
    1,
    Math.min(CASE_ROWS, Math.floor(Math.min(info.features.maxParams, 10_000) / (2 * fields.length + 1))),
  );
}
function byCase(qs: QuerySetLike, batch: readonly object[], fields: readonly Field[]): Promise<number> {
  const values: Record<string, unknown> = {};
  for (const f of fields) {
    const whens = batch.map((x) => {
      const v = (x as Record<string, unknown>)[f.attname];
      return When({ pk: pkOf(x) }, { then: isExpression(v) ? v : Value(storedValue(f, v), { outputField: f }) });
    });
    values[f.attname] = Case(...whens, { outputField: f });
  }
  return update(qs.filter({ pk__in: batch.map((x) => pkOf(x)) }), values);
}
