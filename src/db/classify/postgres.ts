/**
 * SQLSTATE codes of PostgreSQL, and failures of the connection to it, as kinds of errors.
 * The server's `detail` holds values of rows and is left to the cause. It must not know connections.
 */
import { BabikError } from "../../base/errors.js";
import { type ErrorKind, field, type Finding, toError } from "./facts.js";

/** Exact codes first, then classes (the first two characters). */
const states: Readonly<Record<string, ErrorKind>> = {
  "23505": "unique",
  "23503": "foreign_key",
  "23001": "foreign_key",
  "23502": "not_null",
  "23514": "check",
  "23P01": "exclusion",
  "40001": "serialization",
  "40P01": "deadlock",
  "55P03": "lock_not_available",
  "57014": "cancelled",
  "25P04": "timeout",
  "25P03": "connection_lost",
  "25006": "read_only",
  "57P01": "connection_lost",
  "57P02": "connection_lost",
  "57P03": "connect",
  "57P05": "connection_lost",
  "53100": "full",
  "53300": "connect",
  "3D000": "connect",
  "42501": "permission",
  "42601": "syntax",
  "42P01": "no_table",
  "42703": "no_column",
  "42883": "no_function",
  "42P07": "exists",
  "42701": "exists",
  "42710": "exists",
  "42P06": "exists",
  "42P04": "exists",
  "0A000": "not_supported",
  "22P02": "data",
  "08P01": "operational",
  XX001: "corrupt",
  XX002: "corrupt",
};
const classes: Readonly<Record<string, ErrorKind>> = {
  "08": "connection_lost",
  "0A": "not_supported",
  "20": "programming",
  "21": "programming",
  "22": "data",
  "23": "integrity",
  "24": "internal",
  "25": "transaction",
  "26": "operational",
  "27": "operational",
  "28": "login",
  "2B": "internal",
  "2D": "internal",
  "34": "operational",
  "3B": "internal",
  "3F": "programming",
  "40": "operational",
  "42": "programming",
  "44": "programming",
  "53": "operational",
  "54": "not_supported",
  "55": "operational",
  "57": "operational",
  "58": "operational",
  P0: "internal",
  XX: "internal",
};

const socketCodes = new Set(["ECONNRESET", "EPIPE", "ETIMEDOUT", "ERR_STREAM_DESTROYED", "ERR_SOCKET_CLOSED"]);
const connectCodes = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENOENT",
  "EACCES",
  "EADDRNOTAVAIL",
]);

/** What failed between this process and a server, before any answer; used for both kinds of servers. */
export function socketFinding(error: unknown): Finding | undefined {
  const code = field(error, "code");
  if (code !== undefined && connectCodes.has(code))
    return { kind: "connect", message: "The database server cannot be reached.", databaseCode: code };
  if (code !== undefined && socketCodes.has(code))
    return { kind: "connection_lost", message: "The connection to the database was lost.", databaseCode: code };
  // Several addresses were tried (localhost as IPv6 and IPv4): the first failure speaks for all.
  const all = error instanceof AggregateError ? (error.errors as unknown[]) : [];
  return all.length > 0 ? socketFinding(all[0]) : undefined;
}

/** Sorts a failure of PostgreSQL or of the connection to it. Errors of babik itself come back as they are. */
export function classifyPostgres(error: unknown, statement?: string): Error {
  if (error instanceof BabikError) return error;
  return toError(postgresFinding(error), error, statement);
}

/** What a failure of PostgreSQL says. */
export function postgresFinding(error: unknown): Finding {
  const state = field(error, "code");
  const text = field(error, "message") ?? "The database reported a failure without a message.";
  if (state !== undefined && /^[0-9A-Z]{5}$/.test(state) && field(error, "severity") !== undefined) {
    const kind: ErrorKind =
      state === "08P01" && field(error, "severity") === "FATAL"
        ? poolerKind(text)
        : (states[state] ?? classes[state.slice(0, 2)] ?? "error");
    const column = field(error, "column");
    return {
      kind: text.startsWith("terminating connection")
        ? "connection_lost"
        : state === "57014" && text.includes("timeout")
          ? "timeout"
          : kind,
      message: kind === "data" ? withoutValues(text) : text,
      databaseCode: state,
      constraint: field(error, "constraint"),
      table: field(error, "table"),
      columns: column === undefined ? columnsOf(field(error, "detail")) : [column],
    };
  }
  const socket = socketFinding(error);
  if (socket !== undefined) return socket;
  if (
    /Connection terminated|Client (?:has encountered a connection error|was closed)|socket hang up|connection is closed/i.test(
      text,
    )
  )
    return { kind: "connection_lost", message: "The connection to the database was lost." };
  if (/timeout expired|timeout exceeded/i.test(text))
    return { kind: "connect", message: "The database server did not answer in time." };
  if (/SASL|SCRAM|password must be a string|authentication/i.test(text))
    return {
      kind: "login",
      message: "The database server refused the login, or asked for a password that the settings do not have.",
    };
  if (/SSL|TLS|certificate|altnames/i.test(text))
    return {
      kind: "connect",
      message:
        "No encrypted connection to the database server could be made; its certificate or support of TLS does not fit the settings.",
    };
  return { kind: "error", message: text };
}

// PgBouncer has one code for whatever ends a connection, and words for what it was.
function poolerKind(text: string): ErrorKind {
  if (/no such user|authentication|login (?:failed|rejected)/i.test(text)) return "login";
  return /does not exist|no such database|been failing|cannot connect|no more connections|DNS|login_timeout/i.test(text)
    ? "connect"
    : "connection_lost";
}

// `Key (a, b)=(1, 2) already exists.`: the names stand before the equals sign, what follows are values.
function columnsOf(detail: string | undefined): readonly string[] | undefined {
  // Where rows still refer to a key, the columns are of the other table than the one that the error names.
  if (detail?.includes("is still referenced from") === true) return undefined;
  const names = /^Key \((.+?)\)=/.exec(detail ?? "")?.[1];
  if (names === undefined || /[()]/.test(names)) return undefined;
  return names.split(", ").map((name) => name.replace(/^"|"$/g, "").replaceAll('""', '"'));
}

// `invalid input syntax for type integer: "abc"` quotes what was sent.
function withoutValues(text: string): string {
  return text.replace(/:\s*"[\s\S]*"$/, "").replace(/"[^"]*"/g, '"…"');
}
