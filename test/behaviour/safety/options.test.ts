/** A misspelt option is refused everywhere: left out without a word, it would take a condition, a lock or a limit with it. */
import { afterAll, describe, expect, test } from "vitest";
import {
  babik,
  CASCADE,
  CharField,
  CheckConstraint,
  F,
  FilteredRelation,
  ForeignKey,
  GinIndex,
  ImproperlyConfigured,
  Index,
  IntegerField,
  ManyToManyField,
  model,
  onCommit,
  OrderBy,
  Prefetch,
  Q,
  QueryTypeError,
  RawSQL,
  RowNumber,
  RowRange,
  Subquery,
  UniqueConstraint,
  Value,
  ValueRange,
  Window,
} from "babik";
import { captureQueries } from "../../../src/testing.js";
import { testDatabase } from "../../support/database.js";

const database = await testDatabase();
class Page extends model("Page", {
  title: CharField({ maxLength: 20 }),
  views: IntegerField({ default: 0 }),
  parent: ForeignKey("Page", { onDelete: CASCADE, null: true, relatedName: "children" }),
}) {}
const orm = babik({ databases: { default: database.url }, apps: { optional: { Page } } });
afterAll(() => orm.close());
await orm.createTables();
const page = await Page.objects.create({ title: "one" });
const wrong = <T>(value: object): T => value as T;

const calls: Record<string, () => unknown> = {
  "Window()": () => Window(RowNumber(), wrong({ partition_by: ["title"] })),
  "RowRange()": () => RowRange(wrong({ begin: -1 })),
  "ValueRange()": () => ValueRange(wrong({ begin: -1 })),
  "Value()": () => Value(1, wrong({ output_field: IntegerField() })),
  "Subquery()": () => Subquery(Page.objects.values("id"), wrong({ output: IntegerField() })),
  "RawSQL()": () => RawSQL("1", [], wrong({ output: IntegerField() })),
  "OrderBy()": () => OrderBy(F("title"), wrong({ desc: true })),
  "asc()": () => F("title").asc(wrong({ nullsfirst: true })),
  "FilteredRelation()": () => FilteredRelation("children", wrong({ conditions: Q({ children__views: 1 }) })),
  "Prefetch()": () => Prefetch("children", wrong({ query: Page.objects.all() })),
  "onCommit()": () => onCommit(() => 1, wrong({ robst: true })),
  "selectForUpdate()": () => Page.objects.selectForUpdate(wrong({ skip_locked: true })),
  "dates()": () => Page.objects.dates("title", "year", wrong({ ordering: "ASC" })),
  "datetimes()": () => Page.objects.datetimes("title", "year", wrong({ zone: "UTC" })),
  "iterator()": () => Page.objects.iterator(wrong({ chunk: 5 })),
  "union()": () => Page.objects.union(Page.objects.all(), wrong({ every: true })),
  "inBulk()": () => Page.objects.inBulk([1], wrong({ field: "title" })),
  "bulkCreate()": () => Page.objects.bulkCreate([new Page({ title: "x" })], wrong({ ignoreConflict: true })),
  "bulkUpdate()": () => Page.objects.bulkUpdate([page], ["title"], wrong({ batch: 1 })),
  "getOrCreate()": () => Page.objects.getOrCreate({ title: "x" }, wrong({ default: { views: 1 } })),
  "updateOrCreate()": () => Page.objects.updateOrCreate({ title: "x" }, wrong({ createdefaults: {} })),
  "extra()": () => Page.objects.extra(wrong({ wheres: ["1=1"] })),
  "raw()": () => Page.objects.raw("SELECT 1", [], wrong({ translation: {} })),
  "save()": () => page.save(wrong({ updatefields: ["title"] })),
  "delete()": () => page.delete(wrong({ keepparents: true })),
  "refreshFromDb()": () => page.refreshFromDb(wrong({ only: ["title"] })),
  "fullClean()": () => page.fullClean(wrong({ excluded: ["title"] })),
  "UniqueConstraint()": () =>
    UniqueConstraint({ fields: ["title"], name: "u", ...wrong<object>({ where: Q({ views: 1 }) }) }),
  "CheckConstraint()": () =>
    CheckConstraint({ condition: Q({ views: 1 }), name: "c", ...wrong<object>({ code: "x" }) }),
  "Index()": () => Index({ fields: ["title"], ...wrong<object>({ where: Q({ views: 1 }) }) }),
  "GinIndex()": () => GinIndex({ fields: ["title"], ...wrong<object>({ fast_update: true }) }),
};

describe("an option that there is not", () => {
  test.each(Object.keys(calls))("is refused by %s, before anything is sent", async (name) => {
    const { queries } = await captureQueries(async () => {
      const error = await Promise.resolve()
        .then(() => calls[name]!())
        .then(
          () => undefined,
          (e: unknown) => e,
        );
      expect(error, name).toBeInstanceOf(QueryTypeError);
      expect((error as QueryTypeError).code).toBe("options.unknown");
      expect((error as QueryTypeError).message).toMatch(/has no option '\w+'\..*Choices are: /);
    });
    expect(queries).toEqual([]);
  });
  test("is refused by fields and models when they are declared, with the nearest name", () => {
    const declared: [string, () => unknown][] = [
      ["maxLength", () => CharField({ maxLength: 5, ...wrong<object>({ maxLenght: 5 }) })],
      ["default", () => IntegerField(wrong({ defalt: 1 }))],
      ["relatedName", () => ForeignKey("Page", { onDelete: CASCADE, ...wrong<object>({ relatedname: "x" }) })],
      ["through", () => ManyToManyField("Page", wrong({ throug: "x" }))],
      ["ordering", () => model("Other", { n: IntegerField() }, wrong({ orderin: ["n"] }))],
    ];
    for (const [near, declare] of declared) {
      expect(declare, near).toThrow(ImproperlyConfigured);
      expect(declare, near).toThrow(`Did you mean '${near}'?`);
    }
  });
  test("stands beside options that are no plain object, which are refused as well", async () => {
    expect(() => RowRange(wrong([-1, 0]))).toThrow(QueryTypeError);
    expect(() => (RowRange as (...args: unknown[]) => unknown)(-1, 0)).toThrow(/is a number/);
    expect(() => Window(RowNumber(), wrong(new Date()))).toThrow(/is an object of a class/);
    await expect(page.save(wrong(["title"]))).rejects.toThrow(QueryTypeError);
  });
});
