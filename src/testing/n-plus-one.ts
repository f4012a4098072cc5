/**
 * Finding the same statement sent again and again from one place: rows that are read one by one where one statement would do.
 * It tells the relation or field whose loading it was, and how to load it at once.
 */
import { ownOptions } from "../base/options.js";
import { BabikError, ValueError } from "../base/errors.js";
import { watchOrigins } from "../db/origin.js";
import type { QueryRecord } from "../db/log.js";
import { captureQueries, type DatabaseOptions } from "./queries.js";

/** A statement that was sent too often. */
export interface RepeatedQuery {
  /** The statement, with placeholders. */
  readonly sql: string;
  readonly count: number;
  /** All of them together. */
  readonly milliseconds: number;
  /** `file:line:column` of the call, where it could be told. */
  readonly place: string | undefined;
  /** The model and its relation or field, where its loading sent the statement. */
  readonly model: string | undefined;
  readonly field: string | undefined;
  /** Whether that is a relation to one row, a set of related rows, or a deferred field. */
  readonly access: "relation" | "set" | "deferred" | undefined;
  /** How to ask once. */
  readonly advice: string;
}

/** Which database is watched, and what is too often. */
export interface NPlusOneOptions extends DatabaseOptions {
  /** From how many equal statements of one place on it is told; 3 where nothing is given. */
  readonly threshold?: number | undefined;
}

/**
 * Runs `fn` and finds statements that were sent several times from the same place, the costliest first.
 * @returns what `fn` gives, and what was found
 * @throws ValueError for a threshold below 2
 * @example
 * const { findings } = await detectNPlusOne(() => report());
 * findings[0]?.advice; // 'Load it with the rows: selectRelated("customer") or prefetchRelated("customer").'
 */
export async function detectNPlusOne<T>(
  fn: () => T,
  options: NPlusOneOptions = {},
): Promise<{ readonly result: Awaited<T>; readonly findings: readonly RepeatedQuery[] }> {
  const { threshold = 3, using, database } = ownOptions(options);
  if (!Number.isInteger(threshold) || threshold < 2)
    throw new ValueError("The option 'threshold' is a whole number from 2 up.", "testing.threshold");
  const stop = watchOrigins();
  try {
    const { result, queries } = await captureQueries(fn, { using, database });
    return { result, findings: find(queries, threshold) };
  } finally {
    stop();
  }
}

/**
 * Fails where `detectNPlusOne` finds something; the message tells the places and the ways out.
 * @throws BabikError `testing.n_plus_one`
 * @example await assertNoNPlusOne(() => fetch(`${server}/orders`));
 */
export async function assertNoNPlusOne<T>(fn: () => T, options: NPlusOneOptions = {}): Promise<Awaited<T>> {
  const { result, findings } = await detectNPlusOne(fn, options);
  if (findings.length > 0)
    throw new BabikError(
      `The same statement was sent again and again:\n${findings.map(describe).join("\n")}`,
      "testing.n_plus_one",
    );
  return result;
}

function describe(found: RepeatedQuery): string {
  const what = found.model === undefined ? "" : ` for ${found.model}.${found.field}`;
  const where = found.place === undefined ? "" : ` at ${found.place}`;
  return `- ${found.count} times${what}${where}: ${found.sql}\n  ${found.advice}`;
}

function find(queries: readonly QueryRecord[], threshold: number): RepeatedQuery[] {
  const groups = new Map<string, QueryRecord[]>();
  for (const query of queries) {
    const { place, model, name } = query.origin ?? {};
    const key = JSON.stringify([query.sql, place, model, name]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [query]);
    else group.push(query);
  }
  return [...groups.values()]
    .filter((group) => group.length >= threshold)
    .map((group) => {
      const first = group[0]!;
      const { place, model, name, access } = first.origin ?? {};
      const milliseconds = group.reduce((sum, q) => sum + q.milliseconds, 0);
      const advice = adviceFor(first.operation, access, name);
      return { sql: first.sql, count: group.length, milliseconds, place, model, field: name, access, advice };
    })
    .toSorted((a, b) => b.count - a.count || b.milliseconds - a.milliseconds);
}

function adviceFor(operation: string, access: RepeatedQuery["access"], name: string | undefined): string {
  if (access === "relation") return `Load it with the rows: selectRelated("${name}") or prefetchRelated("${name}").`;
  if (access === "set")
    return `Load them with the rows: prefetchRelated("${name}"), with Prefetch() where they are filtered.`;
  if (access === "deferred") return `Read it with the rows: leave "${name}" out of defer(), or name it in only().`;
  if (operation === "INSERT") return "Write all rows at once: bulkCreate().";
  if (operation === "UPDATE") return "Change all rows at once: bulkUpdate(), or update() with F().";
  if (operation === "DELETE") return "Delete all rows at once: filter(…).delete().";
  return "Ask once for all: filter({ pk__in: […] }), inBulk(), or a join.";
}
