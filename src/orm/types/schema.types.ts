/**
 * Models as Standard Schemas, as types: what input for a new row, or for a change of one, looks like. The interface is that of the
 * specification, version 1 (https://standardschema.dev), written out here so that nothing has to be installed for it.
 */
import type { $in, $kind, $optional, $options, $out, AnyField, AnySingleRel, Rel } from "./fields.types.js";
import type { KeyIn } from "./paths.types.js";
import type { Flat, ModelRef, ResolveLabel } from "./registry.types.js";

/** A schema of the specification Standard Schema, version 1. */
export interface StandardSchema<Input = unknown, Output = Input> {
  readonly "~standard": StandardSchemaProps<Input, Output>;
}
/** What stands under `~standard`. */
export interface StandardSchemaProps<Input = unknown, Output = Input> {
  readonly version: 1;
  readonly vendor: string;
  readonly validate: (value: unknown) => StandardSchemaResult<Output> | Promise<StandardSchemaResult<Output>>;
  readonly types?: { readonly input: Input; readonly output: Output } | undefined;
}
/** The value, or what is wrong with it. */
export type StandardSchemaResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly StandardSchemaIssue[] };
/** One thing that is wrong with an input; `code` is the code that `fullClean()` gives this mistake. */
export interface StandardSchemaIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
  readonly code?: string;
}

// Nobody gives these: keys that count themselves, what is computed, what saving sets, what has no column.
type NotGiven =
  | { readonly [$options]: { readonly auto: true } }
  | { readonly [$options]: { readonly autoNow: true } }
  | { readonly [$options]: { readonly autoNowAdd: true } }
  | { readonly [$options]: { readonly editable: false } }
  | { readonly [$options]: { readonly expression: any } }
  | { readonly [$kind]: "m2m" | "generic" | "composite" | "genericForeignKey" };
type Required<F, K extends keyof F> = F[K] extends NotGiven
  ? never
  : F[K] extends { readonly [$optional]: true }
    ? never
    : F[K] extends AnySingleRel
      ? never
      : K;
type Optional<F, K extends keyof F> = F[K] extends NotGiven
  ? never
  : F[K] extends { readonly [$optional]: true }
    ? K
    : F[K] extends AnySingleRel
      ? K
      : never;
type Columns<F, K extends keyof F> = F[K] extends AnySingleRel
  ? F[K] extends NotGiven
    ? never
    : `${K & string}Id`
  : never;
type Null<O> = O extends { readonly null: true } ? null : never;
type Given<N, L extends string, Way extends "in" | "out"> =
  N extends Rel<any, infer To, infer O>
    ? ModelRef<ResolveLabel<To, L>> | KeyIn<ResolveLabel<To, L>, O> | Null<O>
    : N extends AnyField
      ? N[Way extends "in" ? typeof $in : typeof $out]
      : never;
type Key<N, L extends string> = N extends Rel<any, infer To, infer O> ? KeyIn<ResolveLabel<To, L>, O> | Null<O> : never;
/** Values of the fields `F` that may be given, as they come or as they are understood. */
export type SchemaValues<F, L extends string, Way extends "in" | "out"> = Flat<
  { readonly [K in keyof F as Required<F, K>]: Given<F[K], L, Way> } & {
    readonly [K in keyof F as Optional<F, K>]?: Given<F[K], L, Way>;
  } & { readonly [K in keyof F as Columns<F, K>]?: Key<F[K], L> }
>;

/** Options of `schema`. */
export interface SchemaOptions<Name extends PropertyKey = string> {
  /** Fields may be left out, and keys cannot be given: input for a row that is there. */
  readonly partial?: boolean;
  /** Only these fields. */
  readonly only?: readonly Name[];
  /** All but these fields. */
  readonly exclude?: readonly Name[];
}
type Chosen<V, O> = O extends { readonly only: readonly (infer N)[] }
  ? Pick<V, (N | `${N & string}Id`) & keyof V>
  : O extends { readonly exclude: readonly (infer N)[] }
    ? Omit<V, (N & string) | `${N & string}Id`>
    : V;
type Parts<V, O> = O extends { readonly partial: true } ? Partial<Chosen<V, O>> : Chosen<V, O>;
/** What `Model.schema(options)` gives. */
export type SchemaOf<F, L extends string, O> = StandardSchema<
  Parts<SchemaValues<F, L, "in">, O>,
  Parts<SchemaValues<F, L, "out">, O>
>;
