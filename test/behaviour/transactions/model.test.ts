/**
 * Random programs of nested blocks, errors, savepoints and hooks, against a stack of snapshots in memory; every step of a block
 * failing in turn; and all shapes in which work can escape its block.
 */
import { EventEmitter } from "node:events";
import { babik, CharField, IntegrityError, OperationalError, TransactionManagementError } from "babik";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { testDatabase } from "../../support/database.js";
import { failure, looseModel } from "../../support/loose.js";

const { url } = await testDatabase();
const Item = looseModel("Item", { name: CharField({ maxLength: 50, unique: true }) });
const orm = babik({ databases: { default: url }, apps: { shop: { Item } } });
const db = orm.connection();
beforeAll(() => orm.createTables());
beforeEach(() => Item.objects.all().delete());
afterAll(() => orm.close());

const names = async (): Promise<string[]> =>
  ((await Item.objects.orderBy("name").valuesList("name", { flat: true })) as unknown as string[]).toSorted();
const add = (name: string): Promise<unknown> => Item.objects.create({ name });
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Numbers that only the seed decides. */
function random(seed: number): (below: number) => number {
  let state = seed * 2_654_435_761 + 1;
  return (below) => {
    state = (Math.imul(state ^ (state >>> 15), 2_246_822_519) + 0x9e37_79b9) | 0;
    return ((state >>> 8) & 0xff_ffff) % below;
  };
}

class Thrown extends RangeError {}

/** The rows and hooks that a program should leave, worked out without a database. */
interface Expected {
  rows: Set<string>;
  hooks: string[];
}

/** One program: runs itself on the database and on `state`; both must tell the same story. */
async function block(
  next: (below: number) => number,
  state: Expected,
  ran: string[],
  depth: number,
  label: string,
): Promise<void> {
  let broken = false;
  for (let step = 0, steps = 1 + next(4); step < steps; step++) {
    const at = `${label}.${step}`;
    const action = next(depth < 3 ? 8 : 6);
    if (broken) {
      expect(await failure(() => add(at))).toMatchObject({ code: "transaction.broken" });
      continue;
    }
    if (action <= 1) {
      await add(at);
      state.rows.add(at);
    } else if (action === 2) {
      await db.onCommit(() => ran.push(at));
      state.hooks.push(at);
    } else if (action === 3 && state.rows.size > 0) {
      // A database error that somebody catches inside of the block.
      expect(await failure(() => add([...state.rows][0]!))).toBeInstanceOf(IntegrityError);
      broken = true;
    } else if (action === 4) throw new Thrown(at);
    else if (action === 5) {
      const before = new Set(state.rows);
      const here = await db.savepoint();
      await add(`${at}s`);
      if (next(2) === 0) await here.rollback();
      else {
        await here.release();
        before.add(`${at}s`);
      }
      state.rows = before;
    } else if (action >= 6) {
      const snapshot = { rows: new Set(state.rows), hooks: [...state.hooks] };
      const inner: Expected = { rows: new Set(state.rows), hooks: [...state.hooks] };
      let undone = false;
      try {
        await orm.atomic(async () => {
          await block(next, inner, ran, depth + 1, at);
          undone = db.getRollback();
        });
      } catch (error) {
        if (!(error instanceof Thrown)) throw error;
        undone = true;
      }
      Object.assign(state, undone ? snapshot : inner);
    }
  }
}

describe("random programs of blocks", () => {
  test.each(Array.from({ length: 40 }, (_, seed) => seed))("seed %i leaves what the model says", async (seed) => {
    const state: Expected = { rows: new Set(), hooks: [] };
    const ran: string[] = [];
    let undone = false;
    try {
      await orm.atomic(async () => {
        await block(random(seed), state, ran, 0, "p");
        undone = db.getRollback();
        expect(ran).toEqual([]);
      });
    } catch (error) {
      if (!(error instanceof Thrown)) throw error;
      undone = true;
    }
    expect(await names()).toEqual(undone ? [] : [...state.rows].toSorted());
    expect(ran).toEqual(undone ? [] : state.hooks);
    expect(db.inTransaction).toBe(false);
  });
});

describe("a block whose k-th statement fails", () => {
  test.each([0, 1, 2, 3, 4, 5])("k = %i leaves all of its work or nothing", async (k) => {
    let count = 0;
    const remove = db.addExecuteWrapper((execute, ...rest) => {
      if (count++ === k) throw new OperationalError("made to fail", "database.operational");
      return execute(...rest);
    });
    const work = orm.atomic(async () => {
      await add("a");
      await orm.atomic(() => add("b"));
      await Item.objects.bulkCreate([new Item({ name: "c" }), new Item({ name: "d" })]);
      await Item.objects.filter({ name: "a" }).update({ name: "e" });
    });
    const failed = await work.then(
      () => false,
      () => true,
    );
    remove();
    expect(failed).toBe(k < count);
    expect(await names()).toEqual(failed ? [] : ["b", "c", "d", "e"]);
    expect(db.pool?.holders ?? []).toEqual([]);
  });
});

describe("work that escapes its block is refused, not run outside of it", () => {
  const later: Promise<unknown>[] = [];
  const note = (work: Promise<unknown>): void =>
    void later.push(
      work.then(
        () => "ran",
        (e: Error & { code?: string }) => e.code,
      ),
    );
  const emitter = new EventEmitter();
  const escapes: Readonly<Record<string, () => unknown>> = {
    "a promise that is not awaited": () => note(sleep(5).then(() => add("x"))),
    "a timer": () => void setTimeout(() => note(add("x")), 5),
    "an immediate": () => void setImmediate(() => setTimeout(() => note(add("x")), 3)),
    "a chain of microtasks and timers": () =>
      queueMicrotask(() => void setTimeout(() => queueMicrotask(() => note(add("x"))), 4)),
    "the loser of a race": () => {
      const slow = sleep(5).then(() => add("x"));
      note(slow);
      return Promise.race([slow, Promise.resolve()]);
    },
    "an event": () => {
      // A listener runs in the context of who emits.
      emitter.once("go", () => note(add("x")));
      setTimeout(() => emitter.emit("go"), 5);
    },
    "a nested block": () => note(sleep(5).then(() => orm.atomic(() => add("x")))),
    "a generator that is read later": () => {
      const rows = (Item.objects as unknown as { iterator(): AsyncGenerator<unknown> }).iterator();
      setTimeout(() => note(rows.next()), 5);
    },
    "a function that was begun later": () => void setTimeout(() => note((async () => Item.objects.count())()), 5),
    "a cursor": async () => {
      const cursor = await db.cursor();
      setTimeout(() => note(cursor.execute("SELECT 1")), 5);
    },
    "onCommit of a block that has ended": () =>
      void setTimeout(() => note((async () => db.onCommit(() => undefined))()), 5),
    "Promise.all that failed early": () =>
      Promise.all([
        Promise.reject(new Thrown("no")),
        (async () => {
          await sleep(5);
          note(add("x"));
        })(),
      ]),
  };
  test.each(Object.keys(escapes))("%s", async (name) => {
    later.length = 0;
    await orm
      .atomic(async () => {
        await add("inside");
        await escapes[name]!();
      })
      .catch((error: unknown) => expect(error).toBeInstanceOf(Thrown));
    await sleep(30);
    expect(await Promise.all(later)).toEqual(["transaction.ended"]);
    expect(await names()).not.toContain("x");
  });

  test("a queryset belongs to the block in which it is awaited, not to the one in which it was made", async () => {
    const made = await orm.atomic(async () => {
      await add("inside");
      return [Item.objects.all()];
    });
    expect(await made[0]).toHaveLength(1);
    const outside = Item.objects.all();
    await orm.atomic(async () => {
      await add("second");
      expect(await outside).toHaveLength(2);
      db.setRollback(true);
    });
    expect(await names()).toEqual(["inside"]);
  });
});

describe("statements side by side in one block", () => {
  test("take turns in the order of their call, and no answer goes to another", async () => {
    const mark = db.dialect.name === "postgres" ? "$1" : "?";
    const order: number[] = [];
    const cast = db.dialect.name === "postgres" ? `CAST(${mark} AS integer)` : mark;
    await orm.atomic(async () => {
      const tags = Array.from({ length: 60 }, async (_, i) => {
        const { rows } = await db.run({ text: `SELECT ${cast}${i % 3 === 0 ? " AS a" : ""}`, params: [i] });
        order.push(i);
        return Number(rows[0]![0]);
      });
      expect(await Promise.all(tags)).toEqual(Array.from({ length: 60 }, (_, i) => i));
    });
    expect(order).toEqual(Array.from({ length: 60 }, (_, i) => i));
  });

  test("nothing is sent after the end of the block when one of them fails", async () => {
    for (let round = 0; round < 10; round++) {
      const capture = db.capture();
      const work = orm.atomic(() =>
        Promise.all([
          add(`a${round}`),
          add(`b${round}`),
          add(`a${round}`),
          add(`c${round}`),
          orm.atomic(() => add("n")),
        ]),
      );
      await expect(work).rejects.toThrow(IntegrityError);
      await sleep(2);
      capture.stop();
      expect(capture.all.at(-1)?.sql).toBe("ROLLBACK");
    }
    expect(await names()).toEqual([]);
  });
});

describe("repetitions", () => {
  test("what was committed is not run again because an onCommit function failed", async () => {
    let runs = 0;
    const work = orm.atomic(
      async () => {
        await add(`r${++runs}`);
        await db.onCommit(() => Promise.reject(new OperationalError("hook", "database.deadlock")));
      },
      { retries: 5 },
    );
    expect(await failure(work)).toMatchObject({ message: "hook" });
    expect(runs).toBe(1);
    expect(await names()).toEqual(["r1"]);
  });

  test("hooks of attempts that failed are forgotten", async () => {
    const ran: number[] = [];
    let runs = 0;
    await orm.atomic(
      async () => {
        const mine = ++runs;
        await db.onCommit(() => ran.push(mine));
        if (mine < 3) throw new OperationalError("again", "database.serialization");
      },
      { retries: 5 },
    );
    expect(ran).toEqual([3]);
  });

  test("end after the given number, with the last failure", async () => {
    let runs = 0;
    const work = orm.atomic(
      async () => {
        runs++;
        throw new OperationalError("again", "database.deadlock");
      },
      { retries: 3 },
    );
    expect(await failure(work)).toMatchObject({ code: "database.deadlock" });
    expect(runs).toBe(4);
  });

  test("are those of the outermost block: a nested one begins nothing anew", async () => {
    let [outer, inner] = [0, 0];
    const work = orm.atomic(
      async () => {
        outer++;
        await orm.atomic(
          async () => {
            inner++;
            throw new OperationalError("again", "database.deadlock");
          },
          { retries: 9 },
        );
      },
      { retries: 1 },
    );
    expect(await failure(work)).toMatchObject({ code: "database.deadlock" });
    expect([outer, inner]).toEqual([2, 2]);
  });

  test("other errors are not repeated", async () => {
    let runs = 0;
    const work = orm.atomic(
      async () => {
        runs++;
        await add("a");
        await add("a");
      },
      { retries: 5 },
    );
    expect(await failure(work)).toBeInstanceOf(IntegrityError);
    expect(runs).toBe(1);
    expect(await failure(() => orm.atomic(async () => 1, { retries: -1 }))).toMatchObject({
      code: "transaction.retries",
    });
  });
});

test("a mark that is taken away although the server has given up is no commit", async () => {
  const work = orm.atomic(async () => {
    await add("a");
    await add("a").catch(() => undefined);
    db.setRollback(false);
  });
  const outcome = await work.then(
    () => "committed",
    (error: unknown) => error,
  );
  // Where an error of a statement spoils nothing on the server, the rest of the block is committed as it was asked for.
  if (db.dialect.name === "postgres") {
    expect(outcome).toBeInstanceOf(TransactionManagementError);
    expect(await names()).toEqual([]);
  } else expect([outcome, await names()]).toEqual(["committed", ["a"]]);
});
