/** Mistakes in definitions, found all at once, by Django's ids. */
import { describe, expect, test } from "vitest";
import { Lower } from "../../../src/expressions/functions/text.js";
import { F, RawSQL } from "../../../src/expressions/makers.js";
import { Q } from "../../../src/expressions/q.js";
import * as f from "../../../src/fields/factories.js";
import type { Field } from "../../../src/fields/field.js";
import {
  CASCADE,
  DB_CASCADE,
  DB_SET_DEFAULT,
  DB_SET_NULL,
  SET_DEFAULT,
  SET_NULL,
} from "../../../src/fields/relations.js";
import { runChecks } from "../../../src/meta/checks.js";
import { CheckConstraint, UniqueConstraint } from "../../../src/meta/constraints.js";
import { Index } from "../../../src/meta/indexes.js";
import type { MetaOptions } from "../../../src/meta/options.js";
import type { ModelDefinition } from "../../../src/meta/registry.js";
import { mariadb, postgres, sqlite } from "../../support/dialects.js";
import { define, registryOf } from "../../support/models.js";

type Dialects = readonly (typeof sqlite)[];
/** `id object` of every message. */
function ids(definitions: readonly ModelDefinition[], dialects: Dialects = []): string[] {
  const registry = registryOf(...definitions);
  return runChecks(registry.models.values(), registry.problems, dialects).map((m) => `${m.id} ${m.object}`);
}
const n = f.IntegerField;
const category = define("Category", { name: f.CharField({ maxLength: 9 }) });
const to = (label: string, options: object = {}): Field => f.ForeignKey(label, { onDelete: CASCADE, ...options });
const one = (fields: Record<string, Field>, options: MetaOptions = {}, dialects: Dialects = []): string[] =>
  ids([define("Product", fields, options), category], dialects);

test("sound models give no messages", () => {
  const definitions = [
    define(
      "Product",
      {
        name: f.CharField({ maxLength: 9 }),
        category: to("Category"),
        tags: f.ManyToManyField("Tag"),
        like: f.ManyToManyField("self"),
      },
      {
        ordering: ["-name", "category__name", "?", "pk", F("name").asc()],
        indexes: [Index({ fields: ["category", "-name"] }), Index(Lower("name"), { name: "low" })],
        constraints: [
          UniqueConstraint({ fields: ["name"], name: "u" }),
          CheckConstraint({ condition: { name__startswith: "a" }, name: "c" }),
        ],
        uniqueTogether: [["name", "category"]],
      },
    ),
    category,
    define("Tag", { name: f.CharField({ maxLength: 9 }) }),
  ];
  expect(ids(definitions, [sqlite, postgres])).toEqual([]);
});
test("all mistakes come at once, those of the registry among them, none twice", () => {
  const found = ids([define("Product", { a_: n(), b__c: n(), id: n(), far: to("Nowhere") }, { ordering: ["none"] })]);
  expect(found).toEqual(
    expect.arrayContaining([
      "fields.E001 shop.Product.a_",
      "fields.E002 shop.Product.b__c",
      "models.E004 shop.Product",
      "fields.E300 shop.Product.far",
      "models.E015 shop.Product",
    ]),
  );
  expect(new Set(found).size).toBe(found.length);
});

describe("relations", () => {
  test("to what was swapped", () => {
    expect(ids([define("Product", { user: to("User") }), define("User", {}, { swapped: true })])).toEqual([
      "fields.E301 shop.Product.user",
    ]);
  });
  test("whose reverse names clash with fields and with each other", () => {
    expect(one({ c: to("Category", { relatedName: "name" }) })).toEqual([
      "fields.E302 shop.Product.c",
      "fields.E303 shop.Product.c",
    ]);
    expect(one({ a: to("Category"), b: to("Category") }).toSorted()).toEqual([
      "fields.E304 shop.Product.a",
      "fields.E304 shop.Product.b",
      "fields.E305 shop.Product.a",
      "fields.E305 shop.Product.b",
    ]);
    expect(one({ a: to("Category", { relatedName: "+" }), b: to("Category", { relatedName: "+" }) })).toEqual([]);
  });
  test("whose reverse names cannot stand in paths", () => {
    expect(one({ c: to("Category", { relatedName: "some_" }) })).toEqual(["fields.E308 shop.Product.c"]);
    expect(one({ c: to("Category", { relatedQueryName: "a__b" }) })).toEqual(["fields.E309 shop.Product.c"]);
    expect(one({ c: f.ManyToManyField("Category", { relatedName: "1 x" }) })).toContain("fields.E306 shop.Product.c");
  });
  test("to a field that is missing or not unique", () => {
    expect(one({ c: to("Category", { toField: "none" }) })).toEqual(["fields.E312 shop.Product.c"]);
    expect(one({ c: to("Category", { toField: "name" }) })).toEqual(["fields.E311 shop.Product.c"]);
    const unique = define(
      "Category",
      { name: f.CharField({ maxLength: 9 }) },
      { constraints: [UniqueConstraint({ fields: ["name"], name: "u" })] },
    );
    expect(ids([define("Product", { c: to("Category", { toField: "name" }) }), unique])).toEqual([]);
  });
  test("over several columns are warned of without a unique set of them", () => {
    const person = (options: MetaOptions) => define("Person", { country: n(), number: n() }, options);
    const member = define("Member", {
      country: n(),
      number: n(),
      person: f.ForeignObject("Person", {
        onDelete: CASCADE,
        fromFields: ["country", "number"],
        toFields: ["country", "number"],
      }),
    });
    expect(ids([member, person({})])).toEqual(["fields.E310 shop.Member.person"]);
    expect(ids([member, person({ uniqueTogether: ["country", "number"] })])).toEqual([]);
  });
  test("to a composite key", () => {
    const composite = define("Category", { pk: f.CompositePrimaryKey("a", "b"), a: n(), b: n() });
    expect(
      ids([
        define("Product", { c: to("Category"), m: f.ManyToManyField("Category", { relatedName: "ms" }) }),
        composite,
      ]),
    ).toEqual(expect.arrayContaining(["fields.E347 shop.Product.c", "fields.E347 shop.Product.m"]));
  });
  test("whose rule of deletion cannot be followed", () => {
    expect(one({ c: to("Category", { onDelete: SET_NULL }) })).toEqual(["fields.E320 shop.Product.c"]);
    expect(one({ c: to("Category", { onDelete: SET_DEFAULT }) })).toEqual(["fields.E321 shop.Product.c"]);
    expect(one({ c: to("Category", { onDelete: DB_SET_NULL }) })).toEqual(["fields.E320 shop.Product.c"]);
    expect(one({ c: to("Category", { onDelete: DB_SET_DEFAULT }) })).toEqual(["fields.E322 shop.Product.c"]);
    expect(one({ c: to("Category", { onDelete: DB_SET_DEFAULT, dbDefault: 1 }) }, {}, [mariadb])).toEqual([
      "fields.E324 shop.Product.c",
    ]);
    expect(
      ids([
        define("A", { p: to("Product", { onDelete: DB_CASCADE }) }),
        define("Product", { c: to("Category") }),
        category,
      ]),
    ).toEqual(["fields.E323 shop.A.p"]);
  });
  test("whose rows vanish by the database while babik keeps the table of their pairs", () => {
    const models = (options: object): string[] =>
      ids([
        category,
        define("Product", { c: to("Category", { onDelete: DB_CASCADE }), tags: f.ManyToManyField("Tag", options) }),
        define("Tag", { label: n() }),
        define("ProductTag", {
          product: to("Product", { onDelete: DB_CASCADE }),
          tag: to("Tag", { onDelete: DB_CASCADE }),
        }),
      ]);
    expect(models({})).toEqual(["fields.E323 shop.Product.c"]);
    expect(models({ through: "ProductTag" })).toEqual([]);
  });
  test("that are unique, and so one to one", () => {
    expect(one({ c: to("Category", { unique: true }) })).toEqual(["fields.W342 shop.Product.c"]);
  });
  test("to many with options that mean nothing", () => {
    expect(one({ c: f.ManyToManyField("Category", { unique: true, null: true, validators: [() => {}] }) })).toEqual([
      "fields.E330 shop.Product.c",
      "fields.W340 shop.Product.c",
      "fields.W341 shop.Product.c",
    ]);
    expect(one({ c: f.ManyToManyField("self", { relatedName: "others" }) })).toEqual(["fields.W345 shop.Product.c"]);
  });
  test("to many through a model that is missing, has no keys, or too many", () => {
    const through = (fields: Record<string, Field>, options: object = {}) =>
      ids([
        define("Product", { c: f.ManyToManyField("Category", { through: "Link", relatedName: "ps", ...options }) }),
        category,
        define("Link", fields),
      ]);
    const p = to("Product", { relatedName: "+" }),
      c = to("Category", { relatedName: "+" });
    expect(through({ p, c })).toEqual([]);
    expect(through({ p })).toEqual(["fields.E336 shop.Link"]);
    expect(through({ p, c, p2: to("Product", { relatedName: "+" }) })).toEqual(["fields.E334 shop.Product.c"]);
    expect(through({ p, c, c2: to("Category", { relatedName: "+" }) })).toEqual(["fields.E335 shop.Product.c"]);
    expect(through({ p, c, c2: to("Category", { relatedName: "+" }) }, { throughFields: ["p", "c2"] })).toEqual([]);
    expect(through({ p, c }, { throughFields: ["p", "none"] })).toEqual(["fields.E338 shop.Product.c"]);
    expect(through({ p, c }, { throughFields: ["c", "p"] })).toEqual([
      "fields.E339 shop.Product.c",
      "fields.E339 shop.Product.c",
    ]);
    expect(through({ p, c }, { through: "Nowhere" })).toEqual(["fields.E331 shop.Product.c"]);
  });
  test("to many of the same model through more than two keys", () => {
    const self = define("Product", { like: f.ManyToManyField("self", { through: "Link" }) });
    const key = () => to("Product", { relatedName: "+" });
    expect(ids([self, define("Link", { a: key(), b: key() })])).toEqual([]);
    expect(ids([self, define("Link", { a: key(), b: key(), c: key() })])).toEqual(["fields.E333 shop.Product.like"]);
  });
  test("to many twice through the same model", () => {
    const link = define("Link", { p: to("Product", { relatedName: "+" }), c: to("Category", { relatedName: "+" }) });
    const many = (relatedName: string) => f.ManyToManyField("Category", { through: "Link", relatedName });
    expect(ids([define("Product", { a: many("x"), b: many("y") }), category, link])).toEqual([
      "models.E003 shop.Product",
    ]);
  });
  test("to many whose table is another model's", () => {
    expect(
      ids([
        define("Product", { c: f.ManyToManyField("Category", { dbTable: "shop_other" }) }),
        category,
        define("Other", {}),
      ]),
    ).toEqual(["fields.E340 shop.Product.c"]);
  });
});

describe("models", () => {
  test("with names that paths cannot hold", () => {
    expect(ids([define("_Product", {})])).toEqual(["models.E023 shop._Product"]);
    expect(ids([define("Pro__duct", {})])).toEqual(["models.E024 shop.Pro__duct"]);
  });
  test("with several keys, or a key of parts that cannot be parts", () => {
    expect(one({ a: f.IntegerField({ primaryKey: true }), b: f.IntegerField({ primaryKey: true }) })).toEqual([
      "models.E026 shop.Product",
    ]);
    const composite = (parts: [string, string], fields: Record<string, Field>) =>
      one({ pk: f.CompositePrimaryKey(...parts), ...fields });
    expect(composite(["a", "b"], { a: n(), b: n() })).toEqual([]);
    expect(composite(["a", "none"], { a: n() })).toEqual(["models.E042 shop.Product"]);
    expect(composite(["a", "b"], { a: n(), b: n({ null: true }) })).toEqual(["models.E042 shop.Product"]);
    expect(composite(["a", "m"], { a: n(), m: f.ManyToManyField("Category") })).toContain("models.E042 shop.Product");
    expect(composite(["c", "cId"], { c: to("Category") })).toEqual(["models.E042 shop.Product"]);
  });
  test("with fields or columns that clash", () => {
    expect(one({ a: n({ dbColumn: "x" }), b: n({ dbColumn: "X" }) })).toEqual(["models.E007 shop.Product"]);
    const place = define("Place", { name: n() }),
      shop = define("Store", { name: n(), id2: f.AutoField() });
    expect(ids([define("Cafe", { name: n() }, {}, { parents: [place] }), place])).toEqual([
      "models.E006 shop.Cafe.name",
    ]);
    expect(ids([define("Cafe", { x: n() }, {}, { parents: [place, shop] }), place, shop])).toContain(
      "models.E005 shop.Cafe",
    );
  });
  test("with columns whose names are too long for a database", () => {
    const long = "a".repeat(70);
    expect(one({ [long]: n() }, {}, [postgres])).toEqual(["models.E018 shop.Product"]);
    expect(one({ [long]: n({ dbColumn: "a" }) }, {}, [postgres])).toEqual([]);
  });
  test("with an ordering that is no list or leads nowhere", () => {
    expect(one({ a: n() }, { ordering: "a" as never })).toEqual(["models.E014 shop.Product"]);
    expect(one({ a: n() }, { ordering: ["-b"] })).toEqual(["models.E015 shop.Product"]);
    expect(one({ c: to("Category") }, { ordering: ["c__nmae"] })).toEqual(["models.E015 shop.Product"]);
    expect(one({ c: to("Category") }, { ordering: ["c"], orderWithRespectTo: "c" })).toEqual([
      "models.E021 shop.Product",
    ]);
    const registry = registryOf(define("Product", { a: n() }, { ordering: ["a__lower", "a__upper"] }));
    const found = runChecks(registry.models.values(), [], [], { knowsLookup: (_f, name) => name === "lower" });
    expect(found.map((m) => m.id)).toEqual(["models.E015"]);
  });
  test("that share a table", () => {
    expect(ids([define("A", {}, { dbTable: "t" }), define("B", {}, { dbTable: "t" })])).toEqual(["models.E028 t"]);
    expect(ids([define("A", {}, { dbTable: "t" }), define("B", {}, { dbTable: "t", managed: false })])).toEqual([]);
    const place = define("Place", {});
    expect(ids([place, define("P", {}, { proxy: true }, { proxyFor: place })])).toEqual([]);
  });
});

describe("indexes and constraints", () => {
  const fields = () => ({ a: n(), b: n(), c: to("Category"), m: f.ManyToManyField("Category", { relatedName: "ms" }) });
  test("name fields that are there, in the model's own table", () => {
    expect(one(fields(), { uniqueTogether: [["a", "none"]] })).toEqual(["models.E012 shop.Product"]);
    expect(one(fields(), { indexes: [Index({ fields: ["m"], name: "i" })] })).toEqual(["models.E013 shop.Product"]);
    expect(one(fields(), { indexes: [Index(Lower("none"), { name: "i" })] })).toEqual(["models.E012 shop.Product"]);
    expect(
      one(fields(), {
        constraints: [CheckConstraint({ condition: new Q({ a: 1 }).or(new Q({ b__gt: F("none") })), name: "c" })],
      }),
    ).toEqual(["models.E012 shop.Product"]);
    expect(one(fields(), { constraints: [CheckConstraint({ condition: { c__name: "x" }, name: "c" })] })).toEqual([
      "models.E041 shop.Product",
    ]);
    expect(
      one(fields(), { constraints: [CheckConstraint({ condition: { c__gt: 1, cId__lt: 9, pk__gt: 0 }, name: "c" })] }),
    ).toEqual([]);
    const place = define("Place", { name: n() });
    expect(
      ids([
        define("Cafe", {}, { constraints: [UniqueConstraint({ fields: ["name"], name: "u" })] }, { parents: [place] }),
        place,
      ]),
    ).toEqual(["models.E016 shop.Cafe"]);
  });
  test("of uniqueTogether are lists", () => {
    expect(one(fields(), { uniqueTogether: [["a", "b"], "a"] as never })).toEqual(["models.E011 shop.Product"]);
  });
  test("have names that every database takes", () => {
    expect(one(fields(), { indexes: [Index({ fields: ["a"], name: "_i" })] })).toEqual(["models.E033 shop.Product"]);
    expect(one(fields(), { indexes: [Index({ fields: ["a"], name: "i".repeat(31) })] })).toEqual([
      "models.E034 shop.Product",
    ]);
  });
  test("have names of their own", () => {
    const index = Index({ fields: ["a"], name: "i" });
    expect(one(fields(), { indexes: [index, Index({ fields: ["b"], name: "i" })] })).toEqual([
      "models.E029 shop.Product",
    ]);
    expect(ids([define("A", { a: n() }, { indexes: [index] }), define("B", { a: n() }, { indexes: [index] })])).toEqual(
      ["models.E030 i"],
    );
    const unique = (name: string) => UniqueConstraint({ fields: ["a"], name });
    expect(one(fields(), { constraints: [unique("u"), unique("u")] })).toEqual(["models.E031 shop.Product"]);
    expect(
      ids([
        define("A", { a: n() }, { constraints: [unique("u")] }),
        define("B", { a: n() }, { constraints: [unique("u")] }),
      ]),
    ).toEqual(["models.E032 u"]);
    const filled = unique("%(class)s_u");
    expect(
      ids([define("A", { a: n() }, { constraints: [filled] }), define("B", { a: n() }, { constraints: [filled] })]),
    ).toEqual([]);
  });
  test("that a database lacks are warned of, on that database only", () => {
    const options: MetaOptions = {
      indexes: [
        Index({ fields: ["a"], name: "i", condition: { a: 1 }, include: ["b"] }),
        Index(Lower("a"), { name: "l" }),
      ],
      constraints: [
        UniqueConstraint({ fields: ["a"], name: "u1", condition: { a: 1 } }),
        UniqueConstraint({ fields: ["a"], name: "u2", include: ["b"] }),
        UniqueConstraint({ fields: ["a"], name: "u3", deferrable: "deferred" }),
        UniqueConstraint({ fields: ["a"], name: "u4", nullsDistinct: true }),
        UniqueConstraint(Lower("a"), { name: "u5" }),
      ],
    };
    const warned = (d: typeof sqlite) => one(fields(), options, [d]).map((m) => m.split(" ")[0]!.slice(-4));
    expect(warned(postgres)).toEqual([]);
    expect(warned(sqlite)).toEqual(["W040", "W039", "W038", "W047"]);
    expect(warned(mariadb)).toEqual(["W037", "W040", "W043", "W036", "W039", "W038", "W047", "W044"]);
    expect(one(fields(), { ...options, requiredDbVendor: "postgresql" }, [sqlite, mariadb])).toEqual([]);
  });
  test("with SQL text cannot be checked before they are saved", () => {
    expect(
      one(fields(), {
        constraints: [
          CheckConstraint({ condition: RawSQL("a > 1", [], { outputField: f.BooleanField() }), name: "c" }),
        ],
      }),
    ).toEqual(["models.W045 shop.Product"]);
  });
  test("of columns and comments that a database lacks", () => {
    const wide = {
      t: f.TextField({ dbIndex: true }),
      u: f.CharField({ maxLength: 300, unique: true }),
      k: n({ dbComment: "k" }),
    };
    expect(one(wide, { dbTableComment: "t" }, [mariadb])).toEqual([
      "fields.W162 shop.Product.t",
      "mysql.W003 shop.Product.u",
    ]);
    expect(one(wide, { dbTableComment: "t" }, [sqlite])).toEqual([
      "models.W046 shop.Product",
      "fields.W163 shop.Product.k",
    ]);
  });
});
