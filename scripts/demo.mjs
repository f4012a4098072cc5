/** `npm run demo [-- arguments]`: installs and builds if needed, then runs the demo with the arguments given. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { build } from "./support/build.mjs";
import { ensureInstalled } from "./support/install.mjs";
import { onInterrupt, root, runNode } from "./support/process.mjs";

await ensureInstalled();
process.exitCode = await build({ only: ["demo"] });
const main = join(root, ".build/demo/main.js");
if (process.exitCode === 0 && existsSync(main)) {
  onInterrupt(() => {});
  const { status } = await runNode(["--enable-source-maps", main, ...process.argv.slice(2)]);
  process.exitCode = status;
} else if (process.exitCode === 0) {
  console.error("There is no demo/main.ts to run.");
  process.exitCode = 1;
}
