/**
 * A password and the values of rows are in nothing that is printed: messages, stacks, inspections and JSON of errors, log
 * lines, records, warnings and events, on every database. The driver's own error stays on `cause` for those who ask for it.
 */
import { channel } from "node:diagnostics_channel";
import { inspect } from "node:util";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { atomic, babik, BabikError, DatabaseError, type QueryRecord } from "babik";
import { captureQueries } from "babik/testing";
import { testDatabase } from "../../support/database.js";
import { Author, Book, openBookshop, Publisher, Review } from "../../support/bookshop.js";

const CANARY = "c4nary-of-a-row";
const PASSWORD = "c4nary:p@ss/w?rd#1%";
const database = await testDatabase();
const orm = await openBookshop(database);
const db = orm.connection();

const lines: string[] = [];
const events: unknown[] = [];
const warnings: unknown[] = [];
const heard = (event: unknown): void => void events.push(event);
const CHANNELS = ["start", "end", "asyncStart", "asyncEnd", "error"].map((n) => channel(`tracing:babik:query:${n}`));
const off = orm.on("query", (query: QueryRecord) => lines.push(query.line, JSON.stringify(query), inspect(query)));
const spy = vi.spyOn(process, "emitWarning").mockImplementation((...args: unknown[]) => void warnings.push(args));
beforeAll(() => {
  db.forceDebugCursor = true;
  db.slowQuery = 0;
  for (const c of CHANNELS) c.subscribe(heard);
});
afterAll(async () => {
  for (const c of CHANNELS) c.unsubscribe(heard);
  spy.mockRestore();
  off();
  await orm.close();
});

/** Everything of an error that a program prints, logs or sends by its own doing. */
function printed(error: unknown): string {
  const e = error as Error;
  const own = Object.getOwnPropertyNames(e).filter(
    (name) => name !== "cause" && name !== "stack" && name !== "message",
  );
  return [
    e.message,
    e.stack,
    String(e),
    JSON.stringify(e),
    JSON.stringify({ error: e, all: [e] }),
    inspect(e, { depth: 10 }),
    inspect({ wrapped: [e] }, { depth: 10 }),
    inspect(new Error("outer", { cause: e }), { depth: 10 }),
    ...own.map((name) => inspect((e as unknown as Record<string, unknown>)[name])),
    e.cause instanceof BabikError ? printed(e.cause) : "",
  ].join("\n");
}

async function sql(text: string, params: readonly unknown[]): Promise<unknown> {
  await using cursor = await db.cursor();
  return cursor.execute(text, params as never);
}

const twice = (): Promise<unknown> =>
  Publisher.objects.bulkCreate([new Publisher({ name: CANARY }), new Publisher({ name: CANARY })]);
const failures: Readonly<Record<string, () => unknown>> = {
  "a value that is there already": twice,
  "the same in a block": () => atomic(twice),
  "a broken block": () =>
    atomic(async () => {
      await twice().catch(() => undefined);
      await Publisher.objects.count();
    }),
  "a reference to nothing": () => atomic(() => Review.objects.create({ bookId: 987_654_321, stars: 1, text: CANARY })),
  "a text that is too long": () => Publisher.objects.create({ name: CANARY.repeat(20) }),
  "a missing value": () => sql("INSERT INTO shop_publisher (name, city) VALUES (%s, %s)", [null, CANARY]),
  "a text for a number": () => sql("UPDATE shop_review SET stars = %s", [CANARY]),
  "a text for a number, cast": () => sql("SELECT CAST(%s AS integer) + nothing", [CANARY]),
  "a text for a date": () => sql("UPDATE shop_book SET published = %s", [CANARY]),
  "a broken JSON text": () => sql("UPDATE shop_book SET facts = %s", [`{"${CANARY}`]),
  "a broken pattern": () => Author.objects.filter({ name__regex: `(${CANARY}` }).first(),
  "a table that is not there": () => sql("SELECT * FROM nowhere WHERE a = %s", [CANARY]),
  "a number that is too large": () => sql("UPDATE shop_review SET stars = %s", ["987654321098765432109876543210"]),
  "an unknown name beside a value": () => Book.objects.filter({ [`title`]: CANARY, titel: CANARY } as object).first(),
  "a value of a wrong type": () => Book.objects.filter({ pages: CANARY } as object).first(),
  "a decimal that is none": () => Book.objects.filter({ price: CANARY } as object).first(),
  "a row that is not there": () => Book.objects.get({ title: CANARY }),
  "a value with a NUL": () => Author.objects.create({ name: `${CANARY}\0` }),
  "too few parameters": () => sql("SELECT %s, %s", [CANARY]),
};

test.each(Object.entries(failures))("%s is told without the value", async (_name, fail) => {
  const error = await (async () => fail())().then(
    () => undefined,
    (e: unknown) => e,
  );
  // SQLite takes a text for a number, and other things that servers refuse.
  if (error === undefined) {
    expect(db.embedded || database.kind === "mariadb").toBe(true);
    return;
  }
  expect(error).toBeInstanceOf(BabikError);
  expect(printed(error)).not.toContain(CANARY);
  expect(printed(error)).not.toContain("987654321");
});

test("log lines, records, events and warnings hold none of those values", async () => {
  await captureQueries(() => Publisher.objects.filter({ name: CANARY }).update({ city: CANARY }));
  const error = await twice().catch((e: unknown) => e);
  expect(error).toBeInstanceOf(DatabaseError);
  const all = [
    ...lines,
    ...db.queries.map((q) => `${q.line}${JSON.stringify(q)}${inspect(q)}`),
    inspect(events, { depth: 12, maxArrayLength: null, maxStringLength: null }),
    JSON.stringify(events),
    inspect(warnings, { depth: 12, maxArrayLength: null }),
  ];
  expect(lines.length).toBeGreaterThan(10);
  expect(events.length).toBeGreaterThan(10);
  expect(warnings.length).toBeGreaterThan(10);
  for (const text of all) expect(text).not.toContain(CANARY);
});

test("the driver's own error is on `cause`, for those who look there", async () => {
  const error = (await twice().catch((e: unknown) => e)) as Error;
  expect(error.cause).toBeInstanceOf(Error);
  expect(error.cause).not.toBeInstanceOf(BabikError);
});

test("an inspected error still shows where and what it is, and its causes by class and code", async () => {
  const error = (await twice().catch((e: unknown) => e)) as BabikError;
  const text = inspect(error);
  expect(text).toContain(error.stack!.split("\n")[0]!);
  expect(text).toContain("code: integrity.unique");
  expect(text).toMatch(/cause: \w*Error/i);
});

test("a password is in no error, no settings and no event", async () => {
  const encoded = encodeURIComponent(PASSWORD);
  const given = [
    `postgres://someone:${encoded}@127.0.0.1:1/nowhere`,
    `mariadb://someone:${encoded}@127.0.0.1:1/nowhere`,
    { driver: "postgres", host: "127.0.0.1", port: 1, user: "someone", password: PASSWORD, database: "nowhere" },
    `postgres://someone:${encoded}@127.0.0.1:1/`,
    `postgres://someone:${encoded}@127.0.0.1:1/nowhere?nonsense=1`,
    `postgress://someone:${encoded}@127.0.0.1:1/nowhere`,
    `postgres://someone:${PASSWORD}@127.0.0.1:1/nowhere`,
  ];
  if (!db.embedded) {
    const wrong = new URL(database.url);
    wrong.username = "nobody_of_that_name";
    wrong.password = encoded;
    given.push(wrong.href);
  }
  let seen = 0;
  for (const address of given) {
    const work = async (): Promise<void> => {
      const other = babik({ databases: { default: address as string }, apps: {} });
      const stop = other.on("query", (q) => lines.push(q.line));
      try {
        expect(inspect(other, { depth: 12 }) + JSON.stringify(other.connection().settings)).not.toContain("c4nary");
        await other.connection().run({ text: "SELECT 1", params: [] });
      } finally {
        stop();
        await other.close();
      }
    };
    const error = await work().then(
      () => undefined,
      (e: unknown) => e,
    );
    // A server may let everybody in from this machine.
    if (error === undefined) continue;
    seen++;
    expect(error).toBeInstanceOf(BabikError);
    const everything = printed(error) + inspect((error as Error).cause, { depth: 10 });
    expect(everything).not.toContain("c4nary");
    expect(everything).not.toContain(encoded);
  }
  expect(seen).toBeGreaterThanOrEqual(7);
  expect(inspect(events, { depth: 12, maxArrayLength: null }) + lines.join()).not.toContain("c4nary:");
});
