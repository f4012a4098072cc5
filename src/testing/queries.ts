/** Counting and capturing the statements that a function sends. */
import { ownOptions } from "../base/options.js";
import { BabikError } from "../base/errors.js";
import type { Database } from "../db/connection.js";
import type { QueryRecord } from "../db/log.js";
import { currentOrm } from "../orm/define.js";

/** Which database is meant. */
export interface DatabaseOptions {
  /** Its alias; `default` where none is given. */
  readonly using?: string | undefined;
  /** The database itself, where several orms are there. */
  readonly database?: Database | undefined;
}

/** The database that options name: of the orm that was made last. */
export function databaseOf(options: DatabaseOptions): Database {
  return options.database ?? currentOrm().connection(options.using ?? "default");
}

/**
 * Statements that are sent while `fn` runs, by anybody in this process; BEGIN, COMMIT and savepoints are left out.
 * @param options `using` or `database`; `params: true` keeps the parameters
 * @returns what `fn` gives, and the statements in order
 * @example const { queries } = await captureQueries(() => view(request));
 * Django: https://docs.djangoproject.com/en/stable/topics/testing/tools/#django.test.TransactionTestCase.assertNumQueries
 */
export async function captureQueries<T>(
  fn: () => T,
  options: DatabaseOptions & { readonly params?: boolean | undefined } = {},
): Promise<{ readonly result: Awaited<T>; readonly queries: readonly QueryRecord[] }> {
  const own = ownOptions(options);
  const capture = databaseOf(own).capture({ params: own.params });
  try {
    const result = await fn();
    return { result, queries: [...capture.queries] };
  } finally {
    capture.stop();
  }
}

/**
 * Fails when `fn` does not send exactly `expected` statements; the message lists them.
 * @returns what `fn` gives
 * @throws BabikError `testing.num_queries`
 * @example await assertNumQueries(2, () => Author.objects.prefetchRelated("books"));
 * Django: https://docs.djangoproject.com/en/stable/topics/testing/tools/#django.test.TransactionTestCase.assertNumQueries
 */
export async function assertNumQueries<T>(
  expected: number,
  fn: () => T,
  options: DatabaseOptions = {},
): Promise<Awaited<T>> {
  const { result, queries } = await captureQueries(fn, options);
  if (queries.length !== expected)
    throw new BabikError(
      `${queries.length} queries were sent, ${expected} were expected:\n${queries.map((q, i) => `${i + 1}. ${q.sql}`).join("\n")}`,
      "testing.num_queries",
    );
  return result;
}
