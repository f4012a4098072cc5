/** The two words that type tests are written with. */

/** `true` where both types are the same one, not merely assignable to each other. */
export type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** Compiles only where `T` is `true`: `holds<Equal<typeof x, string>>()`. */
export function holds<T extends true>(): T | undefined {
  return undefined;
}
