/**
 * Small programs that have to end by themselves, and one that reads more rows than it may keep. Each runs in a process of its own,
 * started by `endings.ts` with its name; the address of the database is in BABIK_CASE_URL.
 */
import { babik, CharField, IntegerField, model } from "babik";

export class Row extends model("Row", { name: CharField({ maxLength: 40 }), n: IntegerField() }) {}

export function openRows(url: string) {
  return babik({ databases: { default: url }, apps: { cases: { Row } } });
}
const ignore = (): void => undefined;

/** What each program does after it has made its orm. None of them closes anything unless it says so. */
export const cases: Readonly<Record<string, (orm: ReturnType<typeof openRows>) => Promise<unknown>>> = {
  "nothing is asked": async () => undefined,
  "one row is read": async () => Row.objects.first(),
  "many statements at once": async () => Promise.all(Array.from({ length: 30 }, () => Row.objects.count())),
  "close() after work": async (orm) => {
    await Row.objects.count();
    await orm.close();
  },
  "close() beside work": async (orm) => {
    // With a connection at hand: who still waits for one is refused.
    await Row.objects.first();
    const work = Row.objects.count();
    await orm.close();
    await work;
  },
  "await using": async (orm) => {
    await using own = orm;
    await Row.objects.count();
    return own.databases;
  },
  "a block that commits": (orm) => orm.atomic(() => Row.objects.create({ name: "a", n: 1 })),
  "a block that fails": (orm) =>
    orm
      .atomic(async () => {
        await Row.objects.create({ name: "a", n: 1 });
        throw new RangeError("no");
      })
      .catch(ignore),
  "a block beside a block": (orm) =>
    Promise.all([orm.atomic(() => Row.objects.count()), orm.atomic(() => Row.objects.count())]),
  "a stream that is left early": async () => {
    for await (const row of Row.objects.iterator({ chunkSize: 2 })) if (row.n >= 0) break;
  },
  "an error of the database": async (orm) => {
    await using cursor = await orm.connection().cursor();
    await cursor.execute("SELECT nothing FROM nowhere").catch(ignore);
  },
  "a failure that is awaited twice": async () => {
    const missing = Row.objects.get({ name: "nobody" });
    await missing.catch(ignore);
    await missing.catch(ignore);
  },
  "100,000 querysets that nobody awaits": async () => {
    const kept = Array.from({ length: 100_000 }, (_, i) => Row.objects.filter({ n: i }).orderBy("name"));
    // Those that would fail, too: nothing may start by itself.
    for (let i = 0; i < 1000; i++) kept.push(Row.objects.using("default").filter({ n: i }).slice(0, 1));
    await new Promise((resolve) => setTimeout(resolve, 20));
    return kept.length;
  },
  "a listener and a capture": async (orm) => {
    orm.on("query", ignore);
    orm.connection().capture();
    await Row.objects.count();
  },
};

/** Reads all rows by `iterator()` with a slow consumer; gives their number and how memory grew after the first chunks. */
export async function readAll(): Promise<{ readonly rows: number; readonly growth: number }> {
  let [rows, most, first] = [0, 0, 0];
  for await (const row of Row.objects.iterator({ chunkSize: 2000 })) {
    if (row.n < 0) return { rows, growth: -1 };
    if (++rows % 20_000 !== 0) continue;
    await new Promise((resolve) => setTimeout(resolve, 5));
    const { rss } = process.memoryUsage();
    if (rows === 40_000) first = rss;
    most = Math.max(most, rss);
  }
  return { rows, growth: Math.round((most - first) / 2 ** 20) };
}
