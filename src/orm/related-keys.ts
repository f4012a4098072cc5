/** Keys of related objects that were assigned before they were saved, for the bulk methods and save. */
import { ValueError } from "../base/errors.js";
import type { Field } from "../fields/field.js";
import { ForeignObject } from "../fields/relations.js";
import type { ModelMeta } from "../meta/options.js";
import { dropCached, getCached, putValue } from "./instance-state.js";
import { hasCurrent, notePending } from "./relations/keys.js";

/** Copies keys of cached related objects to the instance's own columns; unsaved ones are an error (S46). */
export function relatedForBulk(
  instance: object,
  meta: ModelMeta,
  fields?: ReadonlySet<Field>,
  operation = "bulk_create",
): void {
  const record = instance as Record<string, unknown>;
  for (const f of new Set(meta.byName.values())) {
    if (!(f instanceof ForeignObject) || f.fromFields.length !== 1 || !hasCurrent(instance, f)) continue;
    if (fields !== undefined && !fields.has(f)) continue;
    const other = getCached(instance, f.cacheName) as object | null;
    if (other === null || other === undefined) continue;
    const from = f.fromFields[0]!,
      to = f.toFields[0]!;
    const otherValue = (other as Record<string, unknown>)[to.attname] ?? null;
    const pk = (other as { pk: unknown }).pk;
    const unset = record[from.attname] === null || record[from.attname] === undefined || record[from.attname] === "";
    if (pk === null || pk === undefined || (Array.isArray(pk) && pk.some((v) => v === null))) {
      if (!f.concrete) continue;
      // The instance goes on knowing the object: once that is saved, so can be this one. The object forgets it.
      if (!f.multiple) dropCached(other, f.reverse.cacheName);
      throw new ValueError(
        `${operation}() prohibited to prevent data loss due to unsaved related object '${f.name}'.`,
        "save.unsaved_related",
        { model: meta.label, path: f.name },
      );
    }
    if (unset) {
      putValue(instance, from.attname, otherValue);
      notePending(instance, f.cacheName, false);
    } else if (String(record[from.attname]) !== String(otherValue)) dropCached(instance, f.cacheName);
  }
}
