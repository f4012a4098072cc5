/** Constraints that the database finds broken: what the error names, and the ValidationError it turns into. */
import {
  CASCADE,
  CharField,
  CheckConstraint,
  CompositePrimaryKey,
  DO_NOTHING,
  ForeignKey,
  IntegerField,
  IntegrityError,
  Q,
  UniqueConstraint,
  ValidationError,
} from "babik";
import { beforeEach, describe, expect, test } from "vitest";
import { failure, looseModel, looseOrm, type LooseRow } from "../../support/loose.js";

const Shelf = looseModel("Shelf", { name: CharField({ maxLength: 20, unique: true }) });
const Item = looseModel(
  "Item",
  {
    code: CharField({ maxLength: 10, unique: true, errorMessages: { unique: "Taken." } }),
    x: IntegerField({ default: 0 }),
    y: IntegerField({ default: 0 }),
    z: IntegerField({ null: true, blank: true }),
    size: IntegerField({ default: 1 }),
    title: CharField({ maxLength: 10, default: "t" }),
    shelf: ForeignKey("Shelf", { onDelete: DO_NOTHING, null: true, blank: true }),
  },
  {
    uniqueTogether: [["x", "y"]],
    constraints: [
      UniqueConstraint({ fields: ["z"], name: "one_z" }),
      UniqueConstraint({
        fields: ["z", "size"],
        name: "z_size",
        violationErrorMessage: "No two.",
        violationErrorCode: "two",
      }),
      CheckConstraint({ condition: Q({ size__lt: 100 }), name: "size_small", violationErrorCode: "big" }),
    ],
  },
);
const Cell = looseModel("Cell", { pk: CompositePrimaryKey("x", "y"), x: IntegerField(), y: IntegerField() });
const Place = looseModel("Place", { name: CharField({ maxLength: 20, unique: true }) });
const Cafe = Place.extend("Cafe", { cups: IntegerField({ unique: true }) });
const Tight = looseModel("Tight", { shelf: ForeignKey("Shelf", { onDelete: CASCADE }) });
const orm = await looseOrm({ Shelf, Item, Cell, Place, Cafe, Tight });

interface Failure extends IntegrityError {
  toValidationError(): ValidationError;
}
/** The IntegrityError of a call, within a savepoint of its own. */
async function broken(call: () => Promise<unknown>): Promise<Failure> {
  const error = await failure(() => orm.atomic(call));
  expect(error).toBeInstanceOf(IntegrityError);
  return error as unknown as Failure;
}
const saved = (row: LooseRow) => broken(() => row.save({ forceInsert: true }));
const said = (error: Failure): Record<string, string[]> => error.toValidationError().messageDict;
/** What `fullClean()` says of the same row. */
const checked = async (row: LooseRow): Promise<unknown> => (await failure(row.fullClean()))["messageDict"];

beforeEach(async () => {
  for (const m of [Tight, Item, Shelf, Cell, Cafe, Place]) await m.objects.all().delete();
  await Item.objects.create({ code: "a", x: 1, y: 1, z: 1 });
});

describe("an IntegrityError names what was broken, and says it as validation would", () => {
  test("a unique field", async () => {
    const row = new Item({ code: "a", x: 9 });
    const error = await saved(row);
    expect([error.code, error.table, error.columns, error.model]).toEqual([
      "integrity.unique",
      "shop_item",
      ["code"],
      "shop.Item",
    ]);
    expect(said(error)).toEqual({ code: ["Taken."] });
    expect(said(error)).toEqual(await checked(row));
  });
  test("fields that are unique together", async () => {
    const row = new Item({ code: "b", x: 1, y: 1 });
    const error = await saved(row);
    expect([error.table, error.columns]).toEqual(["shop_item", ["x", "y"]]);
    expect(said(error)).toEqual(await checked(row));
    expect(said(error)["__all__"]).toEqual(["Item with this X and Y already exists."]);
    expect(error.toValidationError().errorList[0]!.code).toBe("unique_together");
  });
  test("a unique constraint, by name", async () => {
    const row = new Item({ code: "c", x: 2, z: 1, size: 7 });
    const error = await saved(row);
    expect([error.constraint, error.columns]).toEqual(["one_z", ["z"]]);
    expect(said(error)).toEqual(await checked(row));
    expect(Object.keys(said(error))).toEqual(["z"]);
  });
  test("a check, with its own code", async () => {
    const row = new Item({ code: "d", x: 3, size: 200 });
    const error = await saved(row);
    expect([error.code, error.constraint, error.table]).toEqual(["integrity.check", "size_small", "shop_item"]);
    expect(said(error)).toEqual(await checked(row));
    expect(error.toValidationError().errorList[0]!.code).toBe("big");
  });
  test("a field that must not be NULL", async () => {
    const row = new Item({ code: "e", x: 4, title: null });
    const error = await saved(row);
    expect([error.code, error.table, error.columns]).toEqual(["integrity.not_null", "shop_item", ["title"]]);
    expect(said(error)).toEqual(await checked(row));
  });
  test("the key, of one column and of two", async () => {
    const { pk } = await Item.objects.get({ code: "a" });
    expect((await saved(new Item({ id: pk, code: "f", x: 5 }))).columns).toEqual(["id"]);
    await Cell.objects.create({ x: 1, y: 2 });
    const row = new Cell({ x: 1, y: 2 });
    const error = await saved(row);
    expect(error.columns).toEqual(["x", "y"]);
    expect(said(error)).toEqual(await checked(row));
  });
  test("in the table of a parent and in the child's", async () => {
    await Cafe.objects.create({ name: "a", cups: 1 });
    const byName = await broken(() => Cafe.objects.create({ name: "a", cups: 2 }));
    expect([byName.table, byName.columns]).toEqual(["shop_place", ["name"]]);
    expect(said(byName)).toEqual({ name: ["Place with this Name already exists."] });
    const byCups = await broken(() => Cafe.objects.create({ name: "b", cups: 1 }));
    expect(said(byCups)).toEqual({ cups: ["Cafe with this Cups already exists."] });
  });
  test("by update(), bulkCreate(), bulkUpdate() and updateFields too", async () => {
    const other = await Item.objects.create({ code: "b", x: 2 });
    expect(Object.keys(said(await broken(() => Item.objects.filter({ code: "b" }).update({ code: "a" }))))).toEqual([
      "code",
    ]);
    expect(Object.keys(said(await broken(() => Item.objects.bulkCreate([new Item({ code: "a", x: 9 })]))))).toEqual([
      "code",
    ]);
    other["code"] = "a";
    expect(Object.keys(said(await broken(() => other.save({ updateFields: ["code"] }))))).toEqual(["code"]);
    const bulk = Item.objects as unknown as { bulkUpdate(rows: object[], names: string[]): Promise<number> };
    expect(Object.keys(said(await broken(() => bulk.bulkUpdate([other], ["code"]))))).toEqual(["code"]);
  });
});

test("a key that leads nowhere is told of the field, by a statement or by the commit", async () => {
  const error = await failure(() => Tight.objects.create({ shelfId: 99 }));
  expect(error).toBeInstanceOf(IntegrityError);
  const told = (error as unknown as Failure).toValidationError();
  // A database that looks at the end of the transaction does not always tell which key it was.
  expect([["shelf"], ["__all__"]]).toContainEqual(Object.keys(told.messageDict));
});
test("rows that refer to a deleted one are nobody's field", async () => {
  const shelf = await Shelf.objects.create({ name: "s" });
  await Item.objects.create({ code: "r", x: 7, shelf });
  const error = await failure(() => shelf.delete());
  expect(error).toBeInstanceOf(IntegrityError);
  expect(Object.keys((error as unknown as Failure).toValidationError().messageDict)).toEqual(["__all__"]);
});
test("the ValidationError keeps the database's error as its cause, and no values in its words", async () => {
  const error = await saved(new Item({ code: "a", x: 987_654 }));
  const told = error.toValidationError();
  expect(told).toBeInstanceOf(ValidationError);
  expect(told.cause).toBe(error);
  expect(told.message).not.toContain("987654");
  // One that nobody explained has a general message.
  expect(new IntegrityError("x").toValidationError().messageDict).toHaveProperty("__all__");
});
