/** The pool over connections that do what a test says: waiting, fairness, who holds, patience with a server that is down. */
import { setMaxListeners } from "node:events";
import { afterEach, describe, expect, test, vi } from "vitest";
import { InterfaceError, OperationalError } from "../../../src/base/errors.js";
import type { Driver, DriverConnection, MaybePromise } from "../../../src/db/driver.js";
import { fakeDialects } from "../../../src/db/fake.js";
import type { Holder } from "../../../src/db/holder.js";
import { Pool } from "../../../src/db/pool.js";
import type { PoolOptions } from "../../../src/db/server-options.js";

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const holder = (text?: string, kind: Holder["kind"] = "statement"): Holder => ({ kind, text });

class Connection {
  readonly dialect = fakeDialects.postgres;
  usable = true;
  outdated = false;
  inTransaction = false;
  sessionChanged = false;
  alive = true;
  closed = false;
  readonly done: string[] = [];
  rollback(): void {
    this.done.push("rollback");
    this.inTransaction = false;
  }
  reset(): void {
    this.done.push("reset");
    this.sessionChanged = false;
  }
  ping(): boolean {
    this.done.push("ping");
    return this.alive;
  }
  hold(): void {}
  close(): void {
    this.closed = true;
  }
}

/** A server that can be down. */
class Server {
  down: Error | undefined;
  attempts = 0;
  readonly made: Connection[] = [];
  readonly driver = {
    embedded: false,
    connect: async (): Promise<DriverConnection> => {
      this.attempts++;
      await sleep(1);
      if (this.down !== undefined) throw this.down;
      const made = new Connection();
      this.made.push(made);
      return made as unknown as DriverConnection;
    },
    classify: (error: unknown) => error as Error,
  } as unknown as Driver;
}
function poolOf(server: Server, options: Partial<PoolOptions> = {}): Pool {
  return new Pool("default", server.driver, {
    poolSize: 2,
    acquireTimeout: 2000,
    idleTimeout: 60_000,
    maxLifetime: 0,
    pingAfter: 60_000,
    holdWarning: 0,
    ...options,
  });
}
const take = async (pool: Pool, who: Holder = holder(), signal?: AbortSignal): Promise<Connection> =>
  (await pool.acquire(who, signal)) as unknown as Connection;
const give = (pool: Pool, connection: Connection): MaybePromise<void> =>
  pool.release(connection as unknown as DriverConnection);
const errorOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => undefined,
    (e: unknown) => e,
  );

describe("waiting", () => {
  test("is served first come, first served, and those who gave up are passed over", async () => {
    const pool = poolOf(new Server(), { poolSize: 1 });
    const first = await take(pool);
    const order: number[] = [];
    const gone = new AbortController();
    setMaxListeners(0, gone.signal);
    const waiting = Array.from({ length: 40 }, async (_, i) => {
      const connection = await take(pool, holder(), i % 3 === 0 ? gone.signal : undefined);
      order.push(i);
      await give(pool, connection);
    });
    await sleep(1);
    gone.abort(new RangeError("enough"));
    const outcomes = Promise.allSettled(waiting);
    await give(pool, first);
    const settled = await outcomes;
    expect(order).toEqual(Array.from({ length: 40 }, (_, i) => i).filter((i) => i % 3 !== 0));
    for (const [i, outcome] of settled.entries())
      if (i % 3 === 0) {
        expect(outcome).toMatchObject({ status: "rejected", reason: { code: "database.cancelled" } });
        expect(((outcome as PromiseRejectedResult).reason as Error).cause).toBeInstanceOf(RangeError);
      }
    expect(pool.state).toMatchObject({ idle: 1, waiting: 0, holders: [] });
  });

  test("ends after the allowed time, and the error tells who holds the connections, without values", async () => {
    const pool = poolOf(new Server(), { acquireTimeout: 30 });
    await take(pool, holder("SELECT *\n  FROM shop WHERE price < $1", "stream"));
    const block = holder(undefined, "atomic");
    await take(pool, block);
    block.text = `UPDATE shop SET name = $1${" ".repeat(5)}${"x".repeat(300)}`;
    const error = (await errorOf(take(pool))) as Error;
    expect(error).toBeInstanceOf(OperationalError);
    expect(error).toMatchObject({ code: "pool.timeout" });
    expect(error.message).toMatch(/2 of 2 are in use and \d other callers wait/);
    expect(error.message).toMatch(/a stream of rows for \d+ ms: SELECT \* FROM shop WHERE price < \$1/);
    expect(error.message).toMatch(/an atomic block for \d+ ms, last statement: UPDATE shop SET name = \$1 x+…/);
    expect(error.message.length).toBeLessThan(700);
    expect(pool.state.waiting).toBe(0);
  });

  test("does not go on when the pool is closed; who came before is served", async () => {
    const pool = poolOf(new Server(), { poolSize: 1 });
    const first = await take(pool);
    const waiting = take(pool);
    const closing = pool.close();
    expect(() => pool.acquire(holder())).toThrow(InterfaceError);
    await give(pool, first);
    const second = await waiting;
    await give(pool, second);
    await closing;
    expect(second.closed).toBe(true);
    expect(pool.state).toMatchObject({ size: 0, idle: 0, waiting: 0 });
  });

  test("of those who would never be served ends when closing has waited long enough", async () => {
    const pool = poolOf(new Server(), { poolSize: 1 });
    const held = await take(pool);
    const waiting = errorOf(take(pool));
    await pool.close(20);
    expect(await waiting).toMatchObject({ code: "database.closed" });
    expect(held.closed).toBe(true);
  });
});

describe("connections", () => {
  test("are never more than allowed, whoever asks", async () => {
    const server = new Server();
    const pool = poolOf(server, { poolSize: 3 });
    await Promise.all(
      Array.from({ length: 50 }, async () => {
        const connection = await take(pool);
        await sleep(1);
        await give(pool, connection);
      }),
    );
    expect(server.made).toHaveLength(3);
  });

  test("that were idle for long are asked whether the server is there; the dead are replaced in turn", async () => {
    const server = new Server();
    const pool = poolOf(server, { pingAfter: 0 });
    const both = [await take(pool), await take(pool)];
    for (const connection of both) await give(pool, connection);
    for (const connection of both) connection.alive = false;
    const fresh = await take(pool);
    expect(both).not.toContain(fresh);
    expect(both.every((connection) => connection.closed)).toBe(true);
    expect(pool.state).toMatchObject({ size: 1, idle: 0 });
  });

  test("one that is found dead brings the other idle ones under suspicion", async () => {
    const server = new Server();
    const pool = poolOf(server, { pingAfter: 20 });
    const [old, young] = [await take(pool), await take(pool)];
    await give(pool, young);
    await sleep(30);
    await give(pool, old);
    young.alive = old.alive = false;
    // The young one is warm and is not asked; once it has failed, others are.
    old.usable = false;
    expect([young, old]).not.toContain(await take(pool));
  });

  test("that grew too old are replaced when they come back", async () => {
    const server = new Server();
    const pool = poolOf(server, { maxLifetime: 10 });
    const old = await take(pool);
    await sleep(15);
    await give(pool, old);
    expect(old.closed).toBe(true);
    expect(await take(pool)).not.toBe(old);
  });

  test("whose server takes no writes any more are replaced when they come back, also for who waits", async () => {
    const server = new Server();
    const pool = poolOf(server, { poolSize: 1 });
    const first = await pool.acquire(holder());
    const waiting = pool.acquire(holder());
    (first as unknown as Connection).outdated = true;
    await pool.release(first);
    expect(await waiting).not.toBe(first);
    expect([server.made.length, server.made[0]!.closed]).toEqual([2, true]);
  });

  test("come back clean: rolled back, and their session reset where it was changed", async () => {
    const pool = poolOf(new Server(), { poolSize: 1 });
    const one = await take(pool);
    await give(pool, one);
    expect(one.done).toEqual([]);
    await take(pool);
    one.inTransaction = one.sessionChanged = true;
    await give(pool, one);
    expect(one.done).toEqual(["rollback", "reset"]);
    await take(pool);
    one.sessionChanged = true;
    one.reset = () => {
      throw new OperationalError("no", "database.connection_lost");
    };
    await give(pool, one);
    expect(one.closed).toBe(true);
    expect(await take(pool)).not.toBe(one);
  });
});

describe("a server that is down", () => {
  test("is told to all who wait by one failure, and is not stormed with logins", async () => {
    const server = new Server();
    server.down = new OperationalError("no server", "database.connect");
    const pool = poolOf(server, { poolSize: 10 });
    const errors = await Promise.all(Array.from({ length: 100 }, () => errorOf(take(pool))));
    expect(errors.every((error) => error === server.down)).toBe(true);
    expect(server.attempts).toBeLessThanOrEqual(10);
    // Within the pause nobody tries.
    await errorOf(take(pool));
    expect(server.attempts).toBeLessThanOrEqual(10);
  });

  test("is tried again after a pause, and used when it is back", async () => {
    const server = new Server();
    server.down = new OperationalError("no server", "database.connect");
    const pool = poolOf(server);
    await errorOf(take(pool));
    server.down = undefined;
    await vi.waitFor(async () => expect(await take(pool)).toBeInstanceOf(Connection), { timeout: 2000, interval: 20 });
  });

  test("is asked by one attempt at a time, however many wait, and all get connections when it is back", async () => {
    const server = new Server();
    server.down = new OperationalError("No server.", "database.connect");
    const pool = poolOf(server, { poolSize: 5 });
    const all = (): Promise<PromiseSettledResult<DriverConnection>[]> =>
      Promise.allSettled(Array.from({ length: 5 }, async () => pool.acquire(holder())));
    await all();
    // Nobody knew yet that it is down.
    expect(server.attempts).toBe(5);
    await sleep(60);
    expect((await all()).map(({ status }) => status)).toEqual(Array.from({ length: 5 }, () => "rejected"));
    expect(server.attempts).toBe(6);
    server.down = undefined;
    await sleep(150);
    expect((await all()).map(({ status }) => status)).toEqual(Array.from({ length: 5 }, () => "fulfilled"));
    expect(server.made).toHaveLength(5);
  });

  test("that allows no further connection makes callers wait for those there are", async () => {
    const server = new Server();
    const pool = poolOf(server, { poolSize: 3 });
    const only = await take(pool);
    server.down = new OperationalError("too many connections", "database.connect");
    const waiting = Promise.all([take(pool), take(pool)].map(async (p) => give(pool, await p)));
    await sleep(10);
    expect(pool.state.waiting).toBe(2);
    await give(pool, only);
    await waiting;
    expect(pool.state).toMatchObject({ size: 1, idle: 1, waiting: 0 });
  });
});

describe("holdWarning", () => {
  const warnings: (Error & { code?: string })[] = [];
  const listen = (warning: Error): void => void warnings.push(warning);
  afterEach(() => {
    process.off("warning", listen);
    warnings.length = 0;
  });

  test("names who holds a connection for too long, and the place that asked for it", async () => {
    process.on("warning", listen);
    const pool = poolOf(new Server(), { holdWarning: 15 });
    const quick = await take(pool, holder("SELECT 1"));
    await give(pool, quick);
    const slow = await take(pool, holder("SELECT 2"));
    await vi.waitFor(() => expect(warnings).toHaveLength(1), { timeout: 2000 });
    expect(warnings[0]).toMatchObject({ code: "BABIK_CONNECTION_HELD" });
    expect(warnings[0]!.message).toContain("SELECT 2");
    expect(warnings[0]!.message).toContain("pool.test.ts");
    await give(pool, slow);
  });
});
