/** What is loaded is a value, what is not is awaited: for every way of loading, through two steps, and with methods of one's own after it. */
import { Count, type Lazy, Prefetch, type RowOf } from "babik";
import type { Decimal } from "babik";
import { type Equal, holds } from "../equal.js";
import { Customer, type Profile } from "./crm.js";
import { Category, type Mark, Order, Place, Product, type Restaurant, Shelf, Tag } from "./shop.js";
import { Mark as Marks } from "./shop.js";

// ---- nothing asked for
const bare = (await Order.objects.all())[0]!;
holds<Equal<typeof bare.product, Lazy<Product>>>();
// @ts-expect-error: not loaded
bare.product.name;
const far = await (await bare.product).category;
holds<Equal<typeof far, Category>>();

// ---- selectRelated: forward, two steps, nullable, reverse; a method of one's own after it
const joined = await Product.objects.selectRelated("category__parent").cheap().inCategory("x");
holds<Equal<(typeof joined)[number]["category"]["name"], string>>();
holds<Equal<NonNullable<(typeof joined)[number]["category"]["parent"]>["name"], string>>();
// @ts-expect-error: a parent may be missing
joined[0]!.category.parent.name;
// @ts-expect-error: only two steps were loaded
joined[0]!.category.parent!.parent!.name;
const unjoined = await Product.objects.selectRelated("category");
holds<Equal<(typeof unjoined)[number]["category"]["parent"], Lazy<Category | null>>>();
const sides = await Customer.objects.selectRelated("profile", "favourite__category");
holds<Equal<(typeof sides)[number]["profile"], Profile | null>>();
holds<Equal<NonNullable<(typeof sides)[number]["favourite"]>["category"]["name"], string>>();
const child = await Place.objects.selectRelated("restaurant__country");
holds<Equal<NonNullable<(typeof child)[number]["restaurant"]>["stars"], number | null>>();
holds<Equal<NonNullable<NonNullable<(typeof child)[number]["restaurant"]>["country"]>["code"], string>>();
const plainChild = await Place.objects.selectRelated("restaurant");
holds<Equal<(typeof plainChild)[number]["restaurant"], Restaurant | null>>();
// @ts-expect-error: no such relation
Product.objects.selectRelated("categry");

// ---- prefetchRelated: reverse, many-to-many, forward, two steps
const sets = await Category.objects.prefetchRelated("products__tags", "children");
const products = await sets[0]!.products.all();
holds<Equal<(typeof products)[number]["name"], string>>();
const tags = await products[0]!.tags.all();
holds<Equal<typeof tags, Tag[]>>();
await sets[0]!.products.cheap();
const owners = await Order.objects.prefetchRelated("product__category", "customer");
holds<Equal<(typeof owners)[number]["product"]["category"]["name"], string>>();
holds<Equal<(typeof owners)[number]["customer"]["favourite"], Lazy<Product | null>>>();
const maybe = await Customer.objects.prefetchRelated("favourite", "profile");
holds<Equal<(typeof maybe)[number]["favourite"], Product | null>>();
holds<Equal<(typeof maybe)[number]["profile"], Profile | null>>();
const after = await Product.objects
  .prefetchRelated("category")
  .cheap()
  .annotate({ n: Count("tags") })
  .inCategory("x");
holds<Equal<(typeof after)[number]["category"]["name"], string>>();
holds<Equal<(typeof after)[number]["n"], number>>();

// ---- Prefetch: a queryset that has loaded something itself, and a name of one's own
const listed = await Category.objects.prefetchRelated(
  Prefetch("products", { queryset: Product.objects.cheap().selectRelated("category"), toAttr: "bargains" }),
);
holds<Equal<(typeof listed)[number]["bargains"][number]["category"]["name"], string>>();
const manyListed = await Tag.objects.prefetchRelated(
  Prefetch("products", { queryset: Product.objects.annotate({ n: Count("orders") }).slice(0, 3), toAttr: "top" }),
);
holds<Equal<(typeof manyListed)[number]["top"][number]["n"], number>>();
const backAgain = await Product.objects
  .cheap()
  .prefetchRelated(Prefetch("orders", { toAttr: "list" }))
  .cheap();
holds<Equal<(typeof backAgain)[number]["list"], Order[]>>();

// ---- mixed
const mixed = await Order.objects.selectRelated("product__category").prefetchRelated("product__tags", "lines");
holds<Equal<(typeof mixed)[number]["product"]["category"]["name"], string>>();
holds<Equal<Awaited<ReturnType<(typeof mixed)[number]["product"]["tags"]["all"]>>[number]["level"], 1 | 2>>();

// ---- only and defer
const some = await Product.objects.only("name").cheap();
holds<Equal<(typeof some)[number]["price"], Lazy<Decimal>>>();
holds<Equal<(typeof some)[number]["categoryId"], Lazy<number>>>();
const deferred = await Product.objects.defer("price").inCategory("x");
holds<Equal<(typeof deferred)[number]["price"], Lazy<Decimal>>>();
holds<Equal<(typeof deferred)[number]["name"], string>>();

// ---- generic keys
const mark = await Marks.objects.get({ pk: 1 });
holds<Equal<typeof mark.thing, Lazy<Product | Shelf | null>>>();
const loaded = await Marks.objects.prefetchRelated("thing");
holds<Equal<(typeof loaded)[number]["thing"], Product | Shelf | null>>();
const shelf = await Shelf.objects.get({ pk: 1 });
const made = await shelf.marks.create({ word: "high" });
holds<Equal<typeof made, Mark>>();
await shelf.marks.remove(made, 3);
// @ts-expect-error: the word is missing
await shelf.marks.create({});
// @ts-expect-error: a row that is added has to know it
await shelf.marks.add(3);

// ---- managers of related rows
const category = await Category.objects.get({ pk: 1 });
const [product] = await Product.objects.all();
await category.products.add(product!, { bulk: false });
await category.products.set(Product.objects.filter({ stock: 0 }));
// @ts-expect-error: a row that is moved has to know it; keys are for many-to-many sets
await category.products.add(3);
// @ts-expect-error: likewise
await category.children.remove(3);
const dear = category.products.manager("dear").all();
holds<Equal<RowOf<typeof dear>, Product>>();
