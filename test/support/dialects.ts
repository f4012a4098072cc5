/**
 * The three databases as plain records, for tests that need no connection.
 */
import { makeDialect } from "../../src/db/dialects.js";

export const sqlite = makeDialect("sqlite", [3, 46, 0]);
export const postgres = makeDialect("postgres", [15, 8]);
export const mariadb = makeDialect("mysql", [10, 11, 19], true);
/** A MariaDB from before its uuid type. */
export const oldMariadb = makeDialect("mysql", [10, 6, 5], true);
export const mysql = makeDialect("mysql", [8, 0, 36]);

/** The three, by the name shown in a test's title. */
export const databases = [
  ["SQLite", sqlite],
  ["PostgreSQL", postgres],
  ["MariaDB", mariadb],
] as const;
