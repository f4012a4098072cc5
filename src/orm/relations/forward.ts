/** Following a relation to one row, forward or back: from the cache, from an ancestor's, or by a query for all peers that lack it. */
import { OneToOneField, type ForeignObject, type ReverseRelation } from "../../fields/relations.js";
import type { MetaField, ModelMeta } from "../../meta/options.js";
import {
  FROM_DB,
  getCached,
  hasPk,
  InstanceState,
  isCached,
  metaOfInstance,
  putValue,
  rawValue,
  setCached,
  stateOf,
} from "../instance-state.js";
import { Lazy } from "../lazy.js";
import type { ModelClass } from "../model.js";
import { doesNotExist } from "../model-errors.js";
import { runtimeOf } from "../runtime.js";
import { databaseOfRow } from "./base-query.js";
import { loadDeferred } from "./deferred-load.js";
import { hasCurrent, hasValues, localValues, noteMissing, targetValues } from "./keys.js";
import { loaderOf } from "./loader.js";
import { fetchBlocked, noRelated, noReverse } from "./related-errors.js";
import { once } from "./shared-work.js";

/** The value of a forward accessor: the object where it was loaded with its row, else a thing to await. */
export function readForward(instance: object, field: ForeignObject): unknown {
  if (hasCurrent(instance, field) && stateOf(instance).eager?.has(field.cacheName) === true)
    return getCached(instance, field.cacheName);
  return new Lazy(`${metaOfInstance(instance).objectName}.${field.name}`, () => follow(instance, field));
}
async function follow(instance: object, field: ForeignObject): Promise<object | null> {
  const meta = metaOfInstance(instance);
  if (!hasCurrent(instance, field)) {
    for (const f of field.fromFields) if (!Object.hasOwn(instance, f.attname)) await loadDeferred(instance, f.attname);
    const found = hasValues(localValues(field, instance))
      ? (fromAncestor(instance, meta, field) ?? fromOwnValues(instance, meta, field))
      : null;
    if (found !== undefined) setCached(instance, field.cacheName, found, false);
    else
      await fetch(instance, field, field.cacheName, (i) => hasCurrent(i, field) || !hasValues(localValues(field, i)));
  }
  const value = (getCached(instance, field.cacheName) ?? null) as object | null;
  if (value === null && !field.null) throw noRelated(field, meta);
  return value;
}
/** A relation that a parent declares may be loaded on the parent's row. */
function fromAncestor(instance: object, meta: ModelMeta, field: ForeignObject): object | undefined {
  const owner = field.owner as ModelMeta;
  if (owner.concrete === meta.concrete) return undefined;
  const link = meta.ancestorLink(owner);
  if (link === null || link === undefined || !isCached(instance, link.cacheName)) return undefined;
  const ancestor = getCached(instance, link.cacheName);
  if (typeof ancestor !== "object" || ancestor === null || !isCached(ancestor, field.cacheName)) return undefined;
  return (getCached(ancestor, field.cacheName) ?? undefined) as object | undefined;
}
/** The parent's row is part of the child's: no query is needed. */
function fromOwnValues(instance: object, meta: ModelMeta, field: ForeignObject): object | undefined {
  if (!(field instanceof OneToOneField) || !field.parentLink) return undefined;
  const related = field.related as ModelMeta;
  if (!meta.isA(related) || related.concreteFields.some((f) => !Object.hasOwn(instance, f.attname))) return undefined;
  const state = stateOf(instance);
  const parent = new (related.modelClass as ModelClass)(
    FROM_DB,
    [],
    new InstanceState(state.db, state.adding, null, state.fetchMode, false),
    (o: object) => {
      for (const f of related.concreteFields) putValue(o, f.attname, rawValue(instance, f.attname));
    },
  );
  setCached(parent, field.reverse.cacheName, instance, false);
  return parent;
}

/**
 * The value of the accessor on the other side of a one-to-one. Where there is no row, awaiting it is an error, as in Django; loaded with
 * its row (`selectRelated`) it is null.
 */
export function readReverse(instance: object, relation: ReverseRelation): unknown {
  const name = relation.cacheName;
  if (isCached(instance, name) && stateOf(instance).eager?.has(name) === true) return getCached(instance, name);
  return new Lazy(`${metaOfInstance(instance).objectName}.${name}`, () => followReverse(instance, relation));
}
async function followReverse(instance: object, relation: ReverseRelation): Promise<object> {
  const name = relation.cacheName;
  if (!isCached(instance, name)) {
    const field = relation.field as ForeignObject;
    if (!hasPk(instance) || targetValues(field, instance).some((v) => v === null))
      throw noReverse(relation, metaOfInstance(instance));
    await fetch(instance, relation, name, (i) => isCached(i, name) || !hasPk(i));
  }
  const value = (getCached(instance, name) ?? null) as object | null;
  if (value === null) throw noReverse(relation, metaOfInstance(instance));
  return value;
}

/** Loads a relation to one row for the instance, and for its peers as the fetch mode says. Sets the caches. */
async function fetch(instance: object, relation: MetaField, name: string, has: (i: object) => boolean): Promise<void> {
  const meta = metaOfInstance(instance);
  const { fetchMode, peers, db } = stateOf(instance);
  if (fetchMode === "raise") throw fetchBlocked(meta, name, `selectRelated("${name}") or prefetchRelated("${name}")`);
  if (fetchMode === "peers" && peers !== null && peers.length > 1) {
    await once(peers, `relation ${name}`, databaseOfRow(instance), () => {
      const lacking = peers.filter(
        (p) => metaOfInstance(p).concrete === meta.concrete && stateOf(p).db === db && !has(p),
      );
      return load(lacking.includes(instance) ? lacking : [...lacking, instance], relation, name, has);
    });
    // One that joined the others' work may not have been among them.
    if (has(instance)) return;
  }
  await load([instance], relation, name, has);
}
async function load(
  instances: readonly object[],
  relation: MetaField,
  name: string,
  has: (i: object) => boolean,
): Promise<void> {
  const loader = loaderOf(relation);
  const { rows, keys, keyOf, lookups } = await loader.load(instances, null);
  if (lookups.length > 0 && rows.length > 0) {
    await runtimeOf(metaOfInstance(rows[0]!)).operations.prefetch(rows, lookups);
  }
  const byKey = new Map<string, object>();
  rows.forEach((row, i) => {
    const key = keys[i];
    if (typeof key === "string" && !byKey.has(key)) byKey.set(key, row);
  });
  const forward = "attname" in relation;
  for (const instance of instances) {
    // It was loaded or assigned meanwhile: what somebody holds already stays what it is.
    if (has(instance)) continue;
    const text = keyOf(instance);
    const row = text === null ? null : (byKey.get(text) ?? null);
    if (row === null && text !== null && forward) {
      // A key that no row has: whoever asks for one row alone is told so, peers are noted.
      if (instances.length === 1) throw doesNotExist((relation as ForeignObject).related as ModelMeta);
      noteMissing(instance, name, text);
    }
    setCached(instance, name, row, false);
  }
}
