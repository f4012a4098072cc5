/**
 * MariaDB and MySQL through the MariaDB connector: one connection, rows as arrays, the binary protocol for everything
 * with parameters. It must not know queries or models, and takes no part in pooling.
 */
import { DataError, InterfaceError, OperationalError } from "../../base/errors.js";
import type { DbParam, DialectInfo } from "../../ast/seams.js";
import { cancellable, refuseAborted } from "../abort.js";
import { isReadOnlyServer } from "../classify/facts.js";
import { classifyMysql } from "../classify/mysql.js";
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
import { checkParams, toBuffer } from "../parameters.js";
import { answered, type Line, shorter } from "../patience.js";
import { readServerOptions, type ServerOptions } from "../server-options.js";
import { changesSession } from "../session.js";
import {
  type CommandOptions,
  type MariaConnection,
  type OkPacket,
  openMaria,
  type OpenedConnection,
  type RowPacket,
  sessionSql,
} from "./client.js";
import { type RowSource, RowStream } from "./row-stream.js";
import { splitScript } from "./script.js";

const STATUS_IN_TRANSACTION = 1;
const NO_ROWS: unknown[][] = [];

/** Makes the driver of one MariaDB or MySQL database. */
export function mysqlDriver(settings: DatabaseSettings): Driver {
  const options = readServerOptions("MariaDB", settings.options);
  // Whether named time zones are loaded, and how long a message may be, is asked once per database, not per connection.
  const shared: ServerFacts = {};
  return {
    settings,
    embedded: false,
    connect: () => MysqlConnection.open(settings, options, shared),
    classify: classifyMysql,
  };
}

interface ServerFacts {
  namedTimeZones?: boolean;
  maxPacket?: number;
}

class MysqlConnection implements DriverConnection {
  readonly dialect: DialectInfo;
  readonly #connection: MariaConnection;
  readonly #opened: OpenedConnection;
  readonly #settings: DatabaseSettings;
  readonly #options: ServerOptions;
  readonly #line: Line = {
    received: () => this.#opened.socket?.bytesRead ?? 0,
    hangUp: () => {
      this.#usable = false;
      this.#opened.socket?.destroy();
    },
  };
  #stream: RowStream | undefined;
  #usable = true;
  #outdated = false;
  #closed = false;
  #sessionChanged = false;
  #resettable = true;

  private constructor(
    opened: OpenedConnection,
    dialect: DialectInfo,
    settings: DatabaseSettings,
    options: ServerOptions,
  ) {
    this.#opened = opened;
    this.#connection = opened.connection;
    this.dialect = dialect;
    this.#settings = settings;
    this.#options = options;
    // An 'error' without a listener would end the process; whoever waits for a statement is told by that statement.
    this.#connection.on("error", () => (this.#usable = false));
    this.#connection.on("end", () => (this.#usable = false));
  }

  static async open(settings: DatabaseSettings, options: ServerOptions, shared: ServerFacts): Promise<MysqlConnection> {
    let opened: OpenedConnection | undefined;
    try {
      opened = await openMaria(settings, options);
      const { raw, mariaDb } = opened.connection.info.serverVersion;
      if (shared.namedTimeZones === undefined) {
        const rows = (await opened.connection.query(
          "SELECT CONVERT_TZ('2001-01-01 01:00:00', 'UTC', 'Europe/Paris') IS NOT NULL, @@max_allowed_packet",
        )) as RowPacket;
        shared.namedTimeZones = Number(rows[0]?.[0]) === 1;
        shared.maxPacket = Number(rows[0]?.[1]);
      }
      for (const sql of timeoutSql(options, mariaDb)) await opened.connection.query(sql);
      const dialect = makeDialect("mysql", parseVersion(raw), mariaDb, {
        namedTimeZones: shared.namedTimeZones,
        ...(shared.maxPacket === undefined ? {} : { maxPacket: shared.maxPacket }),
      });
      refuseOld(dialect);
      for (const sql of options.initCommand) await opened.connection.query(sql);
      return new MysqlConnection(opened, dialect, settings, options);
    } catch (error) {
      opened?.connection.destroy();
      throw classifyMysql(error);
    }
  }

  get usable(): boolean {
    return this.#usable && this.#connection.isValid();
  }

  get outdated(): boolean {
    return this.#outdated;
  }

  get inTransaction(): boolean {
    return (this.#connection.info.status & STATUS_IN_TRANSACTION) !== 0;
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

  async reset(): Promise<void> {
    try {
      await this.#patient(this.#connection.reset(), this.#soon);
    } catch (error) {
      throw this.#classify(error, "RESET");
    }
    // The server forgets our settings too, but not that another database was chosen.
    const { database } = this.#settings;
    if (database !== "") await this.#plain(`USE \`${database.replaceAll("`", "``")}\``);
    const timeouts = timeoutSql(this.#options, this.dialect.isMariaDb);
    for (const sql of [...sessionSql(this.#options), ...timeouts, ...this.#options.initCommand]) await this.#plain(sql);
    this.#sessionChanged = false;
  }

  async run(statement: Statement, options?: RunOptions): Promise<RunResult> {
    const { text } = statement;
    if (statement.handle === undefined && !this.#sessionChanged) this.#sessionChanged = changesSession(text);
    const values = sendable(statement.params);
    const signal = options?.signal;
    refuseAborted(signal);
    // A result that is still being read must be out of the way: the protocol answers one statement after the other.
    if (this.#stream !== undefined) await this.#stream.drain();
    if (!this.#usable) throw gone(this.#closed);
    const command: CommandOptions = { sql: text, bigIntAsNumber: statement.bigInts !== true };
    const prepared = this.#options.prepare && (values.length > 0 || statement.handle !== undefined);
    try {
      const sent = prepared ? this.#connection.execute(command, values) : this.#connection.query(command, values);
      const packet = await this.#patient(signal === undefined ? sent : this.#cancellable(sent, signal));
      if (Array.isArray(packet)) {
        const rows = packet as RowPacket;
        return {
          rows,
          columns: options?.wantColumns ? (rows.meta ?? []).map((column) => column.name()) : undefined,
          affected: rows.length,
          lastInsertId: undefined,
        };
      }
      const ok = packet as OkPacket;
      return {
        rows: NO_ROWS,
        columns: options?.wantColumns ? [] : undefined,
        affected: ok.affectedRows,
        lastInsertId: ok.insertId === 0n ? undefined : exact(ok.insertId),
      };
    } catch (error) {
      throw this.#classify(error, text);
    }
  }

  /**
   * Rows as they come over the wire; the socket is paused while nobody takes them. When another statement is sent on this
   * connection (inside a transaction), the rest of the rows is read into memory first.
   */
  async *stream(statement: Statement, chunkSize: number, options?: RunOptions): AsyncGenerator<unknown[][]> {
    const signal = options?.signal;
    refuseAborted(signal);
    const values = sendable(statement.params);
    if (this.#stream !== undefined) await this.#stream.drain();
    if (!this.#usable) throw gone(this.#closed);
    const size = chunkSize > 0 && Number.isSafeInteger(chunkSize) ? chunkSize : 2000;
    const command: CommandOptions = { sql: statement.text, bigIntAsNumber: statement.bigInts !== true };
    let release: (() => void) | undefined;
    let rows: RowStream | undefined;
    try {
      let source: RowSource;
      if (this.#options.prepare && values.length > 0) {
        const prepared = await this.#connection.prepare(command);
        release = () => prepared.close();
        source = prepared.executeStream(values);
      } else source = this.#connection.queryStream(command, values);
      rows = this.#stream = new RowStream(source);
      for (;;) {
        refuseAborted(signal, "The next chunk of rows");
        const taking = rows.take(size);
        const chunk = await this.#patient(signal === undefined ? taking : this.#cancellable(taking, signal));
        if (chunk.length > 0) yield chunk;
        if (chunk.length < size) break;
      }
    } catch (error) {
      throw this.#classify(error, statement.text);
    } finally {
      if (rows !== undefined) {
        if (this.#stream === rows) this.#stream = undefined;
        // Stopped early: what little is left is read away; a long rest is not worth it, a new connection is cheaper.
        if (!(await rows.discard(this.inTransaction ? undefined : 20))) {
          this.#usable = false;
          this.#connection.destroy();
        }
      }
      if (this.usable) release?.();
    }
  }

  async script(text: string): Promise<void> {
    for (const part of splitScript(text)) {
      this.#sessionChanged ||= changesSession(part);
      await this.#plain(part);
    }
  }

  async begin(options?: BeginOptions): Promise<void> {
    if (options?.isolation !== undefined)
      await this.#plain(`SET TRANSACTION ISOLATION LEVEL ${isolationText(options.isolation)}`, this.#soon);
    if (options?.constraintChecks === false) {
      // Nobody else gets the session before it was reset.
      this.#sessionChanged = true;
      await this.#plain("SET SESSION foreign_key_checks = 0", this.#soon);
    }
    await this.#plain(options?.readOnly === true ? "START TRANSACTION READ ONLY" : "START TRANSACTION", this.#soon);
  }

  commit(): Promise<void> {
    return this.#plain("COMMIT");
  }

  // Undoing much may take longer than that: the server goes on with it after a connection that was given up.
  rollback(): Promise<void> {
    return this.#plain("ROLLBACK", this.#soon);
  }

  async ping(): Promise<boolean> {
    if (!this.usable) return false;
    try {
      await this.#patient(this.#connection.ping(), this.#soon);
      return this.usable;
    } catch {
      return (this.#usable = false);
    }
  }

  hold(on: boolean): void {
    if (on) this.#opened.socket?.ref();
    else this.#opened.socket?.unref();
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#usable = false;
    // A server that does not answer the farewell is not waited for.
    const timer = setTimeout(() => this.#connection.destroy(), 1000);
    try {
      await this.#connection.end();
    } catch {
      // It is closed either way.
    } finally {
      clearTimeout(timer);
    }
  }

  // What costs the server nothing is answered as fast as a login.
  get #soon(): number {
    return shorter(this.#options.connectTimeout, this.#options.statementTimeout);
  }

  #patient<T>(asked: Promise<T>, limit = this.#options.statementTimeout): Promise<T> {
    return answered(asked, limit, this.#line);
  }

  async #plain(text: string, limit?: number): Promise<void> {
    if (this.#stream !== undefined) await this.#stream.drain();
    if (!this.#usable) throw gone(this.#closed);
    try {
      await this.#patient(this.#connection.query({ sql: text, bigIntAsNumber: false }), limit);
    } catch (error) {
      throw this.#classify(error, text);
    }
  }

  #classify(error: unknown, text: string): Error {
    if ((error as { fatal?: unknown } | undefined)?.fatal === true) this.#usable = false;
    const classified = classifyMysql(error, text);
    if (isReadOnlyServer(classified)) this.#outdated = true;
    return classified;
  }

  // KILL QUERY over a second connection.
  async #cancellable<T>(sent: Promise<T>, signal: AbortSignal): Promise<T> {
    let killed = false;
    const value = await cancellable(
      sent,
      signal,
      () => {
        killed = true;
        return this.#kill();
      },
      () => this.#line.hangUp(),
    );
    // The statement was faster: should the server still remember the request, this is what it hits.
    if (killed && this.#stream === undefined)
      await this.#patient(this.#connection.query("DO 0"), this.#soon).catch(() => undefined);
    return value;
  }

  /** False where the server does not answer within two seconds. */
  async #kill(): Promise<boolean> {
    const killing = (async () => {
      try {
        const { connection } = await openMaria(this.#settings, this.#options);
        await connection.query(`KILL QUERY ${Number(this.#connection.threadId)}`);
        await connection.end();
      } catch {
        // A refusal is an answer too: asking goes on for a while.
      }
      return true;
    })();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<boolean>((resolve) => (timer = setTimeout(() => resolve(false), 2000)));
    try {
      return await Promise.race([killing, late]);
    } finally {
      clearTimeout(timer);
    }
  }
}

/** The longest time of a statement, which the two servers spell differently. */
function timeoutSql(options: ServerOptions, mariaDb: boolean): string[] {
  if (options.statementTimeout === 0) return [];
  return [
    mariaDb
      ? `SET SESSION max_statement_time = ${options.statementTimeout / 1000}`
      : `SET SESSION max_execution_time = ${options.statementTimeout}`,
  ];
}

/** Parameters as the connector sends them exactly: integers as integers (it makes a double of those past 32 bits), bytes as Buffer. */
function sendable(params: readonly DbParam[]): readonly unknown[] {
  checkParams(params);
  let out: unknown[] | undefined;
  for (let i = 0; i < params.length; i++) {
    const value = params[i];
    let sent: unknown = value;
    if (typeof value === "number") {
      if (!Number.isFinite(value))
        throw new DataError("MariaDB and MySQL cannot store NaN or infinity.", "database.nan");
      if (Number.isSafeInteger(value) && (value >= 2_147_483_647 || value < -2_147_483_648)) sent = BigInt(value);
    } else if (typeof value === "object" && value !== null) sent = toBuffer(value);
    if (sent !== value) (out ??= params.slice())[i] = sent;
  }
  return out ?? params;
}

function exact(id: bigint): number | bigint {
  const number = Number(id);
  return Number.isSafeInteger(number) ? number : id;
}

function gone(closed: boolean): InterfaceError | OperationalError {
  return closed
    ? new InterfaceError("This connection to MariaDB was closed.", "database.closed")
    : new OperationalError("The connection to the database was lost.", "database.connection_lost");
}
