/** Functions, aggregates, lookups and node kinds that SQLite writes in its own way. */
import {
  typeOrNull,
  type AggregateNode,
  type BinaryNode,
  type CastNode,
  type Expr,
  type FuncNode,
  type LookupNode,
  type OrderNode,
} from "../../ast/expr.js";
import { NotSupportedError } from "../../base/errors.js";
import type { Compiler, Handler, Handlers } from "../compiler.js";
import { isDecimal, isExactText, isFloat } from "../decimals.js";
import { baseHandlers, emitTyped, plainAggregate, typedList, withoutFilter } from "../expressions.js";
import { commonLookups } from "../lookups.js";
import { temporalOf } from "../temporal.js";
import { dateFunctions, temporalArithmetic } from "./dates.js";
import { extracted, isJson, jsonFunctions, jsonLookups } from "./json.js";

function pair(c: Compiler, name: string, l: Expr, r: Expr): void {
  c.text(`${name}(`);
  typedList(c, [l, r], ", ");
  c.text(")");
}
// Texts of decimals are compared as numbers: the greatest of a list by comparing one after the other.
function extreme(c: Compiler, n: FuncNode, sql: string, op: string): void {
  if (!n.args.some(isExactText)) {
    c.text(`${sql}(`);
    typedList(c, n.args, ", ");
    c.text(")");
    return;
  }
  const fold = (args: readonly Expr[]): void => {
    const [first, ...rest] = args as readonly [Expr, ...Expr[]];
    if (rest.length === 0) return emitTyped(c, first);
    c.text("CASE WHEN BABIK_DEC_CMP(");
    emitTyped(c, first);
    c.text(", ");
    fold(rest);
    c.text(`) ${op} 0 THEN `);
    emitTyped(c, first);
    c.text(" WHEN ");
    emitTyped(c, first);
    c.text(" IS NULL THEN NULL ELSE ");
    fold(rest);
    c.text(" END");
  };
  fold(n.args);
}

export const sqliteFunctions: Readonly<Record<string, Handler<FuncNode>>> = {
  ...dateFunctions,
  ...jsonFunctions,
  Concat: (c, n) => {
    c.text("(");
    n.args.forEach((a, i) => {
      if (i > 0) c.text(" || ");
      c.text("COALESCE(");
      emitTyped(c, a);
      c.text(", '')");
    });
    c.text(")");
  },
  Greatest: (c, n) => extreme(c, n, "MAX", ">="),
  Least: (c, n) => extreme(c, n, "MIN", "<="),
  Left: (c, n) => {
    c.text("SUBSTR(");
    emitTyped(c, n.args[0]!);
    c.text(", 1, ");
    emitTyped(c, n.args[1]!);
    c.text(")");
  },
  Right: (c, n) => {
    c.text("SUBSTR(");
    emitTyped(c, n.args[0]!);
    c.text(", -1 * ");
    emitTyped(c, n.args[1]!);
    // Without a length a position of zero would mean the whole text.
    c.text(", ");
    emitTyped(c, n.args[1]!);
    c.text(")");
  },
  Abs: (c, n) => {
    c.text(isExactText(n) ? "BABIK_DEC_ABS(" : "ABS(")
      .emit(n.args[0]!)
      .text(")");
  },
  Round: (c, n) => pair(c, isExactText(n) ? "BABIK_DEC_ROUND" : "ROUND", n.args[0]!, n.args[1]!),
};

const DECIMAL_AGGREGATES: Readonly<Record<string, string>> = {
  Sum: "BABIK_DEC_SUM",
  Avg: "BABIK_DEC_AVG",
  Min: "BABIK_DEC_MIN",
  Max: "BABIK_DEC_MAX",
};
function aggregate(name: string): Handler<AggregateNode> {
  return (c, n) => {
    const kind = temporalOf(n.args[0]!);
    if (name !== "Min" && name !== "Max" && kind !== null && kind !== "duration")
      throw new NotSupportedError(
        "You cannot use Sum, Average, StdDev, and Variance aggregations on date/time fields in sqlite3 since date/time is saved as text.",
        "sql.not_supported",
      );
    plainAggregate(c, n, isExactText(n) ? DECIMAL_AGGREGATES[name] : undefined);
  };
}
export const sqliteAggregates: Readonly<Record<string, Handler<AggregateNode>>> = {
  Sum: aggregate("Sum"),
  Avg: aggregate("Avg"),
  Min: aggregate("Min"),
  Max: aggregate("Max"),
  StdDev: aggregate("StdDev"),
  Variance: aggregate("Variance"),
  StringAgg: (c, n) => {
    const [value, delimiter] = n.args as readonly [Expr, Expr];
    // SQLite joins distinct values with commas only.
    if (n.distinct && !(delimiter.kind === "param" && delimiter.slot < 0 && delimiter.value === ",")) {
      const node = withoutFilter(c, n);
      c.text("BABIK_JOIN(JSON_GROUP_ARRAY(DISTINCT ").emit(node.args[0]!);
      if (node.orderBy.length > 0) c.text(" ORDER BY ").list(node.orderBy);
      c.text(")");
      if (node.filter !== null) c.text(" FILTER (WHERE ").emit(node.filter).text(")");
      c.text(", ").emit(delimiter).text(")");
      return;
    }
    plainAggregate(c, { ...n, args: n.distinct ? [value] : n.args });
  },
};

/** Texts of dates beside texts of date-times get a time, so that the comparison is that of moments. */
function sameKind(n: LookupNode): LookupNode {
  const kinds = [n.lhs, ...n.rhs].map(temporalOf);
  if (!kinds.includes("date") || !kinds.includes("datetime")) return n;
  const widen = (e: Expr): Expr =>
    temporalOf(e) === "date" ? { kind: "raw", parts: [e, " || ' 00:00:00'"], type: null, parenthesised: true } : e;
  return { ...n, lhs: widen(n.lhs), rhs: n.rhs.map(widen) };
}
const COMPARISONS: Readonly<Record<string, string>> = { exact: "=", gt: ">", gte: ">=", lt: "<", lte: "<=" };
// Equal texts are equal numbers only where both were written for the same column.
function sameColumn(n: LookupNode): boolean {
  const l = n.lhs,
    r = n.rhs[0]!;
  return (
    n.op === "exact" && l.kind === "col" && r.kind === "param" && typeOrNull(l)?.typeKey === typeOrNull(r)?.typeKey
  );
}
function decimalLookup(op: string): Handler<LookupNode> {
  const plain = commonLookups[op]!;
  return (c, n) => {
    if (
      sameColumn(n) ||
      !(isExactText(n.lhs) || n.rhs.some(isExactText)) ||
      n.rhs[0]!.kind === "null" ||
      n.options?.["truth"] === true
    )
      return plain(c, sameKind(n));
    if (op === "range") {
      c.text("(BABIK_DEC_CMP(")
        .emit(n.lhs)
        .text(", ")
        .emit(n.rhs[0]!)
        .text(") >= 0 AND BABIK_DEC_CMP(")
        .emit(n.lhs)
        .text(", ")
        .emit(n.rhs[1]!)
        .text(") <= 0)");
      return;
    }
    c.text("BABIK_DEC_CMP(").emit(n.lhs).text(", ").emit(n.rhs[0]!).text(`) ${COMPARISONS[op]!} 0`);
  };
}
export const sqliteLookups: Readonly<Record<string, Handler<LookupNode>>> = {
  ...jsonLookups,
  ...Object.fromEntries([...Object.keys(COMPARISONS), "range"].map((op) => [op, decimalLookup(op)])),
};

const DECIMAL_OPS: Readonly<Record<string, string>> = {
  "+": "BABIK_DEC_ADD",
  "-": "BABIK_DEC_SUB",
  "*": "BABIK_DEC_MUL",
  "/": "BABIK_DEC_DIV",
  "%": "BABIK_DEC_MOD",
};
function binary(c: Compiler, n: BinaryNode): void {
  if (n.temporal !== undefined) return temporalArithmetic(c, n);
  if (n.op === "^") return pair(c, "POWER", n.lhs, n.rhs);
  if (n.op === "#") return pair(c, "BITXOR", n.lhs, n.rhs);
  if (isExactText(n) && DECIMAL_OPS[n.op] !== undefined) return pair(c, DECIMAL_OPS[n.op]!, n.lhs, n.rhs);
  const fraction = isDecimal(n.lhs) || isDecimal(n.rhs) || isFloat(n.lhs) || isFloat(n.rhs);
  // % would cut both sides to whole numbers.
  if (n.op === "%" && fraction) return pair(c, "MOD", n.lhs, n.rhs);
  if (n.op === "/" && fraction) {
    // A decimal column keeps 5.00 as the integer 5, whose division would drop the fraction.
    c.text("(CAST(");
    emitTyped(c, n.lhs);
    c.text(" AS REAL) / ");
    emitTyped(c, n.rhs);
    c.text(")");
    return;
  }
  baseHandlers.binary(c, n);
}
/** Casts to dates read the text; canonical texts keep comparisons with parameters right. */
function cast(c: Compiler, n: CastNode): void {
  const kind = temporalOf(n);
  if (kind === null || kind === "duration") return baseHandlers.cast(c, n);
  if (kind === "date") c.text("DATE(");
  else if (kind === "time" && temporalOf(n.arg) === "datetime") c.text("babik_datetime_cast_time(");
  else {
    c.text("babik_format_dtdelta('+', ");
    emitTyped(c, n.arg);
    c.text(", 0)");
    return;
  }
  emitTyped(c, n.arg);
  c.text(")");
}
function order(c: Compiler, n: OrderNode): void {
  const decimal = isExactText(n.expr);
  if (!decimal && !isJson(n.expr)) return baseHandlers.order(c, n);
  if (decimal) c.text("BABIK_DEC_KEY(").emit(n.expr).text(")");
  else extracted(c, n.expr);
  c.text(n.descending ? " DESC" : " ASC");
  if (n.nulls !== null) c.text(n.nulls === "first" ? " NULLS FIRST" : " NULLS LAST");
}
export const sqliteHandlers: Partial<Handlers> = { binary, cast, order };
