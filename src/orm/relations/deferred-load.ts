/** Loading deferred fields: of one row, or of all rows of a result that lack the field, by one query. */
import { FieldDoesNotExist } from "../../base/errors.js";
import type { Field } from "../../fields/field.js";
import type { ModelMeta } from "../../meta/options.js";
import { keyText, metaOfInstance, pkOf, putValue, rawValue, stateOf } from "../instance-state.js";
import { doesNotExist } from "../model-errors.js";
import { databaseOf } from "../execute.js";
import type { QuerySet } from "../queryset.js";
import { baseQuerySet, databaseOfRow, hintsOf } from "./base-query.js";
import { chunksOf } from "./chunks.js";
import { fetchBlocked } from "./related-errors.js";
import { once } from "./shared-work.js";

/**
 * The value of a deferred field, by its attname, set on the instance and on its peers. Implements `operations.loadDeferred`.
 * @throws FieldFetchBlocked under `fetchMode("raise")`, the model's DoesNotExist when the row is gone
 */
export async function loadDeferred(instance: object, name: string): Promise<unknown> {
  if (Object.hasOwn(instance, name)) return rawValue(instance, name);
  const meta = metaOfInstance(instance);
  const field = meta.byName.get(name);
  if (field === undefined)
    throw new FieldDoesNotExist(`${meta.objectName} has no field named '${name}'.`, "model.unknown_field", {
      model: meta.label,
      path: name,
    });
  const linked = fromLink(instance, meta, field);
  if (linked !== undefined) {
    putValue(instance, name, linked);
    return linked;
  }
  const state = stateOf(instance);
  if (state.fetchMode === "raise")
    throw fetchBlocked(meta, field.name, `leaving '${field.name}' out of defer(), or naming it in only()`);
  if (state.fetchMode === "peers" && state.peers !== null) {
    await once(state.peers, `deferred ${name}`, databaseOfRow(instance), () => {
      const lacking = state.peers!.filter(
        (p) => !Object.hasOwn(p, name) && metaOfInstance(p).concrete === meta.concrete && stateOf(p).db === state.db,
      );
      return fill(lacking.includes(instance) ? lacking : [...lacking, instance], meta, field);
    });
    if (Object.hasOwn(instance, name)) return rawValue(instance, name);
  }
  await fill([instance], meta, field);
  if (!Object.hasOwn(instance, name)) throw doesNotExist(meta);
  return rawValue(instance, name);
}
/** A parent's key is known from the link to it. */
function fromLink(instance: object, meta: ModelMeta, field: Field): unknown {
  const owner = field.owner as ModelMeta;
  if (!field.primaryKey || owner.concrete === meta.concrete) return undefined;
  const link = meta.ancestorLink(owner);
  return link === null || link === undefined ? undefined : rawValue(instance, link.attname);
}
async function fill(instances: readonly object[], meta: ModelMeta, field: Field): Promise<void> {
  const first = instances[0]!;
  // The table that has the column is asked, where the parent's key is at hand.
  const owner = (field.owner as ModelMeta).concrete;
  const own =
    owner !== meta.concrete &&
    !owner.hasCompositePk &&
    instances.every((i) => (rawValue(i, owner.pk.attname) ?? null) !== null);
  const keyOf = (i: object): unknown => (own ? rawValue(i, owner.pk.attname) : pkOf(i));
  const base = baseQuerySet(own ? owner : meta).with({ alias: stateOf(first).db, hints: hintsOf(first) }) as QuerySet;
  const dialect = await databaseOf(base.parts).ready();
  const byKey = new Map<string, object[]>();
  for (const i of instances) {
    const text = keyText(keyOf(i));
    const list = byKey.get(text);
    if (list === undefined) byKey.set(text, [i]);
    else list.push(i);
  }
  const keys = [...byKey.values()].map((list) => keyOf(list[0]!));
  for (const chunk of chunksOf(keys, dialect, meta.pkFields.length)) {
    const filtered = chunk.length === 1 ? base.filter({ pk: chunk[0] }) : base.filter({ pk__in: chunk });
    const rows = (await filtered.orderBy().valuesList("pk", field.attname).rows()) as [unknown, unknown][];
    for (const [key, value] of rows) for (const i of byKey.get(keyText(key)) ?? []) putValue(i, field.attname, value);
  }
}
