/**
 * A pool of connections of one database server: a limit, waiters in order, connections checked when they come back.
 * Idle connections do not keep the process alive. It must not know statements or transactions.
 */
import { BabikError, InterfaceError, OperationalError } from "../base/errors.js";
import { cancelledBefore, refuseAborted } from "./abort.js";
import { Backoff } from "./backoff.js";
import type { Driver, DriverConnection, MaybePromise } from "./driver.js";
import { describeHolders, type Holder, type HolderState } from "./holder.js";
import { traceHolder, watchHolder } from "./held-too-long.js";
import type { PoolOptions } from "./server-options.js";

interface Entry {
  readonly connection: DriverConnection;
  /** When it is to be replaced. */
  readonly until: number;
  /** Since when it is used, or nobody uses it. */
  since: number;
  holder: Holder | undefined;
  /** Warns of a holder that keeps it for too long. */
  warning: NodeJS.Timeout | undefined;
}

interface Waiter {
  readonly holder: Holder;
  readonly resolve: (connection: DriverConnection) => void;
  readonly reject: (error: unknown) => void;
  readonly stop: () => void;
}

/** What a pool needs of a driver. */
export type PoolDriver = Pick<Driver, "connect" | "classify">;

/** How full a pool is. */
export interface PoolState {
  readonly size: number;
  readonly idle: number;
  readonly waiting: number;
  /** Who has the connections that are in use. */
  readonly holders: readonly HolderState[];
}

/** The connections of one database. */
export class Pool {
  readonly #driver: PoolDriver;
  readonly #options: PoolOptions;
  readonly #alias: string;
  readonly #idle: Entry[] = [];
  readonly #used = new Map<DriverConnection, Entry>();
  readonly #waiters: Waiter[] = [];
  readonly #backoff = new Backoff();
  #connecting = 0;
  #sweeper: NodeJS.Timeout | undefined;
  #closed = false;
  #drained: (() => void) | undefined;

  constructor(alias: string, driver: PoolDriver, options: PoolOptions) {
    this.#alias = alias;
    this.#driver = driver;
    this.#options = options;
  }

  get state(): PoolState {
    const now = performance.now();
    return {
      size: this.#idle.length + this.#used.size + this.#connecting,
      idle: this.#idle.length,
      waiting: this.#waiters.length,
      holders: [...this.#used.values()].map(({ holder, since }) => ({
        kind: holder?.kind ?? "statement",
        statement: holder?.text,
        milliseconds: now - since,
      })),
    };
  }

  /**
   * A connection for the caller alone; at once where a fresh one is idle.
   * @param signal ends the waiting
   * @throws OperationalError `pool.timeout` when none became free in time, `database.cancelled`, or the error of connecting
   */
  acquire(holder: Holder, signal?: AbortSignal): MaybePromise<DriverConnection> {
    if (this.#closed) throw this.#closedError();
    refuseAborted(signal);
    if (this.#options.holdWarning > 0) traceHolder(holder);
    while (this.#idle.length > 0) {
      // The one used last is the likeliest to be warm, and the others may grow old enough to be let go.
      const entry = this.#idle.pop()!;
      if (!this.#fresh(entry)) {
        this.#drop(entry.connection);
        continue;
      }
      entry.connection.hold(true);
      const idleFor = performance.now() - entry.since;
      this.#lend(entry, holder);
      if (idleFor < this.#options.pingAfter) return entry.connection;
      return this.#pinged(entry, holder, signal);
    }
    return this.#next(holder, signal, false);
  }

  /** Gives a connection back. One that is not usable any more, or is still inside a transaction it cannot leave, is dropped. */
  release(connection: DriverConnection): MaybePromise<void> {
    const entry = this.#used.get(connection);
    if (entry === undefined) return;
    if (connection.usable && (connection.inTransaction === true || connection.sessionChanged === true))
      return this.#cleaned(entry);
    this.#back(entry, connection.usable);
  }

  /**
   * Ends all connections: idle ones now, used ones when they come back. Those who came before are served still, for up to
   * `within` milliseconds.
   */
  async close(within = 5000): Promise<void> {
    this.#closed = true;
    clearInterval(this.#sweeper);
    await Promise.all(
      this.#idle.splice(0).map((entry) => Promise.resolve(entry.connection.close()).catch(() => undefined)),
    );
    if (!this.#idleNow) {
      let timer: NodeJS.Timeout | undefined;
      await Promise.race([
        new Promise<void>((resolve) => (this.#drained = resolve)),
        new Promise<void>((resolve) => (timer = setTimeout(resolve, within))),
      ]);
      clearTimeout(timer);
    }
    this.#backoff.stop();
    this.#failAll(() => this.#closedError());
    await Promise.all([...this.#used.keys()].map((c) => Promise.resolve(c.close()).catch(() => undefined)));
  }

  // Whoever waits gets the first connection there is, be it a new one or one that came back meanwhile.
  #next(holder: Holder, signal: AbortSignal | undefined, first: boolean): Promise<DriverConnection> {
    const down = this.#backoff.error;
    if (down !== undefined && this.#used.size + this.#connecting === 0) throw down;
    const turn = this.#wait(holder, signal, first);
    this.#grow();
    return turn;
  }

  #lend(entry: Entry, holder: Holder): void {
    entry.holder = holder;
    entry.since = performance.now();
    this.#used.set(entry.connection, entry);
    if (this.#options.holdWarning > 0)
      entry.warning = watchHolder(this.#alias, holder, entry.since, this.#options.holdWarning);
  }

  #fresh(entry: Entry): boolean {
    return entry.connection.usable && performance.now() < entry.until;
  }

  async #pinged(entry: Entry, holder: Holder, signal: AbortSignal | undefined): Promise<DriverConnection> {
    if (await entry.connection.ping()) return entry.connection;
    this.#taken(entry);
    this.#drop(entry.connection);
    // One that is gone is rarely alone: a server that was restarted has dropped them all.
    for (const other of this.#idle) other.since = Number.NEGATIVE_INFINITY;
    return this.#idle.length > 0 ? this.acquire(holder, signal) : this.#next(holder, signal, true);
  }

  // Ends what a borrower left open: its transaction, and what it changed in the session.
  async #cleaned(entry: Entry): Promise<void> {
    const { connection } = entry;
    let clean = false;
    try {
      if (connection.inTransaction === true) await connection.rollback();
      const changed = connection.sessionChanged === true;
      if (changed && connection.resettable !== false) await connection.reset?.();
      clean = connection.usable && !(changed && connection.resettable === false);
    } catch {
      // Dropped below.
    }
    this.#back(entry, clean);
  }

  #taken(entry: Entry): void {
    this.#used.delete(entry.connection);
    clearTimeout(entry.warning);
    entry.warning = undefined;
    entry.holder = undefined;
  }

  #back(entry: Entry, good: boolean): void {
    this.#taken(entry);
    if (
      good &&
      !entry.connection.outdated &&
      performance.now() < entry.until &&
      (!this.#closed || this.#waiters.length > 0)
    ) {
      this.#hand(entry);
      return;
    }
    this.#drop(entry.connection);
    this.#afterLoss();
  }

  /** To the first who waits, else among the idle ones. */
  #hand(entry: Entry): void {
    const waiter = this.#waiters.shift();
    if (waiter !== undefined) {
      waiter.stop();
      this.#lend(entry, waiter.holder);
      waiter.resolve(entry.connection);
      return;
    }
    entry.since = performance.now();
    entry.connection.hold(false);
    this.#idle.push(entry);
    this.#sweeper ??= setInterval(() => this.#sweep(), Math.max(100, this.#options.idleTimeout / 2)).unref();
  }

  #drop(connection: DriverConnection): void {
    Promise.resolve(connection.close()).catch(() => undefined);
  }

  /** Makes as many connections as are waited for, within the limit. */
  #grow(): void {
    while (
      this.#connecting < this.#waiters.length &&
      this.#used.size + this.#idle.length + this.#connecting < this.#options.poolSize
    ) {
      if (this.#backoff.error !== undefined) {
        this.#backoff.after(() => this.#grow());
        return;
      }
      // After a failure one attempt finds out for all whether the server is back.
      if (this.#backoff.failing && this.#connecting > 0) return;
      this.#connecting++;
      void this.#connect();
    }
  }

  async #connect(): Promise<void> {
    let connection: DriverConnection;
    try {
      connection = await this.#driver.connect();
    } catch (error) {
      this.#connecting--;
      this.#refused(error instanceof BabikError ? error : this.#driver.classify(error));
      return;
    }
    this.#connecting--;
    this.#backoff.succeeded();
    if (this.#closed && this.#waiters.length === 0) {
      this.#drop(connection);
      this.#afterLoss();
      return;
    }
    // Spread by a tenth, so that connections made together are not all replaced together.
    const life = this.#options.maxLifetime * (0.9 + Math.random() * 0.1);
    const until = life === 0 ? Number.POSITIVE_INFINITY : performance.now() + life;
    this.#hand({ connection, until, since: 0, holder: undefined, warning: undefined });
    this.#grow();
  }

  // While other connections work (the server allows no more of them) those who wait will get one of these. Else nobody
  // can be served, and all are told at once instead of each trying for itself.
  #refused(error: Error): void {
    this.#backoff.failed(error);
    if (this.#used.size + this.#connecting === 0) this.#failAll(() => error);
    this.#afterLoss();
  }

  #failAll(error: () => Error): void {
    for (const waiter of this.#waiters.splice(0)) {
      waiter.stop();
      waiter.reject(error());
    }
  }

  get #idleNow(): boolean {
    return this.#used.size + this.#connecting + this.#waiters.length === 0;
  }

  #afterLoss(): void {
    if (this.#closed && this.#idleNow) this.#drained?.();
    this.#grow();
  }

  #wait(holder: Holder, signal: AbortSignal | undefined, first: boolean): Promise<DriverConnection> {
    return new Promise((resolve, reject) => {
      const leave = (error: () => BabikError): void => {
        const at = this.#waiters.indexOf(waiter);
        if (at >= 0) this.#waiters.splice(at, 1);
        waiter.stop();
        reject(error());
        if (this.#closed && this.#idleNow) this.#drained?.();
      };
      const abort = (): void => leave(() => cancelledBefore(signal!));
      const timer = setTimeout(() => leave(() => this.#tooLate()), this.#options.acquireTimeout);
      const stop = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", abort);
      };
      const waiter: Waiter = { holder, resolve, reject, stop };
      signal?.addEventListener("abort", abort, { once: true });
      if (first) this.#waiters.unshift(waiter);
      else this.#waiters.push(waiter);
    });
  }

  #sweep(): void {
    const now = performance.now();
    for (let i = this.#idle.length - 1; i >= 0; i--) {
      const entry = this.#idle[i]!;
      if (entry.connection.usable && now - entry.since < this.#options.idleTimeout && now < entry.until) continue;
      this.#idle.splice(i, 1);
      this.#drop(entry.connection);
    }
    if (this.#idle.length > 0) return;
    clearInterval(this.#sweeper);
    this.#sweeper = undefined;
  }

  #tooLate(): OperationalError {
    const { size, waiting, holders } = this.state;
    return new OperationalError(
      `No connection of '${this.#alias}' became free within ${this.#options.acquireTimeout} ms: ` +
        `${size} of ${this.#options.poolSize} are in use and ${waiting} other callers wait.${describeHolders(holders)} ` +
        "Raise poolSize, or look for a transaction or stream that is kept open, or that waits for work outside of itself.",
      "pool.timeout",
    );
  }

  #closedError(): InterfaceError {
    return new InterfaceError(`The connections of '${this.#alias}' were closed.`, "database.closed");
  }
}
