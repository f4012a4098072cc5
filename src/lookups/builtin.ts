/** The lookups that babik brings, in one registry; users add to it with `registerLookup`. */
import { addComparisons } from "./compare.js";
import { addDates } from "./dates.js";
import { addJson } from "./json.js";
import { LookupRegistry } from "./registry.js";
import { addTuples } from "./tuples.js";

/** All built-in lookups and transforms. */
export const builtinLookups: LookupRegistry = new LookupRegistry();
addComparisons(builtinLookups);
addDates(builtinLookups);
addJson(builtinLookups);
addTuples(builtinLookups);
