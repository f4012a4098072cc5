/** Semantics of queries that re-implementations of Django's ORM get wrong, each under the number it has in the inventory (S1-S33). */
import {
  Count,
  Exists,
  F,
  NotSupportedError,
  OuterRef,
  Q,
  QueryTypeError,
  Rank,
  Sum,
  Value,
  ValueError,
  Window,
} from "babik";
import { captureQueries } from "babik/testing";
import { afterAll, describe, expect, test } from "vitest";
import { Author, Book, names, openBookshop, Publisher, Review, titles, TITLES } from "../../support/bookshop.js";
import { testDatabase } from "../../support/database.js";

const orm = await openBookshop(await testDatabase());
afterAll(() => orm.close());
const text = (qs: { sql(): { text: string } }): string => qs.sql().text;
const queriesOf = async (call: () => PromiseLike<unknown>): Promise<number> =>
  (await captureQueries(async () => void (await call()))).queries.length;

describe("filters", () => {
  test("S1: one filter() asks of one related row, two ask of any", async () => {
    expect(titles(await Book.objects.filter({ reviews__stars: 5, reviews__text: "too big" }))).toEqual([]);
    const two = Book.objects.filter({ reviews__stars: 5 }).filter({ reviews__text: "too big" });
    expect(titles(await two)).toEqual(["Atlas"]);
    expect(text(two).match(/JOIN/g)).toHaveLength(2);
    const single = Book.objects.filter({ publisher__name: "North" }).filter({ publisher__city: "Oslo" });
    expect(text(single).match(/JOIN/g)).toHaveLength(1);
  });
  test("S2: exclude() over several rows is a subquery for each condition", async () => {
    const rows = await Book.objects.exclude({ reviews__stars: 5, reviews__text: "too big" });
    expect(titles(rows)).toEqual(["Botany", "Chess", "Dunes", "Eels"]);
  });
  test("S3: rows without a value belong to the negation", async () => {
    expect(titles(await Book.objects.exclude({ rating: 5 }))).toEqual(["Atlas", "Botany", "Chess", "Eels"]);
    expect(titles(await Book.objects.exclude({ publisher__city: "Oslo" }))).toEqual(["Chess", "Dunes", "Eels"]);
  });
  test("S4: a join is INNER where every branch needs it", async () => {
    const either = Q({ publisher__city: "Oslo" }).or({ cover__colour: "blue" });
    const loose = Book.objects.filter(either);
    expect(text(loose).match(/LEFT OUTER JOIN/g)).toHaveLength(2);
    expect(titles(await loose)).toEqual(["Atlas", "Botany", "Dunes"]);
    const strict = Book.objects.filter(either.and({ publisher__name: "South" }));
    expect(text(strict).match(/LEFT OUTER JOIN/g)).toHaveLength(1);
    expect(titles(await strict)).toEqual(["Dunes"]);
  });
  test("S5: the test for no related row needs a join only where the other side has the key", async () => {
    const forward = Book.objects.filter({ publisher__isnull: true });
    expect(text(forward)).not.toContain("JOIN");
    expect(titles(await forward)).toEqual(["Eels"]);
    const reverse = Book.objects.filter({ cover__isnull: true });
    expect(text(reverse)).toContain("LEFT OUTER JOIN");
    expect(titles(await reverse)).toEqual(["Botany", "Chess", "Eels"]);
  });
  test("S6: null means IS NULL for exact and iexact, and nothing elsewhere", async () => {
    expect(titles(await Book.objects.filter({ rating: null }))).toEqual(["Botany", "Eels"]);
    expect(titles(await Book.objects.exclude({ rating: null }))).toEqual(["Atlas", "Chess", "Dunes"]);
    expect(() => Book.objects.filter({ rating__gt: null as never })).toThrow(ValueError);
  });
  test("S7: an empty list is no query", async () => {
    const none = Book.objects.filter({ pk__in: [] });
    expect(await queriesOf(() => none)).toBe(0);
    expect(await none.count()).toBe(0);
    expect(await none.aggregate({ s: Sum("pages") })).toEqual({ s: null });
    expect(await none.update({ pages: 1 })).toBe(0);
    expect(await Book.objects.exclude({ pk__in: [] }).count()).toBe(5);
    expect(titles(await Book.objects.filter(Q({ pk__in: [] }).or({ title: "Eels" })))).toEqual(["Eels"]);
    expect(titles(await Book.objects.filter({ pages__in: [95, null as never] }))).toEqual(["Eels"]);
  });
  test("S8: a queryset as the value selects the key, one column, and one row for exact", async () => {
    const rome = Publisher.objects.filter({ city: "Rome" });
    const books = Book.objects.filter({ publisher__in: rome });
    expect(titles(await books)).toEqual(["Chess", "Dunes"]);
    expect(text(books).match(/ORDER BY/g)).toHaveLength(1);
    expect(() => text(Book.objects.filter({ publisher__in: rome.values("pk", "name") as never }))).toThrow(ValueError);
    expect(() => text(Book.objects.filter({ publisher: rome as never }))).toThrow(ValueError);
    expect(titles(await Book.objects.filter({ publisher: rome.orderBy("-name").slice(0, 1) as never }))).toEqual([
      "Chess",
      "Dunes",
    ]);
  });
  test("S9: the last part of a path is a lookup first, then a transform with exact", async () => {
    expect(titles(await Book.objects.filter({ published__year: 2001 }))).toEqual(["Atlas", "Botany"]);
    expect(titles(await Book.objects.filter({ published__year__gte: 2015 }))).toEqual(["Dunes", "Eels"]);
    expect(titles(await Book.objects.filter({ facts__maps: 12 }))).toEqual(["Atlas"]);
  });
  test("S10: numbers that the column cannot hold match nothing, or everything; fractions are rounded up", async () => {
    expect(titles(await Book.objects.filter({ pages: 1e12 }))).toEqual([]);
    expect(await Book.objects.filter({ pages__lt: 1e12 }).count()).toBe(5);
    expect(titles(await Book.objects.filter({ pages__gte: 94.5 }))).toEqual(["Atlas", "Botany", "Dunes", "Eels"]);
    expect(titles(await Book.objects.filter({ pages__lt: 95.5 }))).toEqual(["Chess", "Eels"]);
  });
  test("S11: an empty Q says nothing, however it is negated or combined", async () => {
    expect(titles(await Book.objects.filter(Q()))).toEqual(TITLES);
    expect(titles(await Book.objects.filter(Q().not()))).toEqual(TITLES);
    expect(titles(await Book.objects.filter(Q().or({ title: "Eels" })))).toEqual(["Eels"]);
    expect(titles(await Book.objects.filter(Q({ pk__in: [] }).not()))).toEqual(TITLES);
  });
  test("S12: xor is true for an odd number of conditions", async () => {
    const [a, b, c] = [Q({ pages__gt: 200 }), Q({ price__gte: 20 }), Q({ inPrint: true })];
    expect(titles(await Book.objects.filter(a.xor(b)))).toEqual(["Eels"]);
    expect(titles(await Book.objects.filter(Q.xor(a, b, c)))).toEqual(["Atlas", "Botany", "Dunes", "Eels"]);
  });
  test("S13: what is searched for is text, not a pattern, also when it is an expression", async () => {
    expect(titles(await Book.objects.filter({ title__icontains: "ATL" }))).toEqual(["Atlas"]);
    expect(await Review.objects.filter({ text__contains: "0% g" }).count()).toBe(1);
    expect(await Review.objects.filter({ text__contains: Value("0_ g") as never }).count()).toBe(0);
    expect(await Review.objects.filter({ text__contains: F("text") as never }).count()).toBe(5);
  });
});

describe("groups", () => {
  test("S14: values() before annotate() groups, after it selects", async () => {
    const groups = await Book.objects
      .values("inPrint")
      .annotate({ n: Count("pk") })
      .orderBy("inPrint");
    expect(groups).toEqual([
      { inPrint: false, n: 2 },
      { inPrint: true, n: 3 },
    ]);
    const rows = await Book.objects.annotate({ n: Count("reviews") }).values("inPrint", "n");
    expect(rows).toHaveLength(5);
  });
  test("S15: a filter before annotate() limits what is counted, one after it multiplies", async () => {
    const before = await Book.objects
      .filter({ reviews__stars: 5 })
      .annotate({ n: Count("reviews") })
      .orderBy("title");
    expect(before.map((b) => [b.title, b.n])).toEqual([
      ["Atlas", 1],
      ["Dunes", 2],
    ]);
    const after = await Book.objects
      .annotate({ n: Count("reviews") })
      .filter({ reviews__stars: 5 })
      .orderBy("title");
    expect(after.map((b) => [b.title, b.n])).toEqual([
      ["Atlas", 2],
      ["Dunes", 4],
    ]);
  });
  test("S16: two aggregates over several rows multiply each other, but for distinct ones", async () => {
    const counts = Book.objects.annotate({
      a: Count("reviews"),
      b: Count("authors"),
      c: Count("reviews", { distinct: true }),
    });
    const atlas = await counts.get({ title: "Atlas" });
    expect([atlas.a, atlas.b, atlas.c]).toEqual([4, 4, 2]);
  });
  test("S17: sliced and distinct rows are aggregated as they stand", async () => {
    expect(
      await Book.objects
        .orderBy("pages")
        .slice(0, 2)
        .aggregate({ s: Sum("pages") }),
    ).toEqual({ s: 175 });
    expect(await Book.objects.values("inPrint").distinct().orderBy().count()).toBe(2);
    const { queries } = await captureQueries(() => Book.objects.annotate({ twice: F("pages").mul(2) }).count());
    expect(queries[0]!.sql).not.toContain("twice");
  });
  test("S18: the model's ordering groups nothing, an explicit one does", async () => {
    expect(await Book.objects.values("inPrint").annotate({ n: Count("pk") })).toHaveLength(2);
    expect(
      await Book.objects
        .values("inPrint")
        .annotate({ n: Count("pk") })
        .orderBy("title"),
    ).toHaveLength(5);
  });
  test("S19: aggregates of nothing are null, counts are 0", async () => {
    const none = Book.objects.filter({ title: "Nothing" });
    expect(await none.aggregate({ s: Sum("pages"), n: Count("pk"), d: Sum("pages", { default: 7 }) })).toEqual({
      s: null,
      n: 0,
      d: 7,
    });
    const eels = await Book.objects.annotate({ s: Sum("reviews__stars"), n: Count("reviews") }).get({ title: "Eels" });
    expect([eels.s, eels.n]).toEqual([null, 0]);
    expect(() => Count("pk", { default: 1 } as never)).toThrow(QueryTypeError);
  });
});

describe("order and rows", () => {
  test("S20: the order of a relation is that of its model; its key needs no join", async () => {
    const rows = Book.objects.filter({ publisher__isnull: false }).orderBy("-publisher", "title");
    expect(titles(await rows)).toEqual(["Chess", "Dunes", "Atlas", "Botany"]);
    expect(text(rows)).toContain("JOIN");
    expect(text(Book.objects.orderBy("publisherId"))).not.toContain("JOIN");
    expect(text(Book.objects.orderBy("publisher__pk"))).not.toContain("JOIN");
  });
  test("S21: orderBy() replaces, with nothing it removes, reverse() turns what is there", async () => {
    expect(titles(await Book.objects.orderBy("pages").orderBy("-pages").slice(0, 1))).toEqual(["Dunes"]);
    expect(text(Book.objects.orderBy())).not.toContain("ORDER BY");
    expect(titles(await Book.objects.reverse())).toEqual(TITLES.toReversed());
    const last = await Book.objects.orderBy(F("rating").desc({ nullsLast: true }), "title").reverse();
    expect(titles(last)).toEqual(["Eels", "Botany", "Chess", "Atlas", "Dunes"]);
  });
  test("S22: what distinct rows are ordered by is selected with them", async () => {
    expect(await Book.objects.values("inPrint").distinct().orderBy("pages")).toHaveLength(5);
    expect(await Book.objects.values("inPrint").distinct().orderBy("inPrint")).toHaveLength(2);
  });
  test("S23: a tree of OR with an aggregate in it goes into HAVING as a whole", async () => {
    const rows = Book.objects
      .annotate({ n: Count("reviews") })
      .filter(Q({ n__gt: 1 }).or({ title: "Eels" }))
      .orderBy("title");
    expect(text(rows)).not.toContain("WHERE");
    expect(titles(await rows)).toEqual(["Atlas", "Dunes", "Eels"]);
  });
  test("S24: a condition on a window function stands outside, and so does the slice", async () => {
    const rows = Book.objects
      .annotate({ rank: Window(Rank(), { orderBy: F("pages").desc() }) })
      .filter({ rank__lte: 2 })
      .orderBy("rank");
    expect(titles(await rows.slice(0, 5))).toEqual(["Dunes", "Atlas"]);
    expect(titles(await rows.slice(1, 5))).toEqual(["Atlas"]);
  });
  test("a condition on distinct values beside a window keeps the groups of joined rows, in their order", async () => {
    const reviewed = Book.objects
      .annotate({ n: Count("reviews__stars", { distinct: true }) })
      .filter({ n__gte: 1 })
      .annotate({ all: Window(Sum("pages")) });
    const want = (await Book.objects.filter({ reviews__isnull: false }).distinct().orderBy("-pages")) as unknown as {
      title: string;
      pages: number;
    }[];
    expect(want.length).toBeGreaterThan(1);
    const rows = (await reviewed.selectRelated("publisher").orderBy("-pages")) as unknown as { all: number }[];
    expect(titles(rows as never)).toEqual(want.map((b) => b.title));
    const pages = want.reduce((sum, b) => sum + b.pages, 0);
    expect(rows.map((r) => r.all)).toEqual(want.map(() => pages));
  });
  test("S25: nulls come where they are asked for on every database", async () => {
    const last = await Book.objects.orderBy(F("rating").asc({ nullsLast: true }), "title");
    expect(titles(last)).toEqual(["Chess", "Atlas", "Dunes", "Botany", "Eels"]);
    const first = await Book.objects.orderBy(F("rating").desc({ nullsFirst: true }), "title");
    expect(titles(first)).toEqual(["Botany", "Eels", "Dunes", "Atlas", "Chess"]);
  });
  test("S26: values() over a many-to-many gives a row for each; a foreign key's name gives the key", async () => {
    expect(await Author.objects.filter({ name: "Ann" }).orderBy("books__title").values("books__title")).toEqual([
      { books__title: "Atlas" },
      { books__title: "Botany" },
    ]);
    const north = await Publisher.objects.get({ name: "North" });
    expect(await Book.objects.filter({ title: "Atlas" }).values("publisher")).toEqual([{ publisher: north.pk }]);
    expect(
      await Book.objects
        .annotate({ x: Value(1) })
        .filter({ title: "Eels" })
        .valuesList("x", "title"),
    ).toEqual([[1, "Eels"]]);
  });
  test("S27: OuterRef goes out one query for each time it is written", async () => {
    const inner = Review.objects.filter({ book: OuterRef("pk"), text: OuterRef(OuterRef("name") as never) as never });
    const deep = Publisher.objects.filter(
      Exists(Book.objects.filter({ publisher: OuterRef("pk") }).filter(Exists(inner))),
    );
    expect(names(await deep)).toEqual([]);
    const outer = Publisher.objects.filter(Exists(Book.objects.filter({ publisher: OuterRef("pk"), pages__gt: 400 })));
    expect(names(await outer)).toEqual(["South"]);
    await expect(Promise.resolve().then(() => Book.objects.filter({ pages: OuterRef("pk") as never }))).rejects.toThrow(
      ValueError,
    );
  });
  test("S27: OuterRef to an aggregate of the outer query is refused before anything is sent", () => {
    const counted = Publisher.objects.annotate({ most: Count("books") });
    expect(() => counted.filter(Exists(Book.objects.filter({ pages: OuterRef("most") as never })))).toThrow(
      NotSupportedError,
    );
  });
  test("S28: after a slice there are slices and reading only", async () => {
    const some = Book.objects.slice(1, 5);
    expect(titles(await some.slice(1, 3))).toEqual(["Chess", "Dunes"]);
    expect(() => some.filter({ pages: 1 })).toThrow(QueryTypeError);
    expect(() => some.orderBy("pages")).toThrow(QueryTypeError);
    await expect(some.update({ pages: 1 })).rejects.toThrow(QueryTypeError);
    await expect(some.delete()).rejects.toThrow(QueryTypeError);
    expect(() => Book.objects.slice(-1)).toThrow(ValueError);
  });
  test("S29: get() reads without an order, and a few rows only; first() orders by the key", async () => {
    const { queries } = await captureQueries(() => Book.objects.get({ title: "Eels" }));
    expect(queries[0]!.sql).not.toContain("ORDER BY");
    expect(queries[0]!.sql).toContain("LIMIT 21");
    expect((await Review.objects.first())?.stars).toBe(5);
    expect((await Book.objects.last())?.title).toBe("Eels");
  });
});

describe("several querysets", () => {
  const union = () => Book.objects.filter({ pages__gt: 200 }).union(Book.objects.filter({ pages__lt: 90 }));
  test("S30: combined querysets can be read, ordered and sliced, and not filtered", async () => {
    expect(await union().count()).toBe(3);
    expect(titles(await union().orderBy("-title").slice(0, 2))).toEqual(["Dunes", "Chess"]);
    for (const call of ["filter", "exclude", "annotate", "distinct", "selectRelated", "only"] as const)
      expect(() => (union()[call] as (x?: unknown) => unknown)({})).toThrow(NotSupportedError);
  });
  test("S31: the columns of a union match by position; values() after it reach every part", async () => {
    const all = Author.objects.valuesList("name").union(Publisher.objects.valuesList("city") as never);
    expect(await all.orderBy("name")).toEqual([["Ann"], ["Bob"], ["Cy"], ["Oslo"], ["Rome"]]);
    expect(await union().orderBy("title").valuesList("title", { flat: true })).toEqual(["Atlas", "Chess", "Dunes"]);
    expect(titles(await union().union(Book.objects.none()).orderBy("title"))).toEqual(["Atlas", "Chess", "Dunes"]);
  });
  test("S32: and(), or() and xor() take querysets of one model and of one kind", async () => {
    const big = Book.objects.filter({ pages__gt: 200 }),
      dear = Book.objects.filter({ price__gte: 20 });
    expect(titles(await big.and(dear))).toEqual(["Atlas", "Dunes"]);
    expect(titles(await big.or(dear))).toEqual(["Atlas", "Dunes", "Eels"]);
    expect(titles(await big.xor(dear))).toEqual(["Eels"]);
    expect(() => big.or(Author.objects.all() as never)).toThrow(QueryTypeError);
    expect(() => big.or(dear.distinct())).toThrow(QueryTypeError);
  });
  test("S33: iterator() with prefetched relations needs the size of its chunks", async () => {
    const prefetching = Book.objects.prefetchRelated("reviews");
    await expect(
      (async () => {
        for await (const book of prefetching.iterator()) void book;
      })(),
    ).rejects.toThrow(ValueError);
    const seen: unknown[] = [];
    for await (const book of prefetching.iterator({ chunkSize: 2 })) seen.push(book.title);
    expect(seen).toEqual(TITLES);
  });
});
