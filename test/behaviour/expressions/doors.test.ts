/** Functions, aggregates, transforms, lookups and expressions of users' own: by spelling, by lowering, by text. */
import {
  Aggregate,
  BabikError,
  BooleanField,
  callable,
  Case,
  CharField,
  CustomExpression,
  F,
  FieldError,
  FloatField,
  Func,
  IntegerField,
  Length,
  Lookup,
  Lower,
  OuterRef,
  Q,
  QueryTypeError,
  registerLookup,
  type SqlCompiler,
  type SqlConnection,
  type SqlPiece,
  Subquery,
  Sum,
  TextField,
  Transform,
  Value,
  ValueError,
  When,
  Window,
} from "babik";
import { captureQueries } from "babik/testing";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import { Author, Book, openBookshop, Publisher, Review, column, titles } from "../../support/bookshop.js";
import { testDatabase } from "../../support/database.js";

const orm = await openBookshop(await testDatabase());
afterAll(() => orm.close());
const undo: (() => void)[] = [];
afterEach(() => {
  for (const take of undo.splice(0)) take();
});
const allTitles = ["Atlas", "Botany", "Chess", "Dunes", "Eels"];
const loose = (label: string) => orm.getModel(label).objects as never as typeof Book.objects;

describe("door 1, spelling: Func", () => {
  test("a plain call with Django's options", async () => {
    const rows = await Book.objects.annotate({
      shout: Func("title", { function: "UPPER", arity: 1 }),
      joined: Func(Value("a"), Value("b"), {
        template: "(%(expressions)s)",
        argJoiner: " || ",
        outputField: TextField(),
        mysql: { template: "CONCAT(%(expressions)s)", argJoiner: ", " },
      }),
    });
    expect(column(rows, "shout")).toEqual(allTitles.map((t) => t.toUpperCase()));
    expect(new Set(column(rows, "joined"))).toEqual(new Set(["ab"]));
  });
  class Remainder extends Func {
    static override readonly function = "MOD";
    static override readonly arity = 2;
    static override readonly outputField = IntegerField();
    static override readonly sqlite = { template: "(%(expressions)s)", argJoiner: " % " };
  }
  test("a class with static fields", async () => {
    const rows = await Book.objects.annotate({ left: new Remainder("pages", 7) }).orderBy("title");
    expect(column(rows, "left")).toEqual(rows.map((b) => b.pages % 7));
    expect(titles(await Book.objects.filter(new Remainder("pages", 2).eq(0)).orderBy("title"))).toEqual(
      titles(rows.filter((b) => b.pages % 2 === 0)),
    );
  });
  test("a class without new", async () => {
    const Rest = callable(class Rest extends Remainder {});
    const rows = await Book.objects.annotate({ left: Rest("pages", 7) });
    expect(column(rows, "left")).toEqual(rows.map((b) => b.pages % 7));
    expect(Rest("pages", 7)).toBeInstanceOf(Rest);
  });
  test("a class named as one of babik's is what it says", async () => {
    class Lower extends Func {
      static override readonly function = "UPPER";
    }
    const [row] = await Book.objects.annotate({ x: new Lower("title") });
    expect(row).toMatchObject({ x: "ATLAS" });
  });
  test("names itself by its class in valuesList()", async () => {
    class Shout extends Func {
      static override readonly function = "UPPER";
    }
    const rows = await Book.objects.values("title", { loud: new Shout("title") }).slice(0, 1);
    expect(rows).toEqual([{ title: "Atlas", loud: "ATLAS" }]);
  });
  test("words of a template are one word or one number", async () => {
    const cast = (type: string): unknown =>
      Func("pages", { template: "CAST(%(expressions)s AS %(type)s)", type, outputField: TextField() });
    const rows = await Book.objects.annotate({ x: cast("CHAR") as never }).slice(0, 1);
    expect(String(column(rows, "x")[0])).toMatch(/^\d+$/);
    for (const type of ["CHAR) --", "CHAR, (SELECT 1)", "a b", "x;", "CHAR'", "", "a--b"])
      expect(() => cast(type)).toThrow(ValueError);
  });
  test("is a condition where it says so", async () => {
    const even = Func("pages", { template: "%(expressions)s > 150", conditional: true, outputField: BooleanField() });
    expect(await Book.objects.filter(even as never).count()).toBe(
      await Book.objects.filter({ pages__gt: 150 }).count(),
    );
  });
  test("mistakes are refused when it is made", () => {
    const wrong: (() => unknown)[] = [
      () => Func("title"),
      () => Func("title", { function: "UPPER(" }),
      () => Func("title", { function: "a; DROP" }),
      () => Func("title", { function: "UPPER", tempalte: "x" }),
      () => Func("title", "pages", { function: "UPPER", arity: 1 }),
      () => Func("title", { function: "UPPER", outputField: "text" as never }),
      () => Func("title", { template: "%(function)s(%(size)s)", function: "X" }),
      () => new Remainder("pages", 2, 3),
      () => new Remainder("pages", 2, { template: "1) OR (1=1" }),
      () => new Remainder("pages", 2, { function: "ABS" }),
      () => Func("title", undefined as never, { function: "UPPER" }),
    ];
    for (const call of wrong) expect(call).toThrow(BabikError);
    expect(() => new Remainder("pages", 2, { template: "x" })).toThrow(/static field/);
  });
  test("equal calls share one shape", async () => {
    const call = (n: number) => Book.objects.filter(new Remainder("pages", n).eq(0)).sql().text;
    expect(call(3)).toBe(call(4));
    const plain = () => Book.objects.annotate({ x: Func("title", { function: "UPPER" }) });
    const shape = (): unknown => (plain() as unknown as { node: unknown }).node;
    if (process.env["BABIK_SHAPE_CACHE"] !== "off") expect(shape()).toBe(shape());
  });
});

describe("door 1, spelling: Aggregate", () => {
  class Total extends Aggregate {
    static override readonly function = "SUM";
    static override readonly allowDistinct = true;
    static override readonly outputField = IntegerField();
  }
  test("over all rows, with filter, distinct and default", async () => {
    const pages = (await Book.objects.valuesList("pages", { flat: true })) as number[];
    const sum = (of: Iterable<number>): number => [...of].reduce((a, b) => a + b, 0);
    const out = await Book.objects.aggregate({
      all: new Total("pages"),
      some: new Total("pages", { filter: Q({ pages__gt: 150 }) }),
      once: new Total("pages", { distinct: true }),
      none: new Total("pages", { filter: { pages__lt: 0 }, default: 7 }),
    });
    expect(out).toEqual({
      all: sum(pages),
      some: sum(pages.filter((n) => n > 150)),
      once: sum(new Set(pages)),
      none: 7,
    });
  });
  test("by call, for each group, with the name of its path", async () => {
    const rows = await Publisher.objects
      .annotate({ n: Aggregate("books__pages", { function: "MAX" }) })
      .orderBy("name");
    const real = await Publisher.objects.annotate({ n: Sum("books__pages") }).orderBy("name");
    expect(rows.map((r) => r.n === null)).toEqual(real.map((r) => r.n === null));
    expect(Object.keys(await Book.objects.aggregate(new Total("pages") as never))).toEqual(["pages__total"]);
  });
  test("a template says where distinct stands", async () => {
    class CountOnce extends Aggregate {
      static override readonly function = "COUNT";
      static override readonly template = "%(function)s(DISTINCT %(expressions)s)";
      static override readonly outputField = IntegerField();
      static override readonly emptyValue = 0;
    }
    expect(await Review.objects.aggregate({ n: new CountOnce("stars") })).toEqual({
      n: new Set(await Review.objects.valuesList("stars", { flat: true })).size,
    });
    const { result, queries } = await captureQueries(() =>
      Review.objects.none().aggregate({ n: new CountOnce("stars") }),
    );
    expect([result, queries]).toEqual([{ n: 0 }, []]);
  });
  test("stands in windows, unless it says that it does not", async () => {
    const rows = await Book.objects.annotate({ s: Window(new Total("pages")) });
    expect(new Set(column(rows, "s")).size).toBe(1);
    class Lonely extends Total {
      static override readonly windowCompatible = false;
    }
    expect(() => Window(new Lonely("pages"))).toThrow(ValueError);
  });
  test("what it does not allow is refused", () => {
    class Strict extends Total {
      static override readonly allowDistinct = false as true;
    }
    expect(() => new Strict("pages", { distinct: true })).toThrow(QueryTypeError);
    expect(() => new Total("pages", { orderBy: "title" })).toThrow(QueryTypeError);
  });
});

describe("door 1, spelling: Transform", () => {
  class Shout extends Transform {
    static override readonly lookupName = "shout";
    static override readonly function = "UPPER";
  }
  class Folded extends Transform {
    static override readonly lookupName = "folded";
    static override readonly function = "LOWER";
    static override readonly bilateral = true;
  }
  test("in paths, in orderings and as an expression", async () => {
    undo.push(registerLookup(CharField, Shout));
    expect(titles(await loose("shop.Book").filter({ title__shout: "EELS" }))).toEqual(["Eels"]);
    expect(titles(await loose("shop.Book").filter({ title__shout__startswith: "E" }))).toEqual(["Eels"]);
    expect(
      titles(await loose("shop.Review").filter({ book__title__shout: "ATLAS" }).values("book__title")),
    ).toBeDefined();
    expect(titles(await Book.objects.orderBy("-title__shout" as never))).toEqual([...allTitles].reverse());
    expect(titles(await Book.objects.filter(new Shout("title").eq("EELS")))).toEqual(["Eels"]);
  });
  test("of both sides", async () => {
    undo.push(registerLookup(CharField, Folded));
    expect(titles(await loose("shop.Book").filter({ title__folded: "EELS" }))).toEqual(["Eels"]);
    expect(titles(await loose("shop.Book").filter({ title__folded__in: ["EELS", "aTLAS"] }))).toEqual([
      "Atlas",
      "Eels",
    ]);
  });
  test("its type is that of its output field", async () => {
    class Size extends Transform {
      static override readonly lookupName = "size";
      static override readonly function = "LENGTH";
      static override readonly outputField = IntegerField();
    }
    undo.push(registerLookup(CharField, Size));
    expect(titles(await loose("shop.Book").filter({ title__size__gt: 5 }))).toEqual(["Botany"]);
    expect(() => loose("shop.Book").filter({ title__size__gt: "long" })).toThrow(BabikError);
  });
});

describe("door 2, lowering", () => {
  class Between extends Func {
    static override readonly arity = 3;
    override lower(): Condition_ {
      const [x, low, high] = this.getSourceExpressions() as ReturnType<typeof F>[];
      return x!.gte(low!).and(x!.lte(high!));
    }
    static override readonly outputField = BooleanField();
  }
  type Condition_ = ReturnType<ReturnType<typeof F>["gte"]>;
  test("an expression as others", async () => {
    const rows = await Book.objects.annotate({ mid: new Between("pages", 100, 200) });
    expect(rows.map((b) => Boolean(b.mid))).toEqual(rows.map((b) => b.pages >= 100 && b.pages <= 200));
    expect(titles(await Book.objects.filter(new Between("pages", 100, 200) as never))).toEqual(
      titles(rows.filter((b) => b.pages >= 100 && b.pages <= 200)),
    );
  });
  test("by database, with values of its own", async () => {
    const seen: string[] = [];
    class Clamp extends Func {
      static override readonly function = "LEAST";
      static override readonly outputField = IntegerField();
      override lower(connection: SqlConnection) {
        seen.push(connection.vendor);
        const [x] = this.getSourceExpressions() as ReturnType<typeof F>[];
        return Case(When(x!.gt(120), { then: Value(120) }), { default: x }) as never;
      }
    }
    const rows = await Book.objects.annotate({ x: new Clamp("pages") });
    expect(column(rows, "x")).toEqual(rows.map((b) => Math.min(b.pages, 120)));
    expect(["sqlite", "postgresql", "mysql"]).toContain(seen[0]);
  });
  test("null leaves it as it is; names and queries have no place in it", async () => {
    class Plain extends Func {
      static override readonly function = "UPPER";
      override lower() {
        return null;
      }
    }
    expect(await Book.objects.filter(new Plain("title").eq("EELS")).count()).toBe(1);
    class Lost extends Plain {
      override lower() {
        return F("pages") as never;
      }
    }
    await expect(Book.objects.annotate({ x: new Lost("title") })).rejects.toThrow(FieldError);
  });
  test("a lookup made of comparisons", async () => {
    undo.push(
      registerLookup(IntegerField, {
        name: "near",
        build: (lhs, rhs) => lhs.gte(rhs.sub(10)).and(lhs.lte(rhs.add(10))),
      }),
    );
    const near = async (n: number): Promise<unknown[]> => titles(await loose("shop.Book").filter({ pages__near: n }));
    for (const n of [100, 200, 300])
      expect(await near(n)).toEqual(titles(await Book.objects.filter({ pages__range: [n - 10, n + 10] })));
    expect(() => loose("shop.Book").filter({ pages__near: "many" })).toThrow(BabikError);
    const excluded = await loose("shop.Book").exclude({ pages__near: 100 }).count();
    expect(excluded).toBe((await Book.objects.count()) - (await near(100)).length);
  });
  test("its preparation checks and changes the value, in every call", async () => {
    const prepare = (v: unknown): string => {
      if (typeof v !== "string") throw new ValueError("initial takes text.", "test.initial");
      return v.slice(0, 1);
    };
    undo.push(
      registerLookup(CharField, {
        name: "initial",
        prepare,
        build: (lhs, rhs) => (lhs as unknown as { startsWith(x: unknown): never }).startsWith(rhs),
      }),
    );
    const books = loose("shop.Book");
    expect(titles(await books.filter({ title__initial: "Each" }))).toEqual(["Eels"]);
    expect(titles(await books.filter({ title__initial: "Dry" }))).toEqual(["Dunes"]);
    expect(titles(await books.filter({ title__initial: "%" }))).toEqual([]);
    expect(() => books.filter({ title__initial: { $gt: "" } })).toThrow(ValueError);
  });
  test("a transform made of functions", async () => {
    undo.push(registerLookup(CharField, { name: "size2", transform: (lhs) => Length(lhs as never).mul(2) as never }));
    expect(titles(await loose("shop.Book").filter({ title__size2: 8 }))).toEqual(["Eels"]);
  });
});

describe("door 3, text", () => {
  class Glue extends CustomExpression {
    static override readonly outputField = TextField();
    declare readonly between: string;
    constructor(a: unknown, b: unknown, between: string) {
      super(a as never, b as never);
      (this as { between: string }).between = between;
    }
    override asSql(compiler: SqlCompiler): SqlPiece {
      const [[a, p], [b, q]] = this.getSourceExpressions().map((e) => compiler.compile(e)) as [SqlPiece, SqlPiece];
      return [`(${a} || %s || ${b})`, [...p, this.between, ...q]];
    }
    override asMysql(compiler: SqlCompiler): SqlPiece {
      const [[a, p], [b, q]] = this.getSourceExpressions().map((e) => compiler.compile(e)) as [SqlPiece, SqlPiece];
      return [`CONCAT(${a}, %s, ${b})`, [...p, this.between, ...q]];
    }
  }
  test("text and parameters of its children and of its own", async () => {
    const rows = await Book.objects.annotate({ x: new Glue("title", Value("%s ? $1 %% '"), "-") }).slice(0, 2);
    expect(column(rows, "x")).toEqual(["Atlas-%s ? $1 %% '", "Botany-%s ? $1 %% '"]);
    const within = await Book.objects.filter(
      new Glue(Lower("title"), new Glue(Value("a"), Value("b"), "+"), "=").eq("eels=a+b"),
    );
    expect(titles(within)).toEqual(["Eels"]);
  });
  test("is not kept between querysets: what it writes may change", async () => {
    const one = async (between: string): Promise<unknown> =>
      column(await Book.objects.annotate({ x: new Glue("title", Value("!"), between) }).slice(0, 1), "x")[0];
    expect([await one("-"), await one("+")]).toEqual(["Atlas-!", "Atlas+!"]);
  });
  test("is kept where a key says for what", async () => {
    let written = 0;
    class Twice extends CustomExpression {
      static override readonly outputField = IntegerField();
      static override readonly cacheKey = "twice";
      override asSql(compiler: SqlCompiler): SqlPiece {
        written++;
        const [sql, params] = compiler.compile(this.getSourceExpressions()[0]);
        return [`(${sql} + ${sql})`, [...params, ...params]];
      }
    }
    for (const n of [1, 2, 3]) {
      const rows = await Book.objects.annotate({ x: new Twice(F("pages").add(n)) });
      expect(column(rows, "x")).toEqual(rows.map((b) => (b.pages + n) * 2));
    }
    if (process.env["BABIK_SHAPE_CACHE"] !== "off") expect(written).toBe(1);
    else expect(written).toBeGreaterThan(1);
  });
  test("children kept elsewhere are declared by getSourceExpressions()", async () => {
    class Pair extends CustomExpression {
      static override readonly outputField = IntegerField();
      left: unknown;
      right: unknown;
      constructor(left: unknown, right: unknown) {
        super();
        this.left = left;
        this.right = right;
      }
      override getSourceExpressions() {
        return [this.left, this.right];
      }
      override asSql(compiler: SqlCompiler): SqlPiece {
        const [a, p] = compiler.compile(this.left),
          [b, q] = compiler.compile(this.right);
        return [`(${a} * ${b})`, [...p, ...q]];
      }
    }
    const rows = await Review.objects.annotate({ x: new Pair(F("stars"), F("book__pages")) }).selectRelated("book");
    expect(rows.length).toBeGreaterThan(0);
    expect(column(rows, "x")).toEqual(rows.map((r) => r.stars * r.book.pages));
  });
  test("in a subquery, in an ordering, in a group and around an aggregate", async () => {
    const inner = Book.objects
      .filter({ publisher: OuterRef("pk") })
      .orderBy(new Glue("title", Value(""), "").desc() as never);
    const rows = await Publisher.objects
      .annotate({
        last: Subquery(
          inner
            .annotate({ g: new Glue("title", Value("?"), "!") })
            .values("g")
            .slice(0, 1),
        ),
      })
      .orderBy("name");
    for (const p of rows) {
      const own = titles(await Book.objects.filter({ publisher: p }).orderBy("-title"));
      expect(p.last).toBe(own.length === 0 ? null : `${own[0]}!?`);
    }
    class Plus extends CustomExpression {
      static override readonly outputField = IntegerField();
      override asSql(compiler: SqlCompiler): SqlPiece {
        const [sql, params] = compiler.compile(this.getSourceExpressions()[0]);
        return [`(${sql} + 1)`, params];
      }
    }
    const grouped = await Publisher.objects.annotate({ n: new Plus(Sum("books__pages")) }).orderBy("name");
    const real = await Publisher.objects.annotate({ n: Sum("books__pages") }).orderBy("name");
    expect(column(grouped, "n")).toEqual(real.map((r) => (r.n === null ? null : r.n + 1)));
  });
  test("a function of a class with asSql, and what it is without", async () => {
    class Loud extends Func {
      static override readonly function = "LOWER";
      override asSql(compiler: SqlCompiler, connection: SqlConnection): SqlPiece {
        const [sql, params] = super.asSql(compiler, connection, { function: "UPPER" });
        return [`TRIM(${sql})`, params];
      }
    }
    expect(titles(await Book.objects.filter(new Loud("title").eq("EELS")))).toEqual(["Eels"]);
    class LoudTotal extends Aggregate {
      static override readonly function = "MIN";
      static override readonly outputField = IntegerField();
      override asSql(compiler: SqlCompiler, connection: SqlConnection): SqlPiece {
        return super.asSql(compiler, connection, { function: "MAX" });
      }
    }
    const most = Math.max(...((await Book.objects.valuesList("pages", { flat: true })) as number[]));
    expect(await Book.objects.aggregate({ n: new LoudTotal("pages") })).toEqual({ n: most });
  });
  test("a lookup of a class", async () => {
    class NotEqual extends Lookup {
      static override readonly lookupName = "ne";
      override asSql(compiler: SqlCompiler, connection: SqlConnection): SqlPiece {
        const [lhs, p] = this.processLhs(compiler, connection);
        const [rhs, q] = this.processRhs(compiler, connection);
        return [`${lhs} <> ${rhs}`, [...p, ...q]];
      }
    }
    for (const field of [CharField, IntegerField]) undo.push(registerLookup(field, NotEqual));
    const books = loose("shop.Book");
    expect(titles(await books.filter({ title__ne: "Eels" }))).toEqual(allTitles.slice(0, 4));
    expect(titles(await books.filter({ title__ne: "Atlas" }))).toEqual(allTitles.slice(1));
    expect(titles(await books.exclude({ title__ne: "Eels" }))).toEqual(["Eels"]);
    expect(titles(await books.filter({ title__ne: F("title") }))).toEqual([]);
    expect(titles(await books.filter(Q({ title__ne: "Eels" }).and({ title__ne: "Atlas" })))).toEqual([
      "Botany",
      "Chess",
      "Dunes",
    ]);
    expect(titles(await Book.objects.filter(new NotEqual(F("title"), "Eels") as never))).toEqual(allTitles.slice(0, 4));
    const reviews = await loose("shop.Review").filter({ book__title__ne: "Atlas" }).count();
    expect(reviews).toBe(await Review.objects.exclude({ book__title: "Atlas" }).count());
    expect(() => books.filter({ pages__ne: "many" })).toThrow(BabikError);
    expect(() => books.filter({ title__ne: { $ne: 1 } })).toThrow(BabikError);
    expect(() => new NotEqual("title", undefined)).toThrow(ValueError);
  });
  test("an aggregate that says that it is one", async () => {
    class Spread extends CustomExpression {
      static override readonly outputField = IntegerField();
      static override readonly containsAggregate = true;
      override asSql(compiler: SqlCompiler): SqlPiece {
        const [sql, params] = compiler.compile(this.getSourceExpressions()[0]);
        return [`(MAX(${sql}) - MIN(${sql}))`, [...params, ...params]];
      }
    }
    const pages = (await Book.objects.valuesList("pages", { flat: true })) as number[];
    expect(await Book.objects.aggregate({ n: new Spread("pages") })).toEqual({
      n: Math.max(...pages) - Math.min(...pages),
    });
  });
  test("wrong results are refused before anything is sent", async () => {
    const results: unknown[] = [
      "text",
      ["a"],
      ["%s", []],
      ["1", [2]],
      [1, []],
      ["%s", [undefined]],
      ["%s", [{ a: 1 }]],
      ["%s", [[1]]],
    ];
    for (const result of results) {
      class Wrong extends CustomExpression {
        static override readonly outputField = IntegerField();
        override asSql(): SqlPiece {
          return result as SqlPiece;
        }
      }
      const { result: error, queries } = await captureQueries(async () =>
        Book.objects.annotate({ x: new Wrong() }).then(null, (e: unknown) => e),
      );
      expect(error).toBeInstanceOf(BabikError);
      expect(queries).toEqual([]);
    }
    class Silent extends CustomExpression {}
    await expect(Book.objects.annotate({ x: new Silent("title") })).rejects.toThrow(/asSql/);
  });
  test("names are quoted, parameters stay parameters", async () => {
    class Named extends CustomExpression {
      static override readonly outputField = IntegerField();
      override asSql(compiler: SqlCompiler, connection: SqlConnection): SqlPiece {
        expect(connection.features).toBeDefined();
        const [sql, params] = compiler.compile(Value("'; DROP TABLE shop_book; --"));
        return [
          `(SELECT COUNT(*) FROM ${compiler.quoteName("shop_book")} WHERE ${compiler.quoteName("title")} <> ${sql})`,
          params,
        ];
      }
    }
    expect((await Author.objects.annotate({ n: new Named() }))[0]).toMatchObject({ n: 5 });
  });
});

test("a float function keeps its type", async () => {
  class Half extends Func<number> {
    static override readonly template = "(%(expressions)s) / 2.0";
    static override readonly outputField = FloatField();
  }
  const rows = await Book.objects.annotate({ h: new Half("pages") });
  expect(column(rows, "h")).toEqual(rows.map((b) => b.pages / 2));
});
