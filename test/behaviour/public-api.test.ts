/** What the public types promise of models, managers and querysets is there at run time. */
import {
  abstractModel,
  babik,
  BabikError,
  CASCADE,
  CharField,
  CompositePrimaryKey,
  DatabaseError,
  ForeignKey,
  IntegerField,
  Manager,
  ManyToManyField,
  model,
  MultipleObjectsReturned,
  ObjectDoesNotExist,
  OneToOneField,
  QuerySet,
  registerLookup,
  CharField as Char,
  Length,
  sql,
  StringAgg,
} from "babik";
import * as everything from "babik";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { testDatabase } from "../support/database.js";

class Visits extends QuerySet<"Visit"> {
  long() {
    return this.filter({ minutes__gt: 30 });
  }
}
const named = abstractModel({ name: CharField({ maxLength: 40 }) }, { ordering: ["name"] });
class Place extends named.extend("Place", { city: CharField({ maxLength: 40, default: "" }) }) {
  get title(): string {
    return this.name.toUpperCase();
  }
}
class Restaurant extends Place.extend("Restaurant", { seats: IntegerField() }) {}
class Hall extends Place.proxy("Hall", { ordering: ["-name"] }) {}
class Badge extends model("Badge", { place: OneToOneField("Place", { onDelete: CASCADE }) }) {}
class Visit extends model("Visit", {
  place: ForeignKey("Place", { onDelete: CASCADE }),
  minutes: IntegerField(),
}) {
  static override readonly objects = this.manager(Visits);
  static readonly brief = this.manager(
    class extends Manager.fromQuerySet(Visits) {
      override getQuerySet() {
        return super.getQuerySet().filter({ minutes__lt: 60 });
      }
    },
  );
}
class Guide extends model("Guide", {
  title: CharField({ maxLength: 20 }),
  places: ManyToManyField("Place", { relatedName: "guides" }),
}) {}
class Room extends model("Room", {
  pk: CompositePrimaryKey("house", "number"),
  house: IntegerField(),
  number: IntegerField(),
}) {}

const database = await testDatabase();
const orm = babik({
  databases: { default: database.url },
  apps: { travel: { Place, Restaurant, Hall, Badge, Visit, Guide, Room } },
});
afterAll(() => orm.close());
beforeAll(() => orm.createTables());

describe("a model class", () => {
  test("has error classes of its own below those of the package", () => {
    expect(new Place.DoesNotExist("x")).toBeInstanceOf(ObjectDoesNotExist);
    expect(new Place.MultipleObjectsReturned("x")).toBeInstanceOf(MultipleObjectsReturned);
    expect(new Place.NotUpdated("x")).toBeInstanceOf(DatabaseError);
    expect(new Place.NotUpdated("x")).toBeInstanceOf(BabikError);
    expect(new Place.DoesNotExist("x")).not.toBeInstanceOf(Visit.DoesNotExist);
  });
  test("throws them", async () => {
    await expect(Place.objects.get({ name: "Nowhere" })).rejects.toBeInstanceOf(Place.DoesNotExist);
    const ghost = new Place({ id: 9999, name: "Ghost" });
    await expect(ghost.save({ forceUpdate: true })).rejects.toBeInstanceOf(Place.NotUpdated);
  });
  test("tells what it is made of", () => {
    expect(Place.meta).toMatchObject({ label: "travel.Place", appLabel: "travel", modelName: "place" });
    expect(Place.meta.dbTable).toBe("travel_place");
    expect(Place.meta.getField("city").name).toBe("city");
    expect(orm.getModel("travel.Place")).toBe(Place);
    expect(orm.models).toContain(Visit);
    expect(orm.databases).toEqual(["default"]);
  });
  test("knows its fields, reverse ones included, and the model of its querysets", () => {
    expect(Place.meta.getFields().map((field: { readonly name: string }) => field.name)).toContain("visit");
    expect(Place.meta.fields.map((field) => (field as { readonly name: string }).name)).toEqual(["id", "name", "city"]);
    expect(Place.objects.all().model).toBe(Place);
    expect(Place.objects.all().ordered).toBe(true);
    expect(Visit.objects.all().db).toBe("default");
  });
});

describe("inheritance", () => {
  test("a child has a table of its own and a link to its parent", async () => {
    const made = await Restaurant.objects.create({ name: "Chez Nous", city: "Lyon", seats: 12 });
    expect(made.title).toBe("CHEZ NOUS");
    expect(made.placePtrId).toBe(made.id);
    expect((await made.placePtr).pk).toBe(made.pk);
    const place = await Place.objects.get({ pk: made.pk });
    expect((await place.restaurant)!.seats).toBe(12);
    expect(await Restaurant.objects.filter({ placePtr__city: "Lyon" }).count()).toBe(1);
    await made.delete();
    expect(await Place.objects.count()).toBe(0);
  });
  test("a proxy is its model with other options", async () => {
    await Place.objects.bulkCreate([new Place({ name: "A" }), new Place({ name: "B" })]);
    expect(await Hall.objects.valuesList("name", { flat: true })).toEqual(["B", "A"]);
    expect((await Hall.objects.first())!.title).toBe("B");
    expect(await Place.objects.all().delete()).toEqual([2, { "travel.Place": 2 }]);
  });
});

describe("relations", () => {
  test("the other side is <model>Set, <model>, or as relatedName says; in paths it is the model's name", async () => {
    const place = await Place.objects.create({ name: "Museum" });
    await place.visitSet.create({ minutes: 90 });
    await place.visitSet.create({ minutes: 20 });
    await Badge.objects.create({ place });
    expect(await place.visitSet.count()).toBe(2);
    expect(await place.visitSet.long().count()).toBe(1);
    expect((await place.badge)!.placeId).toBe(place.id);
    expect(await Place.objects.filter({ visit__minutes__gt: 60 }).count()).toBe(1);
    const guide = await Guide.objects.create({ title: "Green" });
    await place.guides.add(guide);
    expect(await guide.places.valuesList("name", { flat: true })).toEqual(["Museum"]);
    expect(await Visit.objects.long().count()).toBe(1);
    expect(await Visit.brief.long().count()).toBe(0);
    expect(await Visit.brief.count()).toBe(1);
    expect(await Place.objects.aggregate({ all: StringAgg("name", { delimiter: ", " }) })).toEqual({ all: "Museum" });
    await Place.objects.all().delete();
  });
});

describe("an instance", () => {
  test("knows its state, its key and its equals", async () => {
    const place = new Place({ name: "Park" });
    expect(place._state).toEqual({ adding: true, db: undefined });
    await place.save();
    expect(place._state).toEqual({ adding: false, db: "default" });
    const again = await Place.objects.only("name").get({ pk: place.pk });
    expect(again.equals(place)).toBe(true);
    expect([...again.getDeferredFields()]).toEqual(["city"]);
    expect(place.set({ city: "Rome" }).city).toBe("Rome");
    await place.save({ updateFields: ["city"] });
    await again.refreshFromDb();
    expect(await again.city).toBe("Rome");
    expect(place.serializableValue("name")).toBe("Park");
    expect(String(place)).toBe(`Place object (${place.id})`);
    await place.fullClean();
    await place.delete();
  });
  test("a composite key is a tuple", async () => {
    const room = await Room.objects.create({ house: 1, number: 7 });
    expect(room.pk).toEqual([1, 7]);
    expect(await Room.objects.get({ pk: [1, 7] })).toMatchObject({ house: 1, number: 7 });
  });
});

test("raw queries tell their columns", async () => {
  await Place.objects.create({ name: "Bridge" });
  const rows = Place.objects.raw(sql`SELECT id, name FROM travel_place WHERE name = ${"Bridge"}`);
  expect((await rows)[0]!.name).toBe("Bridge");
  expect(await rows.columns).toEqual(["id", "name"]);
});

test("a function can be registered as a lookup", async () => {
  const undo = registerLookup(Char, Length);
  expect(await Place.objects.filter({ name__length: 6 }).count()).toBe(1);
  undo();
});

test("nothing is given away but public names", () => {
  const inner = ["aggregateMaker", "functionMaker", "nearest", "suggest", "defineModel", "managerFromQuerySet"];
  expect(Object.keys(everything).filter((name) => inner.includes(name))).toEqual([]);
});
