/** MySQL and MariaDB: what they write differently. */
import type { LookupNode } from "../../ast/expr.js";
import type { Dialect, Handler } from "../compiler.js";
import { baseHandlers } from "../expressions.js";
import { commonLookups, escapedExpression } from "../lookups.js";
import { mysqlAggregates, mysqlCastParam, mysqlFunctions, mysqlHandlers, mysqlLookups } from "./functions.js";

function pattern(before: string, after: string, binary: boolean): Handler<LookupNode> {
  const op = binary ? " LIKE BINARY " : " LIKE ";
  return (c, n) => {
    // The text of a document has a binary collation; elsewhere LIKE passes over the case by itself.
    const lower = !binary && n.lhs.kind === "func" && n.lhs.spec.name === "KeyTextTransform";
    if (lower) c.text("LOWER(").emit(n.lhs).text(")").text(op).text("LOWER(");
    else c.emit(n.lhs).text(op);
    if (n.options?.["expression"] === true) {
      c.text("CONCAT(");
      if (before !== "") c.text("'%', ");
      escapedExpression(c, n.rhs[0]!, "\\\\");
      if (after !== "") c.text(", '%'");
      c.text(")");
    } else c.emit(n.rhs[0]!);
    if (lower) c.text(")");
  };
}
const regex =
  (sensitive: boolean): Handler<LookupNode> =>
  (c, n) => {
    if (c.info.isMariaDb) {
      const document = n.lhs.kind === "func" && n.lhs.spec.name === "KeyTextTransform";
      c.emit(n.lhs).text(sensitive ? " REGEXP BINARY " : " REGEXP ");
      if (document && !sensitive) c.text("CONCAT('(?i)', ").emit(n.rhs[0]!).text(")");
      else c.emit(n.rhs[0]!);
      return;
    }
    c.text("REGEXP_LIKE(")
      .emit(n.lhs)
      .text(", ")
      .emit(n.rhs[0]!)
      .text(sensitive ? ", 'c')" : ", 'i')");
  };

export const mysqlDialect: Dialect = {
  quote: "`",
  placeholder: "?",
  handlers: { ...baseHandlers, ...mysqlHandlers },
  functions: mysqlFunctions,
  aggregates: mysqlAggregates,
  castParam: mysqlCastParam,
  lookups: {
    ...commonLookups,
    iexact: pattern("", "", false),
    contains: pattern("%", "%", true),
    icontains: pattern("%", "%", false),
    startswith: pattern("", "%", true),
    istartswith: pattern("", "%", false),
    endswith: pattern("%", "", true),
    iendswith: pattern("%", "", false),
    regex: regex(true),
    iregex: regex(false),
    ...mysqlLookups,
  },
};
