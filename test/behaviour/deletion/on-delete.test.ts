/** What `onDelete` does with the rows that refer to a deleted row. */
import {
  CASCADE,
  CharField,
  DB_CASCADE,
  DB_SET_NULL,
  DO_NOTHING,
  ForeignKey,
  IntegerField,
  PROTECT,
  ProtectedError,
  RESTRICT,
  RestrictedError,
  SET,
  SET_DEFAULT,
  SET_NULL,
} from "babik";
import { assertNumQueries } from "babik/testing";
import { beforeEach, describe, expect, test } from "vitest";
import { failure, looseModel, looseOrm, type LooseRow } from "../../support/loose.js";

const to = (onDelete: object, more: object = {}): object => ({
  owner: ForeignKey("Owner", { onDelete, ...more } as never),
  note: CharField({ maxLength: 20, default: "" }),
});
// Far from the keys that databases number by themselves.
const FIRST = 1_000_001;
let substitute: () => unknown = () => null;
const Owner = looseModel("Owner", { name: CharField({ maxLength: 20 }) });
const Cascaded = looseModel("Cascaded", to(CASCADE));
const Below = looseModel("Below", { cascaded: ForeignKey("Cascaded", { onDelete: CASCADE }) });
const Nulled = looseModel("Nulled", to(SET_NULL, { null: true }));
const Defaulted = looseModel("Defaulted", to(SET_DEFAULT, { default: FIRST }));
const SetTo = looseModel(
  "SetTo",
  to(
    SET(() => substitute()),
    { null: true },
  ),
);
const Guarded = looseModel("Guarded", to(PROTECT));
const Restricted = looseModel("Restricted", {
  ...to(RESTRICT),
  group: ForeignKey("Group", { onDelete: CASCADE, null: true }),
});
const Group = looseModel("Group", { owner: ForeignKey("Owner", { onDelete: CASCADE }) });
const Loose = looseModel("Loose", to(DO_NOTHING, { dbConstraint: false }));
const Node = looseModel("Node", {
  up: ForeignKey("Node", { onDelete: CASCADE, null: true, relatedName: "down" }),
  rank: IntegerField({ default: 0 }),
});
const Top = looseModel("Top", {});
const DbGone = looseModel("DbGone", { top: ForeignKey("Top", { onDelete: DB_CASCADE }) });
const DbNulled = looseModel("DbNulled", { top: ForeignKey("Top", { onDelete: DB_SET_NULL, null: true }) });
const orm = await looseOrm({
  Top,
  DbGone,
  DbNulled,
  Owner,
  Cascaded,
  Below,
  Nulled,
  Defaulted,
  SetTo,
  Guarded,
  Restricted,
  Group,
  Loose,
  Node,
});

let first: LooseRow;
let owner: LooseRow;
beforeEach(async () => {
  substitute = () => null;
  for (const m of [Below, Cascaded, Nulled, Defaulted, SetTo, Guarded, Restricted, Group, Loose])
    await m.objects.all().delete();
  await Node.objects.update({ up: null });
  await Node.objects.all().delete();
  await Owner.objects.all().delete();
  first = await Owner.objects.create({ id: FIRST, name: "first" });
  owner = await Owner.objects.create({ id: FIRST + 1, name: "second" });
});

test("CASCADE takes rows at every depth along and counts them by model", async () => {
  const c = await Cascaded.objects.create({ owner });
  await Cascaded.objects.create({ owner: first });
  await Below.objects.bulkCreate([new Below({ cascaded: c }), new Below({ cascaded: c })]);
  expect(await owner.delete()).toEqual([4, { "shop.Below": 2, "shop.Cascaded": 1, "shop.Owner": 1 }]);
  expect(await Cascaded.objects.count()).toBe(1);
  expect(await Below.objects.exists()).toBe(false);
});
test("the instance has no key afterwards and saves as a new row", async () => {
  await owner.delete();
  expect(owner.pk).toBeNull();
  await owner.save();
  expect(owner.pk).not.toBeNull();
  expect(await Owner.objects.count()).toBe(2);
});
test("SET_NULL, SET_DEFAULT and SET change the reference and delete nothing", async () => {
  substitute = () => Owner.objects.get({ pk: FIRST });
  const [n, d, s] = [
    await Nulled.objects.create({ owner }),
    await Defaulted.objects.create({ owner }),
    await SetTo.objects.create({ owner }),
  ];
  expect(await owner.delete()).toEqual([1, { "shop.Owner": 1 }]);
  for (const row of [n, d, s]) await row.refreshFromDb();
  expect([n["ownerId"], d["ownerId"], s["ownerId"]]).toEqual([null, FIRST, FIRST]);
});
test("the function of SET is called only where a row needs its value", async () => {
  let calls = 0;
  substitute = () => {
    calls++;
    return FIRST;
  };
  await owner.delete();
  expect(calls).toBe(0);
  const other = await Owner.objects.create({ name: "third" });
  await SetTo.objects.bulkCreate([new SetTo({ owner: other }), new SetTo({ owner: other })]);
  await other.delete();
  expect(calls).toBe(1);
});
test("DO_NOTHING leaves the reference as it is", async () => {
  const row = await Loose.objects.create({ owner });
  await owner.delete();
  await row.refreshFromDb();
  expect(row["ownerId"]).toBe(FIRST + 1);
});
test("what the database does by itself is neither looked at nor counted", async () => {
  const top = await Top.objects.create();
  await DbGone.objects.create({ top });
  const row = await DbNulled.objects.create({ top });
  expect(await assertNumQueries(1, () => top.delete())).toEqual([1, { "shop.Top": 1 }]);
  await row.refreshFromDb();
  expect([row["topId"], await DbGone.objects.count()]).toEqual([null, 0]);
});
test("PROTECT refuses, names the relation, gives the rows, and changes nothing", async () => {
  await Cascaded.objects.create({ owner });
  const guard = await Guarded.objects.create({ owner });
  const error = await failure(owner.delete());
  expect(error).toBeInstanceOf(ProtectedError);
  expect(error.message).toBe(
    "Cannot delete some instances of model 'Owner' because they are referenced through protected foreign keys: 'Guarded.owner'.",
  );
  expect([...(error["protectedObjects"] as Set<LooseRow>)].map((x) => x.pk)).toEqual([guard.pk]);
  expect([await Owner.objects.count(), await Cascaded.objects.count()]).toEqual([2, 1]);
  expect(owner.pk).toBe(FIRST + 1);
});
test("a refusal leaves the caller's transaction usable", async () => {
  await Guarded.objects.create({ owner });
  await orm.atomic(async () => {
    expect(await failure(owner.delete())).toBeInstanceOf(ProtectedError);
    await first.delete();
  });
  expect(await Owner.objects.count()).toBe(1);
});
describe("RESTRICT", () => {
  test("refuses where the row would stay", async () => {
    await Restricted.objects.create({ owner });
    const error = await failure(owner.delete());
    expect(error).toBeInstanceOf(RestrictedError);
    expect(error.message).toBe(
      "Cannot delete some instances of model 'Owner' because they are referenced through restricted foreign keys: 'Restricted.owner'.",
    );
    expect(error["restrictedObjects"]).toHaveProperty("size", 1);
  });
  test("allows what a cascade of the same deletion takes along", async () => {
    const group = await Group.objects.create({ owner });
    await Restricted.objects.create({ owner, group });
    expect(await owner.delete()).toEqual([3, { "shop.Group": 1, "shop.Owner": 1, "shop.Restricted": 1 }]);
  });
});
test("references in a circle are deleted together", async () => {
  const a = await Node.objects.create();
  const b = await Node.objects.create({ up: a });
  a["up"] = b;
  await a.save();
  expect(await a.delete()).toEqual([2, { "shop.Node": 2 }]);
});
test("a tree goes from any depth", async () => {
  let up: LooseRow | null = null;
  for (let rank = 0; rank < 5; rank++) up = await Node.objects.create({ up, rank });
  const root = await Node.objects.get({ rank: 0 });
  expect(await root.delete()).toEqual([5, { "shop.Node": 5 }]);
});
test("an instance without a key cannot be deleted", async () => {
  expect((await failure(new Owner({ name: "new" }).delete())).message).toBe(
    "Owner object can't be deleted because its id attribute is set to null.",
  );
});
test("nothing that refers to it: one statement for a row", async () => {
  const row = await Below.objects.create({ cascaded: await Cascaded.objects.create({ owner }) });
  expect(await assertNumQueries(1, () => row.delete())).toEqual([1, { "shop.Below": 1 }]);
});
