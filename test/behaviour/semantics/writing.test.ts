/** Semantics of writing through querysets that re-implementations of Django's ORM get wrong, each under its number in the inventory (S39-S45). */
import {
  CASCADE,
  CharField,
  Count,
  DateTimeField,
  DB_CASCADE,
  F,
  FieldError,
  ForeignKey,
  IntegerField,
  IntegrityError,
  NotSupportedError,
  OuterRef,
  PROTECT,
  ProtectedError,
  QueryTypeError,
  Rank,
  RESTRICT,
  RestrictedError,
  SET_NULL,
  Subquery,
  Sum,
  ValueError,
  Window,
} from "babik";
import { captureQueries } from "babik/testing";
import { beforeEach, describe, expect, test } from "vitest";
import { failure, looseModel, looseOrm, type LooseRow } from "../../support/loose.js";

const Shop = looseModel("Shop", {
  name: CharField({ maxLength: 20, unique: true }),
  city: CharField({ maxLength: 20, default: "" }),
  opened: IntegerField({ default: 0 }),
  changed: DateTimeField({ autoNow: true }),
});
const Item = looseModel("Item", {
  shop: ForeignKey("Shop", { onDelete: CASCADE, relatedName: "items" }),
  name: CharField({ maxLength: 20, default: "" }),
  stock: IntegerField({ default: 0 }),
});
const Place = looseModel("Place", { name: CharField({ maxLength: 20 }) });
const Cafe = Place.extend("Cafe", { cups: IntegerField({ default: 0 }) });
const Quick = Shop.proxy("Quick");
const Guarded = looseModel("Guarded", { shop: ForeignKey("Shop", { onDelete: PROTECT }) });
const Group = looseModel("Group", { name: CharField({ maxLength: 20 }) });
const Member = looseModel("Member", { group: ForeignKey("Group", { onDelete: CASCADE }) });
const Badge = looseModel("Badge", {
  group: ForeignKey("Group", { onDelete: CASCADE }),
  member: ForeignKey("Member", { onDelete: RESTRICT }),
});
const Note = looseModel("Note", { group: ForeignKey("Group", { onDelete: SET_NULL, null: true }) });
const Left = looseModel("Left", { group: ForeignKey("Group", { onDelete: DB_CASCADE }) });
const orm = await looseOrm({ Shop, Item, Place, Cafe, Quick, Guarded, Group, Member, Badge, Note, Left });
const can = (feature: string): boolean => orm.connection().dialect.features[feature] === true;

/** Querysets with the methods that only these tests need. */
interface Writing {
  getOrCreate(conditions: object, options?: object): Promise<[LooseRow, boolean]>;
  updateOrCreate(conditions: object, options?: object): Promise<[LooseRow, boolean]>;
  bulkCreate(rows: Iterable<LooseRow>, options?: object): Promise<LooseRow[]>;
  bulkUpdate(rows: Iterable<LooseRow>, fields: readonly string[], options?: object): Promise<number>;
}
const writing = (set: unknown): Writing => set as Writing;
const sent = async (call: () => Promise<unknown>): Promise<string[]> => {
  const { queries } = await captureQueries(async () => void (await call()));
  return queries.map((q) => q.sql);
};
const verb = (sql: string): string => sql.split(" ", 1)[0]!;

beforeEach(async () => {
  for (const m of [Badge, Member, Note, Left, Group, Guarded, Item, Shop, Cafe, Place]) await m.objects.all().delete();
});

describe("S39: getOrCreate()", () => {
  test("asks, and makes a row of what has no lookup and of the defaults, whose functions are called then only", async () => {
    let calls = 0;
    const defaults = { city: () => `city ${++calls}` };
    const call = () => writing(Shop.objects).getOrCreate({ name: "a", opened__lt: 5 }, { defaults });
    const [made, created] = await call();
    expect([made["name"], made["city"], made["opened"], created]).toEqual(["a", "city 1", 0, true]);
    expect((await call())[1]).toBe(false);
    expect(calls).toBe(1);
  });
  test("a row that somebody else made meanwhile is got, and the block around goes on", async () => {
    await Shop.objects.create({ name: "taken", city: "x" });
    // The condition that finds nothing stands for the moment before the other row was there.
    const error = await failure(() =>
      orm.atomic(() => writing(Shop.objects).getOrCreate({ name: "taken", city: "y" }) as Promise<unknown>),
    );
    expect(error).toBeInstanceOf(IntegrityError);
    await orm.atomic(async () => {
      await failure(() => writing(Shop.objects).getOrCreate({ name: "taken", city: "y" }));
      expect(await Shop.objects.count()).toBe(1);
    });
  });
  test("unknown names are told before anything is made", async () => {
    const error = await failure(() => writing(Shop.objects).getOrCreate({ name: "z" }, { defaults: { citty: "x" } }));
    expect(error).toBeInstanceOf(FieldError);
    expect(await Shop.objects.exists()).toBe(false);
  });
});

describe("S40: updateOrCreate()", () => {
  test("locks the row, and writes the defaults and what changes by itself, nothing else", async () => {
    await Shop.objects.create({ name: "a", city: "x", opened: 1 });
    const statements = await sent(() =>
      writing(Shop.objects).updateOrCreate({ name: "a" }, { defaults: { city: "y" } }),
    );
    expect(statements.map(verb)).toEqual(["SELECT", "UPDATE"]);
    expect(statements[0]!.includes("FOR UPDATE")).toBe(can("selectForUpdate"));
    const set = /SET (.*) WHERE/.exec(statements[1]!)![1]!;
    expect([set.includes("city"), set.includes("changed"), set.includes("opened"), set.includes("name")]).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });
  test("makes a row of createDefaults where there is none", async () => {
    const options = { defaults: { city: "later" }, createDefaults: { city: "first" } };
    const [made, created] = await writing(Shop.objects).updateOrCreate({ name: "n" }, options);
    expect([made["city"], created]).toEqual(["first", true]);
    const [again, second] = await writing(Shop.objects).updateOrCreate({ name: "n" }, options);
    expect([again["city"], second]).toEqual(["later", false]);
  });
});

describe("S41: bulkCreate()", () => {
  test("rows with and without a key go apart, and all have one afterwards", async () => {
    const rows = [new Shop({ name: "a" }), new Shop({ id: 900, name: "b" }), new Shop({ name: "c" })];
    const statements = await sent(() => writing(Shop.objects).bulkCreate(rows));
    expect(statements.filter((s) => verb(s) === "INSERT")).toHaveLength(2);
    expect(new Set(rows.map((r) => r.pk)).size).toBe(3);
    expect(rows.every((r) => r.pk !== null && !r._state.adding)).toBe(true);
    expect((await Shop.objects.get({ name: "c" })).pk).toBe(rows[2]!.pk);
  });
  test("no keys come back where conflicts are passed over", async () => {
    await Shop.objects.create({ name: "a" });
    const rows = [new Shop({ name: "a" }), new Shop({ name: "b" })];
    await writing(Shop.objects).bulkCreate(rows, { ignoreConflicts: true });
    expect(rows.map((r) => r.pk)).toEqual([null, null]);
    expect(await Shop.objects.count()).toBe(2);
  });
  test("a child of another table is refused, a proxy is not", async () => {
    expect(await failure(() => writing(Cafe.objects).bulkCreate([new Cafe({ name: "x" })]))).toBeInstanceOf(ValueError);
    await writing(Quick.objects).bulkCreate([new Quick({ name: "q" })]);
    expect(await Shop.objects.filter({ name: "q" }).exists()).toBe(true);
  });
  test("an upsert needs its fields, and the columns of the conflict where they can be named", async () => {
    const rows = [new Shop({ name: "a" })];
    const call = (options: object) => failure(() => writing(Shop.objects).bulkCreate(rows, options));
    expect(await call({ updateConflicts: true, uniqueFields: ["name"] })).toBeInstanceOf(ValueError);
    expect(await call({ updateConflicts: true, ignoreConflicts: true })).toBeInstanceOf(ValueError);
    const unique = can("conflictTarget") ? { uniqueFields: ["name"] } : {};
    expect(await call({ updateConflicts: true, updateFields: ["id"], ...unique })).toBeInstanceOf(ValueError);
    if (can("conflictTarget"))
      expect(await call({ updateConflicts: true, updateFields: ["city"] })).toBeInstanceOf(ValueError);
    else
      expect(await call({ updateConflicts: true, updateFields: ["city"], uniqueFields: ["name"] })).toBeInstanceOf(
        NotSupportedError,
      );
    expect(
      (await call({ updateConflicts: true, updateFields: ["nothing"], uniqueFields: ["name"] })).message,
    ).toContain("nothing");
    expect(await call({ batchSize: 0 })).toBeInstanceOf(ValueError);
  });
});

describe("S42: update()", () => {
  beforeEach(async () => {
    for (const [name, city] of [
      ["a", "Oslo"],
      ["b", "Rome"],
    ]) {
      const shop = await Shop.objects.create({ name, city });
      await Item.objects.create({ shop, name: `${name}1`, stock: 1 });
      await Item.objects.create({ shop, name: `${name}2`, stock: 2 });
    }
  });
  test("values follow no relation; a subquery does", async () => {
    for (const value of [F("shop__city"), F("shop__opened").add(1)])
      expect(await failure(() => Item.objects.update({ name: value }))).toBeInstanceOf(FieldError);
    const city = Subquery(Shop.objects.filter({ pk: OuterRef("shopId") }).values("city") as never);
    expect(await Item.objects.update({ name: city })).toBe(4);
    expect(await Item.objects.filter({ name: "Oslo" }).count()).toBe(2);
  });
  test("conditions over relations become keys of a subquery", async () => {
    const statements = await sent(() => Item.objects.filter({ shop__city: "Oslo" }).update({ stock: 9 }));
    expect(statements).toHaveLength(1);
    expect(statements[0]).toContain("IN (SELECT");
    expect(await Item.objects.filter({ stock: 9 }).count()).toBe(2);
  });
  test("aggregates and windows are no values", async () => {
    expect(await failure(() => Shop.objects.update({ opened: Count("items") }))).toBeInstanceOf(FieldError);
    const rank = Window(Rank(), { orderBy: [F("name").asc()] });
    expect(await failure(() => Shop.objects.update({ opened: rank }))).toBeInstanceOf(FieldError);
    expect(
      await failure(() => Shop.objects.annotate({ n: Sum("items__stock") }).update({ opened: F("n") })),
    ).toBeInstanceOf(FieldError);
  });
  test("the rows that match are counted, changed or not", async () => {
    expect(await Item.objects.update({ stock: F("stock") })).toBe(4);
    expect(await Item.objects.filter({ stock: 1 }).update({ stock: 1 })).toBe(2);
  });
  test("each table of an inherited model has a statement of its own, over keys that were read before", async () => {
    const cafe = await Cafe.objects.create({ name: "x", cups: 1 });
    await Cafe.objects.create({ name: "y", cups: 1 });
    const statements = await sent(() => Cafe.objects.filter({ name: "x" }).update({ name: "z", cups: 5 }));
    expect(statements.map(verb)).toEqual(["SELECT", "UPDATE", "UPDATE"]);
    const read = await Cafe.objects.get({ pk: cafe.pk });
    expect([read["name"], read["cups"]]).toEqual(["z", 5]);
    expect(await Cafe.objects.filter({ cups: 1, name: "y" }).count()).toBe(1);
  });
  test("slices cannot be updated", async () => {
    expect(await failure(() => Item.objects.all().slice(0, 1).update({ stock: 1 }))).toBeInstanceOf(QueryTypeError);
  });
});

describe("S43: delete() removes what refers to a row first", () => {
  test("in one block, children before parents, and unread where nobody looks", async () => {
    const shop = await Shop.objects.create({ name: "a" });
    await Item.objects.create({ shop });
    await Item.objects.create({ shop });
    const statements = await sent(() => shop.delete());
    const deletes = statements.filter((s) => verb(s) === "DELETE");
    expect(deletes[0]).toContain("item");
    expect(deletes.at(-1)).toContain("shop_shop");
    expect(statements.filter((s) => verb(s) === "SELECT" && s.includes("shop_item"))).toEqual([]);
    expect(await sent(() => Item.objects.filter({ stock: 1 }).delete())).toHaveLength(1);
  });
  test("all of it or none", async () => {
    const shop = await Shop.objects.create({ name: "a" });
    await Item.objects.create({ shop });
    await Guarded.objects.create({ shop });
    expect(await failure(() => shop.delete())).toBeInstanceOf(ProtectedError);
    expect([await Item.objects.count(), await Shop.objects.count()]).toEqual([1, 1]);
  });
});

describe("S44: PROTECT and RESTRICT", () => {
  test("RESTRICT forbids only what no cascade of the same deletion takes along", async () => {
    const [one, other] = [await Group.objects.create({ name: "1" }), await Group.objects.create({ name: "2" })];
    const member = await Member.objects.create({ group: one });
    await Badge.objects.create({ group: other, member });
    expect(await failure(() => one.delete())).toBeInstanceOf(RestrictedError);
    await Badge.objects.update({ group: one });
    expect((await one.delete())[1]).toEqual({ "shop.Badge": 1, "shop.Member": 1, "shop.Group": 1 });
    expect(one.pk).toBeNull();
  });
  test("SET_NULL changes by one statement, without reading", async () => {
    const group = await Group.objects.create({ name: "1" });
    await Note.objects.create({ group });
    const statements = await sent(() => group.delete());
    expect(statements.filter((s) => verb(s) === "UPDATE")).toHaveLength(1);
    expect(statements.some((s) => verb(s) === "SELECT" && s.includes("shop_note"))).toBe(false);
    expect((await Note.objects.get({}))["groupId"]).toBeNull();
  });
  test("a child takes its parent's row along, unless parents are kept", async () => {
    const [a, b] = [await Cafe.objects.create({ name: "a" }), await Cafe.objects.create({ name: "b" })];
    await a.delete();
    await b.delete({ keepParents: true });
    expect(await Place.objects.valuesList("name", { flat: true })).toEqual(["b"]);
  });
});

describe("S45: delete() is of whole rows", () => {
  test("slices, values and distinct fields cannot be deleted", async () => {
    await Group.objects.create({ name: "1" });
    for (const set of [Group.objects.all().slice(0, 1), Group.objects.values("name"), Group.objects.distinct("name")])
      expect(await failure(() => set.delete())).toBeInstanceOf(QueryTypeError);
    const union = Group.objects.filter({ name: "1" }).union(Group.objects.filter({ name: "2" }));
    expect(await failure(() => union.delete())).toBeInstanceOf(NotSupportedError);
  });
  test("what the database cascades by itself is neither read nor counted", async () => {
    const group = await Group.objects.create({ name: "1" });
    await Left.objects.create({ group });
    const statements: string[] = [];
    const { result, queries } = await captureQueries(() => group.delete());
    statements.push(...queries.map((q) => q.sql));
    expect(result).toEqual([1, { "shop.Group": 1 }]);
    expect(statements.some((s) => s.includes("shop_left"))).toBe(false);
    expect(await Left.objects.count()).toBe(0);
  });
});
