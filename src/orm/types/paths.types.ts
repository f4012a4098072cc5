/**
 * Paths (`category__parent__name__icontains`) as types: one table of names per model, and the walks over it.
 * A path is only ever checked, never enumerated: a union of all legal paths would explode.
 */
import type { AnyField, AnySingleRel, CompositeKey, Rel } from "./fields.types.js";
import type { $in, $kind, $out, $primary } from "./fields.types.js";
import type {
  AnnotationTail,
  AnyQuerySet,
  Arg,
  FamilyOf,
  InputOf,
  Several,
  TailOut,
  TailValue,
} from "./lookups.types.js";
import type {
  $label,
  $local,
  AnyProblem,
  Apps,
  ClassOf,
  FieldsOf,
  IsProblem,
  ModelRef,
  ParentsOf,
  Problem,
  ResolveLabel,
} from "./registry.types.js";

/** Name in the table of a model that the compiler does not know. */
export interface LooseNode {
  readonly [$kind]: "loose";
}
/** The table of a model that the compiler does not know: every name is there. */
export interface LooseTable {
  readonly [name: string]: LooseNode;
}

// ---------------------------------------------------------------- primary keys

/** Name of the field that is the primary key. */
export type PrimaryName<F> = "pk" extends keyof F
  ? "pk"
  : { [K in keyof F]: F[K] extends { readonly [$primary]: true } ? K : never }[keyof F];

type NodeOut<N, L extends string> = N extends AnyField
  ? N[typeof $out]
  : N extends Rel<any, infer To, infer O>
    ? KeyOut<ResolveLabel<To, L>, O>
    : any;
type NodeIn<N, L extends string> = N extends AnyField
  ? N[typeof $in]
  : N extends Rel<any, infer To, infer O>
    ? KeyIn<ResolveLabel<To, L>, O>
    : any;
type TupleOut<F, N, L extends string> = {
  -readonly [I in keyof N]: N[I] extends keyof F
    ? NodeOut<F[N[I]], L>
    : N[I] extends `${infer R}Id`
      ? R extends keyof F
        ? NodeOut<F[R], L>
        : any
      : any;
};
type TupleIn<F, N, L extends string> = {
  readonly [I in keyof N]: N[I] extends keyof F
    ? NodeIn<F[N[I]], L>
    : N[I] extends `${infer R}Id`
      ? R extends keyof F
        ? NodeIn<F[R], L>
        : any
      : any;
};

/** Value of the primary key of a model with the fields `F`. */
export type PrimaryOut<F, L extends string> = F extends { readonly pk: CompositeKey<infer N> }
  ? TupleOut<F, N, L>
  : PrimaryName<F> extends infer K extends keyof F
    ? [K] extends [never]
      ? any
      : NodeOut<F[K], L>
    : any;
/** What the primary key of a model with the fields `F` accepts. */
export type PrimaryIn<F, L extends string> = F extends { readonly pk: CompositeKey<infer N> }
  ? TupleIn<F, N, L>
  : PrimaryName<F> extends infer K extends keyof F
    ? [K] extends [never]
      ? any
      : NodeIn<F[K], L>
    : any;

/** Value of the column of a relation to `To` with the options `O`. */
export type KeyOut<To extends string, O> = [ClassOf<To>] extends [never]
  ? any
  : O extends { readonly toField: infer T }
    ? T extends keyof FieldsOf<To>
      ? NodeOut<FieldsOf<To>[T], To>
      : any
    : PrimaryOut<FieldsOf<To>, To>;
/** What the column of a relation to `To` with the options `O` accepts. */
export type KeyIn<To extends string, O> = [ClassOf<To>] extends [never]
  ? any
  : O extends { readonly toField: infer T }
    ? T extends keyof FieldsOf<To>
      ? NodeIn<FieldsOf<To>[T], To>
      : any
    : PrimaryIn<FieldsOf<To>, To>;
type NullOf<O> = O extends { readonly null: true } ? null : never;

/** Names of the relations to one row among the fields `F`: worked out once per model, used wherever columns are named. */
export type SingleNames<F> = { [K in keyof F]: F[K] extends AnySingleRel ? K : never }[keyof F] & string;
type Columns<F, L extends string> = {
  readonly [K in SingleNames<F> as `${K}Id`]: F[K] extends Rel<any, infer To, infer O>
    ? KeyNode<ResolveLabel<To, L>, O>
    : never;
};
/** The column of a relation, as a node of the family of the key it holds. */
export interface KeyNode<To extends string, O> {
  readonly [$kind]: FamilyOf<NonNullable<KeyOut<To, O>>>;
  readonly [$out]: KeyOut<To, O> | NullOf<O>;
  readonly [$in]: KeyIn<To, O> | NullOf<O>;
}
/** The name `pk`, as a node of the family of the key. */
export interface PrimaryNode<F, L extends string> {
  readonly [$kind]: FamilyOf<PrimaryOut<F, L>>;
  readonly [$out]: PrimaryOut<F, L>;
  readonly [$in]: PrimaryIn<F, L>;
}

// ---------------------------------------------------------------- reverse relations

/** One relation as seen from its target; its members are only worked out when they are asked for. */
export interface Reverse<Source extends string, Name extends string, Kind extends string, To extends string, O> {
  readonly kind: Kind;
  /** Label of the model that the relation stands on. */
  readonly source: Source;
  /** Name of the relation there. */
  readonly field: Name;
  /** Label of the model that it points at. */
  readonly to: ResolveLabel<To, Source>;
  /** Name of the accessor on instances of the target; `never` where it is hidden. */
  readonly accessor: O extends { readonly relatedName: infer N extends string }
    ? Shown<N, Source>
    : Kind extends "o2o"
      ? BareName<Source>
      : `${BareName<Source>}Set`;
  /** Name of the reverse side in paths. */
  readonly query: O extends { readonly relatedQueryName: infer N extends string }
    ? N
    : O extends { readonly relatedName: infer N extends string }
      ? Shown<N, Source>
      : BareName<Source>;
}
type BareName<L extends string> = Uncapitalize<L extends `${string}.${infer N}` ? N : L>;
type Shown<N extends string, Source extends string> = N extends `${string}+`
  ? never
  : N extends `${infer A}%(class)s${infer B}`
    ? `${A}${Lowercase<BareName<Source>>}${B}`
    : N;
// "generic" relations have no reverse side of their own.
type ReverseOf<C> = C extends { readonly [$local]: infer F; readonly [$label]: infer CL extends string }
  ? {
      [K in keyof F]: F[K] extends Rel<infer Kind extends "fk" | "o2o" | "m2m", infer To, infer O>
        ? Reverse<CL, K & string, Kind, To, O>
        : never;
    }[keyof F]
  : never;
// All relations of all models in one pass, grouped by target in another: searching all models per target is quadratic.
type AllReverse = { [A in keyof Apps]: { [N in keyof Apps[A]]: ReverseOf<Apps[A][N]> }[keyof Apps[A]] }[keyof Apps];
type ReverseIndex = { [E in AllReverse as E["to"]]: E };
/** Reverse relations that end at the model labelled `L`, as a union. */
export type ReverseEntries<L extends string> = L extends keyof ReverseIndex ? ReverseIndex[L] : never;
/** The entries of a model and of the models whose tables it extends. */
export type AllEntries<L extends string> =
  | ReverseEntries<L>
  | ([ParentsOf<L>] extends [never] ? never : ReverseEntries<ParentsOf<L>>);

/** A reverse relation as a node of a table. */
export interface ReverseNode<E> {
  readonly [$kind]: "reverse";
  readonly entry: E;
}
type ReverseTable<L extends string> = { readonly [E in AllEntries<L> as E["query"]]: E };

// ---------------------------------------------------------------- the table of names of a model

/** Every name that a path of the model may begin with: fields, their columns, `pk`, reverse relations. */
export type Table<L extends string> = [ClassOf<L>] extends [never] ? LooseTable : KnownTable<FieldsOf<L>, L>;
// A composite key stands among the fields under the name "pk": its node takes its place.
type KnownTable<F, L extends string> = (F extends { readonly pk: unknown } ? Omit<F, "pk"> : F) &
  Columns<F, L> &
  ReverseTable<L> & { readonly pk: PrimaryNode<F, L> };

/** Names of the model, for completion. */
export type Names<L extends string> = keyof Table<L> & string;

/** Label at the other end of a node that is a relation of `L`; `null` where the node is none. */
export type TargetOf<N, L extends string> =
  N extends Rel<any, infer To, any>
    ? ResolveLabel<To, L>
    : N extends { readonly source: infer S extends string }
      ? S
      : null;

// ---------------------------------------------------------------- messages

type Letters<S extends string> = S extends `${infer A}_${infer B}` ? `${A}${Letters<B>}` : S;
// Near enough to be meant: equal but for case and underscores, or the same beginning of three letters.
type SameLetters<Low extends string, K extends string> = K extends string
  ? Low extends Lowercase<K>
    ? K
    : never
  : never;
type SameBeginning<S extends string, K extends string> = S extends `${infer A}${infer B}${infer C}${string}`
  ? Extract<K, `${A}${B}${C}${string}` | `${B}${A}${C}${string}` | `${A}${C}${B}${string}`>
  : never;
type Nearest<S extends string, K extends string> =
  SameLetters<Lowercase<Letters<S>>, K> extends infer N extends string
    ? [N] extends [never]
      ? SameBeginning<S, K>
      : N
    : never;
/**
 * The message for a name that the model does not have. The compiler also asks for the value at "any string" while it
 * infers keys: that is no mistake, and working out a message for it would be the dearest part of every right call.
 */
export type UnknownName<L extends string, S extends string, Ann> = string extends S
  ? unknown
  : S extends CombinatorName
    ? Problem<`unknown name '${S}' on ${L}`>
    : [Nearest<S, Names<L> | (keyof Ann & string)>] extends [never]
      ? Problem<`unknown name '${S}' on ${L}`, Written<Names<L> | (keyof Ann & string)>>
      : Problem<
          `unknown name '${S}' on ${L}: did you mean '${Nearest<S, Names<L> | (keyof Ann & string)>}'?`,
          Written<Names<L> | (keyof Ann & string)>
        >;
// A Q is looked at as plain conditions too before it is refused: its methods are not worth a search.
type CombinatorName = "and" | "or" | "xor" | "not";
// Written out, so that the message shows the names and not the name of their type.
type Written<K> = K extends "pk" ? never : K;

// ---------------------------------------------------------------- conditions

type RelationValue<N, To extends string> = Arg<ModelRef<To> | RelationKey<N, To> | null> | AnyQuerySet;
type RelationKey<N, To extends string> = N extends Rel<"fk" | "o2o", any, infer O> ? KeyIn<To, O> : KeyIn<To, {}>;
interface RelationLookups<V, K> {
  exact: Arg<V | K | null> | AnyQuerySet;
  in: Several<V | K>;
  isnull: boolean;
  gt: Arg<K>;
  gte: Arg<K>;
  lt: Arg<K>;
  lte: Arg<K>;
  range: readonly [Arg<K>, Arg<K>];
}
type NodeValue<N, L extends string> = N extends AnyField
  ? Arg<N[typeof $in]> | AnyQuerySet
  : TargetOf<N, L> extends infer To extends string
    ? RelationValue<N, To>
    : any;
type NodeTail<N, L extends string, H extends string, T extends string> = N extends AnyField
  ? TailValue<N[typeof $kind], N[typeof $in], T, `${L}.${H}`>
  : TargetOf<N, L> extends infer To extends string
    ? T extends keyof Table<To>
      ? NodeValue<Table<To>[T], To>
      : T extends keyof RelationLookups<any, any>
        ? RelationLookups<ModelRef<To>, RelationKey<N, To>>[T]
        : PathValue<To, T, {}>
    : any;

/** Value that the condition `P` takes on the model `L` with the annotations `Ann`; a `Problem` where it does not exist. */
export type PathValue<L extends string, P extends string, Ann> = P extends keyof Table<L>
  ? NodeValue<Table<L>[P], L>
  : P extends `${infer H}__${infer T}`
    ? H extends keyof Table<L>
      ? Rescued<NodeTail<Table<L>[H], L, H, T>, L, P, H, T, Ann>
      : AnnotationValue<L, P, H, T, Ann>
    : P extends keyof Ann
      ? Arg<InputOf<NonNullable<Ann[P]>> | null> | AnyQuerySet
      : UnknownName<L, P, Ann>;
// `books__count` begins like a path over a relation, and is an annotation. Annotations come last: inside a queryset class
// they are not known, and what is known must not wait for them.
type Rescued<V, L extends string, P extends string, H extends string, T extends string, Ann> = [V] extends [AnyProblem]
  ? AnnotationValue<L, P, H, T, Ann> extends infer A
    ? IsProblem<A> extends true
      ? V
      : A
    : never
  : V;
// An annotation's own name may hold "__" (`price__avg`), with or without a lookup behind it.
type AnnotationValue<L extends string, P extends string, H extends string, T extends string, Ann> = P extends keyof Ann
  ? Arg<InputOf<NonNullable<Ann[P]>> | null>
  : H extends keyof Ann
    ? AnnotationTail<Ann[H], T, `${L}.${H}`>
    : {
          [K in keyof Ann & string]: P extends `${K}__${infer R}` ? AnnotationTail<Ann[K], R, `${L}.${K}`> : never;
        }[keyof Ann & string] extends infer V
      ? [V] extends [never]
        ? UnknownName<L, H, Ann>
        : V
      : never;

// An empty interface keeps the type from being "weak": paths that are in no list are let through to be checked.
// (An index signature would do too, but makes the compiler infer from the value at "any string", which is dear.)
interface NotWeak {}
/** Phantom that tells conditions that are combined (a `Q`) from those that are plain: the compiler's messages are about the right one. */
export declare const $checked: unique symbol;

/** Completion for the keys of a condition: names are offered, anything is let through to be checked. */
export type Hints<L extends string> = { readonly [K in Names<L>]?: unknown } & NotWeak;
// ---------------------------------------------------------------- values

type NodeRead<N, L extends string> = N extends AnyField
  ? N[typeof $out]
  : N extends Rel<infer Kind, infer To, infer O>
    ? KeyOut<ResolveLabel<To, L>, Kind extends "fk" | "o2o" ? O : {}> | (Kind extends "fk" | "o2o" ? NullOf<O> : null)
    : N extends { readonly source: infer S extends string }
      ? KeyOut<S, {}> | null
      : any;
// A row that need not be there makes every value behind it nullable.
type HopNull<N> = N extends Rel<"fk" | "o2o", any, infer O> ? NullOf<O> : null;
type NodeReadTail<N, L extends string, H extends string, T extends string> = N extends AnyField
  ? TailOut<N[typeof $kind], T, `${L}.${H}`> | (null extends N[typeof $out] ? null : never)
  : TargetOf<N, L> extends infer To extends string
    ? PathOut<To, T, {}> | HopNull<N>
    : any;

/** Value read at the path `P` of the model `L` with the annotations `Ann`; a `Problem` where it does not exist. */
export type PathOut<L extends string, P extends string, Ann> = P extends keyof Table<L>
  ? NodeRead<Table<L>[P], L>
  : P extends `${infer H}__${infer T}`
    ? H extends keyof Table<L>
      ? RescuedOut<NodeReadTail<Table<L>[H], L, H, T>, P, Ann>
      : P extends keyof Ann
        ? Ann[P]
        : H extends keyof Ann
          ? TailOut<FamilyOf<NonNullable<Ann[H]>>, T, `${L}.${H}`>
          : UnknownName<L, H, Ann>
    : P extends keyof Ann
      ? Ann[P]
      : UnknownName<L, P, Ann>;
type RescuedOut<V, P extends string, Ann> = [V] extends [AnyProblem | null] ? (P extends keyof Ann ? Ann[P] : V) : V;
/** The message in a path's value, if any (a message behind a nullable relation is in a union with `null`). */
export type BadPath<V> = 0 extends 1 & V ? never : Extract<V, AnyProblem>;
