/**
 * Tagged JSON values turned into babik's values: dates, decimals, bytes, ranges. Naive datetimes of the recording are
 * instants in UTC without `use_tz`, and local times of `time_zone` with it.
 * It must not know models, querysets or expressions; those tags belong to `decode.ts`.
 */
import { MissingApi, call, type Babik } from "./babik-api.js";
import { isObject, type EnvSpec, type Json } from "./format.js";

/** The parts of Temporal that the runner uses. */
export interface TemporalLike {
  readonly Instant: { from(text: string): { readonly epochNanoseconds: bigint } };
  readonly PlainDate: { from(text: string): unknown };
  readonly PlainTime: { from(text: string): unknown };
  readonly PlainDateTime: { from(text: string): { toZonedDateTime(zone: string): { toInstant(): unknown } } };
  readonly Duration: { from(parts: Readonly<Record<string, number>>): unknown };
  readonly Now: { instant(): unknown; plainDateISO(zone?: string): unknown };
}

/** What decoding needs besides the value. */
export interface ValueContext {
  readonly babik: Babik;
  readonly temporal: TemporalLike;
  readonly env: EnvSpec;
  /** The one "current time" of a case. */
  readonly now: unknown;
}

/** The tags that `plainValue` understands. */
export const VALUE_TAGS: ReadonlySet<string> = new Set([
  "$int",
  "$float",
  "$decimal",
  "$datetime",
  "$now",
  "$date",
  "$time",
  "$timedelta",
  "$uuid",
  "$bytes",
  "$file",
  "$range",
  "$tz",
  "$enum",
  "$fetch_mode",
]);

/** `"+0700"` -> `"+07:00"`; names stay. */
export function zoneName(zone: string): string {
  return zone.replace(/^([+-]\d\d):?(\d\d)$/, "$1:$2");
}

/** A datetime of the recording as an instant. */
export function instant(text: string, temporal: TemporalLike, env: EnvSpec): unknown {
  if (/(?:Z|[+-]\d\d:?\d\d(?::?\d\d)?)$/.test(text.slice(10))) return temporal.Instant.from(text);
  const zone = env.use_tz === true ? zoneName(env.time_zone ?? "America/Chicago") : "UTC";
  return temporal.PlainDateTime.from(text).toZonedDateTime(zone).toInstant();
}

/** Microseconds as a balanced duration of days, seconds and microseconds. */
export function duration(microseconds: number, temporal: TemporalLike): unknown {
  const sign = Math.sign(microseconds);
  const rest = Math.abs(microseconds);
  const day = 86_400_000_000;
  const parts = { days: Math.floor(rest / day), seconds: Math.floor((rest % day) / 1e6), microseconds: rest % 1e6 };
  return temporal.Duration.from(
    Object.fromEntries(Object.entries(parts).map(([unit, n]) => [unit, n === 0 ? 0 : sign * n])),
  );
}

/** `{"$float": "inf"}` and the like. */
export function float(text: string): number {
  if (text === "inf") return Infinity;
  if (text === "-inf") return -Infinity;
  return Number(text);
}

/** An integer as a number where that is exact, else as a bigint. */
export function integer(text: string): number | bigint {
  const big = BigInt(text);
  return big >= BigInt(Number.MIN_SAFE_INTEGER) && big <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(big) : big;
}

/** Decodes a value with one of `VALUE_TAGS`. `decode` is used for values inside it. */
export function plainValue(tag: string, value: Json, context: ValueContext, decode: (value: Json) => unknown): unknown {
  const { babik, temporal, env } = context;
  switch (tag) {
    case "$int":
      return integer(String(value));
    case "$float":
      return float(String(value));
    case "$decimal":
      return decimal(String(value), babik);
    case "$datetime":
      return instant(String(value), temporal, env);
    case "$now":
      return context.now;
    case "$date":
      return temporal.PlainDate.from(String(value));
    case "$time":
      return temporal.PlainTime.from(String(value).replace(/(?:Z|[+-]\d\d:\d\d)$/, ""));
    case "$timedelta":
      return duration(Number(value), temporal);
    case "$uuid":
    case "$file":
      return String(value);
    case "$bytes":
      return new Uint8Array(Buffer.from(String(value), "base64"));
    case "$tz":
      return zoneName(String(value));
    case "$fetch_mode":
      return ({ FETCH_ONE: "one", FETCH_PEERS: "peers", RAISE: "raise" } as const)[String(value) as "FETCH_ONE"];
    case "$enum": {
      const [name = "", memberName = ""] = String(value).split(".");
      return (babik.get(name) as Readonly<Record<string, unknown>>)[memberName];
    }
    case "$range": {
      const range = isObject(value) ? value : {};
      const bounds = range["bounds"];
      if (bounds === null) return call(babik.get("Range"), "empty");
      return babik.make("Range", decode(range["lower"] ?? null), decode(range["upper"] ?? null), bounds);
    }
    default:
      throw new MissingApi(`value for ${tag}`);
  }
}

function decimal(text: string, babik: Babik): unknown {
  const maker = babik.get("Decimal") as new (text: string) => unknown;
  return new maker(text);
}
