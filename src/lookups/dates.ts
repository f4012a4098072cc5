/**
 * Parts of dates and times in paths (`created__year`), and comparisons with a year, which become a range of dates so that an index
 * can serve them. Bounds are made when the statement is bound: they depend on the year and, for date-times, on the current zone.
 */
import { lookup, typeOrNull, type BindContext, type Expr, type FuncNode } from "../ast/expr.js";
import type { ValueType } from "../ast/seams.js";
import { Slot } from "../ast/slots.js";
import { ValueError } from "../base/errors.js";
import { Temporal, type PlainDate } from "../base/temporal.js";
import {
  ExtractDay,
  ExtractHour,
  ExtractIsoWeekDay,
  ExtractIsoYear,
  ExtractMinute,
  ExtractMonth,
  ExtractQuarter,
  ExtractSecond,
  ExtractWeek,
  ExtractWeekDay,
  ExtractYear,
  TruncDate,
  TruncTime,
} from "../expressions/functions/dates.js";
import type { FunctionMaker } from "../expressions/makers.js";
import { IntegerField } from "../fields/integers.js";
import type { Lookup, LookupRegistry } from "./registry.js";
import { single } from "./values.js";

const INTEGER = new IntegerField();

/** First day of an ISO year: the Monday of the week of 4 January. */
function isoStart(year: number): PlainDate {
  const fourth = new Temporal.PlainDate(year, 1, 4);
  return fourth.subtract({ days: fourth.dayOfWeek - 1 });
}
/** First or last moment of a year: a date, or an instant of the zone. */
function bound(year: number, iso: boolean, end: boolean, moment: boolean, zone: string): unknown {
  if (!Number.isInteger(year) || year < 1 || year > 9999)
    throw new ValueError("A year is a whole number from 1 to 9999.", "lookup.year");
  const after = iso
    ? year === 9999
      ? new Temporal.PlainDate(10_000, 1, 3)
      : isoStart(year + 1)
    : new Temporal.PlainDate(year + 1, 1, 1);
  const first = iso ? isoStart(year) : new Temporal.PlainDate(year, 1, 1);
  if (!moment) return end ? clamp(after.subtract({ days: 1 })) : clamp(first);
  if (end) {
    const last = clamp(after.subtract({ days: 1 })).toPlainDateTime(new Temporal.PlainTime(23, 59, 59, 999, 999));
    return limited(last.toZonedDateTime(zone).toInstant());
  }
  return limited(clamp(first).toPlainDateTime().toZonedDateTime(zone).toInstant());
}
const LOWEST = new Temporal.PlainDate(1, 1, 1),
  HIGHEST = new Temporal.PlainDate(9999, 12, 31);
function clamp(d: PlainDate): PlainDate {
  return Temporal.PlainDate.compare(d, LOWEST) < 0 ? LOWEST : Temporal.PlainDate.compare(d, HIGHEST) > 0 ? HIGHEST : d;
}
const FIRST = Temporal.Instant.from("0001-01-01T00:00:00Z"),
  LAST = Temporal.Instant.from("9999-12-31T23:59:59.999999Z");
function limited(i: InstanceType<typeof Temporal.Instant>): InstanceType<typeof Temporal.Instant> {
  return Temporal.Instant.compare(i, FIRST) < 0 ? FIRST : Temporal.Instant.compare(i, LAST) > 0 ? LAST : i;
}

/** Which ends of the year a comparison needs, and the comparison that it becomes. */
const YEAR_OPS: Readonly<Record<string, readonly [op: string, end: boolean]>> = {
  gt: ["gt", true],
  gte: ["gte", false],
  lt: ["lt", false],
  lte: ["lte", true],
};

function yearLookup(name: string, iso: boolean): Lookup {
  return {
    name,
    build(lhs, given, context) {
      const rhs = single(given, name);
      const node = lhs as FuncNode;
      const column = node.args[0]!;
      const type = typeOrNull(column);
      if (!(rhs instanceof Slot) || type === null)
        return lookup(name, lhs, [rhs instanceof Slot ? { kind: "param", slot: rhs.index, type: INTEGER } : rhs]);
      const check = (v: unknown): unknown => {
        const year = INTEGER.prep(v);
        bound(year as number, iso, false, false, "UTC");
        return year;
      };
      check(rhs.value);
      context.prepare(rhs.index, check);
      const moment = type.ancestry.includes("DateTimeField");
      const own = node.options?.["timeZone"];
      const end = (last: boolean): Expr => ({
        kind: "param",
        slot: rhs.index,
        type,
        map: (v: unknown, c: BindContext) =>
          bound(v as number, iso, last, moment, typeof own === "string" ? own : c.timeZone),
        mapKey: `year${iso ? "i" : ""}${last ? "e" : "s"}${moment ? (typeof own === "string" ? own : "t") : ""}`,
      });
      if (name === "exact") return lookup("range", column, [end(false), end(true)]);
      const [op, last] = YEAR_OPS[name]!;
      return lookup(op, column, [end(last)]);
    },
  };
}

/** Adds a function to a type under the name that its row gives it. */
export function addFunction(
  r: LookupRegistry,
  typeName: string,
  maker: Pick<FunctionMaker, "spec">,
  name: string = maker.spec.lookupName ?? maker.spec.name.toLowerCase(),
): void {
  const { spec } = maker;
  r.addTransform(typeName, {
    name,
    build: (lhs, context) => context.call(spec, [lhs]),
    ...(spec.bilateral === true ? { bilateral: true } : {}),
  });
}

/** Registers the transforms of dates and times and the comparisons of years. */
export function addDates(r: LookupRegistry): void {
  for (const f of [
    ExtractYear,
    ExtractIsoYear,
    ExtractMonth,
    ExtractDay,
    ExtractWeek,
    ExtractWeekDay,
    ExtractIsoWeekDay,
    ExtractQuarter,
  ])
    addFunction(r, "DateField", f);
  for (const f of [ExtractHour, ExtractMinute, ExtractSecond]) {
    addFunction(r, "TimeField", f);
    addFunction(r, "DateTimeField", f);
  }
  addFunction(r, "DateTimeField", TruncDate);
  addFunction(r, "DateTimeField", TruncTime);
  for (const name of ["exact", ...Object.keys(YEAR_OPS)]) {
    r.addLookup("@ExtractYear", yearLookup(name, false));
    r.addLookup("@ExtractIsoYear", yearLookup(name, true));
  }
}
export type { ValueType };
