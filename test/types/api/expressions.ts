/** What expressions yield where a queryset takes them in. */
import {
  Abs,
  Avg,
  Case,
  Cast,
  Coalesce,
  Concat,
  Count,
  type Decimal,
  Exists,
  Extract,
  FilteredRelation,
  GreaterThan,
  Trunc,
  ExpressionWrapper,
  ExtractYear,
  F,
  FloatField,
  Func,
  Greatest,
  IntegerField,
  Lag,
  Length,
  Lower,
  Max,
  Min,
  Now,
  NullIf,
  OuterRef,
  Q,
  Rank,
  RawSQL,
  Sqrt,
  StdDev,
  StringAgg,
  Subquery,
  Sum,
  TruncDate,
  TruncMonth,
  Upper,
  Value,
  Variance,
  When,
  Window,
} from "babik";
import type { Temporal } from "temporal-polyfill";
import { type Equal, holds } from "../equal.js";
import { Category, Line, Order, Product } from "./shop.js";

// ---- aggregates
const mean = await Product.objects.aggregate(Avg("price"));
holds<Equal<typeof mean, { price__avg: Decimal | null }>>();
const several = await Product.objects.aggregate(Avg("price"), Sum("stock"), { n: Count("*"), latest: Max("created") });
holds<
  Equal<typeof several, { price__avg: Decimal | null; stock__sum: number | null; n: number; latest: Date | null }>
>();
const named = await Product.objects.aggregate({
  price: Sum("price"),
  stock: Sum("stock"),
  filled: Sum("stock", { default: 0 }),
  meanStock: Avg("stock"),
  deviation: StdDev("price"),
  variance: Variance("stock", { sample: true }),
  first: Min("name"),
  hot: Count("tags", { distinct: true, filter: Q({ tags__label: "hot" }) }),
  of: Sum(F("price").mul(F("stock"))),
  list: StringAgg("name", { delimiter: ", " }),
  views: Sum("views"),
  far: Max("category__parent__maxPrice"),
});
holds<
  Equal<
    typeof named,
    {
      price: Decimal | null;
      stock: number | null;
      filled: number;
      meanStock: number | null;
      deviation: Decimal | null;
      variance: number | null;
      first: string | null;
      hot: number;
      of: Decimal | null;
      list: string | null;
      views: bigint | null;
      far: Decimal | null;
    }
  >
>();

// ---- operations, functions, conditions
const row = await Product.objects
  .annotate({
    double: F("price").mul(2),
    sum: F("stock").add(1),
    both: F("price").mul(F("stock")),
    maybe: F("weight").add(1),
    power: F("stock").pow(2),
    bits: F("stock").bitAnd(7),
    negative: F("stock").neg(),
    age: F("changed").sub(F("created")),
    shifted: F("created").add(Value(null as unknown as Temporal.Duration)),
    lower: Lower("name"),
    upper: Upper(F("name")),
    length: Length("name"),
    joined: Concat("name", Value(" "), "category__name"),
    parent: Lower("category__parent__name"),
    year: ExtractYear("created"),
    month: TruncMonth("created"),
    day: TruncDate("created"),
    root: Sqrt("stock"),
    abs: Abs("price"),
    none: NullIf("stock", Value(0)),
    greatest: Greatest("price", "category__maxPrice"),
    first: Coalesce("weight", Value(0)),
    still: Coalesce("weight", "category__maxPrice"),
    text: Cast("price", IntegerField()),
    one: Value("x"),
    now: Now(),
    band: Case(When({ price__lt: 20 }, { then: Value("cheap") }), When(Q({ stock: 0 }), { then: Value("gone") }), {
      default: Value("dear"),
    }),
    open: Case(When({ price__lt: 20 }, { then: F("stock") })),
    isCheap: F("price").lt(20),
    wrapped: ExpressionWrapper(F("price").div(2), { outputField: FloatField() }),
    rank: Window(Rank(), { partitionBy: ["category"], orderBy: [F("price").desc(), "-name"] }),
    before: Window(Lag("price"), { orderBy: "created" }),
    last: Subquery(
      Order.objects
        .filter({ product: OuterRef("pk") })
        .orderBy("-placed")
        .values("quantity"),
    ),
    has: Exists(Order.objects.filter({ product: OuterRef("pk") })),
    any: Func("price", { function: "ROUND" }),
    raw: RawSQL("1", [], { outputField: IntegerField() }),
  })
  .get({ double__gt: 3, band: "cheap", rank__lte: 3, isCheap: true, month__year: 2020 });
holds<Equal<typeof row.double, Decimal>>();
holds<Equal<typeof row.sum, number>>();
holds<Equal<typeof row.both, Decimal>>();
holds<Equal<typeof row.maybe, number | null>>();
holds<Equal<typeof row.power, number>>();
holds<Equal<typeof row.bits, number>>();
holds<Equal<typeof row.negative, number>>();
holds<Equal<typeof row.age, Temporal.Duration>>();
holds<Equal<typeof row.shifted, Date>>();
holds<Equal<typeof row.lower, string>>();
holds<Equal<typeof row.length, number>>();
holds<Equal<typeof row.joined, string>>();
holds<Equal<typeof row.parent, string | null>>();
holds<Equal<typeof row.year, number>>();
holds<Equal<typeof row.month, Date>>();
holds<Equal<typeof row.day, Temporal.PlainDate>>();
holds<Equal<typeof row.root, number>>();
holds<Equal<typeof row.abs, Decimal>>();
holds<Equal<typeof row.none, number | null>>();
holds<Equal<typeof row.greatest, Decimal | null>>();
holds<Equal<typeof row.first, number>>();
holds<Equal<typeof row.still, number | Decimal | null>>();
holds<Equal<typeof row.text, number | null>>();
holds<Equal<typeof row.one, string>>();
holds<Equal<typeof row.now, Date>>();
holds<Equal<typeof row.band, string>>();
holds<Equal<typeof row.open, number | null>>();
holds<Equal<typeof row.isCheap, boolean>>();
holds<Equal<typeof row.wrapped, number>>();
holds<Equal<typeof row.rank, number>>();
holds<Equal<typeof row.before, Decimal | null>>();
holds<Equal<typeof row.last, number | null>>();
holds<Equal<typeof row.has, boolean>>();
holds<Equal<typeof row.raw, number>>();

// ---- where they may stand
await Product.objects.filter(Exists(Order.objects.filter({ product: OuterRef("pk") })));
await Product.objects.filter({ price__gt: F("category__maxPrice").mul(2) });
await Category.objects.filter({ pk__in: Product.objects.values("category") });
await Product.objects.update({ name: Upper("name"), price: F("price").mul("1.10"), stock: F("stock").add(1) });
await Product.objects.create({ name: Lower(Value("X")), price: 1, category: 3 });
await Product.objects.filter(GreaterThan(F("price"), F("category__maxPrice")));
// @ts-expect-error: unknown name in a lookup
await Product.objects.filter(GreaterThan("prize", 3));
await Category.objects
  .annotate({ open: FilteredRelation("products", { condition: Q({ products__inStock: true }) }) })
  .filter({ open__name: "x" });
const parts = await Product.objects.annotate({ y: Extract("created", "year"), m: Trunc("created", "month") }).first();
holds<Equal<NonNullable<typeof parts>["y"], number>>();
holds<Equal<NonNullable<typeof parts>["m"], Date>>();

// A Q is a value too: true or false.
const cheap = await Product.objects
  .annotate({ cheap: Q({ price__lt: 20 }).or({ inStock: false }) })
  .get({ cheap: true });
holds<Equal<typeof cheap.cheap, boolean>>();
// @ts-expect-error: the model has no such name
Product.objects.annotate({ cheap: Q({ prize__lt: 20 }) });
// The paths of expressions inside a Q are checked with it.
Product.objects.filter(Q({ price__gt: F("category__id") }));
// @ts-expect-error: the model has no such path
Product.objects.filter(Q({ price__gt: F("category__nope") }));
// And so are those in plain conditions, lookups among them.
Product.objects.filter({ price__gt: F("category__id"), stock__range: [1, F("views")] });
// @ts-expect-error: the model has no such path
Product.objects.filter({ price__gt: F("category__nope") });
// @ts-expect-error: the model has no such path
Product.objects.filter({ name: "x", price__gt: F("prize").mul(2) });
// @ts-expect-error: the model has no such path
Product.objects.exclude({ price__lt: Coalesce("prize", 1) });

// ---- a condition by itself
Q({ price__gt: 0 }).check({ price: 1 }) satisfies Promise<boolean>;
Q({ price__gt: 0 })
  .or({ free: true })
  .check({ price: F("cost"), free: null }, { using: "replica" }) satisfies Promise<boolean>;
// @ts-expect-error: values are given by name
Q({ price__gt: 0 }).check([1]).then();
// @ts-expect-error: a misspelt option
Q({ price__gt: 0 }).check({ price: 1 }, { usign: "replica" });
