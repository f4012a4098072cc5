/** The schema editor as users reach it: tables of their models, whose rules then answer with babik's errors. */
import {
  babik,
  BooleanField,
  CASCADE,
  CharField,
  CheckConstraint,
  DateTimeField,
  DecimalField,
  F,
  ForeignKey,
  GeneratedField,
  Index,
  IntegerField,
  IntegrityError,
  Lower,
  ManyToManyField,
  model,
  Now,
  Q,
  UniqueConstraint,
} from "babik";
import { afterAll, beforeAll, expect, test } from "vitest";
import { testDatabase } from "../../support/database.js";

class Tag extends model("Tag", { name: CharField({ maxLength: 20, unique: true }) }) {}
class Item extends model(
  "Item",
  {
    name: CharField({ maxLength: 50 }),
    price: DecimalField({ maxDigits: 8, decimalPlaces: 2, dbDefault: "9.99" }),
    count: IntegerField({ dbDefault: 1 }),
    total: GeneratedField({
      expression: F("price").mul(F("count")),
      outputField: DecimalField({ maxDigits: 12, decimalPlaces: 2 }),
      dbPersist: true,
    }),
    active: BooleanField({ default: true }),
    created: DateTimeField({ dbDefault: Now() }),
    owner: ForeignKey("Item", { onDelete: CASCADE, null: true, relatedName: "parts" }),
    tags: ManyToManyField("Tag", { relatedName: "items" }),
  },
  {
    indexes: [Index({ fields: ["owner", "-price"] }), Index(Lower("name"), { name: "item_lower_name" })],
    constraints: [
      CheckConstraint({ condition: Q({ count__gte: 0 }), name: "item_count" }),
      UniqueConstraint({ fields: ["name", "owner"], name: "item_name" }),
    ],
  },
) {}

const database = await testDatabase();
const orm = babik({ databases: { default: database.url }, apps: { shop: { Tag, Item } } });
afterAll(() => orm.close());
beforeAll(() => orm.createTables());

test("what the database fills in is read back", async () => {
  const item = await Item.objects.create({ name: "first" });
  await item.refreshFromDb();
  expect([String(item.price), item.count, String(item.total)]).toEqual(["9.99", 1, "9.99"]);
  expect(Math.abs(item.created.getTime() - Date.now())).toBeLessThan(60_000);
});
test("a broken rule names its constraint", async () => {
  const error: unknown = await Item.objects.create({ name: "less", count: -1 }).catch((e: unknown) => e);
  expect(error).toBeInstanceOf(IntegrityError);
  expect((error as IntegrityError).constraint).toBe("item_count");
});
test("the statements can be seen without being run", async () => {
  const editor = orm.schemaEditor("default", { collectSql: true });
  await editor.createModels([Item.meta, Tag.meta]);
  expect(editor.collected.filter((s) => s.startsWith("CREATE TABLE"))).toHaveLength(3);
  expect(editor.collected.every((s) => !s.includes("%s") && !s.includes("$1"))).toBe(true);
});
test("tables that are not there are passed over by dropping, the rest goes", async () => {
  await orm.schemaEditor().deleteModel(Item.meta.getField("tags").through);
  await orm.dropTables();
  await orm.dropTables();
  await expect(Item.objects.count()).rejects.toThrow(/item/);
  await orm.createTables();
  expect(await Item.objects.count()).toBe(0);
});
test("tables are dropped and made again, empty", async () => {
  await orm.dropTables();
  await expect(Item.objects.count()).rejects.toThrow(/item/);
  await orm.createTables();
  expect(await Item.objects.count()).toBe(0);
});
