/** A thing that loads when awaited, and does nothing before: unloaded relations and deferred fields. */

export const LAZY: unique symbol = Symbol.for("babik.lazy");

/** PromiseLike that starts its work at the first `then`. Printing or serialising it runs nothing. */
export class Lazy<T> implements PromiseLike<T> {
  readonly [LAZY] = true as const;
  readonly #name: string;
  readonly #load: () => T | Promise<T>;
  #started: Promise<T> | undefined;

  constructor(name: string, load: () => T | Promise<T>) {
    this.#name = name;
    this.#load = load;
  }
  #promise(): Promise<T> {
    return (this.#started ??= (async () => this.#load())());
  }
  then<A = T, B = never>(
    ok?: ((value: T) => A | PromiseLike<A>) | null,
    no?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.#promise().then(ok, no);
  }
  catch<B = never>(no?: ((reason: unknown) => B | PromiseLike<B>) | null): Promise<T | B> {
    return this.#promise().catch(no);
  }
  finally(fn?: (() => void) | null): Promise<T> {
    return this.#promise().finally(fn);
  }
  toString(): string {
    return `[not loaded: ${this.#name}]`;
  }
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }
  toJSON(): undefined {
    return undefined;
  }
}
