/**
 * `instance.delete()` and `queryset.delete()`: what is asked, in which database and transaction. Gathering and running stand in
 * `deletion-collect.ts`.
 */
import { ownOptions } from "../base/options.js";
import { QueryTypeError, ValueError } from "../base/errors.js";
import type { Database } from "../db/connection.js";
import { isExpression } from "../expressions/expression.js";
import { ShapeKey } from "../expressions/shape-key.js";
import { Collector, forgetKey, type CollectOptions } from "./deletion-collect.js";
import { canFastDelete } from "./deletion-relations.js";
import { deleteKeys, deleteMatching } from "./deletion-run.js";
import { databaseOf } from "./execute.js";
import { hasPk, metaOfInstance, pkOf } from "./instance-state.js";
import type { QuerySet } from "./queryset.js";
import { runtimeOf, type Deleted, type DeleteOptions } from "./runtime.js";

export { deletionListeners, DELETES_RELATED, type DeletesRelated } from "./deletion-relations.js";

/**
 * Deletes the row of an instance and what `onDelete` takes along; its key is null afterwards.
 * @param options `using`: the database; `keepParents`: rows of parent models stay
 * @returns the number of deleted rows, and how many of each model: `[3, { "shop.Order": 1, "shop.Item": 2 }]`
 * @throws ValueError without a key; ProtectedError, RestrictedError where a relation forbids it
 * @example await order.delete(); // DELETE FROM "shop_item" WHERE "order_id" IN (1); DELETE FROM "shop_order" WHERE "id" = 1
 * Django: https://docs.djangoproject.com/en/stable/ref/models/instances/#deleting-objects
 */
export async function deleteInstance(instance: object, given: DeleteOptions = {}): Promise<Deleted> {
  const options = ownOptions(given);
  const meta = metaOfInstance(instance);
  if (!hasPk(instance) || isExpression(pkOf(instance)))
    throw new ValueError(
      `${meta.objectName} object can't be deleted because its ${meta.hasCompositePk ? "pk" : meta.pk.attname} attribute is set to null.`,
      "delete.no_key",
      { model: meta.label },
    );
  const rt = runtimeOf(meta);
  const db = rt.database(options.using ?? rt.route(meta, true, { instance }));
  if (canFastDelete(meta)) {
    const count = await oneStatement(db, () => deleteKeys(meta, [pkOf(instance)], db));
    forgetKey(instance, meta);
    return [count, { [meta.label]: count }];
  }
  return collectAndRun(db, [instance], instance, { keepParents: options.keepParents === true });
}

/**
 * Deletes all rows of a queryset and what `onDelete` takes along. Rows that nothing refers to are not read.
 * @returns the number of deleted rows, and how many of each model
 * @throws QueryTypeError after `slice()`, `distinct(…fields)`, `values()`; NotSupportedError after `union()` and the like;
 * ProtectedError, RestrictedError where a relation forbids it
 * @example await Product.objects.filter({ price: 0 }).delete(); // DELETE FROM "shop_product" WHERE "shop_product"."price" = 0
 * Django: https://docs.djangoproject.com/en/stable/ref/models/querysets/#delete
 */
export async function deleteRows(given: unknown): Promise<Deleted> {
  const qs = given as QuerySet;
  qs.refuseCombined("delete");
  const refuse = (message: string, code: string): never => {
    throw new QueryTypeError(message, code, { model: qs.meta.label });
  };
  if (qs.query.isSliced) refuse("Cannot use 'limit' or 'offset' with delete().", "delete.sliced");
  if (qs.query.distinctFields.length > 0) refuse("Cannot call delete() after .distinct(*fields).", "delete.distinct");
  if (qs.mode !== "instances") refuse("Cannot call delete() after .values() or .values_list()", "delete.values");
  const db = databaseOf(qs.parts, true);
  const key = new ShapeKey();
  key.static("delete");
  const rows = qs.step(
    key,
    (query) => {
      query.lock = null;
      query.selectRelated = false;
      query.clearOrdering(true);
    },
    { alias: db.alias, forWrite: true, prefetches: [] },
  );
  const deleted = canFastDelete(qs.meta) ? await deleteUnread(rows, db) : await collectAndRun(db, rows, qs, {});
  qs.result = null;
  qs.resultPromise = null;
  return deleted;
}

async function deleteUnread(rows: QuerySet, db: Database): Promise<Deleted> {
  const count = await oneStatement(db, () => deleteMatching(rows, db));
  return [count, count > 0 ? { [rows.meta.label]: count } : {}];
}
/** One statement needs no transaction of its own; in a transaction its failure spoils the block. */
function oneStatement<T>(db: Database, fn: () => Promise<T>): Promise<T> {
  return db.inTransaction ? db.atomic(fn, { savepoint: false }) : fn();
}
async function collectAndRun(
  db: Database,
  rows: QuerySet | readonly object[],
  origin: object,
  options: CollectOptions,
): Promise<Deleted> {
  const info = await db.ready();
  const work = async (): Promise<Deleted> => {
    const collector = new Collector(db, info, origin);
    await collector.collect(rows, options);
    return db.atomic(() => collector.run(), { savepoint: false });
  };
  // What is gathered is what is deleted, so both are in one transaction. In a block of the caller a refusal (ProtectedError) must
  // leave the block usable: gathering is then no part of an inner block.
  return db.inTransaction ? work() : db.atomic(work);
}
