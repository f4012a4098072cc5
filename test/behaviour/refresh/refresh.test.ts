/** `refreshFromDb()` and `Model.fromDb()`. */
import {
  CASCADE,
  CharField,
  ForeignKey,
  IntegerField,
  ManyToManyField,
  OneToOneField,
  QuerySet,
  TextField,
} from "babik";
import { assertNumQueries, captureQueries, instanceState } from "babik/testing";
import { beforeEach, describe, expect, test } from "vitest";
import { failure, looseModel, looseOrm, type LooseRow } from "../../support/loose.js";

const Author = looseModel("Author", { name: CharField({ maxLength: 20 }) });
const BookBase = looseModel(
  "Book",
  {
    title: CharField({ maxLength: 20 }),
    pages: IntegerField({ default: 1 }),
    text: TextField({ default: "" }),
    author: ForeignKey("Author", { onDelete: CASCADE, relatedName: "books" }),
    tags: ManyToManyField("Tag", { relatedName: "books" }),
  },
  { managers: { objects: (qs: { filter(c: object): unknown }) => qs.filter({ pages__lt: 100 }) } },
);
const Book = BookBase;
const Tag = looseModel("Tag", { word: CharField({ maxLength: 20 }) });
const Cover = looseModel("Cover", {
  book: OneToOneField("Book", { onDelete: CASCADE, relatedName: "cover" }),
  color: CharField({ maxLength: 9 }),
});
await looseOrm({ Author, Book, Tag, Cover });

let author: LooseRow;
let book: LooseRow;
beforeEach(async () => {
  for (const m of [Cover, Book, Tag, Author]) await m.objects.all().delete();
  author = await Author.objects.create({ name: "a" });
  book = await Book.objects.create({ title: "t", author });
});
const cached = (row: LooseRow): string[] => [...instanceState(row).cached.keys()].sort();

test("all fields are read anew by one query", async () => {
  await Book.objects.update({ title: "new", pages: 2 });
  await assertNumQueries(1, () => book.refreshFromDb());
  expect([book["title"], book["pages"]]).toEqual(["new", 2]);
});
test("only the named fields", async () => {
  await Book.objects.update({ title: "new", pages: 2 });
  const { queries } = await captureQueries(() => book.refreshFromDb({ fields: ["pages"] }));
  expect(queries).toHaveLength(1);
  expect(queries[0]!.sql).not.toContain("title");
  expect([book["title"], book["pages"]]).toEqual(["t", 2]);
});
test("filters of the default manager do not hide the row", async () => {
  await Book.objects.update({ pages: 500 });
  await book.refreshFromDb();
  expect(book["pages"]).toBe(500);
});
describe("deferred fields", () => {
  test("stay deferred", async () => {
    const part = await Book.objects.defer("text").get();
    const { queries } = await captureQueries(() => part.refreshFromDb());
    expect(queries[0]!.sql).not.toContain("text");
    expect([...part.getDeferredFields()]).toEqual(["text"]);
  });
  test("are loaded when they are named", async () => {
    await Book.objects.update({ text: "long" });
    const part = await Book.objects.defer("text").get();
    await part.refreshFromDb({ fields: ["text"] });
    expect(part["text"]).toBe("long");
    expect(part.getDeferredFields().size).toBe(0);
  });
});
describe("relations", () => {
  test("a cached relation is forgotten with its key", async () => {
    const other = await Author.objects.create({ name: "b" });
    await Book.objects.update({ author: other });
    expect(cached(book)).toContain("author");
    await book.refreshFromDb();
    expect(cached(book)).toEqual([]);
    expect(((await book["author"]) as LooseRow)["name"]).toBe("b");
  });
  test("and kept where the key was not read", async () => {
    await book.refreshFromDb({ fields: ["title"] });
    expect(cached(book)).toEqual(["author"]);
  });
  test("a queryset may load it along", async () => {
    await book.refreshFromDb({ fromQueryset: Book.objects.selectRelated("author") });
    expect((book["author"] as LooseRow)["name"]).toBe("a");
  });
  test("prefetched sets are forgotten, one of them by its name without a query", async () => {
    const [full] = await Author.objects.prefetchRelated("books");
    expect(cached(full!)).toEqual(["books"]);
    await assertNumQueries(0, () => full!.refreshFromDb({ fields: ["books"] }));
    expect(cached(full!)).toEqual([]);
    const [again] = await Book.objects.prefetchRelated("tags");
    await again!.refreshFromDb();
    expect(cached(again!)).not.toContain("tags");
  });
  test("a reverse one-to-one is forgotten", async () => {
    await Cover.objects.create({ book, color: "red" });
    const row = await Book.objects.selectRelated("cover").get();
    expect(cached(row)).toContain("cover");
    await row.refreshFromDb();
    expect(cached(row)).not.toContain("cover");
  });
});
test("a row that is gone is the model's DoesNotExist", async () => {
  await Book.objects.all().delete();
  const error = await failure(book.refreshFromDb());
  expect(error).toBeInstanceOf(Book.DoesNotExist);
  expect(error.message).toBe("Book matching query does not exist.");
});
test("paths are refused", async () => {
  expect((await failure(book.refreshFromDb({ fields: ["author__name"] }))).message).toBe(
    'Found "__" in fields argument. Relations and transforms are not allowed in fields.',
  );
});
test("unknown names are refused", async () => {
  expect((await failure(book.refreshFromDb({ fields: ["titel"] }))).message).toContain("titel");
});
describe("fromDb", () => {
  test("makes a saved instance of the values; the rest is deferred", async () => {
    const row = Book.fromDb("default", ["pages", "id"], [7, book.pk]);
    expect([row.pk, row["pages"], row._state.adding]).toEqual([book.pk, 7, false]);
    expect([...row.getDeferredFields()].sort()).toEqual(["authorId", "text", "title"]);
    expect(await row["title"]).toBe("t");
  });
  test("needs a value for each name, and names of columns", () => {
    expect(() => Book.fromDb("default", ["id"], [])).toThrow("1 names and 0 values");
    expect(() => Book.fromDb("default", ["tags"], [1])).toThrow("'tags', which is no column");
  });
});
test("querysets are classes of the package", () => {
  expect(Book.objects.all()).toBeInstanceOf(QuerySet);
});
