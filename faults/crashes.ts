/**
 * The whole server is killed while money is moved, and started again on its data, as after a crash of the machine: what was acknowledged is
 * there, callers are told at once while it is down, logins are not stormed, and the pool works as soon as the server does.
 */
import { setTimeout as wait } from "node:timers/promises";
import { Account, audit, fillBank, Ledger, openBank, work } from "./bank.js";
import { countLogins } from "./logins.js";
import { type PrivateServer, type Skipped, withPrivate } from "./private.js";
import { onServer, placeOn, type ServerKind, sessionsLeft } from "./servers.js";

const POOL = 10;
/** How long after the server's first login money has to move again, in milliseconds. */
const RECOVERY = 2000;
/** How long a caller may wait to be told that the server is down. Connecting to a port without a listener fails at once. */
const TOLD = 2000;

export async function runCrashes(
  kind: ServerKind,
  options: { readonly crashes: number; readonly clients: number },
): Promise<Record<string, unknown> | Skipped> {
  return withPrivate(kind, { durable: true }, (server) => crashes(kind, server, options));
}

async function crashes(
  kind: ServerKind,
  server: PrivateServer,
  options: { readonly crashes: number; readonly clients: number },
): Promise<Record<string, unknown>> {
  const begun = performance.now();
  const place = await placeOn(kind, server.url, "bank");
  const bank = openBank(place.url, POOL);
  const ledger = new Ledger();
  const logins = countLogins(Number(new URL(server.url).port));
  let done = false;
  const moving: Promise<void>[] = [];
  const recoveries: number[] = [];
  const perSecond: number[] = [];
  let [slowest, down] = [0, 0];
  try {
    await fillBank(bank);
    moving.push(
      work(bank, ledger, { clients: options.clients, prefix: "crash", enough: () => done, patience: 20 }),
      (async () => {
        // Somebody who only reads: how long until an answer of either kind.
        while (!done) {
          const asked = performance.now();
          await Account.objects.get({ id: 1 }).catch((error: unknown) => ledger.note(error));
          slowest = Math.max(slowest, performance.now() - asked);
          await wait(20);
        }
      })(),
    );
    for (let i = 0; i < options.crashes; i++) {
      await wait(500 + Math.random() * 500);
      await server.kill();
      const [killed, before] = [performance.now(), logins.count];
      await wait(1000 + Math.random() * 1000);
      const seconds = (performance.now() - killed) / 1000;
      perSecond.push((logins.count - before) / seconds);
      down += seconds;
      const why = await logins.uncounted(() => server.start());
      if (why !== undefined) throw new Error(why);
      recoveries.push(await nextAcknowledged(ledger));
    }
    done = true;
    await Promise.all(moving);
    const pool = bank.connection().pool!;
    const { rows, ...verdict } = await audit(ledger);
    await bank.close();
    const left = await onServer(place, sessionsLeft);
    const [recovery, attempts] = [Math.max(...recoveries), Math.max(...perSecond)];
    return {
      scenario: "crashed server",
      database: kind,
      seconds: Math.round((performance.now() - begun) / 100) / 10,
      crashes: recoveries.length,
      "seconds without a server": Math.round(down * 10) / 10,
      "attempts to connect in a second while down, at most": Math.round(attempts * 10) / 10,
      "money moves again after the first login (ms), at most": Math.round(recovery),
      "longest wait of a reader (ms)": Math.round(slowest),
      transfers: ledger.outcomes.size,
      acknowledged: ledger.count("acknowledged"),
      failed: ledger.count("failed"),
      unknown: ledger.count("unknown"),
      retries: ledger.retries,
      ...verdict,
      rows: rows.size,
      poolWaiting: pool.waiting,
      poolInUse: pool.size - pool.idle,
      sessionsLeft: left,
      untyped: ledger.untyped,
      errors: Object.fromEntries(ledger.errors),
      good:
        recoveries.length === options.crashes &&
        recovery < RECOVERY &&
        slowest < TOLD &&
        // The whole pool may find out at once; from then on there is one attempt at a time, after longer and longer pauses.
        attempts <= POOL + 2 * Math.log2(options.clients) &&
        ledger.count("acknowledged") > 0 &&
        verdict.sumExact &&
        verdict.wrongBalances + verdict.lost + verdict.ghosts + verdict.doubled === 0 &&
        pool.waiting === 0 &&
        pool.size === pool.idle &&
        left === 0 &&
        ledger.untyped.length === 0,
    };
  } finally {
    done = true;
    logins.stop();
    await Promise.all(moving).catch(() => undefined);
    await bank.close();
  }
}

/** Milliseconds until one more transfer is acknowledged than now; gives up after a minute. */
async function nextAcknowledged(ledger: Ledger): Promise<number> {
  const [from, before] = [performance.now(), ledger.count("acknowledged")];
  while (ledger.count("acknowledged") === before && performance.now() - from < 60_000) await wait(5);
  return performance.now() - from;
}
