/** The lookups that babik brings, in one registry; users add to it with `registerLookup`. */
import { addComparisons } from "./compare.js";
import { LookupRegistry } from "./registry.js";

/** All built-in lookups and transforms. */
export const builtinLookups: LookupRegistry = new LookupRegistry();
addComparisons(builtinLookups);
