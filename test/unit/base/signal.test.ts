/** Signals by themselves: who is called, in which order, and what comes of errors. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, test } from "vitest";
import { receiver, Signal } from "../../../src/base/signal.js";

const make = (): Signal<{ readonly n: number }> => new Signal<{ readonly n: number }>();

describe("connecting", () => {
  test("receivers are called in the order of connecting, with what was sent, the sender and the signal", async () => {
    const signal = make();
    const calls: unknown[] = [];
    signal.connect(({ n, sender, signal: sent }) => void calls.push(["first", n, sender, sent === signal]));
    signal.connect(({ n }) => void calls.push(["second", n]));
    await signal.send("me", { n: 3 });
    expect(calls).toEqual([
      ["first", 3, "me", true],
      ["second", 3],
    ]);
  });
  test("send gives each receiver with its response", async () => {
    const signal = make();
    const double = ({ n }: { readonly n: number }): number => n * 2;
    const later = async ({ n }: { readonly n: number }): Promise<string> => `${n}`;
    signal.connect(double);
    signal.connect(later);
    expect(await signal.send(null, { n: 4 })).toEqual([
      [double, 8],
      [later, "4"],
    ]);
  });
  test("a receiver connected twice is called once", async () => {
    const signal = make();
    let calls = 0;
    const count = (): void => void calls++;
    signal.connect(count);
    signal.connect(count);
    await signal.send(null, { n: 1 });
    expect(calls).toBe(1);
  });
  test("a receiver may be connected for several senders, and hears of each", async () => {
    const signal = make();
    const heard: unknown[] = [];
    const [a, b, c] = [{}, {}, {}];
    const note = ({ sender }: { readonly sender: unknown }): void => void heard.push(sender);
    signal.connect(note, { sender: a });
    signal.connect(note, { sender: b });
    for (const sender of [a, b, c]) await signal.send(sender, { n: 1 });
    expect(heard).toEqual([a, b]);
    expect([signal.hasListeners(a), signal.hasListeners(c), signal.hasListeners()]).toEqual([true, false, false]);
  });
  test("senders that are texts or numbers are told apart by value", async () => {
    const signal = make();
    const heard: unknown[] = [];
    signal.connect(({ sender }) => void heard.push(sender), { sender: "a" });
    signal.connect(({ sender }) => void heard.push(sender), { sender: 0 });
    for (const sender of ["a", "b", 0, 1]) await signal.send(sender, { n: 1 });
    expect(heard).toEqual(["a", 0]);
  });
  test("a dispatchUid lets in one receiver, whichever function it is", async () => {
    const signal = make();
    const heard: string[] = [];
    signal.connect(() => void heard.push("first"), { dispatchUid: "module" });
    signal.connect(() => void heard.push("again"), { dispatchUid: "module" });
    await signal.send(null, { n: 1 });
    expect(heard).toEqual(["first"]);
    expect(signal.disconnect(null, { dispatchUid: "module" })).toBe(true);
    expect(signal.hasListeners()).toBe(false);
  });
  test("a sender of null is every sender", async () => {
    const signal = make();
    let calls = 0;
    signal.connect(() => void calls++, { sender: null });
    await signal.send({}, { n: 1 });
    expect(calls).toBe(1);
  });
  test("a sender that is undefined is an error, not every sender", () => {
    const signal = make();
    expect(() => signal.connect(() => undefined, { sender: undefined })).toThrow(
      /'sender' of connect\(\) is undefined/,
    );
  });
  test("an unknown option and a receiver that is no function are errors", () => {
    const signal = make();
    expect(() => signal.connect(() => undefined, { uid: "x" } as never)).toThrow(/connect\(\) has no option 'uid'/);
    expect(() => new Signal({ async: true } as never)).toThrow(/no option 'async'/);
    expect(() => signal.connect(3 as never)).toThrow(/takes a function/);
    expect(() => signal.disconnect()).toThrow(/takes the receiver/);
  });
  test("options on Object.prototype are none", async () => {
    const prototype = Object.prototype as { sender?: unknown };
    prototype.sender = {};
    try {
      const signal = make();
      signal.connect(() => undefined, {});
      expect(signal.hasListeners("anybody")).toBe(true);
    } finally {
      delete prototype.sender;
    }
  });
});

describe("ending a connection", () => {
  test("disconnect tells whether there was one", async () => {
    const signal = make();
    const sender = {};
    const note = (): undefined => undefined;
    signal.connect(note, { sender });
    expect(signal.disconnect(note)).toBe(false);
    expect(signal.disconnect(note, { sender })).toBe(true);
    expect(signal.disconnect(note, { sender })).toBe(false);
    expect(signal.hasListeners(sender)).toBe(false);
  });
  test("a connection can be ended by itself, or by the end of its block", () => {
    const signal = make();
    const connection = signal.connect(() => undefined);
    expect([connection.disconnect(), connection.disconnect()]).toEqual([true, false]);
    {
      using _here = signal.connect(() => undefined);
      expect(signal.hasListeners()).toBe(true);
    }
    expect(signal.hasListeners()).toBe(false);
  });
  test("who is disconnected while the signal is sent is still called for this one", async () => {
    const signal = make();
    const heard: string[] = [];
    const second = (): void => void heard.push("second");
    signal.connect(() => void signal.disconnect(second));
    signal.connect(second);
    await signal.send(null, { n: 1 });
    await signal.send(null, { n: 1 });
    expect(heard).toEqual(["second"]);
  });
  test("a weak connection is one as long as its receiver is there", async () => {
    const signal = make();
    let calls = 0;
    const kept = (): void => void calls++;
    signal.connect(kept, { weak: true });
    await signal.send(null, { n: 1 });
    expect([calls, signal.disconnect(kept)]).toEqual([1, true]);
  });
  test("a weak connection does not keep its receiver, a strong one does", async () => {
    setFlagsFromString("--expose_gc");
    const collect = runInNewContext("gc") as () => void;
    const [weak, strong] = [make(), make()];
    const connect = (): void => {
      const big = { n: 0 };
      weak.connect(() => void big.n++, { weak: true });
      strong.connect(() => void big.n++);
    };
    connect();
    await new Promise((done) => setImmediate(done));
    collect();
    expect([weak.hasListeners(), strong.hasListeners()]).toEqual([false, true]);
  });
});

describe("errors", () => {
  test("send throws what a receiver throws, and calls nobody after it", async () => {
    const signal = make();
    const heard: string[] = [];
    signal.connect(() => void heard.push("before"));
    signal.connect(async () => {
      throw new RangeError("no");
    });
    signal.connect(() => void heard.push("after"));
    await expect(signal.send(null, { n: 1 })).rejects.toThrow(RangeError);
    expect(heard).toEqual(["before"]);
  });
  test("sendRobust gives errors as responses and calls everybody", async () => {
    const signal = make();
    signal.connect(() => {
      throw new RangeError("no");
    });
    signal.connect(() => Promise.reject(new TypeError("never")));
    signal.connect(() => {
      // oxlint-disable-next-line no-throw-literal -- what users may do
      throw "text";
    });
    signal.connect(() => 3);
    const responses = (await signal.sendRobust(null, { n: 1 })).map(([, response]) => response);
    expect(responses[0]).toBeInstanceOf(RangeError);
    expect(responses[1]).toBeInstanceOf(TypeError);
    expect(responses[2]).toMatchObject({ code: "signal.thrown", cause: "text" });
    expect(responses[3]).toBe(3);
  });
  test("each receiver gets an event of its own", async () => {
    const signal = make();
    const seen: unknown[] = [];
    signal.connect((event) => void ((event as { n: number }).n = 9));
    signal.connect(({ n }) => void seen.push(n));
    await signal.send(null, { n: 1 });
    expect(seen).toEqual([1]);
  });
});

describe("where nobody can wait", () => {
  test("an async receiver is refused when it is connected", () => {
    const signal = new Signal({ sync: true });
    expect(() => signal.connect(async () => undefined)).toThrow(/cannot be async/);
  });
  test("sendSync calls receivers at once, and refuses promises without leaving them unhandled", async () => {
    const signal = new Signal<{ readonly n: number }>({ sync: true });
    const plain = ({ n }: { readonly n: number }): number => n + 1;
    signal.connect(plain);
    expect(signal.sendSync(null, { n: 1 })).toEqual([[plain, 2]]);
    signal.connect(() => Promise.reject(new Error("nobody waits")));
    expect(() => signal.sendSync(null, { n: 1 })).toThrow(expect.objectContaining({ code: "signal.async_receiver" }));
    await new Promise((done) => setImmediate(done));
  });
  test("what starts only when it is awaited is refused and not started", () => {
    const signal = new Signal();
    let started = false;
    // oxlint-disable-next-line no-thenable -- querysets are such
    signal.connect(() => ({ then: () => void (started = true) }));
    expect(() => signal.sendSync(null)).toThrow(/cannot be async/);
    expect(started).toBe(false);
  });
});

describe("receiver()", () => {
  test("connects one function to several signals and gives it back", async () => {
    const [a, b] = [make(), make()];
    const calls: number[] = [];
    const note = receiver([a, b], { sender: "me" })(({ n }: { readonly n: number }) => void calls.push(n));
    await a.send("me", { n: 1 });
    await b.send("me", { n: 2 });
    await b.send("you", { n: 3 });
    expect(calls).toEqual([1, 2]);
    note({ n: 4 });
    expect(calls).toEqual([1, 2, 4]);
  });
  test("takes signals only", () => {
    expect(() => receiver([])).toThrow(/takes a signal/);
    expect(() => receiver({} as never)).toThrow(/takes a signal/);
  });
});
