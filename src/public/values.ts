/** The values that columns hold and JavaScript lacks: `Decimal` and `Temporal`, each as a value and as a type. */
import type { Decimal as DecimalType } from "decimal.js";
import type { Temporal as Types } from "temporal-polyfill";
import { Temporal as HomeTemporal } from "../base/temporal.js";
import { Decimal as HomeDecimal } from "../base/values.js";

/** decimal.js with 80 digits, rounding half to even; the value of a `DecimalField`: `new Decimal("0.1").plus("0.2")`. */
export const Decimal: typeof DecimalType = HomeDecimal;
/** An exact number. */
export type Decimal = DecimalType;

/** The runtime's Temporal where it has one, else temporal-polyfill: `Temporal.PlainDate.from("2026-01-31")`. */
export const Temporal: typeof Types = HomeTemporal;
// The only way to give a constant the types that stand under its name; nothing of it is left at run time.
export declare namespace Temporal {
  /** A point in time. */
  export type Instant = Types.Instant;
  /** A calendar date. */
  export type PlainDate = Types.PlainDate;
  /** A time of day. */
  export type PlainTime = Types.PlainTime;
  /** A date and time without zone. */
  export type PlainDateTime = Types.PlainDateTime;
  /** A date and time in a named zone. */
  export type ZonedDateTime = Types.ZonedDateTime;
  /** A length of time. */
  export type Duration = Types.Duration;
}
