/**
 * The part of the MariaDB connector that babik uses, declared here so that users without it can compile, and the making
 * of its connections. It must not know statements of queries.
 */
import { connect as connectSocket, type Socket } from "node:net";
import type { Readable } from "node:stream";
import { ImproperlyConfigured } from "../../base/errors.js";
import type { DatabaseSettings } from "../driver.js";
import type { ServerOptions } from "../server-options.js";
import { mariaTlsFor } from "../tls.js";

/** What a statement without rows gave. */
export interface OkPacket {
  readonly affectedRows: number;
  readonly insertId: bigint;
}

/** Rows with the columns hung on. */
export type RowPacket = unknown[][] & { readonly meta?: readonly { name(): string }[] };

/** Options of one command. */
export interface CommandOptions {
  readonly sql: string;
  readonly bigIntAsNumber: boolean;
}

/** A statement prepared by hand, for streaming. */
export interface MariaStatement {
  executeStream(values: readonly unknown[], options?: object): Readable & { close(): void };
  close(): void;
}

/** A connection of the connector. */
export interface MariaConnection {
  readonly threadId: number;
  readonly info: {
    readonly status: number;
    readonly serverVersion: { readonly raw: string; readonly mariaDb: boolean };
  };
  query(command: CommandOptions | string, values?: readonly unknown[]): Promise<RowPacket | OkPacket>;
  execute(command: CommandOptions, values: readonly unknown[]): Promise<RowPacket | OkPacket>;
  prepare(command: CommandOptions): Promise<MariaStatement>;
  queryStream(command: CommandOptions, values: readonly unknown[]): Readable & { close(): void };
  ping(): Promise<void>;
  /** Forgets the session: transaction, settings, temporary tables, locks, prepared statements. */
  reset(): Promise<void>;
  end(): Promise<void>;
  destroy(): void;
  isValid(): boolean;
  on(event: string, listener: (...values: never[]) => void): void;
}

interface MariaModule {
  createConnection(options: object): Promise<MariaConnection>;
}

// Strict: a value that does not fit its column is an error, not cut. Set whole, so that the server's default plays no part.
const SQL_MODE = "STRICT_TRANS_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION";

/** What every session begins with, and has again after a reset. */
export function sessionSql(options: ServerOptions): string[] {
  return [
    `SET time_zone = '+00:00', sql_mode = '${SQL_MODE}', sql_auto_is_null = 0` +
      (options.lockTimeout === undefined
        ? ""
        : `, innodb_lock_wait_timeout = ${Math.max(1, Math.ceil(options.lockTimeout / 1000))}`),
    `SET SESSION TRANSACTION ISOLATION LEVEL ${(options.isolation ?? "read committed").toUpperCase()}`,
  ];
}

/** A connection and its socket, which can be told not to keep the process alive. */
export interface OpenedConnection {
  readonly connection: MariaConnection;
  readonly socket: Socket | undefined;
}

/** Connects and sets the session up. @throws ImproperlyConfigured when the connector is not installed */
export async function openMaria(settings: DatabaseSettings, options: ServerOptions): Promise<OpenedConnection> {
  let module: MariaModule;
  try {
    module = (await import("mariadb")) as unknown as MariaModule;
  } catch (error) {
    throw new ImproperlyConfigured(
      "MariaDB and MySQL need the package mariadb: npm install mariadb",
      "settings.driver_missing",
      { cause: error },
    );
  }
  let socket: Socket | undefined;
  const host = settings.host ?? "localhost";
  const port = settings.port ?? 3306;
  const path = host.startsWith("/");
  const connection = await module.createConnection({
    host: path ? undefined : host,
    port,
    user: settings.user ?? "root",
    password: settings.password,
    database: settings.database === "" ? undefined : settings.database,
    // A socket of ours can be let go (unref) while the connection is idle; the connector has no word for that.
    stream: () => (socket = path ? connectSocket(host) : connectSocket({ host, port, noDelay: true, keepAlive: true })),
    ssl: mariaTlsFor(options.tls, path ? "localhost" : host),
    connectTimeout: options.connectTimeout,
    // MySQL 8 logs in with a key from the server; over TLS or a local socket nothing has to be fetched.
    allowPublicKeyRetrieval: false,
    permitLocalInfile: false,
    multipleStatements: false,
    charset: "utf8mb4",
    rowsAsArray: true,
    dateStrings: true,
    decimalAsNumber: false,
    bigIntAsNumber: false,
    checkNumberRange: true,
    insertIdAsNumber: false,
    autoJsonMap: false,
    jsonStrings: true,
    bitOneIsBoolean: false,
    foundRows: true,
    metaAsArray: false,
    trace: false,
    logParam: false,
    prepareCacheLength: options.prepare ? 256 : 0,
    initSql: sessionSql(options),
  });
  return { connection, socket };
}
