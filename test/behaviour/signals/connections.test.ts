/** `connectionCreated`: who makes a connection ready for its users, and what happens when that fails. */
import {
  babik,
  connectionCreated,
  type ConnectionCreatedArguments,
  IntegerField,
  model,
  receiver,
  type SignalConnection,
} from "babik";
import { setTimeout as wait } from "node:timers/promises";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import { createTestDatabase, testPooled } from "../../support/database.js";

// A file where it is SQLite, so that streams read beside the other connection.
const database = await createTestDatabase({ file: true });
const kind = database.kind;
type Orm = ReturnType<typeof make>;
function make(options: Record<string, unknown> = {}) {
  class Thing extends model("Thing", { n: IntegerField() }) {}
  return {
    Thing,
    orm: babik({ databases: { default: { url: database.url, options } }, apps: { things: { Thing } } }),
  };
}
const open: Orm[] = [];
function opened(options?: Record<string, unknown>): Orm {
  const made = make(options);
  open.push(made);
  return made;
}
let links: SignalConnection[] = [];
function on(
  fn: (event: ConnectionCreatedArguments) => unknown,
  options: Parameters<typeof connectionCreated.connect>[1] = {},
): void {
  links.push(connectionCreated.connect(fn, options));
}
afterEach(() => {
  for (const link of links) link.disconnect();
  links = [];
});
const first = opened();
await first.orm.createTables();
await first.Thing.objects.bulkCreate([1, 2, 3].map((n) => new first.Thing({ n })));
afterAll(async () => {
  for (const { orm } of open) await orm.close();
  await database.drop();
});

// Something that lasts as long as the session, by database.
const session = {
  sqlite: {
    set: "PRAGMA cache_size = -1234",
    read: "PRAGMA cache_size",
    value: -1234,
    spoil: "PRAGMA cache_size = -99",
  },
  postgres: {
    set: "SET application_name = 'greeted'",
    read: "SELECT current_setting('application_name')",
    value: "greeted",
    spoil: "SET application_name = 'spoilt'",
  },
  mariadb: { set: "SET @greeted = 7", read: "SELECT @greeted", value: 7, spoil: "SET @greeted = 8" },
}[kind];
async function ask(orm: Orm["orm"], sql: string): Promise<unknown> {
  await using cursor = await orm.connection().cursor();
  await cursor.execute(sql);
  return cursor.fetchone()?.[0];
}
const greet = async ({ connection }: ConnectionCreatedArguments): Promise<void> => {
  await using cursor = connection.cursor();
  await wait(20);
  await cursor.execute(session.set);
};

test("a connection is told of once, with its database and alias", async () => {
  const { orm, Thing } = opened({});
  const told: unknown[] = [];
  on((event) => {
    const { sender, signal, alias, connection } = event as typeof event & { sender: unknown; signal: unknown };
    told.push([sender === orm.connection(), signal === connectionCreated, alias, connection.alias]);
    expect(connection.dialect.name).toBe(kind === "mariadb" ? "mysql" : kind);
  });
  await Thing.objects.count();
  await Thing.objects.count();
  await orm.atomic(() => Thing.objects.count());
  expect(told).toEqual([[true, true, "default", "default"]]);
});
// Behind a pooler no session is ours to set something in.
test.skipIf(testPooled)(
  "what a receiver sets is there for the first statement, however many come at once",
  async () => {
    const { orm } = opened();
    on(greet);
    const values = await Promise.all([1, 2, 3, 4].map(() => ask(orm, session.read)));
    expect(values).toEqual([session.value, session.value, session.value, session.value]);
  },
);
test("a receiver can read as well, and put in parameters", async () => {
  const { Thing } = opened();
  const seen: unknown[] = [];
  on(async ({ connection }) => {
    await using cursor = connection.cursor();
    await cursor.execute("SELECT %s + 1", [41]);
    seen.push(Number(cursor.fetchone()?.[0]));
  });
  expect(await Thing.objects.count()).toBe(3);
  expect(seen).toEqual([42]);
});
test.skipIf(kind === "sqlite" || testPooled)(
  "it outlives a borrower who changed the session [SQLite has one session]",
  async () => {
    const { orm } = opened({ poolSize: 1 });
    let made = 0;
    on(greet);
    on(() => made++);
    expect(await ask(orm, session.read)).toBe(session.value);
    await orm.connection().run({ text: session.spoil, params: [] });
    expect(await ask(orm, session.read)).toBe(session.value);
    // The session was not reset, which would have undone both: it was replaced.
    expect(made).toBe(2);
  },
);
test.skipIf(kind === "sqlite")("each connection of a pool is told of [SQLite has no pool]", async () => {
  const { orm } = opened({ poolSize: 3 });
  let made = 0;
  on(() => made++);
  const blocks = [1, 2, 3].map(() => orm.atomic(() => wait(100)));
  await Promise.all(blocks);
  expect(made).toBe(3);
});
test("so is the one that a stream reads from, where it has one of its own", async () => {
  const { Thing } = opened();
  let made = 0;
  on(() => made++);
  const seen: number[] = [];
  for await (const { n } of Thing.objects.orderBy("n").iterator({ chunkSize: 1 })) {
    seen.push(n);
    await Thing.objects.count();
  }
  expect(seen).toEqual([1, 2, 3]);
  expect(made).toBe(2);
});
test.skipIf(kind === "sqlite")("and the one of an advisory lock [SQLite has none]", async () => {
  const { orm } = opened();
  let made = 0;
  await orm.connection().ready();
  on(() => made++);
  await orm.connection().withAdvisoryLock("here", () => undefined);
  expect(made).toBe(1);
});
test("a sender is heard alone, and has to be a database", async () => {
  const [one, two] = [opened(), opened()];
  const told: string[] = [];
  receiver(connectionCreated, { sender: one.orm.connection(), dispatchUid: "one" })(() => void told.push("one"));
  links.push({
    disconnect: () => connectionCreated.disconnect(null, { sender: one.orm.connection(), dispatchUid: "one" }),
    [Symbol.dispose]: () => undefined,
  });
  await two.Thing.objects.count();
  expect(told).toEqual([]);
  await one.Thing.objects.count();
  expect(told).toEqual(["one"]);
  expect(() => connectionCreated.connect(() => undefined, { sender: "default" as never })).toThrow(
    expect.objectContaining({ code: "signal.sender" }),
  );
});
describe("when a receiver fails", () => {
  test("whoever needed the connection is told why, and the next one gets a new one", async () => {
    const { Thing, orm } = opened();
    let failing = true;
    on(() => {
      if (failing) throw new RangeError("not today");
    });
    await expect(Thing.objects.count()).rejects.toThrow(RangeError);
    await expect(orm.atomic(() => Thing.objects.count())).rejects.toThrow(RangeError);
    failing = false;
    // A pool waits a little after a failure before it tries again.
    await expect.poll(() => Thing.objects.count().catch(() => 0), { timeout: 10_000 }).toBe(3);
  });
  test("an error of the database is the database's", async () => {
    const { Thing } = opened();
    on(async ({ connection }) => {
      await using cursor = connection.cursor();
      await cursor.execute("SELECT missing FROM nowhere");
    });
    await expect(Thing.objects.count()).rejects.toMatchObject({ code: "database.no_table" });
  });
});
test("a receiver cannot ask the database but by its connection", async () => {
  const { Thing, orm } = opened();
  const codes: unknown[] = [];
  on(async () => {
    const note = (error: { code?: unknown }): void => void codes.push(error.code);
    await Thing.objects.count().catch(note);
    await orm.atomic(async () => undefined).catch(note);
    await orm.connection().begin().catch(note);
  });
  expect(await Thing.objects.count()).toBe(3);
  expect(codes).toEqual(["connection.not_ready", "connection.not_ready", "connection.not_ready"]);
});
test("another database it may ask", async () => {
  const { Thing } = opened();
  const counts: number[] = [];
  on(async ({ alias }) => void counts.push(alias.length, await first.Thing.objects.count()), {});
  await first.Thing.objects.count();
  const before = counts.length;
  expect(await Thing.objects.count()).toBe(3);
  expect(counts.slice(before)).toEqual([7, 3]);
});
test("a cursor that a receiver keeps is of no use afterwards", async () => {
  const { Thing } = opened();
  let kept: ReturnType<ConnectionCreatedArguments["connection"]["cursor"]> | undefined;
  on(({ connection }) => void (kept = connection.cursor()));
  await Thing.objects.count();
  await expect(kept!.execute("SELECT 1")).rejects.toMatchObject({ code: "connection.given_away" });
});
test("a transaction that a receiver leaves open is rolled back", async () => {
  const { Thing } = opened();
  on(async ({ connection }) => {
    await using cursor = connection.cursor();
    await cursor.execute("BEGIN");
    await cursor.execute("INSERT INTO things_thing (n) VALUES (4)");
  });
  expect(await Thing.objects.count()).toBe(3);
  expect(await first.Thing.objects.count()).toBe(3);
});
test("what a caller is cancelled by does not cancel a receiver", async () => {
  const { orm, Thing } = opened();
  let done = false;
  const controller = new AbortController();
  on(async ({ connection }) => {
    await using cursor = connection.cursor();
    controller.abort();
    await cursor.execute("SELECT 1");
    done = true;
  });
  await Thing.objects
    .signal(controller.signal)
    .count()
    .catch((error: unknown) => error);
  await expect.poll(() => done, { timeout: 10_000 }).toBe(true);
  await orm.close();
});
