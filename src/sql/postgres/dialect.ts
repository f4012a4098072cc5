/** PostgreSQL: what it writes differently. */
import { typeOrNull, type CaseNode, type Expr, type LookupNode } from "../../ast/expr.js";
import type { DialectInfo, ValueType } from "../../ast/seams.js";
import type { Compiler, Dialect, Handler } from "../compiler.js";
import { baseHandlers } from "../expressions.js";
import { commonLookups, escapedExpression } from "../lookups.js";
import { postgresAggregates, postgresFunctions, postgresHandlers, postgresLookups } from "./functions.js";

// LIKE and regular expressions work on text; other types are cast, as is text of other kinds (citext, inet).
function asText(c: Compiler, node: Expr): void {
  // The text of an address would end in the length of its network.
  if (typeOrNull(node)?.ancestry.includes("GenericIPAddressField") === true) c.text("HOST(").emit(node).text(")");
  else c.emit(node).text("::text");
}
function upper(c: Compiler, on: boolean, emit: () => void): void {
  if (on) c.text("UPPER(");
  emit();
  if (on) c.text(")");
}
function pattern(before: string, after: string, ignoreCase: boolean): Handler<LookupNode> {
  return (c, n) => {
    upper(c, ignoreCase, () => asText(c, n.lhs));
    c.text(" LIKE ");
    if (n.options?.["expression"] === true) {
      if (before !== "") c.text("'%' || ");
      upper(c, ignoreCase, () => escapedExpression(c, n.rhs[0]!, "\\"));
      if (after !== "") c.text(" || '%'");
    } else upper(c, ignoreCase, () => void c.emit(n.rhs[0]!).text("::text"));
  };
}
const regex =
  (op: string): Handler<LookupNode> =>
  (c, n) => {
    asText(c, n.lhs);
    c.text(` ${op} `).emit(n.rhs[0]!);
    if (n.rhs[0]!.kind === "param") c.text("::text");
  };

const CASTS: Readonly<Record<string, string>> = {
  IntegerField: "integer",
  BigIntegerField: "bigint",
  SmallIntegerField: "integer",
  FloatField: "double precision",
  DecimalField: "numeric",
  BooleanField: "boolean",
  CharField: "text",
  TextField: "text",
  DateField: "date",
  TimeField: "time",
  DateTimeField: "timestamptz",
  DurationField: "interval",
  UUIDField: "uuid",
  BinaryField: "bytea",
  JSONField: "jsonb",
  GenericIPAddressField: "inet",
};
/** The type a parameter is declared to have where nothing beside it tells. */
function castParam(type: ValueType, info: DialectInfo): string | null {
  for (const name of type.ancestry)
    if (Object.hasOwn(CASTS, name))
      return name === "IntegerField" && type.ancestry.includes("BigIntegerField") ? "bigint" : CASTS[name]!;
  if (type.ancestry.includes("ForeignObject")) {
    const target = (type as { target?: ValueType }).target;
    return target === undefined ? null : castParam(target, info);
  }
  if (
    type.ancestry.includes("ArrayField") ||
    type.ancestry.includes("RangeField") ||
    type.ancestry.includes("HStoreField")
  )
    return type.castType(info);
  return null;
}

// CASE takes its type from its branches: text among them makes it text, which a column of these types does not take.
const UNIFIED: readonly string[] = ["GenericIPAddressField", "TimeField", "UUIDField"];
const caseHandler: Handler<CaseNode> = (c, n) => {
  const type = typeOrNull(n);
  if (type === null || !UNIFIED.some((name) => type.ancestry.includes(name))) return baseHandlers.case(c, n);
  c.text("CAST(");
  baseHandlers.case(c, n);
  c.text(` AS ${type.castType(c.info)})`);
};

export const postgresDialect: Dialect = {
  quote: '"',
  placeholder: "$",
  handlers: { ...baseHandlers, ...postgresHandlers, case: caseHandler },
  functions: postgresFunctions,
  aggregates: postgresAggregates,
  castParam,
  lookups: {
    ...commonLookups,
    iexact: (c, n) => {
      upper(c, true, () => asText(c, n.lhs));
      c.text(" = ");
      upper(c, true, () => {
        c.emit(n.rhs[0]!);
        if (n.options?.["expression"] !== true) c.text("::text");
      });
    },
    contains: pattern("%", "%", false),
    icontains: pattern("%", "%", true),
    startswith: pattern("", "%", false),
    istartswith: pattern("", "%", true),
    endswith: pattern("%", "", false),
    iendswith: pattern("%", "", true),
    regex: regex("~"),
    iregex: regex("~*"),
    ...postgresLookups,
  },
};
