/** preInit and postInit: instances by `new` and from rows, and what receivers may do. */
import { CharField, ForeignKey, CASCADE, IntegerField, postInit, preInit, type SignalConnection } from "babik";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { failure, looseModel, looseOrm, type LooseRow } from "../../support/loose.js";

const Author = looseModel("Author", { name: CharField({ maxLength: 20 }), age: IntegerField({ default: 40 }) });
const Pseudonym = Author.proxy("Pseudonym");
const Book = looseModel("Book", {
  title: CharField({ maxLength: 20 }),
  author: ForeignKey("Author", { onDelete: CASCADE, null: true }),
});
await looseOrm({ Author, Pseudonym, Book });
let lem: LooseRow;
beforeAll(async () => {
  lem = await Author.objects.create({ name: "Lem" });
  await Book.objects.create({ title: "Solaris", author: lem });
});

let connections: SignalConnection[] = [];
afterEach(() => {
  for (const c of connections) c.disconnect();
  connections = [];
});
interface Event {
  readonly sender: unknown;
  readonly instance: LooseRow;
  readonly values: Record<string, unknown>;
}
const on = (signal: object, receiver: (event: Event) => unknown, options: object = {}): void =>
  void connections.push(
    (signal as { connect(r: (e: Event) => unknown, o: object): SignalConnection }).connect(receiver, options),
  );

describe("new", () => {
  test("preInit gets the values, postInit the instance that has them", () => {
    const told: unknown[] = [];
    on(preInit, ({ sender, values }) => void told.push([sender, { ...values }]));
    on(postInit, ({ sender, instance }) => void told.push([sender, instance["name"], instance["age"]]));
    const given = { name: "Le Guin" };
    new Author(given);
    expect(told).toEqual([
      [Author, { name: "Le Guin" }],
      [Author, "Le Guin", 40],
    ]);
    expect(given).toEqual({ name: "Le Guin" });
  });
  test("what preInit sets among the values is what the instance gets", () => {
    on(preInit, ({ values }) => void (values["name"] = String(values["name"]).toUpperCase()), {
      sender: "shop.Author",
    });
    const given = { name: "dick" };
    expect(new Author(given)["name"]).toBe("DICK");
    expect(given.name).toBe("dick");
  });
  test("what postInit sets on the instance stays", () => {
    on(postInit, ({ instance }) => void (instance["before"] = instance["name"]), { sender: Author });
    const author = new Author({ name: "Clarke" });
    author["name"] = "Arthur";
    expect(author["before"]).toBe("Clarke");
  });
  test("other models tell nothing, and a proxy tells as itself", () => {
    const senders: unknown[] = [];
    on(postInit, ({ sender }) => void senders.push(sender), { sender: Pseudonym });
    new Author({ name: "x" });
    new Book({ title: "x" });
    new Pseudonym({ name: "x" });
    expect(senders).toEqual([Pseudonym]);
  });
  test("a receiver's error is the constructor's", () => {
    on(preInit, () => {
      throw new RangeError("no authors");
    });
    expect(() => new Author({ name: "x" })).toThrow("no authors");
  });
});

describe("rows", () => {
  test("every row that is read tells, those that came with others too", async () => {
    const told: unknown[] = [];
    on(postInit, ({ sender, instance }) => void told.push([sender, instance.pk]));
    const book = await Book.objects.selectRelated("author").get({ title: "Solaris" });
    expect(told).toEqual([
      [Book, book.pk],
      [Author, lem.pk],
    ]);
  });
  test("preInit sees the columns of a row and cannot change them", async () => {
    const told: Record<string, unknown>[] = [];
    on(preInit, ({ values }) => void told.push(values), { sender: Author });
    await Author.objects.get({ pk: lem.pk });
    await Author.objects.only("name").get({ pk: lem.pk });
    expect(told.map((values) => ({ ...values }))).toEqual([
      { id: lem.pk, name: "Lem", age: 40 },
      { id: lem.pk, name: "Lem" },
    ]);
    on(preInit, ({ values }) => void (values["name"] = "other"), { sender: Author });
    expect(await failure(Author.objects.get({ pk: lem.pk }))).toBeInstanceOf(TypeError);
  });
  test("an instance that lacks fields tells as its model", async () => {
    const senders: unknown[] = [];
    on(postInit, ({ sender }) => void senders.push(sender));
    await Author.objects.defer("name").get({ pk: lem.pk });
    Author.fromDb("default", ["id"], [lem.pk]);
    expect(senders).toEqual([Author, Author]);
  });
  test("values() makes no instances, and so tells nothing", async () => {
    let told = 0;
    on(postInit, () => void told++);
    await Author.objects.values("name");
    expect(told).toBe(0);
  });
});

describe("receivers are plain functions", () => {
  test("an async one is refused when it is connected", () => {
    expect(() => on(postInit, async () => undefined)).toThrow(/cannot be async/);
    expect(() => on(preInit, async () => undefined)).toThrow(
      expect.objectContaining({ code: "signal.async_receiver" }),
    );
  });
  test("one that gives a promise is refused when it does", () => {
    on(postInit, () => Promise.reject(new Error("nobody waits")));
    expect(() => new Author({ name: "x" })).toThrow(expect.objectContaining({ code: "signal.async_receiver" }));
  });
});
