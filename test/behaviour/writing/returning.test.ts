/** `returning()`: rows given back by the UPDATE or DELETE that wrote them. */
import { atomic, Count, F, FieldError, NotSupportedError, QueryTypeError, setRollback, Upper } from "babik";
import { captureQueries } from "babik/testing";
import { afterAll, describe, expect, test } from "vitest";
import { Author, Book, openBookshop, Publisher, Review, TITLES } from "../../support/bookshop.js";
import { testDatabase } from "../../support/database.js";

const orm = await openBookshop(await testDatabase());
afterAll(() => orm.close());
const { features } = orm.connection("default").dialect;

function takenBack(body: () => Promise<void>): () => Promise<void> {
  return async () => {
    await atomic(async () => {
      await body();
      setRollback(true);
    });
    if ((await Book.objects.count()) !== TITLES.length) throw new RangeError("A test was not taken back.");
  };
}
const sorted = <T>(rows: readonly T[], key: (row: T) => unknown): T[] =>
  [...rows].sort((a, b) => (String(key(a)) < String(key(b)) ? -1 : 1));
const caught = (call: () => PromiseLike<unknown>): Promise<unknown> =>
  Promise.resolve()
    .then(call)
    .then(
      () => undefined,
      (error: unknown) => error,
    );

describe.skipIf(!features.returningFromUpdate)("returning().update()", () => {
  test(
    "gives named columns as they are afterwards, by one statement",
    takenBack(async () => {
      const { result, queries } = await captureQueries(() =>
        Book.objects
          .filter({ title__in: ["Atlas", "Eels"] })
          .returning("title", "pages")
          .update({ pages: F("pages").add(1) }),
      );
      expect(queries).toHaveLength(1);
      expect(sorted(result, (r) => r.title)).toEqual([
        { title: "Atlas", pages: 301 },
        { title: "Eels", pages: 96 },
      ]);
    }),
  );
  test(
    "gives instances where no column is named, and knows their database",
    takenBack(async () => {
      const [atlas] = await Book.objects.filter({ title: "Atlas" }).returning().update({ price: "9.50" });
      expect(atlas).toBeInstanceOf(Book);
      expect([atlas!.price.toFixed(2), atlas!.title, atlas!._state.adding]).toEqual(["9.50", "Atlas", false]);
      atlas!.pages = 3;
      await atlas!.save();
      expect((await Book.objects.get({ title: "Atlas" })).pages).toBe(3);
    }),
  );
  test(
    "gives rows in the form of the queryset, expressions over own columns included",
    takenBack(async () => {
      const atlas = Book.objects.filter({ title: "Atlas" });
      expect(await atlas.valuesList("title", "pages").returning().update({ pages: 1 })).toEqual([["Atlas", 1]]);
      expect(await atlas.valuesList("pages", { flat: true }).returning().update({ pages: 2 })).toEqual([2]);
      expect(
        await atlas
          .values({ loud: Upper("title") })
          .returning()
          .update({ pages: 2 }),
      ).toEqual([{ loud: "ATLAS" }]);
      const [part] = await atlas.only("title").returning().update({ pages: 4 });
      expect([part!.title, part!.getDeferredFields().has("pages")]).toEqual(["Atlas", true]);
    }),
  );
  test(
    "finds its rows over relations and aggregates",
    takenBack(async () => {
      const oslo = Book.objects.filter({ publisher__city: "Oslo" });
      expect(await oslo.returning("title").update({ pages: 7 })).toHaveLength(2);
      const reviewed = Book.objects.alias({ n: Count("reviews") }).filter({ n: 2 });
      expect(await reviewed.returning("title").update({ pages: 8 })).toHaveLength(2);
    }),
  );
  test(
    "gives nothing where nothing matches",
    takenBack(async () => {
      expect(await Book.objects.filter({ title: "Zebras" }).returning("id").update({ pages: 7 })).toEqual([]);
      expect(await Book.objects.none().returning("id").update({ pages: 7 })).toEqual([]);
      expect(await Book.objects.filter({ pk__in: [] }).returning().update({ pages: 7 })).toEqual([]);
    }),
  );
  test(
    "is told apart from other forms of the same update",
    takenBack(async () => {
      const atlas = Book.objects.filter({ title: "Atlas" });
      for (let i = 1; i < 4; i++) {
        expect(await atlas.update({ pages: i })).toBe(1);
        expect(await atlas.returning("pages").update({ pages: i + 10 })).toEqual([{ pages: i + 10 }]);
      }
    }),
  );
});

test.skipIf(features.returningFromUpdate)(
  "an UPDATE that cannot return rows is refused before it is sent",
  async () => {
    const sent = await captureQueries(async () =>
      expect(await caught(() => Book.objects.returning("id").update({ pages: 1 }))).toBeInstanceOf(NotSupportedError),
    );
    expect(sent.queries).toEqual([]);
  },
);

describe.skipIf(!features.returningFromDelete)("returning().delete()", () => {
  test(
    "gives the rows that are gone",
    takenBack(async () => {
      const { result, queries } = await captureQueries(() =>
        Review.objects.filter({ stars__gt: 4 }).returning("stars", "text").delete(),
      );
      expect(queries).toHaveLength(1);
      expect(result.length).toBeGreaterThan(0);
      expect(result.every((r) => r.stars === 5)).toBe(true);
      expect(await Review.objects.filter({ stars: 5 }).exists()).toBe(false);
    }),
  );
  test(
    "takes along what refers to them, and gives only the rows that were asked for",
    takenBack(async () => {
      const rows = await Book.objects
        .filter({ title__in: ["Atlas", "Dunes"] })
        .returning("title")
        .delete();
      expect(sorted(rows, (r) => r.title)).toEqual([{ title: "Atlas" }, { title: "Dunes" }]);
      expect(await Review.objects.filter({ book__title: "Atlas" }).exists()).toBe(false);
      expect(await Book.objects.count()).toBe(3);
    }),
  );
  test(
    "gives instances, and flat values",
    takenBack(async () => {
      const [north] = await Publisher.objects.filter({ name: "North" }).returning().delete();
      expect([north!.name, north!.city]).toEqual(["North", "Oslo"]);
      expect(
        await Author.objects.filter({ name: "Cy" }).valuesList("name", { flat: true }).returning().delete(),
      ).toEqual(["Cy"]);
    }),
  );
});

test.skipIf(!features.returningFromDelete)("runs inside of the transaction that the queryset is bound to", async () => {
  const tx = await orm.begin();
  const gone = await Review.objects.using(tx).filter({ stars: 5 }).returning("stars").delete();
  expect(gone.length).toBeGreaterThan(0);
  await tx.rollback();
  expect(await Review.objects.filter({ stars: 5 }).count()).toBe(gone.length);
});

describe("returning()", () => {
  test("is no query: it cannot be awaited, and runs nothing by itself", async () => {
    const { queries } = await captureQueries(async () => {
      const write = Book.objects.filter({ title: "Atlas" }).returning("id");
      expect("then" in write).toBe(false);
      expect(await write).toBe(write);
      expect(String(write)).toContain("returning()");
    });
    expect(queries).toEqual([]);
  });
  test.skipIf(!features.returningFromDelete)(
    "columns of other tables and aggregates are refused, and nothing is deleted",
    async () => {
      for (const write of [
        Book.objects.returning("publisher__name"),
        Book.objects.selectRelated("publisher").returning(),
        Book.objects.annotate({ n: Count("reviews") }).returning(),
      ])
        expect(await caught(() => write.delete())).toBeInstanceOf(FieldError);
      expect(await Book.objects.count()).toBe(TITLES.length);
    },
  );
  test("slices are refused", async () => {
    const first = Book.objects.all().slice(0, 1).returning("id");
    expect(await caught(() => first.delete())).toBeInstanceOf(QueryTypeError);
    expect(await caught(() => first.update({ pages: 1 }))).toBeInstanceOf(QueryTypeError);
  });
});
