/** `instance.refreshFromDb()`: reads the loaded fields of a row anew and forgets what was cached of its relations. */
import { nameList, ownOptions } from "../base/options.js";
import { ValueError } from "../base/errors.js";
import { ForeignObject, ManyToManyField, ReverseRelation } from "../fields/relations.js";
import type { Field } from "../fields/field.js";
import type { ModelMeta } from "../meta/options.js";
import { baseRows } from "./base-rows.js";
import {
  dropCached,
  dropPrefetched,
  getCached,
  isCached,
  metaOfInstance,
  ownState,
  pkOf,
  putValue,
  setCached,
  stateOf,
} from "./instance-state.js";
import { QuerySet } from "./queryset.js";
import { runtimeOf, type RefreshOptions } from "./runtime.js";

export { instanceFromDb, loadedInstance } from "./from-db.js";

/**
 * Reads an instance's fields anew. Deferred fields stay deferred unless they are named; relations whose key is read are forgotten,
 * as are prefetched sets.
 * @param options `fields`: only these (names of prefetched sets and reverse relations forget what was loaded and read nothing);
 * `using`: the database; `fromQueryset`: a queryset to read through, such as one with `selectRelated`
 * @throws the model's DoesNotExist when the row is gone; ValueError for paths; FieldError for unknown names
 * @example await product.refreshFromDb({ fields: ["price"] }); // SELECT "id", "price" FROM "shop_product" WHERE "id" = 1
 * Django: https://docs.djangoproject.com/en/stable/ref/models/instances/#refreshing-objects-from-database
 */
export async function refreshInstance(instance: object, given: RefreshOptions = {}): Promise<void> {
  const options = ownOptions(given);
  const meta = metaOfInstance(instance);
  let fields: Set<string> | null = null;
  if (options.fields === undefined) dropPrefetched(instance);
  else {
    fields = forgetSets(instance, meta, nameList("The option 'fields' of refreshFromDb()", options.fields));
    if (fields.size === 0) return;
  }
  const rows = rowOf(instance, meta, options);
  const fresh = (await narrowed(rows, instance, meta, fields).get()) as object;
  for (const f of meta.concreteFields) {
    if (!Object.hasOwn(fresh, f.attname)) continue;
    putValue(instance, f.attname, (fresh as Record<string, unknown>)[f.attname]);
  }
  for (const f of relationsOf(meta)) {
    if (!f.fromFields.every((x) => Object.hasOwn(fresh, x.attname))) continue;
    if (isCached(fresh, f.cacheName))
      setCached(instance, f.cacheName, getCached(fresh, f.cacheName), stateOf(fresh).eager?.has(f.cacheName) === true);
    else dropCached(instance, f.cacheName);
  }
  for (const f of meta.concrete.virtualFields) if (f.isRelation) dropCached(instance, f.name);
  if (fields === null) for (const r of reversesOf(meta)) dropCached(instance, r.cacheName);
  const read = stateOf(fresh);
  ownState(instance).db = read.db;
}

/** Forgets prefetched sets and reverse relations among the names; gives the names that have to be read. */
function forgetSets(instance: object, meta: ModelMeta, names: readonly string[]): Set<string> {
  const left = new Set(names);
  const prefetched = stateOf(instance).prefetched;
  const reverses = reversesOf(meta);
  for (const name of names) {
    if (prefetched !== null && name in prefetched) {
      dropPrefetched(instance, name);
      left.delete(name);
      continue;
    }
    const f = meta.byName.get(name) ?? reverses.find((r) => r.accessorName === name) ?? meta.reverseByQuery.get(name);
    if (f instanceof ReverseRelation) dropCached(instance, f.cacheName);
    if (f instanceof ReverseRelation || f instanceof ManyToManyField) left.delete(name);
  }
  for (const name of left)
    if (name.includes("__"))
      throw new ValueError(
        'Found "__" in fields argument. Relations and transforms are not allowed in fields.',
        "refresh.path",
        { model: meta.label, path: name },
      );
  return left;
}

function rowOf(instance: object, meta: ModelMeta, options: RefreshOptions): QuerySet {
  const rt = runtimeOf(meta);
  const given = options.fromQueryset ?? options.fromQuerySet;
  if (given !== undefined && given !== null && !rowsOf(given, meta))
    throw new ValueError(
      `refreshFromDb({ fromQueryset }) takes a queryset of rows of ${meta.label}, not of values or of another model.`,
      "refresh.queryset",
      { model: meta.label },
    );
  const key = pkOf(instance);
  if (given instanceof QuerySet)
    return (options.using === undefined ? given : given.using(options.using)).filter({ pk: key });
  const alias = options.using ?? rt.route(meta, false, { instance });
  return baseRows(meta, alias, { instance }).filter({ pk: key });
}

function rowsOf(given: unknown, meta: ModelMeta): boolean {
  return given instanceof QuerySet && given.mode === "instances" && given.meta.concrete === meta.concrete;
}

function narrowed(rows: QuerySet, instance: object, meta: ModelMeta, fields: ReadonlySet<string> | null): QuerySet {
  if (fields !== null) return rows.only(...fields);
  const loaded = meta.concreteFields.filter((f) => Object.hasOwn(instance, f.attname));
  // Only a row that was read in part stays in part: a new instance may miss fields whose default the database gives.
  if (loaded.length === meta.concreteFields.length || stateOf(instance).adding) return rows;
  return rows.only(...loaded.map((f) => f.attname));
}

function relationsOf(meta: ModelMeta): ForeignObject[] {
  return [...new Set<Field>(meta.byName.values())].filter((f): f is ForeignObject => f instanceof ForeignObject);
}
/** Reverse relations that an instance of the model may have cached: its own and its parents'. */
function reversesOf(meta: ModelMeta): ReverseRelation[] {
  return [...meta.reverseByQuery.values()];
}
