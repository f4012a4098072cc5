/**
 * Where the values of a chain are while its shape is built: a `Slot` stands for one gathered value, an `EmbeddedRef` for a
 * queryset given as an argument. Values themselves are seen only to decide on structure, and then a guard is left.
 */
import type { EmbeddedQuery } from "./expr.js";

/** Refused by a guard: the shape found does not fit this value, and a private one has to be built. */
export const MISFIT: unique symbol = Symbol("misfit");

export class Slot {
  readonly index: number;
  readonly value: unknown;
  constructor(index: number, value: unknown) {
    this.index = index;
    this.value = value;
  }
}

/** A queryset as an argument: its query with slots already moved to where its values will be. */
export class EmbeddedRef {
  readonly source: QuerySource;
  readonly base: number;
  constructor(source: QuerySource, base: number) {
    this.source = source;
    this.base = base;
  }
  /** A private copy of the query, slots moved. */
  query(): EmbeddedQuery {
    return this.source.embed(this.base);
  }
}

export const QUERY_SOURCE: unique symbol = Symbol.for("babik.querysource");
export const INSTANCE: unique symbol = Symbol.for("babik.instance");

/** What can stand as a subquery: a QuerySet (`orm/queryset.ts`). */
export interface QuerySource {
  readonly [QUERY_SOURCE]: true;
  /** Equal for querysets of one shape. */
  readonly shapeKey: string;
  readonly gathered: readonly unknown[];
  /** How many levels it has. */
  readonly depth: number;
  embed(base: number): EmbeddedQuery;
  readonly modelLabel: string;
  /** Alias of the database chosen by `using`, or null. */
  readonly boundAlias: string | null;
}

/** What a model instance shows to the query floors. */
export interface InstanceLike {
  readonly [INSTANCE]: { readonly label: string };
}

export function isQuerySource(value: unknown): value is QuerySource {
  return typeof value === "object" && value !== null && (value as { [QUERY_SOURCE]?: unknown })[QUERY_SOURCE] === true;
}
export function isInstance(value: unknown): value is InstanceLike {
  return typeof value === "object" && value !== null && (value as { [INSTANCE]?: unknown })[INSTANCE] !== undefined;
}

/** Checks and prepares the value of a slot on every use of a shape; `MISFIT` sends the call to a private shape. */
export type Prepare = (value: unknown) => unknown;
