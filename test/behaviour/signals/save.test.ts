/** preSave and postSave: who is told what, when, and what comes of errors. */
import {
  atomic,
  CASCADE,
  CharField,
  classPrepared,
  DateTimeField,
  ForeignKey,
  IntegerField,
  IntegrityError,
  m2mChanged,
  ManyToManyField,
  postSave,
  preSave,
  type SignalConnection,
  type SignalName,
} from "babik";
import { assertNumQueries, captureQueries } from "babik/testing";
import { afterEach, describe, expect, test } from "vitest";
import { failure, looseModel, looseOrm, type LooseRow } from "../../support/loose.js";

const Author = looseModel("Author", { name: CharField({ maxLength: 20, unique: true }) });
const Book = looseModel("Book", {
  title: CharField({ maxLength: 20 }),
  pages: IntegerField({ default: 0 }),
  author: ForeignKey("Author", { onDelete: CASCADE, null: true, relatedName: "books" }),
  tags: ManyToManyField("Tag", { relatedName: "books" }),
  changed: DateTimeField({ autoNow: true }),
});
const OldBook = Book.proxy("OldBook");
const Tag = looseModel("Tag", { label: CharField({ maxLength: 20 }) });
const Place = looseModel("Place", { name: CharField({ maxLength: 20 }) });
const Restaurant = Place.extend("Restaurant", { stars: IntegerField({ default: 0 }) });
// Connected before there is an orm, and to a label that nobody has yet.
const prepared: string[] = [];
const ready = [
  classPrepared.connect(({ sender }) => void prepared.push((sender as { meta?: { label: string } }).meta!.label)),
  classPrepared.connect(() => void prepared.push("by label"), { sender: "shop.Tag" }),
];
await looseOrm({ Author, Book, OldBook, Tag, Place, Restaurant });
for (const connection of ready) connection.disconnect();

let connections: SignalConnection[] = [];
afterEach(() => {
  for (const c of connections) c.disconnect();
  connections = [];
});
type Event = Record<string, unknown> & { instance: LooseRow };
interface Loose {
  connect(receiver: (event: Event) => unknown, options?: object): SignalConnection;
}
const signals = { preSave, postSave } as unknown as Record<SignalName, Loose>;
const on = (name: SignalName, receiver: (event: Event) => unknown, options: object = {}): void =>
  void connections.push(signals[name].connect(receiver, options));
/** Notes what both signals tell. */
function record(options: object = {}): [string, Record<string, unknown>][] {
  const events: [string, Record<string, unknown>][] = [];
  for (const name of ["preSave", "postSave"] as const)
    on(name, ({ signal: _signal, ...rest }) => void events.push([name, rest]), options);
  return events;
}

describe("what is told", () => {
  test("a new row: preSave, the statement, postSave with created", async () => {
    const order: unknown[] = [];
    on("preSave", ({ instance }) => void order.push(["pre", instance.pk, instance._state.adding]), { sender: Author });
    on("postSave", ({ instance }) => void order.push(["post", instance.pk, instance._state.adding]), {
      sender: Author,
    });
    const events = record({ sender: Author });
    const author = new Author({ name: "Lem" });
    await author.save();
    expect(order).toEqual([
      ["pre", null, true],
      ["post", author.pk, false],
    ]);
    const told = { instance: author, raw: false, using: "default", updateFields: null, sender: Author };
    expect(events).toEqual([
      ["preSave", told],
      ["postSave", { ...told, created: true }],
    ]);
  });
  test("a row that was there is not created", async () => {
    const author = await Author.objects.create({ name: "Le Guin" });
    const events = record({ sender: Author });
    await author.save();
    expect(events[1]![1]["created"]).toBe(false);
  });
  test("updateFields tells the names that were given", async () => {
    const book = await Book.objects.create({ title: "Solaris" });
    const events = record({ sender: Book });
    await book.save({ updateFields: ["pages", "authorId"] });
    expect(events.map(([, e]) => e["updateFields"])).toEqual([
      new Set(["pages", "authorId"]),
      new Set(["pages", "authorId"]),
    ]);
  });
  test("S36: an instance that lacks fields tells the loaded ones", async () => {
    const { pk } = await Book.objects.create({ title: "Eden", pages: 3 });
    const book = await Book.objects.only("title", "author").get({ pk });
    const events = record({ sender: Book });
    await book.save();
    expect(events[0]![1]["updateFields"]).toEqual(new Set(["title", "authorId"]));
  });
  test("S35: updateFields without a name saves nothing and tells nobody", async () => {
    const book = await Book.objects.create({ title: "Fiasco" });
    const events = record();
    await assertNumQueries(0, () => book.save({ updateFields: [] }));
    expect(events).toEqual([]);
  });
  test("create, getOrCreate, updateOrCreate and related managers save, and so tell", async () => {
    const events = record({ sender: Book });
    const author = (await Author.objects.create({ name: "Strugatzki" })) as LooseRow & {
      books: { create(values: object): Promise<LooseRow> };
    };
    await author.books.create({ title: "Picnic" });
    const books = Book.objects as unknown as Record<string, (a: object, b?: object) => Promise<unknown>>;
    await books["getOrCreate"]!({ title: "Snail" });
    await books["getOrCreate"]!({ title: "Snail" });
    await books["updateOrCreate"]!({ title: "Snail" }, { defaults: { pages: 4 } });
    expect(events.filter(([name]) => name === "postSave").map(([, e]) => e["created"])).toEqual([true, true, false]);
    expect((events.at(-1)![1]["updateFields"] as Set<string>).has("pages")).toBe(true);
  });
  test("S41, S47: update, bulkCreate, bulkUpdate and adding to a reverse set tell nobody", async () => {
    const events = record();
    const rows = await Book.objects.bulkCreate([new Book({ title: "a" }), new Book({ title: "b" })]);
    const books = Book.objects as unknown as Record<string, (...args: unknown[]) => Promise<unknown>>;
    const [found] = await Book.objects.filter({ title: "a" });
    found!["pages"] = 7;
    await books["bulkUpdate"]!([found], ["pages"]);
    await Book.objects.filter({ title: "b" }).update({ pages: 8 });
    expect(rows).toHaveLength(2);
    expect(events).toEqual([]);
    const author = (await Author.objects.create({ name: "Dick" })) as LooseRow & {
      books: { add(...rows: unknown[]): Promise<void> };
    };
    events.length = 0;
    await author.books.add(found);
    expect(events).toEqual([]);
    await author.books.add(found, { bulk: false });
    expect(events.map(([name]) => name)).toEqual(["preSave", "postSave"]);
  });
  test("rows of the model that babik makes for pairs tell nobody", async () => {
    const events = record();
    const book = (await Book.objects.create({ title: "Pairs" })) as LooseRow & {
      tags: { add(...rows: unknown[]): Promise<void> };
    };
    const tag = await Tag.objects.create({ label: "new" });
    events.length = 0;
    await book.tags.add(tag);
    expect(events).toEqual([]);
  });
});

describe("senders", () => {
  test("a child's row is told of once, as the child; its parent's part is not", async () => {
    const events = record();
    const row = await Restaurant.objects.create({ name: "Kaiku", stars: 1 });
    expect(events.map(([name, e]) => [name, e["sender"]])).toEqual([
      ["preSave", Restaurant],
      ["postSave", Restaurant],
    ]);
    expect(events[1]![1]["instance"]).toBe(row);
    events.length = 0;
    row["stars"] = 2;
    await row.save();
    expect(events[1]![1]).toMatchObject({ created: false, sender: Restaurant });
  });
  test("a proxy sends as itself, not as its model", async () => {
    const events = record({ sender: Book });
    const proxied = record({ sender: OldBook });
    await OldBook.objects.create({ title: "Kalevala" });
    expect([events.length, proxied.map(([, e]) => e["sender"])]).toEqual([0, [OldBook, OldBook]]);
  });
  test("labels name a model with its app or without", async () => {
    const heard: string[] = [];
    on("postSave", () => void heard.push("whole"), { sender: "shop.Author" });
    on("postSave", () => void heard.push("bare"), { sender: "Author" });
    on("postSave", () => void heard.push("other"), { sender: "shop.Book" });
    await Author.objects.create({ name: "Clarke" });
    expect(heard).toEqual(["whole", "bare"]);
    expect(postSave.hasListeners(Author as never)).toBe(true);
    expect(postSave.hasListeners("shop.Author")).toBe(true);
    expect(postSave.hasListeners("shop.Tag")).toBe(false);
  });
  test("a label that no model has is told at once, with the nearest", () => {
    expect(() => on("postSave", () => undefined, { sender: "shop.Autor" })).toThrow(/Did you mean 'shop.Author'/);
    expect(() => on("postSave", () => undefined, { sender: "Nobody" })).toThrow(
      expect.objectContaining({ code: "model.unknown_label" }),
    );
  });
  test("what is no model is no sender", () => {
    for (const sender of [{}, Date, new Author({ name: "x" }), 3])
      expect(() => on("preSave", () => undefined, { sender })).toThrow(
        expect.objectContaining({ code: "signal.sender" }),
      );
    expect(() => m2mChanged.connect(() => undefined, { sender: "shop.Book.title" as never })).toThrow(
      /shop\.Book\.tags/,
    );
  });
  test("classPrepared was sent for every model once, when its meta could be read", () => {
    expect(prepared.toSorted()).toEqual(
      [
        "by label",
        "shop.Author",
        "shop.Book",
        "shop.Book_tags",
        "shop.OldBook",
        "shop.Place",
        "shop.Restaurant",
        "shop.Tag",
      ].toSorted(),
    );
  });
});

describe("what receivers do", () => {
  test("what preSave sets is saved, and may be asked of the database", async () => {
    on(
      "preSave",
      async ({ instance }) => {
        instance["pages"] = await Book.objects.count();
      },
      { sender: Book },
    );
    const book = await Book.objects.create({ title: "Counted" });
    expect((await Book.objects.get({ pk: book.pk }))["pages"]).toBe((await Book.objects.count()) - 1);
  });
  test("an async receiver is awaited before the next one, and before the statement", async () => {
    const order: string[] = [];
    on("preSave", async () => {
      await new Promise((done) => setImmediate(done));
      order.push("slow");
    });
    on("preSave", () => void order.push("fast"));
    on("postSave", () => void order.push("after"));
    await Author.objects.create({ name: "Asimov" });
    expect(order).toEqual(["slow", "fast", "after"]);
  });
  test("an error in preSave ends the save before anything is sent", async () => {
    on("preSave", () => {
      throw new RangeError("not now");
    });
    const author = new Author({ name: "Nobody" });
    const { result, queries } = await captureQueries(() => failure(author.save()));
    expect([result.message, queries.length, author._state.adding]).toEqual(["not now", 0, true]);
  });
  test("an error in postSave reaches the caller; without a transaction of theirs the row stays", async () => {
    on("postSave", () => Promise.reject(new RangeError("too late")), { sender: Author });
    expect((await failure(Author.objects.create({ name: "Stays" }))).message).toBe("too late");
    expect(await Author.objects.filter({ name: "Stays" }).exists()).toBe(true);
    const error = await failure(atomic(() => Author.objects.create({ name: "Goes" })));
    expect(error.message).toBe("too late");
    expect(await Author.objects.filter({ name: "Goes" }).exists()).toBe(false);
  });
  test("what a receiver writes belongs to the transaction of the save", async () => {
    on("postSave", ({ instance }) => Tag.objects.create({ label: `by ${String(instance["name"])}` }), {
      sender: Author,
    });
    await failure(
      atomic(async () => {
        await Author.objects.create({ name: "Rolled" });
        throw new Error("back");
      }),
    );
    expect(await Tag.objects.filter({ label: "by Rolled" }).exists()).toBe(false);
  });
  test("a save that the database refuses tells nobody afterwards", async () => {
    await Author.objects.create({ name: "Twice" });
    const events = record({ sender: Author });
    expect(await failure(Author.objects.create({ name: "Twice" }))).toBeInstanceOf(IntegrityError);
    expect(events.map(([name]) => name)).toEqual(["preSave"]);
  });
});

describe("saveBase", () => {
  type Based = LooseRow & { saveBase(options?: object): Promise<void> };
  test("raw writes values as they are, tells so, and leaves the parent's row alone", async () => {
    const moment = new Date("2001-02-03T04:05:06.000Z");
    const book = new Book({ title: "Raw", changed: moment }) as Based;
    const events = record();
    await book.saveBase({ raw: true });
    expect(events.map(([name, e]) => [name, e["raw"], e["created"]])).toEqual([
      ["preSave", true, undefined],
      ["postSave", true, true],
    ]);
    expect((await Book.objects.get({ pk: book.pk }))["changed"]).toEqual(moment);
    book["title"] = "Rawer";
    await book.saveBase({ raw: true });
    const again = await Book.objects.get({ pk: book.pk });
    expect([again["title"], again["changed"]]).toEqual(["Rawer", moment]);

    const place = await Place.objects.create({ name: "Kept" });
    const child = new Restaurant({ placePtr: place, name: "ignored", stars: 2 }) as Based;
    await child.saveBase({ raw: true });
    expect((await Restaurant.objects.get({ pk: place.pk }))["name"]).toBe("Kept");
  });
  test("without raw it saves as save() does", async () => {
    const book = new Book({ title: "Base" }) as Based;
    await book.saveBase();
    expect((await Book.objects.get({ pk: book.pk }))["changed"]).toBeInstanceOf(Date);
    expect(await failure(book.saveBase({ updateFields: [] }))).toMatchObject({ code: "save.update_fields" });
  });
});

test("while nobody listens a save sends what it always did", async () => {
  const author = new Author({ name: "Quiet" });
  await assertNumQueries(1, () => author.save());
  expect([preSave.hasListeners(), postSave.hasListeners(Author as never)]).toEqual([false, false]);
});
