/**
 * The schema editor: makes and removes the tables of models in a database, or collects the statements that would. What the
 * statements are is decided in `tables.ts`; here they are run.
 */
import type { CreateIndex, DdlNode } from "../ast/ddl.js";
import type { DialectInfo } from "../ast/seams.js";
import { ImproperlyConfigured } from "../base/errors.js";
import type { Database } from "../db/connection.js";
import type { BaseConstraint } from "../meta/constraints.js";
import type { Index } from "../meta/indexes.js";
import type { ModelMeta } from "../meta/options.js";
import { writeDdl } from "../sql/ddl.js";
import { existing } from "./existing.js";
import { constraintNodeOf, createIndexOf, indexNameOf } from "./indexes.js";
import { byDependency, deleteNodes, tablePlan, withThroughs } from "./tables.js";

/** Options of the schema editor. */
export interface SchemaEditorOptions {
  /** Gathers the statements in `collected` and runs none of them. */
  readonly collectSql?: boolean;
  /** Runs a block in a transaction where the database can take structure back (default true). */
  readonly atomic?: boolean;
}

/**
 * Makes tables equal to models.
 * Django: https://docs.djangoproject.com/en/stable/ref/schema-editor/
 */
export class SchemaEditor {
  readonly database: Database;
  /** The statements of `collectSql`, in order, each without a semicolon. */
  readonly collected: string[];
  readonly #options: SchemaEditorOptions;
  /** What waits for the end of the block this editor belongs to; null outside of one. */
  #deferred: DdlNode[] | null;

  constructor(database: Database, options: SchemaEditorOptions = {}, outer: SchemaEditor | null = null) {
    this.database = database;
    this.#options = options;
    this.#deferred = outer === null ? null : [];
    this.collected = outer === null ? [] : outer.collected;
  }

  /**
   * Runs `work` as one: foreign keys and indexes are added when it ends, in a transaction where the database can take
   * structure back (not MySQL and MariaDB, which commit each statement).
   * @param work is given the editor of the block; calls on the outer editor do not belong to it
   * @example await editor.run(async (block) => { await block.createModel(author); await block.createModel(book); })
   */
  async run<T>(work: (block: SchemaEditor) => T | Promise<T>): Promise<T> {
    if (this.#deferred !== null) return this.#nested(work);
    const dialect = await this.database.ready();
    const inside = async (): Promise<T> => {
      const block = new SchemaEditor(this.database, this.#options, this);
      const value = await work(block);
      await block.#flush(dialect);
      return value;
    };
    const { collectSql = false, atomic = true } = this.#options;
    return atomic && !collectSql && dialect.features.transactionalDdl ? this.database.atomic(inside) : inside();
  }
  // What failed leaves nothing to be done at the end of a block that goes on.
  async #nested<T>(work: (block: SchemaEditor) => T | Promise<T>): Promise<T> {
    const waiting = this.#deferred!.length;
    try {
      return await work(this);
    } catch (error) {
      this.#deferred!.length = waiting;
      throw error;
    }
  }

  /**
   * Makes the table of a model, its indexes and constraints, and the tables of its many-to-many fields. Proxies, swapped and
   * unmanaged models are passed over. Inside of `run` foreign keys wait for its end.
   * @throws NotSupportedError for what this database cannot do; DatabaseError from the database
   * @example await editor.createModel(Product.meta) // CREATE TABLE "shop_product" (…)
   */
  createModel(meta: ModelMeta): Promise<void> {
    return this.createModels([meta]);
  }

  /** Makes the tables of models in one go, whatever the order they are given in; they may refer to each other. */
  async createModels(metas: Iterable<ModelMeta>): Promise<void> {
    const list = [...metas];
    await this.run(async (block) => {
      const dialect = await this.database.ready();
      // All statements are made before the first one runs, so that a definition that cannot be leaves nothing behind.
      const plans = byDependency(withThroughs(list)).map((meta) => tablePlan(meta, dialect));
      const now = plans.flatMap((p) => [p.create, ...p.comments]).map((n) => writeDdl(n, dialect));
      for (const p of plans) for (const n of p.deferred) writeDdl(n, dialect);
      for (const statement of now) await block.execute(statement);
      block.#deferred!.push(...plans.flatMap((p) => p.deferred));
    });
  }

  /** Removes the table of a model and the tables of its many-to-many fields. */
  deleteModel(meta: ModelMeta): Promise<void> {
    return this.deleteModels([meta]);
  }

  /**
   * Removes the tables of models, those that refer to others first.
   * @param options with `ifExists` tables that are not there are passed over; where statements are collected there is nothing to look at
   */
  async deleteModels(metas: Iterable<ModelMeta>, options: { readonly ifExists?: boolean } = {}): Promise<void> {
    const list = [...metas];
    await this.run(async (block) => {
      const dialect = await this.database.ready();
      const all = deleteNodes(list, dialect);
      const nodes =
        options.ifExists === true && this.#options.collectSql !== true
          ? await existing(all, this.database, dialect)
          : all;
      const gone = new Set(nodes.flatMap((n) => (n.kind === "dropTable" ? [n.table] : [])));
      // What waits for a table that is removed again must not be run any more.
      block.#deferred = block.#deferred!.filter((n) => !gone.has(n.table) && !refersTo(n, gone));
      await block.#execute(nodes, dialect);
    });
  }

  /** Adds one index. Left out where the database has no indexes over expressions. */
  async addIndex(meta: ModelMeta, index: Index): Promise<void> {
    const dialect = await this.database.ready();
    const node = createIndexOf(meta, index, dialect);
    if (node !== null) await this.#execute([node], dialect);
  }
  /** Removes one index. */
  async removeIndex(meta: ModelMeta, index: Index): Promise<void> {
    const dialect = await this.database.ready();
    const node: CreateIndex | null = createIndexOf(meta, index, dialect);
    if (node !== null)
      await this.#execute([{ kind: "dropIndex", name: indexNameOf(meta, index), table: meta.dbTable }], dialect);
  }
  /** Adds one constraint. SQLite adds only those that are unique indexes; others need the table to be made anew. */
  async addConstraint(meta: ModelMeta, constraint: BaseConstraint): Promise<void> {
    const dialect = await this.database.ready();
    const node = constraintNodeOf(meta, constraint, dialect);
    if (node === null) return;
    await this.#execute(
      [node.kind === "createIndex" ? node : { kind: "addConstraint", table: meta.dbTable, constraint: node }],
      dialect,
    );
  }
  /** Removes one constraint. */
  async removeConstraint(meta: ModelMeta, constraint: BaseConstraint): Promise<void> {
    const dialect = await this.database.ready();
    const node = constraintNodeOf(meta, constraint, dialect);
    if (node === null) return;
    const name = constraint.nameFor(meta);
    await this.#execute(
      [
        node.kind === "createIndex"
          ? { kind: "dropIndex", name, table: meta.dbTable }
          : { kind: "dropConstraint", table: meta.dbTable, name, of: node.kind },
      ],
      dialect,
    );
  }

  /**
   * Runs one statement of structure, or collects it.
   * @throws ImproperlyConfigured when the statement is empty
   */
  async execute(sql: string): Promise<void> {
    if (typeof sql !== "string" || sql.trim() === "")
      throw new ImproperlyConfigured("execute() takes the text of one statement.", "schema.statement");
    if (this.#options.collectSql === true) this.collected.push(sql);
    else await this.database.run({ text: sql, params: [] });
  }

  async #execute(nodes: readonly DdlNode[], dialect: DialectInfo): Promise<void> {
    for (const node of nodes) await this.execute(writeDdl(node, dialect));
  }
  async #flush(dialect: DialectInfo): Promise<void> {
    const nodes = this.#deferred!;
    this.#deferred = [];
    await this.#execute(nodes, dialect);
  }
}

function refersTo(node: DdlNode, tables: ReadonlySet<string>): boolean {
  return (
    node.kind === "addConstraint" &&
    node.constraint.kind === "foreignKey" &&
    tables.has(node.constraint.references.table)
  );
}

/**
 * A schema editor of one database.
 * @param database the database whose structure is changed
 * @param options `collectSql` gathers the statements instead of running them
 * @example const editor = schemaEditorFor(database); await editor.createModels([author, book]);
 */
export function schemaEditorFor(database: Database, options: SchemaEditorOptions = {}): SchemaEditor {
  return new SchemaEditor(database, options);
}
