/** Instances made while somebody listens to `preInit` or `postInit`. */
import { QueryTypeError } from "../../base/errors.js";
import type { ModelMeta } from "../../meta/options.js";
import { metaOfInstance, type Fill } from "../instance-state.js";
import type { ModelClass } from "../definition.js";
import { runtimeOf } from "../runtime.js";
import { postInit, preInit } from "./model-signals.js";

/** A new instance: receivers of `preInit` may change its values before any of them is set. */
export function initialiseHeard(instance: object, meta: ModelMeta, given: Readonly<Record<string, unknown>>): void {
  const sender = meta.modelClass as ModelClass;
  let values = given;
  if (preInit.hasListeners(sender)) {
    if (typeof given !== "object" || given === null || Array.isArray(given))
      throw new QueryTypeError(`new ${meta.objectName}() takes one object of values.`, "model.values");
    values = { ...given };
    preInit.sendSync(sender, { values });
  }
  runtimeOf(meta).operations.initialise(instance, meta, values);
  if (postInit.hasListeners(sender)) postInit.sendSync(sender, { instance });
}

/** A row that was read: its values are what the database holds, so receivers see them and cannot change them. */
export function fillHeard(instance: object, fill: Fill, row: readonly unknown[]): void {
  const sender = metaOfInstance(instance).modelClass as ModelClass;
  if (preInit.hasListeners(sender)) {
    const values = Object.create(null) as Record<string, unknown>;
    fill(values, row);
    preInit.sendSync(sender, { values: Object.freeze(values) });
  }
  fill(instance, row);
  if (postInit.hasListeners(sender)) postInit.sendSync(sender, { instance });
}
