/**
 * PostgreSQL through `pg`: one connection, one statement at a time, rows as arrays, named statements per compiled query.
 * It must not know queries or models, and takes no part in pooling.
 */
import {
  ImproperlyConfigured,
  InterfaceError,
  NotSupportedError,
  OperationalError,
  ProgrammingError,
  TransactionManagementError,
} from "../../base/errors.js";
import type { DialectInfo } from "../../ast/seams.js";
import { cancellable, refuseAborted } from "../abort.js";
import { isReadOnlyServer } from "../classify/facts.js";
import { classifyPostgres } from "../classify/postgres.js";
import { makeDialect, parseVersion } from "../dialects.js";
import { refuseOld } from "../minimum-version.js";
import type {
  BeginOptions,
  DatabaseSettings,
  Driver,
  DriverConnection,
  RunOptions,
  RunResult,
  Statement,
} from "../driver.js";
import { isolationText } from "../isolation.js";
import { checkParams } from "../parameters.js";
import { answered, type Line, shorter } from "../patience.js";
import { readServerOptions, type ServerOptions } from "../server-options.js";
import { changesSession, scriptChangesSession, staysInSession } from "../session.js";
import {
  cancelRunning,
  loadPg,
  makeClient,
  type PgClient,
  type PgModule,
  type PgQueryConfig,
  type PgResult,
} from "./client.js";
import { typeParsers } from "./types.js";

/** Named statements kept per connection; the least recently used ones are given up. */
const MAX_NAMED = 500;

/** Makes the driver of one PostgreSQL database. */
export function postgresDriver(settings: DatabaseSettings): Driver {
  const options = readServerOptions("PostgreSQL", settings.options);
  if (
    !options.prepare &&
    (options.searchPath !== undefined || options.lockTimeout !== undefined || options.statementTimeout > 0)
  )
    throw new ImproperlyConfigured(
      "With prepare: false (a pooler between) settings of the session do not stay: set searchPath, lockTimeout and statementTimeout on the role or in the pooler.",
      "settings.pooler",
    );
  return {
    settings,
    embedded: false,
    ownSession: options.prepare,
    connect: () => PostgresConnection.open(settings, options),
    classify: classifyPostgres,
  };
}

class PostgresConnection implements DriverConnection {
  readonly dialect: DialectInfo;
  readonly #pg: PgModule;
  readonly #client: PgClient;
  /** Shared with the listeners that were there before the connection was. */
  readonly #state: { usable: boolean };
  readonly #settings: DatabaseSettings;
  readonly #options: ServerOptions;
  // Names in the order of their last use.
  readonly #named = new Map<string, string>();
  // Names whose plan no longer fits, found out inside a transaction that had failed by then.
  readonly #stale = new Set<string>();
  readonly #line: Line = {
    received: () => this.#client.connection.stream.bytesRead,
    hangUp: () => {
      this.#state.usable = false;
      this.#client.connection.stream.destroy();
    },
  };
  #closed = false;
  #cursors = 0;
  /** Whether the transaction was asked to be read-only. */
  #readOnly = false;
  #outdated = false;
  #sessionChanged = false;
  #resettable = true;

  private constructor(
    pg: PgModule,
    client: PgClient,
    state: { usable: boolean },
    dialect: DialectInfo,
    settings: DatabaseSettings,
    options: ServerOptions,
  ) {
    this.#pg = pg;
    this.#client = client;
    this.#state = state;
    this.dialect = dialect;
    this.#settings = settings;
    this.#options = options;
  }

  static async open(settings: DatabaseSettings, options: ServerOptions): Promise<PostgresConnection> {
    const pg = await loadPg();
    const { client, parameters } = makeClient(pg, settings, options);
    const state = { usable: true };
    // An 'error' without a listener would end the process; whoever waits for a statement is told by that statement.
    const gone = (): void => {
      state.usable = false;
    };
    client.on("error", gone);
    client.on("end", gone);
    try {
      await client.connect();
    } catch (error) {
      client.end().catch(() => undefined);
      throw classifyPostgres(error);
    }
    const dialect = makeDialect("postgres", parseVersion(parameters.get("server_version") ?? ""));
    const connection = new PostgresConnection(pg, client, state, dialect, settings, options);
    try {
      refuseOld(dialect);
      await connection.#begun();
    } catch (error) {
      await connection.close();
      throw error;
    }
    return connection;
  }

  get usable(): boolean {
    return this.#state.usable;
  }

  get outdated(): boolean {
    return this.#outdated;
  }

  get inTransaction(): boolean | undefined {
    const status = this.#client.getTransactionStatus?.();
    return status === undefined || status === null ? undefined : status !== "I";
  }

  get sessionChanged(): boolean {
    return this.#sessionChanged;
  }

  get resettable(): boolean {
    return this.#resettable;
  }

  settle(): void {
    if (this.#sessionChanged) this.#resettable = false;
    this.#sessionChanged = false;
  }

  // The settings of the start-up message are the session's defaults: they come back.
  async reset(): Promise<void> {
    this.#named.clear();
    this.#stale.clear();
    const parsed = this.#client.connection.parsedStatements;
    for (const name of Object.keys(parsed)) delete parsed[name];
    await this.#simple("DISCARD ALL", this.#soon);
    await this.#begun();
    this.#sessionChanged = false;
  }

  // What the start-up message cannot say, or (the role) does not bring back after DISCARD ALL.
  async #begun(): Promise<void> {
    const { role } = this.#options;
    if (role !== undefined) {
      const text = "SELECT set_config('role', $1, false)";
      try {
        await this.#query({ text, values: [role], rowMode: "array", types: typeParsers });
      } catch (error) {
        throw this.#classify(error, text);
      }
    }
    for (const sql of this.#options.initCommand) await this.#simple(sql);
  }

  async run(statement: Statement, options?: RunOptions): Promise<RunResult> {
    const { text, params, handle } = statement;
    checkParams(params);
    if (handle === undefined) {
      if (!this.#options.prepare) refuseLasting(text);
      else if (!this.#sessionChanged) this.#sessionChanged = changesSession(text);
    }
    const signal = options?.signal;
    refuseAborted(signal);
    const name = handle !== undefined && this.#options.prepare ? handle.name : undefined;
    const preparing = name === undefined ? undefined : this.#remember(name, text);
    if (preparing !== undefined) await preparing;
    const config: PgQueryConfig =
      name === undefined
        ? { text, values: params, rowMode: "array", types: typeParsers }
        : { text, values: params, name, rowMode: "array", types: typeParsers };
    let result: PgResult;
    try {
      refuseAborted(signal);
      const sent = this.#query(config);
      result =
        signal === undefined
          ? await sent
          : await cancellable(
              sent,
              signal,
              () => this.#cancel(),
              () => this.#line.hangUp(),
            );
    } catch (error) {
      const stale = name !== undefined && isStalePlan(error);
      if (stale) await this.#forget([name]);
      if (!stale || this.inTransaction !== false) throw this.#classify(error, text);
      try {
        await this.#remember(name, text);
        result = await this.#query(config);
      } catch (again) {
        throw this.#classify(again, text);
      }
    }
    return {
      rows: result.rows,
      columns: options?.wantColumns ? result.fields.map((column) => column.name) : undefined,
      affected: result.rowCount ?? 0,
      lastInsertId: undefined,
    };
  }

  /** A cursor of the server's: other statements of the same transaction may run between two chunks. */
  async *stream(statement: Statement, chunkSize: number, options?: RunOptions): AsyncGenerator<unknown[][]> {
    const own = this.inTransaction === false;
    const cursor = `babik_cursor_${++this.#cursors}`;
    const size = chunkSize > 0 && Number.isSafeInteger(chunkSize) ? chunkSize : 2000;
    let finished = false;
    try {
      // All rows will be read, so the plan should be the best for all rows, not for the first ones.
      if (own) await this.#simple("BEGIN; SET LOCAL cursor_tuple_fraction = 1");
      const declare = `DECLARE ${cursor} NO SCROLL CURSOR FOR ${statement.text}`;
      await this.#fetch({ text: declare, params: statement.params }, options);
      for (;;) {
        const chunk = (await this.#fetch({ text: `FETCH FORWARD ${size} FROM ${cursor}`, params: [] }, options)).rows;
        if (chunk.length > 0) yield chunk;
        if (chunk.length < size) break;
      }
      finished = true;
    } finally {
      await this.#endStream(cursor, own, finished);
    }
  }

  async script(text: string): Promise<void> {
    if (this.#options.prepare) this.#sessionChanged ||= scriptChangesSession(text);
    else refuseLasting(text);
    await this.#simple(text);
  }

  async begin(options?: BeginOptions): Promise<void> {
    let text = "BEGIN";
    // Behind a pooler the session has no default of ours.
    const pooled = this.#options.prepare ? undefined : this.#options.isolation;
    const isolation = options?.isolation === undefined ? pooled : options.isolation;
    if (isolation !== undefined) text += ` ISOLATION LEVEL ${isolationText(isolation)}`;
    if (options?.readOnly === true) text += " READ ONLY";
    if (options?.deferrable === true) text += " DEFERRABLE";
    this.#readOnly = options?.readOnly === true;
    await this.#simple(text, this.#soon);
    if (options?.constraintChecks === false) await this.#simple("SET CONSTRAINTS ALL DEFERRED");
  }

  async commit(): Promise<void> {
    const { command } = await this.#simple("COMMIT");
    // The server answers so, without an error, where a statement of the transaction had failed.
    if (command === "ROLLBACK")
      throw new TransactionManagementError(
        "PostgreSQL rolled the transaction back instead of committing it, because one of its statements had failed.",
        "transaction.rolled_back",
      );
  }

  async rollback(): Promise<void> {
    await this.#simple("ROLLBACK", this.#soon);
  }

  async checkConstraints(): Promise<void> {
    await this.#simple("SET CONSTRAINTS ALL IMMEDIATE");
    await this.#simple("SET CONSTRAINTS ALL DEFERRED");
  }

  async ping(): Promise<boolean> {
    if (!this.#state.usable) return false;
    try {
      await this.#simple("SELECT 1", this.#soon);
      return this.#state.usable;
    } catch {
      return (this.#state.usable = false);
    }
  }

  hold(on: boolean): void {
    if (on) this.#client.ref();
    else this.#client.unref();
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#state.usable = false;
    // A server that does not answer the farewell is not waited for.
    const timer = setTimeout(() => this.#client.connection.stream.destroy(), 1000);
    try {
      await this.#client.end();
    } catch {
      // It is closed either way.
    } finally {
      clearTimeout(timer);
    }
  }

  async #endStream(cursor: string, own: boolean, finished: boolean): Promise<void> {
    if (!this.#state.usable) return;
    try {
      if (own) await this.#simple(finished ? "COMMIT" : "ROLLBACK");
      else if (this.#client.getTransactionStatus?.() === "T") await this.#simple(`CLOSE ${cursor}`);
    } catch (error) {
      // The rows were given already; a connection in an unknown state must not serve anybody else.
      if (own) this.#state.usable = false;
      if (finished) throw error;
    }
  }

  // A statement of a cursor: what it does to the session is known.
  async #fetch(statement: Statement, options?: RunOptions): Promise<RunResult> {
    const before = this.#sessionChanged;
    this.#sessionChanged = true;
    try {
      return await this.run(statement, options);
    } finally {
      this.#sessionChanged = before;
    }
  }

  #classify(error: unknown, text: string): Error {
    const classified = classifyPostgres(error, text);
    if (isReadOnlyServer(classified) && !this.#readOnly) this.#outdated = true;
    return classified;
  }

  // What costs the server nothing is answered as fast as a login.
  get #soon(): number {
    return shorter(this.#options.connectTimeout, this.#options.statementTimeout);
  }

  async #simple(text: string, limit?: number): Promise<PgResult> {
    try {
      return await this.#query({ text, rowMode: "array", types: typeParsers }, limit);
    } catch (error) {
      throw this.#classify(error, text);
    }
  }

  #cancel(): Promise<boolean> {
    return cancelRunning(this.#pg, this.#settings, this.#options, this.#client);
  }

  #query(config: PgQueryConfig, limit = this.#options.statementTimeout): Promise<PgResult> {
    return answered(this.#sent(config), limit, this.#line);
  }

  #sent(config: PgQueryConfig): Promise<PgResult> {
    return new Promise((resolve, reject) => {
      if (!this.#state.usable) {
        reject(
          this.#closed
            ? new InterfaceError("This connection to PostgreSQL was closed.", "database.closed")
            : new OperationalError("The connection to the database was lost.", "database.connection_lost"),
        );
        return;
      }
      this.#client.query(
        new this.#pg.Query(config, undefined, (error, result) => {
          if (error === null || error === undefined) resolve(result);
          else reject(error);
        }),
      );
    });
  }

  // A promise only where the server has to be told something first.
  #remember(name: string, text: string): Promise<void> | undefined {
    const known = this.#named.get(name);
    if (known !== undefined && known !== text)
      throw new ProgrammingError(
        "Two statements have the same name; names of handles must be unique.",
        "database.handle",
      );
    this.#named.delete(name);
    this.#named.set(name, text);
    if (this.#stale.has(name)) return this.#forget([name]).then(() => void this.#named.set(name, text));
    return this.#named.size > MAX_NAMED ? this.#forget([...this.#named.keys()].slice(0, 50)) : undefined;
  }

  async #forget(names: readonly string[]): Promise<void> {
    for (const name of names) {
      this.#named.delete(name);
      const parsed = this.#client.connection.parsedStatements;
      if (!Object.hasOwn(parsed, name)) continue;
      // In a failed transaction nothing can be said to the server: the name is given up when it is wanted again.
      if (this.#client.getTransactionStatus?.() === "E") {
        this.#stale.add(name);
        continue;
      }
      this.#stale.delete(name);
      delete parsed[name];
      await this.#simple(`DEALLOCATE "${name.replaceAll('"', '""')}"`).catch(() => undefined);
    }
  }
}

/** Behind a pooler a session belongs to everybody: what one leaves in it, strangers meet. */
function refuseLasting(text: string): void {
  const stays = staysInSession(text);
  if (stays === undefined) return;
  throw new NotSupportedError(
    `With prepare: false (a pooler between) the session of the server is shared, and ${stays.what} would stay in it for others. Use ${stays.instead}.`,
    "database.pooled_session",
    { statement: text },
  );
}

/** The plan of a named statement no longer fits the tables (0A000), or the server does not know the name any more (26000). */
function isStalePlan(error: unknown): boolean {
  if (typeof error !== "object" || error === null) return false;
  const { code, routine } = error as { code?: unknown; routine?: unknown };
  return code === "26000" || (code === "0A000" && routine === "RevalidateCachedQuery");
}
