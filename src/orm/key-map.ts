/** Rows by keys of several parts: two lists with the same parts are the same key, as tuples are in Django. */
import { keyText } from "./instance-state.js";

/** A map whose keys are lists, found by what is in them. */
export class KeyMap extends Map<unknown, unknown> {
  readonly #known = new Map<string, unknown>();

  override set(key: unknown, value: unknown): this {
    const text = keyText(key);
    if (!this.#known.has(text)) this.#known.set(text, key);
    return super.set(this.#known.get(text), value);
  }
  override get(key: unknown): unknown {
    return super.get(this.#known.get(keyText(key)));
  }
  override has(key: unknown): boolean {
    return this.#known.has(keyText(key));
  }
  override delete(key: unknown): boolean {
    const text = keyText(key);
    const known = this.#known.get(text);
    this.#known.delete(text);
    return super.delete(known);
  }
  override clear(): void {
    this.#known.clear();
    super.clear();
  }
}
