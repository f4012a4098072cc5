/** What one database's DDL has of its own, as a record; `ddl.ts` reads it and `<dialect>/ddl.ts` fill it. */
import type { TableConstraint } from "../ast/ddl.js";
import type { DialectInfo } from "../ast/seams.js";

export interface DdlDialect {
  /** Comments stand in CREATE TABLE, in statements of their own, or are not there. */
  readonly comments: "inline" | "statement" | "none";
  /** The word for automatic numbers stands before NOT NULL, else at the end. */
  readonly autoIncrementFirst: boolean;
  /** Constraints can be added to a table that is there. */
  readonly addsConstraints: boolean;
  /** Access methods of indexes, operator classes, exclusion constraints, tablespaces. */
  readonly accessMethods: boolean;
  /** Unique constraints can be deferred. */
  readonly deferrableUnique: boolean;
  /** Every foreign key has an index without being asked. */
  readonly indexesForeignKeys: boolean;
  readonly dropTableTail: string;
  /** DROP INDEX … ON table. */
  readonly dropIndexNamesTable: boolean;
  /** Computed columns that are not stored. */
  virtualColumns(info: DialectInfo): boolean;
  /** Columns of this type cannot be keys of an index. */
  cannotIndex(type: string): boolean;
  /** A literal as default of such a column has to be in parentheses. */
  wrapsDefault(type: string): boolean;
  /** The words after ALTER TABLE and before the constraint's name, or null where it cannot be done. */
  dropConstraint(kind: TableConstraint["kind"], info: DialectInfo): string | null;
}
