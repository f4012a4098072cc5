/** Indexes and constraints as data: what they take, what they refuse, how they are named. */
import { describe, expect, test } from "vitest";
import { QueryTypeError, ValueError } from "../../../src/base/errors.js";
import { Lower } from "../../../src/expressions/functions/text.js";
import { F } from "../../../src/expressions/makers.js";
import { Q } from "../../../src/expressions/q.js";
import {
  CheckConstraint,
  Deferrable,
  ExclusionConstraint,
  isConstraint,
  OpClass,
  UniqueConstraint,
} from "../../../src/meta/constraints.js";
import { BrinIndex, GinIndex, Index, isIndex } from "../../../src/meta/indexes.js";

const model = { appLabel: "Shop", modelName: "product", dbTable: "shop_product" };

describe("an index", () => {
  test("takes fields, or expressions before its options or among them", () => {
    expect(Index({ fields: ["a", "-b"] }).fieldOrders).toEqual([
      ["a", false],
      ["b", true],
    ]);
    expect(Index(Lower("a"), "b", { name: "i" }).expressions).toHaveLength(2);
    expect(Index({ expressions: [Lower("a")], name: "i" }).expressions).toHaveLength(1);
    expect(Index({ fields: ["a"], name: "i", condition: { a__gt: 1 } }).condition).toBeInstanceOf(Q);
  });
  test.each([
    ["nothing", () => Index({})],
    ["fields and expressions", () => Index(Lower("a"), { fields: ["b"], name: "i" })],
    ["expressions without a name", () => Index(Lower("a"))],
    ["a condition without a name", () => Index({ fields: ["a"], condition: new Q({ a: 1 }) })],
    ["included columns without a name", () => Index({ fields: ["a"], include: ["b"] })],
    ["operator classes of another number", () => Index({ fields: ["a"], opclasses: ["x", "y"], name: "i" })],
    ["operator classes beside expressions", () => Index(Lower("a"), { opclasses: ["x"], name: "i" })],
    ["operator classes that are no words", () => Index({ fields: ["a"], opclasses: ["x) --"], name: "i" })],
    ["an undefined option", () => Index({ fields: ["a"], name: undefined as never })],
    ["a setting that is no number", () => BrinIndex({ fields: ["a"], pagesPerRange: "4); DROP" as never }).withParams],
    ["a flag that is none", () => GinIndex({ fields: ["a"], fastupdate: "off" as never }).withParams],
  ])("refuses %s", (_what, make) => {
    expect(make).toThrow(ValueError);
  });
  test("refuses what is no list, no name and no condition", () => {
    expect(() => Index({ fields: "a" as never })).toThrow(QueryTypeError);
    expect(() => Index({ fields: ["a"], name: 5 as never })).toThrow(QueryTypeError);
    expect(() => Index({ fields: ["a"], name: "i", condition: "a > 1" as never })).toThrow(QueryTypeError);
    expect(() => Index(5, { name: "i" })).toThrow(QueryTypeError);
  });
  test("has a name of its own, or one made of table, column and digest", () => {
    const column = (field: string): string => `${field}_c`;
    expect(Index({ fields: ["a"], name: "%(app_label)s_%(class)s_a" }).nameFor(model, column)).toBe("shop_product_a");
    expect(Index({ fields: ["-author"] }).nameFor({ ...model, dbTable: "model_indexes_book" }, (x) => x)).toBe(
      "model_index_author_708765_idx",
    );
    expect(GinIndex({ fields: ["a"] }).nameFor(model, column)).toMatch(/^shop_produc_a_c_[0-9a-f]{6}_gin$/);
  });
  test("tells how it was built, and is known by its brand", () => {
    const made = Index({ fields: ["a"], name: "i" });
    expect(made.deconstruct()).toEqual({ type: "Index", args: [], options: { fields: ["a"], name: "i" } });
    expect([isIndex(made), made instanceof Index, isIndex({ fields: ["a"] }), isIndex(null)]).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });
});

describe("a constraint", () => {
  test("needs a name", () => {
    expect(() => CheckConstraint({ condition: { a: 1 } } as never)).toThrow(ValueError);
    expect(() => UniqueConstraint({ fields: ["a"] })).toThrow(ValueError);
  });
  test("fills its name with app and class", () => {
    expect(UniqueConstraint({ fields: ["a"], name: "%(app_label)s_%(class)s_a" }).nameFor(model)).toBe(
      "shop_product_a",
    );
  });
  test("of the check kind takes a Q, an expression or conditions", () => {
    for (const condition of [new Q({ a: 1 }), F("a").gt(1), { a: 1 }])
      expect(CheckConstraint({ condition, name: "c" }).condition).toBeTypeOf("object");
    for (const condition of [undefined, null, "a > 1", [1]])
      expect(() => CheckConstraint({ condition: condition as never, name: "c" })).toThrow(QueryTypeError);
  });
  test.each([
    ["nothing", {}],
    ["a condition that is deferred", { fields: ["a"], condition: { a: 1 }, deferrable: Deferrable.DEFERRED }],
    ["included columns that are deferred", { fields: ["a"], include: ["b"], deferrable: Deferrable.DEFERRED }],
    ["operator classes that are deferred", { fields: ["a"], opclasses: ["x"], deferrable: Deferrable.DEFERRED }],
    ["expressions that are deferred", { expressions: [Lower("a")], deferrable: Deferrable.DEFERRED }],
    ["fields and expressions", { fields: ["a"], expressions: [Lower("b")] }],
    ["operator classes of another number", { fields: ["a"], opclasses: ["x", "y"] }],
  ])("of the unique kind refuses %s", (_what, options) => {
    expect(() => UniqueConstraint({ name: "u", ...options })).toThrow(ValueError);
  });
  test("of the unique kind refuses other words for its options", () => {
    expect(() => UniqueConstraint({ name: "u", fields: ["a"], deferrable: "sometimes" as never })).toThrow(
      QueryTypeError,
    );
    expect(() => UniqueConstraint({ name: "u", fields: ["a"], nullsDistinct: "no" as never })).toThrow(QueryTypeError);
  });
  test("of the exclusion kind refuses operators that are more than operators", () => {
    const make =
      (expressions: unknown, more = {}) =>
      () =>
        ExclusionConstraint({ name: "x", expressions: expressions as never, ...more });
    expect(make([["a", "&&"]])().expressions).toHaveLength(1);
    for (const wrong of [[], [["a"]], "a", [["a", "= ) --"]]]) expect(make(wrong)).toThrow(ValueError);
    expect(make([["a", "="]], { indexType: "GIN" })).toThrow(ValueError);
  });
  test("takes operator classes that are words", () => {
    expect(OpClass("a", { name: "jsonb_path_ops" }).name).toBe("jsonb_path_ops");
    expect(() => OpClass("a", { name: "x) --" })).toThrow(ValueError);
  });
  test("tells how it was built, and is known by its brand", () => {
    const made = UniqueConstraint(Lower("a"), { name: "u" });
    expect(made.deconstruct()).toMatchObject({ type: "UniqueConstraint", options: { name: "u" } });
    expect(made.deconstruct().args).toHaveLength(1);
    expect([isConstraint(made), isConstraint({ name: "u" })]).toEqual([true, false]);
  });
});
