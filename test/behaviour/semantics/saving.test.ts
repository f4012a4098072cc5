/** Semantics of saving that re-implementations of Django's ORM get wrong, each under its number in the inventory (S34-S38). */
import {
  CharField,
  DateTimeField,
  F,
  GeneratedField,
  IntegerField,
  IntegrityError,
  Lower,
  ManyToManyField,
  ObjectNotUpdated,
  QueryTypeError,
  setRollback,
  UUIDField,
  Value,
  ValueError,
} from "babik";
import { captureQueries, instanceState } from "babik/testing";
import { afterAll, describe, expect, test } from "vitest";
import { looseModel, looseOrm, type LooseRow } from "../../support/loose.js";

const Note = looseModel("Note", {
  title: CharField({ maxLength: 20, default: "" }),
  count: IntegerField({ default: 0 }),
  made: DateTimeField({ autoNowAdd: true }),
  changed: DateTimeField({ autoNow: true }),
  labels: ManyToManyField("Label"),
});
const Label = looseModel("Label", { name: CharField({ maxLength: 20 }) });
const Token = looseModel("Token", {
  id: UUIDField({ primaryKey: true, default: () => crypto.randomUUID() }),
  name: CharField({ maxLength: 20 }),
});
const Sum = looseModel("Sum", {
  a: IntegerField(),
  b: IntegerField({ dbDefault: 7 }),
  other: IntegerField({ default: 0 }),
  total: GeneratedField({ expression: F("a").add(F("b")), outputField: IntegerField(), dbPersist: true }),
});
const Place = looseModel("Place", { name: CharField({ maxLength: 20 }), visits: IntegerField({ default: 0 }) });
const Cafe = Place.extend("Cafe", { cups: IntegerField({ default: 0 }) });
const Bar = Cafe.extend("Bar", { stools: IntegerField({ default: 0 }) });
const orm = await looseOrm({ Note, Label, Token, Sum, Place, Cafe, Bar });
afterAll(() => orm.close());

/** The verbs of the statements that a call sent. */
async function verbs(call: () => Promise<unknown>): Promise<string[]> {
  const { queries } = await captureQueries(call);
  return queries.map((q) => q.sql.split(" ", 1)[0]!);
}
const failureOf = (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    () => undefined,
    (error: unknown) => error,
  );
/** A call that may fail in the database, within a savepoint of its own. */
const attempted = (call: () => Promise<unknown>): Promise<unknown> => failureOf(orm.atomic(call));
const read = (model: { objects: { get(c: object): Promise<LooseRow> } }, pk: unknown): Promise<LooseRow> =>
  model.objects.get({ pk });

describe("S34: UPDATE first where there is a key, INSERT where that found nothing", () => {
  test("a key that is set overwrites the row, or makes one", async () => {
    const first = await Place.objects.create({ name: "first" });
    const again = new Place({ id: first["id"], name: "again" });
    expect(await verbs(() => again.save())).toEqual(["UPDATE"]);
    expect((await read(Place, first["id"]))["name"]).toBe("again");
    const elsewhere = new Place({ id: 500, name: "elsewhere" });
    expect(await verbs(() => elsewhere.save())).toEqual(["UPDATE", "INSERT"]);
    expect((await read(Place, 500))["name"]).toBe("elsewhere");
  });
  test("a key with a default is inserted straight away, so that a known one is an IntegrityError", async () => {
    const token = await Token.objects.create({ name: "one" });
    const forged = (): LooseRow => new Token({ id: token["id"], name: "two" });
    expect(await attempted(() => forged().save())).toBeInstanceOf(IntegrityError);
    expect(await attempted(() => forged().save({ updateFields: ["name"] }))).toBeInstanceOf(IntegrityError);
    expect((await read(Token, token["id"]))["name"]).toBe("one");
    expect(await verbs(() => forged().save({ forceUpdate: true }))).toEqual(["UPDATE"]);
    expect((await read(Token, token["id"]))["name"]).toBe("two");
    expect(await verbs(() => new Token({ name: "three" }).save())).toEqual(["INSERT"]);
    token["name"] = "four";
    expect(await verbs(() => token.save())).toEqual(["UPDATE"]);
  });
  test("create() with a key never overwrites a row", async () => {
    const row = await Note.objects.create({ title: "mine" });
    expect(await attempted(() => Note.objects.create({ id: row["id"], title: "forged" }))).toBeInstanceOf(
      IntegrityError,
    );
    expect((await read(Note, row["id"]))["title"]).toBe("mine");
  });
  test("clearing the key and the state makes a copy", async () => {
    const row = await Note.objects.create({ title: "copied" });
    const { pk } = row;
    row.pk = null;
    expect(await verbs(() => row.save())).toEqual(["INSERT"]);
    expect(row.pk).not.toBe(pk);
    expect(await Note.objects.filter({ title: "copied" }).count()).toBe(2);
  });
});

describe("S35: a forced update that finds no row says so", () => {
  test("by the model's NotUpdated, which is an ObjectNotUpdated", async () => {
    const row = new Note({ id: 9_999, title: "nobody" });
    const forced = await failureOf(row.save({ forceUpdate: true }));
    expect(forced).toBeInstanceOf(Note.NotUpdated);
    expect(forced).toBeInstanceOf(ObjectNotUpdated);
    expect(await failureOf(row.save({ updateFields: ["title"] }))).toBeInstanceOf(Note.NotUpdated);
    expect(await Note.objects.filter({ pk: 9_999 }).exists()).toBe(false);
  });
  test("no fields to update are no statement, and no error", async () => {
    expect(await verbs(() => new Note({ id: 9_999 }).save({ updateFields: [] }))).toEqual([]);
  });
  test("keys, sets and unknown names cannot be updated", async () => {
    const row = await Note.objects.create({ title: "x" });
    for (const name of ["id", "pk", "labels", "nothing"])
      expect(await failureOf(row.save({ updateFields: [name] }))).toBeInstanceOf(ValueError);
    expect(await failureOf(new Note({}).save({ forceUpdate: true }))).toBeInstanceOf(ValueError);
    expect(await failureOf(row.save({ forceInsert: true, forceUpdate: true }))).toBeInstanceOf(ValueError);
    expect(await failureOf(row.save({ forceInsert: true, updateFields: ["title"] }))).toBeInstanceOf(ValueError);
  });
  test("autoNow changes where its field is named, autoNowAdd never", async () => {
    const row = await Note.objects.create({ title: "times" });
    const at = (r: LooseRow, name: string): number => (r[name] as Date).getTime();
    const old = new Date("2020-01-01T00:00:00Z");
    await Note.objects.filter({ pk: row.pk }).update({ changed: old, made: old });
    const loaded = await read(Note, row.pk);
    await loaded.save({ updateFields: ["title"] });
    expect(at(await read(Note, row.pk), "changed")).toBe(old.getTime());
    await loaded.save();
    const after = await read(Note, row.pk);
    expect([at(after, "changed") > old.getTime(), at(after, "made")]).toEqual([true, old.getTime()]);
    expect(at(loaded, "changed")).toBe(at(after, "changed"));
  });
});

describe("S36: an instance that was read in part writes what it has", () => {
  test("only loaded fields, and those that were given since", async () => {
    const { pk } = await Note.objects.create({ title: "whole", count: 5 });
    const part = await Note.objects.only("title").get({ pk });
    await Note.objects.filter({ pk }).update({ count: 6 });
    part["title"] = "part";
    const { queries } = await captureQueries(() => part.save());
    expect(queries).toHaveLength(1);
    expect(queries[0]!.sql).not.toContain("count");
    part["count"] = 7;
    await part.save();
    const after = await read(Note, pk);
    expect([after["title"], after["count"]]).toEqual(["part", 7]);
  });
  test("a row that has gone meanwhile is not made again", async () => {
    const { pk } = await Note.objects.create({ title: "gone" });
    const part = await Note.objects.only("title").get({ pk });
    await Note.objects.filter({ pk }).delete();
    expect(await failureOf(part.save())).toBeInstanceOf(Note.NotUpdated);
  });
});

describe("S37: what the database calculates comes back", () => {
  test("an expression is written once, however often the row is saved", async () => {
    const row = await Note.objects.create({ title: "Loud", count: 1 });
    row["count"] = F("count").add(1);
    row["title"] = Lower("title");
    await row.save();
    expect([await row["count"], await row["title"]]).toEqual([2, "loud"]);
    await row.save();
    expect((await read(Note, row.pk))["count"]).toBe(2);
  });
  test("with the statement itself where the database returns rows, by one more query elsewhere", async () => {
    const row = await Note.objects.create({ count: 1 });
    row["count"] = F("count").add(1);
    const sent = await verbs(async () => {
      await row.save();
      await row["count"];
    });
    expect(sent).toEqual(
      orm.connection().dialect.features["returningFromUpdate"] === true ? ["UPDATE"] : ["UPDATE", "SELECT"],
    );
    expect(instanceState(row).deferred).toEqual([]);
  });
  test("expressions without columns may be inserted", async () => {
    const row = new Note({ title: Lower(Value("LOUD")) });
    await row.save();
    expect(await row["title"]).toBe("loud");
    expect(await failureOf(new Note({ count: F("count").add(1) }).save())).toBeInstanceOf(ValueError);
  });
  test("defaults of the database and generated columns too, whenever they may have changed", async () => {
    const row = new Sum({ a: 1 });
    await row.save();
    expect([await row["b"], await row["total"]]).toEqual([7, 8]);
    row["a"] = 10;
    await row.save();
    expect(await row["total"]).toBe(17);
    row["other"] = 3;
    await row.save({ updateFields: ["other"] });
    expect(instanceState(row).deferred).toEqual([]);
    expect(row["total"]).toBe(17);
  });
  test("values are what their fields make of them, after an update as after an insert", async () => {
    const row = new Note({ title: "x", count: "3" });
    await row.save();
    expect(row["count"]).toBe(3);
    row["count"] = "4";
    await row.save();
    expect(row["count"]).toBe(4);
  });
});

describe("S38: refreshFromDb()", () => {
  test("leaves deferred fields deferred", async () => {
    const { pk } = await Note.objects.create({ title: "a", count: 1 });
    const part = await Note.objects.only("title").get({ pk });
    await Note.objects.filter({ pk }).update({ title: "b", count: 2 });
    await part.refreshFromDb();
    expect([part["title"], part.getDeferredFields().has("count")]).toEqual(["b", true]);
    expect(await part["count"]).toBe(2);
  });
  test("a row that is gone is DoesNotExist", async () => {
    const row = await Note.objects.create({ title: "a" });
    await Note.objects.filter({ pk: row.pk }).delete();
    expect(await failureOf(row.refreshFromDb())).toBeInstanceOf(Note.DoesNotExist);
  });
});

describe("forceInsert over several tables", () => {
  test("true is about the last table, a list about the tables it names", async () => {
    const place = await Place.objects.create({ name: "square" });
    const insertOnly = new Cafe({ placePtr: place, name: "square", cups: 1 });
    expect((await verbs(() => insertOnly.save({ forceInsert: true }))).at(-1)).toBe("INSERT");
    expect(await Place.objects.filter({ name: "square" }).count()).toBe(1);
    const forced = new Cafe({ id: place.pk, placePtrId: place.pk, name: "square" });
    expect(await attempted(() => forced.save({ forceInsert: [Place] }))).toBeInstanceOf(IntegrityError);
    const fresh = new Bar({ id: 700, name: "new" });
    expect((await verbs(() => fresh.save({ forceInsert: [Place] }))).filter((v) => v !== "SELECT")).toEqual([
      "INSERT",
      "INSERT",
      "INSERT",
    ]);
    const middle = new Bar({ id: 701, name: "middle" });
    expect((await verbs(() => middle.save({ forceInsert: [Cafe] }))).filter((v) => v !== "SELECT")).toEqual([
      "UPDATE",
      "INSERT",
      "INSERT",
      "INSERT",
    ]);
  });
  test("what is no base of the model is refused before anything is sent", async () => {
    const row = new Cafe({ name: "x" });
    for (const wrong of ["yes", 1, [Note], [Place, "Place"], [null], {}]) {
      const error: unknown[] = [];
      expect(await verbs(async () => void error.push(await failureOf(row.save({ forceInsert: wrong }))))).toEqual([]);
      expect(error[0]).toBeInstanceOf(QueryTypeError);
    }
  });
  test("parents and child are written together or not at all", async () => {
    const before = await Place.objects.count();
    const broken = new Cafe({ name: "half", cups: "many" });
    expect(await failureOf(broken.save())).toBeInstanceOf(Error);
    expect(await Place.objects.count()).toBe(before);
    const cafe = await Cafe.objects.create({ name: "both", cups: 2 });
    cafe["visits"] = 3;
    cafe["cups"] = 4;
    await cafe.save();
    await orm.atomic(async () => {
      cafe["visits"] = 9;
      await cafe.save();
      setRollback(true);
    });
    const after = await read(Cafe, cafe.pk);
    expect([after["visits"], after["cups"]]).toEqual([3, 4]);
  });
});
