/**
 * Ten minutes of mixed work, watching memory: what is resident in the last minute must be within 5 % of the third minute. Usage:
 * npm run soak -- [--minutes 10] [--db sqlite|postgres|mariadb|<url>, several with commas] [--clients 8] [--json <file>].
 * Each database is worked on in turn for the whole time, in a database of its own that is dropped.
 */
import { fork } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { babik } from "babik";
import { Item, Shop, Tag } from "./models.js";
import { fill, runUnit, units } from "./work.js";

const { values: options } = parseArgs({
  options: {
    minutes: { type: "string", default: "10" },
    db: { type: "string", default: "sqlite,postgres" },
    clients: { type: "string", default: "8" },
    json: { type: "string", default: ".reports/soak.json" },
    child: { type: "string" },
  },
});
const minutes = Number(options.minutes);
/** A measure each so many milliseconds: thirty in the minute that is looked at. */
const STEP = Math.min(2000, minutes * 200);

/** How many units that fill caches each client runs before the time begins. */
const WARM_UP = 800;

function open(url: string) {
  return babik({ databases: { default: url }, apps: { soak: { Item, Shop, Tag } } });
}
export type BabikOrm = ReturnType<typeof open>;

interface Sample {
  readonly minute: number;
  readonly rss: number;
  readonly heap: number;
  readonly external: number;
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0;
}

/** The work itself, in a process of its own, so that nothing else is in its memory. */
async function soak(url: string): Promise<void> {
  const orm = open(url);
  await fill(orm);
  const names = Object.keys(units);
  const counts = Object.fromEntries(names.map((name) => [name, 0]));
  const samples: Sample[] = [];
  // Bounded caches (shapes, and prepared statements of each connection) are filled first: until then memory grows as it is meant to.
  await Promise.all(
    Array.from({ length: Number(options.clients) }, async () => {
      for (let i = 0; i < WARM_UP; i++) await runUnit(i % 10 === 0 ? "wrongName" : "shapes", orm);
    }),
  );
  const begun = performance.now();
  const until = begun + minutes * 60_000;
  const timer = setInterval(() => {
    globalThis.gc?.();
    const { rss, heapUsed: heap, external } = process.memoryUsage();
    samples.push({ minute: (performance.now() - begun) / 60_000, rss, heap, external });
  }, STEP);
  await Promise.all(
    Array.from({ length: Number(options.clients) }, async () => {
      while (performance.now() < until) {
        const name = names[Math.floor(Math.random() * names.length)]!;
        await runUnit(name, orm);
        counts[name]!++;
        // SQLite answers at once: timers get their turn here.
        await new Promise((resolve) => setImmediate(resolve));
      }
    }),
  );
  clearInterval(timer);
  const pool = orm.connection().pool;
  await orm.close();
  const within = (from: number, to: number): readonly Sample[] =>
    samples.filter((s) => s.minute >= from && s.minute < to);
  const mega = (which: readonly Sample[], key: "rss" | "heap" | "external"): number =>
    Math.round((median(which.map((s) => s[key])) / 2 ** 20) * 10) / 10;
  // The third minute and the last; of a short run its third tenth and its last.
  const tenth = minutes >= 10 ? 1 : minutes / 10;
  const [third, last] = [within(2 * tenth, 3 * tenth), within(minutes - tenth, minutes + 1)];
  const growth = mega(last, "rss") / mega(third, "rss") - 1;
  process.send!({
    minutes,
    units: Object.values(counts).reduce((a, b) => a + b, 0),
    counts,
    "resident, third minute (MB)": mega(third, "rss"),
    "resident, last minute (MB)": mega(last, "rss"),
    "growth (%)": Math.round(growth * 1000) / 10,
    "heap after collection, third minute (MB)": mega(third, "heap"),
    "heap after collection, last minute (MB)": mega(last, "heap"),
    "resident by minute (MB)": Array.from({ length: Math.ceil(minutes) }, (_, i) => mega(within(i, i + 1), "rss")),
    "heap by minute (MB)": Array.from({ length: Math.ceil(minutes) }, (_, i) => mega(within(i, i + 1), "heap")),
    "external by minute (MB)": Array.from({ length: Math.ceil(minutes) }, (_, i) => mega(within(i, i + 1), "external")),
    poolWaiting: pool?.waiting ?? 0,
    poolInUse: pool === undefined ? 0 : pool.size - pool.idle,
    good: growth <= 0.05 && (pool === undefined || pool.size === pool.idle),
  });
  process.disconnect();
}

/** A database of its own, and how to be rid of it. */
async function database(name: string): Promise<{ readonly url: string; remove(): Promise<void> } | undefined> {
  const server =
    name === "postgres"
      ? process.env["BABIK_POSTGRES_URL"]
      : name === "mariadb"
        ? process.env["BABIK_MARIADB_URL"]
        : name === "sqlite"
          ? "sqlite:"
          : name;
  if (server === undefined || server === "") return undefined;
  if (server.startsWith("sqlite:")) {
    const folder = mkdtempSync(join(tmpdir(), "babik-soak-"));
    return { url: `sqlite:${join(folder, "soak.sqlite3")}`, remove: async () => rmSync(folder, { recursive: true }) };
  }
  const own = `babik_soak_${process.pid}_${randomBytes(3).toString("hex")}`;
  const run = async (sql: string): Promise<void> => {
    await using orm = babik({ databases: { default: server }, apps: {} });
    await using cursor = await orm.connection().cursor();
    await cursor.execute(sql);
  };
  await run(`CREATE DATABASE ${own}`);
  const url = new URL(server);
  url.pathname = `/${own}`;
  return { url: url.href, remove: () => run(`DROP DATABASE ${own}`) };
}

async function supervise(): Promise<void> {
  const results: Record<string, unknown>[] = [];
  for (const name of options.db.split(",")) {
    const made = await database(name);
    if (made === undefined) {
      console.error(`SKIPPED: ${name}: no address`);
      continue;
    }
    try {
      // The address goes by the environment: arguments are seen by everybody.
      const child = fork(
        fileURLToPath(import.meta.url),
        ["--child", "1", "--minutes", String(minutes), "--clients", options.clients],
        {
          env: { ...process.env, BABIK_SOAK_URL: made.url },
          execArgv: ["--expose-gc", "--enable-source-maps"],
        },
      );
      let result: Record<string, unknown> | undefined;
      child.on("message", (message: Record<string, unknown>) => (result = message));
      const [code] = (await once(child, "exit")) as [number];
      const shown = { database: name.split(":")[0], ...result, good: result?.["good"] === true && code === 0 };
      results.push(shown);
      console.log(`\nsoak on ${String(shown.database)}: ${shown.good ? "flat" : "NOT FLAT, or failed"}`);
      for (const [key, value] of Object.entries(shown))
        console.log(`  ${key}: ${typeof value === "object" ? JSON.stringify(value) : String(value)}`);
    } finally {
      await made.remove();
    }
  }
  mkdirSync(dirname(options.json), { recursive: true });
  writeFileSync(options.json, `${JSON.stringify(results, null, 2)}\n`);
  console.log(`\nfigures in ${options.json}`);
  if (results.length === 0 || results.some((r) => r["good"] !== true)) process.exitCode = 1;
}

if (options.child === undefined) await supervise();
else await soak(process.env["BABIK_SOAK_URL"]!);
