/**
 * `npm run faults [-- arguments]`: money is moved while connections are killed and COMMITs are cut off, on PostgreSQL and MariaDB.
 * Servers are found or started as for the tests.
 */
import { findServers } from "./servers.mjs";
import { onInterrupt } from "./support/process.mjs";
import { runProgram } from "./support/program.mjs";

const servers = await findServers();
onInterrupt(() => servers.stop());
try {
  await runProgram("faults", process.argv.slice(2), servers.env);
} finally {
  await servers.stop();
}
