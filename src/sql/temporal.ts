/** What the dialects share about dates: which kind an argument is, which zone is meant, and zones as quoted literals. */
import { typeOrNull, type Expr, type FuncNode } from "../ast/expr.js";
import type { ValueType } from "../ast/seams.js";
import { DatabaseError, ValueError } from "../base/errors.js";
import type { Compiler } from "./compiler.js";

export type TemporalKind = "datetime" | "date" | "time" | "duration";

/** The column of a relation is of its target's kind. */
function plainAncestry(type: ValueType | null): readonly string[] {
  if (type === null) return [];
  const { target } = type as { readonly target?: ValueType };
  return type.ancestry.includes("ForeignObject") && target !== undefined ? plainAncestry(target) : type.ancestry;
}
/** The kind of a node by its type; null where it is none of these. */
export function temporalOf(node: Expr): TemporalKind | null {
  const names = plainAncestry(typeOrNull(node));
  if (names.includes("DateTimeField")) return "datetime";
  if (names.includes("DateField")) return "date";
  if (names.includes("TimeField")) return "time";
  return names.includes("DurationField") ? "duration" : null;
}
/** The kind of what a part is taken from; types that were unknown when the query was built are judged here. */
export function extractKind(node: FuncNode): TemporalKind {
  const kind = temporalOf(node.args[0]!);
  if (kind === null)
    throw new ValueError(
      "Extract input expression must be DateField, DateTimeField, TimeField, or DurationField.",
      "expression.extract",
    );
  return kind;
}
export function partOf(node: FuncNode): string {
  const part = String(node.options?.["part"] ?? "");
  if (!/^[a-z_]+$/.test(part))
    throw new DatabaseError("The part of a date is not one that babik knows.", "sql.date_part");
  return part;
}
const UTC = new Set(["UTC", "Etc/UTC", "GMT", "Etc/GMT", "+00:00", "-00:00", "Z"]);
/** The zone that a node on a date-time works in, or null for UTC, where nothing is converted. */
export function zoneOf(c: Compiler, node: FuncNode): string | null {
  if (temporalOf(node.args[0]!) !== "datetime") return null;
  const zone = c.zone(node.options?.["timeZone"]);
  return UTC.has(zone) ? null : zone;
}
/** A zone as a literal. Names were checked against the runtime; nothing with a quote or a space gets past here. */
export function zoneLiteral(zone: string): string {
  if (!/^[A-Za-z0-9_+\-/:]{1,80}$/.test(zone))
    throw new DatabaseError("The name of a time zone has characters that no zone has.", "sql.time_zone");
  return `'${zone}'`;
}
/** `+05:30` of a zone that always has the same offset and says so in its name, else null. */
export function fixedOffset(zone: string): string | null {
  if (/^[+-]\d\d:\d\d$/.test(zone)) return zone;
  const m = /^Etc\/GMT([+-])(\d{1,2})$/.exec(zone);
  // The names of these zones count the other way round.
  return m === null ? null : `${m[1] === "+" ? "-" : "+"}${m[2]!.padStart(2, "0")}:00`;
}
