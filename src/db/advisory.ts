/**
 * Advisory locks: locks on names that mean something to the program only, held by the database server for all processes.
 * Inside of a block they last until the transaction ends; around a function they have a connection of their own.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { createHash } from "node:crypto";
import { namedOptions } from "../base/options.js";
import type { DialectInfo } from "../ast/seams.js";
import { NotSupportedError, OperationalError, TransactionManagementError, ValueError } from "../base/errors.js";
import { currentSignal, refuseAborted } from "./abort.js";
import type { Block } from "./block.js";
import type { DriverConnection, MaybePromise, RunResult, Statement } from "./driver.js";
import { Gate } from "./gate.js";

/** What is locked: a text, or a whole number of 64 bits that other programs may use as well. */
export type AdvisoryKey = string | number | bigint;

/** How an advisory lock is taken. */
export interface AdvisoryLockOptions {
  /** Waits until the lock is free (`true`, the default), not at all (`false`), or for so many milliseconds. */
  readonly wait?: boolean | number | undefined;
  /** Others may have the lock at the same time if they too want it shared (PostgreSQL only). */
  readonly shared?: boolean | undefined;
}

/** "For ever" in seconds, for servers that want a number. */
const A_YEAR = 31_536_000;

/** A key as a server wants it: PostgreSQL a number of 64 bits, MariaDB and MySQL a name, which counts for all databases. */
interface ServerKey {
  readonly name: string;
  readonly number: bigint;
}

/** Checks a key and makes what servers know it by. @throws ValueError for what is no key */
export function serverKey(key: AdvisoryKey, database: string): ServerKey {
  if (typeof key === "string" && key !== "") {
    const digest = createHash("sha256").update(`babik\0${key}`).digest();
    const scoped = createHash("sha256").update(`${database}\0${key}`).digest("hex");
    return { number: digest.readBigInt64BE(0), name: `babik:${scoped.slice(0, 50)}` };
  }
  if ((typeof key === "number" && Number.isSafeInteger(key)) || typeof key === "bigint") {
    const number = BigInt(key);
    if (BigInt.asIntN(64, number) === number) return { number, name: String(number) };
  }
  throw new ValueError(
    "The key of an advisory lock is a text that is not empty, or a whole number of at most 64 bits.",
    "lock.key",
  );
}

interface Wish {
  readonly key: ServerKey;
  /** Milliseconds; undefined for as long as it takes. */
  readonly within: number | undefined;
  readonly shared: boolean;
}

function readWish(key: AdvisoryKey, given: AdvisoryLockOptions, database: string): Wish {
  const options = namedOptions("an advisory lock", given, ["wait", "shared"]);
  const { wait = true, shared = false } = options;
  if (typeof wait !== "boolean" && !(typeof wait === "number" && Number.isSafeInteger(wait) && wait >= 0))
    throw new ValueError("The option 'wait' takes true, false or a number of milliseconds.", "lock.options");
  if (typeof shared !== "boolean") throw new ValueError("The option 'shared' takes true or false.", "lock.options");
  return { key: serverKey(key, database), within: wait === true ? undefined : wait === false ? 0 : wait, shared };
}

function checkFeatures({ features }: DialectInfo, shared: boolean): void {
  if (!features.advisoryLocks)
    throw new NotSupportedError(
      "This database has no advisory locks. An atomic() block keeps all other writers out of a SQLite database.",
      "database.not_supported",
    );
  if (shared && !features.sharedAdvisoryLocks)
    throw new NotSupportedError("This database has no shared advisory locks.", "database.not_supported");
}

function taken(alias: string): OperationalError {
  return new OperationalError(
    `The advisory lock on '${alias}' was not free within the time that was allowed.`,
    "database.lock_not_available",
  );
}

type Run = (statement: Statement) => Promise<unknown>;

/** The first value of the first row that a statement gives. */
function runner(connection: DriverConnection): Run {
  return async (statement) => (await connection.run(statement, { signal: currentSignal() })).rows[0]?.[0];
}

// ---- in a transaction ------------------------------------------------------------------------------------------

/** What locks in transactions need of a database. */
export interface BlockDatabase {
  readonly name: string;
  run(statement: Statement): MaybePromise<RunResult>;
  nested<T>(fn: () => Promise<T>): Promise<T>;
}

/**
 * Takes a lock that lasts until the caller's transaction has ended; see `Database.advisoryLock`. Not getting it in time spoils
 * nothing: the block goes on.
 */
export async function lockInBlock(
  block: Block,
  key: AdvisoryKey,
  options: AdvisoryLockOptions,
  database: BlockDatabase,
): Promise<void> {
  const wish = readWish(key, options, database.name);
  const { dialect } = block.connection;
  checkFeatures(dialect, wish.shared);
  // Through the database, not the block: within a savepoint it is another one.
  const run: Run = async (statement) => (await database.run(statement)).rows[0]?.[0];
  if (dialect.name === "postgres") {
    if (!(await lockTransaction(run, wish, database.nested))) throw taken(block.root.host.alias);
    return;
  }
  if (!(await getLock(run, wish))) throw taken(block.root.host.alias);
  // The lock is the session's, not the transaction's: it is given back after COMMIT or ROLLBACK.
  (block.root.cleanups ??= []).push(async () => {
    await runner(block.connection)({ text: "SELECT RELEASE_LOCK(?)", params: [wish.key.name] });
  });
}

async function lockTransaction(
  run: Run,
  wish: Wish,
  nested: <T>(fn: () => Promise<T>) => Promise<T>,
): Promise<boolean> {
  const suffix = wish.shared ? "_shared" : "";
  const params = [wish.key.number];
  if (wish.within === 0) return (await run({ text: `SELECT pg_try_advisory_xact_lock${suffix}($1)`, params })) === true;
  const lock: Statement = { text: `SELECT pg_advisory_xact_lock${suffix}($1)`, params };
  if (wish.within === undefined) {
    await run(lock);
    return true;
  }
  const { within } = wish;
  const set = "SELECT set_config('lock_timeout', $1, true)";
  try {
    // The savepoint takes the failure, which would make the transaction unusable.
    await nested(async () => {
      const before = String(await run({ text: "SELECT current_setting('lock_timeout')", params: [] }));
      await run({ text: set, params: [String(within)] });
      await run(lock);
      await run({ text: set, params: [before] });
    });
    return true;
  } catch (error) {
    if (error instanceof OperationalError && error.code === "database.lock_not_available") return false;
    throw error;
  }
}

async function getLock(run: Run, wish: Wish): Promise<boolean> {
  const seconds = wish.within === undefined ? A_YEAR : wish.within / 1000;
  const got = await run({ text: "SELECT GET_LOCK(?, ?)", params: [wish.key.name, seconds] });
  // A statement that was cancelled gives NULL.
  if (Number(got) !== 1) refuseAborted(currentSignal(), "Waiting for the advisory lock");
  return Number(got) === 1;
}

// ---- around a function -------------------------------------------------------------------------------------------

/** What locks around functions need of a database. */
export interface LockHost {
  readonly alias: string;
  readonly database: string;
  /** False behind a pooler that hands out another server connection per transaction. */
  readonly ownSession: boolean;
  ready(): Promise<DialectInfo>;
  /** A connection beside the pool: its holder does not keep the callers of the pool waiting. */
  connect(): Promise<DriverConnection>;
}

interface Held {
  readonly keeper: AdvisoryLocks;
  readonly name: string;
  readonly shared: boolean;
  ended: boolean;
  readonly outer: Held | undefined;
}
const storage = new AsyncLocalStorage<Held | undefined>();

/** The advisory locks of one database that functions of this process hold, each on a connection of its own. */
export class AdvisoryLocks {
  readonly #host: LockHost;
  /** Those of this process who want the same lock wait here, so that a lock takes one connection however many want it. */
  readonly #gates = new Map<string, { readonly gate: Gate; users: number }>();

  constructor(host: LockHost) {
    this.#host = host;
  }

  /** Runs `fn` while the lock is held; see `Database.withAdvisoryLock`. */
  async around<T>(key: AdvisoryKey, fn: () => T | Promise<T>, options: AdvisoryLockOptions): Promise<T> {
    if (typeof fn !== "function")
      throw new ValueError("withAdvisoryLock() takes the function that is to be run under the lock.", "lock.function");
    const wish = readWish(key, options, this.#host.database);
    checkFeatures(await this.#host.ready(), wish.shared);
    const { name } = wish.key;
    for (let held = storage.getStore(); held !== undefined; held = held.outer)
      if (held.keeper === this && held.name === name && !held.ended) {
        if (held.shared && !wish.shared)
          throw new TransactionManagementError(
            "A shared advisory lock cannot become an exclusive one while it is held.",
            "lock.upgrade",
          );
        return fn();
      }
    if (wish.shared) return this.#locked(wish, fn);
    const begun = performance.now();
    const leave = await this.#enter(wish);
    try {
      const within = wish.within === undefined ? undefined : Math.max(0, wish.within - (performance.now() - begun));
      return await this.#locked({ ...wish, within }, fn);
    } finally {
      leave();
    }
  }

  async #enter({ key, within }: Wish): Promise<() => void> {
    let entry = this.#gates.get(key.name);
    if (entry === undefined) this.#gates.set(key.name, (entry = { gate: new Gate(), users: 0 }));
    const { gate } = entry;
    const mine = entry;
    const forget = (): void => {
      if (--mine.users === 0) this.#gates.delete(key.name);
    };
    mine.users++;
    try {
      if (within === 0 && gate.held) throw taken(this.#host.alias);
      await gate.enter(within, () => taken(this.#host.alias), currentSignal());
    } catch (error) {
      forget();
      throw error;
    }
    return () => {
      gate.leave();
      forget();
    };
  }

  async #locked<T>(wish: Wish, fn: () => T | Promise<T>): Promise<T> {
    const connection = await this.#host.connect();
    const held: Held = {
      keeper: this,
      name: wish.key.name,
      shared: wish.shared,
      ended: false,
      outer: storage.getStore(),
    };
    let value: T;
    try {
      if (!(await this.#take(connection, wish))) throw taken(this.#host.alias);
      value = await storage.run(held, fn);
      if (!(await connection.ping()))
        throw new OperationalError(
          `The connection that held the advisory lock on '${this.#host.alias}' was lost: others may have had the lock before the function ended.`,
          "lock.lost",
        );
    } finally {
      held.ended = true;
      // The lock goes with the session; waited for, so that the next one finds it free.
      await connection.close();
    }
    return value;
  }

  async #take(connection: DriverConnection, wish: Wish): Promise<boolean> {
    const run = runner(connection);
    if (connection.dialect.name !== "postgres") return getLock(run, wish);
    // Behind a pooler only a transaction keeps a server connection.
    const scope = this.#host.ownSession ? "" : "_xact";
    if (!this.#host.ownSession) await connection.begin();
    const suffix = wish.shared ? "_shared" : "";
    const params = [wish.key.number];
    if (wish.within === 0)
      return (await run({ text: `SELECT pg_try_advisory${scope}_lock${suffix}($1)`, params })) === true;
    if (wish.within !== undefined)
      await run({
        text: "SELECT set_config('lock_timeout', $1, $2)",
        params: [String(Math.max(1, Math.round(wish.within))), !this.#host.ownSession],
      });
    try {
      await run({ text: `SELECT pg_advisory${scope}_lock${suffix}($1)`, params });
      return true;
    } catch (error) {
      if (error instanceof OperationalError && error.code === "database.lock_not_available") return false;
      throw error;
    }
  }
}
