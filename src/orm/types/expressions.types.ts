/**
 * Expressions as types: what `F`, `Q`, aggregates and functions yield. An expression does not know its model, so its
 * value type is a small description (`PathTo<"price">`) that is worked out where a queryset takes the expression in.
 */
import type { Decimal } from "decimal.js";
import type { Temporal } from "temporal-polyfill";
import type { $out, AnyField, FieldLike } from "./fields.types.js";
import type { $expr, AnyExpression, AnyQuerySet } from "./lookups.types.js";
import type { $checked, BadPath, PathOut, PathValue } from "./paths.types.js";
import type { IsProblem, Problem } from "./registry.types.js";

/** Phantom of a description that has to be worked out against a model. */
export declare const $late: unique symbol;
/** Phantom: conditions that a `Q` carries. */
export declare const $conditions: unique symbol;
/** Phantom of a queryset: what its rows are; the last one of a chain counts. */
export declare const $row: unique symbol;
/** Phantom: rows that are not instances. */
export declare const $values: unique symbol;
/** Phantom of conditions: where a queryset says whether they fit its model. */
export declare const $verdict: unique symbol;
/** Phantom: path that a bare aggregate is named by. */
export declare const $alias: unique symbol;

// ---------------------------------------------------------------- descriptions

interface Late {
  readonly [$late]: string;
}
/** The value at a path. */
export interface PathTo<P extends string> {
  readonly [$late]: "path";
  readonly path: P;
}
/** The value of an aggregate or function of kind `K` over the described `A`. */
export interface Applied<K extends string, A extends readonly unknown[]> {
  readonly [$late]: "applied";
  readonly kind: K;
  readonly of: A;
}
/** A condition carried by an expression, checked with it. */
export interface Where<C> {
  readonly [$late]: "where";
  readonly conditions: C;
}

/** What is described by an argument: a path where it is text, else an expression's value or a plain one. */
export type Of<A> = A extends string ? (string extends A ? any : A extends "*" ? number : PathTo<A>) : Described<A>;
/** What is described by an operand, where text is a value and not a path. */
export type Described<A> = A extends { readonly [$expr]: infer T }
  ? T
  : A extends LikeQ<infer C>
    ? Where<C>
    : A extends AnyQuerySet
      ? any
      : Widen<A>;
type Widen<A> = A extends string
  ? string
  : A extends number
    ? number
    : A extends bigint
      ? bigint
      : A extends boolean
        ? boolean
        : A;
type OfAll<A extends readonly unknown[]> = { [I in keyof A]: Of<A[I]> };

/** Value type that the description `T` has on the model `L` with the annotations `Ann`, or a `Problem`. */
export type Resolved<L extends string, Ann, T> = [T] extends [Late]
  ? T extends PathTo<infer P>
    ? CleanPath<PathOut<L, P, Ann>>
    : T extends Applied<infer K, infer A>
      ? Apply<K, ResolvedAll<L, Ann, A>>
      : T extends Where<infer C>
        ? [BadCondition<L, Ann, C>] extends [never]
          ? boolean
          : BadCondition<L, Ann, C>
        : T
  : T;
// A wrong name behind a nullable relation is reported as itself, without the null.
type CleanPath<V> = [BadPath<V>] extends [never] ? V : BadPath<V>;
type ResolvedAll<L extends string, Ann, A> = { [I in keyof A]: Resolved<L, Ann, A[I]> };
/** Value type of the expression `E` on the model `L` with the annotations `Ann`. */
export type ExpressionOut<L extends string, Ann, E> = E extends { readonly [$expr]: infer T }
  ? Resolved<L, Ann, T>
  : E extends LikeQ<any>
    ? boolean
    : never;

type Apply<K extends string, V extends readonly unknown[]> = [BadPath<V[number]>] extends [never]
  ? Result<K, V>
  : BadPath<V[number]>;
type NullIn<V> = null extends V ? null : never;
type Known<V> = Exclude<V, null>;
// The first argument decides most results; conditions ride behind it and have been checked by now.
type Result<K extends string, V extends readonly unknown[]> = K extends "count"
  ? number
  : K extends "average"
    ? AverageOf<Known<V[0]>> | null
    : K extends "optional"
      ? V[0] | null
      : K extends "filled"
        ? Known<V[0]>
        : K extends "averageFilled"
          ? AverageOf<Known<V[0]>>
          : K extends "text"
            ? string | NullIn<V[number]>
            : K extends "number"
              ? number | NullIn<V[0]>
              : K extends "float"
                ? V[0] extends Decimal | null
                  ? V[0]
                  : number | NullIn<V[0]>
                : K extends "first"
                  ? V[0]
                  : K extends "boolean"
                    ? boolean
                    : K extends "coalesce"
                      ? CoalesceOf<V>
                      : K extends "any"
                        ? V[number]
                        : K extends "anyOrNull"
                          ? V[number] | null
                          : K extends "case"
                            ? Exclude<V[number], CaseTest>
                            : K extends "second"
                              ? V[1]
                              : K extends "operation"
                                ? OperationOf<Known<V[0]>, Known<V[1]>> | NullIn<V[0]> | NullIn<V[1]>
                                : K extends "date"
                                  ? Temporal.PlainDate | NullIn<V[0]>
                                  : K extends "time"
                                    ? Temporal.PlainTime | NullIn<V[0]>
                                    : unknown;
type CaseTest = never;
type AverageOf<V> = [V] extends [Decimal] ? Decimal : [V] extends [Temporal.Duration] ? Temporal.Duration : number;
type CoalesceOf<V extends readonly unknown[]> =
  | Known<V[number]>
  | (V extends readonly [...unknown[], infer Last] ? NullIn<Last> : null);
type Moment = Date | Temporal.Instant | Temporal.PlainDate | Temporal.PlainTime;
type OperationOf<A, B> = [A] extends [never]
  ? B
  : [A] extends [Decimal]
    ? Decimal
    : [B] extends [Decimal]
      ? Decimal
      : [A] extends [Moment]
        ? [B] extends [Temporal.Duration]
          ? A
          : Temporal.Duration
        : [A] extends [Temporal.Duration]
          ? [B] extends [Moment]
            ? B
            : Temporal.Duration
          : [A] extends [bigint]
            ? bigint
            : [B] extends [bigint]
              ? bigint
              : [A] extends [number]
                ? number
                : A;

// ---------------------------------------------------------------- expressions

/** Anything that may stand on the right of an operation or comparison. */
export type Operand =
  | AnyExpression
  | Decimal
  | number
  | bigint
  | string
  | boolean
  | Date
  | Moment
  | Temporal.Duration
  | Uint8Array
  | null;
/** An expression; `T` is, or describes, what it yields. */
export interface Expression<T> {
  readonly [$expr]: T;
  /** `a + b`. */
  add<B extends Operand>(other: B): Expression<Applied<"operation", [T, Described<B>]>>;
  /** `a - b`. */
  sub<B extends Operand>(other: B): Expression<Applied<"operation", [T, Described<B>]>>;
  /** `a * b`. */
  mul<B extends Operand>(other: B): Expression<Applied<"operation", [T, Described<B>]>>;
  /** `a / b`. */
  div<B extends Operand>(other: B): Expression<Applied<"operation", [T, Described<B>]>>;
  /** `a % b`. */
  mod<B extends Operand>(other: B): Expression<Applied<"operation", [T, Described<B>]>>;
  /** `a ** b`. */
  pow<B extends Operand>(other: B): Expression<Applied<"float", [T, Described<B>]>>;
  /** `-a`. */
  neg(): Expression<T>;
  bitAnd<B extends Operand>(other: B): Expression<Applied<"operation", [T, Described<B>]>>;
  bitOr<B extends Operand>(other: B): Expression<Applied<"operation", [T, Described<B>]>>;
  bitXor<B extends Operand>(other: B): Expression<Applied<"operation", [T, Described<B>]>>;
  bitLeftShift<B extends Operand>(other: B): Expression<Applied<"operation", [T, Described<B>]>>;
  bitRightShift<B extends Operand>(other: B): Expression<Applied<"operation", [T, Described<B>]>>;
  /** `a = b`, usable in `filter`. */
  eq<B extends Operand>(other: B): Condition<Applied<"boolean", [T, Described<B>]>>;
  /** `NOT a = b`. */
  ne<B extends Operand>(other: B): Condition<Applied<"boolean", [T, Described<B>]>>;
  lt<B extends Operand>(other: B): Condition<Applied<"boolean", [T, Described<B>]>>;
  lte<B extends Operand>(other: B): Condition<Applied<"boolean", [T, Described<B>]>>;
  gt<B extends Operand>(other: B): Condition<Applied<"boolean", [T, Described<B>]>>;
  gte<B extends Operand>(other: B): Condition<Applied<"boolean", [T, Described<B>]>>;
  in(values: readonly unknown[] | AnyQuerySet): Condition<Applied<"boolean", [T]>>;
  isNull(yes?: boolean): Condition<Applied<"boolean", [T]>>;
  /** Ascending in `orderBy`. */
  asc(options?: NullsOptions): Ordering<T>;
  /** Descending in `orderBy`. */
  desc(options?: NullsOptions): Ordering<T>;
}
/** Where nulls go in an ordering. */
export interface NullsOptions {
  readonly nullsFirst?: boolean;
  readonly nullsLast?: boolean;
}
/** An expression with a direction, for `orderBy`. */
export interface Ordering<T> {
  readonly [$expr]: T;
  asc(): Ordering<T>;
  desc(): Ordering<T>;
  reverse(): Ordering<T>;
}
/** An expression that is a condition: it stands in `filter` as a `Q` does. */
export interface Condition<T> extends Expression<T>, LikeQ<ConditionOf<T>> {
  and(other: AnyExpression | LikeQ<any> | object): Condition<T>;
  or(other: AnyExpression | LikeQ<any> | object): Condition<T>;
  xor(other: AnyExpression | LikeQ<any> | object): Condition<T>;
  not(): Condition<T>;
}
/** An aggregate: given bare, it is named by its path and its name (`price__avg`). */
export interface Aggregate<T, Alias extends string = never> extends Expression<T> {
  readonly [$alias]: Alias;
}

// ---------------------------------------------------------------- Q

/** Anything that carries conditions. It has no named members, so that none shows up beside the names of a model. */
export interface LikeQ<C> {
  readonly [$conditions]: C;
  readonly [$checked]: "conditions";
  readonly [$verdict]: "right";
}
/** Conditions that can be combined. `C` is the union of all conditions inside. */
export interface Q<C = any> extends LikeQ<C> {
  and<const D>(other: D): Q<C | ConditionsOf<D>>;
  or<const D>(other: D): Q<C | ConditionsOf<D>>;
  xor<const D>(other: D): Q<C | ConditionsOf<D>>;
  not(): Q<C>;
  /**
   * Whether the condition holds for these values, asked of the database, as constraints are before saving. Where a value is unknown (NULL) and so
   * the answer, or where the database cannot calculate with a value, it counts as right.
   * @param against values by the names that the condition uses: plain ones, or expressions without columns
   * @param options `using`: alias of the database, of the orm that was made last
   * @throws FieldError for a name that is not among the values
   * @example await Q({ price__gt: 0 }).check({ price: 20 }) // SELECT (20 > 0) AS "_check"
   * @see https://docs.djangoproject.com/en/stable/ref/models/querysets/#q-objects
   */
  check(against: Readonly<Record<string, unknown>>, options?: { readonly using?: string }): Promise<boolean>;
}
/** Conditions of a `Q`, of an expression, or of a plain object. */
export type ConditionsOf<D> =
  D extends LikeQ<infer C> ? C : D extends { readonly [$expr]: infer T } ? ConditionOf<T> : D;
/** An expression among conditions. */
export interface ConditionOf<T> {
  readonly [$expr]: T;
}
/** `Q({ … })` and its static forms. */
export interface QFunction {
  <const A extends readonly object[]>(...conditions: A): Q<ConditionsOf<A[number]>>;
  and<const A extends readonly object[]>(...conditions: A): Q<ConditionsOf<A[number]>>;
  or<const A extends readonly object[]>(...conditions: A): Q<ConditionsOf<A[number]>>;
  xor<const A extends readonly object[]>(...conditions: A): Q<ConditionsOf<A[number]>>;
  not<const C extends object>(condition: C): Q<ConditionsOf<C>>;
}
// What is wrong with one condition; `never` where nothing is.
type BadKey<L extends string, Ann, P extends string, V, Value> =
  IsProblem<Value> extends true
    ? Value
    : V extends Value
      ? BadOperand<L, Ann, V>
      : Problem<`wrong value for '${P}' on ${L}`, Value>;
type BadOperand<L extends string, Ann, V> = V extends { readonly [$expr]: infer T }
  ? BadPath<Resolved<L, Ann, T>>
  : never;
/** The messages for the conditions `C` on the model `L`; `never` where all are right. */
export type BadCondition<L extends string, Ann, C> = 0 extends 1 & C
  ? never
  : C extends { readonly [$expr]: infer T }
    ? BadPath<Resolved<L, Ann, T>>
    : C extends unknown
      ? { [P in keyof C & string]: BadKey<L, Ann, P, C[P], PathValue<L, P, Ann>> }[keyof C & string]
      : never;
/**
 * Conditions `D` as the model `L` takes them. The verdict is a member, which is only worked out for arguments that carry
 * conditions. The name matters: of a union the compiler reads the properties of the member whose name sorts first, and
 * those of this one are few, while those of `Keyed` would be every name of the model.
 */
export interface CheckedQ<L extends string, Ann, D> {
  readonly [$conditions]: D;
  readonly [$checked]: "conditions";
  readonly [$verdict]: NoInfer<[BadCondition<L, Ann, D>] extends [never] ? unknown : BadCondition<L, Ann, D>>;
}

// Only expressions are looked at, so that messages about other values stay about what the name takes. The value is named
// where it is an expression, which is also how the compiler comes to infer it.
type ExpressionIn<L extends string, Ann, V> = V extends { readonly [$expr]: infer T }
  ? V & NoInfer<[BadPath<Resolved<L, Ann, T>>] extends [never] ? unknown : BadPath<Resolved<L, Ann, T>>>
  : unknown;
/**
 * The conditions `C`, each with the value that it takes. Of `C` the keys are inferred, and values only to look at expressions:
 * without `NoInfer` the compiler would infer through the check as well, for every name of the model.
 */
export type Keyed<L extends string, Ann, C> = {
  readonly [P in keyof C]: P extends string
    ? NoInfer<PathValue<L, P, Ann>> & ExpressionIn<L, Ann, C[P]>
    : P extends typeof $checked
      ? "names"
      : unknown;
};

// ---------------------------------------------------------------- checks of arguments

/** The message of an expression on the model `L`; `never` where it is right. */
export type BadExpression<L extends string, Ann, E> = E extends { readonly [$expr]: infer T }
  ? BadPath<Resolved<L, Ann, T>>
  : E extends LikeQ<infer C>
    ? BadCondition<L, Ann, C>
    : never;
/** The expression itself, or its message. */
export type CheckedExpression<L extends string, Ann, E> = [BadExpression<L, Ann, E>] extends [never]
  ? E
  : BadExpression<L, Ann, E>;

// ---------------------------------------------------------------- functions that make expressions

/** A path or an expression. */
export type Source = string | AnyExpression;
/** A condition where one is taken as an option. */
export type ConditionArg = LikeQ<any> | AnyExpression | { readonly [path: string]: unknown };

/** `F("price")`. */
export interface FFunction {
  <const P extends string>(path: P): Expression<PathTo<P>>;
}
/** `Value(3)`. */
export interface ValueFunction {
  <const T>(value: T, options?: { readonly outputField?: FieldLike }): Expression<Widen<T>>;
}
/** `OuterRef("pk")`: a path of the query around a subquery; it is checked when that runs. */
export interface OuterRefFunction {
  (path: string): Expression<any>;
}
/** Options of aggregates. */
export interface AggregateOptions<D = unknown> {
  readonly distinct?: boolean;
  readonly filter?: ConditionArg;
  readonly default?: D;
  readonly orderBy?: string | AnyExpression | readonly (string | AnyExpression)[];
}
type FilterOf<O> = O extends { readonly filter: infer W } ? [Where<ConditionsOf<W>>] : [];
type AliasOf<A, Name extends string> = A extends "*" ? never : A extends string ? `${A}__${Name}` : never;
/** `Count("books")`, `Count("*")`. */
export interface CountFunction {
  <const A extends Source, const O extends AggregateOptions = {}>(
    of: A,
    options?: O,
  ): Aggregate<Applied<"count", [Of<A>, ...FilterOf<O>]>, AliasOf<A, "count">>;
}
/** `Sum`, `Min`, `Max`, `AnyValue`: the type of what they read, or null over no rows. */
export interface OptionalAggregateFunction<Name extends string> {
  <const A extends Source, const O extends AggregateOptions = {}>(
    of: A,
    options?: O,
  ): Aggregate<
    Applied<O extends { readonly default: {} } ? "filled" : "optional", [Of<A>, ...FilterOf<O>]>,
    AliasOf<A, Name>
  >;
}
/** `Avg`, `StdDev`, `Variance`: `Decimal` of decimals, else `number`, or null over no rows. */
export interface AverageFunction<Name extends string> {
  <const A extends Source, const O extends AggregateOptions & { readonly sample?: boolean } = {}>(
    of: A,
    options?: O,
  ): Aggregate<
    Applied<O extends { readonly default: {} } ? "averageFilled" : "average", [Of<A>, ...FilterOf<O>]>,
    AliasOf<A, Name>
  >;
}
/** `StringAgg("name", { delimiter: ", " })`. */
export interface StringAggFunction {
  <const A extends Source, const O extends AggregateOptions & { readonly delimiter: string | AnyExpression }>(
    of: A,
    options: O,
  ): Aggregate<Applied<"optional", [string, Of<A>, ...FilterOf<O>]>, AliasOf<A, "stringagg">>;
}
/** A function of one text or more that gives text: `Lower`, `Upper`, `Trim`, `Concat`, … */
export interface TextFunction {
  <const A extends readonly [Source, ...(Source | number | null | object)[]]>(
    ...of: A
  ): Expression<Applied<"text", OfTexts<A>>>;
}
type OfTexts<A extends readonly unknown[]> = {
  [I in keyof A]: A[I] extends string | AnyExpression ? Of<A[I]> : string;
};
/** A function that gives a whole number: `Length`, `Ord`, `StrIndex`, `ExtractYear`, … */
export interface NumberFunction {
  <const A extends Source>(of: A, ...rest: (Source | number | object)[]): Expression<Applied<"number", [Of<A>]>>;
}
/** A function of numbers: `Sqrt`, `Power`, `Log`, …; decimals stay decimals. */
export interface MathFunction {
  <const A extends Source | number>(
    of: A,
    ...rest: (Source | number | object)[]
  ): Expression<Applied<"float", [Of<A>]>>;
}
/** A function that keeps the type of its first argument: `Abs`, `Ceil`, `Floor`, `Round`, `NullIf`, `TruncMonth`, … */
export interface SameFunction {
  <const A extends Source>(of: A, ...rest: (Source | number | object)[]): Expression<Applied<"first", [Of<A>]>>;
}
/** A function that may give null of its first argument's type: `NullIf`, `Lag`, `Lead`, `NthValue`. */
export interface OrNullFunction {
  <const A extends Source>(
    of: A,
    ...rest: (Source | number | string | object)[]
  ): Expression<Applied<"optional", [Of<A>]>>;
}
/** `TruncDate`, `TruncTime`. */
export interface PartFunction<K extends "date" | "time"> {
  <const A extends Source>(of: A, options?: object): Expression<Applied<K, [Of<A>]>>;
}
/** `Coalesce(a, b, …)`: the first that is not null. */
export interface CoalesceFunction {
  <const A extends readonly [unknown, unknown, ...unknown[]]>(...of: A): Expression<Applied<"coalesce", OfAll<A>>>;
}
/** `Greatest(a, b, …)`, `Least(a, b, …)`. */
export interface GreatestFunction {
  <const A extends readonly [unknown, unknown, ...unknown[]]>(...of: A): Expression<Applied<"any", OfAll<A>>>;
}
/** A function with no arguments: `Now()`, `Random()`, `RowNumber()`, `Rank()`, … */
export interface ConstantFunction<T> {
  (...rest: unknown[]): Expression<T>;
}
/** `Cast("price", IntegerField())`. */
export interface CastFunction {
  <const A extends Source, B extends AnyField>(
    of: A,
    to: B,
  ): Expression<Applied<"second", [Of<A>, B[typeof $out] | null]>>;
}
/** `When({ price__lt: 20 }, { then: Value("cheap") })`. */
export interface WhenFunction {
  <const C extends ConditionArg, const R>(
    condition: C,
    result: { readonly then: R },
  ): WhenBranch<ConditionsOf<C>, Described<R>>;
}
/** A branch of a `Case`. */
export interface WhenBranch<C, T> {
  readonly [$expr]: Applied<"second", [Where<C>, T]>;
}
type WhenOut<W> = W extends { readonly [$expr]: infer T } ? T : never;
type CaseArgs<A extends readonly unknown[]> = A extends readonly [...infer W, { readonly default: infer D }]
  ? Applied<"any", [...{ [I in keyof W]: WhenOut<W[I]> }, Described<D>]>
  : Applied<"anyOrNull", { [I in keyof A]: A[I] extends WhenBranch<any, any> ? WhenOut<A[I]> : never }>;
/** Options of `Case`. */
export interface CaseOptions {
  readonly default?: unknown;
  readonly outputField?: FieldLike;
}
/** `Case(When(…), When(…), { default: Value("dear") })`. */
export interface CaseFunction {
  <const A extends readonly (WhenBranch<any, any> | CaseOptions)[]>(...branches: A): Expression<CaseArgs<A>>;
}
/** `Subquery(qs.values("total"))`: the one value of the one row, or null. */
export interface SubqueryFunction {
  <S extends AnyQuerySet>(queryset: S, options?: { readonly outputField?: FieldLike }): Expression<SubqueryValue<S>>;
}
type SubqueryValue<S> = S extends { readonly [$row]: () => infer R }
  ? R extends { readonly [$values]: infer V }
    ? V extends readonly unknown[]
      ? V[number]
      : V extends object
        ? V[keyof V] | null
        : V
    : any
  : any;
/** `Exists(qs)`. */
export interface ExistsFunction {
  (queryset: AnyQuerySet): Condition<boolean>;
}
/** `ExpressionWrapper(F("a").mul("b"), { outputField: FloatField() })`. */
export interface ExpressionWrapperFunction {
  <E extends AnyExpression | LikeQ<any>, B extends FieldLike>(
    expression: E,
    options: { readonly outputField: B },
  ): Expression<Applied<"second", [Described<E>, B extends AnyField ? B[typeof $out] : unknown]>>;
}
/** Options of `Window`. */
export interface WindowOptions {
  readonly partitionBy?: Source | readonly Source[];
  readonly orderBy?: Source | readonly Source[];
  readonly frame?: unknown;
  readonly outputField?: FieldLike;
}
/** `Window(Rank(), { partitionBy: ["category"], orderBy: [F("price").desc()] })`. */
export interface WindowFunction {
  <E extends AnyExpression, const O extends WindowOptions = {}>(
    expression: E,
    options?: O,
  ): Expression<Applied<"first", [Described<E>, ...SourcesOf<O, "partitionBy">, ...SourcesOf<O, "orderBy">]>>;
}
type SourcesOf<O, K extends string> = O extends { readonly [P in K]: infer S }
  ? S extends readonly unknown[]
    ? { [I in keyof S]: S[I] extends `-${infer P}` ? PathTo<P> : Of<S[I]> }
    : [S extends `-${infer P}` ? PathTo<P> : Of<S>]
  : [];
/** `RawSQL("a + %s", [1])`. */
export interface RawSQLFunction {
  <B extends FieldLike = FieldLike>(
    sql: string,
    params?: readonly unknown[],
    options?: { readonly outputField?: B },
  ): Expression<B extends AnyField ? B[typeof $out] : any>;
}
/** `Collate("name", "nocase")`. */
export type CollateFunction = TextFunction;
/** `JSONObject({ name: "name" })`. */
export interface JSONObjectFunction {
  (fields: Readonly<Record<string, Source | number | boolean | null>>): Expression<{ [key: string]: unknown }>;
}
/** A lookup as an expression: `GreaterThan(F("a"), 3)`, `Exact("name", "x")`, `IsNull("parent", true)`, … */
export interface LookupFunction {
  <const A extends Source>(left: A, right?: unknown): Condition<Applied<"boolean", [Of<A>]>>;
}
/** `FilteredRelation("products", { condition: Q({ products__inStock: true }) })`: paths through its name are not checked. */
export interface FilteredRelationFunction {
  (relation: string, options?: { readonly condition?: ConditionArg }): Expression<any>;
}
/** `ArraySubquery(qs.values("name"))`. */
export interface ArraySubqueryFunction {
  <S extends AnyQuerySet>(queryset: S): Expression<SubqueryValue<S>[]>;
}
/** `Extract("created", "year")`. */
export interface ExtractFunction {
  <const A extends Source>(of: A, part: string, options?: object): Expression<Applied<"number", [Of<A>]>>;
}
/** `Trunc("created", "month")`. */
export interface TruncFunction {
  <const A extends Source>(of: A, part: string, options?: object): Expression<Applied<"first", [Of<A>]>>;
}
