/** `testTransaction`, `useTransaction` and `captureOnCommitCallbacks`, on every database. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { atomic, IntegrityError, onCommit, setRollback, TransactionManagementError, ValueError } from "babik";
import { assertQuerySetEqual, captureOnCommitCallbacks, testTransaction, useTransaction } from "babik/testing";
import { testDatabase } from "../../support/database.js";
import { Author, openBookshop, Publisher, Review } from "../../support/bookshop.js";

const database = await testDatabase();
const orm = await openBookshop(database);
afterAll(() => orm.close());
const names = async (): Promise<string[]> =>
  (await Publisher.objects.filter({ name__startswith: "T-" }).valuesList("name", { flat: true })) as string[];

describe("testTransaction", () => {
  test("takes everything back, and gives what its function gives", async () => {
    expect(
      await testTransaction(async () => {
        await Publisher.objects.create({ name: "T-1" });
        return names();
      }),
    ).toEqual(["T-1"]);
    expect(await names()).toEqual([]);
  });

  test("takes everything back when its function throws", async () => {
    await expect(
      testTransaction(async () => {
        await Publisher.objects.create({ name: "T-1" });
        throw new RangeError("no");
      }),
    ).rejects.toThrow("no");
    expect(await names()).toEqual([]);
  });

  test("allows durable blocks, and blocks with an isolation level", async () => {
    await testTransaction(async () => {
      await atomic(() => Publisher.objects.create({ name: "T-1" }), { durable: true, isolation: "serializable" });
      expect(await names()).toEqual(["T-1"]);
    });
    await expect(testTransaction(() => atomic(() => atomic(() => 1, { durable: true })))).rejects.toThrow(
      TransactionManagementError,
    );
  });

  test("does not call what waits for a commit", async () => {
    const hook = vi.fn<() => void>();
    await testTransaction(() => atomic(async () => void onCommit(hook)));
    expect(hook).not.toHaveBeenCalled();
  });

  test("may run several times at once", async () => {
    const seen = await Promise.all(
      ["T-1", "T-2"].map((name) =>
        testTransaction(async () => {
          await Publisher.objects.create({ name });
          return names();
        }),
      ),
    );
    expect(seen).toEqual([["T-1"], ["T-2"]]);
    expect(await names()).toEqual([]);
  });

  test("looks at constraints that would be looked at by the commit", async () => {
    await expect(testTransaction(() => Review.objects.create({ bookId: 999_999, stars: 1 }))).rejects.toThrow(
      IntegrityError,
    );
    expect(await Review.objects.filter({ bookId: 999_999 }).exists()).toBe(false);
  });
});

describe("useTransaction", () => {
  describe("with rows that all tests find", () => {
    useTransaction({
      beforeAll,
      afterAll,
      beforeEach,
      afterEach,
      setUpTestData: async () => void (await Publisher.objects.create({ name: "T-shared" })),
    });

    test("begins before a test, and a test may write", async () => {
      await Publisher.objects.create({ name: "T-own" });
      expect(await names()).toEqual(["T-own", "T-shared"]);
    });

    test("rolls back after a test, and the next one finds what was set up", async () => {
      expect(await names()).toEqual(["T-shared"]);
      await Publisher.objects.filter({ name: "T-shared" }).delete();
      expect(await names()).toEqual([]);
    });

    test("undoes a deletion too", async () => {
      expect(await names()).toEqual(["T-shared"]);
    });

    test("covers flows that the test did not start", async () => {
      // A timer that was set elsewhere stands for a server in the same process.
      await Publisher.objects.create({ name: "T-own" });
      expect(await elsewhere(names)).toEqual(["T-own", "T-shared"]);
    });

    test("gives blocks inside the meaning that they have outside", async () => {
      await atomic(async () => {
        await Publisher.objects.create({ name: "T-gone" });
        setRollback(true);
      });
      await atomic(() => Publisher.objects.create({ name: "T-stays" }), { durable: true });
      expect(await names()).toEqual(["T-shared", "T-stays"]);
    });
  });

  test("leaves nothing behind", async () => {
    expect(await names()).toEqual([]);
    expect(orm.connection().inTransaction).toBe(false);
  });

  test("says which hook of the runner is missing", () => {
    expect(() => useTransaction({ beforeEach: () => undefined })).toThrow("needs the afterEach");
    expect(() => useTransaction({ each: 1 } as never)).toThrow(ValueError);
  });

  test("hands the failure of a constraint to the hook after the test", async () => {
    const hooks: (() => Promise<void>)[] = [];
    useTransaction({ beforeEach: (work) => hooks.push(work), afterEach: (work) => hooks.push(work) });
    await hooks[0]!();
    // Where constraints are looked at at once, the statement itself fails.
    const error = await Review.objects.create({ bookId: 999_999, stars: 1 }).catch((e: unknown) => e);
    const later = await hooks[1]!().catch((e: unknown) => e);
    expect([error, later].some((e) => e instanceof IntegrityError)).toBe(true);
    expect(orm.connection().inTransaction).toBe(false);
  });
});

// Made before any test, so that its context is none of a test's.
const queue: (() => void)[] = [];
const poll = setInterval(() => queue.shift()?.(), 5);
afterAll(() => clearInterval(poll));
function elsewhere<T>(fn: () => Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => queue.push(() => void fn().then(resolve, reject)));
}

describe("captureOnCommitCallbacks", () => {
  test("gives the functions that wait, and calls none", async () => {
    const hook = vi.fn<() => void>();
    await testTransaction(async () => {
      const { result, callbacks } = await captureOnCommitCallbacks(async () => {
        onCommit(hook);
        return "done";
      });
      expect(result).toBe("done");
      expect(callbacks).toEqual([hook]);
    });
    expect(hook).not.toHaveBeenCalled();
  });

  test("calls them after the function when told to, and those that they register", async () => {
    const order: string[] = [];
    await testTransaction(async () => {
      const { callbacks } = await captureOnCommitCallbacks(
        async () => {
          onCommit(() => {
            order.push("first");
            onCommit(() => void order.push("chained"));
          });
          await atomic(async () => void onCommit(() => void order.push("nested")));
          order.push("end of function");
        },
        { execute: true },
      );
      expect(callbacks).toHaveLength(3);
    });
    expect(order).toEqual(["end of function", "first", "nested", "chained"]);
  });

  test("leaves out those from before, and those of savepoints that were rolled back", async () => {
    await testTransaction(async () => {
      onCommit(() => "earlier");
      const { callbacks } = await captureOnCommitCallbacks(async () => {
        await atomic(async () => {
          onCommit(() => "gone");
          setRollback(true);
        });
        onCommit(() => "stays");
      });
      expect(callbacks.map((call) => call())).toEqual(["stays"]);
    });
  });

  test("throws what a function throws, unless it was robust", async () => {
    const warned = vi.spyOn(process, "emitWarning").mockImplementation(() => undefined);
    const fail = (): never => {
      throw new RangeError("no");
    };
    await testTransaction(async () => {
      await captureOnCommitCallbacks(async () => void onCommit(fail, { robust: true }), { execute: true });
      expect(warned).toHaveBeenCalledTimes(1);
      await expect(captureOnCommitCallbacks(async () => void onCommit(fail), { execute: true })).rejects.toThrow("no");
    });
    warned.mockRestore();
  });

  test("has nothing to capture outside of a transaction: there functions are called at once", async () => {
    const hook = vi.fn<() => void>();
    const { callbacks } = await captureOnCommitCallbacks(async () => void onCommit(hook));
    expect(callbacks).toEqual([]);
    expect(hook).toHaveBeenCalledTimes(1);
  });
});

describe("assertQuerySetEqual", () => {
  const sorted = () => Author.objects.orderBy("name");

  test("compares rows, or what is made of them, in order", async () => {
    const all = await sorted();
    await assertQuerySetEqual(sorted(), all);
    await assertQuerySetEqual(
      sorted(),
      all.map((a) => a.name),
      { transform: (a) => a.name },
    );
    await expect(assertQuerySetEqual(sorted(), all.toReversed())).rejects.toMatchObject({
      code: "testing.rows",
      actual: all,
    });
    await expect(assertQuerySetEqual(sorted(), all.slice(1))).rejects.toThrow("expected");
  });

  test("compares without an order, each row as often as it is there", async () => {
    const all = await sorted();
    await assertQuerySetEqual(Author.objects.all(), all.toReversed(), { ordered: false });
    await expect(
      assertQuerySetEqual(Author.objects.all(), [...all.slice(1), all[1]], { ordered: false }),
    ).rejects.toThrow("in any order");
  });

  test("refuses to compare the order of rows that have none", async () => {
    await expect(assertQuerySetEqual(Author.objects.all(), await sorted())).rejects.toThrow(ValueError);
  });
});
