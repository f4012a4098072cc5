/**
 * decimal.js at the edge, and what can be said of a raw JavaScript value without knowing the field that it is for:
 * its kind, whether its text can be stored, whether its number is exact. No field, no dialect, no SQL.
 */
import { Decimal as Decimals } from "decimal.js";

/**
 * babik's Decimal: decimal.js with 80 digits for arithmetic, rounding half to even, and plain notation in texts of
 * usual size. `JSON.stringify` gives its text, so no digit is lost on the way.
 */
export const Decimal: typeof Decimals = Decimals.clone({
  precision: 80,
  rounding: Decimals.ROUND_HALF_EVEN,
  toExpPos: 100,
  toExpNeg: -100,
  defaults: true,
});
/** An exact decimal number. */
export type Decimal = Decimals;

/** Exponents past this are refused before any text is made of them (`1e9999999` would fill the memory). */
export const MAX_DECIMAL_EXPONENT = 1000;
const MAX_DECIMAL_TEXT = 2000;
// Each part can match in one way only, so that a long hostile text costs linear time.
const DECIMAL_TEXT = /^[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,9})?$/;

/** Any Decimal, of this clone of decimal.js or another, as one of this clone; else `undefined`. */
export function asDecimal(value: unknown): Decimal | undefined {
  if (value instanceof Decimal) return value;
  if (typeof value !== "object" || value === null || !Decimals.isDecimal(value)) return undefined;
  // decimal.js knows its kind by a plain property, which a JSON body can bear as well: only an inherited one counts, and
  // the digits are taken as text and read again.
  if (isPlainObject(value) || Object.hasOwn(value, "toStringTag")) return undefined;
  const other = value as Decimals;
  if (!other.isFinite()) return new Decimal(other.isNaN() ? Number.NaN : other.s * Infinity);
  return parseDecimal(other.toString());
}

/** Decimal of a text, or `undefined` where the text is no finite decimal number of sane size. */
export function parseDecimal(text: string): Decimal | undefined {
  if (text.length > MAX_DECIMAL_TEXT) return undefined;
  const trimmed = text.trim();
  return DECIMAL_TEXT.test(trimmed) ? new Decimal(trimmed) : undefined;
}

/** Plain notation without exponent, no sign on zero; with exactly `places` digits after the point if given. */
export function decimalText(value: Decimal, places?: number): string {
  if (value.isZero()) return places === undefined || places === 0 ? "0" : `0.${"0".repeat(places)}`;
  return places === undefined ? value.toFixed() : value.toFixed(places, Decimals.ROUND_HALF_EVEN);
}

/** Integer of a text (`" 12 "`, `"-3"`), or `undefined`; never more than 400 digits. */
export function parseInteger(text: string): bigint | undefined {
  if (text.length > 400) return undefined;
  const trimmed = text.trim();
  return /^[+-]?[0-9]+$/.test(trimmed) ? BigInt(trimmed.startsWith("+") ? trimmed.slice(1) : trimmed) : undefined;
}

/** What a value is, for messages: its kind or class, never the value itself. */
export function describeType(value: unknown): string {
  if (value === null) return "null";
  if (typeof value === "number")
    return Number.isNaN(value) ? "NaN" : Number.isFinite(value) ? "number" : "an infinite number";
  if (typeof value !== "object") return typeof value;
  if (Array.isArray(value)) return "array";
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Object.prototype || prototype === null) return "plain object";
  const made: unknown = (prototype as { constructor?: unknown }).constructor;
  const name: unknown = typeof made === "function" ? made.name : undefined;
  return typeof name === "string" && /^[A-Za-z_$][\w$]{0,59}$/.test(name) ? name : "object";
}

/** True for text that every database can store and give back: no lone surrogate (drivers would replace it silently). */
export function isWellFormed(text: string): boolean {
  return (text as unknown as { isWellFormed(): boolean }).isWellFormed();
}

/** True for objects written as `{…}` or made without a prototype. */
export function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
