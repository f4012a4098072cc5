/**
 * Everything that watches a database: wrappers, captures, the list of debug mode, listeners and traces, put around the running
 * of each statement. Nobody watching costs a look. It must not know how a connection runs a statement.
 */
import type { DbParam } from "../ast/seams.js";
import { BabikError } from "../base/errors.js";
import type { MaybePromise, RunResult, Statement } from "./driver.js";
import { isTraced, newTrace, systemAttributes, traced } from "./diagnostics.js";
import { Listeners } from "./listeners.js";
import { QueryCapture, QueryRing, type QueryRecord } from "./log.js";
import { currentOrigin, origins } from "./origin.js";
import { aboutText } from "./statement-about.js";
import { type ExecuteContext, Wrappers } from "./wrappers.js";

const NOTHING: RunResult = { rows: [], affected: 0 };

/** The watchers of one database. */
export class Watchers {
  readonly wrappers = new Wrappers(() => this.#update());
  readonly #context: ExecuteContext;
  readonly #captures = new Set<QueryCapture>();
  readonly #listeners = new Listeners();
  readonly #ring = new QueryRing();
  #system: Readonly<Record<string, string | number>> | undefined;
  #debug = false;
  #active = false;

  constructor(connection: ExecuteContext["connection"]) {
    this.#context = { connection };
  }

  /** True while there is anything to do; looked at for every statement. */
  get active(): boolean {
    return this.#active || isTraced();
  }

  /** Whether the list of statements is kept. */
  get debug(): boolean {
    return this.#debug;
  }
  set debug(on: boolean) {
    this.#debug = on;
    this.#update();
  }

  /** The last statements of debug mode. */
  get queries(): QueryRecord[] {
    return this.#ring.list(this.#context.connection.alias);
  }
  resetQueries(): void {
    this.#ring.clear();
  }

  capture(withParams: boolean): QueryCapture {
    const capture = new QueryCapture((ended) => {
      this.#captures.delete(ended);
      this.#update();
    }, withParams);
    this.#captures.add(capture);
    this.#update();
    return capture;
  }

  listen(...args: Parameters<Listeners["add"]>): () => void {
    const remove = this.#listeners.add(...args);
    this.#update();
    return () => {
      remove();
      this.#update();
    };
  }

  /** The limit over which a statement is slow. */
  set slow(milliseconds: number | undefined) {
    this.#listeners.slow = milliseconds;
    this.#update();
  }

  /** Runs a statement through the wrappers, and notes what is really run. */
  execute(statement: Statement, run: (statement: Statement) => MaybePromise<RunResult>): MaybePromise<RunResult> {
    const last = (s: Statement): MaybePromise<RunResult> => this.#noted("statement", s, () => run(s), rowsOf);
    if (!this.wrappers.any) return last(statement);
    return this.wrappers.run(statement.text, statement.params, false, this.#context, (sql, params) =>
      last(changed(statement, sql, params)),
    );
  }

  /** Runs something that gives no rows by itself: a script, the opening of a stream. */
  executeOther(statement: Statement, run: (statement: Statement) => MaybePromise<unknown>): MaybePromise<void> {
    const done = this.execute(statement, (s) => {
      const result = run(s);
      return result instanceof Promise ? result.then(() => NOTHING) : NOTHING;
    });
    return done instanceof Promise ? done.then(() => undefined) : undefined;
  }

  /** Runs all sets of an `executemany` through the wrappers at once. */
  executeMany(
    sql: string,
    sets: readonly unknown[],
    run: (sql: string, sets: readonly unknown[]) => Promise<number>,
  ): MaybePromise<RunResult> {
    return this.wrappers.run(sql, sets, true, this.#context, async (text, values) => ({
      rows: [],
      affected: await run(text, values),
    }));
  }

  /** Runs and notes a statement of transaction control. Wrappers are not called for these. */
  control(text: string, work: () => MaybePromise<void>): MaybePromise<void> {
    if (!this.active) return work();
    return this.#noted("transaction", { text, params: [] }, work, () => undefined);
  }

  #noted<T>(
    kind: QueryRecord["kind"],
    statement: Statement,
    work: () => MaybePromise<T>,
    count: (value: T) => number | undefined,
  ): MaybePromise<T> {
    const timed = this.#active ? (): MaybePromise<T> => this.#timed(kind, statement, work, count) : work;
    if (!isTraced()) return timed();
    const { alias, settings, dialect } = this.#context.connection;
    const trace = newTrace({
      alias,
      kind,
      sql: statement.text,
      byHand: statement.handle === undefined && kind === "statement",
      about: statement.handle?.about ?? aboutText(statement.text),
      system: (this.#system ??= systemAttributes(settings, dialect)),
    });
    return traced(trace, timed, count);
  }

  #timed<T>(
    kind: QueryRecord["kind"],
    statement: Statement,
    work: () => MaybePromise<T>,
    count: (value: T) => number | undefined,
  ): MaybePromise<T> {
    const origin = origins.watched && kind === "statement" ? currentOrigin() : undefined;
    const begun = performance.now();
    const note = (failed: boolean, error: unknown, rows: number | undefined): void => {
      const parts = {
        sql: statement.text,
        alias: this.#context.connection.alias,
        kind,
        milliseconds: performance.now() - begun,
        failed,
        errorCode: failed ? (error instanceof BabikError ? error.code : "error") : undefined,
        rows,
        params: statement.params,
        about: statement.handle?.about ?? aboutText(statement.text),
        origin,
      };
      for (const capture of this.#captures) capture.add(parts);
      if (this.#debug) this.#ring.add(parts);
      if (this.#listeners.any) this.#listeners.tell(parts);
    };
    let result: MaybePromise<T>;
    try {
      result = work();
    } catch (error) {
      note(true, error, undefined);
      throw error;
    }
    if (!(result instanceof Promise)) {
      note(false, undefined, count(result));
      return result;
    }
    return result.then(
      (value) => {
        note(false, undefined, count(value));
        return value;
      },
      (error: unknown) => {
        note(true, error, undefined);
        throw error;
      },
    );
  }

  #update(): void {
    this.#active = this.#captures.size > 0 || this.wrappers.any || this.#debug || this.#listeners.any;
  }
}

function rowsOf(result: RunResult): number | undefined {
  return result === NOTHING ? undefined : result.affected;
}

/** The statement as a wrapper wants it. Prepared statements belong to one text. */
function changed(statement: Statement, sql: string, params: readonly unknown[]): Statement {
  if (sql === statement.text && params === statement.params) return statement;
  return {
    text: sql,
    params: params as readonly DbParam[],
    handle: sql === statement.text ? statement.handle : undefined,
    bigInts: statement.bigInts,
  };
}

/** A stream that is opened by asking for its first chunk, so that wrappers and records see whether it works, and how long that takes. */
export async function* watchedStream(
  watchers: Watchers,
  statement: Statement,
  open: (statement: Statement) => AsyncIterable<unknown[][]>,
): AsyncGenerator<unknown[][]> {
  let rows: AsyncIterator<unknown[][]> | undefined;
  let next: IteratorResult<unknown[][]> | undefined;
  await watchers.executeOther(statement, async (s) => {
    rows = open(s)[Symbol.asyncIterator]();
    next = await rows.next();
  });
  try {
    while (next !== undefined && next.done !== true) {
      yield next.value;
      next = await rows!.next();
    }
  } finally {
    if (next?.done !== true) await rows?.return?.();
  }
}
