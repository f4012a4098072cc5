/**
 * The models of the scenarios on one SQLite file, and what a judge from outside says of the file. The judge opens it by the bare driver,
 * so that what babik keeps in memory cannot mend the verdict.
 */
import Sqlite from "better-sqlite3";
import { babik, CharField, IntegerField, model } from "babik";

/** One row, which everybody reads and then writes. */
export class Counter extends model("Counter", { value: IntegerField() }) {}
/** A row for each time that the counter was written, with what was read before. */
export class Step extends model("Step", { worker: IntegerField(), n: IntegerField(), before: IntegerField() }) {}
/** A row of a batch; all rows of a batch are written, and changed, together or not at all. */
export class Item extends model("Item", {
  batch: IntegerField({ dbIndex: true }),
  state: IntegerField({ default: 0 }),
  filling: CharField({ maxLength: 2000, dbIndex: true }),
}) {}

/** An orm over the file, in WAL mode with five seconds of patience, both of which are what babik does by itself. */
export function openFile(file: string) {
  return babik({
    databases: { default: { url: `sqlite:${file}`, options: { timeout: 5000, journalMode: "wal" } } },
    apps: { files: { Counter, Step, Item } },
  });
}

/** Rows of a query, read from outside. */
export function readFile<T>(file: string, sql: string): T[] {
  const judge = new Sqlite(file);
  try {
    return judge.prepare(sql).all() as T[];
  } finally {
    judge.close();
  }
}

/** Whether SQLite finds the file sound: its pages, and that each index has the rows of its table. */
export function intact(file: string): boolean {
  const found = readFile<{ readonly integrity_check: string }>(file, "PRAGMA integrity_check");
  return found.length === 1 && found[0]!.integrity_check === "ok";
}

/** Counts a failure by class and code; what is not of babik, or has no code of its own, is told apart. */
export function nameOf(error: unknown): string {
  const { name, code } = error as { readonly name?: unknown; readonly code?: unknown };
  return typeof code === "string" && code !== "database.error" ? `${String(name)} ${code}` : `untyped ${String(name)}`;
}
