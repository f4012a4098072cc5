/** MySQL and MariaDB: what their DDL has of its own. */
import type { DdlDialect } from "../ddl-dialect.js";

/** Texts, bytes and documents of any length. */
const LONG = /^(long|medium|tiny)?(text|blob)|^json/i;

export const mysqlDdl: DdlDialect = {
  comments: "inline",
  autoIncrementFirst: true,
  addsConstraints: true,
  accessMethods: false,
  deferrableUnique: false,
  // InnoDB does.
  indexesForeignKeys: true,
  dropTableTail: "",
  dropIndexNamesTable: true,
  virtualColumns: () => true,
  cannotIndex: (type) => LONG.test(type),
  // They have no literal defaults, but expressions.
  wrapsDefault: (type) => LONG.test(type),
  dropConstraint: (kind, info) => {
    switch (kind) {
      case "foreignKey":
        return "DROP FOREIGN KEY";
      case "unique":
        return "DROP INDEX";
      case "check":
        return info.isMariaDb ? "DROP CONSTRAINT" : "DROP CHECK";
      default:
        return null;
    }
  },
};
