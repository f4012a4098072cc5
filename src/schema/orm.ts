/** The orm as users get it: models, databases, and the schema editor. */
import type { ModelMeta } from "../meta/options.js";
import { contentTypesIn, type ContentTypes } from "../orm/contenttypes/content-types.js";
import { defineOrm, Orm, type BabikSettings } from "../orm/define.js";
import type { ModelClass } from "../orm/model.js";
import { SchemaEditor, type SchemaEditorOptions } from "./editor.js";

export class BabikOrm extends Orm {
  /** Makes and removes tables of a database. */
  schemaEditor(alias = "default", options: SchemaEditorOptions = {}): SchemaEditor {
    return new SchemaEditor(this.connection(alias), options);
  }
  /**
   * Makes the tables of all models that the routers allow in the database, or of the given ones. With the table of content types
   * come the rows of all models.
   */
  async createTables(models: readonly ModelClass[] | null = null, alias = "default"): Promise<void> {
    const metas = this.#metasOf(models, alias);
    await this.schemaEditor(alias).createModels(metas);
    const types = this.#typesAmong(metas);
    if (types === undefined) return;
    types.clearCache();
    await types.createMissing(alias);
  }
  /** Drops the tables of all models, or of the given ones. Tables that are not there are passed over. */
  async dropTables(models: readonly ModelClass[] | null = null, alias = "default"): Promise<void> {
    const metas = this.#metasOf(models, alias);
    await this.schemaEditor(alias).deleteModels(metas, { ifExists: true });
    this.#typesAmong(metas)?.clearCache();
  }
  // All models are those that the routers let into the database; what is named is taken as it is.
  #metasOf(models: readonly ModelClass[] | null, alias: string): ModelMeta[] {
    if (models !== null) return models.map((m) => m.meta);
    const { routing } = this.runtime;
    return this.models.map((m) => m.meta).filter((meta) => routing.allowMigrate(alias, meta));
  }
  #typesAmong(metas: readonly ModelMeta[]): ContentTypes | undefined {
    const types = contentTypesIn(this.runtime);
    return types !== undefined && metas.includes(types.meta) && types.meta.options.managed !== false
      ? types
      : undefined;
  }
}
/** `babik({ databases, apps })`. */
export function babik(settings: BabikSettings): BabikOrm {
  return defineOrm(settings, BabikOrm);
}
