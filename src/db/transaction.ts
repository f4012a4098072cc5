/**
 * Atomic blocks from outside: running a function in the outermost block, with repetitions, or in a nested one.
 */
import { namedOptions } from "../base/options.js";
import { TransactionManagementError, ValueError } from "../base/errors.js";
import { checkSignal, currentSignal, refuseAborted, withSignal } from "./abort.js";
import { ambient, Block, currentBlock, enterBlock, type TransactionHost } from "./block.js";
import { isRetryable } from "./classify/facts.js";
import type { BeginOptions } from "./driver.js";
import { begin, commit, end, rollBack, runHooks } from "./root.js";
import { newSavepoint, release, savepointStatement, undo } from "./savepoint.js";

/** How an atomic block is run. */
export interface AtomicOptions extends BeginOptions {
  /** A nested block is a savepoint (default). With `false` an error in it spoils the outer block as well. */
  readonly savepoint?: boolean | undefined;
  /** The block must be the outermost one, so that its end is a commit. */
  readonly durable?: boolean | undefined;
  /**
   * How many times the block may be run again after a serialization failure, a deadlock or a lock that was not free in time. The
   * outermost block only: a nested one cannot begin the transaction anew, and there the option does nothing.
   */
  readonly retries?: number | undefined;
  /** Cancels the block: waiting for a connection, the statement that runs, all that would follow. The block is rolled back. */
  readonly signal?: AbortSignal | undefined;
  /** Marks the block of a test, inside which `durable` blocks are allowed. */
  readonly ofTest?: boolean | undefined;
}

const names: readonly (keyof AtomicOptions)[] = [
  "isolation",
  "readOnly",
  "deferrable",
  "savepoint",
  "durable",
  "retries",
  "signal",
  "ofTest",
];

/** Runs `fn` in an atomic block; see `Database.atomic`. */
export async function runAtomic<T>(host: TransactionHost, fn: () => T | Promise<T>, given: AtomicOptions): Promise<T> {
  const options = namedOptions("atomic()", given, names);
  if (typeof fn !== "function")
    throw new ValueError("atomic() takes the function that is to be run in the block.", "transaction.function");
  if (options.signal === undefined) return atomic(host, fn, options);
  checkSignal(options.signal);
  return withSignal(options.signal, () => atomic(host, fn, options));
}

/** Runs `fn` in a transaction that looks at no foreign keys, or as late as it can. The caller is in no block. */
export function runUnchecked<T>(host: TransactionHost, fn: () => T | Promise<T>): Promise<T> {
  return atomic(host, fn, { constraintChecks: false });
}

async function atomic<T>(host: TransactionHost, fn: () => T | Promise<T>, options: AtomicOptions): Promise<T> {
  ambient.used = true;
  const outer = currentBlock(host);
  if (outer !== undefined) return nested(outer, fn, options);
  const retries = options.retries ?? 0;
  if (!Number.isInteger(retries) || retries < 0)
    throw new ValueError("The option 'retries' of atomic() takes a whole number from 0 up.", "transaction.retries");
  for (let attempt = 0; ; attempt++) {
    let done: { readonly value: T; readonly block: Block };
    try {
      done = await outermost(host, fn, options);
    } catch (error) {
      // Somebody may have caught the failure itself and met the broken block next.
      const reason = error instanceof TransactionManagementError ? error.cause : error;
      if (attempt >= retries || !isRetryable(reason)) throw error;
      await pause(attempt);
      continue;
    }
    // Not within the try: what is committed must not be run again because a hook failed.
    if (!done.block.needsRollback) await runHooks(done.block.hooks);
    return done.value;
  }
}

// Longer and longer, and at random, so that those who met do not meet again.
async function pause(attempt: number): Promise<void> {
  const most = Math.min(1000, 4 * 2 ** attempt);
  await new Promise((resolve) => setTimeout(resolve, Math.random() * most));
}

async function outermost<T>(
  host: TransactionHost,
  fn: () => T | Promise<T>,
  options: AtomicOptions,
): Promise<{ value: T; block: Block }> {
  const signal = currentSignal();
  refuseAborted(signal, "The atomic block");
  const block = await begin(host, "atomic", options, options.ofTest === true, signal);
  try {
    const value = await inside(block, fn);
    if (signal?.aborted) {
      await rollBack(block);
      refuseAborted(signal, "COMMIT");
    }
    if (block.needsRollback || block.root.gone === "rolled back") await rollBack(block);
    else await commit(block);
    return { value, block };
  } finally {
    await end(block);
  }
}

/** Runs the block's function, then waits for what it left unawaited; on an error everything is rolled back and the error goes on. */
async function inside<T>(block: Block, fn: () => T | Promise<T>): Promise<T> {
  let value: T;
  try {
    // The rows of a queryset are read where it is awaited: inside.
    value = await enterBlock(block, async () => await fn());
  } catch (error) {
    // Set first: statements that still wait for their turn are refused instead of run.
    block.needsRollback = true;
    block.cause ??= error;
    await block.finish();
    if (block.parent === undefined) await rollBack(block).catch(() => undefined);
    throw error;
  }
  await block.finish();
  return value;
}

async function nested<T>(parent: Block, fn: () => T | Promise<T>, options: AtomicOptions): Promise<T> {
  if (options.durable === true && !parent.ofTest)
    throw new TransactionManagementError(
      "A durable atomic block cannot be nested within another atomic block: its end would not be a commit.",
      "transaction.durable",
    );
  // Within a test the outermost block of the program is a nested one: it has to do without.
  if (!parent.ofTest && (options.isolation !== undefined || options.readOnly === true || options.deferrable === true))
    throw new TransactionManagementError(
      "isolation, readOnly and deferrable belong to the outermost atomic block; this one is nested.",
      "transaction.nested_options",
    );
  if (parent.ended) parent.check();
  await parent.enter();
  try {
    parent.check();
    const { root } = parent;
    const savepoint = options.savepoint === false ? undefined : newSavepoint(parent);
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

/** The caller's block. @throws TransactionManagementError outside of a block */
export function needBlock(host: TransactionHost, what: string): Block {
  const block = currentBlock(host);
  if (block === undefined || block.ended)
    throw new TransactionManagementError(`${what} works only inside of an atomic block.`, "transaction.none");
  return block;
}
