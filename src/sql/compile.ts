/** The dialects by name, and compiling a statement for one of them. */
import type { DialectInfo } from "../ast/seams.js";
import type { SelectLike, Statement } from "../ast/statement.js";
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
  return c.finish(aboutOf(statement));
}
/** The operation, and the table that is read or changed: of a SELECT the one it starts from. */
function aboutOf(statement: Statement): { readonly operation: string; readonly table?: string } {
  if (statement.kind === "select" || statement.kind === "compound") {
    const table = tableOf(statement);
    const operation = statement.explain === null ? "SELECT" : "EXPLAIN";
    return table === undefined ? { operation } : { operation, table };
  }
  return { operation: statement.kind.toUpperCase(), table: statement.table };
}
function tableOf(select: SelectLike): string | undefined {
  if (select.kind === "compound") return undefined;
  const first = select.from[0];
  if (first === undefined) return undefined;
  return first.kind === "derived" ? tableOf(first.select) : first.table;
}
