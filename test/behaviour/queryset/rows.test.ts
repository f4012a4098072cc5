/** What rows are: instances, values, annotations, aggregates, order, slices, sets of rows, dates. */
import {
  Avg,
  Case,
  Coalesce,
  Count,
  Decimal,
  Exists,
  F,
  Lower,
  Max,
  Min,
  NotSupportedError,
  OuterRef,
  Q,
  QueryTypeError,
  Rank,
  Subquery,
  Sum,
  Temporal,
  Value,
  When,
  Window,
} from "babik";

import { afterAll, describe, expect, test } from "vitest";
import { Author, Book, column, Publisher, Review, openBookshop, titles, TITLES } from "../../support/bookshop.js";
import { testDatabase } from "../../support/database.js";

const orm = await openBookshop(await testDatabase());
afterAll(() => orm.close());
const { features } = orm.connection("default").dialect;

describe("instances", () => {
  test("have values of the types that the fields promise", async () => {
    const atlas = await Book.objects.get({ title: "Atlas" });
    expect(atlas).toBeInstanceOf(Book);
    expect(atlas.price).toBeInstanceOf(Decimal);
    expect(atlas.price.toFixed(2)).toBe("30.00");
    expect([atlas.pages, atlas.rating, atlas.inPrint]).toEqual([300, 4.5, true]);
    expect(String(atlas.published)).toBe("2001-05-20");
    expect(atlas.published).toBeInstanceOf(Temporal.PlainDate);
    expect(atlas.added).toEqual(new Date("2020-01-31T23:30:00Z"));
    expect(atlas.facts).toEqual({ maps: 12, tags: ["big", "heavy"] });
    expect(typeof atlas.publisherId).toBe("number");
  });
  test("of two readings are equal, but not the same", async () => {
    const [one, other] = [await Book.objects.get({ title: "Atlas" }), await Book.objects.get({ title: "Atlas" })];
    expect(one).not.toBe(other);
    expect(one.equals(other)).toBe(true);
    expect(one.equals(await Book.objects.get({ title: "Eels" }))).toBe(false);
  });
});

describe("values()", () => {
  test("gives objects of the names, in their order", async () => {
    const rows = await Book.objects.values("title", "pages", "publisher__name").slice(0, 1);
    expect(rows).toEqual([{ title: "Atlas", pages: 300, publisher__name: "North" }]);
    expect(Object.keys(rows[0]!)).toEqual(["title", "pages", "publisher__name"]);
  });
  test("gives all fields where none is named", async () => {
    expect(Object.keys((await Review.objects.values().first())!).toSorted()).toEqual(["bookId", "id", "stars", "text"]);
  });
  test("gives expressions by their names", async () => {
    expect(await Book.objects.values("title", { low: Lower("title") }).first()).toEqual({
      title: "Atlas",
      low: "atlas",
    });
  });
  test("groups the aggregates that follow", async () => {
    const rows = await Book.objects
      .values("publisher__name")
      .annotate({ n: Count("pk"), dearest: Max("price") })
      .orderBy("-n", "publisher__name")
      .filter({ publisher__isnull: false });
    expect(rows.map((row) => [row.publisher__name, row.n, row.dearest.toFixed(2)])).toEqual([
      ["North", 2, "30.00"],
      ["South", 2, "20.00"],
    ]);
  });
  test("gives one row for each related row", async () => {
    expect(await Book.objects.filter({ title: "Atlas" }).values("authors__name").orderBy("authors__name")).toEqual([
      { authors__name: "Ann" },
      { authors__name: "Bob" },
    ]);
  });
});

describe("valuesList()", () => {
  test("gives tuples, single values, or named tuples", async () => {
    expect(await Book.objects.valuesList("title", "pages").slice(0, 2)).toEqual([
      ["Atlas", 300],
      ["Botany", 150],
    ]);
    expect(await Book.objects.valuesList("title", { flat: true })).toEqual(TITLES);
    const [named] = await Book.objects.valuesList("title", "pages", { named: true }).slice(0, 1);
    expect([named!.title, named!.pages]).toEqual(["Atlas", 300]);
  });
  test("is flat for one name only", () => {
    expect(() => Book.objects.valuesList("title", "pages", { flat: true })).toThrow(QueryTypeError);
  });
});

describe("annotate()", () => {
  test("adds values to the rows, to be filtered and ordered by", async () => {
    const books = await Book.objects
      .annotate({ n: Count("reviews"), perPage: F("price").div(F("pages")) })
      .filter({ n__gte: 1 })
      .orderBy("-n", "title");
    expect(books.map((book) => [book.title, book.n])).toEqual([
      ["Atlas", 2],
      ["Dunes", 2],
      ["Botany", 1],
    ]);
    expect(Number(books[0]!.perPage)).toBeCloseTo(0.1, 6);
    expect(books[0]).toBeInstanceOf(Book);
  });
  test("names an aggregate by itself where it is given no name", async () => {
    const publishers = await Publisher.objects.annotate(Count("books")).orderBy("name");
    expect(column(publishers, "books__count")).toEqual([0, 2, 2]);
  });
  test("filters the rows that an aggregate counts", async () => {
    const [ann] = await Author.objects
      .annotate({ all: Count("books"), dear: Count("books", { filter: Q({ books__price__gt: 20 }) }) })
      .filter({ name: "Ann" });
    expect([ann!.all, ann!.dear]).toEqual([2, 1]);
  });
  test("counts each row once with distinct", async () => {
    const north = await Publisher.objects
      .annotate({ doubled: Count("books"), once: Count("books", { distinct: true }), reviews: Count("books__reviews") })
      .get({ name: "North" });
    expect([north.doubled, north.once, north.reviews]).toEqual([3, 2, 3]);
  });
  test("decides by conditions", async () => {
    const books = await Book.objects.annotate({
      band: Case(When({ price__lt: 12 }, { then: Value("cheap") }), When({ price__gt: 25 }, { then: Value("dear") }), {
        default: Value("fair"),
      }),
      known: Coalesce("rating", Value(0.5)),
    });
    expect(column(books, "band")).toEqual(["dear", "fair", "cheap", "fair", "fair"]);
    expect(column(books, "known")).toEqual([4.5, 0.5, 3, 5, 0.5]);
  });
  test("takes subqueries", async () => {
    const of = Review.objects.filter({ book: OuterRef("pk") });
    const books = await Book.objects.annotate({
      best: Subquery(of.orderBy("-stars", "pk").values("stars").slice(0, 1)),
      reviewed: Exists(of),
    });
    expect(column(books, "best")).toEqual([5, 4, null, 5, null]);
    expect(column(books, "reviewed")).toEqual([true, true, false, true, false]);
  });
  test("takes windows, and filters by them", async () => {
    const ranked = Book.objects.annotate({ place: Window(Rank(), { orderBy: [F("price").desc()] }) });
    expect(column(await ranked, "place")).toEqual([1, 4, 5, 2, 2]);
    expect(titles(await ranked.filter({ place: 2 }))).toEqual(["Dunes", "Eels"]);
  });
  test("builds on earlier annotations", async () => {
    const book = await Book.objects
      .annotate({ double: F("pages").mul(2) })
      .annotate({ more: F("double").add(1) })
      .get({ more: 161 });
    expect([book.title, book.double, book.more]).toEqual(["Chess", 160, 161]);
  });
  test("alias() names a value that is not selected", async () => {
    const books = await Book.objects
      .alias({ n: Count("reviews") })
      .filter({ n: 2 })
      .orderBy("title");
    expect(titles(books)).toEqual(["Atlas", "Dunes"]);
    expect(Object.keys(books[0]!)).not.toContain("n");
  });
});

describe("aggregate()", () => {
  test("gives one object for all rows", async () => {
    const all = await Book.objects.aggregate(Avg("pages"), Sum("price"), { n: Count("*"), most: Max("published") });
    expect([all.pages__avg, all.price__sum.toFixed(2), all.n, String(all.most)]).toEqual([
      207.4,
      "92.49",
      5,
      "2020-02-29",
    ]);
  });
  test("gives null over no rows, or the default", async () => {
    expect(
      await Book.objects
        .filter({ pages: 1 })
        .aggregate({ sum: Sum("pages"), least: Min("pages", { default: 7 }), n: Count("pk") }),
    ).toEqual({ sum: null, least: 7, n: 0 });
  });
  test("is about the rows of a slice where there is one", async () => {
    expect(await Book.objects.orderBy("pages").slice(0, 2).aggregate(Sum("pages"))).toEqual({ pages__sum: 175 });
  });
  test("is about annotations too", async () => {
    const counted = Book.objects.annotate({ n: Count("reviews") });
    expect(await counted.aggregate({ most: Max("n"), all: Sum("n") })).toEqual({ most: 2, all: 5 });
  });
});

describe("order", () => {
  test("is that of Meta unless another is given", async () => {
    expect(titles(await Book.objects.all())).toEqual(TITLES);
    expect(titles(await Book.objects.orderBy("-pages"))).toEqual(["Dunes", "Atlas", "Botany", "Eels", "Chess"]);
    expect(titles(await Book.objects.orderBy("pages").orderBy("price", "-title"))).toEqual([
      "Chess",
      "Botany",
      "Eels",
      "Dunes",
      "Atlas",
    ]);
  });
  test("is turned around by reverse()", async () => {
    expect(titles(await Book.objects.reverse())).toEqual(TITLES.toReversed());
    expect(titles(await Book.objects.orderBy("pages").reverse().reverse().slice(0, 1))).toEqual(["Chess"]);
  });
  test("goes over relations and by expressions, nulls where they are told to be", async () => {
    expect(
      titles(await Book.objects.filter({ publisher__isnull: false }).orderBy("-publisher__name", "pages")),
    ).toEqual(["Chess", "Dunes", "Botany", "Atlas"]);
    expect(titles(await Book.objects.orderBy(F("rating").desc({ nullsLast: true }), "title"))).toEqual([
      "Dunes",
      "Atlas",
      "Chess",
      "Botany",
      "Eels",
    ]);
    expect(titles(await Book.objects.orderBy(F("rating").asc({ nullsFirst: true }), "title"))).toEqual([
      "Botany",
      "Eels",
      "Chess",
      "Atlas",
      "Dunes",
    ]);
  });
  test("is any at random, but of all rows", async () => {
    expect(titles(await Book.objects.orderBy("?")).toSorted()).toEqual(TITLES);
  });
  test("says whether there is one", () => {
    expect([Book.objects.all().ordered, Book.objects.orderBy().ordered, Author.objects.all().ordered]).toEqual([
      true,
      false,
      false,
    ]);
  });
});

describe("slices", () => {
  test("take rows from a position up to another", async () => {
    expect(titles(await Book.objects.all().slice(0, 2))).toEqual(["Atlas", "Botany"]);
    expect(titles(await Book.objects.all().slice(3))).toEqual(["Dunes", "Eels"]);
    expect(titles(await Book.objects.all().slice(1, 4).slice(1, 9))).toEqual(["Chess", "Dunes"]);
    expect(titles(await Book.objects.all().slice(9, 12))).toEqual([]);
    expect(await Book.objects.all().slice(1, 3).count()).toBe(2);
    expect(await Book.objects.all().slice(4).exists()).toBe(true);
  });
  test("come last: no filter, order or update after them", async () => {
    const slice = Book.objects.all().slice(0, 2);
    expect(() => slice.filter({ pages: 1 })).toThrow(QueryTypeError);
    expect(() => slice.orderBy("pages")).toThrow(QueryTypeError);
    expect(() => slice.reverse()).toThrow(QueryTypeError);
    await expect(slice.update({ pages: 1 })).rejects.toThrow(QueryTypeError);
    await expect(slice.delete()).rejects.toThrow(QueryTypeError);
  });
});

describe("sets of rows", () => {
  const cheap = Book.objects.filter({ price__lte: 20 });
  const long = Book.objects.filter({ pages__gt: 100 });
  test("are united, with or without doubles", async () => {
    expect(titles(await cheap.union(long).orderBy("title"))).toEqual(TITLES);
    expect(titles(await cheap.union(long, { all: true }).orderBy("title"))).toEqual([
      "Atlas",
      "Botany",
      "Botany",
      "Chess",
      "Dunes",
      "Dunes",
      "Eels",
    ]);
    expect(await cheap.union(long).count()).toBe(5);
  });
  test("are intersected and subtracted", async () => {
    expect(titles(await cheap.intersection(long).orderBy("title"))).toEqual(["Botany", "Dunes"]);
    expect(titles(await cheap.difference(long).orderBy("-title"))).toEqual(["Eels", "Chess"]);
  });
  test("are not filtered after that", () => {
    expect(() => cheap.union(long).filter({ pages: 1 })).toThrow(NotSupportedError);
    expect(() => cheap.union(long).annotate({ n: Count("reviews") })).toThrow(NotSupportedError);
  });
  test("are merged into one query by and(), or() and xor()", async () => {
    expect(titles(await cheap.and(long))).toEqual(["Botany", "Dunes"]);
    expect(titles(await cheap.or(long).filter({ inPrint: true }))).toEqual(["Atlas", "Botany", "Dunes"]);
    expect(titles(await cheap.xor(long))).toEqual(["Atlas", "Chess", "Eels"]);
  });
});

describe("distinct()", () => {
  test("leaves equal rows out", async () => {
    expect(await Book.objects.orderBy("price").valuesList("price", { flat: true }).distinct()).toHaveLength(4);
  });
  test.skipIf(!features.distinctOn)("gives the first row for each value of a field", async () => {
    expect(titles(await Book.objects.orderBy("price", "-title").distinct("price"))).toEqual([
      "Chess",
      "Botany",
      "Eels",
      "Atlas",
    ]);
  });
  test.skipIf(features.distinctOn)("says so where the database cannot tell rows apart by a field", async () => {
    await expect(Book.objects.orderBy("price").distinct("price")).rejects.toThrow(NotSupportedError);
  });
});

describe("dates() and datetimes()", () => {
  test("give each date once, cut to a part", async () => {
    expect((await Book.objects.dates("published", "year")).map(String)).toEqual([
      "2001-01-01",
      "2010-01-01",
      "2015-01-01",
      "2020-01-01",
    ]);
    expect(
      (await Book.objects.filter({ pages__gte: 150 }).dates("published", "month", { order: "DESC" })).map(String),
    ).toEqual(["2015-08-01", "2001-11-01", "2001-05-01"]);
  });
  test("give each moment once, cut to a part", async () => {
    expect(await Book.objects.datetimes("added", "day")).toEqual([
      new Date("2020-01-31T00:00:00Z"),
      new Date("2020-02-01T00:00:00Z"),
    ]);
    expect(await Book.objects.datetimes("added", "day", { order: "DESC", timeZone: "+01:00" })).toEqual([
      new Date("2020-01-31T23:00:00Z"),
    ]);
  });
});
