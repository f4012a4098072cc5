/**
 * The server is halted (SIGSTOP) and goes on later: whoever set a limit is told in time, and afterwards everything works and no session is
 * left. What is halted takes bytes and answers nothing, as a network that swallows packets does.
 */
import { setTimeout as wait } from "node:timers/promises";
import { BabikError, CommitUnknown, withSignal } from "babik";
import { Account, type Bank, fillBank, openBank, Transfer } from "./bank.js";
import { type PrivateServer, type Skipped, withPrivate } from "./private.js";
import { onServer, placeOn, type ServerKind, sessionsLeft } from "./servers.js";

const STATEMENT = 1000;
const ACQUIRE = 700;
const CONNECT = 1500;
const ABORT = 500;
/** How much later than its limit a call may settle: half a second, and as much for a busy machine. */
const LATE = 1000;
/** A request to cancel is waited for so long before the connection is given up. */
const CANCEL = 2000;

/** A call, and when it has to have settled at the latest. */
interface Call {
  readonly what: string;
  readonly limit: number;
  readonly run: () => Promise<unknown>;
}

export async function runHung(
  kind: ServerKind,
  options: { readonly halts: number },
): Promise<Record<string, unknown> | Skipped> {
  return withPrivate(kind, { durable: true }, (server) => hung(kind, server, options.halts));
}

async function hung(kind: ServerKind, server: PrivateServer, halts: number): Promise<Record<string, unknown>> {
  const begun = performance.now();
  const site = await placeOn(kind, server.url, "bank");
  const filling = openBank(site.url, 1);
  await fillBank(filling);
  await filling.close();
  const wrong: string[] = [];
  const kinds = new Map<string, number>();
  let [calls, latest, back] = [0, 0, 0];
  for (let i = 0; i < halts; i++) {
    const bank = openBank(site.url, 8, {
      statementTimeout: STATEMENT,
      acquireTimeout: ACQUIRE,
      connectTimeout: CONNECT,
      // In turn: idle connections are asked first, or used as they are.
      pingAfter: i % 2 === 0 ? 0 : 60_000,
    });
    try {
      await warm(bank, 4);
      const busy = held(bank);
      await busy.ready;
      server.pause();
      const settled = await Promise.all(everyCall(bank).map((call) => settle(call, wrong)));
      busy.goOn();
      settled.push(await settle({ what: "a block that was open", limit: STATEMENT, run: () => busy.done }, wrong));
      for (const { after, error, over } of settled) {
        calls++;
        latest = Math.max(latest, over);
        kinds.set(error, (kinds.get(error) ?? 0) + 1);
        if (after < 0) wrong.push("a call did not settle");
      }
      server.resume();
      back = Math.max(back, await worksAgain());
      const pool = bank.connection().pool!;
      if (pool.waiting > 0 || pool.holders.length > 0) wrong.push("somebody still has, or waits for, a connection");
    } finally {
      server.resume();
      const closing = performance.now();
      await bank.close();
      if (performance.now() - closing > 3000) wrong.push("close() took long");
    }
  }
  const left = await onServer(site, sessionsLeft);
  return {
    scenario: "hung server",
    database: kind,
    seconds: Math.round((performance.now() - begun) / 100) / 10,
    halts,
    calls,
    "settled after their limit, at most (ms)": Math.round(latest),
    "works again after the server does, at most (ms)": Math.round(back),
    errors: Object.fromEntries(kinds),
    sessionsLeft: left,
    wrong,
    good: wrong.length === 0 && left === 0 && calls > 0 && latest <= LATE && back < 2000,
  };
}

/** Opens so many connections, which are idle afterwards. */
async function warm(bank: Bank, connections: number): Promise<void> {
  await Promise.all(Array.from({ length: connections }, () => bank.atomic(() => wait(20))));
}

/** A block that has written something and is open while the server is halted. */
function held(bank: Bank): { ready: Promise<void>; goOn: () => void; done: Promise<unknown> } {
  let ready!: () => void;
  let goOn!: () => void;
  const isReady = new Promise<void>((resolve) => (ready = resolve));
  const mayGoOn = new Promise<void>((resolve) => (goOn = resolve));
  const done = bank.atomic(async () => {
    await Transfer.objects.create({ token: "hung", source: 1, target: 2, amount: 1 });
    ready();
    await mayGoOn;
  });
  done.catch(() => undefined);
  return { ready: isReady, goOn, done };
}

function everyCall(bank: Bank): readonly Call[] {
  const aborted = <T>(fn: () => Promise<T>): Promise<T> => withSignal(AbortSignal.timeout(ABORT), fn);
  const read = (): Promise<unknown> => Account.objects.count();
  // An idle connection is asked first whether the server is there, and another one is waited for when it is not.
  const asked = STATEMENT + ACQUIRE;
  return [
    { what: "a read", limit: asked, run: read },
    { what: "a write", limit: asked, run: () => Account.objects.filter({ id: 1 }).update({ balance: 1000n }) },
    { what: "a block", limit: asked, run: () => bank.atomic(read) },
    {
      what: "a stream",
      limit: asked,
      run: async () => {
        for await (const row of Account.objects.iterator({ chunkSize: 10 })) if (row.id < 0) break;
      },
    },
    ...Array.from({ length: 6 }, (): Call => {
      return { what: "a read that needs a new connection", limit: asked, run: read };
    }),
    { what: "a read with a signal", limit: ABORT + CANCEL, run: () => aborted(read) },
    { what: "a block with a signal", limit: asked, run: () => aborted(() => bank.atomic(read)) },
  ];
}

interface Settled {
  readonly after: number;
  /** How long after its limit. */
  readonly over: number;
  readonly error: string;
}

async function settle({ what, limit, run }: Call, wrong: string[]): Promise<Settled> {
  const from = performance.now();
  const never = Symbol("never");
  const outcome = await Promise.race([
    run().then(
      () => undefined,
      (error: unknown) => error,
    ),
    wait(15_000, never),
  ]);
  const after = performance.now() - from;
  if (outcome === never) return { after: -1, over: after - limit, error: `never: ${what}` };
  if (outcome === undefined) wrong.push(`${what} was answered by a halted server`);
  const typed = outcome instanceof BabikError && outcome.code !== "database.error";
  if (!typed) wrong.push(`${what}: an error without a class`);
  if (after > limit + LATE) wrong.push(`${what} settled after ${Math.round(after)} ms, its limit is ${limit} ms`);
  const name = outcome instanceof CommitUnknown ? "CommitUnknown" : outcome instanceof BabikError ? outcome.code : "?";
  return { after, over: after - limit, error: name };
}

/** Milliseconds until a read is answered. */
async function worksAgain(): Promise<number> {
  const from = performance.now();
  while (performance.now() - from < 20_000) {
    const count = await Account.objects.count().catch(() => undefined);
    if (count !== undefined) break;
    await wait(10);
  }
  return performance.now() - from;
}
