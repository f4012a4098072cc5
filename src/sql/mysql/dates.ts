/** Dates and times on MySQL and MariaDB. Columns and sessions are in UTC; other zones need the server's time zone tables. */
import { type BinaryNode, type Expr, type FuncNode } from "../../ast/expr.js";
import { DatabaseError, NotSupportedError, ValueError } from "../../base/errors.js";
import type { Compiler, Handler } from "../compiler.js";
import { baseHandlers, emitTyped } from "../expressions.js";
import { extractKind, fixedOffset, partOf, temporalOf, zoneLiteral, zoneOf } from "../temporal.js";

function literal(c: Compiler, zone: string): string {
  const offset = fixedOffset(zone);
  if (offset !== null) return zoneLiteral(offset);
  if (!c.info.features.namedTimeZones)
    throw new NotSupportedError(
      `This server has no definitions of time zones, so it cannot work in ${zone}. Load them (mariadb-tzinfo-to-sql, mysql_tzinfo_to_sql), or use UTC or an offset such as '+02:00'.`,
      "sql.time_zone_tables",
    );
  return zoneLiteral(zone);
}
/** The argument as wall-clock time of the node's zone. */
function local(c: Compiler, n: FuncNode): void {
  const zone = zoneOf(c, n);
  if (zone !== null) c.text("CONVERT_TZ(");
  emitTyped(c, n.args[0]!);
  if (zone !== null) c.text(`, '+00:00', ${literal(c, zone)})`);
}
const EXTRACTS: Readonly<Record<string, readonly [string, string]>> = {
  week_day: ["DAYOFWEEK(", ")"],
  iso_week_day: ["(WEEKDAY(", ") + 1)"],
  week: ["WEEK(", ", 3)"],
  iso_year: ["FLOOR(YEARWEEK(", ", 3) / 100)"],
};
const extract: Handler<FuncNode> = (c, n) => {
  if (extractKind(n) === "duration")
    throw new ValueError("Extract requires native DurationField database support.", "expression.extract");
  const part = partOf(n);
  const [before, after] = EXTRACTS[part] ?? [`EXTRACT(${part.toUpperCase()} FROM `, ")"];
  c.text(before);
  local(c, n);
  c.text(after);
};
const DATES: Readonly<Record<string, string>> = { year: "%Y-01-01", month: "%Y-%m-01" };
const TIMES: Readonly<Record<string, string>> = { hour: "%H:00:00", minute: "%H:%i:00", second: "%H:%i:%s" };
/** Start of the unit as a date. */
function truncDate(c: Compiler, part: string, value: () => void): void {
  const format = DATES[part];
  if (format !== undefined) {
    c.text("CAST(DATE_FORMAT(");
    value();
    c.text(`, '${format}') AS DATE)`);
  } else if (part === "quarter") {
    c.text("MAKEDATE(YEAR(");
    value();
    c.text("), 1) + INTERVAL QUARTER(");
    value();
    c.text(") - 1 QUARTER");
  } else if (part === "week") {
    c.text("DATE_SUB(DATE(");
    value();
    c.text("), INTERVAL WEEKDAY(");
    value();
    c.text(") DAY)");
  } else {
    c.text("DATE(");
    value();
    c.text(")");
  }
}
const trunc: Handler<FuncNode> = (c, n) => {
  const part = partOf(n);
  const to = n.options?.["to"] ?? temporalOf(n.args[0]!);
  const value = (): void => local(c, n);
  if (to === "date") return truncDate(c, part, value);
  if (to === "time") {
    const format = TIMES[part];
    if (format === undefined) throw new DatabaseError("A time has hours, minutes and seconds only.", "sql.date_part");
    c.text("CAST(DATE_FORMAT(");
    value();
    c.text(`, '${format}') AS TIME)`);
    return;
  }
  const zone = zoneOf(c, n);
  if (zone !== null) c.text("CONVERT_TZ(");
  const time = TIMES[part];
  c.text("CAST(");
  if (time === undefined) truncDate(c, part, value);
  else {
    c.text("DATE_FORMAT(");
    value();
    c.text(`, '%Y-%m-%d ${time}')`);
  }
  c.text(" AS DATETIME)");
  if (zone !== null) c.text(`, ${literal(c, zone)}, '+00:00')`);
};
const wrapped =
  (name: string): Handler<FuncNode> =>
  (c, n) => {
    c.text(`${name}(`);
    local(c, n);
    c.text(")");
  };
export const dateFunctions: Readonly<Record<string, Handler<FuncNode>>> = {
  Extract: extract,
  ExtractYear: extract,
  ExtractIsoYear: extract,
  Trunc: trunc,
  TruncDate: wrapped("DATE"),
  TruncTime: wrapped("TIME"),
  Now: (c) => void c.text("CURRENT_TIMESTAMP(6)"),
};

function interval(c: Compiler, side: Expr): void {
  const duration = temporalOf(side) === "duration";
  if (duration) c.text("INTERVAL ");
  emitTyped(c, side);
  if (duration) c.text(" MICROSECOND");
}
/** Durations are counts of microseconds; beside a date they become intervals. */
export function temporalArithmetic(c: Compiler, n: BinaryNode): void {
  if (n.temporal === "subtraction") return difference(c, n);
  const withDate = [n.lhs, n.rhs].some((s) => temporalOf(s) !== null && temporalOf(s) !== "duration");
  if (!withDate) {
    const { temporal: _done, ...plain } = n;
    return baseHandlers.binary(c, plain);
  }
  if (n.op !== "+" && n.op !== "-")
    throw new DatabaseError(`Invalid connector for timedelta: ${n.op}.`, "sql.duration");
  c.text("(");
  interval(c, n.lhs);
  c.text(` ${n.op} `);
  interval(c, n.rhs);
  c.text(")");
}
function difference(c: Compiler, n: BinaryNode): void {
  if (temporalOf(n.lhs) !== "time") {
    c.text("TIMESTAMPDIFF(MICROSECOND, ");
    emitTyped(c, n.rhs);
    c.text(", ");
    emitTyped(c, n.lhs);
    c.text(")");
    return;
  }
  // MariaDB's TIME_TO_SEC has the fraction, MySQL's has not.
  const seconds = (side: Expr): void => {
    c.text("TIME_TO_SEC(");
    emitTyped(c, side);
    c.text(")");
  };
  const micros = (side: Expr): void => {
    c.text("(");
    seconds(side);
    c.text(" * 1000000 + MICROSECOND(");
    emitTyped(c, side);
    c.text("))");
  };
  const side = c.info.isMariaDb ? seconds : micros;
  c.text("CAST((");
  side(n.lhs);
  c.text(" - ");
  side(n.rhs);
  c.text(c.info.isMariaDb ? ") * 1000000 AS SIGNED)" : ") AS SIGNED)");
}
