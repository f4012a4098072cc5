/**
 * The bank: accounts, transfers between them, and the book of what each client was told. It must not know how faults are made.
 */
import { setTimeout as wait } from "node:timers/promises";
import {
  BabikError,
  babik,
  BigIntegerField,
  CharField,
  CommitUnknown,
  DatabaseError,
  F,
  IntegerField,
  model,
  Sum,
} from "babik";

export const ACCOUNTS = 1000;
const BALANCE = 1000;

export class Account extends model("Account", { balance: BigIntegerField() }) {}
// Tokens are not unique, so that a transfer that was made twice is two rows.
export class Transfer extends model("Transfer", {
  token: CharField({ maxLength: 40, dbIndex: true }),
  source: IntegerField(),
  target: IntegerField(),
  amount: IntegerField(),
}) {}

/** An orm over the bank's database. */
export function openBank(url: string, poolSize: number, options: Readonly<Record<string, unknown>> = {}) {
  return babik({
    databases: { default: { url, options: { poolSize, connectTimeout: 5000, ...options } } },
    apps: { bank: { Account, Transfer } },
  });
}
export type Bank = ReturnType<typeof openBank>;

export async function fillBank(bank: Bank): Promise<void> {
  await bank.createTables();
  await Account.objects.bulkCreate(
    Array.from({ length: ACCOUNTS }, (_, i) => new Account({ id: i + 1, balance: BALANCE })),
  );
}

/** What a client was told about a transfer. */
export type Outcome = "acknowledged" | "failed" | "unknown";

/** The book of a run. */
export class Ledger {
  readonly outcomes = new Map<string, Outcome>();
  /** Errors by class and code. */
  readonly errors = new Map<string, number>();
  /** Codes of the servers themselves. */
  readonly states = new Map<string, number>();
  /** Errors that are not of babik, by what they are. */
  readonly untyped: string[] = [];
  /** How many times a block was begun for each token: more than one is a retry. */
  readonly attempts = new Map<string, number>();

  count(outcome: Outcome): number {
    let n = 0;
    for (const o of this.outcomes.values()) if (o === outcome) n++;
    return n;
  }
  get retries(): number {
    let n = 0;
    for (const a of this.attempts.values()) n += a - 1;
    return n;
  }
  /** Tokens that took more than `tries` runs of the block. */
  slow(tries: number): number {
    return [...this.attempts.values()].filter((n) => n > tries).length;
  }
  fail(token: string, error: unknown): void {
    this.outcomes.set(token, error instanceof CommitUnknown ? "unknown" : "failed");
    this.note(error);
  }
  /** Books an error that no transfer met. */
  note(error: unknown): void {
    if (!(error instanceof BabikError)) {
      this.untyped.push(error instanceof Error ? `${error.name}: ${error.message}` : typeof error);
      return;
    }
    const key = `${error.name} ${error.code}`;
    // An error that no class was found for is as good as untyped.
    if (error.code === "database.error") this.untyped.push(`${error.name}: ${error.message}`);
    this.errors.set(key, (this.errors.get(key) ?? 0) + 1);
    const state = error instanceof DatabaseError ? error.databaseCode : undefined;
    if (state !== undefined) this.states.set(state, (this.states.get(state) ?? 0) + 1);
  }
}

/** One transfer in one serialisable transaction, run again after conflicts. */
async function transfer(bank: Bank, ledger: Ledger, token: string, accounts: number): Promise<void> {
  const source = 1 + Math.floor(Math.random() * accounts);
  const target = 1 + ((source + Math.floor(Math.random() * (accounts - 1))) % accounts);
  const amount = 1 + Math.floor(Math.random() * 20);
  await bank.atomic(
    async () => {
      ledger.attempts.set(token, (ledger.attempts.get(token) ?? 0) + 1);
      const { balance } = await Account.objects.get({ id: source });
      await Account.objects.filter({ id: source }).update({ balance: balance - BigInt(amount) });
      await Account.objects.filter({ id: target }).update({ balance: F("balance").add(amount) });
      await Transfer.objects.create({ token, source, target, amount });
    },
    { isolation: "serializable", retries: 30 },
  );
}

/** Clients that move money until `enough` says so. Each error is booked, and the client goes on with another transfer. */
export async function work(
  bank: Bank,
  ledger: Ledger,
  options: {
    readonly clients: number;
    readonly prefix: string;
    readonly enough: () => boolean;
    /** Among how many accounts money is moved. */
    readonly accounts?: number;
    /** Milliseconds that a client waits after an error: somebody who is told of a lost connection does not come back at once. */
    readonly patience?: number;
  },
): Promise<void> {
  let serial = 0;
  await Promise.all(
    Array.from({ length: options.clients }, async () => {
      while (!options.enough()) {
        const token = `${options.prefix}-${String(++serial).padStart(8, "0")}`;
        try {
          await transfer(bank, ledger, token, options.accounts ?? ACCOUNTS);
          ledger.outcomes.set(token, "acknowledged");
        } catch (error) {
          ledger.fail(token, error);
          await wait(options.patience ?? 1);
        }
      }
    }),
  );
}

/** What the database says, held against the book. */
export interface Verdict {
  readonly sum: string;
  readonly sumExact: boolean;
  /** Accounts whose balance is not what their transfers make it. */
  readonly wrongBalances: number;
  /** Acknowledged, and not there. */
  readonly lost: number;
  /** Reported as failed, and there. */
  readonly ghosts: number;
  /** There more than once. */
  readonly doubled: number;
  /** Reported as unknown: how many of them are there. */
  readonly unknownCommitted: number;
  /** How often each token is there. */
  readonly rows: ReadonlyMap<string, number>;
}

export async function audit(ledger: Ledger): Promise<Verdict> {
  const { total } = await Account.objects.aggregate({ total: Sum("balance") });
  const balances = new Map<number, bigint>();
  const rows = new Map<string, number>();
  for (const { token, source, target, amount } of await Transfer.objects.all()) {
    rows.set(token, (rows.get(token) ?? 0) + 1);
    balances.set(source, (balances.get(source) ?? 0n) - BigInt(amount));
    balances.set(target, (balances.get(target) ?? 0n) + BigInt(amount));
  }
  let wrongBalances = 0;
  for (const { id, balance } of await Account.objects.all())
    if (balance !== BigInt(BALANCE) + (balances.get(id) ?? 0n)) wrongBalances++;
  const [doubled, found] = [[...rows.values()].filter((n) => n > 1).length, (token: string) => rows.has(token)];
  let [lost, ghosts, unknownCommitted] = [0, 0, 0];
  for (const [token, outcome] of ledger.outcomes) {
    if (outcome === "acknowledged" && !found(token)) lost++;
    if (outcome === "failed" && found(token)) ghosts++;
    if (outcome === "unknown" && found(token)) unknownCommitted++;
  }
  return {
    sum: String(total),
    sumExact: BigInt(String(total)) === BigInt(ACCOUNTS * BALANCE),
    wrongBalances,
    lost,
    ghosts,
    doubled,
    unknownCommitted,
    rows,
  };
}
