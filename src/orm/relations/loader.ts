/**
 * How related rows of many instances are loaded at once: one loader for each kind of relation, in a table that other kinds
 * (generic relations) add to. It reads rows and says which instance each belongs to; it sets no caches of the instances.
 */
import { FieldError } from "../../base/errors.js";
import type { MetaField } from "../../meta/options.js";
import type { QuerySet } from "../queryset.js";

/** Related rows and the texts by which they are matched with instances. */
export interface Loaded {
  readonly rows: readonly object[];
  /** Text of the row at that position. */
  readonly keys: readonly (string | null)[];
  /** Text of an instance; null: it has no related rows. */
  readonly keyOf: (instance: object) => string | null;
  /** Prefetches that the querysets brought along: they are merged into the work of the caller. */
  readonly lookups: readonly unknown[];
}

/** Loads one relation. */
export interface RelationLoader {
  /** At most one row on the other side. */
  readonly single: boolean;
  /** Name in the cache of instances: of single objects, or of prefetched sets. */
  readonly cacheName: string;
  /** Whether the instance has the related rows already. */
  isFetched(instance: object): boolean;
  /** What is at hand after `isFetched`: an object, null, or rows. */
  cached(instance: object): unknown;
  /** Reads the rows of all instances, through the querysets when some are given. */
  load(instances: readonly object[], querysets: readonly QuerySet[] | null): Promise<Loaded>;
}
/** Makes the loader of a relation. */
export type LoaderMaker = (relation: MetaField) => RelationLoader;

const makers: [fits: (relation: MetaField) => boolean, make: LoaderMaker][] = [];
const made = new WeakMap<MetaField, RelationLoader>();

/** Adds a kind of relation. Kinds added later are asked first. */
export function registerLoader(fits: (relation: MetaField) => boolean, make: LoaderMaker): void {
  makers.unshift([fits, make]);
}
/** The loader of a relation, or undefined when its kind cannot be prefetched. */
export function relationLoader(relation: MetaField): RelationLoader | undefined {
  let loader = made.get(relation);
  if (loader === undefined) {
    const maker = makers.find(([fits]) => fits(relation))?.[1];
    if (maker === undefined) return undefined;
    made.set(relation, (loader = maker(relation)));
  }
  return loader;
}
/** The loader of a relation that must have one. */
export function loaderOf(relation: MetaField): RelationLoader {
  const loader = relationLoader(relation);
  if (loader === undefined)
    throw new FieldError(`The relation '${relation.name}' cannot be loaded.`, "relation.no_loader", {
      path: relation.name,
    });
  return loader;
}
