/** Which rows: filter, exclude, Q, every lookup, paths over relations, and the methods that give one row. */
import { Count, Exists, F, MultipleObjectsReturned, ObjectDoesNotExist, OuterRef, Q, Temporal, Value } from "babik";
import { captureQueries } from "babik/testing";
import { afterAll, describe, expect, test } from "vitest";
import { Author, Book, names, openBookshop, Publisher, Review, titles, TITLES } from "../../support/bookshop.js";
import { testDatabase } from "../../support/database.js";

const orm = await openBookshop(await testDatabase());
afterAll(() => orm.close());

describe("a lookup finds", () => {
  const cases: [what: string, conditions: object, expected: string[]][] = [
    ["what is equal", { title: "Atlas" }, ["Atlas"]],
    ["what is equal, said aloud", { title__exact: "Atlas" }, ["Atlas"]],
    ["what is equal but for case", { title__iexact: "aTLAS" }, ["Atlas"]],
    ["text inside of text", { title__contains: "es" }, ["Chess", "Dunes"]],
    ["text inside of text, whatever the case", { title__icontains: "ES" }, ["Chess", "Dunes"]],
    ["beginnings", { title__startswith: "Ch" }, ["Chess"]],
    ["beginnings, whatever the case", { title__istartswith: "ch" }, ["Chess"]],
    ["endings", { title__endswith: "s" }, ["Atlas", "Chess", "Dunes", "Eels"]],
    ["endings, whatever the case", { title__iendswith: "LS" }, ["Eels"]],
    ["one of several", { title__in: ["Eels", "Atlas", "Nothing"] }, ["Atlas", "Eels"]],
    ["none of no values", { title__in: [] }, []],
    ["patterns", { title__regex: "^[A-B]" }, ["Atlas", "Botany"]],
    ["patterns, whatever the case", { title__iregex: "^(dunes|eels)$" }, ["Dunes", "Eels"]],
    ["what is greater", { pages__gt: 150 }, ["Atlas", "Dunes"]],
    ["what is greater or equal", { pages__gte: 150 }, ["Atlas", "Botany", "Dunes"]],
    ["what is less", { pages__lt: 95 }, ["Chess"]],
    ["what is less or equal", { pages__lte: 95 }, ["Chess", "Eels"]],
    ["what lies between", { pages__range: [95, 150] }, ["Botany", "Eels"]],
    ["decimals as text", { price: "9.99" }, ["Chess"]],
    ["decimals as numbers", { price__lt: 12.5 }, ["Chess"]],
    ["decimals, not their spelling", { price: "20" }, ["Dunes", "Eels"]],
    ["NULL", { rating: null }, ["Botany", "Eels"]],
    ["NULL by name", { rating__isnull: true }, ["Botany", "Eels"]],
    ["what is not NULL", { rating__isnull: false }, ["Atlas", "Chess", "Dunes"]],
    ["booleans", { inPrint: false }, ["Chess", "Eels"]],
    ["dates as text", { published: "2010-01-01" }, ["Chess"]],
    ["dates", { published__gte: Temporal.PlainDate.from("2015-08-30") }, ["Dunes", "Eels"]],
    ["years", { published__year: 2001 }, ["Atlas", "Botany"]],
    ["later years", { published__year__gt: 2010 }, ["Dunes", "Eels"]],
    ["months", { published__month: 5 }, ["Atlas"]],
    ["days", { published__day__in: [29, 30] }, ["Dunes", "Eels"]],
    ["days of the week, Sunday being 1", { published__week_day: 1 }, ["Atlas", "Dunes"]],
    ["quarters", { published__quarter: 4 }, ["Botany"]],
    ["the date of a moment", { added__date: "2020-01-31" }, ["Atlas"]],
    ["the hour of a moment", { added__hour: 8 }, ["Botany"]],
    ["moments", { added__lt: new Date("2020-02-01T00:00:00Z") }, ["Atlas"]],
    ["keys of JSON", { facts__maps: 12 }, ["Atlas"]],
    ["keys of JSON that are there", { facts__has_key: "tags" }, ["Atlas", "Botany"]],
    ["entries of lists in JSON", { facts__tags__0: "green" }, ["Botany"]],
    ["rows of a relation", { publisher__name: "North" }, ["Atlas", "Botany"]],
    ["rows without a relation", { publisher: null }, ["Eels"]],
    ["rows of a relation backwards", { cover__colour: "blue" }, ["Dunes"]],
    ["rows of many-to-many", { authors__name: "Cy" }, ["Chess", "Dunes"]],
    ["rows behind two relations", { authors__mentor__name: "Ann" }, ["Atlas", "Dunes"]],
    ["all conditions at once", { inPrint: true, price__gte: 20, publisher__city: "Oslo" }, ["Atlas"]],
  ];
  test.each(cases)("%s: %o", async (_what, conditions, expected) => {
    expect(titles(await Book.objects.filter(conditions))).toEqual(expected);
  });
});

test("whether case matters to equality is a matter of the column's collation, as for SQL written by hand", async () => {
  await using cursor = await orm.connection("default").cursor();
  await cursor.execute("SELECT count(*) FROM shop_book WHERE title = %s", ["atlas"]);
  expect(await Book.objects.filter({ title: "atlas" }).count()).toBe(cursor.fetchone()![0]);
});

test("wildcards of LIKE stand for themselves", async () => {
  expect(await Review.objects.filter({ text__contains: "100%" }).count()).toBe(1);
  expect(await Review.objects.filter({ text__contains: "%" }).count()).toBe(1);
  expect(await Review.objects.filter({ text__startswith: "snake_" }).count()).toBe(1);
  expect(await Review.objects.filter({ text__contains: "to_" }).count()).toBe(0);
  expect(await Review.objects.filter({ text__contains: "\\" }).count()).toBe(0);
});

describe("conditions are combined", () => {
  test("by or", async () => {
    expect(titles(await Book.objects.filter(Q({ title: "Eels" }).or({ pages__gt: 400 })))).toEqual(["Dunes", "Eels"]);
    expect(titles(await Book.objects.filter(Q.or({ title: "Eels" }, { title: "Atlas" })))).toEqual(["Atlas", "Eels"]);
  });
  test("by and, xor and not", async () => {
    expect(titles(await Book.objects.filter(Q({ price: 20 }).and(Q({ inPrint: true }).not())))).toEqual(["Eels"]);
    expect(titles(await Book.objects.filter(Q({ price: 20 }).xor({ inPrint: true })))).toEqual([
      "Atlas",
      "Botany",
      "Eels",
    ]);
  });
  test("with objects beside them", async () => {
    expect(titles(await Book.objects.filter(Q({ price: 20 }).or({ price: 30 }), { rating__gt: 4.6 }))).toEqual([
      "Dunes",
    ]);
  });
  test("by comparing expressions", async () => {
    expect(titles(await Book.objects.filter(F("pages").lt(F("price").mul(8))))).toEqual(["Eels"]);
    expect(titles(await Book.objects.filter({ pages__lt: F("price").mul(8) }))).toEqual(["Eels"]);
    expect(
      titles(
        await Book.objects.filter(
          F("rating")
            .gte(5)
            .or(F("title").eq(Value("Eels"))),
        ),
      ),
    ).toEqual(["Dunes", "Eels"]);
  });
  test("by an existing row elsewhere", async () => {
    const praised = Exists(Review.objects.filter({ book: OuterRef("pk"), stars: 5 }));
    expect(titles(await Book.objects.filter(praised))).toEqual(["Atlas", "Dunes"]);
    expect(titles(await Book.objects.filter(praised.not()))).toEqual(["Botany", "Chess", "Eels"]);
  });
  test("by another queryset", async () => {
    const roman = Publisher.objects.filter({ city: "Rome" });
    expect(titles(await Book.objects.filter({ publisher__in: roman }))).toEqual(["Chess", "Dunes"]);
    expect(titles(await Book.objects.filter({ publisher__name__in: roman.values("name") }))).toEqual([
      "Chess",
      "Dunes",
    ]);
  });
  test("by no condition: all rows, excluded or not", async () => {
    expect(titles(await Book.objects.filter())).toEqual(TITLES);
    expect(titles(await Book.objects.filter({}))).toEqual(TITLES);
    expect(titles(await Book.objects.exclude())).toEqual(TITLES);
  });
});

describe("exclude", () => {
  test("keeps rows for which the conditions do not hold together", async () => {
    expect(titles(await Book.objects.exclude({ price: 20, inPrint: true }))).toEqual([
      "Atlas",
      "Botany",
      "Chess",
      "Eels",
    ]);
  });
  test("keeps rows whose value is NULL", async () => {
    expect(titles(await Book.objects.exclude({ rating: 5 }))).toEqual(["Atlas", "Botany", "Chess", "Eels"]);
    expect(titles(await Book.objects.exclude({ rating__gt: 4 }))).toEqual(["Botany", "Chess", "Eels"]);
  });
  test("leaves out rows with any such related row", async () => {
    expect(titles(await Book.objects.exclude({ reviews__stars: 5 }))).toEqual(["Botany", "Chess", "Eels"]);
    expect(titles(await Book.objects.exclude({ authors__name: "Ann" }))).toEqual(["Chess", "Dunes", "Eels"]);
  });
});

describe("relations of many rows", () => {
  test("conditions of one call are about one related row", async () => {
    expect(titles(await Book.objects.filter({ reviews__stars: 2, reviews__text: "100% good" }))).toEqual([]);
  });
  test("conditions of two calls may be about two related rows", async () => {
    const both = Book.objects.filter({ reviews__stars: 2 }).filter({ reviews__text: "100% good" });
    expect(titles(await both)).toEqual(["Atlas"]);
  });
  test("a row comes once for each related row, and once at all with distinct()", async () => {
    expect(titles(await Book.objects.filter({ reviews__stars: 5 }))).toEqual(["Atlas", "Dunes", "Dunes"]);
    expect(titles(await Book.objects.filter({ reviews__stars: 5 }).distinct())).toEqual(["Atlas", "Dunes"]);
  });
  test("an instance stands for its key", async () => {
    const ann = await Author.objects.get({ name: "Ann" });
    expect(titles(await Book.objects.filter({ authors: ann }))).toEqual(["Atlas", "Botany"]);
    expect(titles(await Book.objects.filter({ authors__in: [ann] }))).toEqual(["Atlas", "Botany"]);
    expect(names(await Author.objects.filter({ mentor: ann.pk }))).toEqual(["Bob"]);
    expect(names(await Author.objects.filter({ mentorId: ann.id }))).toEqual(["Bob"]);
  });
});

describe("one row", () => {
  test("get() gives the row, and says when there is none or more", async () => {
    expect((await Book.objects.get({ title: "Dunes" })).description).toBe("Sand");
    await expect(Book.objects.get({ title: "Zebras" })).rejects.toBeInstanceOf(Book.DoesNotExist);
    await expect(Book.objects.get({ title: "Zebras" })).rejects.toBeInstanceOf(ObjectDoesNotExist);
    await expect(Book.objects.get({ price: 20 })).rejects.toBeInstanceOf(Book.MultipleObjectsReturned);
    await expect(Book.objects.get({ price: 20 })).rejects.toBeInstanceOf(MultipleObjectsReturned);
    await expect(Author.objects.get({ name: "Zed" })).rejects.not.toBeInstanceOf(Book.DoesNotExist);
  });
  test("first() and last() go by the order, or by the key where there is none", async () => {
    expect((await Book.objects.first())!.title).toBe("Atlas");
    expect((await Book.objects.last())!.title).toBe("Eels");
    expect((await Book.objects.orderBy("pages").first())!.title).toBe("Chess");
    expect((await Author.objects.first())!.name).toBe("Ann");
    expect((await Author.objects.last())!.name).toBe("Cy");
    expect(await Book.objects.filter({ pages: 1 }).first()).toBeNull();
  });
  test("earliest() and latest() go by Meta or by the names given", async () => {
    expect((await Book.objects.latest()).title).toBe("Eels");
    expect((await Book.objects.earliest()).title).toBe("Atlas");
    expect((await Book.objects.latest("pages")).title).toBe("Dunes");
    expect((await Book.objects.earliest("price", "-pages")).title).toBe("Chess");
    await expect(Book.objects.none().latest()).rejects.toBeInstanceOf(Book.DoesNotExist);
  });
  test("exists(), contains() and count() read no rows", async () => {
    const atlas = await Book.objects.get({ title: "Atlas" });
    const { result, queries } = await captureQueries(async () => [
      await Book.objects.filter({ pages__gt: 400 }).exists(),
      await Book.objects.filter({ pages__gt: 4000 }).exists(),
      await Book.objects.filter({ inPrint: true }).contains(atlas),
      await Book.objects.filter({ inPrint: false }).contains(atlas),
      await Book.objects.filter({ inPrint: true }).count(),
      await Book.objects.filter({ authors__name: "Ann" }).count(),
    ]);
    expect(result).toEqual([true, false, true, false, 3, 2]);
    expect(queries.map((query) => query.sql).join()).not.toContain("description");
  });
  test("inBulk() gives rows by their keys, or by another unique field", async () => {
    const books = await Book.objects.inBulk(["Eels", "Atlas", "Zebras"], { fieldName: "title" });
    expect([...books.keys()].toSorted()).toEqual(["Atlas", "Eels"]);
    const eels = books.get("Eels")!;
    expect((await Book.objects.inBulk([eels.pk])).get(eels.pk)!.title).toBe("Eels");
    expect((await Book.objects.inBulk()).size).toBe(5);
    expect((await Book.objects.inBulk([])).size).toBe(0);
  });
});

describe("nothing is asked", () => {
  test("when a queryset is made, printed, inspected or turned into JSON", async () => {
    const { result, queries } = await captureQueries(() => {
      const books = Book.objects
        .filter({ title: "x" })
        .annotate({ n: Count("reviews") })
        .orderBy("-n")
        .slice(0, 3);
      return [String(books), JSON.stringify({ books }), books.sql().text];
    });
    expect(queries).toHaveLength(0);
    expect(result[0]).toContain("shop.Book");
    expect(result[2]).toContain("LIMIT");
  });
  test("of none(), of an empty list and of an empty slice", async () => {
    const { queries } = await captureQueries(async () => {
      expect(await Book.objects.none()).toEqual([]);
      expect(await Book.objects.filter({ pk__in: [] })).toEqual([]);
      expect(await Book.objects.all().slice(3, 3)).toEqual([]);
      expect(await Book.objects.none().count()).toBe(0);
      expect(await Book.objects.none().exists()).toBe(false);
      expect(await Book.objects.none().update({ pages: 1 })).toBe(0);
      expect(await Book.objects.none().aggregate({ n: Count("*") })).toEqual({ n: 0 });
    });
    expect(queries).toHaveLength(0);
  });
  test("a second time of rows that were read", async () => {
    const books = Book.objects.filter({ inPrint: true });
    const { queries } = await captureQueries(async () => {
      expect(titles(await books)).toEqual(titles(await books));
      for await (const book of books) expect(book.inPrint).toBe(true);
      expect(await books.count()).toBe(3);
      expect(await books.exists()).toBe(true);
      expect((await books.all()).length).toBe(3);
    });
    expect(queries).toHaveLength(2);
  });
});
