/**
 * What stands in an instance, as types: values of fields, columns of relations, accessors of related rows. It is above
 * managers and querysets, which reach instances only through the register.
 */
import type { $out, AnyField, CompositeKey, GenericRel, Rel } from "./fields.types.js";
import type { GenericManager, RelatedManager, ReverseManager } from "./manager.types.js";
import type { AllEntries, KeyOut, PrimaryOut, SingleNames } from "./paths.types.js";
import type { Instance, ResolveLabel } from "./registry.types.js";
import type { GenericTarget, Lazy } from "./relations.types.js";

type NullOf<O> = O extends { readonly null: true } ? null : never;
// A composite key is the only other thing under a name, and the instance has its `pk` already.
type RelationOut<N, L extends string> =
  N extends Rel<infer Kind, infer To, infer O>
    ? Kind extends "fk" | "o2o"
      ? Lazy<Instance<ResolveLabel<To, L>> | NullOf<O>>
      : Kind extends "generic"
        ? GenericManager<ResolveLabel<To, L>, O>
        : RelatedManager<ResolveLabel<To, L>>
    : N extends GenericRel<infer To>
      ? Lazy<GenericTarget<To, L>>
      : any;
/** Members that the fields `F` make on instances of the model `L`. */
export type Shape<F, L extends string> = {
  -readonly [K in keyof F]: F[K] extends AnyField
    ? F[K][typeof $out]
    : F[K] extends CompositeKey<readonly string[]>
      ? PrimaryOut<F, L>
      : RelationOut<F[K], L>;
} & {
  -readonly [K in SingleNames<F> as `${K}Id`]: F[K] extends Rel<any, infer To, infer O>
    ? KeyOut<ResolveLabel<To, L>, O> | NullOf<O>
    : never;
};

type ReverseOut<E> = E extends {
  readonly source: infer S extends string;
  readonly kind: infer Kind;
  readonly field: infer N extends string;
}
  ? Kind extends "o2o"
    ? Lazy<Instance<S>>
    : Kind extends "fk"
      ? ReverseManager<S, N>
      : RelatedManager<S>
  : never;
/** Members that relations of other models make on instances of the model `L`. */
export type ReverseShape<L extends string> = { readonly [E in AllEntries<L> as E["accessor"]]: ReverseOut<E> };
