/** Which statements may leave something behind in a session. */
import { expect, test } from "vitest";
import { changesSession, scriptChangesSession, staysInSession } from "../../../src/db/session.js";

test.each([
  "SET search_path TO other",
  "  set time zone 'UTC'",
  "-- a comment\nSET ROLE other",
  "/* a */ RESET ALL",
  "CREATE TEMP TABLE t (id int)",
  "create  temporary table t (id int)",
  "CREATE LOCAL TEMPORARY TABLE t (id int)",
  "SELECT pg_advisory_lock(1)",
  "SELECT pg_try_advisory_lock_shared (1)",
  "SELECT set_config('work_mem', '1MB', false)",
  "SELECT GET_LOCK('a', 1)",
  "SELECT id INTO @x FROM t",
  "SELECT @x := 1",
  "SELECT * INTO TEMP t FROM u",
  "PREPARE p AS SELECT 1",
  "LISTEN a",
  "USE other",
  "LOCK TABLES t READ",
  "BEGIN",
  "DO $$ BEGIN SET work_mem = '1MB'; END $$",
  "LOAD 'auto_explain'",
])("%s does", (text) => {
  expect(changesSession(text)).toBe(true);
});

test.each([
  "SELECT * FROM shop",
  "(SELECT 1) UNION (SELECT 2)",
  "INSERT INTO t VALUES (1)",
  "WITH x AS (SELECT 1) DELETE FROM t",
  "SET LOCAL work_mem = '1MB'",
  "SET TRANSACTION READ ONLY",
  "SELECT pg_advisory_xact_lock(1)",
  "CREATE TABLE temperatures (id int)",
  "CREATE UNIQUE INDEX i ON t (id)",
  "DROP TABLE t",
  "ALTER TABLE t ADD c int",
  "SELECT temp FROM t",
])("%s does not", (text) => {
  expect(changesSession(text)).toBe(false);
});

test("a script does where one of its statements does", () => {
  expect(scriptChangesSession("CREATE TABLE a (id int); CREATE INDEX i ON a (id);")).toBe(false);
  expect(scriptChangesSession("CREATE TABLE a (id int); SET search_path TO b")).toBe(true);
});

test.each([
  ["SET search_path TO other", "SET"],
  ["/* a */ SET ROLE other", "SET"],
  ["SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY", "SET"],
  ["RESET ALL", "SET"],
  ["SELECT 1; SET work_mem = '1MB'", "SET"],
  ["SELECT set_config('a.b', current_setting('a.c'), false)", "set_config(…, false)"],
  ["SELECT pg_try_advisory_lock_shared (1)", "an advisory lock of the session"],
  ["CREATE TEMP TABLE t (id int)", "a temporary table"],
  ["SELECT * INTO TEMPORARY t FROM u", "a temporary table"],
  ["LISTEN a", "LISTEN"],
  ["PREPARE p AS SELECT 1", "a statement prepared by hand"],
  ["DECLARE c CURSOR WITH HOLD FOR SELECT 1", "a cursor WITH HOLD"],
  ["LOAD 'auto_explain'", "LOAD"],
])("behind a pooler %s would stay in the session", (text, what) => {
  expect(staysInSession(text)?.what).toBe(what);
});

test.each([
  "SELECT 'SET ROLE other; LISTEN a', \"pg_advisory_lock(1)\" -- LISTEN b",
  "SET LOCAL work_mem = '1MB'",
  "SET CONSTRAINTS ALL IMMEDIATE",
  "SELECT set_config('a.b', 'c', true)",
  "SELECT pg_advisory_xact_lock(1)",
  "CREATE TEMP TABLE t (id int) ON COMMIT DROP",
  "PREPARE TRANSACTION 'a'",
  "DECLARE c CURSOR FOR SELECT 'with hold' FROM t",
  "UPDATE settings SET value = 1",
  "NOTIFY a",
  "BEGIN",
])("behind a pooler %s leaves nothing", (text) => {
  expect(staysInSession(text)).toBeUndefined();
});
