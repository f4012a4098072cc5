/** `Meta.indexes`, `Meta.constraints` and `Meta.uniqueTogether` -> DDL nodes. What a database cannot do is left out where the checks warn of it. */
import {
  columnPart,
  type AddConstraint,
  type CreateIndex,
  type DdlExpr,
  type IndexPart,
  type TableConstraint,
} from "../ast/ddl.js";
import type { DialectInfo } from "../ast/seams.js";
import { ImproperlyConfigured, NotSupportedError } from "../base/errors.js";
import { generatedName } from "../base/names.js";
import {
  CheckConstraint,
  ExclusionConstraint,
  isConstraint,
  isOpClass,
  UniqueConstraint,
  type BaseConstraint,
} from "../meta/constraints.js";
import { type Index, isIndex } from "../meta/indexes.js";
import type { ModelMeta } from "../meta/options.js";
import { ddlDialectFor } from "../sql/ddl.js";
import { resolveCheck, resolveDdlExpression } from "./expressions.js";

/** The column of a field by its name. @throws FieldDoesNotExist */
export function columnNamed(meta: ModelMeta, name: string): string {
  return meta.getConcrete(name).column!;
}
/** Columns of fields by name; `pk` stands for all columns of the key. */
function columnsNamed(meta: ModelMeta, names: readonly string[]): string[] {
  return names.flatMap((n) =>
    n === "pk" && meta.hasCompositePk ? meta.pkFields.map((f) => f.column!) : [columnNamed(meta, n)],
  );
}

/** Name of an index in the database. */
export function indexNameOf(meta: ModelMeta, index: Index): string {
  return index.nameFor(meta, (field) => columnNamed(meta, field));
}

/** CREATE INDEX of one index, or null where this database leaves it out (models.W043). */
export function createIndexOf(meta: ModelMeta, index: Index, dialect: DialectInfo): CreateIndex | null {
  const { features } = dialect;
  if (index.expressions.length > 0 && !features.expressionIndexes) return null;
  if (index.method !== null && !ddlDialectFor(dialect).accessMethods) {
    throw new NotSupportedError(
      `${index.typeName} is an index of PostgreSQL; use Index() for other databases.`,
      "ddl.index_type",
      { model: meta.label },
    );
  }
  const parts =
    index.expressions.length > 0
      ? index.expressions.map((e) => expressionPart(meta, e))
      : index.fieldOrders.map(([name, descending], i) =>
          columnPart(columnNamed(meta, name), { descending, opclass: index.opclasses[i] ?? null }),
        );
  return {
    kind: "createIndex",
    name: indexNameOf(meta, index),
    table: meta.dbTable,
    unique: false,
    method: index.method,
    parts,
    // Django warns that these are not part of the index there (models.W037, models.W040).
    include: features.coveringIndexes ? columnsNamed(meta, index.include) : [],
    nullsDistinct: null,
    with: index.withParams,
    where: features.partialIndexes ? conditionOf(meta, index.condition) : null,
    tablespace: index.dbTablespace ?? null,
  };
}
function conditionOf(meta: ModelMeta, condition: object | null): DdlExpr | null {
  return condition === null ? null : resolveCheck(meta, condition);
}

/** A key of an index from an expression: its order and operator class go beside it. */
function expressionPart(meta: ModelMeta, given: unknown): IndexPart {
  const opclass = isOpClass(given) ? given.name : null;
  const inner = isOpClass(given) ? given.expression : given;
  const text = typeof inner === "string" && inner.startsWith("-") ? inner.slice(1) : inner;
  const { node, values } = resolveDdlExpression(meta, text);
  if (node.kind === "order") {
    const of: DdlExpr = { node: node.expr, values };
    // The operator class may stand inside as well: OpClass(…).desc() is not possible, F("x").desc() in OpClass is.
    return { of, descending: node.descending, nulls: node.nulls, collation: null, opclass };
  }
  return { of: { node, values }, descending: text !== inner, nulls: null, collation: null, opclass };
}

/** All indexes of `Meta.indexes`. */
export function metaIndexes(meta: ModelMeta, dialect: DialectInfo): CreateIndex[] {
  const out: CreateIndex[] = [];
  for (const index of meta.indexes) {
    if (!isIndex(index))
      throw new ImproperlyConfigured(
        `Meta.indexes of ${meta.label} holds something that is no index; write Index({ fields: […] }).`,
        "model.indexes",
        { model: meta.label },
      );
    const node = createIndexOf(meta, index, dialect);
    if (node !== null) out.push(node);
  }
  return out;
}

/** What a constraint is on a database: part of CREATE TABLE, an index of its own, or left out (null). */
export type ConstraintNode = TableConstraint | CreateIndex;

/** One constraint as a node, or null where this database leaves it out (models.W027, W036, W038, W039, W044, W047). */
export function constraintNodeOf(
  meta: ModelMeta,
  constraint: BaseConstraint,
  dialect: DialectInfo,
): ConstraintNode | null {
  const name = constraint.nameFor(meta);
  if (constraint instanceof CheckConstraint) {
    const condition = resolveCheck(meta, constraint.condition);
    return condition === null ? null : { kind: "check", name, condition };
  }
  if (constraint instanceof UniqueConstraint) return uniqueNode(meta, constraint, name, dialect);
  if (constraint instanceof ExclusionConstraint) {
    if (!ddlDialectFor(dialect).accessMethods)
      throw new NotSupportedError("ExclusionConstraint is a constraint of PostgreSQL.", "ddl.exclusion", {
        model: meta.label,
      });
    return {
      kind: "exclusion",
      name,
      method: constraint.indexType,
      parts: constraint.expressions.map(([e, operator]) => ({ part: expressionPart(meta, e), operator })),
      include: columnsNamed(meta, constraint.include),
      where: conditionOf(meta, constraint.condition),
      deferral: constraint.deferrable,
    };
  }
  throw new ImproperlyConfigured(
    `The constraint '${name}' of ${meta.label} is of an unknown kind.`,
    "model.constraints",
    { model: meta.label },
  );
}
function uniqueNode(meta: ModelMeta, c: UniqueConstraint, name: string, dialect: DialectInfo): ConstraintNode | null {
  const { features } = dialect;
  if (
    (c.condition !== null && !features.partialIndexes) ||
    (c.deferrable !== null && !ddlDialectFor(dialect).deferrableUnique) ||
    (c.include.length > 0 && !features.coveringIndexes) ||
    (c.expressions.length > 0 && !features.expressionIndexes) ||
    (c.nullsDistinct !== null && !features.nullsDistinct)
  )
    return null;
  if (c.condition === null && c.include.length === 0 && c.opclasses.length === 0 && c.expressions.length === 0)
    return {
      kind: "unique",
      name,
      columns: columnsNamed(meta, c.fields),
      deferral: c.deferrable,
      nullsDistinct: c.nullsDistinct,
    };
  const parts =
    c.expressions.length > 0
      ? c.expressions.map((e) => expressionPart(meta, e))
      : columnsNamed(meta, c.fields).map((column, i) => columnPart(column, { opclass: c.opclasses[i] ?? null }));
  return {
    kind: "createIndex",
    name,
    table: meta.dbTable,
    unique: true,
    method: null,
    parts,
    include: columnsNamed(meta, c.include),
    nullsDistinct: c.nullsDistinct,
    with: {},
    where: conditionOf(meta, c.condition),
    tablespace: null,
  };
}

/** All constraints of `Meta.constraints`. */
export function metaConstraints(meta: ModelMeta, dialect: DialectInfo): ConstraintNode[] {
  const out: ConstraintNode[] = [];
  for (const constraint of meta.constraints) {
    if (!isConstraint(constraint))
      throw new ImproperlyConfigured(
        `Meta.constraints of ${meta.label} holds something that is no constraint; write UniqueConstraint({ fields: […], name: "…" }).`,
        "model.constraints",
        { model: meta.label },
      );
    const node = constraintNodeOf(meta, constraint, dialect);
    if (node !== null) out.push(node);
  }
  return out;
}

/** `uniqueTogether` as constraints with made-up names; on SQLite as unique indexes, which can be dropped again. */
export function uniqueTogetherNodes(meta: ModelMeta, dialect: DialectInfo): (AddConstraint | CreateIndex)[] {
  return meta.uniqueTogether.map((names) => {
    const columns = columnsNamed(meta, names);
    const name = generatedName(meta.dbTable, columns, "_uniq", dialect.features.maxIdentifier);
    if (ddlDialectFor(dialect).addsConstraints)
      return {
        kind: "addConstraint",
        table: meta.dbTable,
        constraint: { kind: "unique", name, columns, deferral: null, nullsDistinct: null },
      };
    return {
      kind: "createIndex",
      name,
      table: meta.dbTable,
      unique: true,
      method: null,
      parts: columns.map((c) => columnPart(c)),
      include: [],
      nullsDistinct: null,
      with: {},
      where: null,
      tablespace: null,
    };
  });
}
