/** Writing: rows that writes give back, streams of instances, options of saving. */
import { type Decimal, F } from "babik";
import { type Equal, holds } from "../equal.js";
import { type Category, Place, Product, type Restaurant, Tag } from "./shop.js";

const cheap = Product.objects.filter({ price__lt: 20 });
const whole = await cheap.returning().update({ price: F("price").mul(2) });
holds<Equal<typeof whole, Product[]>>();
const named = await cheap.returning("id", "price").update({ name: "x" });
holds<Equal<typeof named, { id: number; price: Decimal }[]>>();
const gone = await cheap.valuesList("id", "name").returning().delete();
holds<Equal<typeof gone, [number, string][]>>();
const keys = await cheap.valuesList("id", { flat: true }).returning().delete();
holds<Equal<typeof keys, number[]>>();
const count: number = await cheap.update({ name: "x" });
// @ts-expect-error: no such column
await cheap.returning("prize").delete();
// @ts-expect-error: a name is a text
await cheap.returning("id").update({ name: 3 });
// @ts-expect-error: what returning() gives cannot be awaited
cheap.returning("id").then;

async function* tags(): AsyncGenerator<Tag> {
  yield new Tag({});
}
const streamed = await Tag.objects.bulkCreate(tags(), { batchSize: 100 });
holds<Equal<typeof streamed, number>>();
const listed = await Tag.objects.bulkCreate([new Tag({})]);
holds<Equal<typeof listed, Tag[]>>();

declare const restaurant: Restaurant;
await restaurant.save({ forceInsert: true });
await restaurant.save({ forceInsert: [Place] });
// @ts-expect-error: a list of classes, not of names
await restaurant.save({ forceInsert: ["Place"] });
declare const category: Category;
await category.save({ updateFields: ["name", "parentId"] });
export { count };
