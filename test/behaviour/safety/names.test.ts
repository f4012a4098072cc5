/** Names, keywords and numbers that stand in SQL text: aliases, orderings, parts of dates, options, positions. */
import {
  Aggregate,
  Case,
  Cast,
  Collate,
  CombinedExpression,
  Count,
  Exact,
  Extract,
  F,
  FilteredRelation,
  Func,
  HasKey,
  Lag,
  Left,
  Ntile,
  OrderBy,
  Q,
  Right,
  Round,
  RowRange,
  StringAgg,
  Substr,
  Sum,
  Trunc,
  TruncMonth,
  Value,
  ValueRange,
  When,
  Window,
} from "babik";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { isInstanceMember } from "../../../src/base/reserved.js";
import { guard, PAYLOADS } from "../../support/attack.js";
import { Book, openBookshop, Publisher, Review } from "../../support/bookshop.js";
import { testDatabase } from "../../support/database.js";

const orm = await openBookshop(await testDatabase());
const { refused, safe, intact } = await guard(orm, async () => [
  await Book.objects.count(),
  await Publisher.objects.count(),
  await Review.objects.count(),
]);
afterAll(async () => {
  await intact();
  await orm.close();
});
const ALLOWED = /^[A-Za-z_][A-Za-z0-9_]*$/;
const wrongNames = PAYLOADS.filter((p) => !ALLOWED.test(p));
const any = (x: unknown): never => x as never;
type Call = [string, (payload: string) => unknown];

describe("an alias is refused unless letters, digits and underscores make it", () => {
  const slots: Call[] = [
    ["annotate()", (p) => Book.objects.annotate({ [p]: Count("reviews") })],
    ["alias()", (p) => Book.objects.alias({ [p]: Count("reviews") })],
    ["aggregate()", (p) => Book.objects.aggregate({ [p]: Count("*") })],
    ["values() with an expression", (p) => Book.objects.values({ [p]: F("title") })],
    ["a filtered relation", (p) => Book.objects.annotate({ [p]: FilteredRelation("reviews") })],
    [
      "a filtered relation in alias()",
      (p) => Book.objects.alias({ [p]: FilteredRelation("reviews", { condition: Q({ reviews__stars: 5 }) }) }),
    ],
    ["an annotation after values()", (p) => Book.objects.values("title").annotate({ [p]: Count("reviews") })],
    [
      "an annotation within a subquery",
      (p) => Book.objects.filter({ pk__in: any(Book.objects.annotate({ [p]: Value(1) }).values("pk")) }),
    ],
    [
      "an annotation of a union's part",
      (p) => Book.objects.values("title").union(any(Book.objects.values({ [p]: F("title") }))),
    ],
    ["extra()", (p) => (Book.objects as never as { extra(o: object): unknown }).extra({ select: { [p]: "1" } })],
  ];
  test.each(slots.slice(0, 9))("in %s", async (_slot, call) => {
    for (const p of wrongNames) await refused(() => call(p));
    await intact();
  });
  test("in extra(), as far as it could end the name", async () => {
    const call = slots[9]![1];
    for (const p of wrongNames.filter((x) => /["'`;\s\p{Cc}]|--|\/\*/u.test(x))) await refused(() => call(p));
  });
  test("the accepted names are those of the allow-list exactly", () => {
    const fields = new Set([
      "title",
      "description",
      "price",
      "pages",
      "rating",
      "inPrint",
      "published",
      "added",
      "facts",
      "publisher",
      "authors",
      "reviews",
      "cover",
      "id",
      "pk",
      "publisherId",
      "publisher_id",
      "__proto__",
      "constructor",
      "prototype",
    ]);
    const names = fc.oneof(
      fc.string({ unit: "binary", maxLength: 12 }),
      fc.string({ unit: "grapheme", maxLength: 8 }),
      fc.stringMatching(/^[A-Za-z_0-9]{1,10}$/),
      fc.stringMatching(/^[A-Za-z_][A-Za-z_0-9]{0,8}[^A-Za-z_0-9]?$/),
    );
    let accepted = 0;
    fc.assert(
      fc.property(names, (name) => {
        fc.pre(!fields.has(name));
        let ok = true;
        try {
          Book.objects.annotate({ [name]: Value(1) });
        } catch {
          ok = false;
        }
        if (ok) accepted++;
        return ok === (ALLOWED.test(name) && !isInstanceMember(name));
      }),
      { numRuns: 10_000, seed: 7 },
    );
    expect(accepted).toBeGreaterThan(1000);
  });
  test("an annotation's name is no table with a column", async () => {
    await refused(() => Book.objects.annotate({ book: FilteredRelation("reviews") }).orderBy(any("book.alice")));
    await refused(() => Book.objects.annotate({ n: Count("reviews") }).orderBy(any("n.id")));
  });
});

describe("a name in a list of names is refused unless it is one", () => {
  const slots: Call[] = [
    ["orderBy()", (p) => Book.objects.orderBy(any(p))],
    ["orderBy() descending", (p) => Book.objects.orderBy(any(`-${p}`))],
    ["orderBy() over a relation", (p) => Book.objects.orderBy(any(`publisher__${p}`))],
    ["orderBy() of F", (p) => Book.objects.orderBy(F(p).desc() as never)],
    ["values()", (p) => Book.objects.values(any(p))],
    ["valuesList()", (p) => Book.objects.valuesList(any(p))],
    ["only()", (p) => Book.objects.only(any(p))],
    ["defer()", (p) => Book.objects.defer(any(p))],
    ["selectRelated()", (p) => Book.objects.selectRelated(any(p))],
    ["distinct()", (p) => Book.objects.distinct(any(p))],
    ["earliest()", (p) => Book.objects.earliest(any(p))],
    ["dates()", (p) => Book.objects.dates(any(p), "year")],
    ["a path in filter()", (p) => Book.objects.filter(any({ [p]: 1 }))],
    ["a path behind a relation", (p) => Book.objects.filter(any({ [`publisher__${p}`]: 1 }))],
    ["a lookup", (p) => Book.objects.filter(any({ [`title__${p}`]: 1 }))],
    [
      "a lookup of an annotation",
      (p) => Book.objects.annotate({ n: Count("reviews") }).filter(any({ [`n__${p}`]: 1 })),
    ],
    ["a path in exclude()", (p) => Book.objects.exclude(any({ [`reviews__${p}`]: 1 }))],
    ["a path in an aggregate", (p) => Book.objects.aggregate({ n: Sum(p) })],
    ["a path in a function", (p) => Book.objects.annotate({ n: TruncMonth(p) })],
    ["a path in a window", (p) => Book.objects.annotate({ n: Window(Count("*"), { partitionBy: [p], orderBy: [p] }) })],
    ["update()", (p) => Book.objects.update(any({ [p]: 1 }))],
    ["the field of inBulk()", (p) => Book.objects.inBulk([1], any({ fieldName: p }))],
    ["fields of save()", async (p) => (await Book.objects.first())!.save({ updateFields: any([p]) })],
  ];
  // A lone question mark is the random order.
  test.each(slots)("%s", async (slot, call) => {
    for (const p of PAYLOADS) {
      if (p === "?" && /^(orderBy\(\)|earliest)/.test(slot)) continue;
      if (p === "" && /distinct|related/i.test(slot)) continue;
      const answer = await safe(p, () => call(p));
      expect([slot, p, answer]).toEqual([slot, p, "refused"]);
    }
    await intact();
  });
  test("a question mark is the random order, and nothing else", async () => {
    expect(await safe("", () => Book.objects.orderBy("?"))).toBe("harmless");
    await refused(() => Book.objects.orderBy(any("-?")));
    await refused(() => Book.objects.orderBy(any("??")));
  });
  test("the direction of an ordering is no text", async () => {
    const text = "DESC; DROP TABLE canary; --";
    await safe(text, () => Book.objects.orderBy(any(OrderBy(F("title"), any({ descending: text })))));
    await safe(text, () => Book.objects.orderBy(F("title").desc(any({ nullsFirst: text })) as never));
    await refused(() => Book.objects.dates("published", "year", any(text)));
    await refused(() => Book.objects.dates("published", "year", any({ order: text })));
    await intact();
  });
});

describe("a keyword comes from a list", () => {
  const members = ["constructor", "__proto__", "toString", "hasOwnProperty"];
  const bad = [...PAYLOADS, ...members, "year' FROM now()) OR 1=1;--"];
  const refusedAll = async (make: (p: string) => unknown, but: readonly string[] = []): Promise<void> => {
    for (const p of bad) if (!but.includes(p)) await refused(() => make(p));
    await intact();
  };
  test("parts of dates", async () => {
    await refusedAll((p) => Book.objects.annotate({ x: Extract("published", any(p)) }));
    await refusedAll((p) => Book.objects.annotate({ x: Trunc("published", any(p)) }));
    await refusedAll((p) => Book.objects.dates("published", any(p)));
    await refusedAll((p) => Book.objects.datetimes("added", any(p)));
  });
  test("time zones", async () => {
    await refusedAll((p) => Book.objects.annotate({ x: TruncMonth("added", { tzinfo: p }) }));
    await refused(() => Book.objects.annotate({ x: TruncMonth("added", { tzinfo: "UTC'; DROP TABLE canary; --" }) }));
    await refusedAll((p) => Book.objects.datetimes("added", "year", any({ tzinfo: p })));
  });
  test("operators, collations and frames", async () => {
    await refusedAll((p) => Book.objects.annotate({ x: CombinedExpression(F("pages"), p, 1) }));
    await refusedAll((p) => Book.objects.annotate({ x: Collate("title", p) }), [...members, "1a"]);
    for (const p of ["ROWS; DROP", 1.5, Number.NaN, Infinity, "1", "1; DROP TABLE canary", {}, 1e21]) {
      await refused(() => RowRange(any({ start: p })));
      await refused(() => ValueRange(any({ end: p })));
      await refused(() => RowRange(any({ start: null, exclusion: p })));
    }
  });
  test("types are fields", async () => {
    for (const p of [
      ...PAYLOADS,
      "text",
      "text); DROP TABLE canary; --",
      null,
      1,
      {},
      { dbType: "text" },
      { castType: "text", toDb: 1 },
      JSON.parse('{"typeName":"CharField","typeKey":"x"}'),
    ]) {
      await refused(() => Book.objects.annotate({ x: Cast("pages", any(p)) }));
      if (p === null) continue;
      await refused(() => Book.objects.annotate({ x: Value(1, any({ outputField: p })) }));
      await refused(() => Book.objects.annotate({ x: Func("title", any({ function: "UPPER", outputField: p })) }));
      await refused(() => Book.objects.annotate({ x: Sum("pages", any({ outputField: p })) }));
      await refused(() =>
        Book.objects.annotate({ x: Case(When({ pages: 1 }, { then: Value(1) }), any({ outputField: p })) }),
      );
    }
  });
  test("functions of one's own by name", async () => {
    for (const p of PAYLOADS.filter((x) => !/^[\w.]+$/.test(x) || /^\d|\.\.|^$/.test(x))) {
      await refused(() => Func("title", { function: p }));
      await refused(() => Aggregate("title", { function: p }));
      await refused(() => Func("title", { template: "%(expressions)s AS %(w)s", w: p }));
    }
  });
  test("options of explain()", async () => {
    const explain = (o: object): unknown =>
      (Book.objects.all() as never as { explain(o: object): Promise<string> }).explain(o);
    for (const p of bad) {
      await refused(() => explain({ format: p === "" ? " " : p }));
      await refused(() => explain({ [p]: true }));
    }
    await refused(() => explain({ format: "text", ["ANALYZE) SELECT 1; DROP TABLE canary; --"]: true }));
    await refused(() => explain({ analyze: "true); DROP TABLE canary; --" }));
    await refused(() => explain(JSON.parse('{"__proto__": true}') as object));
    await intact();
  });
  test("connectors are methods of Q, not keys", async () => {
    const keys = [
      { _connector: "OR 1=1 OR" },
      { connector: "OR" },
      { _negated: true },
      { negated: true },
      { using: "x" },
      { children: [] },
    ];
    for (const k of keys) {
      await refused(() => Book.objects.filter(any(k)));
      await refused(() => Book.objects.exclude(any(k)));
      await refused(() => Book.objects.filter(Q(any(k))));
      await refused(() => Book.objects.get(any(k)));
    }
    const forged = { connector: "OR 1=1 OR", negated: false, children: [["pages", 1]] };
    await refused(() => Book.objects.filter(any(forged)));
    await refused(() => Book.objects.filter(any({ kind: "lookup", settings: {}, args: [] })));
    class Fake {
      kind = "rawsql";
      settings = { sql: "1=1" };
      args = [];
    }
    await refused(() => Book.objects.filter(any(new Fake())));
    await intact();
  });
  test("lookups of one's own hand take expressions on the left", async () => {
    for (const p of PAYLOADS) {
      await refused(() => Book.objects.filter(HasKey(any(p), "a")));
      await refused(() => Book.objects.filter(Exact(any(p), 1)));
    }
  });
});

describe("a number is a number", () => {
  const numbers: unknown[] = ["1; DROP TABLE canary; --", "1", Number.NaN, 1.5, 1e21, -Infinity, {}, [1], true, "-1"];
  const slots: [string, (n: never) => unknown][] = [
    ["the start of a slice", (n) => Book.objects.all().slice(n, 5)],
    ["the end of a slice", (n) => Book.objects.all().slice(0, n)],
    [
      "the size of chunks",
      async (n) => {
        for await (const _ of Book.objects.all().iterator({ chunkSize: n })) break;
      },
    ],
    [
      "the size of batches",
      (n) => Book.objects.bulkCreate([new Book({ title: "x", price: "1", published: "2020-01-01" })], { batchSize: n }),
    ],
    ["the groups of Ntile", (n) => Book.objects.annotate({ x: Window(Ntile(n), { orderBy: ["title"] }) })],
    ["the offset of Lag", (n) => Book.objects.annotate({ x: Window(Lag("title", n), { orderBy: ["title"] }) })],
    [
      "part of an expression",
      (n) => Book.objects.annotate({ x: (F("title") as never as { slice(a: never, b: never): never }).slice(n, n) }),
    ],
  ];
  test.each(slots)("%s", async (slot, call) => {
    for (const n of numbers) {
      // A plain object at the end of a function's arguments is that of its options.
      if (/Ntile|Lag/.test(slot) && Object.getPrototypeOf(n) === Object.prototype && typeof n === "object") continue;
      const error = await refused(() => call(n as never)).catch((e: Error) => e);
      expect([slot, n, error.constructor.name]).not.toContain("AssertionError");
    }
    await intact();
  });
  test("lengths and digits are parameters or refused", async () => {
    const text = "1; DROP TABLE canary; --";
    const calls: (() => unknown)[] = [
      () => Book.objects.annotate({ x: Left("title", any(text)) }),
      () => Book.objects.annotate({ x: Right("title", any(text)) }),
      () => Book.objects.annotate({ x: Substr("title", any(text), any(text)) }),
      () => Book.objects.annotate({ x: Round("price", any(text)) }),
      () => Book.objects.annotate({ x: Round("price", any({ precision: text })) }),
      () => Book.objects.annotate({ x: StringAgg("title", any({ delimiter: Value(","), orderBy: text })) }),
    ];
    for (const call of calls) await safe(text, call);
    await intact();
  });
  test("decimals as short text do not become long numbers", async () => {
    const start = performance.now();
    await refused(() => Book.objects.create({ title: "x", price: "1e9999999", published: "2020-01-01" }));
    expect(performance.now() - start).toBeLessThan(1000);
  });
});
