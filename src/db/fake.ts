/**
 * A driver without a database: it records statements and answers from a script, for each of the dialects.
 * For tests of SQL without servers and for printing SQL that is not run (sqlmigrate). It must not know queries.
 */
import type { DbParam, DialectInfo, DialectName } from "../ast/seams.js";
import { BabikError, InterfaceError } from "../base/errors.js";
import { Database } from "./connection.js";
import { makeDialect } from "./dialects.js";
import type {
  BeginOptions,
  DatabaseSettings,
  Driver,
  DriverConnection,
  MaybePromise,
  RunOptions,
  RunResult,
  Statement,
} from "./driver.js";

/** Names of the fake's dialects. */
export type FakeDialectName = DialectName | "mariadb";

/** The dialects that fakes have where no version is asked for: what current servers can do. */
export const fakeDialects: Readonly<Record<FakeDialectName, DialectInfo>> = Object.freeze({
  sqlite: makeDialect("sqlite", [3, 50, 0]),
  postgres: makeDialect("postgres", [17, 0]),
  mysql: makeDialect("mysql", [8, 4, 0]),
  mariadb: makeDialect("mysql", [10, 11, 0], true),
});

/** What a fake was asked, in order. */
export interface FakeCall {
  readonly sql: string;
  readonly params: readonly DbParam[];
  readonly kind: "statement" | "stream" | "script" | "transaction";
}

/** An answer: rows, a number of affected rows, an error to throw, or a function of the statement. */
export type FakeAnswer =
  | readonly (readonly unknown[])[]
  | {
      readonly rows?: readonly (readonly unknown[])[];
      readonly columns?: readonly string[];
      readonly affected?: number;
      readonly lastInsertId?: number | bigint;
    }
  | Error
  | ((statement: Statement) => FakeAnswer | undefined);

/** How a fake behaves. */
export interface FakeOptions {
  /** A dialect by name, or one of its own. */
  readonly dialect?: FakeDialectName | DialectInfo | undefined;
  /**
   * Answers by text: the first entry that matches is used, again and again. Statements that nothing matches take the next
   * of `queue`, and when that is used up they give no rows and affect none.
   */
  readonly answers?: readonly (readonly [pattern: string | RegExp, answer: FakeAnswer])[] | undefined;
  readonly queue?: readonly FakeAnswer[] | undefined;
  /** Answers with promises, as a server does; else at once. */
  readonly asynchronous?: boolean | undefined;
}

/** A driver whose only connection is a script. */
export class FakeDriver implements Driver {
  readonly settings: DatabaseSettings;
  readonly embedded: boolean;
  readonly dialect: DialectInfo;
  /** Everything that was asked, transaction control included. */
  readonly calls: FakeCall[] = [];
  readonly #answers: readonly (readonly [string | RegExp, FakeAnswer])[];
  readonly #queue: FakeAnswer[];
  readonly #asynchronous: boolean;

  constructor(options: FakeOptions = {}) {
    const { dialect = "sqlite" } = options;
    this.dialect = typeof dialect === "string" ? fakeDialects[dialect] : dialect;
    this.#asynchronous = options.asynchronous ?? false;
    this.embedded = !this.#asynchronous;
    this.#answers = options.answers ?? [];
    this.#queue = [...(options.queue ?? [])];
    this.settings = { driver: this.dialect.name, database: "fake", options: {} };
  }

  /** The statements without transaction control. */
  get statements(): readonly FakeCall[] {
    return this.calls.filter((call) => call.kind !== "transaction");
  }

  /** The texts of the statements. */
  get sql(): readonly string[] {
    return this.statements.map((call) => call.sql);
  }

  /** Adds answers to the end of the queue. */
  answer(...answers: FakeAnswer[]): this {
    this.#queue.push(...answers);
    return this;
  }

  /** Forgets what was asked. */
  clear(): void {
    this.calls.length = 0;
  }

  connect(): MaybePromise<DriverConnection> {
    const connection = new FakeConnection(this);
    return this.#asynchronous ? Promise.resolve(connection) : connection;
  }

  classify(error: unknown): Error {
    return error instanceof Error
      ? error
      : new BabikError("The fake was told to fail.", "fake.error", { cause: error });
  }

  /** Records a call and finds its answer; called by the connection. */
  ask(statement: Statement, kind: FakeCall["kind"]): MaybePromise<RunResult> {
    this.calls.push({ sql: statement.text, params: [...statement.params], kind });
    if (!this.#asynchronous) return this.#reply(statement, kind);
    return Promise.resolve().then(() => this.#reply(statement, kind));
  }

  #reply(statement: Statement, kind: FakeCall["kind"]): RunResult {
    let answer: FakeAnswer | undefined = this.#answers.find(([pattern]) =>
      typeof pattern === "string" ? statement.text.includes(pattern) : pattern.test(statement.text),
    )?.[1];
    if (kind !== "transaction" && kind !== "script") answer ??= this.#queue.shift();
    while (typeof answer === "function") answer = answer(statement);
    if (answer instanceof Error) throw answer;
    const given = isRows(answer) ? { rows: answer } : (answer ?? {});
    const rows = (given.rows ?? []).map((row) => [...row]);
    return {
      rows,
      columns: given.columns,
      affected: given.affected ?? rows.length,
      lastInsertId: given.lastInsertId,
    };
  }
}

function isRows(answer: FakeAnswer | undefined): answer is readonly (readonly unknown[])[] {
  return Array.isArray(answer);
}

class FakeConnection implements DriverConnection {
  readonly dialect: DialectInfo;
  readonly #driver: FakeDriver;
  #transaction = false;
  #open = true;

  constructor(driver: FakeDriver) {
    this.#driver = driver;
    this.dialect = driver.dialect;
  }

  get usable(): boolean {
    return this.#open;
  }

  get inTransaction(): boolean {
    return this.#transaction;
  }

  run(statement: Statement, _options?: RunOptions): MaybePromise<RunResult> {
    this.#check();
    const control = /^(?:SAVEPOINT|RELEASE SAVEPOINT|ROLLBACK TO SAVEPOINT) /.test(statement.text);
    return this.#driver.ask(statement, control ? "transaction" : "statement");
  }

  async *stream(statement: Statement, chunkSize: number): AsyncGenerator<unknown[][]> {
    this.#check();
    const { rows } = await this.#driver.ask(statement, "stream");
    for (let at = 0; at < rows.length; at += chunkSize) yield rows.slice(at, at + chunkSize);
  }

  script(text: string): MaybePromise<void> {
    return this.#tell(text, "script");
  }

  begin(options?: BeginOptions): MaybePromise<void> {
    this.#transaction = true;
    const isolation = options?.isolation === undefined ? "" : ` ISOLATION LEVEL ${options.isolation.toUpperCase()}`;
    return this.#tell(`BEGIN${isolation}${options?.readOnly === true ? " READ ONLY" : ""}`, "transaction");
  }

  commit(): MaybePromise<void> {
    this.#transaction = false;
    return this.#tell("COMMIT", "transaction");
  }

  rollback(): MaybePromise<void> {
    this.#transaction = false;
    return this.#tell("ROLLBACK", "transaction");
  }

  ping(): boolean {
    return this.#open;
  }

  hold(): void {
    // There is nothing that could keep the process alive.
  }

  close(): void {
    this.#open = false;
  }

  #tell(text: string, kind: FakeCall["kind"]): MaybePromise<void> {
    this.#check();
    const done = this.#driver.ask({ text, params: [] }, kind);
    return done instanceof Promise ? done.then(() => undefined) : undefined;
  }

  #check(): void {
    if (!this.#open) throw new InterfaceError("This fake connection was closed.", "database.closed");
  }
}

/**
 * A database over a fake, with the driver at hand to look at what was asked.
 * @example const { database, driver } = fakeDatabase({ dialect: "postgres", queue: [[[1, "a"]]] })
 */
export function fakeDatabase(
  options: FakeOptions = {},
  alias = "default",
): { readonly database: Database; readonly driver: FakeDriver } {
  const driver = new FakeDriver(options);
  const pool = {
    poolSize: 10,
    acquireTimeout: 1000,
    idleTimeout: 1000,
    maxLifetime: 0,
    pingAfter: 60_000,
    holdWarning: 0,
  };
  return { database: new Database(alias, driver, pool), driver };
}
