/**
 * The orm as its own files see it: databases, models, and the operations that files below hand over to files above without
 * importing them. One object for each `babik({...})`.
 */
import { ImproperlyConfigured } from "../base/errors.js";
import type { Database } from "../db/connection.js";
import type { Connections } from "../db/connections.js";
import type { ModelMeta } from "../meta/options.js";
import type { Registry } from "../meta/registry.js";
import type { FetchMode } from "./instance-state.js";
import { type Router, type RouterHints, Routing } from "./routers.js";

export interface SaveOptions {
  readonly forceInsert?: boolean | readonly unknown[];
  readonly forceUpdate?: boolean;
  readonly using?: string;
  readonly updateFields?: readonly string[];
}
export interface SaveBaseOptions extends SaveOptions {
  /** Writes the values as they are: no `preSave` of fields, and parents' rows are left to whoever saves them. */
  readonly raw?: boolean;
}
export interface RefreshOptions {
  readonly using?: string;
  readonly fields?: readonly string[];
  readonly fromQueryset?: unknown;
  readonly fromQuerySet?: unknown;
}
export interface DeleteOptions {
  readonly using?: string;
  readonly keepParents?: boolean;
}
export type Deleted = [total: number, byModel: Record<string, number>];

/** What instances ask for; implemented in the files of the same names. */
export interface Operations {
  save(instance: object, options: SaveOptions): Promise<void>;
  saveBase(instance: object, options: SaveBaseOptions): Promise<void>;
  delete(instance: object, options: DeleteOptions): Promise<Deleted>;
  refresh(instance: object, options: RefreshOptions): Promise<void>;
  loadDeferred(instance: object, name: string): Promise<unknown>;
  assign(instance: object, values: Readonly<Record<string, unknown>>): void;
  initialise(instance: object, meta: ModelMeta, values: Readonly<Record<string, unknown>>): void;
  fullClean(instance: object, options: CleanOptions): Promise<void>;
  cleanFields(instance: object, options: CleanOptions): Promise<void>;
  validateUnique(instance: object, options: CleanOptions): Promise<void>;
  validateConstraints(instance: object, options: CleanOptions): Promise<void>;
  nextBy(instance: object, field: string, next: boolean, conditions: unknown): Promise<object>;
  /** Deletes all rows of a queryset. */
  deleteRows(queryset: unknown): Promise<Deleted>;
  /** Writes of a queryset that give its rows back. */
  returning(queryset: unknown): ReturningLike;
  prefetch(instances: readonly object[], lookups: readonly unknown[]): Promise<void>;
}
/** What `queryset.returning()` gives. */
export interface ReturningLike {
  update(values: Record<string, unknown>): Promise<unknown[]>;
  delete(): Promise<unknown[]>;
}
export interface CleanOptions {
  readonly exclude?: Iterable<string>;
  readonly validateUnique?: boolean;
  readonly validateConstraints?: boolean;
}

export class Runtime {
  readonly registry: Registry;
  readonly connections: Connections;
  readonly operations: Operations;
  readonly routing: Routing;
  readonly timeZone: string;
  readonly fetchMode: FetchMode;
  constructor(parts: {
    registry: Registry;
    connections: Connections;
    operations: Operations;
    routers: readonly Router[];
    timeZone: string;
    fetchMode: FetchMode;
  }) {
    this.registry = parts.registry;
    this.connections = parts.connections;
    this.operations = parts.operations;
    this.routing = new Routing(parts.routers, {
      inTransaction: (alias) => parts.connections.get(alias).inTransaction,
    });
    this.timeZone = parts.timeZone;
    this.fetchMode = parts.fetchMode;
  }
  database(alias: string): Database {
    return this.connections.get(alias);
  }
  /** Alias for reading or writing rows of a model, by the routers, else the instance's own database, else "default". */
  route(meta: ModelMeta, write: boolean, hints: RouterHints = {}): string {
    return this.routing.database(meta, write, hints);
  }
}

const runtimes = new WeakMap<ModelMeta, Runtime>();
export function attachRuntime(meta: ModelMeta, runtime: Runtime): void {
  runtimes.set(meta, runtime);
}
/** The orm a model belongs to. */
export function runtimeOf(meta: ModelMeta): Runtime {
  const r = runtimes.get(meta);
  if (r === undefined)
    throw new ImproperlyConfigured(
      `The model ${meta.label} belongs to no orm yet; give its module to babik({ apps }).`,
      "model.unregistered",
      { model: meta.label },
    );
  return r;
}
