/** The databases that behaviour tests are given: made for one file, reachable, gone afterwards. */
import { existsSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { expect, test } from "vitest";
import { createTestDatabase, dropDatabases, runPrefix, testDatabase, testKind } from "../support/database.js";

const database = await testDatabase();

test("the database is of the kind that the ring names", () => {
  expect(database.kind).toBe(testKind);
  expect(new URL(database.url).protocol).toBe(`${testKind}:`);
});

test("two databases of one file are different ones", async () => {
  const one = await createTestDatabase({ file: true });
  const other = await createTestDatabase({ file: true });
  try {
    expect(new Set([database.url, one.url, other.url]).size).toBe(3);
  } finally {
    await one.drop();
    await other.drop();
  }
});

test("dropping removes the database, and may be done twice", async () => {
  const extra = await createTestDatabase({ file: true });
  if (testKind === "sqlite") {
    const file = new URL(extra.url).pathname;
    writeFileSync(file, "");
    await extra.drop();
    expect(existsSync(dirname(file))).toBe(false);
  } else {
    const name = new URL(extra.url).pathname.slice(1);
    expect(name.startsWith(runPrefix())).toBe(true);
    await extra.drop();
    expect(await dropDatabases(testKind, process.env["BABIK_TEST_URL"] ?? "", (found) => found === name)).toEqual([]);
  }
  await expect(extra.drop()).resolves.toBeUndefined();
});
