import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DataError, FieldError, NotSupportedError, ValidationError, ValueError } from "../../../src/base/errors.js";
import { Range } from "../../../src/base/range.js";
import { Decimal } from "../../../src/base/values.js";
import * as f from "../../../src/fields/factories.js";
import { JSONNull } from "../../../src/fields/json.js";
import { databases, mariadb, postgres, sqlite } from "../../support/dialects.js";
import { holds } from "../../support/holds.js";

const wellFormed = fc.string({ unit: "grapheme" }).filter((s) => !s.includes("\0"));

describe("a JSONField", () => {
  const field = f.JSONField();
  const send = (value: unknown, d = sqlite) => field.toDb(field.prep(value), d);

  test("gives back every document", () => {
    const documents = fc
      .jsonValue({ stringUnit: "grapheme" })
      .filter((v) => v !== null && !JSON.stringify(v).includes("\\u0000") && !hasMinusZero(v));
    holds(
      fc.property(documents, fc.constantFrom(sqlite, postgres, mariadb), (v, d) => {
        expect(field.fromDb(d)(send(v, d))).toEqual(v);
        return true;
      }),
    );
  });
  test("tells JSON null from SQL NULL when saving", () => {
    expect([send(JSONNull), send([null, { a: JSONNull }])]).toEqual(["null", '[null,{"a":null}]']);
    expect(field.fromDb(sqlite)("null")).toBeNull();
  });
  test.each([
    ["undefined", undefined],
    ["undefined inside", { a: undefined }],
    ["a hole in a list", Array(2)],
    ["a function", () => 1],
    ["a function inside", [() => 1]],
    ["a bigint", { n: 1n }],
    ["NaN", [Number.NaN]],
    ["an infinity", Infinity],
    ["-0", { a: -0 }],
    ["a Date", { d: new Date(0) }],
    ["a Map", new Map()],
    ["a Decimal", { d: new Decimal(1) }],
    ["bytes", new Uint8Array(2)],
    ["half a surrogate pair", "\ud800"],
    ["half a surrogate pair in a key", { "\ud800": 1 }],
    ["a toJSON of the value's own", { toJSON: () => "x" }],
  ])("refuses %s, which JSON would drop or change", (_what, value) => {
    expect(() => send(value)).toThrow(/cannot take/);
  });
  test("refuses cycles and great depth without a stack overflow", () => {
    const cycle: Record<string, unknown> = {};
    cycle["self"] = cycle;
    expect(() => send(cycle)).toThrow(ValueError);
    let deep: unknown = 1;
    for (let i = 0; i < 100_000; i++) deep = [deep];
    expect(() => send(deep)).toThrow(/at most 512 levels/);
  });
  test("refuses U+0000 where jsonb cannot hold it", () => {
    expect(() => send({ a: "x\0" }, postgres)).toThrow(/U\+0000/);
    expect(() => send({ "\0": 1 }, postgres)).toThrow(/U\+0000/);
    expect(send("\\u0000", postgres)).toBe('"\\\\u0000"');
    expect(field.fromDb(sqlite)(send("x\0", sqlite))).toBe("x\0");
  });
  test("keys such as __proto__ are data", () => {
    const value = JSON.parse('{"__proto__":{"polluted":1},"constructor":2}') as object;
    const back = field.fromDb(sqlite)(send(value)) as object;
    expect(Object.hasOwn(back, "__proto__")).toBe(true);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });
  test("refuses to read an integer that JavaScript would round", () => {
    const read = field.fromDb(sqlite);
    expect(() => read('{"id":9007199254740993}')).toThrow(DataError);
    expect(read('{"id":9007199254740992,"s":"99999999999999999999","f":0.1234567890123456}')).toEqual({
      id: 2 ** 53,
      s: "99999999999999999999",
      f: 0.1234567890123456,
    });
    expect([read("100000000000000000000000"), read("-51835965535446410")]).toEqual([1e23, -51835965535446410]);
    expect(read("not json")).toBe("not json");
    expect([read(5), read(Buffer.from('{"a":1}'))]).toEqual([5, { a: 1 }]);
  });
  test("an encoder and a decoder stand between the value and the document", async () => {
    const dates = f.JSONField({
      encoder: (v) => ({ at: (v as Date).toISOString() }),
      decoder: (v) => new Date((v as { at: string }).at),
    });
    const value = new Date(5);
    expect(dates.toDb(dates.prep(value), sqlite)).toBe('{"at":"1970-01-01T00:00:00.005Z"}');
    expect(dates.fromDb(sqlite)(dates.toDb(dates.prep(value), sqlite))).toEqual(value);
    await expect(dates.clean(value)).resolves.toBe(value);
    expect(() => f.JSONField({ encoder: () => undefined }).toDb(1, sqlite)).toThrow(FieldError);
  });
  test("column types, the check it asks for, and validation", async () => {
    expect(databases.map(([, d]) => field.dbType(d))).toEqual(["text", "jsonb", "json"]);
    expect(databases.map(([, d]) => field.dbCheck(d))).toEqual([{ kind: "jsonValid" }, null, null]);
    await expect(field.clean({ a: 1n })).rejects.toThrow("Value must be valid JSON.");
    await expect(field.clean({})).rejects.toMatchObject({ code: "blank" });
    await expect(f.JSONField({ blank: true }).clean({})).resolves.toEqual({});
    expect(
      f
        .JSONField({ default: {} })
        .check()
        .map((m) => m.id),
    ).toEqual(["fields.E010"]);
  });
});

function hasMinusZero(value: unknown): boolean {
  if (Object.is(value, -0)) return true;
  return typeof value === "object" && value !== null && Object.values(value).some(hasMinusZero);
}

describe("an ArrayField", () => {
  const trip = (field: ReturnType<typeof f.ArrayField>, value: unknown) =>
    field.fromDb(postgres)(field.toDb(field.prep(value), postgres));

  test("gives back lists of texts, whatever they hold", () => {
    const field = f.ArrayField(f.CharField());
    holds(
      fc.property(
        fc.array(fc.option(fc.oneof(wellFormed, fc.constantFrom("", "NULL", "null", '"', "\\", "{}", "a,b", " ")))),
        (list) => {
          expect(trip(field, list)).toEqual(list);
          return true;
        },
      ),
    );
  });
  test("gives back lists in lists, and other members", () => {
    expect(
      trip(f.ArrayField(f.ArrayField(f.IntegerField())), [
        [1, 2],
        [3, null],
      ]),
    ).toEqual([
      [1, 2],
      [3, null],
    ]);
    expect(trip(f.ArrayField(f.BooleanField()), [true, false, null])).toEqual([true, false, null]);
    expect(trip(f.ArrayField(f.BigIntegerField()), [2n ** 63n - 1n])).toEqual([2n ** 63n - 1n]);
    expect(trip(f.ArrayField(f.BinaryField()), [new Uint8Array([0, 255])])).toEqual([new Uint8Array([0, 255])]);
    expect(trip(f.ArrayField(f.DateTimeField()), [new Date(5)])).toEqual([new Date(5)]);
    expect(trip(f.ArrayField(f.JSONField()), [{ a: '"' }])).toEqual([{ a: '"' }]);
    expect(trip(f.ArrayField(f.DecimalField({ maxDigits: 4, decimalPlaces: 2 })), ["1.5"])).toEqual([
      new Decimal("1.5"),
    ]);
    expect(f.ArrayField(f.IntegerField()).fromDb(postgres)("[0:1]={1,2}")).toEqual([1, 2]);
    expect(f.ArrayField(f.IntegerField()).fromDb(postgres)([1, null])).toEqual([1, null]);
  });
  test("checks members, and refuses what is no list", () => {
    const field = f.ArrayField(f.IntegerField());
    for (const raw of ["1,2", 5, { 0: 1 }, undefined]) expect(() => field.prep(raw)).toThrow(FieldError);
    for (const raw of [[undefined], Array(2), [[1]]]) expect(() => field.prep(raw)).toThrow(FieldError);
    for (const raw of ["{", "{1", "1,2", "{1}x", 5]) expect(() => field.fromDb(postgres)(raw)).toThrow(DataError);
  });
  test("exists on PostgreSQL only", () => {
    const field = f.ArrayField(f.CharField({ maxLength: 5 }), { size: 3 });
    expect([field.dbType(postgres), f.ArrayField(f.ArrayField(f.IntegerField())).dbType(postgres)]).toEqual([
      "varchar(5)[3]",
      "integer[][]",
    ]);
    for (const d of [sqlite, mariadb]) expect(() => field.dbType(d)).toThrow(NotSupportedError);
  });
  test("validates length and members", async () => {
    const field = f.ArrayField(f.CharField({ maxLength: 2 }), { size: 2 });
    await expect(field.clean(["a", "b", "c"])).rejects.toThrow(
      "List contains 3 items, it should contain no more than 2.",
    );
    await expect(field.clean(["abc"])).rejects.toThrow(
      "Item 1 in the array did not validate: Ensure this value has at most 2 characters (it has 3).",
    );
    expect(
      f
        .ArrayField(f.CharField({ maxLength: 0 }))
        .check()
        .map((m) => m.id),
    ).toEqual(["postgres.E001"]);
    expect(() => f.ArrayField({} as never)).toThrow(/field of its members/);
  });
  test("a copy has a member field of its own", () => {
    const field = f.ArrayField(f.IntegerField());
    const copy = field.clone() as typeof field;
    copy.bind({ label: "a.B", appLabel: "a", objectName: "B", modelName: "b", dbTable: "a_b" }, "xs", "xs");
    expect([copy.baseField.path, field.baseField.path]).toEqual(["a.B.xs", "IntegerField"]);
  });
});

describe("an HStoreField", () => {
  const field = f.HStoreField();
  test("gives back texts by keys", () => {
    holds(
      fc.property(
        fc.dictionary(fc.oneof(wellFormed, fc.constantFrom("__proto__", '"', "\\", "=>")), fc.option(wellFormed)),
        (value) => {
          const back = field.fromDb(postgres)(
            field.toDb(field.prep(Object.fromEntries(Object.entries(value))), postgres),
          ) as object;
          expect(Object.entries(back).sort()).toEqual(Object.entries(value).sort());
          return true;
        },
      ),
    );
    expect(field.fromDb(postgres)('"a"=>"1", "b"=>NULL')).toEqual({ a: "1", b: null });
  });
  test("takes numbers as text and refuses the rest", () => {
    expect(field.prep({ a: 1 })).toEqual({ a: "1" });
    for (const raw of ["a=>1", [], undefined, { a: undefined }, { a: {} }])
      expect(() => field.prep(raw)).toThrow(FieldError);
    for (const raw of ['"a"', "x", '"a"=>"1" "b"=>"2"', 5])
      expect(() => field.fromDb(postgres)(raw)).toThrow(DataError);
  });
});

describe("range fields", () => {
  const trip = (field: ReturnType<typeof f.IntegerRangeField>, value: unknown) =>
    field.fromDb(postgres)(field.toDb(field.prep(value), postgres));
  test("give back their values", () => {
    expect(trip(f.IntegerRangeField(), new Range(1, 5))).toEqual(new Range(1, 5));
    expect(trip(f.IntegerRangeField(), [1, null])).toEqual(new Range<number>(1, null));
    expect(trip(f.IntegerRangeField(), Range.empty())).toEqual(Range.empty());
    expect(trip(f.BigIntegerRangeField() as never, [1, 2])).toEqual(new Range(1n, 2n));
    expect(trip(f.DecimalRangeField() as never, new Range("1.5", "2.5", "[]"))).toEqual(
      new Range(new Decimal("1.5"), new Decimal("2.5"), "[]"),
    );
    expect(trip(f.DateTimeRangeField() as never, [new Date(0), new Date(1)])).toEqual(
      new Range(new Date(0), new Date(1)),
    );
    expect(String(trip(f.DateRangeField() as never, ["2024-01-01", "2024-02-01"]))).toBe("[2024-01-01,2024-02-01)");
  });
  test("read what PostgreSQL writes", () => {
    const read = f.DateTimeRangeField().fromDb(postgres);
    expect(read('["2024-01-01 00:00:00+00","2024-01-02 00:00:00+00")')).toEqual(
      new Range(new Date("2024-01-01"), new Date("2024-01-02")),
    );
    expect(f.IntegerRangeField().fromDb(postgres)("(,5)")).toEqual(new Range(null, 5, "()"));
    for (const raw of ["1,2", "[1;2)", "[1,2", 5, "[1,2,3)"])
      expect(() => f.IntegerRangeField().fromDb(postgres)(raw)).toThrow(DataError);
  });
  test("use the default bounds for lists, and refuse the rest", () => {
    expect(f.DecimalRangeField({ defaultBounds: "[]" }).prep([1, 2])).toMatchObject({ bounds: "[]" });
    for (const raw of ["[1,2)", 5, undefined, { lower: 1 }])
      expect(() => f.IntegerRangeField().prep(raw)).toThrow(FieldError);
    expect(() => f.IntegerRangeField().prep([1])).toThrow(ValueError);
    expect(() => new Range(1, 2, "<>" as never)).toThrow(ValueError);
    expect(f.IntegerRangeField().dbType(postgres)).toBe("int4range");
    expect(f.Range(1, 2)).toEqual(new Range(1, 2));
  });
});

describe("GeneratedField and CompositePrimaryKey", () => {
  test("a generated field has the values of its output field", () => {
    const field = f.GeneratedField({
      expression: {},
      outputField: f.DecimalField({ maxDigits: 20, decimalPlaces: 2 }),
      dbPersist: true,
    });
    expect([field.dbType(sqlite), field.dbType(postgres), field.scale, field.digits]).toEqual([
      "text",
      "numeric(20, 2)",
      2,
      20,
    ]);
    expect(field.fromDb(postgres)?.("1.50")).toEqual(new Decimal("1.5"));
    expect(field.ancestry).toEqual(["GeneratedField", "DecimalField", "Field"]);
    expect(f.GeneratedField({ expression: {}, outputField: f.BigIntegerField(), dbPersist: true }).needsBigInt).toBe(
      true,
    );
    expect(() =>
      f.GeneratedField({ expression: {}, outputField: f.IntegerField(), dbPersist: true, default: 1 }),
    ).toThrow(/default/);
    expect(() => f.GeneratedField({ expression: {}, dbPersist: true } as never)).toThrow(/outputField/);
    expect(
      f
        .GeneratedField({ expression: {}, outputField: f.IntegerField(), dbPersist: false })
        .check([postgres])
        .map((m) => m.id),
    ).toEqual(["fields.E221"]);
  });
  test("a composite key takes lists of its values", () => {
    const key = f.CompositePrimaryKey("tenant", "id");
    key.fields = [f.IntegerField(), f.UUIDField()];
    expect(key.prep(["1", "550E8400E29B41D4A716446655440000"])).toEqual([1, "550e8400-e29b-41d4-a716-446655440000"]);
    expect(() => key.prep([1])).toThrow(ValueError);
    expect(() => key.prep(1)).toThrow(FieldError);
    expect([key.dbType(sqlite), key.concrete, key.column]).toEqual([null, false, null]);
    expect(() => f.CompositePrimaryKey("a")).toThrow(/at least two/);
    expect(() => f.CompositePrimaryKey("a", "a")).toThrow(/unique/);
  });
  test("errors of validation are ValidationErrors", async () => {
    await expect(f.IntegerRangeField().clean("x")).rejects.toThrow(ValidationError);
  });
});
