/** Errors of the three databases, as kinds. */
import { describe, expect, test } from "vitest";
import {
  CommitUnknown,
  DatabaseError,
  DataError,
  IntegrityError,
  InternalError,
  NotSupportedError,
  OperationalError,
  ProgrammingError,
  ValueError,
} from "../../../src/base/errors.js";
import { isCommitUnknown, isDisconnect, isRetryable } from "../../../src/db/classify/facts.js";
import { classifyMysql } from "../../../src/db/classify/mysql.js";
import { classifyPostgres } from "../../../src/db/classify/postgres.js";
import { classifySqlite } from "../../../src/db/classify/sqlite.js";

describe("PostgreSQL", () => {
  test.each([
    ["23505", IntegrityError, "integrity.unique"],
    ["23503", IntegrityError, "integrity.foreign_key"],
    ["23001", IntegrityError, "integrity.foreign_key"],
    ["23502", IntegrityError, "integrity.not_null"],
    ["23514", IntegrityError, "integrity.check"],
    ["23P01", IntegrityError, "integrity.exclusion"],
    ["23000", IntegrityError, "database.integrity"],
    ["22001", DataError, "database.data"],
    ["22P02", DataError, "database.data"],
    ["40001", OperationalError, "database.serialization"],
    ["40P01", OperationalError, "database.deadlock"],
    ["55P03", OperationalError, "database.lock_not_available"],
    ["57014", OperationalError, "database.cancelled"],
    ["57P01", OperationalError, "database.connection_lost"],
    ["57P03", OperationalError, "database.connect"],
    ["08006", OperationalError, "database.connection_lost"],
    ["25006", OperationalError, "database.read_only"],
    ["25P02", InternalError, "database.transaction"],
    ["28P01", OperationalError, "database.login"],
    ["28000", OperationalError, "database.login"],
    ["3D000", OperationalError, "database.connect"],
    ["42501", ProgrammingError, "database.permission"],
    ["42601", ProgrammingError, "database.syntax"],
    ["42P01", ProgrammingError, "database.no_table"],
    ["42703", ProgrammingError, "database.no_column"],
    ["42883", ProgrammingError, "database.no_function"],
    ["42P07", ProgrammingError, "database.exists"],
    ["0A000", NotSupportedError, "database.not_supported"],
    ["53100", OperationalError, "database.full"],
    ["53300", OperationalError, "database.connect"],
    ["54000", NotSupportedError, "database.not_supported"],
    ["P0001", InternalError, "database.internal"],
    ["XX000", InternalError, "database.internal"],
  ])("%s", (code, type, expected) => {
    const error = classifyPostgres({ severity: "ERROR", code, message: "said" }, "SELECT 1");
    expect(error).toBeInstanceOf(type);
    expect(error).toMatchObject({ code: expected, databaseCode: code, statement: "SELECT 1" });
  });

  test("constraint, table and columns are told; values are not", () => {
    const error = classifyPostgres({
      severity: "ERROR",
      code: "23505",
      message: 'duplicate key value violates unique constraint "t_a_b"',
      detail: 'Key (a, "B")=(1, canary) already exists.',
      constraint: "t_a_b",
      table: "t",
    });
    expect(error).toMatchObject({ constraint: "t_a_b", table: "t", columns: ["a", "B"] });
    expect(error.message).not.toContain("canary");
    const data = classifyPostgres({
      severity: "ERROR",
      code: "22P02",
      message: 'invalid input syntax for type integer: "canary"',
    });
    expect(data.message).toBe("invalid input syntax for type integer");
  });

  test.each([
    [{ code: "ECONNREFUSED", message: "connect ECONNREFUSED 127.0.0.1:1" }, "database.connect"],
    [{ code: "ECONNRESET", message: "read ECONNRESET" }, "database.connection_lost"],
    [{ message: "Connection terminated unexpectedly" }, "database.connection_lost"],
    [{ message: "timeout expired" }, "database.connect"],
    [{ message: "SASL: SCRAM-SERVER-FIRST-MESSAGE: client password must be a string" }, "database.login"],
    [{ message: "The server does not support SSL connections" }, "database.connect"],
  ])("a failure of the connection: %o", (given, code) => {
    expect(classifyPostgres(given)).toMatchObject({ code });
  });

  test.each([
    ['database "nothing" does not exist', "database.connect"],
    ["no such database: nothing", "database.connect"],
    ["server login has been failing, try again later (server_login_retry)", "database.connect"],
    ["no more connections allowed (max_client_conn)", "database.connect"],
    ["password authentication failed", "database.login"],
    ["query_wait_timeout", "database.connection_lost"],
    ["server conn crashed?", "database.connection_lost"],
  ])("a pooler that ends a connection is told by its words: %s", (message, code) => {
    expect(classifyPostgres({ severity: "FATAL", code: "08P01", message })).toMatchObject({ code });
    expect(classifyPostgres({ severity: "ERROR", code: "08P01", message })).toMatchObject({
      code: "database.operational",
    });
  });

  test("the first of several addresses speaks for all", () => {
    const error = new AggregateError([Object.assign(new Error("x"), { code: "ECONNREFUSED" })]);
    expect(classifyPostgres(error)).toMatchObject({ code: "database.connect" });
  });
});

describe("MariaDB and MySQL", () => {
  const say = (errno: number, sqlMessage: string, sqlState = "HY000"): Error =>
    classifyMysql({ errno, sqlMessage, sqlState, message: `(conn:1) ${sqlMessage}`, code: "ER" });

  test.each([
    [1062, "23000", IntegrityError, "integrity.unique"],
    [1451, "23000", IntegrityError, "integrity.foreign_key"],
    [1452, "23000", IntegrityError, "integrity.foreign_key"],
    [1048, "23000", IntegrityError, "integrity.not_null"],
    [1364, "HY000", IntegrityError, "integrity.not_null"],
    [4025, "23000", IntegrityError, "integrity.check"],
    [3819, "HY000", IntegrityError, "integrity.check"],
    [1213, "40001", OperationalError, "database.deadlock"],
    [1020, "HY000", OperationalError, "database.serialization"],
    [1205, "HY000", OperationalError, "database.locked"],
    [3572, "HY000", OperationalError, "database.lock_not_available"],
    [1317, "70100", OperationalError, "database.cancelled"],
    [1969, "70100", OperationalError, "database.timeout"],
    [1290, "HY000", OperationalError, "database.read_only"],
    [1792, "25006", OperationalError, "database.read_only"],
    [1045, "28000", OperationalError, "database.login"],
    [1049, "42000", OperationalError, "database.connect"],
    [1040, "08004", OperationalError, "database.connect"],
    [2013, "HY000", OperationalError, "database.connection_lost"],
    [1927, "70100", OperationalError, "database.connection_lost"],
    [1264, "22003", DataError, "database.data"],
    [1406, "22001", DataError, "database.data"],
    [1366, "22007", DataError, "database.data"],
    [1064, "42000", ProgrammingError, "database.syntax"],
    [1146, "42S02", ProgrammingError, "database.no_table"],
    [1054, "42S22", ProgrammingError, "database.no_column"],
    [1305, "42000", ProgrammingError, "database.no_function"],
    [1050, "42S01", ProgrammingError, "database.exists"],
    [1178, "42000", NotSupportedError, "database.not_supported"],
    [1568, "25001", InternalError, "database.transaction"],
  ])("%i", (errno, state, type, code) => {
    const error = say(errno, "said", state);
    expect(error).toBeInstanceOf(type);
    expect(error).toMatchObject({ code, databaseCode: String(errno) });
  });

  test("constraint, table and columns are told; values are not", () => {
    expect(say(1062, "Duplicate entry 'it's a canary' for key 'name'")).toMatchObject({
      message: "Duplicate entry for key 'name'",
      constraint: "name",
    });
    expect(say(1062, "Duplicate entry 'canary' for key 't.name'")).toMatchObject({ table: "t", constraint: "name" });
    expect(
      say(
        1452,
        "Cannot add or update a child row: a foreign key constraint fails (`d`.`c`, CONSTRAINT `c_v` FOREIGN KEY (`a`, `b`) REFERENCES `v` (`x`, `y`))",
      ),
    ).toMatchObject({ table: "c", constraint: "c_v", columns: ["a", "b"] });
    expect(say(1048, "Column 'name' cannot be null")).toMatchObject({ columns: ["name"] });
    expect(say(4025, "CONSTRAINT `n_pos` failed for `d`.`t`")).toMatchObject({ constraint: "n_pos", table: "t" });
    expect(say(3819, "Check constraint 'n_pos' is violated.")).toMatchObject({ constraint: "n_pos" });
    for (const text of [
      "Incorrect integer value: 'canary' for column `d`.`t`.`a` at row 1",
      "Truncated incorrect DOUBLE value: 'canary'",
      "Incorrect datetime value: 'canary's' for column 'x' at row 1",
      "You have an error in your SQL syntax; check the manual near 'selec 'canary'' at line 1",
    ])
      expect(say(1366, text).message).not.toContain("canary");
  });

  test("failures of the connection and of the connector", () => {
    expect(classifyMysql({ errno: -111, code: "ECONNREFUSED", message: "connect ECONNREFUSED" })).toMatchObject({
      code: "database.connect",
    });
    expect(
      classifyMysql({
        errno: 45_009,
        code: "ER_SOCKET_UNEXPECTED_CLOSE",
        message: "socket has unexpectedly been closed",
      }),
    ).toMatchObject({ code: "database.connection_lost" });
    expect(
      classifyMysql({
        errno: 45_060,
        code: "ER_INITIAL_SQL_ERROR",
        message: "Error executing initial sql command: write EPIPE",
      }),
    ).toMatchObject({ code: "database.connection_lost" });
    expect(
      classifyMysql({
        errno: 45_050,
        code: "ER_PARSING_PRECISION",
        message: "value 9007199254740993 can't safely be converted",
      }).message,
    ).not.toContain("9007");
  });
});

describe("SQLite", () => {
  const better = (code: string, message: string): Error =>
    classifySqlite(Object.assign(new Error(message), { code }), "INSERT …");
  const node = (errcode: number, message: string): Error =>
    classifySqlite(Object.assign(new Error(message), { code: "ERR_SQLITE_ERROR", errcode, errstr: "x" }));

  test.each([
    ["SQLITE_CONSTRAINT_UNIQUE", 2067, "UNIQUE constraint failed: t.a, t.b", IntegrityError, "integrity.unique"],
    ["SQLITE_CONSTRAINT_PRIMARYKEY", 1555, "UNIQUE constraint failed: t.id", IntegrityError, "integrity.unique"],
    ["SQLITE_CONSTRAINT_FOREIGNKEY", 787, "FOREIGN KEY constraint failed", IntegrityError, "integrity.foreign_key"],
    ["SQLITE_CONSTRAINT_NOTNULL", 1299, "NOT NULL constraint failed: t.a", IntegrityError, "integrity.not_null"],
    ["SQLITE_CONSTRAINT_CHECK", 275, "CHECK constraint failed: t_a", IntegrityError, "integrity.check"],
    ["SQLITE_CONSTRAINT_TRIGGER", 1811, "said by a trigger", IntegrityError, "database.integrity"],
    ["SQLITE_BUSY", 5, "database is locked", OperationalError, "database.locked"],
    ["SQLITE_BUSY_SNAPSHOT", 517, "database is locked", OperationalError, "database.serialization"],
    ["SQLITE_READONLY", 8, "attempt to write a readonly database", OperationalError, "database.read_only"],
    ["SQLITE_FULL", 13, "database or disk is full", OperationalError, "database.full"],
    ["SQLITE_CORRUPT", 11, "database disk image is malformed", OperationalError, "database.corrupt"],
    ["SQLITE_CANTOPEN", 14, "unable to open database file", OperationalError, "database.connect"],
    ["SQLITE_MISMATCH", 20, "datatype mismatch", DataError, "database.data"],
    ["SQLITE_ERROR", 1, "no such table: x", ProgrammingError, "database.no_table"],
    ["SQLITE_ERROR", 1, "no such column: x", ProgrammingError, "database.no_column"],
    ["SQLITE_ERROR", 1, "no such function: x", ProgrammingError, "database.no_function"],
    ["SQLITE_ERROR", 1, "table x already exists", ProgrammingError, "database.exists"],
    ["SQLITE_ERROR", 1, 'near "x": syntax error', ProgrammingError, "database.syntax"],
    ["SQLITE_ERROR", 1, "too many SQL variables", NotSupportedError, "database.not_supported"],
    ["SQLITE_ERROR", 1, "integer overflow", DataError, "database.data"],
  ])("%s (%i): %s", (code, errcode, message, type, expected) => {
    for (const error of [better(code, message), node(errcode, message)]) {
      expect(error).toBeInstanceOf(type);
      expect(error).toMatchObject({ code: expected, databaseCode: code });
    }
  });

  test("constraint, table and columns are told", () => {
    expect(better("SQLITE_CONSTRAINT_UNIQUE", "UNIQUE constraint failed: t.a, t.b")).toMatchObject({
      table: "t",
      columns: ["a", "b"],
    });
    expect(better("SQLITE_CONSTRAINT_UNIQUE", "UNIQUE constraint failed: index 'lower_name'")).toMatchObject({
      constraint: "lower_name",
    });
    expect(better("SQLITE_CONSTRAINT_CHECK", "CHECK constraint failed: n_pos")).toMatchObject({ constraint: "n_pos" });
  });
});

test("what may be run again and what is gone", () => {
  const pg = (code: string): Error => classifyPostgres({ severity: "ERROR", code, message: "x" });
  expect(["40001", "40P01", "23505", "57P01"].map((code) => isRetryable(pg(code)))).toEqual([true, true, false, false]);
  expect(["40001", "57P01", "08006"].map((code) => isDisconnect(pg(code)))).toEqual([false, true, true]);
  expect(isRetryable(new Error("40001"))).toBe(false);
});

test("errors of babik pass through, and anything that was thrown can be classified", () => {
  const own = new ValueError("mine");
  for (const classify of [classifySqlite, classifyPostgres, classifyMysql]) {
    expect(classify(own)).toBe(own);
    for (const thrown of [undefined, null, "text", 5, {}, Object.create(null)])
      expect(classify(thrown)).toBeInstanceOf(DatabaseError);
  }
});

test("errors tell whether beginning anew may help, and whether the connection was lost", () => {
  const said = (code: string): unknown => {
    const error = classifyPostgres({ severity: "ERROR", code, message: "no" }) as DatabaseError;
    return [error.isRetryable, error.isDisconnect];
  };
  expect(["40001", "40P01"].map(said)).toEqual([
    [true, false],
    [true, false],
  ]);
  expect(said("57P01")).toEqual([false, true]);
  expect(said("23505")).toEqual([false, false]);
  const unknown = new CommitUnknown("?", "transaction.commit_unknown");
  expect([unknown.isRetryable, unknown.isDisconnect]).toEqual([false, false]);
});

describe("a COMMIT that failed", () => {
  const postgres = (code: string): Error => classifyPostgres({ severity: "ERROR", code, message: "no" });

  test.each(["57P01", "57014", "08006", "40003"])("is unknown after %s of PostgreSQL", (code) => {
    expect(isCommitUnknown(postgres(code))).toBe(true);
  });
  test.each(["40001", "40P01", "23503", "53100", "25006"])("has failed after %s of PostgreSQL", (code) => {
    expect(isCommitUnknown(postgres(code))).toBe(false);
  });
  test.each([2013, 2006, 1927, 1317])("is unknown after %d of MariaDB", (errno) => {
    expect(isCommitUnknown(classifyMysql({ errno, sqlState: "HY000", message: "no" }))).toBe(true);
  });
  test.each([1213, 1205, 1020, 1452])("has failed after %d of MariaDB", (errno) => {
    expect(isCommitUnknown(classifyMysql({ errno, sqlState: "HY000", message: "no" }))).toBe(false);
  });
  test("is unknown after anything that nobody can name", () => {
    expect(isCommitUnknown(new TypeError("x"))).toBe(true);
    expect(isCommitUnknown(classifyPostgres(new Error("something new")))).toBe(true);
  });
});
