/**
 * Functions around the running of statements, as Django's `execute_wrapper`: for everything within one call, or for the whole
 * process until they are taken away. It must not know connections.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import type { DialectInfo } from "../ast/seams.js";
import { ValueError } from "../base/errors.js";
import type { DatabaseSettings, MaybePromise, RunResult } from "./driver.js";

/** What a wrapper is told about where a statement runs. */
export interface ExecuteContext {
  /** The database: its alias, what it can do, its settings (without the password). */
  readonly connection: {
    readonly alias: string;
    readonly dialect: DialectInfo;
    readonly settings: DatabaseSettings;
    readonly inTransaction: boolean;
  };
}

/** Runs the statement, or the next wrapper around it. */
export type Execute = (
  sql: string,
  params: readonly unknown[],
  many: boolean,
  context: ExecuteContext,
) => MaybePromise<RunResult>;

/**
 * Called in place of running a statement; runs it by calling `execute`, with the same or another text and parameters, and
 * gives its result.
 * @param many true for a cursor's `executemany`; `params` then holds a list or object for each run
 * Django: https://docs.djangoproject.com/en/stable/topics/db/instrumentation/
 */
export type ExecuteWrapper = (
  execute: Execute,
  sql: string,
  params: readonly unknown[],
  many: boolean,
  context: ExecuteContext,
) => MaybePromise<RunResult>;

interface Installed {
  readonly owner: object;
  readonly wrapper: ExecuteWrapper;
}
/** What is installed for the calls inside; `muted` while an `executemany` runs whose wrappers have been called. */
interface Scope {
  readonly list: readonly Installed[];
  readonly muted: boolean;
}

const scopes = new AsyncLocalStorage<Scope>();

/** The wrappers of one database. */
export class Wrappers {
  readonly #everywhere: ExecuteWrapper[] = [];
  readonly #changed: () => void;
  #scoped = 0;

  /** @param changed called when there are any for the first time, or none any more */
  constructor(changed: () => void) {
    this.#changed = changed;
  }

  /** Whether there may be any for a caller. */
  get any(): boolean {
    return this.#everywhere.length > 0 || this.#scoped > 0;
  }

  /** Installs one for everybody in this process. */
  add(wrapper: ExecuteWrapper): () => void {
    check(wrapper);
    this.#everywhere.push(wrapper);
    this.#changed();
    return () => {
      const at = this.#everywhere.indexOf(wrapper);
      if (at >= 0) this.#everywhere.splice(at, 1);
      this.#changed();
    };
  }

  /** Installs one for what `fn` does and awaits. */
  async within<T>(wrapper: ExecuteWrapper, fn: () => T | Promise<T>): Promise<T> {
    check(wrapper);
    if (typeof fn !== "function")
      throw new ValueError(
        "executeWrapper() takes the wrapper and the function within which it counts.",
        "wrapper.argument",
      );
    const outer = scopes.getStore();
    this.#scoped++;
    this.#changed();
    try {
      return await scopes.run({ list: [...(outer?.list ?? []), { owner: this, wrapper }], muted: false }, async () =>
        fn(),
      );
    } finally {
      this.#scoped--;
      this.#changed();
    }
  }

  /** Runs through the wrappers that count for the caller, the one installed first outermost. */
  run(
    sql: string,
    params: readonly unknown[],
    many: boolean,
    context: ExecuteContext,
    last: (sql: string, params: readonly unknown[]) => MaybePromise<RunResult>,
  ): MaybePromise<RunResult> {
    const scope = scopes.getStore();
    if (scope?.muted === true) return last(sql, params);
    const own = scope?.list.filter((i) => i.owner === this).map((i) => i.wrapper) ?? [];
    let execute: Execute = (text, values) =>
      many ? scopes.run({ list: scope?.list ?? [], muted: true }, () => last(text, values)) : last(text, values);
    for (const wrapper of [...this.#everywhere, ...own].toReversed()) {
      const inner = execute;
      execute = (text, values, m, c) => wrapper(inner, text, values, m, c);
    }
    return execute(sql, params, many, context);
  }
}

function check(wrapper: unknown): void {
  if (typeof wrapper !== "function")
    throw new ValueError(
      "A wrapper is a function (execute, sql, params, many, context) that gives what execute gives.",
      "wrapper.argument",
    );
}
