/**
 * Dates and times as text: readers of what databases give (fast, from character codes), readers of what people write
 * (forgiving), and writers. It must not know fields, dialects or settings.
 */
import { Temporal, type Instant, type PlainDate, type PlainTime } from "./temporal.js";

/** First and last millisecond that every database can hold (years 1 to 9999). */
export const MIN_EPOCH_MS = -62_135_596_800_000;
export const MAX_EPOCH_MS = 253_402_300_799_999;

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
    century > 99 ||
    years > 99 ||
    month < 1 ||
    month > 12 ||
    day < 1 ||
    day > 31 ||
    text.charCodeAt(4) !== 45 ||
    text.charCodeAt(7) !== 45
  )
    return Number.NaN;
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
    century > 99 ||
    years > 99 ||
    year === 0 ||
    month < 1 ||
    month > 12 ||
    day < 1 ||
    day > daysIn(year, month) ||
    text.charCodeAt(4) !== 45 ||
    text.charCodeAt(7) !== 45
  )
    return undefined;
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
function timeParts(
  h: string | undefined,
  m: string | undefined,
  s: string | undefined,
  f: string | undefined,
): WrittenTime | undefined {
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
export function parseDateTime(
  text: string,
  zone: () => string,
): { readonly ms: number; readonly nanos: number } | undefined {
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
  const ms =
    epochMsOf(`${date.toString()} ${pad(time.hour)}:${pad(time.minute)}:${pad(time.second)}`) + inMs - offset * 60_000;
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
