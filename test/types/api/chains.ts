/** Rows of chains: paths, lookups, values, loading, custom methods. */
import { Avg, Count, type Decimal, F, type Lazy, Lower, Prefetch, Q, type QuerySet, type RowOf } from "babik";
import type { Temporal } from "temporal-polyfill";
import { type Equal, holds } from "../equal.js";
import { Customer, Profile } from "./crm.js";
import { Category, Line, Order, Place, Product, Restaurant, Tag } from "./shop.js";

// ---- paths and lookups of every family
const found = await Product.objects.filter({
  name__icontains: "x",
  name__iexact: "X",
  name__in: ["a", "b"],
  name__regex: /^a/,
  name__isnull: false,
  name__sounds_like: "x",
  name__ne: "y",
  name__length: 3,
  name__length__gt: 3,
  slug__startswith: "a",
  price__lt: 20,
  price__gte: "3.50",
  price__range: [1, "2"],
  price: F("category__maxPrice").mul(2),
  stock__in: [1, 2],
  inStock: true,
  weight: null,
  weight__isnull: true,
  views__gt: 3n,
  views: 4,
  created__year: 2020,
  created__year__gte: 2019,
  created__date: "2020-01-31",
  created__date__lt: "2020-01-31",
  created__time__hour: 3,
  created__week_day: 1,
  created__iso_week_day: 1,
  created__quarter__in: [1, 2],
  created__iso_year: 2020,
  created: new Date(),
  created__lt: "2020-01-31T00:00:00Z",
  category: 3,
  categoryId: 3,
  categoryId__in: [1],
  category__in: [1, 2],
  category__name: "x",
  category__parent__parent__name__istartswith: "x",
  category__isnull: false,
  orders__customer__profile__points__gt: 3,
  tags__label: "hot",
  tags__label__in: ["hot"],
  tags: 3,
  fans__email__endswith: "@x",
  settings__theme: "dark",
  settings__sizes__0: 3,
  settings__theme__icontains: "d",
  settings__has_key: "theme",
  settings__has_keys: ["a"],
  settings__has_any_keys: ["a"],
  settings__contains: { theme: "dark" },
  settings__contained_by: { theme: "dark" },
  settings__isnull: false,
  pk: 1,
  pk__in: [1, 2],
  id__gt: 3,
  productTag__weight: 3,
  total__gt: 3,
});
holds<Equal<typeof found, Product[]>>();
const shipped = await Order.objects.filter({
  shipped__gte: "2020-01-31",
  shipped__week: 3,
  shipped__month: 1,
  shipped__day__lt: 5,
  at__hour: 3,
  at__minute__gte: 1,
  at: "13:45",
  took__gt: "PT3H",
  customer__name: "x",
  id: "6f1c",
  pk__in: ["a"],
  product__category__name: "x",
  lines__number: 3,
  lines__order: "6f1c",
});
holds<Equal<typeof shipped, Order[]>>();
await Category.objects.filter({
  products: await Product.objects.get({ pk: 1 }),
  products__in: Product.objects.filter({ name: "x" }),
  parent: null,
  children__products__price__lt: 3,
});
await Place.objects.filter({
  country: "FR",
  country__code__in: ["FR"],
  countryId: "FR",
  zone: "FRA",
  zoneId__startswith: "F",
  restaurant__stars: 3,
  pk: 3,
  key__lt: 3,
});
await Restaurant.objects.filter({ name: "x", country__code: "FR", placePtr__name: "x", stars__gte: 2, placePtr: 3 });
await Profile.objects.filter({ customer__email: "x", pk: 3, customer: 3, customerId__in: [3] });
await Customer.objects.filter({ profile__points__gt: 3, profile__isnull: true, visit__page: "x", visit__in: [1] });
await Line.objects.filter({ pk: ["a", 1], pk__in: [["a", 1]], order__placed__year: 2020 });

// ---- Q
const either = await Product.objects.filter(
  Q({ inStock: true }).or(Q({ price__lt: 20 })),
  { name: "x" },
  Q({ category__name: "x" }).not(),
);
holds<Equal<typeof either, Product[]>>();
await Product.objects.exclude(Q.or({ price__lt: 20 }, Q.not({ name: "x" })));
await Product.objects.filter(F("stock").lt(F("views")), F("price").gt(3).or(F("name").eq("x")));
await Product.objects.get(Q({ name: "x" }));

// ---- values
const plain = await Product.objects.values(
  "name",
  "category__parent__name",
  "price",
  "category",
  "categoryId",
  "tags",
  "created__year",
);
holds<
  Equal<
    (typeof plain)[number],
    {
      name: string;
      category__parent__name: string | null;
      price: Decimal;
      category: number;
      categoryId: number;
      tags: number | null;
      created__year: number;
    }
  >
>();
const lowered = await Product.objects.values("name", { lower: Lower("name") });
holds<Equal<(typeof lowered)[number], { name: string; lower: string }>>();
const grouped = await Product.objects
  .values("category__name")
  .annotate({ n: Count("id"), mean: Avg("price") })
  .orderBy("-n");
holds<Equal<(typeof grouped)[number], { category__name: string; n: number; mean: Decimal | null }>>();
const all = await Tag.objects.values();
holds<Equal<(typeof all)[number], { id: number; label: "hot" | "new"; level: 1 | 2 }>>();
const names = await Product.objects.valuesList("name", { flat: true });
holds<Equal<typeof names, string[]>>();
const keys = await Order.objects.valuesList("pk", { flat: true });
holds<Equal<typeof keys, string[]>>();
const pairs = await Product.objects.valuesList("name", "category__name", Lower("slug"));
holds<Equal<(typeof pairs)[number], [string, string, string]>>();
const namedRows = await Product.objects.valuesList("name", "price", { named: true });
holds<Equal<(typeof namedRows)[number], { name: string; price: Decimal }>>();
const last = await Product.objects.values("name").values("price");
holds<Equal<(typeof last)[number], { price: Decimal }>>();
const days = await Order.objects.dates("placed", "month");
holds<Equal<typeof days, Temporal.PlainDate[]>>();

// ---- annotations
const counted = await Category.objects
  .annotate({ n: Count("products"), mean: Avg("products__price") })
  .filter({ n__gt: 3, mean__lt: "4" })
  .orderBy("-n", "name")
  .first();
holds<Equal<NonNullable<typeof counted>["n"], number>>();
holds<Equal<NonNullable<typeof counted>["mean"], Decimal | null>>();
counted!.shout();
const bare = await Category.objects.annotate(Count("products")).filter({ products__count: 3, products__count__gt: 2 });
holds<Equal<(typeof bare)[number]["products__count"], number>>();
const twice = await Category.objects
  .annotate({ n: Count("products") })
  .annotate({ m: F("n").mul(2) })
  .filter({ m__lt: 3, n: 2 });
holds<Equal<(typeof twice)[number]["m"], number>>();
const hidden = await Category.objects
  .alias({ n: Count("products") })
  .filter({ n__gt: 3 })
  .orderBy("n");
holds<Equal<typeof hidden, Category[]>>();

// ---- loading
const full = await Order.objects.selectRelated("customer__profile", "product__category");
holds<Equal<(typeof full)[number]["customer"]["name"], string>>();
holds<Equal<NonNullable<(typeof full)[number]["customer"]["profile"]>["points"], number>>();
full[0]!.product.category.shout();
holds<Equal<(typeof full)[number]["product"]["title"], string>>();
const favourites = await Customer.objects.selectRelated("favourite");
holds<Equal<(typeof favourites)[number]["favourite"], Product | null>>();
const required = await Product.objects.selectRelated();
required[0]!.category.shout();
const raves = await Category.objects.prefetchRelated(
  "products",
  Prefetch("products__orders", {
    queryset: Order.objects.filter({ quantity: 5 }).annotate({ n: Count("lines") }),
    toAttr: "raves",
  }),
);
const inside = await raves[0]!.products.all();
holds<Equal<(typeof inside)[number]["raves"][number]["n"], number>>();
holds<Equal<(typeof inside)[number]["name"], string>>();
const single = await Product.objects.prefetchRelated("category");
single[0]!.category.shout();
const lists = await Category.objects.prefetchRelated(Prefetch("products", { toAttr: "list" }));
holds<Equal<(typeof lists)[number]["list"], Product[]>>();
const light = await Product.objects.only("name", "category");
holds<Equal<(typeof light)[number]["name"], string>>();
holds<Equal<(typeof light)[number]["id"], number>>();
holds<Equal<(typeof light)[number]["categoryId"], number>>();
holds<Equal<(typeof light)[number]["price"], Lazy<Decimal>>>();
const late = await Product.objects.defer("description");
holds<Equal<(typeof late)[number]["description"], Lazy<string>>>();
holds<Equal<(typeof late)[number]["name"], string>>();

// ---- steps that keep what is there
const kept = Product.objects
  .cheap()
  .annotate({ n: Count("orders") })
  .inCategory("x")
  .filter({ n__gt: 1 })
  .cheap()
  .distinct()
  .reverse()
  .slice(0, 20)
  .using("replica")
  .selectForUpdate({ skipLocked: true })
  .all()
  .fetchMode("raise");
holds<Equal<RowOf<typeof kept>["n"], number>>();
const flat = await Product.objects.cheap().values("name").inCategory("x");
holds<Equal<typeof flat, { name: string }[]>>();
const together = await Product.objects.filter({ name: "x" }).union(Product.objects.all(), { all: true }).orderBy("?");
holds<Equal<typeof together, Product[]>>();
const combined = await Product.objects.cheap().or(Product.objects.all()).cheap();
holds<Equal<typeof combined, Product[]>>();
async function names2(queryset: QuerySet<"Product">): Promise<string[]> {
  return (await queryset.filter({ name: "x" })).map((product) => product.name);
}
await names2(Product.objects.cheap());
for await (const row of Product.objects.annotate({ n: Count("orders") }).iterator({ chunkSize: 10 }))
  holds<Equal<typeof row.n, number>>();
for await (const row of Product.objects.all()) holds<Equal<typeof row, Product>>();
await Product.objects.orderBy(
  "-price",
  "category__name",
  F("name").desc({ nullsLast: true }),
  "-created__year",
  Lower("name"),
  "pk",
  "?",
);
await Product.objects.distinct("category", "name");
const earliest = await Product.objects.earliest("created");
holds<Equal<typeof earliest, Product>>();
const latest = await Product.objects.latest("-created", "name");
holds<Equal<typeof latest, Product>>();
const updated = await Product.objects
  .filter({ pk: 1 })
  .update({ price: F("price").mul("1.10"), categoryId: 3, inStock: false });
holds<Equal<typeof updated, number>>();
const statement = Product.objects.all().sql();
holds<Equal<typeof statement.text, string>>();
holds<Equal<typeof statement.params, readonly unknown[]>>();
const plan = await Product.objects.all().explain({ analyze: true });
holds<Equal<typeof plan, string>>();
const raw = await Product.objects.raw<{ n: number }>("SELECT 1");
holds<Equal<(typeof raw)[number]["n"], number>>();
const exists = await Product.objects.filter({ pk: 1 }).exists();
holds<Equal<typeof exists, boolean>>();
await Product.objects.contains(earliest);
await Product.objects.complexFilter({ name: "x" });
await Product.objects.none().extra({ where: ["1=1"] });
