/**
 * Atomic blocks of tests: opened in one function and rolled back in another, and shared by every flow of the process meanwhile, as
 * test runners call hooks and tests apart from each other. It must not know test runners.
 */
import { type Block, currentBlock, type Hook, type TransactionHost } from "./block.js";
import { runAtomic } from "./transaction.js";

/**
 * Opens a block in which all statements of this process run that are in no block of their own: a transaction, or a savepoint within
 * an earlier one that is still open. The function that is returned rolls it back.
 */
export async function openTestBlock(host: TransactionHost): Promise<() => Promise<void>> {
  const outer = host.shared;
  let end!: () => void;
  const ended = new Promise<void>((resolve) => (end = resolve));
  let opened!: (block: Block) => void;
  const ready = new Promise<Block>((resolve) => (opened = resolve));
  const done = runAtomic(
    host,
    async () => {
      const block = currentBlock(host)!;
      opened(block);
      await ended;
      await checkDeferred(block);
    },
    { ofTest: true },
  );
  // Whichever comes first: the block, or the reason why there is none.
  const block = await Promise.race([ready, done.then(() => undefined)]);
  host.shared = block;
  return async () => {
    host.shared = outer;
    end();
    await done;
  };
}

/** Runs `fn` in a block of its own that is rolled back afterwards, whatever happens. */
export async function runTestBlock<T>(host: TransactionHost, fn: () => T | Promise<T>): Promise<T> {
  return runAtomic(
    host,
    async () => {
      const value = await fn();
      await checkDeferred(currentBlock(host)!);
      return value;
    },
    { ofTest: true },
  );
}

// Constraints that wait for the commit would never be looked at: a test that breaks one has to hear of it. Then the block goes.
async function checkDeferred(block: Block): Promise<void> {
  try {
    if (!block.needsRollback && block.root.gone === undefined)
      await block.run((connection) => connection.checkConstraints?.());
  } finally {
    block.needsRollback = true;
  }
}

/** The functions that wait for the commit of the caller's transaction; `undefined` where there is no transaction. */
export function waitingHooks(host: TransactionHost): readonly Hook[] | undefined {
  const block = currentBlock(host);
  return block === undefined || block.ended ? undefined : block.hooks;
}
