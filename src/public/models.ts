/**
 * Models, managers, querysets and the orm as users see them: the run-time functions under their public types. Only casts,
 * the public members of the orm, and documentation stand here.
 */
import { atomic as block } from "../orm/blocks.js";
import { abstractModel as makeAbstract, defineModel } from "../orm/define.js";
import { GenericPrefetch as makeGenericPrefetch } from "../orm/contenttypes/prefetch.js";
import { Manager as RunTimeManager } from "../orm/manager.js";
import { Prefetch as makePrefetch, prefetchRelatedObjects as prefetch } from "../orm/prefetch.js";
import { QuerySet as RunTimeQuerySet } from "../orm/queryset.js";
import { onlyFields as allowOnly } from "../orm/untrusted.js";
import { sql as template } from "../orm/raw.js";
import type { Transaction, TransactionOptions } from "../db/begin.js";
import type { AtomicOptions } from "../db/transaction.js";
import type { Database } from "../db/connection.js";
import type { ListenOptions, QueryEventName, QueryListener } from "../db/listeners.js";
import * as deletion from "../fields/relations.js";
import type { BaseConstraint } from "../meta/constraints.js";
import type { Index } from "../meta/indexes.js";
import type { OnDelete } from "../orm/types/fields.types.js";
import type { AnyQuerySet } from "../orm/types/lookups.types.js";
import type * as managers from "../orm/types/manager.types.js";
import type * as models from "../orm/types/model.types.js";
import type * as querysets from "../orm/types/queryset.types.js";
import type { AnyModelClass } from "../orm/types/registry.types.js";
import { babik as makeOrm } from "../schema/orm.js";
import type { SchemaEditorOptions } from "../schema/editor.js";

/**
 * Makes the class that a model extends. Labels of other models are text, so cycles need no order and no generated code.
 * @param label name of the model: `"Product"`, or `"shop.Product"` where two apps have one of that name
 * @param fields its fields by name; an `id` is added where none is the primary key
 * @param meta Django's `Meta` in camelCase
 * @throws ImproperlyConfigured for a label or fields that are none; other mistakes are told by `babik()`, all at once
 * @example
 * class Product extends model("Product", {
 *   name: CharField({ maxLength: 200 }),
 *   category: ForeignKey("Category", { onDelete: CASCADE, relatedName: "products" }),
 * }, { ordering: ["name"] }) {}
 * @see https://docs.djangoproject.com/en/stable/topics/db/models/
 */
export const model = defineModel as unknown as models.ModelFunction;
/**
 * A group of fields and options that models take over; it has no table.
 * @example
 * const timestamped = abstractModel({ created: DateTimeField({ autoNowAdd: true }) });
 * class Post extends timestamped.extend("Post", { title: CharField({ maxLength: 80 }) }) {}
 * class Note extends model("Note", { ...timestamped, text: TextField() }) {}
 * @see https://docs.djangoproject.com/en/stable/topics/db/models/#abstract-base-classes
 */
export const abstractModel = makeAbstract as unknown as models.AbstractModelFunction;

/**
 * Makes the orm of a program: its models, its databases, its settings.
 * @param settings `databases` by alias (URLs or settings), `apps` (modules of models by name), `timeZone`, `databaseRouters`, …
 * @throws ImproperlyConfigured for an unknown setting, and with every mistake in the definitions of models at once
 * @example
 * export const orm = babik({ databases: { default: "sqlite:db.sqlite3" }, apps: { shop } });
 * declare module "babik" { interface Register { orm: typeof orm } }
 * @see https://docs.djangoproject.com/en/stable/ref/settings/#databases
 */
export const babik = makeOrm as unknown as models.BabikFunction<OrmMembers>;

/** What an orm offers beside its models. */
export interface OrmMembers {
  /** The database of an alias: connections, cursors, transactions. */
  connection(alias?: string): Database;
  /** Aliases of all databases. */
  readonly databases: readonly string[];
  /** All models, those that babik made for many-to-many relations included. */
  readonly models: readonly LooseModel[];
  /** A model by its label. @throws LookupError where there is none */
  getModel(label: string): LooseModel;
  /** Runs `fn` in a transaction, or in a savepoint of the one that runs. See `atomic`. */
  atomic<T>(fn: () => T, options?: AtomicOptions & { readonly using?: string }): Promise<Awaited<T>>;
  /**
   * Begins a transaction and gives a handle to it. What is awaited inside of `tx.run()` belongs to it, and so does what
   * `using(tx)` and `save({ using: tx })` send. Without `commit()` it is rolled back when it is disposed of.
   * @param options `using` (alias), `isolation`, `readOnly`, `deferrable`, `signal`
   * @throws TransactionManagementError inside of an atomic block of that database
   * @example
   * await using tx = await orm.begin();
   * const order = await Order.objects.using(tx).create({ customer });
   * await tx.run(() => bookStock(order));
   * await tx.commit();
   * @see https://docs.djangoproject.com/en/stable/topics/db/transactions/#low-level-apis
   */
  begin(options?: TransactionOptions & { readonly using?: string }): Promise<Transaction>;
  /**
   * Calls `listener` for every statement once it has ended (`"query"`), or for those that took too long (`"slow"`). The record
   * holds no parameters unless they are asked for, and its `line` is one line whatever the statement holds.
   * @param options `using` (alias; else all databases), `params`, and for `"slow"` `over` (milliseconds; else the setting `slowQuery`)
   * @returns a function that takes the listener away
   * @throws ValueError for another event or option, or `"slow"` without a limit
   * @example const off = orm.on("query", (query) => console.debug(query.line));
   * @see https://docs.djangoproject.com/en/stable/ref/logging/#django-db-backends
   */
  on(event: QueryEventName, listener: QueryListener, options?: ListenOptions & { readonly using?: string }): () => void;
  /** Makes and removes tables, indexes and constraints. */
  schemaEditor(alias?: string, options?: SchemaEditorOptions): SchemaEditor;
  /** Makes the tables of all models, or of the given ones. With the table of content types come the rows of all models. */
  createTables(models?: readonly AnyModelClass[] | null, alias?: string): Promise<void>;
  /** Drops the tables of all models, or of the given ones. Tables that are not there are passed over. */
  dropTables(models?: readonly AnyModelClass[] | null, alias?: string): Promise<void>;
  /** The content types of the models, where some model has a generic relation or `contentTypes: true` was set. */
  readonly contentTypes: ContentTypes;
  /** Ends all connections. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}
/** A row of `contenttypes.ContentType`: it stands for a model. */
export interface ContentType {
  readonly pk: number;
  /** The model, or null when no app has it any more. */
  modelClass(): LooseModel | null;
  /** The one object of the model for which the conditions hold. */
  getObjectForThisType(
    conditions?: Readonly<Record<string, unknown>>,
    options?: { readonly using?: string },
  ): Promise<object>;
  /** All objects of the model for which the conditions hold. */
  getAllObjectsForThisType(conditions?: Readonly<Record<string, unknown>>): querysets.QuerySet;
}
/**
 * The content types of an orm: the row that stands for each model, cached for each database.
 * @see https://docs.djangoproject.com/en/stable/ref/contrib/contenttypes/#the-contenttypemanager
 */
export interface ContentTypes {
  /** The model of the rows, for queries: `orm.contentTypes.model.objects.filter({ appLabel: "shop" })`. */
  readonly model: LooseModel;
  /** The content type of a model or an instance; its row is made if there is none. */
  getForModel(
    model: object,
    options?: { readonly forConcreteModel?: boolean; readonly using?: string | null },
  ): Promise<ContentType>;
  /** The content types of several models, by model. A last object has options. */
  getForModels(...models: readonly object[]): Promise<Map<AnyModelClass, ContentType>>;
  getForId(id: unknown, options?: { readonly using?: string | null }): Promise<ContentType>;
  getByNaturalKey(appLabel: string, model: string, options?: { readonly using?: string | null }): Promise<ContentType>;
  /** Forgets what is cached; needed where rows were changed by other means. */
  clearCache(): void;
  /** Makes the rows of all models that have none. */
  createMissing(alias?: string): Promise<void>;
}
/** A model that was found by its label at run time: nothing is known of its fields. */
export interface LooseModel extends AnyModelClass {
  new (values?: Readonly<Record<string, unknown>>): querysets.RowOf<querysets.QuerySet>;
  readonly objects: managers.Manager;
  readonly meta: models.ModelMeta;
}
/** Makes tables equal to models; what a model's `meta` says is what is made. */
export interface SchemaEditor {
  /** The statements so far, where the option `collectSql` is set. */
  readonly collected: readonly string[];
  createModel(meta: models.ModelMeta): Promise<void>;
  createModels(metas: Iterable<models.ModelMeta>): Promise<void>;
  deleteModel(meta: models.ModelMeta): Promise<void>;
  deleteModels(metas: Iterable<models.ModelMeta>, options?: { readonly ifExists?: boolean }): Promise<void>;
  addIndex(meta: models.ModelMeta, index: Index): Promise<void>;
  removeIndex(meta: models.ModelMeta, index: Index): Promise<void>;
  addConstraint(meta: models.ModelMeta, constraint: BaseConstraint): Promise<void>;
  removeConstraint(meta: models.ModelMeta, constraint: BaseConstraint): Promise<void>;
  execute(sql: string): Promise<void>;
}

/**
 * A lazy, immutable query. Users extend it: `class extends QuerySet<"Product"> { cheap() { … } }`; instances come from
 * managers only. A program that emits declarations (`declaration: true`) has to name such a class.
 * @see https://docs.djangoproject.com/en/stable/ref/models/querysets/
 */
export const QuerySet = RunTimeQuerySet as unknown as querysets.QuerySetConstructor;
/** A query of the model labelled `L`. */
export type QuerySet<L extends string = string> = querysets.QuerySet<L>;
/**
 * Where a model's querysets come from. Users extend it to change what they start from:
 * `class extends Manager<"Post"> { override getQuerySet() { return super.getQuerySet().filter({ published: true }); } }`.
 * @see https://docs.djangoproject.com/en/stable/topics/db/managers/
 */
export const Manager = RunTimeManager as unknown as managers.ManagerConstructor;
/** A manager of the model labelled `L`. */
export type Manager<L extends string = string> = managers.Manager<L>;
/**
 * A path for `prefetchRelated` with a queryset of its own, or a name of its own for the list it makes.
 * @example Author.objects.prefetchRelated(Prefetch("books", { queryset: Book.objects.filter({ stars: 5 }), toAttr: "raves" }))
 * @see https://docs.djangoproject.com/en/stable/ref/models/querysets/#prefetch-objects
 */
export const Prefetch = makePrefetch as unknown as querysets.PrefetchFunction;
/**
 * A generic key for `prefetchRelated` with a queryset for each model that it may lead to.
 * @example TaggedItem.objects.prefetchRelated(GenericPrefetch("contentObject", [Product.objects.filter({ inStock: true }), Order.objects.all()]))
 * @see https://docs.djangoproject.com/en/stable/ref/contrib/contenttypes/#genericprefetch
 */
export const GenericPrefetch = makeGenericPrefetch as unknown as <
  const P extends string,
  const A extends string = never,
>(
  lookup: P,
  querysets: readonly AnyQuerySet[],
  options?: { readonly toAttr?: A },
) => querysets.Prefetched;
/** Loads relations of instances that were read before: `await prefetchRelatedObjects(authors, "books", "books__reviews")`. */
export const prefetchRelatedObjects = prefetch as (
  instances: readonly object[],
  ...lookups: readonly (string | querysets.Prefetched)[]
) => Promise<void>;
/**
 * SQL with its values apart, for `raw()`: what stands in `${…}` is always a parameter, never text.
 * @example await Product.objects.raw(sql`SELECT * FROM shop_product WHERE price < ${20}`)
 */
export const sql = template as unknown as (
  strings: TemplateStringsArray,
  ...values: readonly unknown[]
) => querysets.SqlTemplate;

/**
 * Values out of a request, of which only those with these names may be there; others are refused, not left out.
 * @param values an object, such as the body of a request
 * @param names names of fields that it may have
 * @returns an object of the same values
 * @throws FieldError `untrusted.name` for another name; QueryTypeError for what is no plain object
 * @example await category.products.create(onlyFields(body, ["name", "price"]))
 */
export const onlyFields = allowOnly as unknown as querysets.OnlyFieldsFunction;
/**
 * Runs `fn` in a transaction: all of what it does, or nothing. Inside of another block it is a savepoint.
 * @param options `using` (alias), `durable`, `savepoint`, `isolation`, `retries` on conflicts between transactions
 * @returns what `fn` gives, rows where that is a queryset
 * @throws what `fn` throws, after taking everything back; TransactionManagementError for a durable block within another
 * @example await atomic(async () => { await order.save(); await stock.save(); }, { isolation: "serializable", retries: 5 })
 * @see https://docs.djangoproject.com/en/stable/topics/db/transactions/#django.db.transaction.atomic
 */
export const atomic = block as unknown as <T>(
  fn: () => T,
  options?: AtomicOptions & { readonly using?: string },
) => Promise<Awaited<T>>;

/** Rows that refer to a deleted row are deleted too. */
export const CASCADE: OnDelete = deletion.CASCADE;
/** A row that is referred to cannot be deleted: `ProtectedError`. */
export const PROTECT: OnDelete = deletion.PROTECT;
/** As `PROTECT`, unless the referring row is deleted by another cascade of the same deletion: `RestrictedError`. */
export const RESTRICT: OnDelete = deletion.RESTRICT;
/** The reference becomes NULL. */
export const SET_NULL: OnDelete = deletion.SET_NULL;
/** The reference becomes its default. */
export const SET_DEFAULT: OnDelete = deletion.SET_DEFAULT;
/** The reference becomes a value, or what a function gives: `onDelete: SET(() => 1)`. */
export const SET: (value: unknown) => OnDelete = deletion.SET;
/** Nothing is done; the database may object. */
export const DO_NOTHING: OnDelete = deletion.DO_NOTHING;
/** The database deletes referring rows itself: `ON DELETE CASCADE`. */
export const DB_CASCADE: OnDelete = deletion.DB_CASCADE;
/** The database sets NULL itself: `ON DELETE SET NULL`. */
export const DB_SET_NULL: OnDelete = deletion.DB_SET_NULL;
/** The database sets the default itself: `ON DELETE SET DEFAULT`. */
export const DB_SET_DEFAULT: OnDelete = deletion.DB_SET_DEFAULT;
