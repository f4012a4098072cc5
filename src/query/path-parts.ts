/** The names of a path, and how many there may be: each is a join, a step into a document or a function around the one before. */
import { ValueError } from "../base/errors.js";
import { splitPath } from "../base/names.js";
import { MAX_DEPTH } from "../expressions/depth.js";

/**
 * Names of a path: `"category__name__lower"` is `["category", "name", "lower"]`.
 * @throws ValueError `query.path_too_long`
 */
export function pathParts(path: string): string[] {
  const parts = splitPath(path);
  if (parts.length > MAX_DEPTH)
    throw new ValueError(
      `A path of ${parts.length} names was given; ${MAX_DEPTH} are the most that one may have.`,
      "query.path_too_long",
    );
  return parts;
}
