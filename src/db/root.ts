/**
 * The physical transaction under an outermost block: its BEGIN, its COMMIT or ROLLBACK, what is called after the commit.
 * It must not know how blocks are nested.
 */
import { BabikError, CommitUnknown, OperationalError, ValueError } from "../base/errors.js";
import { withoutSignal } from "./abort.js";
import { ambient, Block, currentBlock, type Hook, type Root, type TransactionHost } from "./block.js";
import { isCommitUnknown } from "./classify/facts.js";
import type { BeginOptions, MaybePromise } from "./driver.js";
import type { Holder } from "./holder.js";

/** Leases a connection and begins a transaction on it; `end` must follow. */
export async function begin(
  host: TransactionHost,
  kind: Holder["kind"],
  options: BeginOptions,
  ofTest: boolean,
  signal?: AbortSignal,
): Promise<Block> {
  ambient.used = true;
  const holder: Holder = { kind, text: undefined };
  const connection = await host.lease(holder, signal);
  const root: Root = {
    host,
    connection,
    holder,
    savepoints: 0,
    gone: undefined,
    cleanups: undefined,
    unchecked: options.constraintChecks === false,
  };
  try {
    await host.control("BEGIN", () => connection.begin(options));
  } catch (error) {
    await host.release(connection);
    throw error;
  }
  return new Block(root, undefined, ofTest);
}

/** Gives the connection of a block that was committed or rolled back to the others. */
export async function end(block: Block): Promise<void> {
  const { root } = block;
  block.ended = true;
  try {
    if (root.cleanups !== undefined && root.connection.usable)
      for (const cleanup of root.cleanups.toReversed()) await cleanup();
  } finally {
    await root.host.release(root.connection);
  }
}

/**
 * Commits.
 * @throws CommitUnknown when the connection was lost before the answer came
 */
export async function commit(block: Block): Promise<void> {
  const { host, connection } = block.root;
  if (!connection.usable) {
    // COMMIT was not sent, so a server that has lost the connection rolls back: here nothing is unknown.
    block.needsRollback = true;
    throw new OperationalError(
      `The connection to '${host.alias}' was lost before COMMIT was sent: the transaction was rolled back.`,
      "database.connection_lost",
      { cause: block.cause },
    );
  }
  try {
    await host.control("COMMIT", () => connection.commit());
  } catch (error) {
    block.needsRollback = true;
    if (isCommitUnknown(error))
      throw new CommitUnknown(
        `The connection to '${host.alias}' was lost while COMMIT was under way: whether the transaction was committed is not known. It was not run again.`,
        "transaction.commit_unknown",
        { cause: error },
      );
    await rollBack(block).catch(() => undefined);
    throw error;
  }
}

/** Rolls back; a lost connection has done so already. */
export async function rollBack(block: Block): Promise<void> {
  const { host, connection } = block.root;
  block.needsRollback = true;
  if (!connection.usable) return;
  await host.control("ROLLBACK", () => connection.rollback());
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

/** Calls what waited for the commit. Hooks see no transaction of this database; blocks of other databases around them stay. */
export async function runHooks(hooks: readonly Hook[]): Promise<void> {
  for (const hook of hooks) {
    try {
      // What was committed is committed: a signal that cancels the block's statements has nothing to say any more.
      await withoutSignal(hook.run);
    } catch (error) {
      if (!hook.robust) throw error;
      process.emitWarning(
        `A robust onCommit() function failed: ${error instanceof BabikError ? error.message : error instanceof Error ? error.name : "a value was thrown"}.`,
        { code: "BABIK_ON_COMMIT", type: "BabikWarning" },
      );
    }
  }
}
