/** PostgreSQL: what its DDL has of its own. */
import type { DdlDialect } from "../ddl-dialect.js";

export const postgresDdl: DdlDialect = {
  comments: "statement",
  autoIncrementFirst: false,
  addsConstraints: true,
  onDeleteSetDefault: true,
  dropTableTail: " CASCADE",
  dropIndexNamesTable: false,
  wrapsDefault: () => false,
  dropConstraint: () => "DROP CONSTRAINT",
};
