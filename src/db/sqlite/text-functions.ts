/**
 * Text functions that SQLite lacks: regular expressions, padding, repeating, reversing and digests.
 * NULL in gives NULL out. They must not know models or queries.
 */
import { createHash } from "node:crypto";
import { DataError } from "../../base/errors.js";
import type { Engine, SqlValue } from "./engine.js";
import { compilePattern } from "./pattern.js";

const MAX_LENGTH = 1_000_000_000;

/** Text as SQLite itself would write a value. */
function text(value: SqlValue): string {
  if (typeof value === "string") return value;
  if (value instanceof Uint8Array)
    return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString("utf8");
  if (typeof value === "number" && Number.isInteger(value) && Math.abs(value) < 1e15) return String(value);
  return String(value);
}

function size(value: SqlValue): number {
  const n = Math.trunc(Number(value));
  if (!Number.isFinite(n) || n > MAX_LENGTH)
    throw new DataError("A text function was asked for a text that is too long.", "sqlite.text_length");
  return n;
}

// Length counts characters, as SQLite's own length() does, not UTF-16 units.
function pad(value: string, to: number, fill: string, left: boolean): string {
  const chars = [...value];
  if (to <= 0) return "";
  if (chars.length >= to) return chars.slice(0, to).join("");
  const filler = [...fill];
  if (filler.length === 0) return "";
  const missing = to - chars.length;
  const padding = Array.from({ length: missing }, (_, i) => filler[i % filler.length]).join("");
  return left ? padding + value : value + padding;
}

/** Registers the text functions on a connection. */
export function registerTextFunctions(engine: Engine): void {
  // `x REGEXP y` calls regexp(y, x).
  engine.fn(
    "regexp",
    2,
    (pattern = null, value = null) =>
      pattern === null || value === null ? null : compilePattern(text(pattern)).test(text(value)) ? 1n : 0n,
    true,
  );
  for (const [name, left] of [
    ["LPAD", true],
    ["RPAD", false],
  ] as const)
    engine.fn(
      name,
      3,
      (value = null, length = null, fill = null) =>
        value === null || length === null || fill === null ? null : pad(text(value), size(length), text(fill), left),
      true,
    );
  engine.fn(
    "REPEAT",
    2,
    (value = null, times = null) => {
      if (value === null || times === null) return null;
      const unit = text(value);
      const count = Math.max(0, size(times));
      if (unit.length * count > MAX_LENGTH / 2) size(Number.POSITIVE_INFINITY);
      return unit.repeat(count);
    },
    true,
  );
  engine.fn("REVERSE", 1, (value = null) => (value === null ? null : [...text(value)].reverse().join("")), true);
  for (const name of ["MD5", "SHA1", "SHA224", "SHA256", "SHA384", "SHA512"])
    engine.fn(
      name,
      1,
      (value = null) =>
        value === null
          ? null
          : createHash(name.toLowerCase())
              .update(value instanceof Uint8Array ? value : text(value))
              .digest("hex"),
      true,
    );
}
