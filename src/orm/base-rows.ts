/** Querysets the library itself reads with: all rows whatever the default manager hides, or those of the default manager. */
import type { ModelMeta } from "../meta/options.js";
import { defaultManagerOf } from "./managers-of.js";
import { QuerySet } from "./queryset.js";
import { plainParts } from "./queryset-core.js";
import { baseQuerySet } from "./relations/base-query.js";

type Hints = Readonly<Record<string, unknown>>;

/** All rows of a model, in one database, or where the routers say when `alias` is null. */
export function allRows(meta: ModelMeta, alias: string | null, hints: Hints = {}): QuerySet {
  return new QuerySet({ ...plainParts(meta), alias, hints });
}
/** Rows as the model's base manager gives them (`Meta.baseManagerName`); all rows where it names none. */
export function baseRows(meta: ModelMeta, alias: string | null, hints: Hints = {}): QuerySet {
  return baseQuerySet(meta).with({ alias, hints });
}
/** Rows as the model's default manager gives them. */
export function defaultRows(meta: ModelMeta, alias: string | null, hints: Hints = {}): QuerySet {
  return defaultManagerOf(meta).getQuerySet().with({ alias, hints });
}
