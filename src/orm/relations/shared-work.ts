/**
 * Work that several callers ask for at the same time and that is done once: all relations of a result, awaited together. It is shared
 * within a transaction only: what one of them reads may not be there for others.
 */
import { currentSignal, signals } from "../../db/abort.js";
import type { Database } from "../../db/connection.js";

type Running = Map<string, Promise<void>>;
const outside: object = {};
const running = new WeakMap<object, WeakMap<object, Running>>();

/** Runs `work`, or waits for the run of the same name for the same owner and transaction that is under way. */
export function once(owner: object, name: string, db: Database, work: () => Promise<void>): Promise<void> {
  // Whoever may cancel its statements cancels nobody else's.
  if (signals.used && currentSignal() !== undefined) return work();
  const scope = db.transaction ?? outside;
  let scopes = running.get(owner);
  if (scopes === undefined) running.set(owner, (scopes = new WeakMap()));
  let names = scopes.get(scope);
  if (names === undefined) scopes.set(scope, (names = new Map()));
  let promise = names.get(name);
  if (promise === undefined) {
    const known = names;
    promise = work().finally(() => void known.delete(name));
    known.set(name, promise);
  }
  return promise;
}
