/** Relations where there are several databases: rows of one cannot be related to rows of another, unless a router allows it. */
import { babik, ValueError } from "babik";
import { captureQueries } from "babik/testing";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { testDatabase } from "../../support/database.js";
import * as shop from "./shop.js";
import type { Row } from "./shop.js";

const [first, second] = [await testDatabase(), await testDatabase()];
let allowed: boolean | null = null;
const { openShop: _open, ...models } = shop;
const orm = babik({
  databases: { default: first.url, other: second.url },
  apps: { shop: models },
  databaseRouters: [{ allowRelation: () => allowed }],
});
const { Author, Book, Customer, Order } = shop;
afterAll(() => orm.close());
afterEach(() => {
  allowed = null;
});

let here: Row, there: Row;
beforeAll(async () => {
  await orm.createTables();
  await orm.createTables(null, "other");
  here = await Customer.objects.create({ name: "Here" });
  there = (await Customer.objects.using("other").create({ name: "There" })) as Row;
  await Order.objects.using("other").create({ number: 1, customer: there as never });
});

test("what belongs to a row is read from the row's database", async () => {
  const order = await Order.objects.using("other").get({ number: 1 });
  const { result, queries } = await captureQueries(() => order.customer, { using: "other" });
  expect(result.name).toBe("There");
  expect(queries).toHaveLength(1);
  expect(await there.orders.count()).toBe(1);
  expect(await here.orders.count()).toBe(0);
  const [prefetched] = (await Customer.objects.using("other").prefetchRelated("orders")) as unknown as Row[];
  expect((await prefetched!.orders.all()).map((o: Row) => o._state.db)).toEqual(["other"]);
});
test("assigning across databases is refused", async () => {
  const order = await Order.objects.using("other").get({ number: 1 });
  expect(() => order.set({ customer: here })).toThrow(ValueError);
  expect(() => order.set({ customer: here })).toThrow("the current database router prevents this relation");
  allowed = true;
  expect(order.set({ customer: here }).customerId).toBe(here.id);
});
test("a new row goes to the database of the row it is related to", async () => {
  const order = new Order({ number: 2, customer: there as never });
  await order.save();
  expect(await Order.objects.using("other").filter({ number: 2 }).count()).toBe(1);
  expect(await Order.objects.filter({ number: 2 }).count()).toBe(0);
});
test("pairs across databases are refused", async () => {
  const book = await Book.objects.create({ title: "One" });
  const author = (await Author.objects.using("other").create({ name: "Far" })) as Row;
  await expect(book.authors.add(author as never)).rejects.toThrow(
    'instance is on database "default", value is on database "other"',
  );
});
