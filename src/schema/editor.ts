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
  readonly collected: string[] = [];
  readonly #collect: boolean;
  readonly #atomic: boolean;
  #deferred: DdlNode[] = [];
  #depth = 0;

  constructor(database: Database, options: SchemaEditorOptions = {}) {
    this.database = database;
    this.#collect = options.collectSql ?? false;
    this.#atomic = options.atomic ?? true;
  }

  /**
   * Runs `work` as one: foreign keys and indexes are added when it ends, in a transaction where the database can take
   * structure back (not MySQL and MariaDB, which commit each statement).
   * @example await editor.run(async () => { await editor.createModel(author); await editor.createModel(book); })
   */
  async run<T>(work: (editor: this) => T | Promise<T>): Promise<T> {
    const dialect = await this.database.ready();
    const inside = async (): Promise<T> => {
      this.#depth++;
      const waiting = this.#deferred.length;
      try {
        const value = await work(this);
        if (this.#depth === 1) await this.#flush(dialect);
        return value;
      } catch (error) {
        this.#deferred.length = waiting;
        throw error;
      } finally {
        this.#depth--;
      }
    };
    const transaction = this.#atomic && !this.#collect && this.#depth === 0 && dialect.features.transactionalDdl;
    return transaction ? this.database.atomic(inside) : inside();
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
    await this.run(async () => {
      const dialect = await this.database.ready();
      for (const meta of byDependency(withThroughs(list))) {
        const plan = tablePlan(meta, dialect);
        await this.#execute([plan.create, ...plan.comments], dialect);
        this.#deferred.push(...plan.deferred);
      }
    });
  }

  /** Removes the table of a model and the tables of its many-to-many fields. */
  deleteModel(meta: ModelMeta): Promise<void> {
    return this.deleteModels([meta]);
  }

  /** Removes the tables of models, those that refer to others first. */
  async deleteModels(metas: Iterable<ModelMeta>): Promise<void> {
    const list = [...metas];
    await this.run(async () => {
      const dialect = await this.database.ready();
      const nodes = deleteNodes(list, dialect);
      const gone = new Set(nodes.flatMap((n) => (n.kind === "dropTable" ? [n.table] : [])));
      // What waits for a table that is removed again must not be run any more.
      this.#deferred = this.#deferred.filter((n) => !gone.has(n.table) && !refersTo(n, gone));
      await this.#execute(nodes, dialect);
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
    if (node !== null) await this.#execute([{ kind: "dropIndex", name: indexNameOf(meta, index), table: meta.dbTable }], dialect);
  }
  /** Adds one constraint. SQLite adds only those that are unique indexes; others need the table to be made anew. */
  async addConstraint(meta: ModelMeta, constraint: BaseConstraint): Promise<void> {
    const dialect = await this.database.ready();
    const node = constraintNodeOf(meta, constraint, dialect);
    if (node === null) return;
    await this.#execute([node.kind === "createIndex" ? node : { kind: "addConstraint", table: meta.dbTable, constraint: node }], dialect);
  }
  /** Removes one constraint. */
  async removeConstraint(meta: ModelMeta, constraint: BaseConstraint): Promise<void> {
    const dialect = await this.database.ready();
    const node = constraintNodeOf(meta, constraint, dialect);
    if (node === null) return;
    const name = constraint.nameFor(meta);
    await this.#execute(
      [node.kind === "createIndex" ? { kind: "dropIndex", name, table: meta.dbTable } : { kind: "dropConstraint", table: meta.dbTable, name, of: node.kind }],
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
    if (this.#collect) this.collected.push(sql);
    else await this.database.run({ text: sql, params: [] });
  }

  async #execute(nodes: readonly DdlNode[], dialect: DialectInfo): Promise<void> {
    for (const node of nodes) await this.execute(writeDdl(node, dialect));
  }
  async #flush(dialect: DialectInfo): Promise<void> {
    const nodes = this.#deferred;
    this.#deferred = [];
    await this.#execute(nodes, dialect);
  }
}

function refersTo(node: DdlNode, tables: ReadonlySet<string>): boolean {
  return node.kind === "addConstraint" && node.constraint.kind === "foreignKey" && tables.has(node.constraint.references.table);
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
