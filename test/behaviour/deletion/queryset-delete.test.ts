/** `queryset.delete()`: what it refuses, how many statements it takes, and which rows go. */
import { CASCADE, CharField, Count, ForeignKey, IntegerField, ManyToManyField } from "babik";
import { assertNumQueries, captureQueries } from "babik/testing";
import { beforeEach, describe, expect, test } from "vitest";
import { failure, looseModel, looseOrm, type LooseSet } from "../../support/loose.js";

const Shelf = looseModel("Shelf", { name: CharField({ maxLength: 20 }) });
const Book = looseModel("Book", {
  title: CharField({ maxLength: 20 }),
  pages: IntegerField({ default: 0 }),
  shelf: ForeignKey("Shelf", { onDelete: CASCADE, relatedName: "books" }),
});
const Tag = looseModel("Tag", {
  word: CharField({ maxLength: 20 }),
  shelves: ManyToManyField("Shelf", { relatedName: "tags" }),
});
const Place = looseModel("Place", { name: CharField({ maxLength: 20 }) });
const Cafe = Place.extend("Cafe", { cups: IntegerField({ default: 1 }) });
const Visit = looseModel("Visit", { place: ForeignKey("Place", { onDelete: CASCADE }) });
const orm = await looseOrm({ Shelf, Book, Tag, Place, Cafe, Visit });

beforeEach(async () => {
  for (const m of [Book, Tag, Shelf, Visit, Cafe, Place]) await m.objects.all().delete();
  const shelves = await Promise.all(["a", "b"].map((name) => Shelf.objects.create({ name })));
  for (const shelf of shelves)
    for (const pages of [10, 20, 30])
      await Book.objects.create({ title: `${String(shelf["name"])}${pages}`, pages, shelf });
});
const titles = async (): Promise<unknown> => Book.objects.orderBy("title").valuesList("title", { flat: true });

test("rows that nothing refers to go by one statement, unread", async () => {
  const { result, queries } = await captureQueries(() => Book.objects.filter({ pages__gt: 15 }).delete());
  expect(result).toEqual([4, { "shop.Book": 4 }]);
  expect(queries.map((q) => q.sql.slice(0, 6))).toEqual(["DELETE"]);
  expect(await titles()).toEqual(["a10", "b10"]);
});
test("a condition over a relation picks the right rows", async () => {
  expect(await Book.objects.filter({ shelf__name: "a" }).delete()).toEqual([3, { "shop.Book": 3 }]);
  expect(await titles()).toEqual(["b10", "b20", "b30"]);
});
test("a condition over an aggregate, too", async () => {
  await Book.objects.filter({ title: "b30" }).delete();
  const full = Shelf.objects.annotate({ n: Count("books") }).filter({ n: 3 });
  expect(await full.delete()).toEqual([4, { "shop.Book": 3, "shop.Shelf": 1 }]);
});
test("rows that refer to deleted ones go first: read, DELETE, DELETE", async () => {
  const { result, queries } = await captureQueries(() => Shelf.objects.filter({ name: "a" }).delete());
  expect(result).toEqual([4, { "shop.Book": 3, "shop.Shelf": 1 }]);
  expect(queries.map((q) => q.sql.split(/\s/)[0])).toEqual(["SELECT", "DELETE", "DELETE", "DELETE"]);
});
test("pairs of a many-to-many relation go with either side", async () => {
  const tag = await Tag.objects.create({ word: "old" });
  const shelf = await Shelf.objects.create({ name: "c" });
  await (tag["shelves"] as { add(...rows: unknown[]): Promise<void> }).add(shelf);
  expect(await tag.delete()).toEqual([2, { "shop.Tag": 1, "shop.Tag_shelves": 1 }]);
  expect(await Shelf.objects.filter({ name: "c" }).exists()).toBe(true);
});
test("no rows: nothing is counted, and an empty set asks nothing", async () => {
  expect(await Book.objects.filter({ pages: 99 }).delete()).toEqual([0, {}]);
  await assertNumQueries(0, () => Book.objects.none().delete());
});
test("the rows a queryset had kept are read anew", async () => {
  const all = Book.objects.all();
  expect(await all).toHaveLength(6);
  await all.delete();
  expect(await all).toHaveLength(0);
});
test("ordering, selectRelated and distinct() change nothing", async () => {
  expect(
    await Book.objects.selectRelated("shelf").orderBy("shelf__name").distinct().filter({ pages: 10 }).delete(),
  ).toEqual([2, { "shop.Book": 2 }]);
});
describe("refused are", () => {
  const refused: readonly (readonly [string, () => LooseSet, string])[] = [
    ["slices", () => Book.objects.all().slice(0, 2), "Cannot use 'limit' or 'offset' with delete()."],
    ["distinct on fields", () => Book.objects.distinct("title"), "Cannot call delete() after .distinct(*fields)."],
    ["values", () => Book.objects.values("title"), "Cannot call delete() after .values() or .values_list()"],
    [
      "lists of values",
      () => Book.objects.valuesList("title"),
      "Cannot call delete() after .values() or .values_list()",
    ],
    [
      "combined querysets",
      () => Book.objects.all().union(Book.objects.all()),
      "Calling QuerySet.delete() after union() is not supported.",
    ],
  ];
  test.each(refused)("%s", async (_, rows, message) => {
    expect((await failure(() => rows().delete())).message).toBe(message);
    expect(await Book.objects.count()).toBe(6);
  });
});
describe("inheritance", () => {
  test("a child's row takes its parent's along, and what refers to the parent", async () => {
    const cafe = await Cafe.objects.create({ name: "x", cups: 3 });
    await Visit.objects.create({ place: await Place.objects.get() });
    expect(await cafe.delete()).toEqual([3, { "shop.Cafe": 1, "shop.Place": 1, "shop.Visit": 1 }]);
    expect(await Place.objects.exists()).toBe(false);
  });
  test("keepParents leaves the parent's row and what refers to it", async () => {
    const cafe = await Cafe.objects.create({ name: "x" });
    await Visit.objects.create({ place: await Place.objects.get() });
    expect(await cafe.delete({ keepParents: true })).toEqual([1, { "shop.Cafe": 1 }]);
    expect([await Cafe.objects.count(), await Place.objects.count(), await Visit.objects.count()]).toEqual([0, 1, 1]);
  });
  test("deleting the parent takes the child along", async () => {
    await Cafe.objects.create({ name: "x" });
    expect(await Place.objects.all().delete()).toEqual([2, { "shop.Cafe": 1, "shop.Place": 1 }]);
  });
});
test("more rows than one statement takes parameters for", async () => {
  const shelf = await Shelf.objects.create({ name: "long" });
  const many = Array.from({ length: 300 }, (_, i) => new Shelf({ name: `s${i}` }));
  await Shelf.objects.bulkCreate(many);
  await Book.objects.create({ title: "last", shelf });
  expect((await Shelf.objects.all().delete())[0]).toBe(2 + 1 + 300 + 7);
  expect(orm.connection().dialect.features["maxParams"]).toBeGreaterThan(300);
});
