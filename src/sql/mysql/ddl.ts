/** MySQL and MariaDB: what their DDL has of its own. */
import type { DdlDialect } from "../ddl-dialect.js";

export const mysqlDdl: DdlDialect = {
  comments: "inline",
  autoIncrementFirst: true,
  addsConstraints: true,
  onDeleteSetDefault: false,
  dropTableTail: "",
  dropIndexNamesTable: true,
  // Long texts, bytes and documents have no literal defaults, but expressions.
  wrapsDefault: (type) => /^(long|medium|tiny)?(text|blob)|^json/i.test(type),
  dropConstraint: (kind, info) => {
    switch (kind) {
      case "foreignKey": return "DROP FOREIGN KEY";
      case "unique": return "DROP INDEX";
      case "check": return info.isMariaDb ? "DROP CONSTRAINT" : "DROP CHECK";
      default: return null;
    }
  },
};
