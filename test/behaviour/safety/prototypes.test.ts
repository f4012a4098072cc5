/** Object.prototype: nothing from outside changes it, and what others put there changes no SQL. */
import { atomic, Count, F, Q, Sum, sql, StringAgg, Value, When, Case, Window, RowRange, Prefetch } from "babik";
import { captureQueries } from "babik/testing";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import { guard } from "../../support/attack.js";
import { Author, Book, openBookshop, Publisher, Review } from "../../support/bookshop.js";
import { testDatabase } from "../../support/database.js";

const orm = await openBookshop(await testDatabase());
const { safe, intact } = await guard(orm, async () => [
  await Book.objects.count(),
  await Publisher.objects.count(),
  await Review.objects.count(),
  await Author.objects.count(),
]);
afterAll(async () => {
  await intact();
  await orm.close();
});
const any = (x: unknown): never => x as never;
const global = Object.prototype as unknown as Record<string, unknown>;
// Names of public options, and those of the reports that gave this test its reason.
const names = [
  "polluted",
  "limit",
  "offset",
  "using",
  "raw",
  "where",
  "having",
  "filter",
  "distinct",
  "default",
  "all",
  "nowait",
  "skipLocked",
  "noKey",
  "of",
  "flat",
  "named",
  "orderBy",
  "outputField",
  "descending",
  "nullsFirst",
  "nullsLast",
  "batchSize",
  "ignoreConflicts",
  "updateConflicts",
  "updateFields",
  "uniqueFields",
  "defaults",
  "createDefaults",
  "condition",
  "partitionBy",
  "frame",
  "order",
  "tzinfo",
  "timeZone",
  "analyze",
  "format",
  "ssl",
  "host",
  "sample",
  "delimiter",
  "chunkSize",
  "fieldName",
  "durable",
  "isolation",
  "retries",
  "toAttr",
  "forceInsert",
  "forceUpdate",
  "translations",
  "exclusion",
  "arity",
  "function",
  "extra",
  "tables",
  "select",
];

describe("data cannot reach the prototype", () => {
  const hostile = [
    '{"__proto__":{"polluted":1}}',
    '{"constructor":{"prototype":{"polluted":1}}}',
    '{"prototype":{"polluted":1}}',
    '{"a":{"__proto__":{"polluted":1}}}',
    '{"__proto__":1}',
    '{"__defineGetter__":1}',
  ];
  const entries: [string, (o: never) => unknown][] = [
    ["filter()", (o) => Book.objects.filter(o)],
    ["exclude()", (o) => Book.objects.exclude(o)],
    ["Q()", (o) => Book.objects.filter(Q(o))],
    ["get()", (o) => Book.objects.get(o)],
    ["annotate()", (o) => Book.objects.annotate(o)],
    ["aggregate()", (o) => Book.objects.aggregate(o)],
    ["values()", (o) => Book.objects.values(o)],
    ["create()", (o) => Book.objects.create(o)],
    ["update()", (o) => Book.objects.filter({ pk: 0 }).update(o)],
    ["getOrCreate()", (o) => Book.objects.getOrCreate(o)],
    ["defaults", (o) => Book.objects.updateOrCreate({ pk: any(0) }, { defaults: o })],
    ["new", (o) => new Book(o)],
    ["set()", (o) => new Book({}).set(o)],
    ["a document", (o) => Book.objects.filter({ facts: o })],
    ["part of a document", (o) => Book.objects.filter({ facts__contains: o })],
    ["Case()", (o) => Book.objects.annotate({ x: Case(When({ pages: 1 }, { then: Value(1) }), o) })],
    ["When()", (o) => Book.objects.annotate({ x: Case(When(o, { then: Value(1) })) })],
    ["Count()", (o) => Book.objects.annotate({ x: Count("reviews", o) })],
    ["an aggregate's filter", (o) => Book.objects.annotate({ x: Count("reviews", { filter: o }) })],
    [
      "selectForUpdate()",
      (o) =>
        (Book.objects.all() as never as { selectForUpdate(o: object): { sql(): unknown } }).selectForUpdate(o).sql(),
    ],
    ["explain()", (o) => (Book.objects.all() as never as { explain(o: object): Promise<string> }).explain(o)],
    [
      "iterator()",
      async (o) => {
        for await (const _ of Book.objects.all().iterator(o)) break;
      },
    ],
  ];
  test.each(entries)("%s", async (_name, call) => {
    for (const text of hostile) {
      try {
        await safe("", () => call(JSON.parse(text) as never));
      } finally {
        expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
        expect(Object.keys(global)).toEqual([]);
      }
    }
    expect(Object.getOwnPropertyNames(Object.prototype)).not.toContain("polluted");
  });
  test("a document with such keys comes back as it went", async () => {
    const facts = JSON.parse(
      '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"toString":"x"}',
    ) as object;
    const book = await Book.objects.create({ title: "Odd", price: "1", published: "2020-01-01", facts });
    const again = await Book.objects.get({ pk: book.pk });
    await book.delete();
    expect(JSON.stringify(again.facts, Object.keys(facts).sort())).toBe(
      JSON.stringify(facts, Object.keys(facts).sort()),
    );
    expect(Object.hasOwn(again.facts as object, "__proto__")).toBe(true);
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
  });
});

describe("what others put on the prototype changes no statement", () => {
  afterEach(() => {
    for (const n of names) delete global[n];
  });
  const lock = (qs: unknown): Promise<unknown> =>
    atomic(async () => await (qs as { selectForUpdate(): PromiseLike<unknown> }).selectForUpdate());
  const canLock =
    (orm.connection().dialect as { features: { selectForUpdate?: boolean } }).features.selectForUpdate === true;
  const work = async (round: string): Promise<void> => {
    await Book.objects
      .filter({ pages__gt: 1, publisher__name: "North" })
      .exclude({ reviews__stars: 1 })
      .orderBy("-title");
    await Book.objects
      .annotate({ n: Count("reviews"), s: Sum("reviews__stars") })
      .filter({ n__gt: 0 })
      .values("title", "n");
    await Book.objects
      .annotate({
        [`w${round}`]: Window(Count("*"), {
          partitionBy: ["publisher"],
          orderBy: [F("pages").desc()],
          frame: RowRange({ start: -1, end: 0 }),
        }),
      })
      .orderBy("pk")
      .slice(0, 2);
    await Book.objects.aggregate({ s: StringAgg("title", { delimiter: Value(",") }), n: Count("*") });
    await Book.objects.filter(Q({ pages: 1 }).or({ pages: 2 })).valuesList("title", { flat: true });
    await Book.objects.filter({ title: "Atlas" }).union(any(Book.objects.filter({ title: "Eels" })));
    await Book.objects
      .selectRelated("publisher")
      .prefetchRelated("reviews", Prefetch("authors", { queryset: Author.objects.orderBy("name") }) as never);
    await Book.objects.dates("published", "year");
    await Book.objects.filter({ title__in: ["Atlas"], facts__maps: 12 }).exists();
    await Book.objects.filter({ facts: { a: 1 } }).count();
    await Publisher.objects.raw(sql`SELECT * FROM shop_publisher WHERE name = ${"North"}`);
    await Publisher.objects.raw("SELECT * FROM shop_publisher WHERE name = %s", ["North"]);
    await Book.objects.inBulk();
    await Book.objects.first();
    await Book.objects.latest();
    for await (const _ of Book.objects.all().iterator()) break;
    if (canLock) await lock(Book.objects.filter({ title: "Atlas" }));
    const p = await Publisher.objects.create({ name: "Temp" });
    p.city = "X";
    await p.save();
    await Publisher.objects.filter({ name: "Temp" }).update({ city: F("name") });
    await Publisher.objects.getOrCreate({ name: "Temp" });
    await Publisher.objects.updateOrCreate({ name: "Temp" }, { defaults: { city: "Y" } });
    await Publisher.objects.bulkCreate([new Publisher({ name: "Temp2" })]);
    await Publisher.objects.filter({ name__startswith: "Temp" }).delete();
    expect(await Publisher.objects.count()).toBe(3);
    await (await Author.objects.get({ name: "Ann" })).books.filter({ pages__gt: 1 });
  };
  const statements = async (round: string): Promise<string[]> => {
    const { queries } = await captureQueries(() => work(round), { params: true });
    // Keys that the database numbers are other ones each time.
    const shown = (params: unknown): string =>
      JSON.stringify(params, (_k, x: unknown) => (typeof x === "bigint" ? Number(x) : x)).replaceAll(/\d+/g, (n) =>
        Number(n) < 4 ? n : "#",
      );
    return queries.map((q) => `${q.sql} ${shown(q.params ?? [])}`.replaceAll(`w${round}`, "w"));
  };
  const values: [string, unknown][] = [
    ["1=1", "1=1"],
    ["true", true],
    ["1", 1],
    ["an object", { a: 1 }],
    ["a list", ["1=1"]],
  ];
  test.each(values)("%s", async (label, value) => {
    const clean = await statements(`a${label.length}`);
    for (const n of names)
      Object.defineProperty(Object.prototype, n, { value, configurable: true, writable: true, enumerable: false });
    let dirty: string[];
    try {
      // The same shapes, and then new ones, so that nothing is served from what was built before.
      dirty = await statements(`b${label.length}`);
    } finally {
      for (const n of names) delete global[n];
    }
    expect(dirty).toEqual(clean);
    await intact();
  });
});
