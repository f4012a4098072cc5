/** Many-to-many sets from both sides: pairs in the table between, and how many statements they take (S48). */
import { ValueError } from "babik";
import { assertNumQueries, captureQueries } from "babik/testing";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { Author, Book, Group, Membership, openShop, type Row } from "./shop.js";

const orm = await openShop();
afterAll(() => orm.close());

let jean: Row, kim: Row, lee: Row, book: Row;
beforeEach(async () => {
  for (const model of [Membership, Group, Book, Author]) await model.objects.all().delete();
  [jean, kim, lee] = (await Author.objects.bulkCreate(
    ["Jean", "Kim", "Lee"].map((name) => new Author({ name })),
  )) as unknown as [Row, Row, Row];
  book = await Book.objects.create({ title: "One" });
});
const names = async (rows: PromiseLike<readonly { readonly name: string }[]>): Promise<string[]> =>
  (await rows).map((a) => a.name);
const canIgnore = (): boolean => orm.connection().dialect.features.ignoreConflicts;

describe("adding", () => {
  test("takes rows and keys", async () => {
    await book.authors.add(kim, jean.id);
    expect(await names(book.authors.all())).toEqual(["Jean", "Kim"]);
    expect((await jean.books.all()).map((b: Row) => b.title)).toEqual(["One"]);
  });
  test("passes over pairs that are there, by one INSERT where the database can (S48)", async () => {
    await book.authors.add(jean);
    await assertNumQueries(canIgnore() ? 1 : 2, () => book.authors.add(jean, kim, kim));
    expect(await names(book.authors.all())).toEqual(["Jean", "Kim"]);
  });
  test("of nothing asks nothing", async () => {
    expect(await assertNumQueries(0, () => book.authors.add())).toBeUndefined();
  });
  test("refuses rows of other models and rows without a key", async () => {
    await expect(book.authors.add(book as never)).rejects.toThrow("'Author' instance expected, got Book object.");
    await expect(book.authors.add(new Author({ name: "New" }))).rejects.toThrow(ValueError);
    await expect(new Book({ title: "New" }).authors.add(jean)).rejects.toThrow(
      "before this many-to-many relationship can be used",
    );
  });
  test("by create makes the row and the pair", async () => {
    const made = await assertNumQueries(2, () => book.authors.create({ name: "Max" }));
    expect(made.name).toBe("Max");
    expect(await names(book.authors.all())).toEqual(["Max"]);
  });
  test("by getOrCreate looks within the set", async () => {
    const [, fresh] = await book.authors.getOrCreate({ name: "Jean" });
    expect(fresh).toBe(true);
    const [, again] = await book.authors.getOrCreate({ name: "Jean" });
    expect(again).toBe(false);
    expect(await Author.objects.filter({ name: "Jean" }).count()).toBe(2);
  });
});

describe("taking away", () => {
  test("deletes pairs by one statement, never rows", async () => {
    await book.authors.add(jean, kim, lee);
    await assertNumQueries(1, () => book.authors.remove(jean, kim.id));
    expect(await names(book.authors.all())).toEqual(["Lee"]);
    await assertNumQueries(1, () => book.authors.clear());
    expect(await book.authors.count()).toBe(0);
    expect(await Author.objects.count()).toBe(3);
  });
  test("by set changes only what differs", async () => {
    await book.authors.set([jean, kim]);
    await assertNumQueries(canIgnore() ? 3 : 4, () => book.authors.set([kim, lee.id]));
    expect(await names(book.authors.all())).toEqual(["Kim", "Lee"]);
    await assertNumQueries(1, () => book.authors.set([kim, lee]));
    await book.authors.set([jean], { clear: true });
    expect(await names(book.authors.all())).toEqual(["Jean"]);
  });
  test("takes all changes of set back when one fails", async () => {
    await book.authors.set([jean, kim]);
    await expect(book.authors.set([lee, book as never])).rejects.toThrow("'Author' instance expected");
    expect(await names(book.authors.all())).toEqual(["Jean", "Kim"]);
  });
});

describe("friends, a relation of a model to itself,", () => {
  test("are friends of each other (S48)", async () => {
    await jean.friends.add(kim, lee);
    expect(await names(kim.friends.all())).toEqual(["Jean"]);
    expect(await names(jean.friends.all())).toEqual(["Kim", "Lee"]);
    await lee.friends.remove(jean);
    expect(await names(jean.friends.all())).toEqual(["Kim"]);
    await kim.friends.clear();
    expect(await jean.friends.count()).toBe(0);
  });
});

describe("a model between", () => {
  test("takes values for its own fields", async () => {
    const group = await Group.objects.create({ name: "Poets" });
    await group.members.add(jean, { throughDefaults: { role: "head" } });
    await group.members.add(kim, { throughDefaults: { role: () => "guest" } });
    expect(await Membership.objects.orderBy("id").valuesList("role", { flat: true })).toEqual(["head", "guest"]);
    expect((await jean.groups.all()).map((g: Row) => g.name)).toEqual(["Poets"]);
  });
  test("is asked for pairs first, since its rows may break other constraints (S48)", async () => {
    const group = await Group.objects.create({ name: "Poets" });
    const { queries } = await captureQueries(() => group.members.add(jean));
    expect(queries.map((q) => q.sql.split(" ")[0])).toEqual(["SELECT", "INSERT"]);
    await assertNumQueries(1, () => group.members.add(jean));
    expect(await Membership.objects.count()).toBe(1);
  });
});

describe("reading", () => {
  test("counts pairs alone, without the table on the other side", async () => {
    await book.authors.add(jean, kim);
    const { result, queries } = await captureQueries(() => book.authors.count());
    expect(result).toBe(2);
    expect(queries[0]!.sql).not.toContain("JOIN");
    expect(await book.authors.exists()).toBe(true);
    expect(await book.authors.filter({ name: "Kim" }).count()).toBe(1);
  });
  test("puts the conditions of the first call on the pair that leads here", async () => {
    await book.authors.add(jean, kim);
    // The pair is Jean's, so it is never Kim's; a later call may take another pair of the same book.
    expect(await jean.books.filter({ authors__name: "Kim" }).count()).toBe(0);
    expect(await jean.books.filter({ title: "One" }).filter({ authors__name: "Kim" }).count()).toBe(1);
  });
});
