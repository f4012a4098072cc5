/** What classes of models have: statics, and the definition that `model()` leaves on the classes it makes. */
import type { ModelMeta } from "../meta/options.js";

/** Statics of a model class, as the orm's files see it. */
export interface ModelClass {
  new (a?: unknown, row?: unknown, state?: unknown, fill?: unknown): object;
  readonly meta: ModelMeta;
  readonly prototype: object;
  readonly name: string;
}

/** Name of the static property with the definition. All classes that extend one that `model()` made share it. */
export const DEFINITION: unique symbol = Symbol.for("babik.definition");

/** The definition behind a class of a model; undefined for anything else. */
export function definitionOf(cls: unknown): object | undefined {
  return typeof cls === "function" ? (cls as unknown as { readonly [DEFINITION]?: object })[DEFINITION] : undefined;
}
