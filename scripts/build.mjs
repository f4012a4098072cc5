/** `npm run build`: installs if needed, then compiles everything that changed. */
import { build } from "./support/build.mjs";
import { ensureInstalled } from "./support/install.mjs";

await ensureInstalled();
process.exitCode = await build({ force: process.argv.includes("--force") });
