/**
 * Checks that no source file is too long to be read in one go: a warning above 400 lines, a fault above 600.
 * Types (`*.types.ts`) and data tables (`*.data.ts`) may have 800. Usage: node scripts/file-length.mjs [folder…]
 */
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { basename, join } from "node:path";

const WARN = 400;
const MOST = 600;
const MOST_DATA = 800;
/** Names that say nothing about their subject. */
const VAGUE = /^(utils?|helpers?|common|misc)\.[cm]?[jt]s$/;

const given = process.argv.slice(2);
const folders =
  given.length > 0 ? given : ["src", "test", "scripts", "demo", "conformance", "bench", "faults", "fuzz", "soak"];
let faults = 0;
for (const file of folders.flatMap(sourceFiles)) {
  const lines = readFileSync(file, "utf8").trimEnd().split("\n").length;
  const most = /\.(types|data)\.ts$/.test(file) ? MOST_DATA : MOST;
  if (lines > most) fault(`${file}: ${lines} lines, ${most} at most; split it by subject.`);
  else if (lines > WARN) console.warn(`warning: ${file}: ${lines} lines (above ${WARN} asks for a reason)`);
  if (VAGUE.test(basename(file))) fault(`${file}: the name tells no subject.`);
}
console.log(faults === 0 ? "file lengths: fine" : `file lengths: ${faults} fault(s)`);
process.exitCode = faults === 0 ? 0 : 1;

function fault(text) {
  faults += 1;
  console.error(text);
}

function sourceFiles(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true })
    .map((name) => join(folder, name))
    .filter((path) => /\.[cm]?[jt]sx?$/.test(path) && !path.includes("node_modules") && statSync(path).isFile())
    .sort();
}
