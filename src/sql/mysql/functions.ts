/** Functions, aggregates, lookups and node kinds that MySQL and MariaDB write in their own way. */
import {
  typeOrNull,
  type AggregateNode,
  type BinaryNode,
  type CastNode,
  type Expr,
  type FuncNode,
  type LookupNode,
  type ParamNode,
  type WindowNode,
} from "../../ast/expr.js";
import { NotSupportedError } from "../../base/errors.js";
import type { Compiler, Handler, Handlers } from "../compiler.js";
import { baseHandlers, emitTyped, plainAggregate, typedList, withoutFilter } from "../expressions.js";
import { commonLookups } from "../lookups.js";
import { dateFunctions, temporalArithmetic } from "./dates.js";
import { jsonFunctions, jsonLookups } from "./json.js";

const sha2 =
  (bits: number): Handler<FuncNode> =>
  (c, n) => {
    c.text("SHA2(");
    emitTyped(c, n.args[0]!);
    c.text(`, ${bits})`);
  };
export const mysqlFunctions: Readonly<Record<string, Handler<FuncNode>>> = {
  ...dateFunctions,
  ...jsonFunctions,
  // CONCAT_WS passes over NULL.
  Concat: (c, n) => {
    c.text("CONCAT_WS('', ");
    typedList(c, n.args, ", ");
    c.text(")");
  },
  Chr: (c, n) => {
    c.text("CHAR(");
    emitTyped(c, n.args[0]!);
    c.text(" USING utf16)");
  },
  // ORD gives the bytes of a character; of UTF-32 they are its code point.
  Ord: (c, n) => {
    c.text("ORD(CONVERT(");
    emitTyped(c, n.args[0]!);
    c.text(" USING utf32))");
  },
  SHA224: sha2(224),
  SHA256: sha2(256),
  SHA384: sha2(384),
  SHA512: sha2(512),
};

export const mysqlAggregates: Readonly<Record<string, Handler<AggregateNode>>> = {
  AnyValue: (c, n) => {
    if (c.info.isMariaDb)
      throw new NotSupportedError("ANY_VALUE is not supported on this database backend.", "sql.not_supported");
    plainAggregate(c, n);
  },
  // The separator has no place for a parameter: its text is written as a hexadecimal literal.
  StringAgg: (c, n) => {
    const node = withoutFilter(c, n);
    const [value, delimiter] = node.args as readonly [Expr, Expr];
    c.text("GROUP_CONCAT(");
    if (n.distinct) c.text("DISTINCT ");
    c.emit(value);
    if (node.orderBy.length > 0) c.text(" ORDER BY ").list(node.orderBy);
    if (delimiter.kind !== "param")
      throw new NotSupportedError(
        "The delimiter of StringAgg has to be a plain text on this database.",
        "sql.not_supported",
      );
    c.text(" SEPARATOR ").inline(delimiter);
    c.text(")");
  },
};

/** A decimal beside a text is compared as a double: wide ones are cast, so that no digit is lost. */
function exactParam(left: Expr, node: Expr): Expr {
  const type = typeOrNull(left);
  if (node.kind !== "param" || type === null || !type.ancestry.includes("DecimalField")) return node;
  if (type.digits !== undefined && type.digits <= 15) return node;
  return { kind: "cast", arg: { ...node, rawValue: node.rawValue } satisfies ParamNode, type };
}
const comparison = (op: string): Handler<LookupNode> => {
  const plain = commonLookups[op]!;
  return (c, n) => plain(c, { ...n, rhs: n.rhs.map((r) => exactParam(n.lhs, r)) });
};
/** LIKE without regard to case over the text of a document, which is kept with a binary collation. */
export const mysqlLookups: Readonly<Record<string, Handler<LookupNode>>> = {
  ...Object.fromEntries(["exact", "gt", "gte", "lt", "lte", "range"].map((op) => [op, comparison(op)])),
  ...jsonLookups,
};

function binary(c: Compiler, n: BinaryNode): void {
  if (n.temporal !== undefined) return temporalArithmetic(c, n);
  switch (n.op) {
    case "^":
      c.text("POW(");
      typedList(c, [n.lhs, n.rhs], ", ");
      c.text(")");
      return;
    case "&":
    case "|":
    case "#":
    case "<<":
      // Bit operators give unsigned numbers here.
      c.text("CONVERT(");
      emitTyped(c, n.lhs);
      c.text(` ${n.op === "#" ? "^" : n.op} `);
      emitTyped(c, n.rhs);
      c.text(", SIGNED)");
      return;
    case ">>":
      c.text("FLOOR(");
      emitTyped(c, n.lhs);
      c.text(" / POW(2, ");
      emitTyped(c, n.rhs);
      c.text("))");
      return;
    default:
      baseHandlers.binary(c, n);
  }
}
function cast(c: Compiler, n: CastNode): void {
  const names = typeOrNull(n)!.ancestry;
  if (names.includes("JSONField")) {
    c.text("JSON_EXTRACT(").emit(n.arg).text(", '$')");
    return;
  }
  c.text("CAST(")
    .emit(n.arg)
    .text(` AS ${typeOrNull(n)!.castType(c.info)})`);
}
// MariaDB's LAG and LEAD take no default: it stands where the row itself is missing, which LAG(1) tells.
function window(c: Compiler, n: WindowNode): void {
  const f = n.expr;
  if (
    !c.info.isMariaDb ||
    f.kind !== "func" ||
    f.args.length !== 3 ||
    (f.spec.name !== "Lag" && f.spec.name !== "Lead")
  )
    return baseHandlers.window(c, n);
  const [value, by, fallback] = f.args as readonly [Expr, Expr, Expr];
  const over = (arg: Expr): void => baseHandlers.window(c, { ...n, expr: { ...f, args: [arg, by] } });
  c.text("CASE WHEN ");
  over({ kind: "keyword", text: "1", type: null });
  c.text(" IS NULL THEN ");
  emitTyped(c, fallback);
  c.text(" ELSE ");
  over(value);
  c.text(" END");
}
export const mysqlHandlers: Partial<Handlers> = { binary, cast, window };
/** The types that a parameter gets where nothing beside it tells: a text would make calculations inexact and comparisons those of texts. */
const CASTS: Readonly<Record<string, string>> = {
  DecimalField: "decimal(65, 30)",
  DateTimeField: "datetime(6)",
  DateField: "date",
  TimeField: "time(6)",
};
export function mysqlCastParam(type: { readonly ancestry: readonly string[] }): string | null {
  for (const name of type.ancestry) if (Object.hasOwn(CASTS, name)) return CASTS[name]!;
  return null;
}
