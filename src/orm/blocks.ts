/** `atomic`, `onCommit` and their kin without an orm in hand: they work on the orm that was made last. */
import { namedOptions, ownOptions } from "../base/options.js";
import type { AdvisoryKey, AdvisoryLockOptions } from "../db/advisory.js";
import type { Savepoint } from "../db/savepoint.js";
import type { AtomicOptions } from "../db/transaction.js";
import { currentOrm } from "./define.js";

/** Runs `fn` in a transaction (a savepoint when nested): `await atomic(async () => { … }, { using: "default" })`. */
export function atomic<T>(
  fn: () => T | Promise<T>,
  options: AtomicOptions & { readonly using?: string | undefined } = {},
): Promise<T> {
  const { using = "default", ...rest } = ownOptions(options);
  return currentOrm().connection(using).atomic(fn, ownOptions(rest));
}
/** Calls `fn` after the outermost transaction is committed; at once outside of one. */
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
/** Whether the innermost block will be rolled back. */
export function getRollback(using = "default"): boolean {
  return currentOrm().connection(using).getRollback();
}
/** Marks the innermost block for rollback. */
export function setRollback(rollback: boolean, using = "default"): void {
  currentOrm().connection(using).setRollback(rollback);
}
/** Sets a savepoint in the innermost block; see `Database.savepoint`. */
export async function savepoint(using = "default"): Promise<Savepoint> {
  return currentOrm().connection(using).savepoint();
}
/** Takes an advisory lock that lasts until the caller's transaction has ended; see `Database.advisoryLock`. */
export async function advisoryLock(
  key: AdvisoryKey,
  options: AdvisoryLockOptions & { readonly using?: string | undefined } = {},
): Promise<void> {
  const { using = "default", ...rest } = ownOptions(options);
  return currentOrm().connection(using).advisoryLock(key, ownOptions(rest));
}
/** Runs `fn` while it holds an advisory lock; see `Database.withAdvisoryLock`. */
export async function withAdvisoryLock<T>(
  key: AdvisoryKey,
  fn: () => T | Promise<T>,
  options: AdvisoryLockOptions & { readonly using?: string | undefined } = {},
): Promise<T> {
  const { using = "default", ...rest } = ownOptions(options);
  return currentOrm().connection(using).withAdvisoryLock(key, fn, ownOptions(rest));
}
