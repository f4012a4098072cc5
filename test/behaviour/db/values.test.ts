/** Values both ways, errors, streams and cursors, on every database. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { Decimal } from "decimal.js";
import {
  BabikError,
  DatabaseError,
  DataError,
  IntegrityError,
  InterfaceError,
  NotSupportedError,
  OperationalError,
  ProgrammingError,
  QueryTypeError,
} from "../../../src/base/errors.js";
import type { DbParam } from "../../../src/ast/seams.js";
import { connectAll } from "../../../src/db/connections.js";
import type { RunResult, StatementHandle } from "../../../src/db/driver.js";
import { createTestDatabase } from "../../support/database.js";

const database = await createTestDatabase({ file: true });
const { url } = database;
const connections = connectAll({ default: url });
const db = connections.get();
const dialect = await db.ready();

/** One statement for all three: `?` is written for every placeholder. */
async function run(
  text: string,
  params: readonly DbParam[] = [],
  handle?: StatementHandle,
  bigInts?: boolean,
): Promise<RunResult> {
  let n = 0;
  const sql = dialect.name === "postgres" ? text.replace(/\?/g, () => `$${++n}`) : text;
  return db.run({ text: sql, params, handle, bigInts });
}

const types = {
  sqlite: { big: "integer", dec: "text", bytes: "blob", bool: "bool", stamp: "text", double: "real" },
  postgres: {
    big: "bigint",
    dec: "numeric(30,10)",
    bytes: "bytea",
    bool: "boolean",
    stamp: "timestamptz",
    double: "double precision",
  },
  mysql: {
    big: "bigint",
    dec: "decimal(30,10)",
    bytes: "longblob",
    bool: "bool",
    stamp: "datetime(6)",
    double: "double",
  },
}[dialect.name];

beforeAll(async () => {
  await db.script(
    `CREATE TABLE v (id integer NOT NULL PRIMARY KEY, big ${types.big}, price ${types.dec}, data ${types.bytes}, ok ${types.bool}, at ${types.stamp}, ratio ${types.double}, name varchar(20) NOT NULL);
     CREATE TABLE child (id integer NOT NULL PRIMARY KEY, v_id integer NOT NULL, n integer, CONSTRAINT child_v FOREIGN KEY (v_id) REFERENCES v (id), CONSTRAINT child_n CHECK (n > 0), CONSTRAINT child_pair UNIQUE (v_id, n));`,
  );
});
beforeEach(async () => {
  await run("DELETE FROM child");
  await run("DELETE FROM v");
});
afterAll(async () => {
  await connections.close();
  await database.drop();
});

describe("values", () => {
  test("what goes in comes out", async () => {
    const at = dialect.name === "postgres" ? "2024-02-29 12:30:00.123456+00" : "2024-02-29 12:30:00.123456";
    await run("INSERT INTO v VALUES (?, ?, ?, ?, ?, ?, ?, ?)", [
      1,
      2 ** 40,
      "12345678901234567890.0123456789",
      new Uint8Array([0, 255, 7]),
      true,
      at,
      0.1,
      "é😀'\"\\",
    ]);
    const row = (await run("SELECT big, price, data, ok, at, ratio, name FROM v")).rows[0]!;
    expect(row[0]).toBe(2 ** 40);
    expect(row[1]).toBe("12345678901234567890.0123456789");
    expect(row[2]).toBeInstanceOf(Uint8Array);
    expect([...(row[2] as Uint8Array)]).toEqual([0, 255, 7]);
    expect(row[3]).toBe(dialect.features.nativeBoolean ? true : 1);
    expect(row[4]).toBe(at);
    expect(row[5]).toBe(0.1);
    expect(row[6]).toBe("é😀'\"\\");
  });

  test("integers past 2^53 are exact where they are asked for", async () => {
    const big = 2n ** 63n - 1n;
    await run("INSERT INTO v (id, big, name) VALUES (?, ?, ?)", [1, big, "x"]);
    expect((await run("SELECT big FROM v", [], undefined, true)).rows[0]![0]).toBe(big);
    await run("UPDATE v SET big = ?", [2 ** 53 - 1]);
    expect(Number((await run("SELECT big FROM v", [], undefined, true)).rows[0]![0])).toBe(2 ** 53 - 1);
  });

  test("whole numbers are bound as integers", async () => {
    const cast = dialect.name === "postgres" ? "::int" : "";
    expect(Number((await run(`SELECT 7 / ?${cast}`, [2])).rows[0]![0])).toBe(dialect.name === "mysql" ? 3.5 : 3);
  });

  test("a named statement is prepared once and answers with other parameters", async () => {
    const handle: StatementHandle = { name: "values_by_id" };
    for (let i = 1; i <= 3; i++) await run("INSERT INTO v (id, name) VALUES (?, ?)", [i, `n${i}`]);
    const names = [];
    for (const id of [3, 1, 2, 9]) names.push((await run("SELECT name FROM v WHERE id = ?", [id], handle)).rows);
    expect(names).toEqual([[["n3"]], [["n1"]], [["n2"]], []]);
  });

  test("a prepared statement outlives a change of its table", async () => {
    const handle: StatementHandle = { name: "values_all" };
    await run("CREATE TABLE changing (a integer)");
    await run("INSERT INTO changing VALUES (?)", [1]);
    expect((await run("SELECT * FROM changing", [], handle)).rows).toEqual([[1]]);
    await run("ALTER TABLE changing ADD COLUMN b integer");
    expect((await run("SELECT * FROM changing", [], handle)).rows).toEqual([[1, null]]);
    await run("DROP TABLE changing");
  });

  test("affected counts matched rows, changed or not", async () => {
    for (let i = 1; i <= 3; i++)
      expect((await run("INSERT INTO v (id, name) VALUES (?, ?)", [i, "same"])).affected).toBe(1);
    expect((await run("UPDATE v SET name = ?", ["same"])).affected).toBe(3);
    expect((await run("DELETE FROM v WHERE id > ?", [1])).affected).toBe(2);
  });

  test("only primitives reach the driver", async () => {
    let called = 0;
    const forged = {
      toString: () => String(++called),
      valueOf: () => ++called,
      toSqlString: () => `1; ${++called}`,
      toPostgres: () => ++called,
    };
    for (const value of [forged, [1, 2], { a: 1 }, new Date(), undefined, Symbol("x"), () => 1])
      await expect((async () => run("SELECT ?", [value as never]))()).rejects.toThrow(DataError);
    expect(called).toBe(0);
  });

  test.skipIf(dialect.name === "sqlite")("a list of parameters that the protocol cannot count is refused", async () => {
    await expect(
      run(
        `SELECT 1 WHERE 1 IN (${"?,".repeat(65_535)}?)`,
        Array.from({ length: 65_536 }, () => 1),
      ),
    ).rejects.toThrow(NotSupportedError);
  });
});

describe("errors", () => {
  async function failure(text: string, params: readonly DbParam[] = []): Promise<DatabaseError> {
    const error = await (async () => run(text, params))().catch((e: unknown) => e);
    expect(error).toBeInstanceOf(DatabaseError);
    return error as DatabaseError;
  }

  test("a unique key", async () => {
    await run("INSERT INTO v (id, name) VALUES (1, 'x')");
    const error = await failure("INSERT INTO v (id, name) VALUES (?, ?)", [1, "canary-value"]);
    expect(error).toBeInstanceOf(IntegrityError);
    expect(error.code).toBe("integrity.unique");
    expect(error.databaseCode).toBeTypeOf("string");
    expect(error.statement).toContain("INSERT INTO v");
    expect(error.cause).toBeInstanceOf(Error);
    if (dialect.name !== "mysql") expect(error).toMatchObject({ table: "v", columns: ["id"] });
    else expect(error).toMatchObject({ constraint: "PRIMARY" });
  });

  test("a unique key over several columns", async () => {
    await run("INSERT INTO v (id, name) VALUES (1, 'x')");
    await run("INSERT INTO child VALUES (1, 1, 5)");
    const error = await failure("INSERT INTO child VALUES (2, 1, 5)");
    expect(error.code).toBe("integrity.unique");
    if (dialect.name === "mysql") expect(error).toMatchObject({ constraint: "child_pair" });
    else expect(error).toMatchObject({ columns: ["v_id", "n"], table: "child" });
  });

  test("a foreign key, in both directions", async () => {
    expect((await failure("INSERT INTO child VALUES (1, 99, 5)")).code).toBe("integrity.foreign_key");
    await run("INSERT INTO v (id, name) VALUES (1, 'x')");
    await run("INSERT INTO child VALUES (1, 1, 5)");
    const error = await failure("DELETE FROM v");
    expect(error.code).toBe("integrity.foreign_key");
    if (dialect.name !== "sqlite") expect(error).toMatchObject({ constraint: "child_v", table: "child" });
  });

  test("NOT NULL and CHECK", async () => {
    expect(await failure("INSERT INTO v (id, name) VALUES (1, NULL)")).toMatchObject({
      code: "integrity.not_null",
      columns: ["name"],
    });
    await run("INSERT INTO v (id, name) VALUES (1, 'x')");
    expect(await failure("INSERT INTO child VALUES (1, 1, -5)")).toMatchObject({
      code: "integrity.check",
      constraint: "child_n",
    });
  });

  test("SQL that is wrong", async () => {
    expect(await failure("SELEC 1")).toMatchObject({ code: "database.syntax" });
    expect(await failure("SELECT * FROM nowhere")).toMatchObject({ code: "database.no_table" });
    expect(await failure("SELECT missing FROM v")).toMatchObject({ code: "database.no_column" });
    expect(await failure("SELECT no_such_thing(1)")).toBeInstanceOf(ProgrammingError);
    expect((await failure("SELECT * FROM nowhere")).name).toBe("ProgrammingError");
  });

  test("no message shows a value of a row or parameter", async () => {
    await run("INSERT INTO v (id, name) VALUES (1, 'canary-value')");
    await run("CREATE UNIQUE INDEX v_name ON v (name)");
    const errors = [await failure("INSERT INTO v (id, name) VALUES (?, ?)", [2, "canary-value"])];
    if (dialect.name !== "sqlite")
      errors.push(
        await failure("INSERT INTO v (id, big, name) VALUES (?, ?, ?)", [3, "canary-value", "x"]),
        await failure("INSERT INTO v (id, name) VALUES (?, ?)", [3, "canary-value".repeat(10)]),
        await failure("INSERT INTO v (id, at, name) VALUES (?, ?, ?)", [3, "canary-value", "x"]),
      );
    for (const error of errors) expect(error.message).not.toContain("canary");
    expect(errors.slice(1).every((error) => error instanceof DataError)).toBe(true);
    await run(dialect.name === "mysql" ? "DROP INDEX v_name ON v" : "DROP INDEX v_name");
  });
});

describe("streams", () => {
  async function fill(count: number): Promise<void> {
    await db.atomic(async () => {
      for (let from = 0; from < count; from += 500)
        await run(
          `INSERT INTO v (id, name) VALUES ${Array.from({ length: Math.min(500, count - from) }, (_, i) => `(${from + i + 1}, 'n')`).join(", ")}`,
        );
    });
  }

  test("all rows come, in chunks and in order", async () => {
    await fill(5003);
    const sizes: number[] = [];
    let next = 1;
    for await (const chunk of db.stream({ text: "SELECT id FROM v ORDER BY id", params: [] }, 1000)) {
      sizes.push(chunk.length);
      for (const [id] of chunk) expect(id).toBe(next++);
    }
    expect(next).toBe(5004);
    expect(Math.max(...sizes)).toBe(1000);
    expect(db.pool?.idle ?? 0).toBe(db.pool?.size ?? 0);
  });

  test("parameters work, an empty result ends, an error is thrown", async () => {
    await fill(10);
    const mark = dialect.name === "postgres" ? "$1" : "?";
    const got: unknown[] = [];
    for await (const chunk of db.stream({ text: `SELECT id FROM v WHERE id > ${mark} ORDER BY id`, params: [7] }, 2))
      got.push(...chunk.flat());
    expect(got).toEqual([8, 9, 10]);
    for await (const chunk of db.stream({ text: `SELECT id FROM v WHERE id > ${mark}`, params: [700] }))
      got.push(chunk);
    expect(got).toHaveLength(3);
    await expect(db.stream({ text: "SELECT * FROM nowhere", params: [] }).next()).rejects.toMatchObject({
      code: "database.no_table",
    });
    expect((await run("SELECT count(*) FROM v")).rows).toEqual([[10]]);
  });

  test("leaving early frees the cursor and the connection", async () => {
    await fill(20_000);
    for (let i = 0; i < 15; i++)
      for await (const chunk of db.stream({ text: "SELECT a.id, b.name FROM v a CROSS JOIN v b", params: [] }, 10)) {
        expect(chunk).toHaveLength(10);
        break;
      }
    expect((await run("SELECT count(*) FROM v")).rows).toEqual([[20_000]]);
    expect(db.pool?.idle ?? 0).toBe(db.pool?.size ?? 0);
  });

  test("integers past 2^53 are exact where they are asked for", async () => {
    const big = 2n ** 62n + 1n;
    await run("INSERT INTO v (id, big, name) VALUES (?, ?, ?)", [1, big, "x"]);
    const mark = dialect.name === "postgres" ? "$1" : "?";
    const got: unknown[] = [];
    for await (const chunk of db.stream({ text: `SELECT big FROM v WHERE id = ${mark}`, params: [1], bigInts: true }))
      got.push(...chunk.flat());
    for await (const chunk of db.stream({ text: "SELECT big FROM v", params: [], bigInts: true }))
      got.push(...chunk.flat());
    expect(got).toEqual([big, big]);
  });

  test("inside a block, other statements run while the loop is open", async () => {
    await fill(3000);
    await db.atomic(async () => {
      let seen = 0;
      for await (const chunk of db.stream({ text: "SELECT id FROM v ORDER BY id", params: [] }, 500)) {
        seen += chunk.length;
        await run("UPDATE v SET name = ? WHERE id = ?", ["seen", chunk[0]![0] as number]);
      }
      expect(seen).toBe(3000);
    });
    expect((await run("SELECT count(*) FROM v WHERE name = 'seen'")).rows).toEqual([[6]]);
  });

  test("outside of a block too, writing goes on beside the loop", async () => {
    await fill(3000);
    let seen = 0;
    for await (const chunk of db.stream({ text: "SELECT id FROM v ORDER BY id", params: [] }, 500)) {
      seen += chunk.length;
      await run("INSERT INTO v (id, name) VALUES (?, ?)", [10_000 + seen, "new"]);
    }
    expect(seen).toBe(3000);
  });
});

describe("cursors", () => {
  test("execute, fetch and iterate", async () => {
    await using cursor = await db.cursor();
    await cursor.executemany("INSERT INTO v (id, name, price) VALUES (%s, %s, %s)", [
      [1, "10%", new Decimal("1.5")],
      [2, "%s", null],
      [3, "c", "2"],
    ]);
    expect(cursor.rowcount).toBe(3);
    await cursor.execute("SELECT id, name FROM v WHERE id < %(max)s AND name LIKE '%%' ORDER BY id", { max: 10 });
    expect(cursor.columns).toEqual(["id", "name"]);
    expect(cursor.description).toEqual([{ name: "id" }, { name: "name" }]);
    expect(cursor.fetchone()).toEqual([1, "10%"]);
    expect(cursor.fetchmany(1)).toEqual([[2, "%s"]]);
    expect(cursor.fetchall()).toEqual([[3, "c"]]);
    expect(cursor.fetchone()).toBeNull();
    await cursor.execute("SELECT id FROM v WHERE name LIKE '1%' ORDER BY id");
    const rows = [];
    for await (const row of cursor) rows.push(row);
    expect(rows).toEqual([[1]]);
    expect((await cursor.execute("UPDATE v SET name = 'z' WHERE id > %s", [1])).rowcount).toBe(2);
    expect(cursor.columns).toBeUndefined();
  });

  test("big integers are exact, others are numbers", async () => {
    await using cursor = await db.cursor();
    await cursor.execute("INSERT INTO v (id, big, name) VALUES (%s, %s, %s)", [1, 2n ** 62n, "x"]);
    await cursor.execute("SELECT id, big, count(*) FROM v GROUP BY id, big");
    expect(cursor.fetchone()).toEqual([1, 2n ** 62n, 1]);
  });

  test("parameters that fit nothing are refused, and so is a closed cursor", async () => {
    const cursor = await db.cursor();
    await expect(cursor.execute("SELECT %s", [])).rejects.toMatchObject({ code: "cursor.params" });
    await expect(cursor.execute("SELECT %(a)s", { b: 1 })).rejects.toMatchObject({ code: "cursor.params" });
    await expect(cursor.execute("SELECT %(toString)s", {})).rejects.toMatchObject({ code: "cursor.params" });
    await expect(cursor.execute("SELECT %s", [undefined])).rejects.toThrow(QueryTypeError);
    await expect(cursor.execute("SELECT %s", [{ toString: () => "x" }])).rejects.toThrow(QueryTypeError);
    cursor.close();
    await expect(cursor.execute("SELECT 1")).rejects.toThrow(InterfaceError);
  });
});

describe("connecting", () => {
  const secret = "canary-p@ss/word";

  function revealed(error: unknown): string {
    const parts: string[] = [];
    for (let e: unknown = error; e instanceof Error; e = e.cause)
      parts.push(e.message, e.stack ?? "", JSON.stringify(e), String(e));
    return parts.join("\n");
  }

  test.skipIf(db.embedded)(
    "an unreachable server and a wrong database are typed errors without the password",
    async () => {
      const at = new URL(url);
      at.password = encodeURIComponent(secret);
      at.port = "1";
      at.search = "?connectTimeout=2000";
      const nowhere = connectAll({ default: at.href });
      const error = await (async () => nowhere.get().ready())().catch((e: unknown) => e);
      expect(error).toBeInstanceOf(OperationalError);
      expect(error).toMatchObject({ code: "database.connect" });
      expect(revealed(error)).not.toContain("canary");
      await nowhere.close();

      const wrong = new URL(url);
      wrong.pathname = "/babik_no_such_database";
      const other = connectAll({ default: wrong.href });
      await expect((async () => other.get().ready())()).rejects.toMatchObject({ code: "database.connect" });
      await other.close();
    },
  );

  test.skipIf(!db.embedded)("a file that cannot be opened is a typed error", () => {
    const nowhere = connectAll({ default: "sqlite:/no/such/folder/x.sqlite3" });
    expect(() => nowhere.get().dialect).toThrow(OperationalError);
  });

  test("after close() every call says so", async () => {
    const own = connectAll({ default: url });
    await own.get().ready();
    await own.close();
    await own.close();
    await expect((async () => own.get().run({ text: "SELECT 1", params: [] }))()).rejects.toMatchObject({
      code: "database.closed",
    });
    await expect(own.get().atomic(async () => 1)).rejects.toBeInstanceOf(BabikError);
  });
});
