/**
 * Comparing a recorded outcome with what babik gave, both as tagged JSON. The rules are those of the recording's README:
 * multisets where the order is not determined, decimals and datetimes by value, floats within a tolerance.
 * JavaScript does not tell 3.0 from 3, so a number is not asked which of the two it is.
 */
import { isObject, listOf, tagOf, type Json, type JsonObject } from "./format.js";

const TOLERANCE = 1e-6;
const NOW_WINDOW_MS = 15 * 3600 * 1000;

/** The first difference as "path: expected … got …", or `undefined` where there is none. */
export function difference(expected: Json, actual: Json, path = ""): string | undefined {
  const tag = tagOf(expected);
  if (tag !== undefined) return compareTagged(tag, (expected as JsonObject)[tag] as Json, expected, actual, path);
  if (typeof expected === "number") return sameNumber(expected, actual) ? undefined : differ(expected, actual, path);
  if (Array.isArray(expected)) return compareLists(expected as readonly Json[], actual, path, true);
  if (isObject(expected)) {
    if (!isObject(actual)) return differ(expected, actual, path);
    if (typeof expected["ordered"] === "boolean" && Array.isArray(expected["items"]) && Array.isArray(actual["items"]))
      return compareLists(expected["items"] as readonly Json[], actual["items"] as Json, path, expected["ordered"]);
    return compareObjects(expected, actual, path);
  }
  return expected === actual ? undefined : differ(expected, actual, path);
}

/** Compares two objects key by key, in any order of keys. */
export function compareObjects(expected: JsonObject, actual: JsonObject, path: string): string | undefined {
  // An object that is shown elsewhere in full stands here for itself: its model and key say which one it is.
  if (expected["ref"] === true || actual["ref"] === true) {
    const key = (object: JsonObject): JsonObject => ({ model: object["model"] ?? null, pk: object["pk"] ?? null });
    return compareObjects(key(expected), key(actual), path);
  }
  for (const key of Object.keys(expected)) {
    if (!Object.hasOwn(actual, key)) return `${path}.${key}: missing, expected ${show(expected[key] as Json)}`;
    const [want, got] = [expected[key] as Json, actual[key] as Json];
    const at = `${path}.${key}`;
    const found = key === "deferred" ? compareLists(listOf(want), got, at, false) : difference(want, got, at);
    if (found !== undefined) return found;
  }
  for (const key of Object.keys(actual))
    if (!Object.hasOwn(expected, key)) return `${path}.${key}: not expected, got ${show(actual[key] as Json)}`;
  return undefined;
}

/** Compares lists in order, or as multisets. */
export function compareLists(
  expected: readonly Json[],
  actual: Json,
  path: string,
  ordered: boolean,
): string | undefined {
  const items = itemsOf(actual);
  if (items === undefined) return differ(expected as Json, actual, path);
  if (items.length !== expected.length)
    return `${path}: expected ${expected.length} items, got ${items.length}: ${show(expected as Json)} against ${show(items as Json)}`;
  if (ordered) {
    for (const [index, item] of expected.entries()) {
      const found = difference(item, items[index] as Json, `${path}[${index}]`);
      if (found !== undefined) return found;
    }
    return undefined;
  }
  return compareMultiset(expected, items, path);
}

function compareMultiset(expected: readonly Json[], items: readonly Json[], path: string): string | undefined {
  const left = [...items];
  for (const [index, item] of expected.entries()) {
    const at = left.findIndex((candidate) => difference(item, candidate) === undefined);
    if (at >= 0) {
      left.splice(at, 1);
      continue;
    }
    const nearest = left.length === 1 ? difference(item, left[0] as Json, `${path}{${index}}`) : undefined;
    return nearest ?? `${path}: no item equal to ${show(item)} among ${show(left as Json)}`;
  }
  return undefined;
}

/** Compares the rows of a table, in any order. */
export function compareRows(
  expected: readonly (readonly Json[])[],
  actual: readonly (readonly Json[])[],
): string | undefined {
  return compareLists(expected as Json[], actual as Json[] as Json, "", false);
}

function itemsOf(value: Json): readonly Json[] | undefined {
  if (Array.isArray(value)) return value as readonly Json[];
  const tag = tagOf(value);
  return tag === "$tuple" || tag === "$set" ? listOf(value) : undefined;
}

function sameNumber(expected: number, actual: Json): boolean {
  const other = numberOf(actual);
  if (other === undefined) return false;
  return Number.isInteger(expected) && Number.isInteger(other) ? expected === other : close(expected, other);
}

function numberOf(value: Json): number | undefined {
  if (typeof value === "number") return value;
  const tag = tagOf(value);
  if (tag === "$int" || tag === "$float") return Number(String((value as JsonObject)[tag]).replace("inf", "Infinity"));
  return undefined;
}

function close(a: number, b: number): boolean {
  if (Object.is(a, b) || a === b) return true;
  if (!Number.isFinite(a) || !Number.isFinite(b)) return false;
  return Math.abs(a - b) <= TOLERANCE * Math.max(Math.abs(a), Math.abs(b));
}

function compareTagged(tag: string, inner: Json, expected: Json, actual: Json, path: string): string | undefined {
  const other = isObject(actual) && tagOf(actual) === tag ? (actual[tag] as Json) : undefined;
  const verdict = (same: boolean): string | undefined => (same ? undefined : differ(expected, actual, path));
  switch (tag) {
    case "$int":
      return verdict(integerText(actual) === String(inner));
    case "$float": {
      const number = numberOf(actual);
      return verdict(number !== undefined && close(Number(String(inner).replace("inf", "Infinity")), number));
    }
    case "$decimal":
      return verdict(other !== undefined && sameDecimal(String(inner), String(other)));
    case "$datetime":
      return verdict(other !== undefined && microseconds(String(inner)) === microseconds(String(other)));
    case "$now": {
      const at =
        isObject(actual) && actual["$datetime"] !== undefined
          ? Number(microseconds(String(actual["$datetime"])) / 1000n)
          : Number.NaN;
      return verdict(Math.abs(at - Date.now()) <= NOW_WINDOW_MS);
    }
    case "$timedelta":
      // Microseconds past 2^53 are rounded in the JSON already.
      return verdict(
        typeof other === "number" && Math.abs(Number(inner) - other) <= Math.abs(Number(inner)) * 2 ** -51,
      );
    case "$time":
      return verdict(
        other !== undefined &&
          trimFraction(String(inner).replace(/[+-]\d\d:\d\d$/, "")) === trimFraction(String(other)),
      );
    case "$uuid":
      return verdict(typeof actual === "string" && actual.toLowerCase() === String(inner).toLowerCase());
    case "$expr":
    case "$f":
      // An attribute that holds an expression still holds one; which, is not looked at.
      return verdict(isObject(actual) && actual["$unknown"] === "Expression");
    case "$file":
    case "$tz":
      return verdict(actual === inner);
    case "$tuple":
      return compareLists(listOf(expected), actual, path, true);
    case "$set":
      return compareLists(listOf(expected), actual, path, false);
    case "$dict":
      return other === undefined ? differ(expected, actual, path) : compareLists(listOf(inner), other, path, false);
    case "$range": {
      if (other === undefined || !isObject(inner) || !isObject(other)) return differ(expected, actual, path);
      const pick = (range: JsonObject): JsonObject =>
        range["bounds"] === null
          ? { bounds: null }
          : { lower: range["lower"] ?? null, upper: range["upper"] ?? null, bounds: range["bounds"] ?? null };
      return compareObjects(pick(inner), pick(other), path);
    }
    default:
      return other === undefined ? differ(expected, actual, path) : difference(inner, other, `${path}.${tag}`);
  }
}

function integerText(value: Json): string | undefined {
  if (typeof value === "number" && Number.isInteger(value)) return String(BigInt(value));
  return tagOf(value) === "$int" ? String((value as JsonObject)["$int"]) : undefined;
}

/**
 * `"1.50"` and `"1.5"` are the same number. Where one of them has 15 digits or more it came out of a division or a float,
 * and databases differ in how many of its digits they keep.
 */
export function sameDecimal(a: string, b: string): boolean {
  if (a === b) return true;
  const [x, y] = [Number(a), Number(b)];
  if (!Number.isFinite(x) || !Number.isFinite(y)) return a.toLowerCase() === b.toLowerCase();
  if (plainDecimal(a) === plainDecimal(b)) return true;
  const long = Math.max(significantDigits(a), significantDigits(b)) >= 15;
  return long && Math.abs(x - y) <= 1e-12 * Math.max(Math.abs(x), Math.abs(y));
}

function significantDigits(text: string): number {
  return plainDecimal(text).replace(/[-.]/g, "").replace(/^0+/, "").length;
}

/** A decimal's text without exponent, sign of zero, and superfluous zeros. */
function plainDecimal(text: string): string {
  const match = /^([+-]?)(\d*)\.?(\d*)(?:e([+-]?\d+))?$/i.exec(text.trim());
  if (match === null) return text;
  const [, sign = "", whole = "", fraction = "", exponent = "0"] = match;
  const shift = Number(exponent);
  let digits = whole + fraction;
  let point = whole.length + shift;
  if (point < 0) [digits, point] = ["0".repeat(-point) + digits, 0];
  if (point > digits.length) digits = digits.padEnd(point, "0");
  const left = digits.slice(0, point).replace(/^0+/, "") || "0";
  const right = digits.slice(point).replace(/0+$/, "");
  const out = right === "" ? left : `${left}.${right}`;
  return sign === "-" && out !== "0" ? `-${out}` : out;
}

/** A datetime as microseconds since 1970 in UTC; a naive one counts as UTC. */
export function microseconds(text: string): bigint {
  const match =
    /^([+-]?\d{4,6})-(\d\d)-(\d\d)[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d+))?)?(Z|[+-]\d\d:?\d\d(?::?\d\d)?)?$/.exec(text);
  if (match === null) return -(2n ** 100n);
  const [, year, month, day, hour, minute, second = "0", fraction = "", offset = "Z"] = match;
  const date = new Date(0);
  date.setUTCFullYear(Number(year), Number(month) - 1, Number(day));
  date.setUTCHours(Number(hour), Number(minute), Number(second));
  const micro = BigInt(fraction.slice(0, 6).padEnd(6, "0"));
  return BigInt(date.getTime()) * 1000n + micro - offsetMicroseconds(offset);
}

function offsetMicroseconds(offset: string): bigint {
  if (offset === "Z") return 0n;
  const digits = offset.slice(1).replaceAll(":", "");
  const seconds =
    Number(digits.slice(0, 2)) * 3600 + Number(digits.slice(2, 4)) * 60 + Number(digits.slice(4, 6) || "0");
  return BigInt(seconds) * 1_000_000n * (offset.startsWith("-") ? -1n : 1n);
}

function trimFraction(text: string): string {
  return text.replace(/(\.\d*?)0+$/, "$1").replace(/\.$/, "");
}

function differ(expected: Json, actual: Json, path: string): string {
  return `${path === "" ? "" : `${path}: `}expected ${show(expected)}, got ${show(actual)}`;
}

/** JSON on one line, cut where it gets long. */
export function show(value: Json, limit = 300): string {
  const text = JSON.stringify(value) ?? "undefined";
  return text.length > limit ? `${text.slice(0, limit)}…` : text;
}
