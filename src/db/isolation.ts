/**
 * Isolation levels as SQL words. A keyword slot: only words of this list ever get into a statement.
 */
import { ValueError } from "../base/errors.js";

const ISOLATIONS = ["read uncommitted", "read committed", "repeatable read", "serializable"];

/** The isolation level in capitals. @throws ValueError for any other text */
export function isolationText(isolation: string): string {
  if (!ISOLATIONS.includes(isolation))
    throw new ValueError(
      `There is no isolation level of that name. Choices are: ${ISOLATIONS.join(", ")}.`,
      "transaction.isolation",
    );
  return isolation.toUpperCase();
}
