/**
 * Values that people give to cursors (dates, decimals) as the primitives a driver takes. Fields have their own, richer
 * rules; this is for SQL written by hand. It must not know fields.
 */
import { types } from "node:util";
import { Decimal } from "decimal.js";
import type { DbParam, DialectInfo } from "../ast/seams.js";
import { QueryTypeError } from "../base/errors.js";
import { asTemporal } from "../base/temporal.js";

/**
 * Accepts null, string, finite number, bigint, boolean, Uint8Array, Date, Decimal and Temporal's Instant, PlainDate,
 * PlainTime and PlainDateTime.
 * @throws QueryTypeError for everything else, `undefined` included; the value is not shown and none of its methods is called
 */
export function adaptParam(value: unknown, dialect: DialectInfo): DbParam {
  switch (typeof value) {
    case "string":
    case "bigint":
    case "boolean":
      return value;
    case "number":
      if (Number.isNaN(value)) throw refused("NaN");
      return value;
    case "object":
      if (value === null || types.isUint8Array(value)) return value;
      return adaptObject(value, dialect);
    default:
      throw refused(typeof value);
  }
}

function adaptObject(value: object, dialect: DialectInfo): DbParam {
  if (types.isProxy(value)) throw refused("a proxy");
  if (types.isDate(value)) {
    const time = Date.prototype.getTime.call(value);
    if (Number.isNaN(time)) throw refused("an invalid Date");
    return zoned(new Date(time).toISOString(), dialect);
  }
  if (value instanceof Decimal) {
    if (!value.isFinite()) throw refused("a Decimal that is no number");
    return value.toFixed();
  }
  const instant = asTemporal("Instant", value);
  if (instant !== undefined) return zoned(instant.toString({ smallestUnit: "microsecond" }), dialect);
  const plain = asTemporal("PlainDateTime", value);
  if (plain !== undefined) return plain.toString({ smallestUnit: "microsecond" }).replace("T", " ");
  const other = asTemporal("PlainDate", value) ?? asTemporal("PlainTime", value);
  if (other !== undefined) return other.toString();
  throw refused("an object");
}

// Only PostgreSQL keeps an offset apart; the other two hold UTC without saying so.
function zoned(iso: string, dialect: DialectInfo): string {
  const text = iso.replace("T", " ").replace(/Z$/, "");
  return dialect.name === "postgres" ? `${text}+00` : text;
}

function refused(what: string): QueryTypeError {
  return new QueryTypeError(
    `A cursor was given ${what} as a parameter. Accepted are: null, string, number, bigint, boolean, Uint8Array, Date, Decimal and Temporal's Instant, PlainDateTime, PlainDate, PlainTime.`,
    "cursor.param",
  );
}
