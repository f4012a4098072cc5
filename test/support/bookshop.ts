/**
 * A small bookshop for tests of querysets: four models with relations of every kind, and rows that the tests know by name.
 * The models are registered nowhere for typing: rows are loose, as in programs that build models from data.
 */
import {
  BooleanField,
  CASCADE,
  CharField,
  DateField,
  DateTimeField,
  DecimalField,
  FloatField,
  ForeignKey,
  IntegerField,
  JSONField,
  ManyToManyField,
  model,
  OneToOneField,
  SET_NULL,
  TextField,
  babik,
} from "babik";
import { afterAll } from "vitest";
import type { TestDatabase } from "./database.js";

export class Publisher extends model(
  "Publisher",
  { name: CharField({ maxLength: 50, unique: true }), city: CharField({ maxLength: 50, default: "" }) },
  { ordering: ["name"] },
) {}

export class Author extends model("Author", {
  name: CharField({ maxLength: 50 }),
  born: DateField({ null: true }),
  mentor: ForeignKey("self", { onDelete: SET_NULL, null: true, relatedName: "pupils" }),
}) {}

export class Book extends model(
  "Book",
  {
    title: CharField({ maxLength: 100, unique: true }),
    description: TextField({ default: "" }),
    price: DecimalField({ maxDigits: 8, decimalPlaces: 2 }),
    pages: IntegerField({ default: 100 }),
    rating: FloatField({ null: true }),
    inPrint: BooleanField({ default: true }),
    published: DateField(),
    added: DateTimeField({ null: true }),
    facts: JSONField({ default: () => ({}) }),
    publisher: ForeignKey("Publisher", { onDelete: CASCADE, null: true, relatedName: "books" }),
    authors: ManyToManyField("Author", { relatedName: "books" }),
  },
  { ordering: ["title"], getLatestBy: "published" },
) {}

export class Review extends model("Review", {
  book: ForeignKey("Book", { onDelete: CASCADE, relatedName: "reviews" }),
  stars: IntegerField(),
  text: CharField({ maxLength: 100, default: "" }),
}) {}

export class Cover extends model("Cover", {
  book: OneToOneField("Book", { onDelete: CASCADE, relatedName: "cover" }),
  colour: CharField({ maxLength: 10, choices: ["red", "blue"] }),
}) {}

/** Titles in the order of the model. */
export const TITLES = ["Atlas", "Botany", "Chess", "Dunes", "Eels"];

/** An orm over a database, with the tables of the bookshop and its rows. */
export async function openBookshop(database: TestDatabase) {
  const orm = babik({
    databases: { default: database.url },
    apps: { shop: { Publisher, Author, Book, Review, Cover } },
  });
  afterAll(() => orm.close());
  await orm.createTables();
  await fillBookshop();
  return orm;
}

async function fillBookshop(): Promise<void> {
  const [north, south] = await Publisher.objects.bulkCreate([
    new Publisher({ name: "North", city: "Oslo" }),
    new Publisher({ name: "South", city: "Rome" }),
    new Publisher({ name: "Idle", city: "Rome" }),
  ]);
  const ann = await Author.objects.create({ name: "Ann", born: "1950-03-01" });
  const bob = await Author.objects.create({ name: "Bob", born: "1960-07-15", mentor: ann });
  const cy = await Author.objects.create({ name: "Cy", mentor: bob });
  const book = (title: string, price: string, pages: number, published: string, more: object) =>
    Book.objects.create({ title, price, pages, published, ...more });
  const atlas = await book("Atlas", "30.00", 300, "2001-05-20", {
    publisher: north,
    rating: 4.5,
    added: "2020-01-31T23:30:00Z",
    facts: { maps: 12, tags: ["big", "heavy"] },
  });
  const botany = await book("Botany", "12.50", 150, "2001-11-02", {
    publisher: north,
    added: "2020-02-01T08:00:00Z",
    facts: { tags: ["green"] },
  });
  const chess = await book("Chess", "9.99", 80, "2010-01-01", { publisher: south, rating: 3, inPrint: false });
  const dunes = await book("Dunes", "20.00", 412, "2015-08-30", { publisher: south, rating: 5, description: "Sand" });
  await book("Eels", "20.00", 95, "2020-02-29", { inPrint: false });
  await atlas.authors.add(ann, bob);
  await botany.authors.add(ann);
  await chess.authors.add(cy);
  await dunes.authors.add(bob, cy);
  await Review.objects.bulkCreate([
    new Review({ book: atlas, stars: 5, text: "100% good" }),
    new Review({ book: atlas, stars: 2, text: "too big" }),
    new Review({ book: botany, stars: 4, text: "snake_case" }),
    new Review({ book: dunes, stars: 5 }),
    new Review({ book: dunes, stars: 5, text: "Great" }),
  ]);
  await Cover.objects.create({ book: atlas, colour: "red" });
  await Cover.objects.create({ book: dunes, colour: "blue" });
}

/** Values of one field, in the order of the rows. */
export function column(rows: readonly object[], name: string): unknown[] {
  return rows.map((row) => (row as Record<string, unknown>)[name]);
}
/** Titles in the order of the rows. */
export const titles = (rows: readonly object[]): unknown[] => column(rows, "title");
/** Names in the order of the rows. */
export const names = (rows: readonly object[]): unknown[] => column(rows, "name");
