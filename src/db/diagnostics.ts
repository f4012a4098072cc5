/**
 * Statements as events of `node:diagnostics_channel`, for tracers. The channels are those of a tracing channel named
 * `babik:query`; what they carry is named after OpenTelemetry's conventions for databases. Costs a look at the channels
 * while nobody has subscribed. It must not know connections.
 */
import { tracingChannel } from "node:diagnostics_channel";
import type { DialectInfo } from "../ast/seams.js";
import { BabikError, DatabaseError } from "../base/errors.js";
import type { DatabaseSettings, MaybePromise } from "./driver.js";
import { type StatementAbout, withoutLiterals } from "./statement-about.js";

/** What every event of one statement carries: the same object from its start to its end. */
export interface QueryTrace {
  /** Alias of the database. */
  readonly alias: string;
  /** `"transaction"` for BEGIN, COMMIT, ROLLBACK and savepoints. */
  readonly kind: "statement" | "transaction";
  /** Attributes for a span, by OpenTelemetry's names. Those of the outcome are added before the last event. */
  readonly attributes: Record<string, string | number>;
  /** Rows given or changed, at the end of a statement that succeeded. */
  result?: { readonly rows: number | undefined };
  /** The error, at the end of a statement that failed. */
  error?: unknown;
}

const channel = tracingChannel<string, QueryTrace>("babik:query");

/** Whether anybody has subscribed. */
export function isTraced(): boolean {
  return channel.start.hasSubscribers || channel.asyncEnd.hasSubscribers || channel.error.hasSubscribers;
}

/** Facts about a database that all of its spans share. */
export function systemAttributes(
  settings: DatabaseSettings,
  dialect: DialectInfo,
): Readonly<Record<string, string | number>> {
  const out: Record<string, string | number> = {
    "db.system.name":
      dialect.name === "sqlite"
        ? "sqlite"
        : dialect.name === "postgres"
          ? "postgresql"
          : dialect.isMariaDb
            ? "mariadb"
            : "mysql",
    "db.namespace": settings.database,
  };
  if (settings.driver !== "sqlite") {
    out["server.address"] = settings.host ?? "localhost";
    // The usual port goes without saying.
    const usual = settings.driver === "postgres" ? 5432 : 3306;
    if (!(settings.host ?? "").startsWith("/")) out["server.port"] = settings.port ?? usual;
  }
  return out;
}

/** What a statement is traced with. SQL written by hand is shown without its literals. */
export function newTrace(parts: {
  readonly alias: string;
  readonly kind: QueryTrace["kind"];
  readonly sql: string;
  readonly byHand: boolean;
  readonly about: StatementAbout;
  readonly system: Readonly<Record<string, string | number>>;
}): QueryTrace {
  const { operation, table } = parts.about;
  const attributes: Record<string, string | number> = {
    ...parts.system,
    "db.operation.name": operation,
    "db.query.summary": table === undefined ? operation : `${operation} ${table}`,
    "db.query.text": parts.byHand
      ? withoutLiterals(parts.sql, parts.system["db.system.name"] !== "postgresql")
      : parts.sql,
  };
  if (table !== undefined) attributes["db.collection.name"] = table;
  return { alias: parts.alias, kind: parts.kind, attributes };
}

/**
 * Runs `work` and tells of it: `start` before, `end` when the call returned, then `asyncStart` and `asyncEnd` when it has ended, and
 * `error` before those where it failed. The same for answers that are there at once, so that `asyncEnd` is always the end.
 */
export function traced<T>(
  trace: QueryTrace,
  work: () => MaybePromise<T>,
  rowsOf: (value: T) => number | undefined,
): MaybePromise<T> {
  const succeed = (value: T): T => {
    const rows = rowsOf(value);
    trace.result = { rows };
    if (rows !== undefined && trace.attributes["db.operation.name"] === "SELECT")
      trace.attributes["db.response.returned_rows"] = rows;
    finish(trace);
    return value;
  };
  const fail = (error: unknown): never => {
    trace.error = error;
    trace.attributes["error.type"] =
      error instanceof BabikError ? error.code : error instanceof Error ? error.name : "_OTHER";
    if (error instanceof DatabaseError && error.databaseCode !== undefined)
      trace.attributes["db.response.status_code"] = error.databaseCode;
    channel.error.publish(trace);
    finish(trace);
    throw error;
  };
  let failed = true;
  let thrown: unknown;
  let value: MaybePromise<T> | undefined;
  channel.start.runStores(trace, () => {
    try {
      value = work();
      failed = false;
    } catch (error) {
      thrown = error;
    } finally {
      channel.end.publish(trace);
    }
  });
  if (failed) return fail(thrown);
  return value instanceof Promise ? value.then(succeed, fail) : succeed(value as T);
}

function finish(trace: QueryTrace): void {
  channel.asyncStart.runStores(trace, () => channel.asyncEnd.publish(trace));
}
