/** `atomic`, `onCommit`, advisory locks and their kin without an orm in hand: they work on the orm that was made last. */
import { namedOptions, ownOptions, plainOptions } from "../base/options.js";
import type { AdvisoryKey, AdvisoryLockOptions } from "../db/advisory.js";
import type { Savepoint } from "../db/savepoint.js";
import type { AtomicOptions } from "../db/transaction.js";
import { currentOrm } from "./define.js";

/** Runs `fn` in a transaction (a savepoint when nested): `await atomic(async () => { … }, { using: "default" })`. */
export function atomic<T>(
  fn: () => T | Promise<T>,
  options: AtomicOptions & { readonly using?: string | undefined } = {},
): Promise<T> {
  const { using = "default", ...rest } = plainOptions("atomic()", options);
  return currentOrm().connection(using).atomic(fn, ownOptions(rest));
}
/**
 * Calls `fn` after the outermost transaction is committed, not at all after a rollback; at once outside of one.
 * @param options `using` (alias); `robust`: an error of `fn` is a warning, and the functions after it are called
 * @throws ValueError for what is no function; TransactionManagementError when the block has ended
 * @example await atomic(async () => { await order.save(); await onCommit(() => sendMail(order)); })
 * @see https://docs.djangoproject.com/en/stable/topics/db/transactions/#performing-actions-after-commit
 */
export function onCommit(
  fn: () => unknown,
  options: { readonly using?: string | undefined; readonly robust?: boolean | undefined } = {},
): unknown {
  const { using = "default", robust } = namedOptions("onCommit()", options, ["using", "robust"]);
  return currentOrm().connection(using).onCommit(fn, { robust });
}
/**
 * Empties `queries` of all databases of the orm that was made last.
 * Django: https://docs.djangoproject.com/en/stable/faq/models/#how-can-i-see-the-raw-sql-queries-django-is-running
 */
export function resetQueries(): void {
  for (const database of currentOrm().runtime.connections) database.resetQueries();
}
/**
 * Whether the innermost block will be rolled back: because of an error, or because it was marked.
 * @throws TransactionManagementError outside of a block
 * @see https://docs.djangoproject.com/en/stable/topics/db/transactions/#savepoint-rollback
 */
export function getRollback(using = "default"): boolean {
  return currentOrm().connection(using).getRollback();
}
/**
 * Marks the innermost block for rollback: it ends without an error, and its work is taken back. `false` takes the mark away, also
 * that of an error, which helps only after a savepoint was rolled back to.
 * @throws TransactionManagementError outside of a block
 * @see https://docs.djangoproject.com/en/stable/topics/db/transactions/#savepoint-rollback
 */
export function setRollback(rollback: boolean, using = "default"): void {
  currentOrm().connection(using).setRollback(rollback);
}
/**
 * Sets a savepoint in the innermost block; nested blocks do so by themselves.
 * @returns a handle with `rollback()` and `release()`; `await using` rolls back unless it was released
 * @throws TransactionManagementError outside of a block, or when an error made it unusable
 * @example const here = await savepoint(); await risky().catch(() => here.rollback()); await here.release();
 * @see https://docs.djangoproject.com/en/stable/topics/db/transactions/#savepoint-rollback
 */
export async function savepoint(using = "default"): Promise<Savepoint> {
  return currentOrm().connection(using).savepoint();
}
/**
 * Takes an advisory lock that lasts until the caller's transaction has ended.
 * @param key a text, or a whole number that other programs may use as well
 * @param options `wait`: `true` (default), `false` or milliseconds; `shared` (PostgreSQL); `using` (alias)
 * @throws TransactionManagementError outside of a block; OperationalError `database.lock_not_available` when it is not free in
 * time, which spoils nothing; NotSupportedError on SQLite
 * @example await atomic(async () => { await advisoryLock("invoice-numbers"); … }) // SELECT pg_advisory_xact_lock($1)
 */
export async function advisoryLock(
  key: AdvisoryKey,
  options: AdvisoryLockOptions & { readonly using?: string | undefined } = {},
): Promise<void> {
  const { using = "default", ...rest } = ownOptions(options);
  return currentOrm().connection(using).advisoryLock(key, ownOptions(rest));
}
/**
 * Runs `fn` while it holds an advisory lock, which it has on a connection of its own, beside the pool.
 * @param key a text, or a whole number that other programs may use as well
 * @param options `wait`: `true` (default), `false` or milliseconds; `shared` (PostgreSQL); `using` (alias)
 * @returns what `fn` gives
 * @throws OperationalError `database.lock_not_available` when it is not free in time, `lock.lost` when its connection broke
 * meanwhile; NotSupportedError on SQLite
 * @example await withAdvisoryLock("nightly-report", () => report(), { wait: false }) // SELECT pg_try_advisory_lock($1)
 */
export async function withAdvisoryLock<T>(
  key: AdvisoryKey,
  fn: () => T | Promise<T>,
  options: AdvisoryLockOptions & { readonly using?: string | undefined } = {},
): Promise<T> {
  const { using = "default", ...rest } = ownOptions(options);
  return currentOrm().connection(using).withAdvisoryLock(key, fn, ownOptions(rest));
}
