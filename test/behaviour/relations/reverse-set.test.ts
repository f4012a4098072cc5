/** The rows whose foreign key points at a row: reading, and all ways to change them (S47). */
import { QueryTypeError, ValueError } from "babik";
import { assertNumQueries, captureQueries } from "babik/testing";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { Customer, openShop, Order, type Row } from "./shop.js";

const orm = await openShop();
afterAll(() => orm.close());

let ada: Row, ben: Row;
beforeEach(async () => {
  await Order.objects.all().delete();
  await Customer.everyone.all().delete();
  [ada, ben] = (await Customer.objects.bulkCreate([
    new Customer({ name: "Ada" }),
    new Customer({ name: "Ben" }),
  ])) as unknown as [Row, Row];
  await Order.objects.bulkCreate([1, 2, 3].map((number) => new Order({ number, customer: ada })));
});
const numbers = async (rows: PromiseLike<readonly { readonly number: number }[]>): Promise<number[]> =>
  (await rows).map((o) => o.number);

describe("reading", () => {
  test("gives the rows of this one, in their order, with the methods of their own querysets", async () => {
    expect(await numbers(ada.orders.all())).toEqual([1, 2, 3]);
    expect(await numbers(ben.orders.all())).toEqual([]);
    expect(await numbers(ada.orders.small())).toEqual([1, 2]);
    expect(await numbers(ada.orders.filter({ number__gt: 1 }).small())).toEqual([2]);
  });
  test("gives rows that lead back to the same instance without a query", async () => {
    await assertNumQueries(1, async () => {
      for (const order of await ada.orders.filter({ number__gt: 1 })) expect(await order.customer).toBe(ada);
    });
  });
  test("reads anew each time", async () => {
    await assertNumQueries(2, async () => {
      expect(await ada.orders.all()).not.toBe(await ada.orders.all());
    });
  });
  test("goes through another manager on request", async () => {
    const order = await Order.objects.get({ number: 1 });
    await order.set({ gift: ben }).save();
    expect(await numbers(ben.gifts.all())).toEqual([1]);
    const manager = (ada.orders as unknown as { manager(name: string): { count(): Promise<number> } }).manager;
    expect(() => manager.call(ada.orders, "nothing")).toThrow("no manager named 'nothing'");
  });
  test("needs a saved row", async () => {
    const unsaved = new Customer({ name: "New" }) as unknown as Row;
    expect(() => unsaved.orders.all()).toThrow(ValueError);
    expect(() => unsaved.orders.all()).toThrow(
      "needs to have a primary key value before this relationship can be used",
    );
  });
});

describe("adding", () => {
  test("is one UPDATE, and the objects know (S47)", async () => {
    const rows = await ada.orders.filter({ number__gt: 1 });
    const { queries } = await captureQueries(() => ben.orders.add(...rows));
    expect(queries).toHaveLength(1);
    expect(queries[0]!.sql).toMatch(/^UPDATE/);
    expect(await numbers(ben.orders.all())).toEqual([2, 3]);
    expect(await assertNumQueries(0, () => rows[0]!.customer)).toBe(ben);
  });
  test("refuses what is not saved, unless it may save (S47)", async () => {
    const order = new Order({ number: 9, customer: ada });
    await expect(ben.orders.add(order)).rejects.toThrow("Use { bulk: false } or save the object first");
    await ben.orders.add(order, { bulk: false });
    expect(await numbers(ben.orders.all())).toEqual([9]);
  });
  test("refuses rows of other models and keys, and changes nothing", async () => {
    await expect(ben.orders.add(ada as never)).rejects.toThrow("'Order' instance expected, got Customer object.");
    await expect(ben.orders.add(1 as never)).rejects.toThrow(QueryTypeError);
    expect(await ben.orders.count()).toBe(0);
  });
  test("by create gives the new row its owner", async () => {
    const order = await assertNumQueries(1, () => ben.orders.create({ number: 7 }));
    expect(order.customerId).toBe(ben.id);
    expect(await assertNumQueries(0, () => order.customer)).toBe(ben);
  });
  test("by getOrCreate looks among the rows of this one only", async () => {
    const [found, fresh] = await ada.orders.getOrCreate({ number: 1 });
    expect([found.number, fresh]).toEqual([1, false]);
    const [made, isNew] = await ben.orders.getOrCreate({ number: 1 });
    expect([made.customerId, isNew]).toEqual([ben.id, true]);
  });
});

describe("taking away", () => {
  test("is refused where the key must have a value, and says what to do (S47)", async () => {
    const orders = ada.orders as unknown as { remove(...rows: unknown[]): Promise<void>; clear(): Promise<void> };
    await expect(orders.clear()).rejects.toThrow("Order.customer cannot be null");
    await expect(orders.remove(await Order.objects.get({ number: 1 }))).rejects.toThrow(QueryTypeError);
  });
  test("sets the key to NULL by one UPDATE", async () => {
    const rows = await ada.orders.all();
    await ben.gifts.add(...rows);
    await assertNumQueries(1, () => ben.gifts.remove(rows[0]!));
    expect(await numbers(ben.gifts.all())).toEqual([2, 3]);
    await assertNumQueries(1, () => ben.gifts.clear());
    expect(await ben.gifts.count()).toBe(0);
    expect(await ada.orders.count()).toBe(3);
  });
  test("refuses a row that is not in the set", async () => {
    const [order] = await ada.orders.all();
    await expect(ben.gifts.remove(order!)).rejects.toThrow(Customer.DoesNotExist);
  });
});

describe("setting", () => {
  test("changes only what differs", async () => {
    const [first, second, third] = await ada.orders.all();
    await ben.gifts.set([first!, second!]);
    // What is there is read, one row leaves, one comes.
    await assertNumQueries(3, () => ben.gifts.set([second!, third!]));
    expect(await numbers(ben.gifts.all())).toEqual([2, 3]);
    await assertNumQueries(1, () => ben.gifts.set([second!, third!]));
  });
  test("takes a queryset that depends on the set itself", async () => {
    await ben.gifts.set(await ada.orders.all());
    await ben.gifts.set(ben.gifts.filter({ number__gt: 1 }) as never, { clear: true });
    expect(await numbers(ben.gifts.all())).toEqual([2, 3]);
  });
});

test("what was prefetched is forgotten when the set changes", async () => {
  const [row] = await Customer.objects.filter({ name: "Ada" }).prefetchRelated("orders");
  expect(await assertNumQueries(0, () => numbers(row!.orders.all() as never))).toEqual([1, 2, 3]);
  await row!.orders.create({ number: 4 });
  expect(await assertNumQueries(1, () => numbers(row!.orders.all() as never))).toEqual([1, 2, 3, 4]);
});
test("assigning to a set is refused with the way to do it", () => {
  expect(() => {
    (ada as unknown as { orders: unknown }).orders = [];
  }).toThrow("Use orders.set() instead");
});
