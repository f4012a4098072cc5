/** Fields -> columns of CREATE TABLE, and the indexes that a field alone asks for. Pure: a dialect comes in, data goes out. */
import {
  columnPart,
  type ColumnDefinition,
  type CreateIndex,
  type ForeignKeyConstraint,
  type Reference,
  type ReferenceAction,
} from "../ast/ddl.js";
import type { DialectInfo } from "../ast/seams.js";
import { NotSupportedError } from "../base/errors.js";
import { generatedName } from "../base/names.js";
import type { Field } from "../fields/field.js";
import { GeneratedField } from "../fields/generated.js";
import { ForeignKey } from "../fields/relations.js";
import type { ModelMeta } from "../meta/options.js";
import { ddlDialectFor } from "../sql/ddl.js";
import { resolveDdlExpression, resolveDefault } from "./expressions.js";

/** A column of the model's own table. */
export function columnOf(meta: ModelMeta, field: Field, dialect: DialectInfo): ColumnDefinition {
  const type = field.dbType(dialect);
  if (type === null || field.column === null)
    throw new NotSupportedError(`${field.path} has no type of column on this database.`, "ddl.no_type");
  const primaryKey = field.primaryKey && !meta.hasCompositePk;
  const key = foreignKeyOf(meta, field, dialect);
  return {
    name: field.column,
    type,
    collation: collationOf(field),
    null: field.null && !inKey(meta, field),
    primaryKey,
    unique: field.unique && !primaryKey && !inKey(meta, field),
    // SQLite numbers rows in its own key only.
    autoIncrement: primaryKey || dialect.name !== "sqlite" ? field.autoIncrementSuffix(dialect) : null,
    default: field.hasDbDefault() ? resolveDefault(meta, field, field.options.dbDefault) : null,
    generated: generatedOf(meta, field, dialect),
    check: field.dbCheck(dialect),
    comment: field.options.dbComment ?? null,
    references: key !== null && !ddlDialectFor(dialect).addsConstraints ? key.references : null,
  };
}
function inKey(meta: ModelMeta, field: Field): boolean {
  return meta.hasCompositePk && meta.pkFields.includes(field);
}
// A foreign key is stored and compared as what it refers to.
function collationOf(field: Field): string | null {
  const own = field.options.dbCollation;
  if (own !== undefined) return own;
  if (field instanceof GeneratedField) return collationOf(field.outputField);
  return field instanceof ForeignKey && field.toFields[0] !== undefined ? collationOf(field.target) : null;
}
function generatedOf(meta: ModelMeta, field: Field, dialect: DialectInfo): ColumnDefinition["generated"] {
  if (!(field instanceof GeneratedField)) return null;
  if (!field.dbPersist && !ddlDialectFor(dialect).virtualColumns(dialect))
    throw new NotSupportedError(
      `${field.path} is computed when it is read, which this database cannot do (PostgreSQL can from version 18). Set dbPersist: true.`,
      "ddl.virtual_column",
    );
  return { expression: resolveDdlExpression(meta, field.expression), stored: field.dbPersist };
}

const ACTIONS: Readonly<Record<string, ReferenceAction>> = {
  dbCascade: "CASCADE",
  dbSetNull: "SET NULL",
  dbSetDefault: "SET DEFAULT",
};
/** The constraint that a foreign key has in the database, if it has one. */
export function foreignKeyOf(meta: ModelMeta, field: Field, dialect: DialectInfo): ForeignKeyConstraint | null {
  if (!(field instanceof ForeignKey) || !field.dbConstraint || field.toFields.length === 0) return null;
  const { target } = field;
  const table = (target.owner as ModelMeta | null)?.dbTable ?? field.related.dbTable;
  const references: Reference = {
    table,
    columns: [target.column!],
    onDelete: ACTIONS[field.onDelete.action] ?? null,
    deferral: dialect.features.deferrableConstraints ? "deferred" : null,
  };
  const name = generatedName(
    meta.dbTable,
    [field.column!],
    `_fk_${table}_${target.column!}`,
    dialect.features.maxIdentifier,
  );
  return { kind: "foreignKey", name, columns: [field.column!], references };
}

// PostgreSQL's own collations are deterministic, which pattern operators need. What a user made may not be; its name does
// not tell, so such a column goes without.
const OWN_COLLATION = /^(C|POSIX|default|ucs_basic|unicode|pg_\w+|[a-z]{2,3}_[A-Z]{2}([.@].+)?|C\..+|.+-x-icu)$/;
function comparesCharacters(collation: string | null): boolean {
  return collation === null || OWN_COLLATION.test(collation);
}

/** The indexes of one column: `dbIndex`, and on PostgreSQL the one by which `LIKE 'abc%'` is found whatever the locale. */
export function indexesOf(meta: ModelMeta, field: Field, dialect: DialectInfo): CreateIndex[] {
  const type = field.dbType(dialect);
  if (type === null) return [];
  const unique = field.unique || field.primaryKey;
  const make = (suffix: string, opclass: string | null): CreateIndex => ({
    kind: "createIndex",
    name: generatedName(meta.dbTable, [field.column!], suffix, dialect.features.maxIdentifier),
    table: meta.dbTable,
    unique: false,
    method: null,
    parts: [columnPart(field.column!, { opclass })],
    include: [],
    nullsDistinct: null,
    with: {},
    where: null,
    tablespace: field.options.dbTablespace ?? null,
  });
  const out: CreateIndex[] = [];
  const ddl = ddlDialectFor(dialect);
  const given = ddl.indexesForeignKeys && field instanceof ForeignKey && field.dbConstraint;
  if (field.dbIndex && !unique && !given && !ddl.cannotIndex(type)) out.push(make("", null));
  if (ddl.accessMethods && (field.dbIndex || unique) && comparesCharacters(collationOf(field)) && !type.includes("[")) {
    if (type.startsWith("varchar")) out.push(make("_like", "varchar_pattern_ops"));
    else if (type.startsWith("text")) out.push(make("_like", "text_pattern_ops"));
  }
  return out;
}
