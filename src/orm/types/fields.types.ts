/**
 * Field functions of the public API, as types: their options, and the value type each field has in a row, in a
 * condition and in an input. Nothing here may depend on models or querysets.
 */
import type { Decimal } from "decimal.js";
import type { Temporal } from "temporal-polyfill";
import type { Problem } from "./registry.types.js";

/** Phantom: the value read from a field. */
export declare const $out: unique symbol;
/** Phantom: the values a field accepts. */
export declare const $in: unique symbol;
/** Phantom: family of a field (what its lookups are), or kind of a relation. */
export declare const $kind: unique symbol;
/** Phantom: label that a relation points at. */
export declare const $to: unique symbol;
/** Phantom: labels of the models that a generic key may refer to. */
export declare const $targets: unique symbol;
/** Phantom: the options that the compiler still needs. */
export declare const $options: unique symbol;
/** Phantom: whether an input may leave the field out. */
export declare const $optional: unique symbol;
/** Phantom: whether the field is the primary key. */
export declare const $primary: unique symbol;

/** A moment as it may be given: a `Date`, a Temporal instant or zoned time, or ISO text. */
export type MomentInput = Date | Temporal.Instant | Temporal.ZonedDateTime | string;
/** A day as it may be given: `Temporal.PlainDate` or ISO text (`"2026-01-31"`). */
export type DateInput = Temporal.PlainDate | string;
/** A time of day as it may be given: `Temporal.PlainTime` or ISO text (`"13:45"`). */
export type TimeInput = Temporal.PlainTime | string;
/** A length of time as it may be given: `Temporal.Duration` or ISO text (`"PT90M"`). */
export type DurationInput = Temporal.Duration | string;
/** An exact number as it may be given. */
export type DecimalInput = Decimal | string | number;

/** Families of fields: fields of one family have the same lookups. */
export type Family =
  | "number"
  | "float"
  | "bigint"
  | "decimal"
  | "text"
  | "uuid"
  | "ip"
  | "boolean"
  | "binary"
  | "date"
  | "time"
  | "datetime"
  | "duration"
  | "json"
  | "array"
  | "range"
  | "composite"
  | "unknown";

/** A field that makes a column: `T` is its value, `In` what it accepts, `K` its family, `O` its options. */
export interface Field<T, In, K extends string, O> {
  readonly [$kind]: K;
  readonly [$out]: O extends { readonly null: true } ? T | null : T;
  readonly [$in]: O extends { readonly null: true } ? In | null : In;
  readonly [$optional]: O extends OptionalMark
    ? true
    : K extends "text"
      ? O extends { readonly blank: true }
        ? true
        : false
      : false;
  readonly [$primary]: O extends { readonly primaryKey: true } ? true : false;
  readonly [$options]: O;
}
type OptionalMark =
  | { readonly default: any }
  | { readonly dbDefault: any }
  | { readonly null: true }
  | { readonly auto: true }
  | { readonly autoNow: true }
  | { readonly autoNowAdd: true };

/** A relation of a model to the one labelled `To`. */
export interface Rel<Kind extends RelKind, To extends string, O> {
  readonly [$kind]: Kind;
  readonly [$to]: To;
  readonly [$options]: O;
  readonly [$optional]: Kind extends "m2m" | "generic" ? true : O extends OptionalMark ? true : false;
  readonly [$primary]: O extends { readonly primaryKey: true } ? true : false;
}
/** Kinds of relation fields. */
export type RelKind = "fk" | "o2o" | "m2m" | "generic";
/** Any field with a value of its own. */
export interface AnyField {
  readonly [$kind]: string;
  readonly [$out]: unknown;
  readonly [$in]: unknown;
}
/** Any relation field. */
export interface AnyRel {
  readonly [$kind]: RelKind;
  readonly [$to]: string;
}
/** Any relation to at most one row. */
export interface AnySingleRel {
  readonly [$kind]: "fk" | "o2o";
  readonly [$to]: string;
}
/** A primary key of several fields. */
export interface CompositeKey<N extends readonly string[]> {
  readonly [$kind]: "composite";
  readonly [$options]: N;
  readonly [$optional]: true;
  readonly [$primary]: true;
}
/** A relation to a row of any model, or of one of those labelled `To`. */
export interface GenericRel<To extends string = string> {
  readonly [$targets]: To;
  readonly [$kind]: "genericForeignKey";
  readonly [$optional]: true;
  readonly [$primary]: false;
}
/** Anything that may stand in a model's definition. */
export interface FieldLike {
  readonly [$kind]: string;
}
/** A model's definition. */
export interface Fields {
  readonly [name: string]: FieldLike;
}

/** A function that checks a value and throws `ValidationError`. */
export type Validator = (value: any) => unknown;
/** A list of choices: values, `[value, label]` pairs, groups of pairs, a mapping of value to label, or a function that makes one. */
export type Choices<T> =
  | readonly (T | readonly [T, string] | readonly [group: string, choices: readonly (readonly [T, string])[]])[]
  | (T extends string ? Readonly<Record<string, string>> : never)
  | (() => readonly (T | readonly [T, string])[]);

/** Options that every field has. */
export interface FieldOptions<T> {
  /** SQL NULL is allowed; the value type gains `null`. Default false. */
  readonly null?: boolean;
  /** Validation accepts an empty value. Default false. */
  readonly blank?: boolean;
  /** Value, or function that makes one, for instances that are given none. */
  readonly default?: T | (() => T);
  /** Value or expression that the database fills in. */
  readonly dbDefault?: unknown;
  readonly unique?: boolean;
  readonly uniqueForDate?: string;
  readonly uniqueForMonth?: string;
  readonly uniqueForYear?: string;
  readonly primaryKey?: boolean;
  /** Accepted values; they narrow the value type to their union. */
  readonly choices?: Choices<T>;
  /** Column name; by default the field's name in snake_case. */
  readonly dbColumn?: string;
  readonly dbIndex?: boolean;
  readonly dbTablespace?: string;
  readonly dbComment?: string;
  readonly validators?: readonly Validator[];
  readonly verboseName?: string;
  readonly helpText?: string;
  readonly editable?: boolean;
  readonly serialize?: boolean;
  readonly errorMessages?: Readonly<Record<string, string>>;
}
/** Options of fields of text. */
export interface TextOptions extends FieldOptions<string> {
  readonly maxLength?: number;
  readonly dbCollation?: string;
}
/** Options of `CharField`. */
export interface CharOptions extends TextOptions {
  readonly maxLength: number;
}
/** Options of `SlugField`. */
export interface SlugOptions extends TextOptions {
  readonly allowUnicode?: boolean;
}
/** Options of `DecimalField`. */
export interface DecimalOptions extends FieldOptions<DecimalInput> {
  readonly maxDigits: number;
  readonly decimalPlaces: number;
}
/** Options of fields that can stamp the moment of saving. */
export interface StampOptions<T> extends FieldOptions<T> {
  /** Set at every save. */
  readonly autoNow?: boolean;
  /** Set when the row is made. */
  readonly autoNowAdd?: boolean;
}
/** Options of `DateTimeField`. */
export interface DateTimeOptions extends StampOptions<MomentInput> {
  /** Digits of the second that are kept: 3 gives `Date`, 6 gives `Temporal.Instant`. Default 3. */
  readonly precision?: 3 | 6;
}
/** Options of `GenericIPAddressField`. */
export interface IpOptions extends FieldOptions<string> {
  readonly protocol?: "both" | "IPv4" | "IPv6";
  readonly unpackIpv4?: boolean;
}
/** Options of `BinaryField`. */
export interface BinaryOptions extends FieldOptions<Uint8Array> {
  readonly maxLength?: number;
}
/** Options of `JSONField`. */
export interface JsonOptions<T> extends FieldOptions<T> {
  readonly encoder?: (value: any) => unknown;
  readonly decoder?: (value: any) => unknown;
}
/** Options of `FileField` and `ImageField`; the value is the file's name. */
export interface FileOptions extends TextOptions {
  readonly uploadTo?: string | ((instance: any, name: string) => string);
  readonly storage?: unknown;
  readonly widthField?: string;
  readonly heightField?: string;
}
/** Options of `FilePathField`. */
export interface FilePathOptions extends TextOptions {
  readonly path: string | (() => string);
  readonly match?: string | RegExp;
  readonly recursive?: boolean;
  readonly allowFiles?: boolean;
  readonly allowFolders?: boolean;
}
/** Options of `GeneratedField`. */
export interface GeneratedOptions {
  /** The expression that the database computes. */
  readonly expression: unknown;
  /** A field that says what type the result has. */
  readonly outputField: FieldLike;
  /** Stored in the row (true) or computed when read (false). */
  readonly dbPersist: boolean;
  readonly dbColumn?: string;
  readonly dbIndex?: boolean;
  readonly dbComment?: string;
  readonly unique?: boolean;
  readonly null?: boolean;
  readonly verboseName?: string;
  readonly helpText?: string;
}
/** What happens to rows that refer to a deleted row: `CASCADE`, `PROTECT`, `SET_NULL`, … */
export interface OnDelete {
  readonly action: string;
}
/** Options of every relation field. */
export interface RelationOptions {
  /** Name of the reverse accessor on the target; `"+"` for none. `%(class)s` stands for the model's name. */
  readonly relatedName?: string;
  /** Name of the reverse side in paths; `relatedName` by default. */
  readonly relatedQueryName?: string;
  readonly limitChoicesTo?: unknown;
  readonly dbConstraint?: boolean;
  readonly swappable?: boolean;
  readonly null?: boolean;
  readonly blank?: boolean;
  readonly default?: unknown;
  readonly dbDefault?: unknown;
  readonly unique?: boolean;
  readonly primaryKey?: boolean;
  readonly dbColumn?: string;
  readonly dbIndex?: boolean;
  readonly dbComment?: string;
  readonly dbTablespace?: string;
  readonly validators?: readonly Validator[];
  readonly verboseName?: string;
  readonly helpText?: string;
  readonly editable?: boolean;
  readonly serialize?: boolean;
  readonly errorMessages?: Readonly<Record<string, string>>;
}
/** Options of `ForeignKey` and `OneToOneField`. */
export interface ForeignKeyOptions extends RelationOptions {
  readonly onDelete: OnDelete;
  /** Name of the target's field that is stored; its primary key by default. */
  readonly toField?: string;
  /** The relation of a multi-table child to its parent. */
  readonly parentLink?: boolean;
}
/** Options of `ManyToManyField`. */
export interface ManyToManyOptions extends RelationOptions {
  /** Label of the model between the two. */
  readonly through?: string;
  readonly throughFields?: readonly [string, string];
  readonly symmetrical?: boolean;
  readonly dbTable?: string;
}

// A key that is no option gets a type that nothing has, with the message in its name.
/** Refuses what is not an option. */
export type Only<O, Known> = {
  readonly [K in Exclude<keyof O, keyof Known>]: Problem<`unknown option '${K & string}'`, keyof Known>;
};

// The union of a list of choices, or the plain type where there are none.
type ChoiceOf<O, T> = O extends { readonly choices: infer C }
  ? C extends readonly (infer E)[]
    ? E extends readonly [infer V, infer G]
      ? G extends readonly (readonly [infer W, string])[]
        ? W
        : V
      : E extends readonly unknown[]
        ? T
        : E
    : C extends (...args: any) => unknown
      ? T
      : keyof C & T
  : T;

/** A field of text: its value is `string`, or the union of its choices. */
export interface TextFieldOf<O> extends Field<ChoiceOf<O, string>, ChoiceOf<O, string>, "text", O> {}
/** A field of a whole number: a `number`, or a `bigint` where the options say so. */
export interface NumberFieldOf<O> extends Field<
  O extends AsBigInt ? bigint : ChoiceOf<O, number>,
  O extends AsBigInt ? bigint | number : ChoiceOf<O, number>,
  O extends AsBigInt ? "bigint" : "number",
  O
> {}
interface AsBigInt {
  readonly bigint: true;
}
/** Options of integer fields. */
export interface IntegerOptions extends FieldOptions<number | bigint> {
  /** Values are `bigint`, so that every integer of 64 bits can be held: for keys past 2^53, say. Default false. */
  readonly bigint?: boolean;
}
/** Options that the declaration of an automatic key may have. */
export interface AutoOptions extends Omit<IntegerOptions, "null" | "default" | "choices"> {}
/** Options of an automatic key. */
export interface AutoKey {
  readonly auto: true;
  readonly primaryKey: true;
}
/** An automatic key. */
export interface AutoKeyField extends Field<number, number, "number", AutoKey> {}
/** An automatic key whose values are `bigint`. */
export interface BigAutoKeyField extends Field<bigint, bigint | number, "bigint", AutoKey> {}
/** A field of moments: `Date`, or `Temporal.Instant` where microseconds are kept. */
export interface MomentFieldOf<O> extends Field<
  O extends { readonly precision: 6 } ? Temporal.Instant : Date,
  MomentInput,
  "datetime",
  O
> {}

/** A plain function that makes a field; `new` is not needed. */
export interface AutoFieldFunction {
  <const O extends AutoOptions = {}>(
    options?: O & Only<O, AutoOptions>,
  ): O extends AsBigInt ? BigAutoKeyField : AutoKeyField;
}
/** `IntegerField` and its smaller and positive kinds. */
export interface IntegerFieldFunction {
  <const O extends IntegerOptions = {}>(options?: O & Only<O, IntegerOptions>): NumberFieldOf<O>;
}
/** `BigIntegerField` and `PositiveBigIntegerField`: 64 bits, as `bigint`. */
export interface BigIntegerFieldFunction {
  <const O extends FieldOptions<bigint | number> = {}>(
    options?: O & Only<O, FieldOptions<bigint>>,
  ): Field<bigint, bigint | number, "bigint", O>;
}
/** `FloatField`. */
export interface FloatFieldFunction {
  <const O extends FieldOptions<number> = {}>(
    options?: O & Only<O, FieldOptions<number>>,
  ): Field<ChoiceOf<O, number>, ChoiceOf<O, number>, "float", O>;
}
/** `DecimalField`: exact on every database. */
export interface DecimalFieldFunction {
  <const O extends DecimalOptions>(options: O & Only<O, DecimalOptions>): Field<Decimal, DecimalInput, "decimal", O>;
}
/** `BooleanField`. */
export interface BooleanFieldFunction {
  <const O extends FieldOptions<boolean> = {}>(
    options?: O & Only<O, FieldOptions<boolean>>,
  ): Field<boolean, boolean, "boolean", O>;
}
/** `CharField`: `maxLength` is needed; a list of `choices` narrows the value. */
export interface CharFieldFunction {
  <const O extends CharOptions>(options: O & Only<O, CharOptions>): TextFieldOf<O>;
}
/** `TextField`, `EmailField` and `URLField`. */
export interface TextFieldFunction {
  <const O extends TextOptions = {}>(options?: O & Only<O, TextOptions>): TextFieldOf<O>;
}
/** `SlugField`. */
export interface SlugFieldFunction {
  <const O extends SlugOptions = {}>(options?: O & Only<O, SlugOptions>): TextFieldOf<O>;
}
/** `UUIDField`. */
export interface UUIDFieldFunction {
  <const O extends FieldOptions<string> = {}>(
    options?: O & Only<O, FieldOptions<string>>,
  ): Field<string, string, "uuid", O>;
}
/** `GenericIPAddressField`. */
export interface GenericIPAddressFieldFunction {
  <const O extends IpOptions = {}>(options?: O & Only<O, IpOptions>): Field<string, string, "ip", O>;
}
/** `BinaryField`. */
export interface BinaryFieldFunction {
  <const O extends BinaryOptions = {}>(
    options?: O & Only<O, BinaryOptions>,
  ): Field<Uint8Array, Uint8Array, "binary", O>;
}
/** `DateField`. */
export interface DateFieldFunction {
  <const O extends StampOptions<DateInput> = {}>(
    options?: O & Only<O, StampOptions<DateInput>>,
  ): Field<Temporal.PlainDate, DateInput, "date", O>;
}
/** `TimeField`. */
export interface TimeFieldFunction {
  <const O extends StampOptions<TimeInput> = {}>(
    options?: O & Only<O, StampOptions<TimeInput>>,
  ): Field<Temporal.PlainTime, TimeInput, "time", O>;
}
/** `DateTimeField`. */
export interface DateTimeFieldFunction {
  <const O extends DateTimeOptions = {}>(options?: O & Only<O, DateTimeOptions>): MomentFieldOf<O>;
}
/** `DurationField`. */
export interface DurationFieldFunction {
  <const O extends FieldOptions<DurationInput> = {}>(
    options?: O & Only<O, FieldOptions<DurationInput>>,
  ): Field<Temporal.Duration, DurationInput, "duration", O>;
}
// The type argument is written by hand, so the options cannot be inferred beside it: one signature per case.
/** `JSONField<Settings>()`: the type argument is what the document holds. */
export interface JSONFieldFunction {
  <T = unknown>(options: JsonOptions<T> & { readonly null: true }): Field<T, T, "json", { readonly null: true }>;
  <T = unknown>(
    options: JsonOptions<T> & ({ readonly default: T | (() => T) } | { readonly dbDefault: {} }),
  ): Field<T, T, "json", { readonly default: T }>;
  <T = unknown>(options?: JsonOptions<T>): Field<T, T, "json", {}>;
}
/** `FileField` and `ImageField`: the file's name, as text. */
export interface FileFieldFunction {
  <const O extends FileOptions = {}>(options?: O & Only<O, FileOptions>): TextFieldOf<O>;
}
/** `FilePathField`. */
export interface FilePathFieldFunction {
  <const O extends FilePathOptions>(options: O & Only<O, FilePathOptions>): TextFieldOf<O>;
}
/** `ArrayField(CharField({ … }))` of PostgreSQL. */
export interface ArrayFieldFunction {
  <B extends AnyField, const O extends FieldOptions<readonly unknown[]> & { readonly size?: number } = {}>(
    base: B,
    options?: O,
  ): Field<B[typeof $out][], readonly B[typeof $in][], "array", O>;
}
/** Options of a generated column, for the compiler: never in an input. */
export interface Generated {
  readonly auto: true;
  readonly generated: true;
}
/** `GeneratedField`: the value type is that of `outputField`; inputs do not have it. */
export interface GeneratedFieldFunction {
  <const O extends GeneratedOptions>(
    options: O & Only<O, GeneratedOptions>,
  ): O extends { readonly outputField: Field<infer T, infer In, infer K, infer P> }
    ? Field<
        T,
        In,
        K,
        Generated &
          (P extends { readonly null: true }
            ? { readonly null: true }
            : O extends { readonly null: true }
              ? { readonly null: true }
              : {})
      >
    : never;
}
/** `CompositePrimaryKey("a", "b")`, under the name `pk`. */
export interface CompositePrimaryKeyFunction {
  <const N extends readonly [string, string, ...string[]]>(...names: N): CompositeKey<N>;
}
/** `ForeignKey("Category", { onDelete: CASCADE })`. */
export interface ForeignKeyFunction {
  <const To extends string, const O extends ForeignKeyOptions>(
    to: To,
    options: O & Only<O, ForeignKeyOptions>,
  ): Rel<"fk", To, O>;
}
/** `OneToOneField("User", { onDelete: CASCADE })`. */
export interface OneToOneFieldFunction {
  <const To extends string, const O extends ForeignKeyOptions>(
    to: To,
    options: O & Only<O, ForeignKeyOptions>,
  ): Rel<"o2o", To, O>;
}
/** `ManyToManyField("Tag")`. */
export interface ManyToManyFieldFunction {
  <const To extends string, const O extends ManyToManyOptions = {}>(
    to: To,
    options?: O & Only<O, ManyToManyOptions>,
  ): Rel<"m2m", To, O>;
}
/** `GenericForeignKey("contentType", "objectId")`. */
export interface GenericForeignKeyFunction {
  <const To extends string = string>(options?: {
    readonly ctField?: string;
    readonly fkField?: string;
    readonly forConcreteModel?: boolean;
    readonly to?: readonly To[];
  }): GenericRel<To>;
  <const To extends string = string>(
    contentType?: string,
    objectId?: string,
    options?: { readonly forConcreteModel?: boolean; readonly to?: readonly To[] },
  ): GenericRel<To>;
}
/** `GenericRelation("TaggedItem")`. */
export interface GenericRelationFunction {
  <
    const To extends string,
    const O extends RelationOptions & {
      readonly contentTypeField?: string;
      readonly objectIdField?: string;
      readonly forConcreteModel?: boolean;
    } = {},
  >(
    to: To,
    options?: O,
  ): Rel<"generic", To, O>;
}
