/**
 * Lookups and transforms as types: which ones each family of field has, and the value that each takes.
 * Nothing here may depend on models: a path has been walked to its field before it comes here.
 */
import type { Decimal } from "decimal.js";
import type { Temporal } from "temporal-polyfill";
import type {
  AnyField,
  DateInput,
  DecimalInput,
  DurationInput,
  Field,
  MomentInput,
  TimeInput,
} from "./fields.types.js";
import type { $in, $kind, $out } from "./fields.types.js";
import type { CustomLookups, CustomTransforms, Problem } from "./registry.types.js";

/** Phantom of an expression: what it yields. Here because every lookup takes an expression as its value. */
export declare const $expr: unique symbol;
/** Phantom of a queryset, for the places that take one as a value. */
export declare const $queryset: unique symbol;

/** Any expression: `F(…)`, `Value(…)`, `Count(…)`, a function, a subquery. */
export interface AnyExpression {
  readonly [$expr]: unknown;
}
/** Any queryset or manager, where one is taken as a value. */
export interface AnyQuerySet {
  readonly [$queryset]: string;
}
/** A value, or an expression in its place. */
export type Arg<T> = T | AnyExpression;
/** What `in` takes. */
export type Several<T> = readonly (T | AnyExpression)[] | ReadonlySet<T> | AnyQuerySet;

/** Lookups that every field has. */
export interface BasicLookups<In> {
  exact: Arg<In | null> | AnyQuerySet;
  iexact: Arg<string | null>;
  in: Several<In>;
  isnull: boolean;
}
/** Lookups of values that have an order. */
export interface OrderedLookups<In> extends BasicLookups<In> {
  gt: Arg<In>;
  gte: Arg<In>;
  lt: Arg<In>;
  lte: Arg<In>;
  range: readonly [Arg<In>, Arg<In>];
}
/** Lookups of text, whatever the value type. */
export interface MatchLookups {
  contains: Arg<string>;
  icontains: Arg<string>;
  startswith: Arg<string>;
  istartswith: Arg<string>;
  endswith: Arg<string>;
  iendswith: Arg<string>;
  regex: Arg<string> | RegExp;
  iregex: Arg<string> | RegExp;
}
/** Lookups of text fields. */
export interface TextLookups<In> extends Omit<OrderedLookups<In>, "gt" | "gte" | "lt" | "lte" | "range">, MatchLookups {
  gt: Arg<string>;
  gte: Arg<string>;
  lt: Arg<string>;
  lte: Arg<string>;
  range: readonly [Arg<string>, Arg<string>];
  search: Arg<string>;
}
/** Lookups of JSON documents and of what lies at a path in them. */
export interface JsonLookups extends MatchLookups {
  exact: unknown;
  iexact: unknown;
  in: readonly unknown[] | AnyQuerySet;
  isnull: boolean;
  gt: unknown;
  gte: unknown;
  lt: unknown;
  lte: unknown;
  range: readonly [unknown, unknown];
  has_key: string | number | AnyExpression;
  has_keys: readonly string[];
  has_any_keys: readonly string[];
  contained_by: unknown;
}
/** Lookups of a whole JSON document, where `contains` is containment. */
export interface DocumentLookups<In> extends Omit<JsonLookups, "exact" | "contains"> {
  exact: Arg<In | null>;
  contains: unknown;
}
/** Lookups of PostgreSQL arrays. */
export interface ArrayLookups<In> extends BasicLookups<In> {
  contains: Arg<In>;
  contained_by: Arg<In>;
  overlap: Arg<In> | AnyQuerySet;
  len: Arg<number>;
  gt: Arg<In>;
  gte: Arg<In>;
  lt: Arg<In>;
  lte: Arg<In>;
}
/** Lookups of PostgreSQL ranges. */
export interface RangeLookups<In> extends OrderedLookups<In> {
  contains: unknown;
  contained_by: unknown;
  overlap: unknown;
  fully_lt: unknown;
  fully_gt: unknown;
  not_lt: unknown;
  not_gt: unknown;
  adjacent_to: unknown;
  isempty: boolean;
  startswith: unknown;
  endswith: unknown;
}

/** Lookups by family. */
export interface LookupFamilies<In> {
  number: OrderedLookups<In>;
  float: OrderedLookups<In>;
  bigint: OrderedLookups<In>;
  decimal: OrderedLookups<In>;
  text: TextLookups<In>;
  uuid: TextLookups<In>;
  ip: TextLookups<In>;
  boolean: BasicLookups<In>;
  binary: BasicLookups<In>;
  date: OrderedLookups<In>;
  time: OrderedLookups<In>;
  datetime: OrderedLookups<In>;
  duration: OrderedLookups<In>;
  json: DocumentLookups<In>;
  array: ArrayLookups<In>;
  range: RangeLookups<In>;
  composite: OrderedLookups<In>;
  unknown: JsonLookups;
}

/** What a transform yields, as a field. */
export interface ResultFields {
  number: Field<number, number, "number", {}>;
  float: Field<number, number, "float", {}>;
  bigint: Field<bigint, bigint | number, "bigint", {}>;
  decimal: Field<Decimal, DecimalInput, "decimal", {}>;
  text: Field<string, string, "text", {}>;
  uuid: Field<string, string, "uuid", {}>;
  ip: Field<string, string, "ip", {}>;
  boolean: Field<boolean, boolean, "boolean", {}>;
  binary: Field<Uint8Array, Uint8Array, "binary", {}>;
  date: Field<Temporal.PlainDate, DateInput, "date", {}>;
  time: Field<Temporal.PlainTime, TimeInput, "time", {}>;
  datetime: Field<Date, MomentInput, "datetime", {}>;
  duration: Field<Temporal.Duration, DurationInput, "duration", {}>;
  json: Field<unknown, unknown, "json", {}>;
  unknown: Field<any, any, "unknown", {}>;
}

/** Transforms of days. */
export interface DateTransforms {
  year: "number";
  iso_year: "number";
  quarter: "number";
  month: "number";
  week: "number";
  day: "number";
  week_day: "number";
  iso_week_day: "number";
}
/** Transforms of times of day. */
export interface TimeTransforms {
  hour: "number";
  minute: "number";
  second: "number";
}
/** Transforms of moments. */
export interface DateTimeTransforms extends DateTransforms, TimeTransforms {
  date: "date";
  time: "time";
}
/** Transforms by family: name -> family of the result. */
export interface TransformFamilies {
  date: DateTransforms;
  time: TimeTransforms;
  datetime: DateTimeTransforms;
  range: { lower: "unknown"; upper: "unknown"; startswith: "unknown"; endswith: "unknown" };
  array: { len: "number" };
}

// Names that a family has beside the built-in ones; merged in by the program, so looked at last.
type CustomOf<T, K extends string, X extends string> = K extends keyof T
  ? X extends keyof T[K]
    ? T[K][X]
    : AnyOf<T, X>
  : AnyOf<T, X>;
type AnyOf<T, X extends string> = T extends { any: infer A } ? (X extends keyof A ? A[X] : never) : never;

/** Family that the transform `X` of family `K` leads to; `never` where there is none. */
export type TransformOf<K extends string, X extends string> = K extends keyof TransformFamilies
  ? X extends keyof TransformFamilies[K]
    ? TransformFamilies[K][X]
    : CustomOf<CustomTransforms, K, X>
  : CustomOf<CustomTransforms, K, X>;

type TransformField<K extends string, X extends string> =
  TransformOf<K, X> extends infer R extends keyof ResultFields ? ([R] extends [never] ? null : ResultFields[R]) : null;

// A path into a document ends in a lookup where its last part is the name of one.
type JsonValue<T extends string> = T extends keyof JsonLookups
  ? JsonLookups[T]
  : T extends `${string}__${infer R}`
    ? JsonValue<R>
    : unknown;

/**
 * Value that the rest `T` of a path takes on a field of family `K` that accepts `In`; `Where` names the field in messages.
 * The common case, a lookup named directly, is short: it does not depend on `Where` being worked out.
 */
export type TailValue<K extends string, In, T extends string, Where extends string> = K extends keyof LookupFamilies<In>
  ? T extends keyof LookupFamilies<In>[K]
    ? LookupFamilies<In>[K][T]
    : LongTail<K, In, T, Where>
  : unknown;
type LongTail<K extends string, In, T extends string, Where extends string> = K extends "json" | "unknown"
  ? JsonValue<T>
  : T extends `${infer X}__${infer R}`
    ? TransformField<K, X> extends Field<any, infer I, infer KK, any>
      ? TailValue<KK, I, R, `${Where}__${X}`>
      : K extends "array"
        ? unknown
        : BadTail<K, X, Where>
    : TransformField<K, T> extends Field<any, infer I, any, any>
      ? Arg<I>
      : [CustomOf<CustomLookups<In>, K, T>] extends [never]
        ? K extends "array"
          ? unknown
          : BadTail<K, T, Where>
        : Arg<CustomOf<CustomLookups<In>, K, T>>;

/** The message for a lookup or transform that the family does not have. */
export type BadTail<K extends string, T extends string, Where extends string> = K extends keyof LookupFamilies<any>
  ? Problem<
      `unsupported lookup '${T}' on ${Where} (${K})`,
      | (keyof LookupFamilies<any>[K] & string)
      | (K extends keyof TransformFamilies ? keyof TransformFamilies[K] & string : never)
    >
  : Problem<`unsupported lookup '${T}' on ${Where} (${K})`>;

/** Value read at the rest `T` of a path (transforms only, or a path in a document). */
export type TailOut<K extends string, T extends string, Where extends string> = K extends "json" | "unknown" | "array"
  ? unknown
  : T extends `${infer X}__${infer R}`
    ? TransformField<K, X> extends Field<any, any, infer KK, any>
      ? TailOut<KK, R, `${Where}__${X}`>
      : BadTail<K, X, Where>
    : TransformField<K, T> extends Field<infer O, any, any, any>
      ? O
      : BadTail<K, T, Where>;

/** Value that a whole field takes, with no lookup named. */
export type ExactValue<F extends AnyField> = Arg<F[typeof $in]> | AnyQuerySet;

/** Family that fits a value type, for lookups on annotations. */
export type FamilyOf<T> = 0 extends 1 & T
  ? "unknown"
  : [T] extends [number]
    ? "number"
    : [T] extends [string]
      ? "text"
      : [T] extends [boolean]
        ? "boolean"
        : [T] extends [Decimal]
          ? "decimal"
          : [T] extends [bigint]
            ? "bigint"
            : [T] extends [Date | Temporal.Instant]
              ? "datetime"
              : [T] extends [Temporal.PlainDate]
                ? "date"
                : [T] extends [Temporal.PlainTime]
                  ? "time"
                  : [T] extends [Temporal.Duration]
                    ? "duration"
                    : [T] extends [Uint8Array]
                      ? "binary"
                      : "unknown";

/** What an annotation of this value type accepts in a condition. */
export type InputOf<T> =
  FamilyOf<T> extends infer K extends keyof ResultFields
    ? K extends "number" | "text"
      ? T
      : ResultFields[K][typeof $in]
    : unknown;
/** Value that a lookup on an annotation of value type `T` takes. */
export type AnnotationTail<T, R extends string, Where extends string> = TailValue<
  FamilyOf<NonNullable<T>>,
  InputOf<NonNullable<T>>,
  R,
  Where
>;
/** Family of a field. */
export type KindOf<F extends AnyField> = F[typeof $kind];
/** Value read from a field. */
export type OutOf<F extends AnyField> = F[typeof $out];
