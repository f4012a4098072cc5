/** Loading for all rows of a result at once: a page written in the worst way, and what must not be loaded so. */
import { inspect } from "node:util";
import {
  atomic,
  babik,
  CASCADE,
  CharField,
  FieldFetchBlocked,
  ForeignKey,
  IntegerField,
  Manager,
  ManyToManyField,
  model,
} from "babik";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { captureQueries } from "../../../src/testing.js";
import { testDatabase } from "../../support/database.js";

class Publisher extends model("Publisher", { name: CharField({ maxLength: 50 }) }) {}
class Author extends model("Author", { name: CharField({ maxLength: 50 }) }, { ordering: ["id"] }) {}
class Book extends model(
  "Book",
  {
    title: CharField({ maxLength: 50 }),
    author: ForeignKey("Author", { onDelete: CASCADE, relatedName: "books" }),
    publisher: ForeignKey("Publisher", { onDelete: CASCADE, relatedName: "books" }),
    tags: ManyToManyField("Tag", { relatedName: "books" }),
  },
  { ordering: ["title"] },
) {}
class Review extends model("Review", {
  book: ForeignKey("Book", { onDelete: CASCADE, relatedName: "reviews" }),
  stars: IntegerField(),
}) {
  static override readonly objects = this.manager(
    class extends Manager<"Review"> {
      override getQuerySet() {
        return super.getQuerySet().filter({ stars__gt: 0 });
      }
    },
  );
}
class Tag extends model("Tag", { name: CharField({ maxLength: 50 }) }, { ordering: ["name"] }) {}

const database = await testDatabase();
const orm = babik({
  databases: { default: database.url },
  apps: { library: { Publisher, Author, Book, Review, Tag } },
});
afterAll(() => orm.close());
beforeAll(() => orm.createTables());
/** A row as it is read. The compiler does not know which orm a test file has. */
type Row = Awaited<ReturnType<typeof Book.objects.get>>;

const AUTHORS = 100;
beforeEach(async () => {
  for (const m of [Review, Book, Author, Publisher, Tag]) await m.objects.all().delete();
  const publishers = await Publisher.objects.bulkCreate(["a", "b", "c"].map((name) => new Publisher({ name })));
  await Author.objects.bulkCreate(Array.from({ length: AUTHORS }, (_, i) => new Author({ name: `author ${i}` })));
  const authors = await Author.objects.all();
  await Book.objects.bulkCreate(
    authors.flatMap((author, i) =>
      ["x", "y"].map((title) => new Book({ title: `${title}${i}`, author, publisher: publishers[i % 3]! })),
    ),
  );
  const books = await Book.objects.all();
  await Review.objects.bulkCreate(books.flatMap((book) => [0, 3].map((stars) => new Review({ book, stars }))));
  const tag = await Tag.objects.create({ name: "old" });
  await tag.books.set(books);
});
const statements = async (work: () => Promise<unknown>) => (await captureQueries(work)).queries.length;

describe("a loop that awaits every relation of every row", () => {
  test("takes a query for each relation, not for each row", async () => {
    const seen = { books: 0, publishers: new Set<string>(), reviews: 0 };
    const { queries } = await captureQueries(async () => {
      for (const author of await Author.objects.all())
        for (const book of await author.books.all()) {
          seen.books++;
          seen.publishers.add((await book.publisher).name);
          for (const review of await book.reviews.all()) seen.reviews += review.stars > 0 ? 1 : 0;
        }
    });
    expect(queries).toHaveLength(4);
    expect(seen).toEqual({ books: 200, publishers: new Set(["a", "b", "c"]), reviews: 200 });
  });
  test("fails at its first line where nothing may be loaded by the way, and says how to load it", async () => {
    const loop = async (): Promise<void> => {
      for (const author of await Author.objects.fetchMode("raise")) await author.books.all();
    };
    const { result, queries } = await captureQueries(() => loop().catch((e: unknown) => e));
    expect(result).toBeInstanceOf(FieldFetchBlocked);
    expect((result as Error).message).toMatch(/Author\.books.*prefetchRelated\("books"\)/);
    expect(queries).toHaveLength(1);
    const loaded = await Author.objects.fetchMode("raise").prefetchRelated("books__publisher");
    expect((await loaded[0]!.books.all())[0]!.publisher.name).toBe("a");
  });
  test("may ask for all of them at once", async () => {
    const authors = await Author.objects.all();
    const count = await statements(async () => {
      const shelves = await Promise.all(authors.map((author) => author.books.all()));
      await Promise.all(shelves.flat().map((book: Row) => book.publisher));
      await Promise.all(shelves.flat().map((book: Row) => book.tags.all()));
    });
    expect(count).toBe(3);
  });
  test("asks for each row where the fetch mode is one", async () => {
    const authors = await Author.objects.fetchMode("one").slice(0, 5);
    expect(await statements(() => Promise.all(authors.map((author) => author.books.all())))).toBe(5);
  });
});

describe("a set that was read for its row's peers", () => {
  test("is that of each row, in its order, with the way back to that very row", async () => {
    const authors = await Author.objects.slice(0, 3);
    for (const author of authors) {
      const books = await author.books.all();
      expect(books.map((b: Row) => b.title[0])).toEqual(["x", "y"]);
      expect(await books[0]!.author).toBe(author);
    }
  });
  test("is read anew the next time, by one query for all again", async () => {
    const authors = await Author.objects.slice(0, 10);
    const round = async (): Promise<void> => {
      for (const author of authors) await author.books.all();
    };
    expect(await statements(round)).toBe(1);
    expect(await statements(round)).toBe(1);
  });
  test("does not wait past a write to its table", async () => {
    const authors = await Author.objects.slice(0, 3);
    const publisher = (await Publisher.objects.first())!;
    expect(await authors[0]!.books.all()).toHaveLength(2);
    await Book.objects.create({ title: "z", author: authors[1]!, publisher });
    expect(await authors[1]!.books.all()).toHaveLength(3);
    await authors[2]!.books.update({ title: "new" });
    expect((await authors[2]!.books.all()).map((b: Row) => b.title)).toEqual(["new", "new"]);
  });
  test("does not wait past SQL of one's own, nor past pairs that were added", async () => {
    const books = await Book.objects.slice(0, 3);
    await books[0]!.tags.all();
    const tag = await Tag.objects.create({ name: "young" });
    await tag.books.add(books[1]!);
    expect(await books[1]!.tags.all()).toHaveLength(2);
    await using cursor = await orm.connection().cursor();
    await cursor.execute(`DELETE FROM ${Book.meta.getField("tags").through.dbTable}`);
    expect(await books[2]!.tags.all()).toHaveLength(0);
  });
  test("waits while other tables are written", async () => {
    const authors = await Author.objects.slice(0, 20);
    const { queries } = await captureQueries(async () => {
      for (const author of authors) {
        await author.books.all();
        await author.save();
      }
    });
    expect(queries.filter((q) => q.sql.startsWith("SELECT"))).toHaveLength(1);
  });
  test("is read by itself where the program writes to the table between the reads", async () => {
    const authors = await Author.objects.slice(0, 20);
    const { queries } = await captureQueries(async () => {
      for (const author of authors) {
        const [book] = await author.books.all();
        await book!.save();
      }
    });
    const reads = queries.filter((q) => q.sql.startsWith("SELECT"));
    expect(reads).toHaveLength(20);
    expect(reads.filter((q) => q.sql.includes(" IN (") || q.sql.includes("ANY("))).toHaveLength(3);
  });
  test("is not that of a transaction that was taken back", async () => {
    const authors = await Author.objects.slice(0, 2);
    await atomic(async () => {
      await Book.objects.all().delete();
      expect(await authors[0]!.books.all()).toHaveLength(0);
      throw new RangeError("back");
    }).catch((e: unknown) => expect(e).toBeInstanceOf(RangeError));
    expect(await authors[1]!.books.all()).toHaveLength(2);
    await atomic(async () => {
      await atomic(async () => {
        await Book.objects.all().delete();
        await authors[0]!.books.all();
        throw new RangeError("back");
      }).catch(() => undefined);
      expect(await authors[1]!.books.all()).toHaveLength(2);
    });
  });
  test("has what its own manager gives, and narrowing it asks anew", async () => {
    const books = await Book.objects.slice(0, 2);
    expect(await books[0]!.reviews.all()).toHaveLength(1);
    expect(await statements(async () => books[1]!.reviews.filter({ stars: 3 }))).toBe(1);
    expect(await statements(async () => books[1]!.reviews.count())).toBe(1);
  });
});

test("a user's changes to a result are no matter of its rows", async () => {
  const books = await Book.objects.slice(0, 3);
  const [first, second] = books;
  (books as unknown[]).splice(0, 3, "text", null);
  await first!.publisher;
  expect(await statements(async () => second!.publisher)).toBe(0);
});
test("a relation that was loaded meanwhile stays the object that somebody holds", async () => {
  const [first, second] = await Book.objects.slice(0, 2);
  const other = await Publisher.objects.create({ name: "other" });
  const loading = first!.publisher.then(() => undefined);
  (second as unknown as { publisher: unknown }).publisher = other;
  await loading;
  expect(await second!.publisher).toBe(other);
});
test("what is loaded in a transaction is not shared with those outside of it", async () => {
  const books = await Book.objects.slice(0, 2);
  // The one outside asks while the one inside reads.
  let begin!: () => void;
  const begun = new Promise<void>((resolve) => (begin = resolve));
  const { queries } = await captureQueries(() =>
    Promise.all([
      atomic(() => {
        const name = books[0]!.publisher.then((p: Row) => p.name);
        begin();
        return name;
      }),
      begun.then(() => books[1]!.publisher).then((p: Row) => p.name),
    ]),
  );
  expect(queries.filter((q) => q.kind === "statement").length).toBeGreaterThanOrEqual(2);
});
test("printing, serialising, spreading and cloning a row run nothing and throw nothing", async () => {
  const [book] = await Book.objects.only("title").slice(0, 1);
  const [loaded] = await Book.objects.selectRelated("author").prefetchRelated("reviews").slice(0, 1);
  const { queries } = await captureQueries(async () => {
    for (const row of [book!, loaded!, new Book({ title: "new" })]) {
      expect(inspect(row, { depth: 5, showHidden: true })).toContain(row.title);
      expect(JSON.parse(JSON.stringify(row))).toHaveProperty("title", row.title);
      expect({ ...row }).toHaveProperty("title", row.title);
      expect(structuredClone(row)).toHaveProperty("title", row.title);
      expect(`${inspect(row.publisher)} ${String(row.publisher)}`).toMatch(/publisher/);
    }
  });
  expect(queries).toHaveLength(0);
});
