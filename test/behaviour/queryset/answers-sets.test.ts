/** One answer on every database: subqueries, groups, slices, unions and empty lists. */
import { Case, Count, F, OuterRef, Q, Rank, Subquery, Sum, Value, When, Window } from "babik";
import { afterAll, expect, test } from "vitest";
import { Author, Book, openBookshop, Publisher, Review } from "../../support/bookshop.js";
import { testDatabase } from "../../support/database.js";

const orm = await openBookshop(await testDatabase());
afterAll(() => orm.close());

const answers: readonly (readonly [what: string, chain: () => PromiseLike<unknown>, answer: unknown])[] = [
  [
    "querysets in querysets in querysets",
    () =>
      Author.objects
        .filter({
          books__in: Book.objects.filter({ publisher__in: Publisher.objects.filter({ city: "Oslo" }).values("pk") }),
        })
        .distinct()
        .orderBy("name")
        .valuesList("name", { flat: true }),
    ["Ann", "Bob"],
  ],
  [
    "the rows of a slice",
    () => Book.objects.filter({ pk__in: Book.objects.orderBy("-pages").slice(0, 2) }),
    ["Atlas", "Dunes"],
  ],
  [
    "the keys of a slice, and more conditions",
    () =>
      Book.objects.filter({ pk__in: Book.objects.orderBy("-pages").values("pk").slice(1, 3) }).exclude({ title: "x" }),
    ["Atlas", "Botany"],
  ],
  [
    "an update of rows of the same table that a subquery finds",
    () => Book.objects.filter({ pk__in: Book.objects.filter({ pages__gt: 1000 }) }).update({ pages: 1 }),
    0,
  ],
  [
    "a deletion of rows that a subquery finds",
    () => Review.objects.filter({ book__in: Book.objects.filter({ pages__gt: 1000 }) }).delete(),
    [0, {}],
  ],
  [
    "different values",
    () => Book.objects.values("inPrint").distinct().orderBy("inPrint"),
    [{ inPrint: false }, { inPrint: true }],
  ],
  [
    "a count of different values",
    () => Book.objects.aggregate({ n: Count("publisher", { distinct: true }) }),
    { n: 2 },
  ],
  [
    "values of two models together",
    () => Book.objects.values("title").union(Author.objects.values("name")).orderBy("title"),
    [
      { title: "Ann" },
      { title: "Atlas" },
      { title: "Bob" },
      { title: "Botany" },
      { title: "Chess" },
      { title: "Cy" },
      { title: "Dunes" },
      { title: "Eels" },
    ],
  ],
  ["a count of a union", () => Book.objects.all().union(Book.objects.all(), { all: true }).count(), 10],
  [
    "keys of a union in a condition",
    () =>
      Book.objects.filter({
        pk__in: Book.objects
          .filter({ pages: 80 })
          .union(Book.objects.filter({ pages: 95 }))
          .values("pk"),
      }),
    ["Chess", "Eels"],
  ],
  [
    "ranks of groups",
    () =>
      Book.objects
        .values("inPrint")
        .annotate({ s: Sum("pages") })
        .annotate({ r: Window(Rank(), { orderBy: F("s").desc() }) })
        .orderBy("r"),
    [
      { inPrint: true, s: 862, r: 1 },
      { inPrint: false, s: 175, r: 2 },
    ],
  ],
  [
    "an order by conditions",
    () => Book.objects.orderBy(Case(When({ title: "Eels" }, { then: Value(0) }), { default: Value(1) }), "title"),
    ["Eels", "Atlas", "Botany", "Chess", "Dunes"],
  ],
  [
    "annotated rows without those of a relation",
    () =>
      Book.objects
        .annotate({ n: Count("authors") })
        .exclude({ authors__name: "Ann" })
        .orderBy("title")
        .values("title", "n"),
    [
      { title: "Chess", n: 1 },
      { title: "Dunes", n: 2 },
      { title: "Eels", n: 0 },
    ],
  ],
  [
    "a count after a filter counts what was found",
    () =>
      Book.objects
        .filter({ authors__name: "Ann" })
        .annotate({ n: Count("authors") })
        .orderBy("title")
        .values("title", "n"),
    [
      { title: "Atlas", n: 1 },
      { title: "Botany", n: 1 },
    ],
  ],
  [
    "a count before a filter counts all",
    () =>
      Book.objects
        .annotate({ n: Count("authors") })
        .filter({ authors__name: "Ann" })
        .orderBy("title")
        .values("title", "n"),
    [
      { title: "Atlas", n: 2 },
      { title: "Botany", n: 1 },
    ],
  ],
  [
    "a condition on a count or a column",
    () =>
      Book.objects
        .annotate({ n: Count("reviews") })
        .filter(Q({ n__gt: 1 }).or(Q({ title: "Eels" })))
        .orderBy("title"),
    ["Atlas", "Dunes", "Eels"],
  ],
  [
    "joined rows with counts",
    () =>
      Book.objects
        .selectRelated("publisher")
        .annotate({ n: Count("reviews") })
        .filter({ publisher__isnull: false })
        .orderBy("title")
        .then((books) => books.map((b) => [b.title, b.publisher.name, b.n])),
    [
      ["Atlas", "North", 2],
      ["Botany", "North", 1],
      ["Chess", "South", 0],
      ["Dunes", "South", 2],
    ],
  ],
  ["rows without a one-to-one partner", () => Book.objects.filter({ cover: null }), ["Botany", "Chess", "Eels"]],
  ["rows with a one-to-one partner", () => Book.objects.filter({ cover__isnull: false }), ["Atlas", "Dunes"]],
  [
    "sums and counts over two relations",
    () =>
      Publisher.objects
        .annotate({ t: Sum("books__price"), r: Count("books__reviews", { distinct: true }) })
        .orderBy("name")
        .values("name", "t", "r"),
    [
      { name: "Idle", t: null, r: 0 },
      { name: "North", t: "72.5", r: 3 },
      { name: "South", t: "49.99", r: 2 },
    ],
  ],
  [
    "a count by a grouped subquery",
    () =>
      Book.objects
        .annotate({
          c: Subquery(
            Review.objects
              .filter({ book: OuterRef("pk") })
              .values("book")
              .annotate({ c: Count("pk") })
              .values("c"),
          ),
        })
        .values("title", "c"),
    [
      { title: "Atlas", c: 2 },
      { title: "Botany", c: 1 },
      { title: "Chess", c: null },
      { title: "Dunes", c: 2 },
      { title: "Eels", c: null },
    ],
  ],
  [
    "a sum by a grouped subquery",
    () =>
      Author.objects
        .annotate({
          total: Subquery(
            Book.objects
              .filter({ authors: OuterRef("pk") })
              .orderBy()
              .values("authors")
              .annotate({ t: Sum("price") })
              .values("t"),
          ),
        })
        .orderBy("name")
        .values("name", "total"),
    [
      { name: "Ann", total: "42.5" },
      { name: "Bob", total: "50" },
      { name: "Cy", total: "29.99" },
    ],
  ],
  [
    "a grouped subquery of an ordered model",
    () =>
      Author.objects
        .annotate({
          total: Subquery(
            Book.objects
              .filter({ authors: OuterRef("pk") })
              .values("authors")
              .annotate({ t: Sum("price") })
              .values("t"),
          ),
        })
        .orderBy("name")
        .values("name", "total"),
    [
      { name: "Ann", total: "42.5" },
      { name: "Bob", total: "50" },
      { name: "Cy", total: "29.99" },
    ],
  ],
  [
    "values by a unique field",
    async () => [...(await Book.objects.values("title", "pages").inBulk(["Atlas"], { fieldName: "title" })).entries()],
    [["Atlas", { title: "Atlas", pages: 300 }]],
  ],
  [
    "a sum over a slice",
    () => Book.objects.orderBy("price").slice(1, 4).aggregate(Sum("price")),
    { price__sum: "52.5" },
  ],
  [
    "a sum of different values",
    () => Book.objects.values("price").distinct().aggregate(Sum("price")),
    { price__sum: "72.49" },
  ],
  ["a count of different pairs", () => Book.objects.values("inPrint", "publisher").distinct().count(), 4],
  [
    "whether a union has rows",
    () =>
      Book.objects
        .filter({ pages: 1 })
        .union(Book.objects.filter({ pages: 80 }))
        .exists(),
    true,
  ],
  [
    "the first of a union",
    () =>
      Book.objects
        .filter({ pages: 95 })
        .union(Book.objects.filter({ pages: 80 }))
        .orderBy("pages")
        .first()
        .then((b) => b?.title),
    "Chess",
  ],
  ["all but none", () => Book.objects.exclude({ pk__in: [] }).count(), 5],
  ["none or some", () => Book.objects.filter(Q({ pk__in: [] }).or({ title: "Eels" })), ["Eels"]],
  ["not none", () => Book.objects.filter(Q({ pk__in: [] }).not()).count(), 5],
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
