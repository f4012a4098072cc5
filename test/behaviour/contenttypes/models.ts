/** Models of the tests of generic relations: things that can be tagged and noted, and a child and a proxy of one of them. */
import { babik, CASCADE, CharField, ForeignKey, GenericForeignKey, GenericRelation, IntegerField, model } from "babik";
import { afterAll } from "vitest";
import { testDatabase } from "../../support/database.js";

export class Tag extends model(
  "Tag",
  {
    word: CharField({ maxLength: 30 }),
    contentType: ForeignKey("contenttypes.ContentType", { onDelete: CASCADE }),
    objectId: IntegerField(),
    thing: GenericForeignKey(),
  },
  { ordering: ["word", "id"] },
) {}
/** Keeps keys as text, and may refer to nothing. */
export class Note extends model("Note", {
  text: CharField({ maxLength: 30 }),
  kind: ForeignKey("contenttypes.ContentType", { onDelete: CASCADE, null: true }),
  key: CharField({ maxLength: 30, null: true }),
  about: GenericForeignKey({ ctField: "kind", fkField: "key" }),
}) {}
export class Animal extends model(
  "Animal",
  {
    name: CharField({ maxLength: 30 }),
    tags: GenericRelation("Tag", { relatedQueryName: "animal" }),
    notes: GenericRelation("Note", { contentTypeField: "kind", objectIdField: "key" }),
  },
  { ordering: ["name"] },
) {}
export class Plant extends model(
  "Plant",
  {
    name: CharField({ maxLength: 30 }),
    height: IntegerField({ default: 1 }),
    tags: GenericRelation("Tag", { relatedQueryName: "plant" }),
  },
  { ordering: ["name"] },
) {}
export class Bird extends Animal.extend("Bird", { wings: IntegerField({ default: 2 }) }) {}
export class Pet extends Animal.proxy("Pet") {}

/** An orm on a fresh database with the tables made. */
export async function openZoo() {
  const database = await testDatabase();
  const orm = babik({ databases: { default: database.url }, apps: { zoo: { Tag, Note, Animal, Plant, Bird, Pet } } });
  afterAll(() => orm.close());
  await orm.createTables();
  return orm;
}
