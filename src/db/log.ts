/**
 * Watching what a database is asked: records of statements for tests and debugging, and wrappers around their running.
 * It must not know connections. Parameters are kept only where somebody asked for them.
 */
import type { DbParam } from "../ast/seams.js";
import type { MaybePromise, RunResult, Statement } from "./driver.js";

/** One statement that was run. */
export interface QueryRecord {
  readonly sql: string;
  /** Only where the capture asked for parameters. */
  readonly params?: readonly DbParam[] | undefined;
  readonly milliseconds: number;
  /** `"transaction"` for BEGIN, COMMIT, ROLLBACK and savepoints. */
  readonly kind: "statement" | "transaction";
  readonly failed: boolean;
}

/** What is known about a statement that a wrapper is called for. */
export interface ExecuteContext {
  readonly alias: string;
}

/**
 * Called in place of running a statement; runs it by calling `execute`, with the same or another statement.
 * Django: https://docs.djangoproject.com/en/stable/topics/db/instrumentation/
 */
export type ExecuteWrapper = (
  execute: (statement: Statement) => MaybePromise<RunResult>,
  statement: Statement,
  context: ExecuteContext,
) => MaybePromise<RunResult>;

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
  add(record: QueryRecord): void {
    if (this.#withParams) this.#records.push(record);
    else this.#records.push({ ...record, params: undefined });
  }
}

/** The captures and wrappers of one database. */
export class Watchers {
  readonly captures = new Set<QueryCapture>();
  readonly wrappers: ExecuteWrapper[] = [];
  /** True while there is anything to do; looked at for every statement. */
  active = false;

  /** To be called after every change. */
  update(): void {
    this.active = this.captures.size > 0 || this.wrappers.length > 0;
  }

  /** Times `work` and records it. */
  record<T>(
    kind: QueryRecord["kind"],
    sql: string,
    params: readonly DbParam[],
    work: () => MaybePromise<T>,
  ): MaybePromise<T> {
    const begun = performance.now();
    const note = (failed: boolean): void => {
      const record = { sql, params, milliseconds: performance.now() - begun, kind, failed };
      for (const capture of this.captures) capture.add(record);
    };
    let result: MaybePromise<T>;
    try {
      result = work();
    } catch (error) {
      note(true);
      throw error;
    }
    if (!(result instanceof Promise)) {
      note(false);
      return result;
    }
    return result.then(
      (value) => {
        note(false);
        return value;
      },
      (error: unknown) => {
        note(true);
        throw error;
      },
    );
  }

  /** Runs a statement through the wrappers, the one installed first outermost, and records what is really run. */
  execute(
    alias: string,
    statement: Statement,
    run: (statement: Statement) => MaybePromise<RunResult>,
  ): MaybePromise<RunResult> {
    let execute = (s: Statement): MaybePromise<RunResult> => this.record("statement", s.text, s.params, () => run(s));
    for (const wrapper of this.wrappers.toReversed()) {
      const inner = execute;
      execute = (s) => wrapper(inner, s, { alias });
    }
    return execute(statement);
  }
}
