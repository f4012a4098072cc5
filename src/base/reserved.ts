/**
 * Names that data must not take, as they would change what an object is: a row called `then` is waited for, one with a `toJSON` prints
 * otherwise, and a field called `save` would hide the method. They are listed and not asked of the prototypes, which anybody may have added to.
 */

/** What every object has, or what the language asks objects for. */
const OF_OBJECTS: ReadonlySet<string> = new Set([
  "__proto__",
  "__defineGetter__",
  "__defineSetter__",
  "__lookupGetter__",
  "__lookupSetter__",
  "constructor",
  "hasOwnProperty",
  "isPrototypeOf",
  "propertyIsEnumerable",
  "prototype",
  "then",
  "toJSON",
  "toLocaleString",
  "toString",
  "valueOf",
]);
/** What every instance has besides. */
const OF_INSTANCES: ReadonlySet<string> = new Set([
  "_state",
  "clean",
  "cleanFields",
  "delete",
  "equals",
  "fullClean",
  "getDeferredFields",
  "getDisplay",
  "getNextBy",
  "getNextInOrder",
  "getPreviousBy",
  "getPreviousInOrder",
  "pk",
  "refreshFromDb",
  "save",
  "saveBase",
  "serializableValue",
  "set",
  "validateConstraints",
  "validateUnique",
]);

/** Whether every object has a member of this name: it cannot be a key of a row, be it an instance or a plain object. */
export function isObjectMember(name: string): boolean {
  return OF_OBJECTS.has(name);
}
/** Whether every instance of a model has a member of this name: it can be no field, and no annotation of an instance. */
export function isInstanceMember(name: string): boolean {
  return OF_OBJECTS.has(name) || OF_INSTANCES.has(name);
}
