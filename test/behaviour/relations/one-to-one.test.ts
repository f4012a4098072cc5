/** One-to-one relations from both sides. */
import { assertNumQueries } from "babik/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Customer, openShop, Profile, type Row } from "./shop.js";

const orm = await openShop();
afterAll(() => orm.close());
beforeAll(async () => {
  const rows = await Customer.objects.bulkCreate(["Ada", "Ben", "Eve"].map((name) => new Customer({ name })));
  await Profile.objects.bulkCreate([
    new Profile({ customer: rows[0]!, points: 1 }),
    new Profile({ customer: rows[1]!, points: 2 }),
  ]);
});

test("the other side is one query, for all rows of the result, and an error where there is none", async () => {
  const customers = await Customer.objects.orderBy("name");
  const points: unknown[] = [];
  await assertNumQueries(1, async () => {
    for (const customer of customers)
      points.push(
        await Promise.resolve(customer.profile).then(
          (p) => p.points,
          (e: unknown) => e,
        ),
      );
  });
  expect(points.slice(0, 2)).toEqual([1, 2]);
  expect(points[2]).toBeInstanceOf(Profile.DoesNotExist);
  expect((points[2] as Error).name).toBe("RelatedObjectDoesNotExist");
  expect((points[2] as Error).message).toBe("Customer has no profile.");
});
test("both sides know each other once one was followed", async () => {
  const ada = await Customer.objects.get({ name: "Ada" });
  const profile = (await ada.profile)!;
  expect(await assertNumQueries(0, () => profile.customer)).toBe(ada);
  const again = await Profile.objects.get({ points: 2 });
  const ben = await again.customer;
  expect(await assertNumQueries(0, () => ben.profile)).toBe(again);
});
test("selectRelated gives values, and null for a row without one (S53)", async () => {
  const customers = await Customer.objects.selectRelated("profile").orderBy("name");
  const seen = await assertNumQueries(0, () => customers.map((c) => c.profile?.points ?? null));
  expect(seen).toEqual([1, 2, null]);
});
test("assignment on the other side sets the key of the row that holds it", async () => {
  const eve = await Customer.objects.get({ name: "Eve" });
  const profile = new Profile({ points: 3 } as never);
  (eve as unknown as { profile: unknown }).profile = profile;
  expect(profile.customerId).toBe(eve.id);
  expect(await assertNumQueries(0, () => profile.customer)).toBe(eve);
  expect(await assertNumQueries(0, () => eve.profile)).toBe(profile);
});
test("an unsaved row has no other side, and is not asked about", async () => {
  const unsaved = new Customer({ name: "New" }) as unknown as Row;
  const missing = (): Promise<unknown> => Promise.resolve(unsaved.profile);
  await assertNumQueries(0, () => expect(missing()).rejects.toThrow("Customer has no profile."));
});
