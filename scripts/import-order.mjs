/**
 * Checks the floors of src: a folder imports only from folders listed before it and from itself, `import type` included,
 * and no file takes part in a loop. Usage: node scripts/import-order.mjs [folder]
 */
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";

/** Import order of what lies directly under src. */
const ORDER = [
  "base",
  "ast",
  "expressions",
  "fields",
  "meta",
  "lookups",
  "query",
  "sql",
  "db",
  "orm",
  "schema",
  "serialise",
  "cli",
  "studio",
  "public",
  "testing",
  "testing.ts",
  "index.ts",
];
/** Folders that may import from less than their rank allows. */
const ONLY = new Map([["sql", new Set(["base", "ast", "sql"])]]);

const root = resolve(process.argv[2] ?? "src");
const faults = check(root);
for (const fault of faults) console.error(fault);
if (faults.length > 0) console.error(`import order: ${faults.length} fault(s)`);
else console.log("import order: in order, no loops");
process.exitCode = faults.length > 0 ? 1 : 0;

function check(folder) {
  const faults = [];
  const graph = new Map();
  for (const file of existsSync(folder) ? sourceFiles(folder) : []) {
    const from = top(folder, file);
    const show = relative(folder, file).split(sep).join("/");
    graph.set(show, new Set());
    if (!ORDER.includes(from)) {
      faults.push(`${show}: '${from}' has no place in the import order; choices are: ${ORDER.join(", ")}.`);
      continue;
    }
    for (const { specifier, line } of imports(readFileSync(file, "utf8"))) {
      const at = `${show}:${line}`;
      if (specifier === "babik" || specifier.startsWith("babik/")) {
        faults.push(`${at}: imports '${specifier}'; inside src import the file itself.`);
        continue;
      }
      const target = specifier.startsWith(".") ? resolveFile(file, specifier) : undefined;
      if (target === undefined) continue; // a package, or a file that is missing: tsc reports that one
      const to = top(folder, target);
      graph.get(show).add(relative(folder, target).split(sep).join("/"));
      const allowed = ONLY.get(from);
      if (allowed !== undefined && !allowed.has(to))
        faults.push(`${at}: '${from}' imports '${specifier}'; '${from}' may import only ${[...allowed].join(", ")}.`);
      else if (ORDER.indexOf(to) > ORDER.indexOf(from))
        faults.push(`${at}: '${from}' imports '${specifier}', but '${to}' comes after '${from}' in the import order.`);
      else if (!ORDER.includes(to)) faults.push(`${at}: imports '${specifier}', which lies outside the import order.`);
    }
  }
  for (const loop of loops(graph)) faults.push(`import loop: ${loop.join(" -> ")}`);
  return faults;
}

function sourceFiles(folder) {
  return readdirSync(folder, { recursive: true })
    .map((name) => join(folder, name))
    .filter((path) => /\.[cm]?tsx?$/.test(path) && statSync(path).isFile())
    .sort();
}

function top(folder, file) {
  return relative(folder, file).split(sep)[0];
}

function resolveFile(from, specifier) {
  const path = resolve(dirname(from), specifier);
  const candidates = [path, path.replace(/\.([cm]?)js(x?)$/, ".$1ts$2")];
  return candidates.find((candidate) => existsSync(candidate) && statSync(candidate).isFile());
}

// Statements are looked for at the start of a line, where the formatter puts them; comments are blanked first, because
// examples in doc comments contain imports.
function imports(text) {
  const blank = (comment) => comment.replace(/[^\n]/g, " ");
  const code = text.replace(/^[ \t]*\/\*[\s\S]*?\*\//gm, blank).replace(/(^|\s)\/\/.*$/gm, blank);
  const found = [];
  for (const pattern of [
    /^[ \t]*(?:import|export)\b[^;"'`]*?\bfrom\s*["']([^"']+)["']/gm,
    /^[ \t]*import\s*["']([^"']+)["']/gm,
    /\bimport\s*\(\s*["']([^"']+)["']/g,
  ])
    for (const match of code.matchAll(pattern)) {
      const end = match.index + match[0].length;
      found.push({ specifier: match[1], line: code.slice(0, end).split("\n").length });
    }
  return found;
}

/** Every loop that a walk along the imports runs into; no loop is missed, though a knot of several may show only some. */
function loops(graph) {
  const state = new Map(); // file -> "open" while on the path, "done" afterwards
  const found = [];
  const path = [];
  const visit = (file) => {
    state.set(file, "open");
    path.push(file);
    for (const next of graph.get(file) ?? []) {
      if (state.get(next) === "open") found.push([...path.slice(path.indexOf(next)), next]);
      else if (!state.has(next)) visit(next);
    }
    path.pop();
    state.set(file, "done");
  };
  for (const file of graph.keys()) if (!state.has(file)) visit(file);
  return found;
}
