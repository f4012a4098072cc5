/**
 * Patience with a server that cannot be reached: after a failure the next attempt waits, longer each time, so that many callers
 * do not make a storm of logins. It must not know connections.
 */

/** The first pause in milliseconds; each further one is twice as long, up to the longest. */
const FIRST = 25;
const LONGEST = 500;

/** When connecting may be tried again. */
export class Backoff {
  #failures = 0;
  #until = 0;
  #error: Error | undefined;
  #timer: NodeJS.Timeout | undefined;

  /** The last failure while it is too early for another attempt. */
  get error(): Error | undefined {
    return this.#error !== undefined && performance.now() < this.#until ? this.#error : undefined;
  }

  /** Whether the last attempt failed, be it time for another or not. */
  get failing(): boolean {
    return this.#error !== undefined;
  }

  failed(error: Error): void {
    // Attempts that were under way side by side fail together: they count once.
    if (this.error === undefined) this.#failures++;
    const pause = Math.min(LONGEST, FIRST * 2 ** (this.#failures - 1));
    this.#until = performance.now() + pause * (0.75 + Math.random() * 0.25);
    this.#error = error;
  }

  succeeded(): void {
    this.#failures = 0;
    this.#error = undefined;
    this.stop();
  }

  /** Calls `again` once when the pause is over. */
  after(again: () => void): void {
    this.#timer ??= setTimeout(
      () => {
        this.#timer = undefined;
        again();
      },
      Math.max(1, this.#until - performance.now()),
    );
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
