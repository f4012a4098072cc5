/** `npm run soak [-- arguments]`: ten minutes of mixed work on SQLite and on a server, watching memory. */
import { findServers } from "./servers.mjs";
import { onInterrupt } from "./support/process.mjs";
import { runProgram } from "./support/program.mjs";

const servers = await findServers();
onInterrupt(() => servers.stop());
try {
  await runProgram("soak", process.argv.slice(2), servers.env);
} finally {
  await servers.stop();
}
