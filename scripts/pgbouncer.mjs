/**
 * Runs a program with a PgBouncer in transaction mode before its PostgreSQL: BABIK_POSTGRES_URL is the pooler's address, with `prepare=false`.
 * Usage: node scripts/pgbouncer.mjs npx vitest run --project postgres
 */
import { findServers } from "./servers.mjs";
import { startPgBouncer } from "./support/pgbouncer.mjs";
import { onInterrupt, run } from "./support/process.mjs";

const servers = await findServers(["postgres"]);
const server = servers.found.postgres.url;
const pooler = server === undefined ? { skipped: "there is no PostgreSQL" } : await startPgBouncer(server);
async function stop() {
  await pooler.stop?.();
  await servers.stop();
}
onInterrupt(stop);
const [program, ...args] = process.argv.slice(2);
if (pooler.url === undefined) {
  console.error(`SKIPPED: PgBouncer (${pooler.skipped})`);
  process.exitCode = 1;
} else {
  console.log(`PgBouncer: ${pooler.how}`);
  if (program !== undefined)
    process.exitCode = (await run(program, args, { env: { BABIK_POSTGRES_URL: pooler.url } })).status;
}
await stop();
