/** Comparing recorded outcomes with babik's: multisets, tolerances and values that are written in several ways. */
import { describe, expect, test } from "vitest";
import { compareLists, compareRows, difference, microseconds, sameDecimal } from "../../../conformance/compare.js";

describe("lists", () => {
  test("in order, a swapped pair is a difference", () => {
    expect(compareLists([1, 2], [2, 1], "items", true)).toBe("items[0]: expected 1, got 2");
  });

  test("without order, a swapped pair is none, but numbers of equal items count", () => {
    expect(compareLists([1, 2, 2], [2, 1, 2], "items", false)).toBeUndefined();
    expect(compareLists([1, 2, 2], [2, 1, 1], "items", false)).toBe("items{2}: expected 2, got 1");
  });

  test("a missing item shows both lists", () => {
    expect(compareLists([1, 2], [1], "items", true)).toBe("items: expected 2 items, got 1: [1,2] against [1]");
  });

  test("what is not a list is not equal to one", () => {
    expect(difference([], {})).toBe("expected [], got {}");
  });

  test("rows of a table have no order", () => {
    const rows = [
      [1, "a"],
      [2, null],
    ];
    expect(compareRows(rows, [...rows].reverse())).toBeUndefined();
    expect(compareRows(rows, [rows[0]!, [2, "x"]])).toBe('{1}[1]: expected null, got "x"');
  });

  test("loaded relations say themselves whether their order counts", () => {
    const ordered = { tags: { ordered: true, items: [1, 2] } };
    const any = { tags: { ordered: false, items: [1, 2] } };
    const got = { tags: { ordered: true, items: [2, 1] } };
    expect(difference(ordered, got)).toBe(".tags[0]: expected 1, got 2");
    expect(difference(any, got)).toBeUndefined();
  });
});

describe("objects", () => {
  test("the order of keys does not count, each key does", () => {
    expect(difference({ a: 1, b: 2 }, { b: 2, a: 1 })).toBeUndefined();
    expect(difference({ a: 1, b: 2 }, { a: 1 })).toBe(".b: missing, expected 2");
    expect(difference({ a: 1 }, { a: 1, b: 2 })).toBe(".b: not expected, got 2");
  });

  test("an object that only refers to one shown elsewhere is compared by model and key", () => {
    const full = { model: "a.B", pk: 1, values: { id: 1, name: "x" } };
    expect(difference({ model: "a.B", pk: 1, ref: true }, full)).toBeUndefined();
    expect(difference({ model: "a.B", pk: 2, ref: true }, full)).toBe(".pk: expected 2, got 1");
  });

  test("deferred fields have no order", () => {
    expect(difference({ deferred: ["a", "b"] }, { deferred: ["b", "a"] })).toBeUndefined();
  });
});

describe("numbers", () => {
  test("floats are equal within a millionth, integers exactly", () => {
    expect(difference(1.0000001, 1.0000002)).toBeUndefined();
    expect(difference(1.001, 1.002)).toBe("expected 1.001, got 1.002");
    expect(difference(1_000_000_000, 1_000_000_001)).toBe("expected 1000000000, got 1000000001");
  });

  test("a number is not a string or a boolean", () => {
    expect(difference(1, "1")).toBe('expected 1, got "1"');
    expect(difference(1, true)).toBe("expected 1, got true");
    expect(difference(0, null)).toBe("expected 0, got null");
  });

  test("integers beyond 2^53 are compared digit by digit", () => {
    expect(difference({ $int: "9223372036854775807" }, { $int: "9223372036854775807" })).toBeUndefined();
    expect(difference({ $int: "9223372036854775807" }, { $int: "9223372036854775806" })).toContain("expected");
    expect(difference(7, { $int: "7" })).toBeUndefined();
  });

  test("floats that JSON cannot write", () => {
    expect(difference({ $float: "3" }, 3)).toBeUndefined();
    expect(difference({ $float: "nan" }, { $float: "nan" })).toBeUndefined();
    expect(difference({ $float: "-inf" }, { $float: "-inf" })).toBeUndefined();
    expect(difference({ $float: "inf" }, { $float: "-inf" })).toContain("expected");
  });

  test("decimals are compared as numbers", () => {
    for (const [a, b] of [
      ["1.50", "1.5"],
      ["1E+2", "100"],
      ["-0.00", "0"],
      ["0E-10", "0"],
      [".5", "0.50"],
    ] as const)
      expect(sameDecimal(a, b), `${a} and ${b}`).toBe(true);
    for (const [a, b] of [
      ["1.50", "1.51"],
      ["-1", "1"],
      ["100", "1000"],
      ["0.1", "0.10000000001"],
    ] as const)
      expect(sameDecimal(a, b), `${a} and ${b}`).toBe(false);
    expect(difference({ $decimal: "1.5" }, 1.5)).toContain("expected");
  });

  test("the last digits of a long quotient may differ", () => {
    expect(sameDecimal("61.7166666666666667", "61.7166666666667")).toBe(true);
    expect(sameDecimal("61.7166666666666667", "61.717")).toBe(false);
  });
});

describe("dates and other tagged values", () => {
  test("a naive datetime counts as UTC", () => {
    expect(microseconds("2005-07-30T12:30:00")).toBe(microseconds("2005-07-30T14:30:00+02:00"));
    expect(difference({ $datetime: "2005-07-30T12:30:00" }, { $datetime: "2005-07-30T12:30:00Z" })).toBeUndefined();
    expect(difference({ $datetime: "2005-07-30T12:30:00.000001" }, { $datetime: "2005-07-30T12:30:00Z" })).toContain(
      "expected",
    );
  });

  test("years before 100 are themselves", () => {
    expect(microseconds("0001-01-01T00:00:00")).toBe(-62_135_596_800_000_000n);
  });

  test("now is any moment within 15 hours", () => {
    const hours = (n: number): string => new Date(Date.now() + n * 3_600_000).toISOString();
    expect(difference({ $now: "naive" }, { $datetime: hours(-14) })).toBeUndefined();
    expect(difference({ $now: "naive" }, { $datetime: hours(-16) })).toContain("expected");
    expect(difference({ $now: "naive" }, null)).toContain("expected");
  });

  test("times are equal whatever zeros their fractions end with", () => {
    expect(difference({ $time: "10:42:37.500000" }, { $time: "10:42:37.5" })).toBeUndefined();
    expect(difference({ $time: "10:42:37" }, { $time: "10:42:38" })).toContain("expected");
  });

  test("uuids are compared without case", () => {
    expect(difference({ $uuid: "AB0D-1" }, "ab0d-1")).toBeUndefined();
  });

  test("tuples keep their order, sets do not", () => {
    expect(difference({ $tuple: [1, 2] }, [1, 2])).toBeUndefined();
    expect(difference({ $tuple: [1, 2] }, [2, 1])).toContain("expected");
    expect(difference({ $set: [1, 2] }, [2, 1])).toBeUndefined();
  });

  test("empty ranges are equal whatever their ends", () => {
    const empty = { $range: { type: "NumericRange", lower: null, upper: null, bounds: null } };
    expect(difference(empty, { $range: { lower: null, upper: null, bounds: null } })).toBeUndefined();
    expect(
      difference({ $range: { lower: 1, upper: 5, bounds: "[)" } }, { $range: { lower: 1, upper: 5, bounds: "[]" } }),
    ).toContain("bounds");
  });

  test("a value of another kind differs", () => {
    expect(difference({ $date: "2005-07-30" }, { $datetime: "2005-07-30T00:00:00Z" })).toContain("expected");
    expect(difference({ $bytes: "AAE=" }, { $bytes: "AAE=" })).toBeUndefined();
  });
});
