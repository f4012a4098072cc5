/** `Q.check()`: the database says whether a condition holds for given values, which are in no table. */
import { babik, CharField, Exists, F, IntegerField, JSONField, Lower, model, Now, Q, Value } from "babik";
import { captureQueries } from "babik/testing";
import { Temporal } from "temporal-polyfill";
import { afterAll, expect, test } from "vitest";
import { testDatabase } from "../../support/database.js";
import { failure } from "../../support/loose.js";

const database = await testDatabase();
class Thing extends model("Thing", { n: IntegerField() }) {}
const orm = babik({ databases: { default: database.url, other: database.url }, apps: { shop: { Thing } } });
await orm.createTables();
afterAll(() => orm.close());

test.each([
  [Q({ price: 20 }), { price: 20 }, true],
  [Q({ price: 20 }), { price: 21 }, false],
  [Q({ price__gt: 0, price__lt: 100 }), { price: 100 }, false],
  [Q({ price__gt: 0 }).or({ free: true }), { price: 0, free: true }, true],
  [Q({ price__gt: 0 }).xor({ free: true }), { price: 1, free: true }, false],
  [Q({ price__gt: 0 }).not(), { price: 0 }, true],
  [Q({ name__startswith: "At", name__icontains: "LAS" }), { name: "Atlas" }, true],
  [Q({ name__in: ["a", "b"] }), { name: "c" }, false],
  [Q({ a__lt: F("b") }), { a: 1, b: 2 }, true],
  [Q({ a__lt: F("b").mul(2) }), { a: 4, b: 2 }, false],
  [Q({ a__range: [1, 3] }), { a: 3 }, true],
  [Q(F("a").gt(F("b"))), { a: 2, b: 1 }, true],
  [Q({ day__year: 2020 }), { day: Temporal.PlainDate.from("2020-05-01") }, true],
  [Q({ day__gte: "2020-05-02" }), { day: Temporal.PlainDate.from("2020-05-01") }, false],
  [Q({ doc__a__b: 1 }), { doc: Value({ a: { b: 1 } }, { outputField: JSONField() }) }, true],
  [Q({ low: "abc" }), { name: "ABC", low: Lower("name") }, true],
  [Q({ t__lt: Now() }), { t: Temporal.Instant.from("2001-01-01T00:00:00Z") }, true],
  [Q(), {}, true],
] as unknown as [Q, Record<string, unknown>, boolean][])(
  "%# says what the database says",
  async (q, against, expected) => {
    expect(await q.check(against)).toBe(expected);
  },
);
test("unknown counts as right", async () => {
  expect(await Q({ a__gt: 1 }).check({ a: null })).toBe(true);
  expect(await Q({ a__gt: 1 }).check({ a: null as never, b: 1 })).toBe(true);
  expect(await Q({ a__isnull: false }).check({ a: null })).toBe(false);
  expect(await Q({ a: null }).check({ a: null })).toBe(true);
  expect(await Q({ a: null }).check({ a: 1 })).toBe(false);
});
test("it is one SELECT without a table, whose values are parameters", async () => {
  const { queries } = await captureQueries(() => Q({ name: "x' OR 1=1 --" }).check({ name: "y" }), { params: true });
  expect(queries).toHaveLength(1);
  expect(queries[0]!.sql).toMatch(/^SELECT/);
  expect(queries[0]!.sql).not.toMatch(/FROM|OR 1=1/);
});
test("a failing calculation counts as right and spoils no block", async () => {
  await orm.atomic(async () => {
    const document = { n: Value("x", { outputField: CharField({ maxLength: 5 }) }) };
    expect(typeof (await Q({ n__regex: "(" }).check(document))).toBe("boolean");
    expect(await Thing.objects.count()).toBe(0);
  });
});
test("another database can be asked", async () => {
  let asked = 0;
  await orm.connection("other").executeWrapper(
    (execute, ...rest) => {
      asked++;
      return execute(...rest);
    },
    () => Q({ a: 1 }).check({ a: 1 }, { using: "other" }),
  );
  expect(asked).toBe(1);
  expect(await failure(Q({ a: 1 }).check({ a: 1 }, { using: "nowhere" }))).toMatchObject({ code: "settings.alias" });
});
test("names that are no values, and values that are none, are refused", async () => {
  const code = async (q: Q, against: unknown, options?: object): Promise<unknown> =>
    (await failure(q.check(against as never, options)))["code"];
  expect(await code(Q({ b: 1 }), { a: 1 })).toBe("query.unknown_field");
  expect(await code(Q({ pk: 1 }), { a: 1 })).toBe("query.unknown_field");
  expect(await code(Q({ babik_no_field: 1 }), { a: 1 })).toBe("query.unknown_field");
  expect(await code(Q({ a: F("b") }), { a: 1 })).toBe("query.unknown_field");
  expect(await code(Q({ a: 1 }), { a: undefined })).toBe("value.undefined");
  expect(await code(Q({ a: 1 }), [1])).toBe("filter.argument");
  expect(await code(Q({ a: 1 }), { "a; --": 1 })).toBe("query.alias");
  expect(await code(Q({ a: 1 }), { then: 1 })).toBe("query.alias");
  expect(await code(Q({ a: 1 }), { a: 1 }, { usign: "x" })).toMatch(/option/);
});
test("a subquery may be part of it", async () => {
  expect(await Q(Exists(Thing.objects.filter({ n: 1 }) as never) as never).check({})).toBe(false);
});
