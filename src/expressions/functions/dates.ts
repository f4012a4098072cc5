/** Parts of dates and times, truncation, and the present. Names of parts and zones are checked here: they end up in SQL text. */
import type { FuncSpec } from "../../ast/expr.js";
import type { ValueType } from "../../ast/seams.js";
import { ValueError } from "../../base/errors.js";
import { Expression } from "../expression.js";
import { checkArity, fieldOrValue, functionMaker, splitOptions, withSpec, type FunctionMaker } from "../makers.js";
import { checkZone } from "../zones.js";

/** Parts that Extract knows. */
export const EXTRACT_PARTS = Object.freeze([
  "year",
  "iso_year",
  "quarter",
  "month",
  "week",
  "day",
  "week_day",
  "iso_week_day",
  "hour",
  "minute",
  "second",
] as const);
/** Units that Trunc knows. */
export const TRUNC_KINDS = Object.freeze([
  "year",
  "quarter",
  "month",
  "week",
  "day",
  "hour",
  "minute",
  "second",
] as const);

/** Specs by part. Years have their own, since comparisons with a year become ranges of dates. */
export const EXTRACT: FuncSpec = Object.freeze({ name: "Extract", output: "IntegerField", arity: 1 });
export const EXTRACT_YEAR: FuncSpec = Object.freeze({
  name: "ExtractYear",
  output: "IntegerField",
  arity: 1,
  lookupName: "year",
});
export const EXTRACT_ISO_YEAR: FuncSpec = Object.freeze({
  name: "ExtractIsoYear",
  output: "IntegerField",
  arity: 1,
  lookupName: "iso_year",
});
export const TRUNC: FuncSpec = Object.freeze({ name: "Trunc", arity: 1 });
export const TRUNC_DATE: FuncSpec = Object.freeze({
  name: "TruncDate",
  output: "DateField",
  arity: 1,
  lookupName: "date",
});
export const TRUNC_TIME: FuncSpec = Object.freeze({
  name: "TruncTime",
  output: "TimeField",
  arity: 1,
  lookupName: "time",
});

/** The part that a spec of this file stands for, or undefined for `Extract` and `Trunc` themselves. */
export const partOfSpec: WeakMap<FuncSpec, string> = new WeakMap([
  [EXTRACT_YEAR, "year"],
  [EXTRACT_ISO_YEAR, "iso_year"],
  [TRUNC_DATE, "date"],
  [TRUNC_TIME, "time"],
]);

function dated(
  spec: FuncSpec,
  args: readonly unknown[],
  part: unknown,
  known: readonly string[],
  what: string,
  o: Record<string, unknown>,
): Expression {
  if (typeof part !== "string" || !known.includes(part))
    throw new ValueError(
      `Invalid ${what}: ${typeof part === "string" ? JSON.stringify(part) : typeof part}. Choices are: ${known.join(", ")}.`,
      "expression.date_part",
    );
  checkArity(spec, args.length);
  const timeZone = o["tzinfo"] === undefined || o["tzinfo"] === null ? null : checkZone(o["tzinfo"]);
  return new Expression({
    kind: "func",
    spec,
    args: args.map(fieldOrValue),
    settings: { part, timeZone },
    outputField: o["outputField"] as ValueType | undefined,
  });
}
const DATE_OPTIONS = ["outputField", "tzinfo"];

/**
 * A part of a date, time or duration as a number: `Extract("created", "year")`, `Extract("created", { lookupName: "week" })`.
 * @param tzinfo zone in which the part is taken, for date-times; the current zone when left out
 * @throws ValueError for an unknown part or zone
 * @see https://docs.djangoproject.com/en/stable/ref/models/database-functions/#extract
 */
export const Extract: FunctionMaker = withSpec(EXTRACT, (...args) => {
  const [rest, o] = splitOptions("Extract", args, [...DATE_OPTIONS, "lookupName"]);
  const [expression, part = o["lookupName"], ...more] = rest;
  return dated(EXTRACT, [expression, ...more], part, EXTRACT_PARTS, "lookup type", o);
});
function extractor(part: (typeof EXTRACT_PARTS)[number], name: string): FunctionMaker {
  const spec: FuncSpec =
    part === "year"
      ? EXTRACT_YEAR
      : part === "iso_year"
        ? EXTRACT_ISO_YEAR
        : Object.freeze({ name, output: "IntegerField", arity: 1, lookupName: part });
  partOfSpec.set(spec, part);
  return withSpec(spec, (...args) => {
    const [rest, o] = splitOptions(name, args, DATE_OPTIONS);
    return dated(spec, rest, part, EXTRACT_PARTS, "lookup type", o);
  });
}
/** The year: `ExtractYear("created")`. */
export const ExtractYear = extractor("year", "ExtractYear");
/** The year that the ISO 8601 week belongs to. */
export const ExtractIsoYear = extractor("iso_year", "ExtractIsoYear");
/** The quarter, 1 to 4. */
export const ExtractQuarter = extractor("quarter", "ExtractQuarter");
/** The month, 1 to 12. */
export const ExtractMonth = extractor("month", "ExtractMonth");
/** The ISO 8601 week, 1 to 53. */
export const ExtractWeek = extractor("week", "ExtractWeek");
/** The day of the month. */
export const ExtractDay = extractor("day", "ExtractDay");
/** The day of the week: Sunday is 1, Saturday 7. */
export const ExtractWeekDay = extractor("week_day", "ExtractWeekDay");
/** The day of the week: Monday is 1, Sunday 7. */
export const ExtractIsoWeekDay = extractor("iso_week_day", "ExtractIsoWeekDay");
/** The hour. */
export const ExtractHour = extractor("hour", "ExtractHour");
/** The minute. */
export const ExtractMinute = extractor("minute", "ExtractMinute");
/** The second, without its fraction. */
export const ExtractSecond = extractor("second", "ExtractSecond");

/**
 * A date or time cut to the start of a unit: `Trunc("created", "month", { outputField: DateField() })`.
 * @param tzinfo zone in which the unit begins, for date-times; the current zone when left out
 * @throws ValueError for an unknown unit or zone
 * @see https://docs.djangoproject.com/en/stable/ref/models/database-functions/#trunc
 */
export const Trunc: FunctionMaker = withSpec(TRUNC, (...args) => {
  const [rest, o] = splitOptions("Trunc", args, [...DATE_OPTIONS, "kind"]);
  const [expression, kind = o["kind"], ...more] = rest;
  return dated(TRUNC, [expression, ...more], kind, TRUNC_KINDS, "kind of truncation", o);
});
function truncation(kind: (typeof TRUNC_KINDS)[number], name: string): FunctionMaker {
  const spec: FuncSpec = Object.freeze({ name, arity: 1 });
  partOfSpec.set(spec, kind);
  return withSpec(spec, (...args) => {
    const [rest, o] = splitOptions(name, args, DATE_OPTIONS);
    return dated(spec, rest, kind, TRUNC_KINDS, "kind of truncation", o);
  });
}
/** The start of the year: `TruncYear("created")`. */
export const TruncYear = truncation("year", "TruncYear");
/** The start of the quarter. */
export const TruncQuarter = truncation("quarter", "TruncQuarter");
/** The start of the month. */
export const TruncMonth = truncation("month", "TruncMonth");
/** The Monday on which the week begins. */
export const TruncWeek = truncation("week", "TruncWeek");
/** The start of the day. */
export const TruncDay = truncation("day", "TruncDay");
/** The start of the hour. */
export const TruncHour = truncation("hour", "TruncHour");
/** The start of the minute. */
export const TruncMinute = truncation("minute", "TruncMinute");
/** The date-time without the fraction of its second. */
export const TruncSecond = truncation("second", "TruncSecond");
function casting(spec: FuncSpec, part: "date" | "time"): FunctionMaker {
  return withSpec(spec, (...args) => {
    const [rest, o] = splitOptions(spec.name, args, DATE_OPTIONS);
    // The result is a date (a time) whatever is asked for.
    const { outputField: _fixed, ...kept } = o;
    return dated(spec, rest, part, [part], "part", kept);
  });
}
/** The date of a date-time: `TruncDate("created")`. */
export const TruncDate = casting(TRUNC_DATE, "date");
/** The time of a date-time. */
export const TruncTime = casting(TRUNC_TIME, "time");

/**
 * The moment at which the statement began, by the database's clock.
 * @example Product.objects.filter({ published__lte: Now() })   // "published" <= STATEMENT_TIMESTAMP()
 */
export const Now: FunctionMaker = functionMaker({
  name: "Now",
  sql: "CURRENT_TIMESTAMP",
  output: "DateTimeField",
  arity: 0,
});
