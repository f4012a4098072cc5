/**
 * What a deletion has to look at: relations that lead to a model, and whether its rows may go by one DELETE without being read.
 * It reads definitions only.
 */
import { ForeignObject } from "../fields/relations.js";
import type { Field } from "../fields/field.js";
import type { ModelMeta } from "../meta/options.js";
import type { QuerySet } from "./queryset.js";
import type { ModelClass } from "./model.js";
import { runtimeOf } from "./runtime.js";
import { postDelete, preDelete } from "./signals/model-signals.js";

/** Actions that the database takes by itself, or nobody. */
const LEFT_ALONE: ReadonlySet<string> = new Set(["doNothing", "dbCascade", "dbSetNull", "dbSetDefault"]);
/** Whether a relation asks nothing of babik when its target is deleted. */
export const isLeftAlone = (f: ForeignObject): boolean => LEFT_ALONE.has(f.onDelete.action);

/** Whether anybody wants to hear of each deleted row of a model; rows then have to be read. */
export function deletionListeners(meta: ModelMeta): boolean {
  const sender = meta.modelClass as ModelClass;
  return meta.autoCreated === null && (preDelete.hasListeners(sender) || postDelete.hasListeners(sender));
}

/** Name of the method of a field without a column whose related rows go with the row (a generic relation). */
export const DELETES_RELATED: unique symbol = Symbol.for("babik.deletesRelated");
/** What such a field can do. */
export interface DeletesRelated {
  /** The rows that go with these instances. In a list: a queryset that comes out of a promise would be read. */
  [DELETES_RELATED](instances: readonly object[], alias: string): readonly QuerySet[] | Promise<readonly QuerySet[]>;
}
/** Fields of a model that take rows of other models along without a foreign key. */
export function virtualDeletes(meta: ModelMeta): readonly DeletesRelated[] {
  return meta.concrete.virtualFields.filter((f): f is Field & DeletesRelated => DELETES_RELATED in f);
}

const known = new WeakMap<ModelMeta, readonly ForeignObject[]>();
/** Foreign keys that lead to rows of a model or of its parents, in the order of the models. Links of sibling models are left out. */
export function relationsTo(meta: ModelMeta): readonly ForeignObject[] {
  const { concrete } = meta;
  let found = known.get(concrete);
  if (found === undefined) {
    const all = new Set<ForeignObject>();
    const gather = (m: ModelMeta): void => {
      for (const parent of m.parents.keys()) gather(parent.concrete);
      for (const f of pointingAt(m)) if (!f.parentLink || m === concrete) all.add(f);
    };
    gather(concrete);
    known.set(concrete, (found = [...all]));
  }
  return found;
}
function* pointingAt(target: ModelMeta): Generator<ForeignObject> {
  for (const m of runtimeOf(target).registry.models.values()) {
    if (m.proxy || m.swapped) continue;
    for (const f of m.localFields)
      if (f instanceof ForeignObject && (f.related as ModelMeta | undefined)?.concrete === target) yield f;
  }
}

/**
 * Whether rows of a model may be deleted without being read: nobody listens, nothing refers to them that babik has to look after,
 * and they have no parents' rows to take along.
 * @param from the foreign key that they are reached by, if they are
 */
export function canFastDelete(meta: ModelMeta, from: ForeignObject | null = null): boolean {
  if (from !== null && from.onDelete.action !== "cascade") return false;
  if (deletionListeners(meta)) return false;
  for (const link of meta.concrete.parents.values()) if (link !== from) return false;
  return relationsTo(meta).every(isLeftAlone) && virtualDeletes(meta).length === 0;
}

/** What has to be loaded of rows that are only read to be deleted: keys that others refer to, and links to parents. Empty: everything. */
export function neededFields(meta: ModelMeta): readonly string[] {
  if (deletionListeners(meta) || meta.allParents.some(deletionListeners)) return [];
  const names = new Set<string>();
  for (const f of relationsTo(meta)) for (const to of f.toFields) names.add(to.attname);
  if (names.size === 0) return [];
  for (const m of [meta.concrete, ...meta.concrete.allParents])
    for (const link of m.parents.values()) if (link !== null) names.add(link.attname);
  return [...names];
}
