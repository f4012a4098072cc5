/**
 * Measures what typical calls cost the compiler, and fails where a count is above its pin by more than the head-room.
 * Run by Node; `--update` writes the pins anew. The package is measured as users get it: as declaration files.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { mixedSource, modelsSource, ORM, repeatedSource } from "./schema.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, "../../..");
const work = join(root, ".build/type-cost");
const pins = join(here, "pinned.json");
const HEAD_ROOM = 1.05;
const MODELS = 200;

function tsc(...args) {
  const run = spawnSync(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), ...args], {
    cwd: work,
    encoding: "utf8",
    maxBuffer: 1 << 28,
  });
  return run.stdout + run.stderr;
}

// The declaration files of the package.
function buildDeclarations() {
  const entry = "src/index.ts";
  const config = {
    extends: join(root, "tsconfig.base.json"),
    compilerOptions: {
      declaration: true,
      emitDeclarationOnly: true,
      outDir: "package",
      rootDir: root,
      noUnusedLocals: false,
    },
    files: [join(root, entry)],
  };
  writeFileSync(join(work, "build.json"), JSON.stringify(config));
  const out = tsc("-p", "build.json");
  const declarations = join(work, "package", entry.replace(/\.ts$/, ".d.ts"));
  if (!existsSync(declarations)) throw new Error(`The declarations were not built.\n${out.slice(0, 2000)}`);
  return declarations;
}

function measure(declarations, models, source, { checkers = 1, errors = false } = {}) {
  const folder = join(work, "program");
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "models.ts"), modelsSource(models));
  writeFileSync(join(folder, "orm.ts"), ORM);
  writeFileSync(join(folder, "use.ts"), source);
  const config = {
    extends: join(root, "tsconfig.base.json"),
    compilerOptions: { noEmit: true, noUnusedLocals: false, paths: { babik: [declarations] } },
    include: ["."],
  };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config));
  const out = tsc(
    "-p",
    "program",
    "--extendedDiagnostics",
    ...(checkers === 0 ? [] : ["--checkers", String(checkers)]),
  );
  const wrong = out.split("\n").filter((line) => /error TS/.test(line));
  if (wrong.length > 0 !== errors)
    throw new Error(
      errors ? "The wrong calls were not refused." : `The program does not compile.\n${wrong.slice(0, 3).join("\n")}`,
    );
  const seconds = Number(/Check time:\s+([\d.]+)/.exec(out)[1]);
  return { instantiations: Number(/Instantiations:\s+(\d+)/.exec(out)[1]), seconds, errors: wrong.length };
}

// One call each on a hundred models that a first call has warmed up; the cost is the difference to the first call alone.
const WARM = 'await m.M$.objects.filter({ f0: "x" });';
const CALLS = {
  "filter, own field": "m.M$.objects.filter({ f1__gte: 3 });",
  "filter, path over two relations": "m.M$.objects.filter({ rel__rel__f1__lt: 3 });",
  "filter, path over a reverse relation": "m.M3.objects.filter({ back0__f1__lt: $ });",
  "filter, Q": 'm.M$.objects.filter(Q({ f1: 3 }).or({ rel__f0: "x" }));',
  orderBy: 'm.M$.objects.orderBy("-f1", "rel__f0");',
  values: 'm.M$.objects.values("f0", "rel__f1");',
  "valuesList, flat": 'm.M$.objects.valuesList("f0", { flat: true });',
  "annotate, then filter": 'm.M$.objects.annotate({ n: Count("rel") }).filter({ n__gt: 3 });',
  aggregate: 'm.M$.objects.aggregate(Avg("f2"), { s: Sum("f1") });',
  "selectRelated, a row's relation": '(await m.M$.objects.selectRelated("rel").first())!.rel.f0;',
  "F in update": 'm.M$.objects.update({ f1: F("f1").add(1) });',
  create: 'm.M$.objects.create({ f0: "x", f1: 1, f2: 1, f5: "x", f6: 1, f7: 1, f10: "x", f11: 1, relId: 3 });',
};

mkdirSync(work, { recursive: true });
const declarations = buildDeclarations();
const results = {};
const whole = mixedSource(MODELS, 100);
const wholeRun = measure(declarations, MODELS, whole);
const parallel = measure(declarations, MODELS, whole, { checkers: 0 });
results["200 models alone"] = measure(declarations, MODELS, "export {};\n").instantiations;
results["50 models, 99 queries"] = measure(declarations, 50, mixedSource(50, 33)).instantiations;
results["200 models, 300 queries"] = wholeRun.instantiations;
results["200 models, 300 queries, as tsc runs (several checkers)"] = parallel.instantiations;
const warm = measure(declarations, MODELS, repeatedSource(100, WARM)).instantiations;
for (const [name, call] of Object.entries(CALLS))
  results[`per call: ${name}`] = Math.round(
    (measure(declarations, MODELS, repeatedSource(100, WARM, call)).instantiations - warm) / 100,
  );
const wrongCalls = {
  path: ["m.M$.objects.filter({ rel__f1: 3 });", "m.M$.objects.filter({ rel__g1: 3 });"],
  "path in a Q": ["m.M$.objects.filter(Q({ rel__f1: 3 }));", "m.M$.objects.filter(Q({ rel__g1: 3 }));"],
  "name in orderBy": ['m.M$.objects.orderBy("rel__f1");', 'm.M$.objects.orderBy("rel__g1");'],
};
const ratios = {};
for (const [name, [right, wrong]] of Object.entries(wrongCalls)) {
  const costRight = measure(declarations, MODELS, repeatedSource(100, WARM, right)).instantiations - warm;
  const costWrong =
    measure(declarations, MODELS, repeatedSource(100, WARM, wrong), { errors: true }).instantiations - warm;
  results[`per call: wrong ${name}`] = Math.round(costWrong / 100);
  ratios[name] = costWrong / costRight;
}

const pinned = existsSync(pins) ? JSON.parse(readFileSync(pins, "utf8")) : {};
const complaints = [];
console.log(`| what | instantiations | pin |\n|---|---:|---:|`);
for (const [name, count] of Object.entries(results)) {
  console.log(`| ${name} | ${count.toLocaleString("en")} | ${(pinned[name] ?? count).toLocaleString("en")} |`);
  if (pinned[name] === undefined && !process.argv.includes("--update")) complaints.push(`${name} has no pin`);
  else if (count > (pinned[name] ?? count) * HEAD_ROOM + 5)
    complaints.push(`${name}: ${count}, pinned at ${pinned[name]}`);
}
for (const [name, ratio] of Object.entries(ratios)) {
  console.log(`a wrong ${name} costs ${ratio.toFixed(1)} times a right one`);
  if (ratio > 3) complaints.push(`a wrong ${name} costs ${ratio.toFixed(1)} times a right one; 3 is the limit`);
}
console.log(`check time, 200 models and 300 queries: ${parallel.seconds} s (one checker: ${wholeRun.seconds} s)`);
if (parallel.instantiations > 1_000_000)
  complaints.push("200 models and 300 queries cost more than a million instantiations");
if (process.argv.includes("--update")) {
  writeFileSync(pins, `${JSON.stringify(results, null, 2)}\n`);
} else if (complaints.length > 0) {
  console.error(`Type cost is too high:\n${complaints.map((line) => `- ${line}`).join("\n")}`);
  process.exitCode = 1;
}
