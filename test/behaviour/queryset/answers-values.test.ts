/** One answer on every database: what databases make of types, nulls, dates and documents in their own ways. */
import {
  Avg,
  Case,
  Cast,
  CharField,
  Concat,
  Count,
  Decimal,
  DecimalField,
  Exists,
  ExpressionWrapper,
  F,
  FloatField,
  IntegerField,
  Lag,
  Lower,
  Max,
  OuterRef,
  RawSQL,
  StringAgg,
  Sum,
  TruncDate,
  TruncYear,
  Value,
  When,
  Window,
} from "babik";
import { afterAll, expect, test } from "vitest";
import { Book, openBookshop, Publisher, Review } from "../../support/bookshop.js";
import { testDatabase } from "../../support/database.js";

const orm = await openBookshop(await testDatabase());
afterAll(() => orm.close());

const answers: readonly (readonly [what: string, chain: () => PromiseLike<unknown>, answer: unknown])[] = [
  [
    "a decimal times a float, as a float",
    () =>
      Book.objects
        .annotate({ x: ExpressionWrapper(F("price").mul(1.1), { outputField: FloatField() }) })
        .valuesList("x", { flat: true }),
    [33, 13.750000000000002, 10.989, 22, 22],
  ],
  [
    "remainders have the sign of the dividend",
    () => Book.objects.annotate({ x: F("pages").mul(-1).mod(7) }).valuesList("x", { flat: true }),
    [-6, -3, -3, -6, -4],
  ],
  [
    "powers",
    () => Book.objects.annotate({ x: F("pages").pow(2) }).valuesList("x", { flat: true }),
    [90000, 22500, 6400, 169744, 9025],
  ],
  [
    "sums and means of decimals",
    () => Book.objects.aggregate(Sum("price"), Avg("price"), Max("price")),
    { price__sum: "92.49", price__avg: "18.498", price__max: "30" },
  ],
  [
    "means of floats with nulls and of integers",
    () => Book.objects.aggregate(Avg("rating"), Avg("pages")),
    { rating__avg: 4.166666666666667, pages__avg: 207.4 },
  ],
  [
    "numbers as text",
    () => Book.objects.annotate({ x: Cast("pages", CharField({ maxLength: 10 })) }).valuesList("x", { flat: true }),
    ["300", "150", "80", "412", "95"],
  ],
  [
    "floats as decimals",
    () =>
      Book.objects
        .annotate({ x: Cast("rating", DecimalField({ maxDigits: 5, decimalPlaces: 1 })) })
        .valuesList("x", { flat: true }),
    ["4.5", null, "3", "5", null],
  ],
  [
    "texts of related rows put together in order",
    () =>
      Publisher.objects
        .annotate({ x: StringAgg("books__title", { delimiter: ", ", orderBy: "books__title" }) })
        .orderBy("name")
        .valuesList("x", { flat: true }),
    [null, "Atlas, Botany", "Chess, Dunes"],
  ],
  [
    "dates of moments",
    () => Book.objects.annotate({ x: TruncDate("added") }).valuesList("x", { flat: true }),
    ["2020-01-31", "2020-02-01", null, null, null],
  ],
  [
    "groups of years",
    () =>
      Book.objects
        .annotate({ x: TruncYear("published") })
        .values("x")
        .annotate({ n: Count("pk") })
        .orderBy("x"),
    [
      { x: "2001-01-01", n: 2 },
      { x: "2010-01-01", n: 1 },
      { x: "2015-01-01", n: 1 },
      { x: "2020-01-01", n: 1 },
    ],
  ],
  [
    "a condition as a value",
    () => Book.objects.annotate({ x: F("pages").gt(100) }).valuesList("x", { flat: true }),
    [true, true, false, true, false],
  ],
  [
    "whether rows exist, among values",
    () => Book.objects.values("title", { r: Exists(Review.objects.filter({ book: OuterRef("pk") })) }),
    [
      { title: "Atlas", r: true },
      { title: "Botany", r: true },
      { title: "Chess", r: false },
      { title: "Dunes", r: true },
      { title: "Eels", r: false },
    ],
  ],
  [
    "running sums, and the row before",
    () =>
      Book.objects
        .annotate({ x: Window(Sum("pages"), { orderBy: "title" }), y: Window(Lag("title"), { orderBy: "title" }) })
        .values("x", "y"),
    [
      { x: 300, y: null },
      { x: 450, y: "Atlas" },
      { x: 530, y: "Botany" },
      { x: 942, y: "Chess" },
      { x: 1037, y: "Dunes" },
    ],
  ],
  [
    "SQL of one's own as a value, filtered by",
    () =>
      Book.objects
        .annotate({ x: RawSQL("pages + %s", [1], { outputField: IntegerField() }) })
        .filter({ x__gt: 100 })
        .values("x"),
    [{ x: 301 }, { x: 151 }, { x: 413 }],
  ],
  [
    "keys of documents as values",
    () => Book.objects.values("facts__tags__0"),
    [
      { facts__tags__0: "big" },
      { facts__tags__0: "green" },
      { facts__tags__0: null },
      { facts__tags__0: null },
      { facts__tags__0: null },
    ],
  ],
  ["keys of documents compared", () => Book.objects.filter({ facts__maps__gt: 3 }), ["Atlas"]],
  ["documents with any of several keys", () => Book.objects.filter({ facts__has_any_keys: ["maps", "x"] }), ["Atlas"]],
  [
    "decimals of any spelling in a list",
    () => Book.objects.filter({ price__in: ["30.00", 20, new Decimal("9.99")] }),
    ["Atlas", "Chess", "Dunes", "Eels"],
  ],
  [
    "expressions in a list",
    () => Book.objects.filter({ title__in: [F("title"), "x"] }),
    ["Atlas", "Botany", "Chess", "Dunes", "Eels"],
  ],
  [
    "texts put together with nulls as nothing",
    () => Book.objects.annotate({ x: Concat("title", Value(" "), "publisher__name") }).valuesList("x", { flat: true }),
    ["Atlas North", "Botany North", "Chess South", "Dunes South", "Eels "],
  ],
  [
    "beginnings of a calculated text",
    () => Book.objects.alias({ l: Lower("title") }).filter({ l__startswith: "a" }),
    ["Atlas"],
  ],
  [
    "a condition that never holds",
    () =>
      Book.objects
        .annotate({ x: Case(When({ pk__in: [] }, { then: Value(1) }), { default: Value(0) }) })
        .values("x")
        .distinct(),
    [{ x: 0 }, { x: 0 }, { x: 0 }, { x: 0 }, { x: 0 }],
  ],
  [
    "defaults of aggregates over nothing",
    () =>
      Book.objects.filter({ pages: 1 }).aggregate({ s: Sum("price", { default: 0 }), a: Avg("pages", { default: 0 }) }),
    { s: "0", a: 0 },
  ],
  [
    "decimals times integers",
    () => Book.objects.annotate({ x: F("price").mul(F("pages")) }).values("x"),
    [{ x: "9000" }, { x: "1875" }, { x: "799.2" }, { x: "8240" }, { x: "1900" }],
  ],
  ["decimals compared with integers", () => Book.objects.filter({ price__gt: F("pages").div(10) }), ["Chess", "Eels"]],
  ["floats compared with decimals", () => Book.objects.filter({ rating__lt: F("price") }), ["Atlas", "Chess", "Dunes"]],
  [
    "ranges of dates",
    () => Book.objects.filter({ published__range: ["2001-01-01", "2001-12-31"] }),
    ["Atlas", "Botany"],
  ],
  ["dates of moments compared", () => Book.objects.filter({ added__date__gt: "2020-01-31" }), ["Botany"]],
  ["weeks of the year", () => Book.objects.filter({ published__week: 20 }), ["Atlas"]],
  ["times of moments compared", () => Book.objects.filter({ added__time__gt: "10:00" }), ["Atlas"]],
];

test.each(answers)("%s", async (_what, chain, answer) => {
  expect(plain(await chain())).toEqual(answer);
});

/** Books by their titles, decimals and dates as text. */
function plain(value: unknown): unknown {
  const titles =
    Array.isArray(value) && value[0] instanceof Book ? value.map((book: { title: string }) => book.title) : value;
  return JSON.parse(JSON.stringify(titles));
}
