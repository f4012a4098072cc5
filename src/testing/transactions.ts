/** A transaction around each test that is rolled back after it, and what waits for a commit that never comes. */
import { ownOptions, refuseUnknown } from "../base/options.js";
import { BabikError, ValueError } from "../base/errors.js";
import { type DatabaseOptions, databaseOf } from "./queries.js";

/**
 * Runs `fn` in a transaction of its own and rolls it back, whatever happens. `durable` blocks are allowed inside, and what
 * `onCommit()` was given is not called. Constraints that wait for the commit are looked at before the end.
 * Several may run at the same time, each on a connection of its own; on SQLite one after the other.
 * @returns what `fn` gives
 * @throws what `fn` throws; IntegrityError for a deferred constraint
 * @example test("an order", () => testTransaction(async () => { await Order.objects.create({ … }); }));
 * Django: https://docs.djangoproject.com/en/stable/topics/testing/tools/#testcase
 */
export async function testTransaction<T>(fn: () => T, options: DatabaseOptions = {}): Promise<Awaited<T>> {
  return (await databaseOf(ownOptions(options)).runTestBlock(async () => fn())) as Awaited<T>;
}

type Work = () => Promise<void>;
type Register = (work: Work) => unknown;

/** The hooks of a test runner, and which databases are meant. */
export interface TransactionHooks {
  /** Aliases; `default` where none are given. */
  readonly using?: string | readonly string[] | undefined;
  readonly beforeEach?: Register | undefined;
  readonly afterEach?: Register | undefined;
  readonly beforeAll?: Register | undefined;
  readonly afterAll?: Register | undefined;
  /** `beforeAll` and `afterAll` of node:test. */
  readonly before?: Register | undefined;
  readonly after?: Register | undefined;
  /** Rows that all tests find: made once, in a transaction around all of them. Needs `beforeAll` and `afterAll` (or `before` and `after`). */
  readonly setUpTestData?: (() => unknown) | undefined;
}

const names = ["using", "beforeEach", "afterEach", "beforeAll", "afterAll", "before", "after", "setUpTestData"];

/**
 * Has every test of the file, or of the `describe` block, run in a transaction that is rolled back after it. While a test runs,
 * all statements of the process belong to it, those of a server that the test talks to included; so tests of one file must not run
 * at the same time. Hooks that the runner has as globals (Jest, or Vitest with `globals`) need not be given.
 * @throws ValueError where the runner's hooks are neither given nor global
 * @example
 * import { afterEach, beforeEach } from "vitest";    // or "@jest/globals", or "node:test"
 * useTransaction({ beforeEach, afterEach });
 * @see https://docs.djangoproject.com/en/stable/topics/testing/tools/#django.test.TestCase.setUpTestData
 */
export function useTransaction(options: TransactionHooks = {}): void {
  const own = ownOptions(options);
  refuseUnknown("useTransaction()", own, names, (text) => new ValueError(text, "testing.option"));
  const aliases = own.using === undefined ? ["default"] : typeof own.using === "string" ? [own.using] : own.using;
  const each = new Held(aliases);
  hook("beforeEach", own.beforeEach)(() => each.open());
  hook("afterEach", own.afterEach)(() => each.close());
  const { setUpTestData } = own;
  if (setUpTestData === undefined) return;
  const all = new Held(aliases);
  hook(
    "beforeAll",
    own.beforeAll ?? own.before,
  )(async () => {
    await all.open();
    try {
      await setUpTestData();
    } catch (error) {
      await all.close().catch(() => undefined);
      throw error;
    }
  });
  hook("afterAll", own.afterAll ?? own.after)(() => all.close());
}

/** The open blocks of some databases. */
class Held {
  readonly #aliases: readonly string[];
  #closers: Work[] = [];

  constructor(aliases: readonly string[]) {
    this.#aliases = aliases;
  }
  async open(): Promise<void> {
    try {
      for (const using of this.#aliases) this.#closers.push(await databaseOf({ using }).openTestBlock());
    } catch (error) {
      await this.close().catch(() => undefined);
      throw error;
    }
  }
  async close(): Promise<void> {
    const errors: unknown[] = [];
    for (const closer of this.#closers.splice(0).toReversed()) await closer().catch((e: unknown) => errors.push(e));
    if (errors.length > 0) throw errors[0];
  }
}

function hook(name: "beforeEach" | "afterEach" | "beforeAll" | "afterAll", given: Register | undefined): Register {
  const found = given ?? (globalThis as unknown as Record<string, unknown>)[name];
  if (typeof found !== "function")
    throw new ValueError(
      `useTransaction() needs the ${name} of your test runner: useTransaction({ ${name}, … }).`,
      "testing.hook",
    );
  return found as Register;
}

/**
 * The functions that `onCommit()` was given while `fn` ran, in a test whose transaction never commits. Those of savepoints that
 * were rolled back are not among them. Outside of a transaction there is nothing to wait for, and the list is empty.
 * @param options `execute: true` calls them when `fn` has ended, and those that they register in turn; `using` or `database`
 * @throws what a function throws, unless it was registered as `robust`
 * @example const { callbacks } = await captureOnCommitCallbacks(() => checkout(cart), { execute: true });
 * Django: https://docs.djangoproject.com/en/stable/topics/testing/tools/#django.test.TestCase.captureOnCommitCallbacks
 */
export async function captureOnCommitCallbacks<T>(
  fn: () => T,
  options: DatabaseOptions & { readonly execute?: boolean | undefined } = {},
): Promise<{ readonly result: Awaited<T>; readonly callbacks: readonly (() => unknown)[] }> {
  const own = ownOptions(options);
  const database = databaseOf(own);
  let at = database.waitingHooks?.length ?? 0;
  const result = await fn();
  const hooks = database.waitingHooks ?? [];
  const callbacks: (() => unknown)[] = [];
  // A function that is called may register more of them: the list grows while it is gone through.
  for (; at < hooks.length; at++) {
    const { run, robust } = hooks[at]!;
    callbacks.push(run);
    if (own.execute !== true) continue;
    try {
      await run();
    } catch (error) {
      if (!robust) throw error;
      process.emitWarning(
        `A robust onCommit() function failed: ${error instanceof BabikError ? error.message : error instanceof Error ? error.name : "a value was thrown"}.`,
        { code: "BABIK_ON_COMMIT", type: "BabikWarning" },
      );
    }
  }
  return { result, callbacks };
}
