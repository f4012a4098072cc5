/** Errors of accessors: no related object, loading forbidden, a wrong kind assigned. It must not know how rows are loaded. */
import { INSTANCE, isInstance } from "../../ast/slots.js";
import { FieldFetchBlocked, ValueError } from "../../base/errors.js";
import type { ForeignObject, ReverseRelation } from "../../fields/relations.js";
import type { ModelMeta } from "../../meta/options.js";
import { modelError, type ModelErrorClass } from "../model-errors.js";

const made = new WeakMap<ForeignObject, ModelErrorClass>();
/** The error class of a relation that leads nowhere: a kind of the target's `DoesNotExist`. */
export function relatedError(field: ForeignObject): ModelErrorClass {
  let cls = made.get(field);
  if (cls === undefined) {
    cls = class extends modelError(field.related as ModelMeta, "DoesNotExist") {};
    Object.defineProperty(cls, "name", { value: "RelatedObjectDoesNotExist" });
    made.set(field, cls);
  }
  return cls;
}
/** "Order has no customer." */
export function noRelated(field: ForeignObject, meta: ModelMeta): Error {
  return new (relatedError(field))(`${meta.objectName} has no ${field.name}.`, "relation.does_not_exist", {
    model: meta.label,
    path: field.name,
  });
}
const reverse = new WeakMap<ReverseRelation, ModelErrorClass>();
/** "Place has no restaurant.": a kind of the related model's `DoesNotExist`. */
export function noReverse(relation: ReverseRelation, meta: ModelMeta): Error {
  let cls = reverse.get(relation);
  if (cls === undefined) {
    cls = class extends modelError(relation.relatedModel as ModelMeta, "DoesNotExist") {};
    Object.defineProperty(cls, "name", { value: "RelatedObjectDoesNotExist" });
    reverse.set(relation, cls);
  }
  return new cls(`${meta.objectName} has no ${relation.cacheName}.`, "relation.does_not_exist", {
    model: meta.label,
    path: relation.cacheName,
  });
}
/** Raised where `fetchMode("raise")` forbids to load what was not loaded with its row. */
export function fetchBlocked(meta: ModelMeta, name: string, how: string): Error {
  return new FieldFetchBlocked(
    `Fetching of ${meta.objectName}.${name} blocked: the rows were read with fetchMode("raise"). Load it with them, by ${how}.`,
    "relation.fetch_blocked",
    { model: meta.label, path: name },
  );
}
/** What was given, for messages: never its values. */
export function kindOf(value: unknown): string {
  if (isInstance(value)) return `${(value[INSTANCE] as unknown as ModelMeta).objectName} object`;
  return value === null ? "null" : Array.isArray(value) ? "array" : typeof value;
}
/** The error for a value that is no instance of the relation's model. */
export function wrongKind(value: unknown, owner: ModelMeta, name: string, target: ModelMeta): Error {
  return new ValueError(
    `Cannot assign "${kindOf(value)}": "${owner.objectName}.${name}" must be a "${target.objectName}" instance.`,
    "relation.assign",
    { model: owner.label, path: name },
  );
}
