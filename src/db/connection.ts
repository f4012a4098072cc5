/**
 * One database as the floors above see it: run, stream, atomic blocks, cursors. It picks the connection: the one of the
 * block that the caller is in, the only one of an embedded database, or one of the pool.
 * It must not know queries or models.
 */
import { InterfaceError, OperationalError } from "../base/errors.js";
import type { DialectInfo } from "../ast/seams.js";
import { currentSignal, refuseAborted, signals } from "./abort.js";
import { type AdvisoryKey, type AdvisoryLockOptions, AdvisoryLocks, lockInBlock } from "./advisory.js";
import { ambient, type Block, currentBlock, type Hook, type TransactionHost } from "./block.js";
import { Transaction, type TransactionOptions } from "./begin.js";
import { checkConstraints, constraintChecksDisabled } from "./constraint-checks.js";
import { announce, connectionCreated, isReceiversError, refuseReceivers } from "./created.js";
import { Cursor } from "./cursor.js";
import type {
  DatabaseSettings,
  Driver,
  DriverConnection,
  MaybePromise,
  RunOptions,
  RunResult,
  Statement,
} from "./driver.js";
import { Gate } from "./gate.js";
import { describeHolders, type Holder } from "./holder.js";
import { Pool, type PoolState } from "./pool.js";
import { addCommitHook } from "./root.js";
import { Savepoint } from "./savepoint.js";
import type { PoolOptions } from "./server-options.js";
import { openTestBlock, runTestBlock, waitingHooks } from "./test-block.js";
import { type AtomicOptions, getRollback, needBlock, runAtomic, setRollback } from "./transaction.js";
import { Watched } from "./watched.js";
import { watchedStream } from "./watchers.js";
import { WriteLog } from "./writes.js";

/** How long statements wait for a transaction of another flow on an embedded database, in milliseconds. */
const EMBEDDED_WAIT = 30_000;

/** One database under its alias. */
export class Database extends Watched {
  readonly alias: string;
  readonly settings: DatabaseSettings;
  /** What was written by this process, for whoever keeps rows. */
  readonly writes = new WriteLog();
  readonly #driver: Driver;
  readonly #host: TransactionHost;
  readonly #pool: Pool | undefined;
  readonly #ownSession: boolean;
  /** Keeps everybody else out of the only connection while a transaction is open on it. */
  readonly #gate = new Gate();
  /** Connections of an embedded file that read for streams, kept for the next one. */
  readonly #readers: DriverConnection[] = [];
  /** The connection of an embedded database, and the same once receivers of `connectionCreated` are done with it. */
  #opened: DriverConnection | undefined;
  #direct: DriverConnection | undefined;
  /** Who is behind the gate, and since when. */
  #holder: Holder | undefined;
  #heldSince = 0;
  #dialect: DialectInfo | undefined;
  #locks: AdvisoryLocks | undefined;
  #closed = false;

  constructor(alias: string, driver: Driver, pool: PoolOptions) {
    super();
    this.alias = alias;
    this.settings = driver.settings;
    this.#driver = driver;
    this.#dialect = driver.dialect;
    this.#pool = driver.embedded
      ? undefined
      : new Pool(
          alias,
          {
            connect: () => this.#connect(),
            classify: (error) => (isReceiversError(error) ? error : driver.classify(error)),
          },
          pool,
        );
    this.#ownSession = driver.ownSession !== false;
    this.#host = {
      alias,
      lease: (holder, signal) => this.#lease(holder, signal),
      release: (connection) => this.#release(connection),
      control: (text, work) => {
        if (text.startsWith("ROLLBACK")) this.writes.noteAll();
        return this.watchers.control(text, work);
      },
    };
  }

  /** True when all work happens in this process (SQLite): `run` then answers at once. */
  get embedded(): boolean {
    return this.#driver.embedded;
  }

  /**
   * What the database can do. An embedded one tells at once, a server after the first connection: await `ready()` before.
   * @throws InterfaceError `database.not_connected`
   */
  get dialect(): DialectInfo {
    if (this.#dialect !== undefined) return this.#dialect;
    if (this.#driver.embedded) return this.#open().dialect;
    throw new InterfaceError(
      `'${this.alias}' was not connected to yet, so its version is not known; await ready() first.`,
      "database.not_connected",
    );
  }

  /** The dialect, after connecting where that is needed. A promise only where it is not known yet. */
  ready(): MaybePromise<DialectInfo> {
    if (this.#dialect !== undefined || this.#driver.embedded) return this.dialect;
    return this.#leased(newHolder("statement"), (connection) => connection.dialect);
  }

  /** Whether the caller is inside an atomic block of this database. */
  get inTransaction(): boolean {
    return this.#block() !== undefined;
  }

  /** The caller's transaction: the same object from its outermost block to its end, and nothing to look into. */
  get transaction(): object | undefined {
    return this.#block()?.root;
  }

  /** How full the pool is; `undefined` for an embedded database. */
  get pool(): PoolState | undefined {
    return this.#pool?.state;
  }

  /**
   * Runs one statement: in the caller's atomic block if there is one, else by itself. On an embedded database the result
   * is there at once, unless a transaction of another flow has to end first.
   * @throws DatabaseError and its subclasses; synchronously where the answer is synchronous
   */
  run(statement: Statement, given?: RunOptions): MaybePromise<RunResult> {
    const options = signals.used ? withSignalOf(given) : given;
    if (ambient.used) {
      refuseReceivers(this);
      const block = currentBlock(this.#host);
      if (block !== undefined) {
        block.root.holder.text = statement.text;
        return block.run((connection) => this.#execute(connection, statement, options));
      }
    }
    const direct = this.#direct;
    if (direct !== undefined && !this.#gate.held && !this.watchers.wrappers.any)
      return this.#execute(direct, statement, options);
    const holder = newHolder("statement", statement.text);
    return this.#leased(holder, (connection) => this.#execute(connection, statement, options), options?.signal);
  }

  /** Runs a text of several statements without parameters. On MariaDB they are sent one after the other. */
  script(text: string): MaybePromise<void> {
    this.writes.noteAll();
    const work = (connection: DriverConnection): MaybePromise<void> =>
      this.watchers.active
        ? this.watchers.executeOther({ text, params: [] }, (s) => connection.script(s.text))
        : connection.script(text);
    const block = this.#block();
    return block === undefined ? this.#leased(newHolder("script"), work) : block.run(work);
  }

  /**
   * The rows of a statement in chunks of about `chunkSize`, in bounded memory. Leaving the loop early frees the cursor and
   * gives the connection back.
   */
  async *stream(statement: Statement, chunkSize = 2000): AsyncGenerator<unknown[][]> {
    const options: RunOptions = { signal: currentSignal() };
    const block = this.#block();
    if (block !== undefined) {
      block.root.holder.text = statement.text;
      yield* this.#turns(block, statement, chunkSize, options);
      return;
    }
    const connection = await this.#leaseReader(newHolder("stream", statement.text), options.signal);
    try {
      yield* this.#openStream(connection, statement, chunkSize, options);
    } finally {
      await this.#releaseReader(connection);
    }
  }

  /**
   * Runs `fn` in a transaction, or in a savepoint where the caller already is in one. An error undoes its work and goes on;
   * else the work is committed when the outermost block ends.
   * @param options `savepoint`, `durable`, `signal`, and for the outermost block `isolation`, `readOnly`, `deferrable`, `retries`
   * @throws TransactionManagementError for nesting that is not allowed; OperationalError `transaction.commit_unknown`
   * @example await db.atomic(async () => { … }, { isolation: "serializable", retries: 5 })
   * Django: https://docs.djangoproject.com/en/stable/topics/db/transactions/#django.db.transaction.atomic
   */
  atomic<T>(fn: () => T | Promise<T>, options: AtomicOptions = {}): Promise<T> {
    return runAtomic(this.#host, fn, options);
  }

  /**
   * Begins a transaction and gives a handle to it: work inside of `tx.run()` belongs to it. `await using` rolls it back
   * unless it was committed. Where one function is the whole transaction, `atomic` is shorter.
   * @param options `isolation`, `readOnly`, `deferrable`, `signal`
   * @throws TransactionManagementError inside of an atomic block; OperationalError `pool.timeout`
   * @example await using tx = await db.begin(); await tx.run(() => order.save()); await tx.commit();
   * Django: https://docs.djangoproject.com/en/stable/topics/db/transactions/#low-level-apis
   */
  begin(options: TransactionOptions = {}): Promise<Transaction> {
    return Transaction.begin(this.#host, options);
  }

  /**
   * Sets a savepoint in the caller's atomic block; nested blocks do so by themselves.
   * @throws TransactionManagementError outside of a block, or when an error made it unusable
   * @example const here = await db.savepoint(); await risky().catch(() => here.rollback()); await here.release();
   * Django: https://docs.djangoproject.com/en/stable/topics/db/transactions/#savepoint-rollback
   */
  async savepoint(): Promise<Savepoint> {
    return Savepoint.set(needBlock(this.#host, "savepoint()"));
  }

  /**
   * Takes an advisory lock that lasts until the caller's transaction has ended. Where it is not free in time nothing is
   * spoilt and the block goes on.
   * @param key a text, or a whole number that other programs may use as well
   * @param options `wait`: `true` (default), `false` or milliseconds; `shared` (PostgreSQL)
   * @throws TransactionManagementError outside of a block; OperationalError `database.lock_not_available` when it is not free
   * in time; NotSupportedError on SQLite
   * @example await db.atomic(async () => { await db.advisoryLock("invoice-numbers"); … }) // SELECT pg_advisory_xact_lock($1)
   */
  async advisoryLock(key: AdvisoryKey, options: AdvisoryLockOptions = {}): Promise<void> {
    const block = needBlock(this.#host, "advisoryLock()");
    return lockInBlock(block, key, options, {
      name: this.settings.database,
      run: (statement) => this.run(statement),
      nested: (fn) => this.atomic(fn),
    });
  }

  /**
   * Runs `fn` while it holds an advisory lock, which it has on a connection of its own, beside the pool. What `fn` commits
   * others see before they get the lock. The same lock again inside of `fn` is held already.
   * @param key a text, or a whole number that other programs may use as well
   * @param options `wait`: `true` (default), `false` or milliseconds; `shared` (PostgreSQL)
   * @throws OperationalError `database.lock_not_available` when it is not free in time, `lock.lost` when the connection broke
   * meanwhile; NotSupportedError on SQLite
   * @example await db.withAdvisoryLock("nightly-report", () => report(), { wait: false })
   */
  withAdvisoryLock<T>(key: AdvisoryKey, fn: () => T | Promise<T>, options: AdvisoryLockOptions = {}): Promise<T> {
    return (this.#locks ??= this.#advisoryLocks()).around(key, fn, options);
  }

  /**
   * Has `fn` called after the outermost block was committed; not at all when its block is rolled back; at once outside of a block.
   * @param options with `robust` an error of `fn` is a warning and the next function is called
   * Django: https://docs.djangoproject.com/en/stable/topics/db/transactions/#performing-actions-after-commit
   */
  onCommit(fn: () => unknown, options: { readonly robust?: boolean | undefined } = {}): MaybePromise<void> {
    return addCommitHook(this.#host, fn, options.robust === true);
  }

  /**
   * Runs `fn` in a transaction that does not look at foreign keys, so that rows can come in any order. On SQLite and MariaDB nobody looks afterwards
   * either: call `checkConstraints()` before the end. PostgreSQL looks at the commit, and so does SQLite where the caller is in a block already.
   * @returns what `fn` gives
   * @throws IntegrityError at the commit, where the database looks then
   * @example await db.constraintChecksDisabled(async () => { await load(rows); await db.checkConstraints(); })
   * Django: https://docs.djangoproject.com/en/stable/topics/testing/advanced/
   */
  constraintChecksDisabled<T>(fn: () => T | Promise<T>): Promise<T> {
    return constraintChecksDisabled(this.#host, fn);
  }

  /**
   * Looks whether all foreign keys lead to rows: those that wait for the commit (PostgreSQL, where all are looked at whatever is named), or those of
   * these tables, or of all.
   * @throws IntegrityError `integrity.foreign_key` with table, columns and, where there is one, the constraint; the message names the key of the row
   * @example await db.checkConstraints(["shop_order"]) // SQLite: PRAGMA foreign_key_check("shop_order")
   */
  async checkConstraints(tables?: readonly string[]): Promise<void> {
    await this.ready();
    return checkConstraints(this, tables);
  }

  /** Whether the innermost block is going to be rolled back. */
  getRollback(): boolean {
    return getRollback(this.#host);
  }

  /** Marks the innermost block for rollback, or takes the mark away. */
  setRollback(rollback: boolean): void {
    setRollback(this.#host, rollback);
  }

  /** Opens the transaction of a test; see `openTestBlock`. @internal */
  openTestBlock(): Promise<() => Promise<void>> {
    return openTestBlock(this.#host);
  }

  /** Runs `fn` as a test; see `runTestBlock`. @internal */
  runTestBlock<T>(fn: () => T | Promise<T>): Promise<T> {
    return runTestBlock(this.#host, fn);
  }

  /** What waits for the commit of the caller's transaction. @internal */
  get waitingHooks(): readonly Hook[] | undefined {
    return waitingHooks(this.#host);
  }

  /**
   * A cursor for SQL written by hand.
   * @example await using cursor = await db.cursor(); await cursor.execute("SELECT count(*) FROM shop WHERE price < %s", [20]);
   * Django: https://docs.djangoproject.com/en/stable/topics/db/sql/#executing-custom-sql-directly
   */
  cursor(): MaybePromise<Cursor> {
    const ready = this.ready();
    const make = (dialect: DialectInfo): Cursor =>
      new Cursor(
        dialect,
        (s, o) => this.run(s, o),
        (sql, sets, all) => (this.watchers.wrappers.any ? this.watchers.executeMany(sql, sets, all) : all(sql, sets)),
      );
    return ready instanceof Promise ? ready.then(make) : make(ready);
  }

  /** Ends all connections. Work under way is waited for, up to five seconds; later calls are an InterfaceError. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#pool?.close();
    if (this.#driver.embedded) {
      const turn = this.#gate.enter(5000, () => this.#busy());
      if (turn !== undefined) await turn.catch(() => undefined);
      for (const reader of this.#readers.splice(0)) await reader.close();
      await this.#opened?.close();
      this.#opened = this.#direct = undefined;
      this.#gate.leave();
    }
  }

  #advisoryLocks(): AdvisoryLocks {
    return new AdvisoryLocks({
      alias: this.alias,
      database: this.settings.database,
      ownSession: this.#ownSession,
      ready: async () => this.ready(),
      connect: async () => {
        if (this.#closed) throw this.#closedError();
        return this.#connect();
      },
    });
  }

  #block(): Block | undefined {
    return ambient.used ? currentBlock(this.#host) : undefined;
  }

  /** A new connection, of which everybody was told who wants to know. */
  #connect(readOnly?: boolean): MaybePromise<DriverConnection> {
    const made = this.#driver.connect(readOnly);
    if (!connectionCreated.any) return made;
    return made instanceof Promise ? made.then((c) => this.#announced(c)) : this.#announced(made);
  }

  async #announced(connection: DriverConnection): Promise<DriverConnection> {
    ambient.used = true;
    try {
      await announce(this, connection, (s, o) => this.#execute(connection, s, o));
      return connection;
    } catch (error) {
      await connection.close();
      throw error;
    }
  }

  #execute(connection: DriverConnection, statement: Statement, options?: RunOptions): MaybePromise<RunResult> {
    if (this.writes.asked) this.writes.note(statement.text);
    if (!this.watchers.active) return connection.run(statement, options);
    return this.watchers.execute(statement, (s) => connection.run(s, options));
  }

  #openStream(
    connection: DriverConnection,
    statement: Statement,
    chunkSize: number,
    options: RunOptions,
  ): AsyncIterable<unknown[][]> {
    if (!this.watchers.active) return connection.stream(statement, chunkSize, options);
    return watchedStream(this.watchers, statement, (s) => connection.stream(s, chunkSize, options));
  }

  /** Does `work` on a connection that nobody else uses meanwhile; at once where it can be. */
  #leased<T>(
    holder: Holder,
    work: (connection: DriverConnection) => MaybePromise<T>,
    signal?: AbortSignal,
  ): MaybePromise<T> {
    const leased = this.#lease(holder, signal);
    return leased instanceof Promise ? leased.then((c) => this.#using(c, work)) : this.#using(leased, work);
  }

  #using<T>(connection: DriverConnection, work: (connection: DriverConnection) => MaybePromise<T>): MaybePromise<T> {
    let result: MaybePromise<T>;
    try {
      result = work(connection);
    } catch (error) {
      const back = this.#release(connection);
      if (back instanceof Promise) back.catch(() => undefined);
      throw error;
    }
    if (result instanceof Promise) return this.#usingLater(connection, result);
    const back = this.#release(connection);
    const value = result;
    return back instanceof Promise ? back.then(() => value) : value;
  }

  async #usingLater<T>(connection: DriverConnection, result: Promise<T>): Promise<T> {
    try {
      return await result;
    } finally {
      const back = this.#release(connection);
      if (back instanceof Promise) await back;
    }
  }

  #lease(holder: Holder, signal?: AbortSignal): MaybePromise<DriverConnection> {
    if (this.#closed) throw this.#closedError();
    if (ambient.used) refuseReceivers(this);
    if (this.#pool !== undefined) {
      const connection = this.#pool.acquire(holder, signal);
      if (!(connection instanceof Promise)) return connection;
      return connection.then((c) => {
        this.#dialect ??= c.dialect;
        return c;
      });
    }
    refuseAborted(signal);
    const turn = this.#gate.enter(EMBEDDED_WAIT, () => this.#busy(), signal);
    if (turn !== undefined) return turn.then(() => this.#entered(holder));
    return this.#entered(holder);
  }

  #entered(holder: Holder): MaybePromise<DriverConnection> {
    try {
      const connection = this.#open();
      if (connection !== this.#direct) {
        if (connectionCreated.any) return this.#firstUse(connection, holder);
        this.#direct = connection;
      }
      return this.#heldBy(connection, holder);
    } catch (error) {
      this.#gate.leave();
      throw error;
    }
  }

  #heldBy(connection: DriverConnection, holder: Holder): DriverConnection {
    this.#holder = holder;
    this.#heldSince = performance.now();
    return connection;
  }

  // Whoever else comes waits behind the gate. A connection that a receiver refused is opened anew by the next caller.
  async #firstUse(connection: DriverConnection, holder: Holder): Promise<DriverConnection> {
    try {
      this.#direct = await this.#announced(connection);
      return this.#heldBy(connection, holder);
    } catch (error) {
      this.#opened = undefined;
      this.#gate.leave();
      throw error;
    }
  }

  #release(connection: DriverConnection): MaybePromise<void> {
    if (this.#pool !== undefined) return this.#pool.release(connection);
    // A transaction that SQL of the user's own began and did not end must not swallow what comes after.
    if (connection.usable && connection.inTransaction === true) connection.rollback();
    this.#gate.leave();
  }

  #open(): DriverConnection {
    if (this.#closed) throw this.#closedError();
    if (this.#opened === undefined) {
      const connection = this.#driver.connect();
      if (connection instanceof Promise)
        throw new InterfaceError("An embedded driver must connect synchronously.", "database.driver");
      this.#opened = connection;
      this.#dialect = connection.dialect;
    }
    return this.#opened;
  }

  // A stream of an embedded file reads beside the only connection, so that writing goes on while it is open.
  async #leaseReader(holder: Holder, signal: AbortSignal | undefined): Promise<DriverConnection> {
    if (!this.#driver.embedded) return this.#lease(holder, signal);
    if (this.#open().separateReaders !== true) {
      const connection = await this.#lease(holder, signal);
      // The rows are read in between other statements; the driver empties the cursor before anything is written.
      this.#gate.leave();
      return connection;
    }
    return this.#readers.pop() ?? (await this.#connect(true));
  }

  async #releaseReader(connection: DriverConnection): Promise<void> {
    if (!this.#driver.embedded) await this.#release(connection);
    else if (connection !== this.#direct) {
      if (this.#closed || this.#readers.length >= 4) await connection.close();
      else this.#readers.push(connection);
    }
  }

  // Inside a block each chunk takes its turn, so that other statements of the block may run while the loop is open.
  async *#turns(
    block: Block,
    statement: Statement,
    chunkSize: number,
    options: RunOptions,
  ): AsyncGenerator<unknown[][]> {
    const rows = this.#openStream(block.connection, statement, chunkSize, options)[Symbol.asyncIterator]();
    let finished = false;
    try {
      for (;;) {
        const next = await block.run(() => rows.next());
        if (next.done === true) {
          finished = true;
          return;
        }
        yield next.value;
      }
    } finally {
      // A block that failed or ended takes the cursor with it.
      if (!finished && !block.ended && block.connection.usable) {
        try {
          await block.run(async () => void (await rows.return?.(undefined)));
        } catch {
          // The loop was left already; what it gave stands.
        }
      }
    }
  }

  #busy(): OperationalError {
    return new OperationalError(
      `A transaction kept the database '${this.alias}' to itself for ${EMBEDDED_WAIT / 1000} seconds.${this.#describeHolder()} An atomic block must not wait for work that runs outside of it.`,
      "pool.timeout",
    );
  }

  #describeHolder(): string {
    const holder = this.#holder;
    if (holder === undefined) return "";
    const milliseconds = performance.now() - this.#heldSince;
    return describeHolders([{ kind: holder.kind, statement: holder.text, milliseconds }]).replace("They are", "It is");
  }

  #closedError(): InterfaceError {
    return new InterfaceError(`The connections of '${this.alias}' were closed.`, "database.closed");
  }
}

function newHolder(kind: Holder["kind"], text?: string): Holder {
  return { kind, text };
}

/** The options with the signal that the caller is under, where it gave none. */
function withSignalOf(options: RunOptions | undefined): RunOptions | undefined {
  const signal = currentSignal();
  if (signal === undefined) return options;
  if (options?.signal === undefined) return { ...options, signal };
  return options.signal === signal ? options : { ...options, signal: AbortSignal.any([options.signal, signal]) };
}
