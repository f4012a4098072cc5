/** How rows are read: deferred fields, related rows, chunks, SQL of one's own, plans and locks. */
import { Prefetch, QueryTypeError, sql, TransactionManagementError, atomic } from "babik";
import { assertNumQueries, captureQueries } from "babik/testing";
import { afterAll, describe, expect, test } from "vitest";
import { Author, Book, column, Publisher, Review, openBookshop, titles, TITLES } from "../../support/bookshop.js";
import { testDatabase } from "../../support/database.js";

const orm = await openBookshop(await testDatabase());
afterAll(() => orm.close());
const { features } = orm.connection("default").dialect;

describe("fields that are not loaded", () => {
  test("defer() leaves them out, and they load when they are awaited", async () => {
    const { result: books, queries } = await captureQueries(() => Book.objects.defer("description", "facts").all());
    expect(queries[0]!.sql).not.toContain("description");
    await assertNumQueries(1, async () => expect(await books[3]!.description).toBe("Sand"));
    expect([...books[0]!.getDeferredFields()].toSorted()).toEqual(["facts"]);
  });
  test("only() loads what is named, and the key", async () => {
    const { result: books, queries } = await captureQueries(() => Book.objects.only("title").all());
    expect(queries[0]!.sql).not.toMatch(/price|pages/);
    expect(typeof books[0]!.id).toBe("number");
    expect(String(await books[0]!.price)).toBe("30");
  });
  test("neither goes with values()", () => {
    expect(() => Book.objects.values("title").defer("title")).toThrow(QueryTypeError);
    expect(() => Book.objects.values("title").only("title")).toThrow(QueryTypeError);
  });
});

describe("related rows", () => {
  test("selectRelated() loads them with the same query", async () => {
    await assertNumQueries(1, async () => {
      const reviews = await Review.objects.selectRelated("book__publisher").orderBy("pk");
      expect(reviews.map((review) => review.book.publisher.name)).toEqual([
        "North",
        "North",
        "North",
        "South",
        "South",
      ]);
    });
  });
  test("selectRelated() loads the other side of a one-to-one relation, or null", async () => {
    await assertNumQueries(1, async () => {
      const books = await Book.objects.selectRelated("cover");
      expect(books.map((book) => book.cover?.colour ?? null)).toEqual(["red", null, null, "blue", null]);
    });
  });
  test("prefetchRelated() loads them with one more query for each relation", async () => {
    await assertNumQueries(3, async () => {
      const publishers = await Publisher.objects.prefetchRelated("books__reviews");
      const stars: unknown[] = [];
      for (const publisher of publishers)
        for (const book of await publisher.books.all()) stars.push(...column(await book.reviews.all(), "stars"));
      expect(stars.toSorted()).toEqual([2, 4, 5, 5, 5]);
    });
  });
  test("Prefetch loads the rows of a queryset under a name", async () => {
    const authors = await Author.objects
      .orderBy("name")
      .prefetchRelated(Prefetch("books", { queryset: Book.objects.filter({ inPrint: true }), toAttr: "onSale" }));
    expect(authors.map((author) => titles(author.onSale))).toEqual([
      ["Atlas", "Botany"],
      ["Atlas", "Dunes"],
      ["Dunes"],
    ]);
  });
  test("rows of one result are filled together when one of them is asked", async () => {
    const books = await Book.objects.filter({ publisher__isnull: false });
    await assertNumQueries(1, async () => {
      const found = [];
      for (const book of books) found.push((await book.publisher).name);
      expect(found).toEqual(["North", "North", "South", "South"]);
    });
  });
});

describe("iterator()", () => {
  test("gives all rows in chunks and keeps none", async () => {
    const books = Book.objects.all();
    const found: unknown[] = [];
    for await (const book of books.iterator({ chunkSize: 2 })) found.push(book.title);
    expect(found).toEqual(TITLES);
    await assertNumQueries(1, async () => expect(await books).toHaveLength(5));
  });
  test("prefetches for each chunk", async () => {
    const found: unknown[] = [];
    for await (const book of Book.objects.prefetchRelated("authors").iterator({ chunkSize: 2 }))
      found.push((await book.authors.all()).length);
    expect(found).toEqual([2, 1, 1, 2, 0]);
  });
  test("may be left early", async () => {
    for await (const book of Book.objects.iterator({ chunkSize: 1 })) {
      expect(book.title).toBe("Atlas");
      break;
    }
    expect(await Book.objects.count()).toBe(5);
  });
});

describe("SQL of one's own", () => {
  test("raw() gives instances, with columns that are no fields beside them", async () => {
    const books = await Book.objects.raw(
      sql`SELECT id, title, pages * 2 AS doubled FROM shop_book WHERE pages > ${100} ORDER BY title`,
    );
    expect(books.map((book) => [book.title, Number(book.doubled)])).toEqual([
      ["Atlas", 600],
      ["Botany", 300],
      ["Dunes", 824],
    ]);
    expect(String(await books[0]!.price)).toBe("30");
  });
  test("raw() takes %s and a list", async () => {
    expect(
      titles(await Book.objects.raw("SELECT * FROM shop_book WHERE title IN (%s, %s) ORDER BY 1", ["Atlas", "Eels"])),
    ).toEqual(["Atlas", "Eels"]);
  });
  test("values of the template are parameters, whatever they hold", async () => {
    const nasty = "x' OR '1'='1";
    expect(await Book.objects.raw(sql`SELECT * FROM shop_book WHERE title = ${nasty}`)).toEqual([]);
    expect(await Book.objects.filter({ title: nasty })).toEqual([]);
  });
  test("extra() adds conditions and columns", async () => {
    const books = await Book.objects.extra({ select: { twice: "pages * 2" }, where: ["pages > %s"], params: [300] });
    expect(books.map((book) => [book.title, Number(book.twice)])).toEqual([["Dunes", 824]]);
  });
});

describe("the database is told how", () => {
  test("sql() shows the statement and its values, apart", () => {
    const { text, params } = Book.objects.filter({ title: "Atlas' --" }).sql();
    expect(text).toMatch(/^SELECT .* FROM .shop_book. WHERE/);
    expect(text).not.toContain("Atlas");
    expect(params).toEqual(["Atlas' --"]);
  });
  test("explain() gives a plan and reads no rows", async () => {
    expect(await Book.objects.filter({ pages__gt: 3 }).explain()).toMatch(/book/i);
  });
  test.skipIf(!features.selectForUpdate)("selectForUpdate() locks rows, in a transaction only", async () => {
    await expect(Book.objects.selectForUpdate()).rejects.toThrow(TransactionManagementError);
    const locked = await atomic(async () => await Book.objects.selectForUpdate().filter({ pages__gt: 100 }));
    expect(titles(locked)).toEqual(["Atlas", "Botany", "Dunes"]);
  });
  test("using() names the database", async () => {
    expect(Book.objects.using("default").db).toBe("default");
    expect(titles(await Book.objects.using("default"))).toEqual(TITLES);
  });
});
