/** A database of a benchmark's own: a SQLite file in a temporary folder, or one made on a server. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { babik } from "babik";

/** Makes the database, and tells how to be rid of it. */
export async function database(server: string | undefined): Promise<{ readonly url: string; remove(): Promise<void> }> {
  if (server === undefined) {
    const folder = mkdtempSync(join(tmpdir(), "babik-bench-"));
    return { url: `sqlite:${join(folder, "bench.sqlite3")}`, remove: async () => rmSync(folder, { recursive: true }) };
  }
  const name = `babik_bench_${process.pid}`;
  const run = async (sql: string): Promise<void> => {
    const orm = babik({ databases: { default: server }, apps: {} });
    await using cursor = await orm.connection().cursor();
    await cursor.execute(sql);
    await orm.close();
  };
  await run(`CREATE DATABASE ${name}`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  return { url: url.href, remove: () => run(`DROP DATABASE ${name}`) };
}
