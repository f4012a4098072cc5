/** Rows that are made of nothing but what the database fills in: each of them is there. */
import { IntegerField } from "babik";
import { expect, test } from "vitest";
import { looseModel, looseOrm } from "../../support/loose.js";

const Bare = looseModel("Bare", {});
const Filled = looseModel("Filled", { n: IntegerField({ dbDefault: 7 }) });
await looseOrm({ Bare, Filled });

test("several rows of a model without fields are all inserted", async () => {
  const rows = await Bare.objects.bulkCreate([new Bare(), new Bare(), new Bare()]);
  expect(rows).toHaveLength(3);
  expect(await Bare.objects.count()).toBe(3);
  await Bare.objects.bulkCreate([new Bare(), new Bare(), new Bare()]);
  await Bare.objects.bulkCreate([new Bare()]);
  expect(await Bare.objects.count()).toBe(7);
});
test("several rows whose columns are all left to their defaults are all inserted", async () => {
  await Filled.objects.bulkCreate([new Filled(), new Filled(), new Filled()]);
  expect((await Filled.objects.all()).map((row) => row["n"])).toEqual([7, 7, 7]);
});
