/** m2mChanged: which actions, from which side, with which keys, and in which transaction. */
import {
  atomic,
  CASCADE,
  CharField,
  ForeignKey,
  GenericForeignKey,
  GenericRelation,
  IntegerField,
  m2mChanged,
  ManyToManyField,
  postSave,
  type SignalConnection,
} from "babik";
import { assertNumQueries } from "babik/testing";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { failure, looseModel, looseOrm, type LooseRow } from "../../support/loose.js";

const Author = looseModel("Author", {
  name: CharField({ maxLength: 20 }),
  friends: ManyToManyField("Author"),
  fans: ManyToManyField("Author", { symmetrical: false, relatedName: "idols" }),
  notes: GenericRelation("Note"),
});
const Book = looseModel("Book", {
  title: CharField({ maxLength: 20 }),
  authors: ManyToManyField("Author", { relatedName: "books" }),
  shops: ManyToManyField("Shop", { through: "Stock", relatedName: "books" }),
});
const Shop = looseModel("Shop", { name: CharField({ maxLength: 20 }) });
const Stock = looseModel("Stock", {
  book: ForeignKey("Book", { onDelete: CASCADE }),
  shop: ForeignKey("Shop", { onDelete: CASCADE }),
  copies: IntegerField({ default: 1 }),
});
const Note = looseModel("Note", {
  text: CharField({ maxLength: 20 }),
  contentType: ForeignKey("contenttypes.ContentType", { onDelete: CASCADE }),
  objectId: IntegerField(),
  about: GenericForeignKey(),
});
const orm = await looseOrm({ Author, Book, Shop, Stock, Note });
const Pairs = (orm as unknown as { getModel(label: string): unknown }).getModel("shop.Book_authors");

type Set_ = Record<
  "add" | "remove" | "set" | "clear" | "create" | "getOrCreate",
  (...args: unknown[]) => Promise<LooseRow>
>;
type Row = LooseRow & Record<"authors" | "books" | "shops" | "friends" | "fans" | "idols" | "notes", Set_>;
let book: Row;
let a: Row, b: Row, c: Row;
beforeEach(async () => {
  for (const m of [Note, Stock, Book, Author, Shop]) await m.objects.all().delete();
  book = (await Book.objects.create({ title: "Picnic" })) as Row;
  a = (await Author.objects.create({ name: "a" })) as Row;
  b = (await Author.objects.create({ name: "b" })) as Row;
  c = (await Author.objects.create({ name: "c" })) as Row;
});

let connections: SignalConnection[] = [];
afterEach(() => {
  for (const x of connections) x.disconnect();
  connections = [];
});
type Event = Record<string, unknown> & { readonly action: string; readonly pkSet: ReadonlySet<unknown> | null };
const on = (receiver: (event: Event) => unknown, options: object = {}): void =>
  void connections.push(
    (m2mChanged as unknown as { connect(r: (e: Event) => unknown, o: object): SignalConnection }).connect(
      receiver,
      options,
    ),
  );
/** Notes action and keys of every event. */
function record(options: object = {}): [string, unknown[] | null][] {
  const told: [string, unknown[] | null][] = [];
  on(({ action, pkSet }) => void told.push([action, pkSet === null ? null : [...pkSet]]), options);
  return told;
}
const keys = (...rows: (LooseRow | undefined)[]): unknown[] =>
  rows.map((row) => row!.pk as number).toSorted((x, y) => x - y);

describe("actions", () => {
  test("add tells before and after, with the keys that were not there yet", async () => {
    await book.authors.add(a);
    const told = record();
    await book.authors.add(a, b, c.pk);
    expect(told).toEqual([
      ["pre_add", keys(b, c)],
      ["post_add", keys(b, c)],
    ]);
    await book.authors.add(a);
    expect(told.slice(2)).toEqual([
      ["pre_add", []],
      ["post_add", []],
    ]);
  });
  test("add of nothing, and remove of nothing, tell nothing", async () => {
    const told = record();
    await book.authors.add();
    await book.authors.remove();
    expect(told).toEqual([]);
  });
  test("remove tells all keys it was given", async () => {
    await book.authors.add(a);
    const told = record();
    await book.authors.remove(a, b);
    expect(told).toEqual([
      ["pre_remove", keys(a, b)],
      ["post_remove", keys(a, b)],
    ]);
  });
  test("clear tells no keys", async () => {
    await book.authors.add(a, b);
    const told = record();
    await book.authors.clear();
    expect(told).toEqual([
      ["pre_clear", null],
      ["post_clear", null],
    ]);
  });
  test("set tells what it removes, then what it adds; with clear, that it clears", async () => {
    await book.authors.add(a, b);
    const told = record();
    await book.authors.set([b, c]);
    expect(told).toEqual([
      ["pre_remove", keys(a)],
      ["post_remove", keys(a)],
      ["pre_add", keys(c)],
      ["post_add", keys(c)],
    ]);
    told.length = 0;
    await book.authors.set([a], { clear: true });
    expect(told).toEqual([
      ["pre_clear", null],
      ["post_clear", null],
      ["pre_add", keys(a)],
      ["post_add", keys(a)],
    ]);
  });
  test("create saves a row, and tells that it was added", async () => {
    const told = record();
    const made = await book.authors.create({ name: "d" });
    expect(told).toEqual([
      ["pre_add", [made.pk]],
      ["post_add", [made.pk]],
    ]);
  });
  test("rows are there after post_add and not before, gone after post_remove and not before", async () => {
    const counts: unknown[] = [];
    on(async ({ action }) => counts.push([action, await Author.objects.filter({ books: book }).count()]));
    await book.authors.add(a);
    await book.authors.remove(a);
    expect(counts).toEqual([
      ["pre_add", 0],
      ["post_add", 1],
      ["pre_remove", 1],
      ["post_remove", 0],
    ]);
  });
});

describe("sides", () => {
  test("from the field's side: instance, model and sender", async () => {
    const events: Event[] = [];
    on((event) => void events.push(event));
    await book.authors.add(a);
    expect(events[0]).toMatchObject({ reverse: false, using: "default", sender: Pairs, model: Author });
    expect(events[0]!["instance"]).toBe(book);
  });
  test("from the other side: reverse, and keys of the field's model", async () => {
    const events: Event[] = [];
    on((event) => void events.push(event));
    await a.books.add(book);
    expect(events[0]).toMatchObject({ reverse: true, sender: Pairs, model: Book });
    expect([events[0]!["instance"], [...events[0]!.pkSet!]]).toEqual([a, [book.pk]]);
  });
  test("S48: friends of each other are two rows, and told of once", async () => {
    const told = record({ sender: "Author.friends" });
    await a.friends.add(b);
    expect(told).toEqual([
      ["pre_add", [b.pk]],
      ["post_add", [b.pk]],
    ]);
    expect(await Author.objects.filter({ friends: a }).count()).toBe(1);
  });
  test("a relation of a model with itself tells which side it is", async () => {
    const sides: unknown[] = [];
    on(({ action, reverse }) => void sides.push([action, reverse]), { sender: "shop.Author.fans" });
    await a.fans.add(b);
    await b.idols.remove(a);
    expect(sides).toEqual([
      ["pre_add", false],
      ["post_add", false],
      ["pre_remove", true],
      ["post_remove", true],
    ]);
  });
  test("a model between that is the program's own tells too", async () => {
    const shop = await Shop.objects.create({ name: "corner" });
    const told = [record({ sender: Stock }), record({ sender: "shop.Stock" }), record({ sender: "Book.shops" })];
    await book.shops.add(shop, { throughDefaults: { copies: 3 } });
    await book.shops.clear();
    for (const one of told)
      expect(one.map(([action]) => action)).toEqual(["pre_add", "post_add", "pre_clear", "post_clear"]);
  });
  test("rows of the model between that are written by themselves tell nothing here", async () => {
    const told = record();
    const saved: unknown[] = [];
    connections.push(postSave.connect(({ sender }) => void saved.push(sender), { sender: Stock as never }));
    await Stock.objects.create({ book, shop: await Shop.objects.create({ name: "other" }) });
    await book.delete();
    expect([told, saved]).toEqual([[], [Stock]]);
  });
  test("a generic relation has no pairs, and tells of saves only", async () => {
    const told = record();
    await a.notes.create({ text: "x" });
    await a.notes.clear();
    expect(told).toEqual([]);
    expect(await Note.objects.count()).toBe(0);
  });
});

describe("transactions", () => {
  test.each(["pre_add", "post_add"])("an error in %s adds nothing", async (wanted) => {
    on(({ action }) => {
      if (action === wanted) throw new RangeError("no");
    });
    expect((await failure(book.authors.add(a))).message).toBe("no");
    expect(await Author.objects.filter({ books: book }).count()).toBe(0);
  });
  test("an error in post_add of set takes back what it removed", async () => {
    await book.authors.add(a);
    on(({ action }) => (action === "post_add" ? Promise.reject(new RangeError("no")) : undefined));
    await failure(book.authors.set([b]));
    const left = await Author.objects.filter({ books: book });
    expect(left.map((x) => x.pk)).toEqual([a.pk]);
  });
  test("what a receiver writes is taken back with the block", async () => {
    on(({ action }) => (action === "post_add" ? Shop.objects.create({ name: "heard" }) : undefined));
    await failure(
      atomic(async () => {
        await book.authors.add(a);
        throw new Error("back");
      }),
    );
    expect(await Shop.objects.count()).toBe(0);
  });
});

describe("what listening costs", () => {
  test("S48: while nobody listens pairs are added by one statement, else those that are there are looked up", async () => {
    const one = orm.connection().dialect.features["ignoreConflicts"] === true;
    await assertNumQueries(one ? 1 : 2, () => book.authors.add(a));
    on(() => undefined, { sender: "Book.authors" });
    await assertNumQueries(2, () => book.authors.add(b));
    expect(await Author.objects.filter({ books: book }).count()).toBe(2);
  });
  test("listening to one relation changes nothing for others", async () => {
    on(() => undefined, { sender: "Book.authors" });
    expect(m2mChanged.hasListeners(Pairs as never)).toBe(true);
    expect(m2mChanged.hasListeners("shop.Book.shops" as never)).toBe(false);
    expect(m2mChanged.hasListeners("Book.authors" as never)).toBe(true);
  });
});
