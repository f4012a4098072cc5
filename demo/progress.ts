/** A progress bar where somebody watches, a line for each stage where nobody does. */

/** Shows how far a stage of known length has come. */
export class Progress {
  readonly #title: string;
  readonly #total: number;
  readonly #start = performance.now();
  #shown = 0;

  constructor(title: string, total: number) {
    this.#title = title;
    this.#total = total;
    this.show(0);
  }

  show(done: number): void {
    const now = performance.now();
    if (!process.stdout.isTTY || (done < this.#total && now - this.#shown < 50)) return;
    this.#shown = now;
    const filled = Math.round((30 * done) / this.#total);
    process.stdout.write(
      `\r${this.#title.padEnd(12)} ${"█".repeat(filled)}${"░".repeat(30 - filled)} ${this.#count(done)}`,
    );
  }

  end(): void {
    const seconds = ((performance.now() - this.#start) / 1000).toFixed(1);
    if (process.stdout.isTTY) {
      this.show(this.#total);
      process.stdout.write(`  ${seconds} s\n`);
    } else console.log(`${this.#title.padEnd(12)} ${this.#count(this.#total)}  ${seconds} s`);
  }

  #count(done: number): string {
    return `${done.toLocaleString("en")} of ${this.#total.toLocaleString("en")}`;
  }
}
