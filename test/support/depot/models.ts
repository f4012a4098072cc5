/**
 * A depot for random querysets: four models with every kind of relation, columns of every common type, and NULLs in all
 * places. The rows also stand here as plain data, for an oracle that answers without a database.
 */
import {
  babik,
  BooleanField,
  CASCADE,
  CharField,
  DateField,
  DateTimeField,
  DecimalField,
  ForeignKey,
  IntegerField,
  JSONField,
  ManyToManyField,
  model,
  SET_NULL,
} from "babik";
import { afterAll } from "vitest";

export class Kind extends model("Kind", {
  name: CharField({ maxLength: 20, null: true }),
  rank: IntegerField({ null: true }),
  parent: ForeignKey("self", { onDelete: SET_NULL, null: true, relatedName: "children" }),
}) {}
export class Tag extends model("Tag", { word: CharField({ maxLength: 20 }), weight: IntegerField({ null: true }) }) {}
export class Ware extends model("Ware", {
  name: CharField({ maxLength: 20 }),
  note: CharField({ maxLength: 20, null: true }),
  size: IntegerField({ null: true }),
  stock: IntegerField({ default: 0 }),
  price: DecimalField({ maxDigits: 8, decimalPlaces: 2, null: true }),
  flag: BooleanField({ null: true }),
  made: DateField({ null: true }),
  at: DateTimeField({ null: true }),
  data: JSONField({ null: true }),
  kind: ForeignKey("Kind", { onDelete: CASCADE, null: true, relatedName: "wares" }),
  tags: ManyToManyField("Tag", { relatedName: "wares" }),
}) {}
export class Sale extends model("Sale", {
  ware: ForeignKey("Ware", { onDelete: CASCADE, relatedName: "sales" }),
  amount: IntegerField({ null: true }),
  by: CharField({ maxLength: 20, null: true }),
}) {}

/** A row as plain data: relations are keys. */
export interface Row {
  readonly [column: string]: unknown;
}
export const kinds: readonly Row[] = [
  { id: 1, name: "wood", rank: 1, parent: null },
  { id: 2, name: "iron", rank: 2, parent: 1 },
  { id: 3, name: null, rank: null, parent: 1 },
  { id: 4, name: "iron ore", rank: 3, parent: 2 },
  { id: 5, name: "", rank: 0, parent: null },
];
export const tags: readonly Row[] = [
  { id: 1, word: "red", weight: 1 },
  { id: 2, word: "blue", weight: null },
  { id: 3, word: "red_", weight: 3 },
];
const documents: readonly unknown[] = [
  null,
  {},
  { m: 1, n: 1, s: "axe" },
  { m: "1", n: 2.5, o: { p: 1 } },
  { m: "x", s: "a%b", o: {}, l: [1, 2] },
  { n: -1, s: "", o: { p: "x" }, l: [] },
  { m: 2, "a.b": 1, "": 3 },
];
export const wares: readonly (Row & { readonly tags: readonly number[] })[] = Array.from({ length: 14 }, (_, n) => {
  const i = n + 1;
  return {
    id: i,
    name: ["axe", "saw", "nail", "a%b", "box"][i % 5],
    note: [null, "old", "new", ""][i % 4],
    size: [null, 0, 1, 2, 3, -1][i % 6],
    stock: i % 5,
    price: [null, 0.25, 1, 2.5, -1, 1.75, 3][(i * 3) % 7],
    flag: [null, true, false][i % 3],
    made: [null, "2019-12-31", "2020-01-01", "2020-02-29", "2021-07-04"][(i * 3) % 5],
    at: [null, "2019-12-31T23:59:59.999Z", "2020-01-01T00:00:00.000Z", "2020-06-30T12:30:00.000Z"][(i * 3 + 1) % 4],
    data: documents[(i * 5) % 7],
    kind: [null, 1, 2, 3, 4, 5][(i * 7) % 6],
    tags: [[], [1], [1, 2], [3], [2, 3]][i % 5]!,
  };
});
export const sales: readonly Row[] = wares
  .flatMap((w) => Array.from({ length: Number(w["id"]) % 4 }, (_, s) => [Number(w["id"]), s] as const))
  .map(([ware, s], n) => ({
    id: n + 1,
    ware,
    amount: [null, 1, 2, 5][(ware + s) % 4],
    by: [null, "ann", "bob"][(ware * 2 + s) % 3],
  }));
export const everything: readonly number[] = wares.map((w) => w["id"] as number);

/** An orm with the depot on two databases: the given one as `default`, and an SQLite as `beside`. */
export async function openDepot(url: string) {
  const orm = babik({
    databases: { default: url, beside: "sqlite::memory:" },
    apps: { depot: { Kind, Tag, Ware, Sale } },
  });
  afterAll(() => orm.close());
  await orm.createTables();
  await (orm.createTables as (models: null, alias: string) => Promise<void>).call(orm, null, "beside");
  for (const using of ["default", "beside"]) {
    for (const { parent, ...row } of kinds)
      await Kind.objects.using(using).create({ ...row, parentId: parent } as never);
    for (const row of tags) await Tag.objects.using(using).create(row as never);
    for (const { kind, tags: own, at, ...row } of wares) {
      const moment = at === null ? null : new Date(String(at));
      const made = await Ware.objects.using(using).create({ ...row, at: moment, kindId: kind } as never);
      await made.tags.add(...(own as never[]));
    }
    for (const { ware, ...row } of sales) await Sale.objects.using(using).create({ ...row, wareId: ware } as never);
  }
  return orm;
}
