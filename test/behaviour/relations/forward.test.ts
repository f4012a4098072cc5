/** Following a foreign key: what is loaded when, what is kept, and what makes it stale. */
import { FieldFetchBlocked, ObjectDoesNotExist, ValueError } from "babik";
import { assertNumQueries, captureQueries, instanceState } from "babik/testing";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { Customer, openShop, Order, Place, Restaurant } from "./shop.js";

const orm = await openShop();
afterAll(() => orm.close());

beforeEach(async () => {
  await Order.objects.all().delete();
  await Customer.everyone.all().delete();
  const [ada, ben] = await Customer.objects.bulkCreate([
    new Customer({ name: "Ada" }),
    new Customer({ name: "Ben" }),
    new Customer({ name: "Eve" }),
  ]);
  const rows = [1, 2, 3, 4].map((number) => new Order({ number, customer: number % 2 === 1 ? ada : ben }));
  await Order.objects.bulkCreate(rows);
});

describe("a relation that is awaited", () => {
  test("is loaded by one query and kept", async () => {
    const order = await Order.objects.get({ number: 1 });
    const customer = await assertNumQueries(1, () => order.customer);
    expect(customer.name).toBe("Ada");
    expect(await assertNumQueries(0, () => order.customer)).toBe(customer);
  });
  test("is a thing that runs nothing until it is awaited", async () => {
    const order = await Order.objects.get({ number: 1 });
    const shown = await assertNumQueries(0, () => [String(order.customer), JSON.stringify(order)]);
    expect(shown[0]).toBe("[not loaded: Order.customer]");
    expect(shown[1]).not.toContain("Ada");
  });
  test("is loaded for all rows of the result at once", async () => {
    const orders = await Order.objects.all();
    const names: string[] = [];
    await assertNumQueries(1, async () => {
      for (const order of orders) names.push((await order.customer).name);
    });
    expect(names).toEqual(["Ada", "Ben", "Ada", "Ben"]);
  });
  test("is loaded once when all rows are asked at the same time", async () => {
    const orders = await Order.objects.all();
    const customers = await assertNumQueries(1, () => Promise.all(orders.map((order) => order.customer)));
    expect(customers.map((c) => c.name)).toEqual(["Ada", "Ben", "Ada", "Ben"]);
  });
  test("is asked for only for the rows that lack it", async () => {
    const orders = await Order.objects.all();
    const eve = await Customer.objects.get({ name: "Eve" });
    orders[0]!.set({ customer: eve });
    const { queries } = await captureQueries(() => orders[1]!.customer, { params: true });
    expect(queries).toHaveLength(1);
    expect(await assertNumQueries(0, () => orders[0]!.customer)).toBe(eve);
    expect((await assertNumQueries(0, () => orders[3]!.customer)).name).toBe("Ben");
  });
  test("passes the way of fetching on to what it loads", async () => {
    const orders = await Order.objects.fetchMode("one").all();
    const customer = await orders[0]!.customer;
    expect((await assertNumQueries(1, () => orders[1]!.customer)).name).toBe("Ben");
    const again = await customer.orders.all();
    await Order.objects.all().update({ gift: customer });
    const fresh = await (await Order.objects.fetchMode("one").get({ number: 2 })).customer;
    const [, second] = await fresh.orders.all();
    expect(again).toHaveLength(2);
    expect((await assertNumQueries(1, () => second!.gift))!.name).toBe("Ada");
  });
  test("is refused where fetching is forbidden, and the error says how to load it", async () => {
    const order = await Order.objects.fetchMode("raise").get({ number: 1 });
    const failure = await Promise.resolve(order.customer).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(FieldFetchBlocked);
    expect((failure as Error).message).toContain("Fetching of Order.customer blocked");
    expect((failure as Error).message).toContain('selectRelated("customer")');
  });
});

describe("null", () => {
  test("is what a relation without a key resolves to, without a query", async () => {
    const order = await Order.objects.get({ number: 1 });
    expect(await assertNumQueries(0, () => order.gift)).toBeNull();
  });
  test("is an error where the field must have a value", async () => {
    const order = new Order({ number: 9 } as never);
    const failure = await Promise.resolve(order.customer).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(Customer.DoesNotExist);
    expect(failure).toBeInstanceOf(ObjectDoesNotExist);
    expect((failure as Error).name).toBe("RelatedObjectDoesNotExist");
    expect((failure as Error).message).toBe("Order has no customer.");
  });
});

describe("assignment", () => {
  test("of another key makes the kept object stale (S46)", async () => {
    const order = await Order.objects.get({ number: 1 });
    const ada = await order.customer;
    const ben = await Customer.objects.get({ name: "Ben" });
    order.customerId = ben.id;
    expect((await assertNumQueries(1, () => order.customer)).name).toBe("Ben");
    order.customerId = ada.id;
    expect((await assertNumQueries(1, () => order.customer)).name).toBe("Ada");
  });
  test("of the same key keeps the object", async () => {
    const order = await Order.objects.get({ number: 1 });
    const ada = await order.customer;
    order.customerId = ada.id;
    expect(await assertNumQueries(0, () => order.customer)).toBe(ada);
  });
  test("of null to the key is what is saved, whatever was kept before", async () => {
    const order = await Order.objects.get({ number: 1 });
    order.set({ gift: await order.customer });
    await order.save();
    expect(await order.gift).not.toBeNull();
    order.giftId = null;
    expect(await order.gift).toBeNull();
    await order.save();
    expect((await Order.objects.get({ number: 1 })).giftId).toBeNull();
  });
  test("of an object sets the key and is kept", async () => {
    const order = await Order.objects.get({ number: 1 });
    const ben = await Customer.objects.get({ name: "Ben" });
    order.set({ customer: ben });
    expect(order.customerId).toBe(ben.id);
    expect(await assertNumQueries(0, () => order.customer)).toBe(ben);
  });
  test("of an unsaved object takes its key when both are saved (S46)", async () => {
    const zoe = new Customer({ name: "Zoe" });
    const order = new Order({ number: 7, customer: zoe });
    await expect(order.save()).rejects.toThrow("unsaved related object 'customer'");
    await zoe.save();
    expect(await assertNumQueries(0, () => order.customer)).toBe(zoe);
    await order.save();
    expect((await Order.objects.get({ number: 7 })).customerId).toBe(zoe.id);
  });
  test("of something else is refused", async () => {
    const order = await Order.objects.get({ number: 1 });
    const wrong = (): unknown => order.set({ customer: order } as never);
    expect(wrong).toThrow(ValueError);
    expect(wrong).toThrow('Cannot assign "Order object": "Order.customer" must be a "Customer" instance.');
  });
});

test("the default manager's filters do not apply to a foreign key, but do to sets (S60)", async () => {
  const ada = await Customer.objects.get({ name: "Ada" });
  ada.hidden = true;
  await ada.save();
  expect(await Customer.objects.filter({ name: "Ada" }).count()).toBe(0);
  const order = await Order.objects.get({ number: 1 });
  expect((await order.customer).name).toBe("Ada");
});

describe("a deferred field", () => {
  test("is loaded for all rows that lack it by one query", async () => {
    const orders = await Order.objects.only("number");
    const notes = await assertNumQueries(1, () => Promise.all(orders.map((order) => order.note)));
    expect(notes).toEqual(["", "", "", ""]);
    expect(instanceState(orders[2]!).deferred).not.toContain("note");
  });
  test("that is a key is loaded before the relation behind it", async () => {
    const orders = await Order.objects.only("number");
    await assertNumQueries(2, async () => {
      for (const order of orders) await order.customer;
    });
    expect((await orders[1]!.customer).name).toBe("Ben");
  });
  test("is refused where fetching is forbidden", async () => {
    const order = await Order.objects.only("number").fetchMode("raise").get({ number: 1 });
    await expect(Promise.resolve(order.note)).rejects.toThrow("Fetching of Order.note blocked");
  });
  test("of a parent's table is loaded from it", async () => {
    await Restaurant.objects.create({ name: "Rosa", city: "Rome", stars: 2 });
    const [rosa] = await Restaurant.objects.only("stars");
    expect(await assertNumQueries(1, () => rosa!.city)).toBe("Rome");
    expect(await Place.objects.count()).toBe(1);
  });
});

test("the parent of a child row is made of the child's values", async () => {
  await Restaurant.objects.all().delete();
  await Restaurant.objects.create({ name: "Sole", city: "Turin", stars: 1 });
  const sole = (await Restaurant.objects.get({ name: "Sole" })) as unknown as { placePtr: PromiseLike<Place> };
  const place = await assertNumQueries(0, () => sole.placePtr);
  expect(place.city).toBe("Turin");
});
