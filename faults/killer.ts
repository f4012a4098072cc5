/**
 * The second process: it ends sessions of a database at random until it is told to stop, and counts them.
 * Started by `kills.ts` with the kind of server, its address and the name of the database.
 */
import { setTimeout as wait } from "node:timers/promises";
import { openAdmin, type ServerKind } from "./servers.js";

const [kind, url, database, most] = process.argv.slice(2) as [ServerKind, string, string, string];
const admin = await openAdmin(kind, url);
let kills = 0;
let stopped = false;
process.on("message", () => (stopped = true));
process.on("disconnect", () => process.exit(1));
while (!stopped && kills < Number(most)) {
  const sessions = await admin.sessions(database);
  const victim = sessions[Math.floor(Math.random() * sessions.length)];
  if (victim !== undefined && (await admin.kill(victim))) {
    kills++;
    process.send!({ kills });
  }
  await wait(Math.random() * 12);
}
await admin.close();
process.send!({ kills, done: true }, () => process.disconnect());
