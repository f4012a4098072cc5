/** Replays apps on one database: the part of a run that may stand in a thread of its own. It must not print. */
import { loadBabik } from "./babik-api.js";
import { readApp, type CaseSpec, type DatabaseName } from "./format.js";
import { runApp, type AppReport } from "./run-app.js";
import { ServerDatabases } from "./servers.js";

/** What to replay. */
export interface Job {
  readonly folder: string;
  readonly apps: readonly string[];
  readonly database: DatabaseName;
  /** Only cases whose id or test contains it. */
  readonly id: string | undefined;
  /** Start of the names of the databases that are made. */
  readonly prefix: string;
}

/** Replays the apps of a job, one after the other. */
export async function replayApps({ folder, apps, database, id, prefix }: Job): Promise<AppReport[]> {
  const stray = watchRejections();
  const wanted = (spec: CaseSpec): boolean => id === undefined || spec.id.includes(id) || spec.test.includes(id);
  const babik = await loadBabik();
  const servers = new ServerDatabases(babik, prefix);
  const reports: AppReport[] = [];
  try {
    for (const name of apps) {
      const report = await runApp(readApp(folder, name), database, babik, servers, wanted);
      const notes = stray.splice(0).map((line) => `a promise was rejected with nobody waiting: ${line}`);
      reports.push({ ...report, notes: [...report.notes, ...notes] });
    }
  } finally {
    await servers.close();
  }
  return reports;
}

/** A rejected promise nobody waits for is a fault of babik, but no reason to stop. Gives the list that fills up. */
function watchRejections(): string[] {
  const lines: string[] = [];
  process.on("unhandledRejection", (error) => lines.push(String(error).split("\n")[0] ?? ""));
  return lines;
}
