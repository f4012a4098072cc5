/**
 * The order in which many rows are written. Two writers that touch the same rows in the same order wait for each other; in different
 * orders they lock each other out, and one of them is broken off as a deadlock.
 */

/** The rows sorted by their first `width` values; the same list where they stand in that order. */
export function inKeyOrder(rows: readonly unknown[][], width: number): readonly unknown[][] {
  for (let i = 1; i < rows.length; i++)
    if (compareRows(rows[i - 1]!, rows[i]!, width) > 0) return [...rows].sort((a, b) => compareRows(a, b, width));
  return rows;
}
function compareRows(a: readonly unknown[], b: readonly unknown[], width: number): number {
  for (let c = 0; c < width; c++) {
    const order = compare(a[c], b[c]);
    if (order !== 0) return order;
  }
  return 0;
}
// Any order will do, as long as all writers have the same.
function compare(a: unknown, b: unknown): number {
  if (a === b) return 0;
  if (a === null || a === undefined) return -1;
  if (b === null || b === undefined) return 1;
  if (typeof a === typeof b && (typeof a === "number" || typeof a === "bigint" || typeof a === "string"))
    return a < (b as typeof a) ? -1 : 1;
  if (a instanceof Date && b instanceof Date) return a.getTime() - b.getTime();
  const x = String(a),
    y = String(b);
  return x < y ? -1 : x > y ? 1 : 0;
}
