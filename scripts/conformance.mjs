/** `npm run conformance -- [options]`: installs and builds if needed, then replays the recorded cases; `--help` lists the options. */
import { join } from "node:path";
import { build } from "./support/build.mjs";
import { ensureInstalled } from "./support/install.mjs";
import { root, runNode } from "./support/process.mjs";

await ensureInstalled();
const status = await build({ only: ["conformance"] });
process.exitCode =
  status !== 0
    ? status
    : (await runNode(["--enable-source-maps", join(root, ".build/conformance/main.js"), ...process.argv.slice(2)]))
        .status;
