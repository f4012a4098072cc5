/**
 * The conformance runner's entry: replays recorded cases of Django's own tests through babik's public API and says how
 * many have the recorded outcome. `npm run conformance -- --help` lists its options.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { Worker } from "node:worker_threads";
import { loadBabik } from "./babik-api.js";
import { DATABASES, appNames, type DatabaseName } from "./format.js";
import { USAGE, readOptions, rootFolder, type Options } from "./options.js";
import { beyondLine, details, groups, lastLine, sum, table } from "./report.js";
import { replayApps, type Job } from "./replay.js";
import type { AppReport } from "./run-app.js";
import { ServerDatabases, isNamed, runPrefix } from "./servers.js";

async function main(): Promise<number> {
  const root = rootFolder(import.meta.url);
  const options = readOptions(process.argv.slice(2), root);
  if (options.help) {
    console.log(USAGE);
    return 0;
  }
  const databases = options.databases ?? DATABASES.filter(isNamed);
  const reports = await replayAll(options, databases);
  if (options.verbose)
    for (const report of reports) {
      for (const replayed of report.cases)
        if (replayed.outcome.status !== "passed") console.log(details(report, replayed));
    }
  for (const report of reports)
    for (const note of report.notes) console.log(`note: ${report.app} [${report.database}] ${note}`);
  if (options.group) console.log(groups(reports));
  if (options.json !== undefined) writeJson(options.json, reports);
  console.log(table(reports, databases));
  const worse = options.check === undefined ? [] : compareWithBaseline(options.check, reports, databases);
  for (const line of worse) console.log(line);
  const beyond = beyondLine(reports, databases);
  if (beyond !== "") console.log(beyond);
  console.log(lastLine(reports, databases));
  return worse.length === 0 ? 0 : 1;
}

async function replayAll(options: Options, databases: readonly DatabaseName[]): Promise<AppReport[]> {
  if (!existsSync(options.folder))
    throw new TypeError(
      `There are no recorded cases in ${options.folder}. --dir or BABIK_CONFORMANCE names their folder.`,
    );
  const known = appNames(options.folder);
  const unknown = options.apps.filter((app) => !known.includes(app));
  if (unknown.length > 0)
    throw new TypeError(`There is no app ${unknown.join(", ")}. Choices are: ${known.join(", ")}.`);
  const apps = options.apps.length > 0 ? options.apps : known;
  const prefix = runPrefix();
  const jobs = databases.map((database): Job => ({ folder: options.folder, apps, database, id: options.id, prefix }));
  dropWhenInterrupted(databases, prefix);
  // While one database is waited for, another can be worked on.
  const reports = jobs.length === 1 ? await replayApps(jobs[0] as Job) : await Promise.all(jobs.map(inWorker));
  return reports.flat();
}

/** The databases of a run that is interrupted are dropped before it ends. */
function dropWhenInterrupted(databases: readonly DatabaseName[], prefix: string): void {
  const drop = async (): Promise<void> => {
    const servers = new ServerDatabases(await loadBabik(), prefix);
    for (const database of databases) await servers.abandon(database);
  };
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    process.once(signal, () => void drop().finally(() => process.exit(130)));
}

function inWorker(job: Job): Promise<AppReport[]> {
  return new Promise((done, failed) => {
    const worker = new Worker(new URL("worker.js", import.meta.url), { workerData: job });
    worker.once("message", (reports: AppReport[]) => done(reports));
    worker.once("error", failed);
    worker.once("exit", (code) => failed(new Error(`The worker for ${job.database} ended with code ${code}.`)));
  });
}

function writeJson(file: string, reports: readonly AppReport[]): void {
  const rows = reports.flatMap((report) =>
    report.cases.map(({ spec, outcome }) => ({
      id: spec.id,
      app: report.app,
      db: report.database,
      status: outcome.status,
      ...(outcome.beyond === true ? { beyond: true } : {}),
      error: outcome.message?.split("\n")[0] ?? null,
      queries: outcome.queries ?? null,
      expectedQueries: outcome.expectedQueries ?? null,
    })),
  );
  writeFileSync(file, `[\n${rows.map((row) => JSON.stringify(row)).join(",\n")}\n]\n`);
}

function compareWithBaseline(
  file: string,
  reports: readonly AppReport[],
  databases: readonly DatabaseName[],
): string[] {
  const baseline = JSON.parse(readFileSync(file, "utf8")) as Readonly<Record<string, number>>;
  const lines: string[] = [];
  for (const name of databases) {
    const { passed } = sum(reports.filter((report) => report.database === name).flatMap((report) => report.cases));
    const floor = baseline[name] ?? 0;
    if (passed < floor) lines.push(`WORSE: ${name} passes ${passed} cases, the baseline is ${floor}`);
    else if (passed > floor) console.log(`better: ${name} passes ${passed} cases, the baseline is ${floor}`);
  }
  return lines;
}

try {
  process.exitCode = await main();
} catch (error) {
  // A wrong argument needs no stack.
  console.error(error instanceof TypeError && !error.message.includes("not a function") ? error.message : error);
  process.exitCode = 2;
}
