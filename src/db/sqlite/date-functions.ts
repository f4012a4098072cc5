/**
 * SQL functions over dates and times for SQLite, which has none that know weeks, quarters or time zones.
 * NULL in gives NULL out, as does a text that is no date. They must not know models or queries.
 */
import { ValueError } from "../../base/errors.js";
import {
  type Civil,
  dateText,
  fromDays,
  fromSeconds,
  inZone,
  isoWeek,
  isoWeekday,
  parseCivil,
  parseTime,
  timeText,
  toDays,
  toSeconds,
} from "./civil.js";
import type { Engine, SqlValue } from "./engine.js";

const DAY_MICROS = 86_400_000_000;

// A JavaScript number would come out of a function as REAL, "2020.0" when joined to a text; a bigint comes out as INTEGER.
const small = Array.from({ length: 3000 }, (_, n) => BigInt(n));
/** A whole number as SQLite's INTEGER. */
export function integer(n: number): bigint {
  return small[n] ?? BigInt(n);
}

function badKind(fn: string, kind: SqlValue): ValueError {
  return new ValueError(`${fn}() knows no part of a date or time called '${String(kind)}'.`, "sqlite.date_part");
}

function read(value: SqlValue): Civil | undefined {
  return typeof value === "string" ? parseCivil(value) : undefined;
}

function zone(value: SqlValue | undefined): string | null {
  return typeof value === "string" ? value : null;
}

function dateExtract(fn: string, kind: SqlValue, c: Civil): bigint {
  switch (kind) {
    case "year":
      return integer(c.year);
    case "quarter":
      return integer(Math.ceil(c.month / 3));
    case "month":
      return integer(c.month);
    case "week":
      return integer(isoWeek(c).week);
    case "iso_year":
      return integer(isoWeek(c).year);
    case "week_day":
      return integer((isoWeekday(toDays(c.year, c.month, c.day)) % 7) + 1);
    case "iso_week_day":
      return integer(isoWeekday(toDays(c.year, c.month, c.day)));
    case "day":
      return integer(c.day);
    case "hour":
      return integer(c.hour);
    case "minute":
      return integer(c.minute);
    case "second":
      return integer(c.second);
    case "microsecond":
      return integer(c.micro);
    default:
      throw badKind(fn, kind);
  }
}

/** First day of the year, quarter, month or week of a date, or the day itself; `undefined` for a smaller part. */
function truncatedDate(kind: SqlValue, c: Civil): string | undefined {
  switch (kind) {
    case "year":
      return dateText({ year: c.year, month: 1, day: 1 });
    case "quarter":
      return dateText({ year: c.year, month: c.month - ((c.month - 1) % 3), day: 1 });
    case "month":
      return dateText({ year: c.year, month: c.month, day: 1 });
    case "week": {
      const days = toDays(c.year, c.month, c.day);
      return dateText(fromDays(days - isoWeekday(days) + 1));
    }
    case "day":
      return dateText(c);
    default:
      return undefined;
  }
}

function truncatedTime(kind: SqlValue, c: { hour: number; minute: number; second: number }): string | undefined {
  if (kind === "hour") return timeText(c.hour, 0, 0, 0);
  if (kind === "minute") return timeText(c.hour, c.minute, 0, 0);
  return kind === "second" ? timeText(c.hour, c.minute, c.second, 0) : undefined;
}

function secondsInto(kind: SqlValue, c: Civil): number {
  if (kind === "hour") return c.minute * 60 + c.second;
  if (kind === "minute") return c.second;
  if (kind === "second") return 0;
  throw badKind("babik_datetime_trunc_utc", kind);
}

/** A time alone, read as a moment of 1970-01-01 so that it can be moved between zones as Django does with today's date. */
function clock(value: SqlValue): Civil | undefined {
  if (typeof value !== "string") return undefined;
  const micros = parseTime(value);
  if (micros === undefined) return parseCivil(value);
  return fromSeconds(Math.floor(micros / 1_000_000), micros % 1_000_000);
}

/** Registers the date and time functions on a connection. */
export function registerDateFunctions(engine: Engine): void {
  const extract = (fn: string) => (kind: SqlValue, value: SqlValue, to?: SqlValue, from?: SqlValue) => {
    const c = read(value);
    return c === undefined ? null : dateExtract(fn, kind, inZone(c, zone(to), zone(from)));
  };
  engine.fn("babik_date_extract", -1, extract("babik_date_extract") as never, true);
  engine.fn("babik_datetime_extract", -1, extract("babik_datetime_extract") as never, true);
  engine.fn(
    "babik_time_extract",
    2,
    (kind, value) => {
      const c = clock(value ?? null);
      if (c === undefined) return null;
      if (kind !== "hour" && kind !== "minute" && kind !== "second" && kind !== "microsecond")
        throw badKind("babik_time_extract", kind ?? null);
      return dateExtract("babik_time_extract", kind, c);
    },
    true,
  );
  engine.fn(
    "babik_date_trunc",
    -1,
    (kind = null, value = null, to = null, from = null) => {
      const c = read(value);
      if (c === undefined) return null;
      const text = truncatedDate(kind, inZone(c, zone(to), zone(from)));
      if (text === undefined) throw badKind("babik_date_trunc", kind);
      return text;
    },
    true,
  );
  engine.fn(
    "babik_datetime_trunc",
    -1,
    (kind = null, value = null, to = null, from = null) => {
      const c = read(value);
      if (c === undefined) return null;
      const local = inZone(c, zone(to), zone(from));
      const date = truncatedDate(kind, local);
      if (date !== undefined) return `${date} 00:00:00`;
      const time = truncatedTime(kind, local);
      if (time === undefined) throw badKind("babik_datetime_trunc", kind);
      return `${dateText(local)} ${time}`;
    },
    true,
  );
  // The same as a moment: the start of the unit in the zone, in UTC as columns are. The two hours of a clock put back stay two.
  engine.fn(
    "babik_datetime_trunc_utc",
    3,
    (kind = null, value = null, to = null) => {
      const c = read(value);
      const name = zone(to);
      if (c === undefined || name === null) return null;
      const local = inZone(c, name, null);
      const date = truncatedDate(kind, local);
      const start =
        date !== undefined
          ? inZone(parseCivil(`${date} 00:00:00`)!, "UTC", name)
          : fromSeconds(toSeconds(c) - secondsInto(kind, local), 0);
      return `${dateText(start)} ${timeText(start.hour, start.minute, start.second, 0)}`;
    },
    true,
  );
  engine.fn(
    "babik_time_trunc",
    -1,
    (kind = null, value = null, to = null, from = null) => {
      const c = clock(value);
      if (c === undefined) return null;
      const text = truncatedTime(kind, inZone(c, zone(to), zone(from)));
      if (text === undefined) throw badKind("babik_time_trunc", kind);
      return text;
    },
    true,
  );
  engine.fn(
    "babik_datetime_cast_date",
    -1,
    (value = null, to = null, from = null) => {
      const c = read(value);
      return c === undefined ? null : dateText(inZone(c, zone(to), zone(from)));
    },
    true,
  );
  engine.fn(
    "babik_datetime_cast_time",
    -1,
    (value = null, to = null, from = null) => {
      const c = read(value);
      if (c === undefined) return null;
      const local = inZone(c, zone(to), zone(from));
      return timeText(local.hour, local.minute, local.second, local.micro);
    },
    true,
  );
  registerDifferences(engine);
}

function registerDifferences(engine: Engine): void {
  engine.fn(
    "babik_time_diff",
    2,
    (left = null, right = null) => {
      const a = typeof left === "string" ? parseTime(left) : undefined;
      const b = typeof right === "string" ? parseTime(right) : undefined;
      return a === undefined || b === undefined ? null : BigInt(a - b);
    },
    true,
  );
  engine.fn(
    "babik_timestamp_diff",
    2,
    (left = null, right = null) => {
      const a = read(left);
      const b = read(right);
      return a === undefined || b === undefined ? null : toMicros(a) - toMicros(b);
    },
    true,
  );
  engine.fn("babik_format_dtdelta", 3, (sign = null, left = null, right = null) => arithmetic(sign, left, right), true);
}

// Microseconds since 1970 pass 2^53 in the year 2255, hence bigint.
function toMicros(c: Civil): bigint {
  return BigInt(toSeconds(c)) * 1_000_000n + BigInt(c.micro);
}

/** `date or time ± duration`, `duration ± duration`, `duration × number`, `duration ÷ number`. */
function arithmetic(sign: SqlValue, left: SqlValue, right: SqlValue): SqlValue {
  if (left === null || right === null) return null;
  if (sign === "*" || sign === "/") {
    const a = Number(left);
    const b = Number(right);
    if (sign === "/" && b === 0) return null;
    const result = sign === "*" ? a * b : a / b;
    return Number.isFinite(result) ? BigInt(halfToEven(result)) : null;
  }
  if (sign !== "+" && sign !== "-")
    throw new ValueError("babik_format_dtdelta() takes +, -, * or / as its first argument.", "sqlite.operator");
  const a = operand(left);
  const b = operand(right);
  if (a === undefined || b === undefined) return null;
  const sum = sign === "+" ? a.micros + b.micros : a.micros - b.micros;
  if (a.kind === "duration" && b.kind === "duration") return sum;
  if (a.kind !== "duration" && b.kind !== "duration") return sign === "-" ? sum : null;
  // A date and a duration are a moment, as on the other databases: no hour is lost. Comparisons with dates widen the dates.
  return (a.kind === "duration" ? b.kind : a.kind) === "time" ? clockText(sum) : momentText(sum);
}

// As intervals of PostgreSQL do.
function halfToEven(x: number): number {
  const down = Math.floor(x);
  return x - down === 0.5 ? (down % 2 === 0 ? down : down + 1) : Math.round(x);
}

function operand(value: SqlValue): { kind: "duration" | "moment" | "time"; micros: bigint } | undefined {
  if (typeof value === "bigint") return { kind: "duration", micros: value };
  if (typeof value === "number") return { kind: "duration", micros: BigInt(Math.round(value)) };
  if (typeof value !== "string") return undefined;
  const c = parseCivil(value);
  if (c !== undefined) return { kind: "moment", micros: toMicros(c) };
  const time = parseTime(value);
  return time === undefined ? undefined : { kind: "time", micros: BigInt(time) };
}

function momentText(micros: bigint): string | null {
  const micro = Number(((micros % 1_000_000n) + 1_000_000n) % 1_000_000n);
  const c = fromSeconds(Number((micros - BigInt(micro)) / 1_000_000n), micro);
  // Years that no date-time can have become NULL, as every other thing that is no date.
  if (c.year < 1 || c.year > 9999) return null;
  return `${dateText(c)} ${timeText(c.hour, c.minute, c.second, c.micro)}`;
}

function clockText(micros: bigint): string {
  const inDay = Number(((micros % BigInt(DAY_MICROS)) + BigInt(DAY_MICROS)) % BigInt(DAY_MICROS));
  const c = fromSeconds(Math.floor(inDay / 1_000_000), inDay % 1_000_000);
  return timeText(c.hour, c.minute, c.second, c.micro);
}
