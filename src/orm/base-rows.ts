/** Querysets that see all rows of a model, whatever its default manager hides: the ones the library itself reads with. */
import type { ModelMeta } from "../meta/options.js";
import { plainParts, QuerySet } from "./queryset.js";

/** All rows of a model, in one database, or where the routers say when `alias` is null. */
export function allRows(meta: ModelMeta, alias: string | null, hints: Readonly<Record<string, unknown>> = {}): QuerySet {
  return new QuerySet({ ...plainParts(meta), alias, hints });
}
/** Rows as the model's base manager gives them (`Meta.baseManagerName`); all rows where it names none. */
export function baseRows(meta: ModelMeta, alias: string | null, hints: Readonly<Record<string, unknown>> = {}): QuerySet {
  const name = meta.options.baseManagerName;
  if (name === undefined) return allRows(meta, alias, hints);
  return managed(meta, name, alias, hints);
}
/** Rows as the model's default manager gives them. */
export function defaultRows(meta: ModelMeta, alias: string | null, hints: Readonly<Record<string, unknown>> = {}): QuerySet {
  return managed(meta, meta.options.defaultManagerName ?? "objects", alias, hints);
}
function managed(meta: ModelMeta, name: string, alias: string | null, hints: Readonly<Record<string, unknown>>): QuerySet {
  const manager = (meta.modelClass as Readonly<Record<string, unknown>> | null)?.[name];
  const make = (manager as { all?: unknown } | null | undefined)?.all;
  const rows: unknown = typeof make === "function" ? (make as () => unknown).call(manager) : undefined;
  return rows instanceof QuerySet ? rows.with({ alias, hints }) : allRows(meta, alias, hints);
}
