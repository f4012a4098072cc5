/**
 * Transactions: atomic blocks, savepoints, what runs after a commit. The only user of AsyncLocalStorage.
 * It knows a database as a `TransactionHost` and must not know pools, queries or models.
 */
import { ownOptions } from "../base/options.js";
import { AsyncLocalStorage } from "node:async_hooks";
import {
  BabikError,
  DatabaseError,
  InterfaceError,
  OperationalError,
  TransactionManagementError,
  ValueError,
} from "../base/errors.js";
import { isDisconnect, isRetryable } from "./classify/facts.js";
import type { BeginOptions, DriverConnection, MaybePromise } from "./driver.js";
import { Gate } from "./gate.js";

/** What transactions need of a database. */
export interface TransactionHost {
  readonly alias: string;
  /** A connection that nobody else uses until it is given back. */
  lease(): MaybePromise<DriverConnection>;
  release(connection: DriverConnection): MaybePromise<void>;
  /** Runs a statement of transaction control, so that it can be logged apart from others. */
  control(text: string, work: () => MaybePromise<void>): MaybePromise<void>;
}

/** How an atomic block is run. */
export interface AtomicOptions extends BeginOptions {
  /** A nested block is a savepoint (default). With `false` an error in it spoils the outer block as well. */
  readonly savepoint?: boolean | undefined;
  /** The block must be the outermost one, so that its end is a commit. */
  readonly durable?: boolean | undefined;
  /** How many times the block may be run again after a serialization failure, a deadlock or a lock wait; outermost only. */
  readonly retries?: number | undefined;
  /** Marks the block of a test, inside which `durable` blocks are allowed. */
  readonly ofTest?: boolean | undefined;
}

interface Hook {
  readonly run: () => unknown;
  readonly robust: boolean;
}

/** What a physical transaction's blocks share. */
interface Root {
  readonly host: TransactionHost;
  readonly connection: DriverConnection;
  savepoints: number;
  /** Why the server has no such transaction any more. */
  gone: "rolled back" | "committed" | undefined;
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
    const turn = this.gate.enter(TURN_WAIT, tooLate);
    return turn === undefined ? this.#now(work) : turn.then(() => this.#now(work));
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

  #endedError(): TransactionManagementError {
    return new TransactionManagementError(
      `A query was sent from inside an atomic block of '${this.root.host.alias}' that has ended already. Await all work before the block's function returns.`,
      "transaction.ended",
    );
  }
}

/** The innermost block of that database which the caller is inside of; it may have ended. */
export function currentBlock(host: TransactionHost): Block | undefined {
  for (let store = storage.getStore(); store !== undefined; store = store.outer)
    if (store.block.root.host === host) return store.block;
  return undefined;
}

/** Runs `fn` in an atomic block; see `Database.atomic`. */
export async function runAtomic<T>(host: TransactionHost, fn: () => T | Promise<T>, given: AtomicOptions): Promise<T> {
  const options = ownOptions(given);
  ambient.used = true;
  const outer = currentBlock(host);
  if (outer !== undefined) return nested(outer, fn, options);
  const retries = options.retries ?? 0;
  if (!Number.isInteger(retries) || retries < 0)
    throw new ValueError("The option 'retries' of atomic() takes a whole number from 0 up.", "transaction.retries");
  for (let attempt = 0; ; attempt++) {
    try {
      return await outermost(host, fn, options);
    } catch (error) {
      // Somebody may have caught the failure itself and met the broken block next.
      const reason = error instanceof TransactionManagementError ? error.cause : error;
      if (attempt >= retries || !isRetryable(reason)) throw error;
      // Longer and longer, and at random, so that those who met do not meet again.
      const most = Math.min(1000, 4 * 2 ** attempt);
      await new Promise((resolve) => setTimeout(resolve, Math.random() * most));
    }
  }
}

async function outermost<T>(host: TransactionHost, fn: () => T | Promise<T>, options: AtomicOptions): Promise<T> {
  const connection = await host.lease();
  const root: Root = { host, connection, savepoints: 0, gone: undefined };
  const block = new Block(root, undefined, options.ofTest === true);
  let value: T;
  try {
    await host.control("BEGIN", () => connection.begin(options));
    value = await inside(block, fn);
    if (block.needsRollback || root.gone === "rolled back") await rollBack(block);
    else await commit(block);
  } finally {
    block.ended = true;
    await host.release(connection);
  }
  if (!block.needsRollback) await runHooks(block.hooks);
  return value;
}

/** Runs the block's function, then waits for what it left unawaited; on an error everything is rolled back and the error goes on. */
async function inside<T>(block: Block, fn: () => T | Promise<T>): Promise<T> {
  let value: T;
  try {
    value = await storage.run({ block, outer: storage.getStore() }, fn);
  } catch (error) {
    // Set first: statements that still wait for their turn are refused instead of run.
    block.needsRollback = true;
    block.cause ??= error;
    await turn(block);
    if (block.parent === undefined) await rollBack(block).catch(() => undefined);
    throw error;
  }
  await turn(block);
  return value;
}

async function turn(block: Block): Promise<void> {
  await block.gate.enter();
  block.ended = true;
  block.gate.leave();
}

async function commit(block: Block): Promise<void> {
  const { host, connection } = block.root;
  try {
    await host.control("COMMIT", () => connection.commit());
  } catch (error) {
    block.needsRollback = true;
    if (isDisconnect(error) || (error instanceof InterfaceError && !connection.usable))
      throw new OperationalError(
        `The connection to '${host.alias}' was lost while COMMIT was under way: whether the transaction was committed is not known. It was not run again.`,
        "transaction.commit_unknown",
        { cause: error },
      );
    await rollBack(block).catch(() => undefined);
    throw error;
  }
}

async function rollBack(block: Block): Promise<void> {
  const { host, connection } = block.root;
  block.needsRollback = true;
  if (!connection.usable) return;
  await host.control("ROLLBACK", () => connection.rollback());
}

async function nested<T>(parent: Block, fn: () => T | Promise<T>, options: AtomicOptions): Promise<T> {
  if (options.durable === true && !parent.ofTest)
    throw new TransactionManagementError(
      "A durable atomic block cannot be nested within another atomic block: its end would not be a commit.",
      "transaction.durable",
    );
  if (options.isolation !== undefined || options.readOnly === true || options.deferrable === true)
    throw new TransactionManagementError(
      "isolation, readOnly and deferrable belong to the outermost atomic block; this one is nested.",
      "transaction.nested_options",
    );
  if (parent.ended) parent.check();
  await parent.gate.enter(TURN_WAIT, tooLate);
  try {
    parent.check();
    const { root } = parent;
    const savepoint = options.savepoint === false ? undefined : `babik_sp_${++root.savepoints}`;
    if (savepoint !== undefined) await savepointStatement(parent, `SAVEPOINT ${savepoint}`);
    const block = new Block(root, parent, options.ofTest === true);
    let value: T;
    try {
      value = await inside(block, fn);
    } catch (error) {
      await undo(block, savepoint);
      throw error;
    }
    if (block.needsRollback) {
      await undo(block, savepoint);
      return value;
    }
    if (savepoint !== undefined && root.gone === undefined) await release(block, savepoint);
    parent.hooks.push(...block.hooks);
    return value;
  } finally {
    parent.gate.leave();
  }
}

async function release(block: Block, savepoint: string): Promise<void> {
  try {
    await savepointStatement(block.parent!, `RELEASE SAVEPOINT ${savepoint}`);
  } catch (error) {
    // Deferred constraints may speak up here on some databases: the savepoint's work is taken back, the outer block lives.
    await undo(block, savepoint);
    throw error;
  }
}

/** Takes back what the nested block did; where that is impossible the outer block has to be rolled back too. */
async function undo(block: Block, savepoint: string | undefined): Promise<void> {
  const parent = block.parent!;
  const { root } = block;
  if (savepoint !== undefined && root.gone === undefined && root.connection.usable) {
    try {
      await savepointStatement(parent, `ROLLBACK TO SAVEPOINT ${savepoint}`);
      await savepointStatement(parent, `RELEASE SAVEPOINT ${savepoint}`);
      return;
    } catch (error) {
      block.cause ??= error;
    }
  }
  parent.needsRollback = true;
  parent.cause ??= block.cause;
}

function savepointStatement(block: Block, text: string): MaybePromise<void> {
  const { host, connection } = block.root;
  return host.control(text, () => {
    const done = connection.run({ text, params: [] });
    return done instanceof Promise ? done.then(() => undefined) : undefined;
  });
}

/** Has `run` called after the outermost commit; see `Database.onCommit`. */
export function addCommitHook(host: TransactionHost, run: () => unknown, robust: boolean): MaybePromise<void> {
  if (typeof run !== "function")
    throw new ValueError("onCommit() takes the function that is to be called.", "transaction.on_commit");
  const block = ambient.used ? currentBlock(host) : undefined;
  if (block === undefined) return runHooks([{ run, robust }]);
  if (block.ended) block.check();
  block.hooks.push({ run, robust });
}

// Hooks see no transaction: what they query is committed by itself. Blocks of other databases around them stay.
async function runHooks(hooks: readonly Hook[]): Promise<void> {
  for (const hook of hooks) {
    try {
      await hook.run();
    } catch (error) {
      if (!hook.robust) throw error;
      process.emitWarning(
        `A robust onCommit() function failed: ${error instanceof BabikError ? error.message : error instanceof Error ? error.name : "a value was thrown"}.`,
        { code: "BABIK_ON_COMMIT", type: "BabikWarning" },
      );
    }
  }
}

/** Whether the innermost block will be rolled back. @throws TransactionManagementError outside of a block */
export function getRollback(host: TransactionHost): boolean {
  return needBlock(host, "getRollback()").needsRollback;
}

/** Marks the innermost block for rollback, or takes the mark (an error's too) away. @throws TransactionManagementError outside of a block */
export function setRollback(host: TransactionHost, rollback: boolean): void {
  const block = needBlock(host, "setRollback()");
  block.needsRollback = rollback;
  if (!rollback) block.cause = undefined;
}

function needBlock(host: TransactionHost, what: string): Block {
  const block = currentBlock(host);
  if (block === undefined || block.ended)
    throw new TransactionManagementError(`${what} works only inside of an atomic block.`, "transaction.none");
  return block;
}
