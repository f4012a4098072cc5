/** Answers of the orm beside those of SQL written by hand, on the same database. */
import type { babik } from "babik";
import { expect } from "vitest";

type Database = ReturnType<ReturnType<typeof babik>["connection"]>;

/** How to compare a column: databases give numbers as numbers or text, with more or fewer digits. */
export type Kind = "text" | "int" | "money" | "mean";
const as: Readonly<Record<Kind, (value: unknown) => unknown>> = {
  text: (value) => value,
  int: (value) => (value === null ? null : Number(value)),
  money: (value) => (value === null ? null : Number(value).toFixed(2)),
  mean: (value) => (value === null ? null : Number(value).toFixed(4)),
};

/** Ways to ask a database that is ready. */
export function byHand(db: Database) {
  /** Rows of SQL written by hand; names are quoted with " and become what the database quotes with. */
  async function bySql(text: string, params?: readonly (string | number)[]): Promise<unknown[][]> {
    await using cursor = await db.cursor();
    const quoted = db.dialect.name === "mysql" ? text.replaceAll('"', "`") : text;
    await (params === undefined ? cursor.execute(quoted) : cursor.execute(quoted, params));
    return cursor.fetchall();
  }
  /** Expects the rows of the orm, as arrays, to be those of the SQL: the same order, the same values, and at least one. */
  async function sameRows(
    rows: readonly (readonly unknown[])[],
    kinds: readonly Kind[],
    text: string,
    params?: readonly (string | number)[],
  ): Promise<void> {
    const plain = (row: readonly unknown[]): unknown[] => row.map((value, i) => as[kinds[i]!](value));
    const expected = (await bySql(text, params)).map(plain);
    expect(rows.length).toBeGreaterThan(0);
    expect(rows.map(plain)).toEqual(expected);
  }
  return { bySql, sameRows };
}
