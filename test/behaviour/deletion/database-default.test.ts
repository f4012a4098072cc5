/** DB_SET_DEFAULT: done by databases that can; the others say so when the table is made. */
import { DB_SET_DEFAULT, babik, ForeignKey, IntegerField, NotSupportedError } from "babik";
import { assertNumQueries } from "babik/testing";
import { afterAll, expect, test } from "vitest";
import { testDatabase } from "../../support/database.js";
import { failure, looseModel, type LooseOrm } from "../../support/loose.js";

const Base = looseModel("Base", { id: IntegerField({ primaryKey: true }) });
const Follower = looseModel("Follower", { base: ForeignKey("Base", { onDelete: DB_SET_DEFAULT, dbDefault: 1 }) });
const orm = babik({
  databases: { default: (await testDatabase()).url },
  apps: { shop: { Base, Follower } },
} as never) as unknown as LooseOrm;
afterAll(() => orm.close());

test("DB_SET_DEFAULT is done by the database, and refused where there is no such thing", async () => {
  await (orm.connection() as unknown as { ready(): Promise<unknown> }).ready();
  if (orm.connection().dialect.features["onDeleteSetDefault"] !== true) {
    expect(await failure(orm.createTables())).toBeInstanceOf(NotSupportedError);
    return;
  }
  await orm.createTables();
  for (const id of [1, 2]) await Base.objects.create({ id });
  const base = await Base.objects.get({ pk: 2 });
  const row = await Follower.objects.create({ base });
  expect(await assertNumQueries(1, () => base.delete())).toEqual([1, { "shop.Base": 1 }]);
  await row.refreshFromDb();
  expect(row["baseId"]).toBe(1);
});
