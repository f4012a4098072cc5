/** What must not compile: one error each, at the wrong part. The messages themselves are pinned in cost/messages. */
import {
  Avg,
  Case,
  CharField,
  Count,
  ExpressionWrapper,
  F,
  FloatField,
  ForeignKey,
  CASCADE,
  Lower,
  Prefetch,
  Q,
  QuerySet,
  Sum,
  Value,
  When,
  Window,
  Rank,
} from "babik";
import { Order, Product, Tag } from "./shop.js";

// ---- paths, lookups and values
// @ts-expect-error: unknown name
Product.objects.filter({ prize__lt: 3 });
// @ts-expect-error: unknown name behind a relation
Product.objects.filter({ category__parent__nam: "x" });
// @ts-expect-error: unknown name behind a reverse relation
Product.objects.filter({ orders__costumer__name: "x" });
// @ts-expect-error: wrong value
Product.objects.filter({ price__lt: true });
// @ts-expect-error: wrong value behind a relation
Product.objects.filter({ category__name: 3 });
// @ts-expect-error: a lookup of text on a boolean
Product.objects.filter({ inStock__icontains: "x" });
// @ts-expect-error: unknown transform
Product.objects.filter({ created__jear__gt: 3 });
// @ts-expect-error: unknown lookup behind a transform
Product.objects.filter({ created__year__contains: 3 });
// @ts-expect-error: not one of the choices
Tag.objects.filter({ label: "cold" });
// @ts-expect-error: not one of the choices in a list
Tag.objects.filter({ label__in: ["hot", "cold"] });
// @ts-expect-error: a key of text
Order.objects.filter({ pk: 3 });
// @ts-expect-error: a row of another model
Product.objects.filter({ category: new Tag() });
// @ts-expect-error: isnull takes a boolean
Product.objects.filter({ category__isnull: 1 });
// @ts-expect-error: a range has two ends
Product.objects.filter({ stock__range: [1] });
// @ts-expect-error: null is not in a field that has none
Product.objects.filter({ stock__gt: null });
// @ts-expect-error: hidden by relatedName "+"
Product.objects.filter({ "+": 3 });
Product.objects.filter({
  name: "x",
  // @ts-expect-error: the error is at its key, and only there
  nam: "x",
  price__lt: 3,
});
// @ts-expect-error: unknown name
Product.objects.exclude({ prize: 3 });
// @ts-expect-error: unknown name
Product.objects.get({ prize: 3 });

// ---- Q and expressions as conditions
// @ts-expect-error: unknown name in a Q
Product.objects.filter(Q({ inStock: true }).or(Q({ prize__lt: 20 })));
// @ts-expect-error: unknown name in a plain part of a Q
Product.objects.filter(Q({ inStock: true }).or({ prize__lt: 20 }));
// @ts-expect-error: wrong value in a Q
Product.objects.filter(Q({ inStock: true }).or(Q({ price__lt: true })));
// @ts-expect-error: wrong value in a static Q
Product.objects.filter(Q.and({ inStock: true }, { price__lt: true }));
// @ts-expect-error: unknown name in a comparison
Product.objects.filter(F("prize").lt(3));

// ---- names
// @ts-expect-error: unknown name
Product.objects.orderBy("-nam");
// @ts-expect-error: unknown name among right ones
Product.objects.orderBy("name", "-nam");
// @ts-expect-error: unknown name in an expression
Product.objects.orderBy("name", F("nam").desc());
// @ts-expect-error: unknown name
Product.objects.values("name", "nope");
// @ts-expect-error: unknown name in a named expression
Product.objects.values("name", { lower: Lower("nam") });
// @ts-expect-error: unknown name
Product.objects.valuesList("nope", { flat: true });
// @ts-expect-error: unknown name
Product.objects.only("nope");
// @ts-expect-error: unknown name
Product.objects.defer("nope");
// @ts-expect-error: unknown name
Product.objects.distinct("nope");
// @ts-expect-error: unknown relation
Product.objects.selectRelated("kategory");
// @ts-expect-error: a field that is no relation
Product.objects.selectRelated("name");
// @ts-expect-error: unknown relation behind another
Product.objects.selectRelated("category", "category__nope");
// @ts-expect-error: unknown relation before another
Product.objects.selectRelated("nope__category");
// @ts-expect-error: unknown relation
Product.objects.prefetchRelated("orders", "order");
// @ts-expect-error: unknown relation in a Prefetch
Product.objects.prefetchRelated(Prefetch("order"));
Product.objects.prefetchRelated(Prefetch("orders", { toAttr: "list" }), "list__lines");
// @ts-expect-error: an annotation is none before it is made
Product.objects.filter({ n__gt: 3 }).annotate({ n: Count("orders") });

// ---- expressions
Product.objects.annotate({
  right: Count("orders"),
  // @ts-expect-error: unknown name in an aggregate, at its key
  n: Count("order"),
});
// @ts-expect-error: unknown name in an operand
Product.objects.annotate({ n: F("price").mul(F("prize")) });
// @ts-expect-error: unknown name in a condition
Product.objects.annotate({ n: Case(When({ prize__lt: 20 }, { then: Value("cheap") })) });
// @ts-expect-error: unknown name in a result
Product.objects.annotate({ n: Case(When({ price__lt: 20 }, { then: F("prize") })) });
// @ts-expect-error: unknown name in a filter
Product.objects.annotate({ n: Count("orders", { filter: Q({ order__quantity: 3 }) }) });
// @ts-expect-error: unknown name in a window
Product.objects.annotate({ n: Window(Rank(), { partitionBy: ["kategory"] }) });
// @ts-expect-error: unknown name in a wrapped expression
Product.objects.annotate({ n: ExpressionWrapper(F("prize"), { outputField: FloatField() }) });
// @ts-expect-error: an expression without a name
Product.objects.annotate(Lower("name"));
// @ts-expect-error: unknown name in a bare aggregate
Product.objects.aggregate(Avg("prize"));
// @ts-expect-error: unknown name in a named aggregate
Product.objects.aggregate({ n: Sum("prize") });

// ---- changes
// @ts-expect-error: unknown field
Product.objects.update({ prize: 3 });
// @ts-expect-error: wrong value
Product.objects.update({ price: true });
// @ts-expect-error: no such name among the defaults
Product.objects.getOrCreate({ name: "x" }, { defaults: { prize: 3 } });
// @ts-expect-error: a manager is not awaited
(await Product.objects).length;

// ---- definitions
// @ts-expect-error: unknown option
CharField({ maxLength: 3, nul: true });
// @ts-expect-error: maxLength is missing
CharField({ null: true });
// @ts-expect-error: onDelete is missing
ForeignKey("Tag", {});
// @ts-expect-error: unknown option
ForeignKey("Tag", { onDelete: CASCADE, relatedNam: "x" });
// @ts-expect-error: the default is of another type
CharField({ maxLength: 3, default: 3 });

// ---- inside a queryset class
export class Own extends QuerySet<"Product"> {
  right() {
    return this.filter({ price__lt: 3, category__name: "x" })
      .orderBy("-category__name")
      .exclude(Q({ stock: 0 }));
  }
  wrong() {
    // @ts-expect-error: unknown name
    return this.filter({ prize__lt: 3 });
  }
}
