/**
 * The options that PostgreSQL and MariaDB/MySQL share: time limits, TLS, preparing, the pool.
 * It must not know drivers.
 */
import { ImproperlyConfigured } from "../base/errors.js";
import { boolean, checkNames, keyword, statements, text, whole, wrong } from "./option-values.js";

/** Limits of a pool of connections; times in milliseconds. */
export interface PoolOptions {
  /** Most connections at once. */
  readonly poolSize: number;
  /** How long a caller waits for a free connection. */
  readonly acquireTimeout: number;
  /** How long an unused connection is kept. */
  readonly idleTimeout: number;
  /** How old a connection may grow before it is replaced when it is given back; 0 for no limit. */
  readonly maxLifetime: number;
  /** Connections that were idle for longer are asked whether the server is still there before they are used. */
  readonly pingAfter: number;
  /** How long a caller may hold a connection before a warning names it and where it was asked for; 0 for never. */
  readonly holdWarning: number;
}

/** How TLS is used: not at all, or with these options of Node's `tls.connect`. */
export type TlsOptions = false | Readonly<Record<string, unknown>>;

/** Options of a database server as the drivers use them. */
export interface ServerOptions extends PoolOptions {
  readonly connectTimeout: number;
  /** Longest time of one statement on the server; 0 for no limit. */
  readonly statementTimeout: number;
  readonly lockTimeout: number | undefined;
  /** Named prepared statements; off behind a pooler that hands out another server connection per transaction. */
  readonly prepare: boolean;
  readonly tls: TlsOptions;
  readonly applicationName: string | undefined;
  /** What each session begins with, and has again after it was reset. */
  readonly initCommand: readonly string[];
  /** The role that sessions take on (PostgreSQL). */
  readonly role: string | undefined;
  /** `search_path` (PostgreSQL). */
  readonly searchPath: string | undefined;
  readonly isolation: "read uncommitted" | "read committed" | "repeatable read" | "serializable" | undefined;
}

const names = [
  "poolSize",
  "acquireTimeout",
  "idleTimeout",
  "maxLifetime",
  "pingAfter",
  "holdWarning",
  "connectTimeout",
  "statementTimeout",
  "lockTimeout",
  "prepare",
  "ssl",
  "sslmode",
  "applicationName",
  "application_name",
  "searchPath",
  "initCommand",
  "role",
  "isolation",
];
const tlsNames = [
  "ca",
  "cert",
  "key",
  "passphrase",
  "servername",
  "rejectUnauthorized",
  "minVersion",
  "maxVersion",
  "ciphers",
];

/**
 * Reads and checks the options of a server's settings.
 * @throws ImproperlyConfigured for a name or value that is not known
 */
export function readServerOptions(database: string, given: Readonly<Record<string, unknown>>): ServerOptions {
  checkNames(database, given, names);
  const read = (name: string): unknown => (Object.hasOwn(given, name) ? given[name] : undefined);
  const poolSize = whole("poolSize", read("poolSize"), 10);
  if (poolSize < 1) throw wrong("poolSize", "a whole number from 1 up");
  const prepare = boolean("prepare", read("prepare"), true);
  for (const name of ["initCommand", "role"])
    if (!prepare && read(name) !== undefined)
      throw new ImproperlyConfigured(
        `The database option '${name}' does not go with prepare: false: behind a pooler, sessions belong to others too. Set it for the user or the database on the server.`,
        "settings.option",
      );
  if (database === "MariaDB")
    for (const name of ["role", "searchPath", "applicationName", "application_name"])
      if (read(name) !== undefined)
        throw new ImproperlyConfigured(
          `MariaDB and MySQL have no option '${name}': it is one of PostgreSQL.`,
          "settings.option",
        );
  return {
    poolSize,
    acquireTimeout: whole("acquireTimeout", read("acquireTimeout"), 30_000),
    idleTimeout: whole("idleTimeout", read("idleTimeout"), 60_000),
    maxLifetime: whole("maxLifetime", read("maxLifetime"), 1_800_000),
    pingAfter: whole("pingAfter", read("pingAfter"), 30_000),
    holdWarning: whole("holdWarning", read("holdWarning"), 0),
    connectTimeout: whole("connectTimeout", read("connectTimeout"), 10_000),
    statementTimeout: whole("statementTimeout", read("statementTimeout"), 0),
    lockTimeout: read("lockTimeout") === undefined ? undefined : whole("lockTimeout", read("lockTimeout"), 0),
    prepare,
    tls: readTls(read("ssl"), read("sslmode")),
    applicationName: text("applicationName", read("applicationName") ?? read("application_name")),
    searchPath: text("searchPath", read("searchPath")),
    initCommand: statements("initCommand", read("initCommand")),
    role: text("role", read("role")),
    isolation:
      read("isolation") === undefined
        ? undefined
        : keyword(
            "isolation",
            read("isolation"),
            ["read uncommitted", "read committed", "repeatable read", "serializable"],
            "read committed",
          ),
  };
}

// TLS, once asked for, checks the server's certificate and name. Encrypting without checking has to be said: `no-verify`.
function readTls(ssl: unknown, mode: unknown): TlsOptions {
  if (mode !== undefined) {
    const known = keyword("sslmode", mode, ["disable", "require", "verify-ca", "verify-full", "no-verify"], "disable");
    if (known === "disable") return false;
    // As with libpq: the certificate has to be signed by the authority, whatever name stands in it.
    const anyName = known === "verify-ca" ? { checkServerIdentity: () => undefined } : {};
    return { rejectUnauthorized: known !== "no-verify", ...anyName, ...objectOf(ssl) };
  }
  if (typeof ssl === "object" && ssl !== null) return { rejectUnauthorized: true, ...objectOf(ssl) };
  return boolean("ssl", ssl, false) ? { rejectUnauthorized: true } : false;
}

function objectOf(ssl: unknown): Record<string, unknown> {
  if (typeof ssl !== "object" || ssl === null) return {};
  checkNames("TLS", ssl as Record<string, unknown>, tlsNames);
  return Object.fromEntries(Object.entries(ssl));
}
