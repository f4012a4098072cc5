/** Verdicts on errors, grouping of messages, counting of statements and the command line. */
import { describe, expect, test } from "vitest";
import { FieldDoesNotExist, FieldError, ObjectDoesNotExist, QueryTypeError } from "../../../src/base/errors.js";
import { MissingApi } from "../../../conformance/babik-api.js";
import { standsFor } from "../../../conformance/errors.js";
import type { CaseSpec } from "../../../conformance/format.js";
import { readOptions } from "../../../conformance/options.js";
import { normalise } from "../../../conformance/report.js";
import { judgeError, judgeResult } from "../../../conformance/result.js";
import { countQueries, expectedQueries } from "../../../conformance/run-case.js";
import { writtenTable } from "../../../conformance/state.js";

const base: CaseSpec = {
  id: "1",
  test: "t",
  backends: ["sqlite"],
  state: null,
  root: {},
  chain: [],
  op: { name: "get" },
  ordered: true,
  result: { kind: "error", type: "DoesNotExist" },
};

describe("errors", () => {
  test("a model's own class answers for the common one", () => {
    class DoesNotExist extends ObjectDoesNotExist {}
    expect(judgeError(base, new DoesNotExist("no row")).status).toBe("passed");
  });

  test("the nearest class counts, not any parent", () => {
    expect(standsFor(new FieldDoesNotExist("x"))).toEqual(["FieldDoesNotExist"]);
    expect(standsFor(new FieldError("x"))).toContain("FieldError");
  });

  test("a TypeError of JavaScript is a bug and never Python's TypeError", () => {
    const spec = { ...base, result: { kind: "error", type: "TypeError" } };
    expect(judgeError(spec, new QueryTypeError("x")).status).toBe("passed");
    expect(judgeError(spec, new TypeError("x is not a function"))).toEqual({
      status: "failed",
      message: "expected TypeError, got TypeError: x is not a function",
    });
  });

  test("what babik lacks never passes as an error", () => {
    expect(standsFor(new MissingApi("Median"))).toEqual([]);
  });
});

describe("results", () => {
  test("an error that did not come is a failure", () => {
    expect(judgeResult(base, { kind: "value", value: 3 }).message).toBe("expected DoesNotExist, got value 3");
  });

  test("loaded relations are not compared on objects that were made", () => {
    const item = { model: "a.B", pk: 1, values: { id: 1 } };
    const spec = { ...base, op: { name: "create" }, result: { kind: "instance", item } };
    const got = { kind: "instance", item: { ...item, cached: { author: null } } };
    expect(judgeResult(spec, got).status).toBe("passed");
    expect(judgeResult({ ...spec, op: { name: "get" } }, got).message).toContain("item.cached: not expected");
  });

  test("in_bulk has no order", () => {
    const spec = {
      ...base,
      result: {
        kind: "in_bulk",
        items: [
          [1, "a"],
          [2, "b"],
        ],
      },
    };
    expect(
      judgeResult(spec, {
        kind: "in_bulk",
        items: [
          [2, "b"],
          [1, "a"],
        ],
      }).status,
    ).toBe("passed");
  });
});

describe("statements", () => {
  test("transactions and settings are not counted", () => {
    expect(
      countQueries(["BEGIN", "SAVEPOINT s1", "SELECT 1", "RELEASE SAVEPOINT s1", "PRAGMA x", "insert into a"]),
    ).toBe(2);
  });

  test("the number may depend on the database", () => {
    expect(expectedQueries({ ...base, queries: { sqlite: 4, mysql: 5 } }, "mariadb")).toBe(5);
    expect(expectedQueries({ ...base, queries: 2 }, "mariadb")).toBe(2);
    expect(expectedQueries(base, "mariadb")).toBeUndefined();
  });

  test.each([
    ['INSERT INTO "a b" ("x") VALUES (?)', "a b"],
    ["INSERT IGNORE INTO `t` VALUES (1)", "t"],
    ["INSERT OR IGNORE INTO t VALUES (1)", "t"],
    ["UPDATE t SET x = 1", "t"],
    ['DELETE FROM "t" WHERE 1', "t"],
    ['SELECT * FROM "t"', undefined],
  ])("%s writes to %s", (sql, expected) => {
    expect(writtenTable(sql)).toBe(expected);
  });
});

describe("report and command line", () => {
  test("messages that differ in names and numbers are one group", () => {
    const one = normalise("items[0].values.id: expected 1, got 20");
    expect(normalise("items[13].values.id: expected -4.5, got 2")).toBe(one);
    expect(normalise("Cannot find 'x' in \"y\"")).toBe(normalise("Cannot find 'long name' in \"z\""));
  });

  test("databases are checked", () => {
    expect(readOptions(["--db", "sqlite,mariadb"], "/r").databases).toEqual(["sqlite", "mariadb"]);
    expect(readOptions(["--db", "all"], "/r").databases).toHaveLength(3);
    expect(() => readOptions(["--db", "oracle"], "/r")).toThrow("Choices are: sqlite, postgres, mariadb");
  });

  test("the baseline has a usual place", () => {
    expect(readOptions(["--check-baseline"], "/r").check).toBe("/r/conformance/baseline.json");
    expect(readOptions(["--check", "x.json"], "/r").check).toBe("x.json");
    expect(readOptions([], "/r").check).toBeUndefined();
  });
});
