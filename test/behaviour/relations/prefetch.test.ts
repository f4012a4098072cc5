/** prefetchRelated and Prefetch: one query for each level, and where the rows are found afterwards (S52). */
import { FieldError, Prefetch, prefetchRelatedObjects, ValueError } from "babik";
import { assertNumQueries, captureQueries } from "babik/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Author, Book, Customer, openShop, Order, Profile, Review, type Row } from "./shop.js";

const orm = await openShop();
afterAll(() => orm.close());
beforeAll(async () => {
  const [jean, kim] = (await Author.objects.bulkCreate(
    ["Jean", "Kim", "Lee"].map((name) => new Author({ name })),
  )) as unknown as [Row, Row];
  const books = await Book.objects.bulkCreate(["A", "B", "C"].map((title) => new Book({ title })));
  await jean.books.add(books[0]!, books[1]!);
  await kim.books.add(books[1]!, books[2]!);
  await Review.objects.bulkCreate(books.flatMap((book) => [5, 3, 1].map((stars) => new Review({ book, stars }))));
  const [ada, ben] = (await Customer.objects.bulkCreate([
    new Customer({ name: "Ada" }),
    new Customer({ name: "Ben" }),
  ])) as unknown as [Row, Row];
  await Profile.objects.create({ customer: ada, points: 4 });
  await Order.objects.bulkCreate([
    new Order({ number: 1, customer: ada, gift: ben }),
    new Order({ number: 2, customer: ben }),
  ]);
});

describe("a set", () => {
  test("is read for all rows by one query, and all(), count() and exists() answer from it (S52)", async () => {
    const authors = await assertNumQueries(2, () => Author.objects.prefetchRelated("books"));
    const seen = await assertNumQueries(0, () =>
      Promise.all(authors.map(async (a) => (await a.books.all()).map((b: Row) => b.title))),
    );
    expect(seen).toEqual([["A", "B"], ["B", "C"], []]);
    expect(await assertNumQueries(0, () => authors[0]!.books.count())).toBe(2);
    expect(await assertNumQueries(0, () => authors[2]!.books.exists())).toBe(false);
  });
  test("is asked anew by anything that narrows it (S52)", async () => {
    const [author] = await Author.objects.prefetchRelated("books");
    const some = await assertNumQueries(1, () => author!.books.filter({ title: "B" }));
    expect(some.map((b: Row) => b.title)).toEqual(["B"]);
  });
  test("shows no column of the table between on its rows", async () => {
    const [author] = await Author.objects.prefetchRelated("books");
    const [book] = await author!.books.all();
    expect(Object.keys(book!)).toEqual(["id", "title"]);
  });
  test("leads back to the row that it was read for", async () => {
    const [book] = await Book.objects.prefetchRelated("reviews");
    const [review] = await book!.reviews.all();
    expect(await assertNumQueries(0, () => review!.book)).toBe(book);
  });
  test("may be a path, one query for each part, shared between lookups", async () => {
    const authors = await assertNumQueries(3, () => Author.objects.prefetchRelated("books", "books__reviews", "books"));
    const [book] = await authors[0]!.books.all();
    expect((await assertNumQueries(0, () => book!.reviews.all())).map((r: Row) => r.stars)).toEqual([5, 3, 1]);
  });
});

describe("a single row", () => {
  test("becomes a value", async () => {
    const orders = await assertNumQueries(2, () => Order.objects.prefetchRelated("customer"));
    expect(orders.map((o) => o.customer.name)).toEqual(["Ada", "Ben"]);
  });
  test("is null where there is none, and passed over by what lies behind it (S52)", async () => {
    const orders = await assertNumQueries(3, () => Order.objects.prefetchRelated("gift__profile"));
    expect(orders.map((o) => (o as unknown as { gift: { name: string } | null }).gift?.name ?? null)).toEqual([
      "Ben",
      null,
    ]);
  });
  test("that is loaded already is walked without a query", async () => {
    const orders = await assertNumQueries(2, () =>
      Order.objects.selectRelated("customer").prefetchRelated("customer__profile"),
    );
    expect(orders.map((o) => o.customer.profile?.points ?? null)).toEqual([4, null]);
  });
});

describe("Prefetch", () => {
  test("reads through a queryset of one's own, and all() answers with it", async () => {
    const books = await Book.objects.prefetchRelated(
      Prefetch("reviews", { queryset: Review.objects.filter({ stars__gt: 2 }) }),
    );
    expect((await books[0]!.reviews.all()).map((r: Row) => r.stars)).toEqual([5, 3]);
  });
  test("puts lists under a name of one's own, and leaves the set alone", async () => {
    const books = await Book.objects.prefetchRelated(
      Prefetch("reviews", { queryset: Review.objects.filter({ stars: 5 }), toAttr: "raves" }),
    );
    expect(books[0]!.raves.map((r: Row) => r.stars)).toEqual([5]);
    expect(await assertNumQueries(1, () => books[0]!.reviews.all())).toHaveLength(3);
  });
  test("walks on from such a list", async () => {
    const authors = await assertNumQueries(3, () =>
      Author.objects.prefetchRelated(Prefetch("books", { toAttr: "works" }), "works__reviews" as never),
    );
    const { works } = authors[1] as unknown as { works: Row[] };
    expect(works.map((b: Row) => b.title)).toEqual(["B", "C"]);
    expect(await assertNumQueries(0, () => works[0]!.reviews.count())).toBe(3);
  });
  test("of a slice gives the slice for each row", async () => {
    const best = Review.objects.orderBy("-stars").slice(0, 2);
    const { result: books, queries } = await captureQueries(() =>
      Book.objects.prefetchRelated(Prefetch("reviews", { queryset: best, toAttr: "best" })),
    );
    expect(queries).toHaveLength(2);
    expect(books.map((b) => b.best.map((r: Row) => r.stars))).toEqual([
      [5, 3],
      [5, 3],
      [5, 3],
    ]);
    const second = Book.objects.orderBy("-title").slice(1, 2);
    const authors = await Author.objects.prefetchRelated(Prefetch("books", { queryset: second, toAttr: "second" }));
    expect(authors.map((a) => a.second.map((b: Row) => b.title))).toEqual([["A"], ["B"], []]);
  });
  test("merges the prefetches of its queryset into the work", async () => {
    const authors = await assertNumQueries(3, () =>
      Author.objects.prefetchRelated(Prefetch("books", { queryset: Book.objects.prefetchRelated("reviews") })),
    );
    const [book] = await authors[0]!.books.all();
    expect(await assertNumQueries(0, () => book!.reviews.count())).toBe(3);
  });
  test("takes instances only", () => {
    expect(() => Prefetch("books", { queryset: Book.objects.values("title") as never })).toThrow(
      "cannot use raw(), values(), and values_list()",
    );
  });
});

describe("a mistake", () => {
  test("in a name is told with the nearest name", async () => {
    const failure = await Author.objects.prefetchRelated("bokks" as never).then(
      () => null,
      (e: unknown) => e as Error,
    );
    expect(failure).toBeInstanceOf(FieldError);
    expect(failure!.message).toContain("Cannot find 'bokks' on Author object");
    expect(failure!.message).toContain("Did you mean 'books'?");
  });
  test("is a field that is no relation", async () => {
    await expect(Author.objects.prefetchRelated("name" as never).then()).rejects.toThrow(
      "does not resolve to an item that supports prefetching",
    );
  });
  test("is a second queryset for a lookup that was seen (S52)", async () => {
    const again = Author.objects.prefetchRelated("books__reviews", Prefetch("books", { queryset: Book.objects.all() }));
    await expect(again.then()).rejects.toThrow("'books' lookup was already seen with a different queryset");
  });
  test("is a name of one's own that is a field's (S52)", async () => {
    const clash = Book.objects.prefetchRelated(Prefetch("reviews", { toAttr: "authors" }));
    await expect(clash.then()).rejects.toThrow(ValueError);
  });
});

test("prefetchRelatedObjects loads what instances lack", async () => {
  const authors = await Author.objects.all();
  await assertNumQueries(2, () => prefetchRelatedObjects(authors, "books__reviews"));
  await assertNumQueries(0, () => prefetchRelatedObjects(authors, "books"));
  await assertNumQueries(0, () => prefetchRelatedObjects([], "books"));
  expect(await assertNumQueries(0, () => authors[1]!.books.count())).toBe(2);
});
test("more rows than a statement has parameters are read in several statements", async () => {
  const { maxParams } = orm.connection().dialect.features;
  const many = Math.min(maxParams + 1, 70_000);
  const rows = Array.from({ length: many }, (_, i) => new Book({ id: i + 1, title: "x" } as never) as unknown as Row);
  const { queries } = await captureQueries(() => prefetchRelatedObjects(rows, "reviews"));
  expect(queries.length).toBeGreaterThan(1);
  expect(await assertNumQueries(0, () => rows[0]!.reviews.count())).toBe(3);
});
