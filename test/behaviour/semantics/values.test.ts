/** Semantics of values that re-implementations of Django's ORM get wrong, each under the number it has in the inventory (S54-S57). */
import {
  babik,
  CharField,
  Count,
  DateTimeField,
  DecimalField,
  JSONField,
  JSONNull,
  model,
  Q,
  Sum,
  timezone,
  TruncDate,
  ValidationError,
} from "babik";
import { afterAll, expect, test } from "vitest";
import { testDatabase } from "../../support/database.js";

class Doc extends model(
  "Doc",
  {
    name: CharField({ maxLength: 20 }),
    data: JSONField({ null: true }),
    at: DateTimeField({ null: true }),
    amount: DecimalField({ maxDigits: 12, decimalPlaces: 2, default: "0" }),
  },
  { ordering: ["name"] },
) {}
const orm = babik({ databases: { default: (await testDatabase()).url }, apps: { papers: { Doc } } });
await orm.createTables();
afterAll(() => orm.close());
await Doc.objects.create({ name: "absent", data: { b: 1 }, amount: "0.10" });
await Doc.objects.create({ name: "json null", data: JSONNull, amount: "0.20" });
await Doc.objects.create({ name: "key null", data: { a: null }, amount: "1234567890.12" });
await Doc.objects.create({ name: "one", data: { a: 1 }, at: "2020-01-31T23:30:00Z" });
await Doc.objects.create({ name: "sql null", data: null, at: "2019-12-31T23:30:00Z" });
const found = async (conditions: object): Promise<unknown[]> =>
  (await Doc.objects.filter(conditions as never).valuesList("name", { flat: true })) as unknown[];

test("S54: a JSON null, no document, a null under a key and no such key are four things", async () => {
  expect(await found({ data: null })).toEqual(["json null"]);
  expect(await found({ data__isnull: true })).toEqual(["sql null"]);
  expect(await found({ data__a: null })).toEqual(["key null"]);
  expect(await found({ data__a__isnull: true })).toEqual(["absent", "json null", "sql null"]);
});
test("S55: filter() and exclude() on a key leave rows without the key to neither", async () => {
  expect(await found({ data__a: 1 })).toEqual(["one"]);
  const rest = (await Doc.objects.exclude({ data__a: 1 }).valuesList("name", { flat: true })) as unknown[];
  expect(rest).not.toContain("one");
  const whole = await Doc.objects
    .filter(Q({ data__a: 1 }).not().or({ data__a__isnull: true }))
    .valuesList("name", { flat: true });
  expect(whole).toEqual(["absent", "json null", "key null", "sql null"]);
});
test("S56: dates of moments are those of the current time zone", async () => {
  expect(await found({ at__date: "2020-01-31" })).toEqual(["one"]);
  expect(await found({ at__year: 2019 })).toEqual(["sql null"]);
  await timezone.override("+01:00", async () => {
    expect(await found({ at__date: "2020-02-01" })).toEqual(["one"]);
    expect(await found({ at__year: 2019 })).toEqual([]);
    expect(await found({ at__year__gte: 2020 })).toEqual(["one", "sql null"]);
    const days = await Doc.objects
      .filter({ at__isnull: false })
      .values({ day: TruncDate("at") } as never)
      .annotate({ n: Count("pk") })
      .orderBy("day");
    expect(days.map((d) => String((d as unknown as { day: unknown }).day))).toEqual(["2020-01-01", "2020-02-01"]);
  });
});
test("S57: decimals keep the digits of their column, whatever the database adds them up in", async () => {
  const amount = (await Doc.objects.get({ name: "key null" })).amount;
  expect(String(amount)).toBe("1234567890.12");
  const { s } = await Doc.objects.filter({ name__in: ["absent", "json null"] }).aggregate({ s: Sum("amount") });
  expect(Number(s)).toBe(0.3);
  await expect(Doc.objects.create({ name: "too long", amount: "12345678901234.5" })).rejects.toThrow(ValidationError);
});
