/** Tagged values of the recording as babik's values, and back. */
import { Decimal } from "decimal.js";
import { Temporal } from "temporal-polyfill";
import { describe, expect, test } from "vitest";
import { Babik } from "../../../conformance/babik-api.js";
import { decode, type Scope } from "../../../conformance/decode.js";
import { difference } from "../../../conformance/compare.js";
import type { EnvSpec, Json } from "../../../conformance/format.js";
import { Names } from "../../../conformance/names.js";
import { snapshot } from "../../../conformance/serialise.js";
import type { TemporalLike } from "../../../conformance/values.js";

function scope(env: EnvSpec = {}): Scope {
  const temporal = Temporal as unknown as TemporalLike;
  return {
    babik: new Babik({ Decimal, F: (name: unknown) => ({ f: name }) }, {}),
    names: new Names({ models: {} }),
    temporal,
    env,
    now: Temporal.Now.instant(),
    fetched: new Map(),
    toAttrs: new Set(),
    database: "sqlite",
    model: (label) => label,
  };
}

describe("a value that is decoded and shown again is the same", () => {
  const values: Json[] = [
    null,
    true,
    1.5,
    "text",
    [1, [2, "x"]],
    { a: { b: [null] } },
    { $int: "9223372036854775807" },
    { $decimal: "1.50" },
    { $float: "inf" },
    { $float: "nan" },
    { $datetime: "2005-07-30T12:30:00.123456" },
    { $date: "0001-01-01" },
    { $time: "10:42:37.5" },
    { $timedelta: 86_400_000_001 },
    { $timedelta: -1 },
    { $uuid: "550e8400-e29b-41d4-a716-446655440000" },
    { $bytes: "AP8=" },
    { $tuple: [1, { $date: "2020-02-29" }] },
    { $set: ["a", "b"] },
    { $dict: [[1, "one"]] },
  ];
  test.each(values.map((value) => [JSON.stringify(value), value]))("%s", (_, value) => {
    const at = scope();
    expect(difference(value, snapshot(decode(value, at), at))).toBeUndefined();
  });
});

describe("datetimes", () => {
  const text = "2011-09-01T13:20:30";
  test("a naive one is UTC without time zones", () => {
    expect(String(decode({ $datetime: text }, scope()))).toBe("2011-09-01T13:20:30Z");
  });
  test("a naive one is local to the setting's zone with time zones", () => {
    const env = { use_tz: true, time_zone: "Africa/Nairobi" };
    expect(String(decode({ $datetime: text }, scope(env)))).toBe("2011-09-01T10:20:30Z");
  });
  test("an offset counts in any case", () => {
    expect(String(decode({ $datetime: `${text}+07:00` }, scope()))).toBe("2011-09-01T06:20:30Z");
  });
});

describe("other tags", () => {
  test("small integers are numbers, large ones bigint", () => {
    expect(decode({ $int: "7" }, scope())).toBe(7);
    expect(decode({ $int: "-9223372036854775808" }, scope())).toBe(-9_223_372_036_854_775_808n);
  });
  test("offsets get their colon", () => {
    expect(decode({ $tz: "+0700" }, scope())).toBe("+07:00");
    expect(decode({ $tz: "Europe/Paris" }, scope())).toBe("Europe/Paris");
  });
  test("fetch modes are words", () => {
    expect(decode({ $fetch_mode: "FETCH_PEERS" }, scope())).toBe("peers");
  });
  test("F is babik's function, a function that babik lacks is named", () => {
    expect(decode({ $f: "price" }, scope())).toEqual({ f: "price" });
    expect(() => decode({ $expr: "Median", args: ["price"] }, scope())).toThrow("babik has no Median");
  });
});
