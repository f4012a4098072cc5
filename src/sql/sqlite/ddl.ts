/** SQLite: what its DDL has of its own. */
import type { DdlDialect } from "../ddl-dialect.js";

export const sqliteDdl: DdlDialect = {
  comments: "none",
  autoIncrementFirst: false,
  addsConstraints: false,
  onDeleteSetDefault: true,
  dropTableTail: "",
  dropIndexNamesTable: false,
  wrapsDefault: () => false,
  dropConstraint: () => null,
};
