/** Functions, dates, documents and exact decimals on real rows: every database gives the same values. */
import { createHash } from "node:crypto";
import * as b from "babik";
import { beforeAll, describe, expect, test } from "vitest";
import { looseModel, looseOrm, type LooseSet } from "../../support/loose.js";

const { F, Value, Temporal, timezone } = b;

const Reading = looseModel("Reading", {
  name: b.CharField({ maxLength: 30 }),
  alias: b.CharField({ maxLength: 30, null: true }),
  n: b.IntegerField(),
  f: b.FloatField(),
  day: b.DateField(),
  at: b.DateTimeField(),
  time: b.TimeField(),
  took: b.DurationField(),
  price: b.DecimalField({ maxDigits: 8, decimalPlaces: 2 }),
  mass: b.DecimalField({ maxDigits: 30, decimalPlaces: 10 }),
  data: b.JSONField({ null: true }),
});
const orm = await looseOrm({ Reading });
await (orm.connection() as unknown as { ready(): Promise<unknown> }).ready();
const { features } = orm.connection().dialect;

const HEAVY = "12345678901234567.1234567891";
beforeAll(async () => {
  const add = (values: object) => Reading.objects.create(values);
  await add({
    name: "Ann",
    alias: "annie",
    n: 7,
    f: 2.25,
    day: "2015-12-31",
    at: new Date("2015-12-31T23:30:50.321Z"),
    time: "13:14:15",
    took: "P2DT3S",
    price: "5.00",
    mass: HEAVY,
    data: { a: { b: [1, "x", null] }, n: null, num: 10, 'k"q': true, "0": "zero" },
  });
  await add({
    name: "Bob",
    n: -3,
    f: -1.5,
    day: "2016-01-04",
    at: new Date("2016-01-01T02:00:00Z"),
    time: "00:00:00.5",
    took: "PT1H",
    price: "0.10",
    mass: "0.0000000001",
    data: { num: 9, t: "Text" },
  });
  await add({
    name: "Cyd",
    n: 0,
    f: 0,
    day: "2020-02-29",
    at: new Date("2020-06-01T00:00:00Z"),
    time: "23:59:59",
    took: "-PT1S",
    price: "0.20",
    mass: "-1",
    data: b.JSONNull,
  });
  await add({
    name: "Dee",
    n: 1,
    f: 1,
    day: "2020-03-01",
    at: new Date("2020-06-02T00:00:00Z"),
    time: "12:00:00",
    took: "PT0S",
    price: "1.00",
    mass: "2",
    data: null,
  });
});
const all = (): LooseSet => Reading.objects.all().orderBy("name");
const first = async (e: unknown): Promise<unknown> =>
  (await Reading.objects.filter({ name: "Ann" }).annotate({ x: e }).get())["x"];
const found = async (conditions: unknown): Promise<string[]> =>
  (await all().filter(conditions)).map((r) => String(r["name"])[0]!);
const shown = (v: unknown): unknown =>
  v instanceof Date ? v.toISOString() : typeof v === "object" && v !== null && !Array.isArray(v) ? String(v) : v;

describe("a function gives", () => {
  const cases: [what: string, e: unknown, expected: unknown][] = [
    ["small letters", b.Lower("name"), "ann"],
    ["texts joined, NULL as nothing", b.Concat("name", Value("-"), "alias"), "Ann-annie"],
    ["the end of a text", b.Right("name", 2), "nn"],
    ["nothing of the end", b.Right("name", b.Length("name").sub(3)), ""],
    ["a part of a text", b.Substr("name", 2, 1), "n"],
    ["a position, 0 where there is none", b.StrIndex("name", Value("z")), 0],
    ["a padded text", b.LPad("name", 5, Value("*")), "**Ann"],
    ["a replaced text", b.Replace("name", Value("n"), Value("m")), "Amm"],
    ["a text backwards", b.Reverse("alias"), "einna"],
    ["a digest", b.SHA256("name"), createHash("sha256").update("Ann").digest("hex")],
    ["a code point", b.Ord(Value("é")), 233],
    ["a rounded number", b.Round("price", 1), "5"],
    ["a rounded double", b.Round("f"), 2],
    ["a remainder", b.Mod("n", 4), 3],
    ["a power", b.Power("n", 2), 49],
    ["the greatest", b.Greatest("n", 3), 7],
    ["the first that is no NULL", b.Coalesce("alias", "name"), "annie"],
    ["bits", F("n").bitXor(2), 5],
    ["an exact product", F("mass").mul(2), "24691357802469134.2469135782"],
    ["an exact sum with a price", F("mass").add(F("price")), "12345678901234572.1234567891"],
    ["a quotient of decimals with its fraction", F("price").div(2), "2.5"],
    ["a date and a duration", F("at").add(F("took")), "2016-01-02T23:30:53.321Z"],
    ["the difference of moments", F("at").sub(Value(new Date("2015-12-31T00:00:00Z"))), "PT23H30M50.321S"],
    ["the difference of times", F("time").sub(Value(Temporal.PlainTime.from("13:00:00.5"))), "PT14M14.5S"],
    ["a truncated moment", b.TruncMonth("at"), "2015-12-01T00:00:00.000Z"],
    ["the Monday of the week", b.TruncWeek("day"), "2015-12-28"],
    ["a week of the ISO year", b.ExtractWeek("day"), 53],
    ["the year of the ISO week", b.ExtractIsoYear("day"), 2015],
    ["a date cast from a moment", b.Cast("at", b.DateField()), "2015-12-31"],
    ["a value out of a document", b.KeyTransform("b", b.KeyTransform("a", "data")), [1, "x", null]],
    ["a text out of a document", b.KT("data__a__b__1"), "x"],
    ["a key with a quote in it", b.KeyTransform('k"q', "data"), true],
  ];
  test.each(cases)("%s", async (_what, e, expected) => {
    expect(shown(await first(e))).toEqual(expected);
  });
  test("a JSON object with documents inside", async () => {
    const made = (await first(b.JSONObject({ "it's": "n", list: b.JSONArray("name", F("data")) }))) as {
      list: unknown[];
    };
    expect(made).toMatchObject({ "it's": 7 });
    expect(made.list[1]).toMatchObject({ num: 10, n: null });
  });
  test("the present", async () => {
    const now = (await first(b.Now())) as Date;
    expect(Math.abs(now.getTime() - Date.now())).toBeLessThan(60_000);
  });
});

describe("zones", () => {
  const zoned = async (zone: string, e: unknown): Promise<unknown> =>
    shown(await timezone.override(zone, () => first(e)));
  test("parts and truncations think in the current zone", async () => {
    expect(await zoned("+05:30", b.ExtractDay("at"))).toBe(1);
    expect(await zoned("-08:00", b.ExtractHour("at"))).toBe(15);
    expect(await zoned("+05:30", b.TruncDate("at"))).toBe("2016-01-01");
    expect(await zoned("+05:30", b.TruncDay("at"))).toBe("2015-12-31T18:30:00.000Z");
    expect(await zoned("+05:30", b.TruncDay("at", { tzinfo: "UTC" }))).toBe("2015-12-31T00:00:00.000Z");
  });
  test("a year begins in the current zone", async () => {
    expect(await found({ at__year: 2015 })).toEqual(["A"]);
    expect(await timezone.override("+05:30", () => found({ at__year: 2015 }))).toEqual([]);
    expect(await timezone.override("-08:00", () => found({ at__year: 2015 }))).toEqual(["A", "B"]);
    expect(await found({ at__year: 2015 })).toEqual(["A"]);
  });
  test.runIf(features["namedTimeZones"])("the hour that a clock shows twice stays two moments", async () => {
    const twice = ["2020-10-25T00:30:00Z", "2020-10-25T01:30:00Z"].map((t) => Value(new Date(t)));
    const got = await Promise.all(twice.map((t) => zoned("Europe/Paris", b.TruncHour(t))));
    expect(got).toEqual(["2020-10-25T00:00:00.000Z", "2020-10-25T01:00:00.000Z"]);
    expect(await zoned("America/Sao_Paulo", b.TruncDay(Value(new Date("2016-10-16T13:00:00Z"))))).toBe(
      "2016-10-16T03:00:00.000Z",
    );
  });
});

describe("documents", () => {
  const cases: [what: string, conditions: object, expected: string][] = [
    ["a number under a key", { data__num: 10 }, "A"],
    ["a larger number", { data__num__gt: 9 }, "A"],
    ["a path", { data__a__b__1: "x" }, "A"],
    ["a whole document, whatever the order of its keys", { data: { t: "Text", num: 9 } }, "B"],
    ["a key that holds null", { data__n: null }, "A"],
    ["a key that is not there", { data__n__isnull: true }, "BCD"],
    ["a key that is there", { data__n__isnull: false }, "A"],
    ["the JSON null", { data: null }, "C"],
    ["SQL NULL", { data__isnull: true }, "D"],
    ["a key by name", { data__has_key: "num" }, "AB"],
    ["a key that looks like an index", { data__has_key: "0" }, "A"],
    ["all keys", { data__has_keys: ["num", "t"] }, "B"],
    ["any key", { data__has_any_keys: ["a", "t"] }, "AB"],
    ["a list", { data__num__in: [9, 11] }, "B"],
    ["text without regard to case", { data__t__icontains: "EX" }, "B"],
  ];
  test.each(cases)("%s is found", async (_what, conditions, expected) => {
    expect((await found(conditions)).join("")).toBe(expected);
  });
  test.runIf(features["jsonContains"])("what contains a document", async () => {
    expect(await found({ data__contains: { num: 10 } })).toEqual(["A"]);
    expect(await found({ data__contained_by: { num: 9, t: "Text", more: 1 } })).toEqual(["B"]);
  });
  test("numbers are ordered as numbers", async () => {
    const rows = await Reading.objects.filter({ data__num__isnull: false }).orderBy(b.KeyTransform("num", "data"));
    expect(rows.map((r) => r["name"])).toEqual(
      orm.connection().dialect.name === "mysql" ? ["Ann", "Bob"] : ["Bob", "Ann"],
    );
  });
  test("a flag and its contrary are two questions", async () => {
    for (const is of [true, false, true])
      expect(await found({ alias__isnull: is })).toEqual(is ? ["B", "C", "D"] : ["A"]);
  });
});

describe("exact decimals", () => {
  test("are found, compared and ordered as numbers", async () => {
    expect(await found({ mass: HEAVY })).toEqual(["A"]);
    expect(await found({ mass__gt: "12345678901234567.1234567890" })).toEqual(["A"]);
    expect(await found({ mass__lt: F("price") })).toEqual(["B", "C"]);
    expect((await Reading.objects.all().orderBy("mass")).map((r) => String(r["name"])[0]).join("")).toBe("CBDA");
  });
  test("are summed without loss, over windows too", async () => {
    const sums = await (
      Reading.objects as unknown as { aggregate(o: object): Promise<Record<string, unknown>> }
    ).aggregate({
      total: b.Sum("mass"),
      least: b.Min("mass"),
      money: b.Sum("price"),
    });
    expect(Object.values(sums).map(String)).toEqual(["12345678901234568.1234567892", "-1", "6.3"]);
    const running = await all().annotate({ sum: b.Window(b.Sum("mass"), { orderBy: ["name"] }) });
    expect(String(running[3]!["sum"])).toBe("12345678901234568.1234567892");
  });
  test("a value that the column cannot hold is no error and nothing is rounded to it", async () => {
    expect(await found({ price: "5.001" })).toEqual([]);
    expect(await found({ price__lt: "99999999999" })).toEqual(["A", "B", "C", "D"]);
  });
});

describe("windows", () => {
  test("rows are numbered and compared with the row before", async () => {
    const rows = await all().annotate({
      place: b.Window(b.RowNumber(), { orderBy: ["n"] }),
      before: b.Window(b.Lag("n", { default: -100 }), { orderBy: ["n"] }),
    });
    expect(rows.map((r) => [r["place"], r["before"]])).toEqual([
      [4, 1],
      [1, -100],
      [2, -3],
      [3, 0],
    ]);
  });
});

describe("registered lookups", () => {
  test("a function is part of paths while it is registered", async () => {
    const undo = b.registerLookup(b.CharField, b.Length);
    expect(await found({ alias__length: 5 })).toEqual(["A"]);
    undo();
    await expect(async () => await found({ alias__length: 5 })).rejects.toThrow(
      "Unsupported lookup 'length' for CharField",
    );
  });
});
