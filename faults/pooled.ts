/**
 * The bank and a program of everything through PgBouncer in transaction mode, with two server connections for ten of ours: the same results as
 * without it, nothing of one client left for another, and a clear refusal of what cannot work there.
 */
import { setTimeout as wait } from "node:timers/promises";
import { NotSupportedError } from "babik";
import pg from "pg";
import { audit, type Bank, fillBank, Ledger, openBank, work } from "./bank.js";
import { everything } from "./everything.js";
import { type Skipped, startPgBouncer } from "./private.js";
import type { Place } from "./servers.js";

/** What a driver meets that counts on a session of its own: unknown or doubled prepared statements, a broken protocol, a lost cursor. */
const TELLTALE = ["26000", "42P05", "08P01", "34000"];
const REFUSED = [
  "LISTEN news",
  "SET search_path TO pg_catalog",
  "SELECT pg_advisory_lock(77)",
  "CREATE TEMP TABLE scratch (id int)",
];

export async function runPooled(
  place: Place,
  options: { readonly transfers: number; readonly clients: number },
): Promise<Record<string, unknown> | Skipped> {
  const begun = performance.now();
  const pooler = await startPgBouncer(place.url);
  if ("skipped" in pooler) return pooler;
  const ledger = new Ledger();
  let bank: Bank | undefined;
  try {
    const direct = openBank(place.url, 2);
    await fillBank(direct);
    const expected = await everything(direct);
    await direct.close();

    bank = openBank(pooler.url, 10);
    let different = 0;
    const programs = Array.from({ length: 20 }, async () => {
      if (JSON.stringify(await everything(bank!)) !== JSON.stringify(expected)) different++;
    });
    for (const outcome of await Promise.allSettled(programs))
      if (outcome.status === "rejected") ledger.note(outcome.reason);
    await work(bank, ledger, {
      clients: options.clients,
      prefix: "pool",
      enough: () => ledger.outcomes.size >= options.transfers * 5,
    });
    const refused = await countRefused(bank);
    const locked = await underLock(bank);
    const { rows, ...verdict } = await audit(ledger);
    await bank.close();
    const left = await leftInSessions(pooler.url);
    const telltale = TELLTALE.reduce((sum, state) => sum + (ledger.states.get(state) ?? 0), 0);
    return {
      scenario: "through PgBouncer",
      database: place.kind,
      pooler: pooler.how,
      seconds: Math.round((performance.now() - begun) / 100) / 10,
      programs: programs.length,
      "programs with other results": different,
      transfers: ledger.outcomes.size,
      acknowledged: ledger.count("acknowledged"),
      failed: ledger.count("failed"),
      retries: ledger.retries,
      ...verdict,
      rows: rows.size,
      [`errors ${TELLTALE.join(", ")}`]: telltale,
      "refused, of those that cannot work": `${refused} of ${REFUSED.length}`,
      "most at once under an advisory lock": locked,
      "left in server sessions": left,
      untyped: ledger.untyped,
      errors: Object.fromEntries(ledger.errors),
      good:
        different + telltale === 0 &&
        refused === REFUSED.length &&
        locked === 1 &&
        left.length === 0 &&
        ledger.count("acknowledged") >= options.transfers * 4 &&
        [...ledger.errors.keys()].every((error) => error === "OperationalError database.serialization") &&
        verdict.sumExact &&
        verdict.wrongBalances + verdict.lost + verdict.ghosts + verdict.doubled === 0 &&
        ledger.untyped.length === 0,
    };
  } finally {
    await bank?.close();
    await pooler.stop();
  }
}

async function countRefused(bank: Bank): Promise<number> {
  let refused = 0;
  await using cursor = await bank.connection().cursor();
  for (const sql of REFUSED) {
    const error = await cursor.execute(sql).catch((e: unknown) => e);
    if (error instanceof NotSupportedError && error.code === "database.pooled_session") refused++;
  }
  return refused;
}

/** How many were at most inside of an advisory lock at the same time. */
async function underLock(bank: Bank): Promise<number> {
  let [inside, most] = [0, 0];
  const turns = Array.from({ length: 6 }, () =>
    bank.connection().withAdvisoryLock("one at a time", async () => {
      most = Math.max(most, ++inside);
      await wait(5);
      inside--;
    }),
  );
  await Promise.all(turns);
  return most;
}

/** What is found in the pooler's server connections by somebody who comes after: looked at by the bare driver. */
async function leftInSessions(url: string): Promise<string[]> {
  const found: string[] = [];
  const clients = [0, 1].map(() => new pg.Client({ connectionString: url }));
  try {
    // Both at once, so that each has a server connection of its own.
    for (const client of clients) {
      await client.connect();
      await client.query("BEGIN");
    }
    for (const client of clients) {
      const { rows } = await client.query<Record<string, string>>(
        `SELECT (SELECT count(*) FROM pg_prepared_statements) AS prepared, (SELECT count(*) FROM pg_cursors) AS cursors,
           (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()) AS locks,
           (SELECT count(*) FROM pg_listening_channels()) AS channels,
           (SELECT count(*) FROM pg_settings WHERE source = 'session' AND name NOT IN
             ('application_name', 'client_encoding', 'DateStyle', 'TimeZone', 'standard_conforming_strings', 'transaction_isolation',
              'transaction_read_only', 'transaction_deferrable')) AS settings`,
      );
      for (const [what, count] of Object.entries(rows[0]!)) if (Number(count) > 0) found.push(`${count} ${what}`);
    }
  } finally {
    for (const client of clients) await client.end();
  }
  return found;
}
