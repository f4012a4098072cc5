/** Connections that are lost, pools that are full, logins that fail: on the database servers. */
import { randomBytes } from "node:crypto";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { connect } from "node:net";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import {
  CommitUnknown,
  InterfaceError,
  OperationalError,
  TransactionManagementError,
} from "../../../src/base/errors.js";
import { connectAll, type Connections } from "../../../src/db/connections.js";
import type { Database } from "../../../src/db/connection.js";
import { testDatabase, testPooled } from "../../support/database.js";

const { url } = await testDatabase();
const control = connectAll({ default: url });
const admin = control.get();
const dialect = await admin.ready();
const opened: Connections[] = [];
const closers: (() => void)[] = [];
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

function open(options: Record<string, unknown> = {}, address = url): Database {
  const connections = connectAll({ default: { url: address, options } });
  opened.push(connections);
  return connections.get();
}
afterEach(async () => {
  await Promise.all(opened.splice(0).map((connections) => connections.close()));
  for (const close of closers.splice(0)) close();
});
afterAll(() => control.close());

const idSql = dialect.name === "postgres" ? "SELECT pg_backend_pid()" : "SELECT connection_id()";
const sleepSql =
  dialect.name === "postgres" ? "SELECT pg_sleep(5)" : "SELECT sleep(5) FROM (SELECT 1) AS x WHERE sleep(0) = 0";
async function sessionId(db: Database): Promise<number> {
  return Number((await db.run({ text: idSql, params: [] })).rows[0]![0]);
}
async function kill(id: number): Promise<void> {
  await admin.run({
    text: dialect.name === "postgres" ? `SELECT pg_terminate_backend(${id})` : `KILL CONNECTION ${id}`,
    params: [],
  });
  await sleep(30);
}

describe.skipIf(admin.embedded)("a connection that the server drops", () => {
  // A pooler may hand out a connection that the server has just dropped.
  test.skipIf(testPooled)("while idle is replaced without an error", async () => {
    const db = open();
    await kill(await sessionId(db));
    expect((await db.run({ text: "SELECT 1", params: [] })).rows).toHaveLength(1);
  });

  test("while a statement runs is an OperationalError, and the next statement works", async () => {
    const db = open({ poolSize: 1 });
    const id = await sessionId(db);
    const running = (async () => db.run({ text: sleepSql, params: [] }))().catch((e: unknown) => e);
    await sleep(50);
    await kill(id);
    expect(await running).toMatchObject({ code: "database.connection_lost" });
    expect((await db.run({ text: "SELECT 1", params: [] })).rows).toHaveLength(1);
  });

  test("inside a block ends the block, and nothing of it goes on elsewhere", async () => {
    const db = open({ poolSize: 1 });
    const failed = db.atomic(async () => {
      await kill(await sessionId(db));
      const first = await (async () => db.run({ text: "SELECT 1", params: [] }))().catch((e: unknown) => e);
      expect(first).toSatisfy((e) => e instanceof OperationalError || e instanceof InterfaceError);
      return db.run({ text: "SELECT 2", params: [] });
    });
    await expect(failed).rejects.toThrow(TransactionManagementError);
    expect((await db.run({ text: "SELECT 1", params: [] })).rows).toHaveLength(1);
    expect(db.pool).toMatchObject({ waiting: 0 });
  });

  test("while a stream is read is an error of the loop", async () => {
    const db = open({ poolSize: 1 });
    const loop = (async () => {
      let rows = 0;
      const cross = Array.from({ length: 20 }, (_, i) => `(SELECT 1 AS n UNION ALL SELECT 2) t${i}`).join(
        " CROSS JOIN ",
      );
      for await (const chunk of db.stream({ text: `SELECT t0.n FROM ${cross}`, params: [] }, 100)) {
        if (rows === 0) {
          const ids = await admin.run({
            text:
              dialect.name === "postgres"
                ? "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
                : "SELECT id FROM information_schema.processlist WHERE db = database() AND id <> connection_id()",
            params: [],
          });
          for (const [id] of ids.rows) await kill(Number(id)).catch(() => undefined);
        }
        rows += chunk.length;
      }
      return rows;
    })();
    await expect(loop).rejects.toThrow(OperationalError);
    expect((await db.run({ text: "SELECT 1", params: [] })).rows).toHaveLength(1);
  });
});

describe.skipIf(admin.embedded || testPooled)("a connection that refuses to write", () => {
  const write = "INSERT INTO written VALUES (1)";
  beforeAll(async () => void (await admin.run({ text: "CREATE TABLE written (id int)", params: [] })));

  test("because the block was asked to be read-only stays", async () => {
    const db = open({ poolSize: 1 });
    const id = await sessionId(db);
    const refused = db.atomic(() => db.run({ text: write, params: [] }), { readOnly: true });
    await expect(refused).rejects.toMatchObject({ name: "OperationalError", code: "database.read_only" });
    expect(await sessionId(db)).toBe(id);
  });

  // MariaDB can be told so for the whole server only: see `npm run faults`.
  test.skipIf(dialect.name !== "postgres")("by itself is replaced after one error", async () => {
    const db = open({ poolSize: 1 });
    const id = await sessionId(db);
    const refused = db.atomic(async () => {
      await db.run({ text: "SET TRANSACTION READ ONLY", params: [] });
      await db.run({ text: write, params: [] });
    });
    await expect(refused).rejects.toMatchObject({ name: "OperationalError", code: "database.read_only" });
    expect(await sessionId(db)).not.toBe(id);
  });
});

describe.skipIf(admin.embedded)("the pool", () => {
  test("never makes more connections than allowed", async () => {
    const db = open({ poolSize: 3 });
    const done = await Promise.all(Array.from({ length: 30 }, async () => sessionId(db)));
    expect(new Set(done).size).toBeLessThanOrEqual(3);
    expect(db.pool).toMatchObject({ waiting: 0 });
    expect(db.pool!.size).toBeLessThanOrEqual(3);
  });

  test("serves those who wait in the order of their coming", async () => {
    const db = open({ poolSize: 1 });
    const order: number[] = [];
    await Promise.all(
      Array.from({ length: 30 }, async (_, n) => {
        await db.run({ text: "SELECT 1", params: [] });
        order.push(n);
      }),
    );
    expect(order).toEqual(Array.from({ length: 30 }, (_, n) => n));
  });

  test("tells after the allowed time that no connection became free", async () => {
    const db = open({ poolSize: 1, acquireTimeout: 60 });
    await db.atomic(async () => {
      const begun = performance.now();
      const other = open({ poolSize: 1 });
      await other.ready();
      const outside = await outsideOf(() => db.run({ text: "SELECT 1", params: [] }));
      expect(outside).toMatchObject({ code: "pool.timeout" });
      expect(performance.now() - begun).toBeLessThan(1000);
    });
    expect(db.pool).toMatchObject({ idle: 1, waiting: 0 });
  });

  test("rolls back what SQL of the user's own left open", async () => {
    const db = open({ poolSize: 1 });
    await db.run({ text: "CREATE TABLE left_open (id integer)", params: [] });
    await db.run({ text: dialect.name === "postgres" ? "BEGIN" : "START TRANSACTION", params: [] });
    await db.run({ text: "INSERT INTO left_open VALUES (1)", params: [] });
    expect((await admin.run({ text: "SELECT count(*) FROM left_open", params: [] })).rows[0]![0]).toBe(1);
  });

  test("close() waits for work under way and refuses what comes later", async () => {
    const db = open();
    const slow = db.run({
      text: dialect.name === "postgres" ? "SELECT pg_sleep(0.1)" : "SELECT sleep(0.1)",
      params: [],
    });
    await sleep(30);
    await db.close();
    await expect(slow).resolves.toMatchObject({ affected: 1 });
    expect(() => db.run({ text: "SELECT 1", params: [] })).toThrow(InterfaceError);
  });
});

/** Runs `fn` where the block of the caller is not seen: a timer made before it. */
const queue: (() => void)[] = [];
const ticker = setInterval(() => {
  for (const job of queue.splice(0)) job();
}, 5).unref();
afterAll(() => clearInterval(ticker));
function outsideOf(fn: () => unknown): Promise<unknown> {
  return new Promise((resolve) => {
    queue.push(() => {
      (async () => fn())().then(resolve, resolve);
    });
  });
}

describe.skipIf(admin.embedded)("cancelling", () => {
  test("stops the statement on the server and leaves the connection fit for the next one", async () => {
    const db = open({ poolSize: 1 });
    await db.ready();
    for (let i = 0; i < 3; i++) {
      const begun = performance.now();
      const signal = AbortSignal.timeout(40);
      await expect((async () => db.run({ text: sleepSql, params: [] }, { signal }))()).rejects.toMatchObject({
        code: "database.cancelled",
      });
      expect(performance.now() - begun).toBeLessThan(2000);
      expect((await db.run({ text: "SELECT 7", params: [] })).rows).toEqual([[7]]);
    }
  });

  test("before it began sends nothing", async () => {
    await expect(
      (async () => admin.run({ text: "SELECT 1", params: [] }, { signal: AbortSignal.abort() }))(),
    ).rejects.toMatchObject({
      code: "database.cancelled",
    });
  });
});

describe.skipIf(admin.embedded)("a lost answer to COMMIT", () => {
  test("is reported as unknown and never run again", async () => {
    const target = new URL(url);
    const proxy = await dropCommitReplies(
      target.hostname,
      Number(target.port || (dialect.name === "postgres" ? 5432 : 3306)),
    );
    const through = new URL(url);
    through.hostname = "127.0.0.1";
    through.port = String(proxy.port);
    const db = open({ poolSize: 1 }, through.href);
    await admin.run({ text: "CREATE TABLE ledger (id integer)", params: [] });
    let runs = 0;
    const error = await db
      .atomic(
        async () => {
          runs++;
          await db.run({ text: "INSERT INTO ledger VALUES (1)", params: [] });
        },
        { retries: 5 },
      )
      .catch((e: unknown) => e);
    expect(error).toBeInstanceOf(CommitUnknown);
    expect(error).toMatchObject({ code: "transaction.commit_unknown" });
    expect(runs).toBe(1);
    expect((await admin.run({ text: "SELECT count(*) FROM ledger", params: [] })).rows).toEqual([[1]]);
  });
});

test.skipIf(admin.embedded)("a connection lost before COMMIT was sent is a known failure", async () => {
  const db = open({ poolSize: 1 });
  await admin.run({ text: "CREATE TABLE known_failure (id integer)", params: [] });
  const error = await db
    .atomic(async () => {
      await db.run({ text: "INSERT INTO known_failure VALUES (1)", params: [] });
      await kill(await sessionId(db));
    })
    .catch((e: unknown) => e);
  expect(error).toBeInstanceOf(OperationalError);
  expect(error).toMatchObject({ code: "database.connection_lost" });
  expect((await admin.run({ text: "SELECT count(*) FROM known_failure", params: [] })).rows).toEqual([[0]]);
});

/** A server in between that passes COMMIT on and cuts the connection before the answer. */
async function dropCommitReplies(host: string, port: number): Promise<{ port: number }> {
  const sockets = new Set<Socket>();
  const proxy: Server = createServer((client) => {
    const upstream = connect(port, host);
    let dropping = false;
    client.on("data", (data) => {
      dropping ||= data.includes("COMMIT") && !data.includes("COMMITTED");
      upstream.write(data);
    });
    upstream.on("data", (data) => {
      if (dropping) client.destroy();
      else client.write(data);
    });
    for (const [a, b] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(a);
      a.on("error", () => b.destroy());
      a.on("close", () => b.destroy());
    }
  });
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  closers.push(() => {
    for (const socket of sockets) socket.destroy();
    proxy.close();
  });
  return { port: (proxy.address() as AddressInfo).port };
}

describe.skipIf(dialect.name !== "mysql")("a login", () => {
  test("with a wrong password is an OperationalError that does not show it", async () => {
    const user = `babik_${randomBytes(4).toString("hex")}`;
    await admin.run({ text: `CREATE USER '${user}'@'127.0.0.1' IDENTIFIED BY 'right'`, params: [] });
    try {
      const at = new URL(url);
      at.username = user;
      at.password = "canary";
      const error = await (async () => open({}, at.href).ready())().catch((e: unknown) => e);
      expect(error).toMatchObject({ code: "database.login", databaseCode: "1045" });
      for (let e: unknown = error; e instanceof Error; e = e.cause)
        expect(e.message + JSON.stringify(e)).not.toContain("canary");
    } finally {
      await admin.run({ text: `DROP USER '${user}'@'127.0.0.1'`, params: [] });
    }
  });

  test("a statement that commits by itself is noticed: nothing more runs in the block", async () => {
    const db = open();
    await expect(
      db.atomic(async () => {
        await db.run({ text: "CREATE TABLE implicit_commit (id integer)", params: [] });
        await db.run({ text: "INSERT INTO implicit_commit VALUES (1)", params: [] });
      }),
    ).rejects.toMatchObject({ code: "transaction.gone" });
  });
});

test("where there is no server there is nothing to lose", () => {
  expect(admin.embedded).toBe(admin.pool === undefined);
});
