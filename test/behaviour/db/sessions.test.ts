/** What one borrower of a connection does to its session the next one must not meet; and poolers that give no session at all. */
import { DatabaseError } from "babik";
import { afterAll, describe, expect, test } from "vitest";
import { connectAll, type Connections } from "../../../src/db/connections.js";
import type { Database } from "../../../src/db/connection.js";
import { testDatabase, testPooled } from "../../support/database.js";
import { failure } from "../../support/loose.js";

const { url } = await testDatabase();
const opened: Connections[] = [];
function open(options: Record<string, unknown>): Database {
  const connections = connectAll({ default: { url, options } });
  opened.push(connections);
  return connections.get();
}
afterAll(() => Promise.all(opened.map((connections) => connections.close())));

const admin = open({});
const dialect = await admin.ready();
const postgres = dialect.name === "postgres";
const rows = async (db: Database, text: string): Promise<unknown[][]> => (await db.run({ text, params: [] })).rows;

const mutations = postgres
  ? [
      "SET work_mem = '3MB'",
      "SET search_path TO pg_catalog",
      "SET TIME ZONE 'Europe/Paris'",
      "SET datestyle TO 'German'",
      "SELECT set_config('myapp.tenant', '7', false)",
      "CREATE TEMP TABLE scratch (id int)",
      "SELECT pg_advisory_lock(77)",
      "PREPARE mine AS SELECT 1",
      "LISTEN somebody",
      "SET ROLE pg_monitor",
      "BEGIN",
    ]
  : [
      "SET @tenant = 7",
      "SET SESSION sql_mode = ''",
      "SET SESSION time_zone = '+05:00'",
      "SET SESSION TRANSACTION ISOLATION LEVEL SERIALIZABLE",
      "CREATE TEMPORARY TABLE scratch (id int)",
      "SELECT GET_LOCK('mine', 1)",
      "PREPARE mine FROM 'SELECT 1'",
      "USE information_schema",
      "SET SESSION max_statement_time = 3",
      "START TRANSACTION",
    ];
const fingerprint = postgres
  ? `SELECT current_setting('work_mem'), current_setting('search_path'), current_setting('TimeZone'), current_setting('DateStyle'),
       coalesce(current_setting('myapp.tenant', true), ''), to_regclass('scratch')::text, current_user,
       (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()),
       (SELECT count(*) FROM pg_prepared_statements WHERE name = 'mine'), (SELECT count(*) FROM pg_listening_channels())`
  : `SELECT @tenant, @@sql_mode, @@time_zone, @@tx_isolation, database(), @@max_statement_time, IS_USED_LOCK('mine')`;

describe.skipIf(admin.embedded || testPooled)("a connection that comes back", () => {
  test.each(mutations)("shows nothing of: %s", async (text) => {
    const db = open({ poolSize: 1 });
    const before = await rows(db, fingerprint);
    await rows(db, text);
    expect(await rows(db, fingerprint)).toEqual(before);
    const left = await rows(db, "SELECT * FROM scratch").catch((error: { code?: string }) => error.code);
    expect(left).toBe("database.no_table");
  });

  test("shows nothing of what scripts and blocks did", async () => {
    const db = open({ poolSize: 1 });
    const before = await rows(db, fingerprint);
    await db.script(mutations.slice(0, 3).join(";\n"));
    expect(await rows(db, fingerprint)).toEqual(before);
    await db.atomic(async () => {
      for (const text of mutations.slice(0, 2)) await rows(db, text);
      expect(await rows(db, fingerprint)).not.toEqual(before);
    });
    expect(await rows(db, fingerprint)).toEqual(before);
  });

  test("serves named statements after its session was reset", async () => {
    const db = open({ poolSize: 1 });
    const handle = { name: "babik_test_1" };
    const statement = { text: postgres ? "SELECT $1::int" : "SELECT ?", params: [5], handle };
    expect((await db.run(statement)).rows).toEqual([[5]]);
    await rows(db, mutations[0]!);
    expect((await db.run(statement)).rows).toEqual([[5]]);
    expect((await db.run(statement)).rows).toEqual([[5]]);
  });

  test("is not asked anything more where the session was not touched", async () => {
    const db = open({ poolSize: 1 });
    const id = postgres ? "SELECT pg_backend_pid()" : "SELECT connection_id()";
    const before = await rows(db, id);
    await rows(db, mutations[0]!);
    expect(await rows(db, id)).toEqual(before);
  });
});

describe.skipIf(testPooled)("initCommand", () => {
  const [command, question, answer] = {
    sqlite: ["PRAGMA cache_size = -1234", "PRAGMA cache_size", -1234] as const,
    postgres: ["SET application_name = 'from the start'", "SHOW application_name", "from the start"] as const,
    mysql: ["SET @start = 7", "SELECT CAST(@start AS SIGNED)", 7] as const,
  }[dialect.name];
  test("is what every session begins with, and has again after it was touched", async () => {
    const db = open({ ...(admin.embedded ? {} : { poolSize: 1 }), initCommand: ["SELECT 1", command] });
    expect(await rows(db, question)).toEqual([[answer]]);
    if (admin.embedded) return;
    await rows(db, mutations[0]!);
    expect(await rows(db, question)).toEqual([[answer]]);
  });
  test("that fails is the error of who asked, and leaves no connection", async () => {
    const db = open({ initCommand: "SELECT nothing FROM" });
    const error = await failure(async () => rows(db, "SELECT 1"));
    expect(error).toMatchObject({ name: "ProgrammingError" });
    expect(db.pool?.size ?? 0).toBe(0);
  });
  test("has to be a statement", () => {
    for (const wrong of ["", [""], [7], 7, {}])
      expect(() => open({ initCommand: wrong })).toThrow("The database option 'initCommand'");
  });
  test.skipIf(admin.embedded)("would belong to strangers behind a pooler", () => {
    expect(() => open({ initCommand: command, prepare: false })).toThrow("does not go with prepare: false");
  });
});

describe.skipIf(!postgres || testPooled)("role", () => {
  test("is who the session is from its start, after a reset too", async () => {
    const db = open({ poolSize: 1, role: "pg_monitor" });
    const who = "SELECT current_user, session_user <> current_user";
    expect(await rows(db, who)).toEqual([["pg_monitor", true]]);
    await rows(db, "SET ROLE NONE");
    expect(await rows(db, who)).toEqual([["pg_monitor", true]]);
  });
});
test.skipIf(!postgres || testPooled)("a role that there is not is the error of who asked", async () => {
  const db = open({ role: 'no"body' });
  expect(await failure(async () => rows(db, "SELECT 1"))).toBeInstanceOf(DatabaseError);
  expect(db.pool?.size).toBe(0);
});
test.skipIf(postgres || admin.embedded)("a database without roles of sessions says so", () => {
  for (const name of ["role", "searchPath", "applicationName"])
    expect(() => open({ [name]: "x" })).toThrow(`have no option '${name}'`);
});

describe.skipIf(admin.embedded)("prepare: false, for poolers in transaction mode", () => {
  const unprepared = testPooled ? {} : { prepare: false };
  test("leaves nothing in the session: no named statements, no settings", async () => {
    const db = open({ poolSize: 1, ...unprepared });
    const handle = { name: "babik_test_2" };
    for (let i = 0; i < 3; i++)
      expect((await db.run({ text: postgres ? "SELECT $1::int" : "SELECT ?", params: [i], handle })).rows).toEqual([
        [i],
      ]);
    if (postgres) {
      expect(await rows(db, "SELECT count(*) FROM pg_prepared_statements")).toEqual([[0]]);
      expect(await rows(db, "SELECT count(*) FROM pg_cursors")).toEqual([[0]]);
    } else expect((await rows(db, "SHOW SESSION STATUS LIKE 'Com_stmt_prepare'"))[0]![1]).toBe("0");
  });

  test.skipIf(!postgres).each(mutations.filter((text) => text !== "BEGIN"))(
    "refuses what would stay in a session: %s",
    async (text) => {
      const db = open({ poolSize: 1, ...unprepared });
      const before = await rows(db, fingerprint);
      for (const run of [
        () => rows(db, text),
        () => db.script(`SELECT 1; ${text}`),
        () => db.atomic(() => rows(db, text)),
      ])
        expect(await failure(async () => run())).toMatchObject({
          name: "NotSupportedError",
          code: "database.pooled_session",
        });
      expect(await rows(db, fingerprint)).toEqual(before);
    },
  );

  test.skipIf(!postgres)("begins transactions with the isolation of the settings, or that of the block", async () => {
    const db = open({ poolSize: 1, ...unprepared, isolation: "serializable" });
    const level = (options: object): Promise<unknown> =>
      db.atomic(() => rows(db, "SELECT current_setting('transaction_isolation')"), options);
    expect(await level({})).toEqual([["serializable"]]);
    expect(await level({ isolation: "repeatable read" })).toEqual([["repeatable read"]]);
  });

  test("streams inside of a transaction of its own", async () => {
    const db = open({ poolSize: 1, ...unprepared });
    const series = postgres
      ? "SELECT n FROM generate_series(1, 250) AS s(n)"
      : "WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < 250) SELECT n FROM s";
    let count = 0;
    for await (const chunk of db.stream({ text: series, params: [] }, 100)) count += chunk.length;
    expect(count).toBe(250);
    expect(db.pool).toMatchObject({ idle: 1, holders: [] });
  });
});

test("an embedded database has one session, which is the program's", () => {
  expect(admin.embedded).toBe(admin.pool === undefined);
});
