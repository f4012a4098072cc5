/** The dialects by name, and compiling a statement for one of them. */
import type { DialectInfo } from "../ast/seams.js";
import type { Statement } from "../ast/statement.js";
import type { Compiled } from "./compiled.js";
import { Compiler, type Dialect } from "./compiler.js";
import { emitStatement } from "./mutate.js";
import { mysqlDialect } from "./mysql/dialect.js";
import { postgresDialect } from "./postgres/dialect.js";
import { sqliteDialect } from "./sqlite/dialect.js";

export function dialectFor(info: DialectInfo): Dialect {
  return info.name === "sqlite" ? sqliteDialect : info.name === "postgres" ? postgresDialect : mysqlDialect;
}
/** Statement -> text and bindings. */
export function compileStatement(statement: Statement, info: DialectInfo, timeZone: string): Compiled {
  const c = new Compiler(dialectFor(info), info, timeZone);
  emitStatement(c, statement);
  return c.finish();
}
