/**
 * The server refuses writes for a while, as one does that was made a replica: writers are told so by a stable code, readers go on, each
 * connection gives one such error at most and is replaced, and writing works as soon as it is allowed.
 */
import { setTimeout as wait } from "node:timers/promises";
import { Account, audit, fillBank, Ledger, openBank, work } from "./bank.js";
import { countLogins } from "./logins.js";
import { type PrivateServer, type Skipped, withPrivate } from "./private.js";
import { onServer, placeOn, type ServerKind, sessionsLeft } from "./servers.js";

const POOL = 10;
const KEY = "OperationalError database.read_only";
const RECOVERY = 2000;

export async function runClosed(
  kind: ServerKind,
  options: { readonly flips: number; readonly clients: number },
): Promise<Record<string, unknown> | Skipped> {
  return withPrivate(kind, { durable: true }, (server) => closed(kind, server, options));
}

async function closed(
  kind: ServerKind,
  server: PrivateServer,
  options: { readonly flips: number; readonly clients: number },
): Promise<Record<string, unknown>> {
  const begun = performance.now();
  const place = await placeOn(kind, server.url, "bank");
  const filling = openBank(place.url, 1);
  await fillBank(filling);
  await filling.close();
  // The setting of MariaDB does not count for those who may do everything.
  const url = new URL(place.url);
  url.username = "teller";
  url.password = "teller";
  await onServer(place, ({ admin }) => admin.createUser("teller", "teller", "bank"));
  const bank = openBank(url.href, POOL);
  const ledger = new Ledger();
  const logins = countLogins(Number(url.port));
  const setReadOnly = (on: boolean): Promise<void> =>
    logins.uncounted(() => onServer(place, ({ admin }) => admin.setReadOnly(on)));
  const refused = (): number => ledger.errors.get(KEY) ?? 0;
  const recoveries: number[] = [];
  let [reads, tooMany, most, done] = [0, 0, 0, false];
  let moving: Promise<void> | undefined;
  try {
    // The first login, before anything is refused.
    await Account.objects.count();
    moving = work(bank, ledger, { clients: options.clients, prefix: "flip", enough: () => done, patience: 20 });
    for (let i = 0; i < options.flips; i++) {
      await wait(500);
      const [errors, connections] = [refused(), logins.count];
      const before = bank.connection().pool!.size;
      await setReadOnly(true);
      for (const until = performance.now() + 1000; performance.now() < until; await wait(20)) {
        await Account.objects.count();
        reads++;
      }
      await setReadOnly(false);
      const acknowledged = ledger.count("acknowledged");
      const from = performance.now();
      while (ledger.count("acknowledged") === acknowledged && performance.now() - from < 30_000) await wait(5);
      recoveries.push(performance.now() - from);
      const perConnection = (refused() - errors) / (before + logins.count - connections);
      most = Math.max(most, perConnection);
      if (perConnection > 1) tooMany++;
    }
    done = true;
    await moving;
    const pool = bank.connection().pool!;
    const { rows, ...verdict } = await audit(ledger);
    await bank.close();
    const left = await onServer(place, sessionsLeft);
    const recovery = Math.max(...recoveries);
    const others = [...ledger.errors.keys()].filter(
      (error) => error !== KEY && !/database\.(serialization|deadlock|locked)$/.test(error),
    );
    return {
      scenario: "read-only server",
      database: kind,
      seconds: Math.round((performance.now() - begun) / 100) / 10,
      flips: recoveries.length,
      "writes refused": refused(),
      "refused per connection, at most": Math.round(most * 100) / 100,
      "reads meanwhile": reads,
      "money moves again after writing is allowed (ms), at most": Math.round(recovery),
      transfers: ledger.outcomes.size,
      acknowledged: ledger.count("acknowledged"),
      failed: ledger.count("failed"),
      unknown: ledger.count("unknown"),
      ...verdict,
      rows: rows.size,
      poolWaiting: pool.waiting,
      poolInUse: pool.size - pool.idle,
      sessionsLeft: left,
      "other errors": others,
      untyped: ledger.untyped,
      good:
        recoveries.length === options.flips &&
        refused() >= options.flips &&
        tooMany === 0 &&
        reads > 0 &&
        recovery < RECOVERY &&
        others.length === 0 &&
        ledger.count("unknown") === 0 &&
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
    await moving?.catch(() => undefined);
    await bank.close();
  }
}
