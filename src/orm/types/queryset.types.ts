/**
 * QuerySets as types. What a chain has gathered (annotations, loaded relations, the form of its rows) rides on `this` as
 * phantom members, so that methods of a user's own queryset classes survive every step.
 */
import type { Temporal } from "temporal-polyfill";
import type { Transaction } from "../../db/begin.js";
import type {
  $alias,
  $row,
  $values,
  CheckedExpression,
  CheckedQ,
  ExpressionOut,
  Keyed,
  LikeQ,
} from "./expressions.types.js";
import type { $expr, $queryset, AnyExpression, AnyQuerySet } from "./lookups.types.js";
import type { BadPath, Hints, Names, PathOut, PathValue, SingleNames, Table } from "./paths.types.js";
import type {
  AnyModelClass,
  ClassOf,
  FieldsOf,
  Flat,
  Instance,
  IsProblem,
  ModelRef,
  Problem,
  UnionToIntersection,
} from "./registry.types.js";
import type {
  $loaded,
  $toAttr,
  Accessors,
  AccessorTarget,
  ColumnOf,
  ConcreteNames,
  ConcreteValues,
  CreateInput,
  DeferredMembers,
  InputNames,
  KeyInput,
  KeyValue,
  LoadedInstance,
  MissingRelation,
  Replaced,
  RequiredRelations,
  ToAttr,
  UpdateInput,
} from "./relations.types.js";

/** Phantom: names a chain has added, with their value types. */
export declare const $ann: unique symbol;
/** Phantom: members a chain has added to its rows. */
export declare const $extra: unique symbol;
/** Phantom: columns a chain has left out. */
export declare const $deferred: unique symbol;
/** Phantom: completion of the names a chain has added. */
export declare const $hints: unique symbol;

/** Rows are instances. */
export interface ModelRows {
  readonly [$values]?: never;
}
/** Rows are `V`. */
export interface ValueRows<V> {
  readonly [$values]: V;
}
/** What a chain carries for the compiler. */
export interface Gathered<L extends string> extends AnyQuerySet {
  readonly [$queryset]: L;
  readonly [$ann]: {};
  readonly [$extra]: {};
  readonly [$loaded]: {};
  readonly [$deferred]: {};
  readonly [$hints]: {};
  readonly [$row]: () => ModelRows;
}
interface AnyGathered {
  readonly [$queryset]: string;
  readonly [$ann]: {};
  readonly [$extra]: {};
  readonly [$loaded]: {};
  readonly [$deferred]: {};
  readonly [$row]: () => unknown;
}
// Each step adds a function, and inference from several takes the last: so the last step's form of rows counts.
type FormOf<S> = S extends { readonly [$row]: () => infer R } ? R : never;
type LabelOf<S> = S extends { readonly [$queryset]: infer L extends string } ? L : never;
/** The rows of the queryset type `S`: `Row<typeof qs>`. */
export type RowOf<S> = S extends AnyGathered
  ? FormOf<S> extends { readonly [$values]: infer V }
    ? V
    : ModelRow<LabelOf<S>, S>
  : never;
type ModelRow<L extends string, S extends AnyGathered> = ([
  keyof S[typeof $loaded] | keyof S[typeof $deferred],
] extends [never]
  ? Instance<L>
  : Replaced<LoadedInstance<L, S[typeof $loaded]>, DeferredMembers<L, keyof S[typeof $deferred]>>) &
  S[typeof $extra];

// ---------------------------------------------------------------- steps

/** Value types of the expressions `A`. */
export type Outs<L extends string, Ann, A> = { -readonly [K in keyof A]: ExpressionOut<L, Ann, A[K]> };
/** A step that adds names and members of rows. */
export interface Annotated<L extends string, S extends AnyGathered, A> {
  readonly [$ann]: Outs<L, S[typeof $ann], A>;
  readonly [$extra]: Outs<L, S[typeof $ann], A>;
  readonly [$hints]: { readonly [K in keyof A]?: unknown };
  readonly [$row]: () => Extended<FormOf<S>, Outs<L, S[typeof $ann], A>>;
}
/** A step that adds names only. */
export interface Aliased<L extends string, S extends AnyGathered, A> {
  readonly [$ann]: Outs<L, S[typeof $ann], A>;
  readonly [$hints]: { readonly [K in keyof A]?: unknown };
}
// Annotations after `values()` join its rows.
type Extended<R, O> = R extends { readonly [$values]: infer V }
  ? ValueRows<V extends readonly unknown[] ? [...V, ...OneOf<O>] : V extends object ? Flat<V & O> : V>
  : R;
type OneOf<O> =
  UnionToIntersection<keyof O extends infer K ? (K extends unknown ? (x: K) => void : never) : never> extends (
    x: infer K,
  ) => void
    ? K extends keyof O
      ? [O[K]]
      : []
    : [];

/** Expressions given bare are named by themselves; objects name theirs. The usual single object is taken as it is. */
export type Named<A> = [Extract<A, AnyExpression>] extends [never]
  ? [A] extends [UnionToIntersection<A>]
    ? A
    : NamedAll<A>
  : NamedAll<A>;
type NamedAll<A> = Flat<UnionToIntersection<NamedOne<A>>>;
type NamedOne<E> = E extends { readonly [$alias]: infer N extends string }
  ? { readonly [K in N]: E }
  : E extends { readonly [$expr]: unknown }
    ? {}
    : E;

/** Arguments of `annotate` and `aggregate`. */
export type NamedArg<L extends string, Ann, E> = E extends { readonly [$expr]: unknown }
  ? E extends { readonly [$alias]: infer N }
    ? [N] extends [never]
      ? Problem<"an expression without a path needs a name: { name: expression }">
      : CheckedExpression<L, Ann, E>
    : Problem<"an expression that is no aggregate needs a name: { name: expression }">
  : CheckedObject<L, Ann, E>;

type RowObject<L extends string, Ann, P> = { [K in P & string]: PathOut<L, K, Ann> };
type NamesIn<P> = P extends string ? P : never;
type ObjectsIn<P> = P extends string ? never : P extends { readonly [$expr]: unknown } ? never : P;
type ValuesOf<L extends string, Ann, P> = [ObjectsIn<P>] extends [never]
  ? RowObject<L, Ann, NamesIn<P>>
  : Flat<RowObject<L, Ann, NamesIn<P>> & Outs<L, Ann, UnionToIntersection<ObjectsIn<P>>>>;
/** A step whose rows are objects with the names `P`. */
export interface Valued<L extends string, S extends AnyGathered, P> {
  readonly [$row]: () => ValueRows<[P] extends [never] ? AllValues<L, S> : ValuesOf<L, S[typeof $ann], P>>;
}
type AllValues<L extends string, S extends AnyGathered> = [keyof S[typeof $extra]] extends [never]
  ? ConcreteValues<L>
  : Flat<ConcreteValues<L> & S[typeof $extra]>;
interface FlatOption {
  readonly flat: true;
}
interface NamedOption {
  readonly named: true;
}
/** Options of `valuesList`. */
export interface ValuesListOptions {
  readonly flat?: boolean;
  readonly named?: boolean;
}
type ItemOut<L extends string, Ann, E> = E extends string ? PathOut<L, E, Ann> : ExpressionOut<L, Ann, E>;
type Items<L extends string, Ann, A> = { -readonly [I in keyof A]: ItemOut<L, Ann, A[I]> };
/** A step whose rows are tuples, single values or named tuples. */
export interface Listed<L extends string, S extends AnyGathered, A extends readonly unknown[]> {
  readonly [$row]: () => ValueRows<
    A extends readonly [infer E, FlatOption]
      ? ItemOut<L, S[typeof $ann], E>
      : A extends readonly [FlatOption]
        ? KeyValue<L>
        : A extends readonly [...infer P, NamedOption]
          ? RowObject<L, S[typeof $ann], P[number]>
          : A extends readonly [...infer P, ValuesListOptions & { readonly [$expr]?: never }]
            ? Items<L, S[typeof $ann], P>
            : A extends readonly []
              ? ConcreteValues<L>[keyof ConcreteValues<L>][]
              : Items<L, S[typeof $ann], A>
  >;
}
/** A step whose rows are of type `V`. */
export interface RowsOf<V> {
  readonly [$row]: () => ValueRows<V>;
}
/** A step that loads the paths `P`. */
export interface Loading<P extends string> {
  readonly [$loaded]: { readonly [K in P]: true };
}
/** A step that loads what its prefetches say. */
export interface Prefetching<L extends string, A extends readonly unknown[]> {
  readonly [$loaded]: UnionToIntersection<PrefetchOf<L, A[number]>>;
}
type PrefetchOf<L extends string, P> = P extends string
  ? { readonly [K in P]: true }
  : P extends { readonly [$toAttr]: readonly [infer Path extends string, infer N, infer S] }
    ? {
        readonly [K in Path]: [N] extends [never]
          ? true
          : ToAttr<N & string, S extends AnyGathered ? RowOf<S> : Instance<AccessorTarget<L, Path>>>;
      }
    : {};
/** A step that leaves out the columns `D`. */
export interface Deferring<D extends string> {
  readonly [$deferred]: { readonly [K in D]: true };
}
/** Names that `defer(...P)` leaves out; a name behind a relation leaves nothing out of the row itself. */
export type DeferNames<L extends string, P> = P extends `${string}__${string}` ? never : ColumnOf<L, P> & string;
/** Names that `only(...P)` leaves out. */
export type OnlyNames<L extends string, P> = Exclude<ConcreteNames<L>, ColumnOf<L, P> | ColumnOf<L, "pk">>;

// ---------------------------------------------------------------- arguments

// A right argument stands for itself, a wrong one for its message. The signatures take `P & NoInfer<…>`: inferring
// through the check itself would work out the check for every name of the model, at every call.
type CheckedName<L extends string, Ann, P extends string> = [BadPath<PathOut<L, P, Ann>>] extends [never]
  ? P
  : BadPath<PathOut<L, P, Ann>>;
type CheckedObject<L extends string, Ann, E> = { readonly [K in keyof E]: CheckedExpression<L, Ann, E[K]> };
/** Arguments of `values`, `distinct`, `only`, …: names, expressions, or objects of named expressions. */
export type ValuesArg<L extends string, Ann, P> = AnyText extends P ? unknown : OneValue<L, Ann, P>;
// While it infers, the compiler also asks for the check of "any name at all": that is answered at once.
/** Any text, beside names that are offered for completion. */
export type AnyText = string & {};
type OneValue<L extends string, Ann, P> = P extends string
  ? P extends keyof Table<L>
    ? P
    : CheckedName<L, Ann, P>
  : P extends { readonly [$expr]: unknown }
    ? CheckedExpression<L, Ann, P>
    : P extends ValuesListOptions
      ? P
      : CheckedObject<L, Ann, P>;
/** Arguments of `orderBy`: names, each with or without "-", `"?"`, or expressions. */
export type OrderArg<L extends string, Ann, P> = AnyText extends P ? unknown : OneOrder<L, Ann, P>;
type OneOrder<L extends string, Ann, P> = P extends string
  ? P extends keyof Table<L> | "?"
    ? P
    : P extends `-${infer X}`
      ? CheckedName<L, Ann, X> extends X
        ? P
        : CheckedName<L, Ann, X>
      : CheckedName<L, Ann, P>
  : CheckedExpression<L, Ann, P>;
/** A path of a condition as a name: itself, or the message for a wrong one. */
export type AllowedPath<L extends string, Ann, P> = AnyText extends P
  ? unknown
  : P extends string
    ? IsProblem<PathValue<L, P, Ann>> extends true
      ? PathValue<L, P, Ann>
      : P
    : never;
/** `only` of `create`, `update` and `set`: the names that values from outside may have; others are refused. */
export interface OnlyOptions<N> {
  readonly only?: readonly N[];
}
/** `onlyFields(body, ["name", "price"])`: the names are known, the values are checked by the fields. */
export type OnlyFieldsFunction = <const N extends string>(values: unknown, names: readonly N[]) => { [K in N]: any };
/** Arguments of `selectRelated`: paths over relations. */
export type RelatedArg<L extends string, P> = AnyText extends P
  ? unknown
  : [ClassOf<L>] extends [never]
    ? unknown
    : P extends string
      ? AccessorTarget<L, P> extends "?"
        ? Problem<`unknown relation '${P}' on ${L}`, Accessors<L>>
        : P
      : never;
/** Arguments of `prefetchRelated`. Where one of them makes a list under a name of its own, paths may go through that name: they are let through. */
export type PrefetchArg<L extends string, E, All> = AnyText extends E
  ? unknown
  : [ClassOf<L>] extends [never]
    ? unknown
    : AccessorTarget<L, PathIn<E>> extends "?"
      ? [OwnNames<All>] extends [never]
        ? Problem<`unknown relation '${PathIn<E>}' on ${L}`, Accessors<L>>
        : unknown
      : unknown;
type PathIn<E> = E extends string
  ? E
  : E extends { readonly [$toAttr]: readonly [infer P extends string, ...unknown[]] }
    ? P
    : "?";
type OwnNames<E> = E extends { readonly [$toAttr]: readonly [string, infer N, unknown] } ? N : never;
/** A name of the model or of the chain, for completion; any other text is let through to be checked. */
export type NameHint<L extends string, Hinted> = Names<L> | (keyof Hinted & string) | AnyText;
/** Such a name with or without "-". */
export type OrderHint<L extends string, Hinted> =
  | Names<L>
  | `-${Names<L>}`
  | (keyof Hinted & string)
  | `-${keyof Hinted & string}`
  | "?"
  | AnyText
  | AnyExpression;
/** What `annotate` and `aggregate` take. */
export type NamedExpressions = AnyExpression | { readonly [name: string]: AnyExpression | LikeQ<any> };

/** What `Prefetch` makes: a path, read through the queryset `S`, under the name `Name` or under its own. */
export interface Prefetched<Path extends string = string, Name extends string = string, S = any> {
  readonly [$toAttr]: readonly [Path, Name, S];
}
/** `Prefetch("books__reviews", { queryset, toAttr })`. */
export interface PrefetchFunction {
  <const P extends string, S extends AnyQuerySet = AnyQuerySet, const N extends string = never>(
    path: P,
    options?: { readonly queryset?: S; readonly toAttr?: N },
  ): Prefetched<P, N, S>;
}

/** Statement text and its parameters. */
export interface CompiledSql {
  readonly text: string;
  readonly params: readonly unknown[];
}
/** Options of `explain`. */
export interface ExplainOptions {
  readonly format?: string;
  readonly analyze?: boolean;
  readonly verbose?: boolean;
  readonly buffers?: boolean;
  readonly [option: string]: unknown;
}
/** Options of `selectForUpdate`. */
export interface LockOptions {
  readonly nowait?: boolean;
  readonly skipLocked?: boolean;
  readonly of?: readonly string[];
  readonly noKey?: boolean;
}
/** Options of `bulkCreate`. */
export interface BulkCreateOptions<L extends string> {
  readonly batchSize?: number;
  readonly ignoreConflicts?: boolean;
  readonly updateConflicts?: boolean;
  readonly updateFields?: readonly (InputNames<L> & string)[];
  readonly uniqueFields?: readonly (string & (InputNames<L> | {}))[];
}
/** Options of `extra`. */
export interface ExtraOptions {
  readonly select?: Readonly<Record<string, string>>;
  readonly selectParams?: readonly unknown[];
  readonly where?: readonly string[];
  readonly params?: readonly unknown[];
  readonly tables?: readonly string[];
  readonly orderBy?: readonly string[];
}
/** Numbers of deleted rows: all of them, and by model. */
export type Deleted = readonly [total: number, byModel: Readonly<Record<string, number>>];
/** The result of `raw`: rows as instances, with the other columns of the statement beside. */
export interface RawQuerySet<Row> extends PromiseLike<Row[]>, AsyncIterable<Row> {
  readonly columns: Promise<readonly string[]>;
  using(database: string | Transaction): RawQuerySet<Row>;
  prefetchRelated(...paths: readonly string[]): RawQuerySet<Row>;
}
/** A tagged template of SQL. */
export interface SqlTemplate {
  readonly text?: string;
}
/** Values for a new row, with the messages for names that the model does not have and relations that are missing. */
export type CheckedInput<L extends string, V, Skip = never> = MissingRelation<L, V, Skip> & {
  readonly [K in Exclude<keyof V, InputNames<L>>]: Problem<
    `unknown field '${K & string}' on ${L}`,
    InputNames<L> & string
  >;
};

/**
 * A lazy, immutable query: every method gives a new one; awaiting it, or iterating over it with `for await`, runs it.
 * `L` is the label of its model. Users extend it: `class extends QuerySet<"Product"> { cheap() { … } }`.
 */
export interface QuerySet<L extends string = string> extends Gathered<L> {
  then<A = RowOf<this>[], B = never>(
    onFulfilled?: ((rows: RowOf<this>[]) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B>;
  [Symbol.asyncIterator](): AsyncIterableIterator<RowOf<this>>;
  /** The model that this is about. */
  readonly model: ModelOf<L>;
  /** Whether the rows have an order. */
  readonly ordered: boolean;
  /** Alias of the database that it would read. */
  readonly db: string;

  // ---- that give another queryset
  filter<
    C extends Hints<L> & this[typeof $hints],
    D,
    C2 extends Hints<L> & this[typeof $hints],
    D2,
    C3 extends Hints<L> & this[typeof $hints],
    D3,
  >(
    first?: Keyed<L, this[typeof $ann], C> | CheckedQ<L, this[typeof $ann], D>,
    second?: Keyed<L, this[typeof $ann], C2> | CheckedQ<L, this[typeof $ann], D2>,
    third?: Keyed<L, this[typeof $ann], C3> | CheckedQ<L, this[typeof $ann], D3>,
    ...more: readonly object[]
  ): this;
  exclude<
    C extends Hints<L> & this[typeof $hints],
    D,
    C2 extends Hints<L> & this[typeof $hints],
    D2,
    C3 extends Hints<L> & this[typeof $hints],
    D3,
  >(
    first?: Keyed<L, this[typeof $ann], C> | CheckedQ<L, this[typeof $ann], D>,
    second?: Keyed<L, this[typeof $ann], C2> | CheckedQ<L, this[typeof $ann], D2>,
    third?: Keyed<L, this[typeof $ann], C3> | CheckedQ<L, this[typeof $ann], D3>,
    ...more: readonly object[]
  ): this;
  /**
   * `filter()` with conditions from outside, such as a query string. Every key must be in `allow`, letter by letter and lookups
   * included, and values are plain: texts, numbers, booleans, null, and lists of them for `in` and `range`. Anything else is refused,
   * never left out.
   * @throws FieldError `untrusted.name`, `untrusted.value`; QueryTypeError for what is no plain object
   * @example Product.objects.filterUntrusted(request.query, ["name__icontains", "price__lt", "category__in"])
   */
  filterUntrusted<const P extends Names<L> | AnyText>(
    conditions: unknown,
    allow: readonly (P & NoInfer<AllowedPath<L, this[typeof $ann], P>>)[],
  ): this;
  /**
   * `orderBy()` with names from outside: `"-price,name"` or a list. Every name must be in `allow`; `-` may stand before each.
   * @throws FieldError `untrusted.name` for another name or one that comes twice
   * @example Product.objects.orderByUntrusted(request.query.sort, ["name", "price", "category__name"])
   */
  orderByUntrusted<const P extends NameHint<L, this[typeof $hints]>>(
    terms: unknown,
    allow: readonly (P & NoInfer<ValuesArg<L, this[typeof $ann], P>>)[],
  ): this;
  complexFilter<C extends Hints<L> & this[typeof $hints], D>(
    condition: Keyed<L, this[typeof $ann], C> | CheckedQ<L, this[typeof $ann], D>,
  ): this;
  annotate<const A extends readonly NamedExpressions[]>(
    ...expressions: { readonly [I in keyof A]: A[I] & NoInfer<NamedArg<L, this[typeof $ann], A[I]>> }
  ): this & Annotated<L, this, Named<A[number]>>;
  alias<const A extends readonly NamedExpressions[]>(
    ...expressions: { readonly [I in keyof A]: A[I] & NoInfer<NamedArg<L, this[typeof $ann], A[I]>> }
  ): this & Aliased<L, this, Named<A[number]>>;
  orderBy<const A extends readonly OrderHint<L, this[typeof $hints]>[]>(
    ...names: { readonly [I in keyof A]: A[I] & NoInfer<OrderArg<L, this[typeof $ann], A[I]>> }
  ): this;
  reverse(): this;
  distinct<const P extends NameHint<L, {}>>(
    ...names: readonly (P & NoInfer<ValuesArg<L, this[typeof $ann], P>>)[]
  ): this;
  /** `qs.slice(0, 20)` is LIMIT 20, `qs.slice(5, 10)` is LIMIT 5 OFFSET 5. */
  slice(start: number, end?: number): this;
  values<const A extends readonly (NameHint<L, this[typeof $hints]> | { readonly [name: string]: AnyExpression })[]>(
    ...names: { readonly [I in keyof A]: A[I] & NoInfer<ValuesArg<L, this[typeof $ann], A[I]>> }
  ): this & Valued<L, this, A[number]>;
  valuesList<const A extends readonly (NameHint<L, this[typeof $hints]> | AnyExpression | ValuesListOptions)[]>(
    ...names: { readonly [I in keyof A]: A[I] & NoInfer<ValuesArg<L, this[typeof $ann], A[I]>> }
  ): this & Listed<L, this, A>;
  dates(
    field: Names<L> | AnyText,
    kind: "year" | "month" | "week" | "day",
    options?: { readonly order?: "ASC" | "DESC" },
  ): this & RowsOf<Temporal.PlainDate>;
  datetimes(
    field: Names<L> | AnyText,
    kind: "year" | "month" | "week" | "day" | "hour" | "minute" | "second",
    options?: { readonly order?: "ASC" | "DESC"; readonly timeZone?: string },
  ): this & RowsOf<Date>;
  none(): this;
  all(): this;
  union(...others: readonly (AnyQuerySet | { readonly all: boolean })[]): this;
  intersection(...others: readonly AnyQuerySet[]): this;
  difference(...others: readonly AnyQuerySet[]): this;
  and(other: AnyQuerySet): this;
  or(other: AnyQuerySet): this;
  xor(other: AnyQuerySet): this;
  selectRelated<const P extends SingleNames<FieldsOf<L>> | AnyText>(
    ...paths: readonly (P & NoInfer<RelatedArg<L, P>>)[]
  ): this & Loading<AnyText extends P ? RequiredRelations<L> : P>;
  prefetchRelated<const A extends readonly (Accessors<L> | AnyText | Prefetched)[]>(
    ...paths: { readonly [I in keyof A]: A[I] & NoInfer<PrefetchArg<L, A[I], A[number]>> }
  ): this & Prefetching<L, A>;
  defer<const P extends NameHint<L, {}>>(
    ...names: readonly (P & NoInfer<ValuesArg<L, this[typeof $ann], P>>)[]
  ): this & Deferring<DeferNames<L, P>>;
  only<const P extends NameHint<L, {}>>(
    ...names: readonly (P & NoInfer<ValuesArg<L, this[typeof $ann], P>>)[]
  ): this & Deferring<OnlyNames<L, P>>;
  /** Reads and writes the database of that alias, or inside of a transaction that `orm.begin()` gave. */
  using(database: string | Transaction): this;
  /** Cancels what the queryset sends, on the server too, when the signal is aborted. */
  signal(signal: AbortSignal): this;
  selectForUpdate(options?: LockOptions): this;
  fetchMode(mode: "one" | "peers" | "raise"): this;
  extra(options: ExtraOptions): this & { readonly [$extra]: Record<string, any> };
  raw<X extends object = {}>(
    sql: SqlTemplate | string,
    params?: readonly unknown[],
    options?: { readonly translations?: Readonly<Record<string, string>> },
  ): RawQuerySet<Instance<L> & X>;

  // ---- that run
  get<
    C extends Hints<L> & this[typeof $hints],
    D,
    C2 extends Hints<L> & this[typeof $hints],
    D2,
    C3 extends Hints<L> & this[typeof $hints],
    D3,
  >(
    first?: Keyed<L, this[typeof $ann], C> | CheckedQ<L, this[typeof $ann], D>,
    second?: Keyed<L, this[typeof $ann], C2> | CheckedQ<L, this[typeof $ann], D2>,
    third?: Keyed<L, this[typeof $ann], C3> | CheckedQ<L, this[typeof $ann], D3>,
    ...more: readonly object[]
  ): Promise<RowOf<this>>;
  first(): Promise<RowOf<this> | null>;
  last(): Promise<RowOf<this> | null>;
  earliest<const P extends NameHint<L, {}>>(
    ...names: readonly (P & NoInfer<OrderArg<L, this[typeof $ann], P>>)[]
  ): Promise<RowOf<this>>;
  latest<const P extends NameHint<L, {}>>(
    ...names: readonly (P & NoInfer<OrderArg<L, this[typeof $ann], P>>)[]
  ): Promise<RowOf<this>>;
  count(): Promise<number>;
  exists(): Promise<boolean>;
  contains(row: ModelRef<L>): Promise<boolean>;
  aggregate<const A extends readonly NamedExpressions[]>(
    ...expressions: { readonly [I in keyof A]: A[I] & NoInfer<NamedArg<L, this[typeof $ann], A[I]>> }
  ): Promise<Outs<L, this[typeof $ann], Named<A[number]>>>;
  inBulk(keys?: readonly KeyInput<L>[]): Promise<Map<KeyValue<L>, RowOf<this>>>;
  inBulk<const N extends Names<L>>(
    keys: readonly unknown[],
    options: { readonly fieldName: N },
  ): Promise<Map<PathOut<L, N, {}>, RowOf<this>>>;
  iterator(options?: { readonly chunkSize?: number }): AsyncIterableIterator<RowOf<this>>;
  explain(options?: ExplainOptions): Promise<string>;
  /** The statement that would run, without running it. */
  sql(): CompiledSql;
  create<V extends CreateInput<L>>(
    values: V & CheckedInput<L, V>,
    options?: OnlyOptions<InputNames<L> & string>,
  ): Promise<Instance<L>>;
  getOrCreate<C extends Hints<L>>(
    conditions: Keyed<L, {}, C>,
    options?: { readonly defaults?: Partial<CreateInput<L>> },
  ): Promise<[Instance<L>, boolean]>;
  updateOrCreate<C extends Hints<L>>(
    conditions: Keyed<L, {}, C>,
    options?: { readonly defaults?: Partial<CreateInput<L>>; readonly createDefaults?: Partial<CreateInput<L>> },
  ): Promise<[Instance<L>, boolean]>;
  bulkCreate<I extends ModelRef<L>>(rows: Iterable<I>, options?: BulkCreateOptions<L>): Promise<I[]>;
  /** From a stream of instances, batch by batch in one transaction; none of them is kept, so this gives their number. */
  bulkCreate(rows: AsyncIterable<ModelRef<L>>, options?: BulkCreateOptions<L>): Promise<number>;
  bulkUpdate(
    rows: Iterable<ModelRef<L>>,
    fields: readonly (keyof UpdateInput<L> & string)[],
    options?: { readonly batchSize?: number },
  ): Promise<number>;
  update(values: UpdateInput<L>, options?: OnlyOptions<keyof UpdateInput<L> & string>): Promise<number>;
  delete(): Promise<Deleted>;
  /**
   * Writes that give back the rows they wrote, by the statement itself: in the form that the rows of this queryset have, or as objects of
   * the columns that are named.
   * @throws NotSupportedError by `update` on MariaDB and MySQL, by `delete` on MySQL; FieldError for columns of other tables
   * @example await Product.objects.filter({ price__lt: 2 }).returning("id", "price").update({ price: F("price").mul(2) });
   * // UPDATE "shop_product" SET "price" = ("price" * 2) WHERE "price" < 2 RETURNING "id", "price"
   */
  returning(): Returning<L, RowOf<this>>;
  returning<const A extends readonly NameHint<L, this[typeof $hints]>[]>(
    ...names: { readonly [I in keyof A]: A[I] & NoInfer<ValuesArg<L, this[typeof $ann], A[I]>> }
  ): Returning<L, RowObject<L, this[typeof $ann], A[number]>>;
}
/** Writes that give rows back; see `QuerySet.returning()`. Nothing runs until one of them is called. */
export interface Returning<L extends string, Row> {
  /** Sets fields of all rows, and gives these rows as they are afterwards. */
  update(values: UpdateInput<L>): Promise<Row[]>;
  /** Deletes all rows with what `onDelete` takes along, and gives the rows of this model as they were. */
  delete(): Promise<Row[]>;
}
/** The class of the model labelled `L`. */
export type ModelOf<L extends string> = [ClassOf<L>] extends [never] ? AnyModelClass : ClassOf<L>;
/** `QuerySet` as a value: a class that users extend. */
export interface QuerySetConstructor {
  new <L extends string = string>(...args: any[]): QuerySet<L>;
  readonly prototype: AnyQuerySet;
}
