/** Several processes read and then write one row of one SQLite file: each commit is there, none is lost, nobody is told to come back later. */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { Counter, intact, openFile, readFile } from "./file-models.js";
import type { WorkerTold } from "./several-worker.js";

/**
 * @param file a database file that is not there yet
 * @param options how many processes, and how many transactions each
 */
export async function runSeveral(
  file: string,
  { processes, transactions }: { readonly processes: number; readonly transactions: number },
): Promise<Record<string, unknown>> {
  const orm = openFile(file);
  await orm.createTables();
  await Counter.objects.create({ id: 1, value: 0 });
  await orm.close();
  const workers = Array.from({ length: processes }, (_, worker) =>
    fork(fileURLToPath(new URL("several-worker.js", import.meta.url)), [file, String(worker), String(transactions)], {
      execArgv: ["--unhandled-rejections=strict", "--enable-source-maps"],
    }),
  );
  // All begin together, or the first would be done before the last has started.
  await Promise.all(workers.map((worker) => once(worker, "message")));
  const begun = performance.now();
  const told = await Promise.all(workers.map(finished));
  const seconds = (performance.now() - begun) / 1000;

  const wanted = processes * transactions;
  const [{ value }] = readFile<{ value: number }>(file, "SELECT value FROM files_counter") as [{ value: number }];
  const [steps] = readFile<{ steps: number; distinct: number; told: number }>(
    file,
    `SELECT count(*) AS steps, count(DISTINCT "before") AS "distinct", count(DISTINCT worker * 1000000 + n) AS told FROM files_step`,
  ) as [{ steps: number; distinct: number; told: number }];
  const acknowledged = told.reduce((sum, t) => sum + t.acknowledged, 0);
  const errors: Record<string, number> = {};
  for (const t of told)
    for (const [name, count] of Object.entries(t.errors)) errors[name] = (errors[name] ?? 0) + count;
  const sound = intact(file);
  return {
    scenario: "several processes",
    database: "sqlite",
    seconds: Math.round(seconds * 10) / 10,
    processes,
    transactions: wanted,
    acknowledged,
    "commits that are there": steps.steps,
    "the counter": value,
    "lost updates": steps.steps - steps.distinct,
    errors,
    "slowest transaction (ms)": Math.round(Math.max(...told.map((t) => t.slowest))),
    "ended with a failure": told.filter((t) => t.code !== 0).length,
    integrity_check: sound ? "ok" : "broken",
    good:
      acknowledged === wanted &&
      steps.steps === wanted &&
      steps.told === wanted &&
      steps.distinct === wanted &&
      value === wanted &&
      Object.keys(errors).length === 0 &&
      told.every((t) => t.code === 0) &&
      sound,
  };
}

async function finished(worker: ChildProcess): Promise<WorkerTold & { readonly code: number | null }> {
  let told: WorkerTold = { acknowledged: 0, errors: {}, slowest: 0 };
  worker.on("message", (message: WorkerTold) => (told = message));
  const timer = setTimeout(() => worker.kill("SIGKILL"), 600_000);
  worker.send("begin");
  const [code] = (await once(worker, "exit")) as [number | null];
  clearTimeout(timer);
  return { ...told, code };
}
