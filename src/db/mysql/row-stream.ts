/**
 * Rows of one running statement, read from the connector's stream in chunks, with back-pressure: the socket is paused
 * while nobody takes rows. It must not know statements or connections.
 */
import type { Readable } from "node:stream";

/** The connector's stream: `close()` drops rows that still come. */
export type RowSource = Readable & { close(): void };

/** Rows of a running statement, taken in chunks, or gathered when somebody else needs the connection. */
export class RowStream {
  readonly #source: RowSource;
  readonly #rows: unknown[][] = [];
  #at = 0;
  #ended = false;
  #error: unknown;
  #greedy = false;
  #discarding = false;
  #wake: (() => void) | undefined;

  constructor(source: RowSource) {
    this.#source = source;
    source.on("readable", () => {
      if (this.#discarding) this.#readAway();
      else if (this.#greedy) this.#readAll();
      this.#notify();
    });
    source.on("end", () => this.#finish());
    // Kept for the reader: without a listener it would end the process.
    source.on("error", (error) => this.#finish(error));
    source.on("close", () => this.#finish());
  }

  async take(count: number): Promise<unknown[][]> {
    const chunk: unknown[][] = [];
    while (chunk.length < count) {
      const row = this.#next();
      if (row !== undefined) chunk.push(row);
      else if (this.#ended) break;
      else await this.#more();
    }
    // A short chunk would look like the end of the result.
    if (this.#error !== undefined && chunk.length < count) throw this.#error;
    return chunk;
  }

  /** Reads the rest into memory. */
  async drain(): Promise<void> {
    this.#greedy = true;
    this.#readAll();
    while (!this.#ended) await this.#more();
  }

  /** Reads the rest and throws it away; false when that took longer than `within` milliseconds. */
  async discard(within: number | undefined): Promise<boolean> {
    if (this.#ended) return true;
    this.#discarding = true;
    this.#source.close();
    this.#readAway();
    if (within === undefined) {
      while (!this.#ended) await this.#more();
      return true;
    }
    const until = performance.now() + within;
    while (!this.#ended && performance.now() < until)
      await Promise.race([this.#more(), new Promise((resolve) => setTimeout(resolve, 5))]);
    return this.#ended;
  }

  #next(): unknown[] | undefined {
    if (this.#at < this.#rows.length) return this.#rows[this.#at++];
    return (this.#source.read() as unknown[] | null) ?? undefined;
  }

  #readAll(): void {
    for (let row = this.#source.read() as unknown[] | null; row !== null; row = this.#source.read() as unknown[] | null)
      this.#rows.push(row);
  }

  // resume() does nothing to a stream that has a listener for "readable".
  #readAway(): void {
    while (this.#source.read() !== null);
  }

  #more(): Promise<void> {
    return new Promise((resolve) => {
      const before = this.#wake;
      this.#wake = () => {
        before?.();
        resolve();
      };
    });
  }

  #notify(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }

  #finish(error?: unknown): void {
    this.#ended = true;
    this.#error ??= error;
    this.#notify();
  }
}
