/** `Prefetch(...)`: which relation to load with a result, through which queryset, under which name. Data only. */
import { namedOptions } from "../base/options.js";
import { QueryTypeError, ValueError } from "../base/errors.js";
import { isInstanceMember } from "../base/reserved.js";
import { QuerySet } from "./queryset.js";

/** A lookup of `prefetchRelated`. */
export class PrefetchLookup {
  /** Path of accessors as it was given. */
  readonly lookup: string;
  /** The path that is walked, and the path under which the results stand (they differ by `toAttr`). */
  readonly through: readonly string[];
  readonly to: readonly string[];
  readonly querysets: readonly QuerySet[] | null;
  readonly toAttr: string | null;

  constructor(
    lookup: string,
    through: readonly string[],
    to: readonly string[],
    querysets: readonly QuerySet[] | null,
    toAttr: string | null,
  ) {
    this.lookup = lookup;
    this.through = through;
    this.to = to;
    this.querysets = querysets;
    this.toAttr = toAttr;
  }
  get path(): string {
    return this.to.join("__");
  }
  /** The lookup as seen from further out. */
  behind(prefix: readonly string[]): PrefetchLookup {
    return new PrefetchLookup(
      this.lookup,
      [...prefix, ...this.through],
      [...prefix, ...this.to],
      this.querysets,
      this.toAttr,
    );
  }
  /** The path to the results of a level. */
  pathAt(level: number): string {
    return this.to.slice(0, level + 1).join("__");
  }
  /** The name for the results of a level, and whether it is one of the user's own. */
  nameAt(level: number): { name: string; own: boolean } {
    return { name: this.to[level]!, own: this.toAttr !== null && level === this.to.length - 1 };
  }
  /** The querysets of a level: those given are for the last one. */
  querysetsAt(level: number): readonly QuerySet[] | null {
    return level === this.to.length - 1 ? this.querysets : null;
  }
}

/**
 * Controls how `prefetchRelated` loads a relation: through a queryset of one's own, and under a name of one's own.
 * @param lookup path of accessors, such as `"books__reviews"`
 * @param options `queryset`: rows, order, slices and further prefetches of the related rows; `toAttr`: the list stands there instead
 * @throws ValueError for querysets of values
 * @example
 * await Author.objects.prefetchRelated(Prefetch("books", { queryset: Book.objects.filter({ price__lt: 20 }), toAttr: "cheap" }));
 * // SELECT … FROM author; SELECT … FROM book WHERE price < 20 AND author_id IN (…)
 * @see https://docs.djangoproject.com/en/dev/ref/models/querysets/#prefetch-objects
 */
export function Prefetch(
  lookup: string,
  options: { readonly queryset?: unknown; readonly toAttr?: string } = {},
): PrefetchLookup {
  const { queryset, toAttr } = namedOptions("Prefetch()", options, ["queryset", "toAttr"]);
  return prefetchLookup(lookup, queryset === undefined || queryset === null ? null : [queryset], toAttr);
}
/** A lookup with a queryset for each model that its relation may lead to (`GenericPrefetch`). */
export function prefetchLookup(
  lookup: unknown,
  querysets: readonly unknown[] | null,
  toAttr: string | undefined,
): PrefetchLookup {
  if (typeof lookup !== "string" || lookup === "")
    throw new QueryTypeError(
      'Prefetch() takes a path of relations first, such as "books__reviews".',
      "prefetch.argument",
    );
  for (const qs of querysets ?? [])
    if (!(qs instanceof QuerySet) || qs.mode !== "instances")
      throw new ValueError(
        "Prefetch querysets cannot use raw(), values(), and values_list(): they have to give instances.",
        "prefetch.queryset",
        { path: lookup },
      );
  if (
    toAttr !== undefined &&
    (typeof toAttr !== "string" || !/^[A-Za-z_]\w*$/.test(toAttr) || isInstanceMember(toAttr))
  )
    throw new QueryTypeError(
      "The option 'toAttr' of Prefetch() is a name of letters and digits, and none that every instance has already.",
      "prefetch.name",
      { path: lookup },
    );
  const parts = lookup.split("__");
  return new PrefetchLookup(
    lookup,
    parts,
    toAttr === undefined ? parts : [...parts.slice(0, -1), toAttr],
    querysets as readonly QuerySet[] | null,
    toAttr ?? null,
  );
}
/** Names and `Prefetch` objects as lookups. */
export function toLookup(given: unknown, prefix: readonly string[]): PrefetchLookup {
  const lookup = given instanceof PrefetchLookup ? given : prefetchLookup(given, null, undefined);
  return prefix.length === 0 ? lookup : lookup.behind(prefix);
}
