/**
 * Sixteen clients move money among five accounts: conflicts all the time, which `retries` has to solve without harm. A transfer that
 * met a conflict at every try is a failure that says so.
 */
import { audit, fillBank, Ledger, openBank, work } from "./bank.js";
import { type Place, sessionsLeft } from "./servers.js";

const ACCOUNTS_IN_PLAY = 5;
const CLIENTS = 16;
/** How many of the transfers have to succeed within the tries they have. */
const SHARE = 0.98;

export async function runContention(
  place: Place,
  options: { readonly transfers: number },
): Promise<Record<string, unknown>> {
  const begun = performance.now();
  const bank = openBank(place.url, CLIENTS);
  const ledger = new Ledger();
  try {
    await fillBank(bank);
    await work(bank, ledger, {
      clients: CLIENTS,
      prefix: "busy",
      enough: () => ledger.attempts.size >= options.transfers,
      accounts: ACCOUNTS_IN_PLAY,
    });
    const { rows, ...verdict } = await audit(ledger);
    await bank.close();
    const left = await sessionsLeft(place);
    const acknowledged = ledger.count("acknowledged");
    const conflicts = /^OperationalError database\.(serialization|deadlock|locked)$/;
    const good =
      acknowledged >= ledger.outcomes.size * SHARE &&
      [...ledger.errors.keys()].every((error) => conflicts.test(error)) &&
      ledger.untyped.length === 0 &&
      rows.size === acknowledged &&
      verdict.sumExact &&
      verdict.wrongBalances + verdict.lost + verdict.ghosts + verdict.doubled === 0 &&
      left === 0;
    return {
      scenario: "contention",
      database: place.kind,
      seconds: Math.round((performance.now() - begun) / 100) / 10,
      transfers: ledger.outcomes.size,
      acknowledged,
      failed: ledger.count("failed"),
      retries: ledger.retries,
      "took more than 10 tries": ledger.slow(10),
      ...verdict,
      sessionsLeft: left,
      untyped: ledger.untyped,
      errors: Object.fromEntries(ledger.errors),
      good,
    };
  } finally {
    await bank.close();
  }
}
