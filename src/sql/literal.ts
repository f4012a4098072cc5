/**
 * Values as literals: the only place that writes a value into statement text. Only DDL needs it, where no database takes
 * parameters (defaults, checks, comments). It knows primitives, no types and no models.
 */
import type { DbParam, DialectInfo } from "../ast/seams.js";
import { DataError } from "../base/errors.js";

/**
 * A value as a literal that cannot be left: quotes are doubled, and backslashes where the database reads them.
 * @throws DataError for text with NUL and for numbers that have no literal
 */
export function quoteLiteral(value: DbParam, info: DialectInfo): string {
  switch (typeof value) {
    case "string":
      return quoteText(value, info);
    case "bigint":
      return value.toString();
    case "boolean":
      return info.name === "postgres" ? (value ? "true" : "false") : value ? "1" : "0";
    case "number":
      return quoteNumber(value, info);
    default:
      return value === null ? "NULL" : quoteBytes(value, info);
  }
}

/** A text literal. */
export function quoteText(text: string, info: DialectInfo): string {
  if (text.includes("\0"))
    throw new DataError("A text with a NUL character cannot stand in a definition.", "value.nul");
  const doubled = text.replaceAll("'", "''");
  if (!text.includes("\\") || info.name === "sqlite") return `'${doubled}'`;
  // The sessions of babik read backslashes as escapes on MySQL; on PostgreSQL E'' does, whatever the session is set to.
  const escaped = doubled.replaceAll("\\", "\\\\");
  return info.name === "postgres" ? `E'${escaped}'` : `'${escaped}'`;
}

function quoteNumber(value: number, info: DialectInfo): string {
  if (Number.isFinite(value)) return Object.is(value, -0) ? "0" : String(value);
  const word = Number.isNaN(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity";
  if (info.name === "postgres") return `'${word}'::double precision`;
  if (info.name === "sqlite" && word !== "NaN") return value > 0 ? "9e999" : "-9e999";
  throw new DataError(`This database has no ${word}.`, "value.not_finite");
}

function quoteBytes(value: Uint8Array, info: DialectInfo): string {
  const hex = Buffer.from(value).toString("hex");
  return info.name === "postgres" ? `'\\x${hex}'::bytea` : `X'${hex}'`;
}
