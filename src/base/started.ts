/** What a function gave, with its work begun: querysets and relations do nothing before somebody awaits them. */

/** A promise of what `T` gives when it is awaited; `T` itself where it cannot be awaited. */
export type Started<T> = T extends Promise<unknown> ? T : T extends PromiseLike<infer R> ? Promise<R> : T;

/**
 * Begins what only begins when it is awaited, such as a queryset: here, where the caller's surroundings (a signal, a time zone) are in force,
 * and not where somebody awaits it later.
 */
export function started<T>(value: T): Started<T> {
  if (value instanceof Promise || typeof value !== "object" || value === null) return value as Started<T>;
  const { then } = value as { then?: unknown };
  if (typeof then !== "function") return value as Started<T>;
  return new Promise(
    (resolve, reject) => void (value as unknown as PromiseLike<unknown>).then(resolve, reject),
  ) as Started<T>;
}
