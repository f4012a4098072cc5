/** preDelete and postDelete: order, origin, transactions, and what listeners cost. */
import {
  atomic,
  CASCADE,
  CharField,
  DB_CASCADE,
  DB_SET_NULL,
  ForeignKey,
  IntegerField,
  ManyToManyField,
  postDelete,
  preDelete,
  ProtectedError,
  PROTECT,
  RESTRICT,
  SET_NULL,
  type SignalConnection,
} from "babik";
import { assertNumQueries, captureQueries } from "babik/testing";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { failure, looseModel, looseOrm, type LooseRow } from "../../support/loose.js";

const Root = looseModel("Root", { name: CharField({ maxLength: 20, default: "" }) });
const Branch = looseModel("Branch", {
  root: ForeignKey("Root", { onDelete: CASCADE }),
  note: CharField({ maxLength: 20, default: "noted" }),
});
const Leaf = looseModel("Leaf", {
  branch: ForeignKey("Branch", { onDelete: CASCADE }),
  size: IntegerField({ default: 3 }),
});
const Tall = Root.extend("Tall", { height: IntegerField({ default: 1 }) });
const Alias = Root.proxy("Alias");
const Loose = looseModel("Loose", { root: ForeignKey("Root", { onDelete: SET_NULL, null: true }) });
const Tag = looseModel("Tag", { roots: ManyToManyField("Root", { relatedName: "tags" }) });
const Guard = looseModel("Guard", {
  one: ForeignKey("Held", { onDelete: PROTECT, null: true, relatedName: "+" }),
  two: ForeignKey("Held", { onDelete: RESTRICT, null: true, relatedName: "+" }),
});
const Held = looseModel("Held", {});
const Top = looseModel("Top", { id: IntegerField({ primaryKey: true }) });
const DbGone = looseModel("DbGone", { top: ForeignKey("Top", { onDelete: DB_CASCADE }) });
const DbNulled = looseModel("DbNulled", { top: ForeignKey("Top", { onDelete: DB_SET_NULL, null: true }) });
await looseOrm({ Root, Branch, Leaf, Tall, Alias, Loose, Tag, Guard, Held, Top, DbGone, DbNulled });

let connections: SignalConnection[] = [];
afterEach(() => {
  for (const c of connections) c.disconnect();
  connections = [];
});
beforeEach(async () => {
  for (const m of [Guard, Held, Leaf, Branch, Tall, Loose, Tag, DbGone, DbNulled, Top, Root])
    await m.objects.all().delete();
});
interface Event {
  readonly sender: unknown;
  readonly instance: LooseRow;
  readonly using: string;
  readonly origin: unknown;
}
interface LooseSignal {
  connect(receiver: (event: Event) => unknown, options?: object): SignalConnection;
}
const on = (which: "pre" | "post", receiver: (event: Event) => unknown, options: object = {}): void =>
  void connections.push(
    ((which === "pre" ? preDelete : postDelete) as unknown as LooseSignal).connect(receiver, options),
  );
/** Notes who is told of: "pre Leaf 2". */
function record(options: object = {}): string[] {
  const told: string[] = [];
  for (const which of ["pre", "post"] as const)
    on(
      which,
      ({ sender, instance }) => void told.push(`${which} ${(sender as { name: string }).name} ${String(instance.pk)}`),
      options,
    );
  return told;
}
/** A root with two branches, and a leaf on each. */
async function tree(): Promise<{ root: LooseRow; branches: LooseRow[]; leaves: LooseRow[] }> {
  const root = await Root.objects.create({ name: "oak" });
  const branches = [await Branch.objects.create({ root }), await Branch.objects.create({ root })];
  const leaves = [];
  for (const branch of branches) leaves.push(await Leaf.objects.create({ branch }));
  return { root, branches, leaves };
}

describe("order", () => {
  test("S43: all preDelete first, keys ascending; then model by model what refers before what is referred to, keys descending", async () => {
    const { root, branches, leaves } = await tree();
    const [b, l] = [branches.map((x) => x.pk), leaves.map((x) => x.pk)];
    const told = record();
    await root.delete();
    const r = (told[4] ?? "").split(" ").at(-1);
    expect(told).toEqual([
      `pre Leaf ${l[0]}`,
      `pre Leaf ${l[1]}`,
      `pre Branch ${b[0]}`,
      `pre Branch ${b[1]}`,
      `pre Root ${r}`,
      `post Leaf ${l[1]}`,
      `post Leaf ${l[0]}`,
      `post Branch ${b[1]}`,
      `post Branch ${b[0]}`,
      `post Root ${r}`,
    ]);
  });
  test("S43: signals, then what goes unread, then references that are set to something else, then rows", async () => {
    const { root } = await tree();
    await Loose.objects.create({ root });
    on("pre", () => Root.objects.count(), { sender: Root });
    const { queries } = await captureQueries(() => root.delete());
    const words = queries.map(({ sql }) => /^(\w+).*?shop_(\w+)/s.exec(sql)!.slice(1).join(" "));
    const from = words.lastIndexOf("SELECT root");
    expect(words.slice(from)).toEqual([
      "SELECT root",
      "DELETE leaf",
      "DELETE tag_roots",
      "UPDATE loose",
      "DELETE branch",
      "DELETE root",
    ]);
  });
  test("the row is there before and gone after; its instance keeps the key until all is done", async () => {
    const root = await Root.objects.create();
    const { pk } = root;
    const seen: unknown[] = [];
    on("pre", async ({ instance }) => seen.push([instance.pk, await Root.objects.filter({ pk }).exists()]));
    on("post", async ({ instance }) => seen.push([instance.pk, await Root.objects.filter({ pk }).exists()]));
    expect(await root.delete()).toEqual([1, { "shop.Root": 1 }]);
    expect(seen).toEqual([
      [pk, true],
      [pk, false],
    ]);
    expect(root.pk).toBeNull();
  });
});

describe("what is told", () => {
  test("the sender, the database, and the instance that was deleted as origin of every row", async () => {
    const { root, leaves } = await tree();
    const events: Event[] = [];
    on("pre", (event) => void events.push(event));
    await root.delete();
    expect(new Set(events.map((e) => e.origin))).toEqual(new Set([root]));
    expect(events.every((e) => e.using === "default")).toBe(true);
    expect(events.at(-1)).toMatchObject({ sender: Root, instance: root });
    expect(events.length).toBe(3 + leaves.length);
  });
  test("of a queryset, the queryset itself is the origin", async () => {
    await tree();
    const rows = Root.objects.filter({ name: "oak" });
    const origins = new Set<unknown>();
    on("post", ({ origin }) => void origins.add(origin));
    await rows.delete();
    expect([...origins]).toEqual([rows]);
  });
  test("rows that cascade are told of with all their fields", async () => {
    const { root } = await tree();
    const notes: unknown[] = [];
    on("pre", ({ instance }) => void notes.push(instance["note"]), { sender: Branch });
    await root.delete();
    expect(notes).toEqual(["noted", "noted"]);
  });
  test("S44: a child's row and its parent's are told of each, as their own model", async () => {
    const row = await Tall.objects.create({ name: "fir", height: 9 });
    const told = record();
    const names: unknown[] = [];
    on("pre", ({ instance }) => void names.push(instance["name"]), { sender: Root });
    const { pk } = row;
    await row.delete();
    expect(told).toEqual([`pre Tall ${pk}`, `pre Root ${pk}`, `post Tall ${pk}`, `post Root ${pk}`]);
    expect(names).toEqual(["fir"]);
  });
  test("keepParents tells of the child only", async () => {
    const row = await Tall.objects.create({ name: "fir" });
    const told = record();
    const { pk } = row;
    await row.delete({ keepParents: true });
    expect(told).toEqual([`pre Tall ${pk}`, `post Tall ${pk}`]);
  });
  test("a proxy is told of as itself", async () => {
    const { pk } = await Root.objects.create();
    const told = record();
    await (await Alias.objects.get({ pk })).delete();
    expect(told).toEqual([`pre Alias ${pk}`, `post Alias ${pk}`]);
  });
  test("pairs in a table of babik's own are told of to nobody, and go unread", async () => {
    const root = await Root.objects.create();
    const tag = (await Tag.objects.create()) as LooseRow & { roots: { add(...rows: unknown[]): Promise<void> } };
    await tag.roots.add(root);
    const { pk } = tag;
    const told = record();
    await assertNumQueries(2, () => tag.delete());
    expect(told).toEqual([`pre Tag ${pk}`, `post Tag ${pk}`]);
  });
  test("S45: what the database deletes or sets to NULL by itself is told of to nobody", async () => {
    const top = await Top.objects.create({ id: 7 });
    await DbGone.objects.create({ top });
    const row = await DbNulled.objects.create({ top });
    const told = record();
    expect(await assertNumQueries(1, () => top.delete())).toEqual([1, { "shop.Top": 1 }]);
    expect(told).toEqual(["pre Top 7", "post Top 7"]);
    await row.refreshFromDb();
    expect([row["topId"], await DbGone.objects.count()]).toEqual([null, 0]);
  });
  test("a deletion that is refused tells nobody", async () => {
    const held = await Held.objects.create();
    await Guard.objects.create({ one: held });
    const told = record();
    expect(await failure(held.delete())).toBeInstanceOf(ProtectedError);
    expect(told).toEqual([]);
  });
});

describe("what listening costs", () => {
  test("rows that would go unread are read while somebody listens to their model, or to all", async () => {
    const { root } = await tree();
    const quiet = await captureQueries(() => Leaf.objects.filter({ size: 99 }).delete());
    expect(quiet.queries.map((q) => q.sql.split(" ")[0])).toEqual(["DELETE"]);
    const connection = preDelete.connect(() => undefined, { sender: "shop.Leaf" });
    const heard = await captureQueries(() => Leaf.objects.all().delete());
    expect(heard.queries.map((q) => q.sql.split(" ")[0])).toEqual(["SELECT", "DELETE"]);
    expect(heard.result).toEqual([2, { "shop.Leaf": 2 }]);
    connection.disconnect();
    await root.delete();
  });
  test("listening to one model changes nothing for others", async () => {
    await tree();
    on("post", () => undefined, { sender: Branch });
    expect(await assertNumQueries(1, () => Leaf.objects.all().delete())).toEqual([2, { "shop.Leaf": 2 }]);
  });
  test("a receiver that was disconnected costs nothing any more", async () => {
    preDelete.connect(() => undefined, { sender: Leaf as never }).disconnect();
    await tree();
    expect(await assertNumQueries(1, () => Leaf.objects.all().delete())).toEqual([2, { "shop.Leaf": 2 }]);
  });
});

describe("transactions", () => {
  test.each(["pre", "post"] as const)("an error in %sDelete takes the whole deletion back", async (which) => {
    const { root } = await tree();
    const { pk } = root;
    on(
      which,
      async () => {
        await Loose.objects.create({});
        throw new RangeError("keep it");
      },
      { sender: Root },
    );
    expect((await failure(root.delete())).message).toBe("keep it");
    expect([await Root.objects.count(), await Branch.objects.count(), await Leaf.objects.count()]).toEqual([1, 2, 2]);
    expect([root.pk, await Loose.objects.count()]).toEqual([pk, 0]);
  });
  test("within a block of the caller, the block decides", async () => {
    const { root } = await tree();
    on("post", () => Loose.objects.create({}), { sender: Root });
    await failure(
      atomic(async () => {
        await root.delete();
        throw new Error("back");
      }),
    );
    expect([await Root.objects.count(), await Loose.objects.count()]).toEqual([1, 0]);
  });
});

describe("guards", () => {
  test("two keys that guard the same rows are read by one query, and both are told", async () => {
    const [a, b] = [await Held.objects.create(), await Held.objects.create()];
    const { queries } = await captureQueries(() => Held.objects.filter({ pk: a.pk }).delete());
    // The rows, what guards them, and the deletion.
    expect(queries.map((q) => q.sql.split(" ")[0])).toEqual(["SELECT", "SELECT", "DELETE"]);
    await Guard.objects.create({ two: b });
    expect(await failure(b.delete())).toMatchObject({ code: "delete.restricted" });
    const guard = await Guard.objects.create({ one: b });
    const error = await failure(b.delete());
    expect(error.message).toContain("'Guard.one'");
    expect([...(error["protectedObjects"] as Set<LooseRow>)].map((x) => x.pk)).toEqual([guard.pk]);
  });
  test("many rows are looked at in several statements, and none is missed", async () => {
    const rows = await Held.objects.bulkCreate(Array.from({ length: 300 }, () => new Held()));
    expect(rows).toHaveLength(300);
    const all = await Held.objects.orderBy("pk");
    await Guard.objects.create({ two: all.at(-1)! });
    expect(await failure(Held.objects.all().delete())).toMatchObject({ code: "delete.restricted" });
    await Guard.objects.all().delete();
    expect((await Held.objects.all().delete())[0]).toBe(300);
  });
});
