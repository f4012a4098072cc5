/** PostgreSQL: what its DDL has of its own. */
import type { DdlDialect } from "../ddl-dialect.js";

export const postgresDdl: DdlDialect = {
  comments: "statement",
  autoIncrementFirst: false,
  addsConstraints: true,
  accessMethods: true,
  deferrableUnique: true,
  indexesForeignKeys: false,
  dropTableTail: " CASCADE",
  dropIndexNamesTable: false,
  virtualColumns: (info) => (info.version[0] ?? 0) >= 18,
  cannotIndex: () => false,
  wrapsDefault: () => false,
  dropConstraint: () => "DROP CONSTRAINT",
};
