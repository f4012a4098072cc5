/**
 * Names: camelCase to snake_case, splitting `__` paths, and identifiers that are too long for a database.
 * It must not know models or dialects; lengths come in as numbers.
 */
import { createHash } from "node:crypto";

/** The separator of paths and lookups, as in Django. */
export const PATH_SEPARATOR = "__";

/**
 * Database name of a JavaScript name: `inStock` -> `in_stock`, `HTTPServer` -> `http_server`, `line2Text` -> `line2_text`.
 * Underscores that stand already are kept; digits stay with what is before them.
 */
export function snakeCase(name: string): string {
  return name
    .replace(/([a-z0-9])([A-Z])/g, "$1_$2")
    .replace(/([A-Z])([A-Z][a-z])/g, "$1_$2")
    .toLowerCase();
}

/** Parts of a path: `"category__parent__name"` -> `["category", "parent", "name"]`. */
export function splitPath(path: string): string[] {
  return path.split(PATH_SEPARATOR);
}

/** The first `length` hexadecimal digits of the MD5 of all parts; stable over versions, as names in databases depend on it. */
export function nameDigest(length: number, ...parts: readonly string[]): string {
  const hash = createHash("md5");
  for (const part of parts) hash.update(part);
  return hash.digest("hex").slice(0, length);
}

/**
 * An identifier of at most `max` bytes. A longer one keeps its beginning and ends in a digest of the whole, so that two
 * long names that differ only at the end stay apart. A leading `schema"."` part is left alone and not counted.
 */
export function shortenIdentifier(identifier: string, max: number, digits = 4): string {
  const dot = identifier.indexOf('"."');
  const prefix = dot < 0 ? "" : identifier.slice(0, dot + 3);
  const name = dot < 0 ? identifier : identifier.slice(dot + 3);
  if (Buffer.byteLength(name) <= max) return identifier;
  return `${prefix}${cutBytes(name, max - digits)}${nameDigest(digits, name)}`;
}

/** The longest beginning of `text` of at most `max` bytes that does not cut a character in two. */
export function cutBytes(text: string, max: number): string {
  if (text.length * 3 <= max) return text;
  let bytes = 0;
  let end = 0;
  for (const char of text) {
    bytes += Buffer.byteLength(char);
    if (bytes > max) break;
    end += char.length;
  }
  return text.slice(0, end);
}

/** Longest name of an index: the shortest limit among the databases that Django supports. */
export const INDEX_NAME_LENGTH = 30;

/**
 * Name of an index that was given none: 11 characters of the table, 7 of the first column, 6 of a digest and the
 * suffix, so always within 30. `columns` carry `-` for descending ones.
 */
export function indexName(table: string, columns: readonly string[], suffix = "idx"): string {
  const local = table.slice(table.lastIndexOf('"."') < 0 ? 0 : table.lastIndexOf('"."') + 3);
  const digest = nameDigest(6, local, ...columns, suffix);
  const first = (columns[0] ?? "").replace(/^-/, "");
  const name = `${local.slice(0, 11)}_${first.slice(0, 7)}_${digest}_${suffix}`;
  // Names that begin with an underscore or a digit need quoting in places where users write them by hand.
  return /^[_0-9]/.test(name) ? `D${name.slice(1)}` : name;
}

/**
 * Name of a constraint or index of the schema editor: table, columns, digest and suffix, shortened in the middle to
 * `max` characters.
 */
export function generatedName(table: string, columns: readonly string[], suffix: string, max: number): string {
  const local = table.slice(table.lastIndexOf('"."') < 0 ? 0 : table.lastIndexOf('"."') + 3);
  const joined = columns.join("_");
  let ending = `${nameDigest(8, local, ...columns)}${suffix}`;
  const name = `${local}_${joined}_${ending}`;
  if (Buffer.byteLength(name) <= max) return /^[_0-9]/.test(name) ? `D${name}`.slice(0, max) : name;
  // Names of existing Django databases depend on this arithmetic.
  if (Buffer.byteLength(ending) > max / 3) ending = cutBytes(ending, Math.floor(max / 3));
  const half = Math.floor((max - Buffer.byteLength(ending)) / 2) - 1;
  const short = `${cutBytes(local, half)}_${cutBytes(joined, half)}_${ending}`;
  return /^[_0-9]/.test(short) ? `D${short.slice(0, -1)}` : short;
}
