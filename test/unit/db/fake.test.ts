/** The fake database, and what `Database` promises whatever the driver is. */
import { describe, expect, test } from "vitest";
import { InterfaceError, OperationalError, TransactionManagementError } from "../../../src/base/errors.js";
import { connectAll } from "../../../src/db/connections.js";
import { refuseOld } from "../../../src/db/minimum-version.js";
import { atLeast, makeDialect, parseVersion } from "../../../src/db/dialects.js";
import { fakeDatabase, fakeDialects } from "../../../src/db/fake.js";
import { Gate } from "../../../src/db/gate.js";

const ask = (text: string) => ({ text, params: [] });

describe("a fake", () => {
  test("records statements and answers from patterns, then from the queue, then with nothing", () => {
    const { database, driver } = fakeDatabase({
      dialect: "postgres",
      answers: [
        ["count", [[7]]],
        [/^DELETE/, { affected: 3 }],
      ],
      queue: [[[1, "a"]], (statement) => [[statement.params.length]]],
    });
    expect(database.run(ask("SELECT 1"))).toMatchObject({ rows: [[1, "a"]], affected: 1 });
    expect(database.run(ask("SELECT count(*)"))).toMatchObject({ rows: [[7]] });
    expect(database.run({ text: "INSERT", params: [1, 2] })).toMatchObject({ rows: [[2]] });
    expect(database.run(ask("DELETE FROM t"))).toMatchObject({ rows: [], affected: 3 });
    expect(database.run(ask("SELECT 2"))).toMatchObject({ rows: [], affected: 0 });
    expect(driver.sql).toEqual(["SELECT 1", "SELECT count(*)", "INSERT", "DELETE FROM t", "SELECT 2"]);
    expect(driver.calls[2]!.params).toEqual([1, 2]);
  });

  test("has the dialect of each database before anything was asked", () => {
    for (const name of ["sqlite", "postgres", "mysql", "mariadb"] as const) {
      expect(fakeDatabase({ dialect: name, asynchronous: true }).database.dialect).toBe(fakeDialects[name]);
    }
    expect(fakeDialects.mariadb).toMatchObject({ name: "mysql", isMariaDb: true });
    expect(Object.isFrozen(fakeDialects.sqlite.features)).toBe(true);
  });

  test("answers with promises when it plays a server, and streams", async () => {
    const { database } = fakeDatabase({ asynchronous: true, queue: [[[1]], [[1], [2], [3]]] });
    const result = database.run(ask("SELECT 1"));
    expect(result).toBeInstanceOf(Promise);
    expect((await result).rows).toEqual([[1]]);
    const chunks = [];
    for await (const chunk of database.stream(ask("SELECT 2"), 2)) chunks.push(chunk);
    expect(chunks).toEqual([[[1], [2]], [[3]]]);
  });

  test("shows transaction control, and fails where it is told to", async () => {
    const { database, driver } = fakeDatabase({
      asynchronous: true,
      answers: [["bad", new OperationalError("no", "database.operational")]],
    });
    await database.atomic(async () => {
      await database.run(ask("good"));
      await database.atomic(() => database.run(ask("bad"))).catch(() => undefined);
    });
    expect(driver.calls.map((call) => call.sql)).toEqual([
      "BEGIN",
      "good",
      "SAVEPOINT babik_sp_1",
      "bad",
      "ROLLBACK TO SAVEPOINT babik_sp_1",
      "RELEASE SAVEPOINT babik_sp_1",
      "COMMIT",
    ]);
    expect(driver.sql).toEqual(["good", "bad"]);
  });

  test("fails at every step of a transaction without leaving anything open", async () => {
    const steps = ["BEGIN", "one", "SAVEPOINT", "two", "RELEASE", "three", "COMMIT"];
    for (const step of steps) {
      const { database, driver } = fakeDatabase({
        asynchronous: true,
        answers: [[new RegExp(`^${step}`), new OperationalError("no", "database.operational")]],
      });
      const run = database.atomic(async () => {
        await database.run(ask("one"));
        await database.atomic(() => database.run(ask("two")));
        await database.run(ask("three"));
      });
      await expect(run, step).rejects.toThrow(OperationalError);
      const texts = driver.calls.map((call) => call.sql);
      if (step !== "BEGIN") expect(texts.at(-1), step).toBe("ROLLBACK");
      expect(texts.filter((text) => text === "COMMIT").length, step).toBe(step === "COMMIT" ? 1 : 0);
      expect(database.pool, step).toMatchObject({ waiting: 0, size: 1, idle: 1 });
    }
  });

  test("a connection lost during COMMIT is reported as unknown and not retried", async () => {
    const { database, driver } = fakeDatabase({
      asynchronous: true,
      answers: [["COMMIT", new OperationalError("gone", "database.connection_lost")]],
    });
    await expect(database.atomic(async () => 1, { retries: 3 })).rejects.toMatchObject({
      code: "transaction.commit_unknown",
    });
    expect(driver.calls.filter((call) => call.sql === "COMMIT")).toHaveLength(1);
  });

  test("a deadlock on MariaDB spoils all blocks, because the server rolled back everything", async () => {
    const { database, driver } = fakeDatabase({
      dialect: "mariadb",
      asynchronous: true,
      answers: [["dead", new OperationalError("deadlock", "database.deadlock")]],
    });
    const run = database.atomic(async () => {
      await database.atomic(() => database.run(ask("dead"))).catch(() => undefined);
      await database.run(ask("more"));
    });
    await expect(run).rejects.toThrow(TransactionManagementError);
    expect(driver.sql).toEqual(["dead"]);
    expect(driver.calls.map((call) => call.sql)).not.toContain("ROLLBACK TO SAVEPOINT babik_sp_1");
  });
});

describe("an embedded database", () => {
  test("answers at once, throws at once, and waits only for the transaction of another flow", async () => {
    await using connections = connectAll({ default: "sqlite::memory:" });
    const db = connections.get();
    expect(db.dialect.name).toBe("sqlite");
    expect(db.run(ask("SELECT 1"))).toMatchObject({ rows: [[1]] });
    expect(() => db.run(ask("SELEC"))).toThrow("syntax error");
    db.script("CREATE TABLE t (a integer)");
    let started = (): void => {};
    const running = new Promise<void>((resolve) => (started = resolve));
    const block = db.atomic(async () => {
      await db.run(ask("INSERT INTO t VALUES (1)"));
      expect(db.run(ask("SELECT count(*) FROM t"))).toMatchObject({ rows: [[1]] });
      started();
      await new Promise((resolve) => setTimeout(resolve, 10));
    });
    await running;
    const waiting = db.run(ask("SELECT count(*) FROM t"));
    expect(waiting).toBeInstanceOf(Promise);
    expect((await waiting).rows).toEqual([[1]]);
    await block;
    expect(db.run(ask("SELECT 2"))).toMatchObject({ rows: [[2]] });
  });

  test("closed, it says so", async () => {
    const connections = connectAll({ default: "sqlite::memory:" });
    connections.get().run(ask("SELECT 1"));
    await connections.close();
    expect(() => connections.get().run(ask("SELECT 1"))).toThrow(InterfaceError);
  });
});

describe("a gate", () => {
  test("lets one in at a time, in order, and gives up in time", async () => {
    const gate = new Gate();
    expect(gate.enter()).toBeUndefined();
    const order: number[] = [];
    const late = gate.enter(5, () => new OperationalError("late"));
    const turns = [1, 2, 3].map((n) =>
      gate
        .enter()!
        .then(() => order.push(n))
        .then(() => gate.leave()),
    );
    await expect(late).rejects.toThrow("late");
    gate.leave();
    await Promise.all(turns);
    expect(order).toEqual([1, 2, 3]);
    expect(gate.held).toBe(false);
  });
});

describe("versions", () => {
  test.each([
    ["10.11.19-MariaDB-0+deb12u1", [10, 11, 19]],
    ["5.5.5-10.6.1-MariaDB", [10, 6, 1]],
    ["15.20 (Debian 15.20-0+deb12u1)", [15, 20]],
    ["17beta1", [17]],
    ["8.4.0", [8, 4, 0]],
  ])("%s", (text, expected) => {
    expect(parseVersion(text)).toEqual(expected);
  });

  test("what is too old is refused by name, and an unknown version is not", () => {
    for (const dialect of [
      makeDialect("sqlite", [3, 34, 1]),
      makeDialect("postgres", [12, 9]),
      makeDialect("mysql", [10, 5, 2], true),
      makeDialect("mysql", [5, 7, 44]),
    ])
      expect(() => refuseOld(dialect)).toThrow(expect.objectContaining({ code: "database.version" }));
    expect(() => refuseOld(makeDialect("mysql", [5, 7, 44]))).toThrow("MySQL 8.0.11 or newer; this one is 5.7.44");
    for (const dialect of [
      makeDialect("sqlite", [3, 35]),
      makeDialect("postgres", [13]),
      makeDialect("mysql", [10, 6], true),
      makeDialect("mysql", [8, 4, 0]),
      makeDialect("postgres", []),
    ])
      expect(() => refuseOld(dialect)).not.toThrow();
  });

  test("features follow the version", () => {
    expect(atLeast([10, 6], 10, 6, 0)).toBe(true);
    expect(atLeast([10, 5, 9], 10, 6)).toBe(false);
    expect(makeDialect("postgres", [14, 2]).features.nullsDistinct).toBe(false);
    expect(makeDialect("postgres", [15, 0]).features.nullsDistinct).toBe(true);
    expect(makeDialect("mysql", [8, 0, 30]).features).toMatchObject({
      returning: false,
      intersect: false,
      selectForUpdateOf: true,
    });
    expect(makeDialect("mysql", [10, 6, 0], true).features).toMatchObject({
      returning: true,
      selectForUpdateSkipLocked: true,
      expressionIndexes: false,
    });
    expect(makeDialect("sqlite", [3, 34, 0]).features.returning).toBe(false);
    expect(makeDialect("sqlite", [3, 50, 0], false, { maxParams: 99 }).features.maxParams).toBe(99);
  });
});
