/** Where related rows are read from: the base manager (single rows) or a plain queryset, with the hints and database of an instance. */
import { ImproperlyConfigured } from "../../base/errors.js";
import { defaultManagerOf, managersOf } from "../managers-of.js";
import type { ModelMeta } from "../../meta/options.js";
import type { Database } from "../../db/connection.js";
import { metaOfInstance, stateOf, type FetchMode } from "../instance-state.js";
import { QuerySet } from "../queryset.js";
import { plainParts } from "../queryset-core.js";
import { runtimeOf } from "../runtime.js";

/**
 * All rows of a model for the needs of the orm itself: following a foreign key, saving, refreshing. Filters of the default manager
 * do not apply; `Meta.baseManagerName` does (S60).
 */
export function baseQuerySet(meta: ModelMeta): QuerySet {
  const name = baseManagerName(meta);
  if (name === undefined) return new QuerySet(plainParts(meta));
  const manager = managersOf(meta).get(name);
  if (manager === undefined)
    throw new ImproperlyConfigured(
      `${meta.objectName} has no manager named '${name}', which its baseManagerName asks for.`,
      "model.base_manager",
      { model: meta.label },
    );
  return manager.getQuerySet();
}
function baseManagerName(meta: ModelMeta): string | undefined {
  if (meta.options.baseManagerName !== undefined) return meta.options.baseManagerName;
  const parent = meta.proxyFor ?? [...meta.parents.keys()][0];
  return parent === undefined ? undefined : baseManagerName(parent);
}

/** All rows of a model as related sets start from: its default manager's (S60). */
export function relatedQuerySet(meta: ModelMeta): QuerySet {
  return defaultManagerOf(meta).getQuerySet();
}

/** What routers are told about the instance that a query starts from. */
export function hintsOf(instance: object): Readonly<Record<string, unknown>> {
  return { instance };
}
/** The database that an instance was read from or saved to; the default one for an instance that is in none yet. */
export function databaseOfRow(instance: object): Database {
  return runtimeOf(metaOfInstance(instance)).database(stateOf(instance).db ?? "default");
}
/** The queryset as one that starts from `instance`: its hints, its way of fetching. */
export function startingFrom(qs: QuerySet, instance: object): QuerySet {
  return qs.with({ hints: hintsOf(instance), fetchMode: stateOf(instance).fetchMode satisfies FetchMode });
}
