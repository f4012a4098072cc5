/**
 * Brings node_modules in line with package-lock.json, only where it is not, and sees to an SQLite that works. Plain Node, no
 * dependencies: it is the first thing that runs on a fresh machine.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root, runNode, runNpm } from "./process.mjs";

/** Installs what is missing. Ends the process with a message when that is impossible. */
export async function ensureInstalled() {
  refuseOldNode();
  const reason = staleness();
  if (reason !== undefined) {
    console.log(`Installing dependencies (${reason}) …`);
    // Install scripts are left out here: the only one that matters, the compiling of better-sqlite3, may fail below.
    const verb = existsSync(join(root, "node_modules")) ? "install" : "ci";
    const flags = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
    const { status } = await runNpm([verb, ...flags]);
    if (status !== 0) {
      console.error(
        `npm ${verb} failed: without its dependencies nothing can be built. Is the npm registry reachable?`,
      );
      process.exit(1);
    }
  }
  await ensureSqlite();
}

function refuseOldNode() {
  const [major, minor] = process.versions.node.split(".").map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) return;
  console.error(`This is Node ${process.versions.node}; babik needs Node 20.19 or newer.`);
  process.exit(1);
}

/** Why an installation is needed, or undefined. Compares what npm noted in node_modules with the lock file. */
function staleness() {
  const noted = join(root, "node_modules/.package-lock.json");
  if (!existsSync(noted)) return "node_modules is missing";
  const have = readPackages(noted);
  const want = readPackages(join(root, "package-lock.json"));
  const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  for (const [path, { version, optional, devOptional, peer }] of Object.entries(want)) {
    if (path === "" || optional || devOptional || peer) continue; // optional ones depend on the platform
    if (have[path]?.version !== version || !existsSync(join(root, path))) return `${path.slice(13)} is out of date`;
  }
  for (const name of Object.keys({ ...manifest.dependencies, ...manifest.devDependencies }))
    if (have[`node_modules/${name}`] === undefined) return `${name} is missing`;
  return undefined;
}

function readPackages(file) {
  return JSON.parse(readFileSync(file, "utf8")).packages;
}

/** better-sqlite3 if it can be had (it is compiled where no binary is offered), else Node's own SQLite. */
async function ensureSqlite() {
  if (await opensSqlite()) return;
  // A failure is remembered with the Node it happened to: compiling in vain takes a minute each time.
  const note = join(root, "node_modules/.better-sqlite3-failed");
  const before = existsSync(note) ? readFileSync(note, "utf8") : "";
  if (before.startsWith(`${process.version}\n`)) {
    console.warn(`Going on with node:sqlite: better-sqlite3 could not be prepared before (${note} remembers it).`);
    return;
  }
  console.log("Preparing better-sqlite3 (without a ready-made binary it is compiled, about a minute) …");
  const { status, output } = await runNpm(["rebuild", "better-sqlite3", "--loglevel=error"], { quiet: true });
  if (status === 0 && (await opensSqlite())) return;
  const complaint = output.split("\n").find((line) => /not ok|ERR!|error/i.test(line)) ?? `npm ended with ${status}`;
  const reason = status === 0 ? "what was compiled does not fit this Node" : complaint.trim();
  if (await hasNodeSqlite()) {
    console.warn(`better-sqlite3 could not be prepared (${reason}): going on with node:sqlite.`);
    writeFileSync(note, `${process.version}\n${reason}\n`);
    return;
  }
  console.error(output);
  console.error(
    "better-sqlite3 could not be prepared, and this Node has no node:sqlite.\n" +
      "Either install a C++ compiler, make and python3, or use Node 22.13 or newer.",
  );
  process.exit(1);
}

// In a child: an addon compiled for another Node can end the process that loads it.
async function opensSqlite() {
  const program = 'new (require("better-sqlite3"))(":memory:").prepare("SELECT 1").get()';
  return (await runNode(["-e", program], { quiet: true })).status === 0;
}

async function hasNodeSqlite() {
  const program = 'new (require("node:sqlite").DatabaseSync)(":memory:").prepare("SELECT 1").get()';
  return (await runNode(["-e", program], { quiet: true })).status === 0;
}
