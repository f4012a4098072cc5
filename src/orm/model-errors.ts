/** The error classes that each model has for itself: `Product.DoesNotExist`, `MultipleObjectsReturned`, `NotUpdated`. */
import { MultipleObjectsReturned, ObjectDoesNotExist, ObjectNotUpdated } from "../base/errors.js";
import type { ModelMeta } from "../meta/options.js";

const BASES = { DoesNotExist: ObjectDoesNotExist, MultipleObjectsReturned, NotUpdated: ObjectNotUpdated } as const;
export type ModelErrorName = keyof typeof BASES;
export type ModelErrorClass = new (message: string, code?: string, facts?: object) => Error;
const made = new WeakMap<ModelMeta, Map<ModelErrorName, ModelErrorClass>>();

/** The model's own class; it descends from those of its parents. */
export function modelError(meta: ModelMeta, name: ModelErrorName): ModelErrorClass {
  let table = made.get(meta);
  if (table === undefined) made.set(meta, (table = new Map()));
  let cls = table.get(name);
  if (cls === undefined) {
    const parent = meta.proxyFor ?? [...meta.parents.keys()][0];
    const Base = (parent === undefined ? BASES[name] : modelError(parent, name)) as ModelErrorClass;
    cls = class extends Base {};
    Object.defineProperty(cls, "name", { value: name });
    table.set(name, cls);
  }
  return cls;
}
export function doesNotExist(meta: ModelMeta): Error {
  return new (modelError(meta, "DoesNotExist"))(
    `${meta.objectName} matching query does not exist.`,
    "query.does_not_exist",
    { model: meta.label },
  );
}
export function multipleReturned(meta: ModelMeta, n: number, limit: number): Error {
  return new (modelError(meta, "MultipleObjectsReturned"))(
    `get() returned more than one ${meta.objectName} -- it returned ${n < limit ? n : `more than ${limit - 1}`}!`,
    "query.multiple_objects",
    { model: meta.label },
  );
}
