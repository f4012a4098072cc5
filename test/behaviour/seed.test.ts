/** The lines of the Django overview that babik starts from, each as it is written in the table of the public API. */
import {
  atomic,
  Avg,
  babik,
  BooleanField,
  CASCADE,
  CharField,
  Count,
  DecimalField,
  F,
  ForeignKey,
  Index,
  Manager,
  ManyToManyField,
  model,
  OneToOneField,
  Q,
  QuerySet,
  sql,
  TextField,
} from "babik";
import { assertNumQueries, captureQueries } from "babik/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { testDatabase } from "../support/database.js";

// A category is known by its name, so that `category: "Electronics"` is the key of a row as well as a text.
class Category extends model("Category", { name: CharField({ maxLength: 100, primaryKey: true }) }) {}
class Product extends model(
  "Product",
  {
    name: CharField({ maxLength: 200 }),
    description: TextField({ default: "" }),
    price: DecimalField({ maxDigits: 10, decimalPlaces: 2 }),
    inStock: BooleanField({ default: true }),
    discontinued: BooleanField({ default: false }),
    category: ForeignKey("Category", { onDelete: CASCADE }),
  },
  { ordering: ["name"], indexes: [Index({ fields: ["category", "-price"], name: "product_by_price" })] },
) {
  get label(): string {
    return `${this.name} (${this.price})`;
  }
  static override readonly objects = this.manager(
    class extends QuerySet<"Product"> {
      cheap() {
        return this.filter({ price__lt: 20 });
      }
    },
  );
  static readonly available = this.manager(
    class extends Manager<"Product"> {
      override getQuerySet() {
        return super.getQuerySet().filter({ inStock: true });
      }
    },
  );
}
class Customer extends model("Customer", { name: CharField({ maxLength: 100 }) }) {}
class Profile extends model("Profile", {
  customer: OneToOneField("Customer", { onDelete: CASCADE }),
  points: CharField({ maxLength: 9 }),
}) {}
class Order extends model("Order", {
  customer: ForeignKey("Customer", { onDelete: CASCADE, relatedName: "orders" }),
  product: ForeignKey("Product", { onDelete: CASCADE }),
}) {}
class Author extends model("Author", { name: CharField({ maxLength: 100 }) }) {}
class Book extends model("Book", {
  title: CharField({ maxLength: 100 }),
  authors: ManyToManyField("Author", { relatedName: "books" }),
}) {}

const database = await testDatabase();
const orm = babik({
  databases: { default: database.url },
  apps: { shop: { Category, Product, Customer, Profile, Order, Author, Book } },
});
afterAll(() => orm.close());

beforeAll(async () => {
  await orm.createTables();
  await Category.objects.bulkCreate([new Category({ name: "Electronics" }), new Category({ name: "Books" })]);
  await Product.objects.bulkCreate([
    new Product({ name: "Cable", price: "9.95", category: "Electronics", description: "Copper" }),
    new Product({ name: "Camera", price: "450.00", category: "Electronics", inStock: false }),
    new Product({ name: "Phone", price: "700.50", category: "Electronics" }),
    new Product({ name: "Recorder", price: "120.00", category: "Electronics", discontinued: true }),
    new Product({ name: "Atlas", price: "19.99", category: "Books", inStock: false }),
    new Product({ name: "Novel", price: "25.00", category: "Books", inStock: false }),
  ]);
  const [ada, ben] = await Customer.objects.bulkCreate([new Customer({ name: "Ada" }), new Customer({ name: "Ben" })]);
  await Profile.objects.create({ customer: ada, points: "12" });
  const phone = await Product.objects.get({ name: "Phone" });
  for (const customer of [ada, ada, ben]) await Order.objects.create({ customer, product: phone });
  const [jean, kim] = await Author.objects.bulkCreate([new Author({ name: "Jean" }), new Author({ name: "Kim" })]);
  const both = await Book.objects.create({ title: "Both" });
  await both.authors.add(jean, kim);
  await (await Book.objects.create({ title: "One" })).authors.add(kim);
  await Book.objects.create({ title: "Nobody's" });
});

const names = (rows: readonly object[]): string[] => rows.map((row) => (row as { readonly name: string }).name);

test("Q objects: products that are in stock or cost less than 20", async () => {
  const found = await Product.objects.filter(Q({ inStock: true }).or(Q({ price__lt: 20 })));
  expect(names(found)).toEqual(["Atlas", "Cable", "Phone", "Recorder"]);
});

test("chained filters and excludes", async () => {
  const found = await Product.objects
    .filter({ category: "Electronics" })
    .filter({ price__gt: 100 })
    .exclude({ discontinued: true });
  expect(names(found)).toEqual(["Camera", "Phone"]);
});

test("an aggregate over all rows", async () => {
  const average = await Product.objects.aggregate(Avg("price"));
  expect(Object.keys(average)).toEqual(["price__avg"]);
  expect(Number(average.price__avg)).toBeCloseTo(220.906666, 5);
});

test("an annotation of each row", async () => {
  const categories = await Category.objects.annotate({ productCount: Count("product") });
  expect(Object.fromEntries(categories.map((c) => [c.name, c.productCount]))).toEqual({ Electronics: 4, Books: 2 });
});

test("values and lists of values", async () => {
  const data = await Product.objects.values("name", "price").slice(0, 1);
  expect(data.map(({ name, price }) => [name, String(price)])).toEqual([["Atlas", "19.99"]]);
  expect(Object.keys(data[0]!)).toEqual(["name", "price"]);
  expect(await Product.objects.valuesList("name", { flat: true })).toEqual([
    "Atlas",
    "Cable",
    "Camera",
    "Novel",
    "Phone",
    "Recorder",
  ]);
});

test("a deferred field is loaded when it is awaited, for all rows of the result by one query", async () => {
  const products = await Product.objects.defer("description");
  const { result, queries } = await captureQueries(async () => [
    await products[1]!.description,
    await products[0]!.description,
  ]);
  expect(result).toEqual(["Copper", ""]);
  expect(queries).toHaveLength(1);
});

test("only the named fields are loaded", async () => {
  const { result, queries } = await captureQueries(() => Product.objects.only("name", "price").all());
  expect(result[0]!.label).toBe("Atlas (19.99)");
  expect(queries[0]!.sql).not.toContain("description");
  expect(await result[1]!.description).toBe("Copper");
});

test("selectRelated loads the customers of orders with the same query", async () => {
  await assertNumQueries(1, async () => {
    const orders = await Order.objects.selectRelated("customer").all();
    expect(orders.map((order) => order.customer.name).toSorted()).toEqual(["Ada", "Ada", "Ben"]);
  });
});

test("prefetchRelated loads the authors of all books with one more query", async () => {
  await assertNumQueries(2, async () => {
    const books = await Book.objects.prefetchRelated("authors").all();
    const found: Record<string, string[]> = {};
    for (const book of books) found[book.title] = names(await book.authors.all()).toSorted();
    expect(found).toEqual({ Both: ["Jean", "Kim"], One: ["Kim"], "Nobody's": [] });
  });
});

describe("custom managers", () => {
  test("methods of a queryset class stand on the manager and after every step", async () => {
    expect(names(await Product.objects.cheap())).toEqual(["Atlas", "Cable"]);
    expect(names(await Product.objects.filter({ inStock: true }).cheap())).toEqual(["Cable"]);
    const counted = Product.objects
      .cheap()
      .annotate({ n: Count("order") })
      .cheap();
    expect(names(await counted.orderBy("name"))).toEqual(["Atlas", "Cable"]);
  });
  test("a manager may start from fewer rows", async () => {
    expect(names(await Product.available.all())).toEqual(["Cable", "Phone", "Recorder"]);
    expect(await Product.available.count()).toBe(3);
  });
});

test("the indexes of Meta are in the database", async () => {
  const catalogue = {
    sqlite: "SELECT name FROM sqlite_master WHERE type = 'index' AND name = 'product_by_price'",
    postgres: "SELECT indexname FROM pg_indexes WHERE indexname = 'product_by_price'",
    mysql:
      "SELECT DISTINCT index_name FROM information_schema.statistics " +
      "WHERE table_schema = DATABASE() AND index_name = 'product_by_price'",
  };
  await using cursor = await orm.connection("default").cursor();
  await cursor.execute(catalogue[orm.connection("default").dialect.name]);
  expect(cursor.fetchall()).toEqual([["product_by_price"]]);
});

describe("relations", () => {
  test("ForeignKey: from the order to its customer and back", async () => {
    const order = await Order.objects.filter({ customer__name: "Ben" }).get();
    const customer = await order.customer;
    expect(customer.name).toBe("Ben");
    expect(await customer.orders.count()).toBe(1);
    expect(await Customer.objects.filter({ orders__product__name: "Phone" }).distinct().count()).toBe(2);
  });
  test("OneToOneField: from the profile to its customer and back", async () => {
    const profile = await Profile.objects.get({ customer__name: "Ada" });
    expect((await profile.customer).name).toBe("Ada");
    const ada = await Customer.objects.get({ name: "Ada" });
    expect((await ada.profile).points).toBe("12");
  });
  test("ManyToManyField: from the book to its authors and back", async () => {
    const book = await Book.objects.get({ title: "Both" });
    expect(names(await book.authors.orderBy("name"))).toEqual(["Jean", "Kim"]);
    const kim = await Author.objects.get({ name: "Kim" });
    expect(await kim.books.orderBy("title").valuesList("title", { flat: true })).toEqual(["Both", "One"]);
  });
});

describe("SQL written by hand", () => {
  test("raw() makes instances of rows", async () => {
    const cheap = await Product.objects.raw(sql`SELECT * FROM shop_product WHERE price < ${20} ORDER BY name`);
    expect(cheap.map((product) => product.label)).toEqual(["Atlas (19.99)", "Cable (9.95)"]);
  });
  test("a cursor runs any statement", async () => {
    await using cursor = await orm.connection("default").cursor();
    await cursor.execute("SELECT count(*) FROM shop_product WHERE price < %s", [20]);
    expect(cursor.fetchone()).toEqual([2]);
  });
});

test("F updates by arithmetic of the database", async () => {
  await expect(
    atomic(async () => {
      expect(await Product.objects.update({ price: F("price").mul("1.10") })).toBe(6);
      expect((await Product.objects.get({ name: "Novel" })).price.toFixed(2)).toBe("27.50");
      throw new RangeError("back");
    }),
  ).rejects.toThrow("back");
  expect((await Product.objects.get({ name: "Novel" })).price.toFixed(2)).toBe("25.00");
});
