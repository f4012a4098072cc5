/**
 * Running other programs from the scripts: always this very Node, output shown or kept. Plain Node, no dependencies:
 * it works before anything is installed.
 */
import { spawn, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, dirname, join, resolve } from "node:path";

/** The folder of the checkout; all scripts work from there. */
export const root = resolve(import.meta.dirname, "../..");

/** The environment for children: `node` in PATH is the Node that runs now. */
export function childEnv(extra = {}) {
  const path = [dirname(process.execPath), process.env.PATH ?? ""].join(delimiter);
  return { ...process.env, PATH: path, ...extra };
}

const running = new Set();

/** Runs `command` and gives `{ status, output }`; with `quiet` the output is kept instead of shown. */
export function run(command, args, { quiet = false, env = {}, cwd = root } = {}) {
  return new Promise((done) => {
    const stdio = quiet ? ["ignore", "pipe", "pipe"] : "inherit";
    const child = spawn(command, args, { cwd, env: childEnv(env), stdio });
    running.add(child);
    let output = "";
    child.stdout?.on("data", (data) => (output += data));
    child.stderr?.on("data", (data) => (output += data));
    child.on("error", (error) => finish(127, `${output}${error.message}\n`));
    child.on("close", (code, signal) => finish(code ?? 1, signal === null ? output : `${output}ended by ${signal}\n`));
    function finish(status, text) {
      running.delete(child);
      done({ status, output: text });
    }
  });
}

/** Runs a JavaScript file with this Node. */
export function runNode(args, options) {
  return run(process.execPath, args, options);
}

/** Path of the JavaScript file behind a command of an installed package, e.g. `bin("typescript", "tsc")`. */
export async function bin(name, command = name) {
  const folder = join(root, "node_modules", name);
  const manifest = await import(join(folder, "package.json"), { with: { type: "json" } });
  const entry = manifest.default.bin;
  return join(folder, typeof entry === "string" ? entry : entry[command]);
}

/** Runs npm: the one that runs us, else the one beside this Node, else the one in PATH. */
export function runNpm(args, options) {
  const beside = join(dirname(process.execPath), "../lib/node_modules/npm/bin/npm-cli.js");
  const cli = [process.env.npm_execpath ?? "", beside].find((path) => path.endsWith("npm-cli.js") && existsSync(path));
  return cli === undefined ? run("npm", args, options) : runNode([cli, ...args], options);
}

/** True when `command` is found and answers. */
export function answers(command, args = ["--version"]) {
  return spawnSync(command, args, { stdio: "ignore", env: childEnv() }).status === 0;
}

/** Ends what is still running when the run is interrupted. */
export function endRunning() {
  for (const child of running) child.kill("SIGTERM");
}

/** Calls `clean` before an interrupted run ends. */
export function onInterrupt(clean) {
  for (const [signal, code] of [
    ["SIGINT", 130],
    ["SIGTERM", 143],
    ["SIGHUP", 129],
  ])
    process.once(signal, () => {
      endRunning();
      Promise.resolve(clean()).finally(() => process.exit(code));
    });
}
