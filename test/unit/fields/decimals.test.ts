import { Decimal as OtherDecimal } from "decimal.js";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { FieldError, NotSupportedError, ValidationError, ValueError } from "../../../src/base/errors.js";
import { Decimal } from "../../../src/base/values.js";
import * as f from "../../../src/fields/factories.js";
import { holds } from "../../support/holds.js";
import { databases, mariadb, postgres, sqlite } from "../../support/dialects.js";

const text = (value: unknown) => (value as Decimal).toFixed();

/** A decimal of at most `digits` digits, `scale` of them after the point, as text. */
const decimals = (digits: number, scale: number) =>
  fc
    .bigInt({ min: -(10n ** BigInt(digits)) + 1n, max: 10n ** BigInt(digits) - 1n })
    .map((n) => new Decimal(n.toString()).div(new Decimal(10).pow(scale)));

describe("a DecimalField", () => {
  const price = f.DecimalField({ maxDigits: 10, decimalPlaces: 2 });

  test.each([
    ["1.5", "1.5"],
    [" 12 ", "12"],
    [0.1, "0.1"],
    [3, "3"],
    [7n, "7"],
    ["1e3", "1000"],
    [".5", "0.5"],
    ["-2.", "-2"],
    [new OtherDecimal("0.25"), "0.25"],
  ])("takes %o as %s", (raw, canonical) => {
    expect(text(price.prep(raw))).toBe(canonical);
  });

  test.each([
    "",
    "x",
    "1,5",
    "NaN",
    "Infinity",
    "0x10",
    "1e9999999",
    "1e-9999999",
    "--1",
    "1_0",
    "9".repeat(1_000_000),
    Number.NaN,
    Infinity,
  ])("refuses case %# at once with a ValidationError", (raw) => {
    const start = performance.now();
    expect(() => price.prep(raw)).toThrow(ValidationError);
    expect(performance.now() - start).toBeLessThan(100);
  });
  test("refuses other types, and integers that may be rounded already", () => {
    for (const raw of [undefined, true, [1], {}, new Date(0)]) expect(() => price.prep(raw)).toThrow(/cannot take/);
    expect(() => price.prep(2 ** 60)).toThrow(ValueError);
  });

  test("does not take a JSON copy of a Decimal for one", () => {
    const copy = { toStringTag: "[object Decimal]", s: 1, e: 0, d: ["1; DROP TABLE x"], constructor: OtherDecimal };
    expect(() => price.prep(copy)).toThrow(/cannot take a plain object/);
    expect(() => price.prep(Object.assign(Object.create({}) as object, copy))).toThrow(FieldError);
    expect(() => f.CharField().prep(copy)).toThrow(FieldError);
  });
  test("names the field in the error, and not in the messages for forms", () => {
    const bound = price.clone() as typeof price;
    bound.bind(
      { label: "shop.Product", appLabel: "shop", objectName: "Product", modelName: "product", dbTable: "shop_product" },
      "price",
      "price",
    );
    const error = (() => {
      try {
        return bound.prep("secret");
      } catch (e) {
        return e as ValidationError;
      }
    })();
    expect(error).toMatchObject({
      message: "shop.Product.price: The value must be a decimal number.",
      messages: ["The value must be a decimal number."],
      path: "shop.Product.price",
      code: "invalid",
    });
  });
  test("rounds half to even at its places, and refuses too many digits", () => {
    const db = (raw: string) => price.toDb(price.prep(raw), postgres);
    expect([db("0.125"), db("0.135"), db("-0.001"), db("99999999.994")]).toEqual([
      "0.12",
      "0.14",
      "0.00",
      "99999999.99",
    ]);
    for (const raw of ["100000000", "99999999.995", "1e300"])
      expect(() => db(raw)).toThrow(/no more than 10 digits in total/);
  });

  test("is text on PostgreSQL and MariaDB, a number on SQLite up to 15 digits, text beyond", () => {
    const wide = f.DecimalField({ maxDigits: 30, decimalPlaces: 10 });
    const d = new Decimal("1.10");
    expect(databases.map(([, dialect]) => price.toDb(d, dialect))).toEqual([1.1, "1.10", "1.10"]);
    expect(databases.map(([, dialect]) => wide.toDb(d, dialect))).toEqual([
      "1.1000000000",
      "1.1000000000",
      "1.1000000000",
    ]);
    expect([price.exactText, wide.exactText]).toEqual([false, true]);
    expect(databases.map(([, dialect]) => price.dbType(dialect))).toEqual([
      "decimal",
      "numeric(10, 2)",
      "numeric(10, 2)",
    ]);
    expect(databases.map(([, dialect]) => wide.dbType(dialect))).toEqual([
      "text",
      "numeric(30, 10)",
      "numeric(30, 10)",
    ]);
    expect(databases.map(([, dialect]) => price.castType(dialect))).toEqual([
      "numeric",
      "numeric(10, 2)",
      "decimal(10, 2)",
    ]);
  });

  test.each([
    [10, 2],
    [15, 0],
    [15, 15],
    [15, 6],
    [30, 10],
    [38, 19],
    [65, 30],
  ])("gives back every value of %i digits and %i places", (digits, scale) => {
    const field = f.DecimalField({ maxDigits: digits, decimalPlaces: scale });
    holds(
      fc.property(decimals(digits, scale), fc.constantFrom(sqlite, postgres, mariadb), (d, dialect) => {
        const canonical = field.prep(d.toFixed()) as Decimal;
        const back = field.fromDb(dialect)(field.toDb(canonical, dialect)) as Decimal;
        return canonical.equals(d) && back.equals(d) && back instanceof Decimal;
      }),
    );
  });

  test("judges ties of SQLite's doubles without the noise after 15 digits", () => {
    const read = price.fromDb(sqlite);
    expect([read(1.005), read(1.015), read(0.1 + 0.2), read(3), read(5n), read("2.50")].map(text)).toEqual([
      "1",
      "1.02",
      "0.3",
      "3",
      "5",
      "2.5",
    ]);
  });

  test("an expression's type without digits keeps what it is given", () => {
    const open = f.DecimalField();
    expect([open.toDb(new Decimal("1.5"), sqlite), open.toDb(new Decimal("0.12345678901234567"), sqlite)]).toEqual([
      1.5,
      "0.12345678901234567",
    ]);
    expect(open.toDb(new Decimal("1.50"), postgres)).toBe("1.5");
    expect([open.dbType(sqlite), open.dbType(postgres)]).toEqual(["text", "numeric"]);
  });

  test("says what is wrong with a definition", () => {
    const ids = (options: object) =>
      f
        .DecimalField(options)
        .check([mariadb])
        .map((m) => m.id);
    expect(ids({})).toEqual(["fields.E130", "fields.E132"]);
    expect(ids({ maxDigits: 2, decimalPlaces: 3 })).toEqual(["fields.E134"]);
    expect(ids({ maxDigits: 0, decimalPlaces: -1 })).toEqual(["fields.E131", "fields.E133"]);
    expect(f.DecimalField().check([postgres, sqlite])).toEqual([]);
  });

  test("tells in validation which part is too long", async () => {
    await expect(price.clean("1.234")).rejects.toMatchObject({ code: "max_decimal_places" });
    await expect(price.clean("123456789.1")).rejects.toMatchObject({ code: "max_whole_digits" });
    await expect(price.clean("1.20").then(text)).resolves.toBe("1.2");
  });

  test("prints plainly, also in JSON", () => {
    expect(JSON.stringify({ a: price.prep("0.0000001"), b: new Decimal("1e21") })).toBe(
      '{"a":"0.0000001","b":"1000000000000000000000"}',
    );
  });
});

describe("a FloatField", () => {
  const field = f.FloatField();
  test.each([
    [1.5, 1.5],
    ["1e5", 100000],
    [" 2 ", 2],
    [7n, 7],
    [true, 1],
    [-0, 0],
    [new Decimal("0.5"), 0.5],
    ["inf", Infinity],
    [5e-324, 5e-324],
  ])("takes %o", (raw, canonical) => {
    expect(Object.is(field.prep(raw), canonical)).toBe(true);
  });
  test.each(["", "x", "0x10", "1e999", 2n ** 60n + 1n])("refuses the content of case %#", (raw) => {
    expect(() => field.prep(raw)).toThrow(ValueError);
  });
  test.each([undefined, [1], {}, new Date()])("refuses the type of case %#", (raw) => {
    expect(() => field.prep(raw)).toThrow(/cannot take/);
  });
  test("has NaN and infinities on PostgreSQL only", () => {
    expect([field.toDb(Number.NaN, postgres), field.toDb(-Infinity, postgres)]).toEqual(["NaN", "-Infinity"]);
    for (const dialect of [sqlite, mariadb])
      for (const value of [Number.NaN, Infinity]) expect(() => field.toDb(value, dialect)).toThrow(NotSupportedError);
  });
  test("reads numbers and their texts", () => {
    const read = field.fromDb(postgres);
    expect([read(1.5), read("1.5"), read(3n), read("-Infinity")]).toEqual([1.5, 1.5, 3, -Infinity]);
  });
});
