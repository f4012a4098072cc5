/** Advisory locks: around functions and until the end of a transaction. */
import { NotSupportedError, OperationalError, TransactionManagementError, ValueError } from "babik";
import { afterAll, describe, expect, test } from "vitest";
import { connectAll } from "../../../src/db/connections.js";
import { testDatabase, testPooled } from "../../support/database.js";
import { failure } from "../../support/loose.js";

const { url } = await testDatabase();
const options = url.startsWith("sqlite") ? {} : { poolSize: 3 };
// Two of them are as good as two processes: nothing is shared but the server.
const [here, there] = [connectAll({ default: { url, options } }), connectAll({ default: { url, options } })];
const [db, other] = [here.get(), there.get()];
const { advisoryLocks, sharedAdvisoryLocks } = (await db.ready()).features;
await other.ready();
afterAll(() => Promise.all([here.close(), there.close()]));
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const busy = { code: "database.lock_not_available" };

test.skipIf(advisoryLocks)("a database without advisory locks says so", async () => {
  expect(await failure(() => db.withAdvisoryLock("a", async () => 1))).toBeInstanceOf(NotSupportedError);
  expect(await failure(() => db.atomic(() => db.advisoryLock("a")))).toBeInstanceOf(NotSupportedError);
});

test("keys and options that cannot be meant are refused", async () => {
  const keys: unknown[] = ["", 1.5, Number.NaN, 2n ** 63n, null, undefined, {}, ["a"], true];
  for (const key of keys)
    expect(await failure(() => db.withAdvisoryLock(key as never, async () => 1))).toBeInstanceOf(ValueError);
  for (const given of [{ wait: "1" }, { wait: -1 }, { shared: 1 }])
    expect(await failure(() => db.withAdvisoryLock("a", async () => 1, given as never))).toBeInstanceOf(ValueError);
  expect(await failure(() => db.advisoryLock("a"))).toBeInstanceOf(TransactionManagementError);
});

describe.skipIf(!advisoryLocks)("around a function", () => {
  test("one has the lock at a time, of all who are connected", async () => {
    let inside = 0;
    const most: number[] = [];
    const work = async (): Promise<void> => {
      most.push(++inside);
      await sleep(3);
      inside--;
    };
    await Promise.all(Array.from({ length: 8 }, (_, i) => (i % 2 ? db : other).withAdvisoryLock("report", work)));
    expect(most).toEqual(Array.from({ length: 8 }, () => 1));
  });

  test("others are told at once, or after the time they wait", async () => {
    await db.withAdvisoryLock("report", async () => {
      for (const database of [db, other])
        for (const wait of [false, 30])
          expect(await outside(() => database.withAdvisoryLock("report", async () => 1, { wait }))).toMatchObject(busy);
      expect(await other.withAdvisoryLock("another", async () => 2, { wait: false })).toBe(2);
    });
    expect(await other.withAdvisoryLock("report", async () => 3, { wait: false })).toBe(3);
  });

  test("the lock is free after an error, and the error goes on", async () => {
    await expect(db.withAdvisoryLock("report", () => Promise.reject(new RangeError("no")))).rejects.toThrow(RangeError);
    expect(await other.withAdvisoryLock("report", async () => 1, { wait: false })).toBe(1);
  });

  test("the same lock again inside of it is held already", async () => {
    expect(
      await db.withAdvisoryLock("report", () => db.withAdvisoryLock("report", async () => 4, { wait: false })),
    ).toBe(4);
  });

  test("its holder keeps no connection of the pool", async () => {
    await db.withAdvisoryLock("report", () =>
      Promise.all(
        Array.from({ length: 6 }, () => db.atomic(async () => void (await db.run({ text: "SELECT 1", params: [] })))),
      ),
    );
    expect(db.pool).toMatchObject({ waiting: 0, holders: [] });
  });

  test("numbers are keys of their own", async () => {
    await db.withAdvisoryLock(42, async () => {
      expect(await outside(() => other.withAdvisoryLock(42n, async () => 1, { wait: false }))).toMatchObject(busy);
      expect(await outside(() => other.withAdvisoryLock("42", async () => 5, { wait: false }))).toBe(5);
    });
    expect(await db.withAdvisoryLock(-(2n ** 63n), async () => 6)).toBe(6);
  });

  test("a signal ends the waiting", async () => {
    const { withSignal } = await import("babik");
    await db.withAdvisoryLock("report", async () => {
      const signal = AbortSignal.timeout(30);
      const error = await outside(() => withSignal(signal, () => other.withAdvisoryLock("report", async () => 1)));
      expect(error).toMatchObject({ code: "database.cancelled" });
    });
  });
});

describe.skipIf(!sharedAdvisoryLocks)("shared", () => {
  test("several may have it, but none of them beside an exclusive one", async () => {
    const shared = { shared: true, wait: false };
    await db.withAdvisoryLock(
      "s",
      async () => {
        expect(await outside(() => other.withAdvisoryLock("s", async () => 1, shared))).toBe(1);
        expect(await outside(() => other.withAdvisoryLock("s", async () => 1, { wait: false }))).toMatchObject(busy);
        expect(await failure(() => db.withAdvisoryLock("s", async () => 1))).toMatchObject({ code: "lock.upgrade" });
      },
      shared,
    );
  });

  test("is kept behind a pooler too, by a transaction", async () => {
    await using pooled = connectAll({ default: { url, options: testPooled ? {} : { prepare: false } } });
    await pooled.get().withAdvisoryLock("p", async () => {
      expect(await outside(() => db.withAdvisoryLock("p", async () => 1, { wait: false }))).toMatchObject(busy);
      expect(await outside(() => db.withAdvisoryLock("p", async () => 1, { wait: 20 }))).toMatchObject(busy);
    });
    expect(await db.withAdvisoryLock("p", async () => 2, { wait: false })).toBe(2);
  });
});

describe.skipIf(advisoryLocks && sharedAdvisoryLocks)("a database without shared locks", () => {
  test("says so", async () => {
    expect(await failure(() => db.withAdvisoryLock("s", async () => 1, { shared: true }))).toBeInstanceOf(
      NotSupportedError,
    );
  });
});

describe.skipIf(!advisoryLocks)("inside of a block", () => {
  test("the lock lasts until the transaction has ended", async () => {
    const order: string[] = [];
    await Promise.all(
      [db, other].map((database) =>
        database.atomic(async () => {
          await database.advisoryLock("numbers");
          order.push("in");
          await sleep(10);
          order.push("out");
        }),
      ),
    );
    expect(order).toEqual(["in", "out", "in", "out"]);
    await db.atomic(() => db.advisoryLock("numbers", { wait: false }));
  });

  test("not getting it spoils nothing", async () => {
    await db.atomic(async () => {
      await db.advisoryLock("numbers");
      await outside(() =>
        other.atomic(async () => {
          for (const wait of [false, 20])
            expect(await failure(() => other.advisoryLock("numbers", { wait }))).toBeInstanceOf(OperationalError);
          expect((await other.run({ text: "SELECT 1", params: [] })).rows).toHaveLength(1);
        }),
      );
    });
    expect(db.pool).toMatchObject({ waiting: 0, holders: [] });
  });

  test("it is given back after a rollback too", async () => {
    await db
      .atomic(async () => {
        await db.advisoryLock("numbers");
        throw new RangeError("no");
      })
      .catch(() => undefined);
    expect(await other.withAdvisoryLock("numbers", async () => 1, { wait: false })).toBe(1);
  });
});

/** What `fn` gives or throws where nothing of the caller's context is seen: as another request would. */
const queue: (() => void)[] = [];
const ticker = setInterval(() => {
  for (const job of queue.splice(0)) job();
}, 2).unref();
afterAll(() => clearInterval(ticker));
function outside(fn: () => unknown): Promise<unknown> {
  return new Promise((resolve) => {
    queue.push(() => {
      (async () => fn())().then(resolve, resolve);
    });
  });
}
