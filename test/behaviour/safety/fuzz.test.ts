/** A short run of `npm run fuzz`: random names and values, of which none may do harm. BABIK_FUZZ_RUNS and BABIK_FUZZ_SEED change it. */
import { babik } from "babik";
import { afterAll, expect, test } from "vitest";
import { Canary, fill, fuzz, Item } from "../../../fuzz/engine.js";
import { testDatabase } from "../../support/database.js";

const { url } = await testDatabase();
const orm = babik({ databases: { default: url }, apps: { fuzz: { Item, Canary } } });
await orm.createTables();
await fill();
afterAll(() => orm.close());
const runs = Number(process.env["BABIK_FUZZ_RUNS"] ?? 2000);
const seed = Number(process.env["BABIK_FUZZ_SEED"] ?? Date.now() % 2 ** 31);

test(
  `random texts, numbers, objects, keys, aliases and orders do no harm (seed ${seed})`,
  { timeout: 600_000 },
  async () => {
    const { features, name } = orm.connection().dialect;
    const tally = await fuzz(runs, seed, { exactText: name !== "mysql", hyphenKeys: features.jsonHyphenKeys });
    expect(Object.values(tally).reduce((a, b) => a + b, 0)).toBeGreaterThanOrEqual(runs);
  },
);
