import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DataError, FieldError, ValidationError, ValueError } from "../../../src/base/errors.js";
import { Decimal } from "../../../src/base/values.js";
import * as f from "../../../src/fields/factories.js";
import { holds } from "../../support/holds.js";
import { databases, mariadb, postgres, sqlite } from "../../support/dialects.js";

const code = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    return (error as { code: string }).code;
  }
  return "accepted";
};

describe("an IntegerField", () => {
  const field = f.IntegerField();

  test.each([
    [5, 5],
    ["5", 5],
    [" 12 ", 12],
    ["+7", 7],
    ["-3", -3],
    [9n, 9],
    [true, 1],
    [false, 0],
    [-0, 0],
    [new Decimal("40"), 40],
    [Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
    ["007", 7],
  ])("takes %o as %o", (raw, canonical) => {
    expect(Object.is(field.prep(raw), canonical)).toBe(true);
  });

  test.each([
    [undefined, "value.type"],
    [[1], "value.type"],
    [{}, "value.type"],
    [new Number(1), "value.type"],
    [new Date(0), "value.type"],
    [Symbol("x"), "value.type"],
    [() => 1, "value.type"],
    ["", "value.invalid"],
    ["1e5", "value.invalid"],
    ["0x10", "value.invalid"],
    ["1.0", "value.invalid"],
    ["١", "value.invalid"],
    ["1_000", "value.invalid"],
    ["9".repeat(1_000_000), "value.invalid"],
    [Number.NaN, "value.invalid"],
    [Infinity, "value.invalid"],
    [1.5, "value.fraction"],
    [new Decimal("1.5"), "value.fraction"],
    [2 ** 53, "value.unsafe_integer"],
    [2n ** 53n, "value.unsafe_integer"],
    ["9007199254740993", "value.unsafe_integer"],
    [10n ** 40n, "value.unsafe_integer"],
  ])("refuses case %# with the code %s", (raw, expected) => {
    expect(code(() => field.prep(raw))).toBe(expected);
  });

  test("names the field and the kind of a refused value, never the value", () => {
    const message = (() => {
      try {
        return String(field.prep(["secret"]));
      } catch (error) {
        return (error as Error).message;
      }
    })();
    expect(message).toBe("IntegerField cannot take an array; it takes integers (number, bigint or their text).");
  });

  test.each(databases)("reads what drivers of %s give, and no rounded integer", (_name, dialect) => {
    const read = field.fromDb(dialect);
    expect([read(7), read(7n), read("7"), read(-7), read(true), read("12.0000")]).toEqual([7, 7, 7, -7, 1, 12]);
    expect(() => read(2 ** 53)).toThrow(DataError);
    expect(() => read(2n ** 60n)).toThrow(DataError);
    expect(() => read("9007199254740993")).toThrow(/past 2\^53/);
  });

  test("knows what its column holds on each database", () => {
    expect(field.range(postgres)).toEqual([-2147483648, 2147483647]);
    expect(field.range(sqlite)).toEqual([-(2n ** 63n), 2n ** 63n - 1n]);
    expect(f.PositiveSmallIntegerField().range(mariadb)).toEqual([0, 65535]);
    expect(f.PositiveSmallIntegerField().range(postgres)).toEqual([0, 32767]);
    expect(f.SmallIntegerField().range(mariadb)).toEqual([-32768, 32767]);
    expect(f.PositiveBigIntegerField().range(postgres)).toEqual([0, 2n ** 63n - 1n]);
  });

  test("is wide enough for every database where none is named", () => {
    expect(field.widest).toEqual([-(2n ** 63n), 2n ** 63n - 1n]);
    expect(f.PositiveIntegerField().widest).toEqual([0, 2n ** 63n - 1n]);
    expect(f.PositiveBigIntegerField().widest).toEqual([0, 2n ** 64n - 1n]);
    expect(f.PositiveBigIntegerField().range(mariadb)).toEqual([0, 2n ** 64n - 1n]);
  });

  test("holds bigints where the options ask for it", () => {
    for (const make of [f.IntegerField, f.SmallIntegerField, f.PositiveIntegerField, f.BigAutoField, f.AutoField]) {
      const wide = make({ bigint: true });
      expect(wide.needsBigInt).toBe(true);
      expect(wide.prep(7)).toBe(7n);
      expect(wide.prep(2n ** 60n)).toBe(2n ** 60n);
      expect(wide.fromDb(sqlite)!(5)).toBe(5n);
      expect(() => wide.toDb(2n ** 64n, postgres)).toThrow(DataError);
      expect(make().needsBigInt).toBe(false);
    }
    expect(() => f.IntegerField({ bigint: "yes" as never })).toThrow(/takes true or false/);
  });

  test("validates within its range, and passes the user's tighter limit on", async () => {
    await expect(f.SmallIntegerField().clean(40000)).rejects.toThrow(
      "Ensure this value is less than or equal to 32767.",
    );
    await expect(field.clean("abc")).rejects.toThrow(ValidationError);
    await expect(field.clean(null)).rejects.toMatchObject({ code: "null" });
    await expect(field.clean("12")).resolves.toBe(12);
  });
});

describe("a BigIntegerField", () => {
  const field = f.BigIntegerField();

  test("keeps every 64-bit integer on every database", () => {
    holds(
      fc.property(
        fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
        fc.constantFrom(sqlite, postgres, mariadb),
        (n, dialect) => {
          const db = field.toDb(field.prep(n), dialect);
          const read = field.fromDb(dialect);
          return db === n && read(db) === n && read(String(n)) === n;
        },
      ),
    );
    expect(field.needsBigInt).toBe(true);
  });
  test("takes numbers and texts, as bigint", () => {
    expect([field.prep(5), field.prep("-9223372036854775808"), field.prep(true)]).toEqual([5n, -(2n ** 63n), 1n]);
  });
  test("refuses more than 64 bits before the database sees them", () => {
    expect(() => field.toDb(2n ** 63n, sqlite)).toThrow(DataError);
    expect(() => field.prep(2 ** 60)).toThrow(ValueError);
    expect(() => field.fromDb(sqlite)(2 ** 60)).toThrow(DataError);
  });
});

describe("keys and column types", () => {
  test("automatic keys are numbers with the guard", () => {
    const key = f.BigAutoField({ primaryKey: true });
    expect(key.prep("12")).toBe(12);
    expect(() => key.prep(2n ** 60n)).toThrow(ValueError);
    expect(() => key.fromDb(postgres)(2n ** 60n)).toThrow(/BigIntegerField/);
    expect(key.needsBigInt).toBe(false);
  });
  test.each([
    [f.AutoField(), ["integer", "integer", "integer"], ["integer", "integer", "integer"]],
    [f.BigAutoField(), ["integer", "bigint", "bigint"], ["bigint", "bigint", "bigint"]],
    [f.SmallAutoField(), ["integer", "smallint", "smallint"], ["smallint", "smallint", "smallint"]],
    [f.IntegerField(), ["integer", "integer", "integer"], ["integer", "integer", "integer"]],
    [f.BigIntegerField(), ["bigint", "bigint", "bigint"], ["bigint", "bigint", "bigint"]],
    [
      f.PositiveIntegerField(),
      ["integer unsigned", "integer", "integer UNSIGNED"],
      ["integer", "integer", "integer UNSIGNED"],
    ],
    [
      f.PositiveSmallIntegerField(),
      ["smallint unsigned", "smallint", "smallint UNSIGNED"],
      ["smallint", "smallint", "smallint UNSIGNED"],
    ],
    [
      f.PositiveBigIntegerField(),
      ["bigint unsigned", "bigint", "bigint UNSIGNED"],
      ["bigint", "bigint", "bigint UNSIGNED"],
    ],
  ])("column types of %#", (field, own, related) => {
    expect(databases.map(([, d]) => field.dbType(d))).toEqual(own);
    expect(databases.map(([, d]) => field.relDbType(d))).toEqual(related);
  });
  test("the suffix that numbers rows stands apart from the type", () => {
    const key = f.BigAutoField();
    expect(databases.map(([, d]) => key.autoIncrementSuffix(d))).toEqual([
      "AUTOINCREMENT",
      "GENERATED BY DEFAULT AS IDENTITY",
      "AUTO_INCREMENT",
    ]);
    expect(f.IntegerField().autoIncrementSuffix(sqlite)).toBeNull();
  });
  test("positive fields ask for a check, others for none", () => {
    expect(f.PositiveIntegerField().dbCheck(sqlite)).toEqual({ kind: "nonNegative" });
    expect(f.IntegerField().dbCheck(sqlite)).toBeNull();
  });
  test("cast types are signed or unsigned on MariaDB", () => {
    expect([
      f.IntegerField().castType(mariadb),
      f.PositiveIntegerField().castType(mariadb),
      f.BigAutoField().castType(mariadb),
    ]).toEqual(["signed integer", "unsigned integer", "signed integer"]);
    expect([f.BigIntegerField().castType(sqlite), f.BigIntegerField().castType(postgres)]).toEqual([
      "integer",
      "bigint",
    ]);
  });
  test("an automatic field that is no key is a mistake", () => {
    expect(
      f
        .AutoField({ primaryKey: false })
        .check()
        .map((m) => m.id),
    ).toEqual(["fields.E100"]);
    expect(f.AutoField().check()).toEqual([]);
  });
  test("ancestry follows Django's classes", () => {
    const ancestry = (name: keyof typeof f) =>
      (f[name] as unknown as (o: object) => { ancestry: readonly string[] })({}).ancestry;
    expect(ancestry("BigAutoField")).toEqual(["BigAutoField", "BigIntegerField", "IntegerField", "Field"]);
    expect(ancestry("PositiveSmallIntegerField")).toEqual([
      "PositiveSmallIntegerField",
      "SmallIntegerField",
      "IntegerField",
      "Field",
    ]);
    expect(ancestry("AutoField")).toEqual(["AutoField", "IntegerField", "Field"]);
    expect(ancestry("SlugField")).toEqual(["SlugField", "CharField", "Field"]);
    expect(ancestry("DateTimeField")).toEqual(["DateTimeField", "DateField", "Field"]);
    expect(ancestry("ImageField")).toEqual(["ImageField", "FileField", "Field"]);
  });
});

test("a field is made without new, and is an instance of its factory and its class", () => {
  const field = f.IntegerField({ null: true });
  expect(field instanceof f.IntegerField).toBe(true);
  expect(new f.IntegerField() instanceof f.IntegerField).toBe(true);
  expect(f.BigIntegerField() instanceof f.IntegerField).toBe(true);
  class Own extends f.IntegerField {
    override readonly typeName: string = "OwnField";
  }
  expect(new Own().ancestry).toEqual(["OwnField", "IntegerField", "Field"]);
  expect(() => f.IntegerField("x" as never)).toThrow(/one object of options/);
  expect(FieldError.prototype instanceof Error).toBe(true);
});
