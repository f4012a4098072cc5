/**
 * Running other programs from the scripts: always this very Node, output shown or kept. Plain Node, no dependencies:
 * it works before anything is installed.
 */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, dirname, join, resolve } from "node:path";

/** The folder of the checkout; all scripts work from there. */
export const root = resolve(import.meta.dirname, "../..");

/** The environment for children: `node` in PATH is the Node that runs now. */
export function childEnv(extra = {}) {
  const path = [dirname(process.execPath), process.env.PATH ?? ""].join(delimiter);
  return { ...process.env, PATH: path, ...extra };
}

const running = new Map(); // child -> whether it leads a process group of its own
let interrupted = false;

/**
 * Runs `command` and gives `{ status, output }`; with `quiet` the output is kept instead of shown. With `group` the program
 * and all that it starts can be ended together; it cannot read the terminal then. After an interrupt it never resolves.
 */
export function run(command, args, { quiet = false, group = false, env = {}, cwd = root } = {}) {
  return new Promise((done) => {
    if (interrupted) return;
    const shown = quiet ? "pipe" : "inherit";
    const stdio = [quiet || group ? "ignore" : "inherit", shown, shown];
    const child = spawn(command, args, { cwd, env: childEnv(env), stdio, detached: group });
    running.set(child, group);
    let output = "";
    child.stdout?.on("data", (data) => (output += data));
    child.stderr?.on("data", (data) => (output += data));
    child.on("error", (error) => finish(127, `${output}${error.message}\n`));
    child.on("close", (code, signal) => finish(code ?? 1, signal === null ? output : `${output}ended by ${signal}\n`));
    function finish(status, text) {
      running.delete(child);
      if (!interrupted) done({ status, output: text });
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

/** When the run is interrupted: ends what was started, calls `clean`, and ends this process. */
export function onInterrupt(clean) {
  for (const [signal, code] of [
    ["SIGINT", 130],
    ["SIGTERM", 143],
    ["SIGHUP", 129],
  ])
    process.once(signal, () => {
      interrupted = true;
      for (const [child, group] of running) end(child, group);
      Promise.resolve(clean()).finally(() => process.exit(code));
    });
}

function end(child, group) {
  try {
    if (group) process.kill(-child.pid, "SIGTERM");
    else child.kill("SIGTERM");
  } catch {
    // It ended by itself meanwhile.
  }
}
