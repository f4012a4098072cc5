/** Extract and Trunc: what they may be given, and the type of what they give. Zones travel in the node's options; null is the current one. */
import { func, typeOrNull, type Expr, type FuncSpec } from "../ast/expr.js";
import type { ValueType } from "../ast/seams.js";
import { QueryTypeError, ValueError } from "../base/errors.js";
import {
  EXTRACT,
  EXTRACT_ISO_YEAR,
  EXTRACT_YEAR,
  partOfSpec,
  TRUNC,
  TRUNC_DATE,
  TRUNC_TIME,
} from "../expressions/functions/dates.js";
import { base, INTEGER, isA, temporalKind, typeNamed } from "./types.js";

interface Call {
  readonly args: readonly Expr[];
  readonly spec: FuncSpec;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly outputField: ValueType | undefined;
}
type Kind = "DateTimeField" | "DateField" | "TimeField" | "DurationField";

function nameOf(node: Expr): string {
  return node.kind === "col" ? node.field.name : node.kind === "ref" ? node.name : node.kind;
}
function settingsOf(call: Call): { part: string; timeZone: string | null } {
  const part = call.settings["part"] ?? partOfSpec.get(call.spec);
  return { part: String(part), timeZone: (call.settings["timeZone"] as string | null | undefined) ?? null };
}
/** A type that is still unknown (an outer reference) is looked at again when the SQL is written. */
function known(node: Expr): ValueType | null {
  return node.kind === "outerref" ? null : typeOrNull(node);
}
function refuseZone(kind: Kind | null, timeZone: string | null): void {
  if (timeZone !== null && kind !== null && kind !== "DateTimeField")
    throw new ValueError("tzinfo can only be used with DateTimeField.", "expression.time_zone");
}

const CALENDAR = new Set(["year", "iso_year", "month", "week", "week_day", "iso_week_day", "quarter", "day"]);
const CLOCK = new Set(["hour", "minute", "second"]);

export function buildExtract(call: Call): Expr {
  const arg = call.args[0]!;
  const { part, timeZone } = settingsOf(call);
  const type = known(arg);
  if (type !== null) {
    const kind: Kind | null = temporalKind(type) ?? (isA(type, "DurationField") ? "DurationField" : null);
    if (kind === null)
      throw new ValueError(
        "Extract input expression must be DateField, DateTimeField, TimeField, or DurationField.",
        "expression.extract",
      );
    if (kind === "DateField" && CLOCK.has(part))
      throw new ValueError(
        `Cannot extract time component '${part}' from DateField '${nameOf(arg)}'.`,
        "expression.extract",
      );
    if (
      (kind === "DurationField" && part !== "day" && CALENDAR.has(part)) ||
      (kind === "TimeField" && CALENDAR.has(part))
    )
      throw new ValueError(`Cannot extract component '${part}' from ${kind} '${nameOf(arg)}'.`, "expression.extract");
    refuseZone(kind, timeZone);
  }
  const spec = part === "year" ? EXTRACT_YEAR : part === "iso_year" ? EXTRACT_ISO_YEAR : EXTRACT;
  return func(spec, [arg], call.outputField ?? INTEGER(), { part, timeZone });
}

const KIND_NAMES = { DateTimeField: "datetime", DateField: "date", TimeField: "time", DurationField: "time" } as const;

export function buildTrunc(call: Call): Expr {
  const arg = call.args[0]!;
  const { part, timeZone } = settingsOf(call);
  const type = known(arg);
  const from = type === null ? null : temporalKind(type);
  if (type !== null && from === null)
    throw new QueryTypeError(`'${nameOf(arg)}' isn't a DateField, TimeField, or DateTimeField.`, "expression.trunc");
  const output = call.outputField ?? (type === null ? null : plainKind(type));
  const to = temporalKind(output);
  if (output !== null && to === null)
    throw new ValueError("output_field must be either DateField, TimeField, or DateTimeField", "expression.trunc");
  checkTrunc(arg, from, to, part, call.outputField !== undefined);
  refuseZone(from, timeZone);
  return func(TRUNC, [arg], output, { part, timeZone, to: to === null ? null : KIND_NAMES[to] });
}
// The type of a column without what belongs to the column: autoNow, choices.
function plainKind(type: ValueType): ValueType {
  const kind = temporalKind(type)!;
  return kind === "DateTimeField" && base(type).scale === 6 ? typeNamed("DateTimeField6") : typeNamed(kind);
}
function checkTrunc(arg: Expr, from: Kind | null, to: Kind | null, part: string, explicit: boolean): void {
  const name = explicit && to !== null ? to : "DateTimeField";
  if (from === "DateField" && (to === "DateTimeField" || to === "TimeField" || CLOCK.has(part) || part === "time"))
    throw new ValueError(
      `Cannot truncate DateField '${nameOf(arg)}' to ${explicit && to !== "DateField" ? name : "DateTimeField"}.`,
      "expression.trunc",
    );
  if (from === "TimeField" && (to === "DateTimeField" || to === "DateField" || CALENDAR.has(part) || part === "date"))
    throw new ValueError(
      `Cannot truncate TimeField '${nameOf(arg)}' to ${explicit && to !== "TimeField" ? name : "DateTimeField"}.`,
      "expression.trunc",
    );
}

/** TruncDate and TruncTime: casts to a date or a time. */
export function buildTruncCast(call: Call): Expr {
  const arg = call.args[0]!;
  const { timeZone } = settingsOf(call);
  const date = call.spec === TRUNC_DATE;
  const type = known(arg);
  const from = type === null ? null : temporalKind(type);
  if (type !== null && from === null)
    throw new QueryTypeError(`'${nameOf(arg)}' isn't a DateField, TimeField, or DateTimeField.`, "expression.trunc");
  if (date && from === "TimeField")
    throw new ValueError(`Cannot truncate TimeField '${nameOf(arg)}' to DateField.`, "expression.trunc");
  if (!date && from === "DateField")
    throw new ValueError(`Cannot truncate DateField '${nameOf(arg)}' to TimeField.`, "expression.trunc");
  refuseZone(from, timeZone);
  return func(date ? TRUNC_DATE : TRUNC_TIME, [arg], typeNamed(date ? "DateField" : "TimeField"), { timeZone });
}
