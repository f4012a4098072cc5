/**
 * Atomic blocks: whose statements take turns on one connection, and how the caller's block is found. The innermost block is
 * in an AsyncLocalStorage. It knows a database as a `TransactionHost` and must not know pools, queries or models.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { DatabaseError, OperationalError, TransactionManagementError } from "../base/errors.js";
import type { DriverConnection, MaybePromise } from "./driver.js";
import { Gate } from "./gate.js";
import type { Holder } from "./holder.js";

/** What transactions need of a database. */
export interface TransactionHost {
  readonly alias: string;
  /** A connection that nobody else uses until it is given back. */
  lease(holder: Holder, signal?: AbortSignal): MaybePromise<DriverConnection>;
  release(connection: DriverConnection): MaybePromise<void>;
  /** Runs a statement of transaction control, so that it can be logged apart from others. */
  control(text: string, work: () => MaybePromise<void>): MaybePromise<void>;
  /** The block of a test, in which everything runs that is in no block of its own. */
  shared?: Block | undefined;
}

/** What is called after the commit. */
export interface Hook {
  readonly run: () => unknown;
  readonly robust: boolean;
}

/** What a physical transaction's blocks share. */
export interface Root {
  readonly host: TransactionHost;
  readonly connection: DriverConnection;
  readonly holder: Holder;
  savepoints: number;
  /** Why the server has no such transaction any more. */
  gone: "rolled back" | "committed" | undefined;
  /** What is done on the connection after the end, before others get it. */
  cleanups: (() => Promise<void>)[] | undefined;
  /** Foreign keys are not looked at for now. */
  unchecked: boolean;
}

interface Store {
  readonly block: Block;
  readonly outer: Store | undefined;
}

/** How long a statement waits for its turn in a block, in milliseconds. */
const TURN_WAIT = 30_000;

function tooLate(): OperationalError {
  return new OperationalError(
    `A statement waited ${TURN_WAIT / 1000} seconds for a nested atomic block, or for another statement, to end. A nested block must not await work that was begun in the block around it.`,
    "transaction.timeout",
  );
}

const storage = new AsyncLocalStorage<Store | undefined>();

/** Whether any block was ever begun in this process; as long as not, nobody has to look for one. */
export const ambient = { used: false };

/** The innermost block of that database which the caller is inside of; it may have ended. */
export function currentBlock(host: TransactionHost): Block | undefined {
  for (let store = storage.getStore(); store !== undefined; store = store.outer)
    if (store.block.root.host === host) return store.block;
  return host.shared;
}

/** Calls `fn` with `block` as its innermost block. */
export function enterBlock<T>(block: Block, fn: () => T): T {
  ambient.used = true;
  return storage.run({ block, outer: storage.getStore() }, fn);
}

/** One atomic block. Statements in it take turns; a nested block keeps the statements of the outer one waiting until it ends. */
export class Block {
  readonly gate = new Gate();
  readonly root: Root;
  readonly parent: Block | undefined;
  readonly ofTest: boolean;
  hooks: Hook[] = [];
  needsRollback = false;
  cause: unknown;
  ended = false;

  constructor(root: Root, parent: Block | undefined, ofTest: boolean) {
    this.root = root;
    this.parent = parent;
    this.ofTest = ofTest;
  }

  get connection(): DriverConnection {
    return this.root.connection;
  }

  /**
   * Does `work` on the block's connection when its turn has come; at once where the block is idle and the work is synchronous.
   * @throws TransactionManagementError when the block has ended, or an error in it made it unusable
   */
  run<T>(work: (connection: DriverConnection) => MaybePromise<T>): MaybePromise<T> {
    if (this.ended) throw this.#endedError();
    const turn = this.enter();
    return turn === undefined ? this.#now(work) : turn.then(() => this.#now(work));
  }

  /** Takes a turn for more than one statement; `gate.leave()` ends it. A promise only where it has to be waited for. */
  enter(): Promise<void> | undefined {
    return this.gate.enter(TURN_WAIT, tooLate);
  }

  /** Throws when nothing can be run in the block. */
  check(): void {
    if (this.ended) throw this.#endedError();
    if (this.root.gone !== undefined)
      throw new TransactionManagementError(
        this.root.gone === "committed"
          ? `A statement in this atomic block ended the transaction of '${this.root.host.alias}' by itself, as CREATE, ALTER and DROP do on MariaDB; nothing more can be run until the block ends.`
          : `The database rolled the whole transaction of '${this.root.host.alias}' back; nothing more can be run until the outermost atomic block ends.`,
        "transaction.gone",
        { cause: this.cause },
      );
    if (this.needsRollback)
      throw new TransactionManagementError(
        "An error occurred in this atomic block (or it was marked for rollback): no queries can be run until the block ends. Catch the error outside of a nested atomic() to go on.",
        "transaction.broken",
        { cause: this.cause },
      );
  }

  #now<T>(work: (connection: DriverConnection) => MaybePromise<T>): MaybePromise<T> {
    let result: MaybePromise<T>;
    try {
      this.check();
      result = work(this.root.connection);
    } catch (error) {
      this.#failed(error);
      this.gate.leave();
      throw error;
    }
    if (!(result instanceof Promise)) {
      this.#done();
      return result;
    }
    return result.then(
      (value) => {
        this.#done();
        return value;
      },
      (error: unknown) => {
        this.#failed(error);
        // Siblings that wait are refused because of this error: whoever waits for all of them must meet it first.
        setImmediate(() => this.gate.leave());
        throw error;
      },
    );
  }

  #done(): void {
    if (this.root.connection.inTransaction === false) this.root.gone ??= "committed";
    this.gate.leave();
  }

  #failed(error: unknown): void {
    if (!(error instanceof DatabaseError) || error instanceof TransactionManagementError) return;
    this.needsRollback = true;
    this.cause ??= error;
    const { connection } = this.root;
    // MariaDB rolls everything back at a deadlock and tells it by the error only.
    const lost = !connection.usable || connection.inTransaction === false;
    if (lost || (error.code === "database.deadlock" && connection.dialect.name === "mysql")) {
      this.root.gone ??= "rolled back";
      this.parent?.fail(error);
    }
  }

  /** Spoils this block and those around it. */
  fail(error: unknown): void {
    this.needsRollback = true;
    this.cause ??= error;
    this.parent?.fail(error);
  }

  /** Waits for the statements that were sent, then lets no more in. */
  async finish(): Promise<void> {
    await this.gate.enter();
    this.ended = true;
    this.gate.leave();
  }

  #endedError(): TransactionManagementError {
    return new TransactionManagementError(
      `A query was sent from inside an atomic block of '${this.root.host.alias}' that has ended already. Await all work before the block's function returns.`,
      "transaction.ended",
    );
  }
}
