/**
 * The content types of an orm: the row of each model, found or made, per database. Statements learn keys of content types here
 * when they are bound. It must not know fields of users' models.
 */
import type { LateValue } from "../../ast/seams.js";
import { ImproperlyConfigured, QueryTypeError } from "../../base/errors.js";
import { isInstance } from "../../ast/slots.js";
import type { Database } from "../../db/connection.js";
import type { Field } from "../../fields/field.js";
import { CONTENT_TYPE_LABEL } from "../../meta/checks-generic.js";
import type { ModelMeta } from "../../meta/options.js";
import { metaOfInstance, pkOf, rawValue, stateOf } from "../instance-state.js";
import type { ModelClass } from "../model.js";
import { doesNotExist } from "../model-errors.js";
import { QuerySet } from "../queryset.js";
import { plainParts } from "../queryset-core.js";
import { runtimeOf, type Runtime } from "../runtime.js";
import { once } from "../relations/shared-work.js";
import { ContentTypeCache } from "./cache.js";

/** Options of `getForModel` and its like. */
export interface ForModelOptions {
  /** A proxy counts as the model behind it (default true). */
  readonly forConcreteModel?: boolean;
  /** Alias of the database; the routers decide where it is left out. */
  readonly using?: string | null;
}

/** Content types of one orm: `orm.contentTypes`. See Django's "The ContentTypeManager". */
export class ContentTypes {
  readonly meta: ModelMeta;
  private readonly runtime: Runtime;
  private readonly cache = new ContentTypeCache();
  private readonly late = new Map<string, LateValue>();
  private readonly appLabel: Field;
  private readonly modelName: Field;

  constructor(meta: ModelMeta, runtime: Runtime) {
    this.meta = meta;
    this.runtime = runtime;
    // A model of the user's own may call its fields otherwise; the table is the same.
    this.appLabel = byColumn(meta, "app_label");
    this.modelName = byColumn(meta, "model");
  }
  /** The model whose rows stand for models. */
  get model(): ModelClass {
    return this.meta.modelClass as ModelClass;
  }

  // ---- what is known without asking ---------------------------------------------------------------------------
  /** The row of a model in a database, if it is known. */
  known(db: Database, meta: ModelMeta): object | undefined {
    return this.cache.named(db, nameOf(meta));
  }
  knownById(db: Database, id: unknown): object | undefined {
    return this.cache.keyed(db, id);
  }
  /** Key of a model's row, for statements. */
  keyOf(meta: ModelMeta): LateValue {
    const name = nameOf(meta);
    let late = this.late.get(name);
    if (late === undefined) {
      late = {
        key: `ct:${name}`,
        // Where there is no row no other row can refer to it, and nothing equals NULL. Others may make it any time: it is asked for again.
        ready: (db) => (this.cache.named(db as Database, name) === undefined ? this.fill(db as Database) : undefined),
        value: (db) => {
          const row = this.cache.named(db as Database, name);
          return row === undefined ? null : pkOf(row);
        },
      };
      this.late.set(name, late);
    }
    return late;
  }
  /** Reads all rows of a database into the cache, by one query. */
  fill(db: Database): Promise<void> {
    return once(db, "content types", db, async () => {
      const rows = this.cache.rows(db);
      for (const row of (await this.all(db).rows()) as object[]) rows.put(this.rowName(row), row);
    });
  }
  private all(db: Database): QuerySet {
    return new QuerySet(plainParts(this.meta)).using(db.alias);
  }
  private rowName(row: object): string {
    return `${String(rawValue(row, this.appLabel.attname))}.${String(rawValue(row, this.modelName.attname))}`;
  }
  /** The database that is asked for content types. */
  database(using: string | null | undefined, write = false): Database {
    return this.runtime.database(using ?? this.runtime.route(this.meta, write));
  }

  // ---- Django's manager methods -------------------------------------------------------------------------------
  /**
   * The content type of a model or of an instance; its row is made if there is none.
   * @example await orm.contentTypes.getForModel(Product); // at most SELECT … FROM "django_content_type"
   * @see https://docs.djangoproject.com/en/stable/ref/contrib/contenttypes/#django.contrib.contenttypes.models.ContentTypeManager.get_for_model
   */
  async getForModel(model: unknown, options: ForModelOptions = {}): Promise<object> {
    const meta = this.metaFor(model, options.forConcreteModel ?? true);
    const db = this.database(options.using);
    const known = this.known(db, meta);
    if (known !== undefined) return known;
    await this.fill(db);
    return this.known(db, meta) ?? this.make(meta, options.using);
  }
  private async make(meta: ModelMeta, using: string | null | undefined): Promise<object> {
    const db = this.database(using, true);
    const [row] = await this.all(db).getOrCreate({
      [this.appLabel.name]: meta.appLabel,
      [this.modelName.name]: meta.modelName,
    });
    this.cache.rows(db).put(nameOf(meta), row);
    return row;
  }
  /**
   * The content types of several models, by model.
   * @example const types = await orm.contentTypes.getForModels(Product, Order); types.get(Product)
   */
  async getForModels(...given: unknown[]): Promise<Map<ModelClass, object>> {
    const last = given.at(-1);
    const options =
      typeof last === "object" && last !== null && !isInstance(last)
        ? (last as { forConcreteModels?: boolean } & ForModelOptions)
        : {};
    const models = options === last ? given.slice(0, -1) : given;
    const out = new Map<ModelClass, object>();
    for (const model of models)
      out.set(
        this.metaFor(model, false).modelClass as ModelClass,
        await this.getForModel(model, {
          forConcreteModel: options.forConcreteModels ?? true,
          using: options.using ?? null,
        }),
      );
    return out;
  }
  /** The content type with a key. @throws the model's DoesNotExist */
  async getForId(id: unknown, options: ForModelOptions = {}): Promise<object> {
    const db = this.database(options.using);
    if (this.knownById(db, id) === undefined) await this.fill(db);
    const found = this.knownById(db, id);
    if (found === undefined) throw doesNotExist(this.meta);
    return found;
  }
  /** The content type of an app's label and a model's name in lower case. @throws the model's DoesNotExist */
  async getByNaturalKey(appLabel: string, model: string, options: ForModelOptions = {}): Promise<object> {
    const db = this.database(options.using);
    const name = `${appLabel}.${model}`;
    if (this.cache.named(db, name) === undefined) await this.fill(db);
    const found = this.cache.named(db, name);
    if (found === undefined) throw doesNotExist(this.meta);
    return found;
  }
  /** Forgets all rows: they are read anew. */
  clearCache(): void {
    this.cache.clear();
  }
  /** Makes the rows of all models that have none yet, as Django does after migrating. */
  async createMissing(alias = "default"): Promise<void> {
    const db = this.database(alias, true);
    await this.fill(db);
    const missing = [...this.runtime.registry.models.values()].filter(
      (meta) => meta.autoCreated === null && this.known(db, meta) === undefined,
    );
    if (missing.length === 0) return;
    const Class = this.model;
    const rows = missing.map(
      (meta) => new Class({ [this.appLabel.name]: meta.appLabel, [this.modelName.name]: meta.modelName }),
    );
    // Another process may make them at the same time.
    await this.all(db).bulkCreate(rows, { ignoreConflicts: db.dialect.features.ignoreConflicts });
    await this.fill(db);
  }

  // ---- from a row to its model --------------------------------------------------------------------------------
  /** The model a content type stands for; null when no app has it any more. */
  metaOf(row: object): ModelMeta | null {
    const app = rawValue(row, this.appLabel.attname),
      name = rawValue(row, this.modelName.attname);
    for (const m of this.runtime.registry.models.values()) if (m.appLabel === app && m.modelName === name) return m;
    return null;
  }
  private metaFor(model: unknown, concrete: boolean): ModelMeta {
    const meta = isInstance(model)
      ? metaOfInstance(model)
      : typeof model === "function"
        ? (model as unknown as ModelClass).meta
        : undefined;
    if (meta === undefined)
      throw new QueryTypeError(
        "Content types are those of models: give a model's class, or an instance.",
        "contenttypes.model",
      );
    return concrete ? meta.concrete : meta;
  }
}

/** `app.model`, as the table has it. */
function nameOf(meta: ModelMeta): string {
  return `${meta.appLabel}.${meta.modelName}`;
}
function byColumn(meta: ModelMeta, column: string): Field {
  const field = meta.concreteFields.find((f) => f.column === column);
  if (field === undefined)
    throw new ImproperlyConfigured(
      `The model ${meta.label} needs a field with the column '${column}', as Django's has.`,
      "contenttypes.field",
      { model: meta.label },
    );
  return field;
}

const all = new WeakMap<Runtime, ContentTypes>();
/** Gives an orm its content types. */
export function attachContentTypes(runtime: Runtime): void {
  const meta = runtime.registry.models.get(CONTENT_TYPE_LABEL);
  if (meta === undefined) return;
  const types = new ContentTypes(meta, runtime);
  all.set(runtime, types);
  for (const m of runtime.registry.models.values()) m.contentTypes = (of) => types.keyOf(of);
}
/** The content types of an orm, where it has any. */
export function contentTypesIn(runtime: Runtime): ContentTypes | undefined {
  return all.get(runtime);
}
/** The content types of an orm. @throws ImproperlyConfigured where it has none */
export function contentTypesOf(runtime: Runtime): ContentTypes {
  const types = all.get(runtime);
  if (types === undefined)
    throw new ImproperlyConfigured(
      "This orm has no content types: no model has a generic relation. Ask for them by babik({ contentTypes: true }).",
      "contenttypes.none",
    );
  return types;
}
/** The content types that a model's relations mean. */
export function typesOf(meta: ModelMeta): ContentTypes {
  return contentTypesOf(runtimeOf(meta));
}
/** The database an instance lives in, or where content types are by themselves. */
export function databaseFor(types: ContentTypes, instance: object): Database {
  return types.database(stateOf(instance).db);
}
