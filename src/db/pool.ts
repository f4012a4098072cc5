/**
 * A pool of connections of one database server: a limit, waiters in order, connections checked when they come back.
 * Idle connections do not keep the process alive. It must not know statements or transactions.
 */
import { BabikError, InterfaceError, OperationalError } from "../base/errors.js";
import type { Driver, DriverConnection, MaybePromise } from "./driver.js";
import type { PoolOptions } from "./server-options.js";

interface Entry {
  readonly connection: DriverConnection;
  /** When it is to be replaced. */
  readonly until: number;
  /** Since when nobody uses it. */
  idleSince: number;
}

interface Waiter {
  readonly resolve: (connection: DriverConnection) => void;
  readonly reject: (error: unknown) => void;
  readonly timer: NodeJS.Timeout;
}

/** How full a pool is. */
export interface PoolState {
  readonly size: number;
  readonly idle: number;
  readonly waiting: number;
}

/** The connections of one database. */
export class Pool {
  readonly #driver: Driver;
  readonly #options: PoolOptions;
  readonly #alias: string;
  readonly #idle: Entry[] = [];
  readonly #used = new Map<DriverConnection, Entry>();
  readonly #waiters: Waiter[] = [];
  #connecting = 0;
  #sweeper: NodeJS.Timeout | undefined;
  #closed = false;
  #drained: (() => void) | undefined;

  constructor(alias: string, driver: Driver, options: PoolOptions) {
    this.#alias = alias;
    this.#driver = driver;
    this.#options = options;
  }

  get state(): PoolState {
    return {
      size: this.#idle.length + this.#used.size + this.#connecting,
      idle: this.#idle.length,
      waiting: this.#waiters.length,
    };
  }

  /**
   * A connection for the caller alone; at once where a fresh one is idle.
   * @throws OperationalError `pool.timeout` when none became free in time, or the error of connecting
   */
  acquire(): MaybePromise<DriverConnection> {
    if (this.#closed) throw this.#closedError();
    while (this.#idle.length > 0) {
      // The one used last is the likeliest to be warm, and the others may grow old enough to be let go.
      const entry = this.#idle.pop()!;
      if (!this.#fresh(entry)) {
        this.#drop(entry.connection);
        continue;
      }
      this.#used.set(entry.connection, entry);
      entry.connection.hold(true);
      if (performance.now() - entry.idleSince < this.#options.pingAfter) return entry.connection;
      return this.#pinged(entry);
    }
    // Whoever waits gets the first connection there is, be it a new one or one that came back meanwhile.
    const turn = this.#wait();
    this.#grow();
    return turn;
  }

  /** Gives a connection back. One that is not usable any more, or is still inside a transaction it cannot leave, is dropped. */
  release(connection: DriverConnection): MaybePromise<void> {
    const entry = this.#used.get(connection);
    if (entry === undefined) return;
    if (connection.usable && connection.inTransaction === true) return this.#cleaned(entry);
    this.#back(entry, connection.usable);
  }

  /** Ends all connections: idle ones now, used ones when they come back, for which it waits up to `within` milliseconds. */
  async close(within = 5000): Promise<void> {
    this.#closed = true;
    clearInterval(this.#sweeper);
    for (const waiter of this.#waiters.splice(0)) {
      clearTimeout(waiter.timer);
      waiter.reject(this.#closedError());
    }
    await Promise.all(
      this.#idle.splice(0).map((entry) => Promise.resolve(entry.connection.close()).catch(() => undefined)),
    );
    if (this.#used.size + this.#connecting === 0) return;
    let timer: NodeJS.Timeout | undefined;
    await Promise.race([
      new Promise<void>((resolve) => (this.#drained = resolve)),
      new Promise<void>((resolve) => (timer = setTimeout(resolve, within))),
    ]);
    clearTimeout(timer);
    await Promise.all([...this.#used.keys()].map((c) => Promise.resolve(c.close()).catch(() => undefined)));
  }

  #fresh(entry: Entry): boolean {
    return entry.connection.usable && performance.now() < entry.until;
  }

  async #pinged(entry: Entry): Promise<DriverConnection> {
    if (await entry.connection.ping()) return entry.connection;
    this.#used.delete(entry.connection);
    this.#drop(entry.connection);
    return this.acquire();
  }

  async #cleaned(entry: Entry): Promise<void> {
    let clean = false;
    try {
      await entry.connection.rollback();
      clean = entry.connection.usable;
    } catch {
      // Dropped below.
    }
    this.#back(entry, clean);
  }

  #back(entry: Entry, good: boolean): void {
    this.#used.delete(entry.connection);
    if (!this.#closed && good && performance.now() < entry.until) {
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
      clearTimeout(waiter.timer);
      this.#used.set(entry.connection, entry);
      waiter.resolve(entry.connection);
      return;
    }
    entry.idleSince = performance.now();
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
      !this.#closed &&
      this.#connecting < this.#waiters.length &&
      this.#used.size + this.#idle.length + this.#connecting < this.#options.poolSize
    ) {
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
      const waiter = this.#waiters.shift();
      clearTimeout(waiter?.timer);
      waiter?.reject(error instanceof BabikError ? error : this.#driver.classify(error));
      this.#afterLoss();
      return;
    }
    this.#connecting--;
    if (this.#closed) {
      this.#drop(connection);
      this.#afterLoss();
      return;
    }
    // Spread by a tenth, so that connections made together are not all replaced together.
    const life = this.#options.maxLifetime * (0.9 + Math.random() * 0.1);
    const until = life === 0 ? Number.POSITIVE_INFINITY : performance.now() + life;
    this.#hand({ connection, until, idleSince: 0 });
  }

  #afterLoss(): void {
    if (this.#closed && this.#used.size + this.#connecting === 0) this.#drained?.();
    this.#grow();
  }

  #wait(): Promise<DriverConnection> {
    return new Promise((resolve, reject) => {
      const waiter: Waiter = {
        resolve,
        reject,
        timer: setTimeout(() => {
          const at = this.#waiters.indexOf(waiter);
          if (at >= 0) this.#waiters.splice(at, 1);
          reject(this.#tooLate());
        }, this.#options.acquireTimeout),
      };
      this.#waiters.push(waiter);
    });
  }

  #sweep(): void {
    const now = performance.now();
    for (let i = this.#idle.length - 1; i >= 0; i--) {
      const entry = this.#idle[i]!;
      if (entry.connection.usable && now - entry.idleSince < this.#options.idleTimeout && now < entry.until) continue;
      this.#idle.splice(i, 1);
      this.#drop(entry.connection);
    }
    if (this.#idle.length > 0) return;
    clearInterval(this.#sweeper);
    this.#sweeper = undefined;
  }

  #tooLate(): OperationalError {
    const { size, waiting } = this.state;
    return new OperationalError(
      `No connection of '${this.#alias}' became free within ${this.#options.acquireTimeout} ms: all ${size} are in use and ${waiting} other callers wait. ` +
        "Raise poolSize, or look for a transaction or stream that is kept open, or that waits for work outside of itself.",
      "pool.timeout",
    );
  }

  #closedError(): InterfaceError {
    return new InterfaceError(`The connections of '${this.#alias}' were closed.`, "database.closed");
  }
}
