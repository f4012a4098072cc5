/**
 * How deep conditions, expressions and queries may be nested. Trees are walked by functions that call themselves; a depth that somebody else
 * chose would end in an overflow of the stack, which is no error to recover from. So levels are counted, where an argument is read first.
 */
import { ValueError } from "../base/errors.js";

/**
 * Most levels of one query. The walks take a quarter of Node's default stack for as many, whatever they are made of; and databases have stacks, too:
 * an overflowing product of 430 decimals ends the process of MariaDB 10.11.
 */
export const MAX_DEPTH = 250;
/** A query within a query counts for so many: databases have lower limits for those, and work harder on them. */
export const QUERY_LEVELS = 5;
/** A query in a union, intersection or difference counts for so many. */
export const COMBINED_LEVELS = 2;
/** Most nodes of one annotation: one that uses another one several times grows by as many times. */
export const MAX_NODES = 1_000_000;

/** @throws ValueError where `depth` is more than what is allowed */
export function checkDepth(depth: number): void {
  if (depth > MAX_DEPTH)
    throw new ValueError(
      `Conditions and expressions are nested more than ${MAX_DEPTH} levels deep here; a query within a query counts for ${QUERY_LEVELS}. Put what stands side by side into one list, such as Q.or(…conditions), instead of one into the other.`,
      "query.too_deep",
    );
}
/** The error of an annotation that became too large. */
export function tooLarge(alias: string): ValueError {
  return new ValueError(
    `The annotation '${alias}' is made of more than ${MAX_NODES} parts, as it uses others several times that do so, too. Select those in a subquery, or calculate less at once.`,
    "query.too_large",
    { path: alias },
  );
}
