/** Rows of another model, and keys of another shape, where a call writes: JavaScript has no compiler to refuse them. */
import {
  atomic,
  CASCADE,
  CharField,
  CompositePrimaryKey,
  DO_NOTHING,
  F,
  ForeignKey,
  GeneratedField,
  IntegerField,
  timezone,
  type Transaction,
  withSignal,
} from "babik";
import { captureQueries } from "babik/testing";
import { describe, expect, test } from "vitest";
import { failure, looseModel, looseOrm, type LooseRow, type LooseSet } from "../../support/loose.js";

const Maker = looseModel("Maker", { name: CharField({ maxLength: 20 }) });
const Place = looseModel("Place", { name: CharField({ maxLength: 20 }) });
const Ware = looseModel("Ware", {
  name: CharField({ maxLength: 20 }),
  n: IntegerField({ default: 1 }),
  twice: GeneratedField({ expression: F("n").mul(2), outputField: IntegerField(), dbPersist: true }),
  maker: ForeignKey("Maker", { onDelete: CASCADE, null: true }),
});
const Seat = looseModel("Seat", {
  pk: CompositePrimaryKey("row", "place"),
  row: IntegerField(),
  place: IntegerField(),
});
const Shelf = looseModel("Shelf", { name: CharField({ maxLength: 20 }) });
const Item = looseModel("Item", { shelf: ForeignKey("Shelf", { onDelete: DO_NOTHING }) });
const orm = await looseOrm({ Maker, Place, Ware, Seat, Shelf, Item });
const wares = (): LooseSet => Ware.objects.all();
type Any = { [name: string]: (...args: unknown[]) => Promise<unknown> };
const any = (x: unknown): Any => x as Any;

/** The error of a call, and how many statements of it were sent. */
async function refused(call: () => unknown): Promise<Record<string, unknown> & { readonly sent: number }> {
  let error: Record<string, unknown> = {};
  const { queries } = await captureQueries(async () => {
    error = (await failure(async () => call())) as never;
  });
  return { ...error, name: error["name"], code: error["code"], message: error["message"], sent: queries.length };
}

describe("rows of another model", () => {
  test("are no value of a foreign key in update()", async () => {
    const place = await Place.objects.create({ name: "p" });
    expect(await refused(() => any(wares())["update"]!({ maker: place }))).toMatchObject({
      code: "query.wrong_instance",
      sent: 0,
    });
  });
  test("are nothing for bulkUpdate()", async () => {
    const place = await Place.objects.create({ name: "p" });
    expect(await refused(() => any(Ware.objects)["bulkUpdate"]!([place], ["name"]))).toMatchObject({
      name: "QueryTypeError",
      sent: 0,
    });
  });
  test("and values are nothing to refresh a row from", async () => {
    const ware = await Ware.objects.create({ name: "w" });
    for (const fromQueryset of [Place.objects.all(), any(wares())["values"]!("name"), 7])
      expect(await refused(() => any(ware)["refreshFromDb"]!({ fromQueryset }))).toMatchObject({
        code: "refresh.queryset",
        sent: 0,
      });
  });
});

test("a generated field is refused by bulkUpdate() before anything is sent", async () => {
  const ware = await Ware.objects.create({ name: "w" });
  expect(await refused(() => any(Ware.objects)["bulkUpdate"]!([ware], ["twice"]))).toMatchObject({
    code: "update.generated",
    sent: 0,
  });
});

test("a composite key has all of its parts", async () => {
  const seat = (await Seat.objects.create({ row: 1, place: 2 })) as LooseRow;
  for (const wrong of [[5], [5, 6, 7], "12", 12, undefined, {}])
    expect(await refused(() => (seat["pk"] = wrong))).toMatchObject({ code: "instance.composite_key" });
  expect(seat["pk"]).toEqual([1, 2]);
  seat["pk"] = [3, 4];
  expect([seat["row"], seat["place"]]).toEqual([3, 4]);
  seat["pk"] = null;
  expect([seat["row"], seat["place"]]).toEqual([null, null]);
});

describe("deleting", () => {
  test("all rows is said by all(): managers have no delete(), as in Django", async () => {
    const ware = (await Ware.objects.create({ name: "stays" })) as LooseRow;
    expect("delete" in Ware.objects).toBe(false);
    expect("delete" in Maker.objects).toBe(false);
    expect(await wares().filter({ pk: ware.pk }).count()).toBe(1);
  });
  test("takes no arguments, which could be taken for conditions", async () => {
    expect(await refused(() => any(wares())["delete"]!({ name: "x" }))).toMatchObject({
      name: "QueryTypeError",
      sent: 0,
    });
  });
});

describe("a queryset that a function gives is read where the function runs", () => {
  test("in an atomic block", async () => {
    await Ware.objects.create({ name: "inside" });
    const rows = (await atomic(() => wares().filter({ name: "inside" }) as never)) as LooseRow[];
    expect(rows.map((row) => row["name"])).toEqual(["inside"]);
    await orm.atomic(async () => {
      await wares().filter({ name: "inside" }).update({ name: "changed" });
      expect(await atomic(() => wares().filter({ name: "changed" }) as never)).toHaveLength(1);
    });
  });
  test("under a signal", async () => {
    const error = await failure(() => withSignal(AbortSignal.abort(), () => wares()) as never);
    expect(error).toMatchObject({ code: "database.cancelled" });
  });
  test("in a time zone", async () => {
    const asked: string[] = [];
    const lazy = { then: (ok: (zone: string) => void) => ok(timezone.current()) };
    asked.push(timezone.current(), await (timezone.override("Europe/Paris", () => lazy) as unknown as Promise<string>));
    expect(asked).toEqual(["UTC", "Europe/Paris"]);
  });
});

test("get-or-create works on a queryset that is bound to a transaction", async () => {
  await using tx = await (orm as unknown as { begin(): Promise<Transaction> }).begin();
  const bound = any(Ware.objects)["using"]!(tx) as unknown as Any;
  const [made, isNew] = (await bound["getOrCreate"]!({ name: "bound" })) as [LooseRow, boolean];
  expect(isNew).toBe(true);
  const [again, isNewAgain] = (await bound["updateOrCreate"]!({ name: "bound" }, { defaults: { n: 7 } })) as [
    LooseRow,
    boolean,
  ];
  expect([isNewAgain, again.pk, again["n"]]).toEqual([false, made.pk, 7]);
  const [other] = (await bound["updateOrCreate"]!({ name: "bound too" }, { defaults: { n: 8 } })) as [LooseRow];
  expect(other["n"]).toBe(8);
  await tx.rollback();
  expect(await wares().filter({ name__startswith: "bound" }).count()).toBe(0);
});

test("nothing is calculated with what is not loaded", async () => {
  await Ware.objects.create({ name: "lazy" });
  const row = (await any(wares().filter({ name: "lazy" }))["only"]!("name").then((rows) => (rows as LooseRow[])[0]!))!;
  const n = row["n"] as number;
  expect(String(n)).toBe("[not loaded: Ware.n]");
  for (const calculate of [() => n + 1, () => n * 2, () => n > 0, () => Number(n), () => Math.max(n, 1)])
    expect(await refused(calculate)).toMatchObject({ code: "lazy.not_loaded", sent: 0 });
  expect(await (row["n"] as Promise<number>)).toBe(1);
});

test("a deletion that rows are in the way of names their table and column, where the database tells", async () => {
  const shelf = await Shelf.objects.create({ name: "full" });
  await Item.objects.create({ shelf });
  const error = await failure(() => any(shelf)["delete"]!());
  expect(error).toMatchObject({ name: "IntegrityError", code: "integrity.foreign_key" });
  // SQLite tells of no foreign key which one it was.
  if (error["constraint"] === undefined) return;
  expect([error["table"], error["columns"]]).toEqual(["shop_item", ["shelf_id"]]);
});

test("rows by keys of several parts are found by what is in the key", async () => {
  await Seat.objects.create({ row: 7, place: 1 });
  await Seat.objects.create({ row: 7, place: 2 });
  const seats = (await any(Seat.objects)["inBulk"]!([
    [7, 1],
    [7, 2],
    [7, 3],
  ])) as Map<unknown, LooseRow>;
  expect(seats.size).toBe(2);
  expect(seats.get([7, 2])!["place"]).toBe(2);
  expect([seats.has([7, 1]), seats.has([7, 3]), seats.get([1, 7])]).toEqual([true, false, undefined]);
  expect([...seats.keys()]).toEqual([
    [7, 1],
    [7, 2],
  ]);
  expect([seats.delete([7, 1]), seats.delete([7, 1]), seats.size]).toEqual([true, false, 1]);
});
test("options of atomic() are an object", async () => {
  for (const wrong of ["default", 7, []])
    expect(await refused(() => atomic(() => 1, wrong as never))).toMatchObject({ code: "argument.options", sent: 0 });
});
