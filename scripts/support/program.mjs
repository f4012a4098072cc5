/** Runs one of the programs beside the library (demo, conformance, bench, faults, fuzz, soak), after installing and building what is stale. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { build } from "./build.mjs";
import { ensureInstalled } from "./install.mjs";
import { onInterrupt, root, runNode } from "./process.mjs";

/** Runs `<name>/main.ts` with `args` and `env`, and sets the exit code of this process to the program's. */
export async function runProgram(name, args, env = {}) {
  await ensureInstalled();
  process.exitCode = await build({ only: [name] });
  if (process.exitCode !== 0) return;
  const main = join(root, ".build", name, "main.js");
  if (!existsSync(main)) {
    console.error(`There is no ${name}/main.ts to run.`);
    process.exitCode = 1;
    return;
  }
  onInterrupt(() => {});
  process.exitCode = (await runNode(["--enable-source-maps", main, ...args], { env })).status;
}
