/** `bulkCreate()` and `bulkUpdate()` at their edges: every kind of value, limits of statements and packets, streams, races of keys. */
import {
  BinaryField,
  BooleanField,
  CharField,
  CompositePrimaryKey,
  DatabaseError,
  DataError,
  DateField,
  DateTimeField,
  DecimalField,
  DurationField,
  F,
  FloatField,
  GenericIPAddressField,
  IntegerField,
  IntegrityError,
  JSONField,
  QueryTypeError,
  TextField,
  TimeField,
  UUIDField,
  ValueError,
  BigIntegerField,
} from "babik";
import { captureQueries } from "babik/testing";
import { beforeEach, describe, expect, test } from "vitest";
import { failure, looseModel, looseOrm, type LooseRow, type LooseSet } from "../../support/loose.js";

const maybe = { null: true };
const Thing = looseModel("Thing", {
  text: CharField({ maxLength: 12, ...maybe }),
  long: TextField(maybe),
  amount: DecimalField({ maxDigits: 20, decimalPlaces: 5, ...maybe }),
  whole: IntegerField(maybe),
  big: BigIntegerField(maybe),
  part: FloatField(maybe),
  yes: BooleanField(maybe),
  day: DateField(maybe),
  hour: TimeField(maybe),
  at: DateTimeField({ precision: 6, ...maybe }),
  span: DurationField(maybe),
  mark: UUIDField(maybe),
  host: GenericIPAddressField(maybe),
  data: JSONField(maybe),
  bytes: BinaryField(maybe),
});
const Coded = looseModel("Coded", {
  code: CharField({ maxLength: 20, primaryKey: true }),
  n: IntegerField({ default: 0 }),
});
const Marked = looseModel("Marked", {
  id: UUIDField({ primaryKey: true, default: () => crypto.randomUUID() }),
  n: IntegerField({ default: 0 }),
});
const Cell = looseModel("Cell", {
  pk: CompositePrimaryKey("x", "y"),
  x: IntegerField(),
  y: CharField({ maxLength: 5 }),
  n: IntegerField({ default: 0 }),
});
const Place = looseModel("Place", { name: CharField({ maxLength: 20 }) });
const Cafe = Place.extend("Cafe", { cups: IntegerField({ default: 0 }) });
const orm = await looseOrm({ Thing, Coded, Marked, Cell, Place, Cafe });

interface Bulk extends LooseSet {
  bulkCreate(rows: Iterable<LooseRow>, options?: object): Promise<LooseRow[]>;
  bulkUpdate(rows: Iterable<LooseRow>, fields: readonly string[], options?: object): Promise<number>;
}
const bulk = (set: LooseSet): Bulk => set as Bulk;
const stream = (set: LooseSet) =>
  set as unknown as { bulkCreate(rows: AsyncIterable<LooseRow>, options?: object): Promise<number> };
const sent = async (call: () => Promise<unknown>): Promise<string[]> =>
  (await captureQueries(async () => void (await call()))).queries.map((q) => q.sql);

beforeEach(async () => {
  for (const m of [Thing, Coded, Marked, Cell, Cafe, Place]) await m.objects.all().delete();
});

const full = {
  text: "é'\"\\%_?",
  long: "x".repeat(5000),
  amount: "123456789012345.12345",
  whole: -2147483648,
  big: 9007199254740993n,
  part: 0.1,
  yes: true,
  day: "2024-02-29",
  hour: "23:59:59.123456",
  at: "2024-02-29T23:59:59.123456Z",
  span: "P1DT2H3M4.000005S",
  mark: "0f8fad5b-d9cb-469f-a165-70867728950e",
  host: "192.0.2.7",
  data: { a: [1, null, "x"], b: { c: "é" } },
  bytes: new Uint8Array([0, 255, 39, 92]),
};
const empty = Object.fromEntries(Object.keys(full).map((k) => [k, null]));
const shown = (row: LooseRow): Record<string, string> =>
  Object.fromEntries(
    Object.keys(full).map((k) => [
      k,
      JSON.stringify(row[k], (_k, v: unknown) => (typeof v === "bigint" ? `${v}n` : v)),
    ]),
  );

describe("bulkUpdate()", () => {
  test("writes values of every kind as save() does, NULLs in the first row and the last", async () => {
    const saved = await Thing.objects.create(full);
    const expected = shown(await Thing.objects.get({ pk: saved.pk }));
    const rows = await bulk(Thing.objects).bulkCreate([new Thing({}), new Thing({}), new Thing({})]);
    for (const [i, values] of [empty, full, empty].entries())
      for (const [k, v] of Object.entries(values)) rows[i]![k] = v;
    expect(await bulk(Thing.objects).bulkUpdate(rows, Object.keys(full))).toBe(3);
    expect(shown(await Thing.objects.get({ pk: rows[1]!.pk }))).toEqual(expected);
    for (const r of [rows[0]!, rows[2]!])
      expect(Object.values(shown(await Thing.objects.get({ pk: r.pk })))).toEqual(Object.keys(full).map(() => "null"));
    // The same again the other way round: what was full becomes empty.
    for (const [i, values] of [full, empty, full].entries())
      for (const [k, v] of Object.entries(values)) rows[i]![k] = v;
    await bulk(Thing.objects).bulkUpdate(rows, Object.keys(full));
    expect(shown(await Thing.objects.get({ pk: rows[2]!.pk }))).toEqual(expected);
  });
  test("has a parameter for each value, not a branch for each row", async () => {
    const rows = await bulk(Coded.objects).bulkCreate(
      Array.from({ length: 100 }, (_, i) => new Coded({ code: `c${i}` })),
    );
    for (const [i, r] of rows.entries()) r["n"] = i;
    const { queries } = await captureQueries(() => bulk(Coded.objects).bulkUpdate(rows, ["n"]), { params: true });
    expect(queries).toHaveLength(1);
    expect(queries[0]!.sql).not.toContain("CASE");
    expect(queries[0]!.params).toHaveLength(200);
    expect((await Coded.objects.get({ pk: "c77" }))["n"]).toBe(77);
  });
  test("finds rows by text, UUID and composite keys", async () => {
    const coded = await bulk(Coded.objects).bulkCreate([new Coded({ code: "é" }), new Coded({ code: "b'" })]);
    const marked = await bulk(Marked.objects).bulkCreate([new Marked({}), new Marked({})]);
    const cells = await bulk(Cell.objects).bulkCreate([
      new Cell({ x: 1, y: "a" }),
      new Cell({ x: 1, y: "b" }),
      new Cell({ x: 2, y: "a" }),
    ]);
    for (const rows of [coded, marked, cells]) for (const [i, r] of rows.entries()) r["n"] = i + 5;
    expect(await bulk(Coded.objects).bulkUpdate(coded, ["n"])).toBe(2);
    expect(await bulk(Marked.objects).bulkUpdate(marked, ["n"])).toBe(2);
    expect(await bulk(Cell.objects).bulkUpdate(cells, ["n"])).toBe(3);
    expect((await Coded.objects.get({ pk: "b'" }))["n"]).toBe(6);
    expect((await Marked.objects.get({ pk: marked[1]!.pk }))["n"]).toBe(6);
    expect(await Cell.objects.orderBy("x", "y").valuesList("n", { flat: true })).toEqual([5, 6, 7]);
  });
  test("counts rows that match, and touches those of its queryset only", async () => {
    const rows = await bulk(Coded.objects).bulkCreate(["a", "b", "c"].map((code) => new Coded({ code, n: 1 })));
    await Coded.objects.filter({ pk: "c" }).update({ n: 2 });
    for (const r of rows) r["n"] = 9;
    expect(await bulk(Coded.objects.filter({ n: 1 })).bulkUpdate(rows, ["n"])).toBe(2);
    expect(await bulk(Coded.objects).bulkUpdate([new Coded({ code: "gone", n: 3 })], ["n"])).toBe(0);
    expect(await bulk(Coded.objects).bulkUpdate(rows, ["n"])).toBe(3);
    expect(await bulk(Coded.objects.none()).bulkUpdate(rows, ["n"])).toBe(0);
    expect(await bulk(Coded.objects.filter({ pk__in: ["a"] })).bulkUpdate(rows, ["n"])).toBe(1);
  });
  test("takes expressions beside values", async () => {
    const rows = await bulk(Coded.objects).bulkCreate(["a", "b"].map((code) => new Coded({ code, n: 1 })));
    rows[0]!["n"] = F("n").add(10);
    rows[1]!["n"] = 5;
    expect(await bulk(Coded.objects).bulkUpdate(rows, ["n"])).toBe(2);
    expect(await Coded.objects.orderBy("pk").valuesList("n", { flat: true })).toEqual([11, 5]);
  });
  test("a key that is given twice is written once", async () => {
    const [row] = await bulk(Coded.objects).bulkCreate([new Coded({ code: "a" })]);
    const twin = new Coded({ code: "a", n: 8 });
    row!["n"] = 7;
    expect(await bulk(Coded.objects).bulkUpdate([row!, twin], ["n"])).toBe(1);
    expect((await Coded.objects.get({ pk: "a" }))["n"]).toBe(7);
  });
  test("a value that a column refuses is an error, and no batch before it stays", async () => {
    const rows = await bulk(Coded.objects).bulkCreate([new Coded({ code: "1" }), new Coded({ code: "2" })]);
    rows[0]!["n"] = 5;
    rows[1]!["n"] = null;
    expect(await failure(() => bulk(Coded.objects).bulkUpdate(rows, ["n"], { batchSize: 1 }))).toBeInstanceOf(
      IntegrityError,
    );
    expect(await Coded.objects.orderBy("pk").valuesList("n", { flat: true })).toEqual([0, 0]);
  });
  test("a text is never cut to fit", async () => {
    const row = await Thing.objects.create({ text: "1" });
    row["text"] = "x".repeat(13);
    // SQLite keeps the whole text, the others refuse it.
    const error = await bulk(Thing.objects)
      .bulkUpdate([row], ["text"])
      .catch((reason: unknown) => reason);
    const stored = (await Thing.objects.get({ pk: row.pk }))["text"];
    expect(error === 1 ? stored : error).toSatisfy((v: unknown) => v === row["text"] || v instanceof DataError);
  });
  test("writes the tables of parents and children", async () => {
    const cafe = await Cafe.objects.create({ name: "a", cups: 1 });
    cafe["name"] = "b";
    cafe["cups"] = 2;
    await bulk(Cafe.objects).bulkUpdate([cafe], ["name", "cups"]);
    const read = await Cafe.objects.get({ pk: cafe.pk });
    expect([read["name"], read["cups"]]).toEqual(["b", 2]);
  });
  test("refuses slices and what is no instance", async () => {
    const row = await Coded.objects.create({ code: "a" });
    expect(await failure(() => bulk(Coded.objects.all().slice(0, 1)).bulkUpdate([row], ["n"]))).toBeInstanceOf(
      QueryTypeError,
    );
    expect(await failure(() => bulk(Coded.objects).bulkUpdate([{ code: "a" } as never], ["n"]))).toBeInstanceOf(
      QueryTypeError,
    );
    expect(await failure(() => bulk(Coded.objects).bulkUpdate([row], ["n"], { batchSize: -1 }))).toBeInstanceOf(
      ValueError,
    );
  });
});

describe("limits", () => {
  // Rows around the point where a statement is full: 10,000 parameters, and less on a database that takes fewer.
  for (const size of [4_999, 5_000, 5_001, 10_001])
    test(`${size} rows are written and changed exactly`, async () => {
      const rows = Array.from({ length: size }, (_, i) => new Coded({ code: `k${String(i).padStart(6, "0")}`, n: i }));
      const statements = await sent(() => bulk(Coded.objects).bulkCreate(rows));
      expect(statements).toHaveLength(Math.ceil(size / 5_000));
      for (const r of rows) r["n"] = (r["n"] as number) + 1;
      expect(await bulk(Coded.objects).bulkUpdate(rows, ["n"])).toBe(size);
      expect(await Coded.objects.filter({ n__lte: size, n__gte: 1 }).count()).toBe(size);
      expect((await Coded.objects.get({ pk: rows.at(-1)!.pk }))["n"]).toBe(size);
    });
  test("rows too long for one message go in several, all of them in one transaction", async () => {
    const long = "y".repeat(3_000_000);
    const rows = Array.from({ length: 9 }, (_, i) => new Thing({ whole: i, long }));
    await bulk(Thing.objects).bulkCreate(rows);
    expect(await Thing.objects.count()).toBe(9);
    expect(new Set(rows.map((r) => r.pk)).size).toBe(9);
    for (const r of rows) r["long"] = `${long}z`;
    expect(await bulk(Thing.objects).bulkUpdate(rows, ["long"])).toBe(9);
    const last = await Thing.objects.get({ pk: rows[8]!.pk });
    expect((last["long"] as string).length).toBe(3_000_001);
  });
  test("a row that no message can hold is an error, and the connection is good afterwards", async () => {
    const { maxPacket } = orm.connection().dialect.features as { maxPacket: number };
    if (maxPacket === Infinity) return void expect(maxPacket).toBe(Infinity);
    const error = await failure(() => Thing.objects.create({ long: "y".repeat(maxPacket) }));
    expect(error).toBeInstanceOf(DatabaseError);
    expect(error.message).not.toContain("yyy");
    expect(await Thing.objects.count()).toBe(0);
  });
});

describe("bulkCreate() of a stream", () => {
  async function* codes(n: number, fail = -1): AsyncGenerator<LooseRow> {
    for (let i = 0; i < n; i++) {
      if (i === fail) throw new RangeError("the source broke");
      if (i % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
      yield new Coded({ code: `s${i}`, n: i });
    }
  }
  test("takes batch by batch, and gives the number of rows", async () => {
    const statements: string[] = [];
    statements.push(
      ...(await sent(async () =>
        expect(await stream(Coded.objects).bulkCreate(codes(250), { batchSize: 100 })).toBe(250),
      )),
    );
    expect(statements).toHaveLength(3);
    expect(await Coded.objects.count()).toBe(250);
    expect(await stream(Coded.objects).bulkCreate(codes(0))).toBe(0);
  });
  test("a source that breaks leaves nothing behind", async () => {
    const error = await failure(() => stream(Coded.objects).bulkCreate(codes(250, 210), { batchSize: 100 }));
    expect(error.message).toBe("the source broke");
    expect(await Coded.objects.count()).toBe(0);
  });
  test("a row that breaks a constraint leaves nothing behind, and the source is ended", async () => {
    let ended = false;
    async function* twice(): AsyncGenerator<LooseRow> {
      try {
        for (let i = 0; ; i++) yield new Coded({ code: `s${i % 150}` });
      } finally {
        ended = true;
      }
    }
    expect(await failure(() => stream(Coded.objects).bulkCreate(twice(), { batchSize: 100 }))).toBeInstanceOf(
      DatabaseError,
    );
    expect([await Coded.objects.count(), ended]).toEqual([0, true]);
  });
  test("copies one table to another within one transaction", async () => {
    await stream(Coded.objects).bulkCreate(codes(50));
    async function* marks(): AsyncGenerator<LooseRow> {
      const rows = Coded.objects.all() as unknown as { iterator(o: object): AsyncIterable<LooseRow> };
      for await (const c of rows.iterator({ chunkSize: 7 })) yield new Marked({ n: c["n"] });
    }
    expect(await stream(Marked.objects).bulkCreate(marks(), { batchSize: 10 })).toBe(50);
    expect(await Marked.objects.count()).toBe(50);
  });
  test("instances of other models are refused", async () => {
    const error = await failure(() => bulk(Coded.objects).bulkCreate([new Marked({})]));
    expect(error).toBeInstanceOf(QueryTypeError);
    expect(await failure(() => bulk(Coded.objects).bulkCreate([{ code: "x" } as never]))).toBeInstanceOf(
      QueryTypeError,
    );
    expect(await failure(() => bulk(Coded.objects).bulkCreate(7 as never))).toBeInstanceOf(QueryTypeError);
  });
});
