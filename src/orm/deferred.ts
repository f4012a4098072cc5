/** Classes for rows that were read without some fields: those answer with a lazy thenable until they are set. */
import type { Field } from "../fields/field.js";
import type { ModelMeta } from "../meta/options.js";
import { Lazy } from "./lazy.js";
import type { ModelClass } from "./model.js";
import { runtimeOf } from "./runtime.js";

const classes = new WeakMap<ModelClass, Map<string, ModelClass>>();

/** A subclass that passes for the model itself, with accessors for the missing fields on its prototype. */
export function deferredClass(cls: ModelClass, meta: ModelMeta, missing: readonly Field[]): ModelClass {
  let known = classes.get(cls);
  if (known === undefined) classes.set(cls, (known = new Map()));
  const key = missing.map((f) => f.attname).join();
  let made = known.get(key);
  if (made === undefined) {
    made = class extends (cls as unknown as new (...args: unknown[]) => object) {} as unknown as ModelClass;
    Object.defineProperty(made, "name", { value: cls.name });
    Object.defineProperty(made.prototype, "constructor", { value: cls, configurable: true, writable: true });
    for (const f of missing) defineDeferred(made.prototype, meta, f);
    known.set(key, made);
  }
  return made;
}
function defineDeferred(prototype: object, meta: ModelMeta, field: Field): void {
  const name = field.attname;
  Object.defineProperty(prototype, name, {
    configurable: true,
    enumerable: false,
    get(this: object): unknown {
      return new Lazy(
        `${meta.objectName}.${field.name}`,
        () => runtimeOf(meta).operations.loadDeferred(this, name),
        "deferred",
      );
    },
    set(this: object, value: unknown) {
      Object.defineProperty(this, name, { value, writable: true, enumerable: true, configurable: true });
    },
  });
}
