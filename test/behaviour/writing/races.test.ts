/** Writers that meet on the same rows: upserts, bulk updates, counters, pairs, and children of a row that is deleted (REL-72 to REL-75). */
import { babik, CASCADE, CharField, F, ForeignKey, IntegerField, IntegrityError, ManyToManyField } from "babik";
import { afterAll, beforeEach, expect, test } from "vitest";
import { createTestDatabase } from "../../support/database.js";
import { looseModel, type LooseRow, type LooseSet } from "../../support/loose.js";

const Stock = looseModel("Stock", { sku: CharField({ maxLength: 20, unique: true }), n: IntegerField({ default: 0 }) });
const Crate = looseModel("Crate", { stock: ForeignKey("Stock", { onDelete: CASCADE }) });
const Shelf = looseModel("Shelf", { name: CharField({ maxLength: 20 }), stocks: ManyToManyField("Stock") });
const database = await createTestDatabase({ file: true });
const orm = babik({ databases: { default: database.url }, apps: { shop: { Stock, Crate, Shelf } } } as never);
await orm.createTables();
afterAll(async () => {
  await orm.close();
  await database.drop();
});
const { features } = orm.connection().dialect;
beforeEach(async () => {
  for (const m of [Crate, Shelf, Stock]) await m.objects.all().delete();
});

interface Bulk {
  bulkCreate(rows: readonly LooseRow[], options?: object): Promise<LooseRow[]>;
  bulkUpdate(rows: readonly LooseRow[], fields: readonly string[]): Promise<number>;
}
const bulk = Stock.objects as unknown as Bulk;
const isDeadlock = (error: unknown): boolean => (error as { code?: unknown }).code === "database.deadlock";
const shuffled = <T>(list: readonly T[], seed: number): T[] =>
  list
    .map((v, i) => [((i + 1) * 7919 * (seed + 3)) % 104_729, v] as const)
    .sort((a, b) => a[0] - b[0])
    .map(([, v]) => v);

test("REL-73: upserts of overlapping rows in different orders lose none", async () => {
  const skus = Array.from({ length: 60 }, (_, i) => `s${i}`);
  const upsert = (w: number) =>
    bulk.bulkCreate(
      shuffled(skus, w).map((sku) => new Stock({ sku, n: w })),
      { updateConflicts: true, updateFields: ["n"], ...(features.conflictTarget ? { uniqueFields: ["sku"] } : {}) },
    );
  await Promise.all(Array.from({ length: 8 }, (_, w) => upsert(w)));
  expect(await Stock.objects.count()).toBe(60);
  const ignore = (w: number) =>
    bulk.bulkCreate(
      shuffled(skus, w).map((sku) => new Stock({ sku: `${sku}x` })),
      { ignoreConflicts: true },
    );
  await Promise.all(Array.from({ length: 8 }, (_, w) => ignore(w)));
  expect(await Stock.objects.count()).toBe(120);
});
test("REL-73: bulk updates of the same rows in different orders all end", async () => {
  const rows = await bulk.bulkCreate(Array.from({ length: 60 }, (_, i) => new Stock({ sku: `s${i}` })));
  const counts = await Promise.all(
    Array.from({ length: 8 }, (_, w) =>
      bulk.bulkUpdate(
        shuffled(rows, w).map((r) => new Stock({ id: r.pk, sku: r["sku"], n: w })),
        ["n"],
      ),
    ),
  );
  expect(counts).toEqual(Array.from({ length: 8 }, () => 60));
  expect(new Set(await Stock.objects.valuesList("n", { flat: true })).size).toBe(1);
});
test("REL-72: counters in the database are exact", async () => {
  const row = await Stock.objects.create({ sku: "a" });
  await Promise.all(
    Array.from({ length: 8 }, async () => {
      for (let i = 0; i < 25; i++) await Stock.objects.filter({ pk: row.pk }).update({ n: F("n").add(1) });
    }),
  );
  expect((await Stock.objects.get({ pk: row.pk }))["n"]).toBe(200);
});
test("REL-74: the same pairs, added by many at once, are there once", async () => {
  const shelf = await Shelf.objects.create({ name: "s" });
  const rows = await bulk.bulkCreate(Array.from({ length: 10 }, (_, i) => new Stock({ sku: `s${i}` })));
  const stocks = shelf["stocks"] as LooseSet & { add(...rows: LooseRow[]): Promise<void> };
  await Promise.all(Array.from({ length: 8 }, (_, w) => stocks.add(...shuffled(rows, w))));
  expect(await stocks.count()).toBe(10);
});
test("REL-75: a row that is deleted while children are made leaves no orphan", async () => {
  for (let round = 0; round < 5; round++) {
    const stock = await Stock.objects.create({ sku: `r${round}` });
    const id = stock.pk;
    const add = async (): Promise<void> => {
      for (let i = 0; i < 5; i++) await Crate.objects.create({ stockId: id });
    };
    const ended = await Promise.allSettled([add(), stock.delete(), add()]);
    for (const e of ended)
      if (e.status === "rejected" && !isDeadlock(e.reason)) expect(e.reason).toBeInstanceOf(IntegrityError);
  }
  const known = await Stock.objects.valuesList("pk", { flat: true });
  const parents = await Crate.objects.valuesList("stockId", { flat: true });
  expect(parents.filter((p) => !known.includes(p))).toEqual([]);
});
