/**
 * What the program's models are, as types: the register that users merge into, and models found by label.
 * Nothing here may depend on fields' values, lookups or querysets: only on the phantom marks that models carry.
 */

/** Phantom: the label a model, queryset or instance belongs to. Never there at run time. */
export declare const $label: unique symbol;
/** Phantom: all fields of a model class, inherited ones included. */
export declare const $fields: unique symbol;
/** Phantom: the fields that a model class declares itself (reverse relations come from these only). */
export declare const $local: unique symbol;
/** Phantom: labels of the models that a model inherits tables from. */
export declare const $parents: unique symbol;
/** Phantom: the record of labels that an instance answers to (its own, its parents'). */
export declare const $is: unique symbol;
/** Phantom of a compile-time message. */
export declare const $problem: unique symbol;

/**
 * The program's orm, merged in by the user. It is the one line that makes every path, value and row typed:
 *
 * ```ts
 * declare module "babik" { interface Register { orm: typeof orm } }
 * ```
 */
export interface Register {}

/**
 * Lookups that a program adds with `registerLookup`, by family of field. `In` is the field's own value type.
 *
 * ```ts
 * declare module "babik" { interface CustomLookups<In> { text: { sounds_like: string }; any: { ne: In } } }
 * ```
 */
// oxlint-disable-next-line no-unused-vars -- users refer to `In` when they merge
export interface CustomLookups<In> {}

/**
 * Transforms that a program adds with `registerLookup`, by family of field: name -> family of the result.
 *
 * ```ts
 * declare module "babik" { interface CustomTransforms { text: { length: "number" } } }
 * ```
 */
export interface CustomTransforms {}

/**
 * A type that no value has: the compiler prints its message where a wrong path, lookup, option or value was given.
 * `Choices` lists what would have been accepted.
 */
export interface Problem<Message extends string, Choices = never> {
  readonly [$problem]: readonly [Message, Choices];
}
/** Any compile-time message. */
export interface AnyProblem {
  readonly [$problem]: readonly [string, unknown];
}
/** Whether `T` is a compile-time message (an `any` is not). */
export type IsProblem<T> = 0 extends 1 & T ? false : [T] extends [AnyProblem] ? true : false;

/** What every model class carries for the compiler. */
export interface AnyModelClass {
  readonly [$label]: string;
  readonly [$fields]: object;
  readonly [$local]: object;
  readonly [$parents]: string;
}

/** Intersection of the members of a union. */
export type UnionToIntersection<U> = (U extends unknown ? (x: U) => void : never) extends (x: infer I) => void
  ? I
  : never;
/** The same object type with its members written out. */
export type Flat<T> = { [K in keyof T]: T[K] };

/** The modules of models, by app, as given to `babik({ apps })`. */
export type Apps = Register extends { orm: { readonly apps: infer A } } ? A : {};

// `Category` answers to "Category" and "shop.Category"; a class whose own label has a dot only to that.
type LabelKeys<C, A> = C extends { readonly [$label]: infer L extends string }
  ? L extends `${string}.${string}`
    ? L
    : L | `${A & string}.${L}`
  : never;
type ByApp = { [A in keyof Apps]: { [N in keyof Apps[A] as LabelKeys<Apps[A][N], A>]: Apps[A][N] } };
/** All registered model classes by label. */
export type Classes = UnionToIntersection<ByApp[keyof ByApp]>;

/** Class of the model with this label; `never` where the label is not registered. */
export type ClassOf<L extends string> = L extends keyof Classes ? Classes[L] : never;

/** The label under which a class itself is known ("Category" for "shop.Category"). */
export type Canonical<L extends string> = L extends keyof Classes
  ? Classes[L] extends { readonly [$label]: infer C extends string }
    ? C
    : L
  : L;

// The app that holds the model labelled L; only asked for labels that are not found as they stand.
type AppOf<L extends string> = L extends `${infer A}.${string}`
  ? A
  : { [A in keyof Apps]: `${A & string}.${L}` extends keyof Classes ? A & string : never }[keyof Apps];

/** The label that `to` means when it stands on the model `From`: itself for "self", its own app first for a bare name. */
export type ResolveLabel<To extends string, From extends string> = To extends "self"
  ? From
  : To extends keyof Classes
    ? Canonical<To>
    : `${AppOf<From>}.${To}` extends infer Q extends string
      ? Q extends keyof Classes
        ? Canonical<Q>
        : To
      : To;

/** Instance type of the model with this label; a loose row where the label is not registered. */
export type Instance<L extends string> = [ClassOf<L>] extends [never]
  ? LooseRow
  : ClassOf<L> extends abstract new (...args: any) => infer I
    ? I
    : LooseRow;

/** An instance of a model that the compiler does not know. */
export interface LooseRow {
  readonly [$is]: any;
  readonly pk: any;
  [name: string]: any;
}

/** All fields of the model with this label; `never` where the label is not registered. */
export type FieldsOf<L extends string> = ClassOf<L> extends { readonly [$fields]: infer F } ? F : never;
/** Labels of the models whose tables the model extends. */
export type ParentsOf<L extends string> =
  ClassOf<L> extends { readonly [$parents]: infer P extends string } ? P : never;

/** Anything that is an instance of the model labelled `L` (or of a model that inherits its table), whatever is loaded in it. */
export interface ModelRef<L extends string> {
  readonly [$is]: { readonly [K in L]: true };
}
