/** Generic relations: the set of an object, paths over it in both directions, deletion. */
import {
  Count,
  ImproperlyConfigured,
  babik,
  model,
  CharField,
  GenericRelation,
  IntegerField,
  ForeignKey,
  CASCADE,
  GenericForeignKey,
  type Manager,
} from "babik";
import { assertNumQueries } from "babik/testing";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { Animal, Bird, Note, openZoo, Pet, Plant, Tag } from "./models.js";

const orm = await openZoo();
afterAll(() => orm.close());

let cat: Animal;
let dog: Animal;
let fern: Plant;
beforeEach(async () => {
  for (const cls of [Tag, Note, Bird, Animal, Plant]) await cls.objects.all().delete();
  await orm.contentTypes.createMissing();
  cat = (await Animal.objects.create({ name: "Cat" })) as unknown as Animal;
  dog = (await Animal.objects.create({ name: "Dog" })) as unknown as Animal;
  fern = (await Plant.objects.create({ name: "Fern", pk: cat.pk as number })) as unknown as Plant;
  await cat.tags.create({ word: "soft" });
  await cat.tags.create({ word: "wild" });
  await fern.tags.create({ word: "green" });
});
const words = async (of: object): Promise<string[]> => {
  const tags = await (of as { readonly tags: Manager<"Tag"> }).tags.all();
  return tags.map((t) => t.word);
};

describe("the set of an object", () => {
  test("has the rows of this object, not of one of another model with the same key", async () => {
    expect(await words(cat)).toEqual(["soft", "wild"]);
    expect(await words(fern)).toEqual(["green"]);
    expect(await cat.tags.filter({ word: "soft" }).count()).toBe(1);
  });
  test("is read by one query, the content types being known", async () => {
    expect(await assertNumQueries(1, () => words(cat))).toEqual(["soft", "wild"]);
  });
  test("reads the content types first where they are not known", async () => {
    orm.contentTypes.clearCache();
    expect(await assertNumQueries(2, () => words(cat))).toEqual(["soft", "wild"]);
  });
  test("add() moves rows here, by one statement", async () => {
    const soft = await Tag.objects.get({ word: "soft" });
    await assertNumQueries(1, () => fern.tags.add(soft));
    expect(await words(fern)).toEqual(["green", "soft"]);
    expect(await soft.thing).toBe(fern);
  });
  test("add() refuses rows that are not saved, and saves them when told to", async () => {
    const made = new Tag({ word: "big" });
    await expect(dog.tags.add(made)).rejects.toThrow("isn't saved");
    await dog.tags.add(new Tag({ word: "big" }), { bulk: false });
    expect(await words(dog)).toEqual(["big"]);
  });
  test("remove() and clear() delete rows of this object only", async () => {
    const [soft] = await cat.tags.all();
    await dog.tags.remove(soft!);
    expect(await words(cat)).toEqual(["soft", "wild"]);
    await cat.tags.remove(soft!);
    expect(await words(cat)).toEqual(["wild"]);
    await cat.tags.clear();
    expect(await Tag.objects.count()).toBe(1);
  });
  test("set() deletes what is left out and adds what is new", async () => {
    const [soft] = await cat.tags.all();
    const green = await Tag.objects.get({ word: "green" });
    await cat.tags.set([soft!, green]);
    expect(await words(cat)).toEqual(["green", "soft"]);
    expect(await Tag.objects.count()).toBe(2);
  });
  test("getOrCreate and updateOrCreate look among its rows", async () => {
    const [found, made] = await cat.tags.getOrCreate({ word: "soft" });
    expect([found.word, made]).toEqual(["soft", false]);
    const [, created] = await dog.tags.getOrCreate({ word: "soft" });
    expect(created).toBe(true);
    await dog.tags.updateOrCreate({ word: "soft" }, { defaults: { word: "loud" } });
    expect(await words(dog)).toEqual(["loud"]);
    expect(await words(cat)).toEqual(["soft", "wild"]);
  });
  test("needs an object with a key", async () => {
    await expect(async () => await new Animal({ name: "Ape" }).tags.all()).rejects.toThrow("primary key");
  });
});

describe("prefetching", () => {
  test("loads the rows of all objects by one query", async () => {
    const animals = await assertNumQueries(2, async () => await Animal.objects.prefetchRelated("tags"));
    await assertNumQueries(0, async () => {
      expect(await words(animals[0]!)).toEqual(["soft", "wild"]);
      expect(await words(animals[1]!)).toEqual([]);
    });
  });
  test("matches keys that are kept as text", async () => {
    await cat.notes.create({ text: "purrs" });
    const animals = await Animal.objects.prefetchRelated("notes");
    expect(await Promise.all(animals.map((a) => assertNumQueries(0, () => a.notes.count())))).toEqual([1, 0]);
  });
});

describe("paths", () => {
  test("lead from objects to rows", async () => {
    expect((await Animal.objects.filter({ tags__word: "soft" })).map((a) => a.name)).toEqual(["Cat"]);
    expect(await Animal.objects.filter({ tags__word: "green" }).exists()).toBe(false);
    expect((await Animal.objects.filter({ tags__isnull: true })).map((a) => a.name)).toEqual(["Dog"]);
  });
  test("lead back by relatedQueryName", async () => {
    expect((await Tag.objects.filter({ animal__name: "Cat" })).map((t) => t.word)).toEqual(["soft", "wild"]);
    expect((await Tag.objects.filter({ plant__height__gte: 1 })).map((t) => t.word)).toEqual(["green"]);
    expect((await Tag.objects.filter({ animal: cat })).map((t) => t.word)).toEqual(["soft", "wild"]);
    expect((await Tag.objects.filter({ animal__in: [cat, dog] })).length).toBe(2);
  });
  test("can be excluded", async () => {
    expect((await Animal.objects.exclude({ tags__word: "soft" })).map((a) => a.name)).toEqual(["Dog"]);
    expect((await Tag.objects.exclude({ animal__name: "Cat" })).map((t) => t.word)).toEqual(["green"]);
  });
  test("join keys that are kept as text", async () => {
    await cat.notes.create({ text: "purrs" });
    expect((await Animal.objects.filter({ notes__text: "purrs" })).map((a) => a.name)).toEqual(["Cat"]);
    expect((await Animal.objects.exclude({ notes__text: "purrs" })).map((a) => a.name)).toEqual(["Dog"]);
  });
  test("of a row are there for reading by the same name", async () => {
    const [soft] = (await cat.tags.all()) as unknown as { animal: Manager<"Animal">; plant: Manager<"Plant"> }[];
    expect((await soft!.animal.all()).map((a) => a.name)).toEqual(["Cat"]);
    expect(await soft!.plant.exists()).toBe(false);
    await expect(soft!.animal.create({ name: "Ape" })).rejects.toThrow("Assign an object to thing instead");
  });
  test("can be counted", async () => {
    const rows = await Animal.objects.annotate({ n: Count("tags") }).orderBy("name");
    expect(rows.map((a) => [a.name, a.n])).toEqual([
      ["Cat", 2],
      ["Dog", 0],
    ]);
    expect(await Animal.objects.aggregate({ n: Count("tags") })).toEqual({ n: 2 });
  });
  test("find nothing while the model has no content type, and something once it has", async () => {
    const bird = await Bird.objects.create({ name: "Wren" });
    await orm.contentTypes.model.objects.filter({ model: "bird" }).delete();
    orm.contentTypes.clearCache();
    expect(await Bird.objects.filter({ tags__word: "small" }).exists()).toBe(false);
    await bird.tags.create({ word: "small" });
    expect(await Bird.objects.filter({ tags__word: "small" }).exists()).toBe(true);
  });
});

describe("children and proxies", () => {
  test("a child has a set of its own", async () => {
    const wren = await Bird.objects.create({ name: "Wren" });
    await wren.tags.create({ word: "small" });
    const asAnimal = await Animal.objects.get({ pk: wren.pk as number });
    expect(await asAnimal.tags.count()).toBe(0);
    expect((await Bird.objects.filter({ tags__word: "small" })).length).toBe(1);
  });
  test("a proxy shares the set of the model behind it", async () => {
    const pet = await Pet.objects.get({ name: "Cat" });
    expect(await words(pet)).toEqual(["soft", "wild"]);
    expect(await Pet.objects.filter({ tags__word: "soft" }).count()).toBe(1);
  });
});

describe("deletion", () => {
  test("takes the rows of the object along", async () => {
    expect(await cat.delete()).toEqual([3, { "zoo.Animal": 1, "zoo.Tag": 2 }]);
    expect((await Tag.objects.all()).map((t) => t.word)).toEqual(["green"]);
  });
  test("of a queryset too", async () => {
    await Animal.objects.all().delete();
    expect(await Tag.objects.count()).toBe(1);
  });
});

test("mistakes in generic definitions are told at once", () => {
  class Broken extends model("Broken", {
    objectId: IntegerField(),
    name: CharField({ maxLength: 3 }),
    a: GenericForeignKey("missing", "objectId"),
    b: GenericForeignKey("name", "nowhere"),
    self: ForeignKey("Broken", { onDelete: CASCADE, null: true }),
    c: GenericForeignKey("self", "objectId"),
    d: GenericRelation("Broken"),
  }) {}
  let error: unknown;
  try {
    babik({ databases: { default: "sqlite::memory:" }, apps: { broken: { Broken } } });
  } catch (caught) {
    error = caught;
  }
  expect(error).toBeInstanceOf(ImproperlyConfigured);
  for (const id of ["contenttypes.E001", "contenttypes.E002", "contenttypes.E003", "contenttypes.E004"])
    expect(String(error)).toContain(id);
});
