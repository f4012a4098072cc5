/** Numbered pages: of querysets, lists and other things, with what Django's Paginator says about each. */
import {
  babik,
  CASCADE,
  CharField,
  EmptyPage,
  ForeignKey,
  InvalidPage,
  model,
  PageNotAnInteger,
  Paginator,
  QueryTypeError,
  UnorderedObjectListWarning,
  ValueError,
} from "babik";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { captureQueries } from "../../../src/testing.js";
import { testDatabase } from "../../support/database.js";

class Shelf extends model("Shelf", { name: CharField({ maxLength: 20 }) }) {}
class Book extends model(
  "Book",
  {
    title: CharField({ maxLength: 20 }),
    shelf: ForeignKey("Shelf", { onDelete: CASCADE, relatedName: "books" }),
  },
  { ordering: ["id"] },
) {}
const database = await testDatabase();
const orm = babik({ databases: { default: database.url }, apps: { library: { Shelf, Book } } });
afterAll(() => orm.close());
let shelf: Awaited<ReturnType<typeof Shelf.objects.get>>;
beforeAll(async () => {
  await orm.createTables();
  shelf = await Shelf.objects.create({ name: "first" });
  await Book.objects.bulkCreate(Array.from({ length: 9 }, (_, i) => new Book({ title: `book ${i + 1}`, shelf })));
});
const numbers = (n: number): number[] => Array.from({ length: n }, (_, i) => i + 1);

describe("of a queryset", () => {
  test("a page is counted and sliced, and its rows are there", async () => {
    const paginator = Paginator(Book.objects.all(), 5);
    const { result: page, queries } = await captureQueries(() => paginator.page(2));
    expect(queries).toHaveLength(2);
    expect([...page].map((b) => b.title)).toEqual(["book 6", "book 7", "book 8", "book 9"]);
    expect([page.number, page.length, page.startIndex(), page.endIndex()]).toEqual([2, 4, 6, 9]);
    expect([page.hasNext(), page.hasPrevious(), page.hasOtherPages()]).toEqual([false, true, true]);
    expect(page.previousPageNumber()).toBe(1);
    expect(() => page.nextPageNumber()).toThrow(EmptyPage);
    expect(page.paginator).toBe(paginator);
    expect(String(page)).toBe("<Page 2 of 2>");
    expect(page.at(-1)).toHaveProperty("title", "book 9");
    expect(JSON.parse(JSON.stringify(page))).toHaveLength(4);
  });
  test("rows are counted once for all pages", async () => {
    const paginator = Paginator(Book.objects.all(), 4);
    const { queries } = await captureQueries(async () => {
      expect(await paginator.count()).toBe(9);
      expect(await paginator.numPages()).toBe(3);
      expect(await paginator.pageRange()).toEqual([1, 2, 3]);
      const seen: number[] = [];
      for await (const page of paginator) seen.push(page.length);
      expect(seen).toEqual([4, 4, 1]);
    });
    expect(queries).toHaveLength(4);
  });
  test("a failure to count is not kept", async () => {
    let fail = true;
    const paginator = Paginator(
      {
        count: () => (fail ? Promise.reject(new RangeError("away")) : 3),
        slice: (a: number, b: number) => [7, 8, 9].slice(a, b),
      },
      2,
    );
    await expect(paginator.count()).rejects.toThrow("away");
    fail = false;
    expect((await paginator.page(2)).objectList).toEqual([9]);
  });
  test("managers and sets of related rows are cut too", async () => {
    expect((await Paginator(Book.objects, 3).page(3)).length).toBe(3);
    expect((await Paginator(shelf.books, 8).page(2)).length).toBe(1);
    const prefetched = await Shelf.objects.prefetchRelated("books").get();
    const { queries } = await captureQueries(() => Paginator(prefetched.books.all(), 8).page(2));
    expect(queries).toHaveLength(0);
  });
  test("rows of values are rows as well", async () => {
    const page = await Paginator(Book.objects.valuesList("title", { flat: true }), 2).page(1);
    expect(page.objectList).toEqual(["book 1", "book 2"]);
  });
  test("rows without an order are warned of, once for each model", async () => {
    const warnings: Error[] = [];
    const listen = (w: Error): void => void warnings.push(w);
    process.on("warning", listen);
    Paginator(Shelf.objects.all(), 5);
    Paginator(Shelf.objects.all(), 5);
    Paginator(Shelf.objects.orderBy("name"), 5);
    Paginator(Book.objects.all(), 5);
    await new Promise((done) => setImmediate(done));
    process.off("warning", listen);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toBeInstanceOf(UnorderedObjectListWarning);
    expect(warnings[0]!.message).toMatch(/unordered object list: a QuerySet of library.Shelf/);
  });
});

describe("the number of a page", () => {
  const paginator = Paginator(numbers(9), 4);
  test("is a whole number, or its text as requests have it", async () => {
    for (const given of [2, "2", " 2 ", "+2"]) expect((await paginator.page(given as number)).number).toBe(2);
    for (const given of [1.5, "1.5", "", "two", null, undefined, Number.NaN, true, "0x2", {}, [2]])
      await expect(paginator.page(given as number)).rejects.toThrow(PageNotAnInteger);
    for (const given of [0, -1, 4, "99999999999999999999"])
      await expect(paginator.page(given)).rejects.toThrow(EmptyPage);
    await expect(paginator.page("x")).rejects.toThrow(InvalidPage);
  });
  test("is made right by getPage()", async () => {
    const at = async (given?: unknown) => (await paginator.getPage(given)).number;
    expect([await at(), await at("x"), await at("2"), await at(0), await at(99)]).toEqual([1, 1, 2, 3, 3]);
  });
  test("is told of in words of one's own", async () => {
    const own = Paginator(numbers(3), 2, { errorMessages: { noResults: "Nothing there", invalidPage: "No number" } });
    await expect(own.page(9)).rejects.toThrow("Nothing there");
    await expect(own.page("x")).rejects.toThrow("No number");
    await expect(own.page(0)).rejects.toThrow("That page number is less than 1");
  });
});

describe("nothing", () => {
  test("is one empty page", async () => {
    const page = await Paginator([], 4).page(1);
    expect([page.length, page.startIndex(), page.endIndex(), page.hasOtherPages()]).toEqual([0, 0, 0, false]);
    expect(await Paginator(Book.objects.none(), 4).pageRange()).toEqual([1]);
  });
  test("is no page where that is asked for", async () => {
    const strict = Paginator([], 4, { allowEmptyFirstPage: false });
    expect([await strict.numPages(), await strict.pageRange()]).toEqual([0, []]);
    await expect(strict.page(1)).rejects.toThrow(EmptyPage);
    await expect(strict.getPage(1)).rejects.toThrow(EmptyPage);
  });
});

// Rows, rows on a page, orphans, and how many pages that makes: as Django counts.
test.each([
  [10, 4, 0, 3],
  [10, 4, 2, 2],
  [10, 4, 1, 3],
  [10, 5, 0, 2],
  [9, 4, 1, 2],
  [10, 11, 0, 1],
  [1, 4, 1, 1],
  [2, 4, 3, 1],
])("%i rows, %i on a page, %i orphans are %i pages", async (rows, perPage, orphans, pages) => {
  const paginator = Paginator(numbers(rows), perPage, { orphans });
  expect(await paginator.numPages()).toBe(pages);
  const last = await paginator.page(pages);
  expect(last.endIndex()).toBe(rows);
  expect(last.at(-1)).toBe(rows);
  const all: number[] = [];
  for await (const page of paginator) all.push(...page);
  expect(all).toEqual(numbers(rows));
});

test("long ranges of pages are cut around a page", async () => {
  const paginator = Paginator(numbers(100), 2);
  expect(await paginator.getElidedPageRange(1)).toEqual([1, 2, 3, 4, "…", 49, 50]);
  expect(await paginator.getElidedPageRange(7)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, "…", 49, 50]);
  expect(await paginator.getElidedPageRange(25)).toEqual([1, 2, "…", 22, 23, 24, 25, 26, 27, 28, "…", 49, 50]);
  expect(await paginator.getElidedPageRange(50)).toEqual([1, 2, "…", 47, 48, 49, 50]);
  expect(await paginator.getElidedPageRange(8, { onEachSide: 1, onEnds: 1 })).toEqual([1, "…", 7, 8, 9, "…", 50]);
  expect(await paginator.getElidedPageRange(8, { onEachSide: 1, onEnds: 0 })).toEqual(["…", 7, 8, 9, "…"]);
  expect(await Paginator(numbers(20), 2).getElidedPageRange(5)).toEqual(numbers(10));
  await expect(paginator.getElidedPageRange(51)).rejects.toThrow(EmptyPage);
  expect(Paginator.ELLIPSIS).toBe("…");
});

test("mistakes are told at once", () => {
  expect(() => Paginator(numbers(3), 0)).toThrow(ValueError);
  expect(() => Paginator(numbers(3), 2.5)).toThrow(ValueError);
  expect(() => Paginator(numbers(3), 2, { orphans: 2 })).toThrow(ValueError);
  expect(() => Paginator(7 as never, 2)).toThrow(QueryTypeError);
  expect(() => Paginator(numbers(3), 2, { orphan: 1 } as never)).toThrow(/orphans/);
  expect(() => Paginator(numbers(3), 2, { errorMessages: { empty: "x" } as never })).toThrow(/noResults/);
});
test("a paginator can be extended", async () => {
  class Even extends Paginator<number[]> {
    override async count() {
      return Math.min(4, await super.count());
    }
  }
  expect(await new Even(numbers(9), 2).numPages()).toBe(2);
});
