/**
 * Managers of related rows: subclasses of the manager class that the related model has, so that its own methods work on the set
 * (S60). The work is done by the set that a manager is given.
 */
import { ImproperlyConfigured, suggest } from "../../base/errors.js";
import { Manager } from "../manager.js";
import { managersOf } from "../managers-of.js";
import type { ModelClass } from "../model.js";
import type { QuerySet } from "../queryset.js";
import type { Call, RelatedSet } from "./related-set.js";

type Options = Record<string, unknown>;
/** What every manager of related rows can do besides the methods of its querysets. */
export interface RelatedMethods {
  /**
   * Makes and saves a row that is in the set.
   * @param options `throughDefaults` (many-to-many): values for the model between
   * @example await category.products.create({ name: "Cable", price: "9.95" }); // INSERT INTO … ("name", "price", "category_id") VALUES …
   * @see https://docs.djangoproject.com/en/dev/ref/models/relations/#django.db.models.fields.related.RelatedManager.create
   */
  create(values?: Options, options?: Options): Promise<unknown>;
  /** Looks for a row in the set, and makes one when there is none. Gives the row and whether it was made. */
  getOrCreate(conditions: Options, options?: Options): Promise<unknown>;
  /** Like `getOrCreate`, but a row that was found gets the `defaults`. */
  updateOrCreate(conditions: Options, options?: Options): Promise<unknown>;
  /**
   * Puts rows into the set. Many-to-many sets take keys too, and pass over what is in the set already.
   * @param rows instances (or keys), and at the end options: `bulk: false` saves each row, `throughDefaults` as for `create`
   * @throws ValueError for unsaved rows, QueryTypeError for rows of other models
   * @example
   * await category.products.add(a, b); // UPDATE "shop_product" SET "category_id" = 1 WHERE "id" IN (1, 2)
   * await book.authors.add(jean, 7);   // INSERT INTO "shop_book_authors" … ON CONFLICT DO NOTHING
   * @see https://docs.djangoproject.com/en/dev/ref/models/relations/#django.db.models.fields.related.RelatedManager.add
   */
  add(...rows: unknown[]): Promise<void>;
  /**
   * Takes rows out of the set; the rows themselves stay.
   * @throws QueryTypeError where the foreign key cannot be null, DoesNotExist for a row that is not in the set
   * @example await customer.gifts.remove(order); // UPDATE … SET "gift_id" = NULL WHERE "gift_id" = 1 AND "id" IN (3)
   * @see https://docs.djangoproject.com/en/dev/ref/models/relations/#django.db.models.fields.related.RelatedManager.remove
   */
  remove(...rows: unknown[]): Promise<void>;
  /**
   * Takes all rows out of the set.
   * @throws QueryTypeError where the foreign key cannot be null
   * @example await book.authors.clear(); // DELETE FROM "shop_book_authors" WHERE "book_id" = 1
   * @see https://docs.djangoproject.com/en/dev/ref/models/relations/#django.db.models.fields.related.RelatedManager.clear
   */
  clear(options?: Options): Promise<void>;
  /**
   * Makes these rows the set: what is missing is added, what is too much removed, in one transaction.
   * @param rows a list or a queryset
   * @param options `clear: true` empties the set first; `bulk`, `throughDefaults` as for `add`
   * @example await book.authors.set([jean, kim]);
   * @see https://docs.djangoproject.com/en/dev/ref/models/relations/#django.db.models.fields.related.RelatedManager.set
   */
  set(rows: unknown, options?: Options): Promise<void>;
  /** Number of rows; of a many-to-many set without reading the table on the other side. */
  count(): Promise<number>;
  /** Whether the set has rows. */
  exists(): Promise<boolean>;
  /** The same set through another manager of the related model: `blog.posts.manager("published")`. */
  manager(name: string): Manager;
}
type RelatedClass = new (set: RelatedSet) => Manager & RelatedMethods;
type Creating = Record<"create" | "getOrCreate" | "updateOrCreate", Call>;

const classes = new WeakMap<typeof Manager, RelatedClass>();
function relatedClass(Base: typeof Manager): RelatedClass {
  let made = classes.get(Base);
  if (made === undefined) classes.set(Base, (made = makeClass(Base)));
  return made;
}
function makeClass(Base: typeof Manager): RelatedClass {
  // What the manager class itself does: a `create` of the user's own is called as Django's super() would.
  const outer = Base.prototype as unknown as Creating;
  class Related extends Base implements RelatedMethods {
    readonly #set: RelatedSet;
    constructor(set: RelatedSet) {
      super();
      this.#set = set;
    }
    override get model(): ModelClass {
      return this.#set.related.modelClass as ModelClass;
    }
    override get name(): string {
      return this.#set.cacheName;
    }
    override getQuerySet(): QuerySet {
      return this.#set.getQuerySet();
    }
    override all(): QuerySet {
      return this.#set.getQuerySet();
    }
    override dbManager(using: string | null = null, hints: Readonly<Options> | null = null): this {
      const { source } = this.#set;
      return relatedManager(
        this.#set.from({ ...source, alias: using ?? source.alias, hints: hints ?? source.hints }),
      ) as unknown as this;
    }
    /** The same rows through another manager of the related model. */
    manager(name: string): Manager {
      const { related } = this.#set;
      const own = (related.modelClass as unknown as { readonly objects?: unknown }).objects;
      const found = managersOf(related).get(name) ?? (name === "objects" && own instanceof Manager ? own : undefined);
      if (found === undefined)
        throw new ImproperlyConfigured(
          `${related.objectName} has no manager named '${name}'.${suggest(name, managersOf(related).keys())}`,
          "relation.manager",
          { model: related.label },
        );
      return relatedManager(this.#set.from({ ...this.#set.source, manager: found }));
    }
    #writing(): this {
      return this.dbManager(this.#set.source.alias ?? this.#set.writeTo(this.#set.related).alias);
    }
    async create(values: Options = {}, options: Options = {}): Promise<unknown> {
      return this.#set.create((...args) => outer.create.apply(this.#writing(), args), values, options);
    }
    async getOrCreate(conditions: Options, options: Options = {}): Promise<unknown> {
      return this.#set.getOrCreate((...args) => outer.getOrCreate.apply(this.#writing(), args), conditions, options);
    }
    async updateOrCreate(conditions: Options, options: Options = {}): Promise<unknown> {
      return this.#set.updateOrCreate(
        (...args) => outer.updateOrCreate.apply(this.#writing(), args),
        conditions,
        options,
      );
    }
    async add(...rows: unknown[]): Promise<void> {
      await this.#set.add(rows);
    }
    async remove(...rows: unknown[]): Promise<void> {
      await this.#set.remove(rows);
    }
    async clear(options: Options = {}): Promise<void> {
      await this.#set.clear(options);
    }
    async set(rows: unknown, options: Options = {}): Promise<void> {
      await this.#set.set(rows, options);
    }
    getOrder(): Promise<unknown[]> {
      return this.#set.getOrder();
    }
    setOrder(keys: Iterable<unknown>): Promise<void> {
      return this.#set.setOrder(keys);
    }
    async count(): Promise<number> {
      return (this.#set.shortcut() ?? this.#set.getQuerySet()).count();
    }
    async exists(): Promise<boolean> {
      return (this.#set.shortcut() ?? this.#set.getQuerySet()).exists();
    }
    override toString(): string {
      return `related rows of ${this.#set.related.label}`;
    }
    [Symbol.for("nodejs.util.inspect.custom")](): string {
      return this.toString();
    }
    toJSON(): undefined {
      return undefined;
    }
  }
  return Related;
}

/** The manager of a set of related rows. */
export function relatedManager(set: RelatedSet): Manager & RelatedMethods {
  return new (relatedClass(set.source.manager.constructor as typeof Manager))(set);
}
