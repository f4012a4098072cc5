/** Models and rows of the relation tests: a shop, and a library. */
import {
  babik,
  BooleanField,
  CASCADE,
  CharField,
  ForeignKey,
  IntegerField,
  Manager,
  ManyToManyField,
  model,
  OneToOneField,
  QuerySet,
  SET_NULL,
} from "babik";
import { afterAll } from "vitest";
import { testDatabase } from "../../support/database.js";

export class Customer extends model("Customer", {
  name: CharField({ maxLength: 100, unique: true }),
  hidden: BooleanField({ default: false }),
}) {
  static override readonly objects = this.manager(
    class extends Manager<"Customer"> {
      override getQuerySet() {
        return super.getQuerySet().filter({ hidden: false });
      }
    },
  );
  static readonly everyone = this.manager(class extends Manager<"Customer"> {});
}
export class Profile extends model("Profile", {
  customer: OneToOneField("Customer", { onDelete: CASCADE }),
  points: IntegerField({ default: 0 }),
}) {}
export class Order extends model(
  "Order",
  {
    number: IntegerField(),
    customer: ForeignKey("Customer", { onDelete: CASCADE, relatedName: "orders" }),
    gift: ForeignKey("Customer", { onDelete: SET_NULL, null: true, relatedName: "gifts" }),
    note: CharField({ maxLength: 100, default: "" }),
  },
  { ordering: ["number"] },
) {
  static override readonly objects = this.manager(
    class extends QuerySet<"Order"> {
      small() {
        return this.filter({ number__lt: 3 });
      }
    },
  );
}
export class Author extends model(
  "Author",
  { name: CharField({ maxLength: 100 }), friends: ManyToManyField("Author") },
  { ordering: ["name"] },
) {}
export class Book extends model(
  "Book",
  {
    title: CharField({ maxLength: 100 }),
    authors: ManyToManyField("Author", { relatedName: "books" }),
  },
  { ordering: ["title"] },
) {}
export class Review extends model(
  "Review",
  {
    book: ForeignKey("Book", { onDelete: CASCADE, relatedName: "reviews" }),
    stars: IntegerField(),
  },
  { ordering: ["-stars"] },
) {}
export class Group extends model("Group", {
  name: CharField({ maxLength: 100 }),
  members: ManyToManyField("Author", { through: "Membership", relatedName: "groups" }),
}) {}
export class Membership extends model("Membership", {
  group: ForeignKey("Group", { onDelete: CASCADE }),
  author: ForeignKey("Author", { onDelete: CASCADE }),
  role: CharField({ maxLength: 20, default: "member" }),
}) {}
export class Place extends model("Place", {
  name: CharField({ maxLength: 50 }),
  city: CharField({ maxLength: 50, default: "" }),
}) {}
export class Restaurant extends Place.extend("Restaurant", { stars: IntegerField({ default: 0 }) }) {}

/** An orm on a fresh database with the tables made. */
export async function openShop() {
  const database = await testDatabase();
  const orm = babik({
    databases: { default: database.url },
    apps: { shop: { Customer, Profile, Order, Author, Book, Review, Group, Membership, Place, Restaurant } },
  });
  afterAll(() => orm.close());
  await orm.createTables();
  return orm;
}

/** A row as it is read. The compiler does not know which orm a test file has. */
export type Row = Awaited<ReturnType<typeof Place.objects.get>>;
