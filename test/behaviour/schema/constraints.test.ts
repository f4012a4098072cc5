/** Constraints that hold and indexes that are there, on real databases. */
import { describe, expect, test } from "vitest";
import { IntegrityError, NotSupportedError } from "../../../src/base/errors.js";
import { Lower } from "../../../src/expressions/functions/text.js";
import { F } from "../../../src/expressions/makers.js";
import { Q } from "../../../src/expressions/q.js";
import * as f from "../../../src/fields/factories.js";
import type { Field } from "../../../src/fields/field.js";
import { CheckConstraint, ExclusionConstraint, UniqueConstraint } from "../../../src/meta/constraints.js";
import { BrinIndex, GinIndex, GistIndex, HashIndex, Index, SpGistIndex } from "../../../src/meta/indexes.js";
import { schemaDatabase } from "../../support/schema.js";

const { create, ddl, dialect, editor, features, indexes, insert, product } = await schemaDatabase();

describe("constraints and indexes", () => {
  const fields = (): Record<string, Field> => ({
    name: f.CharField({ maxLength: 20 }),
    price: f.IntegerField({ null: true }),
    cost: f.IntegerField({ null: true }),
    active: f.BooleanField({ dbDefault: true }),
  });
  test("a check constraint holds, and lets NULL pass", async () => {
    await create(
      product(fields(), {
        constraints: [
          CheckConstraint({ condition: new Q({ price__gt: 0 }), name: "price_positive" }),
          CheckConstraint({ condition: new Q({ price__gte: F("cost") }), name: "no_loss" }),
          CheckConstraint({
            condition: new Q({ name__in: ["it's", "a\\b", "c%_"] }).or(new Q({ name__startswith: "x_\\" })),
            name: "known_names",
          }),
          CheckConstraint({
            condition: new Q({ price__range: [-7, -5] }).not(),
            name: "%(app_label)s_%(class)s_range",
          }),
        ],
      }),
    );
    await insert("shop_product", { name: `'it''s'`, price: "3", cost: "3" });
    await insert("shop_product", { name: dialect.name === "mysql" ? `'a\\\\b'` : `'a\\b'`, price: "NULL" });
    await insert("shop_product", { name: dialect.name === "mysql" ? `'x_\\\\y'` : `'x_\\y'` });
    await expect(insert("shop_product", { name: "'c%_'", price: "0" })).rejects.toThrow(IntegrityError);
    await expect(insert("shop_product", { name: "'c%_'", price: "1", cost: "2" })).rejects.toThrow(IntegrityError);
    await expect(insert("shop_product", { name: "'xay'" })).rejects.toThrow(IntegrityError);
  });
  test("values of every kind stand in conditions", async () => {
    await create(
      product(
        {
          day: f.DateField({ null: true }),
          at: f.DateTimeField({ null: true }),
          time: f.TimeField({ null: true }),
          span: f.DurationField({ null: true }),
          price: f.DecimalField({ maxDigits: 8, decimalPlaces: 2, null: true }),
          size: f.FloatField({ null: true }),
          big: f.BigIntegerField({ null: true }),
          key: f.UUIDField({ null: true }),
          flag: f.BooleanField({ null: true }),
          bytes: f.BinaryField({ null: true }),
          data: f.JSONField({ null: true }),
          ip: f.GenericIPAddressField({ null: true }),
        },
        {
          constraints: Object.entries({
            day__gt: "2020-01-31",
            at__gte: new Date("2020-01-31T10:00:00.123Z"),
            time__lt: "12:30:00.5",
            span__lte: "PT1H",
            price__gt: "-0.05",
            size__lt: 1e21,
            big__lt: 2n ** 62n,
            key__in: ["12345678-1234-1234-1234-123456789abc"],
            flag: true,
            ip: "2001:db8::1",
          }).map(([path, value]) => CheckConstraint({ condition: { [path]: value }, name: `c_${path}` })),
        },
      ),
    );
    await insert("shop_product", {
      day: "'2020-02-01'",
      at: "'2020-02-01 00:00:00.000'",
      time: "'12:00:00'",
      price: "0",
      size: "1.5",
      big: "4",
    });
    for (const wrong of [
      { day: "'2020-01-31'" },
      { at: "'2020-01-31 10:00:00.122'" },
      { time: "'13:00:00'" },
      { price: "-0.05" },
      { big: "4611686018427387904" },
      { ip: "'::1'" },
    ])
      await expect(
        insert("shop_product", wrong as unknown as Record<string, string>),
        JSON.stringify(wrong),
      ).rejects.toThrow(IntegrityError);
  });
  test("unique over several columns, as constraint and as uniqueTogether", async () => {
    await create(
      product(fields(), {
        uniqueTogether: [["name", "cost"]],
        constraints: [UniqueConstraint({ fields: ["name", "price"], name: "one_price" })],
      }),
    );
    await insert("shop_product", { name: "'a'", price: "1", cost: "1" });
    await expect(insert("shop_product", { name: "'a'", price: "1", cost: "2" })).rejects.toThrow(IntegrityError);
    await expect(insert("shop_product", { name: "'a'", price: "2", cost: "1" })).rejects.toThrow(IntegrityError);
    await insert("shop_product", { name: "'a'", price: "2", cost: "2" });
  });
  test("unique under a condition and over an expression, or left out", async () => {
    await create(
      product(fields(), {
        constraints: [
          UniqueConstraint({ fields: ["name"], condition: { active: true }, name: "one_active" }),
          UniqueConstraint(Lower("name").desc(), F("cost"), { name: "one_lower" }),
        ],
      }),
    );
    await insert("shop_product", { name: "'a'", cost: "1" });
    const again = insert("shop_product", { name: "'a'", cost: "2" });
    if (features.partialIndexes) await expect(again).rejects.toThrow(IntegrityError);
    else await again;
    const lower = insert("shop_product", { name: "'A'", cost: "1" });
    if (features.expressionIndexes) await expect(lower).rejects.toThrow(IntegrityError);
    else await lower;
    expect((await indexes("shop_product")).includes("one_lower")).toBe(features.expressionIndexes);
  });
  test("indexes are made under their names, and removed", async () => {
    const over = Index(Lower("name"), F("cost").desc(), { name: "over_lower" });
    const meta = product(fields(), {
      indexes: [
        Index({ fields: ["name", "-price"] }),
        Index({
          fields: ["cost"],
          name: "some_cost",
          condition: new Q({ price__gt: 5, active: true }),
          include: ["active"],
        }),
        over,
      ],
    });
    await create(meta);
    const found = await indexes("shop_product");
    expect(found).toContain("some_cost");
    expect(found).toContain("shop_produc_name_659ce6_idx");
    expect(found.includes("over_lower")).toBe(features.expressionIndexes);
    await editor.removeIndex(meta, over);
    expect(await indexes("shop_product")).not.toContain("over_lower");
    await editor.addIndex(meta, over);
    expect((await indexes("shop_product")).includes("over_lower")).toBe(features.expressionIndexes);
  });
  test("constraints are added and removed later", async () => {
    const meta = product(fields());
    await create(meta);
    const check = CheckConstraint({ condition: { price__gt: 0 }, name: "later" });
    if (!ddl.addsConstraints) {
      await expect(editor.addConstraint(meta, check)).rejects.toThrow(NotSupportedError);
      return;
    }
    const unique = UniqueConstraint({ fields: ["name"], name: "later_unique" });
    for (const c of [check, unique]) await editor.addConstraint(meta, c);
    await expect(insert("shop_product", { name: "'a'", price: "0" })).rejects.toThrow(IntegrityError);
    for (const c of [check, unique]) await editor.removeConstraint(meta, c);
    await insert("shop_product", { name: "'a'", price: "0" });
    await insert("shop_product", { name: "'a'", price: "0" });
  });
  test("the access methods, exclusions and deferred constraints of PostgreSQL", async () => {
    if (!ddl.accessMethods) {
      await expect(
        editor.createModel(product(fields(), { indexes: [GinIndex({ fields: ["name"], name: "g" })] })),
      ).rejects.toThrow(NotSupportedError);
      return;
    }
    await create(
      product(
        { ...fields(), tags: f.ArrayField(f.IntegerField()), span: f.IntegerRangeField({ null: true }) },
        {
          indexes: [
            GinIndex({ fields: ["tags"], fastupdate: false, ginPendingListLimit: 128 }),
            GistIndex({ fields: ["span"], fillfactor: 60 }),
            SpGistIndex({ fields: ["span"] }),
            BrinIndex({ fields: ["price"], pagesPerRange: 4, autosummarize: true }),
            HashIndex({ fields: ["name"] }),
            Index({ fields: ["name"], opclasses: ["varchar_pattern_ops"], name: "by_pattern" }),
          ],
          constraints: [
            ExclusionConstraint({ name: "no_overlap", expressions: [["span", "&&"]], condition: { active: true } }),
            UniqueConstraint({ fields: ["price"], name: "at_the_end", deferrable: "deferred" }),
            UniqueConstraint({ fields: ["cost"], name: "one_null", nullsDistinct: false }),
          ],
        },
      ),
    );
    await insert("shop_product", { name: "'a'", tags: "'{1}'", span: "'[1,5)'", cost: "NULL" });
    await expect(insert("shop_product", { name: "'a'", tags: "'{1}'", span: "'[4,9)'", cost: "1" })).rejects.toThrow(
      IntegrityError,
    );
    await expect(insert("shop_product", { name: "'a'", tags: "'{1}'", cost: "NULL" })).rejects.toThrow(IntegrityError);
    expect(await indexes("shop_product")).toContain("by_pattern");
  });
});
