/** What a queryset carries besides its shape: the values, the database, what is loaded with it. Data only. */
import type { ShapeKey, Slotter } from "../expressions/shape-key.js";
import type { Transaction } from "../db/begin.js";
import type { ModelMeta } from "../meta/options.js";
import type { Query } from "../query/state.js";
import type { FetchMode } from "./instance-state.js";
import type { ShapeNode } from "./shape.js";

export type RowMode = "instances" | "values" | "list" | "flat" | "named";

/** An object that rows of this set are known to be related to: set on each row without a query. */
export interface KnownRelated {
  readonly cacheName: string;
  /** By the text of the row's key value. */
  readonly objects: ReadonlyMap<string, object>;
  readonly keyOf: (row: object) => unknown;
}
/** What a queryset is bound to: all it sends runs inside of it. */
export interface Binding {
  readonly transaction: Transaction | null;
  readonly signal: AbortSignal | null;
}
export interface QuerySetParts {
  readonly meta: ModelMeta;
  readonly node: ShapeNode;
  readonly values: readonly unknown[];
  readonly alias: string | null;
  readonly mode: RowMode;
  readonly prefetches: readonly unknown[];
  readonly fetchMode: FetchMode | null;
  readonly known: readonly KnownRelated[];
  readonly forWrite: boolean;
  readonly hints: Readonly<Record<string, unknown>>;
  /** Numbers of the slice, relative to the whole set. */
  readonly low: number;
  readonly high: number | null;
  readonly sticky: boolean;
  /** The transaction or signal of a bound queryset. */
  readonly binding?: Binding | undefined;
}

/** A queryset as the files under it see it; `orm/queryset.ts` implements it. */
export interface QuerySetLike {
  readonly meta: ModelMeta;
  readonly node: ShapeNode;
  readonly values_: readonly unknown[];
  readonly parts: QuerySetParts;
  readonly query: Query;
  readonly mode: RowMode;
  readonly prefetches: readonly unknown[];
  readonly known: readonly KnownRelated[];
  readonly ordered: boolean;
  result: unknown[] | null;
  resultPromise: Promise<unknown[]> | null;
  with(parts: Partial<QuerySetParts>): this;
  step(key: ShapeKey, build: (query: Query, slotter: Slotter) => void | Query, more?: Partial<QuerySetParts>): this;
  filter(...conditions: unknown[]): this;
  annotate(...args: unknown[]): this;
  orderBy(...terms: unknown[]): this;
  reverse(): this;
  distinct(...names: string[]): this;
  slice(start?: number | null, end?: number | null): this;
  values(...args: unknown[]): this;
  valuesList(...args: unknown[]): this;
  selectForUpdate(options?: object): this;
  rows(): Promise<unknown[]>;
  get(...conditions: unknown[]): Promise<unknown>;
  exists(): Promise<boolean>;
  refuseCombined(name: string): void;
}
