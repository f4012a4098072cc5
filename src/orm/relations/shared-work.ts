/**
 * Work that several callers ask for at the same time and that is done once: all relations of a result, awaited together. It is shared
 * within a transaction only: what one of them reads may not be there for others.
 */
import { currentSignal, signals } from "../../db/abort.js";
import type { Database } from "../../db/connection.js";

/** What runs for an owner: by transaction, by name. Nothing stays here when it is done. */
type Running = Map<object, Map<string, Promise<void>>>;
const outside: object = {};
const running = new Map<object, Running>();

/** Runs `work`, or waits for the run of the same name for the same owner and transaction that is under way. */
export function once(owner: object, name: string, db: Database, work: () => Promise<void>): Promise<void> {
  // Whoever may cancel its statements cancels nobody else's.
  if (signals.used && currentSignal() !== undefined) return work();
  const scope = db.transaction ?? outside;
  const under = running.get(owner)?.get(scope)?.get(name);
  if (under !== undefined) return under;
  const promise = work().finally(() => done(owner, scope, name));
  let scopes = running.get(owner);
  if (scopes === undefined) running.set(owner, (scopes = new Map()));
  let names = scopes.get(scope);
  if (names === undefined) scopes.set(scope, (names = new Map()));
  names.set(name, promise);
  return promise;
}
function done(owner: object, scope: object, name: string): void {
  const scopes = running.get(owner);
  const names = scopes?.get(scope);
  if (scopes === undefined || names === undefined) return;
  names.delete(name);
  if (names.size === 0) scopes.delete(scope);
  if (scopes.size === 0) running.delete(owner);
}
