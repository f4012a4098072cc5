/** Integers at and past the ends of their columns: found where they are stored, decided without SQL where they cannot be. */
import { afterAll, describe, expect, test } from "vitest";
import {
  babik,
  BigAutoField,
  F,
  ForeignKey,
  CASCADE,
  GeneratedField,
  IntegerField,
  model,
  PositiveBigIntegerField,
} from "babik";
import { captureQueries } from "../../../src/testing.js";
import { testDatabase } from "../../support/database.js";

const database = await testDatabase();
class Count extends model("Count", { n: IntegerField({ null: true }) }, { ordering: ["id"] }) {}
class Snowflake extends model("Snowflake", {
  id: BigAutoField({ bigint: true }),
  parent: ForeignKey("Snowflake", { onDelete: CASCADE, null: true, relatedName: "children" }),
  unsigned: PositiveBigIntegerField({ default: 0 }),
}) {}
class Sum extends model("Sum", {
  a: IntegerField(),
  b: IntegerField(),
  note: IntegerField({ default: 0 }),
  total: GeneratedField({ expression: F("a").add(F("b")), outputField: IntegerField(), dbPersist: true }),
}) {}
const orm = babik({ databases: { default: database.url }, apps: { ranges: { Count, Snowflake, Sum } } });
afterAll(() => orm.close());
await orm.createTables();
const dialect = await orm.connection("default").ready();
/** Whether an `IntegerField` column holds more than 32 bits there. */
const wide = dialect.name === "sqlite";
const BEYOND = 3_000_000_000;

const counts = await Count.objects.bulkCreate(
  [null, -5, 5, 2_147_483_647, ...(wide ? [BEYOND] : [])].map((n) => new Count({ n })),
);
const values = counts.map((c) => c.n);
const found = async (condition: Readonly<Record<string, unknown>>): Promise<(number | null)[]> =>
  (await Count.objects.filter(condition)).map((c) => c.n);

describe("a value past 32 bits beside a column of an IntegerField", () => {
  test("finds exactly the rows that JavaScript's comparison finds", async () => {
    const cases: [string, (n: number) => boolean][] = [
      ["n", (n) => n === BEYOND],
      ["n__lt", (n) => n < BEYOND],
      ["n__lte", (n) => n <= BEYOND],
      ["n__gt", (n) => n > BEYOND],
      ["n__gte", (n) => n >= BEYOND],
    ];
    for (const [key, holds] of cases)
      expect(await found({ [key]: BEYOND }), key).toEqual(values.filter((n) => n !== null && holds(n)));
  });
  test("may stand in lists and bounds", async () => {
    expect(await found({ n__in: [5, BEYOND] })).toEqual(wide ? [5, BEYOND] : [5]);
    expect(await found({ n__in: [BEYOND] })).toEqual(wide ? [BEYOND] : []);
    expect(await found({ n__range: [0, BEYOND] })).toEqual(values.filter((n) => n !== null && n >= 0));
    expect(await found({ n__range: [-BEYOND, 0] })).toEqual([-5]);
    expect(await found({ n__range: [-BEYOND, BEYOND] })).toEqual(values.filter((n) => n !== null));
    expect(await found({ n__range: [BEYOND + 1, BEYOND + 9] })).toEqual([]);
  });
  test("leaves the same queries right afterwards, and before, with ordinary values", async () => {
    for (const top of [10, BEYOND, 10, BEYOND])
      expect(await found({ n__range: [0, top] })).toEqual(values.filter((n) => n !== null && n >= 0 && n <= top));
    for (const n of [5, BEYOND, 5]) expect(await found({ n__in: [n] })).toEqual(values.filter((v) => v === n));
  });
  test("sends nothing where no column of the database could hold it", async () => {
    const { queries } = await captureQueries(async () => {
      await found({ n: 2n ** 70n });
      if (!wide) await found({ n: BEYOND });
    });
    expect(queries).toEqual([]);
  });
  test("excludes no row that has another value, and none that has NULL by the bound", async () => {
    const rows = await Count.objects.exclude({ n: BEYOND });
    expect(rows.map((c) => c.n)).toEqual(values.filter((n) => n !== BEYOND));
  });
});

describe("an integer field with bigint: true", () => {
  test("holds keys of 64 bits through saving, relations and queries", async () => {
    const top = await Snowflake.objects.create({ id: 2n ** 62n + 1n });
    const child = await Snowflake.objects.create({ id: 2n ** 62n + 2n, parent: top });
    expect(child.parentId).toBe(2n ** 62n + 1n);
    expect((await Snowflake.objects.get({ parent__id: 2n ** 62n + 1n })).id).toBe(2n ** 62n + 2n);
    expect(await top.children.all().valuesList("id", { flat: true })).toEqual([2n ** 62n + 2n]);
    expect(await Snowflake.objects.filter({ pk__in: [2n ** 62n + 1n, 3] }).count()).toBe(1);
    const loaded = await Snowflake.objects.selectRelated("parent").get({ pk: child.id });
    expect(loaded.parent?.id).toBe(top.id);
  });
  test("numbers rows as bigint where the database does it", async () => {
    const made = await Snowflake.objects.create({});
    expect(typeof made.id).toBe("bigint");
    expect((await Snowflake.objects.get({ id: made.id })).id).toBe(made.id);
  });
});

test("saving some fields reads back only the computed columns that follow from them", async () => {
  const sum = await Sum.objects.create({ a: 1, b: 2 });
  expect(await (sum.total as unknown as Promise<number>)).toBe(3);
  sum.note = 9;
  const { queries } = await captureQueries(() => sum.save({ updateFields: ["note"] }));
  expect(queries.map((q) => q.sql.includes("RETURNING"))).toEqual([false]);
  sum.a = 10;
  await sum.save({ updateFields: ["a"] });
  expect(await (sum.total as unknown as Promise<number>)).toBe(12);
});
