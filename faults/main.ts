/**
 * What happens to money when connections die, and how programs end. Usage: npm run faults -- [--db postgres|mariadb|sqlite|all] [--kills 500] [--cuts 300]
 * [--transfers 200] [--clients 20] [--processes 4] [--file-kills 50] [--cycles 100] [--json <file>]. A server is taken from BABIK_POSTGRES_URL
 * and BABIK_MARIADB_URL; on each a database of its own is made and dropped. Figures are printed and written to a file. Fails when a promise is broken.
 */
import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { runCommits } from "./commits.js";
import { runContention } from "./contention.js";
import { runEndings } from "./endings.js";
import { runFull } from "./full.js";
import { runKilled } from "./killed.js";
import { runKills } from "./kills.js";
import { openAdmin, type Place, type ServerKind } from "./servers.js";
import { runSeveral } from "./several.js";

const { values: options } = parseArgs({
  options: {
    db: { type: "string", default: "all" },
    kills: { type: "string", default: "500" },
    cuts: { type: "string", default: "300" },
    transfers: { type: "string", default: "200" },
    clients: { type: "string", default: "20" },
    processes: { type: "string", default: "4" },
    "file-kills": { type: "string", default: "50" },
    cycles: { type: "string", default: "100" },
    json: { type: "string", default: ".reports/faults.json" },
  },
});
const addresses: Readonly<Record<ServerKind, string | undefined>> = {
  postgres: process.env["BABIK_POSTGRES_URL"],
  mariadb: process.env["BABIK_MARIADB_URL"],
};

// Nothing may escape: a rejection without a reader or an error event without a listener is a fault of its own.
const escaped: string[] = [];
const note = (what: unknown): void => void escaped.push(what instanceof Error ? (what.stack ?? what.message) : "?");
process.on("unhandledRejection", note);
process.on("uncaughtException", note);

type Scenario = (place: Place) => Promise<Record<string, unknown>>;
const clients = Number(options.clients);
const scenarios: readonly Scenario[] = [
  (place) => runKills(place, { kills: Number(options.kills), clients }),
  (place) => runCommits(place, { cuts: Number(options.cuts), clients }),
  (place) => runContention(place, { transfers: Number(options.transfers) }),
  (place) => runEndings(place.kind, place.url),
];

async function onDatabase(kind: ServerKind, server: string, scenario: Scenario): Promise<Record<string, unknown>> {
  const admin = await openAdmin(kind, server);
  const database = `babik_faults_${process.pid}_${randomBytes(3).toString("hex")}`;
  try {
    await admin.createDatabase(database);
    const url = new URL(server);
    url.pathname = `/${database}`;
    return await scenario({ kind, server, url: url.href, database, admin });
  } finally {
    await admin.dropDatabase(database);
    await admin.close();
  }
}

const results: Record<string, unknown>[] = [];
function report(result: Record<string, unknown>): void {
  results.push(result);
  const { scenario: name, database, good, ...figures } = result;
  console.log(`\n${String(name)} on ${String(database)}: ${good === true ? "every promise kept" : "BROKEN"}`);
  for (const [key, value] of Object.entries(figures))
    console.log(`  ${key}: ${typeof value === "object" ? JSON.stringify(value) : String(value)}`);
}

if (options.db === "all" || options.db === "sqlite") {
  const folder = mkdtempSync(join(tmpdir(), "babik-faults-"));
  try {
    report(await runEndings("sqlite", `sqlite:${join(folder, "rows.sqlite3")}`));
    report(
      await runSeveral(join(folder, "several.sqlite3"), { processes: Number(options.processes), transactions: 500 }),
    );
    report(await runKilled(join(folder, "killed.sqlite3"), { kills: Number(options["file-kills"]) }));
    report(await runFull(folder, { cycles: Number(options.cycles) }));
  } finally {
    rmSync(folder, { recursive: true });
  }
}
for (const kind of ["postgres", "mariadb"] as const) {
  if (options.db !== "all" && options.db !== kind) continue;
  const server = addresses[kind];
  if (server === undefined || server === "") {
    console.error(`SKIPPED: ${kind}: no address`);
    continue;
  }
  for (const scenario of scenarios) {
    const before = escaped.length;
    const result = await onDatabase(kind, server, scenario);
    result["escaped"] = escaped.length - before;
    if (escaped.length > before) result["good"] = false;
    report(result);
  }
}
for (const error of escaped.slice(0, 5)) console.error(error);
mkdirSync(dirname(options.json), { recursive: true });
writeFileSync(options.json, `${JSON.stringify(results, null, 2)}\n`);
console.log(
  `\n${results.filter((r) => r["good"] === true).length} of ${results.length} good; figures in ${options.json}`,
);
if (results.length === 0 || results.some((r) => r["good"] !== true)) process.exitCode = 1;
