/** Work that several callers ask for at the same time and that is done once: all relations of a result, awaited together. */

const running = new WeakMap<object, Map<string, Promise<void>>>();

/** Runs `work`, or waits for the run of the same name for the same owner that is under way. */
export function once(owner: object, name: string, work: () => Promise<void>): Promise<void> {
  let names = running.get(owner);
  if (names === undefined) running.set(owner, (names = new Map()));
  let promise = names.get(name);
  if (promise === undefined) {
    const done = (): void => void names.delete(name);
    promise = work().finally(done);
    names.set(name, promise);
  }
  return promise;
}
