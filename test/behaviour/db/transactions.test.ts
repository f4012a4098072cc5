/** Atomic blocks, savepoints, hooks and the exclusion of flows, on every database. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { IntegrityError, OperationalError, TransactionManagementError } from "../../../src/base/errors.js";
import { connectAll } from "../../../src/db/connections.js";
import type { Database } from "../../../src/db/connection.js";
import { testDatabase } from "../../support/database.js";

const { url } = await testDatabase();
const connections = connectAll({ default: { url, options: url.startsWith("sqlite") ? {} : { poolSize: 4 } } });
const db: Database = connections.get();

beforeAll(async () => {
  await db.script("CREATE TABLE item (id integer NOT NULL PRIMARY KEY, name varchar(50) NOT NULL UNIQUE)");
});
beforeEach(async () => {
  await db.run({ text: "DELETE FROM item", params: [] });
});
afterAll(() => connections.close());

async function add(id: number, name = `n${id}`): Promise<void> {
  const mark = db.dialect.name === "postgres" ? "$1, $2" : "?, ?";
  await db.run({ text: `INSERT INTO item (id, name) VALUES (${mark})`, params: [id, name] });
}
async function ids(): Promise<unknown[]> {
  return (await db.run({ text: "SELECT id FROM item ORDER BY id", params: [] })).rows.map((row) => row[0]);
}
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describe("atomic", () => {
  test("commits when the function returns, and gives its value", async () => {
    expect(await db.atomic(async () => (await add(1), "done"))).toBe("done");
    expect(await ids()).toEqual([1]);
  });

  test("takes everything back when the function throws", async () => {
    await expect(
      db.atomic(async () => {
        await add(1);
        throw new RangeError("no");
      }),
    ).rejects.toThrow(RangeError);
    expect(await ids()).toEqual([]);
  });

  test("a nested block is a savepoint", async () => {
    await db.atomic(async () => {
      await add(1);
      await db
        .atomic(async () => {
          await add(2);
          throw new RangeError("no");
        })
        .catch(() => undefined);
      await db.atomic(() => add(3));
    });
    expect(await ids()).toEqual([1, 3]);
  });

  test("an error in a block without a savepoint spoils the outer one", async () => {
    await db.atomic(async () => {
      await add(1);
      await db.atomic(async () => Promise.reject(new RangeError("no")), { savepoint: false }).catch(() => undefined);
      await expect(ids()).rejects.toMatchObject({ code: "transaction.broken" });
    });
    expect(await ids()).toEqual([]);
  });

  test("after a database error nothing runs until the block ends, and the outer block goes on", async () => {
    await db.atomic(async () => {
      await add(1);
      await db
        .atomic(async () => {
          await expect(add(2, "n1")).rejects.toThrow(IntegrityError);
          const error = await ids().catch((e: unknown) => e);
          expect(error).toBeInstanceOf(TransactionManagementError);
          expect((error as Error).cause).toBeInstanceOf(IntegrityError);
        })
        .catch(() => undefined);
      await add(3);
    });
    expect(await ids()).toEqual([1, 3]);
  });

  test("a caught database error rolls the block back without a further error", async () => {
    await db.atomic(async () => {
      await add(1);
      await add(2, "n1").catch(() => undefined);
    });
    expect(await ids()).toEqual([]);
  });

  test("durable blocks cannot be nested, but in a test's block they can", async () => {
    await expect(db.atomic(() => db.atomic(async () => 1, { durable: true }))).rejects.toMatchObject({
      code: "transaction.durable",
    });
    expect(await db.atomic(() => db.atomic(async () => 1, { durable: true }), { ofTest: true })).toBe(1);
  });

  test("setRollback takes the work back without an error", async () => {
    await db.atomic(async () => {
      await add(1);
      await db.atomic(async () => {
        await add(2);
        db.setRollback(true);
        expect(db.getRollback()).toBe(true);
      });
      expect(db.getRollback()).toBe(false);
    });
    expect(await ids()).toEqual([1]);
    expect(() => db.setRollback(true)).toThrow(TransactionManagementError);
  });

  test("work that escapes its block is refused, not committed by itself", async () => {
    const codes: unknown[] = [];
    const note = (error: unknown): void => void codes.push((error as { code?: unknown }).code);
    await db.atomic(async () => {
      await add(1);
      void sleep(20)
        .then(() => add(2))
        .catch(note);
      setTimeout(() => void add(3).catch(note), 5);
    });
    await sleep(40);
    expect(codes).toEqual(["transaction.ended", "transaction.ended"]);
    expect(await ids()).toEqual([1]);
  });

  test("statements that were sent but not awaited run before the commit", async () => {
    await db.atomic(async () => {
      for (let i = 1; i <= 5; i++) void add(i);
    });
    expect(await ids()).toEqual([1, 2, 3, 4, 5]);
  });

  test("when one of several statements fails, the rollback comes after its siblings", async () => {
    const capture = db.capture();
    await expect(db.atomic(() => Promise.all([add(1), add(2), add(3, "n1"), add(4), add(5)]))).rejects.toThrow(
      IntegrityError,
    );
    capture.stop();
    expect(capture.all.at(-1)?.sql).toBe("ROLLBACK");
    expect(await ids()).toEqual([]);
  });

  test("blocks side by side inside one transaction do not mix their savepoints", async () => {
    await db.atomic(async () => {
      await Promise.allSettled(
        [1, 2, 3, 4].map((n) =>
          db.atomic(async () => {
            await add(n);
            await sleep(5 - n);
            await add(n + 10);
            if (n % 2 === 0) throw new RangeError("no");
          }),
        ),
      );
    });
    expect(await ids()).toEqual([1, 3, 11, 13]);
  });

  test("two flows never share a transaction", async () => {
    const flow = async (n: number): Promise<void> =>
      db
        .atomic(
          async () => {
            await add(n);
            await sleep(n % 3);
            await ids();
            await add(n + 100);
            if (n % 2 === 0) throw new RangeError("no");
          },
          { retries: 20 },
        )
        .catch((error: unknown) => {
          if (!(error instanceof RangeError)) throw error;
        });
    await Promise.all(Array.from({ length: 20 }, (_, n) => flow(n + 1)));
    const odd = Array.from({ length: 10 }, (_, n) => 2 * n + 1);
    expect(await ids()).toEqual([...odd, ...odd.map((n) => n + 100)]);
  });

  test("a reader outside sees nothing of an open transaction", async () => {
    let seen: unknown[] | undefined;
    let outside: Promise<void> | undefined;
    const look = (): void => void (outside = ids().then((found) => void (seen = found)));
    const timer = setTimeout(look, 10);
    await db
      .atomic(async () => {
        await add(1);
        await sleep(30);
        throw new RangeError("no");
      })
      .catch(() => undefined);
    clearTimeout(timer);
    await outside;
    expect(seen).toEqual([]);
  });

  test("isolation and readOnly belong to the outermost block", async () => {
    await db.atomic(async () => add(1), { isolation: "serializable" });
    await expect(db.atomic(() => db.atomic(async () => 1, { readOnly: true }))).rejects.toMatchObject({
      code: "transaction.nested_options",
    });
    await expect(db.atomic(() => add(2), { readOnly: true })).rejects.toThrow(OperationalError);
    await expect(db.atomic(async () => 1, { isolation: "chaos; DROP TABLE item" as never })).rejects.toMatchObject({
      code: "transaction.isolation",
    });
    expect(await ids()).toEqual([1]);
  });

  test("a retried block is run again from the start", async () => {
    let runs = 0;
    const value = await db.atomic(
      async () => {
        await add(++runs);
        if (runs < 3) throw new OperationalError("made up", "database.serialization");
        return runs;
      },
      { retries: 5 },
    );
    expect(value).toBe(3);
    expect(await ids()).toEqual([3]);
  });
});

describe("onCommit", () => {
  test("runs after the outermost commit, in order, and not for what was rolled back", async () => {
    const ran: string[] = [];
    await db.atomic(async () => {
      await db.onCommit(() => ran.push("a"));
      await db.atomic(async () => void (await db.onCommit(() => ran.push("b"))));
      await db
        .atomic(async () => {
          await db.onCommit(() => ran.push("dropped"));
          throw new RangeError("no");
        })
        .catch(() => undefined);
      await db.onCommit(async () => {
        expect(db.inTransaction).toBe(false);
        await add(1);
        ran.push("c");
      });
      expect(ran).toEqual([]);
    });
    expect(ran).toEqual(["a", "b", "c"]);
    expect(await ids()).toEqual([1]);
  });

  test("runs at once outside of a block, and never after a rollback", async () => {
    const ran: string[] = [];
    await db.onCommit(() => ran.push("now"));
    await db
      .atomic(async () => {
        await db.onCommit(() => ran.push("never"));
        throw new RangeError("no");
      })
      .catch(() => undefined);
    expect(ran).toEqual(["now"]);
  });

  test("an error stops the functions after it, unless it was a robust one", async () => {
    const ran: string[] = [];
    const warnings: string[] = [];
    const listen = (warning: Error): void => void warnings.push(warning.message);
    process.on("warning", listen);
    await expect(
      db.atomic(async () => {
        await add(1);
        await db.onCommit(() => Promise.reject(new RangeError("robust")), { robust: true });
        await db.onCommit(() => ran.push("between"));
        await db.onCommit(() => Promise.reject(new RangeError("plain")));
        await db.onCommit(() => ran.push("after"));
      }),
    ).rejects.toThrow("plain");
    await sleep(5);
    process.off("warning", listen);
    expect(ran).toEqual(["between"]);
    expect(warnings.filter((w) => w.includes("onCommit"))).toHaveLength(1);
    expect(await ids()).toEqual([1]);
  });
});

describe("watching", () => {
  test("a capture tells statements and transaction control apart", async () => {
    using capture = db.capture();
    await db.atomic(() => db.atomic(() => add(1)));
    expect(capture.queries).toHaveLength(1);
    expect(capture.queries[0]).toMatchObject({ failed: false, params: undefined });
    expect(capture.all.map((record) => record.sql.split(" ")[0])).toEqual([
      "BEGIN",
      "SAVEPOINT",
      "INSERT",
      "RELEASE",
      "COMMIT",
    ]);
  });

  test("parameters are kept only when asked for, and nothing after stop()", async () => {
    const capture = db.capture({ params: true });
    await add(7);
    capture.stop();
    await add(8);
    expect(capture.all.map((record) => record.params)).toEqual([[7, "n7"]]);
  });

  test("wrappers run around statements, the first one outermost", async () => {
    const order: string[] = [];
    await db.executeWrapper(
      (execute, ...rest) => {
        order.push("outer");
        return execute(...rest);
      },
      () =>
        db.executeWrapper(
          async (execute, sql, params, many, context) => {
            order.push(`inner ${context.connection.alias}`);
            return execute(sql, params, many, context);
          },
          () => add(1),
        ),
    );
    await add(2);
    expect(order).toEqual(["outer", "inner default"]);
    expect(await ids()).toEqual([1, 2]);
  });
});
