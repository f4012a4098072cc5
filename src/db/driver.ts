/**
 * The contract between babik and a database driver: small, row arrays only, no types of its own.
 * Nothing here knows models, queries or dialect text. A driver may answer at once (embedded SQLite) or with a promise.
 */
import type { DbParam, DialectInfo } from "../ast/seams.js";
import type { StatementAbout } from "./statement-about.js";

/** An answer that is there at once (embedded database) or later. */
export type MaybePromise<T> = T | Promise<T>;

/** A statement ready to run: text in the driver's own placeholder style and primitive parameters. */
export interface Statement {
  readonly text: string;
  readonly params: readonly DbParam[];
  /** Stable object the driver may hang a prepared statement on; absent for one-off statements. */
  readonly handle?: StatementHandle | undefined;
  /**
   * Integers that do not fit a double may be in the result. SQLite then gives all integers as bigint, MariaDB those of
   * BIGINT columns; PostgreSQL gives an int8 as bigint only where a number would lose digits. Without it MariaDB
   * answers such an integer with an error, and SQLite gives an unsafe number that the reader of the row must refuse.
   */
  readonly bigInts?: boolean | undefined;
}

/** Owned by the compiled query; drivers keep what they prepared in it, by connection. */
export interface StatementHandle {
  /** Short, and unique for its text in this process; at most 63 bytes. */
  readonly name: string;
  /** What its statement is about, for logs and traces. */
  readonly about?: StatementAbout | undefined;
  prepared?: WeakMap<object, unknown>;
}

/** What a statement gave. */
export interface RunResult {
  /** Rows as arrays in the order of the columns; empty for statements that return none. */
  readonly rows: unknown[][];
  /** Column names, only where asked for with `wantColumns`. */
  readonly columns?: readonly string[] | undefined;
  /** Rows matched by UPDATE/DELETE (never "changed" rows only), or inserted; for a SELECT the number of its rows. */
  readonly affected: number;
  /** Key of the (first) inserted row where the database gives it without RETURNING. */
  readonly lastInsertId?: number | bigint | undefined;
}

export interface RunOptions {
  /** Fill `RunResult.columns`. */
  readonly wantColumns?: boolean | undefined;
  /** Stops the statement on the server (PostgreSQL, MariaDB); embedded SQLite looks at it only before it starts. */
  readonly signal?: AbortSignal | undefined;
}

export interface BeginOptions {
  readonly isolation?: "read uncommitted" | "read committed" | "repeatable read" | "serializable" | undefined;
  readonly readOnly?: boolean | undefined;
  readonly deferrable?: boolean | undefined;
  /** False: foreign keys are not looked at, or as late as the database can. Set by `constraintChecksDisabled` only. */
  readonly constraintChecks?: boolean | undefined;
}

/** One physical connection. It runs one statement at a time; callers queue. All errors it gives are classified. */
export interface DriverConnection {
  readonly dialect: DialectInfo;
  run(statement: Statement, options?: RunOptions): MaybePromise<RunResult>;
  /** Rows in chunks of about `chunkSize`, in bounded memory; stopping early frees the cursor. */
  stream(statement: Statement, chunkSize: number, options?: RunOptions): AsyncIterable<unknown[][]>;
  /** Several statements in one text without parameters (DDL scripts). */
  script(text: string): MaybePromise<void>;
  begin(options?: BeginOptions): MaybePromise<void>;
  commit(): MaybePromise<void>;
  rollback(): MaybePromise<void>;
  /** Looks at constraints that wait for the commit, where there are such. @throws IntegrityError */
  checkConstraints?(): MaybePromise<void>;
  /** Cheap check that the server is still there. */
  ping(): MaybePromise<boolean>;
  /** Whether the server sees a transaction open now; `undefined` where it does not tell. */
  readonly inTransaction: boolean | undefined;
  /** Whether a statement may have changed the session (settings, temporary tables, locks): `reset` is needed before others use it. */
  readonly sessionChanged?: boolean | undefined;
  /** Makes the session as it was after connecting; outside of transactions only. */
  reset?(): MaybePromise<void>;
  /** What was changed in the session until now is how it is meant to be. `resettable` is false from then on, if anything was. */
  settle?(): void;
  /** False where `reset` would undo what somebody settled: the connection has to be replaced instead. */
  readonly resettable?: boolean | undefined;
  /** Whether a second connection may read while this one writes (SQLite files in WAL mode). */
  readonly separateReaders?: boolean | undefined;
  /** False once the connection cannot be used again; the pool then drops it. */
  readonly usable: boolean;
  /** Whether it should be replaced when it comes back: its server takes no writes (any more), another one of that name may. */
  readonly outdated?: boolean | undefined;
  /** The connection keeps the process alive, or (idle in the pool) does not. */
  hold(on: boolean): void;
  close(): MaybePromise<void>;
}

/** Settings of one database after its URL was read. `password` never shows in a message. */
export interface DatabaseSettings {
  readonly driver: "sqlite" | "postgres" | "mysql";
  readonly host?: string | undefined;
  readonly port?: number | undefined;
  readonly user?: string | undefined;
  readonly password?: string | undefined;
  /** Database name, or the file of SQLite (`":memory:"`). */
  readonly database: string;
  readonly options: Readonly<Record<string, unknown>>;
}

/** A way to make connections of one database. */
export interface Driver {
  readonly settings: DatabaseSettings;
  /** True when all work happens in this process and one connection serves everybody (embedded SQLite). */
  readonly embedded: boolean;
  /** False where a pooler stands between, so that nothing may be left in a session. */
  readonly ownSession?: boolean | undefined;
  /** Where it is known before connecting (fakes). */
  readonly dialect?: DialectInfo | undefined;
  /** @param readOnly a second connection that only reads (streams of an embedded database file) */
  connect(readOnly?: boolean): MaybePromise<DriverConnection>;
  /** The driver's error as one of babik's, with constraint, table and columns where told; others come back wrapped. */
  classify(error: unknown, statement?: string): Error;
}
