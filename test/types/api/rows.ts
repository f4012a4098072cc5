/** Values of instances, and what loads them. */
import { type Decimal, IntegerField, type Lazy } from "babik";
import type { Temporal } from "temporal-polyfill";
import { type Equal, holds } from "../equal.js";
import { Click, type Customer, type Profile, type Visit } from "./crm.js";
import {
  Badge,
  type Category,
  Country,
  Line,
  NamedPlace,
  Note,
  Order,
  Place,
  Product,
  Restaurant,
  type Settings,
  Tag,
} from "./shop.js";

const product = await Product.objects.get({ pk: 1 });
holds<Equal<typeof product, Product>>();
holds<Equal<typeof product.id, number>>();
holds<Equal<typeof product.pk, number>>();
holds<Equal<typeof product.name, string>>();
holds<Equal<typeof product.price, Decimal>>();
holds<Equal<typeof product.inStock, boolean>>();
holds<Equal<typeof product.weight, number | null>>();
holds<Equal<typeof product.views, bigint>>();
holds<Equal<typeof product.created, Date>>();
holds<Equal<typeof product.changed, Temporal.Instant>>();
holds<Equal<typeof product.settings, Settings>>();
holds<Equal<typeof product.total, Decimal>>();
holds<Equal<typeof product.title, string>>();
holds<Equal<typeof product.categoryId, number>>();
holds<Equal<typeof product.category, Lazy<Category>>>();
const category = await product.category;
holds<Equal<typeof category, Category>>();
category.shout();
const parent = await category.parent;
holds<Equal<typeof parent, Category | null>>();
holds<Equal<typeof category.parentId, number | null>>();
// @ts-expect-error: the relation is not loaded
product.category.name;

const tag = new Tag({ label: "hot" });
holds<Equal<typeof tag.label, "hot" | "new">>();
holds<Equal<typeof tag.level, 1 | 2>>();
holds<Equal<ReturnType<typeof tag.getDisplay>, string>>();
tag.getDisplay("label");
// @ts-expect-error: no such field
tag.getDisplay("lable");
// @ts-expect-error: not one of the choices
new Tag({ label: "cold" });

const order = await Order.objects.get({ pk: "6f1c" });
holds<Equal<typeof order.pk, string>>();
holds<Equal<typeof order.id, string>>();
holds<Equal<typeof order.shipped, Temporal.PlainDate | null>>();
holds<Equal<typeof order.at, Temporal.PlainTime | null>>();
holds<Equal<typeof order.took, Temporal.Duration | null>>();
const line = await Line.objects.get({ order });
holds<Equal<typeof line.orderId, string>>();
holds<Equal<typeof line.pk, [string, number]>>();
holds<Equal<Awaited<typeof line.order>, Order>>();

const place = await Place.objects.get({ pk: 1 });
holds<Equal<typeof place.key, number>>();
holds<Equal<typeof place.countryId, string | null>>();
holds<Equal<typeof place.zoneId, string>>();
holds<Equal<Awaited<typeof place.restaurant>, Restaurant>>();
// @ts-expect-error: the key has a name of its own
place.id;
const restaurant = await Restaurant.objects.get({ name: "Chez Babik" });
holds<Equal<typeof restaurant.stars, number | null>>();
holds<Equal<typeof restaurant.name, string>>();
holds<Equal<Awaited<typeof restaurant.placePtr>, Place>>();
const named = await NamedPlace.objects.get({ name: "x" });
named.greet();
named.sign();
restaurant.sign();
holds<Equal<typeof named.countryId, string | null>>();
const note = await Note.objects.get({ owner: "x@example.org", text__contains: "y" });
holds<Equal<typeof note.notes, string | null>>();
const badge = await Badge.objects.get({ colour: "red" });
holds<Equal<typeof badge.colour, string>>();
const country = await Country.objects.get({ pk: "FR" });
holds<Equal<typeof country.pk, string>>();
holds<Equal<typeof country.flag, Uint8Array | null>>();

const customer = await order.customer;
holds<Equal<typeof customer, Customer>>();
holds<Equal<Awaited<typeof customer.profile>, Profile>>();
holds<Equal<Awaited<typeof customer.favourite>, Product | null>>();
const profile = (await customer.profile)!;
holds<Equal<typeof profile.pk, number>>();
const visits = await customer.visitSet.all();
holds<Equal<typeof visits, Visit[]>>();
const fans = await product.fans.filter({ email__startswith: "a" });
holds<Equal<typeof fans, Customer[]>>();
const children = await category.children.all();
holds<Equal<typeof children, Category[]>>();
const cheap = await category.products.cheap().filter({ inStock: true }).inCategory("x");
holds<Equal<typeof cheap, Product[]>>();
const hot = await product.tags.filter({ label: "hot" });
holds<Equal<typeof hot, Tag[]>>();
await product.tags.add(tag, 3, { throughDefaults: { weight: 1 } });
await product.tags.set([tag]);
await product.tags.remove(tag);
await product.tags.clear();
await category.children.remove(category);
// @ts-expect-error: the foreign key cannot be null
category.products.clear();
const made = await category.products.create({ name: "x", price: "1.50" });
holds<Equal<typeof made, Product>>();
// @ts-expect-error: a related set cannot be awaited by itself, so this is not its rows
(await category.products).length;

const total = await Product.objects.cheap().total();
holds<Equal<typeof total, number>>();
const dear = await Product.dear.filter({ name: "x" });
holds<Equal<typeof dear, Product[]>>();

await product.save({ updateFields: ["price", "categoryId"] });
// @ts-expect-error: no such field
await product.save({ updateFields: ["prize"] });
await product.refreshFromDb({ fields: ["name"] });
product.set({ category, price: "3" });
// @ts-expect-error: not a price
product.set({ price: true });
await product.fullClean({ exclude: ["slug"] });
const deferred = product.getDeferredFields();
holds<Equal<typeof deferred, ReadonlySet<string>>>();
const [count, byModel] = await product.delete();
holds<Equal<typeof count, number>>();
holds<Equal<typeof byModel, Readonly<Record<string, number>>>>();
new Product.DoesNotExist() satisfies Error;

const created = await Product.objects.create({ name: "x", price: 1.2, category });
holds<Equal<typeof created, Product>>();
await Product.objects.create({ name: "x", price: "1.2", categoryId: 4, settings: { theme: "light", sizes: [] } });
// @ts-expect-error: the price is missing
await Product.objects.create({ name: "x", category });
// @ts-expect-error: the category is missing
await Product.objects.create({ name: "x", price: "1.2" });
// @ts-expect-error: no such field
await Product.objects.create({ name: "x", price: "1.2", category, colour: "red" });
// @ts-expect-error: a generated column is not given
await Product.objects.create({ name: "x", price: "1.2", category, total: 3 });
// @ts-expect-error: not a category
await Product.objects.create({ name: "x", price: "1.2", category: tag });
const [got, isNew] = await Product.objects.getOrCreate({ name__iexact: "x" }, { defaults: { price: "1", category } });
holds<Equal<typeof got, Product>>();
holds<Equal<typeof isNew, boolean>>();
await Product.objects.updateOrCreate(
  { name: "x" },
  { defaults: { price: "1" }, createDefaults: { price: "1", category } },
);
const many = await Product.objects.bulkCreate([new Product({ name: "x", price: "1", category })], {
  updateConflicts: true,
  updateFields: ["price"],
  uniqueFields: ["name"],
});
holds<Equal<typeof many, Product[]>>();
await Product.objects.bulkUpdate(many, ["price"]);
const byKey = await Order.objects.inBulk(["a"]);
holds<Equal<typeof byKey, Map<string, Order>>>();
const byName = await Country.objects.inBulk(["FRA"], { fieldName: "iso" });
holds<Equal<typeof byName, Map<string, Country>>>();

// Integers that a number cannot hold.
const click = await Click.objects.get({ pk: 9007199254740993n });
holds<Equal<typeof click.id, bigint>>();
holds<Equal<typeof click.count, bigint | null>>();
holds<Equal<typeof click.afterId, bigint | null>>();
await Click.objects.filter({ after__id__in: [1n, 2], count__gt: 5 });
// @ts-expect-error: the option is true or false
IntegerField({ bigint: "yes" });
// @ts-expect-error: text is no integer
await Click.objects.filter({ count: "5" });
