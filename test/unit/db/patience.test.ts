/** Servers that do not answer: how long they are waited for, and when a cancelled statement is given up. */
import { describe, expect, test } from "vitest";
import { OperationalError } from "../../../src/base/errors.js";
import { cancellable } from "../../../src/db/abort.js";
import { answered, type Line, shorter } from "../../../src/db/patience.js";
import { failure } from "../../support/loose.js";

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const never = (): Promise<never> => new Promise(() => undefined);

/** A line that counts, over which bytes come as long as `more` says so. */
function lineOf(more: () => boolean = () => false): Line & { hungUp: number } {
  let bytes = 0;
  return {
    hungUp: 0,
    received: () => (more() ? ++bytes : bytes),
    hangUp() {
      this.hungUp++;
    },
  };
}

describe("an answer", () => {
  test("in time is the answer, be it an error, and the line stays", async () => {
    const line = lineOf();
    expect(await answered(Promise.resolve(1), 1000, line)).toBe(1);
    const error = new OperationalError("No.", "database.locked");
    expect(await failure(() => answered(Promise.reject(error), 1000, line))).toBe(error);
    expect(line.hungUp).toBe(0);
  });

  test("that does not come is a timeout, and the line is given up", async () => {
    const line = lineOf();
    const error = await failure(() => answered(never(), 10, line));
    expect(error).toMatchObject({ name: "OperationalError", code: "database.timeout" });
    expect(line.hungUp).toBe(1);
  });

  test("is waited for as long as something arrives", async () => {
    let left = 4;
    const line = lineOf(() => left-- > 0);
    await failure(() => answered(never(), 10, line));
    expect(left).toBeLessThan(0);
    expect(line.hungUp).toBe(1);
  });

  test("has no limit where none is set", async () => {
    const later = sleep(20).then(() => 2);
    expect(await answered(later, 0, lineOf())).toBe(2);
    expect([shorter(0, 5), shorter(5, 0), shorter(3, 5), shorter(0, 0)]).toEqual([5, 5, 3, 0]);
  });
});

describe("a cancelled statement", () => {
  test("is given up where nobody takes the request", async () => {
    const line = lineOf();
    const signal = AbortSignal.timeout(5);
    const error = await failure(() => cancellable(never(), signal, async () => false, line.hangUp.bind(line)));
    expect(error).toMatchObject({ name: "OperationalError", code: "database.cancelled" });
    expect(line.hungUp).toBe(1);
  });

  test("is asked for again where the request is taken, and its own error counts", async () => {
    let asked = 0;
    const line = lineOf();
    let fail: ((error: Error) => void) | undefined;
    const sent = new Promise<never>((_, reject) => (fail = reject));
    const own = new OperationalError("Cancelled.", "database.cancelled");
    const cancel = async (): Promise<boolean> => {
      if (++asked === 3) fail!(own);
      return true;
    };
    expect(await failure(() => cancellable(sent, AbortSignal.timeout(5), cancel, line.hangUp.bind(line)))).toBe(own);
    expect([asked, line.hungUp]).toEqual([3, 0]);
  });
});
