/**
 * `npm test`: installs and builds if needed, then runs every gate and every ring of tests, and sums them up.
 * `npm test -- lint unit postgres` runs only the named steps.
 */
import { findServers } from "./servers.mjs";
import { ensureInstalled } from "./support/install.mjs";
import { onInterrupt } from "./support/process.mjs";
import { conformance, gates, runSteps, typeCost, typeTests, vitestRing } from "./support/steps.mjs";

const SERVERS = ["postgres", "mariadb"];

let servers = { found: {}, env: {}, stop: async () => {} };

const all = {
  ...gates,
  unit: () => vitestRing("unit"),
  sqlite: () => vitestRing("sqlite"),
  postgres: () => serverRing("postgres"),
  mariadb: () => serverRing("mariadb"),
  "type tests": typeTests,
  "type cost": typeCost,
  conformance: () => conformance(servers.env),
};

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !Object.hasOwn(all, name));
if (unknown.length > 0) {
  console.error(`No step is called ${unknown.join(", ")}. Choices are: ${Object.keys(all).join(", ")}.`);
  process.exit(2);
}
const steps = wanted.length === 0 ? all : Object.fromEntries(wanted.map((name) => [name, all[name]]));

await ensureInstalled();
onInterrupt(() => servers.stop());
const names = SERVERS.filter((name) => Object.hasOwn(steps, name) || Object.hasOwn(steps, "conformance"));
if (names.length > 0) servers = await findServers(names);
try {
  process.exitCode = await runSteps(steps);
} finally {
  await servers.stop();
}

function serverRing(name) {
  const server = servers.found[name];
  if (server.failed !== undefined) return { result: "failed", detail: server.failed };
  if (server.skipped !== undefined) return { result: "skipped", detail: server.skipped };
  return vitestRing(name, servers.env);
}
