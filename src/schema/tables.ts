/**
 * Models -> the DDL nodes that make and remove their tables, in an order that their foreign keys allow. Pure: it runs
 * nothing, so `sqlmigrate` and tests read the same lists that the editor runs.
 */
import type {
  AddConstraint,
  CreateIndex,
  CreateTable,
  DdlNode,
  DropConstraint,
  DropTable,
  SetComment,
  TableConstraint,
} from "../ast/ddl.js";
import type { DialectInfo } from "../ast/seams.js";
import { ForeignKey, ManyToManyField } from "../fields/relations.js";
import type { ModelMeta } from "../meta/options.js";
import { ddlDialectFor, writeDdl } from "../sql/ddl.js";
import { columnOf, foreignKeyOf, indexesOf } from "./columns.js";
import { metaConstraints, metaIndexes, uniqueTogetherNodes } from "./indexes.js";

/** What creating a table takes: at once, and when all tables are there. */
export interface TablePlan {
  readonly create: CreateTable;
  readonly comments: readonly SetComment[];
  /** Foreign keys, then indexes: what may refer to tables that come later. */
  readonly deferred: readonly (AddConstraint | CreateIndex)[];
}

/** Models with a table that is ours to make. */
export function hasOwnTable(meta: ModelMeta): boolean {
  return meta.managed && !meta.proxy && !meta.swapped && meta.options.abstract !== true;
}

/** The plan of one table. */
export function tablePlan(meta: ModelMeta, dialect: DialectInfo): TablePlan {
  const fields = meta.localConcreteFields;
  const constraints: TableConstraint[] = [];
  const deferred: (AddConstraint | CreateIndex)[] = [];
  if (meta.hasCompositePk) constraints.push({ kind: "primaryKey", columns: meta.pkFields.map((f) => f.column!) });
  for (const field of fields) {
    const key = foreignKeyOf(meta, field, dialect);
    // SQLite takes them beside the column, before the other table is there.
    if (key !== null && ddlDialectFor(dialect).addsConstraints)
      deferred.push({ kind: "addConstraint", table: meta.dbTable, constraint: key });
  }
  deferred.push(...uniqueTogetherNodes(meta, dialect));
  const later: CreateIndex[] = [];
  for (const node of metaConstraints(meta, dialect)) {
    if (node.kind === "createIndex") later.push(node);
    else constraints.push(node);
  }
  for (const field of fields) deferred.push(...indexesOf(meta, field, dialect));
  deferred.push(...later, ...metaIndexes(meta, dialect));
  const comment = meta.options.dbTableComment ?? null;
  const columns = fields.map((f) => columnOf(meta, f, dialect));
  const comments: SetComment[] = [];
  if (ddlDialectFor(dialect).comments === "statement") {
    if (comment !== null) comments.push({ kind: "comment", table: meta.dbTable, column: null, comment });
    for (const c of columns)
      if (c.comment !== null)
        comments.push({ kind: "comment", table: meta.dbTable, column: c.name, comment: c.comment });
  }
  return { create: { kind: "createTable", table: meta.dbTable, columns, constraints, comment }, comments, deferred };
}

/** The models themselves and the through models that babik made for their many-to-many fields, each table once. */
export function withThroughs(metas: Iterable<ModelMeta>): ModelMeta[] {
  const byTable = new Map<string, ModelMeta>();
  const throughs: ModelMeta[] = [];
  for (const meta of metas) {
    if (!hasOwnTable(meta)) continue;
    if (meta.autoCreated !== null) {
      throughs.push(meta);
      continue;
    }
    if (!byTable.has(meta.dbTable)) byTable.set(meta.dbTable, meta);
    for (const field of meta.localFields)
      if (field instanceof ManyToManyField && field.throughAuto) throughs.push(field.through as ModelMeta);
  }
  for (const through of throughs)
    if (hasOwnTable(through) && !byTable.has(through.dbTable)) byTable.set(through.dbTable, through);
  return [...byTable.values()];
}

/** The tables that a model's foreign keys refer to. */
export function referencedTables(meta: ModelMeta): string[] {
  return meta.localConcreteFields.flatMap((f) => {
    if (!(f instanceof ForeignKey) || !f.dbConstraint || f.toFields.length === 0) return [];
    return [(f.target.owner as ModelMeta | null)?.dbTable ?? f.related.dbTable];
  });
}

/** Models in an order in which each comes after those it refers to; where they refer to each other, as they were given. */
export function byDependency(metas: readonly ModelMeta[]): ModelMeta[] {
  const byTable = new Map(metas.map((m) => [m.dbTable, m]));
  const done = new Set<ModelMeta>();
  const out: ModelMeta[] = [];
  const visit = (meta: ModelMeta): void => {
    if (done.has(meta)) return;
    done.add(meta);
    for (const table of referencedTables(meta)) {
      const other = byTable.get(table);
      if (other !== undefined) visit(other);
    }
    out.push(meta);
  };
  for (const meta of metas) visit(meta);
  return out;
}

/** All nodes that make the models' tables, in order. */
export function createNodes(metas: Iterable<ModelMeta>, dialect: DialectInfo): DdlNode[] {
  const plans = byDependency(withThroughs(metas)).map((m) => tablePlan(m, dialect));
  return [...plans.flatMap((p) => [p.create, ...p.comments]), ...plans.flatMap((p) => p.deferred)];
}

/** All nodes that remove the models' tables: those that refer to others first. */
export function deleteNodes(metas: Iterable<ModelMeta>, dialect: DialectInfo): DdlNode[] {
  const order = byDependency(withThroughs(metas)).reverse();
  const drops = order.map((m): DropTable => ({ kind: "dropTable", table: m.dbTable }));
  if (dialect.name !== "mysql") return drops;
  // MySQL keeps a table that another one refers to, so what points at a table dropped earlier goes first.
  const position = new Map(order.map((m, i) => [m.dbTable, i]));
  const keys: DropConstraint[] = [];
  order.forEach((meta, i) => {
    for (const field of meta.localConcreteFields) {
      const key = foreignKeyOf(meta, field, dialect);
      const at = key === null ? undefined : position.get(key.references.table);
      if (key !== null && at !== undefined && at < i)
        keys.push({ kind: "dropConstraint", table: meta.dbTable, name: key.name, of: "foreignKey" });
    }
  });
  return [...keys, ...drops];
}

/**
 * The statements that make the tables of models, in order.
 * @example createModelsSql([product], dialect) // ['CREATE TABLE "shop_product" (…)', 'CREATE INDEX …']
 * @throws NotSupportedError for what this database cannot do and the checks do not pass over
 */
export function createModelsSql(metas: Iterable<ModelMeta>, dialect: DialectInfo): string[] {
  return createNodes(metas, dialect).map((n) => writeDdl(n, dialect));
}
/** The statements that remove the tables of models, in order. */
export function deleteModelsSql(metas: Iterable<ModelMeta>, dialect: DialectInfo): string[] {
  return deleteNodes(metas, dialect).map((n) => writeDdl(n, dialect));
}
