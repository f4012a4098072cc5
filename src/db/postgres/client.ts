/**
 * The part of `pg` that babik uses, declared here so that users without it can compile, and the making of its clients.
 * It must not know statements of queries.
 */
import { ImproperlyConfigured, OperationalError } from "../../base/errors.js";
import type { DatabaseSettings } from "../driver.js";
import type { ServerOptions } from "../server-options.js";
import { tlsFor } from "../tls.js";

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
  requestSsl(): void;
  cancel(processId: number | null, secretKey: number | null): void;
  readonly stream: { readonly bytesRead: number; destroy(error?: Error): void };
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
  const host = settings.host ?? "localhost";
  const client = new Client({
    host,
    port: settings.port ?? 5432,
    user: settings.user ?? "postgres",
    password: settings.password,
    database: settings.database,
    ssl: tlsFor(options.tls, host),
    connectionTimeoutMillis: options.connectTimeout,
    application_name: options.applicationName,
    keepAlive: true,
    types: undefined,
  });
  // Whoever stands between could ask for the password in clear, and pg would give it. A socket of the file system has nobody between.
  if (options.tls === false && !host.startsWith("/"))
    client.connection.on("authenticationCleartextPassword", () =>
      client.connection.stream.destroy(
        new OperationalError(
          "The server asked for the password in clear over a connection that is not encrypted. Set sslmode, or have the server ask for scram-sha-256.",
          "database.login",
        ),
      ),
    );
  const parameters = new Map<string, string>();
  client.connection.on("parameterStatus", (message) => parameters.set(message.parameterName, message.parameterValue));
  return { client, parameters };
}

/**
 * Asks the server, over a connection of its own, to stop what `client` is running. False where nobody took the request within two
 * seconds.
 */
export function cancelRunning(
  pg: PgModule,
  settings: DatabaseSettings,
  options: ServerOptions,
  client: PgClient,
): Promise<boolean> {
  return new Promise((resolve) => {
    const host = settings.host ?? "localhost";
    const tls = options.tls !== false;
    const wire = new pg.Connection({ ssl: tlsFor(options.tls, host) });
    const timer = setTimeout(() => done(false), 2000);
    function done(taken: boolean): void {
      clearTimeout(timer);
      wire.stream.destroy();
      resolve(taken);
    }
    // A refusal is an answer too.
    wire.on("error", () => done(true));
    wire.on("end", () => done(true));
    // The bare connection does not ask for TLS by itself.
    if (tls) wire.on("connect", () => wire.requestSsl());
    wire.on(tls ? "sslconnect" : "connect", () => wire.cancel(client.processID, client.secretKey));
    const port = settings.port ?? 5432;
    // pg takes a path in place of the port for sockets of the file system.
    if (host.startsWith("/")) wire.connect(`${host}/.s.PGSQL.${port}` as unknown as number, "");
    else wire.connect(port, host);
  });
}
