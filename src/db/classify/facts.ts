/**
 * From what a database said to an error of babik: the one place where database errors are made.
 * It must not know drivers. Messages carry no parameter values, because a row's content must not end up in logs.
 */
import {
  DatabaseError,
  DataError,
  IntegrityError,
  InterfaceError,
  InternalError,
  NotSupportedError,
  OperationalError,
  ProgrammingError,
} from "../../base/errors.js";

/** Which class of error, and the part after the dot of its stable code. */
export type ErrorKind =
  | "unique"
  | "foreign_key"
  | "not_null"
  | "check"
  | "exclusion"
  | "integrity"
  | "connect"
  | "login"
  | "connection_lost"
  | "locked"
  | "lock_not_available"
  | "deadlock"
  | "serialization"
  | "cancelled"
  | "timeout"
  | "read_only"
  | "full"
  | "corrupt"
  | "operational"
  | "data"
  | "syntax"
  | "no_table"
  | "no_column"
  | "no_function"
  | "exists"
  | "permission"
  | "programming"
  | "not_supported"
  | "transaction"
  | "internal"
  | "interface"
  | "error";

const integrity = new Set<ErrorKind>(["unique", "foreign_key", "not_null", "check", "exclusion", "integrity"]);
const operational = new Set<ErrorKind>([
  "connect",
  "login",
  "connection_lost",
  "locked",
  "lock_not_available",
  "deadlock",
  "serialization",
  "cancelled",
  "timeout",
  "read_only",
  "full",
  "corrupt",
  "operational",
]);
const programming = new Set<ErrorKind>([
  "syntax",
  "no_table",
  "no_column",
  "no_function",
  "exists",
  "permission",
  "programming",
]);

/** What was found out about one failure. */
export interface Finding {
  readonly kind: ErrorKind;
  /** The database's words with values taken out. */
  readonly message: string;
  readonly databaseCode?: string | undefined;
  readonly constraint?: string | undefined;
  readonly table?: string | undefined;
  readonly columns?: readonly string[] | undefined;
}

/** Makes the error; the statement goes on it as a non-enumerable property, the driver's error as its cause. */
export function toError(finding: Finding, cause: unknown, statement?: string): DatabaseError {
  const { kind, message } = finding;
  const facts = {
    cause,
    ...(statement === undefined ? {} : { statement }),
    ...(finding.databaseCode === undefined ? {} : { databaseCode: finding.databaseCode }),
  };
  if (integrity.has(kind))
    return new IntegrityError(message, kind === "integrity" ? "database.integrity" : `integrity.${kind}`, {
      ...facts,
      ...(finding.constraint === undefined ? {} : { constraint: finding.constraint }),
      ...(finding.table === undefined ? {} : { table: finding.table }),
      ...(finding.columns === undefined ? {} : { columns: Object.freeze([...finding.columns]) }),
    });
  const code = `database.${kind}`;
  if (operational.has(kind)) return new OperationalError(message, code, facts);
  if (programming.has(kind)) return new ProgrammingError(message, code, facts);
  if (kind === "data") return new DataError(message, code, facts);
  if (kind === "not_supported") return new NotSupportedError(message, code, facts);
  if (kind === "internal" || kind === "transaction") return new InternalError(message, code, facts);
  if (kind === "interface") return new InterfaceError(message, code, facts);
  return new DatabaseError(message, code, facts);
}

/** True for a serialization failure, a deadlock or a lock that was not free in time: running the whole block again is safe. */
export function isRetryable(error: unknown): boolean {
  return error instanceof DatabaseError && error.isRetryable;
}

/** True when the connection that gave this error is gone. */
export function isDisconnect(error: unknown): boolean {
  return error instanceof DatabaseError && error.isDisconnect;
}

/**
 * True where the server refuses to write: it was made a replica, or closed to writers. 1792 is MariaDB's word for a transaction that was asked
 * to be read-only, for which PostgreSQL has the same code.
 */
export function isReadOnlyServer(error: unknown): boolean {
  return error instanceof DatabaseError && error.code === "database.read_only" && error.databaseCode !== "1792";
}

/**
 * True where a failed COMMIT leaves open whether it was done: nothing came back, or the server was interrupted in it. A server that
 * gives a reason (a conflict, a deferred constraint) has not committed.
 */
export function isCommitUnknown(error: unknown): boolean {
  if (!(error instanceof DatabaseError)) return true;
  const { code, databaseCode } = error;
  if (code === "database.connection_lost" || code === "database.cancelled" || code === "database.timeout") return true;
  if (code === "database.connect" || error instanceof InterfaceError) return true;
  // 40003 is SQL's own word for it.
  return databaseCode === "40003" || (databaseCode === undefined && code === "database.error");
}

/** Fields of an error object of a driver, read without running getters of a prototype that somebody forged. */
export function field(error: unknown, name: string): string | undefined {
  if (typeof error !== "object" || error === null) return undefined;
  const value = (error as Record<string, unknown>)[name];
  return typeof value === "string" && value !== "" ? value : typeof value === "number" ? String(value) : undefined;
}
