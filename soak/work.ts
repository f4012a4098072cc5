/** The mixed work of the soak: reads, prefetches, writes, transactions and errors, each as a function that can be called for ever. */
import { Avg, BabikError, Count, F, IntegrityError, Q } from "babik";
import type { BabikOrm } from "./main.js";
import { Item, Shop, Tag } from "./models.js";

const SHOPS = 20;
const ITEMS = 2000;
let serial = 0;
const any = (n: number): number => 1 + Math.floor(Math.random() * n);

/** Keys of the rows that stay. */
const ids = { item: [] as number[], shop: [] as number[] };
const one = (list: readonly number[]): number => list[Math.floor(Math.random() * list.length)]!;

export async function fill(orm: BabikOrm): Promise<void> {
  await orm.createTables();
  await Tag.objects.bulkCreate(Array.from({ length: 10 }, (_, i) => new Tag({ word: `t${i}` })));
  await Shop.objects.bulkCreate(Array.from({ length: SHOPS }, (_, i) => new Shop({ name: `shop ${i}` })));
  ids.shop = await Shop.objects.orderBy("id").valuesList("id", { flat: true });
  await Item.objects.bulkCreate(
    Array.from(
      { length: ITEMS },
      (_, i) => new Item({ name: `item ${i}`, price: `${i % 90}.50`, stock: i % 7, shopId: ids.shop[i % SHOPS]! }),
    ),
  );
  ids.item = await Item.objects.orderBy("id").valuesList("id", { flat: true });
  const tags = await Tag.objects.all();
  for (const item of await Item.objects.filter({ id__lte: ids.item[199]! })) await item.tags.add(tags[item.id % 10]!);
}

/** A unit of work by its name. */
export const units: Readonly<Record<string, (orm: BabikOrm) => Promise<unknown>>> = {
  get: () => Item.objects.get({ id: one(ids.item) }),
  filter: async () =>
    Item.objects.filter(Q({ price__lt: any(80) }).or({ stock: any(7) }), { shop: one(ids.shop) }).slice(0, 50),
  values: async () => Item.objects.filter({ shop__name: `shop ${any(SHOPS) - 1}` }).valuesList("name", "price"),
  aggregate: () => Item.objects.filter({ shop: one(ids.shop) }).aggregate({ mean: Avg("price"), n: Count("*") }),
  joined: async () => Item.objects.selectRelated("shop").orderBy("-id").slice(0, 40),
  prefetch: async () => Shop.objects.prefetchRelated("items__tags").filter({ id__lte: ids.shop[2]! }),
  // Conditions whose shape is always new, so that the tree of shapes and the prepared statements have to let old ones go.
  shapes: async () =>
    Item.objects
      .filter({ id__in: Array.from({ length: any(60) }, () => one(ids.item)) })
      .annotate({ [`n${any(2000)}`]: F("stock").add(any(9)) })
      .slice(0, 5),
  lazy: async () => {
    const rows = await Item.objects
      .defer("facts")
      .filter({ shop: one(ids.shop) })
      .slice(0, 10);
    for (const row of rows) await row.shop;
    return rows;
  },
  stream: async () => {
    let n = 0;
    for await (const item of Item.objects.filter({ id__lte: ids.item[399]! }).iterator({ chunkSize: 100 }))
      if (item.stock > 0) n++;
    return n;
  },
  update: () => Item.objects.filter({ id: one(ids.item) }).update({ stock: F("stock").add(1).mod(1000) }),
  save: async () => {
    const item = await Item.objects.get({ id: one(ids.item) });
    item.set({ price: `${any(99)}.25`, facts: { seen: ++serial } });
    await item.save();
  },
  createAndDelete: async () => {
    const shop = await Shop.objects.create({ name: `pop-up ${++serial}` });
    await Item.objects.bulkCreate(Array.from({ length: 20 }, () => new Item({ name: "x", price: "1.00", shop })));
    await shop.delete();
  },
  transaction: (orm) =>
    orm.atomic(
      async () => {
        await Item.objects.filter({ id: one(ids.item) }).update({ stock: 1 });
        await orm.atomic(() => Tag.objects.create({ word: "t0" })).catch(expected);
        await Item.objects.count();
      },
      { retries: 20 },
    ),
  rollback: (orm) =>
    orm
      .atomic(async () => {
        await Shop.objects.create({ name: `never ${++serial}` });
        throw new RangeError("back");
      })
      .catch((error: unknown) => {
        if (!(error instanceof RangeError)) throw error;
      }),
  wrongName: async () => Item.objects.filter({ [`naem${any(1000)}`]: 1 } as object).first(),
  missing: () => Item.objects.get({ id: -any(1000) }),
  refused: () => Tag.objects.create({ word: "t1" }),
  wrongSql: async (orm) => {
    await using cursor = await orm.connection().cursor();
    await cursor.execute(`SELECT nothing${any(1000)} FROM nowhere`);
  },
};

/** Units that are made to fail, and do. */
export const failing = new Set(["wrongName", "missing", "refused", "wrongSql"]);

function expected(error: unknown): void {
  if (!(error instanceof IntegrityError)) throw error;
}

/** Runs a unit. A failure that was not meant is thrown. */
export async function runUnit(name: string, orm: BabikOrm): Promise<void> {
  try {
    await units[name]!(orm);
  } catch (error) {
    if (failing.has(name) && error instanceof BabikError) return;
    throw error;
  }
}
