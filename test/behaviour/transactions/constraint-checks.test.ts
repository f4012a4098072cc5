/** Rows in any order: foreign keys that are looked at later, or by hand, and never stay off for others. */
import { babik, CASCADE, CharField, ForeignKey, IntegrityError, model, withSignal } from "babik";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import { createTestDatabase } from "../../support/database.js";
import { failure } from "../../support/loose.js";

const database = await createTestDatabase({ file: true });
const kind = database.kind;
class Owner extends model("Owner", { name: CharField({ maxLength: 20 }) }) {}
class Thing extends model("Thing", { owner: ForeignKey("Owner", { onDelete: CASCADE }) }) {}
class Part extends model("Part", { thing: ForeignKey("Thing", { onDelete: CASCADE, null: true }) }) {}
const orm = babik({
  databases: { default: kind === "sqlite" ? database.url : { url: database.url, options: { poolSize: 1 } } },
  apps: { shop: { Owner, Thing, Part } },
});
await orm.createTables();
const db = orm.connection();
afterEach(async () => {
  await db.constraintChecksDisabled(async () => {
    for (const m of [Part, Thing, Owner]) await m.objects.all().delete();
  });
});
afterAll(async () => {
  await orm.close();
  await database.drop();
});
// PostgreSQL looks at the commit whatever is asked.
const off = kind !== "postgres";
const orphan = (id: number, ownerId = 99): Promise<unknown> =>
  Thing.objects.bulkCreate([new Thing({ id, ownerId } as never)]);
/** Whether a row that refers to nothing is refused: that nothing was left switched off. */
const guarded = async (): Promise<void> =>
  expect(await failure(() => orm.atomic(() => orphan(77, 12_345)))).toMatchObject({ code: "integrity.foreign_key" });

describe("constraintChecksDisabled()", () => {
  test("rows may come before those that they refer to", async () => {
    const given = await db.constraintChecksDisabled(async () => {
      await orphan(1);
      await Owner.objects.create({ id: 99, name: "Zoë" } as never);
      await db.checkConstraints();
      return "given";
    });
    expect(given).toBe("given");
    expect(await Thing.objects.count()).toBe(1);
    await guarded();
  });
  test("what never comes is found by hand, or by the database", async () => {
    const work = db.constraintChecksDisabled(() => orphan(1));
    if (off) {
      await work;
      expect(await Thing.objects.count()).toBe(1);
      expect(await failure(db.checkConstraints())).toBeInstanceOf(IntegrityError);
    } else expect(await failure(work)).toMatchObject({ code: "integrity.foreign_key" });
    await guarded();
  });
  test("an error takes everything back, and the checks are on again", async () => {
    const work = db.constraintChecksDisabled(async () => {
      await orphan(1);
      throw new RangeError("no");
    });
    await expect(work).rejects.toThrow(RangeError);
    expect(await Thing.objects.count()).toBe(0);
    await guarded();
  });
  test("a check that fails inside takes everything back", async () => {
    const work = db.constraintChecksDisabled(async () => {
      await orphan(1);
      await db.checkConstraints();
    });
    expect(await failure(work)).toMatchObject({ code: "integrity.foreign_key" });
    expect(await Thing.objects.count()).toBe(0);
    await guarded();
  });
  test("within a block it is part of it, and calls within each other are one", async () => {
    await orm.atomic(async () => {
      await db.constraintChecksDisabled(async () => {
        await db.constraintChecksDisabled(() => orphan(1));
        await orphan(2);
        await Owner.objects.create({ id: 99, name: "Zoë" } as never);
      });
    });
    expect(await Thing.objects.count()).toBe(2);
    await guarded();
  });
  test.skipIf(kind !== "mariadb")("after it the rest of the block is checked at once [the others defer]", async () => {
    const work = orm.atomic(async () => {
      await db.constraintChecksDisabled(() => orphan(1));
      await orphan(2);
    });
    expect(await failure(work)).toMatchObject({ code: "integrity.foreign_key" });
    const caught = orm.atomic(async () => {
      await db.constraintChecksDisabled(() => Promise.reject(new RangeError("no"))).catch(() => undefined);
      await orphan(2);
    });
    expect(await failure(caught)).toMatchObject({ code: "integrity.foreign_key" });
  });
  test("it takes a function", async () => {
    expect(await failure(db.constraintChecksDisabled(1 as never))).toMatchObject({ code: "transaction.function" });
  });
  test("a transaction that cannot begin leaves the checks on", async () => {
    const controller = new AbortController();
    controller.abort();
    const work = withSignal(controller.signal, () => db.constraintChecksDisabled(() => orphan(1)));
    expect(await failure(work)).toMatchObject({ code: "database.cancelled" });
    await guarded();
  });
});

describe("checkConstraints()", () => {
  test("says nothing where all is well", async () => {
    const owner = await Owner.objects.create({ name: "Ann" });
    await Part.objects.create({ thing: await Thing.objects.create({ owner }) });
    await Part.objects.create({ thing: null });
    for (const tables of [undefined, ["shop_part", "shop_thing"], []])
      await expect(db.checkConstraints(tables)).resolves.toBeUndefined();
  });
  test.skipIf(!off)("names table, key and columns [PostgreSQL lets no such row stay]", async () => {
    await db.constraintChecksDisabled(() => orphan(41));
    const error = await failure(db.checkConstraints(["shop_thing"]));
    expect(error).toMatchObject({ code: "integrity.foreign_key", table: "shop_thing", columns: ["owner_id"] });
    expect(error.message).toContain("'shop_thing' with the key 41");
    expect(error.message).toContain("is not in 'shop_owner'");
    expect(error.message).not.toContain("99");
    if (kind === "mariadb") expect(error["constraint"]).toMatch(/shop_thing_owner_id/);
    // Other tables are well.
    await db.checkConstraints(["shop_owner", "shop_part"]);
  });
  test.skipIf(off)("looks at what waits for the commit, by name [the others have nothing that waits]", async () => {
    const work = orm.atomic(async () => {
      await orphan(41);
      await db.checkConstraints();
    });
    expect(await failure(work)).toMatchObject({
      code: "integrity.foreign_key",
      table: "shop_thing",
      constraint: expect.stringContaining("owner_id") as string,
    });
    // Afterwards they wait again.
    await orm.atomic(async () => {
      await db.checkConstraints();
      await orphan(41);
      await Owner.objects.create({ id: 99, name: "Zoë" } as never);
    });
    expect(await Thing.objects.count()).toBe(1);
  });
  test("refuses what is no list of tables", async () => {
    for (const tables of ["shop_thing", [1], [""], {}])
      expect(await failure(db.checkConstraints(tables as never))).toMatchObject({ code: "constraints.tables" });
  });
  test("a name is a name", async () => {
    await failure(async () => {
      await db.checkConstraints(['shop_thing"); DROP TABLE shop_part; --', "shop_thing`; DROP TABLE shop_part; --"]);
      throw new RangeError("nothing to refuse");
    });
    expect(await Part.objects.count()).toBe(0);
  });
});
