/**
 * The steps of `npm test` and `npm run check`, each a function that gives `{ result, detail, counts }`, and the table of what
 * they gave. Steps whose folder is empty are skipped and say so.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { build } from "./build.mjs";
import { bin, root, runNode } from "./process.mjs";

const passed = (detail = "") => ({ result: "passed", detail });
const failed = (detail = "") => ({ result: "failed", detail });
const skipped = (detail) => ({ result: "skipped", detail });

const here = (path) => existsSync(join(root, path));

/** Gates: cheap, no tests. */
export const gates = {
  types: () => program("typescript", "tsc", "-p", "."),
  build: async () => {
    if (!here("src/index.ts")) return skipped("src/index.ts is not there");
    return (await build()) === 0 ? passed() : failed();
  },
  lint: () => program("oxlint", "oxlint"),
  format: () => program("oxfmt", "oxfmt", "--check", "."),
  "import order": () => script("scripts/import-order.mjs"),
  "file lengths": () => script("scripts/file-length.mjs"),
  "source rules": () => script("scripts/source-rules.mjs"),
};

/** A ring of Vitest; the summary comes from its JSON report. */
export async function vitestRing(name, env = {}) {
  const report = join(root, ".reports", `${name}.json`);
  mkdirSync(join(root, ".reports"), { recursive: true });
  rmSync(report, { force: true });
  const vitest = await bin("vitest");
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
  const { status } = await runNode([vitest, "run", "--project", name, ...reporters], { env, group: true });
  const counts = existsSync(report) ? countTests(JSON.parse(readFileSync(report, "utf8"))) : undefined;
  if (counts === undefined) return { ...failed("no report was written"), counts: { passed: 0, failed: 1, skipped: 0 } };
  const detail = `${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`;
  if (status !== 0 || counts.failed > 0) return { ...failed(detail), counts };
  if (counts.passed + counts.skipped === 0) return skipped("no tests are there");
  return { ...passed(detail), counts };
}

// A file that could not even be loaded counts as one failed test: it has no tests to count.
function countTests(report) {
  const broken = report.testResults.filter((file) => file.status === "failed" && file.assertionResults.length === 0);
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests + broken.length,
    skipped: report.numPendingTests + (report.numTodoTests ?? 0),
  };
}

/** Type tests: test/types and each of its folders with a tsconfig.json is a program, so that each may register its models. */
export async function typeTests() {
  const folders = here("test/types") ? ["", ...readdirSync(join(root, "test/types"))] : [];
  const projects = folders.map((name) => join("test/types", name)).filter((path) => here(join(path, "tsconfig.json")));
  if (projects.length === 0) return skipped("no tests are there");
  const broken = [];
  for (const project of projects) {
    const { result } = await program("typescript", "tsc", "-p", project);
    if (result !== "passed") broken.push(project);
  }
  return broken.length === 0 ? passed(projects.join(", ")) : failed(broken.join(", "));
}

/** Type cost: how much work the compiler has with typical calls. */
export function typeCost() {
  return here("test/types/cost/run.mjs") ? script("test/types/cost/run.mjs") : skipped("no tests are there");
}

/** Recorded cases of Django's own tests, where they are at hand, compared with conformance/baseline.json. */
export async function conformance(env) {
  const cases = process.env.BABIK_CONFORMANCE || join(root, "../shared/conformance");
  if (!here("conformance/main.ts")) return skipped("conformance/main.ts is not there");
  if (!existsSync(cases)) return skipped("no recorded cases at hand; BABIK_CONFORMANCE names their folder");
  const main = join(root, ".build/conformance/main.js");
  if (!existsSync(main)) return failed("it was not built");
  const args = ["--enable-source-maps", main, "--check", join(root, "conformance/baseline.json")];
  const { status } = await runNode(args, { env: { ...env, BABIK_CONFORMANCE: cases } });
  return status === 0 ? passed() : failed("worse than conformance/baseline.json");
}

async function program(name, command, ...args) {
  const { status } = await runNode([await bin(name, command), ...args]);
  return status === 0 ? passed() : failed();
}

async function script(...args) {
  const { status } = await runNode(args);
  return status === 0 ? passed() : failed();
}

/** Runs the steps one after the other, prints the table and the sum of the tests; gives the exit code. */
export async function runSteps(steps) {
  const rows = [];
  const sum = { passed: 0, failed: 0, skipped: 0 };
  const began = performance.now();
  for (const [name, step] of Object.entries(steps)) {
    console.log(`\n== ${name}`);
    const start = performance.now();
    const { result, detail = "", counts } = await step();
    const seconds = ((performance.now() - start) / 1000).toFixed(1);
    if (result === "skipped") console.log(`SKIPPED: ${name} (${detail})`);
    for (const key of Object.keys(sum)) sum[key] += counts?.[key] ?? 0;
    rows.push([name, result, `${seconds} s`, detail]);
  }
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => row[column].length)));
  console.log("\n== summary");
  for (const [name, result, seconds, detail] of rows)
    console.log(
      `${name.padEnd(widths[0])}  ${result.padEnd(widths[1])}  ${seconds.padStart(widths[2])}  ${detail}`.trimEnd(),
    );
  const faulty = rows.filter((row) => row[1] === "failed").map((row) => row[0]);
  const minutes = ((performance.now() - began) / 60_000).toFixed(1);
  console.log(faulty.length === 0 ? `everything that ran passed (${minutes} min)` : `FAILED: ${faulty.join(", ")}`);
  console.log(`${sum.passed} passed, ${sum.failed} failed, ${sum.skipped} skipped`);
  return faulty.length === 0 ? 0 : 1;
}
