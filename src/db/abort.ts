/**
 * The signal that statements are cancelled by: handed to all that a function awaits, as atomic blocks are.
 * It must not know statements or connections.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { setMaxListeners } from "node:events";
import { OperationalError, ValueError } from "../base/errors.js";
import { type Started, started } from "../base/started.js";

const storage = new AsyncLocalStorage<AbortSignal | undefined>();

/** Whether a signal was ever given in this process; as long as not, nobody has to look for one. */
export const signals = { used: false };

/**
 * Runs `fn`; the statements of what it awaits are cancelled when `signal` is aborted: before they are sent, while they wait for a
 * connection, and on the server (not on SQLite, where a running statement ends first). Within another such call either cancels.
 * @returns what `fn` gives
 * @throws ValueError for what is no AbortSignal; statements then throw OperationalError `database.cancelled`
 * @example await withSignal(AbortSignal.timeout(500), async () => Product.objects.filter({ name__regex: pattern }).count())
 */
export function withSignal<T>(signal: AbortSignal, fn: () => T): Started<T> {
  const outer = storage.getStore();
  checkSignal(signal);
  signals.used = true;
  const both = outer === undefined || outer === signal ? signal : AbortSignal.any([outer, signal]);
  // Every statement that waits or runs listens to it, and stops when it is done: many at a time are no leak.
  setMaxListeners(0, both);
  return storage.run(both, () => started(fn()));
}

/** Runs `fn` without a signal: cleaning up must not be cancelled. */
export function withoutSignal<T>(fn: () => T): T {
  return signals.used && storage.getStore() !== undefined ? storage.run(undefined, fn) : fn();
}

/** The caller's signal. */
export function currentSignal(): AbortSignal | undefined {
  return signals.used ? storage.getStore() : undefined;
}

/** Refuses what is no signal. */
export function checkSignal(signal: unknown): asserts signal is AbortSignal {
  if (!(signal instanceof AbortSignal))
    throw new ValueError("The option 'signal' takes an AbortSignal.", "database.signal");
}

/** The error of what was cancelled before it was sent. */
export function cancelledBefore(signal: AbortSignal, what = "The statement"): OperationalError {
  return new OperationalError(`${what} was cancelled before it began.`, "database.cancelled", {
    cause: signal.reason,
  });
}

/** How long after a request to cancel the statement is looked at again, in milliseconds; each further time twice as long. */
const CANCEL_AGAIN = 50;

/** Throws where the signal was aborted before something was sent. */
export function refuseAborted(signal: AbortSignal | undefined, what?: string): void {
  if (signal?.aborted === true) throw cancelledBefore(signal, what);
}

/** How long the server is asked again and again before the connection is given up, in milliseconds. */
const CANCEL_FOR = 10_000;

/**
 * Waits for a statement that was sent, and has `cancel` ask the server to stop it when `signal` is aborted: again after a while,
 * for a request may arrive before the statement does. The request is waited for as well, even where the statement has ended: a
 * late one would hit whatever runs next on the connection.
 * @param cancel asks; false where the server does not answer at all
 * @param hangUp gives the connection up; called where asking does not help
 * @throws OperationalError `database.cancelled` where the connection was given up
 */
export async function cancellable<T>(
  sent: Promise<T>,
  signal: AbortSignal,
  cancel: () => Promise<boolean>,
  hangUp: () => void,
): Promise<T> {
  let settled = false;
  let wake: (() => void) | undefined;
  let cancelling: Promise<void> | undefined;
  let giveUp: ((error: OperationalError) => void) | undefined;
  const repeat = async (): Promise<void> => {
    const until = performance.now() + CANCEL_FOR;
    for (let pause = CANCEL_AGAIN; !settled; pause = Math.min(1000, pause * 2)) {
      const heard = await cancel();
      if (settled) return;
      if (!heard || performance.now() > until) {
        hangUp();
        giveUp!(unheard(signal));
        return;
      }
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, pause);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  };
  const abort = (): void => {
    cancelling ??= repeat();
  };
  signal.addEventListener("abort", abort, { once: true });
  try {
    return await new Promise<T>((resolve, reject) => {
      giveUp = reject;
      sent.then(resolve, reject);
      if (signal.aborted) abort();
    });
  } finally {
    settled = true;
    wake?.();
    signal.removeEventListener("abort", abort);
    await cancelling;
  }
}

function unheard(signal: AbortSignal): OperationalError {
  return new OperationalError(
    "The statement was cancelled, but the database server did not confirm it: the connection was given up.",
    "database.cancelled",
    { cause: signal.reason },
  );
}
