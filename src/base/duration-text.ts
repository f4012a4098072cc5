/**
 * Lengths of time as microseconds and as text: ISO, Django's `[-]D HH:MM:SS`, and PostgreSQL's intervals. It must not
 * know fields or dialects.
 */
import { Temporal, type Duration } from "./temporal.js";

const DAY_US = 86_400_000_000n;

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
  return new Temporal.Duration(
    0,
    0,
    0,
    signed(days),
    signed(hours),
    signed(minutes),
    signed(seconds),
    signed(ms),
    signed(micros),
  );
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
  return `${minus}${days} days ${minus}${clock}.${String(micros % 1_000_000).padStart(6, "0")}`;
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
    const days =
      unit === undefined ? 0n : /^year/.test(unit) ? 365n : /^mon/.test(unit) ? 30n : /^day/.test(unit) ? 1n : 0n;
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
  const micros =
    seconds * 1_000_000n + BigInt((m[4] ?? "").padEnd(6, "0").slice(0, 6) || 0) + BigInt(m[2] ?? 0) * DAY_US;
  return m[1] === "-" ? -micros : micros;
}
