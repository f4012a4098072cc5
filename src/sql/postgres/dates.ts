/** Dates and times on PostgreSQL. Sessions are in UTC: nothing is converted for that zone. */
import { type BinaryNode, type FuncNode } from "../../ast/expr.js";
import type { Compiler, Handler } from "../compiler.js";
import { baseHandlers, emitTyped } from "../expressions.js";
import { extractKind, partOf, temporalOf, zoneLiteral, zoneOf } from "../temporal.js";

/** An offset as PostgreSQL reads it in zone names: with the sign of POSIX, west of Greenwich positive. */
function literal(zone: string): string {
  const m = /^([+-])(\d\d:\d\d)$/.exec(zone);
  return zoneLiteral(m === null ? zone : `${m[1] === "+" ? "-" : "+"}${m[2]!}`);
}
/** The argument as wall-clock time of the node's zone. */
function local(c: Compiler, n: FuncNode): void {
  const zone = zoneOf(c, n);
  if (zone !== null) c.text("(");
  emitTyped(c, n.args[0]!);
  if (zone !== null) c.text(` AT TIME ZONE ${literal(zone)})`);
}
const PARTS: Readonly<Record<string, string>> = { iso_week_day: "ISODOW", iso_year: "ISOYEAR", week_day: "DOW" };
const extract: Handler<FuncNode> = (c, n) => {
  extractKind(n);
  const part = partOf(n);
  if (part === "week_day") c.text("(");
  c.text(`EXTRACT(${PARTS[part] ?? part.toUpperCase()} FROM `);
  if (part === "second") c.text("DATE_TRUNC('second', ");
  local(c, n);
  if (part === "second") c.text(")");
  c.text(")::integer");
  if (part === "week_day") c.text(" + 1)");
};
const trunc: Handler<FuncNode> = (c, n) => {
  const from = temporalOf(n.args[0]!),
    to = n.options?.["to"] ?? from;
  c.text(`DATE_TRUNC('${partOf(n)}', `);
  if (to === "datetime") {
    // With the zone as third argument the result is a moment again.
    const zone = zoneOf(c, n);
    emitTyped(c, n.args[0]!);
    c.text(zone === null ? ")" : `, ${literal(zone)})`);
    return;
  }
  local(c, n);
  if (from === "date") c.text("::timestamp");
  c.text(to === "date" ? ")::date" : ")::time");
};
const cast =
  (type: string): Handler<FuncNode> =>
  (c, n) => {
    c.text("(");
    local(c, n);
    c.text(`)::${type}`);
  };
export const dateFunctions: Readonly<Record<string, Handler<FuncNode>>> = {
  Extract: extract,
  ExtractYear: extract,
  ExtractIsoYear: extract,
  Trunc: trunc,
  TruncDate: cast("date"),
  TruncTime: cast("time"),
  Now: (c) => void c.text("STATEMENT_TIMESTAMP()"),
};

/** PostgreSQL knows intervals; only the difference of two dates is a number of days. */
export function temporalArithmetic(c: Compiler, n: BinaryNode): void {
  const days = n.temporal === "subtraction" && temporalOf(n.lhs) === "date" && temporalOf(n.rhs) === "date";
  if (days) c.text("(INTERVAL '1 day' * ");
  const { temporal: _done, ...plain } = n;
  baseHandlers.binary(c, plain);
  if (days) c.text(")");
}
