/**
 * Where the databases of a run are: SQLite in memory, and on the servers two databases of its own that are dropped at
 * the end. It must not know apps or models.
 */
import { randomBytes } from "node:crypto";
import type { Babik } from "./babik-api.js";
import type { DatabaseName } from "./format.js";

/** Environment variable and usual local address of each server. */
const SERVERS = {
  postgres: { variable: "BABIK_POSTGRES_URL", local: "postgres://postgres@127.0.0.1:5432/postgres" },
  mariadb: { variable: "BABIK_MARIADB_URL", local: "mariadb://root@127.0.0.1:3306/mysql" },
} as const;

/** All aliases that recorded states use. */
export const ALIASES = ["default", "other"] as const;

/** True where the environment names a server for the database; SQLite needs none. */
export function isNamed(database: DatabaseName): boolean {
  return database === "sqlite" || (process.env[SERVERS[database].variable] ?? "") !== "";
}

/** Names of the databases of a run start with this. */
export function runPrefix(): string {
  return `babik_conformance_${process.pid}_${randomBytes(3).toString("hex")}`;
}

/** The databases of one run. */
export class ServerDatabases {
  private readonly babik: Babik;
  private readonly made = new Map<string, string>();
  private readonly tables = new Set<string>();
  private readonly prefix: string;

  constructor(babik: Babik, prefix: string) {
    this.babik = babik;
    this.prefix = prefix;
  }

  /** Addresses by alias. The databases are made when first asked for. */
  async urls(database: DatabaseName, aliases: readonly string[]): Promise<Record<string, string>> {
    const out: Record<string, string> = {};
    for (const alias of aliases)
      out[alias] = database === "sqlite" ? "sqlite::memory:" : await this.url(database, alias);
    return out;
  }

  private async url(database: "postgres" | "mariadb", alias: string): Promise<string> {
    const key = `${database}/${alias}`;
    const known = this.made.get(key);
    if (known !== undefined) return known;
    const name = `${this.prefix}_${alias}`;
    const options =
      database === "postgres"
        ? "TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C.UTF-8' LC_CTYPE 'C.UTF-8'"
        : "CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci";
    await this.admin(database, `CREATE DATABASE ${name} ${options}`);
    const url = new URL(this.address(database));
    url.pathname = `/${name}`;
    this.made.set(key, url.href);
    return url.href;
  }

  private address(database: "postgres" | "mariadb"): string {
    const { variable, local } = SERVERS[database];
    const given = process.env[variable] ?? "";
    return given === "" ? local : given;
  }

  private async drop(database: "postgres" | "mariadb", name: string): Promise<void> {
    await this.admin(database, `DROP DATABASE IF EXISTS ${name}${database === "postgres" ? " WITH (FORCE)" : ""}`);
  }

  /** Runs one statement on the server's own database. Nothing stays open, so that the app's connections are the only ones. */
  private async admin(database: "postgres" | "mariadb", sql: string): Promise<unknown[][]> {
    const orm = this.babik.orm({ default: this.address(database) }, {});
    try {
      return await orm.rows("default", sql);
    } finally {
      await orm.close();
    }
  }

  /** True if an earlier app of this run made a table of that name; notes the name. */
  isStale(database: DatabaseName, alias: string, table: string): boolean {
    if (database === "sqlite") return false;
    const key = `${database}/${alias}/${table}`;
    const stale = this.tables.has(key);
    this.tables.add(key);
    return stale;
  }

  /** Drops what was made. */
  async close(): Promise<void> {
    for (const [key, href] of this.made) {
      const database = key.slice(0, key.indexOf("/")) as "postgres" | "mariadb";
      await this.drop(database, new URL(href).pathname.slice(1));
    }
  }

  /** Drops what an interrupted run of that prefix may have made. */
  async abandon(database: DatabaseName): Promise<void> {
    if (database === "sqlite") return;
    for (const alias of ALIASES) await this.drop(database, `${this.prefix}_${alias}`);
  }
}
