/**
 * The databases of a configuration, by alias. Nothing is registered anywhere: who connects holds the result.
 * It must not know models or routers.
 */
import { ImproperlyConfigured, suggest } from "../base/errors.js";
import { Database } from "./connection.js";
import type { DatabaseSettings, Driver } from "./driver.js";
import { mysqlDriver } from "./mysql/driver.js";
import { postgresDriver } from "./postgres/driver.js";
import { type PoolOptions, readServerOptions } from "./server-options.js";
import { sqliteDriver } from "./sqlite/driver.js";
import { type DatabaseConfig, readSettings } from "./urls.js";

/** Databases by alias; `default` is the one used when none is named. */
export type DatabasesConfig = Readonly<Record<string, DatabaseConfig>>;

/** The name of the database that is used when none is named. */
export const DEFAULT_ALIAS = "default";

const embeddedPool: PoolOptions = {
  poolSize: 1,
  acquireTimeout: 30_000,
  idleTimeout: 0,
  maxLifetime: 0,
  pingAfter: 0,
  holdWarning: 0,
};

/** The driver for settings, by their kind. */
export function makeDriver(settings: DatabaseSettings): Driver {
  if (settings.driver === "sqlite") return sqliteDriver(settings);
  return settings.driver === "postgres" ? postgresDriver(settings) : mysqlDriver(settings);
}

/** A database over a driver of one's own, as tests do with a fake. */
export function openDatabase(alias: string, driver: Driver): Database {
  const pool = driver.embedded ? embeddedPool : readServerOptions("The database", driver.settings.options);
  return new Database(alias, driver, pool);
}

/** The databases of one configuration. */
export class Connections {
  readonly #databases: ReadonlyMap<string, Database>;

  constructor(databases: ReadonlyMap<string, Database>) {
    this.#databases = databases;
  }

  /** All aliases, in the order of the configuration. */
  get aliases(): readonly string[] {
    return [...this.#databases.keys()];
  }

  /** The database of that alias. @throws ImproperlyConfigured `settings.alias` */
  get(alias: string = DEFAULT_ALIAS): Database {
    const found = this.#databases.get(alias);
    if (typeof alias !== "string")
      throw new ImproperlyConfigured("The alias of a database is a text, such as 'default'.", "settings.alias");
    if (found === undefined)
      throw new ImproperlyConfigured(
        `There is no database '${alias}' in the configuration.${suggest(alias, this.#databases.keys())}`,
        "settings.alias",
      );
    return found;
  }

  has(alias: string): boolean {
    return this.#databases.has(alias);
  }

  [Symbol.iterator](): IterableIterator<Database> {
    return this.#databases.values();
  }

  /** Ends all connections of all databases. */
  async close(): Promise<void> {
    await Promise.all([...this.#databases.values()].map((database) => database.close()));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/**
 * Reads a configuration; connections are made when they are needed.
 * @example const connections = connectAll({ default: "sqlite:db.sqlite3", replica: "postgres://…" })
 * @throws ImproperlyConfigured for addresses or options that cannot be used
 */
export function connectAll(config: DatabasesConfig): Connections {
  const databases = new Map<string, Database>();
  for (const [alias, address] of Object.entries(config)) {
    if (!/^[A-Za-z_][A-Za-z0-9_-]*$/.test(alias) || alias === "__proto__")
      throw new ImproperlyConfigured(
        "The alias of a database is a word of letters, digits, - and _.",
        "settings.alias",
      );
    databases.set(alias, openDatabase(alias, makeDriver(readSettings(address))));
  }
  return new Connections(databases);
}
