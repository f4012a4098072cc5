/** Lists of keys cut so that a statement's parameters stay within what its database takes. */
import type { DialectInfo } from "../../ast/seams.js";

/** Most keys in one statement where the list is one parameter; it only bounds the size of a message. */
const MOST = 20_000;

/** The keys in lists that fit one statement each. `width`: parameters for one key; `others`: parameters of the rest of the query. */
export function chunksOf<T>(keys: readonly T[], dialect: DialectInfo, width = 1, others = 0): readonly T[][] {
  const size = Math.min(MOST, Math.max(1, Math.floor((dialect.features.maxParams - others - 2) / width)));
  const out: T[][] = [];
  for (let i = 0; i < keys.length; i += size) out.push(keys.slice(i, i + size));
  return out;
}
