/** Decimals that the database calculates are stored as their column holds them, on a database without a decimal type too. */
import { afterAll, describe, expect, test } from "vitest";
import { babik, DataError, DecimalField, F, IntegerField, model, Value } from "babik";
import { testDatabase } from "../../support/database.js";

const database = await testDatabase();
class Price extends model("Price", {
  amount: DecimalField({ maxDigits: 5, decimalPlaces: 2 }),
  other: DecimalField({ maxDigits: 9, decimalPlaces: 4, default: "0" }),
  n: IntegerField({ default: 1 }),
}) {}
const orm = babik({ databases: { default: database.url }, apps: { prices: { Price } } });
afterAll(() => orm.close());
await orm.createTables();
const stored = async (price: object): Promise<boolean> =>
  Price.objects.filter({ pk: (price as Price).id, amount: (price as Price).amount }).exists();

describe("a calculated decimal", () => {
  test("is rounded to the places of its column, half away from zero", async () => {
    for (const [from, factor, to] of [
      ["5.25", "1.1", "5.78"],
      ["-5.25", "1.1", "-5.78"],
      ["0.05", "0.1", "0.01"],
      ["0.04", "0.1", "0"],
    ] as const) {
      const price = await Price.objects.create({ amount: from });
      await Price.objects.filter({ pk: price.id }).update({ amount: F("amount").mul(factor) });
      await price.refreshFromDb();
      expect(price.amount.eq(to), `${from} * ${factor} = ${price.amount}`).toBe(true);
      expect(await stored(price)).toBe(true);
    }
  });
  test("is rounded wherever it is written: by save(), in an INSERT, from another column", async () => {
    const price = new Price({ amount: "1", other: "1.2345" });
    await price.save();
    price.set({ amount: F("amount").add("0.005") as never });
    await price.save();
    // A database that gives no rows back leaves the field to be loaded.
    expect(String(await price.amount)).toBe("1.01");
    await Price.objects.filter({ pk: price.id }).update({ amount: F("other") });
    await price.refreshFromDb();
    expect(String(price.amount)).toBe("1.23");
    const wide = DecimalField({ maxDigits: 9, decimalPlaces: 3 });
    const made = await Price.objects.create({ amount: Value("1.005", { outputField: wide }) as never });
    await made.refreshFromDb();
    expect(String(made.amount)).toBe("1.01");
    expect(await stored(made)).toBe(true);
    await Price.objects.filter({ pk: price.id }).update({ amount: F("n").mul(3) });
    await price.refreshFromDb();
    expect(String(price.amount)).toBe("3");
    expect(await stored(price)).toBe(true);
  });
  test("that has too many digits for its column is refused, and nothing is written", async () => {
    const price = await Price.objects.create({ amount: "9.99" });
    await expect(Price.objects.filter({ pk: price.id }).update({ amount: F("amount").mul(1000) })).rejects.toThrow(
      DataError,
    );
    await price.refreshFromDb();
    expect(String(price.amount)).toBe("9.99");
  });
});
