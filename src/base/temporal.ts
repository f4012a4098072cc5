/**
 * Where date and time values come from: the runtime's own Temporal, or temporal-polyfill where it has none.
 * It must not know fields or settings; the zone of texts without an offset is asked from whoever was put in charge.
 */
import { Temporal as Polyfill } from "temporal-polyfill";
import type { Temporal as Types } from "temporal-polyfill";

/** The runtime's Temporal where it exists, else the polyfill's. */
export const Temporal: typeof Polyfill = (globalThis as { Temporal?: typeof Polyfill }).Temporal ?? Polyfill;

/** A point in time with up to nine digits of a second. */
export type Instant = Types.Instant;
/** A calendar date without time and zone. */
export type PlainDate = Types.PlainDate;
/** A time of day without date and zone. */
export type PlainTime = Types.PlainTime;
/** A date and time without zone. */
export type PlainDateTime = Types.PlainDateTime;
/** A date and time in a named zone. */
export type ZonedDateTime = Types.ZonedDateTime;
/** A length of time. */
export type Duration = Types.Duration;

/** Kinds of Temporal values, by the tag that each carries whichever copy of Temporal made it. */
export interface TemporalKinds {
  readonly Instant: Instant;
  readonly PlainDate: PlainDate;
  readonly PlainTime: PlainTime;
  readonly PlainDateTime: PlainDateTime;
  readonly ZonedDateTime: ZonedDateTime;
  readonly Duration: Duration;
}

/**
 * The value as one of this module's Temporal class, or `undefined` if it is of another kind.
 * A value of another copy of Temporal (a second polyfill) is rebuilt from its text, so that `instanceof` holds afterwards.
 */
export function asTemporal<K extends keyof TemporalKinds>(kind: K, value: unknown): TemporalKinds[K] | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const home = Temporal[kind] as unknown as { from(text: string): TemporalKinds[K] } & (abstract new () => unknown);
  if (value instanceof home) return value as TemporalKinds[K];
  if ((value as { [Symbol.toStringTag]?: unknown })[Symbol.toStringTag] !== `Temporal.${kind}`) return undefined;
  return home.from(String(value));
}

// The one piece of state of the lower floors: fields must read "2026-01-01 10:00" as Django does, in the current time
// zone, which lives in an AsyncLocalStorage far above. The floor that owns it puts its reader here once.
let zoneReader: () => string = () => "UTC";

/** The zone in which texts without an offset, and today's date, are understood. UTC until told otherwise. */
export function currentZone(): string {
  return zoneReader();
}

/** Puts the reader of the current time zone in place; called once by the floor that holds the settings. */
export function readZoneFrom(reader: () => string): void {
  zoneReader = reader;
}
