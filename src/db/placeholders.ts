/**
 * SQL written by hand with `%s` and `%(name)s` turned into the driver's placeholders. Quoted texts, quoted names and
 * comments are passed over: a placeholder is never found inside of them, and a value is never put into the text.
 */
import type { DbParam, DialectInfo } from "../ast/seams.js";
import { ProgrammingError } from "../base/errors.js";

/** Parameters by position or by name. */
export type CursorParams = readonly unknown[] | Readonly<Record<string, unknown>>;

/** A text with its placeholders' parameters: positions of a list, or names. */
export interface ConvertedText {
  readonly text: string;
  readonly slots: readonly (number | string)[];
}

/**
 * Converts placeholders; `%%` becomes `%`, inside quotes too, where any other `%` is left alone.
 * @throws ProgrammingError for a `%` that means nothing, or for `%s` and `%(name)s` in one text
 */
export function convertPlaceholders(sql: string, dialect: Pick<DialectInfo, "name">): ConvertedText {
  const slots: (number | string)[] = [];
  let text = "";
  let positions = 0;
  for (let i = 0; i < sql.length;) {
    const quoted = endOfQuoted(sql, i, dialect.name);
    if (quoted > i) {
      text += sql.slice(i, quoted).replaceAll("%%", "%");
      i = quoted;
      continue;
    }
    if (sql[i] !== "%") {
      text += sql[i++];
      continue;
    }
    const found = /^%(?:(%)|s|\(([^)]*)\)s)/.exec(sql.slice(i, i + 300));
    if (found === null)
      throw new ProgrammingError(
        "A % in SQL with parameters must be one of %s, %(name)s and %% (which stands for a percent sign).",
        "cursor.placeholder",
        { statement: sql },
      );
    i += found[0].length;
    if (found[1] !== undefined) {
      text += "%";
      continue;
    }
    slots.push(found[2] ?? positions++);
    text += dialect.name === "postgres" ? `$${slots.length}` : "?";
  }
  if (positions > 0 && positions < slots.length)
    throw new ProgrammingError("%s and %(name)s cannot stand in one statement.", "cursor.placeholder", {
      statement: sql,
    });
  return { text, slots };
}

/** Picks the value of each slot. @throws ProgrammingError when the numbers differ, or a name is missing */
export function pickParams(slots: ConvertedText["slots"], given: CursorParams): unknown[] {
  if (Array.isArray(given)) {
    if (slots.some((slot) => typeof slot === "string"))
      throw new ProgrammingError("The statement names its parameters: give an object, not a list.", "cursor.params");
    if (given.length !== slots.length)
      throw new ProgrammingError(
        `The statement has ${slots.length} placeholders, but ${given.length} parameters were given.`,
        "cursor.params",
      );
    return [...given];
  }
  if (typeof given !== "object" || given === null)
    throw new ProgrammingError("Parameters are given as a list or as an object.", "cursor.params");
  return slots.map((slot) => {
    if (typeof slot !== "string")
      throw new ProgrammingError(
        "The statement counts its parameters with %s: give a list, not an object.",
        "cursor.params",
      );
    if (!Object.hasOwn(given, slot))
      throw new ProgrammingError(`The statement names a parameter '${slot}' that was not given.`, "cursor.params");
    return (given as Readonly<Record<string, unknown>>)[slot];
  });
}

/** Where the quoted text, quoted name or comment that begins at `at` ends; `at` itself when none begins there. */
function endOfQuoted(sql: string, at: number, dialect: DialectInfo["name"]): number {
  const char = sql[at];
  switch (char) {
    case "'":
      return endOfQuote(sql, at, "'", dialect === "mysql" || (dialect === "postgres" && isEscapeString(sql, at)));
    case '"':
      return endOfQuote(sql, at, '"', dialect === "mysql");
    case "`":
      return dialect === "postgres" ? at : endOfQuote(sql, at, "`", false);
    case "[":
      // SQLite takes [name]; elsewhere brackets are array subscripts.
      return dialect === "sqlite" ? endOf(sql, at, "]") : at;
    case "-":
      return sql[at + 1] === "-" ? endOf(sql, at, "\n") : at;
    case "#":
      return dialect === "mysql" ? endOf(sql, at, "\n") : at;
    case "/":
      return sql[at + 1] === "*" ? endOfComment(sql, at, dialect === "postgres") : at;
    case "$":
      return dialect === "postgres" ? endOfDollar(sql, at) : at;
    default:
      return at;
  }
}

function endOf(sql: string, at: number, mark: string): number {
  const end = sql.indexOf(mark, at + 1);
  return end < 0 ? sql.length : end + 1;
}

function endOfQuote(sql: string, at: number, quote: string, backslashes: boolean): number {
  for (let i = at + 1; i < sql.length; i++) {
    if (backslashes && sql[i] === "\\") i++;
    else if (sql[i] === quote) {
      if (sql[i + 1] === quote) i++;
      else return i + 1;
    }
  }
  return sql.length;
}

// E'…' of PostgreSQL, where the E is not the end of a longer word.
function isEscapeString(sql: string, at: number): boolean {
  return /(?:^|[^\w$])[eE]$/.test(sql.slice(Math.max(0, at - 2), at));
}

// Comments of PostgreSQL nest.
function endOfComment(sql: string, at: number, nested: boolean): number {
  let depth = 1;
  for (let i = at + 2; i < sql.length; i++) {
    if (sql[i] === "*" && sql[i + 1] === "/") {
      i++;
      if (--depth === 0) return i + 1;
    } else if (nested && sql[i] === "/" && sql[i + 1] === "*") {
      i++;
      depth++;
    }
  }
  return sql.length;
}

function endOfDollar(sql: string, at: number): number {
  if (at > 0 && /[\w$]/.test(sql[at - 1]!)) return at;
  const tag = /^\$(?:[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$/.exec(sql.slice(at, at + 70))?.[0];
  if (tag === undefined) return at;
  const end = sql.indexOf(tag, at + tag.length);
  return end < 0 ? sql.length : end + tag.length;
}

/** A parameter given by hand, as the driver takes it. */
export type ParamAdapter = (value: unknown, dialect: DialectInfo) => DbParam;
