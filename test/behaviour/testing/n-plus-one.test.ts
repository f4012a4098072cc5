/** Finding statements that are sent again and again from one place, on every database. */
import { afterAll, describe, expect, test } from "vitest";
import { ValueError } from "babik";
import { assertNoNPlusOne, detectNPlusOne } from "babik/testing";
import { testDatabase } from "../../support/database.js";
import { Author, Book, openBookshop, type Review } from "../../support/bookshop.js";

const database = await testDatabase();
const orm = await openBookshop(database);
afterAll(() => orm.close());
const here = /n-plus-one\.test\.ts:\d+:\d+$/;
type Loose = Record<string, never>;

describe("a finding", () => {
  test("names the relation that is loaded row by row, the place, and the way to load it at once", async () => {
    const { result, findings } = await detectNPlusOne(async () => {
      const cities: unknown[] = [];
      for (const book of await Book.objects.filter({ publisher__isnull: false }).fetchMode("one"))
        cities.push((await (book as unknown as Loose)["publisher"]) as unknown);
      return cities.length;
    });
    expect(result).toBeGreaterThanOrEqual(3);
    expect(findings).toHaveLength(1);
    expect(findings[0]).toMatchObject({
      count: result,
      model: "Book",
      field: "publisher",
      access: "relation",
      place: expect.stringMatching(here),
      advice: 'Load it with the rows: selectRelated("publisher") or prefetchRelated("publisher").',
    });
  });

  test("names the set of related rows", async () => {
    const { findings } = await detectNPlusOne(async () => {
      for (const book of await Book.objects.fetchMode("one"))
        await (book as unknown as { reviews: typeof Review.objects }).reviews.filter({ stars__gt: 2 });
    });
    expect(findings).toHaveLength(1);
    expect(findings[0]).toMatchObject({ model: "Book", field: "reviews", access: "set", count: 5 });
    expect(findings[0]!.place).toMatch(here);
    expect(findings[0]!.advice).toContain('prefetchRelated("reviews")');
  });

  test("names the deferred field", async () => {
    const { findings } = await detectNPlusOne(async () => {
      for (const book of await Book.objects.defer("description").fetchMode("one")) await book.description;
    });
    expect(findings).toHaveLength(1);
    expect(findings[0]).toMatchObject({ model: "Book", field: "description", access: "deferred", count: 5 });
    expect(findings[0]!.advice).toContain("only()");
  });

  test("is made of rows that are read, written or deleted one by one", async () => {
    const { findings } = await detectNPlusOne(async () => {
      for (const name of ["u", "v", "w"]) await Author.objects.create({ name });
      for (const name of ["u", "v", "w"]) await Author.objects.get({ name });
      for (const name of ["u", "v", "w"]) await Author.objects.filter({ name }).update({ name: `${name}${name}` });
    });
    expect(findings.map((f) => f.advice.split(":")[0]).toSorted()).toEqual([
      "Ask once for all",
      "Change all rows at once",
      "Write all rows at once",
    ]);
    expect(findings.find((f) => f.sql.startsWith("SELECT"))!.place).toMatch(here);
  });

  test("is not made of statements of different places, or of fewer than the threshold", async () => {
    const { findings } = await detectNPlusOne(async () => {
      await Book.objects.get({ title: "Atlas" });
      await Book.objects.get({ title: "Botany" });
      await Book.objects.get({ title: "Chess" });
    });
    expect(findings).toEqual([]);
    const few = async (): Promise<void> => {
      for (const title of ["Atlas", "Botany"]) await Book.objects.get({ title });
    };
    expect((await detectNPlusOne(few)).findings).toEqual([]);
    expect((await detectNPlusOne(few, { threshold: 2 })).findings).toHaveLength(1);
  });

  test("is not made where relations are loaded for all rows of a result", async () => {
    await assertNoNPlusOne(async () => {
      for (const book of await Book.objects.all()) await (book as unknown as Loose)["publisher"];
      for (const book of await Book.objects.prefetchRelated("reviews"))
        await (book as unknown as { reviews: typeof Review.objects }).reviews.all();
    });
    expect((await detectNPlusOne(() => Book.objects.count())).findings).toEqual([]);
  });
});

test("assertNoNPlusOne fails with the places and the ways out, and without values", async () => {
  const work = assertNoNPlusOne(async () => {
    for (const title of ["s3cret1", "s3cret2", "s3cret3"]) await Book.objects.filter({ title }).first();
  });
  await expect(work).rejects.toMatchObject({ code: "testing.n_plus_one" });
  await expect(work).rejects.toThrow(/- 3 times at .*n-plus-one\.test\.ts:\d+:\d+: SELECT/);
  await expect(work).rejects.not.toThrow(/s3cret/);
});

test("a threshold below two is refused", async () => {
  await expect(detectNPlusOne(() => 1, { threshold: 1 })).rejects.toThrow(ValueError);
});
