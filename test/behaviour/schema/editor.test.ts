/** The schema editor on real databases: tables of every field, constraints that hold, models that refer to each other. */
import { deepEqual } from "node:assert/strict";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import { DatabaseError, FieldError, IntegrityError, NotSupportedError } from "../../../src/base/errors.js";
import { makeDriver, openDatabase } from "../../../src/db/connections.js";
import { readSettings } from "../../../src/db/urls.js";
import { Lower } from "../../../src/expressions/functions/text.js";
import { F, Value } from "../../../src/expressions/makers.js";
import { Q } from "../../../src/expressions/q.js";
import * as f from "../../../src/fields/factories.js";
import type { Field } from "../../../src/fields/field.js";
import { CASCADE, DB_CASCADE } from "../../../src/fields/relations.js";
import { CheckConstraint, ExclusionConstraint, UniqueConstraint } from "../../../src/meta/constraints.js";
import { BrinIndex, GinIndex, GistIndex, HashIndex, Index, SpGistIndex } from "../../../src/meta/indexes.js";
import type { MetaOptions, ModelMeta } from "../../../src/meta/options.js";
import { schemaEditorFor } from "../../../src/schema/editor.js";
import { ddlDialectFor } from "../../../src/sql/ddl.js";
import { testDatabase } from "../../support/database.js";
import { define, metaOf, metasOf } from "../../support/models.js";

const { url } = await testDatabase();
const database = openDatabase("default", makeDriver(readSettings(url)));
const dialect = await database.ready();
const { features } = dialect;
const ddl = ddlDialectFor(dialect);
const editor = schemaEditorFor(database);
afterAll(() => database.close());

let made: ModelMeta[] = [];
afterEach(async () => {
  await editor.deleteModels(made);
  made = [];
  deepEqual(await tables(), [], "tables were left behind");
});

/** Creates the tables of models; they are dropped after the test. */
async function create(...metas: ModelMeta[]): Promise<void> {
  made.push(...metas);
  await editor.createModels(metas);
}
const run = async (text: string): Promise<unknown[][]> => (await database.run({ text, params: [] })).rows;
const q = (name: string): string => (dialect.name === "mysql" ? `\`${name}\`` : `"${name}"`);
async function tables(): Promise<unknown[]> {
  const text = {
    sqlite: "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name",
    postgres: "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename",
    mysql: "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE() ORDER BY table_name",
  }[dialect.name];
  return (await run(text)).map(([name]) => name);
}
async function indexes(table: string): Promise<unknown[]> {
  const text = {
    sqlite: `SELECT name FROM sqlite_master WHERE type = 'index' AND tbl_name = '${table}' ORDER BY name`,
    postgres: `SELECT indexname FROM pg_indexes WHERE tablename = '${table}' ORDER BY indexname`,
    mysql: `SELECT DISTINCT index_name FROM information_schema.statistics WHERE table_schema = DATABASE() AND table_name = '${table}' ORDER BY index_name`,
  }[dialect.name];
  return (await run(text)).map(([name]) => name);
}
const insert = (table: string, values: Record<string, string>): Promise<unknown[][]> =>
  run(
    `INSERT INTO ${q(table)} (${Object.keys(values).map(q).join(", ")}) VALUES (${Object.values(values).join(", ")})`,
  );
const product = (fields: Record<string, Field>, options: MetaOptions = {}): ModelMeta => metaOf(fields, options);

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

describe("relations", () => {
  test("models that refer to each other and to themselves are made in one go and removed", async () => {
    const a = define("A", {
      b: f.ForeignKey("B", { onDelete: CASCADE, null: true }),
      self: f.ForeignKey("A", { onDelete: CASCADE, null: true, relatedName: "others" }),
    });
    const b = define("B", {
      a: f.ForeignKey("A", { onDelete: CASCADE, null: true, relatedName: "bs" }),
      name: f.CharField({ maxLength: 5, unique: true }),
    });
    const c = define("C", { b: f.OneToOneField("B", { onDelete: CASCADE, toField: "name", primaryKey: true }) });
    await create(...metasOf(c, a, b));
    await insert("shop_a", { b_id: "NULL" });
    await insert("shop_b", { a_id: "1", name: "'x'" });
    await run(`UPDATE ${q("shop_a")} SET b_id = 1, self_id = 1`);
    await insert("shop_c", { b_id: "'x'" });
    await expect(insert("shop_b", { a_id: "99", name: "'y'" })).rejects.toThrow(IntegrityError);
  });
  test("many to many has a table of pairs, each pair once", async () => {
    const [p, t] = metasOf(
      define("Product", {
        name: f.CharField({ maxLength: 5 }),
        tags: f.ManyToManyField("Tag"),
        like: f.ManyToManyField("self"),
      }),
      define("Tag", { name: f.CharField({ maxLength: 5 }) }),
    );
    await create(p!, t!);
    expect(await tables()).toEqual(["shop_product", "shop_product_like", "shop_product_tags", "shop_tag"]);
    await insert("shop_product", { name: "'p'" });
    await insert("shop_tag", { name: "'t'" });
    await insert("shop_product_tags", { product_id: "1", tag_id: "1" });
    await expect(insert("shop_product_tags", { product_id: "1", tag_id: "1" })).rejects.toThrow(IntegrityError);
    await expect(insert("shop_product_tags", { product_id: "1", tag_id: "9" })).rejects.toThrow(IntegrityError);
  });
  test("a child's table has the link to its parent as key; proxies, swapped and unmanaged models have none", async () => {
    const place = define("Place", { name: f.CharField({ maxLength: 9 }) });
    const restaurant = define("Restaurant", { stars: f.IntegerField() }, {}, { parents: [place] });
    const others = [
      define("OrderedPlace", {}, { proxy: true }, { proxyFor: place }),
      define("Foreign", {}, { managed: false }),
      define("Gone", {}, { swapped: true }),
    ];
    await create(...metasOf(restaurant, place, ...others));
    expect(await tables()).toEqual(["shop_place", "shop_restaurant"]);
    await insert("shop_place", { name: "'p'" });
    await insert("shop_restaurant", { place_ptr_id: "1", stars: "3" });
    await expect(insert("shop_restaurant", { place_ptr_id: "1", stars: "3" })).rejects.toThrow(IntegrityError);
    await expect(insert("shop_restaurant", { place_ptr_id: "2", stars: "3" })).rejects.toThrow(IntegrityError);
  });
  test("the database deletes by itself where it is told to", async () => {
    await create(
      ...metasOf(
        define("Parent", { n: f.IntegerField() }),
        define("Child", { parent: f.ForeignKey("Parent", { onDelete: DB_CASCADE }) }),
      ),
    );
    await insert("shop_parent", { n: "1" });
    await insert("shop_child", { parent_id: "1" });
    await run(`DELETE FROM ${q("shop_parent")}`);
    expect(await run(`SELECT * FROM ${q("shop_child")}`)).toEqual([]);
  });
  test("a relation without a constraint takes any value", async () => {
    await create(
      ...metasOf(
        define("Parent", { n: f.IntegerField() }),
        define("Child", { parent: f.ForeignKey("Parent", { onDelete: CASCADE, dbConstraint: false }) }),
      ),
    );
    await insert("shop_child", { parent_id: "9" });
    expect(await run(`SELECT ${q("parent_id")} FROM ${q("shop_child")}`)).toHaveLength(1);
  });
});

describe("running", () => {
  test("collecting runs nothing and gives the same statements", async () => {
    const meta = product({ name: f.CharField({ maxLength: 9, dbIndex: true }) });
    const collecting = schemaEditorFor(database, { collectSql: true });
    await collecting.createModel(meta);
    await collecting.deleteModel(meta);
    expect(collecting.collected.at(0)).toMatch(/^CREATE TABLE/);
    expect(collecting.collected.at(-1)).toMatch(/^DROP TABLE/);
    expect(await tables()).toEqual([]);
    for (const statement of collecting.collected) await run(statement);
    expect(await tables()).toEqual([]);
  });
  test("inside of run foreign keys wait until all tables are there", async () => {
    const [book, author] = metasOf(
      define("Book", { author: f.ForeignKey("Author", { onDelete: CASCADE }) }),
      define("Author", { n: f.IntegerField() }),
    );
    made.push(book!, author!);
    await editor.run(async (block) => {
      await block.createModel(book!);
      await block.createModel(author!);
    });
    await expect(insert("shop_book", { author_id: "1" })).rejects.toThrow(IntegrityError);
  });
  test("calls at the same time do not disturb each other", async () => {
    const metas = metasOf(
      ...["A", "B", "C"].map((name) =>
        define(name, {
          n: f.IntegerField({ dbIndex: true }),
          self: f.ForeignKey(name, { onDelete: CASCADE, null: true }),
        }),
      ),
    );
    made.push(...metas);
    await Promise.all(metas.map((m) => editor.createModel(m)));
    expect(await tables()).toEqual(["shop_a", "shop_b", "shop_c"]);
    for (const table of ["shop_a", "shop_b", "shop_c"]) expect((await indexes(table)).length).toBeGreaterThanOrEqual(2);
  });
  test("a definition that the database cannot have leaves nothing behind", async () => {
    const [good, bad] = metasOf(
      define("Good", { n: f.IntegerField() }),
      define("Bad", { n: f.IntegerField() }, { indexes: [Index({ fields: ["none"] })] }),
    );
    await expect(editor.createModels([good!, bad!])).rejects.toThrow(FieldError);
    expect(await tables()).toEqual([]);
  });
  test("a failure takes everything back where the database can", async () => {
    const [good, bad] = metasOf(
      define("Good", { n: f.IntegerField() }),
      define("Bad", { n: f.IntegerField() }, { dbTable: "shop_good" }),
    );
    await expect(
      editor.run(async (block) => {
        await block.createModel(good!);
        await block.createModel(bad!);
      }),
    ).rejects.toThrow(DatabaseError);
    expect(await tables()).toEqual(features.transactionalDdl ? [] : ["shop_good"]);
    if (!features.transactionalDdl) await editor.deleteModel(good!);
  });
});
