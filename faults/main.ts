/**
 * What happens to money when connections die and servers crash, and how programs end. Usage: npm run faults -- [--db postgres|mariadb|sqlite|all]
 * [--only kills,crashes,…] [--kills 500] [--cuts 300] [--transfers 200] [--clients 20] [--crashes 6] [--halts 4] [--flips 3] [--processes 4] [--file-kills 50] [--cycles 100]
 * [--json <file>]. A server is taken from BABIK_POSTGRES_URL and BABIK_MARIADB_URL; on each a database of its own is made and dropped. Scenarios
 * that kill or halt a server start one of their own. Figures are printed and written to a file. Fails when a promise is broken.
 */
import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { runClosed } from "./closed.js";
import { runCommits } from "./commits.js";
import { runContention } from "./contention.js";
import { runCrashes } from "./crashes.js";
import { runEndings } from "./endings.js";
import { runFraming } from "./framing.js";
import { runFull } from "./full.js";
import { runHung } from "./hung.js";
import { runKilled } from "./killed.js";
import { runKills } from "./kills.js";
import { runPooled } from "./pooled.js";
import type { Skipped } from "./private.js";
import { openAdmin, type Place, type ServerKind } from "./servers.js";
import { runSeveral } from "./several.js";
import { runTls } from "./tls.js";

const { values: options } = parseArgs({
  options: {
    db: { type: "string", default: "all" },
    kills: { type: "string", default: "500" },
    cuts: { type: "string", default: "300" },
    transfers: { type: "string", default: "200" },
    clients: { type: "string", default: "20" },
    crashes: { type: "string", default: "6" },
    halts: { type: "string", default: "4" },
    flips: { type: "string", default: "3" },
    processes: { type: "string", default: "4" },
    "file-kills": { type: "string", default: "50" },
    cycles: { type: "string", default: "100" },
    only: { type: "string" },
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

// Servers of our own must not outlive an interrupt; what is done at the exit of a process is not done when a signal ends it.
for (const [signal, code] of [
  ["SIGINT", 130],
  ["SIGTERM", 143],
  ["SIGHUP", 129],
] as const)
  process.once(signal, () => process.exit(code));

type Result = Record<string, unknown>;
const clients = Number(options.clients);
/** On the servers that are given, with a database of its own. */
const shared: Readonly<Record<string, (place: Place) => Promise<Result | Skipped>>> = {
  kills: (place) => runKills(place, { kills: Number(options.kills), clients }),
  commits: (place) => runCommits(place, { cuts: Number(options.cuts), clients }),
  contention: (place) => runContention(place, { transfers: Number(options.transfers) }),
  endings: (place) => runEndings(place.kind, place.url),
  pgbouncer: (place) => runPooled(place, { transfers: Number(options.transfers), clients }),
};
/** On a server of its own. */
const own: Readonly<Record<string, (kind: ServerKind) => Promise<Result | Skipped>>> = {
  tls: runTls,
  framing: runFraming,
  closed: (kind) => runClosed(kind, { flips: Number(options.flips), clients }),
  hung: (kind) => runHung(kind, { halts: Number(options.halts) }),
  crashes: (kind) => runCrashes(kind, { crashes: Number(options.crashes), clients }),
};
const onlyOn: Readonly<Record<string, ServerKind>> = { pgbouncer: "postgres" };
/** On SQLite, in a folder of its own. */
const onFile: Readonly<Record<string, (folder: string) => Promise<Result>>> = {
  endings: (folder) => runEndings("sqlite", `sqlite:${join(folder, "rows.sqlite3")}`),
  several: (folder) =>
    runSeveral(join(folder, "several.sqlite3"), { processes: Number(options.processes), transactions: 500 }),
  killed: (folder) => runKilled(join(folder, "killed.sqlite3"), { kills: Number(options["file-kills"]) }),
  full: (folder) => runFull(folder, { cycles: Number(options.cycles) }),
};
const names = [...new Set([...Object.keys(shared), ...Object.keys(own), ...Object.keys(onFile)])];
const wanted = options.only?.split(",") ?? names;
const unknown = wanted.filter((name) => !names.includes(name));
if (unknown.length > 0) {
  console.error(`No scenario is called ${unknown.join(", ")}. Choices are: ${names.join(", ")}.`);
  process.exit(2);
}

async function onDatabase(
  kind: ServerKind,
  server: string,
  scenario: (place: Place) => Promise<Result | Skipped>,
): Promise<Result | Skipped> {
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

const results: Result[] = [];
async function report(name: string, kind: string, run: () => Promise<Result | Skipped>): Promise<void> {
  const before = escaped.length;
  const result = await run();
  if ("skipped" in result) {
    console.error(`\nSKIPPED: ${name} on ${kind}: ${String(result["skipped"])}`);
    return;
  }
  results.push(result);
  result["escaped"] = escaped.length - before;
  if (escaped.length > before) result["good"] = false;
  const { scenario: title, database, good, ...figures } = result;
  console.log(`\n${String(title)} on ${String(database)}: ${good === true ? "every promise kept" : "BROKEN"}`);
  for (const [key, value] of Object.entries(figures))
    console.log(`  ${key}: ${typeof value === "object" ? JSON.stringify(value) : String(value)}`);
}

for (const name of wanted) {
  const scenario = onFile[name];
  if (scenario === undefined || (options.db !== "all" && options.db !== "sqlite")) continue;
  const folder = mkdtempSync(join(tmpdir(), "babik-faults-"));
  try {
    await report(name, "sqlite", () => scenario(folder));
  } finally {
    rmSync(folder, { recursive: true });
  }
}
for (const kind of ["postgres", "mariadb"] as const) {
  if (options.db !== "all" && options.db !== kind) continue;
  const server = addresses[kind];
  for (const name of wanted) {
    if (onlyOn[name] !== undefined && onlyOn[name] !== kind) continue;
    const alone = own[name];
    const scenario = shared[name];
    if (alone !== undefined) await report(name, kind, () => alone(kind));
    else if (scenario !== undefined)
      await report(name, kind, async () =>
        server === undefined || server === "" ? { skipped: "no address" } : onDatabase(kind, server, scenario),
      );
  }
}
for (const error of escaped.slice(0, 5)) console.error(error);
mkdirSync(dirname(options.json), { recursive: true });
writeFileSync(options.json, `${JSON.stringify(results, null, 2)}\n`);
console.log(
  `\n${results.filter((r) => r["good"] === true).length} of ${results.length} good; figures in ${options.json}`,
);
if (results.length === 0 || results.some((r) => r["good"] !== true)) process.exitCode = 1;
