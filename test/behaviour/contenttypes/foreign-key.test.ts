/** Generic foreign keys: assigning, reading, prefetching, and what they refuse. */
import { FieldError, GenericPrefetch, ValueError } from "babik";
import { assertNumQueries } from "babik/testing";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { Animal, Note, openZoo, Pet, Plant, Tag } from "./models.js";

const orm = await openZoo();
const types = orm.contentTypes;
afterAll(() => orm.close());
beforeEach(async () => {
  for (const cls of [Tag, Note, Animal, Plant]) await cls.objects.all().delete();
  await types.createMissing();
});

describe("assigning", () => {
  test("sets content type and key", async () => {
    const cat = await Animal.objects.create({ name: "Cat" });
    const tag = new Tag({ word: "soft", thing: cat });
    expect(tag.objectId).toBe(cat.pk);
    expect(tag.contentTypeId).toBe((await types.getForModel(Animal)).pk);
    await tag.save();
    expect(await (await Tag.objects.get({ word: "soft" })).thing).toBeInstanceOf(Animal);
  });
  test("works while no content type is known yet: it is found before the row is written", async () => {
    const cat = await Animal.objects.create({ name: "Cat" });
    types.clearCache();
    const tag = new Tag({ word: "soft", thing: cat });
    expect(await tag.thing).toBe(cat);
    await tag.save();
    types.clearCache();
    const [other] = await Tag.objects.bulkCreate([new Tag({ word: "wild", thing: cat })]);
    expect(other!.contentTypeId).toBe((await types.getForModel(Animal)).pk);
  });
  test("keeps the key as the column does: a text column a text", async () => {
    const cat = await Animal.objects.create({ name: "Cat" });
    const note = await Note.objects.create({ text: "purrs", about: cat });
    expect(note.key).toBe(String(cat.pk));
    expect(((await (await Note.objects.get()).about) as Animal).name).toBe("Cat");
  });
  test("null clears both columns", async () => {
    const cat = await Animal.objects.create({ name: "Cat" });
    const note = await Note.objects.create({ text: "purrs", about: cat });
    note.about = null;
    expect([note.kindId, note.key]).toEqual([null, null]);
    await note.save();
    expect(await (await Note.objects.get()).about).toBeNull();
  });
  test("what is no instance is refused", () => {
    expect(() => new Tag({ word: "x", thing: 3 })).toThrow(ValueError);
  });
  test("an object that is not saved cannot be saved with", async () => {
    await expect(Tag.objects.create({ word: "x", thing: new Animal({ name: "Cat" }) })).rejects.toThrow(
      "unsaved related object 'thing'",
    );
  });
  test("an object saved after it was assigned gives its key", async () => {
    const cat = new Animal({ name: "Cat" });
    const tag = new Tag({ word: "soft", thing: cat });
    await cat.save();
    await tag.save();
    expect(tag.objectId).toBe(cat.pk);
  });
  test("set() takes it too", async () => {
    const fern = await Plant.objects.create({ name: "Fern" });
    const tag = new Tag({ word: "green" }).set({ thing: fern });
    await tag.save();
    expect(await Tag.objects.filter({ plant__name: "Fern" }).count()).toBe(1);
  });
});

describe("reading", () => {
  test("follows columns that were changed", async () => {
    const [cat, dog] = await Animal.objects.bulkCreate([new Animal({ name: "Cat" }), new Animal({ name: "Dog" })]);
    const tag = await Tag.objects.create({ word: "soft", thing: cat });
    tag.objectId = Number(dog!.pk);
    expect(((await tag.thing) as Animal).name).toBe("Dog");
  });
  test("an object that is gone is null", async () => {
    const cat = await Animal.objects.create({ name: "Cat" });
    await Tag.objects.create({ word: "soft", thing: cat });
    await Tag.objects.update({ objectId: 999_999 });
    expect(await (await Tag.objects.get()).thing).toBeNull();
  });
  test("of all rows of a result is one query for each model", async () => {
    await tagged();
    const tags = await Tag.objects.all();
    const things = await assertNumQueries(2, () => Promise.all(tags.map((t) => t.thing)));
    expect(things.map((t) => (t as Animal).name)).toEqual(["Fern", "Cat", "Cat"]);
  });
  test("is refused where rows must not load anything", async () => {
    await tagged();
    const [tag] = await Tag.objects.fetchMode("raise");
    await expect(async () => await tag!.thing).rejects.toThrow("thing");
  });
});

describe("prefetching", () => {
  test("loads objects of several models, one query for each", async () => {
    await tagged();
    const tags = await assertNumQueries(3, async () => await Tag.objects.prefetchRelated("thing"));
    await assertNumQueries(0, async () => {
      expect(tags.map((t) => (t.thing as unknown as Animal).name)).toEqual(["Fern", "Cat", "Cat"]);
    });
  });
  test("goes on from there", async () => {
    await tagged();
    const tags = await assertNumQueries(
      4,
      async () =>
        await Tag.objects.filter({ word__in: ["soft", "wild"] }).prefetchRelated("thing__tags", "thing__notes"),
    );
    const cat = tags[0]!.thing as unknown as Animal;
    expect((await assertNumQueries(0, async () => await cat.tags.all())).map((t) => t.word)).toEqual(["soft", "wild"]);
  });
  test("takes a queryset for each model", async () => {
    await tagged();
    const tags = await Tag.objects.prefetchRelated(
      GenericPrefetch("thing", [Animal.objects.filter({ name: "Dog" }), Plant.objects.all()]),
    );
    expect(
      await Promise.all(tags.map(async (t) => ((await t.thing) as unknown as Plant | null)?.name ?? null)),
    ).toEqual(["Fern", null, null]);
  });
  test("refuses two querysets of one content type", async () => {
    await tagged();
    await expect(
      async () =>
        await Tag.objects.prefetchRelated(GenericPrefetch("thing", [Animal.objects.all(), Pet.objects.all()])),
    ).rejects.toThrow("Only one queryset is allowed for each content type.");
  });
});

describe("queries", () => {
  test("cannot go through a generic key itself", async () => {
    const wrong = Tag.objects as unknown as { filter(c: object): PromiseLike<unknown> };
    await expect(async () => await wrong.filter({ thing: 1 })).rejects.toThrow(FieldError);
    await expect(async () => await wrong.filter({ thing__name: "Cat" })).rejects.toThrow(
      "does not generate an automatic reverse relation",
    );
  });
  test("getOrCreate makes a row from it in defaults", async () => {
    const cat = await Animal.objects.create({ name: "Cat" });
    const [tag, created] = await Tag.objects.getOrCreate({ word: "soft" }, { defaults: { thing: cat } });
    expect([tag.objectId, created]).toEqual([cat.pk, true]);
  });
});

async function tagged(): Promise<void> {
  const cat = await Animal.objects.create({ name: "Cat" });
  const fern = await Plant.objects.create({ name: "Fern" });
  await Tag.objects.bulkCreate([
    new Tag({ word: "green", thing: fern }),
    new Tag({ word: "soft", thing: cat }),
    new Tag({ word: "wild", thing: cat }),
  ]);
}
