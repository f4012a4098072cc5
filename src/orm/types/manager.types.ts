/**
 * Managers as types: `Product.objects` and the managers of related rows. They have the methods of their queryset, but
 * cannot be awaited: `Product.objects.all()` is what runs.
 */
import type { $options, Rel } from "./fields.types.js";
import type { CheckedInput, QuerySet } from "./queryset.types.js";
import type { AnyQuerySet } from "./lookups.types.js";
import type { ClassOf, FieldsOf, Instance } from "./registry.types.js";
import type { Hints, Keyed } from "./paths.types.js";
import type { CreateInput, RowOrKey } from "./relations.types.js";

/** Phantom: the queryset type of a manager. */
export declare const $querysets: unique symbol;

type Running = "then" | typeof Symbol.asyncIterator;
/** A manager of the querysets `S`. */
export type ManagerOf<S> = { readonly [K in keyof S as K extends Running ? never : K]: S[K] } & {
  readonly [$querysets]: S;
  getQuerySet(): S;
};
/** A manager of the model labelled `L`, for users to extend: `class extends Manager<"Post"> { override getQuerySet() { … } }`. */
export interface Manager<L extends string = string> extends Omit<QuerySet<L>, Running> {
  readonly [$querysets]: QuerySet<L>;
  getQuerySet(): QuerySet<L>;
}
/** `Manager` as a value: a class that users extend. */
export interface ManagerConstructor {
  new <L extends string = string>(...args: any[]): Manager<L>;
  /** A manager class with the methods of a queryset class. */
  fromQuerySet<S extends AnyQuerySet>(queryset: new (...args: any[]) => S): new (...args: any[]) => ManagerOf<S>;
  readonly prototype: AnyQuerySet;
}

/** The querysets of the model labelled `L`: of its own class where its `objects` has one. */
export type QuerySetOf<L extends string> = [ClassOf<L>] extends [never]
  ? QuerySet<L>
  : ClassOf<L> extends { readonly objects: { readonly [$querysets]: infer S } }
    ? S
    : QuerySet<L>;

// What a related manager does otherwise than the querysets of its model.
type Overridden = Running | "create" | "getOrCreate" | "updateOrCreate";
type Methods<S> = { readonly [K in keyof S as K extends Overridden ? never : K]: S[K] } & { readonly [$querysets]: S };

/** Options of the methods that change a many-to-many set. */
export interface ThroughOptions {
  /** Values for the other fields of the model between. */
  readonly throughDefaults?: Readonly<Record<string, unknown>>;
}
/** Methods of a many-to-many set. */
export interface ManyMethods<L extends string> {
  getQuerySet(): QuerySetOf<L>;
  add(...rows: readonly (RowOrKey<L> | ThroughOptions)[]): Promise<void>;
  remove(...rows: readonly RowOrKey<L>[]): Promise<void>;
  set(rows: Iterable<RowOrKey<L>>, options?: ThroughOptions & { readonly clear?: boolean }): Promise<void>;
  clear(): Promise<void>;
  create<V extends CreateInput<L>>(values: V & CheckedInput<L, V>, options?: ThroughOptions): Promise<Instance<L>>;
  getOrCreate<C extends Hints<L>>(
    conditions: Keyed<L, {}, C>,
    options?: ThroughOptions & { readonly defaults?: Partial<CreateInput<L>> },
  ): Promise<[Instance<L>, boolean]>;
  updateOrCreate<C extends Hints<L>>(
    conditions: Keyed<L, {}, C>,
    options?: ThroughOptions & {
      readonly defaults?: Partial<CreateInput<L>>;
      readonly createDefaults?: Partial<CreateInput<L>>;
    },
  ): Promise<[Instance<L>, boolean]>;
}
/** The set of a `ManyToManyField`, from either side, or of a `GenericRelation`. */
export type RelatedManager<L extends string> = Methods<QuerySetOf<L>> & ManyMethods<L>;

/** Methods of the rows whose foreign key `Name` points here. */
export interface ReverseMethods<L extends string, Name extends string> {
  getQuerySet(): QuerySetOf<L>;
  add(...rows: readonly (RowOrKey<L> | { readonly bulk: boolean })[]): Promise<void>;
  set(rows: Iterable<RowOrKey<L>>, options?: { readonly bulk?: boolean; readonly clear?: boolean }): Promise<void>;
  create<V extends CreateInput<L>>(values: V & CheckedInput<L, V, Name>): Promise<Instance<L>>;
  getOrCreate<C extends Hints<L>>(
    conditions: Keyed<L, {}, C>,
    options?: { readonly defaults?: Partial<CreateInput<L>> },
  ): Promise<[Instance<L>, boolean]>;
  updateOrCreate<C extends Hints<L>>(
    conditions: Keyed<L, {}, C>,
    options?: { readonly defaults?: Partial<CreateInput<L>>; readonly createDefaults?: Partial<CreateInput<L>> },
  ): Promise<[Instance<L>, boolean]>;
}
/** Methods that are there only where the foreign key may be null. */
export interface NullableReverseMethods<L extends string> {
  remove(...rows: readonly RowOrKey<L>[]): Promise<void>;
  clear(options?: { readonly bulk?: boolean }): Promise<void>;
}
type MayBeNull<L extends string, Name extends string> = Name extends keyof FieldsOf<L>
  ? FieldsOf<L>[Name] extends Rel<any, any, any>
    ? FieldsOf<L>[Name][typeof $options] extends { readonly null: true }
      ? NullableReverseMethods<L>
      : unknown
    : unknown
  : NullableReverseMethods<L>;
/** The rows of the model labelled `L` whose foreign key `Name` points here. */
export type ReverseManager<L extends string, Name extends string> = Methods<QuerySetOf<L>> &
  ReverseMethods<L, Name> &
  MayBeNull<L, Name>;
