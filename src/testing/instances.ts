/** Looking into instances. */
import { metaOfInstance, stateOf } from "../orm/instance-state.js";

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
