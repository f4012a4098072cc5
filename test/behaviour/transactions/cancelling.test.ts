/** Cancelling by a signal: of waiting, of statements on the server, of blocks and streams; and no other query is ever hit. */
import { babik, CharField, ValueError, withSignal } from "babik";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { testDatabase, testPooled } from "../../support/database.js";
import { failure, looseModel } from "../../support/loose.js";

const { url } = await testDatabase();
const Item = looseModel("Item", { name: CharField({ maxLength: 50 }) });
const embedded = url.startsWith("sqlite");
const orm = babik({
  databases: { default: { url, options: embedded ? {} : { poolSize: 3 } } },
  apps: { shop: { Item } },
});
const db = orm.connection();
beforeAll(() => orm.createTables());
afterAll(() => orm.close());

const cancelled = { code: "database.cancelled" };
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const slow = (seconds: number): string =>
  db.dialect.name === "postgres"
    ? `SELECT pg_sleep(${seconds})`
    : `SELECT sleep(${seconds}) FROM (SELECT 1) AS x WHERE sleep(0) = 0`;
const run = async (text: string): Promise<unknown[][]> => (await db.run({ text, params: [] })).rows;

test("what is no signal is refused", async () => {
  for (const signal of [null, undefined, {}, new AbortController()])
    expect(() => withSignal(signal as never, () => 1)).toThrow(ValueError);
  expect(() => (Item.objects as unknown as { signal(s: unknown): unknown }).signal({})).toThrow(ValueError);
  expect(await failure(() => orm.atomic(async () => 1, { signal: {} as never }))).toBeInstanceOf(ValueError);
});

test("under a signal that was aborted nothing is sent", async () => {
  const signal = AbortSignal.abort(new RangeError("enough"));
  using capture = db.capture();
  const error = await failure(() => withSignal(signal, async () => Item.objects.count()));
  expect(error).toMatchObject(cancelled);
  expect(error.cause).toBeInstanceOf(RangeError);
  const items = Item.objects as unknown as { signal(s: AbortSignal): typeof Item.objects };
  for (const work of [
    () => items.signal(signal).count(),
    () => items.signal(signal).all(),
    () => items.signal(signal).create({ name: "a" }),
    () => orm.atomic(async () => Item.objects.create({ name: "a" }), { signal }),
    () => orm.begin({ signal }),
  ])
    expect(await failure(work as () => Promise<unknown>)).toMatchObject(cancelled);
  expect(capture.queries.filter((query) => !query.failed)).toEqual([]);
  expect(await Item.objects.count()).toBe(0);
});

test("a signal that is not aborted changes nothing", async () => {
  const { signal } = new AbortController();
  const items = Item.objects as unknown as { signal(s: AbortSignal): typeof Item.objects };
  await orm.atomic(
    async () => {
      await items.signal(signal).create({ name: "a" });
      expect(await items.signal(signal).filter({ name: "a" }).count()).toBe(1);
      db.setRollback(true);
    },
    { signal },
  );
  expect(await Item.objects.count()).toBe(0);
});

test("a block whose signal is aborted is rolled back, even when all of its statements were done", async () => {
  const controller = new AbortController();
  const error = await failure(() =>
    orm.atomic(
      async () => {
        await Item.objects.create({ name: "a" });
        controller.abort();
      },
      { signal: controller.signal },
    ),
  );
  expect(error).toMatchObject(cancelled);
  expect(await Item.objects.count()).toBe(0);
});

test("what is cancelled in a nested block spoils that block only", async () => {
  const controller = new AbortController();
  await orm.atomic(async () => {
    await Item.objects.create({ name: "outer" });
    const inner = orm.atomic(
      async () => {
        await Item.objects.create({ name: "inner" });
        controller.abort();
        await Item.objects.count();
      },
      { signal: controller.signal },
    );
    expect(await failure(inner)).toMatchObject(cancelled);
    expect(await Item.objects.count()).toBe(1);
    db.setRollback(true);
  });
});

test("onCommit functions run although the signal was aborted after the commit began", async () => {
  const controller = new AbortController();
  let seen: unknown;
  await orm.atomic(
    async () => {
      await db.onCommit(async () => {
        controller.abort();
        seen = await Item.objects.count();
      });
    },
    { signal: controller.signal },
  );
  expect(seen).toBe(0);
});

test("a loop over a stream ends with the error, and its connection comes back", async () => {
  await Item.objects.bulkCreate(Array.from({ length: 300 }, (_, i) => new Item({ name: `n${i}` })));
  const controller = new AbortController();
  const rows = (
    Item.objects as unknown as {
      signal(s: AbortSignal): { iterator(o: object): AsyncIterable<unknown> };
    }
  )
    .signal(controller.signal)
    .iterator({ chunkSize: 20 });
  let count = 0;
  const loop = (async () => {
    for await (const _row of rows) if (++count === 30) controller.abort();
  })();
  expect(await failure(loop)).toMatchObject(cancelled);
  expect(count).toBeLessThanOrEqual(60);
  expect(await Item.objects.count()).toBe(300);
  expect(db.pool?.holders ?? []).toEqual([]);
  await Item.objects.all().delete();
});

describe.skipIf(embedded)("on a server", () => {
  test("a waiting caller leaves the queue of the pool at once", async () => {
    const holding = Promise.all([1, 2, 3].map(() => orm.atomic(() => sleep(150))));
    await sleep(30);
    const begun = performance.now();
    const error = await failure(() => withSignal(AbortSignal.timeout(20), async () => Item.objects.count()));
    expect(error).toMatchObject(cancelled);
    expect(performance.now() - begun).toBeLessThan(120);
    await holding;
    expect(db.pool).toMatchObject({ waiting: 0, holders: [] });
  });

  test("a statement that runs is stopped there", async () => {
    const begun = performance.now();
    expect(await failure(() => withSignal(AbortSignal.timeout(40), () => run(slow(8))))).toMatchObject(cancelled);
    expect(performance.now() - begun).toBeLessThan(4000);
  });

  test("a stream whose first row does not come is stopped there", async () => {
    const signal = AbortSignal.timeout(40);
    const begun = performance.now();
    const loop = withSignal(signal, async () => {
      for await (const _rows of db.stream({ text: slow(8), params: [] }, 10));
    });
    expect(await failure(loop)).toMatchObject(cancelled);
    expect(performance.now() - begun).toBeLessThan(4000);
    expect((await run("SELECT 1"))[0]).toEqual([1]);
  });

  test("a late request to cancel never hits another query", async () => {
    let stopped = 0;
    for (let i = 0; i < 60; i++) {
      const signal = AbortSignal.timeout(1 + (i % 7));
      const work = withSignal(signal, () => run(slow(i % 15 === 0 ? 8 : 0.004))).catch((error: { code?: string }) => {
        expect(error).toMatchObject(cancelled);
        stopped++;
      });
      await work;
      // The very next statement on the same connection, and one that takes a while.
      expect(await run(`SELECT ${i}`)).toEqual([[i]]);
      if (i % 10 === 0) await run(slow(0.02));
    }
    expect(stopped).toBeGreaterThanOrEqual(4);
    expect(db.pool).toMatchObject({ waiting: 0, holders: [] });
  });

  test("of many statements under one signal all are stopped, without a warning of leaks", async () => {
    const warnings: Error[] = [];
    const listen = (warning: Error): void => void warnings.push(warning);
    process.on("warning", listen);
    const all = withSignal(AbortSignal.timeout(60), () =>
      Promise.allSettled(Array.from({ length: 20 }, () => run(slow(5)))),
    );
    expect((await all).map((one) => (one as PromiseRejectedResult).reason?.code)).toEqual(
      Array.from({ length: 20 }, () => "database.cancelled"),
    );
    await sleep(5);
    process.off("warning", listen);
    expect(warnings.map((warning) => warning.name)).not.toContain("MaxListenersExceededWarning");
  });

  test.skipIf(testPooled)(
    "a statement that takes longer than statementTimeout is a timeout, and the connection stays good",
    async () => {
      await using own = babik({
        databases: { default: { url, options: { poolSize: 1, statementTimeout: 50 } } },
        apps: {},
      });
      const limited = own.connection();
      const begun = performance.now();
      const error = await failure(async () => limited.run({ text: slow(8), params: [] }));
      expect(error).toMatchObject({ code: "database.timeout" });
      expect(performance.now() - begun).toBeLessThan(4000);
      expect((await limited.run({ text: "SELECT 1", params: [] })).rows).toEqual([[1]]);
    },
  );
});
