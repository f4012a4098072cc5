/**
 * Databases for tests: a fresh one per test file, on the database that the ring names. It knows the drivers only, not
 * babik, so that it works whatever state the connections of babik are in.
 */
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createConnection } from "mariadb";
import pg from "pg";
import { afterAll } from "vitest";

/** The databases that a ring can name in `BABIK_TEST_DB`. */
export type TestDatabaseKind = "sqlite" | "postgres" | "mariadb";

/** A database that nobody else uses. */
export interface TestDatabase {
  readonly kind: TestDatabaseKind;
  /** What babik is given, e.g. `sqlite::memory:` or `postgres://…/babik_test_1a2b`. */
  readonly url: string;
  /** Removes it, open connections or not. May be called twice. */
  drop(): Promise<void>;
}

/** The database this ring runs on; SQLite where no ring says otherwise. */
export const testKind: TestDatabaseKind = kindOf(process.env["BABIK_TEST_DB"] ?? "sqlite");

const serverUrl = process.env["BABIK_TEST_URL"] ?? "sqlite::memory:";

/** Whether a pooler in transaction mode stands before the server, so that no session is a program's own. */
export const testPooled = new URL(serverUrl).searchParams.get("prepare") === "false";

/** All databases of one run share this prefix, so that the end of the run can sweep away what a crashed file left. */
export function runPrefix(): string {
  return `babik_test_${process.env["BABIK_TEST_RUN"] ?? process.pid}_`;
}

/**
 * A fresh database for the calling test file, dropped after its last test.
 * Call it at the top of the file: `const database = await testDatabase();`
 */
export async function testDatabase(): Promise<TestDatabase> {
  const database = await createTestDatabase();
  afterAll(() => database.drop());
  return database;
}

/** A fresh database that the caller drops. SQLite: in memory, or a file of its own where `file` is true. */
export async function createTestDatabase(options: { readonly file?: boolean } = {}): Promise<TestDatabase> {
  if (testKind === "sqlite") return options.file === true ? sqliteFile() : sqliteMemory();
  const name = runPrefix() + randomBytes(6).toString("hex");
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  await onServer(testKind, serverUrl, async (run) => {
    if (testKind === "postgres") await createPostgres(run, name);
    else await run(`CREATE DATABASE \`${name}\` CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci`);
  });
  return { kind: testKind, url: url.href, drop: () => dropDatabase(testKind, serverUrl, name) };
}

/** Removes the databases whose names `which` accepts; gives those names. */
export async function dropDatabases(
  kind: TestDatabaseKind,
  url: string,
  which: (name: string) => boolean,
): Promise<string[]> {
  if (kind === "sqlite") return [];
  const names = await onServer(kind, url, (run) =>
    run(
      kind === "postgres"
        ? "SELECT datname AS name FROM pg_database"
        : "SELECT schema_name AS name FROM information_schema.schemata",
    ),
  );
  const left = names.map(({ name }) => String(name)).filter(which);
  for (const name of left) await dropDatabase(kind, url, name);
  return left;
}

type Run = (statement: string) => Promise<Record<string, unknown>[]>;

async function onServer<T>(kind: TestDatabaseKind, url: string, work: (run: Run) => Promise<T>): Promise<T> {
  if (kind === "postgres") {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    try {
      return await work(async (statement) => (await client.query<Record<string, unknown>>(statement)).rows);
    } finally {
      await client.end();
    }
  }
  const { hostname, port, username, password } = new URL(url);
  const connection = await createConnection({
    host: hostname,
    port: Number(port || 3306),
    user: decodeURIComponent(username),
    password: decodeURIComponent(password),
  });
  try {
    return await work(async (statement) => (await connection.query<Record<string, unknown>[]>(statement)) ?? []);
  } finally {
    await connection.end();
  }
}

// Text is ordered by code point where the system knows that locale, whatever the server's own is.
async function createPostgres(run: Run, name: string): Promise<void> {
  const create = `CREATE DATABASE "${name}" TEMPLATE template0 ENCODING 'UTF8'`;
  try {
    await run(`${create} LC_COLLATE 'C.UTF-8' LC_CTYPE 'C.UTF-8'`);
  } catch (error) {
    if (!(error instanceof Error) || !error.message.includes("locale")) throw error;
    await run(create);
  }
}

async function dropDatabase(kind: TestDatabaseKind, url: string, name: string): Promise<void> {
  await onServer(kind, url, async (run) => {
    if (kind === "postgres") await run(`DROP DATABASE IF EXISTS "${name}" WITH (FORCE)`);
    else {
      await endMariaDbConnections(run, name);
      await run(`DROP DATABASE IF EXISTS \`${name}\``);
    }
  });
}

// An open transaction on one of its tables would make DROP DATABASE wait for the length of a lock timeout.
async function endMariaDbConnections(run: Run, name: string): Promise<void> {
  const open = await run(`SELECT id FROM information_schema.processlist WHERE db = '${name}'`);
  for (const { id } of open)
    await run(`KILL CONNECTION ${String(id)}`).catch(() => {
      // It ended by itself between the two statements.
    });
}

function sqliteMemory(): TestDatabase {
  return { kind: "sqlite", url: "sqlite::memory:", drop: async () => {} };
}

function sqliteFile(): TestDatabase {
  const folder = mkdtempSync(join(tmpdir(), "babik-test-"));
  return {
    kind: "sqlite",
    url: `sqlite:${join(folder, "db.sqlite3")}`,
    drop: async () => rmSync(folder, { recursive: true, force: true }),
  };
}

function kindOf(name: string): TestDatabaseKind {
  if (name === "sqlite" || name === "postgres" || name === "mariadb") return name;
  throw new TypeError(`BABIK_TEST_DB is '${name}'. Choices are: sqlite, postgres, mariadb.`);
}
