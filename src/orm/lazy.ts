/** A thing that loads when awaited, and does nothing before: unloaded relations and deferred fields. */

import { QueryTypeError } from "../base/errors.js";
import { callPlace, origins, withOrigin } from "../db/origin.js";

export const LAZY: unique symbol = Symbol.for("babik.lazy");

/** `load`, with the place where the unloaded thing was touched as that of its statements. */
function asLoading<T>(name: string, access: "relation" | "deferred", load: () => T): () => T {
  const at = name.indexOf(".");
  const origin = { place: callPlace(), model: name.slice(0, at), name: name.slice(at + 1), access };
  return () => withOrigin(origin, load);
}

/** PromiseLike that starts its work at the first `then`. Printing or serialising it runs nothing. */
export class Lazy<T> implements PromiseLike<T> {
  readonly [LAZY] = true as const;
  readonly #name: string;
  readonly #load: () => T | Promise<T>;
  #started: Promise<T> | undefined;

  /** @param name `Model.field`, as it is shown */
  constructor(name: string, load: () => T | Promise<T>, access: "relation" | "deferred" = "relation") {
    this.#name = name;
    this.#load = origins.watched ? asLoading(name, access, load) : load;
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
  /** As text it shows its name. A calculation or comparison with what is not loaded would give a value that is none. */
  [Symbol.toPrimitive](hint: string): string {
    if (hint === "string") return this.toString();
    throw new QueryTypeError(
      `${this.#name} is not loaded, so nothing can be calculated with it. Await it first: it is read from the database then.`,
      "lazy.not_loaded",
    );
  }
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }
  toJSON(): undefined {
    return undefined;
  }
}
