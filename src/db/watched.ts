/**
 * Watching a database, as its users do: captures, `queries`, listeners, wrappers. The base of `Database`, which runs its statements
 * through `watchers`.
 */
import type { DialectInfo } from "../ast/seams.js";
import type { DatabaseSettings } from "./driver.js";
import type { ListenOptions, QueryEventName, QueryListener } from "./listeners.js";
import type { QueryCapture, QueryRecord } from "./log.js";
import { Watchers } from "./watchers.js";
import type { ExecuteWrapper } from "./wrappers.js";

/** What can be watched. */
export abstract class Watched {
  abstract readonly alias: string;
  abstract readonly settings: DatabaseSettings;
  abstract readonly dialect: DialectInfo;
  abstract readonly inTransaction: boolean;
  /** Put around every statement. */
  protected readonly watchers: Watchers = new Watchers(this);

  /** Starts recording the statements that this database is asked, by anybody in this process. */
  capture(options: { readonly params?: boolean | undefined } = {}): QueryCapture {
    return this.watchers.capture(options.params === true);
  }

  /**
   * The last statements, oldest first, at most 9,000; kept only with the setting `debug`, or while `forceDebugCursor` is on.
   * Django: https://docs.djangoproject.com/en/stable/faq/models/#how-can-i-see-the-raw-sql-queries-django-is-running
   */
  get queries(): readonly QueryRecord[] {
    return this.watchers.queries;
  }

  /** Empties `queries`. */
  resetQueries(): void {
    this.watchers.resetQueries();
  }

  /** Whether `queries` is kept: what the setting `debug` says, until it is set. */
  get forceDebugCursor(): boolean {
    return this.watchers.debug;
  }
  set forceDebugCursor(on: boolean) {
    this.watchers.debug = on;
  }

  /**
   * Calls `listener` for every statement once it has ended (`"query"`), or for those that took too long (`"slow"`).
   * @returns a function that takes the listener away
   * @throws ValueError for another name, or `"slow"` without a limit
   */
  on(event: QueryEventName, listener: QueryListener, options: ListenOptions = {}): () => void {
    return this.watchers.listen(event, listener, options);
  }

  /** The limit in milliseconds over which a statement is slow; set by the setting `slowQuery`. */
  set slowQuery(milliseconds: number | undefined) {
    this.watchers.slow = milliseconds;
  }

  /** Has every statement of this process run through `wrapper` until the returned function is called. */
  addExecuteWrapper(wrapper: ExecuteWrapper): () => void {
    return this.watchers.wrappers.add(wrapper);
  }

  /**
   * Has the statements that `fn` sends run through `wrapper`; those of other flows are left alone. Transaction control is not
   * wrapped; a stream is wrapped where it is opened.
   * @returns what `fn` gives
   * @example await orm.connection().executeWrapper((execute, ...rest) => { count++; return execute(...rest); }, () => view())
   * Django: https://docs.djangoproject.com/en/stable/topics/db/instrumentation/#connection-execute-wrapper
   */
  executeWrapper<T>(wrapper: ExecuteWrapper, fn: () => T): Promise<Awaited<T>>;
  executeWrapper<T>(wrapper: ExecuteWrapper, fn: () => T | Promise<T>): Promise<T> {
    return this.watchers.wrappers.within(wrapper, fn);
  }
}
