/** Transactions with a handle: `orm.begin()`, `tx.run()`, `using(tx)`, savepoints by hand. */
import { babik, CharField, IntegerField, IntegrityError, savepoint, TransactionManagementError } from "babik";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { testDatabase } from "../../support/database.js";
import { failure, looseModel } from "../../support/loose.js";

const { url } = await testDatabase();
const Item = looseModel("Item", { name: CharField({ maxLength: 50, unique: true }), n: IntegerField({ default: 0 }) });
const orm = babik({ databases: { default: url }, apps: { shop: { Item } } });
const db = orm.connection();
beforeAll(() => orm.createTables());
beforeEach(() => Item.objects.all().delete());
afterAll(() => orm.close());

const names = async (): Promise<unknown[]> => Item.objects.orderBy("name").valuesList("name", { flat: true });

describe("begin()", () => {
  test("work inside of run() is committed by commit()", async () => {
    await using tx = await orm.begin();
    expect(tx.state).toBe("open");
    const made = await tx.run(() => Item.objects.create({ name: "a" }));
    await tx.run(async () => {
      expect(db.inTransaction).toBe(true);
      made["n"] = 7;
      await made.save();
    });
    await tx.commit();
    expect(tx.state).toBe("ended");
    expect(await Item.objects.get({ name: "a" })).toMatchObject({ n: 7 });
  });

  test("what was not committed is rolled back when the handle is disposed of", async () => {
    {
      await using tx = await orm.begin();
      await tx.run(() => Item.objects.create({ name: "a" }));
    }
    expect(await names()).toEqual([]);
    const work = async (): Promise<void> => {
      await using tx = await orm.begin();
      await tx.run(() => Item.objects.create({ name: "b" }));
      throw new RangeError("no");
    };
    await expect(work()).rejects.toThrow(RangeError);
    expect(await names()).toEqual([]);
    expect(db.pool?.holders ?? []).toEqual([]);
  });

  test("rollback() takes the work back", async () => {
    const tx = await orm.begin();
    await tx.run(() => Item.objects.create({ name: "a" }));
    await tx.rollback();
    expect(await names()).toEqual([]);
  });

  test("querysets bound with using(tx) run inside of it, whatever they do", async () => {
    await using tx = await orm.begin();
    const items = Item.objects.using(tx as never);
    const [made] = [await items.create({ name: "a" })];
    expect(made._state).toMatchObject({ adding: false, db: "default" });
    expect(await items.count()).toBe(1);
    expect(await items.filter({ name: "a" }).exists()).toBe(true);
    expect(await items.filter({ name: "a" }).update({ n: 3 })).toBe(1);
    expect((await items.all())[0]).toMatchObject({ n: 3 });
    expect(await items.valuesList("n", { flat: true })).toEqual([3]);
    made["n"] = 4;
    await made.save({ using: tx });
    await made.refreshFromDb({ using: tx });
    expect(made["n"]).toBe(4);
    const seen: unknown[] = [];
    const rows = items as unknown as { iterator(): AsyncIterable<{ name: string }> };
    for await (const row of rows.iterator()) seen.push(row.name);
    expect(seen).toEqual(["a"]);
    expect((await made.delete({ using: tx }))[0]).toBe(1);
    await items.create({ name: "b" });
    await tx.rollback();
    expect(await names()).toEqual([]);
  });

  test("raw queries and cursors take part", async () => {
    await using tx = await orm.begin();
    await Item.objects.using(tx as never).create({ name: "a" });
    const raw = Item.objects.using(tx as never) as unknown as { raw(sql: string): PromiseLike<unknown[]> };
    expect(await raw.raw("SELECT * FROM shop_item")).toHaveLength(1);
    const count = await tx.run(async () => {
      const cursor = await db.cursor();
      return (await cursor.execute("SELECT count(*) FROM shop_item")).fetchone();
    });
    expect(count).toEqual([1]);
  });

  test("a queryset of a class of the user's own stays one when it is bound", async () => {
    await using tx = await orm.begin();
    const bound = Item.objects.filter({ n: 0 }).using(tx as never);
    expect(bound.constructor.name).toBe(Item.objects.filter({ n: 0 }).constructor.name);
    expect(await bound.filter({ name: "x" }).exists()).toBe(false);
  });

  test("a handle is of no use after its end", async () => {
    const tx = await orm.begin();
    await tx.commit();
    for (const use of [
      () => tx.run(async () => 1),
      () => tx.commit(),
      () => tx.rollback(),
      () => tx.savepoint(),
      () => Item.objects.using(tx as never).count(),
      async () => tx.onCommit(() => undefined),
    ])
      expect(await failure(use)).toMatchObject({ code: "transaction.ended" });
    await tx[Symbol.asyncDispose]();
    expect(await names()).toEqual([]);
  });

  test("work that is still under way when the transaction ends is refused, not run outside of it", async () => {
    const tx = await orm.begin();
    let go: (() => void) | undefined;
    const late = tx.run(async () => {
      await new Promise<void>((resolve) => (go = resolve));
      await Item.objects.create({ name: "late" });
    });
    await tx.commit();
    go!();
    expect(await failure(late)).toMatchObject({ code: "transaction.ended" });
    expect(await names()).toEqual([]);
  });

  test("statements that were sent before commit() are part of it", async () => {
    await using tx = await orm.begin();
    const sent = ["a", "b", "c"].map((name) =>
      tx.run(async () => db.run({ text: `INSERT INTO shop_item (name, n) VALUES ('${name}', 0)`, params: [] })),
    );
    await tx.commit();
    await Promise.all(sent);
    expect(await names()).toEqual(["a", "b", "c"]);
  });

  test("an error of the database makes it unusable, and commit() says so after rolling back", async () => {
    const tx = await orm.begin();
    const items = Item.objects.using(tx as never);
    await items.create({ name: "a" });
    await expect(items.create({ name: "a" })).rejects.toThrow(IntegrityError);
    expect(tx.state).toBe("broken");
    expect(await failure(() => items.count())).toMatchObject({ code: "transaction.broken" });
    const error = await failure(() => tx.commit());
    expect(error).toBeInstanceOf(TransactionManagementError);
    expect(error.cause).toBeInstanceOf(IntegrityError);
    expect(await names()).toEqual([]);
  });

  test("an error of the function ends nothing", async () => {
    await using tx = await orm.begin();
    await expect(tx.run(() => Promise.reject(new RangeError("no")))).rejects.toThrow(RangeError);
    await tx.run(() => Item.objects.create({ name: "a" }));
    await tx.commit();
    expect(await names()).toEqual(["a"]);
  });

  test("atomic() inside is a savepoint, and onCommit waits for commit()", async () => {
    const ran: string[] = [];
    await using tx = await orm.begin();
    await tx.atomic(() => Item.objects.create({ name: "a" }));
    await tx.atomic(async () => Promise.reject(new RangeError("no"))).catch(() => undefined);
    await tx.run(() => db.onCommit(() => ran.push("inside")));
    tx.onCommit(() => ran.push("handle"));
    expect(ran).toEqual([]);
    await tx.commit();
    expect(ran).toEqual(["inside", "handle"]);
    expect(await names()).toEqual(["a"]);
  });

  test("inside of a block there is a transaction already", async () => {
    expect(await failure(() => orm.atomic(() => orm.begin()))).toMatchObject({ code: "transaction.nested_begin" });
    await using tx = await orm.begin();
    expect(await failure(() => tx.run(() => orm.begin()))).toMatchObject({ code: "transaction.nested_begin" });
  });

  test("options that there are not are refused", async () => {
    expect(await failure(() => orm.begin({ retries: 3 } as never))).toMatchObject({ code: "options.unknown" });
    expect(await failure(() => orm.atomic(async () => 1, { isolaton: "serializable" } as never))).toMatchObject({
      code: "options.unknown",
    });
    expect(await failure(() => orm.begin({ isolation: "chaos" as never }))).toMatchObject({
      code: "transaction.isolation",
    });
    expect(db.pool?.holders ?? []).toEqual([]);
  });

  test("readOnly and isolation are those of the transaction", async () => {
    await using tx = await orm.begin({ readOnly: true, isolation: "repeatable read" });
    expect(await Item.objects.using(tx as never).count()).toBe(0);
    expect(await failure(() => Item.objects.using(tx as never).create({ name: "a" }))).toMatchObject({
      code: "database.read_only",
    });
  });
});

describe("savepoints by hand", () => {
  test("rollback() takes back what came after, and makes a broken transaction usable again", async () => {
    await using tx = await orm.begin();
    const items = Item.objects.using(tx as never);
    await items.create({ name: "a" });
    const here = await tx.savepoint();
    await items.create({ name: "b" });
    await items.create({ name: "a" }).catch(() => undefined);
    expect(tx.state).toBe("broken");
    await here.rollback();
    expect(tx.state).toBe("open");
    await items.create({ name: "c" });
    await here.release();
    expect(await failure(() => here.rollback())).toMatchObject({ code: "transaction.savepoint_ended" });
    await tx.commit();
    expect(await names()).toEqual(["a", "c"]);
  });

  test("hooks of work that was taken back are dropped", async () => {
    const ran: string[] = [];
    await orm.atomic(async () => {
      await db.onCommit(() => ran.push("kept"));
      const here = await savepoint();
      await db.onCommit(() => ran.push("dropped"));
      await here.rollback();
    });
    expect(ran).toEqual(["kept"]);
  });

  test("disposing of one that was not released takes its work back", async () => {
    await orm.atomic(async () => {
      await Item.objects.create({ name: "a" });
      {
        await using _here = await savepoint();
        await Item.objects.create({ name: "b" });
      }
      {
        await using here = await savepoint();
        await Item.objects.create({ name: "c" });
        await here.release();
      }
    });
    expect(await names()).toEqual(["a", "c"]);
  });

  test("outside of a block there are none, and none outlives its block", async () => {
    expect(await failure(() => savepoint())).toMatchObject({ code: "transaction.none" });
    const here = await orm.atomic(() => savepoint());
    expect(await failure(() => here.rollback())).toMatchObject({ code: "transaction.ended" });
    await here[Symbol.asyncDispose]();
  });
});
