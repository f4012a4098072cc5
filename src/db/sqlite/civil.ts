/**
 * Date-times as SQLite keeps them (text) turned into numbers and back, moved between time zones.
 * UTC is plain arithmetic; only named zones ask Temporal. It must not know SQL.
 */
import { Temporal as temporal } from "../../base/temporal.js";

/** The parts of a date and time in some zone. */
export interface Civil {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  readonly micro: number;
  /** False for a text with a date only. */
  readonly timed: boolean;
}

const pattern =
  /^(\d{4})-(\d{2})-(\d{2})(?:[ T](\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?)?\s*(Z|[+-]\d{2}(?::?\d{2})?)?$/;
const timePattern = /^(\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?$/;

/** Reads `YYYY-MM-DD[ HH:MM[:SS[.ffffff]]][offset]`; `undefined` for anything else. An offset is turned into UTC. */
export function parseCivil(text: string): Civil | undefined {
  const m = pattern.exec(text);
  if (m === null) return undefined;
  const year = Number(m[1]);
  const month = Number(m[2]);
  const day = Number(m[3]);
  const hour = Number(m[4] ?? 0);
  const minute = Number(m[5] ?? 0);
  const second = Number(m[6] ?? 0);
  if (year < 1 || month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month)) return undefined;
  if (hour > 23 || minute > 59 || second > 59) return undefined;
  const civil = { year, month, day, hour, minute, second, micro: micros(m[7]), timed: m[4] !== undefined };
  if (m[8] === undefined || m[8] === "Z") return civil;
  const digits = m[8].replace(":", "");
  const seconds = Number(digits.slice(1, 3)) * 3600 + Number(digits.slice(3, 5) || 0) * 60;
  return { ...fromSeconds(toSeconds(civil) - (digits[0] === "-" ? -seconds : seconds), civil.micro), timed: true };
}

/** Reads `HH:MM[:SS[.ffffff]]` as microseconds since midnight. */
export function parseTime(text: string): number | undefined {
  const m = timePattern.exec(text);
  if (m === null) return undefined;
  const hour = Number(m[1]);
  const minute = Number(m[2]);
  const second = Number(m[3] ?? 0);
  if (hour > 23 || minute > 59 || second > 59) return undefined;
  return ((hour * 60 + minute) * 60 + second) * 1_000_000 + micros(m[4]);
}

function micros(fraction: string | undefined): number {
  return fraction === undefined ? 0 : Number(fraction.slice(0, 6).padEnd(6, "0"));
}

export function daysInMonth(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

/** Days from 1970-01-01, in the calendar of ISO 8601 (years before 100 too, which Date would move to 1900). */
export function toDays(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const ofEra = y - era * 400;
  const ofYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  return era * 146_097 + ofEra * 365 + Math.floor(ofEra / 4) - Math.floor(ofEra / 100) + ofYear - 719_468;
}

/** The date that is `days` after 1970-01-01. */
export function fromDays(days: number): { year: number; month: number; day: number } {
  const z = days + 719_468;
  const era = Math.floor(z / 146_097);
  const doe = z - era * 146_097;
  const yoe = Math.floor((doe - Math.floor(doe / 1460) + Math.floor(doe / 36_524) - Math.floor(doe / 146_096)) / 365);
  const doy = doe - (365 * yoe + Math.floor(yoe / 4) - Math.floor(yoe / 100));
  const mp = Math.floor((5 * doy + 2) / 153);
  const month = mp < 10 ? mp + 3 : mp - 9;
  return { year: yoe + era * 400 + (month <= 2 ? 1 : 0), month, day: doy - Math.floor((153 * mp + 2) / 5) + 1 };
}

/** Seconds from 1970-01-01, as if the parts were UTC. */
export function toSeconds(c: Civil): number {
  return toDays(c.year, c.month, c.day) * 86_400 + c.hour * 3600 + c.minute * 60 + c.second;
}

export function fromSeconds(seconds: number, micro: number): Civil {
  const days = Math.floor(seconds / 86_400);
  const rest = seconds - days * 86_400;
  // No spread: this runs once per row.
  const date = fromDays(days);
  return {
    year: date.year,
    month: date.month,
    day: date.day,
    hour: Math.floor(rest / 3600),
    minute: Math.floor((rest % 3600) / 60),
    second: rest % 60,
    micro,
    timed: true,
  };
}

/** Monday is 1. */
export function isoWeekday(days: number): number {
  return ((((days + 3) % 7) + 7) % 7) + 1;
}

/** ISO week number and the year it belongs to. */
export function isoWeek(c: Civil): { year: number; week: number } {
  const days = toDays(c.year, c.month, c.day);
  const thursday = days + 4 - isoWeekday(days);
  const { year } = fromDays(thursday);
  return { year, week: Math.floor((thursday - toDays(year, 1, 1)) / 7) + 1 };
}

const pad2 = (n: number): string => (n < 10 ? `0${n}` : String(n));

export function dateText(c: { year: number; month: number; day: number }): string {
  return `${c.year > 999 ? c.year : String(c.year).padStart(4, "0")}-${pad2(c.month)}-${pad2(c.day)}`;
}

export function timeText(hour: number, minute: number, second: number, micro: number): string {
  const whole = `${pad2(hour)}:${pad2(minute)}:${pad2(second)}`;
  return micro === 0 ? whole : `${whole}.${String(micro).padStart(6, "0")}`;
}

// Offsets by zone and quarter of an hour: nearly all changes of offset happen on such a border, the few others
// (solar time before 1900) are marked NaN and asked again for the very second.
const offsets = new Map<string, Map<number, number>>();
const QUARTER = 900;

function offsetAt(zone: string, seconds: number): number {
  return (
    temporal.Instant.fromEpochMilliseconds(seconds * 1000).toZonedDateTimeISO(zone).offsetNanoseconds / 1_000_000_000
  );
}

/** Seconds that the clocks of `zone` are ahead of UTC at that moment. */
export function zoneOffset(zone: string, seconds: number): number {
  if (isUtc(zone)) return 0;
  let known = offsets.get(zone);
  if (known === undefined) {
    if (offsets.size > 500) offsets.clear();
    offsets.set(zone, (known = new Map()));
  }
  const quarter = Math.floor(seconds / QUARTER);
  let offset = known.get(quarter);
  if (offset === undefined) {
    const start = offsetAt(zone, quarter * QUARTER);
    offset = start === offsetAt(zone, quarter * QUARTER + QUARTER - 1) ? start : Number.NaN;
    if (known.size > 20_000) known.clear();
    known.set(quarter, offset);
  }
  return Number.isNaN(offset) ? offsetAt(zone, seconds) : offset;
}

/** Names under which UTC is asked for. */
export function isUtc(zone: string): boolean {
  return zone === "UTC" || zone === "Etc/UTC" || zone === "+00:00" || zone === "GMT";
}

/** Moves parts that are in zone `from` (where the database keeps its date-times) to zone `to`. */
export function inZone(c: Civil, to: string | null, from: string | null): Civil {
  if (to === null || to === from) return c;
  if (isUtc(to) && (from === null || isUtc(from))) return c;
  let seconds = toSeconds(c);
  if (from !== null && !isUtc(from)) {
    const plain = temporal.PlainDateTime.from({
      ...fromDays(Math.floor(seconds / 86_400)),
      hour: c.hour,
      minute: c.minute,
      second: c.second,
    });
    seconds = plain.toZonedDateTime(from).epochMilliseconds / 1000;
  }
  return fromSeconds(seconds + zoneOffset(to, seconds), c.micro);
}
