/**
 * Runs a script of this checkout under another Node, without changing the machine: `npm run node24 -- test` or
 * `npm run node24 -- demo --db …`. Node comes from the npm package `node` (BABIK_NODE chooses the version, 24 by default). A copy
 * of the checkout in .node24 with a node_modules of its own is used: compiled addons fit one version of Node only.
 */
import { spawnSync } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { onInterrupt, root, run, runNpm } from "./support/process.mjs";

const version = process.env.BABIK_NODE ?? "24";
const [script = "test", ...args] = process.argv.slice(2);
const copy = join(root, ".node24", "checkout");
const runtime = join(root, ".node24", `node-${version}`);

if (!existsSync(join(root, "scripts", `${script}.mjs`))) {
  const names = readdirSync(join(root, "scripts")).filter((name) => name.endsWith(".mjs"));
  console.error(`There is no script '${script}'. Choices are: ${names.map((name) => name.slice(0, -4)).join(", ")}.`);
  process.exit(2);
}

onInterrupt(() => {});
copyCheckout();
const node = await installNode();
console.log(
  `Running scripts/${script}.mjs under ${spawnSync(node, ["--version"], { encoding: "utf8" }).stdout.trim()}`,
);
// The recorded cases are looked for beside the checkout; the copy lies elsewhere.
const cases = process.env.BABIK_CONFORMANCE ?? join(root, "../shared/conformance");
// Addons are compiled with the headers that came with that Node, whatever npm's settings say about the usual one.
const headers = join(dirname(node), `../node_modules/node-${process.platform}-${process.arch}`);
const env = {
  PATH: `${dirname(node)}${delimiter}${process.env.PATH ?? ""}`,
  ...(existsSync(join(headers, "include")) ? { npm_config_nodedir: headers } : {}),
  ...(existsSync(cases) ? { BABIK_CONFORMANCE: cases } : {}),
};
process.exitCode = (await run(node, [join("scripts", `${script}.mjs`), ...args], { cwd: copy, env })).status;

async function installNode() {
  const binary = join(runtime, "node_modules/node/bin/node");
  if (!existsSync(binary)) {
    mkdirSync(runtime, { recursive: true });
    writeFileSync(join(runtime, "package.json"), `{ "private": true, "allowScripts": { "node": true } }\n`);
    const { status } = await runNpm(["install", `node@${version}`, "--no-audit", "--no-fund", "--loglevel=error"], {
      cwd: runtime,
    });
    if (status !== 0 || !existsSync(binary)) {
      console.error(`The npm package node@${version} could not be installed.`);
      process.exit(1);
    }
  }
  return binary;
}

/** Brings the copy in line with the files of the checkout, committed or not; what is ignored by git is left alone. */
function copyCheckout() {
  const list = (folder) => {
    const git = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
    return spawnSync("git", git, { cwd: folder, encoding: "utf8", maxBuffer: 1 << 28 })
      .stdout.split("\0")
      .filter(Boolean);
  };
  const names = list(root).filter((name) => existsSync(join(root, name)));
  const noted = join(root, ".node24", "copied.json");
  const before = existsSync(noted) ? JSON.parse(readFileSync(noted, "utf8")) : [];
  for (const name of before) if (!names.includes(name)) rmSync(join(copy, name), { force: true });
  for (const name of names) {
    const [from, to] = [join(root, name), join(copy, name)];
    if (statSync(from).isDirectory()) continue;
    mkdirSync(dirname(to), { recursive: true });
    copyFileSync(from, to);
  }
  // The checkout's .gitignore names .node24: linter and formatter would find nothing to look at, unless they take the copy for a repository.
  mkdirSync(join(copy, ".git"), { recursive: true });
  writeFileSync(noted, JSON.stringify(names));
}
