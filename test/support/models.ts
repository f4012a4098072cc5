/**
 * Models as data for tests of the floors under the public API: definitions of one app through the registry.
 */
import type { Field } from "../../src/fields/field.js";
import type { MetaOptions, ModelMeta } from "../../src/meta/options.js";
import { type ModelDefinition, Registry } from "../../src/meta/registry.js";

/** A definition by its label. */
export function define(
  label: string,
  fields: Readonly<Record<string, Field>>,
  options: MetaOptions = {},
  more: { readonly parents?: readonly ModelDefinition[]; readonly proxyFor?: ModelDefinition } = {},
): ModelDefinition {
  return { label, fields, options, parents: more.parents ?? [], proxyFor: more.proxyFor ?? null };
}

/** The registry of some definitions, all in the app `shop` unless their labels say otherwise. */
export function registryOf(...definitions: readonly ModelDefinition[]): Registry {
  const registry = new Registry();
  for (const d of definitions) registry.add("shop", d);
  registry.finish();
  return registry;
}

/** The finished models of some definitions, in their order. */
export function metasOf(...definitions: readonly ModelDefinition[]): ModelMeta[] {
  const registry = registryOf(...definitions);
  return definitions.map((d) => registry.metaOf(d)!);
}

/** One finished model. */
export function metaOf(
  fields: Readonly<Record<string, Field>>,
  options: MetaOptions = {},
  ...others: readonly ModelDefinition[]
): ModelMeta {
  return metasOf(define("Product", fields, options), ...others)[0]!;
}
