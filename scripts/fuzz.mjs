/** `npm run fuzz [-- arguments]`: a million random names and values on SQLite, PostgreSQL and MariaDB, of which none may do harm. */
import { findServers } from "./servers.mjs";
import { onInterrupt } from "./support/process.mjs";
import { runProgram } from "./support/program.mjs";

const servers = await findServers();
onInterrupt(() => servers.stop());
try {
  await runProgram("fuzz", process.argv.slice(2), servers.env);
} finally {
  await servers.stop();
}
