/** `execute_wrapper`, `connection.queries`, listeners and slow statements, on every database. */
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { babik, IntegrityError, ImproperlyConfigured, resetQueries, ValueError, type QueryRecord } from "babik";
import { QUERIES_LIMIT } from "../../../src/db/log.js";
import { testDatabase } from "../../support/database.js";
import { Author, Book, openBookshop, Publisher, Review } from "../../support/bookshop.js";

const database = await testDatabase();
const orm = await openBookshop(database);
const db = orm.connection();
afterAll(() => orm.close());

describe("a wrapper", () => {
  test("is told the text, the parameters and the database, and gives the result on", async () => {
    const seen: unknown[] = [];
    const found = await db.executeWrapper(
      async (execute, sql, params, many, context) => {
        seen.push([/FROM .shop_book./.test(sql), params.includes("Atlas"), many, context.connection.alias]);
        return execute(sql, params, many, context);
      },
      () => Book.objects.get({ title: "Atlas" }),
    );
    expect(found.title).toBe("Atlas");
    expect(seen).toEqual([[true, true, false, "default"]]);
  });

  test("counts only for what its function does, not for flows beside it", async () => {
    let wrapped = 0;
    await Promise.all([
      db.executeWrapper(
        (execute, ...rest) => {
          wrapped++;
          return execute(...rest);
        },
        () => Book.objects.count(),
      ),
      (async () => {
        for (let i = 0; i < 5; i++) await Author.objects.count();
      })(),
    ]);
    await Book.objects.count();
    expect(wrapped).toBe(1);
  });

  test("that throws keeps the statement from being sent", async () => {
    const blocker = (): never => {
      throw new RangeError("no queries here");
    };
    const before = await Publisher.objects.count();
    await expect(db.executeWrapper(blocker, () => Publisher.objects.create({ name: "Blocked" }))).rejects.toThrow(
      "no queries here",
    );
    await expect(
      db.executeWrapper(blocker, async () => {
        for await (const _ of Book.objects.iterator()) throw new Error("a row came");
      }),
    ).rejects.toThrow("no queries here");
    expect(await Publisher.objects.count()).toBe(before);
  });

  test("may change the statement", async () => {
    const { rows } = await db.executeWrapper(
      (execute, _sql, _params, many, context) => execute("SELECT 42", [], many, context),
      async () => db.run({ text: "SELECT 7", params: [] }),
    );
    expect(rows).toEqual([[42]]);
  });

  test("sees failures", async () => {
    const seen: string[] = [];
    await expect(
      db.executeWrapper(
        async (execute, ...rest) => {
          try {
            return await execute(...rest);
          } catch (error) {
            seen.push((error as IntegrityError).code);
            throw error;
          }
        },
        () => Publisher.objects.bulkCreate([new Publisher({ name: "Twin" }), new Publisher({ name: "Twin" })]),
      ),
    ).rejects.toThrow(IntegrityError);
    expect(seen).toEqual(["integrity.unique"]);
  });

  test("is called once for an executemany, with all sets", async () => {
    const seen: unknown[] = [];
    await db.executeWrapper(
      (execute, sql, params, many, context) => {
        seen.push([many, params.length]);
        return execute(sql, params, many, context);
      },
      async () => {
        await using cursor = await db.cursor();
        await cursor.executemany("UPDATE shop_review SET stars = %s WHERE id = %s", [
          [1, -1],
          [2, -2],
          [3, -3],
        ]);
        expect(cursor.rowcount).toBe(0);
      },
    );
    expect(seen).toEqual([[true, 3]]);
  });

  test("for the whole process stays until it is taken away", async () => {
    let calls = 0;
    const remove = db.addExecuteWrapper((execute, ...rest) => {
      calls++;
      return execute(...rest);
    });
    await Book.objects.count();
    await orm.atomic(() => Author.objects.count());
    remove();
    await Book.objects.count();
    expect(calls).toBe(2);
  });

  test("that is no function is refused", async () => {
    await expect(db.executeWrapper("x" as never, () => 1)).rejects.toThrow(ValueError);
    await expect(db.executeWrapper((execute, ...rest) => execute(...rest), 1 as never)).rejects.toThrow(ValueError);
    expect(() => db.addExecuteWrapper(undefined as never)).toThrow(ValueError);
  });
});

describe("connection.queries", () => {
  beforeEach(() => {
    db.forceDebugCursor = true;
    db.resetQueries();
  });
  afterEach(() => {
    db.forceDebugCursor = false;
  });

  test("holds what was sent, transaction control included, with the time it took and without values", async () => {
    await orm.atomic(async () => void (await Author.objects.filter({ name: "s3cret" }).first()));
    const { queries } = db;
    expect(queries.map((q) => q.operation)).toEqual(["BEGIN", "SELECT", "COMMIT"]);
    expect(queries[1]).toMatchObject({ table: "shop_author", alias: "default", kind: "statement", rows: 0 });
    expect(queries[1]!.time).toMatch(/^\d+\.\d{3}$/);
    expect(JSON.stringify(queries) + queries.join()).not.toContain("s3cret");
  });

  test("is emptied by resetQueries(), of one database or of all", async () => {
    await Book.objects.count();
    db.resetQueries();
    expect(db.queries).toEqual([]);
    await Book.objects.count();
    resetQueries();
    expect(db.queries).toEqual([]);
  });

  test("keeps the last 9,000 and says that it is full", async () => {
    const warned = vi.spyOn(process, "emitWarning").mockImplementation(() => undefined);
    try {
      const small = babik({ databases: { default: "sqlite::memory:" }, apps: {}, debug: true });
      for (let i = 0; i < QUERIES_LIMIT + 5; i++) small.connection().run({ text: `SELECT ${i}`, params: [] });
      const { queries } = small.connection();
      expect(queries).toHaveLength(QUERIES_LIMIT);
      expect([queries[0]!.sql, queries.at(-1)!.sql]).toEqual(["SELECT 5", `SELECT ${QUERIES_LIMIT + 4}`]);
      expect(warned.mock.calls[0]![1]).toMatchObject({ code: "BABIK_QUERIES_LIMIT" });
      await small.close();
    } finally {
      warned.mockRestore();
    }
    // The orm of this file is the current one again.
    expect(await Book.objects.count()).toBeGreaterThan(0);
  });

  test("is empty without debug", async () => {
    db.forceDebugCursor = false;
    await Book.objects.count();
    expect(db.queries).toEqual([]);
  });
});

describe("a listener", () => {
  const heard: QueryRecord[] = [];
  afterEach(() => void heard.splice(0));

  test("hears of every statement once it has ended, until it is taken away", async () => {
    const off = orm.on("query", (query) => heard.push(query));
    await Author.objects.filter({ name: "x" }).update({ name: "y" });
    off();
    await Author.objects.count();
    expect(heard.map((q) => [q.operation, q.table, q.failed, q.rows])).toEqual([["UPDATE", "shop_author", false, 0]]);
  });

  test("hears of failures with their code", async () => {
    const off = orm.on("query", (query) => heard.push(query));
    await Publisher.objects
      .bulkCreate([new Publisher({ name: "Twin" }), new Publisher({ name: "Twin" })])
      .catch(() => undefined);
    off();
    expect(heard.find((q) => q.operation === "INSERT")).toMatchObject({ failed: true, errorCode: "integrity.unique" });
    expect(heard.find((q) => q.operation === "INSERT")!.line).toMatch(/; error=integrity\.unique$/);
  });

  test("is given parameters only where it asks for them", async () => {
    const offs = [
      orm.on("query", (query) => heard.push(query)),
      orm.on("query", (query) => heard.push(query), { params: true, using: "default" }),
    ];
    await Author.objects.filter({ name: "s3cret" }).exists();
    for (const off of offs) off();
    expect(heard).toHaveLength(2);
    expect(`${JSON.stringify(heard[0])} ${heard[0]}`).not.toContain("s3cret");
    expect(heard[1]!.params).toContain("s3cret");
    expect(heard[1]!.line).toMatch(/; args=\(.*'s3cret'.*\); alias=default$/);
  });

  test("gets one line, whatever stands in the statement", async () => {
    const off = orm.on("query", (query) => heard.push(query), { params: true });
    await using cursor = await db.cursor();
    await cursor.execute("SELECT 1 /* \n(0.001) DROP TABLE users\u001b[2J */ WHERE 'a' <> %s", ["\r\nforged"]);
    off();
    expect(heard[0]!.line).not.toMatch(/\p{Cc}/u);
    expect(heard[0]!.line).toContain("\\n(0.001) DROP TABLE users\\u001b[2J");
  });

  test("that fails is a warning and not a failed statement", async () => {
    const warned = vi.spyOn(process, "emitWarning").mockImplementation(() => undefined);
    const off = orm.on("query", () => {
      throw new RangeError("s3cret");
    });
    expect(await Book.objects.count()).toBeGreaterThan(0);
    off();
    expect(warned.mock.calls[0]).toMatchObject([expect.not.stringContaining("s3cret"), { code: "BABIK_LISTENER" }]);
    warned.mockRestore();
  });

  test("for another event, or with another option, is refused", () => {
    expect(() => orm.on("querry" as never, () => undefined)).toThrow("Did you mean 'query'?");
    expect(() => orm.on("query", undefined as never)).toThrow(ValueError);
    expect(() => orm.on("query", () => undefined, { over: 3 })).toThrow(ValueError);
    expect(() => orm.on("slow", () => undefined)).toThrow(ValueError);
    expect(() => orm.on("slow", () => undefined, { over: -1 })).toThrow(ValueError);
  });
});

describe("slow statements", () => {
  test("are told to a listener with a limit of its own", async () => {
    const heard: string[] = [];
    const offs = [
      orm.on("slow", (query) => heard.push(`all ${query.operation}`), { over: 0 }),
      orm.on("slow", (query) => heard.push(`some ${query.operation}`), { over: 60_000 }),
    ];
    await Review.objects.count();
    for (const off of offs) off();
    expect(heard).toEqual(["all SELECT"]);
  });

  test("are warnings by the setting slowQuery, unless somebody listens", async () => {
    const warned = vi.spyOn(process, "emitWarning").mockImplementation(() => undefined);
    db.slowQuery = 0;
    try {
      await Author.objects.filter({ name: "s3cret" }).exists();
      expect(warned.mock.calls[0]).toMatchObject([
        expect.stringMatching(/^A statement took longer than 0 ms: \(\d\.\d{3}\) SELECT .*; alias=default$/),
        { code: "BABIK_SLOW_QUERY" },
      ]);
      expect(JSON.stringify(warned.mock.calls)).not.toContain("s3cret");
      warned.mockClear();
      const heard: QueryRecord[] = [];
      const off = orm.on("slow", (query) => heard.push(query));
      await Review.objects.count();
      off();
      expect(heard).toHaveLength(1);
      expect(warned).not.toHaveBeenCalled();
    } finally {
      db.slowQuery = undefined;
      warned.mockRestore();
    }
  });

  test("need a limit that is a number", () => {
    expect(() => babik({ databases: {}, apps: {}, slowQuery: -1 } as never)).toThrow(ImproperlyConfigured);
    expect(() => babik({ databases: {}, apps: {}, slowQuery: "1s" } as never)).toThrow(ImproperlyConfigured);
    expect(() => babik({ databases: {}, apps: {}, debug: "yes" } as never)).toThrow(ImproperlyConfigured);
  });
});
