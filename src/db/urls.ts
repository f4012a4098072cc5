/**
 * Addresses of databases, as URLs or objects, turned into settings. Nothing of an address that could be a password ever
 * stands in a message. It must not know drivers.
 */
import { ImproperlyConfigured, suggest } from "../base/errors.js";
import type { DatabaseSettings } from "./driver.js";

/** Settings given as an object instead of a URL. */
export interface DatabaseObject {
  readonly driver: "sqlite" | "postgres" | "postgresql" | "mysql" | "mariadb";
  readonly database?: string | undefined;
  readonly host?: string | undefined;
  readonly port?: number | undefined;
  readonly user?: string | undefined;
  readonly password?: string | undefined;
  readonly options?: Readonly<Record<string, unknown>> | undefined;
}

/** A database in a configuration: a URL, an object, or a URL with further options. */
export type DatabaseConfig =
  | string
  | DatabaseObject
  | { readonly url: string; readonly options?: Readonly<Record<string, unknown>> | undefined };

const schemes = new Map<string, DatabaseSettings["driver"]>([
  ["sqlite", "sqlite"],
  ["sqlite3", "sqlite"],
  ["file", "sqlite"],
  ["postgres", "postgres"],
  ["postgresql", "postgres"],
  ["mysql", "mysql"],
  ["mariadb", "mysql"],
]);
const objectKeys = ["driver", "database", "host", "port", "user", "password", "options", "url"];

/**
 * Reads `sqlite:file`, `sqlite::memory:`, `postgres://user:password@host:port/name?option=value`, `mysql://…`,
 * `mariadb://…` or an object. A file name is relative to the working directory; a socket's folder is written as host
 * (`postgres://user@%2Fvar%2Frun%2Fpostgresql/name`).
 * @throws ImproperlyConfigured for anything else; the message never shows the address
 */
export function readSettings(config: DatabaseConfig): DatabaseSettings {
  if (typeof config === "string") return fromUrl(config, {});
  if (typeof config !== "object" || config === null) throw notAnAddress();
  for (const key of Object.keys(config))
    if (!objectKeys.includes(key))
      throw new ImproperlyConfigured(`A database has no setting '${key}'.${suggest(key, objectKeys)}`, "settings.key");
  const options = Object.hasOwn(config, "options") ? (config.options ?? {}) : {};
  if (Object.hasOwn(config, "url") && "url" in config) {
    const extra = Object.keys(config).find((key) => key !== "url" && key !== "options");
    if (extra !== undefined)
      throw new ImproperlyConfigured(
        `'${extra}' is given beside 'url'; write it in the URL, or give no URL.`,
        "settings.key",
      );
    return fromUrl(config.url, options);
  }
  return fromObject(config as DatabaseObject, options);
}

function fromObject(config: DatabaseObject, options: Readonly<Record<string, unknown>>): DatabaseSettings {
  const driver = schemes.get(String(config.driver));
  if (driver === undefined)
    throw new ImproperlyConfigured(
      `babik has no driver '${String(config.driver)}'. Choices are: sqlite, postgres, mysql, mariadb.`,
      "settings.driver",
    );
  for (const key of ["database", "host", "user", "password"] as const) {
    const value = config[key];
    if (value !== undefined && (typeof value !== "string" || value.includes("\0")))
      throw new ImproperlyConfigured(`The setting '${key}' of a database must be a text.`, "settings.value");
  }
  if (config.port !== undefined && !(Number.isInteger(config.port) && config.port > 0 && config.port < 65_536))
    throw new ImproperlyConfigured(
      "The setting 'port' of a database must be a number from 1 to 65535.",
      "settings.value",
    );
  if (driver === "sqlite" && config.database === undefined) throw noName();
  return make(driver, config, config.database ?? "", options);
}

function fromUrl(url: string, given: Readonly<Record<string, unknown>>): DatabaseSettings {
  if (typeof url !== "string") throw notAnAddress();
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(url)?.[1]?.toLowerCase();
  const driver = scheme === undefined ? undefined : schemes.get(scheme);
  if (scheme === undefined || driver === undefined) throw notAnAddress(scheme);
  return driver === "sqlite" ? fromSqliteUrl(url.slice(scheme.length + 1), given) : fromServerUrl(url, driver, given);
}

function fromSqliteUrl(rest: string, given: Readonly<Record<string, unknown>>): DatabaseSettings {
  const mark = rest.indexOf("?");
  let file = mark < 0 ? rest : rest.slice(0, mark);
  // Two slashes open an (empty) host, a third one an absolute path: sqlite:///srv/db.sqlite3.
  if (file.startsWith("//")) file = file.slice(2);
  file = decode(file, "file name");
  if (file === "" || file.includes("\0")) throw noName();
  const options = readQuery(mark < 0 ? "" : rest.slice(mark + 1), given);
  return make("sqlite", {}, file, options);
}

function fromServerUrl(
  text: string,
  driver: "postgres" | "mysql",
  given: Readonly<Record<string, unknown>>,
): DatabaseSettings {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    // The parser's own error quotes the whole address.
    throw new ImproperlyConfigured(
      "The URL of a database cannot be read. It has the form postgres://user:password@host:port/name; special characters of the password are written percent-encoded.",
      "settings.url",
    );
  }
  const database = decode(url.pathname.replace(/^\//, ""), "database name");
  if (database === "") throw noName();
  const host = decode(url.hostname, "host").replace(/^\[(.*)\]$/, "$1");
  return make(
    driver,
    {
      host: host === "" ? undefined : host,
      port: url.port === "" ? undefined : Number(url.port),
      user: url.username === "" ? undefined : decode(url.username, "user"),
      password: url.password === "" ? undefined : decode(url.password, "password"),
    },
    database,
    readQuery(url.search.replace(/^\?/, ""), given),
  );
}

function readQuery(query: string, given: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const options = new Map<string, unknown>(Object.entries(given));
  for (const [name, value] of new URLSearchParams(query)) {
    if (options.has(name))
      throw new ImproperlyConfigured(`The database option '${name.slice(0, 40)}' is given twice.`, "settings.option");
    options.set(name, value);
  }
  return Object.fromEntries(options);
}

function decode(text: string, what: string): string {
  let out: string;
  try {
    out = decodeURIComponent(text);
  } catch {
    throw new ImproperlyConfigured(
      `The ${what} in the URL of a database is not percent-encoded correctly: a % sign is written %25.`,
      "settings.url",
    );
  }
  if (out.includes("\0"))
    throw new ImproperlyConfigured(`The ${what} in the URL of a database holds a NUL.`, "settings.url");
  return out;
}

function make(
  driver: DatabaseSettings["driver"],
  server: Pick<DatabaseSettings, "host" | "port" | "user" | "password">,
  database: string,
  options: Readonly<Record<string, unknown>>,
): DatabaseSettings {
  const settings = {
    driver,
    host: server.host,
    port: server.port,
    user: server.user,
    database,
    options: Object.freeze({ ...options }),
  };
  // Not enumerable: printing or serialising the settings does not show it.
  Object.defineProperty(settings, "password", { value: server.password, enumerable: false });
  return Object.freeze(settings);
}

function noName(): ImproperlyConfigured {
  return new ImproperlyConfigured(
    "The address of a database names no database. Write sqlite:db.sqlite3, sqlite::memory: or postgres://user:password@host/name.",
    "settings.no_database",
  );
}

function notAnAddress(scheme?: string): ImproperlyConfigured {
  const known = ["sqlite:", "postgres://", "mysql://", "mariadb://"];
  // Only a word that looks like a scheme is repeated: `user:password@…` without a scheme must not be.
  const shown =
    scheme !== undefined && /^[a-z+]{2,12}$/.test(scheme) && /sql|data|mongo|oracle|redis|http/.test(scheme);
  return new ImproperlyConfigured(
    `The address of a database begins with one of ${known.join(", ")}${shown ? `; '${scheme}:' is not known` : ""}.`,
    "settings.url",
  );
}
