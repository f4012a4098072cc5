/** Batches of rows that a server takes in one message: MariaDB and MySQL refuse more bytes than `max_allowed_packet`. */
import type { DialectInfo } from "../ast/seams.js";
import type { Field } from "../fields/field.js";

/** What a parameter costs beside its own bytes: its type, its length, its place in the text. */
const PARAMETER = 16;
/** Room for the rest of the statement. */
const STATEMENT = 4_096;

/** The rows as they are where the server sets no limit, else in parts that stay under it. A row that alone is too long stands alone. */
export function* inBatchesThatFit(
  info: DialectInfo,
  rows: readonly (readonly unknown[])[],
  fields: readonly Field[],
): Generator<readonly (readonly unknown[])[]> {
  const limit = info.features.maxPacket - STATEMENT;
  if (limit === Infinity) {
    yield rows;
    return;
  }
  let start = 0,
    size = 0;
  for (let i = 0; i < rows.length; i++) {
    const cost = rowSize(rows[i]!, fields, info);
    if (size + cost > limit && i > start) {
      yield rows.slice(start, i);
      start = i;
      size = 0;
    }
    size += cost;
  }
  if (start === 0) yield rows;
  else if (start < rows.length) yield rows.slice(start);
}
function rowSize(row: readonly unknown[], fields: readonly Field[], info: DialectInfo): number {
  let size = 0;
  for (let c = 0; c < row.length; c++) size += PARAMETER + valueSize(row[c], fields[c]!, info);
  return size;
}
/** About how many bytes a value takes. */
export function valueSize(value: unknown, field: Field, info: DialectInfo): number {
  switch (typeof value) {
    case "string":
      return value.length < 1_000 ? value.length * 3 : Buffer.byteLength(value);
    case "object":
      if (value === null) return 0;
      if (value instanceof Uint8Array) return value.byteLength;
      // Documents and lists: as long as their text.
      if (Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype) {
        const sent = field.toDb(value, info);
        return typeof sent === "string" ? Buffer.byteLength(sent) : PARAMETER;
      }
      return 4 * PARAMETER;
    default:
      return PARAMETER;
  }
}
