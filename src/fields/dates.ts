/**
 * DateField, TimeField and DateTimeField. Databases hold UTC; readers build values from character codes because they run
 * for every cell. No date lookups and no zones of queries here.
 */
import type { DbParam, DialectInfo } from "../ast/seams.js";
import {
  dateTimeText,
  epochMsOf,
  instantOf,
  MAX_EPOCH_MS,
  microsOfLast,
  MIN_EPOCH_MS,
  parseDate,
  parseDateTime,
  parseTime,
  plainDateOf,
  plainTimeOf,
  timeText,
} from "../base/date-text.js";
import { asTemporal, currentZone, Temporal, type Instant, type PlainDate, type PlainTime } from "../base/temporal.js";
import { describeType } from "../base/values.js";
import { Field, type CheckMessage, type FieldOptions } from "./field.js";
import { invalid, unreadable, wrongType, wrongValue } from "./refusals.js";

/** Options of the three fields of dates and times. */
export interface DateOptions extends FieldOptions {
  /** Set to now at every save. */
  readonly autoNow?: boolean;
  /** Set to now when the row is inserted. */
  readonly autoNowAdd?: boolean;
}

// autoNow makes a field that nobody edits, as in Django.
function withAutoNow<O extends DateOptions>(options: O): O {
  return options.autoNow || options.autoNowAdd ? { ...options, editable: false, blank: true } : options;
}

/** What the three share: autoNow and its checks. */
export abstract class DateBase extends Field {
  static override readonly optionNames: readonly string[] = [
    "autoNow",
    "autoNowAdd",
  ] satisfies readonly (keyof DateOptions)[];
  readonly autoNow: boolean;
  readonly autoNowAdd: boolean;
  constructor(options: DateOptions = {}) {
    super(withAutoNow(options));
    this.autoNow = options.autoNow ?? false;
    this.autoNowAdd = options.autoNowAdd ?? false;
  }
  /** The present, in canonical form. */
  protected abstract now(): unknown;
  override preSave(instance: Record<string, unknown>, adding: boolean): unknown {
    if (this.autoNow || (this.autoNowAdd && adding)) return this.now();
    return super.preSave(instance, adding);
  }
  override check(dialects: readonly DialectInfo[] = []): CheckMessage[] {
    const out = super.check(dialects);
    if ([this.autoNow, this.autoNowAdd, this.hasDefault()].filter(Boolean).length > 1)
      out.push({
        id: "fields.E160",
        level: "error",
        message:
          "The options autoNow, autoNowAdd and default are mutually exclusive. Only one of these options may be present.",
        hint: undefined,
        object: this.path,
      });
    return out;
  }
  override toJson(value: unknown): unknown {
    return value instanceof Date
      ? value.toISOString()
      : typeof value === "object" && value !== null
        ? String(value)
        : value;
  }
}

/**
 * A reader that keeps what it made of the texts it saw last. Temporal values are immutable, dear to make with the
 * polyfill (0.5 to 1 microsecond), and columns often repeat them; where one does not, the reader stops keeping them.
 */
export function remembering<K, V>(read: (value: K) => V): (value: K) => V {
  const most = 500;
  const seen = new Map<K, V>();
  let hits = 0;
  let worthIt = true;
  return (value) => {
    if (!worthIt) return read(value);
    const known = seen.get(value);
    if (known !== undefined) {
      hits++;
      return known;
    }
    const made = read(value);
    if (seen.size >= most) {
      worthIt = hits >= most;
      hits = 0;
      seen.clear();
    }
    seen.set(value, made);
    return made;
  };
}

// ---- dates ------------------------------------------------------------------------------------------------------
const DATES = "Temporal.PlainDate or a text such as '2026-01-31'";
const NOT_DATE = "The value must be a date in YYYY-MM-DD format.";

// The day of a point in time is its day in the current zone, as in Django.
function dayOf(value: unknown): PlainDate | undefined {
  const zoned = asTemporal("ZonedDateTime", value);
  if (zoned !== undefined) return zoned.withTimeZone(currentZone()).toPlainDate();
  const ms = value instanceof Date ? value.getTime() : Number.NaN;
  const instant = Number.isNaN(ms) ? asTemporal("Instant", value) : Temporal.Instant.fromEpochMilliseconds(ms);
  return instant?.toZonedDateTimeISO(currentZone()).toPlainDate();
}

/** A calendar date. */
export class DateField extends DateBase {
  override readonly typeName: string = "DateField";
  protected override get invalidMessage(): string {
    return NOT_DATE;
  }
  protected override now(): unknown {
    return Temporal.Now.plainDateISO(currentZone());
  }
  override prep(value: unknown): unknown {
    if (typeof value === "string") {
      const parsed = parseDate(value);
      if (parsed === undefined) throw invalid(this, NOT_DATE);
      return parsed;
    }
    const date: PlainDate | undefined =
      asTemporal("PlainDate", value) ?? asTemporal("PlainDateTime", value)?.toPlainDate() ?? dayOf(value);
    if (date === undefined) throw wrongType(this, value, DATES);
    if (date.year < 1 || date.year > 9999)
      throw wrongValue(this, "a year outside 1 to 9999", DATES, "value.out_of_range");
    return date.calendarId === "iso8601" ? date : date.withCalendar("iso8601");
  }
  override toDb(value: unknown, _dialect: DialectInfo): DbParam {
    return (value as PlainDate).toString();
  }
  override fromDb(_dialect: DialectInfo): (value: unknown) => unknown {
    return remembering((value) => {
      const date = typeof value === "string" ? plainDateOf(value) : undefined;
      if (date === undefined) throw unreadable(this, `a ${describeType(value)} that is no date of the years 1 to 9999`);
      return date;
    });
  }
  override dbType(_dialect: DialectInfo): string {
    return "date";
  }
  override castType(dialect: DialectInfo): string {
    return dialect.name === "sqlite" ? "text" : "date";
  }
}

// ---- instants ---------------------------------------------------------------------------------------------------
/** Options of DateTimeField. */
export interface DateTimeOptions extends DateOptions {
  /** Digits of the second: 3 (the default, values are `Date`) or 6 (values are `Temporal.Instant`). */
  readonly precision?: 3 | 6;
}
const NOT_DATETIME = "The value must be a date and time in YYYY-MM-DD HH:MM[:SS[.ffffff]][+HH:MM] format.";
const INSTANTS = "Date, Temporal.Instant, ZonedDateTime or an ISO text";

/** A point in time, kept in UTC. */
export class DateTimeField extends DateBase {
  static override readonly optionNames: readonly string[] = ["precision"] satisfies readonly (keyof DateTimeOptions)[];
  override readonly typeName: string = "DateTimeField";
  readonly precision: 3 | 6;

  constructor(options: DateTimeOptions = {}) {
    super(options);
    this.precision = options.precision ?? 3;
  }
  override get scale(): number {
    return this.precision;
  }
  override get ancestry(): readonly string[] {
    return this.typeName === "DateTimeField"
      ? ["DateTimeField", "DateField", "Field"]
      : [this.typeName, "DateTimeField", "DateField", "Field"];
  }
  protected override get invalidMessage(): string {
    return NOT_DATETIME;
  }
  protected override now(): unknown {
    return this.prep(Temporal.Now.instant());
  }
  override prep(value: unknown): unknown {
    if (value instanceof Date) return this.make(value.getTime(), 0);
    if (typeof value === "string") {
      const parsed = parseDateTime(value, currentZone);
      if (parsed === undefined) throw invalid(this, NOT_DATETIME);
      if (parsed.nanos % 1000 !== 0 || (this.precision === 3 && parsed.nanos !== 0))
        throw wrongValue(
          this,
          "more digits of a second than the column keeps",
          `${this.precision}; round it, or declare precision: 6`,
          "value.precision",
        );
      return this.make(parsed.ms, parsed.nanos / 1000);
    }
    const instant =
      asTemporal("Instant", value) ?? asTemporal("ZonedDateTime", value)?.toInstant() ?? this.ofPlain(value);
    if (instant === undefined) throw wrongType(this, value, INSTANTS);
    // Clocks give more digits than the column keeps; what is kept is what the instance shows, before it is saved too.
    const ms = instant.epochMilliseconds;
    return this.make(
      ms,
      this.precision === 3 ? 0 : Math.trunc(Number(instant.epochNanoseconds - BigInt(ms) * 1_000_000n) / 1000),
    );
  }
  private ofPlain(value: unknown): Instant | undefined {
    const local = asTemporal("PlainDateTime", value) ?? asTemporal("PlainDate", value)?.toPlainDateTime();
    return local?.toZonedDateTime(currentZone()).toInstant();
  }
  private make(ms: number, micros: number): Date | Instant {
    if (Number.isNaN(ms)) throw wrongValue(this, "an invalid Date", INSTANTS);
    if (ms < MIN_EPOCH_MS || ms > MAX_EPOCH_MS)
      throw wrongValue(this, "a year outside 1 to 9999", INSTANTS, "value.out_of_range");
    return this.precision === 3 ? new Date(ms) : instantOf(ms, micros);
  }
  override toDb(value: unknown, dialect: DialectInfo): DbParam {
    let ms: number;
    let micros = 0;
    if (value instanceof Date) ms = value.getTime();
    else {
      const instant = value as Instant;
      ms = instant.epochMilliseconds;
      micros = Math.trunc(Number(instant.epochNanoseconds - BigInt(ms) * 1_000_000n) / 1000);
    }
    // A Date is mutable: what was checked by `prep` may have been changed since.
    if (!(ms >= MIN_EPOCH_MS && ms <= MAX_EPOCH_MS))
      throw wrongValue(this, "an invalid Date or a year outside 1 to 9999", INSTANTS, "value.out_of_range");
    const text = dateTimeText(ms, micros);
    return dialect.name === "postgres" ? `${text}+00` : text;
  }
  override fromDb(_dialect: DialectInfo): (value: unknown) => unknown {
    const refuse = (value: unknown): never => {
      throw unreadable(this, `a ${describeType(value)} that is no date and time of the years 1 to 9999`);
    };
    if (this.precision === 3)
      return (value) => {
        if (typeof value !== "string") return value instanceof Date ? value : refuse(value);
        const ms = epochMsOf(value);
        return ms === ms ? new Date(ms) : refuse(value);
      };
    return (value) => {
      if (value instanceof Date) return instantOf(value.getTime(), 0);
      const ms = typeof value === "string" ? epochMsOf(value) : Number.NaN;
      return ms === ms ? instantOf(ms, microsOfLast()) : refuse(value);
    };
  }
  override dbType(dialect: DialectInfo): string {
    if (dialect.name === "sqlite") return "datetime";
    if (dialect.name === "mysql") return `datetime(${this.precision})`;
    return this.precision === 6 ? "timestamp with time zone" : `timestamp(${this.precision}) with time zone`;
  }
  override castType(dialect: DialectInfo): string {
    return dialect.name === "sqlite" ? "text" : this.dbType(dialect);
  }
}

// ---- times ------------------------------------------------------------------------------------------------------
const TIMES = "Temporal.PlainTime or a text such as '14:30:00'";
const NOT_TIME = "The value must be a time in HH:MM[:SS[.ffffff]] format.";

/** A time of day. */
export class TimeField extends DateBase {
  override readonly typeName: string = "TimeField";
  protected override get invalidMessage(): string {
    return NOT_TIME;
  }
  protected override now(): unknown {
    return this.prep(Temporal.Now.plainTimeISO(currentZone()));
  }
  override prep(value: unknown): unknown {
    if (typeof value === "string") {
      const parsed = parseTime(value);
      if (parsed === undefined) throw invalid(this, NOT_TIME);
      if (parsed.nanos % 1000 !== 0)
        throw wrongValue(this, "more than six digits of a second", TIMES, "value.precision");
      const micros = parsed.nanos / 1000;
      return new Temporal.PlainTime(
        parsed.hour,
        parsed.minute,
        parsed.second,
        Math.trunc(micros / 1000),
        micros % 1000,
      );
    }
    const time: PlainTime | undefined =
      asTemporal("PlainTime", value) ?? asTemporal("PlainDateTime", value)?.toPlainTime();
    if (time === undefined) throw wrongType(this, value, TIMES);
    return time.nanosecond === 0 ? time : time.with({ nanosecond: 0 });
  }
  override toDb(value: unknown, _dialect: DialectInfo): DbParam {
    return timeText(value as PlainTime);
  }
  override fromDb(_dialect: DialectInfo): (value: unknown) => unknown {
    return remembering((value) => {
      const time = typeof value === "string" ? plainTimeOf(value) : undefined;
      if (time === undefined) throw unreadable(this, `a ${describeType(value)} that is no time of day`);
      return time;
    });
  }
  override dbType(dialect: DialectInfo): string {
    return dialect.name === "mysql" ? "time(6)" : "time";
  }
  override castType(dialect: DialectInfo): string {
    return dialect.name === "sqlite" ? "text" : this.dbType(dialect);
  }
}
