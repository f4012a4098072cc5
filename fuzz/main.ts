/**
 * A million random texts, numbers and objects as values, keys, aliases, orders and JSON paths, against an oracle in JavaScript. Usage:
 * npm run fuzz -- [--values 1000000] [--seed <number>] [--db sqlite|postgres|mariadb, several with commas] [--json <file>].
 * SQLite takes three fifths of the values and each server one fifth; the part of a database that is not there goes to the others.
 */
import { randomBytes, randomInt } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { parseArgs } from "node:util";
import { babik } from "babik";
import { Canary, fill, fuzz, Item, type Tally } from "./engine.js";

const { values: options } = parseArgs({
  options: {
    values: { type: "string", default: "1000000" },
    seed: { type: "string", default: String(randomInt(2 ** 31)) },
    db: { type: "string", default: "sqlite,postgres,mariadb" },
    json: { type: "string", default: ".reports/fuzz.json" },
  },
});
const SHARES = { sqlite: 3, postgres: 1, mariadb: 1 } as const;
type Name = keyof typeof SHARES;

const seed = Number(options.seed);
const wanted = Number(options.values);
const names = options.db.split(",");
if (!Number.isSafeInteger(seed) || !Number.isSafeInteger(wanted) || wanted < 1)
  stop("--values and --seed are numbers.");
if (!names.every((name): name is Name => Object.hasOwn(SHARES, name)))
  stop("--db takes sqlite, postgres and mariadb, several with commas.");

function stop(why: string): never {
  console.error(why);
  process.exit(1);
}

/** The address of the server, or of SQLite in memory; undefined where there is none. */
function address(name: Name): string | undefined {
  if (name === "sqlite") return "sqlite::memory:";
  return process.env[name === "postgres" ? "BABIK_POSTGRES_URL" : "BABIK_MARIADB_URL"] || undefined;
}

/** A database of its own on a server, dropped afterwards; of a MariaDB with a collation that tells all texts apart. */
async function ownDatabase(server: string): Promise<{ readonly url: string; remove(): Promise<void> }> {
  if (server.startsWith("sqlite:")) return { url: server, remove: async () => {} };
  const own = `babik_fuzz_${process.pid}_${randomBytes(3).toString("hex")}`;
  const run = async (sql: string): Promise<void> => {
    await using orm = babik({ databases: { default: server }, apps: {} });
    await using cursor = await orm.connection().cursor();
    await cursor.execute(sql);
  };
  const exact = server.startsWith("postgres") ? "" : " CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin";
  await run(`CREATE DATABASE ${own}${exact}`);
  const url = new URL(server);
  url.pathname = `/${own}`;
  return { url: url.href, remove: () => run(`DROP DATABASE ${own}`) };
}

interface Result {
  readonly database: Name;
  readonly values: number;
  readonly seconds: number;
  readonly kinds: Tally;
  readonly finding?: string;
}
async function run(database: Name, server: string, count: number): Promise<Result> {
  const made = await ownDatabase(server);
  const kinds: Tally = {};
  const begun = performance.now();
  let finding: string | undefined;
  try {
    await using orm = babik({ databases: { default: made.url }, apps: { fuzz: { Item, Canary } } });
    await orm.createTables();
    await fill();
    const { features } = orm.connection().dialect;
    let told = 0;
    const progress = (done: number): void => {
      if (done < told + 100_000) return;
      told = done - (done % 100_000);
      console.log(`  ${database}: ${told.toLocaleString("en")} of ${count.toLocaleString("en")}`);
    };
    await fuzz(count, seed, { exactText: true, hyphenKeys: features.jsonHyphenKeys, progress }, kinds);
  } catch (error) {
    // An error that the engine does not expect is a finding, typed or not: the database must never dislike what babik sends.
    finding = error instanceof Error ? (error.stack ?? error.message) : String(error);
  } finally {
    await made.remove();
  }
  const values = Object.values(kinds).reduce((a, b) => a + b, 0);
  const seconds = Math.round((performance.now() - begun) / 100) / 10;
  return { database, values, seconds, kinds, ...(finding === undefined ? {} : { finding }) };
}

const there = names.filter((name) => address(name) !== undefined);
for (const name of names) if (!there.includes(name)) console.error(`SKIPPED: ${name}: no server`);
if (there.length === 0) stop("There is no database to try.");
const parts = there.reduce((sum, name) => sum + SHARES[name], 0);
console.log(`fuzz: ${wanted.toLocaleString("en")} values on ${there.join(", ")}, seed ${seed}`);
const results: Result[] = [];
for (const name of there) results.push(await run(name, address(name)!, Math.ceil((wanted * SHARES[name]) / parts)));

const kinds = [...new Set(results.flatMap((r) => Object.keys(r.kinds)))];
const lines = [
  ["", ...results.map((r) => r.database), "together"],
  ...kinds.map((kind) => row(kind, (r) => r.kinds[kind] ?? 0)),
  row("values", (r) => r.values),
  row("seconds", (r) => r.seconds),
  row("findings", (r) => (r.finding === undefined ? 0 : 1)),
];
function row(label: string, of: (result: Result) => number): string[] {
  const sum = results.reduce((total, r) => total + of(r), 0);
  return [label, ...results.map(of), Math.round(sum * 10) / 10].map((cell) => cell.toLocaleString("en"));
}
const widths = lines[0]!.map((_, i) => Math.max(...lines.map((line) => line[i]!.length)));
console.log("");
for (const line of lines)
  console.log(line.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join("  "));
mkdirSync(dirname(options.json), { recursive: true });
writeFileSync(
  options.json,
  `${JSON.stringify({ seed, skipped: names.filter((n) => !there.includes(n)), results }, null, 2)}\n`,
);
console.log(`\nseed ${seed}; figures in ${options.json}`);
for (const { database, finding, values } of results)
  if (finding !== undefined)
    console.error(`\nFOUND on ${database} after ${values} values (--db ${database} --seed ${seed}): ${finding}`);
process.exitCode = results.some((r) => r.finding !== undefined) ? 1 : 0;
