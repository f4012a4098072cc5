/** SQLite: what it writes differently. */
import type { Expr, LookupNode } from "../../ast/expr.js";
import type { Compiler, Dialect, Handler } from "../compiler.js";
import { baseHandlers } from "../expressions.js";
import { escapedExpression, like } from "../lookups.js";
import { commonLookups } from "../lookups.js";
import { sqliteAggregates, sqliteFunctions, sqliteHandlers, sqliteLookups } from "./functions.js";

const ESCAPE = " ESCAPE '\\'";
function pattern(before: string, after: string): Handler<LookupNode> {
  const value = like({ op: "LIKE", pattern: (_c, right) => right(), tail: ESCAPE });
  return (c, n) => {
    if (n.options?.["expression"] !== true) return value(c, n);
    likeExpression(c, n, before, after);
  };
}
function likeExpression(c: Compiler, n: LookupNode, before: string, after: string): void {
  c.emit(n.lhs).text(" LIKE ");
  if (before !== "") c.text("'%' || ");
  escapedExpression(c, n.rhs[0] as Expr, "\\");
  if (after !== "") c.text(" || '%'");
  c.text(ESCAPE);
}
const regex =
  (prefix: string): Handler<LookupNode> =>
  (c, n) => {
    c.emit(n.lhs).text(" REGEXP ");
    if (prefix !== "") c.text(`'${prefix}' || `);
    c.emit(n.rhs[0]!);
  };

export const sqliteDialect: Dialect = {
  quote: '"',
  placeholder: "?",
  handlers: { ...baseHandlers, ...sqliteHandlers },
  functions: sqliteFunctions,
  aggregates: sqliteAggregates,
  lookups: {
    ...commonLookups,
    iexact: pattern("", ""),
    contains: pattern("%", "%"),
    icontains: pattern("%", "%"),
    startswith: pattern("", "%"),
    istartswith: pattern("", "%"),
    endswith: pattern("%", ""),
    iendswith: pattern("%", ""),
    regex: regex(""),
    iregex: regex("(?i)"),
    ...sqliteLookups,
  },
};
