/**
 * The part of `pg` that babik uses, declared here so that users without it can compile, and the making of its clients.
 * It must not know statements of queries.
 */
import { ImproperlyConfigured } from "../../base/errors.js";
import type { DatabaseSettings } from "../driver.js";
import type { ServerOptions } from "../server-options.js";

/** A finished query of `pg`. */
export interface PgResult {
  readonly command: string;
  readonly rows: unknown[][];
  readonly rowCount: number | null;
  readonly fields: readonly { readonly name: string }[];
}

/** A query as `pg` takes it. */
export interface PgQueryConfig {
  readonly text: string;
  readonly values?: readonly unknown[];
  readonly name?: string;
  readonly rowMode: "array";
  readonly types: object;
}

/** A client: one connection. */
export interface PgClient {
  connect(): Promise<void>;
  query(query: object): unknown;
  end(): Promise<void>;
  on(event: string, listener: (...values: never[]) => void): void;
  ref(): void;
  unref(): void;
  getTransactionStatus?(): string | null;
  getStartupConf(): Record<string, string>;
  readonly processID: number | null;
  readonly secretKey: number | null;
  readonly connection: PgWire;
}

interface PgWire {
  on(event: string, listener: (message: { parameterName: string; parameterValue: string }) => void): void;
  connect(port: number, host: string): void;
  cancel(processId: number | null, secretKey: number | null): void;
  readonly stream: { destroy(): void };
  readonly parsedStatements: Record<string, string>;
}

/** The module. */
export interface PgModule {
  readonly Client: new (config: object) => PgClient;
  readonly Query: new (
    config: PgQueryConfig,
    values: undefined,
    callback: (error: Error | null, result: PgResult) => void,
  ) => object;
  readonly Connection: new (config: object) => PgWire;
}

/** Loads `pg`. @throws ImproperlyConfigured when it is not installed */
export async function loadPg(): Promise<PgModule> {
  try {
    const module = (await import("pg")) as unknown as { default: PgModule };
    return module.default;
  } catch (error) {
    throw new ImproperlyConfigured("PostgreSQL needs the package pg: npm install pg", "settings.driver_missing", {
      cause: error,
    });
  }
}

/** A client that is not connected yet, and the server's parameters as they will be told. */
export function makeClient(
  pg: PgModule,
  settings: DatabaseSettings,
  options: ServerOptions,
): { client: PgClient; parameters: Map<string, string> } {
  const startup: Record<string, string> = { DateStyle: "ISO, MDY", TimeZone: "UTC", client_encoding: "UTF8" };
  if (options.prepare) {
    // A pooler in front (the reason for `prepare: false`) may refuse start-up settings that it does not keep track of.
    startup["IntervalStyle"] = "postgres";
    startup["extra_float_digits"] = "1";
    startup["bytea_output"] = "hex";
    startup["standard_conforming_strings"] = "on";
    if (options.lockTimeout !== undefined) startup["lock_timeout"] = String(options.lockTimeout);
    if (options.searchPath !== undefined) startup["search_path"] = options.searchPath;
    if (options.isolation !== undefined) startup["default_transaction_isolation"] = options.isolation;
    if (options.statementTimeout > 0) startup["statement_timeout"] = String(options.statementTimeout);
  }
  class Client extends pg.Client {
    override getStartupConf(): Record<string, string> {
      return { ...super.getStartupConf(), ...startup };
    }
  }
  const client = new Client({
    host: settings.host ?? "localhost",
    port: settings.port ?? 5432,
    user: settings.user ?? "postgres",
    password: settings.password,
    database: settings.database,
    ssl: options.tls === false ? false : { ...options.tls },
    connectionTimeoutMillis: options.connectTimeout,
    application_name: options.applicationName,
    keepAlive: true,
    types: undefined,
  });
  const parameters = new Map<string, string>();
  client.connection.on("parameterStatus", (message) => parameters.set(message.parameterName, message.parameterValue));
  return { client, parameters };
}

/** Asks the server, over a connection of its own, to stop what `client` is running. Gives up silently after two seconds. */
export function cancelRunning(
  pg: PgModule,
  settings: DatabaseSettings,
  options: ServerOptions,
  client: PgClient,
): Promise<void> {
  return new Promise((resolve) => {
    const tls = options.tls !== false;
    const wire = new pg.Connection({ ssl: tls ? { ...options.tls } : false });
    const timer = setTimeout(done, 2000);
    function done(): void {
      clearTimeout(timer);
      wire.stream.destroy();
      resolve();
    }
    wire.on("error", done);
    wire.on("end", done);
    wire.on(tls ? "sslconnect" : "connect", () => wire.cancel(client.processID, client.secretKey));
    const host = settings.host ?? "localhost";
    const port = settings.port ?? 5432;
    // pg takes a path in place of the port for sockets of the file system.
    if (host.startsWith("/")) wire.connect(`${host}/.s.PGSQL.${port}` as unknown as number, "");
    else wire.connect(port, host);
  });
}
