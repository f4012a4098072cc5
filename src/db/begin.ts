/**
 * Transactions with a handle: `await using tx = await orm.begin()`. For those whose begin and end lie in different functions;
 * where one function is the whole transaction, `atomic` is shorter and rolls back by itself.
 */
import { namedOptions } from "../base/options.js";
import { TransactionManagementError, ValueError } from "../base/errors.js";
import { checkSignal, currentSignal, refuseAborted, withSignal, withoutSignal } from "./abort.js";
import { ambient, type Block, currentBlock, enterBlock, type TransactionHost } from "./block.js";
import type { BeginOptions, MaybePromise } from "./driver.js";
import { begin, commit, end, rollBack, runHooks } from "./root.js";
import { Savepoint } from "./savepoint.js";
import { type AtomicOptions, runAtomic } from "./transaction.js";

/** How a transaction with a handle is begun. */
export interface TransactionOptions extends BeginOptions {
  /** Cancels waiting for a connection, and every statement of the transaction. */
  readonly signal?: AbortSignal | undefined;
}

// A handle that nobody can reach any more cannot be ended by anybody: its connection would be lost to the pool.
const abandoned = new FinalizationRegistry<Block>((block) => {
  if (block.ended) return;
  process.emitWarning(
    `A transaction of '${block.root.host.alias}' that begin() gave was neither committed nor rolled back; it was rolled back when its handle was lost. Write: await using tx = await orm.begin()`,
    { code: "BABIK_ABANDONED_TRANSACTION", type: "BabikWarning" },
  );
  void settle(block, rollBack).catch(() => undefined);
});

/**
 * An open transaction. What is awaited inside of `run()` belongs to it, as in an atomic block; querysets do with
 * `using(tx)`, instances with `save({ using: tx })`. Without `commit()` it is rolled back when it is disposed of.
 */
export class Transaction {
  readonly #host: TransactionHost;
  readonly #block: Block;
  readonly #signal: AbortSignal | undefined;
  #settled = false;

  private constructor(host: TransactionHost, block: Block, signal: AbortSignal | undefined) {
    this.#host = host;
    this.#block = block;
    this.#signal = signal;
    abandoned.register(this, block, this);
  }

  /** Begins a transaction; see `Database.begin`. */
  static async begin(host: TransactionHost, given: TransactionOptions): Promise<Transaction> {
    const options = namedOptions("begin()", given, ["isolation", "readOnly", "deferrable", "signal"]);
    if (options.signal !== undefined) checkSignal(options.signal);
    const outer = ambient.used ? currentBlock(host) : undefined;
    if (outer !== undefined && !outer.ended)
      throw new TransactionManagementError(
        `begin() was called inside of an atomic block of '${host.alias}', which has its transaction already. Use atomic() or savepoint() there.`,
        "transaction.nested_begin",
      );
    const signal = options.signal ?? currentSignal();
    refuseAborted(signal, "The transaction");
    return new Transaction(host, await begin(host, "transaction", options, false, signal), options.signal);
  }

  /** What `Database.transaction` gives inside of it. */
  get identity(): object {
    return this.#block.root;
  }

  /** Alias of its database. */
  get alias(): string {
    return this.#host.alias;
  }

  /** `"broken"` after an error of the database: only `rollback()`, or that of an earlier savepoint, is possible then. */
  get state(): "open" | "broken" | "ended" {
    if (this.#settled) return "ended";
    return this.#block.needsRollback || this.#block.root.gone !== undefined ? "broken" : "open";
  }

  /**
   * Runs `fn` inside of the transaction: all statements of what it awaits belong to it. May be called any number of times, also
   * side by side: statements take turns. An error of `fn` goes on and ends nothing; an error of the database makes the
   * transaction unusable.
   * @returns what `fn` gives, rows where that is a queryset
   * @throws TransactionManagementError `transaction.ended` after its end
   * @example const order = await tx.run(() => Order.objects.create({ customer }))
   */
  async run<T>(fn: () => T): Promise<Awaited<T>> {
    if (typeof fn !== "function") throw new ValueError("run() takes a function.", "transaction.function");
    this.#check();
    // The rows of a queryset are read where it is awaited: inside.
    const inside = async (): Promise<Awaited<T>> => await fn();
    // Within a savepoint of its own the caller is inside already, and the block around that one waits for its end.
    const current = currentBlock(this.#host);
    for (let block = current?.ended === true ? undefined : current; block !== undefined; block = block.parent)
      if (block === this.#block) return this.#withSignal(inside);
    return enterBlock(this.#block, () => this.#withSignal(inside));
  }

  /** Runs `fn` in a savepoint of the transaction: an error takes back what it did. */
  atomic<T>(fn: () => T | Promise<T>, options: AtomicOptions = {}): Promise<T> {
    return this.run(() => runAtomic(this.#host, fn, options)) as Promise<T>;
  }

  /** Sets a savepoint. @throws TransactionManagementError when the transaction has ended or is unusable */
  async savepoint(): Promise<Savepoint> {
    this.#check();
    return Savepoint.set(this.#block);
  }

  /** Has `fn` called after the commit. @throws TransactionManagementError after the end */
  onCommit(fn: () => unknown, options: { readonly robust?: boolean | undefined } = {}): void {
    if (typeof fn !== "function")
      throw new ValueError("onCommit() takes the function that is to be called.", "transaction.on_commit");
    this.#check();
    this.#block.hooks.push({ run: fn, robust: namedOptions("onCommit()", options, ["robust"]).robust === true });
  }

  /**
   * Commits, after the statements that were sent. Then the functions of `onCommit` are called.
   * @throws TransactionManagementError after the end, and when an error made the transaction unusable, which rolls it back;
   * OperationalError `transaction.commit_unknown` when the connection was lost before the answer came
   */
  async commit(): Promise<void> {
    const block = this.#block;
    await this.#settle(async () => {
      if (!block.needsRollback && block.root.gone === undefined) return withoutSignal(() => commit(block));
      const { cause } = block;
      await withoutSignal(() => rollBack(block));
      throw new TransactionManagementError(
        "The transaction could not be committed, because an error occurred in it or it was marked for rollback; it was rolled back.",
        "transaction.broken",
        { cause },
      );
    });
    await runHooks(block.hooks);
  }

  /** Takes all of its work back. @throws TransactionManagementError after the end */
  rollback(): Promise<void> {
    return this.#settle(() => withoutSignal(() => rollBack(this.#block)));
  }

  /** Rolls back unless the transaction has ended. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#settled) await this.rollback();
  }

  #withSignal<T>(fn: () => Promise<T>): Promise<T> {
    return this.#signal === undefined ? fn() : withSignal(this.#signal, fn);
  }

  #check(): void {
    if (this.#settled)
      throw new TransactionManagementError(
        `This transaction of '${this.alias}' has ended already: it was committed, rolled back or disposed of.`,
        "transaction.ended",
      );
  }

  async #settle(work: (block: Block) => MaybePromise<void>): Promise<void> {
    this.#check();
    this.#settled = true;
    abandoned.unregister(this);
    await settle(this.#block, work);
  }
}

async function settle(block: Block, work: (block: Block) => MaybePromise<void>): Promise<void> {
  await block.finish();
  try {
    await work(block);
  } finally {
    await end(block);
  }
}
