/** Columns compared with columns. A generic key may hold keys of numbers as text: PostgreSQL compares only what has one type. */
import { typeOrNull, type Expr } from "../ast/expr.js";
import type { Compiler } from "./compiler.js";

/** Writes `left = right`; where the database is strict and one of them is a text, the other is made one. */
export function emitColumnsEqual(c: Compiler, left: Expr, right: Expr): void {
  const { castParam } = c.dialect;
  const nameOf = (node: Expr): string | null => {
    const type = typeOrNull(node);
    return castParam === undefined || type === null ? null : castParam(type, c.info);
  };
  const l = nameOf(left),
    r = nameOf(right);
  const differ = c.info.name === "postgres" && l !== null && r !== null && (l === "text") !== (r === "text");
  c.emit(left)
    .text(differ && l !== "text" ? "::text = " : " = ")
    .emit(right)
    .text(differ && r !== "text" ? "::text" : "");
}
/** True for columns, of this query or an outer one. */
export function isColumn(node: Expr): boolean {
  return node.kind === "col" || node.kind === "outercol";
}
