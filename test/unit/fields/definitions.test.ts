import { describe, expect, test } from "vitest";
import { FieldError, ImproperlyConfigured, ValidationError } from "../../../src/base/errors.js";
import type { Field } from "../../../src/fields/field.js";
import { isField } from "../../../src/fields/field.js";
import * as f from "../../../src/fields/factories.js";
import { CASCADE, SET_NULL } from "../../../src/fields/relations.js";
import { databases, sqlite } from "../../support/dialects.js";

const owner = {
  label: "shop.Product",
  appLabel: "shop",
  objectName: "Product",
  modelName: "product",
  dbTable: "shop_product",
};
const bound = <F extends Field>(field: F, name: string): F => {
  field.bind(owner, name, name);
  return field;
};
const ids = (field: Field) => field.check().map((m) => m.id);

describe("a definition with mistakes is told by Django's ids", () => {
  test("names", () => {
    expect(ids(bound(f.IntegerField(), "a_"))).toEqual(["fields.E001"]);
    expect(ids(bound(f.IntegerField(), "a__b"))).toEqual(["fields.E002"]);
    expect(ids(bound(f.IntegerField(), "pk"))).toEqual(["fields.E003"]);
    expect(ids(bound(f.IntegerField({ primaryKey: true, null: true }), "a"))).toEqual(["fields.E007"]);
    expect(ids(bound(f.IntegerField(), "a"))).toEqual([]);
  });
  test("files", () => {
    expect(ids(f.FileField({ primaryKey: true }))).toEqual(["fields.E201"]);
    expect(ids(f.ImageField({ uploadTo: "/files" }))).toEqual(["fields.E202"]);
    expect(ids(f.FilePathField({ path: "x", allowFiles: false }))).toEqual(["fields.E140"]);
    expect(ids(f.FileField({ uploadTo: "files/" }))).toEqual([]);
  });
  test("relations", () => {
    expect(ids(f.ForeignKey("Category", { onDelete: SET_NULL }))).toEqual(["fields.E320"]);
    expect(ids(f.ForeignKey("Category", { onDelete: CASCADE, relatedName: "not a name" }))).toEqual(["fields.E306"]);
    expect(() => f.ForeignKey("Category", {} as never)).toThrow(ImproperlyConfigured);
  });
  test("each mistake names its field", () => {
    expect(bound(f.CharField({ maxLength: -1 }), "name").check()).toEqual([
      expect.objectContaining({ id: "fields.E121", level: "error", object: "shop.Product.name" }),
    ]);
  });
});

describe("a field", () => {
  test("is known by its brand, and copies of its properties are not", () => {
    const field = f.CharField();
    expect([
      isField(field),
      isField(f.ManyToManyField("Tag")),
      isField(JSON.parse(JSON.stringify(field.options))),
    ]).toEqual([true, true, false]);
  });
  test("names itself and its model in errors", () => {
    const field = bound(f.IntegerField(), "stock");
    expect(() => field.prep({})).toThrow("shop.Product.stock cannot take a plain object; it takes integers");
    expect(() => field.prep(undefined)).toThrow(FieldError);
    expect(() => field.prep(undefined)).toThrow(/Leave the key out/);
  });
  test("has copies that know nothing of its model", () => {
    const field = bound(f.CharField({ maxLength: 5, default: "x" }), "name");
    const copy = field.clone();
    expect([copy.owner, copy.options, copy instanceof f.CharField, copy.typeKey]).toEqual([
      null,
      field.options,
      true,
      field.typeKey,
    ]);
  });
  test("tells how it was built", () => {
    expect(f.DecimalField({ maxDigits: 5, decimalPlaces: 2 }).deconstruct()).toEqual({
      type: "DecimalField",
      args: [],
      options: { maxDigits: 5, decimalPlaces: 2 },
    });
    expect(f.CompositePrimaryKey("a", "b").deconstruct().args).toEqual(["a", "b"]);
  });
  test("starts with its default, an empty text, or nothing", () => {
    expect(
      [f.CharField(), f.CharField({ null: true }), f.IntegerField(), f.IntegerField({ default: () => 7 })].map((x) =>
        x.getDefault(),
      ),
    ).toEqual(["", null, null, 7]);
    expect(f.BinaryField().getDefault()).toEqual(new Uint8Array(0));
  });
  test("has equal type keys where it behaves alike only", () => {
    const key = (field: Field) => field.typeKey;
    expect(key(f.CharField({ maxLength: 5 }))).toBe(key(f.CharField({ maxLength: 5, null: true })));
    const different = [
      f.CharField({ maxLength: 5 }),
      f.CharField({ maxLength: 6 }),
      f.TextField(),
      f.DecimalField({ maxDigits: 5, decimalPlaces: 2 }),
      f.DecimalField({ maxDigits: 5, decimalPlaces: 1 }),
      f.DateTimeField(),
      f.DateTimeField({ precision: 6 }),
      f.ArrayField(f.IntegerField()),
      f.ArrayField(f.TextField()),
      f.JSONField({ encoder: (v) => v }),
      f.JSONField({ encoder: (v) => v }),
      f.JSONField(),
      f.BigIntegerField(),
    ].map(key);
    expect(new Set(different).size).toBe(different.length);
  });
  test("sends nothing but primitives and bytes", () => {
    const samples: readonly (readonly [Field, unknown])[] = [
      [f.IntegerField(), 1],
      [f.DecimalField({ maxDigits: 5, decimalPlaces: 2 }), "1"],
      [f.BooleanField(), true],
      [f.CharField(), "x"],
      [f.UUIDField(), 1n],
      [f.DateField(), "2024-01-01"],
      [f.TimeField(), "10:00"],
      [f.DateTimeField(), new Date(0)],
      [f.DurationField(), "PT1S"],
      [f.JSONField(), { a: 1 }],
      [f.BinaryField(), new Uint8Array(1)],
    ];
    for (const [field, raw] of samples)
      for (const [, dialect] of databases) {
        const db = field.toDb(field.prep(raw), dialect);
        expect(["string", "number", "bigint", "boolean"].includes(typeof db) || db instanceof Uint8Array).toBe(true);
      }
  });
});

describe("validation", () => {
  test("gathers what all validators say, with the field's own messages", async () => {
    const even = (v: unknown) => {
      if ((v as number) % 2 !== 0) throw new ValidationError("Must be even.", "odd");
    };
    const later = async (v: unknown) => {
      await Promise.resolve();
      if ((v as number) > 5) throw new ValidationError("Too big.", "big");
    };
    const field = f.IntegerField({ validators: [even, later], errorMessages: { big: "Much too big." } });
    await expect(field.clean(7)).rejects.toMatchObject({ messages: ["Must be even.", "Much too big."] });
    await expect(field.clean(4)).resolves.toBe(4);
  });
  test("an error that is no ValidationError is not swallowed", async () => {
    const broken = () => {
      throw new ImproperlyConfigured("broken", "test");
    };
    await expect(f.IntegerField({ validators: [broken] }).clean(1)).rejects.toThrow(ImproperlyConfigured);
  });
  test("choices are compared as values of the field", async () => {
    const rate = f.DecimalField({ maxDigits: 4, decimalPlaces: 2, choices: ["1.50", "2.00"] });
    await expect(rate.clean("1.5")).resolves.toBeDefined();
    await expect(rate.clean("1.6")).rejects.toMatchObject({ code: "invalid_choice" });
  });
  test("a column's range is the database's where one is named", async () => {
    await expect(f.IntegerField().clean(3_000_000_000, undefined, sqlite)).resolves.toBe(3_000_000_000);
    await expect(f.IntegerField().clean(3_000_000_000)).rejects.toMatchObject({ code: "max_value" });
  });
});
