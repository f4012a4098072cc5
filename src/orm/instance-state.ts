/**
 * What an instance knows about itself: its database, whether it is saved, what is cached, and the rows it was read with. It lies in a
 * private field, so printing, spreading and JSON never see it.
 */
import { INSTANCE } from "../ast/slots.js";
import type { ModelMeta } from "../meta/options.js";

export type FetchMode = "one" | "peers" | "raise";

/** Shared by all rows of one result until a row needs a state of its own. */
export class InstanceState {
  db: string | null;
  adding: boolean;
  /** Loaded relations by cache name; null until something is loaded. */
  cache: Record<string, unknown> | null = null;
  /** Names in `cache` that were loaded with the row: they are values, not things to await. */
  eager: Set<string> | null = null;
  /** Results of prefetched sets, by accessor name. */
  prefetched: Record<string, unknown> | null = null;
  /** Querysets that answer with prefetched rows, and those the rows were read through, by accessor name. */
  sets: Record<string, unknown> | null = null;
  /** Instances read by the same query. */
  peers: readonly object[] | null;
  fetchMode: FetchMode;
  shared: boolean;

  constructor(
    db: string | null,
    adding: boolean,
    peers: readonly object[] | null,
    fetchMode: FetchMode,
    shared: boolean,
  ) {
    this.db = db;
    this.adding = adding;
    this.peers = peers;
    this.fetchMode = fetchMode;
    this.shared = shared;
  }
  own(): InstanceState {
    const s = new InstanceState(this.db, this.adding, this.peers, this.fetchMode, false);
    s.cache = this.cache;
    s.eager = this.eager;
    s.prefetched = this.prefetched;
    s.sets = this.sets;
    return s;
  }
}

/** First argument of a model's constructor when a row is read. */
export const FROM_DB: unique symbol = Symbol("from database");

/** How a row's values get onto an instance. */
export type Fill = (instance: object, row: readonly unknown[]) => void;

/** Set by `model.ts`: reading and replacing the private state. */
export interface StateAccess {
  get(instance: object): InstanceState | undefined;
  set(instance: object, state: InstanceState): void;
}
let access: StateAccess;
export function installStateAccess(a: StateAccess): void {
  access = a;
}
/** The state, possibly shared: for reading only. */
export function stateOf(instance: object): InstanceState {
  return access.get(instance)!;
}
/** The state for writing. */
export function ownState(instance: object): InstanceState {
  let s = access.get(instance)!;
  if (s.shared) {
    s = s.own();
    access.set(instance, s);
  }
  return s;
}
export function setCached(instance: object, name: string, value: unknown, eager: boolean): void {
  const s = ownState(instance);
  (s.cache ??= Object.create(null) as Record<string, unknown>)[name] = value;
  if (eager) (s.eager ??= new Set()).add(name);
}
export function isCached(instance: object, name: string): boolean {
  const c = stateOf(instance).cache;
  return c !== null && name in c;
}
export function getCached(instance: object, name: string): unknown {
  return stateOf(instance).cache?.[name];
}
export function dropCached(instance: object, name: string): void {
  if (!isCached(instance, name)) return;
  const s = ownState(instance);
  const { [name]: _gone, ...rest } = s.cache!;
  s.cache = Object.assign(Object.create(null) as Record<string, unknown>, rest);
  s.eager?.delete(name);
}
export function setPrefetched(instance: object, name: string, rows: unknown): void {
  const s = ownState(instance);
  (s.prefetched ??= Object.create(null) as Record<string, unknown>)[name] = rows;
}
export function dropPrefetched(instance: object, name?: string): void {
  if (stateOf(instance).prefetched === null) return;
  const s = ownState(instance);
  if (name === undefined) s.prefetched = null;
  else {
    const { [name]: _gone, ...rest } = s.prefetched!;
    s.prefetched = Object.assign(Object.create(null) as Record<string, unknown>, rest);
  }
}

/** Meta of an instance's model. */
export function metaOfInstance(instance: object): ModelMeta {
  return (instance as { [INSTANCE]: ModelMeta })[INSTANCE];
}
/** Own loaded value of a field, without starting a load. */
export function rawValue(instance: object, attname: string): unknown {
  return Object.hasOwn(instance, attname) ? (instance as Record<string, unknown>)[attname] : undefined;
}
/** Sets a field's value without any check or cache work. */
export function putValue(instance: object, attname: string, value: unknown): void {
  // Where nothing of this name is inherited (deferred fields have a getter), assigning makes an own property too, and faster.
  if (Object.hasOwn(instance, attname) || !(attname in instance))
    (instance as Record<string, unknown>)[attname] = value;
  else Object.defineProperty(instance, attname, { value, writable: true, enumerable: true, configurable: true });
}
/** The key: one value, or a list for composite keys; null when it is not set. */
export function pkOf(instance: object): unknown {
  const meta = metaOfInstance(instance);
  const record = instance as Record<string, unknown>;
  if (meta.hasCompositePk) return meta.pkFields.map((f) => record[f.attname] ?? null);
  return record[meta.pk.attname] ?? null;
}
export function hasPk(instance: object): boolean {
  const pk = pkOf(instance);
  return Array.isArray(pk) ? pk.every((v) => v !== null && v !== undefined) : pk !== null && pk !== undefined;
}
/** A string that is equal for equal keys of any type. */
export function keyText(value: unknown): string {
  if (Array.isArray(value)) return value.map(keyText).join("\u0000");
  if (value instanceof Date) return `d${value.getTime()}`;
  if (value instanceof Uint8Array) return `u${Buffer.from(value).toString("hex")}`;
  return String(value);
}
