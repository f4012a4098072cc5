/** The rows that stand for models: found, made, cached, and forgotten with the transaction that made them. */
import { babik, CharField, ImproperlyConfigured, model } from "babik";
import { assertNumQueries } from "babik/testing";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { Animal, Bird, openZoo, Pet, Plant } from "./models.js";

const orm = await openZoo();
const types = orm.contentTypes;
afterAll(() => orm.close());
beforeEach(async () => {
  await types.model.objects.all().delete();
  types.clearCache();
});

describe("getForModel", () => {
  test("makes the row of a model once and then knows it", async () => {
    const type = await types.getForModel(Animal);
    expect(await types.model.objects.count()).toBe(1);
    expect(await assertNumQueries(0, () => types.getForModel(Animal))).toBe(type);
    expect(type.modelClass()).toBe(Animal);
  });
  test("takes an instance for its model", async () => {
    expect(await types.getForModel(new Plant({ name: "Fern" }))).toBe(await types.getForModel(Plant));
  });
  test("takes a proxy for the model behind it, unless told otherwise", async () => {
    expect(await types.getForModel(Pet)).toBe(await types.getForModel(Animal));
    const own = await types.getForModel(Pet, { forConcreteModel: false });
    expect(own.modelClass()).toBe(Pet);
  });
  test("tells a child from its parent", async () => {
    expect((await types.getForModel(Bird)).modelClass()).toBe(Bird);
  });
  test("reads the rows of all models by one query", async () => {
    await types.createMissing();
    types.clearCache();
    await assertNumQueries(1, async () => {
      expect((await types.getForModel(Animal)).modelClass()).toBe(Animal);
      expect((await types.getForModel(Plant)).modelClass()).toBe(Plant);
    });
  });
  test("does not remember a row whose transaction was taken back", async () => {
    await expect(
      orm.atomic(async () => {
        await types.getForModel(Animal);
        throw new Error("back");
      }),
    ).rejects.toThrow("back");
    expect(await types.model.objects.count()).toBe(0);
    const type = await types.getForModel(Animal);
    expect(await types.model.objects.filter({ pk: type.pk }).exists()).toBe(true);
  });
  test("remembers a row whose transaction was committed", async () => {
    await orm.atomic(() => types.getForModel(Animal));
    expect((await assertNumQueries(0, () => types.getForModel(Animal))).modelClass()).toBe(Animal);
  });
});

test("the rows of all models come with the tables, and are not remembered when the table goes", async () => {
  await orm.dropTables();
  await orm.createTables();
  const labels = ["animal", "bird", "contenttype", "note", "pet", "plant", "tag"];
  expect(await types.model.objects.orderBy("model").valuesList("model", { flat: true })).toEqual(labels);
  expect(await assertNumQueries(0, () => types.getForModel(Animal))).toHaveProperty("model", "animal");
  await types.createMissing();
  expect(await types.model.objects.count()).toBe(labels.length);
});
test("getForModels gives the rows by model", async () => {
  const found = await types.getForModels(Animal, Plant);
  expect([...found.keys()]).toEqual([Animal, Plant]);
  expect(found.get(Plant)).toBe(await types.getForModel(Plant));
});
test("getForId and getByNaturalKey find rows, and refuse what is not there", async () => {
  const type = await types.getForModel(Animal);
  expect(await types.getForId(type.pk)).toBe(type);
  expect(await types.getByNaturalKey("zoo", "animal")).toBe(type);
  await expect(types.getForId(-1)).rejects.toThrow("ContentType matching query does not exist");
  await expect(types.getByNaturalKey("zoo", "unicorn")).rejects.toThrow("ContentType matching query does not exist");
});
test("a row gives the objects of its model", async () => {
  const cat = await Animal.objects.create({ name: "Cat" });
  const type = await types.getForModel(Animal);
  expect(await type.getObjectForThisType({ pk: cat.pk })).toBeInstanceOf(Animal);
  expect((await type.getAllObjectsForThisType({ name: "Cat" })).length).toBe(1);
});
test("a row whose model is gone has no class", async () => {
  await types.model.objects.create({ appLabel: "zoo", model: "dodo" });
  const type = await types.getByNaturalKey("zoo", "dodo");
  expect(type.modelClass()).toBeNull();
  await expect(type.getObjectForThisType({ pk: 1 })).rejects.toThrow("No app has the model");
});

test("an orm without generic relations has content types only when asked", async () => {
  const app = () => ({ Plain: class extends model("Plain", { name: CharField({ maxLength: 5 }) }) {} });
  const without = babik({ databases: { default: "sqlite::memory:" }, apps: { plain: app() } });
  expect(() => without.contentTypes).toThrow(ImproperlyConfigured);
  const asked = babik({ databases: { default: "sqlite::memory:" }, apps: { plain: app() }, contentTypes: true });
  expect(asked.contentTypes.model.meta.dbTable).toBe("django_content_type");
  await Promise.all([without.close(), asked.close()]);
});
