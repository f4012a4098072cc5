/** COMMIT is cut off on its way or on its way back: the outcome is reported as unknown, never as anything else, and nothing is run again. */
import { audit, fillBank, Ledger, openBank, work } from "./bank.js";
import { CommitProxy, type Cut } from "./proxy.js";
import { type Place, sessionsLeft } from "./servers.js";

export async function runCommits(
  place: Place,
  options: { readonly cuts: number; readonly clients: number },
): Promise<Record<string, unknown>> {
  const begun = performance.now();
  const direct = new URL(place.url);
  const proxy = new CommitProxy(
    place.kind,
    { host: direct.hostname, port: Number(direct.port || (place.kind === "postgres" ? 5432 : 3306)) },
    0.4,
  );
  const through = new URL(place.url);
  through.hostname = "127.0.0.1";
  through.port = String(await proxy.listen());
  const ledger = new Ledger();
  try {
    const filling = openBank(place.url, 1);
    await fillBank(filling);
    await filling.close();

    const bank = openBank(through.href, 10);
    await work(bank, ledger, {
      clients: options.clients,
      prefix: "cut",
      enough: () => proxy.cuts.size >= options.cuts,
    });
    const pool = bank.connection().pool!;
    await bank.close();

    const judge = openBank(place.url, 1);
    const { rows, ...verdict } = await audit(ledger);
    await judge.close();
    const left = await sessionsLeft(place);

    // Of each cut: what the client was told, and whether the server has it.
    const by = (which: Cut): string[] => [...proxy.cuts].filter(([, cut]) => cut === which).map(([token]) => token);
    const notUnknown = [...proxy.cuts.keys()].filter((token) => ledger.outcomes.get(token) !== "unknown").length;
    const falselyUnknown = [...ledger.outcomes].filter(([t, o]) => o === "unknown" && !proxy.cuts.has(t)).length;
    const committed = (which: Cut): number => by(which).filter((token) => rows.has(token)).length;
    const cuts = { before: by("before").length, middle: by("middle").length, after: by("after").length };
    const result = {
      scenario: "cut COMMITs",
      database: place.kind,
      seconds: Math.round((performance.now() - begun) / 100) / 10,
      cuts: proxy.cuts.size,
      ...Object.fromEntries(Object.entries(cuts).map(([k, n]) => [`cut ${k}`, n])),
      "committed of those cut before": committed("before"),
      "committed of those cut in the middle": committed("middle"),
      "committed of those cut after": committed("after"),
      "not reported as unknown": notUnknown,
      "reported as unknown without a cut": falselyUnknown,
      "run again after the cut": proxy.again.size,
      transfers: ledger.outcomes.size,
      acknowledged: ledger.count("acknowledged"),
      failed: ledger.count("failed"),
      unknown: ledger.count("unknown"),
      retries: ledger.retries,
      ...verdict,
      poolWaiting: pool.waiting,
      poolInUse: pool.size - pool.idle,
      sessionsLeft: left,
      untyped: ledger.untyped,
      errors: Object.fromEntries(ledger.errors),
    };
    const good =
      proxy.cuts.size >= options.cuts &&
      notUnknown + falselyUnknown + proxy.again.size === 0 &&
      committed("before") + committed("middle") === 0 &&
      committed("after") === cuts.after &&
      verdict.sumExact &&
      verdict.wrongBalances + verdict.lost + verdict.ghosts + verdict.doubled === 0 &&
      pool.waiting === 0 &&
      pool.size === pool.idle &&
      left === 0 &&
      ledger.untyped.length === 0;
    return { ...result, good };
  } finally {
    await proxy.close();
  }
}
