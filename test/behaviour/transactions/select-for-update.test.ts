/** Row locks: who waits for whom, and what a database that lacks an option says. */
import { babik, CASCADE, CharField, ForeignKey, IntegerField, NotSupportedError, ValueError } from "babik";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { testDatabase, testPooled } from "../../support/database.js";
import { failure, type LooseRow, type LooseSet, looseModel } from "../../support/loose.js";

const { url } = await testDatabase();
const City = looseModel("City", { name: CharField({ maxLength: 50 }) });
const Item = looseModel("Item", {
  name: CharField({ maxLength: 50 }),
  n: IntegerField({ default: 0 }),
  city: ForeignKey("City", { onDelete: CASCADE }),
});
const embedded = url.startsWith("sqlite");
const orm = babik({
  databases: {
    default: { url, options: embedded ? {} : { poolSize: 4, ...(testPooled ? {} : { lockTimeout: 5000 }) } },
  },
  apps: { shop: { City, Item } },
});
const db = orm.connection();

// Before anything was asked, so that the server's version is not known yet.
const early = embedded ? undefined : await failure(() => locking(Item.objects).selectForUpdate().all());

beforeAll(() => orm.createTables());
beforeEach(async () => {
  await Item.objects.all().delete();
  const city = await City.objects.create({ name: "Here" });
  for (const name of ["a", "b", "c"]) await Item.objects.create({ name, city });
});
afterAll(() => orm.close());

interface Locking extends LooseSet {
  selectForUpdate(options?: object): Locking;
  iterator(options?: object): AsyncIterable<LooseRow>;
}
function locking(set: LooseSet): Locking {
  return set as Locking;
}
const features = (): Readonly<Record<string, unknown>> => db.dialect.features as never;
const names = (rows: readonly LooseRow[]): unknown[] => rows.map((row) => row["name"]);
const items = locking(Item.objects);

describe.skipIf(embedded)("on a server", () => {
  test("a lock needs a transaction, also for the very first query and for streams", async () => {
    expect(early).toMatchObject({ code: "lock.transaction" });
    expect(await failure(() => items.selectForUpdate().all())).toMatchObject({ code: "lock.transaction" });
    expect(await failure(() => items.selectForUpdate().get({ name: "a" }))).toMatchObject({ code: "lock.transaction" });
    const loop = async (): Promise<void> => {
      for await (const _row of items.selectForUpdate().iterator());
    };
    expect(await failure(loop)).toMatchObject({ code: "lock.transaction" });
  });

  test("a locked row makes others wait until the transaction ends", async () => {
    const order: string[] = [];
    let locked: (() => void) | undefined;
    const ready = new Promise<void>((resolve) => (locked = resolve));
    const first = orm.atomic(async () => {
      await items.selectForUpdate().get({ name: "a" });
      locked!();
      await new Promise((resolve) => setTimeout(resolve, 60));
      order.push("first");
    });
    await ready;
    await orm.atomic(async () => {
      await items.selectForUpdate().get({ name: "a" });
      order.push("second");
    });
    await first;
    expect(order).toEqual(["first", "second"]);
  });

  test("nowait is an error at once, skipLocked passes the locked rows over", async () => {
    await beside(
      () => items.selectForUpdate().get({ name: "a" }),
      async () => {
        const error = await failure(() => orm.atomic(() => items.selectForUpdate({ nowait: true }).get({ name: "a" })));
        expect(error).toMatchObject({ name: "OperationalError" });
        expect(["database.lock_not_available", "database.locked"]).toContain(error["code"]);
        if (features()["selectForUpdateSkipLocked"] === true)
          await orm.atomic(async () => {
            expect(names(await items.selectForUpdate({ skipLocked: true }).orderBy("name"))).toEqual(["b", "c"]);
          });
      },
    );
  });

  test("two workers with skipLocked never take the same row", async () => {
    if (features()["selectForUpdateSkipLocked"] !== true) return expect(features()).toBeDefined();
    const taken: unknown[] = [];
    const worker = async (): Promise<void> => {
      for (;;) {
        const row = await orm.atomic(
          async () => {
            const next = await items.selectForUpdate({ skipLocked: true }).filter({ n: 0 }).orderBy("pk").first();
            if (next !== null) await Item.objects.filter({ pk: next.pk }).update({ n: 1 });
            return next;
          },
          { retries: 20 },
        );
        if (row !== null) taken.push(row["name"]);
        else if ((await Item.objects.filter({ n: 0 }).count()) === 0) return;
      }
    };
    await Promise.all([worker(), worker(), worker()]);
    expect(taken.toSorted()).toEqual(["a", "b", "c"]);
  });

  test("of names the tables whose rows are locked", async () => {
    const query = locking(items.selectRelated("city"));
    if (features()["selectForUpdateOf"] !== true) {
      const error = await failure(() => orm.atomic(() => query.selectForUpdate({ of: ["self"] }).get({ name: "a" })));
      return expect(error).toBeInstanceOf(NotSupportedError);
    }
    await beside(
      () => query.selectForUpdate({ of: ["self"] }).get({ name: "a" }),
      async () => {
        // The joined row is free.
        await orm.atomic(() => locking(City.objects).selectForUpdate({ nowait: true }).first());
        expect(
          await failure(() => orm.atomic(() => items.selectForUpdate({ nowait: true }).get({ name: "a" }))),
        ).toMatchObject({ code: "database.lock_not_available" });
      },
    );
  });

  test("noKey lets others refer to the row, or is not supported", async () => {
    if (features()["selectForNoKeyUpdate"] !== true) {
      const error = await failure(() => orm.atomic(() => items.selectForUpdate({ noKey: true }).get({ name: "a" })));
      return expect(error).toBeInstanceOf(NotSupportedError);
    }
    await beside(
      () => locking(City.objects).selectForUpdate({ noKey: true }).first(),
      async () => {
        const city = await City.objects.first();
        await Item.objects.create({ name: "d", city });
        expect(await Item.objects.count()).toBe(4);
      },
    );
  });

  test.skipIf(testPooled)("a wait that takes longer than lockTimeout ends", async () => {
    await using impatient = babik({
      databases: { default: { url, options: { poolSize: 1, lockTimeout: 300 } } },
      apps: {},
    });
    const text = `SELECT * FROM shop_item WHERE name = 'a' FOR UPDATE`;
    await beside(
      () => items.selectForUpdate().get({ name: "a" }),
      async () => {
        const error = await failure(() =>
          impatient.atomic(async () => impatient.connection().run({ text, params: [] })),
        );
        expect(["database.lock_not_available", "database.locked"]).toContain(error["code"]);
      },
    );
  });
});

test.skipIf(!embedded)("an embedded database locks as a whole, and passes the call over", async () => {
  expect(names(await items.selectForUpdate().orderBy("name"))).toEqual(["a", "b", "c"]);
  expect(names(await items.selectForUpdate({ skipLocked: true }).orderBy("name"))).toEqual(["a", "b", "c"]);
});

test("options that exclude each other, and names that are none, are refused", async () => {
  expect(() => items.selectForUpdate({ nowait: true, skipLocked: true })).toThrow(ValueError);
  if (features()["selectForUpdateOf"] === true)
    expect(
      (await failure(() => orm.atomic(() => items.selectForUpdate({ of: ["nobody"] }).first()))).message,
    ).toContain("Choices are: self");
});

/** Does `work` while another transaction has what `lock` locked. */
async function beside(lock: () => Promise<unknown>, work: () => Promise<void>): Promise<void> {
  const tx = await orm.begin();
  try {
    await tx.run(lock);
    await work();
  } finally {
    await tx.rollback();
  }
}
