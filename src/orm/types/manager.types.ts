/**
 * Managers as types: `Product.objects` and the managers of related rows. They have the methods of their queryset, but
 * cannot be awaited: `Product.objects.all()` is what runs.
 */
import type { $options, Rel } from "./fields.types.js";
import type { CheckedInput, QuerySet } from "./queryset.types.js";
import type { AnyQuerySet } from "./lookups.types.js";
import type { ClassOf, FieldsOf, Instance, ModelRef } from "./registry.types.js";
import type { Keyed } from "./expressions.types.js";
import type { Hints } from "./paths.types.js";
import type { CreateInput, KeyInput, KeyValue, RowOrKey } from "./relations.types.js";

/** Phantom: the queryset type of a manager. */
export declare const $querysets: unique symbol;

// What only querysets have. `delete` is one of these, as in Django: whoever means all rows writes `all().delete()`.
type Running = "then" | "delete" | typeof Symbol.asyncIterator;
/** A manager of the querysets `S`. */
export type ManagerOf<S> = { readonly [K in keyof S as K extends Running ? never : K]: S[K] } & {
  readonly [$querysets]: S;
  getQuerySet(): S;
  dbManager(using?: string | null, hints?: Readonly<Record<string, unknown>> | null): ManagerOf<S>;
};
/** A manager of the model labelled `L`, for users to extend: `class extends Manager<"Post"> { override getQuerySet() { … } }`. */
export interface Manager<L extends string = string> extends Omit<QuerySet<L>, Running> {
  readonly [$querysets]: QuerySet<L>;
  getQuerySet(): QuerySet<L>;
  /** The same manager for another database, with hints for the routers. */
  dbManager(using?: string | null, hints?: Readonly<Record<string, unknown>> | null): this;
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
type Methods<S> = { readonly [K in keyof S as K extends Overridden ? never : K]: S[K] } & {
  readonly [$querysets]: S;
} & RelatedBase;
/** What every manager of related rows has besides. */
export interface RelatedBase {
  /** The same rows through another manager of the related model: `author.posts.manager("published")`. */
  manager(name: string): this;
  /** The same set in another database. */
  dbManager(using?: string | null, hints?: Readonly<Record<string, unknown>> | null): this;
}

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
  set(
    rows: Iterable<RowOrKey<L>> | AnyQuerySet,
    options?: ThroughOptions & { readonly clear?: boolean },
  ): Promise<void>;
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
/** The set of a `ManyToManyField`, from either side. */
export type RelatedManager<L extends string> = Methods<QuerySetOf<L>> & ManyMethods<L>;

/** Names of the fields of the related model that a generic relation fills in. */
type GenericNames<O> =
  | (O extends { readonly contentTypeField: infer N extends string } ? N | `${N}Id` : "contentType" | "contentTypeId")
  | (O extends { readonly objectIdField: infer N extends string } ? N : "objectId");
/** Methods of the rows that refer to an object by a generic key. A row without its object is nothing: what leaves the set is deleted. */
export interface GenericMethods<L extends string, Given extends string> {
  getQuerySet(): QuerySetOf<L>;
  add(...rows: readonly (ModelRef<L> | { readonly bulk: boolean })[]): Promise<void>;
  remove(...rows: readonly (RowOrKey<L> | { readonly bulk: boolean })[]): Promise<void>;
  set(
    rows: Iterable<ModelRef<L>> | AnyQuerySet,
    options?: { readonly bulk?: boolean; readonly clear?: boolean },
  ): Promise<void>;
  clear(options?: { readonly bulk?: boolean }): Promise<void>;
  create<V extends Omit<CreateInput<L>, Given>>(values: V & CheckedInput<L, V, Given>): Promise<Instance<L>>;
  getOrCreate<C extends Hints<L>>(
    conditions: Keyed<L, {}, C>,
    options?: { readonly defaults?: Partial<CreateInput<L>> },
  ): Promise<[Instance<L>, boolean]>;
  updateOrCreate<C extends Hints<L>>(
    conditions: Keyed<L, {}, C>,
    options?: { readonly defaults?: Partial<CreateInput<L>>; readonly createDefaults?: Partial<CreateInput<L>> },
  ): Promise<[Instance<L>, boolean]>;
}
/** The set of a `GenericRelation`. */
export type GenericManager<L extends string, O> = Methods<QuerySetOf<L>> & GenericMethods<L, GenericNames<O>>;

/** Methods of the rows whose foreign key `Name` points here. */
export interface ReverseMethods<L extends string, Name extends string> {
  getQuerySet(): QuerySetOf<L>;
  /**
   * Keys of the rows in their order, where their model is ordered with respect to this relation (`orderWithRespectTo`). Django's
   * `question.get_answer_order()`, which is there too as `question.getAnswerOrder()`, but not typed.
   */
  getOrder(): Promise<KeyValue<L>[]>;
  /** Puts the rows into the order of their keys in the list. */
  setOrder(keys: Iterable<KeyInput<L>>): Promise<void>;
  /** Rows only, no keys: a row that is moved here has to know it. */
  add(...rows: readonly (ModelRef<L> | { readonly bulk: boolean })[]): Promise<void>;
  set(
    rows: Iterable<ModelRef<L>> | AnyQuerySet,
    options?: { readonly bulk?: boolean; readonly clear?: boolean },
  ): Promise<void>;
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
  remove(...rows: readonly (ModelRef<L> | { readonly bulk: boolean })[]): Promise<void>;
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
