/**
 * Objects assigned to generic keys before their content type was known: whoever writes a row waits here first. Filled by
 * `foreign-key.ts`; the files that write cannot import it.
 */
import { GenericForeignKey } from "../../fields/generic.js";
import { metaOfInstance } from "../instance-state.js";

/** What is done before an instance is written; nothing as long as no model has a generic key. */
export const genericHook: {
  /** Sets the columns of assigned objects. @throws ValueError for objects that are not saved */
  settle(instance: object, operation: string): void | Promise<void>;
} = { settle: () => undefined };

/** Sets the columns of generic keys, where the model has any. */
export function settleGeneric(instance: object, operation: string): void | Promise<void> {
  const { virtualFields } = metaOfInstance(instance);
  if (virtualFields.length === 0 || !virtualFields.some((f) => f instanceof GenericForeignKey)) return;
  return genericHook.settle(instance, operation);
}
