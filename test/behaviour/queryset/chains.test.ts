/**
 * Chains of methods: each leaves the queryset it was called on as it was, and gives the same rows whether the shapes of
 * queries are remembered or built anew, for other values too.
 */
import {
  Avg,
  Case,
  Coalesce,
  Concat,
  Count,
  Exists,
  ExtractYear,
  F,
  Greatest,
  Length,
  Lower,
  Max,
  Min,
  OuterRef,
  Prefetch,
  Q,
  RowNumber,
  Subquery,
  Sum,
  TruncMonth,
  Upper,
  Value,
  When,
  Window,
} from "babik";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import { shapeCache } from "../../../src/orm/shape.js";
import { Author, Book, openBookshop, Publisher, Review, titles } from "../../support/bookshop.js";
import { testDatabase } from "../../support/database.js";

const orm = await openBookshop(await testDatabase());
const remembering = shapeCache.enabled;
afterEach(() => {
  shapeCache.enabled = remembering;
});
afterAll(() => orm.close());

/** Values of one run; several runs share the shape of a chain. */
interface Values {
  readonly pages: number;
  readonly title: string;
  readonly price: string;
  readonly city: string;
  readonly list: readonly string[];
  readonly stars: number;
  readonly low: number;
}
const runs: readonly Values[] = [
  { pages: 100, title: "Atlas", price: "12.50", city: "Oslo", list: ["Atlas", "Eels"], stars: 5, low: 0 },
  { pages: 300, title: "Dunes", price: "20", city: "Rome", list: ["Chess", "Dunes"], stars: 2, low: 1 },
  { pages: 0, title: "o' \\ %", price: "0.01", city: "", list: ["Eels", "x"], stars: 99, low: 2 },
];
const all = Book.objects.all();
const ann = await Author.objects.get({ name: "Ann" });

const chains: Readonly<Record<string, (v: Values) => PromiseLike<unknown>>> = {
  "filter by equality": (v) => all.filter({ title: v.title }),
  "filter by comparison": (v) => all.filter({ pages__gt: v.pages }),
  "filter by two conditions": (v) => all.filter({ pages__gte: v.pages, price__lte: v.price }),
  "filter by text": (v) => all.filter({ title__icontains: v.title.slice(0, 2) }),
  "filter by beginnings": (v) => all.filter({ title__startswith: v.title[0]! }),
  "filter by lists": (v) => all.filter({ title__in: v.list }),
  "filter by lists of other lengths": (v) => all.filter({ title__in: [...v.list, ...v.list.slice(v.low)] }),
  "filter by ranges": (v) => all.filter({ pages__range: [v.pages, v.pages + 100] }),
  "filter by NULL or a value": (v) => all.filter({ rating: v.low === 0 ? null : v.low + 3 }),
  "filter over a relation": (v) => all.filter({ publisher__city: v.city }),
  "filter over many-to-many": (v) => all.filter({ authors__name__gt: v.title }).distinct(),
  "filter over a reverse relation": (v) => all.filter({ reviews__stars__gte: v.stars }).distinct(),
  "filter twice over a reverse relation": (v) =>
    all.filter({ reviews__stars: v.stars }).filter({ reviews__stars__lt: 3 }).distinct(),
  "filter by a row": () => all.filter({ authors: ann }),
  "filter by Q": (v) => all.filter(Q({ title: v.title }).or({ price: v.price })),
  "filter by not": (v) => all.filter(Q({ title: v.title }).not()),
  "filter by xor": (v) => all.filter(Q({ pages__gt: v.pages }).xor({ price__gt: v.price })),
  "filter by F": (v) => all.filter({ pages__gt: F("price").mul(v.stars) }),
  "filter by an expression": (v) => all.filter(F("pages").add(v.pages).gt(200)),
  "filter by a queryset": (v) => all.filter({ publisher__in: Publisher.objects.filter({ city: v.city }) }),
  "filter by a slice": (v) => all.filter({ pk__in: [...Array(v.low + 2).keys()] }),
  "filter by Exists": (v) => all.filter(Exists(Review.objects.filter({ book: OuterRef("pk"), stars: v.stars }))),
  "filter by years": (v) => all.filter({ published__year: 2001 + v.low }),
  "filter by JSON": (v) => all.filter({ facts__maps: 12 - v.low }),
  "exclude by equality": (v) => all.exclude({ title: v.title }),
  "exclude over a relation": (v) => all.exclude({ publisher__city: v.city }),
  "exclude over many-to-many": (v) => all.exclude({ authors__name: v.low === 0 ? "Ann" : "Bob" }),
  "exclude over a reverse relation": (v) => all.exclude({ reviews__stars: v.stars }),
  "exclude NULL": (v) => all.exclude({ rating__gt: v.low + 3 }),
  "annotate a count": (v) => all.annotate({ n: Count("reviews") }).filter({ n__gt: v.low }),
  "annotate a filtered count": (v) => all.annotate({ n: Count("reviews", { filter: Q({ reviews__stars: v.stars }) }) }),
  "annotate a value": (v) => all.annotate({ x: Value(v.title), y: Value(v.pages) }),
  "annotate arithmetic": (v) => all.annotate({ x: F("pages").mul(2).add(v.pages) }).orderBy("-x"),
  "annotate functions": (v) => all.annotate({ x: Concat("title", Value(v.city), Upper("title")), n: Length("title") }),
  "annotate a case": (v) =>
    all.annotate({ x: Case(When({ pages__gt: v.pages }, { then: Value(v.title) }), { default: Value("-") }) }),
  "annotate a subquery": (v) =>
    all.annotate({
      x: Subquery(
        Review.objects
          .filter({ book: OuterRef("pk"), stars__lte: v.stars })
          .orderBy("-stars", "pk")
          .values("stars")
          .slice(0, 1),
      ),
    }),
  "annotate a window": (v) =>
    all.filter({ pages__gt: v.pages }).annotate({ x: Window(RowNumber(), { orderBy: ["-price", "title"] }) }),
  "filter by a window": (v) =>
    all.annotate({ x: Window(RowNumber(), { orderBy: ["-price", "title"] }) }).filter({ x__lte: v.low + 1 }),
  "annotate dates": () => all.annotate({ x: TruncMonth("published"), y: ExtractYear("published") }),
  "annotate the first that is not NULL": (v) => all.annotate({ x: Coalesce("rating", Value(v.low + 0.5)) }),
  "annotate the greatest": (v) => all.annotate({ x: Greatest("pages", Value(v.pages)) }),
  alias: (v) => all.alias({ n: Count("authors") }).filter({ n: v.low }),
  values: (v) => all.filter({ pages__gt: v.pages }).values("title", "publisher__name"),
  "values with expressions": (v) => all.values("title", { x: Lower("title"), y: F("pages").add(v.pages) }),
  "values in groups": (v) =>
    all
      .filter({ pages__gte: v.pages })
      .values("inPrint")
      .annotate({ n: Count("pk"), sum: Sum("pages") })
      .orderBy("inPrint"),
  "values of groups that are filtered": (v) =>
    all
      .values("publisher__name")
      .annotate({ n: Count("pk") })
      .filter({ n__gt: v.low, publisher__isnull: false })
      .orderBy("publisher__name"),
  "lists of values": (v) => all.filter({ price__gte: v.price }).valuesList("title", "pages"),
  "single values": (v) => all.filter({ price__gte: v.price }).valuesList("title", { flat: true }),
  order: (v) => all.orderBy(v.low === 0 ? "-pages" : "pages"),
  "order by an expression": () => all.orderBy(F("rating").desc({ nullsLast: true }), "title"),
  "order by a calculation with a value": (v) => all.orderBy(F("pages").sub(v.pages).mul(F("pages").sub(v.pages)), "pk"),
  reverse: () => all.orderBy("price", "title").reverse(),
  "slice from the beginning": (v) => all.slice(0, v.low + 1),
  "slice from the middle": (v) => all.slice(v.low, v.low + 2),
  "slice to the end": (v) => all.slice(v.low),
  "slice of a filter": (v) => all.filter({ pages__gt: v.pages }).slice(v.low, 4),
  union: (v) =>
    all
      .filter({ title: v.title })
      .union(all.filter({ pages__gt: v.pages }))
      .orderBy("title"),
  intersection: (v) =>
    all
      .filter({ pages__gt: v.pages })
      .intersection(all.filter({ price__gte: v.price }))
      .orderBy("title"),
  difference: (v) => all.difference(all.filter({ pages__gt: v.pages })).orderBy("title"),
  "merged by or": (v) => all.filter({ title: v.title }).or(all.filter({ pages__gt: v.pages })),
  "merged by and": (v) => all.filter({ title__gte: v.title }).and(all.filter({ pages__gt: v.pages })),
  defer: (v) => all.defer("description", "facts").filter({ pages__gt: v.pages }).values("title"),
  only: (v) => all.only("title").filter({ pages__gt: v.pages }),
  selectRelated: (v) => all.selectRelated("publisher").filter({ publisher__city: v.city }),
  prefetchRelated: (v) =>
    all
      .prefetchRelated(Prefetch("reviews", { queryset: Review.objects.filter({ stars: v.stars }), toAttr: "found" }))
      .then((books) => books.map((book) => book.found)),
  count: (v) => all.filter({ pages__gt: v.pages }).count(),
  "count of related rows": (v) => all.filter({ authors__name__gte: v.title }).distinct().count(),
  exists: (v) => all.filter({ title: v.title }).exists(),
  first: (v) => all.filter({ pages__gt: v.pages }).first(),
  latest: (v) => all.filter({ pages__gt: v.pages }).latest("pages"),
  aggregate: (v) => all.filter({ pages__gte: v.pages }).aggregate({ n: Count("*"), x: Avg("pages"), y: Min("price") }),
  "aggregate of annotations": (v) =>
    all
      .annotate({ n: Count("reviews") })
      .filter({ n__gte: v.low })
      .aggregate(Max("n"), Sum("n")),
  dates: (v) => all.filter({ pages__gt: v.pages }).dates("published", "year"),
  inBulk: async (v) => [...(await all.inBulk(v.list, { fieldName: "title" })).keys()].toSorted(),
  none: (v) => all.none().filter({ title: v.title }),
};
const plain = async (rows: PromiseLike<unknown>): Promise<string> => JSON.stringify(await rows);

describe("with and without remembered shapes the rows are the same:", () => {
  test.each(Object.keys(chains))("%s", async (name) => {
    const chain = chains[name]!;
    const of = async (): Promise<string[]> => {
      const out: string[] = [];
      for (const values of [...runs, ...runs]) out.push(await plain(chain(values)));
      return out;
    };
    shapeCache.enabled = false;
    const anew = await of();
    shapeCache.enabled = true;
    expect(await of()).toEqual(anew);
    expect(anew.slice(runs.length)).toEqual(anew.slice(0, runs.length));
  });
  test("and the chains find different rows for different values", async () => {
    const differing = [];
    for (const [name, chain] of Object.entries(chains))
      if (new Set(await Promise.all(runs.map((values) => plain(chain(values))))).size > 1) differing.push(name);
    expect(differing.length).toBeGreaterThan(50);
  });
});

describe("the queryset a method is called on stays as it was", () => {
  const start = Book.objects.filter({ pages__gt: 90 }).orderBy("title");
  const methods: Readonly<Record<string, () => unknown>> = {
    filter: () => start.filter({ title: "Atlas" }),
    exclude: () => start.exclude({ title: "Atlas" }),
    annotate: () => start.annotate({ n: Count("reviews") }),
    alias: () => start.alias({ n: Count("reviews") }).filter({ n: 1 }),
    orderBy: () => start.orderBy("-pages"),
    reverse: () => start.reverse(),
    distinct: () => start.distinct(),
    values: () => start.values("title"),
    valuesList: () => start.valuesList("title"),
    dates: () => start.dates("published", "year"),
    slice: () => start.slice(0, 1),
    none: () => start.none(),
    all: () => start.all(),
    union: () => start.union(Book.objects.filter({ title: "Chess" })),
    intersection: () => start.intersection(Book.objects.filter({ title: "Chess" })),
    difference: () => start.difference(Book.objects.filter({ title: "Chess" })),
    and: () => start.and(Book.objects.filter({ title: "Chess" })),
    or: () => start.or(Book.objects.filter({ title: "Chess" })),
    xor: () => start.xor(Book.objects.filter({ title: "Chess" })),
    selectRelated: () => start.selectRelated("publisher"),
    prefetchRelated: () => start.prefetchRelated("reviews"),
    defer: () => start.defer("title"),
    only: () => start.only("title"),
    using: () => start.using("default"),
    selectForUpdate: () => start.selectForUpdate(),
    fetchMode: () => start.fetchMode("one"),
    extra: () => start.extra({ where: ["1 = 0"] }),
    complexFilter: () => start.complexFilter({ title: "Atlas" }),
  };
  test.each(Object.keys(methods))("%s()", async (name) => {
    const { text, params } = start.sql();
    expect(methods[name]!()).not.toBe(start);
    expect(start.sql()).toEqual({ text, params });
    expect(titles(await start.all())).toEqual(["Atlas", "Botany", "Dunes", "Eels"]);
  });
  test("two chains from one queryset know nothing of each other", async () => {
    const [one, other] = [start.filter({ pages__lt: 200 }), start.filter({ pages__gt: 200 })];
    expect(titles(await one)).toEqual(["Botany", "Eels"]);
    expect(titles(await other)).toEqual(["Atlas", "Dunes"]);
    expect(titles(await one.annotate({ n: Count("reviews") }).filter({ n: 0 }))).toEqual(["Eels"]);
    expect(titles(await start)).toEqual(["Atlas", "Botany", "Dunes", "Eels"]);
  });
  test("a Q that is combined stays as it was", async () => {
    const q = Q({ title: "Atlas" });
    q.or({ title: "Eels" });
    q.not();
    expect(titles(await Book.objects.filter(q))).toEqual(["Atlas"]);
  });
  test("a list that is changed afterwards does not change the query", async () => {
    const list = ["Atlas"];
    const books = Book.objects.filter({ title__in: list });
    list.push("Eels");
    expect(titles(await books)).toEqual(["Atlas"]);
  });
});
