/** `question.getAnswerOrder()` and `question.setAnswerOrder(keys)`: the order of rows with respect to another row. */
import { QueryTypeError } from "../../base/errors.js";
import { ownOptions } from "../../base/options.js";
import { ForeignKey } from "../../fields/relations.js";
import type { ModelMeta } from "../../meta/options.js";
import { putValue, stateOf } from "../instance-state.js";
import { defaultManagerOf } from "../managers-of.js";
import type { ModelClass } from "../model.js";
import type { QuerySet } from "../queryset.js";

/** The model whose rows order the rows of `meta`; undefined where there is none, or where it may be any model. */
export function orderedFrom(meta: ModelMeta): ModelMeta | undefined {
  const field = meta.orderWithRespectTo;
  return field instanceof ForeignKey && field.owner === meta ? (field.related as ModelMeta) : undefined;
}
/** The rows of a model that stand in the order of one row. */
export function siblingsOf(instance: object, meta: ModelMeta, using?: string): QuerySet {
  const field = meta.orderWithRespectTo as ForeignKey;
  return defaultManagerOf(meta)
    .dbManager(using ?? stateOf(instance).db)
    .getQuerySet()
    .filter({ [field.name]: instance });
}
/** Gives rows their places: in the order of their keys in the list. */
export async function setSiblingOrder(
  instance: object,
  meta: ModelMeta,
  keys: Iterable<unknown>,
  using?: string,
): Promise<void> {
  if (typeof keys !== "object" || keys === null || !(Symbol.iterator in keys))
    throw new QueryTypeError(`The order of ${meta.label} is a list of keys.`, "relation.order", { model: meta.label });
  const Class = meta.modelClass as ModelClass;
  const rows = [...keys].map((pk, place) => {
    const row = new Class({ pk });
    putValue(row, "_order", place);
    return row;
  });
  if (rows.length > 0) await siblingsOf(instance, meta, using).bulkUpdate(rows, ["_order"]);
}

/** Puts the two methods on the prototype of the model that orders. */
export function installSiblingOrder(meta: ModelMeta, prototype: object): void {
  const put = (name: string, value: (...args: never[]) => unknown): void =>
    void Object.defineProperty(prototype, name, { configurable: true, writable: true, enumerable: false, value });
  put(`get${meta.objectName}Order`, function get(this: object): QuerySet {
    return siblingsOf(this, meta).orderBy("_order").valuesList("pk", { flat: true });
  });
  put(
    `set${meta.objectName}Order`,
    function set(this: object, keys: Iterable<unknown>, options: { readonly using?: string } = {}): Promise<void> {
      return setSiblingOrder(this, meta, keys, ownOptions(options).using);
    },
  );
}
