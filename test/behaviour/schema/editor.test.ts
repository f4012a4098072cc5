/** The schema editor on real databases: models that refer to each other, running and collecting. */
import { describe, expect, test } from "vitest";
import { DatabaseError, FieldError, IntegrityError } from "../../../src/base/errors.js";
import * as f from "../../../src/fields/factories.js";
import { CASCADE, DB_CASCADE } from "../../../src/fields/relations.js";
import { Index } from "../../../src/meta/indexes.js";
import { schemaEditorFor } from "../../../src/schema/editor.js";
import { define, metasOf } from "../../support/models.js";
import { schemaDatabase } from "../../support/schema.js";

const { create, database, editor, features, indexes, insert, note, product, q, run, tables } = await schemaDatabase();

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
    note(book!, author!);
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
    note(...metas);
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
