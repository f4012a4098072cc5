/**
 * Savepoints: nested atomic blocks, and savepoints set by hand inside of a block.
 * It must not know how the outermost block begins or ends.
 */
import { TransactionManagementError } from "../base/errors.js";
import type { Block } from "./block.js";
import type { MaybePromise } from "./driver.js";

/** Sends a statement of savepoints on the block's connection; whoever calls holds the block's turn. */
export function savepointStatement(block: Block, text: string): MaybePromise<void> {
  const { host, connection } = block.root;
  return host.control(text, () => {
    const done = connection.run({ text, params: [] });
    return done instanceof Promise ? done.then(() => undefined) : undefined;
  });
}

/** A name that no other savepoint of the transaction has. */
export function newSavepoint(block: Block): string {
  return `babik_sp_${++block.root.savepoints}`;
}

/** Ends the savepoint of a nested block that went well; its work becomes the outer block's. */
export async function release(block: Block, savepoint: string): Promise<void> {
  try {
    await savepointStatement(block.parent!, `RELEASE SAVEPOINT ${savepoint}`);
  } catch (error) {
    // Deferred constraints may speak up here on some databases: the savepoint's work is taken back, the outer block lives.
    await undo(block, savepoint);
    throw error;
  }
}

/** Takes back what the nested block did; where that is impossible the outer block has to be rolled back too. */
export async function undo(block: Block, savepoint: string | undefined): Promise<void> {
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

/**
 * A point inside of a transaction to which its work can be taken back. `await using` takes it back unless it was released.
 * Later savepoints of the same block end with an earlier one.
 * Django: https://docs.djangoproject.com/en/stable/topics/db/transactions/#savepoint-rollback
 */
export class Savepoint {
  readonly #block: Block;
  readonly #name: string;
  /** How many commit hooks there were: those of the time after are dropped with the work. */
  readonly #hooks: number;
  #ended = false;

  private constructor(block: Block, name: string) {
    this.#block = block;
    this.#name = name;
    this.#hooks = block.hooks.length;
  }

  /** Sets a savepoint in `block`; see `Database.savepoint`. */
  static async set(block: Block): Promise<Savepoint> {
    const name = newSavepoint(block);
    await inTurn(block, () => {
      block.check();
      return savepointStatement(block, `SAVEPOINT ${name}`);
    });
    return new Savepoint(block, name);
  }

  /**
   * Takes back all work since the savepoint. An error that made the transaction unusable since then is undone too.
   * The savepoint stays and can be rolled back to again.
   * @throws TransactionManagementError when the savepoint or its block has ended, or the database ended the transaction
   */
  async rollback(): Promise<void> {
    await inTurn(this.#block, async () => {
      this.#check();
      await savepointStatement(this.#block, `ROLLBACK TO SAVEPOINT ${this.#name}`);
      this.#block.hooks.length = Math.min(this.#block.hooks.length, this.#hooks);
      this.#block.needsRollback = false;
      this.#block.cause = undefined;
    });
  }

  /** Gives the savepoint up and keeps the work. @throws as `rollback`, and when an error made the transaction unusable */
  async release(): Promise<void> {
    await inTurn(this.#block, async () => {
      this.#check();
      this.#block.check();
      await savepointStatement(this.#block, `RELEASE SAVEPOINT ${this.#name}`);
      this.#ended = true;
    });
  }

  /** Takes the work back unless the savepoint was released or the transaction has ended. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#ended || this.#block.ended || this.#block.root.gone !== undefined) return;
    if (!this.#block.connection.usable) return;
    await this.rollback();
    await this.release();
  }

  #check(): void {
    if (this.#ended)
      throw new TransactionManagementError("This savepoint was released already.", "transaction.savepoint_ended");
    if (this.#block.ended || this.#block.root.gone !== undefined) this.#block.check();
  }
}

async function inTurn(block: Block, work: () => MaybePromise<void>): Promise<void> {
  if (block.ended) block.check();
  await block.enter();
  try {
    await work();
  } finally {
    block.gate.leave();
  }
}
