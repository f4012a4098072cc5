/**
 * Rules of src that neither compiler nor linter knows: a file opens with a comment that tells what it is for, errors come
 * from src/base/errors.ts (never a bare Error), and the lock file names no registry. Usage: node scripts/source-rules.mjs
 */
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

let faults = 0;
for (const file of sourceFiles("src")) {
  const text = readFileSync(file, "utf8");
  if (!/^(#!.*\n)?\s*(\/\*|\/\/)/.test(text))
    fault(`${file}:1: opens without a comment that tells what the file is for.`);
  for (const [index, line] of text.split("\n").entries())
    if (/^(?!\s*(\*|\/\/)).*\bnew (Error|TypeError|RangeError|SyntaxError)\(/.test(line))
      fault(`${file}:${index + 1}: throws a bare error; choose a class of src/base/errors.ts and give it a code.`);
}
if (existsSync("package-lock.json") && readFileSync("package-lock.json", "utf8").includes('"resolved"'))
  fault("package-lock.json: has 'resolved' fields; .npmrc leaves them out, so run npm install in this folder.");
console.log(faults === 0 ? "source rules: fine" : `source rules: ${faults} fault(s)`);
process.exitCode = faults === 0 ? 0 : 1;

function fault(text) {
  faults += 1;
  console.error(text);
}

function sourceFiles(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true })
    .map((name) => join(folder, name))
    .filter((path) => /\.[cm]?tsx?$/.test(path) && statSync(path).isFile())
    .sort();
}
