/** Many rows by few statements: `bulkCreate()`, from lists and from streams of instances, with conflicts passed over or updated. */
import type { DialectInfo } from "../ast/seams.js";
import type { InsertStatement } from "../ast/statement.js";
import { nameList } from "../base/options.js";
import { NotSupportedError, QueryTypeError, ValueError } from "../base/errors.js";
import type { Database } from "../db/connection.js";
import { isExpression } from "../expressions/expression.js";
import type { Field } from "../fields/field.js";
import { AutoField } from "../fields/keys.js";
import { UniqueConstraint } from "../meta/constraints.js";
import type { ModelMeta } from "../meta/options.js";
import { INSTANCE } from "../ast/slots.js";
import { settleGeneric } from "./contenttypes/hook.js";
import { databaseOf } from "./execute.js";
import { batchSize, insertRows, storedValue } from "./insert.js";
import { hasPk, metaOfInstance, ownState, pkOf, putValue, rawValue } from "./instance-state.js";
import { inBatchesThatFit } from "./packets.js";
import type { QuerySetLike } from "./queryset-state.js";
import { inKeyOrder } from "./row-order.js";
import { relatedForBulk } from "./related-keys.js";
import { placeAmongSiblings } from "./sibling-order.js";

export interface BulkCreateOptions {
  readonly batchSize?: number | null;
  readonly ignoreConflicts?: boolean;
  readonly updateConflicts?: boolean;
  readonly updateFields?: readonly string[] | null;
  readonly uniqueFields?: readonly string[] | null;
}
export const BULK_CREATE = [
  "batchSize",
  "ignoreConflicts",
  "updateConflicts",
  "updateFields",
  "uniqueFields",
] as const satisfies readonly (keyof BulkCreateOptions)[];
/** How often a block of rows that meet others is begun anew after a deadlock. */
export const DEADLOCKS = 20;
type Given = Iterable<object> | AsyncIterable<object>;

/**
 * Inserts many instances in few statements, all in one transaction; keys come back where the database gives them. A list gives the
 * instances back. An async iterable is taken batch by batch and gives the number of rows: none of them is kept.
 */
export async function bulkCreate(qs: QuerySetLike, given: Given, o: BulkCreateOptions): Promise<object[] | number> {
  const { meta } = qs;
  checkBatch(o.batchSize);
  for (const parent of meta.concrete.allParents)
    if (parent !== meta.concrete)
      throw new ValueError("Can't bulk create a multi-table inherited model", "bulk.inherited", { model: meta.label });
  if (typeof given !== "object" || given === null || !(Symbol.iterator in given || Symbol.asyncIterator in given))
    throw new QueryTypeError("bulkCreate() takes a list or another iterable of instances.", "bulk.argument");
  const db = databaseOf(qs.parts, true);
  if (Symbol.asyncIterator in given) {
    const insert = await BulkInsert.of(qs, db, o);
    return db.atomic(() => insert.stream(given), { savepoint: false });
  }
  const objects = [...given];
  if (objects.length === 0) return objects;
  const insert = await BulkInsert.of(qs, db, o);
  await insert.prepare(objects);
  // Writers of the same rows may lock each other out; a block of its own can be run again, with the rows in an order that
  // all writers have in common: two that hold to it cannot meet crosswise any more.
  const again = insert.mayMeetOthers && !db.inTransaction ? { retries: DEADLOCKS } : {};
  let attempts = 0;
  await db.atomic(() => insert.write(attempts++ === 0 ? objects : insert.inCommonOrder(objects)), {
    savepoint: false,
    ...again,
  });
  insert.markSaved(objects);
  return objects;
}

function uniqueNames(constraint: unknown): readonly string[] {
  return constraint instanceof UniqueConstraint ? (constraint as UniqueConstraint).fields : [];
}

/** What all batches of one call share. */
class BulkInsert {
  private readonly qs: QuerySetLike;
  private readonly db: Database;
  private readonly info: DialectInfo;
  private readonly meta: ModelMeta;
  private readonly options: BulkCreateOptions;
  private readonly onConflict: InsertStatement["onConflict"];
  private readonly fields: readonly Field[];
  private readonly auto: Field | null;

  private constructor(qs: QuerySetLike, db: Database, info: DialectInfo, options: BulkCreateOptions) {
    this.qs = qs;
    this.db = db;
    this.info = info;
    this.options = options;
    this.meta = qs.meta.concrete;
    this.onConflict = conflictOf(qs.meta, info, options);
    this.fields = this.meta.localConcreteFields.filter((f) => !f.generated);
    const { pkFields } = this.meta;
    this.auto = pkFields.length === 1 && pkFields[0] instanceof AutoField ? pkFields[0] : null;
  }
  static async of(qs: QuerySetLike, db: Database, options: BulkCreateOptions): Promise<BulkInsert> {
    return new BulkInsert(qs, db, await db.ready(), options);
  }

  /** Whether rows of others are looked for. */
  get mayMeetOthers(): boolean {
    return this.onConflict !== null;
  }
  /** The instances by the values that may meet rows of others. */
  inCommonOrder(objects: readonly object[]): object[] {
    const names = new Set([...this.meta.uniqueTogether.flat(), ...this.meta.constraints.flatMap(uniqueNames)]);
    const target = this.onConflict?.action === "update" ? this.onConflict.target : [];
    const keys = this.fields.filter((f) => f.unique || names.has(f.name) || target.includes(f.column!));
    const rows = objects.map((x): unknown[] => [...keys.map((f) => rawValue(x, f.attname)), x]);
    return inKeyOrder(rows, keys.length).map((row) => row.at(-1) as object);
  }
  /** Reads the instances as they come, and writes a batch whenever there is one. */
  async stream(given: AsyncIterable<object>): Promise<number> {
    const size = this.size(this.fields);
    let batch: object[] = [];
    let total = 0;
    const flush = async (): Promise<void> => {
      await this.prepare(batch);
      await this.write(batch);
      this.markSaved(batch);
      total += batch.length;
      batch = [];
    };
    for await (const object of given) if (batch.push(object) >= size) await flush();
    if (batch.length > 0) await flush();
    return total;
  }
  /** Keys of related objects, places among siblings, keys with a default. */
  async prepare(objects: readonly object[]): Promise<void> {
    const { meta } = this;
    for (const object of objects) {
      if (typeof object !== "object" || object === null || !(INSTANCE in object))
        throw new QueryTypeError("bulkCreate() takes model instances.", "bulk.argument", { model: meta.label });
      const own = metaOfInstance(object);
      if (own.concrete !== meta)
        throw new QueryTypeError(
          `bulkCreate() of ${meta.objectName} was given an instance of ${own.objectName}.`,
          "bulk.argument",
          { model: meta.label },
        );
      relatedForBulk(object, own);
      if (own.virtualFields.length > 0) await settleGeneric(object, "bulk_create");
      const record = object as Record<string, unknown>;
      for (const k of meta.pkFields)
        if ((record[k.attname] ?? null) === null && k.hasDefault()) putValue(object, k.attname, k.prep(k.getDefault()));
    }
    if (meta.orderWithRespectTo !== null) {
      const plain = (this.qs as unknown as { plain(meta: ModelMeta): QuerySetLike }).plain(meta);
      await placeAmongSiblings(objects, meta, plain.with({ alias: this.db.alias }));
    }
  }
  /** Rows with a key and rows without go apart: their columns differ. */
  async write(objects: readonly object[]): Promise<void> {
    const withKey = objects.filter(isKeySet);
    const without = withKey.length === 0 ? objects : objects.filter((x) => !isKeySet(x));
    if (withKey.length > 0) await this.insert(withKey, this.fields, []);
    if (without.length === 0) return;
    const { auto, fields } = this;
    await this.insert(
      without,
      fields.filter((f) => f !== auto),
      auto === null ? [] : [auto],
    );
  }
  private async insert(objects: readonly object[], fields: readonly Field[], keys: readonly Field[]): Promise<void> {
    const ignoring = this.onConflict?.action === "ignore";
    const returning = ignoring
      ? []
      : [...keys, ...this.meta.localConcreteFields.filter((f) => (f.generated || f.hasDbDefault()) && f !== this.auto)];
    const size = this.size(fields);
    const rowOf = (x: object): unknown[] =>
      fields.map((f) => storedValue(f, f.preSave(x as Record<string, unknown>, true)));
    const write = async (batch: readonly object[], rows: readonly (readonly unknown[])[]): Promise<void> => {
      const result = await insertRows(this.db, this.meta, fields, rows, { returning, onConflict: this.onConflict });
      for (let n = 0; n < batch.length; n++) {
        const object = batch[n]!;
        const values = rows[n]!;
        for (let c = 0; c < fields.length; c++)
          if (!isExpression(values[c])) putValue(object, fields[c]!.attname, values[c]);
        const row = result.rows[n];
        if (row !== undefined)
          for (let c = 0; c < returning.length; c++) putValue(object, returning[c]!.attname, row[c]);
      }
    };
    for (let i = 0; i < objects.length; i += size) {
      const batch = objects.slice(i, i + size);
      const rows = batch.map(rowOf);
      let from = 0;
      for (const part of inBatchesThatFit(this.info, rows, fields)) {
        await write(part === rows ? batch : batch.slice(from, from + part.length), part);
        from += part.length;
      }
    }
  }
  /** Rows in one statement. */
  private size(fields: readonly Field[]): number {
    const most = batchSize(this.info, fields.length);
    return this.options.batchSize ? Math.min(this.options.batchSize, most) : most;
  }
  markSaved(objects: readonly object[]): void {
    for (const x of objects) {
      const s = ownState(x);
      s.adding = false;
      s.db = this.db.alias;
    }
  }
}
function isKeySet(object: object): boolean {
  return hasPk(object) && !isExpression(pkOf(object));
}

/** Refuses sizes of batches that cannot be meant. */
export function checkBatch(n: number | null | undefined): void {
  if (n !== undefined && n !== null && (!Number.isSafeInteger(n) || n <= 0))
    throw new ValueError("Batch size must be a positive integer.", "bulk.batch_size");
}

// Names are looked at first: a wrong one is wrong on every database.
function conflictOf(meta: ModelMeta, info: DialectInfo, o: BulkCreateOptions): InsertStatement["onConflict"] {
  if (o.ignoreConflicts === true && o.updateConflicts === true)
    throw new ValueError("ignore_conflicts and update_conflicts are mutually exclusive.", "bulk.conflicts");
  const updates = nameList("The option 'updateFields' of bulkCreate()", o.updateFields ?? []).map((n) =>
    concreteField(meta, n, "update_fields"),
  );
  const targets = nameList("The option 'uniqueFields' of bulkCreate()", o.uniqueFields ?? []).flatMap((n) =>
    n === "pk" ? meta.pkFields : [concreteField(meta, n, "unique_fields")],
  );
  if (o.ignoreConflicts === true) {
    if (!info.features.ignoreConflicts)
      throw new NotSupportedError("This database backend does not support ignoring conflicts.", "bulk.conflicts");
    return { action: "ignore", target: [], update: [] };
  }
  if (o.updateConflicts !== true) return null;
  if (!info.features.updateConflicts)
    throw new NotSupportedError("This database backend does not support updating conflicts.", "bulk.conflicts");
  if (updates.length === 0)
    throw new ValueError(
      "Fields that will be updated when a row insertion fails on conflicts must be provided.",
      "bulk.conflicts",
    );
  if (targets.length > 0 && !info.features.conflictTarget)
    throw new NotSupportedError(
      "This database backend does not support updating conflicts with specifying unique fields that can trigger the upsert.",
      "bulk.conflicts",
    );
  if (targets.length === 0 && info.features.conflictTarget)
    throw new ValueError("Unique fields that can trigger the upsert must be provided.", "bulk.conflicts");
  if (updates.some((f) => meta.pkFields.includes(f)))
    throw new ValueError("bulk_create() cannot be used with primary keys in update_fields.", "bulk.conflicts");
  return { action: "update", target: targets.map((f) => f.column!), update: updates.map((f) => f.column!) };
}
function concreteField(meta: ModelMeta, name: string, option: string): Field {
  const f = name === "pk" ? meta.pk : meta.getField(name);
  if (!("column" in f) || (!f.concrete && !(name === "pk" && meta.hasCompositePk)))
    throw new ValueError(`bulk_create() can only be used with concrete fields in ${option}.`, "bulk.conflicts");
  return f;
}
