/** Lookups that all dialects write alike, and the parts the others are put together from. */
import { typeOrNull, type Expr, type LookupNode } from "../ast/expr.js";
import type { SelectLike } from "../ast/statement.js";
import { emitColumnsEqual, isColumn } from "./columns-equal.js";
import type { Compiler, Handler } from "./compiler.js";
import { emitSubselect, emitTyped } from "./expressions.js";

/** A condition beside an operator needs parentheses: `(a > 3) = TRUE`. Those joined by AND or OR bring their own. */
function isCondition(node: Expr): boolean {
  return (
    node.kind === "lookup" ||
    (node.kind === "where" && (node.negated || node.children.length < 2)) ||
    (node.kind === "subquery" && node.exists)
  );
}
/** Writes a left side; conditions inside get parentheses. */
export function lhs(c: Compiler, node: Expr): void {
  if (isCondition(node)) c.text("(").emit(node).text(")");
  else emitTyped(c, node);
}
/** Right side of a comparison: a value takes the type of the left side, so it needs no cast beside a column. */
export function rhs(c: Compiler, left: Expr, node: Expr): void {
  if (node.kind === "param" && (left.kind === "col" || left.kind === "outercol" || left.kind === "cast")) c.emit(node);
  else lhs(c, node);
}
const compare =
  (op: string): Handler<LookupNode> =>
  (c, n) => {
    lhs(c, n.lhs);
    c.text(` ${op} `);
    rhs(c, n.lhs, n.rhs[0]!);
  };
/** `col = true` is `col` itself. */
const exact: Handler<LookupNode> = (c, n) => {
  if (
    n.options?.["truth"] === true &&
    typeOrNull(n.lhs)?.ancestry.includes("BooleanField") === true &&
    n.lhs.kind !== "case"
  )
    return lhs(c, n.lhs);
  const right = n.rhs[0]!;
  if (right.kind === "null") {
    lhs(c, n.lhs);
    c.text(" IS NULL");
    return;
  }
  if (isColumn(n.lhs) && isColumn(right)) emitColumnsEqual(c, n.lhs, right);
  else compare("=")(c, n);
};

export const commonLookups: Readonly<Record<string, Handler<LookupNode>>> = {
  exact,
  gt: compare(">"),
  gte: compare(">="),
  lt: compare("<"),
  lte: compare("<="),
  range: (c, n) => {
    lhs(c, n.lhs);
    c.text(" BETWEEN ");
    rhs(c, n.lhs, n.rhs[0]!);
    c.text(" AND ");
    rhs(c, n.lhs, n.rhs[1]!);
  },
  isnull: (c, n) => {
    lhs(c, n.lhs);
    c.text(n.options?.["is"] === true ? " IS NULL" : " IS NOT NULL");
  },
  in: (c, n) => {
    const first = n.rhs[0]!;
    lhs(c, n.lhs);
    if (first.kind === "list") {
      if (c.dialect.placeholder === "$") c.text(" = ANY(").listParam(first).text(listCast(c, n.lhs)).text(")");
      else c.text(" IN (").listParam(first).text(")");
      return;
    }
    if (first.kind === "subquery") {
      const select = first.select as SelectLike;
      if (
        n.options?.["derived"] === true ||
        (!c.info.features.limitInSubquery && (select.low !== null || select.high !== null))
      ) {
        c.text(" IN (SELECT * FROM ");
        emitSubselect(c, select);
        c.text(" ").ident("limited").text(")");
      } else {
        c.text(" IN ");
        emitSubselect(c, select);
      }
      return;
    }
    c.text(" IN (");
    n.rhs.forEach((r, i) => {
      if (i > 0) c.text(", ");
      rhs(c, n.lhs, r);
    });
    c.text(")");
  },
};
// An array beside an expression has no column to take its type from.
function listCast(c: Compiler, left: Expr): string {
  if (left.kind === "col") return "";
  const type = typeOrNull(left);
  const cast = type === null ? null : (c.dialect.castParam?.(type, c.info) ?? null);
  return cast === null ? "" : `::${cast}[]`;
}

/** LIKE with a value that is escaped when it is bound, or with an expression that is escaped in SQL. */
export function like(spell: {
  wrap?: (c: Compiler, left: () => void) => void;
  op: string;
  pattern: (c: Compiler, right: () => void) => void;
  tail?: string;
}): Handler<LookupNode> {
  return (c, n) => {
    const left = (): void => lhs(c, n.lhs);
    if (spell.wrap === undefined) left();
    else spell.wrap(c, left);
    c.text(` ${spell.op} `);
    spell.pattern(c, () => void c.emit(n.rhs[0]!));
    if (spell.tail !== undefined) c.text(spell.tail);
  };
}
/** `REPLACE(REPLACE(REPLACE(x, '\', '\\'), '%', '\%'), '_', '\_')`. */
export function escapedExpression(c: Compiler, node: Expr, backslash: string): void {
  const b = backslash;
  c.text("REPLACE(REPLACE(REPLACE((");
  emitTyped(c, node);
  c.text(`), '${b}', '${b}${b}'), '%', '${b}%'), '_', '${b}_')`);
}
