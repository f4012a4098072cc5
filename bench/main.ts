/**
 * What babik costs over the bare driver: one row by key, a thousand rows as instances, ten thousand rows as `values()`.
 * Usage: npm run bench -- [--db <url>] [--rounds <n>] [--cpu] [--check]. Without a URL a SQLite file in a temporary folder is
 * used; on a server a database of its own is made and dropped. `--cpu` takes the
 * processor time of this process instead of the time on the wall. `--check` fails where a ratio is above its target.
 * `--memory` measures memory instead: what iterating over a hundred thousand rows adds (see memory.ts).
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { cpus, totalmem, type } from "node:os";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import {
  babik,
  BooleanField,
  CharField,
  DateTimeField,
  DecimalField,
  FloatField,
  IntegerField,
  model,
  TextField,
} from "babik";
import { database } from "./database.js";
import { type Candidate, pairs, processor, wall } from "./pairs.js";
import { openRaw } from "./raw.js";

const ROWS = 10_000;
const { values: options } = parseArgs({
  options: {
    db: { type: "string" },
    rounds: { type: "string", default: "41" },
    cpu: { type: "boolean" },
    check: { type: "boolean" },
    memory: { type: "boolean" },
  },
});

class Book extends model("Book", {
  title: CharField({ maxLength: 80 }),
  note: TextField(),
  pages: IntegerField({ null: true }),
  stock: IntegerField(),
  weight: FloatField(),
  price: DecimalField({ maxDigits: 10, decimalPlaces: 2 }),
  active: BooleanField(),
  created: DateTimeField(),
}) {}

/** Version of an installed package. */
function version(name: string): string {
  const require = createRequire(import.meta.url);
  try {
    let folder = dirname(require.resolve(name));
    while (!folder.endsWith(name)) folder = dirname(folder);
    return (JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as { version: string }).version;
  } catch {
    return "?";
  }
}

/** What is compared, and how dear it may be. */
interface Task {
  readonly name: string;
  readonly target: number;
  readonly calls: number;
  readonly candidates: Readonly<Record<string, Candidate>>;
}

/** Fails unless all candidates of a task give the same rows: only equal work may be compared. */
async function agree(tasks: readonly Task[]): Promise<void> {
  for (const { name, candidates } of tasks) {
    const seen = await Promise.all(Object.values(candidates).map(async (work) => JSON.stringify(await work(3))));
    if (new Set(seen).size !== 1) throw new Error(`The candidates of '${name}' give different rows.`);
  }
}

if (options.memory === true) {
  const { measureMemory } = await import("./memory.js");
  process.exit(await measureMemory(options.db, options.check === true));
}
const { url, remove } = await database(options.db);
const orm = babik({ databases: { default: url }, apps: { bench: { Book } } });
const server = !url.startsWith("sqlite:");
try {
  await orm.createTables();
  await Book.objects.bulkCreate(
    Array.from(
      { length: ROWS },
      (_, i) =>
        new Book({
          title: `Book ${i}`,
          note: "A sentence or two about this book, as long as notes are. ".repeat(1 + (i % 3)),
          pages: i % 7 === 0 ? null : i % 900,
          stock: i % 50,
          weight: i / 7,
          price: `${i % 1000}.${String(i % 100).padStart(2, "0")}`,
          active: i % 2 === 0,
          created: new Date(1_700_000_000_000 + i * 1_000_123),
        }),
    ),
  );
  const raw = await openRaw(url);
  const [first] = await Book.objects.orderBy("id").slice(0, 1).values("id");
  const from = first!["id"] as number;
  const names = ["id", "title", "note", "pages", "stock", "weight", "price", "active", "created"];
  const tasks: Task[] = [
    {
      name: "one row: get({ id })",
      target: 1.6,
      calls: server ? 100 : 1000,
      candidates: {
        "driver, object": (i) => raw.one(from + (i % ROWS)),
        babik: (i) => Book.objects.get({ id: from + (i % ROWS) }),
        "driver, array": (i) => raw.oneFromArray(from + (i % ROWS)),
        // What an interface of promises costs by itself, which a driver that answers at once does without.
        ...(server ? {} : { "driver, object, in an async function": async (i: number) => raw.one(from + (i % ROWS)) }),
      },
    },
    {
      name: "1,000 rows as instances",
      target: 1.2,
      calls: 5,
      candidates: {
        "driver, objects": () => raw.many(1000),
        babik: () => Book.objects.orderBy("id").slice(0, 1000),
        "driver, arrays": () => raw.manyFromArrays(1000),
      },
    },
    {
      name: "10,000 rows as values()",
      target: 1.2,
      calls: 1,
      candidates: {
        "driver, objects": () => raw.many(ROWS),
        babik: () =>
          Book.objects
            .orderBy("id")
            .slice(0, ROWS)
            .values(...names),
        "driver, arrays": () => raw.manyFromArrays(ROWS),
      },
    },
  ];
  await agree(tasks);
  const cpu = cpus();
  console.log(
    `${cpu[0]?.model.trim() ?? "unknown processor"}, ${cpu.length} cores, ${Math.round(totalmem() / 2 ** 30)} GB, ${type()}; Node ${process.versions.node}; ${raw.version}; ` +
      `better-sqlite3 ${version("better-sqlite3")}, pg ${version("pg")}, mariadb ${version("mariadb")}, decimal.js ${version("decimal.js")}\n`,
  );
  console.log("| task | candidate | µs per call | ratio | middle half | target |\n|---|---|---:|---:|---:|---:|");
  let missed = 0;
  for (const { name, target, calls, candidates } of tasks)
    for (const timed of await pairs(
      candidates,
      calls,
      Number(options.rounds),
      options.cpu === true ? processor : wall,
    )) {
      const own = timed.name === "babik";
      if (own && timed.ratio > target) missed += 1;
      const spread = timed.spread.map((n) => n.toFixed(2)).join("-");
      console.log(
        `| ${name} | ${timed.name} | ${timed.micros.toFixed(2)} | ${timed.ratio.toFixed(2)} | ${spread} | ${own ? target : ""} |`,
      );
    }
  console.log(
    `\n${missed === 0 ? "all targets met" : `${missed} target(s) missed`}; ratios are to the first line of each task`,
  );
  if (options.check === true && missed > 0) process.exitCode = 1;
  await raw.close();
} finally {
  await orm.close();
  await remove();
}
