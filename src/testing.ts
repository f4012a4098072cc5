/** Tools for tests: counting and capturing statements, and looking into instances. */
import { ownOptions } from "./base/options.js";
import { BabikError } from "./base/errors.js";
import type { Database } from "./db/connection.js";
import type { QueryRecord } from "./db/log.js";
import { currentOrm } from "./orm/define.js";
import { metaOfInstance, stateOf } from "./orm/instance-state.js";

/** Statements that `fn` sent, BEGIN and savepoints left out, and what it returned. */
export async function captureQueries<T>(
  fn: () => T,
  options: { readonly using?: string; readonly database?: Database; readonly params?: boolean } = {},
): Promise<{ readonly result: Awaited<T>; readonly queries: readonly QueryRecord[] }> {
  const own = ownOptions(options);
  const db = own.database ?? currentOrm().connection(own.using ?? "default");
  const capture = db.capture({ params: own.params });
  try {
    const result = await fn();
    return { result, queries: [...capture.queries] };
  } finally {
    capture.stop();
  }
}
/** Fails when `fn` does not send exactly `expected` statements; the message lists them. */
export async function assertNumQueries<T>(
  expected: number,
  fn: () => T,
  options: { readonly using?: string; readonly database?: Database } = {},
): Promise<Awaited<T>> {
  const { result, queries } = await captureQueries(fn, options);
  if (queries.length !== expected)
    throw new BabikError(
      `${queries.length} queries were sent, ${expected} were expected:\n${queries.map((q, i) => `${i + 1}. ${q.sql}`).join("\n")}`,
      "testing.num_queries",
    );
  return result;
}
/** What an instance knows besides its fields: its database, what is not loaded, what is cached. */
export function instanceState(instance: object): {
  readonly db: string | null;
  readonly adding: boolean;
  readonly deferred: readonly string[];
  readonly cached: ReadonlyMap<string, unknown>;
  readonly annotations: readonly string[];
} {
  const s = stateOf(instance),
    meta = metaOfInstance(instance);
  const fields = new Set(meta.concreteFields.map((f) => f.attname));
  const cached = new Map<string, unknown>(Object.entries(s.cache ?? {}));
  for (const [k, v] of Object.entries(s.prefetched ?? {})) cached.set(k, v);
  return {
    db: s.db,
    adding: s.adding,
    deferred: meta.concreteFields.filter((f) => !Object.hasOwn(instance, f.attname)).map((f) => f.attname),
    cached,
    annotations: Object.keys(instance).filter((k) => !fields.has(k)),
  };
}
