/** What is nested without end ends in an error that says how deep is allowed, and before anything is sent: never in an overflow of the stack. */
import {
  Case,
  CASCADE,
  CharField,
  CombinedExpression,
  DecimalField,
  Exists,
  F,
  ForeignKey,
  IntegerField,
  JSONField,
  Lower,
  Q,
  Right,
  Value,
  When,
} from "babik";
import { captureQueries } from "babik/testing";
import { describe, expect, test } from "vitest";
import { testKind } from "../../support/database.js";
import { failure, looseModel, looseOrm, type LooseSet } from "../../support/loose.js";

const Owner = looseModel("Owner", { name: CharField({ maxLength: 20 }) });
const Thing = looseModel("Thing", {
  a: IntegerField({ null: true }),
  s: CharField({ maxLength: 20, default: "x" }),
  d: DecimalField({ maxDigits: 10, decimalPlaces: 2, null: true }),
  data: JSONField({ null: true }),
  owner: ForeignKey("Owner", { onDelete: CASCADE, null: true, relatedName: "things" }),
});
await looseOrm({ Owner, Thing });
const LIMIT = 250;
const things = (): LooseSet => Thing.objects.all();
type Any = { [method: string]: (...args: unknown[]) => Any } & PromiseLike<unknown>;
const any = (x: unknown): Any => x as Any;
const twice = <T>(n: number, start: T, step: (value: T, i: number) => T): T => {
  let value = start;
  for (let i = 0; i < n; i++) value = step(value, i);
  return value;
};

/** Something of `n` levels, and what is asked with it. */
const nested: Record<string, (n: number) => PromiseLike<unknown>> = {
  "AND within OR": (n) =>
    things()
      .filter(
        twice<Q<object>>(n - 1, Q({ a: 1 }).and({ s: "x" }), (q, i) => (i % 2 ? q.and({ a: i }) : q.or({ s: "y" }))),
      )
      .count(),
  "Q within Q": (n) =>
    things()
      .filter(twice<Q<object>>(n - 1, Q({ a: 1 }), (q) => Q(q)))
      .count(),
  "exclude()": (n) =>
    things()
      .exclude(twice<Q<object>>(n - 1, Q({ a: 1 }), (q) => Q({ s: "x" }).and(q.not())))
      .count(),
  XOR: (n) =>
    things()
      .filter(twice<Q<object>>(n - 1, Q({ a: 1 }), (q, i) => Q({ a: i }).xor(q.not())))
      .count(),
  "over a relation": (n) =>
    Owner.objects
      .exclude(twice<Q<object>>(n - 1, Q({ things__a: 1 }), (q, i) => Q({ things__a: i }).or(q.not())))
      .count(),
  sums: (n) =>
    things()
      .annotate({ x: twice(n - 2, F("a") as never, (e: ReturnType<typeof F>) => e.add(1) as never) })
      .count(),
  "sums from the right": (n) =>
    things()
      .annotate({ x: twice(n - 2, F("a") as unknown, (e) => CombinedExpression(Value(1), "+", e as never)) })
      .values("x"),
  functions: (n) =>
    things()
      .annotate({ x: twice(n - 1, F("s") as never, (e) => Lower(e) as never) })
      .orderBy("x"),
  cases: (n) =>
    things().orderBy(
      twice(n - 1, F("a") as unknown, (e, i) => Case(When({ a: i }, { then: i } as never), { default: e } as never)),
    ),
  "an update": (n) =>
    things().update({ a: twice(n - 1, F("a") as unknown, (e) => (e as ReturnType<typeof F>).add(0)) }),
  "a new row": (n) => Thing.objects.create({ s: twice(n - 2, Value("N") as unknown, (e) => Lower(e as never)) }),
  lists: (n) =>
    things()
      .filter({ a__in: [twice(n - 2, F("a") as unknown, (e) => (e as ReturnType<typeof F>).add(1))] })
      .count(),
  "subqueries and conditions": (n) =>
    things()
      .filter(
        twice(n - 6, Exists(any(Thing.objects).filter!({ a: 1 }) as never) as unknown, (q) => Q(q as never)) as never,
      )
      .count(),
};
describe("levels are counted", () => {
  test.each(Object.entries(nested))("%s", async (_name, ask) => {
    const { queries } = await captureQueries(async () => {
      for (const n of [LIMIT + 10, 2000, 20_000])
        expect(await failure(async () => ask(n))).toMatchObject({ code: "query.too_deep", name: "ValueError" });
    });
    expect(queries).toEqual([]);
  });
  test.each(Object.entries(nested))(
    "what is allowed gets to the database, which may allow less: %s",
    async (name, ask) => {
      // PostgreSQL plans subqueries in each other for ten seconds, if there are so many.
      for (const n of [50, name === "over a relation" ? 60 : LIMIT - 10]) {
        let code: unknown = "ok";
        try {
          await ask(n);
        } catch (error) {
          code = (error as { code?: unknown }).code ?? error;
        }
        expect(n === 50 ? ["ok"] : ["ok", "database.not_supported"]).toContain(code);
      }
    },
  );
  test("the message says how many there may be", async () => {
    const error = await failure(async () => nested["Q within Q"]!(5000));
    expect(error.message).toContain(`more than ${LIMIT} levels`);
  });
  test("conditions side by side are no levels", async () => {
    const made = (await Thing.objects.create({ a: 3, s: "beside" })) as { pk: unknown; delete(): Promise<unknown> };
    const beside = (): LooseSet => Thing.objects.filter({ s: "beside" });
    try {
      const flat = twice<Q<object>>(3000, Q({ a: -1 }), (q, i) => q.or({ a: i }));
      expect(await beside().filter(flat).count()).toBe(1);
      expect(await beside().exclude(flat).count()).toBe(0);
      const all = twice<Q<object>>(3000, Q({ a: 3 }), (q) => q.and({ s: "beside" }));
      expect(await beside().filter(all).count()).toBe(1);
      let set = beside();
      for (let i = 0; i < 900; i++) set = set.exclude({ a: 100 + i });
      expect(await set.count()).toBe(1);
      const either = twice(900, any(beside().filter({ a: -1 })), (qs, i) => qs["or"]!(beside().filter({ a: i })));
      expect(await either["count"]!()).toBe(1);
    } finally {
      await made.delete();
    }
  });
  test("annotations that use each other count together", async () => {
    const chain = (n: number): LooseSet =>
      twice(n, things().annotate({ x0: F("a").add(1) }), (set, i) =>
        set.annotate({ [`x${i + 1}`]: F(`x${i}`).add(1) }),
      );
    expect(await chain(100).filter({ x100__gt: 0 }).count()).toBe(0);
    expect(await failure(async () => chain(400))).toMatchObject({ code: "query.too_deep" });
    const deep = twice<Q<object>>(100, Q({ x200: 1 }), (q) => Q(q));
    expect(await failure(async () => chain(200).filter(deep))).toMatchObject({ code: "query.too_deep" });
    // Many that do not are no chain.
    const many = Object.fromEntries(Array.from({ length: 400 }, (_, i) => [`y${i}`, F("a").add(i)]));
    expect(await things().annotate(many).filter({ y399: -7 }).count()).toBe(0);
  });
  test("annotations that use each other twice are refused before they fill all memory", async () => {
    const grown = async (): Promise<unknown> =>
      twice(60, any(things().annotate({ x0: F("a").add(1) })), (set, i) =>
        set.annotate!({ [`x${i + 1}`]: F(`x${i}`).add(F(`x${i}`)) }),
      );
    expect(await failure(grown)).toMatchObject({ code: "query.too_large" });
  });
  test.skipIf(testKind !== "sqlite")(
    "functions that are spelled with an argument twice are refused, too [only SQLite spells this one so]",
    async () => {
      const x = twice(40, F("s") as unknown, (e) => Right("s", e as never));
      expect(await failure(async () => things().annotate({ x }).orderBy("x"))).toMatchObject({
        code: "query.too_large",
      });
    },
  );
  test("queries within queries count, on whatever side", async () => {
    const inner = (n: number): LooseSet =>
      twice(n, things().filter({ a: 1 }), (q) => Thing.objects.filter({ pk__in: q }));
    expect(await inner(20).count()).toBe(0);
    expect(await failure(async () => inner(60))).toMatchObject({ code: "query.too_deep" });
    const left = (n: number): LooseSet => twice(n, any(things()), (q) => q.union!(any(things()))) as never;
    const right = (n: number): LooseSet => twice(n, any(things()), (q) => any(things()).union!(q)) as never;
    for (const union of [left, right]) {
      expect(await union(30).count()).toBe(await things().count());
      expect(await failure(async () => union(200))).toMatchObject({ code: "query.too_deep" });
    }
    const merged = (n: number): LooseSet =>
      twice(n, any(things().filter({ a: 1 })), (q, i) => any(things().filter({ a: i })).or!(q)) as never;
    expect(await merged(200).count()).toBe(0);
    expect(await failure(async () => merged(400))).toMatchObject({ code: "query.too_deep" });
  });
  test("paths have an end", async () => {
    const path = `data${"__a".repeat(5000)}`;
    const { queries } = await captureQueries(async () => {
      for (const ask of [
        () => things().filter({ [path]: 1 }),
        () => things().orderBy(path),
        () => things().values(path),
        () => things().annotate({ x: F(path) }),
        () => things().filter({ [`a${"__abs".repeat(5000)}`]: 1 }),
      ])
        expect(await failure(async () => ask())).toMatchObject({ code: "query.path_too_long" });
    });
    expect(queries).toEqual([]);
    expect(
      await things()
        .filter({ [`data${"__a".repeat(100)}`]: 1 })
        .count(),
    ).toBe(0);
  });
});

describe("documents", () => {
  const cyclic: Record<string, unknown> = {};
  cyclic["self"] = cyclic;
  const list: unknown[] = [];
  list.push(list);
  const deep = twice(20_000, {} as object, (a) => ({ a }));
  const deepList = twice(20_000, [] as unknown[], (a) => [a]);
  const asks: [string, (v: unknown) => PromiseLike<unknown>][] = [
    ["create()", (data) => Thing.objects.create({ data })],
    ["save()", (data) => new Thing({ data }).save()],
    ["bulkCreate()", (data) => Thing.objects.bulkCreate([new Thing({ data })])],
    ["update()", (data) => things().update({ data })],
    ["filter()", (data) => things().filter({ data }).count()],
    ["a key", (v) => things().filter({ data__a: v }).count()],
    [
      "Value()",
      (v) =>
        things()
          .annotate({ x: Value(v as never, { outputField: JSONField() } as never) })
          .values("x"),
    ],
    ["fullClean()", (data) => new Thing({ data }).fullClean({ exclude: ["a", "d", "owner"] })],
  ];
  test.each(asks)("%s refuses what has no end, and what is too deep", async (_call, ask) => {
    const { queries } = await captureQueries(async () => {
      for (const value of [cyclic, list, deep, deepList])
        expect((await failure(async () => ask(value)))["code"]).toMatch(/^(value\.json_depth|invalid)$/);
    });
    expect(queries.filter(({ sql }) => !/^(BEGIN|ROLLBACK|SAVEPOINT)/.test(sql))).toEqual([]);
  });
  test("as anything but a document they are refused, too", async () => {
    for (const value of [cyclic, list, deep, deepList])
      for (const ask of [
        () => things().filter({ a: value }).count(),
        () =>
          things()
            .filter({ a__in: [value] })
            .count(),
        () => things().filter({ data__has_keys: value }).count(),
        () =>
          things()
            .annotate({ x: Value(value as never) })
            .values("x"),
        () => Thing.objects.create({ a: value }),
      ])
        expect((await failure(async () => ask()))["code"]).toEqual(expect.any(String));
  });
});
