/** Semantics of constraints before saving that re-implementations of Django's ORM get wrong, under the inventory's number (S59). */
import {
  CharField,
  CheckConstraint,
  F,
  GeneratedField,
  IntegerField,
  Lower,
  Q,
  UniqueConstraint,
  ValidationError,
} from "babik";
import { captureQueries } from "babik/testing";
import { beforeEach, describe, expect, test } from "vitest";
import { failure, looseModel, looseOrm, type LooseRow } from "../../support/loose.js";

const optional = { null: true, blank: true };
const Row = looseModel(
  "Row",
  {
    low: IntegerField(optional),
    high: IntegerField(optional),
    code: CharField({ maxLength: 20, ...optional }),
    kind: CharField({ maxLength: 20, ...optional }),
    width: GeneratedField({
      expression: F("high").sub(F("low")),
      outputField: IntegerField({ null: true }),
      dbPersist: true,
    }),
  },
  {
    // Asked of babik only: not every database can hold all of them.
    managed: false,
    dbTable: "shop_kept",
    constraints: [
      CheckConstraint({ condition: Q({ high__gte: F("low") }), name: "ordered" }),
      CheckConstraint({ condition: Q({ width__lt: 100 }), name: "narrow" }),
      UniqueConstraint({ fields: ["code", "kind"], name: "code_kind" }),
      UniqueConstraint({ fields: ["low", "high"], nullsDistinct: false, name: "low_high" }),
      UniqueConstraint(Lower("kind"), { condition: Q({ low__gt: 10 }), name: "kind_of_high" }),
    ],
  },
);
const Kept = looseModel("Kept", {
  low: IntegerField({ null: true }),
  high: IntegerField({ null: true }),
  code: CharField({ maxLength: 20, null: true }),
  kind: CharField({ maxLength: 20, null: true }),
  width: GeneratedField({
    expression: F("high").sub(F("low")),
    outputField: IntegerField({ null: true }),
    dbPersist: true,
  }),
});
await looseOrm({ Row, Kept });
beforeEach(async () => void (await Kept.objects.all().delete()));

const broken = async (row: LooseRow, options: object = {}): Promise<string> => {
  const error = await failure(row.validateConstraints(options));
  expect(error).toBeInstanceOf(ValidationError);
  return (error["messages"] as string[]).join(" ");
};
const passes = async (row: LooseRow, options: object = {}): Promise<void> => {
  await row.validateConstraints(options);
  expect(row).toBeDefined();
};

describe("S59: a check", () => {
  test("that is unknown, because of a NULL, passes", async () => {
    await passes(new Row({ low: null, high: 1 }));
    await passes(new Row({ low: 5, high: null }));
    expect(await broken(new Row({ low: 5, high: 1 }))).toContain("ordered");
  });
  test("over an excluded field is not asked, not even by way of a computed column", async () => {
    const wide = new Row({ low: 5, high: 500 });
    expect(await broken(wide)).toContain("narrow");
    await passes(wide, { exclude: ["high"] });
    const { queries } = await captureQueries(() => passes(wide, { exclude: ["high", "kind", "code"] }));
    expect(queries).toEqual([]);
  });
});
describe("S59: uniqueness", () => {
  test("is not asked where a value is NULL", async () => {
    await Kept.objects.create({ code: "x", kind: null });
    await passes(new Row({ code: "x", kind: null, low: 1 }));
    await Kept.objects.create({ code: "x", kind: "k", low: 2 });
    expect(await broken(new Row({ code: "x", kind: "k", low: 3 }))).toContain("already exists");
  });
  test("counts NULLs as equal where the constraint says so", async () => {
    await Kept.objects.create({ low: 1, high: null });
    expect(await broken(new Row({ low: 1, high: null }))).toContain("already exists");
    await passes(new Row({ low: 2, high: null }));
  });
  test("under a condition is asked of rows that meet it, on both sides", async () => {
    await Kept.objects.create({ kind: "Hot", low: 11 });
    expect(await broken(new Row({ kind: "hOT", low: 12 }))).toContain("kind_of_high");
    await passes(new Row({ kind: "hOT", low: 9 }));
    await Kept.objects.update({ low: 1 });
    await passes(new Row({ kind: "hOT", low: 12 }));
  });
});
