/**
 * Dates, times and lengths of time as text: readers of what databases give (fast, from character codes), readers of
 * what people write (forgiving), and writers. It must not know fields, dialects or settings.
 */
import { Temporal, type Duration, type Instant, type PlainDate, type PlainTime } from "./temporal.js";

/** First and last millisecond that every database can hold (years 1 to 9999). */
export const MIN_EPOCH_MS = -62_135_596_800_000;
export const MAX_EPOCH_MS = 253_402_300_799_999;
const DAY_US = 86_400_000_000n;

// ---- readers of database texts ----------------------------------------------------------------------------------
// Two digits, or 100 where they are not digits: every caller's range check then fails without a check of its own.
function two(text: string, at: number): number {
  const a = text.charCodeAt(at) - 48;
  const b = text.charCodeAt(at + 1) - 48;
  return a >= 0 && a <= 9 && b >= 0 && b <= 9 ? a * 10 + b : 100;
}

// Microseconds below the millisecond of the text read last. A second result without an object per row.
let restMicros = 0;

// The digits after a point at `at`: sets `restMicros`, returns milliseconds; `fractionEnd` is where they stop.
let fractionEnd = 0;
function fraction(text: string, at: number): number {
  let micros = 0;
  let place = 100_000;
  let i = at;
  for (; i < text.length; i++) {
    const digit = text.charCodeAt(i) - 48;
    if (digit < 0 || digit > 9) break;
    micros += digit * place;
    place = place === 1 ? 0 : place / 10;
  }
  fractionEnd = i;
  const ms = (micros / 1000) | 0;
  restMicros = micros - ms * 1000;
  return ms;
}

function offsetMinutes(text: string, at: number): number {
  const sign = text.charCodeAt(at);
  if (sign === 90) return text.length === at + 1 ? 0 : Number.NaN; // Z
  if (sign !== 43 && sign !== 45) return Number.NaN;
  const hours = two(text, at + 1);
  const colon = text.charCodeAt(at + 3) === 58 ? 1 : 0;
  const minutes = text.length > at + 3 ? two(text, at + 3 + colon) : 0;
  if (hours > 15 || minutes > 59) return Number.NaN;
  return (hours * 60 + minutes) * (sign === 45 ? -1 : 1);
}

/**
 * Milliseconds since 1970 of `YYYY-MM-DD HH:MM:SS[.ffffff][+HH[:MM]]` (blank or `T` between; UTC without an offset),
 * NaN for anything else. `microsOfLast()` then gives the microseconds below the millisecond.
 */
export function epochMsOf(text: string): number {
  const century = two(text, 0);
  const years = two(text, 2);
  const month = two(text, 5);
  const day = two(text, 8);
  restMicros = 0;
  if (
    century > 99 || years > 99 || month < 1 || month > 12 || day < 1 || day > 31 ||
    text.charCodeAt(4) !== 45 || text.charCodeAt(7) !== 45
  ) return Number.NaN;
  let hour = 0;
  let minute = 0;
  let second = 0;
  let ms = 0;
  let offset = 0;
  if (text.length > 10) {
    hour = two(text, 11);
    minute = two(text, 14);
    second = two(text, 17);
    if (hour > 23 || minute > 59 || second > 59) return Number.NaN;
    let at = 19;
    if (text.charCodeAt(19) === 46) {
      ms = fraction(text, 20);
      at = fractionEnd;
    }
    if (at < text.length) offset = offsetMinutes(text, at);
  }
  const year = century * 100 + years;
  let epoch: number;
  if (year > 99) epoch = Date.UTC(year, month - 1, day, hour, minute, second, ms);
  else if (year === 0) return Number.NaN;
  // Date.UTC reads years up to 99 as 19xx; 400 years have a whole number of days.
  else epoch = Date.UTC(year + 400, month - 1, day, hour, minute, second, ms) - 12_622_780_800_000;
  return offset === 0 ? epoch : epoch - offset * 60_000;
}
/** Microseconds (0 to 999) below the millisecond of the text that `epochMsOf` or `plainTimeOf` read last. */
export function microsOfLast(): number {
  return restMicros;
}

/** Instant of milliseconds and microseconds below them. */
export function instantOf(ms: number, micros: number): Instant {
  return micros === 0
    ? Temporal.Instant.fromEpochMilliseconds(ms)
    : Temporal.Instant.fromEpochNanoseconds(BigInt(ms) * 1_000_000n + BigInt(micros * 1000));
}

/** Date of a text that begins with `YYYY-MM-DD`, or `undefined`. */
export function plainDateOf(text: string): PlainDate | undefined {
  const century = two(text, 0);
  const years = two(text, 2);
  const month = two(text, 5);
  const day = two(text, 8);
  const year = century * 100 + years;
  if (
    century > 99 || years > 99 || year === 0 || month < 1 || month > 12 || day < 1 || day > daysIn(year, month) ||
    text.charCodeAt(4) !== 45 || text.charCodeAt(7) !== 45
  ) return undefined;
  const next = text.charCodeAt(10);
  if (next === next && next !== 32 && next !== 84) return undefined;
  return new Temporal.PlainDate(year, month, day);
}

function daysIn(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

/** Time of `HH:MM:SS[.ffffff]` (what follows a date is read where the text begins with one), or `undefined`. */
export function plainTimeOf(text: string): PlainTime | undefined {
  const from = text.charCodeAt(4) === 45 ? 11 : 0;
  const hour = two(text, from);
  const minute = two(text, from + 3);
  const second = text.length > from + 5 ? two(text, from + 6) : 0;
  if (hour > 23 || minute > 59 || second > 59 || text.charCodeAt(from + 2) !== 58) return undefined;
  restMicros = 0;
  const ms = text.charCodeAt(from + 8) === 46 ? fraction(text, from + 9) : 0;
  return new Temporal.PlainTime(hour, minute, second, ms, restMicros);
}

// ---- readers of what people write -------------------------------------------------------------------------------
const DATE = "([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})";
const TIME = "([0-9]{1,2}):([0-9]{2})(?::([0-9]{2})(?:[.,]([0-9]{1,9}))?)?";
const WRITTEN_DATE = new RegExp(`^${DATE}$`);
const WRITTEN_TIME = new RegExp(`^T?${TIME}$`);
const WRITTEN_DATETIME = new RegExp(`^${DATE}(?:[T ]${TIME} ?(Z|[+-][0-9]{2}(?::?[0-9]{2})?)?)?$`, "i");

/** Nanoseconds below the last digit that a column keeps make a text too precise for it. */
export interface WrittenTime {
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  readonly nanos: number;
}
function timeParts(h: string | undefined, m: string | undefined, s: string | undefined, f: string | undefined): WrittenTime | undefined {
  const hour = Number(h ?? 0);
  const minute = Number(m ?? 0);
  const second = Number(s ?? 0);
  if (hour > 23 || minute > 59 || second > 59) return undefined;
  return { hour, minute, second, nanos: f === undefined ? 0 : Number(f.padEnd(9, "0")) };
}

/** Date of a written `YYYY-MM-DD` (one digit is enough for month and day), or `undefined`. */
export function parseDate(text: string): PlainDate | undefined {
  const m = text.length > 40 ? null : WRITTEN_DATE.exec(text.trim());
  if (m === null) return undefined;
  const [year, month, day] = [Number(m[1]), Number(m[2]), Number(m[3])];
  if (year === 0 || month < 1 || month > 12 || day < 1 || day > daysIn(year, month)) return undefined;
  return new Temporal.PlainDate(year, month, day);
}

/** Time of a written `HH:MM[:SS[.fraction]]` as parts, or `undefined`. */
export function parseTime(text: string): WrittenTime | undefined {
  const m = text.length > 40 ? null : WRITTEN_TIME.exec(text.trim());
  return m === null ? undefined : timeParts(m[1], m[2], m[3], m[4]);
}

/** A written date and time: epoch milliseconds and nanoseconds below them. Without an offset it is understood in `zone`. */
export function parseDateTime(text: string, zone: () => string): { readonly ms: number; readonly nanos: number } | undefined {
  const m = text.length > 64 ? null : WRITTEN_DATETIME.exec(text.trim());
  if (m === null) return undefined;
  const date = parseDate(`${m[1]}-${m[2]}-${m[3]}`);
  const time = timeParts(m[4], m[5], m[6], m[7]);
  if (date === undefined || time === undefined) return undefined;
  const inMs = Math.floor(time.nanos / 1_000_000);
  const nanos = time.nanos - inMs * 1_000_000;
  if (m[8] === undefined) {
    const name = zone();
    if (name !== "UTC") {
      const local = date.toPlainDateTime(new Temporal.PlainTime(time.hour, time.minute, time.second, inMs));
      return { ms: local.toZonedDateTime(name).epochMilliseconds, nanos };
    }
  }
  const offset = m[8] === undefined ? 0 : offsetMinutes(m[8].toUpperCase(), 0);
  if (Number.isNaN(offset)) return undefined;
  const pad = (n: number) => String(n).padStart(2, "0");
  const ms = epochMsOf(`${date.toString()} ${pad(time.hour)}:${pad(time.minute)}:${pad(time.second)}`) + inMs - offset * 60_000;
  return { ms, nanos };
}

// ---- writers ----------------------------------------------------------------------------------------------------
function six(n: number): string {
  return String(n).padStart(6, "0");
}

/** `YYYY-MM-DD HH:MM:SS[.ffffff]` in UTC; the fraction is left out where it is zero, as Django does. */
export function dateTimeText(ms: number, micros: number): string {
  const iso = new Date(ms).toISOString();
  const below = Number(iso.slice(20, 23)) * 1000 + micros;
  return `${iso.slice(0, 10)} ${iso.slice(11, 19)}${below === 0 ? "" : `.${six(below)}`}`;
}

/** `HH:MM:SS[.ffffff]`. */
export function timeText(time: PlainTime): string {
  const pad = (n: number) => (n < 10 ? `0${n}` : String(n));
  const below = time.millisecond * 1000 + time.microsecond;
  return `${pad(time.hour)}:${pad(time.minute)}:${pad(time.second)}${below === 0 ? "" : `.${six(below)}`}`;
}

// ---- lengths of time --------------------------------------------------------------------------------------------
/** Microseconds of a duration without years and months (a day has 24 hours); digits below are dropped. */
export function microsOfDuration(d: Duration): bigint {
  const hours = BigInt(d.weeks) * 168n + BigInt(d.days) * 24n + BigInt(d.hours);
  const seconds = (hours * 60n + BigInt(d.minutes)) * 60n + BigInt(d.seconds);
  return (seconds * 1000n + BigInt(d.milliseconds)) * 1000n + BigInt(d.microseconds) + BigInt(d.nanoseconds) / 1000n;
}

/** Duration of microseconds, in days of 24 hours, hours, minutes, seconds and parts of a second. */
export function durationOfMicros(total: bigint): Duration {
  const sign = total < 0n ? -1 : 1;
  const positive = total < 0n ? -total : total;
  const days = Number(positive / DAY_US);
  let rest = Number(positive % DAY_US);
  const micros = rest % 1000;
  rest = (rest - micros) / 1000;
  const ms = rest % 1000;
  rest = (rest - ms) / 1000;
  const seconds = rest % 60;
  rest = (rest - seconds) / 60;
  const minutes = rest % 60;
  const hours = (rest - minutes) / 60;
  // `|| 0` keeps -0 out: Duration would accept it, but printing and comparing by value would show it.
  const signed = (n: number) => sign * n || 0;
  return new Temporal.Duration(0, 0, 0, signed(days), signed(hours), signed(minutes), signed(seconds), signed(ms), signed(micros));
}

/** `[-]D days HH:MM:SS.ffffff`, each part with its sign: an interval text for PostgreSQL. */
export function intervalText(total: bigint): string {
  const minus = total < 0n ? "-" : "";
  const positive = total < 0n ? -total : total;
  const days = positive / DAY_US;
  const micros = Number(positive % DAY_US);
  const whole = Math.floor(micros / 1_000_000);
  const pad = (n: number) => String(n).padStart(2, "0");
  const clock = `${pad(Math.floor(whole / 3600))}:${pad(Math.floor(whole / 60) % 60)}:${pad(whole % 60)}`;
  return `${minus}${days} days ${minus}${clock}.${six(micros % 1_000_000)}`;
}

const CLOCK = /^([+-]?)([0-9]{1,12}):([0-9]{2})(?::([0-9]{2})(?:[.,]([0-9]{1,9}))?)?$/;
function clockMicros(text: string): bigint | undefined {
  const m = CLOCK.exec(text);
  if (m === null) return undefined;
  const seconds = (BigInt(m[2]!) * 60n + BigInt(m[3]!)) * 60n + BigInt(m[4] ?? 0);
  const micros = seconds * 1_000_000n + BigInt((m[5] ?? "").padEnd(6, "0").slice(0, 6) || 0);
  return m[1] === "-" ? -micros : micros;
}

/**
 * Microseconds of PostgreSQL's interval texts (`1 year 2 mons 3 days -04:05:06.7`, ISO too), or `undefined`.
 * Years count 365 days and months 30, as psycopg reads them.
 */
export function microsOfInterval(text: string): bigint | undefined {
  if (text.startsWith("P") || text.startsWith("-P")) return microsOfIso(text);
  let total = 0n;
  const words = text.split(" ");
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!;
    if (word.includes(":")) {
      const clock = clockMicros(word);
      if (clock === undefined) return undefined;
      total += clock;
      continue;
    }
    const unit = words[++i];
    const days = unit === undefined ? 0n : /^year/.test(unit) ? 365n : /^mon/.test(unit) ? 30n : /^day/.test(unit) ? 1n : 0n;
    if (days === 0n || !/^[+-]?[0-9]{1,12}$/.test(word)) return undefined;
    total += BigInt(word.replace("+", "")) * days * DAY_US;
  }
  return total;
}

function microsOfIso(text: string): bigint | undefined {
  try {
    const d = Temporal.Duration.from(text);
    return microsOfDuration(d) + (BigInt(d.years) * 365n + BigInt(d.months) * 30n) * DAY_US;
  } catch {
    return undefined;
  }
}

/**
 * Microseconds of a written duration: ISO (`P1DT2H`, no years or months) or Django's `[-]D [days, ]HH:MM:SS[.f]`, also
 * `MM:SS` and plain seconds; `undefined` for anything else.
 */
export function parseDuration(text: string): bigint | undefined {
  if (text.length > 64) return undefined;
  const trimmed = text.trim();
  if (/^[+-]?P/i.test(trimmed)) {
    // Years and months have no fixed length.
    if (/[YM]/i.test(trimmed.split(/T/i)[0]!)) return undefined;
    return microsOfIso(trimmed.toUpperCase());
  }
  const m = /^([+-]?)(?:([0-9]{1,10}) (?:days?, )?)?([0-9:]{1,20})(?:[.,]([0-9]{1,9}))?$/.exec(trimmed);
  if (m === null) return undefined;
  const parts = m[3]!.split(":");
  if (parts.length > 3 || parts.some((p) => p === "")) return undefined;
  const seconds = parts.reduce((sum, part) => sum * 60n + BigInt(part), 0n);
  const micros = seconds * 1_000_000n + BigInt((m[4] ?? "").padEnd(6, "0").slice(0, 6) || 0) + BigInt(m[2] ?? 0) * DAY_US;
  return m[1] === "-" ? -micros : micros;
}
