/** Writing through querysets: create, bulk methods, get-or-create, update, delete. Each test is taken back. */
import {
  atomic,
  Case,
  Count,
  F,
  IntegrityError,
  Lower,
  NotSupportedError,
  Q,
  QueryTypeError,
  setRollback,
  Subquery,
  OuterRef,
  Value,
  ValueError,
  When,
} from "babik";
import { assertNumQueries, captureQueries } from "babik/testing";
import { afterAll, describe, expect, test } from "vitest";
import {
  Author,
  Book,
  column,
  names,
  openBookshop,
  Publisher,
  Review,
  titles,
  TITLES,
} from "../../support/bookshop.js";
import { testDatabase } from "../../support/database.js";

const orm = await openBookshop(await testDatabase());
afterAll(() => orm.close());
const { features } = orm.connection("default").dialect;

const atlas = await Book.objects.get({ title: "Atlas" });

/** A test whose writes are taken back at its end. */
function takenBack(body: () => Promise<void>): () => Promise<void> {
  return async () => {
    await atomic(async () => {
      await body();
      setRollback(true);
    });
    if ((await Book.objects.count()) !== TITLES.length) throw new RangeError("A test was not taken back.");
  };
}
const book = (title: string, more: object = {}) => new Book({ title, price: "1.00", published: "2024-01-01", ...more });

describe("create()", () => {
  test(
    "saves one row and gives it with its key and defaults",
    takenBack(async () => {
      const made = await Book.objects.create({ title: "Foxes", price: "3.50", published: "2024-05-01" });
      expect(made).toBeInstanceOf(Book);
      expect([typeof made.id, made.pages, made.inPrint, made.description]).toEqual(["number", 100, true, ""]);
      const read = await Book.objects.get({ pk: made.pk });
      expect([read.title, String(read.price), String(read.published)]).toEqual(["Foxes", "3.5", "2024-05-01"]);
      expect(made.equals(read)).toBe(true);
    }),
  );
  test(
    "takes expressions",
    takenBack(async () => {
      const made = await Publisher.objects.create({ name: Lower(Value("LOUD")) });
      expect((await Publisher.objects.get({ pk: made.pk })).name).toBe("loud");
    }),
  );
  test(
    "says which constraint is broken",
    takenBack(async () => {
      const error = await atomic(() => Publisher.objects.create({ name: "North" })).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(IntegrityError);
      expect((error as Error).message).not.toContain("North");
    }),
  );
});

describe("bulkCreate()", () => {
  test(
    "inserts many rows with one statement and gives them their keys",
    takenBack(async () => {
      const made = await assertNumQueries(1, () => Review.objects.bulkCreate(reviews(50, 3)));
      expect(new Set(column(made, "pk")).size).toBe(50);
      expect(await Review.objects.filter({ stars: 3 }).count()).toBe(50);
      expect((await Review.objects.get({ pk: made[49]!.pk })).text).toBe("no. 49");
    }),
  );
  test(
    "inserts in batches where it is told to",
    takenBack(async () => {
      await assertNumQueries(5, () => Review.objects.bulkCreate(reviews(50, 3), { batchSize: 10 }));
      expect(await Review.objects.filter({ stars: 3 }).count()).toBe(50);
    }),
  );
  test(
    "inserts more rows than a statement can have parameters",
    takenBack(async () => {
      await Review.objects.bulkCreate(reviews(30_000, 1));
      expect(await Review.objects.filter({ stars: 1 }).count()).toBe(30_000);
    }),
  );
  test(
    "inserts all rows or none",
    takenBack(async () => {
      await expect(
        atomic(() => Publisher.objects.bulkCreate([new Publisher({ name: "New" }), new Publisher({ name: "North" })])),
      ).rejects.toThrow(IntegrityError);
      expect(await Publisher.objects.filter({ name: "New" }).exists()).toBe(false);
    }),
  );
  test(
    "leaves out what is there already",
    takenBack(async () => {
      await Publisher.objects.bulkCreate(
        [new Publisher({ name: "New" }), new Publisher({ name: "North", city: "?" })],
        {
          ignoreConflicts: true,
        },
      );
      expect(names(await Publisher.objects.filter({ city__in: ["", "?"] }))).toEqual(["New"]);
    }),
  );
  test(
    "or updates it",
    takenBack(async () => {
      await Publisher.objects.bulkCreate(
        [new Publisher({ name: "New" }), new Publisher({ name: "North", city: "Bergen" })],
        {
          updateConflicts: true,
          updateFields: ["city"],
          ...(features.conflictTarget ? { uniqueFields: ["name"] } : {}),
        },
      );
      expect(await Publisher.objects.valuesList("name", "city").filter({ name__startswith: "N" })).toEqual([
        ["New", ""],
        ["North", "Bergen"],
      ]);
    }),
  );
  test(
    "asks nothing for no rows",
    takenBack(async () => {
      await assertNumQueries(0, async () => expect(await Book.objects.bulkCreate([])).toEqual([]));
    }),
  );
  function reviews(n: number, stars: number) {
    return Array.from({ length: n }, (_, i) => new Review({ book: atlas, stars, text: `no. ${i}` }));
  }
});

describe("bulkUpdate()", () => {
  test(
    "writes the named fields of many rows with one statement",
    takenBack(async () => {
      const books = await Book.objects.orderBy("title");
      for (const [i, b] of books.entries()) b.set({ pages: i, price: `${i}.50`, description: "unsaved" });
      expect(await assertNumQueries(1, () => Book.objects.bulkUpdate(books, ["pages", "price"]))).toBe(5);
      const read = await Book.objects.all();
      expect(column(read, "pages")).toEqual([0, 1, 2, 3, 4]);
      expect(read.map((b) => b.price.toFixed(2))).toEqual(["0.50", "1.50", "2.50", "3.50", "4.50"]);
      expect(read[0]!.description).toBe("");
    }),
  );
  test(
    "needs keys and fields",
    takenBack(async () => {
      await expect(Book.objects.bulkUpdate([book("x")], ["pages"])).rejects.toThrow(ValueError);
      await expect(Book.objects.bulkUpdate(await Book.objects.all(), [])).rejects.toThrow(ValueError);
      await expect(Book.objects.bulkUpdate(await Book.objects.all(), ["id"])).rejects.toThrow(ValueError);
    }),
  );
});

describe("getOrCreate() and updateOrCreate()", () => {
  test(
    "get the row that is there",
    takenBack(async () => {
      const [north, created] = await Publisher.objects.getOrCreate({ name: "North" }, { defaults: { city: "?" } });
      expect([north.city, created]).toEqual(["Oslo", false]);
    }),
  );
  test(
    "make a row of the conditions and the defaults where there is none",
    takenBack(async () => {
      const [west, created] = await Publisher.objects.getOrCreate(
        { name: "West", city__startswith: "L" },
        { defaults: { city: () => "Lima" } },
      );
      expect([west.name, west.city, created]).toEqual(["West", "Lima", true]);
    }),
  );
  test(
    "update the row that is there",
    takenBack(async () => {
      const [north, created] = await Publisher.objects.updateOrCreate(
        { name: "North" },
        { defaults: { city: "Bergen" } },
      );
      expect([north.city, created]).toEqual(["Bergen", false]);
      expect((await Publisher.objects.get({ name: "North" })).city).toBe("Bergen");
    }),
  );
  test(
    "make a row with values of its own",
    takenBack(async () => {
      const [east, created] = await Publisher.objects.updateOrCreate(
        { name: "East" },
        { defaults: { city: "no" }, createDefaults: { city: "Kyoto" } },
      );
      expect([east.city, created]).toEqual(["Kyoto", true]);
    }),
  );
});

describe("update()", () => {
  test(
    "sets values of all rows and tells their number",
    takenBack(async () => {
      expect(await Book.objects.filter({ inPrint: false }).update({ pages: 1, rating: null })).toBe(2);
      expect(titles(await Book.objects.filter({ pages: 1, rating: null }))).toEqual(["Chess", "Eels"]);
    }),
  );
  test(
    "calculates in the database",
    takenBack(async () => {
      expect(await Book.objects.update({ pages: F("pages").add(1), price: F("price").mul("1.10") })).toBe(5);
      const dearer = await Book.objects.get({ title: "Atlas" });
      expect([dearer.pages, dearer.price.toFixed(2)]).toEqual([301, "33.00"]);
    }),
  );
  test(
    "decides by conditions",
    takenBack(async () => {
      await Book.objects.update({
        description: Case(When(Q({ price__gte: 20 }), { then: Value("dear") }), { default: Lower("title") }),
      });
      expect(column(await Book.objects.all(), "description")).toEqual(["dear", "botany", "chess", "dear", "dear"]);
    }),
  );
  test(
    "takes rows, keys and subqueries",
    takenBack(async () => {
      const south = await Publisher.objects.get({ name: "South" });
      await Book.objects.filter({ title: "Eels" }).update({ publisher: south });
      expect(await south.books.count()).toBe(3);
      const best = Review.objects
        .filter({ book: OuterRef("pk") })
        .orderBy("-stars", "pk")
        .values("stars")
        .slice(0, 1);
      await Book.objects.update({ rating: Subquery(best) });
      expect(column(await Book.objects.all(), "rating")).toEqual([5, 4, null, 5, null]);
    }),
  );
  test(
    "finds its rows over relations",
    takenBack(async () => {
      expect(await Book.objects.filter({ publisher__city: "Oslo" }).update({ pages: 7 })).toBe(2);
      expect(await Book.objects.filter({ authors__name: "Cy" }).update({ pages: 8 })).toBe(2);
      expect(column(await Book.objects.all(), "pages")).toEqual([7, 7, 8, 8, 95]);
    }),
  );
  test(
    "finds its rows by annotations",
    takenBack(async () => {
      expect(
        await Book.objects
          .annotate({ n: Count("reviews") })
          .filter({ n: 2 })
          .update({ pages: 9 }),
      ).toBe(2);
      expect(titles(await Book.objects.filter({ pages: 9 }))).toEqual(["Atlas", "Dunes"]);
    }),
  );
  test(
    "changes nothing for no values",
    takenBack(async () => {
      await assertNumQueries(0, async () => expect(await Book.objects.update({})).toBe(0));
    }),
  );
});

describe("delete()", () => {
  test(
    "removes rows with what depends on them, and tells how many",
    takenBack(async () => {
      const [total, byModel] = await Book.objects.filter({ title: "Atlas" }).delete();
      expect(byModel).toEqual({ "shop.Book": 1, "shop.Review": 2, "shop.Cover": 1, "shop.Book_authors": 2 });
      expect(total).toBe(6);
      expect(await Review.objects.count()).toBe(3);
      expect(await Author.objects.count()).toBe(3);
    }),
  );
  test(
    "empties relations that are set to NULL",
    takenBack(async () => {
      await Author.objects.filter({ name: "Ann" }).delete();
      expect((await Author.objects.get({ name: "Bob" })).mentorId).toBeNull();
    }),
  );
  test(
    "removes nothing of no rows",
    takenBack(async () => {
      expect(await Book.objects.filter({ title: "Zebras" }).delete()).toEqual([0, {}]);
    }),
  );
  test("cannot be called on what has no rows to delete", async () => {
    await expect(Book.objects.all().slice(0, 1).delete()).rejects.toThrow(QueryTypeError);
    await expect(Book.objects.values("title").delete()).rejects.toThrow(QueryTypeError);
    await expect(Book.objects.all().union(Book.objects.all()).delete()).rejects.toThrow(NotSupportedError);
  });
});

describe("related managers", () => {
  test(
    "add, remove, set and clear rows of many-to-many",
    takenBack(async () => {
      const eels = await Book.objects.get({ title: "Eels" });
      const [ann, bob, cy] = await Author.objects.orderBy("name");
      await eels.authors.add(ann, bob!.pk);
      await eels.authors.add(ann);
      expect(names(await eels.authors.orderBy("name"))).toEqual(["Ann", "Bob"]);
      await eels.authors.set([bob, cy]);
      expect(names(await eels.authors.orderBy("name"))).toEqual(["Bob", "Cy"]);
      await eels.authors.remove(bob);
      expect(names(await eels.authors.all())).toEqual(["Cy"]);
      await eels.authors.clear();
      expect(await eels.authors.exists()).toBe(false);
    }),
  );
  test(
    "create rows that belong to an instance",
    takenBack(async () => {
      const eels = await Book.objects.get({ title: "Eels" });
      const review = await eels.reviews.create({ stars: 1 });
      expect(review.bookId).toBe(eels.id);
      const dee = await eels.authors.create({ name: "Dee" });
      expect(titles(await dee.books.all())).toEqual(["Eels"]);
    }),
  );
});

describe("instances", () => {
  test(
    "save only what is named",
    takenBack(async () => {
      const changed = await Book.objects.get({ title: "Atlas" });
      changed.set({ pages: 1, description: "not saved" });
      const { queries } = await captureQueries(() => changed.save({ updateFields: ["pages"] }));
      expect(queries).toHaveLength(1);
      expect(queries[0]!.sql).not.toContain("description");
      await changed.refreshFromDb();
      expect([changed.pages, changed.description]).toEqual([1, ""]);
    }),
  );
  test(
    "are made, saved, changed and deleted",
    takenBack(async () => {
      const made = book("Goats");
      expect(made.pk).toBeNull();
      await made.save();
      expect(made.pk).not.toBeNull();
      made.pages = 12;
      await made.save();
      expect((await Book.objects.get({ title: "Goats" })).pages).toBe(12);
      await made.delete();
      expect(await Book.objects.filter({ title: "Goats" }).exists()).toBe(false);
    }),
  );
});
