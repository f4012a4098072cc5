/** Values that pretend to be something else: objects, forged expressions, patterns, keys of documents, placeholders. */
import {
  BabikError,
  BigIntegerField,
  CASCADE,
  CharField,
  Concat,
  F,
  ForeignKey,
  IntegerField,
  JSONField,
  KeyTextTransform,
  KT,
  model,
  NotSupportedError,
  babik,
  Q,
  RawSQL,
  sql,
  StringAgg,
  Subquery,
  TextField,
  URLField,
  UUIDField,
  Value,
} from "babik";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { guard, PAYLOADS } from "../../support/attack.js";
import { testDatabase } from "../../support/database.js";

class Owner extends model("Owner", { name: CharField({ maxLength: 200 }) }) {}
class Thing extends model("Thing", {
  name: CharField({ maxLength: 200, default: "" }),
  token: CharField({ maxLength: 200, default: "" }),
  note: TextField({ default: "" }),
  link: URLField({ default: "" }),
  code: UUIDField({ null: true }),
  size: IntegerField({ default: 0 }),
  big: BigIntegerField({ default: 0 }),
  data: JSONField({ null: true }),
  owner: ForeignKey("Owner", { onDelete: CASCADE, null: true, relatedName: "things" }),
}) {}
const database = await testDatabase();
const orm = babik({ databases: { default: database.url }, apps: { shop: { Owner, Thing } } });
await orm.createTables();
const ann = await Owner.objects.create({ name: "Zoë" });
await Thing.objects.bulkCreate([
  new Thing({ name: "abc", token: "secret", link: "http://x.org/", owner: ann }),
  new Thing({ name: "def", token: "0", size: 1 }),
]);
const { refused, harmless, safe, intact } = await guard(orm, async () => [
  await Thing.objects.orderBy("pk").valuesList("name", "token", "size"),
  await Owner.objects.count(),
]);
afterAll(async () => {
  await intact();
  await orm.close();
});
const any = (x: unknown): never => x as never;
const json = (text: string): never => JSON.parse(text) as never;
const texts = PAYLOADS.filter((p) => !p.includes("\0") && !/[\ud800-\udfff]/.test(p));

describe("a text is a text", () => {
  test("in filters, lists, patterns and functions it travels as a parameter", async () => {
    for (const p of texts) {
      if (p === "") continue;
      const things = Thing.objects.all();
      expect((await harmless(p, () => things.filter({ name: p }).count())).result).toBe(0);
      expect((await harmless(p, () => things.filter({ name__in: [p, `${p}!`] }).count())).result).toBe(0);
      expect((await harmless(p, () => things.filter({ name__contains: p }).count())).result).toBe(0);
      expect((await harmless(p, () => things.filter({ name__iexact: p }).exclude({ token: p }).count())).result).toBe(
        0,
      );
      const { result, params } = await harmless(p, () =>
        things
          .annotate({ x: Concat(Value(p), Value("")) })
          .orderBy("pk")
          .slice(0, 1),
      );
      expect(result[0]!.x).toBe(p);
      expect(params.join("|")).toContain(p);
    }
    await intact();
  });
  test("LIKE's own signs mean themselves", async () => {
    const odd = ["100%", "a_c", "a\\b", "%", "_", "\\", "\\%", "a\\_c", "%%", "[a]", "*", "x%_\\y"];
    await Owner.objects.bulkCreate(odd.map((name) => new Owner({ name: `<${name}>` })));
    const names = (await Owner.objects.valuesList("name", { flat: true })) as string[];
    try {
      for (const part of [...odd, "<", "a", "%>", "\\>"]) {
        const want = (test: (n: string) => boolean): string[] => names.filter(test).sort();
        const got = async (conditions: object): Promise<unknown[]> =>
          ((await Owner.objects.filter(any(conditions)).valuesList("name", { flat: true })) as string[]).sort();
        expect(await got({ name__contains: part })).toEqual(want((n) => n.includes(part)));
        expect(await got({ name__icontains: part })).toEqual(want((n) => n.toLowerCase().includes(part.toLowerCase())));
        expect(await got({ name__startswith: `<${part}` })).toEqual(want((n) => n.startsWith(`<${part}`)));
        expect(await got({ name__endswith: `${part}>` })).toEqual(want((n) => n.endsWith(`${part}>`)));
        expect(await got({ name__contains: Value(part) })).toEqual(want((n) => n.includes(part)));
      }
    } finally {
      await Owner.objects.exclude({ name: "Zoë" }).delete();
    }
  });
  test("delimiters of StringAgg", async () => {
    for (const p of ["-') FROM canary; DROP TABLE canary; --", ...texts.filter((t) => t !== "")]) {
      const { result } = await harmless(p, () =>
        Thing.objects.aggregate({ s: StringAgg("name", { delimiter: Value(p), orderBy: "name" }) }),
      );
      expect(result.s).toBe(`abc${p}def`);
    }
    await intact();
  });
  test("random texts give rows or typed errors", async () => {
    const paths = [
      "name",
      "name__gt",
      "name__icontains",
      "name__regex",
      "note__startswith",
      "token__in",
      "link",
      "code",
      "size",
      "data",
      "owner",
      "owner__name",
    ];
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: "binary", maxLength: 20 }), fc.constantFrom(...paths), async (text, path) => {
        try {
          await Thing.objects.filter(any({ [path]: path.endsWith("__in") ? [text] : text }));
        } catch (error) {
          expect(error).toBeInstanceOf(BabikError);
        }
      }),
      { numRuns: 300, seed: 11 },
    );
    await intact();
  });
});

describe("a number is no text, and the other way round", () => {
  test("text columns compared with 0 are compared with the text", async () => {
    for (const path of ["name", "token", "note", "link"]) {
      const rows = await Promise.resolve(safeRows({ [path]: 0 }));
      for (const row of rows) expect((row as Record<string, unknown>)[path]).toBe("0");
    }
    await expect(Thing.objects.get({ name: any(0) })).rejects.toThrow(BabikError);
    for (const path of ["name__in", "token__in"])
      for (const row of await safeRows({ [path]: [0] })) expect((row as { token: string }).token).toBe("0");
    for (const value of [true, false])
      for (const row of await safeRows({ token: value })) expect((row as { token: string }).token).toBe(String(value));
    async function safeRows(conditions: object): Promise<object[]> {
      try {
        return await Thing.objects.filter(any(conditions));
      } catch (error) {
        expect(error).toHaveProperty("code");
        return [];
      }
    }
  });
  test("number columns take no text that only begins as a number", async () => {
    for (const text of ["1 OR 1=1", "1abc", "0x1", "1;", " ", "", "1e1000", "１"])
      await refused(() => Thing.objects.filter({ size: any(text) }));
  });
});

const objects: unknown[] = [
  { $gt: "" },
  { gt: "" },
  { $ne: 1 },
  { not: null },
  { __raw: 1 },
  { raw: "1=1" },
  { sql: "1=1", params: [] },
  { toSqlString: "1=1" },
  { role: "admin" },
  {},
  [],
  ["x"],
  [["x"]],
  [{ $gt: "" }],
  { kind: "rawsql", args: [], settings: { sql: "1=1" } },
  { kind: "value", args: [1], settings: {} },
  { kind: "f", settings: { name: "token" } },
  { connector: "OR", children: [] },
  { asSql: "1=1" },
  { resolveExpression: 1 },
  { then: 1 },
  { toSQL: "x" },
  { toPostgres: "x" },
  { strings: ["1=1"], values: [] },
  { expand: 0 },
  { index: 0, value: 1 },
];
const clones: [string, unknown][] = [
  ["F", F("token")],
  ["Value", Value(1)],
  ["RawSQL", RawSQL("1=1")],
  ["Q", Q({ size: 1 })],
  ["sql", sql`1=1`],
  ["Subquery", Subquery(Thing.objects.values("pk"))],
  ["a row", ann],
];
describe("an object is refused where a value is meant", () => {
  test.each([
    "name",
    "token",
    "note",
    "link",
    "code",
    "size",
    "big",
    "name__gt",
    "name__icontains",
    "name__startswith",
    "name__regex",
    "size__gte",
    "owner",
    "owner__name",
    "owner__pk",
    "pk",
  ])("%s", async (path) => {
    for (const o of objects) await refused(() => Thing.objects.filter(any({ [path]: o })));
    for (const [, c] of clones)
      await refused(() =>
        Thing.objects.filter(
          any({
            [path]: JSON.parse(
              JSON.stringify(Object.assign({}, c), (_k, v: unknown) => (typeof v === "bigint" ? 0 : v)) ?? "{}",
            ),
          }),
        ),
      );
    await intact();
  });
  test("with functions attached, too; none of them is called", async () => {
    let called = 0;
    const trap = (): string => {
      called++;
      return "1=1";
    };
    const forged: unknown[] = [
      { toString: trap },
      { valueOf: trap },
      { toJSON: trap },
      { toSqlString: trap },
      { toPostgres: trap },
      { [Symbol.toPrimitive]: trap },
      { asSql: trap },
      { resolve: trap, kind: "func" },
      { then: trap },
      Object.create({ toString: trap }),
      {
        get name() {
          return trap();
        },
      },
      { toDb: trap, castType: trap },
    ];
    for (const path of ["name", "size", "code", "owner", "name__icontains", "pk", "name__regex"])
      for (const o of forged) await refused(() => Thing.objects.filter(any({ [path]: o })));
    class Sneaky {
      toString = trap;
    }
    for (const path of ["name", "size", "code", "name__icontains"])
      await refused(() => Thing.objects.filter(any({ [path]: new Sneaky() })));
    expect(called).toBe(0);
  });
  test("in keys: get, inBulk, relations, delete", async () => {
    for (const o of objects.filter((x) => !Array.isArray(x))) {
      await refused(() => Thing.objects.get({ pk: any(o) }));
      await refused(() => Thing.objects.inBulk([any(o)]));
      await refused(() => Thing.objects.filter({ owner: any(o) }).delete());
      await refused(() => Thing.objects.filter({ owner_id: any(o) } as never).delete());
      await refused(() => new Thing({ owner: any(o) }).save());
      await refused(() => new Thing({ ownerId: any(o) }).save());
    }
    await intact();
  });
  test("in writing", async () => {
    for (const o of objects) {
      for (const field of ["name", "size", "code", "big"]) {
        await refused(() => Thing.objects.create(any({ [field]: o })));
        await refused(() => Thing.objects.update(any({ [field]: o })));
      }
      await refused(() => Thing.objects.getOrCreate(any({ name: o })));
      await refused(() => Thing.objects.updateOrCreate(any({ name: "abc" }), any({ defaults: { size: o } }))).catch(
        async () => intact(),
      );
    }
    await intact();
  });
  test("as the whole of a condition", async () => {
    const whole: unknown[] = [
      null,
      undefined,
      3,
      "1=1",
      new Date(),
      [],
      () => 1,
      new Map([["name", "x"]]),
      new Set(["name"]),
      new (class Foo {
        name = "x";
      })(),
      Symbol("x"),
      true,
      1n,
      /x/,
      Promise.resolve({}),
    ];
    for (const w of whole) {
      await refused(() => Thing.objects.filter(any(w)));
      await refused(() => Thing.objects.exclude(any(w)));
      await refused(() => Thing.objects.get(any(w === undefined ? null : w)));
      if (w !== null && w !== undefined) await refused(() => Q(any(w)));
    }
    await intact();
  });
});

describe("a key of a document is one key", () => {
  const { jsonHyphenKeys } = orm.connection().dialect.features as { readonly jsonHyphenKeys?: boolean };
  const hyphened = ["-", "-a", "-?", "--", "-1x", "-- DROP TABLE canary"];
  const keys = [
    ...texts.filter((k) => k !== "" && !k.startsWith("-") && !k.includes("__") && !/^-?\d+$/.test(k)),
    ...(jsonHyphenKeys === true ? hyphened : []),
    "*",
    "**",
    "$",
    "@",
    'a"b',
    "a\\b",
    '\\"',
    "{}",
    "a,b",
    "[*]",
    "#",
    "^",
    "last",
    "😀",
    "ключ",
    "a'b",
    "{a,b}",
    "a->b",
    "$.a",
    "a.b.c",
    "constructor",
    "toString",
    "length",
  ];
  test("as text it stands among the parameters, and finds that key only", async () => {
    const made: [string, unknown][] = [];
    for (const key of keys) {
      const row = await Owner.objects.create({ name: "k" });
      const thing = await Thing.objects.create({
        name: "json",
        data: { [key]: "here", other: { [key]: "deep" } },
        owner: row,
      });
      made.push([key, thing.pk]);
    }
    try {
      for (const [key, pk] of made) {
        const own = Thing.objects.filter({ pk: any(pk) });
        const find = async (conditions: object): Promise<unknown> =>
          (await harmless(key, () => own.filter(any(conditions)).count())).result;
        expect([key, await find({ [`data__${key}`]: "here" })]).toEqual([key, 1]);
        expect([key, await find({ [`data__${key}`]: "elsewhere" })]).toEqual([key, 0]);
        expect([key, await find({ [`data__other__${key}`]: "deep" })]).toEqual([key, 1]);
        expect([key, await find({ [`data__${key}__isnull`]: false })]).toEqual([key, 1]);
        expect([key, await find({ data__has_key: key })]).toEqual([key, 1]);
        expect([key, await find({ data__has_keys: [key, "other"] })]).toEqual([key, 1]);
        expect([
          key,
          (
            await harmless(key, () =>
              own.annotate({ x: KeyTextTransform(key, "data") }).orderBy(any(KeyTextTransform(key, "data"))),
            )
          ).result[0]!.x,
        ]).toEqual([key, "here"]);
        expect([key, (await harmless(key, () => own.annotate({ x: KT(`data__other__${key}`) }))).result[0]!.x]).toEqual(
          [key, "deep"],
        );
      }
    } finally {
      await Thing.objects.filter({ name: "json" }).delete();
      await Owner.objects.filter({ name: "k" }).delete();
    }
    await intact();
  });
  test("a dot walks nowhere, a star fans out to nothing", async () => {
    const thing = await Thing.objects.create({ name: "json", data: { a: { b: 1 }, list: [1, 2] } });
    const own = Thing.objects.filter({ pk: any(thing.pk) });
    for (const key of [
      ...(jsonHyphenKeys === true ? hyphened : []),
      "a.b",
      "*",
      "a[0]",
      "$",
      "list[0]",
      "list[*]",
      "**.b",
      "a,b",
    ]) {
      expect([key, await own.filter(any({ [`data__${key}`]: 1 })).count()]).toEqual([key, 0]);
      expect([key, await own.filter(any({ [`data__${key}__isnull`]: true })).count()]).toEqual([key, 1]);
    }
    await thing.delete();
  });
  test.skipIf(jsonHyphenKeys === true)(
    "SEC-P06: a key that the database would misread is refused, not missed",
    async () => {
      for (const key of hyphened) {
        for (const conditions of [
          { [`data__${key}`]: 1 },
          { [`data__a__${key}__isnull`]: true },
          { data__has_key: key },
          { data__has_keys: ["a", key] },
          { data__has_any_keys: [key] },
        ])
          expect(await refused(() => Thing.objects.filter(any(conditions)))).toBeInstanceOf(NotSupportedError);
        await refused(() => Thing.objects.annotate({ x: KT(`data__${key}`) }));
      }
      // As data it is a key like others.
      const thing = await Thing.objects.create({ name: "json", data: { "-a": 1 } });
      expect((await Thing.objects.get({ pk: any(thing.pk) })).data).toEqual({ "-a": 1 });
      await thing.delete();
    },
  );
  test("an odd key works in filter(), and is refused as a column's name", async () => {
    for (const key of ['x" FROM canary; --', "x'; --", "x y", "x`y", "x;y", "x--y"]) {
      expect(await safe(key, () => Thing.objects.filter(any({ [`data__${key}`]: 1 })))).toBe("harmless");
      await refused(() => Thing.objects.values(any(`data__${key}`)));
      await refused(() => Thing.objects.valuesList(any(`data__${key}`)));
    }
  });
  test("random keys give rows or typed errors, and never meet another key", async () => {
    const thing = await Thing.objects.create({ name: "json", data: { a: 1, b: { c: 2 }, "": 3, "0": 4 } });
    const own = Thing.objects.filter({ pk: any(thing.pk) });
    await fc.assert(
      fc.asyncProperty(
        fc
          .string({ unit: "binary", minLength: 1, maxLength: 8 })
          .filter((k) => !k.includes("_") && !/^-?\d+$/.test(k) && k !== "a" && k !== "b"),
        async (key) => {
          let found = 0;
          try {
            found = await own.filter(any({ [`data__${key}__isnull`]: false })).count();
          } catch (error) {
            expect(error).toHaveProperty("code");
          }
          expect(found).toBe(0);
        },
      ),
      { numRuns: 150, seed: 5 },
    );
    await thing.delete();
  });
  test("nested too deep for a database is a typed error", async () => {
    let deep: unknown = 1;
    for (let i = 0; i < 20_000; i++) deep = [deep];
    await safe("", () => Thing.objects.filter({ data: any(deep) }));
    await intact();
  });
});

describe("SQL of one's own", () => {
  test("a value with placeholders in it comes back as it is", async () => {
    const values = [":name", "$1", "?", "%s", "%(x)s", "%%", "'; DROP TABLE canary; --", "$$x$$", "\\'", "E'\\''"];
    for (const v of values) {
      const raw = await Thing.objects.annotate({ x: RawSQL("%s", [v], { outputField: TextField() }) }).slice(0, 1);
      expect(raw[0]!.x).toBe(v);
      const cursor = await orm.connection().cursor();
      await cursor.execute("SELECT name FROM shop_owner WHERE name <> %s AND name <> '%%s ? $1'", [v]);
      expect(await cursor.fetchall()).toHaveLength(1);
      await cursor.close();
      expect(await Owner.objects.raw(sql`SELECT * FROM shop_owner WHERE name <> ${v}`)).toHaveLength(1);
    }
    await intact();
  });
  test("negative numbers make no comments", async () => {
    const rows = await Thing.objects
      .annotate({ x: F("size").sub(-1), y: RawSQL("size -%s", [-1], { outputField: IntegerField() }) })
      .orderBy("pk");
    expect(rows.map((r) => [r.x, r.y])).toEqual([
      [1, 1],
      [2, 2],
    ]);
  });
  test("the tag is a tag: text by call is refused", async () => {
    const tag = sql as unknown as (...args: unknown[]) => unknown;
    await refused(() => Owner.objects.raw(any(tag("SELECT * FROM shop_owner"))));
    await refused(() => Owner.objects.raw(any(tag(["SELECT * FROM shop_owner"]))));
    await refused(() => Owner.objects.raw(any(tag(json('["SELECT * FROM shop_owner"]')))));
    await refused(() => Owner.objects.raw(any(tag(Object.assign(["SELECT 1"], { raw: ["SELECT 1"] })))));
    await refused(() => Owner.objects.raw(any({ strings: ["SELECT 1"], values: [] })));
  });
  test("objects and lists are no parameters", async () => {
    for (const o of [{ a: 1 }, [1, 2], { toSqlString: () => "1=1" }, () => 1, Symbol("x")]) {
      await refused(() => Owner.objects.raw(any(sql`SELECT * FROM shop_owner WHERE name = ${any(o)}`)));
      await refused(() => Owner.objects.raw("SELECT * FROM shop_owner WHERE name = %s", [any(o)]));
      await refused(() => Thing.objects.annotate({ x: RawSQL("%s", [any(o)]) }));
      await refused(async () => {
        const cursor = await orm.connection().cursor();
        try {
          await cursor.execute("SELECT %s", [any(o)]);
        } finally {
          await cursor.close();
        }
      });
    }
  });
});

describe("errors show no values", () => {
  const secret = "s3cret-0f-n0body";
  const words = (e: unknown): string =>
    e instanceof Error ? [e.message, e.stack, JSON.stringify(e), String(e)].join("\n") : String(e);
  test("of refused calls", async () => {
    const calls: (() => unknown)[] = [
      () => Thing.objects.filter({ size: any(secret) }),
      () => Thing.objects.filter({ code: any(secret) }),
      () => Thing.objects.filter({ name: any({ [secret]: secret }) }),
      () => Thing.objects.create({ size: any(secret) }),
      () => Thing.objects.update({ size: any(secret) }),
      () => Thing.objects.filter({ size__in: any([secret]) }),
      () => Thing.objects.filter({ owner: any(secret) }),
      () => Thing.objects.filter({ big: any(secret) }),
    ];
    for (const call of calls) expect(words(await refused(call))).not.toContain(secret);
  });
  test("of the database", async () => {
    const calls: (() => PromiseLike<unknown>)[] = [
      () => Thing.objects.filter({ name__regex: `(${secret}` }),
      () => Thing.objects.annotate({ x: RawSQL("nothing(%s)", [secret]) }),
      () => Owner.objects.raw(sql`SELECT * FROM nowhere WHERE name = ${secret}`),
      () => Thing.objects.create({ name: secret, ownerId: any(999_999) }),
    ];
    let errors = 0;
    for (const call of calls) {
      const error = await Promise.resolve(call()).then(
        () => null,
        (e: unknown) => e,
      );
      if (error === null) continue;
      errors++;
      expect(words(error)).not.toContain(secret);
    }
    expect(errors).toBeGreaterThan(1);
    await Thing.objects.filter({ name: secret }).delete();
  });
});
