/** The model `contenttypes.ContentType`: its fields, its manager, and what its instances can do. */
import { LookupError } from "../../base/errors.js";
import type { Field } from "../../fields/field.js";
import { AutoField } from "../../fields/keys.js";
import { CharField } from "../../fields/text.js";
import type { MetaOptions, ModelMeta } from "../../meta/options.js";
import { metaOfInstance, stateOf } from "../instance-state.js";
import { Manager } from "../manager.js";
import type { ModelClass } from "../model.js";
import type { QuerySet } from "../queryset.js";
import { baseQuerySet } from "../relations/base-query.js";
import { runtimeOf } from "../runtime.js";
import { contentTypesOf, typesOf, type ContentTypes, type ForModelOptions } from "./content-types.js";

/** Fields of the model, as Django's table has them. */
export function contentTypeFields(): Record<string, Field> {
  return {
    id: new AutoField({ primaryKey: true, autoCreated: true }),
    appLabel: new CharField({ maxLength: 100 }),
    model: new CharField({ maxLength: 100 }),
  };
}
/** `ContentType.objects`. See Django's "The ContentTypeManager". */
export class ContentTypeManager extends Manager {
  get #types(): ContentTypes {
    return contentTypesOf(runtimeOf(this.model.meta));
  }
  #options(options: ForModelOptions): ForModelOptions {
    return { using: this.getQuerySet().alias_, ...options };
  }
  getForModel(model: unknown, options: ForModelOptions = {}): Promise<object> {
    return this.#types.getForModel(model, this.#options(options));
  }
  getForModels(...models: unknown[]): Promise<Map<ModelClass, object>> {
    return this.#types.getForModels(...models);
  }
  getForId(id: unknown): Promise<object> {
    return this.#types.getForId(id, this.#options({}));
  }
  getByNaturalKey(appLabel: string, model: string): Promise<object> {
    return this.#types.getByNaturalKey(appLabel, model, this.#options({}));
  }
  clearCache(): void {
    this.#types.clearCache();
  }
}
/** Meta of the model. */
export function contentTypeMeta(): MetaOptions {
  return {
    appLabel: "contenttypes",
    dbTable: "django_content_type",
    uniqueTogether: [["appLabel", "model"]],
    verboseName: "content type",
    verboseNamePlural: "content types",
    managers: { objects: new ContentTypeManager() },
  };
}

interface ContentTypeMethods {
  /** The model, or null when no app has it any more. */
  modelClass(): ModelClass | null;
  /** The one object of the model for which the conditions hold. */
  getObjectForThisType(conditions?: unknown, options?: { readonly using?: string }): Promise<unknown>;
  /** All objects of the model for which the conditions hold. */
  getAllObjectsForThisType(conditions?: unknown): QuerySet;
}
const methods: ContentTypeMethods & ThisType<object> = {
  modelClass() {
    return (modelOf(this)?.modelClass ?? null) as ModelClass | null;
  },
  async getObjectForThisType(conditions = {}, options = {}) {
    const rows = baseQuerySet(neededModel(this));
    const using = options.using ?? stateOf(this).db;
    return (using === null ? rows : rows.using(using)).get(conditions);
  },
  getAllObjectsForThisType(conditions = {}) {
    const rows = baseQuerySet(neededModel(this));
    const using = stateOf(this).db;
    return (using === null ? rows : rows.using(using)).filter(conditions);
  },
};
function modelOf(row: object): ModelMeta | null {
  return typesOf(metaOfInstance(row)).metaOf(row);
}
function neededModel(row: object): ModelMeta {
  const meta = modelOf(row);
  if (meta === null)
    throw new LookupError("No app has the model of this content type any more.", "contenttypes.stale", {
      model: metaOfInstance(row).label,
    });
  return meta;
}
/** Puts the methods of content types on a class that has none of its own: the user may bring the model. */
export function installContentTypeMethods(prototype: object): void {
  for (const [name, value] of Object.entries(methods))
    if (!(name in prototype))
      Object.defineProperty(prototype, name, { value, configurable: true, writable: true, enumerable: false });
}
