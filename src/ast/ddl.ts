/**
 * Changes of a database's structure as plain data: tables, columns, constraints, indexes, comments. Types of columns are
 * texts that the fields made; expressions are trees with their values beside them. No model and no statement text.
 */
import type { Expr } from "./expr.js";

/** An expression in DDL: values cannot be parameters there, so they travel along and are written as literals. */
export interface DdlExpr {
  readonly node: Expr;
  /** Values of the node's slots. */
  readonly values: readonly unknown[];
}

export type ReferenceAction = "CASCADE" | "SET NULL" | "SET DEFAULT";
/** When a constraint is checked, where the database can wait; null: at once, always. */
export type Deferral = "deferred" | "immediate" | null;

/** The other end of a foreign key. */
export interface Reference {
  readonly table: string;
  readonly columns: readonly string[];
  readonly onDelete: ReferenceAction | null;
  readonly deferral: Deferral;
}

/** A rule of a column that its type brings along. */
export interface ColumnCheck {
  readonly kind: "nonNegative" | "jsonValid";
}

/** One column of CREATE TABLE. */
export interface ColumnDefinition {
  readonly name: string;
  readonly type: string;
  readonly collation: string | null;
  readonly null: boolean;
  readonly primaryKey: boolean;
  readonly unique: boolean;
  /** What makes the database number the rows, e.g. `AUTOINCREMENT`. */
  readonly autoIncrement: string | null;
  readonly default: DdlExpr | null;
  readonly generated: { readonly expression: DdlExpr; readonly stored: boolean } | null;
  readonly check: ColumnCheck | null;
  readonly comment: string | null;
  /** A foreign key that is written beside the column. */
  readonly references: Reference | null;
}

export interface PrimaryKeyConstraint {
  readonly kind: "primaryKey";
  readonly columns: readonly string[];
}
export interface UniqueTableConstraint {
  readonly kind: "unique";
  readonly name: string;
  readonly columns: readonly string[];
  readonly deferral: Deferral;
  readonly nullsDistinct: boolean | null;
}
export interface CheckTableConstraint {
  readonly kind: "check";
  readonly name: string;
  readonly condition: DdlExpr;
}
export interface ForeignKeyConstraint {
  readonly kind: "foreignKey";
  readonly name: string;
  readonly columns: readonly string[];
  readonly references: Reference;
}
export interface ExclusionTableConstraint {
  readonly kind: "exclusion";
  readonly name: string;
  readonly method: string;
  readonly parts: readonly { readonly part: IndexPart; readonly operator: string }[];
  readonly include: readonly string[];
  readonly where: DdlExpr | null;
  readonly deferral: Deferral;
}
export type TableConstraint =
  | PrimaryKeyConstraint
  | UniqueTableConstraint
  | CheckTableConstraint
  | ForeignKeyConstraint
  | ExclusionTableConstraint;

/** One key of an index: a column or an expression. */
export interface IndexPart {
  readonly of: string | DdlExpr;
  readonly descending: boolean;
  readonly nulls: "first" | "last" | null;
  readonly collation: string | null;
  readonly opclass: string | null;
}

export interface CreateTable {
  readonly kind: "createTable";
  readonly table: string;
  readonly columns: readonly ColumnDefinition[];
  readonly constraints: readonly TableConstraint[];
  readonly comment: string | null;
}
export interface DropTable {
  readonly kind: "dropTable";
  readonly table: string;
}
export interface AddConstraint {
  readonly kind: "addConstraint";
  readonly table: string;
  readonly constraint: TableConstraint;
}
export interface DropConstraint {
  readonly kind: "dropConstraint";
  readonly table: string;
  readonly name: string;
  readonly of: TableConstraint["kind"];
}
export interface CreateIndex {
  readonly kind: "createIndex";
  readonly name: string;
  readonly table: string;
  readonly unique: boolean;
  /** Access method, or null for the usual one. */
  readonly method: string | null;
  readonly parts: readonly IndexPart[];
  readonly include: readonly string[];
  readonly nullsDistinct: boolean | null;
  readonly with: Readonly<Record<string, string>>;
  readonly where: DdlExpr | null;
  readonly tablespace: string | null;
}
export interface DropIndex {
  readonly kind: "dropIndex";
  readonly name: string;
  readonly table: string;
}
/** A comment on a table, or on one of its columns. */
export interface SetComment {
  readonly kind: "comment";
  readonly table: string;
  readonly column: string | null;
  readonly comment: string | null;
}

/** One statement that changes the structure. */
export type DdlNode = CreateTable | DropTable | AddConstraint | DropConstraint | CreateIndex | DropIndex | SetComment;
export type DdlKind = DdlNode["kind"];
export type DdlOf<K extends DdlKind> = Extract<DdlNode, { kind: K }>;

/** An index key that is a plain column. */
export function columnPart(name: string, more: Partial<Omit<IndexPart, "of">> = {}): IndexPart {
  return { of: name, descending: false, nulls: null, collation: null, opclass: null, ...more };
}
