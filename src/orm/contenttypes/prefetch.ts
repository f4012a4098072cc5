/** `GenericPrefetch`: querysets for the models that a generic key may lead to. Data only. */
import { QueryTypeError } from "../../base/errors.js";
import { prefetchLookup, type PrefetchLookup } from "../prefetch-lookup.js";

/**
 * Controls how `prefetchRelated` loads a generic foreign key: one queryset for each model that needs one of its own.
 * @param lookup path to the generic key
 * @param querysets at most one for each content type; other models are read as always
 * @param options `toAttr`: the objects stand there instead
 * @throws ValueError for querysets of values, and for two of one content type
 * @example
 * await TaggedItem.objects.prefetchRelated(GenericPrefetch("contentObject", [Product.objects.filter({ inStock: true }), Order.objects.only("number")]));
 * @see https://docs.djangoproject.com/en/stable/ref/contrib/contenttypes/#genericprefetch
 */
export function GenericPrefetch(
  lookup: string,
  querysets: readonly unknown[],
  options: { readonly toAttr?: string } = {},
): PrefetchLookup {
  if (!Array.isArray(querysets))
    throw new QueryTypeError("GenericPrefetch() takes a path and a list of querysets.", "prefetch.argument");
  return prefetchLookup(lookup, querysets as readonly unknown[], options.toAttr);
}
