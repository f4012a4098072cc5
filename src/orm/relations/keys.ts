/** Values by which two rows are related, on either side of a foreign key, and their texts for grouping. It reads instances only. */
import type { Field } from "../../fields/field.js";
import type { ReverseRelation } from "../../fields/relations.js";
import { type ForeignObject } from "../../fields/relations.js";
import type { MetaField, ModelMeta } from "../../meta/options.js";
import { dropCached, getCached, isCached, keyText, rawValue } from "../instance-state.js";

/** What an instance holds in the columns of a relation; `undefined` where a column is deferred. */
export function localValues(field: ForeignObject, instance: object): unknown[] {
  return field.fromFields.map((f) => rawValue(instance, f.attname));
}
/** What an instance of the target holds in the columns that a relation points at. */
export function targetValues(field: ForeignObject, instance: object): unknown[] {
  return field.toFields.map((f) => rawValue(instance, f.attname));
}
/** A text that is equal for equal values of the fields; null where a part is missing. */
export function valuesText(fields: readonly Field[], values: readonly unknown[]): string | null {
  if (values.some((v) => v === null || v === undefined)) return null;
  // A user may have assigned "7" where rows hold 7: both have one canonical form.
  return keyText(values.length === 1 ? fields[0]!.prep(values[0]) : values.map((v, i) => fields[i]!.prep(v)));
}
/** Whether all parts of a key are there. */
export function hasValues(values: readonly unknown[]): boolean {
  return values.every((v) => v !== null && v !== undefined);
}

const pending = new WeakMap<object, Set<string>>();
/** Notes that an object without a key was assigned: the empty column does not yet tell of it. */
export function notePending(instance: object, name: string, waits: boolean): void {
  const names = pending.get(instance);
  if (waits) pending.set(instance, (names ?? new Set()).add(name));
  else names?.delete(name);
}
const missing = new WeakMap<object, Map<string, string | null>>();
/** Notes that no row has the key that the columns name. */
export function noteMissing(instance: object, name: string, text: string | null): void {
  let known = missing.get(instance);
  if (known === undefined) missing.set(instance, (known = new Map()));
  known.set(name, text);
}

/**
 * Whether the relation's object is at hand and still the one that the columns name. A cached object whose column was assigned
 * another value since is forgotten.
 */
export function hasCurrent(instance: object, field: ForeignObject): boolean {
  const name = field.cacheName;
  if (!isCached(instance, name)) return false;
  const cached = getCached(instance, name);
  const own = localValues(field, instance);
  const found = typeof cached === "object" && cached !== null;
  const theirs = found ? targetValues(field, cached) : [];
  // Nearly always the very same values; what is deferred on either side was not assigned.
  if (found && own.every((v, i) => v === theirs[i] && v !== null)) return true;
  if (own.includes(undefined) || theirs.includes(undefined)) return true;
  const text = valuesText(field.toFields, own);
  const current = found
    ? text === valuesText(field.toFields, theirs) || (text === null && pending.get(instance)?.has(name) === true)
    : text === null || missing.get(instance)?.get(name) === text;
  if (!current) dropCached(instance, name);
  return current;
}

/** All relations that instances of a model have accessors for, forward and reverse, by accessor name. */
export function relationsByAccessor(meta: ModelMeta): ReadonlyMap<string, MetaField> {
  let known = accessors.get(meta);
  if (known === undefined) {
    known = new Map();
    for (const [name, f] of meta.byName) if (f.isRelation && f.name === name) known.set(name, f);
    // A child's row is its parents' row too, the relations that lead from them included.
    const reverse = [
      ...meta.reverse,
      ...meta.reverseByQuery.values(),
      ...[meta.concrete, ...meta.allParents].flatMap((m) => m.reverse),
    ];
    for (const r of new Set<ReverseRelation>(reverse))
      if (r.accessorName !== null && !known.has(r.accessorName)) known.set(r.accessorName, r);
    accessors.set(meta, known);
  }
  return known;
}
const accessors = new WeakMap<ModelMeta, Map<string, MetaField>>();
