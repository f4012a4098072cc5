/** What re-implementations get wrong about relations: the rows S46 to S48, S52, S53, S58 and S60 of the list of semantics. */
import {
  babik,
  BooleanField,
  CASCADE,
  CharField,
  ForeignKey,
  IntegerField,
  IntegrityError,
  Manager,
  ManyToManyField,
  model,
  ObjectDoesNotExist,
  OneToOneField,
  Prefetch,
  QueryTypeError,
  SET_NULL,
  UniqueConstraint,
  ValueError,
} from "babik";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { captureQueries } from "../../../src/testing.js";
import { testDatabase } from "../../support/database.js";

class Publisher extends model("Publisher", {
  name: CharField({ maxLength: 20 }),
  shut: BooleanField({ default: false }),
}) {
  static override readonly objects = this.manager(
    class extends Manager<"Publisher"> {
      override getQuerySet() {
        return super.getQuerySet().filter({ shut: false });
      }
    },
  );
  static readonly all = this.manager(class extends Manager<"Publisher"> {});
}
class Author extends model(
  "Author",
  {
    name: CharField({ maxLength: 20 }),
    friends: ManyToManyField("Author"),
    owner: ForeignKey("Publisher", { onDelete: SET_NULL, null: true, relatedName: "authors" }),
  },
  { ordering: ["name"] },
) {}
class Book extends model(
  "Book",
  {
    title: CharField({ maxLength: 20 }),
    publisher: ForeignKey("Publisher", { onDelete: CASCADE, relatedName: "books" }),
    second: ForeignKey("Publisher", { onDelete: SET_NULL, null: true, relatedName: "reprints" }),
    authors: ManyToManyField("Author", { relatedName: "books" }),
    fans: ManyToManyField("Author", { through: "Fan", relatedName: "favourites" }),
  },
  { ordering: ["title"] },
) {}
class Fan extends model(
  "Fan",
  {
    book: ForeignKey("Book", { onDelete: CASCADE }),
    author: ForeignKey("Author", { onDelete: CASCADE }),
    since: IntegerField({ default: 2000 }),
  },
  { constraints: [UniqueConstraint({ fields: ["book", "author"], name: "one_fan" })] },
) {}
class Cover extends model("Cover", { book: OneToOneField("Book", { onDelete: CASCADE, relatedName: "cover" }) }) {}
class OldBook extends Book.proxy("OldBook") {}

const database = await testDatabase();
const orm = babik({
  databases: { default: database.url },
  apps: { library: { Publisher, Author, Book, Fan, Cover, OldBook } },
});
afterAll(() => orm.close());
beforeAll(() => orm.createTables());
type Row = Awaited<ReturnType<typeof Book.objects.get>>;
let north: Row, south: Row, atlas: Row, botany: Row, ann: Row, bob: Row;
beforeEach(async () => {
  for (const m of [Cover, Fan, Book, Author]) await m.objects.all().delete();
  await Publisher.all.all().delete();
  north = await Publisher.objects.create({ name: "North" });
  south = await Publisher.objects.create({ name: "South" });
  atlas = await Book.objects.create({ title: "Atlas", publisher: north });
  botany = await Book.objects.create({ title: "Botany", publisher: north, second: south });
  ann = await Author.objects.create({ name: "Ann" });
  bob = await Author.objects.create({ name: "Bob" });
  await atlas.authors.add(ann, bob);
});
const statements = async (work: () => unknown) =>
  (await captureQueries(async () => work())).queries.filter((q) => q.kind === "statement").map((q) => q.sql);

test("S46: assigning the key forgets the kept object; unsaved objects cannot be saved with; a later key is copied", async () => {
  const book = await Book.objects.selectRelated("publisher").get({ title: "Atlas" });
  book.publisherId = south.pk;
  expect((await book.publisher).name).toBe("South");
  const fresh = new Publisher({ name: "East" });
  const made = new Book({ title: "Chess", publisher: fresh });
  await expect(made.save()).rejects.toThrow(ValueError);
  await fresh.save();
  await made.save();
  expect((await Book.objects.get({ title: "Chess" })).publisherId).toBe(fresh.pk);
});
test("S47: add() to a set by a foreign key is one UPDATE of saved rows; remove() and clear() need NULL; set() changes what differs", async () => {
  expect(await statements(() => south.books.add(atlas, botany))).toHaveLength(1);
  expect((await Book.objects.get({ title: "Atlas" })).publisherId).toBe(south.pk);
  await expect(south.books.add(new Book({ title: "new" }))).rejects.toThrow(ValueError);
  await expect(south.books.remove(atlas)).rejects.toThrow(QueryTypeError);
  await expect(south.books.clear()).rejects.toThrow(QueryTypeError);
  expect(
    (await statements(() => south.reprints.set([botany, atlas]))).filter((s) => s.startsWith("UPDATE")),
  ).toHaveLength(1);
  await south.reprints.remove(atlas);
  expect((await south.reprints.all()).map((b: Row) => b.title)).toEqual(["Botany"]);
});
test("S48: add() passes over pairs that are there, except in a model between; friends of each other are two rows", async () => {
  await atlas.authors.add(ann, bob);
  expect(await atlas.authors.count()).toBe(2);
  await atlas.fans.add(ann, { throughDefaults: { since: 2010 } });
  await atlas.fans.add(ann, bob);
  expect(await Fan.objects.orderBy("author__name").valuesList("since", { flat: true })).toEqual([2010, 2000]);
  await expect(Fan.objects.create({ book: atlas, author: ann })).rejects.toThrow(IntegrityError);
  await ann.friends.add(bob);
  expect((await bob.friends.all()).map((a: Row) => a.name)).toEqual(["Ann"]);
  const pairs = Author.meta.getField("friends").through.modelClass as typeof Author;
  expect(await pairs.objects.count()).toBe(2);
  await bob.friends.remove(ann);
  expect(await pairs.objects.count()).toBe(0);
});
test("S52: what was prefetched answers all(), and nothing narrower; queryset, slice and toAttr say what is kept where", async () => {
  const [book] = await Book.objects.prefetchRelated("authors", "second").filter({ title: "Atlas" });
  expect(await statements(() => book!.authors.all())).toHaveLength(0);
  expect(await statements(() => book!.authors.filter({ name: "Ann" }))).toHaveLength(1);
  expect(book!.second).toBeNull();
  const some = Prefetch("authors", { queryset: Author.objects.filter({ name: "Bob" }) });
  const [narrow] = await Book.objects.prefetchRelated(some).filter({ title: "Atlas" });
  expect((await narrow!.authors.all()).map((a: Row) => a.name)).toEqual(["Bob"]);
  const first = Prefetch("books", { queryset: Book.objects.orderBy("-title").slice(0, 1), toAttr: "last" });
  const { result, queries } = await captureQueries(async () =>
    Publisher.objects.prefetchRelated(first).orderBy("name"),
  );
  expect(result.map((p) => (p.last as Row[]).map((b: Row) => b.title))).toEqual([["Botany"], []]);
  expect(queries[1]!.sql).toContain("ROW_NUMBER");
  const taken = (toAttr: string) => Promise.resolve(Book.objects.prefetchRelated(Prefetch("authors", { toAttr })));
  await expect(taken("cover")).rejects.toThrow(ValueError);
});
test("S53: selectRelated() by itself passes over relations that may be null; a missing other side is known without a query", async () => {
  const [sql] = await statements(() => Book.objects.selectRelated());
  expect(sql!.match(/JOIN/g)).toHaveLength(1);
  const book = await Book.objects.selectRelated("cover").get({ title: "Atlas" });
  expect(await statements(() => expect(book.cover).toBeNull())).toHaveLength(0);
  await expect(Promise.resolve(botany.cover)).rejects.toThrow(ObjectDoesNotExist);
});
test("S58: rows are equal by concrete model and key; unsaved ones are equal to themselves only", async () => {
  const again = await Book.objects.get({ title: "Atlas" });
  expect([atlas.equals(again), atlas === again, atlas.equals(botany)]).toEqual([true, false, false]);
  expect(atlas.equals(await OldBook.objects.get({ title: "Atlas" }))).toBe(true);
  expect(new Publisher({ id: atlas.pk }).equals(atlas)).toBe(false);
  const fresh = new Book({ title: "x" });
  expect([fresh.equals(fresh), fresh.equals(new Book({ title: "x" }))]).toEqual([true, false]);
});
test("S60: the default manager's filters hold for sets, not for following a key", async () => {
  await Publisher.all.filter({ pk: north.pk }).update({ shut: true });
  expect(await Publisher.objects.count()).toBe(1);
  const book = await Book.objects.get({ title: "Atlas" });
  expect((await book.publisher).name).toBe("North");
  await ann.set({ owner: north }).save();
  expect((await (await Author.objects.get({ name: "Ann" })).owner).name).toBe("North");
  const [loaded] = await Book.objects.prefetchRelated("publisher").filter({ title: "Atlas" });
  expect(loaded!.publisher.name).toBe("North");
});
