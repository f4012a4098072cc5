/** Assigning related objects: `order.customer = c`, `place.restaurant = r`. Keys, caches and databases of both sides are set; nothing is saved. */
import { isInstance } from "../../ast/slots.js";
import { ValueError } from "../../base/errors.js";
import { OneToOneField, type ForeignObject, type ReverseRelation } from "../../fields/relations.js";
import type { ModelMeta } from "../../meta/options.js";
import {
  dropCached,
  getCached,
  metaOfInstance,
  ownState,
  putValue,
  rawValue,
  setCached,
  stateOf,
} from "../instance-state.js";
import { runtimeOf } from "../runtime.js";
import { hintsOf } from "./base-query.js";
import { notePending } from "./keys.js";
import { kindOf, wrongKind } from "./related-errors.js";

/** Whether two instances may be related: by the routers, else when they are in one database. */
function checkDatabases(instance: object, value: object): void {
  const rt = runtimeOf(metaOfInstance(instance));
  if (stateOf(instance).db === null) ownState(instance).db = rt.route(metaOfInstance(instance), true, hintsOf(value));
  if (stateOf(value).db === null) ownState(value).db = rt.route(metaOfInstance(value), true, hintsOf(instance));
  if (!rt.routing.allowRelation(value, instance)) throw refused(value);
}
function refused(value: object): Error {
  return new ValueError(
    `Cannot assign "${kindOf(value)}": the current database router prevents this relation.`,
    "relation.router",
  );
}

/**
 * Assigns an instance, or null, to a forward relation: its columns, the cache, and the other side of a one-to-one.
 * @throws ValueError when the value is no instance of the target, or the routers forbid it
 */
export function assignRelation(instance: object, field: ForeignObject, value: unknown): void {
  const meta = metaOfInstance(instance);
  const target = field.related as ModelMeta;
  const name = field.cacheName;
  if (value === null) {
    const before = getCached(instance, name);
    // The object that was related no longer is: deleting it must not take this one along.
    if (!field.multiple && typeof before === "object" && before !== null)
      setCached(before, field.reverse.cacheName, null, false);
    for (const from of field.fromFields) putValue(instance, from.attname, null);
    setCached(instance, name, null, false);
    notePending(instance, name, false);
    linkParent(instance, field, null);
    return;
  }
  if (!isInstance(value) || !metaOfInstance(value).isA(target)) throw wrongKind(value, meta, field.name, target);
  checkDatabases(instance, value);
  let waits = false;
  field.fromFields.forEach((from, i) => {
    const key = rawValue(value, field.toFields[i]!.attname) ?? null;
    if (key === null) waits = true;
    putValue(instance, from.attname, key);
  });
  setCached(instance, name, value, false);
  notePending(instance, name, waits);
  if (!field.multiple) setCached(value, field.reverse.cacheName, instance, false);
  linkParent(instance, field, value);
}
/** A parent assigned to the link of a child gives the child its keys, those of grandparents too. */
function linkParent(instance: object, field: ForeignObject, value: object | null): void {
  if (!field.primaryKey || !(field instanceof OneToOneField) || !field.parentLink) return;
  for (const f of metaOfInstance(instance).concreteFields) {
    if (!f.primaryKey || !(f instanceof OneToOneField)) continue;
    const pk = (f.related as ModelMeta).pk.attname;
    putValue(instance, pk, value === null ? null : (rawValue(value, pk) ?? null));
  }
}

/** Assigns to the accessor of the other side of a one-to-one. */
export function assignReverse(instance: object, relation: ReverseRelation, value: unknown): void {
  const field = relation.field as ForeignObject;
  const name = relation.cacheName;
  if (value === null) {
    const before = getCached(instance, name);
    if (typeof before !== "object" || before === null) return;
    dropCached(instance, name);
    assignRelation(before, field, null);
    return;
  }
  const owner = relation.relatedModel as ModelMeta;
  if (!isInstance(value) || !metaOfInstance(value).isA(owner))
    throw wrongKind(value, metaOfInstance(instance), name, owner);
  checkDatabases(instance, value);
  let waits = false;
  field.fromFields.forEach((from, i) => {
    const key = rawValue(instance, field.toFields[i]!.attname) ?? null;
    if (key === null) waits = true;
    putValue(value, from.attname, key);
  });
  setCached(instance, name, value, false);
  setCached(value, field.cacheName, instance, false);
  notePending(value, field.cacheName, waits);
}
