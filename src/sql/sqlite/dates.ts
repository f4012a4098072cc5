/** Dates and times on SQLite: functions that babik registers, over texts in UTC. */
import { typeOrNull, type BinaryNode, type FuncNode } from "../../ast/expr.js";
import { DatabaseError, ValueError } from "../../base/errors.js";
import type { Compiler, Handler } from "../compiler.js";
import { emitTyped } from "../expressions.js";
import { extractKind, partOf, temporalOf, zoneLiteral, zoneOf } from "../temporal.js";

function call(c: Compiler, node: FuncNode, name: string, part: string | null): void {
  c.text(`${name}(`);
  if (part !== null) c.text(`'${part}', `);
  emitTyped(c, node.args[0]!);
  const zone = zoneOf(c, node);
  if (zone !== null) c.text(`, ${zoneLiteral(zone)}`);
  c.text(")");
}
const extract: Handler<FuncNode> = (c, n) => {
  const kind = extractKind(n);
  if (kind === "duration")
    throw new ValueError("Extract requires native DurationField database support.", "expression.extract");
  call(c, n, `babik_${kind}_extract`, partOf(n));
};
const CLOCK = new Set(["hour", "minute", "second"]);
const trunc: Handler<FuncNode> = (c, n) => {
  const part = partOf(n);
  const to = n.options?.["to"] ?? temporalOf(n.args[0]!);
  if (to === "date") call(c, n, "babik_date_trunc", CLOCK.has(part) ? "day" : part);
  else if (to === "time") call(c, n, "babik_time_trunc", part);
  else call(c, n, zoneOf(c, n) === null ? "babik_datetime_trunc" : "babik_datetime_trunc_utc", part);
};
const now: Handler<FuncNode> = (c) => void c.text("(STRFTIME('%Y-%m-%d %H:%M:%f', 'NOW') || '000')");

export const dateFunctions: Readonly<Record<string, Handler<FuncNode>>> = {
  Extract: extract,
  ExtractYear: extract,
  ExtractIsoYear: extract,
  Trunc: trunc,
  TruncDate: (c, n) => call(c, n, "babik_datetime_cast_date", null),
  TruncTime: (c, n) =>
    temporalOf(n.args[0]!) === "time" ? emitTyped(c, n.args[0]!) : call(c, n, "babik_datetime_cast_time", null),
  Now: now,
};

const FACTORS = ["DecimalField", "DurationField", "FloatField", "IntegerField"];
/** Arithmetic of dates, times and durations. */
export function temporalArithmetic(c: Compiler, n: BinaryNode): void {
  if (n.temporal === "subtraction") c.text(temporalOf(n.lhs) === "time" ? "babik_time_diff(" : "babik_timestamp_diff(");
  else {
    if (n.op !== "+" && n.op !== "-" && n.op !== "*" && n.op !== "/")
      throw new DatabaseError(`Invalid connector for timedelta: ${n.op}.`, "sql.duration");
    if (n.op === "*" || n.op === "/")
      for (const side of [n.lhs, n.rhs])
        if (!(typeOrNull(side)?.ancestry.some((t) => FACTORS.includes(t)) ?? false))
          throw new DatabaseError(`Invalid arguments for operator ${n.op}.`, "sql.duration");
    c.text(`babik_format_dtdelta('${n.op}', `);
  }
  emitTyped(c, n.lhs);
  c.text(", ");
  emitTyped(c, n.rhs);
  c.text(")");
}
