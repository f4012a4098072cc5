/** Many callers at once on the same rows: one row per key, exact sums, nobody starves. */
import { babik, CASCADE, CharField, DatabaseError, F, ForeignKey, IntegerField, ManyToManyField } from "babik";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { connectAll } from "../../../src/db/connections.js";
import { createTestDatabase } from "../../support/database.js";
import { type LooseRow, looseModel } from "../../support/loose.js";

// A file, so that SQLite too has more than one connection to it where it wants to.
const database = await createTestDatabase({ file: true });
const Counter = looseModel("Counter", {
  key: CharField({ maxLength: 50, unique: true }),
  n: IntegerField({ default: 0 }),
});
const Tag = looseModel("Tag", { name: CharField({ maxLength: 50 }) });
const Post = looseModel("Post", { title: CharField({ maxLength: 50 }), tags: ManyToManyField("Tag") });
const Comment = looseModel("Comment", { post: ForeignKey("Post", { onDelete: CASCADE, relatedName: "comments" }) });
const embedded = database.kind === "sqlite";
const orm = babik({
  databases: { default: { url: database.url, options: embedded ? {} : { poolSize: 5 } } },
  apps: { shop: { Counter, Tag, Post, Comment } },
});
const db = orm.connection();
beforeAll(() => orm.createTables());
beforeEach(async () => {
  await Comment.objects.all().delete();
  await Post.objects.all().delete();
  await Counter.objects.all().delete();
});
afterAll(async () => {
  await orm.close();
  await database.drop();
});

interface Upserts {
  getOrCreate(conditions: object, options?: object): Promise<[LooseRow, boolean]>;
  updateOrCreate(conditions: object, options?: object): Promise<[LooseRow, boolean]>;
  bulkCreate(rows: readonly LooseRow[], options?: object): Promise<LooseRow[]>;
}
const counters = Counter.objects as unknown as Upserts;
const times = <T>(n: number, fn: (i: number) => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: n }, (_, i) => fn(i)));
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const valueOf = async (key: string): Promise<unknown> => (await Counter.objects.get({ key }))["n"];

describe("50 callers of one key", () => {
  test("getOrCreate makes one row, and all get it", async () => {
    const answers = await times(50, (i) => counters.getOrCreate({ key: "one" }, { defaults: { n: i } }));
    expect(await Counter.objects.count()).toBe(1);
    expect(answers.filter(([, created]) => created)).toHaveLength(1);
    const row = await Counter.objects.get({ key: "one" });
    expect(new Set(answers.map(([object]) => object.pk))).toEqual(new Set([row.pk]));
    expect(new Set(answers.map(([object]) => object["n"]))).toEqual(new Set([row["n"]]));
  });

  test("getOrCreate inside of transactions makes one row, and leaves them usable", async () => {
    const answers = await times(50, () =>
      orm.atomic(async () => {
        const [row, created] = await counters.getOrCreate({ key: "two" });
        await Counter.objects.filter({ pk: row.pk }).update({ n: F("n").add(1) });
        return created;
      }),
    );
    expect(answers.filter(Boolean)).toHaveLength(1);
    expect(await valueOf("two")).toBe(50);
  });

  test("updateOrCreate makes one row, and no update is lost", async () => {
    const answers = await times(50, () =>
      counters.updateOrCreate({ key: "three" }, { defaults: { n: F("n").add(1) }, createDefaults: { n: 1 } }),
    );
    expect(answers.filter(([, created]) => created)).toHaveLength(1);
    expect(await Counter.objects.count()).toBe(1);
    expect(await valueOf("three")).toBe(50);
  });

  test("updateOrCreate gives everybody what it wrote", async () => {
    const answers = await times(50, (i) => counters.updateOrCreate({ key: "four" }, { defaults: { n: i } }));
    expect(answers.map(([row]) => row["n"])).toEqual(Array.from({ length: 50 }, (_, i) => i));
    expect(answers.map(([row]) => row["n"])).toContain(await valueOf("four"));
  });

  test("rows that exist are read and changed under a lock", async () => {
    await Counter.objects.create({ key: "five" });
    await times(50, () =>
      orm.atomic(
        async () => {
          const locked = Counter.objects as unknown as { selectForUpdate(): typeof Counter.objects };
          const row = await locked.selectForUpdate().get({ key: "five" });
          row["n"] = Number(row["n"]) + 1;
          await row.save();
        },
        { retries: 20 },
      ),
    );
    expect(await valueOf("five")).toBe(50);
  });
});

describe("200 atomic blocks on five connections", () => {
  test("all end, with all of their work done", async () => {
    await Counter.objects.create({ key: "sum" });
    const done = await times(200, (i) =>
      orm.atomic(async () => {
        await Counter.objects.create({ key: `k${i}` });
        if (i % 10 === 0) await sleep(1);
        await orm.atomic(async () => void (await Counter.objects.filter({ key: `k${i}` }).update({ n: i })));
        return i;
      }),
    );
    expect(done).toEqual(Array.from({ length: 200 }, (_, i) => i));
    expect(await Counter.objects.count()).toBe(201);
    const pool = db.pool ?? { waiting: 0, holders: [], size: 1 };
    expect(pool.size).toBeLessThanOrEqual(5);
    expect(pool).toMatchObject({ waiting: 0, holders: [] });
  });

  test("on one and the same row none is lost and none is locked out", async () => {
    await Counter.objects.create({ key: "sum" });
    await times(200, () =>
      orm.atomic(() => Counter.objects.filter({ key: "sum" }).update({ n: F("n").add(1) }), { retries: 20 }),
    );
    expect(await valueOf("sum")).toBe(200);
  });

  test("those who wait for one connection get it in the order in which they asked", async () => {
    await using one = connectAll({ default: { url: database.url, options: embedded ? {} : { poolSize: 1 } } });
    const order: number[] = [];
    await times(60, (i) =>
      one.get().atomic(async () => {
        await one.get().run({ text: "SELECT 1", params: [] });
        order.push(i);
      }),
    );
    expect(order).toEqual(Array.from({ length: 60 }, (_, i) => i));
  });

  test("locks in both orders end in a deadlock that a repetition resolves", async () => {
    const [a, b] = [await Counter.objects.create({ key: "a" }), await Counter.objects.create({ key: "b" })];
    const transfer = (from: LooseRow, to: LooseRow): Promise<void> =>
      orm.atomic(
        async () => {
          await Counter.objects.filter({ pk: from.pk }).update({ n: F("n").sub(1) });
          await sleep(1);
          await Counter.objects.filter({ pk: to.pk }).update({ n: F("n").add(1) });
        },
        { retries: 50 },
      );
    await times(6, (i) => (i % 2 === 0 ? transfer(a, b) : transfer(b, a)));
    expect(await Promise.all([valueOf("a"), valueOf("b")])).toEqual([0, 0]);
  });

  test("serializable transactions lose no update when they are repeated", async () => {
    await Counter.objects.create({ key: "s" });
    await times(20, () =>
      orm.atomic(
        async () => {
          const row = await Counter.objects.get({ key: "s" });
          row["n"] = Number(row["n"]) + 1;
          await row.save();
        },
        { isolation: "serializable", retries: 100 },
      ),
    );
    expect(await valueOf("s")).toBe(20);
  });
});

describe("writers side by side", () => {
  test("upserts of overlapping rows leave one row for each key", async () => {
    await times(12, (writer) =>
      orm.atomic(
        () =>
          counters.bulkCreate(
            Array.from({ length: 10 }, (_, i) => new Counter({ key: `k${(i * 7 + writer) % 15}`, n: writer })),
            {
              updateConflicts: true,
              updateFields: ["n"],
              ...(db.dialect.features.conflictTarget ? { uniqueFields: ["key"] } : {}),
            },
          ),
        { retries: 50 },
      ),
    );
    expect(await Counter.objects.count()).toBe(15);
  });

  test("the same rows may be added to a many-to-many set by all of them", async () => {
    const tags = await Promise.all(["x", "y", "z"].map((name) => Tag.objects.create({ name })));
    const post = await Post.objects.create({ title: "p" });
    const set = (): { add(...rows: unknown[]): Promise<void>; count(): Promise<number> } =>
      post["tags"] as ReturnType<typeof set>;
    await times(8, (i) => set().add(...(i % 2 === 0 ? tags : tags.toReversed())));
    expect(await set().count()).toBe(3);
  });

  test("a row is deleted, or a child is added to it, but no child is left without it", async () => {
    await times(10, async (i) => {
      const post = await Post.objects.create({ title: `p${i}` });
      const [gone] = await Promise.allSettled([post.delete(), Comment.objects.create({ post })]);
      // Who came second failed, or took the child along.
      if (gone.status === "rejected") expect(gone.reason).toBeInstanceOf(DatabaseError);
    });
    const posts = new Set((await Post.objects.valuesList("pk", { flat: true })) as unknown[]);
    const children = (await Comment.objects.valuesList("post", { flat: true })) as unknown[];
    expect(children.filter((post) => !posts.has(post))).toEqual([]);
  });
});
