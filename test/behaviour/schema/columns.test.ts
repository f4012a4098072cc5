/** Columns of every field on real databases, and what they promise. */
import { describe, expect, test } from "vitest";
import { DatabaseError, IntegrityError, NotSupportedError } from "../../../src/base/errors.js";
import { Lower } from "../../../src/expressions/functions/text.js";
import { F, Value } from "../../../src/expressions/makers.js";
import * as f from "../../../src/fields/factories.js";
import type { Field } from "../../../src/fields/field.js";
import { schemaDatabase } from "../../support/schema.js";

const { create, ddl, dialect, editor, features, insert, product, q, run, tables } = await schemaDatabase();

describe("fields", () => {
  const everywhere: Record<string, (o: object) => Field> = {
    IntegerField: f.IntegerField,
    SmallIntegerField: f.SmallIntegerField,
    BigIntegerField: f.BigIntegerField,
    PositiveIntegerField: f.PositiveIntegerField,
    PositiveSmallIntegerField: f.PositiveSmallIntegerField,
    PositiveBigIntegerField: f.PositiveBigIntegerField,
    FloatField: f.FloatField,
    DecimalField: (o) => f.DecimalField({ maxDigits: 20, decimalPlaces: 4, ...o }),
    BooleanField: f.BooleanField,
    UUIDField: f.UUIDField,
    BinaryField: f.BinaryField,
    GenericIPAddressField: f.GenericIPAddressField,
    CharField: (o) => f.CharField({ maxLength: 50, ...o }),
    TextField: f.TextField,
    SlugField: f.SlugField,
    EmailField: f.EmailField,
    URLField: f.URLField,
    DateField: f.DateField,
    TimeField: f.TimeField,
    DateTimeField: f.DateTimeField,
    "DateTimeField of microseconds": (o) => f.DateTimeField({ precision: 6, ...o }),
    DurationField: f.DurationField,
    JSONField: f.JSONField,
    FileField: f.FileField,
    FilePathField: (o) => f.FilePathField({ path: "media", ...o } as never),
  };
  const postgres: Record<string, (o: object) => Field> = {
    ArrayField: (o) => f.ArrayField(f.CharField({ maxLength: 10 }), { size: 3, ...o }),
    SearchVectorField: f.SearchVectorField,
    IntegerRangeField: f.IntegerRangeField,
    BigIntegerRangeField: f.BigIntegerRangeField,
    DecimalRangeField: f.DecimalRangeField,
    DateRangeField: f.DateRangeField,
    DateTimeRangeField: f.DateTimeRangeField,
  };
  for (const [name, make] of Object.entries({ ...everywhere, ...(features.arrays ? postgres : {}) })) {
    test(`a table of ${name}, with and without NULL, is made and removed`, async () => {
      await create(
        product({ required: make({}), optional: make({ null: true }), indexed: make({ null: true, dbIndex: true }) }),
      );
      expect(await run(`SELECT ${q("required")}, ${q("optional")} FROM ${q("shop_product")}`)).toEqual([]);
    });
  }
  test("fields of PostgreSQL are refused where there are none", async () => {
    if (features.arrays) return expect(features.arrays).toBe(true);
    await expect(editor.createModel(product({ tags: f.ArrayField(f.IntegerField()) }))).rejects.toThrow(
      NotSupportedError,
    );
  });
  for (const [name, make] of Object.entries({
    AutoField: f.AutoField,
    SmallAutoField: f.SmallAutoField,
    BigAutoField: f.BigAutoField,
  })) {
    test(`${name} numbers the rows`, async () => {
      await create(product({ key: make(), n: f.IntegerField() }));
      await insert("shop_product", { n: "1" });
      await insert("shop_product", { n: "2" });
      const rows = await run(`SELECT ${q("key")} FROM ${q("shop_product")} ORDER BY ${q("key")}`);
      expect(rows.map(([key]) => Number(key))).toEqual([1, 2]);
    });
  }
  test("a name with quotes is a name", async () => {
    await create(product({ odd: f.IntegerField({ dbColumn: 'a"b`c' }) }, { dbTable: 'od"d`table' }));
    const name = dialect.name === "mysql" ? '`od"d``table`' : '"od""d`table"';
    expect(await run(`SELECT * FROM ${name}`)).toEqual([]);
  });
});

describe("what columns promise", () => {
  test("defaults of the database are written by the database", async () => {
    await create(
      product({
        n: f.IntegerField(),
        count: f.IntegerField({ dbDefault: -3 }),
        text: f.CharField({ maxLength: 30, dbDefault: "it's a \\ 'x'" }),
        long: f.TextField({ dbDefault: "a\\'; --" }),
        flag: f.BooleanField({ dbDefault: true }),
        price: f.DecimalField({ maxDigits: 6, decimalPlaces: 2, dbDefault: "1.50" }),
        lower: f.CharField({ maxLength: 9, dbDefault: Lower(Value("ABC")) }),
        none: f.IntegerField({ null: true, dbDefault: null }),
      }),
    );
    await insert("shop_product", { n: "1" });
    const [row] = await run(
      `SELECT ${["count", "text", "long", "flag", "price", "lower", "none"].map(q).join(", ")} FROM ${q("shop_product")}`,
    );
    const [count, text, long, flag, price, lower, none] = row!;
    expect([Number(count), text, long, Boolean(flag), Number(price), lower, none]).toEqual([
      -3,
      "it's a \\ 'x'",
      "a\\'; --",
      true,
      1.5,
      "abc",
      null,
    ]);
  });
  test("computed columns follow their row", async () => {
    await create(
      product({
        width: f.IntegerField(),
        height: f.IntegerField({ null: true }),
        area: f.GeneratedField({
          expression: F("width").mul(F("height")).add(1),
          outputField: f.IntegerField(),
          dbPersist: true,
          null: true,
        }),
      }),
    );
    await insert("shop_product", { width: "3", height: "4" });
    await insert("shop_product", { width: "3", height: "NULL" });
    const rows = await run(`SELECT ${q("area")} FROM ${q("shop_product")} ORDER BY ${q("id")}`);
    expect(rows).toEqual([[13], [null]]);
  });
  test("columns computed when read are there, or refused", async () => {
    const meta = product({
      n: f.IntegerField(),
      twice: f.GeneratedField({ expression: F("n").mul(2), outputField: f.IntegerField(), dbPersist: false }),
    });
    if (!ddl.virtualColumns(dialect)) {
      await expect(editor.createModel(meta)).rejects.toThrow(NotSupportedError);
      return;
    }
    await create(meta);
    await insert("shop_product", { n: "4" });
    expect((await run(`SELECT ${q("twice")} FROM ${q("shop_product")}`)).map(([v]) => Number(v))).toEqual([8]);
  });
  test("positive integers and unique values are kept by the database", async () => {
    await create(product({ count: f.PositiveIntegerField(), code: f.CharField({ maxLength: 5, unique: true }) }));
    await insert("shop_product", { count: "0", code: "'a'" });
    await expect(insert("shop_product", { count: "-1", code: "'b'" })).rejects.toThrow(DatabaseError);
    await expect(insert("shop_product", { count: "1", code: "'a'" })).rejects.toThrow(IntegrityError);
  });
  test("only JSON goes into a JSON column", async () => {
    await create(product({ data: f.JSONField({ null: true }) }));
    await insert("shop_product", { data: "NULL" });
    await insert("shop_product", { data: `'{"a": [1]}'` });
    await expect(insert("shop_product", { data: "'{a}'" })).rejects.toThrow(DatabaseError);
  });
  test("a composite key is a key", async () => {
    await create(
      product({ pk: f.CompositePrimaryKey("tenant", "number"), tenant: f.IntegerField(), number: f.IntegerField() }),
    );
    await insert("shop_product", { tenant: "1", number: "1" });
    await insert("shop_product", { tenant: "1", number: "2" });
    await expect(insert("shop_product", { tenant: "1", number: "1" })).rejects.toThrow(IntegrityError);
    await expect(insert("shop_product", { tenant: "2", number: "NULL" })).rejects.toThrow(IntegrityError);
  });
  test("comments and collations are accepted", async () => {
    const collation = { sqlite: "NOCASE", postgres: "C", mysql: "utf8mb4_bin" }[dialect.name];
    await create(
      product(
        {
          name: f.CharField({ maxLength: 9, dbCollation: collation, dbComment: "it's \\ a 'name'" }),
          n: f.IntegerField(),
        },
        { dbTableComment: "a 'table'" },
      ),
    );
    expect(await tables()).toEqual(["shop_product"]);
    if (ddl.comments !== "statement") return;
    expect(
      await run("SELECT obj_description('shop_product'::regclass), col_description('shop_product'::regclass, 2)"),
    ).toEqual([["a 'table'", "it's \\ a 'name'"]]);
  });
});
