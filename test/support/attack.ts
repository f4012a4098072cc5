/**
 * Attacks on queries: hostile texts, and a table that must survive them. A call is refused when a typed error comes before
 * any SQL; it is harmless when the hostile text travels among the parameters only.
 */
import { BabikError } from "babik";
import { captureQueries } from "babik/testing";
import { expect } from "vitest";

/** Texts that ended statements, names, comments or paths in some ORM or other. */
export const PAYLOADS: readonly string[] = [
  'crafted"alias" FROM canary; --',
  "x'; DROP TABLE canary; --",
  "x`; DROP TABLE canary; --",
  "x; DROP TABLE canary",
  "x) FROM canary; DROP TABLE canary; --",
  "1 OR 1=1",
  "' OR '1'='1",
  '" OR "1"="1',
  "x # comment",
  "x -- comment",
  "x /* comment */",
  "x*/ OR 1=1 /*",
  "x\\",
  "x\\' OR 1=1 -- ",
  "a.b",
  "book.alice",
  "canary.id",
  "a..b",
  "a b",
  "a\tb",
  "a\nb",
  "a\rb",
  "a\u0000b",
  "a\u0008b",
  "a\u001bb",
  "a\u007fb",
  "a\u0085b",
  "a\u2028b",
  "a%sb",
  "a%(x)sb",
  "%s",
  "$1",
  "?",
  ":name",
  "$$x$$",
  "a::text); DROP TABLE canary; --",
  "(SELECT 1)",
  "count(*)",
  "a[0]",
  "a{b}",
  "a\u0430",
  "ı",
  "\ud800",
  "-?",
  "",
  " ",
  "1a",
];

interface Connection {
  cursor(): unknown;
}
interface Cursor {
  execute(sql: string, params?: readonly unknown[]): Promise<unknown>;
  fetchall(): Promise<unknown>;
  close(): Promise<void> | void;
}
/** Expects of calls on one database that they do no harm. */
export interface Guard {
  /** A typed error, no statement, and everything as it was. */
  refused(call: () => unknown): Promise<BabikError>;
  /** The call works, and `payload` is in no statement's text; its result and the parameters sent. */
  harmless<T>(
    payload: string,
    call: () => T,
  ): Promise<{ readonly result: Awaited<T>; readonly params: readonly unknown[] }>;
  /** One or the other: an error that is typed, or a statement without the payload. */
  safe(payload: string, call: () => unknown): Promise<"refused" | "harmless">;
  /** Fails when the canary or the rows are not as they were. */
  intact(): Promise<void>;
}

/** Makes the canary, and remembers what `state` says of the rows. */
export async function guard(orm: { connection(): unknown }, state: () => Promise<unknown>): Promise<Guard> {
  const run = async (sql: string): Promise<unknown> => {
    const cursor = (await (orm.connection() as Connection).cursor()) as Cursor;
    try {
      await cursor.execute(sql);
      return /^SELECT/.test(sql) ? await cursor.fetchall() : undefined;
    } finally {
      await cursor.close();
    }
  };
  await run("CREATE TABLE canary (id INTEGER)");
  await run("INSERT INTO canary VALUES (1), (2), (3)");
  const look = async (): Promise<unknown> => [
    JSON.stringify(await run("SELECT COUNT(*) FROM canary"), (_k, v: unknown) =>
      typeof v === "bigint" ? String(v) : v,
    ),
    await state(),
  ];
  const before = await look();
  const intact = async (): Promise<void> => expect(await look()).toEqual(before);
  const capture = async (call: () => unknown) =>
    captureQueries(
      async () => {
        try {
          return { value: await call() };
        } catch (error) {
          return { error };
        }
      },
      { params: true },
    );
  return {
    intact,
    async refused(call) {
      const { result, queries } = await capture(call);
      expect(queries).toEqual([]);
      expect("error" in result ? result.error : "nothing was refused").toBeInstanceOf(BabikError);
      return (result as { error: BabikError }).error;
    },
    async harmless(payload, call) {
      const { result, queries } = await capture(call);
      if ("error" in result) throw result.error;
      if (payload.length > 2) for (const q of queries) expect(q.sql).not.toContain(payload);
      return {
        result: result.value as never,
        params: queries.flatMap((q) => (q as { params?: readonly unknown[] }).params ?? []),
      };
    },
    async safe(payload, call) {
      const { result, queries } = await capture(call);
      if (payload.length > 2) for (const q of queries) expect(q.sql).not.toContain(payload);
      if (!("error" in result)) return "harmless";
      expect(result.error).toBeInstanceOf(BabikError);
      return "refused";
    },
  };
}
