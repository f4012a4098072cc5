/**
 * The accessor of a generic foreign key: reading loads the object of whatever model it is, assigning sets content type and key.
 * Content types may not be known yet when an object is assigned: then the column is set before the row is written.
 */
import { isInstance } from "../../ast/slots.js";
import { ValueError } from "../../base/errors.js";
import { GenericForeignKey } from "../../fields/generic.js";
import type { ForeignKey } from "../../fields/relations.js";
import type { ModelMeta } from "../../meta/options.js";
import {
  dropCached,
  getCached,
  hasPk,
  isCached,
  keyText,
  metaOfInstance,
  pkOf,
  putValue,
  rawValue,
  setCached,
  stateOf,
} from "../instance-state.js";
import { Lazy } from "../lazy.js";
import { registerAccessor } from "../relations/accessors.js";
import { assignRelation } from "../relations/assign.js";
import { databaseOfRow } from "../relations/base-query.js";
import { loadDeferred } from "../relations/deferred-load.js";
import { loaderOf } from "../relations/loader.js";
import { fetchBlocked, kindOf } from "../relations/related-errors.js";
import { once } from "../relations/shared-work.js";
import { databaseFor, typesOf } from "./content-types.js";
import { genericHook } from "./hook.js";

/** The foreign key to the content type that a generic key is made of. */
export function contentTypeField(f: GenericForeignKey): ForeignKey {
  return (f.owner as ModelMeta).byName.get(f.ctField) as ForeignKey;
}
/** Attribute with the object's key. */
export function objectIdName(f: GenericForeignKey): string {
  return (f.owner as ModelMeta).byName.get(f.fkField)!.attname;
}
function typeMeta(f: GenericForeignKey, value: object): ModelMeta {
  const meta = metaOfInstance(value);
  return f.forConcreteModel ? meta.concrete : meta;
}

/** Objects whose content type has still to be found. */
const waiting = new WeakMap<object, Set<GenericForeignKey>>();

/** Whether the cached object is the one that the columns name. Forgets it otherwise. */
export function isCurrent(instance: object, f: GenericForeignKey): boolean {
  if (!isCached(instance, f.name)) return false;
  const value = getCached(instance, f.name);
  if (typeof value !== "object" || value === null || waiting.get(instance)?.has(f) === true) return true;
  const own = rawValue(instance, contentTypeField(f).attname),
    key = rawValue(instance, objectIdName(f));
  if (own === undefined || key === undefined) return true;
  const types = typesOf(metaOfInstance(instance));
  const type = types.known(databaseFor(types, instance), typeMeta(f, value));
  const same =
    (type === undefined || (own !== null && keyText(pkOf(type)) === keyText(own))) &&
    key !== null &&
    sameKey(value, key);
  if (!same) dropCached(instance, f.name);
  return same;
}
/** Keys are compared as the object's own key field understands them: the column may hold them as text. */
function sameKey(value: object, key: unknown): boolean {
  return keyIn(metaOfInstance(value), key) === keyText(pkOf(value));
}
export function keyIn(meta: ModelMeta, key: unknown): string | null {
  try {
    return keyText(meta.pk.prep(key));
  } catch {
    // No object of this model has such a key.
    return null;
  }
}

function read(instance: object, f: GenericForeignKey): unknown {
  if (isCurrent(instance, f) && stateOf(instance).eager?.has(f.name) === true) return getCached(instance, f.name);
  return new Lazy(`${metaOfInstance(instance).objectName}.${f.name}`, () => follow(instance, f));
}
async function follow(instance: object, f: GenericForeignKey): Promise<object | null> {
  for (const name of [contentTypeField(f).attname, objectIdName(f)])
    if (!Object.hasOwn(instance, name)) await loadDeferred(instance, name);
  if (!isCurrent(instance, f)) await fetch(instance, f);
  return (getCached(instance, f.name) ?? null) as object | null;
}
async function fetch(instance: object, f: GenericForeignKey): Promise<void> {
  const meta = metaOfInstance(instance);
  const { fetchMode, peers, db } = stateOf(instance);
  if (fetchMode === "raise") throw fetchBlocked(meta, f.name, `prefetchRelated("${f.name}")`);
  if (fetchMode === "peers" && peers !== null && peers.length > 1) {
    await once(peers, `relation ${f.name}`, databaseOfRow(instance), () => {
      const lacking = peers.filter(
        (p) => metaOfInstance(p).concrete === meta.concrete && stateOf(p).db === db && !isCurrent(p, f),
      );
      return load(lacking.includes(instance) ? lacking : [...lacking, instance], f);
    });
    if (isCached(instance, f.name)) return;
  }
  await load([instance], f);
}
async function load(instances: readonly object[], f: GenericForeignKey): Promise<void> {
  const { rows, keys, keyOf } = await loaderOf(f).load(instances, null);
  const byKey = new Map<string, object>();
  rows.forEach((row, i) => byKey.set(keys[i]!, row));
  for (const instance of instances) {
    // It was loaded or assigned meanwhile: what somebody holds already stays what it is.
    if (isCurrent(instance, f)) continue;
    const text = keyOf(instance);
    setCached(instance, f.name, text === null ? null : (byKey.get(text) ?? null), false);
  }
}

/** Assigns an object of any model, or null. @throws ValueError for what is no instance */
function assign(instance: object, f: GenericForeignKey, value: unknown): void {
  const meta = metaOfInstance(instance);
  if (value !== null && !isInstance(value))
    throw new ValueError(
      `Cannot assign "${kindOf(value)}": "${meta.objectName}.${f.name}" must be an instance of a model, or null.`,
      "relation.assign",
      { model: meta.label, path: f.name },
    );
  const targets = f.targets as readonly ModelMeta[] | null;
  if (value !== null && targets !== null && !targets.some((t) => metaOfInstance(value).isA(t)))
    throw new ValueError(
      `Cannot assign "${kindOf(value)}": "${meta.objectName}.${f.name}" must be an instance of ${targets.map((t) => t.label).join(" or ")}.`,
      "relation.assign",
      { model: meta.label, path: f.name },
    );
  waiting.get(instance)?.delete(f);
  if (value === null) assignRelation(instance, contentTypeField(f), null);
  else {
    const types = typesOf(meta);
    const type = types.known(databaseFor(types, value), typeMeta(f, value));
    if (type !== undefined) assignRelation(instance, contentTypeField(f), type);
    else {
      putValue(instance, contentTypeField(f).attname, null);
      waiting.set(instance, (waiting.get(instance) ?? new Set()).add(f));
    }
  }
  putValue(instance, objectIdName(f), value === null ? null : stored(f, pkOf(value)));
  setCached(instance, f.name, value, false);
}
// The column's own form of the key, where it takes it: a text for a text column.
function stored(f: GenericForeignKey, key: unknown): unknown {
  if (key === null || Array.isArray(key)) return key;
  try {
    return (f.owner as ModelMeta).byName.get(f.fkField)!.prep(key);
  } catch {
    return key;
  }
}

/** Before a row is written: content types that were not known, keys of objects that were saved after they were assigned. */
async function settle(instance: object, operation: string): Promise<void> {
  const meta = metaOfInstance(instance);
  for (const f of meta.virtualFields) {
    if (!(f instanceof GenericForeignKey) || !isCached(instance, f.name)) continue;
    const value = getCached(instance, f.name);
    if (typeof value !== "object" || value === null) continue;
    if (!hasPk(value)) {
      throw new ValueError(
        `${operation}() prohibited to prevent data loss due to unsaved related object '${f.name}'.`,
        "save.unsaved_related",
        { model: meta.label, path: f.name },
      );
    }
    if (waiting.get(instance)?.has(f) === true) {
      assignRelation(
        instance,
        contentTypeField(f),
        await typesOf(meta).getForModel(value, { forConcreteModel: f.forConcreteModel, using: stateOf(value).db }),
      );
      waiting.get(instance)?.delete(f);
    }
    const name = objectIdName(f);
    if ((rawValue(instance, name) ?? null) === null) putValue(instance, name, stored(f, pkOf(value)));
  }
}
genericHook.settle = settle;

registerAccessor((relation) =>
  relation instanceof GenericForeignKey
    ? { get: (i) => read(i, relation), set: (i, v) => assign(i, relation, v) }
    : undefined,
);
