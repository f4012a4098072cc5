/** Rows loaded together with the rows they belong to. */
import { FieldError, FilteredRelation, Q } from "babik";
import { assertNumQueries, captureQueries } from "babik/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Customer, openShop, Order, Place, Profile, Restaurant, type Row } from "./shop.js";

const orm = await openShop();
afterAll(() => orm.close());
beforeAll(async () => {
  const [ada, ben] = (await Customer.objects.bulkCreate([
    new Customer({ name: "Ada" }),
    new Customer({ name: "Ben", hidden: true }),
  ])) as unknown as [Row, Row];
  await Profile.objects.create({ customer: ada, points: 4 });
  await Order.objects.create({ number: 1, customer: ada, gift: ben });
  await Order.objects.create({ number: 2, customer: ben });
});

test("what is named is a value, several steps away too", async () => {
  const orders = await assertNumQueries(1, () => Order.objects.selectRelated("customer__profile", "gift"));
  const seen = await assertNumQueries(0, () =>
    (orders as unknown as Row[]).map((o) => [
      o.customer.name,
      o.customer.profile?.points ?? null,
      o.gift?.name ?? null,
    ]),
  );
  expect(seen).toEqual([
    ["Ada", 4, "Ben"],
    ["Ben", null, null],
  ]);
});
test("without names, relations that cannot be null are followed, and no others (S53)", async () => {
  const [order] = (await assertNumQueries(1, () => Order.objects.selectRelated())) as unknown as Row[];
  expect(order!.customer.name).toBe("Ada");
  expect((await assertNumQueries(1, () => order!.gift)).name).toBe("Ben");
});
test("a filtered relation is found under its own name, and is null where its condition does not hold", async () => {
  const orders = await assertNumQueries(1, () =>
    Order.objects
      .annotate({ shown: FilteredRelation("gift", { condition: Q({ gift__hidden: true }) }) })
      .selectRelated("shown" as never),
  );
  expect(orders.map((o: Row) => o["shown"]?.name ?? null)).toEqual(["Ben", null]);
  expect(Object.keys(orders[0]!)).not.toContain("shown");
});
test("a key assigned afterwards is followed anew", async () => {
  const [order] = (await Order.objects.selectRelated("customer")) as unknown as Row[];
  order!.customerId = order!.giftId;
  expect((await assertNumQueries(1, () => order!.customer)).name).toBe("Ben");
});
test("a child that is loaded with its parent's row shares the parent's columns", async () => {
  await Place.objects.create({ name: "Park", city: "Bonn" });
  await Restaurant.objects.create({ name: "Rosa", city: "Rome", stars: 2 });
  const { result, queries } = await captureQueries(() => Place.objects.selectRelated("restaurant").orderBy("name"));
  expect(queries[0]!.sql.match(/JOIN/g)).toHaveLength(1);
  expect(
    (result as unknown as Row[]).map((p) => [p.restaurant?.name, p.restaurant?.city, p.restaurant?.stars]),
  ).toEqual([
    [undefined, undefined, undefined],
    ["Rosa", "Rome", 2],
  ]);
});
test("a name that is no relation is refused with the choices", async () => {
  const failure = await Order.objects.selectRelated("number" as never).then(
    () => null,
    (e: unknown) => e,
  );
  expect(failure).toBeInstanceOf(FieldError);
});
