/**
 * Records of statements that were run, and who keeps them: captures, the list of a database in debug mode, listeners. Parameters
 * are kept only where somebody asked for them. It must not know connections.
 */
import type { DbParam } from "../ast/seams.js";
import { logLine } from "./log-line.js";
import type { Origin } from "./origin.js";
import type { StatementAbout } from "./statement-about.js";

/** What is known of a statement once it has ended. */
export interface RecordParts {
  readonly sql: string;
  readonly alias: string;
  readonly kind: "statement" | "transaction";
  readonly milliseconds: number;
  readonly failed: boolean;
  readonly errorCode: string | undefined;
  readonly rows: number | undefined;
  readonly params: readonly DbParam[];
  readonly about: StatementAbout;
  readonly origin: Origin | undefined;
}

/** One statement that was run. */
export class QueryRecord {
  /** The text with placeholders; values are never in it. */
  readonly sql: string;
  /** Alias of the database. */
  readonly alias: string;
  /** `"transaction"` for BEGIN, COMMIT, ROLLBACK and savepoints. */
  readonly kind: "statement" | "transaction";
  /** How long it took; of a stream, until its first rows came. */
  readonly milliseconds: number;
  readonly failed: boolean;
  /** The `code` of the error, where it failed. */
  readonly errorCode?: string;
  /** Rows given, or rows changed. */
  readonly rows?: number;
  /** `SELECT`, `INSERT`, `BEGIN`, … */
  readonly operation: string;
  /** The table that is read or changed; absent for SQL written by hand. */
  readonly table?: string;
  /** Only where parameters were asked for. */
  readonly params?: readonly DbParam[];
  readonly #origin: Origin | undefined;

  constructor(parts: RecordParts, withParams: boolean) {
    this.sql = parts.sql;
    this.alias = parts.alias;
    this.kind = parts.kind;
    this.milliseconds = parts.milliseconds;
    this.failed = parts.failed;
    this.operation = parts.about.operation;
    if (parts.errorCode !== undefined) this.errorCode = parts.errorCode;
    if (parts.rows !== undefined) this.rows = parts.rows;
    if (parts.about.table !== undefined) this.table = parts.about.table;
    if (withParams) this.params = parts.params;
    this.#origin = parts.origin;
  }

  /** Seconds as Django writes them: `"0.003"`. */
  get time(): string {
    return (this.milliseconds / 1000).toFixed(3);
  }

  /** The record as one line for a log: control characters are escaped. */
  get line(): string {
    return logLine(this);
  }

  /** Who asked for it; known only while origins are watched. */
  get origin(): Origin | undefined {
    return this.#origin;
  }

  toString(): string {
    return this.line;
  }
}

/** The statements run on one database since the capture began, until `stop()`. */
export class QueryCapture {
  readonly #records: QueryRecord[] = [];
  readonly #stop: (capture: QueryCapture) => void;
  readonly #withParams: boolean;

  constructor(stop: (capture: QueryCapture) => void, withParams: boolean) {
    this.#stop = stop;
    this.#withParams = withParams;
  }

  /** Everything, transaction control included. */
  get all(): readonly QueryRecord[] {
    return this.#records;
  }

  /** Statements without BEGIN, COMMIT, ROLLBACK and savepoints. */
  get queries(): readonly QueryRecord[] {
    return this.#records.filter((record) => record.kind === "statement");
  }

  /** Ends the capture; what was gathered stays readable. */
  stop(): void {
    this.#stop(this);
  }

  [Symbol.dispose](): void {
    this.stop();
  }

  /** Adds a record; called by the database. */
  add(parts: RecordParts): void {
    this.#records.push(new QueryRecord(parts, this.#withParams));
  }
}

/** How many records a database in debug mode keeps, as in Django. */
export const QUERIES_LIMIT = 9000;

/** The last statements of a database in debug mode: a ring that forgets the oldest. */
export class QueryRing {
  #records: QueryRecord[] = [];
  #next = 0;

  add(parts: RecordParts): void {
    const record = new QueryRecord(parts, false);
    if (this.#records.length < QUERIES_LIMIT) this.#records.push(record);
    else {
      this.#records[this.#next] = record;
      this.#next = (this.#next + 1) % QUERIES_LIMIT;
    }
  }

  /** The records, oldest first. Says so where some were forgotten. */
  list(alias: string): QueryRecord[] {
    if (this.#records.length === QUERIES_LIMIT)
      process.emitWarning(
        `The list of statements of '${alias}' is full: only the last ${QUERIES_LIMIT} are kept. resetQueries() empties it.`,
        { code: "BABIK_QUERIES_LIMIT", type: "BabikWarning" },
      );
    return [...this.#records.slice(this.#next), ...this.#records.slice(0, this.#next)];
  }

  clear(): void {
    this.#records = [];
    this.#next = 0;
  }
}
