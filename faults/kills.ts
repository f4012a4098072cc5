/** Money is moved while a second process ends sessions at random: what was acknowledged is there, what failed is not. */
import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { audit, fillBank, Ledger, openBank, work } from "./bank.js";
import { type Place, sessionsLeft } from "./servers.js";

export async function runKills(
  place: Place,
  options: { readonly kills: number; readonly clients: number },
): Promise<Record<string, unknown>> {
  const begun = performance.now();
  const bank = openBank(place.url, 10);
  try {
    await fillBank(bank);
    const ledger = new Ledger();
    const killer = fork(
      fileURLToPath(new URL("killer.js", import.meta.url)),
      [place.kind, place.server, place.database, String(options.kills)],
      { stdio: ["ignore", "inherit", "inherit", "ipc"] },
    );
    const ended = once(killer, "exit");
    let kills = 0;
    let done = false;
    killer.on("message", (message: { kills: number; done?: boolean }) => ({ kills, done = false } = message));
    killer.on("exit", () => (done = true));
    await work(bank, ledger, { clients: options.clients, prefix: "kill", enough: () => done });
    await ended;
    // The pool by itself: nobody waits, everything it has is idle.
    const pool = bank.connection().pool!;
    // One that was killed last may not have been noticed; a first read is allowed to meet it.
    const verdict = await audit(ledger).catch(() => audit(ledger));
    const { rows, ...facts } = verdict;
    await bank.close();
    const left = await sessionsLeft(place);
    const result = {
      scenario: "killed sessions",
      database: place.kind,
      seconds: Math.round((performance.now() - begun) / 100) / 10,
      kills,
      transfers: ledger.outcomes.size,
      acknowledged: ledger.count("acknowledged"),
      failed: ledger.count("failed"),
      unknown: ledger.count("unknown"),
      retries: ledger.retries,
      ...facts,
      rows: rows.size,
      poolWaiting: pool.waiting,
      poolInUse: pool.size - pool.idle,
      sessionsLeft: left,
      untyped: ledger.untyped,
      errors: Object.fromEntries(ledger.errors),
    };
    const good =
      kills >= options.kills &&
      verdict.sumExact &&
      verdict.wrongBalances + verdict.lost + verdict.ghosts + verdict.doubled === 0 &&
      pool.waiting === 0 &&
      pool.size === pool.idle &&
      left === 0 &&
      ledger.untyped.length === 0;
    return { ...result, good };
  } finally {
    await bank.close();
  }
}
