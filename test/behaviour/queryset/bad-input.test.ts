/** Wrong input is refused by a typed error before any SQL is sent, nothing is written, and no secret is shown. */
import {
  atomic,
  babik,
  BabikError,
  CASCADE,
  CharField,
  Count,
  Decimal,
  F,
  FieldError,
  ForeignKey,
  ImproperlyConfigured,
  LookupError,
  model,
  OperationalError,
  Q,
  setRollback,
  Value,
} from "babik";
import { captureQueries } from "babik/testing";
import { afterAll, describe, expect, test } from "vitest";
import { Book, openBookshop, Publisher, Review, TITLES } from "../../support/bookshop.js";
import { testDatabase, testPooled } from "../../support/database.js";

const database = await testDatabase();
const orm = await openBookshop(database);
afterAll(() => orm.close());

/** Expects a typed error, no statement, and the rows as they were; gives the error. */
async function refused(call: () => unknown): Promise<BabikError> {
  const before = await everything();
  const { result, queries } = await captureQueries(async () => {
    try {
      await call();
    } catch (error) {
      return error;
    }
    return undefined;
  });
  expect(result).toBeInstanceOf(BabikError);
  expect(queries).toEqual([]);
  expect(await everything()).toEqual(before);
  const error = result as BabikError;
  expect(error.code).toMatch(/^[a-z_]+(\.[a-z_]+)*$/);
  return error;
}
async function everything(): Promise<unknown[]> {
  return [
    await Book.objects.valuesList("title", "pages", "description", "rating"),
    await Publisher.objects.valuesList("name", "city"),
    await Review.objects.count(),
  ];
}
const json = (text: string): Record<string, unknown> => JSON.parse(text) as Record<string, unknown>;
const valid = { title: "New", price: "1.00", published: "2024-01-01" };

describe("undefined is refused", () => {
  const calls: [string, () => unknown][] = [
    ["in filter()", () => Book.objects.filter({ title: undefined })],
    ["beside other conditions", () => Book.objects.filter({ pages: 1, title: undefined })],
    ["in exclude()", () => Book.objects.exclude({ title: undefined })],
    ["in get()", () => Book.objects.get({ title: undefined })],
    ["in Q", () => Book.objects.filter(Q({ title: undefined }))],
    ["in lists", () => Book.objects.filter({ title__in: ["a", undefined] })],
    ["in ranges", () => Book.objects.filter({ pages__range: [1, undefined] })],
    ["over relations", () => Book.objects.filter({ publisher__name: undefined })],
    ["as a key", () => Book.objects.get({ pk: undefined })],
    ["in arithmetic", () => Book.objects.update({ pages: F("pages").add(undefined as never) })],
    ["in Value()", () => Book.objects.annotate({ x: Value(undefined) })],
    ["in annotate()", () => Book.objects.annotate({ x: undefined as never })],
    ["in update()", () => Book.objects.update({ description: undefined })],
    ["in update() beside others", () => Book.objects.update({ pages: 1, description: undefined })],
    ["in create()", () => Book.objects.create({ ...valid, description: undefined })],
    ["in a constructor", () => new Book({ ...valid, pages: undefined as never })],
    ["in getOrCreate()", () => Publisher.objects.getOrCreate({ name: undefined })],
    ["in set()", async () => new Book(valid).set({ title: undefined as never })],
    ["in bulkCreate()", () => bulkWith({ title: undefined })],
    ["in delete()", () => Book.objects.filter({ pk: undefined }).delete()],
  ];
  test.each(calls)("%s", async (_where, call) => {
    const error = await refused(call);
    expect(error.message).toMatch(/undefined/);
  });
  function bulkWith(values: Record<string, unknown>): Promise<unknown> {
    const book = new Book(valid);
    Object.assign(book, values);
    return Book.objects.bulkCreate([book]);
  }
});

describe("an unknown name is refused, and what may stand there is said", () => {
  const calls: [string, () => unknown, RegExp][] = [
    ["of a field", () => Book.objects.filter({ pirce: 1 }), /pirce.*Did you mean 'price'/s],
    ["of a field behind a relation", () => Book.objects.filter({ publisher__nmae: "x" }), /nmae.*Did you mean 'name'/s],
    ["of a lookup", () => Book.objects.filter({ price__gtt: 1 }), /gtt.*perhaps you meant gt/],
    ["after a field that is no relation", () => Book.objects.filter({ title__name: "x" }), /name/],
    ["in exclude()", () => Book.objects.exclude({ nothing: 1 }), /nothing.*Choices are/s],
    ["in Q", () => Book.objects.filter(Q({ a: 1 }).or(Q({ titel: "x" }))), /'a'/],
    ["in F", () => Book.objects.filter({ pages: F("pagse") }), /pagse/],
    ["in orderBy()", () => Book.objects.orderBy("-pagse"), /pagse/],
    ["in values()", () => Book.objects.values("titel"), /titel/],
    ["in valuesList()", () => Book.objects.valuesList("titel", { flat: true }), /titel/],
    ["in an aggregate", () => Book.objects.annotate({ n: Count("reviewz") }), /reviewz/],
    ["in selectRelated()", () => Book.objects.selectRelated("publishr"), /publishr/],
    ["in only()", () => Book.objects.only("titel"), /titel/],
    ["in defer()", () => Book.objects.defer("titel"), /titel/],
    ["in update()", () => Book.objects.update({ titel: "x" }), /titel/],
    ["in create()", () => Book.objects.create({ ...valid, titel: "x" }), /titel/],
    ["in a constructor", () => new Book({ titel: "x" } as never), /titel/],
    ["in getOrCreate()", () => Publisher.objects.getOrCreate({ name: "x" }, { defaults: { ctiy: "x" } }), /ctiy/],
    ["in latest()", () => Book.objects.latest("publishd"), /publishd/],
    ["in dates()", () => Book.objects.dates("publishd", "year"), /publishd/],
  ];
  // getOrCreate() looks for the row first, so it may ask; it must not write.
  test.each(calls.filter(([where]) => !where.includes("getOrCreate")))("%s", async (_where, call, words) => {
    expect((await refused(call)).message).toMatch(words);
  });
  test("in getOrCreate(), nothing is written", async () => {
    const call = calls.find(([where]) => where.includes("getOrCreate"))![1];
    await expect(call()).rejects.toThrow(FieldError);
    expect(await Publisher.objects.filter({ name: "x" }).exists()).toBe(false);
  });
  test("in prefetchRelated(), once there are rows", async () => {
    await expect(Book.objects.prefetchRelated("reviewz")).rejects.toThrow(/reviewz/);
  });
});

describe("a value of the wrong type is refused", () => {
  const calls: [string, () => unknown][] = [
    ["text for a number", () => Book.objects.filter({ pages: "many" })],
    ["text for a number, compared", () => Book.objects.filter({ pages__gt: "many" })],
    ["text for a decimal", () => Book.objects.filter({ price: "cheap" })],
    ["a number with a fraction for an integer", () => Book.objects.create({ ...valid, pages: 1.5 })],
    ["an object for a text", () => Book.objects.filter({ title: { a: 1 } })],
    ["a list for one value", () => Book.objects.filter({ pages: [1, 2] })],
    ["one value for a list", () => Book.objects.filter({ pages__in: 3 })],
    ["a range of one", () => Book.objects.filter({ pages__range: [1] })],
    ["text for a date", () => Book.objects.filter({ published: "yesterday" })],
    ["a date that is none", () => Book.objects.filter({ published: "2023-02-29" })],
    ["an invalid Date", () => Book.objects.filter({ added: new Date(Number.NaN) })],
    ["text for a boolean", () => Book.objects.filter({ inPrint: "perhaps" })],
    ["a number for isnull", () => Book.objects.filter({ rating__isnull: 3 })],
    ["null for a comparison", () => Book.objects.filter({ pages__gt: null })],
    ["a function", () => Book.objects.filter({ title: () => "x" })],
    ["a symbol", () => Book.objects.filter({ title: Symbol("x") })],
    ["a row of another model", () => Book.objects.filter({ publisher: new Review({ stars: 1 }) })],
    ["an unsaved row", () => Book.objects.filter({ publisher: new Publisher({ name: "x" }) })],
    [
      "a row of another model for a relation",
      () => Book.objects.create({ ...valid, publisher: new Review({ stars: 1 }) }),
    ],
    ["text for update()", () => Book.objects.update({ pages: "many" })],
    ["a list for update()", () => Book.objects.update([] as never)],
    ["a queryset as a condition", () => Book.objects.filter(Book.objects.all() as never)],
    ["text as a condition", () => Book.objects.filter("title = 1" as never)],
    ["null as a condition", () => Book.objects.filter(null as never)],
    ["a plain value as an annotation", () => Book.objects.annotate({ x: 3 as never })],
    ["a negative slice", () => Book.objects.all().slice(-1)],
    ["a slice of fractions", () => Book.objects.all().slice(0, 1.5)],
    ["a batch of none", () => Book.objects.bulkCreate([new Book(valid)], { batchSize: 0 })],
    ["what is no instance", () => Book.objects.bulkCreate([{ title: "x" }] as never)],
  ];
  test.each(calls)("%s", async (_what, call) => {
    expect(await refused(call)).toBeInstanceOf(BabikError);
  });
});

describe("a number is never changed to fit", () => {
  const calls: [string, () => unknown][] = [
    ["past 2^53 as a key", () => Book.objects.filter({ pk: 2 ** 53 })],
    ["past 2^53 in create()", () => Book.objects.create({ ...valid, pages: 2 ** 53 + 2 })],
    ["past 2^53 in update()", () => Book.objects.update({ pages: 1e21 })],
    ["NaN as an integer", () => Book.objects.filter({ pages: Number.NaN })],
    ["NaN as a decimal", () => Book.objects.filter({ price: Number.NaN })],
    ["NaN as a Decimal", () => Book.objects.create({ ...valid, price: new Decimal("NaN") })],
    ["Infinity as a decimal", () => Book.objects.create({ ...valid, price: Infinity })],
    ["NaN in JSON", () => Book.objects.create({ ...valid, facts: { n: Number.NaN } })],
  ];
  test.each(calls)("%s", async (_what, call) => {
    expect(await refused(call)).toBeInstanceOf(BabikError);
  });
  test("NaN is a float where the database has it, and is refused elsewhere", async () => {
    const outcome = await atomic(async () => {
      try {
        await Book.objects.filter({ title: "Atlas" }).update({ rating: Number.NaN });
        return (await Book.objects.get({ title: "Atlas" })).rating;
      } catch (error) {
        return error;
      } finally {
        setRollback(true);
      }
    });
    expect(outcome instanceof BabikError || Number.isNaN(outcome)).toBe(true);
  });
});

describe("a NUL byte in text is refused on every database", () => {
  const calls: [string, () => unknown][] = [
    ["in filter()", () => Book.objects.filter({ title: "a\u0000b" })],
    ["in a pattern", () => Book.objects.filter({ title__contains: "\u0000" })],
    ["in a list", () => Book.objects.filter({ title__in: ["a", "\u0000"] })],
    ["in create()", () => Book.objects.create({ ...valid, title: "a\u0000" })],
    ["in update()", () => Book.objects.update({ description: "\u0000" })],
  ];
  test.each(calls)("%s", async (_where, call) => {
    expect(await refused(call)).toBeInstanceOf(BabikError);
  });
});

describe("names of members of every object are names like others", () => {
  const calls: [string, () => unknown][] = [
    ["__proto__ in filter()", () => Book.objects.filter(json('{"__proto__": {"title": "Atlas"}}'))],
    ["constructor in filter()", () => Book.objects.filter(json('{"constructor": 1}'))],
    ["constructor behind a relation", () => Book.objects.filter(json('{"publisher__constructor": 1}'))],
    ["toString as a lookup", () => Book.objects.filter(json('{"title__toString": "x"}'))],
    ["__proto__ in update()", () => Book.objects.update(json('{"__proto__": {"pages": 1}}'))],
    ["constructor in update()", () => Book.objects.update(json('{"constructor": 1}'))],
    ["__proto__ in create()", () => Book.objects.create(json('{"__proto__": {"title": "x"}}'))],
    ["hasOwnProperty in create()", () => Book.objects.create({ ...valid, ...json('{"hasOwnProperty": 1}') })],
    ["__proto__ in values()", () => Book.objects.values("__proto__")],
    ["constructor in orderBy()", () => Book.objects.orderBy("constructor")],
    ["__proto__ as an annotation", () => Book.objects.annotate({ ["__proto__"]: Count("reviews") })],
    ["constructor in selectRelated()", () => Book.objects.selectRelated("constructor")],
    ["constructor in only()", () => Book.objects.only("constructor")],
  ];
  test.each(calls)("%s", async (_where, call) => {
    expect(await refused(call)).toBeInstanceOf(BabikError);
    expect(({} as Record<string, unknown>)["title"]).toBeUndefined();
    expect(({} as Record<string, unknown>)["pages"]).toBeUndefined();
  });
});

describe("names cannot carry SQL", () => {
  const calls: [string, () => unknown][] = [
    ["in a path", () => Book.objects.filter({ 'title" = "x" --': 1 })],
    ["in an annotation", () => Book.objects.annotate({ 'n" FROM shop_book --': Count("reviews") })],
    ["in an aggregate", () => Book.objects.aggregate({ "n; DROP TABLE shop_book": Count("*") })],
    ["in values()", () => Book.objects.values({ 'x"; --': F("title") })],
    ["in an order", () => Book.objects.orderBy('title"; --')],
    ["in the alias of a database", () => Book.objects.using("default; --").count()],
    ["in a date part", () => Book.objects.dates("published", "year'); --" as never)],
  ];
  test.each(calls)("%s", async (_where, call) => {
    expect(await refused(call)).toBeInstanceOf(BabikError);
  });
});

describe("an error inside of a transaction", () => {
  test("takes back what was written before it", async () => {
    await expect(
      atomic(async () => {
        await Publisher.objects.create({ name: "Gone" });
        await Publisher.objects.create({ name: undefined });
      }),
    ).rejects.toThrow(BabikError);
    expect(await Publisher.objects.filter({ name: "Gone" }).exists()).toBe(false);
    expect(await Book.objects.valuesList("title", { flat: true })).toEqual(TITLES);
  });
});

describe("definitions", () => {
  const other = { databases: { default: "sqlite::memory:" } };
  test("a label that no app has is refused", () => {
    class Pet extends model("Pet", { owner: ForeignKey("Ownr", { onDelete: CASCADE }) }) {}
    class Owner extends model("Owner", { name: CharField({ maxLength: 9 }) }) {}
    expect(() => babik({ ...other, apps: { zoo: { Pet, Owner } } })).toThrow(ImproperlyConfigured);
    expect(() => babik({ ...other, apps: { zoo: { Pet, Owner } } })).toThrow(/Ownr/);
    expect(() => orm.getModel("shop.Nothing")).toThrow(LookupError);
  });
  test("two models of one label are refused", () => {
    class One extends model("Pet", { name: CharField({ maxLength: 9 }) }) {}
    class Two extends model("Pet", { name: CharField({ maxLength: 9 }) }) {}
    expect(() => babik({ ...other, apps: { zoo: { One, Two } } })).toThrow(ImproperlyConfigured);
    expect(() => babik({ ...other, apps: { zoo: { One, Two } } })).toThrow(/Pet/);
  });
  test("a model that is in no app says so when it is used", () => {
    class Lost extends model("Lost", { name: CharField({ maxLength: 9 }) }) {}
    expect(() => Lost.objects.filter({ name: "x" })).toThrow(ImproperlyConfigured);
    expect(() => new Lost({ name: "x" })).toThrow(/babik\(\{ apps \}\)/);
  });
  test("an unknown setting or database is refused", () => {
    expect(() => babik({ ...other, apps: {}, timezone: "UTC" } as never)).toThrow(/timezone/);
    expect(() => babik({ databases: { default: "oracle://x" }, apps: {} })).toThrow(ImproperlyConfigured);
    expect(() => Book.objects.using("replica").sql()).toThrow(/replica/);
  });
});

describe("a database that cannot be reached", () => {
  const secret = "s3cret-of-nobody";
  const unreachable = [
    `postgres://someone:${secret}@127.0.0.1:1/db`,
    `mariadb://someone:${secret}@127.0.0.1:1/db`,
    "sqlite:/no/such/folder/db.sqlite3",
  ];
  test.each(unreachable)("is an OperationalError without a password: %#", async (url) => {
    const error = await failure(url);
    expect(error).toBeInstanceOf(OperationalError);
    expect(everyWord(error)).not.toContain(secret);
  });
  // Where there is no server, nobody logs in.
  // Whom a pooler lets in is its own affair.
  test.skipIf(new URL(database.url).host === "" || testPooled)("a refused login shows no password", async () => {
    const url = new URL(database.url);
    url.username = "babik_nobody";
    url.password = secret;
    const error = await failure(url.href);
    expect(error).toBeInstanceOf(OperationalError);
    expect(everyWord(error)).not.toContain(secret);
  });
  async function failure(url: string): Promise<unknown> {
    class Thing extends model("Thing", { name: CharField({ maxLength: 9 }) }) {}
    const lost = babik({ databases: { default: url }, apps: { zoo: { Thing } } });
    try {
      return await Thing.objects.count().catch((error: unknown) => error);
    } finally {
      await lost.close();
    }
  }
  function everyWord(error: unknown): string {
    if (!(error instanceof Error)) return String(error);
    return [String(error), error.stack, JSON.stringify(error), everyWord(error.cause)].join("\n");
  }
});
