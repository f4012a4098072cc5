/**
 * What iterating over 100,000 instances with prefetched relations adds to the resident memory of a process, on any database. The rows are
 * read in a process of its own, whose memory has seen nothing but the start: `npm run bench -- --memory [--db <url>] [--check]`.
 */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { babik, CASCADE, CharField, ForeignKey, IntegerField, model, TextField } from "babik";
import { database } from "./database.js";

const ROWS = 100_000;
/** Rows in a chunk. What a chunk holds lives through several small collections of garbage, so memory follows it. */
const CHUNK = 200;
/** Megabytes above the start that the iteration may add. */
const TARGET = 60;
const PREFETCHED = "iterator with prefetchRelated";
const CHILD = "BABIK_BENCH_MEMORY_URL";

class Publisher extends model("Publisher", { name: CharField({ maxLength: 50 }) }) {}
class Book extends model("Book", {
  title: CharField({ maxLength: 80 }),
  note: TextField(),
  publisher: ForeignKey("Publisher", { onDelete: CASCADE, relatedName: "books" }),
}) {}
class Review extends model("Review", {
  book: ForeignKey("Book", { onDelete: CASCADE, relatedName: "reviews" }),
  stars: IntegerField(),
}) {}
const open = (url: string) => babik({ databases: { default: url }, apps: { bench: { Publisher, Book, Review } } });

/** Fills a database, has a process of its own read it, and prints what that added. Gives the exit code. */
export async function measureMemory(server: string | undefined, check: boolean): Promise<number> {
  const { url, remove } = await database(server);
  try {
    await fill(url);
    console.log(
      "| way | rows | related rows | start, MB | most above the start, MB | target |\n|---|---:|---:|---:|---:|---:|",
    );
    let missed = false;
    for (const way of [PREFETCHED, "iterator, relations awaited row by row"]) {
      const child = spawnSync(process.execPath, [fileURLToPath(import.meta.url), way], {
        env: { ...process.env, [CHILD]: url },
        encoding: "utf8",
      });
      if (child.status !== 0) throw new Error(child.stderr);
      const { rows, related, start, most } = JSON.parse(child.stdout) as Measured;
      const target = way === PREFETCHED ? TARGET : null;
      missed ||= target !== null && most > target;
      console.log(`| ${way} | ${rows} | ${related} | ${start.toFixed(0)} | ${most.toFixed(1)} | ${target ?? ""} |`);
    }
    console.log(missed ? "\nmore than the target" : "\nwithin the target");
    return missed && check ? 1 : 0;
  } finally {
    await remove();
  }
}
async function fill(url: string): Promise<void> {
  const orm = open(url);
  await orm.createTables();
  await Publisher.objects.bulkCreate(Array.from({ length: 1000 }, (_, i) => new Publisher({ name: `Publisher ${i}` })));
  const publishers = await Publisher.objects.valuesList("pk", { flat: true });
  for (let from = 0; from < ROWS; from += 10_000) {
    await Book.objects.bulkCreate(
      Array.from({ length: 10_000 }, (_, i) => {
        const publisherId = publishers[(from + i) % publishers.length] as number;
        return new Book({
          title: `Book ${from + i}`,
          note: "A sentence or two about this book. ".repeat(3),
          publisherId,
        });
      }),
    );
  }
  const books = (await Book.objects.orderBy("pk").valuesList("pk", { flat: true })) as number[];
  for (let from = 0; from < ROWS; from += 10_000)
    await Review.objects.bulkCreate(
      books.slice(from, from + 10_000).flatMap((bookId) => [3, 5].map((stars) => new Review({ bookId, stars }))),
    );
  await orm.close();
}

interface Measured {
  readonly rows: number;
  readonly related: number;
  readonly start: number;
  readonly most: number;
}
/** Reads all rows; the resident memory is looked at after each chunk. */
async function read(url: string, prefetch: boolean): Promise<Measured> {
  const orm = open(url);
  const megabytes = (): number => process.memoryUsage.rss() / 2 ** 20;
  await Book.objects.first();
  const start = megabytes();
  let rows = 0,
    related = 0,
    most = 0;
  const all = Book.objects.orderBy("pk");
  const source = prefetch ? all.prefetchRelated("publisher", "reviews") : all;
  for await (const book of source.iterator({ chunkSize: CHUNK })) {
    if ((await book["publisher"]).name !== "") related += 1;
    related += (await book["reviews"].all()).length;
    if (++rows % CHUNK === 0) most = Math.max(most, megabytes() - start);
  }
  await orm.close();
  return { rows, related, start, most };
}
const url = process.env[CHILD];
if (url !== undefined) console.log(JSON.stringify(await read(url, process.argv[2] === PREFETCHED)));
