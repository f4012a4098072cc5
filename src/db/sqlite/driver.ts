/**
 * SQLite, embedded: one connection, everything synchronous. It binds primitives only, hangs prepared statements on the
 * handle of the compiled query, and sorts errors. It must not know queries or models.
 */
import { types } from "node:util";
import { DataError, IntegrityError, InterfaceError, ProgrammingError } from "../../base/errors.js";
import type { DbParam, DialectInfo } from "../../ast/seams.js";
import { refuseAborted } from "../abort.js";
import { classifySqlite } from "../classify/sqlite.js";
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
import { checkCount, notPrimitive } from "../parameters.js";
import { type Engine, type EngineStatement, openEngine } from "./engine.js";
import { registerFunctions } from "./functions.js";
import { readSqliteOptions, type SqliteOptions } from "./options.js";

/** A prepared statement and how it reads integers at the moment. */
interface Prepared {
  readonly statement: EngineStatement;
  readonly reader: boolean;
  bigInts: boolean;
}

const NO_ROWS: unknown[][] = [];
const TEXT_CACHE = 200;

/** Makes the driver of one SQLite database: `sqlite:file`, `sqlite::memory:`. */
export function sqliteDriver(settings: DatabaseSettings): Driver {
  const options = readSqliteOptions(settings.options);
  return {
    settings,
    embedded: true,
    connect: (readOnly = false) =>
      SqliteConnection.open(settings.database, { ...options, readOnly: readOnly || options.readOnly }),
    classify: classifySqlite,
  };
}

/** The connection. All of its methods answer at once; only `stream` is asynchronous. */
export class SqliteConnection implements DriverConnection {
  readonly dialect: DialectInfo;
  /** `"better-sqlite3"` or `"node:sqlite"`. */
  readonly library: string;
  readonly #engine: Engine;
  readonly #options: SqliteOptions;
  readonly #memory: boolean;
  readonly #byText = new Map<string, Prepared>();
  readonly #streams = new Set<OpenStream>();
  #open = true;

  private constructor(engine: Engine, dialect: DialectInfo, options: SqliteOptions, memory: boolean) {
    this.#engine = engine;
    this.#memory = memory;
    this.#options = options;
    this.dialect = dialect;
    this.library = engine.library;
  }

  static open(file: string, options: SqliteOptions): SqliteConnection {
    let engine: Engine | undefined;
    try {
      engine = openEngine(file, options);
      const memory = file === ":memory:" || file === "";
      // Patience first: the change to WAL needs the file for itself, and another process may just be at it.
      engine.exec(
        `PRAGMA busy_timeout = ${options.timeout}; PRAGMA foreign_keys = ${options.foreignKeys ? "ON" : "OFF"}`,
      );
      if (!memory && !options.readOnly) engine.prepare(`PRAGMA journal_mode = ${options.journalMode}`).all([]);
      for (const [name, value] of options.pragmas) engine.exec(`PRAGMA ${name} = ${value}`);
      registerFunctions(engine);
      const version = String(engine.prepare("SELECT sqlite_version()").all([])[0]?.[0]);
      const compiled = engine
        .prepare("PRAGMA compile_options")
        .all([])
        .map((row) => String(row[0]));
      const limit = compiled
        .map((option) => /^MAX_VARIABLE_NUMBER=(\d+)$/.exec(option)?.[1])
        .find((n) => n !== undefined);
      const dialect = makeDialect("sqlite", parseVersion(version), false, {
        maxParams: limit === undefined ? 32_766 : Number(limit),
      });
      refuseOld(dialect);
      for (const command of options.initCommand) engine.exec(command);
      return new SqliteConnection(engine, dialect, options, memory);
    } catch (error) {
      engine?.close();
      throw classifySqlite(error);
    }
  }

  get separateReaders(): boolean {
    return this.#options.journalMode === "WAL" && !this.#memory;
  }

  get usable(): boolean {
    return this.#open;
  }

  get inTransaction(): boolean {
    return this.#open && this.#engine.inTransaction;
  }

  run(statement: Statement, options?: RunOptions): RunResult {
    const text = statement.text;
    try {
      refuseAborted(options?.signal);
      checkCount(statement.params.length, this.dialect.features.maxParams);
      const prepared = this.#prepare(statement);
      const params = bindable(statement.params);
      if (prepared.reader) {
        if (this.#streams.size > 0 && !prepared.statement.readonly) this.#drainStreams();
        const rows = prepared.statement.all(params);
        return {
          rows,
          columns: options?.wantColumns ? prepared.statement.columns() : undefined,
          affected: rows.length,
          lastInsertId: undefined,
        };
      }
      if (this.#streams.size > 0) this.#drainStreams();
      const done = prepared.statement.run(params);
      return { rows: NO_ROWS, columns: undefined, affected: Number(done.changes), lastInsertId: done.lastInsertRowid };
    } catch (error) {
      throw classifySqlite(error, text);
    }
  }

  async *stream(statement: Statement, chunkSize: number, options?: RunOptions): AsyncGenerator<unknown[][]> {
    const signal = options?.signal;
    refuseAborted(signal);
    const open = this.#openStream(statement);
    try {
      for (;;) {
        refuseAborted(signal, "The next chunk of rows");
        let chunk: unknown[][];
        try {
          chunk = open.take(chunkSize);
        } catch (error) {
          throw classifySqlite(error, statement.text);
        }
        if (chunk.length > 0) yield chunk;
        if (chunk.length < chunkSize) return;
        // Timers and sockets of the process get their turn between chunks.
        await new Promise((resolve) => setImmediate(resolve));
      }
    } finally {
      this.#streams.delete(open);
      open.end();
    }
  }

  script(text: string): void {
    try {
      this.#drainStreams();
      this.#engine.exec(text);
    } catch (error) {
      throw classifySqlite(error, text);
    }
  }

  begin(options?: BeginOptions): void {
    // IMMEDIATE takes the write lock at once: a deferred transaction that reads and then writes fails without waiting
    // when another process wrote in between, whatever the time allowed for locks.
    // All levels are served by the only one that SQLite has, which is serializable.
    if (options?.isolation !== undefined) isolationText(options.isolation);
    const mode = options?.readOnly ? "DEFERRED" : this.#options.transactionMode;
    if (options?.constraintChecks === false) {
      // Within a transaction the pragma would do nothing.
      this.#control("PRAGMA foreign_keys = OFF");
      this.#unchecked = true;
    }
    try {
      this.#control(`BEGIN ${mode}`);
    } catch (error) {
      this.#endUnchecked();
      throw error;
    }
    if (options?.readOnly) this.#control("PRAGMA query_only = ON");
    this.#readOnlyBlock = options?.readOnly === true;
  }
  #readOnlyBlock = false;
  #unchecked = false;

  commit(): void {
    this.#control("COMMIT");
    this.#endReadOnly();
    this.#endUnchecked();
  }

  rollback(): void {
    // SQLite rolls back by itself after some failures (disk full, I/O error); a second ROLLBACK would be an error.
    if (this.#open && this.#engine.inTransaction) this.#control("ROLLBACK");
    this.#endReadOnly();
    this.#endUnchecked();
  }

  checkConstraints(): void {
    const broken = this.run({ text: "PRAGMA foreign_key_check", params: [] }).rows;
    if (broken.length > 0)
      throw new IntegrityError(
        `Rows of ${[...new Set(broken.map((row) => String(row[0])))].join(", ")} refer to rows that do not exist (${broken.length} in all).`,
        "integrity.foreign_key",
        { table: String(broken[0]![0]) },
      );
  }

  ping(): boolean {
    return this.#open;
  }

  hold(): void {
    // Nothing here keeps the process alive.
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    for (const stream of this.#streams) stream.end();
    this.#streams.clear();
    this.#byText.clear();
    this.#engine.close();
  }

  #endReadOnly(): void {
    if (!this.#readOnlyBlock) return;
    this.#readOnlyBlock = false;
    if (this.#open) this.#control("PRAGMA query_only = OFF");
  }

  #endUnchecked(): void {
    if (!this.#unchecked) return;
    this.#unchecked = false;
    if (this.#open && this.#options.foreignKeys) this.#control("PRAGMA foreign_keys = ON");
  }

  #control(text: string): void {
    try {
      this.#drainStreams();
      this.#prepare({ text, params: [] }).statement.run([]);
    } catch (error) {
      throw classifySqlite(error, text);
    }
  }

  #prepare(statement: Statement): Prepared {
    if (!this.#open)
      throw new InterfaceError("This SQLite connection was closed; open the databases again.", "database.closed");
    const handle = statement.handle;
    const bigInts = statement.bigInts === true;
    let prepared: Prepared | undefined;
    if (handle === undefined) prepared = this.#preparedByText(statement.text);
    else {
      prepared = handle.prepared?.get(this) as Prepared | undefined;
      if (prepared === undefined) {
        prepared = this.#make(statement.text);
        (handle.prepared ??= new WeakMap()).set(this, prepared);
      }
    }
    if (prepared.bigInts !== bigInts) {
      prepared.statement.bigInts(bigInts);
      prepared.bigInts = bigInts;
    }
    return prepared;
  }

  #preparedByText(text: string): Prepared {
    const known = this.#byText.get(text);
    if (known !== undefined) {
      // Moved to the end: the front of the map is what was not used for longest.
      this.#byText.delete(text);
      this.#byText.set(text, known);
      return known;
    }
    const made = this.#make(text);
    if (this.#byText.size >= TEXT_CACHE) this.#byText.delete(this.#byText.keys().next().value!);
    this.#byText.set(text, made);
    return made;
  }

  #make(text: string): Prepared {
    const statement = this.#engine.prepare(text);
    return { statement, reader: statement.reader, bigInts: false };
  }

  #openStream(statement: Statement): OpenStream {
    try {
      if (!this.#open)
        throw new InterfaceError("This SQLite connection was closed; open the databases again.", "database.closed");
      checkCount(statement.params.length, this.dialect.features.maxParams);
      // A statement of its own: the shared one may be run again while this one is being read.
      const own = this.#engine.prepare(statement.text);
      if (!own.reader)
        throw new ProgrammingError("Only a statement that gives rows can be streamed.", "database.no_rows");
      own.bigInts(statement.bigInts === true);
      const open = new OpenStream(own.iterate(bindable(statement.params)));
      this.#streams.add(open);
      return open;
    } catch (error) {
      throw classifySqlite(error, statement.text);
    }
  }

  // What is still to be read comes into memory before anything is written: a cursor over a changing table may show
  // rows twice or never, and better-sqlite3 refuses to write beside one.
  #drainStreams(): void {
    for (const stream of this.#streams) stream.drain();
    this.#streams.clear();
  }
}

/** A cursor that can be emptied into memory. */
class OpenStream {
  #cursor: IterableIterator<unknown[]> | undefined;
  #rest: unknown[][] = [];

  constructor(cursor: IterableIterator<unknown[]>) {
    this.#cursor = cursor;
  }

  take(count: number): unknown[][] {
    if (this.#cursor === undefined) return this.#rest.splice(0, count);
    const rows: unknown[][] = [];
    while (rows.length < count) {
      const next = this.#cursor.next();
      if (next.done === true) {
        this.#cursor = undefined;
        break;
      }
      rows.push(next.value);
    }
    return rows;
  }

  drain(): void {
    if (this.#cursor !== undefined) this.#rest = [...this.#cursor];
    this.#cursor = undefined;
  }

  end(): void {
    this.#cursor?.return?.();
    this.#cursor = undefined;
    this.#rest = [];
  }
}

/** Parameters as SQLite stores them: whole numbers as INTEGER (the libraries send any number as REAL), booleans as 0 and 1. */
function bindable(params: readonly DbParam[]): readonly unknown[] {
  const count = params.length;
  let out: unknown[] | undefined;
  for (let i = 0; i < count; i++) {
    const value = params[i];
    let bound: unknown = value;
    if (typeof value === "number") {
      if (Number.isSafeInteger(value)) bound = BigInt(value);
      else if (value !== value) throw new DataError("SQLite cannot store NaN: it would become NULL.", "database.nan");
    } else if (typeof value === "boolean") bound = value ? 1n : 0n;
    else if (typeof value !== "string" && value !== null && typeof value !== "bigint" && !types.isUint8Array(value))
      throw notPrimitive(i);
    if (bound !== value) (out ??= params.slice())[i] = bound;
  }
  return out ?? params;
}
