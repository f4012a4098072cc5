/** The orm as users get it: models, databases, and the schema editor. */
import { defineOrm, Orm, type BabikSettings } from "../orm/define.js";
import type { ModelClass } from "../orm/model.js";
import { SchemaEditor, type SchemaEditorOptions } from "./editor.js";

export class BabikOrm extends Orm {
  /** Makes and removes tables of a database. */
  schemaEditor(alias = "default", options: SchemaEditorOptions = {}): SchemaEditor {
    return new SchemaEditor(this.connection(alias), options);
  }
  /** Makes the tables of all models, or of the given ones. */
  async createTables(models: readonly ModelClass[] | null = null, alias = "default"): Promise<void> {
    await this.schemaEditor(alias).createModels((models ?? this.models).map((m) => m.meta));
  }
  /** Drops the tables of all models, or of the given ones. */
  async dropTables(models: readonly ModelClass[] | null = null, alias = "default"): Promise<void> {
    await this.schemaEditor(alias).deleteModels((models ?? this.models).map((m) => m.meta));
  }
}
/** `babik({ databases, apps })`. */
export function babik(settings: BabikSettings): BabikOrm {
  return defineOrm(settings, BabikOrm);
}
