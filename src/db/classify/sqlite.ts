/**
 * SQLite's result codes and messages as kinds of errors. Works for both libraries: better-sqlite3 tells the code's name,
 * node:sqlite its number. It must not know connections.
 */
import { BabikError, type DatabaseError } from "../../base/errors.js";
import { type ErrorKind, field, type Finding, toError } from "./facts.js";

// Numbers of the result codes that node:sqlite gives (`errcode`), by the names that better-sqlite3 gives.
const names = new Map<number, string>([
  [1, "SQLITE_ERROR"],
  [2, "SQLITE_INTERNAL"],
  [3, "SQLITE_PERM"],
  [4, "SQLITE_ABORT"],
  [5, "SQLITE_BUSY"],
  [6, "SQLITE_LOCKED"],
  [7, "SQLITE_NOMEM"],
  [8, "SQLITE_READONLY"],
  [9, "SQLITE_INTERRUPT"],
  [10, "SQLITE_IOERR"],
  [11, "SQLITE_CORRUPT"],
  [13, "SQLITE_FULL"],
  [14, "SQLITE_CANTOPEN"],
  [17, "SQLITE_SCHEMA"],
  [18, "SQLITE_TOOBIG"],
  [19, "SQLITE_CONSTRAINT"],
  [20, "SQLITE_MISMATCH"],
  [21, "SQLITE_MISUSE"],
  [23, "SQLITE_AUTH"],
  [25, "SQLITE_RANGE"],
  [26, "SQLITE_NOTADB"],
  [275, "SQLITE_CONSTRAINT_CHECK"],
  [517, "SQLITE_BUSY_SNAPSHOT"],
  [787, "SQLITE_CONSTRAINT_FOREIGNKEY"],
  [1299, "SQLITE_CONSTRAINT_NOTNULL"],
  [1555, "SQLITE_CONSTRAINT_PRIMARYKEY"],
  [1811, "SQLITE_CONSTRAINT_TRIGGER"],
  [2067, "SQLITE_CONSTRAINT_UNIQUE"],
  [2579, "SQLITE_CONSTRAINT_ROWID"],
  [3091, "SQLITE_CONSTRAINT_DATATYPE"],
]);

// The longest prefix that fits decides.
const kinds: readonly (readonly [string, ErrorKind])[] = [
  ["SQLITE_CONSTRAINT_UNIQUE", "unique"],
  ["SQLITE_CONSTRAINT_PRIMARYKEY", "unique"],
  ["SQLITE_CONSTRAINT_ROWID", "unique"],
  ["SQLITE_CONSTRAINT_FOREIGNKEY", "foreign_key"],
  ["SQLITE_CONSTRAINT_NOTNULL", "not_null"],
  ["SQLITE_CONSTRAINT_CHECK", "check"],
  ["SQLITE_CONSTRAINT_DATATYPE", "data"],
  ["SQLITE_CONSTRAINT", "integrity"],
  ["SQLITE_BUSY_SNAPSHOT", "serialization"],
  ["SQLITE_BUSY", "locked"],
  ["SQLITE_LOCKED", "locked"],
  ["SQLITE_READONLY", "read_only"],
  ["SQLITE_FULL", "full"],
  ["SQLITE_CORRUPT", "corrupt"],
  ["SQLITE_NOTADB", "corrupt"],
  ["SQLITE_CANTOPEN", "connect"],
  ["SQLITE_PERM", "connect"],
  ["SQLITE_AUTH", "permission"],
  ["SQLITE_INTERRUPT", "cancelled"],
  ["SQLITE_ABORT", "operational"],
  ["SQLITE_IOERR", "operational"],
  ["SQLITE_NOMEM", "operational"],
  ["SQLITE_SCHEMA", "operational"],
  ["SQLITE_MISMATCH", "data"],
  ["SQLITE_TOOBIG", "data"],
  ["SQLITE_RANGE", "programming"],
  ["SQLITE_MISUSE", "interface"],
  ["SQLITE_INTERNAL", "internal"],
];

const messages: readonly (readonly [RegExp, ErrorKind])[] = [
  [/^no such table|^no such view|^no such index|^no such savepoint/, "no_table"],
  [/^no such column|has no column named/, "no_column"],
  [/^no such function|^wrong number of arguments to function|^no such collation|^no such module/, "no_function"],
  [/already exists|^duplicate column name/, "exists"],
  [/integer overflow|^malformed JSON|^bad JSON path|string or blob too big/i, "data"],
  [
    /too many SQL variables|^Expression tree is too large|^Recursion limit$|^parser stack overflow|too many terms in compound|too many columns/,
    "not_supported",
  ],
  [/syntax error|^incomplete input|unrecognized token/, "syntax"],
  [/database connection is not open|database is not open|statement has been finalized/, "interface"],
  [/connection is busy/, "interface"],
  [/^Too (?:few|many) parameter values|column index out of range|^Unknown named parameter/i, "programming"],
  [/too large to be represented/, "data"],
  [/can only bind|cannot be bound to SQLite/, "data"],
  [/more than one statement/, "programming"],
  [/unable to open database|directory does not exist/, "connect"],
];

/** Sorts a failure of SQLite. Errors of babik itself (thrown by its SQL functions) come back as they are. */
export function classifySqlite(error: unknown, statement?: string): Error {
  if (error instanceof BabikError) return error;
  return toError(sqliteFinding(error), error, statement) satisfies DatabaseError;
}

/** What a failure of SQLite says. */
export function sqliteFinding(error: unknown): Finding {
  const number = field(error, "errcode");
  const name = (number === undefined ? field(error, "code") : names.get(Number(number))) ?? "";
  const text = field(error, "message") ?? "SQLite reported a failure without a message.";
  const base = (number !== undefined && names.get(Number(number) & 0xff)) || "";
  const kind =
    kinds.find(([prefix]) => name.startsWith(prefix) || (name === "" && base === prefix))?.[1] ??
    messages.find(([pattern]) => pattern.test(text))?.[1] ??
    (name.startsWith("SQLITE_") || base !== "" ? "operational" : "error");
  const databaseCode = name !== "" && name.startsWith("SQLITE") ? name : base || undefined;
  return { kind, message: kind === "data" ? withoutValues(text) : text, databaseCode, ...constraintOf(kind, text) };
}

function constraintOf(kind: ErrorKind, text: string): Partial<Finding> {
  const told = /constraint failed: ([\s\S]+)$/.exec(text)?.[1];
  if (told === undefined) return {};
  if (kind === "check") return { constraint: told };
  if (kind !== "unique" && kind !== "not_null") return {};
  const index = /^index '(.+)'$/.exec(told)?.[1];
  if (index !== undefined) return { constraint: index };
  const parts = told.split(", ");
  const table = parts[0]!.slice(0, parts[0]!.lastIndexOf("."));
  return { table, columns: parts.map((part) => part.slice(part.lastIndexOf(".") + 1)) };
}

// "cannot store TEXT value in …" names types only; what stands in quotes may be a value.
function withoutValues(text: string): string {
  return text.replace(/'[^']*'|"[^"]*"/g, "'…'").replace(/: -?\d+$/, "");
}
