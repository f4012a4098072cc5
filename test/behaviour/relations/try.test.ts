import { assertNumQueries } from "babik/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Customer, openShop, Order } from "./shop.js";

const orm = await openShop();
afterAll(() => orm.close());
beforeAll(async () => {
  const [ada, ben] = await Customer.objects.bulkCreate([new Customer({ name: "Ada" }), new Customer({ name: "Ben" })]);
  for (let n = 1; n < 5; n++) await Order.objects.create({ number: n, customer: n % 2 ? ada : ben });
});
test("awaiting the relation of all rows is one query", async () => {
  const orders = await Order.objects.all();
  const customers = await assertNumQueries(1, () => Promise.all(orders.map((o) => o.customer)));
  expect(customers.map((c) => c.name)).toEqual(["Ada", "Ben", "Ada", "Ben"]);
});
