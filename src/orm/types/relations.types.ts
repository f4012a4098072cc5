/**
 * Relations of instances as types: accessors that load when awaited, what a chain has loaded or deferred, and the
 * inputs that name related rows. The walk over paths is in paths.types.ts; here is what stands in a row.
 */
import type {
  $in,
  $kind,
  $optional,
  $options,
  $to,
  AnyField,
  AnySingleRel,
  Generated,
  GenericRel,
  Rel,
} from "./fields.types.js";
import type { ClassOf, FieldsOf, Instance, ModelRef, ResolveLabel } from "./registry.types.js";
import type { AllEntries, KeyIn, PrimaryIn, PrimaryName, PrimaryOut, SingleNames } from "./paths.types.js";
import type { AnyExpression } from "./lookups.types.js";

/** Phantom of a value that is not there yet. */
export declare const $lazy: unique symbol;
/** Phantom of a queryset: paths a chain has loaded. */
export declare const $loaded: unique symbol;
/** Phantom of a prefetched list under a name of its own. */
export declare const $toAttr: unique symbol;

/** A related row, or a deferred value, that is loaded when it is awaited, and cached then. */
export interface Lazy<T> extends PromiseLike<T> {
  readonly [$lazy]: true;
}

type NullOf<O> = O extends { readonly null: true } ? null : never;

// ---------------------------------------------------------------- what is loaded

/** A list that `Prefetch(…, { toAttr })` makes. */
export interface ToAttr<Name extends string, Row> {
  readonly [$toAttr]: readonly [Name, Row];
}
/** The first steps of paths. */
export type Heads<P> = P extends `${infer H}__${string}` ? H : P;
/** What is loaded behind the step `H`. */
export type Behind<M, H extends string> = { readonly [K in keyof M as K extends `${H}__${infer T}` ? T : never]: M[K] };
/** The instance `I` with the members of `X` in the place of its own. */
export type Replaced<I, X> = [keyof X] extends [never] ? I : Omit<I, keyof X> & X;

/** An instance of `L` in which the paths of `M` are loaded. */
export type LoadedInstance<L extends string, M> = Replaced<Instance<L>, LoadedMembers<L, M>>;
// Lists under a name of their own stand beside the step that they were loaded through.
type PlainHeads<M> = {
  [K in keyof M]: M[K] extends ToAttr<any, any> ? (K extends `${infer H}__${string}` ? H : never) : Heads<K>;
}[keyof M];
type AttrLists<M> = {
  [
    K in keyof M as M[K] extends ToAttr<infer N, any> ? (K extends `${string}__${string}` ? never : N) : never
  ]: M[K] extends ToAttr<any, infer R> ? R[] : never;
};
type LoadedMembers<L extends string, M> = {
  [H in PlainHeads<M> & string]: LoadedRelation<L, H, Behind<M, H>>;
} & AttrLists<M>;
type LoadedRelation<L extends string, H extends string, M> = H extends keyof FieldsOf<L>
  ? FieldsOf<L>[H] extends Rel<"fk" | "o2o", infer To, infer O>
    ? LoadedInstance<ResolveLabel<To, L>, M> | NullOf<O>
    : FieldsOf<L>[H] extends GenericRel<infer To>
      ? GenericTarget<To, L>
      : LoadedAccessor<L, H, M>
  : Extract<AllEntries<L>, { readonly accessor: H }> extends infer E
    ? [E] extends [never]
      ? any
      : E extends { readonly source: infer S extends string; readonly kind: "o2o" }
        ? LoadedInstance<S, M> | null
        : LoadedAccessor<L, H, M>
    : never;
/** The object of a generic key: of any model, or of one of those that it names; null where it is gone. */
export type GenericTarget<To extends string, L extends string> = string extends To
  ? any
  : (To extends string ? Instance<ResolveLabel<To, L>> : never) | null;
type LoadedAccessor<L extends string, H, M> = H extends keyof Instance<L> ? LoadedSet<Instance<L>[H], M> : any;
// What is loaded inside a set rides on its manager, whose querysets' rows then have it.
type LoadedSet<R, M> = [keyof M] extends [never]
  ? R
  : Omit<R, "all"> & { all(): R extends { all(): infer S } ? S & { readonly [$loaded]: M } : never };

/** Label at the end of a path of accessors; a loose label where the path is unknown. */
export type AccessorTarget<L extends string, P extends string> = P extends `${infer H}__${infer T}`
  ? AccessorTarget<L, H> extends infer M extends string
    ? M extends "?"
      ? "?"
      : AccessorTarget<M, T>
    : "?"
  : P extends keyof FieldsOf<L>
    ? FieldsOf<L>[P] extends Rel<any, infer To, any>
      ? ResolveLabel<To, L>
      : FieldsOf<L>[P] extends GenericRel
        ? "any"
        : "?"
    : SourceOf<Extract<AllEntries<L>, { readonly accessor: P }>>;
// "any" goes on to anywhere, "?" to nowhere.
type SourceOf<E> = [E] extends [never] ? "?" : E extends { readonly source: infer S extends string } ? S : "?";

/** Names of the accessors of a model: its relations and those of other models to it. */
export type Accessors<L extends string> = [ClassOf<L>] extends [never]
  ? never
  :
      | {
          [K in keyof FieldsOf<L>]: FieldsOf<L>[K] extends { readonly [$to]: string } ? K & string : never;
        }[keyof FieldsOf<L>]
      | AllEntries<L>["accessor"];

/** Relations to one row that `selectRelated()` follows without being told: those that cannot be null. */
export type RequiredRelations<L extends string> = {
  [K in keyof FieldsOf<L>]: FieldsOf<L>[K] extends AnySingleRel
    ? FieldsOf<L>[K] extends { readonly [$options]: { readonly null: true } }
      ? never
      : K
    : never;
}[keyof FieldsOf<L>] &
  string;

/** Names of the columns of a model: fields with a value, and the columns of relations. */
export type ConcreteNames<L extends string> = {
  [K in keyof FieldsOf<L>]: FieldsOf<L>[K] extends AnyField
    ? K
    : FieldsOf<L>[K] extends AnySingleRel
      ? `${K & string}Id`
      : never;
}[keyof FieldsOf<L>] &
  string;
/** Values of all columns, as `values()` gives them. */
export type ConcreteValues<L extends string> = [ClassOf<L>] extends [never]
  ? Record<string, any>
  : { [K in ConcreteNames<L>]: K extends keyof Instance<L> ? Instance<L>[K] : any };
/** The column that a name in `only` or `defer` stands for. */
export type ColumnOf<L extends string, P> = P extends `${infer H}__${string}`
  ? ColumnOf<L, H>
  : P extends "pk"
    ? PrimaryName<FieldsOf<L>>
    : P extends keyof FieldsOf<L>
      ? FieldsOf<L>[P] extends AnySingleRel
        ? `${P & string}Id`
        : P
      : P;
/** An instance's members `D` as values that load when awaited. */
export type DeferredMembers<L extends string, D> = { readonly [K in D & keyof Instance<L>]: Lazy<Instance<L>[K]> };

// ---------------------------------------------------------------- inputs

type InputValue<N, L extends string> = N extends AnyField
  ? N[typeof $in] | AnyExpression
  : N extends Rel<infer Kind, infer To, infer O>
    ? Kind extends "fk" | "o2o"
      ? ModelRef<ResolveLabel<To, L>> | KeyIn<ResolveLabel<To, L>, O> | NullOf<O> | AnyExpression
      : never
    : any;
type Never<N> = N extends { readonly [$options]: Generated }
  ? true
  : N extends { readonly [$kind]: "m2m" | "generic" | "composite" }
    ? true
    : false;
type RequiredName<F, K extends keyof F> = F[K] extends { readonly [$optional]: true }
  ? never
  : F[K] extends AnySingleRel
    ? never
    : K;
type OptionalName<F, K extends keyof F> = F[K] extends { readonly [$optional]: true }
  ? Never<F[K]> extends true
    ? never
    : K
  : F[K] extends AnySingleRel
    ? K
    : never;
/**
 * Values for a new row of the model. A relation is given as a row (`category`) or by its column (`categoryId`);
 * that one of them is there is checked by `MissingRelation`, as a union of both forms would double with every relation.
 */
export type InputOfFields<F, L extends string> = {
  readonly [K in keyof F as RequiredName<F, K>]: InputValue<F[K], L>;
} & {
  readonly [K in keyof F as OptionalName<F, K>]?: InputValue<F[K], L>;
} & {
  readonly [K in SingleNames<F> as `${K}Id`]?: F[K] extends Rel<any, infer To, infer O>
    ? KeyIn<ResolveLabel<To, L>, O> | NullOf<O> | AnyExpression
    : never;
} & { readonly pk?: PrimaryIn<F, L> };
/** Values for a new row of the model labelled `L`. */
export type CreateInput<L extends string> = [ClassOf<L>] extends [never]
  ? Record<string, any>
  : InputOfFields<FieldsOf<L>, L>;
/** Names that an input of the model may have. */
export type InputNames<L extends string> = keyof CreateInput<L>;
/** Relations that the input `V` must still name; `Skip` is given by the manager. */
export type MissingRelation<L extends string, V, Skip> = [ClassOf<L>] extends [never] ? {} : Missing<L, keyof V, Skip>;
type Missing<L extends string, Given, Skip> = MissingIn<FieldsOf<L>, L, Given, Skip>;
type MissingIn<F, L extends string, Given, Skip> = {
  readonly [
    K in SingleNames<F> as F[K] extends { readonly [$optional]: true }
      ? never
      : K extends Given | Skip
        ? never
        : `${K}Id` extends Given
          ? never
          : K
  ]: InputValue<F[K], L>;
};
/** New values for rows of the model labelled `L`, as `update` takes them. */
export type UpdateInput<L extends string> = [ClassOf<L>] extends [never]
  ? Record<string, any>
  : UpdateFields<FieldsOf<L>, L>;
type UpdateFields<F, L extends string> = {
  readonly [K in keyof F as Never<F[K]> extends true ? never : K]?: InputValue<F[K], L>;
} & {
  readonly [K in SingleNames<F> as `${K}Id`]?: F[K] extends Rel<any, infer To, infer O>
    ? KeyIn<ResolveLabel<To, L>, O> | NullOf<O> | AnyExpression
    : never;
};
/** A key of the model labelled `L`. */
export type KeyInput<L extends string> = [ClassOf<L>] extends [never] ? any : PrimaryIn<FieldsOf<L>, L>;
/** The key of the model labelled `L`, as it is read. */
export type KeyValue<L extends string> = [ClassOf<L>] extends [never] ? any : PrimaryOut<FieldsOf<L>, L>;
/** A row of the model labelled `L`, or its key. */
export type RowOrKey<L extends string> = ModelRef<L> | KeyInput<L>;
