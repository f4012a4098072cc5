/**
 * The conformance runner's entry: replays recorded cases of Django's own tests through babik's public API and says how
 * many have the recorded outcome. `npm run conformance -- --help` lists its options.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { loadBabik } from "./babik-api.js";
import { DATABASES, appNames, readApp, type CaseSpec, type DatabaseName } from "./format.js";
import { USAGE, readOptions, rootFolder, type Options } from "./options.js";
import { details, groups, lastLine, sum, table } from "./report.js";
import { runApp, type AppReport } from "./run-app.js";
import { ServerDatabases, isNamed } from "./servers.js";

async function main(): Promise<number> {
  const root = rootFolder(import.meta.url);
  const options = readOptions(process.argv.slice(2), root);
  if (options.help) {
    console.log(USAGE);
    return 0;
  }
  const databases = options.databases ?? DATABASES.filter(isNamed);
  const stray = watchRejections();
  const reports = await replayAll(options, databases);
  if (options.verbose)
    for (const report of reports) {
      for (const replayed of report.cases)
        if (replayed.outcome.status !== "passed") console.log(details(report, replayed));
    }
  for (const report of reports)
    for (const note of report.notes) console.log(`note: ${report.app} [${report.database}] ${note}`);
  if (stray.count > 0)
    console.log(`note: ${stray.count} promises were rejected with nobody waiting, the first with ${stray.first}`);
  if (options.group) console.log(groups(reports));
  if (options.json !== undefined) writeJson(options.json, reports);
  console.log(table(reports, databases));
  const worse = options.check === undefined ? [] : compareWithBaseline(options.check, reports, databases);
  for (const line of worse) console.log(line);
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
  const { id } = options;
  const wanted = (spec: CaseSpec): boolean => id === undefined || spec.id.includes(id) || spec.test.includes(id);
  const babik = await loadBabik();
  const servers = new ServerDatabases(babik);
  const reports: AppReport[] = [];
  try {
    for (const name of options.apps.length > 0 ? options.apps : known) {
      const app = readApp(options.folder, name);
      for (const database of databases) reports.push(await runApp(app, database, babik, servers, wanted));
    }
  } finally {
    await servers.close();
  }
  return reports;
}

/** A rejected promise nobody waits for is a fault of babik, but no reason to stop. */
function watchRejections(): { count: number; first: string } {
  const stray = { count: 0, first: "" };
  process.on("unhandledRejection", (error) => {
    if (stray.count++ === 0) stray.first = String(error).split("\n")[0] ?? "";
  });
  return stray;
}

function writeJson(file: string, reports: readonly AppReport[]): void {
  const rows = reports.flatMap((report) =>
    report.cases.map(({ spec, outcome }) => ({
      id: spec.id,
      app: report.app,
      db: report.database,
      status: outcome.status,
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
