/** Values written as literals come back from the database as they were. */
import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { makeDriver, openDatabase } from "../../../src/db/connections.js";
import { readSettings } from "../../../src/db/urls.js";
import { quoteLiteral } from "../../../src/sql/literal.js";
import { testDatabase } from "../../support/database.js";
import { holdsAsync } from "../../support/holds.js";

const { url } = await testDatabase();
const database = openDatabase("default", makeDriver(readSettings(url)));
const dialect = await database.ready();
afterAll(() => database.close());

const one = async (literal: string): Promise<unknown> =>
  (await database.run({ text: `SELECT ${literal}`, params: [], bigInts: true })).rows[0]![0];

test("texts, quotes and backslashes among them", async () => {
  const nasty = fc.constantFrom(
    "'",
    "\\",
    '"',
    "`",
    "%",
    "_",
    ";",
    "--",
    "/*",
    "\n",
    "\r",
    "\u001a",
    "$1",
    "?",
    "E'",
    "é",
    "😀",
    "\u2028",
  );
  const text = fc
    .array(fc.oneof(nasty, nasty, fc.string({ unit: "grapheme", maxLength: 3 })), { maxLength: 12 })
    .map((p) => p.join(""));
  await holdsAsync(
    fc.asyncProperty(
      text.filter((s) => !s.includes("\0")),
      async (s) => (await one(quoteLiteral(s, dialect))) === s,
    ),
    150,
  );
});
test("bytes", async () => {
  await holdsAsync(
    fc.asyncProperty(fc.uint8Array({ maxLength: 40 }), async (b) => {
      const read = await one(quoteLiteral(b, dialect));
      const bytes = typeof read === "string" ? Buffer.from(read, "latin1") : Buffer.from(read as Uint8Array);
      return bytes.equals(Buffer.from(b));
    }),
    50,
  );
});
test("numbers and booleans", async () => {
  for (const n of [0, -1, 2 ** 53 - 1, -(2n ** 63n) + 1n, 2n ** 63n - 1n, 1.5, -0.125, 1e21, 5e-7]) {
    const read = await one(`(${quoteLiteral(n, dialect)})`);
    expect(typeof n === "bigint" ? BigInt(read as bigint | number | string) : Number(read)).toBe(n);
  }
  expect(Boolean(await one(quoteLiteral(true, dialect)))).toBe(true);
  expect(Boolean(await one(quoteLiteral(false, dialect)))).toBe(false);
  expect(await one(quoteLiteral(null, dialect))).toBeNull();
});
