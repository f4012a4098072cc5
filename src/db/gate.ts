/**
 * A door that one flow passes at a time, first come first served. Passing an open door costs no promise.
 * It must not know what is behind it.
 */
import type { BabikError } from "../base/errors.js";
import { cancelledBefore } from "./abort.js";

interface Waiter {
  readonly go: () => void;
}

/** Mutual exclusion in order of arrival. */
export class Gate {
  #held = false;
  readonly #waiters: Waiter[] = [];

  /** True while somebody is inside. */
  get held(): boolean {
    return this.#held;
  }

  /** How many wait. */
  get waiting(): number {
    return this.#waiters.length;
  }

  /**
   * Goes in. `undefined` when it was free, else a promise of the turn.
   * @param within milliseconds after which waiting fails
   * @param tooLate makes the error for that
   * @param signal ends the waiting
   */
  enter(within?: number, tooLate?: () => BabikError, signal?: AbortSignal): Promise<void> | undefined {
    if (!this.#held) {
      this.#held = true;
      return undefined;
    }
    return new Promise((resolve, reject) => {
      const stop = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", abort);
      };
      const fail = (error: BabikError): void => {
        const at = this.#waiters.indexOf(waiter);
        if (at >= 0) this.#waiters.splice(at, 1);
        stop();
        reject(error);
      };
      const abort = (): void => fail(cancelledBefore(signal!));
      const timer =
        within === undefined || tooLate === undefined ? undefined : setTimeout(() => fail(tooLate()), within);
      signal?.addEventListener("abort", abort, { once: true });
      const waiter: Waiter = {
        go: () => {
          stop();
          resolve();
        },
      };
      this.#waiters.push(waiter);
    });
  }

  /** Goes out; the next one in line is inside at once. */
  leave(): void {
    const next = this.#waiters.shift();
    if (next === undefined) this.#held = false;
    else next.go();
  }
}
