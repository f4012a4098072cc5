/** Addresses of databases and their options. */
import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import { ImproperlyConfigured } from "../../../src/base/errors.js";
import { connectAll } from "../../../src/db/connections.js";
import { readServerOptions } from "../../../src/db/server-options.js";
import { readSqliteOptions } from "../../../src/db/sqlite/options.js";
import { type DatabaseConfig, readSettings } from "../../../src/db/urls.js";

describe("addresses", () => {
  test.each([
    ["sqlite:db.sqlite3", "db.sqlite3"],
    ["sqlite::memory:", ":memory:"],
    ["sqlite:///srv/data/db.sqlite3", "/srv/data/db.sqlite3"],
    ["sqlite:/srv/db.sqlite3", "/srv/db.sqlite3"],
    ["sqlite:with%20space.db?timeout=10", "with space.db"],
  ])("%s is the file %s", (url, database) => {
    expect(readSettings(url)).toMatchObject({ driver: "sqlite", database });
  });

  test("all parts of a server's URL are read and decoded", () => {
    const settings = readSettings(
      "postgres://m%40x:p%2F%3A%40%23w@db.example.org:6432/shop%2D1?poolSize=5&sslmode=require",
    );
    expect(settings).toMatchObject({
      driver: "postgres",
      host: "db.example.org",
      port: 6432,
      user: "m@x",
      database: "shop-1",
      options: { poolSize: "5", sslmode: "require" },
    });
    expect(settings.password).toBe("p/:@#w");
    expect(readSettings("mariadb://root@127.0.0.1/x").driver).toBe("mysql");
    expect(readSettings("mysql://root@[::1]/x").host).toBe("::1");
    expect(readSettings("postgres://u@%2Fvar%2Frun/x").host).toBe("/var/run");
  });

  test("an object says the same as a URL", () => {
    expect(
      readSettings({ driver: "mariadb", host: "h", port: 3307, user: "u", password: "p", database: "d" }),
    ).toMatchObject({
      driver: "mysql",
      host: "h",
      port: 3307,
      user: "u",
      database: "d",
    });
    expect(readSettings({ url: "sqlite:x.db", options: { timeout: 1 } }).options).toEqual({ timeout: 1 });
  });

  test.each<[string, unknown]>([
    ["no scheme", "user:canary@host/db"],
    ["an unknown scheme", "oracle://user:canary@host/db"],
    ["a URL that cannot be read", "postgres://user:canary@host:port/db"],
    ["no database", "postgres://user:canary@host"],
    ["a bad escape", "postgres://user:canary%zz@host/db"],
    ["an option given twice", "postgres://user:canary@host/db?poolSize=1&poolSize=2"],
    ["a NUL", "sqlite:a%00b"],
    ["an empty file", "sqlite:"],
    ["a number", 5],
    ["an unknown driver", { driver: "oracle", database: "x", password: "canary" }],
    ["an unknown key", { driver: "postgres", database: "x", pasword: "canary" }],
    ["a bad port", { driver: "postgres", database: "x", port: 70_000, password: "canary" }],
    ["a password that is no text", { driver: "postgres", database: "x", password: { canary: 1 } }],
    ["a URL beside other keys", { url: "postgres://u@h/x", password: "canary" }],
  ])("%s is refused without showing the password", (_, config) => {
    let error: unknown;
    try {
      readSettings(config as DatabaseConfig);
    } catch (e) {
      error = e;
    }
    expect(error).toBeInstanceOf(ImproperlyConfigured);
    expect(inspect(error, { depth: 5, showHidden: true })).not.toContain("canary");
  });

  test("printed settings do not show the password", () => {
    const settings = readSettings("postgres://u:canary@h/x");
    expect(inspect(settings)).not.toContain("canary");
    expect(JSON.stringify(settings)).not.toContain("canary");
  });
});

describe("options", () => {
  test("host, user and prototype keys cannot be slipped in as options", () => {
    for (const query of [
      "host=evil",
      "user=root",
      "__proto__[ssl]=0",
      "__proto__=1",
      "multipleStatements=1",
      "constructor=1",
    ])
      expect(() => connectAll({ default: `postgres://u@h/x?${query}` })).toThrow(ImproperlyConfigured);
    for (const query of ["nolock=1", "__proto__=1", "mode=memory"])
      expect(() => connectAll({ default: `sqlite:x.db?${query}` })).toThrow(ImproperlyConfigured);
  });

  test("values are checked, and the nearest name is told", () => {
    expect(() => readServerOptions("PostgreSQL", { poolsize: 3 })).toThrow("Did you mean 'poolSize'?");
    expect(() => readServerOptions("PostgreSQL", { poolSize: 0 })).toThrow(ImproperlyConfigured);
    expect(() => readServerOptions("PostgreSQL", { poolSize: "1.5" })).toThrow(ImproperlyConfigured);
    expect(() => readServerOptions("PostgreSQL", { isolation: "chaos" })).toThrow(ImproperlyConfigured);
    expect(readServerOptions("PostgreSQL", { poolSize: "3", prepare: "false" })).toMatchObject({
      poolSize: 3,
      prepare: false,
    });
  });

  test("TLS checks the certificate unless told not to", () => {
    expect(readServerOptions("x", {}).tls).toBe(false);
    expect(readServerOptions("x", { sslmode: "require" }).tls).toEqual({ rejectUnauthorized: true });
    expect(readServerOptions("x", { ssl: "true" }).tls).toEqual({ rejectUnauthorized: true });
    expect(readServerOptions("x", { sslmode: "no-verify" }).tls).toEqual({ rejectUnauthorized: false });
    expect(readServerOptions("x", { ssl: { ca: "…" } }).tls).toEqual({ rejectUnauthorized: true, ca: "…" });
    expect(() => readServerOptions("x", { sslmode: "prefer" })).toThrow(ImproperlyConfigured);
  });

  test("pragmas come from a list, with words and numbers as values", () => {
    expect(readSqliteOptions({ pragmas: { cache_size: -64_000, synchronous: "NORMAL" } }).pragmas).toEqual([
      ["cache_size", "-64000"],
      ["synchronous", "NORMAL"],
    ]);
    expect(() => readSqliteOptions({ pragmas: { writable_schema: 1 } })).toThrow(ImproperlyConfigured);
    expect(() => readSqliteOptions({ pragmas: { cache_size: "1; DROP TABLE x" } })).toThrow(ImproperlyConfigured);
    expect(() => readSqliteOptions({ journalMode: "wal; DROP TABLE x" })).toThrow(ImproperlyConfigured);
  });

  test("an alias that is no word, or unknown, is refused", () => {
    expect(() => connectAll({ "a b": "sqlite::memory:" })).toThrow(ImproperlyConfigured);
    expect(() => connectAll({ default: "sqlite::memory:" }).get("defualt")).toThrow("Did you mean 'default'?");
    expect(() => connectAll({ default: "sqlite::memory:" }).get("constructor")).toThrow(ImproperlyConfigured);
  });
});
