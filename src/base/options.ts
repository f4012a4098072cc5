/** Options as users give them: what somebody put on Object.prototype is none of them. */

/** The own options of an object, on an object without a prototype. */
export function ownOptions<T extends object>(options: T | null | undefined): T {
  return { __proto__: null, ...options } as T;
}
