/** SQLite: what its DDL has of its own. */
import type { DdlDialect } from "../ddl-dialect.js";

export const sqliteDdl: DdlDialect = {
  comments: "none",
  autoIncrementFirst: false,
  addsConstraints: false,
  accessMethods: false,
  deferrableUnique: false,
  indexesForeignKeys: false,
  dropTableTail: "",
  dropIndexNamesTable: false,
  virtualColumns: () => true,
  cannotIndex: () => false,
  wrapsDefault: () => false,
  dropConstraint: () => null,
};
