/**
 * Models as types: `model()`, what a model class and its instances have, and `babik()`. A class knows its label and its
 * own fields; everything about other models is looked up by label when it is asked for, so cycles raise no error.
 */
import type { Transaction } from "../../db/begin.js";
import type { MultipleObjectsReturned, ObjectDoesNotExist, ObjectNotUpdated } from "../../base/errors.js";
import type { $primary, AutoKeyField, CompositeKey, Fields, Rel } from "./fields.types.js";
import type { AnyExpression, AnyQuerySet } from "./lookups.types.js";
import type { ConditionArg } from "./expressions.types.js";
import type { PrimaryOut, SingleNames } from "./paths.types.js";
import type { $fields, $is, $label, $local, $parents } from "./registry.types.js";
import type { Router } from "../routers.js";
import type { Manager, ManagerOf } from "./manager.types.js";
import type { Deleted, QuerySet } from "./queryset.types.js";
import type { InputOfFields } from "./relations.types.js";
import type { ReverseShape, Shape } from "./rows.types.js";
import type { SchemaOf, SchemaOptions, SchemaValues, StandardSchemaProps } from "./schema.types.js";

/** Options of `save`. */
export interface SaveOptions<Name extends PropertyKey = string> {
  /** INSERT, never UPDATE: of the last table, or of those of the named models and their children. */
  readonly forceInsert?: boolean | readonly (abstract new (...args: any) => any)[];
  readonly forceUpdate?: boolean;
  /** Alias of a database, or a transaction that `orm.begin()` gave. */
  readonly using?: string | Transaction;
  readonly updateFields?: readonly Name[];
}
/** What an instance knows of where it came from. */
export interface InstanceState {
  /** Not saved yet. Setting it makes the next `save()` an INSERT (`true`) or an UPDATE. */
  adding: boolean;
  /** Alias of the database it was read from or saved to. @throws ImproperlyConfigured when it is set to one that there is not */
  db: string | undefined;
}
/** Members of every instance of a model with the fields `F`. */
export interface ModelInstance<F, L extends string, Own extends string> {
  readonly [$is]: { readonly [K in Own]: true };
  /** The primary key, whatever the field is called. */
  readonly pk: PrimaryOut<F, L>;
  readonly _state: InstanceState;
  save(options?: SaveOptions<FieldName<F>>): Promise<void>;
  /** What `save()` does once it has checked its arguments; with `raw` the values are written as they are, for rows of fixtures. */
  saveBase(options?: SaveOptions<FieldName<F>> & { readonly raw?: boolean }): Promise<void>;
  delete(options?: { readonly using?: string | Transaction; readonly keepParents?: boolean }): Promise<Deleted>;
  refreshFromDb(options?: {
    readonly using?: string | Transaction;
    readonly fields?: readonly FieldName<F>[];
    readonly fromQuerySet?: QuerySet<L>;
  }): Promise<void>;
  /** Assigns with checking: `p.set({ price: "3", category })`. */
  set(values: Partial<InputOfFields<F, L>>, options?: { readonly only?: readonly (keyof InputOfFields<F, L>)[] }): this;
  fullClean(options?: {
    readonly exclude?: readonly FieldName<F>[];
    readonly validateUnique?: boolean;
    readonly validateConstraints?: boolean;
  }): Promise<void>;
  cleanFields(options?: { readonly exclude?: readonly FieldName<F>[] }): void;
  clean(): void | Promise<void>;
  validateUnique(options?: { readonly exclude?: readonly FieldName<F>[] }): Promise<void>;
  validateConstraints(options?: { readonly exclude?: readonly FieldName<F>[] }): Promise<void>;
  /** Names of the columns that were left out when the row was read. */
  getDeferredFields(): ReadonlySet<string>;
  /**
   * Label of the value of a field with choices: Django's `get_label_display()` is `tag.getDisplay("label")`. A method per
   * field would cost the types of every model a pass over its fields.
   */
  getDisplay(field: FieldName<F>): string;
  /** The row after this one by a field of dates. */
  getNextBy(field: FieldName<F>, conditions?: ConditionArg): Promise<this>;
  getPreviousBy(field: FieldName<F>, conditions?: ConditionArg): Promise<this>;
  /** The row after this one among its siblings, where the model has `orderWithRespectTo`. @throws the model's DoesNotExist at the end */
  getNextInOrder(): Promise<this>;
  getPreviousInOrder(): Promise<this>;
  serializableValue(field: FieldName<F>): unknown;
  /** Same model and same key. */
  equals(other: unknown): boolean;
  toString(): string;
}
/** Names of fields and of the columns of relations. */
export type FieldName<F> = (keyof F & string) | `${SingleNames<F>}Id`;
/** The fields `F`, with the implicit `id` where none of them is the primary key. */
export type WithKey<F> = F[keyof F] extends { readonly [$primary]: false }
  ? F & ImplicitKey
  : [keyof F] extends [never]
    ? ImplicitKey
    : string extends keyof F
      ? F
      : F extends { readonly pk: CompositeKey<readonly string[]> }
        ? F
        : HasKey<F>;
type HasKey<F> = true extends { [K in keyof F]: F[K] extends { readonly [$primary]: true } ? true : false }[keyof F]
  ? F
  : F & ImplicitKey;
/** The key that a model has when it declares none: 64 bits, automatic. */
export interface ImplicitKey {
  readonly id: AutoKeyField;
}

/** Options of a model: Django's Meta in camelCase. */
export interface MetaOptions {
  readonly abstract?: boolean;
  readonly appLabel?: string;
  readonly baseManagerName?: string;
  readonly constraints?: readonly object[];
  readonly dbTable?: string;
  readonly dbTableComment?: string;
  readonly dbTablespace?: string;
  readonly defaultManagerName?: string;
  readonly defaultPermissions?: readonly string[];
  readonly defaultRelatedName?: string;
  readonly getLatestBy?: string | readonly string[];
  readonly indexes?: readonly object[];
  readonly managed?: boolean;
  readonly orderWithRespectTo?: string;
  readonly ordering?: readonly (string | AnyExpression)[];
  readonly permissions?: readonly (readonly [code: string, name: string])[];
  readonly requiredDbFeatures?: readonly string[];
  readonly requiredDbVendor?: string;
  readonly selectOnSave?: boolean;
  readonly swappable?: string;
  readonly uniqueTogether?: readonly string[] | readonly (readonly string[])[];
  readonly verboseName?: string;
  readonly verboseNamePlural?: string;
}

/** A class of errors that belongs to one model: `Product.DoesNotExist`. */
export interface ModelError<E extends Error> {
  new (message?: string, ...args: any[]): E;
  readonly prototype: E;
}
/** The classes of errors of a model. */
export interface ModelErrors {
  /** What `get()` throws where no row matches. */
  readonly DoesNotExist: ModelError<ObjectDoesNotExist>;
  /** What `get()` throws where several rows match. */
  readonly MultipleObjectsReturned: ModelError<MultipleObjectsReturned>;
  /** What `save({ forceUpdate: true })` throws where there is no row to update. */
  readonly NotUpdated: ModelError<ObjectNotUpdated>;
}

/** Instances of a model with the fields `F`. */
export type InstanceShape<F, L extends string, Own extends string> = ModelInstance<F, L, Own> &
  Shape<F, L> &
  ReverseShape<Own>;

/** A model class: `L` its label, `F` its fields, `Local` those it declares itself, `Parents` the labels it inherits tables from, `Base` the instances it inherits members from. */
export interface ModelClass<
  L extends string,
  F,
  Local = F,
  Parents extends string = never,
  Base = unknown,
> extends ModelErrors {
  new (values?: Partial<InputOfFields<F, L>>): InstanceShape<F, L, L | Parents> & Base;
  readonly [$label]: L;
  readonly [$fields]: F;
  readonly [$local]: Local;
  readonly [$parents]: Parents;
  /** The default manager. */
  readonly objects: Manager<L>;
  /** What the model is made of. */
  readonly meta: ModelMeta;
  /**
   * Every model is a Standard Schema of the input for a new row: `"~standard"` checks an object by the rules of the fields, without asking
   * the database. Fields that nobody edits (automatic keys, `editable: false`, generated ones) are refused like unknown names.
   * @example router.post("/products", validator(Product), ({ input }) => Product.objects.create(input));
   */
  readonly "~standard": StandardSchemaProps<SchemaValues<F, L, "in">, SchemaValues<F, L, "out">>;
  /** The schema of a change: any of the fields but the key, none of them required. */
  readonly updateSchema: SchemaOf<F, L, { readonly partial: true }>;
  /**
   * A schema of some of the fields.
   * @param options `only`, `exclude`: names of fields; `partial`: as `updateSchema`
   * @throws QueryTypeError, FieldDoesNotExist, ValueError for names that cannot be part of an input, when it first validates
   * @example const signUp = User.schema({ only: ["name", "email"] });
   */
  schema<const O extends SchemaOptions<FieldName<F>> = {}>(options?: O): SchemaOf<F, L, O>;
  /** A manager with the methods of a queryset or manager class: `static override readonly objects = this.manager(class extends QuerySet<"Product"> { … })`. */
  manager<S extends AnyQuerySet>(of: new (...args: any[]) => S): S extends { then: unknown } ? ManagerOf<S> : S;
  /** A model with a table of its own for more fields, joined by a key: Django's multi-table inheritance. */
  extend<C extends AnyConstructor, const L2 extends string, const F2 extends Fields>(
    this: C,
    label: L2,
    fields: F2,
    meta?: MetaOptions,
  ): ModelClass<L2, Omit<F, keyof F2> & Child<L, F2>, Child<L, F2>, L | Parents, InstanceType<C>>;
  /** A model over the same table, with behaviour of its own. */
  proxy<C extends AnyConstructor, const L2 extends string>(
    this: C,
    label: L2,
    meta?: MetaOptions,
  ): ModelClass<L2, F, {}, L | Parents, InstanceType<C>>;
}
/** The fields of a child, with the link to its parent unless it declares one. */
export type Child<L extends string, F2> = F2 & {
  readonly [K in `${Uncapitalize<Bare<L>>}Ptr`]: Rel<"o2o", L, ParentLink>;
};
type Bare<L extends string> = L extends `${string}.${infer N}` ? N : L;
/** Options of the implicit link to a parent. */
export interface ParentLink {
  readonly auto: true;
  readonly default: true;
  readonly parentLink: true;
}
/** Django's `Model._meta`, as far as it is public. */
export interface ModelMeta {
  readonly label: string;
  readonly appLabel: string;
  readonly modelName: string;
  readonly dbTable: string;
  readonly fields: readonly object[];
  getField(name: string): any;
  getFields(): readonly any[];
  readonly [name: string]: any;
}

/** `model("Category", { … }, { ordering: ["name"] })`. */
export interface ModelFunction {
  <const L extends string, const F extends Fields>(label: L, fields: F, meta?: MetaOptions): ModelClass<L, WithKey<F>>;
}
type AnyConstructor = abstract new (...args: any) => any;
// A class, as the compiler leaves methods of classes out where an object is spread: `{ ...timestamped }` is its fields.
/** What a group of fields can do. */
export declare class FieldGroup<F> {
  protected constructor();
  /** A model with these fields and more: `class Post extends timestamped.extend("Post", { … }) {}`. */
  extend<const L extends string, const F2 extends Fields>(
    label: L,
    fields: F2,
    meta?: MetaOptions,
  ): ModelClass<L, WithKey<Omit<F, keyof F2> & F2>>;
}
/** A group of fields that models take over, by spreading it or by `extend`; it has no table. */
export type AbstractModel<F> = F & FieldGroup<F>;
/** `const timestamped = abstractModel({ … })`. */
export interface AbstractModelFunction {
  <const F extends Fields>(fields: F, meta?: MetaOptions): AbstractModel<F>;
}

/** One database: its URL, or its settings. */
export type DatabaseSettings = string | { readonly url?: string; readonly [option: string]: unknown };
/** What `babik()` is given. */
export interface BabikSettings<A> {
  readonly databases?: { readonly default: DatabaseSettings; readonly [alias: string]: DatabaseSettings };
  /** Modules of models by app. */
  readonly apps: A;
  readonly timeZone?: string;
  readonly useTz?: boolean;
  readonly defaultAutoField?: unknown;
  /** Which database rows are read from and written to; asked in order, the first answer counts. */
  readonly databaseRouters?: readonly Router[];
  /** Keeps the last 9,000 statements of each database in `connection.queries`; not for production. */
  readonly debug?: boolean;
  /** Milliseconds from which a statement is slow: a warning of the process, or `orm.on("slow", …)`. */
  readonly slowQuery?: number;
  readonly [setting: string]: unknown;
}
/** The orm of a program. `Rest` is what the run-time offers beside the models. */
export type Orm<A, Rest = {}> = { readonly apps: A } & Rest;
/** `babik({ databases, apps })`. `Rest` is what the run-time's orm offers. */
export interface BabikFunction<Rest = {}> {
  <const A extends Readonly<Record<string, object>>>(settings: BabikSettings<A>): Orm<A, Rest>;
}
