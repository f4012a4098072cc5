/**
 * Expressions and aggregates as users see them: what `expressions/` makes, under the public types. Only casts and
 * documentation stand here. Functions of the database are in `functions.ts`, comparisons in `lookups.ts`.
 */
import * as aggregates from "../expressions/aggregate.js";
import * as make from "../expressions/makers.js";
import { Q as QClass } from "../expressions/q.js";
import "../orm/q-check.js";
import { callable } from "../fields/factories.js";
import type * as t from "../orm/types/expressions.types.js";
import type { FieldLike } from "../orm/types/fields.types.js";

/**
 * The value at a path, for use in conditions, updates, annotations and orderings.
 * @param path a field, or a path over relations
 * @example Product.objects.update({ price: F("price").mul("1.10") })   // SET "price" = "price" * 1.10
 * @see https://docs.djangoproject.com/en/stable/ref/models/expressions/#f-expressions
 */
export const F = make.F as unknown as t.FFunction;
/**
 * A plain value among expressions: `Value("cheap")`; `outputField` says its type where it cannot be seen.
 * @see https://docs.djangoproject.com/en/stable/ref/models/expressions/#value-expressions
 */
export const Value = make.Value as unknown as t.ValueFunction;
/**
 * A path of the query around a subquery: `Order.objects.filter({ product: OuterRef("pk") })`.
 * @see https://docs.djangoproject.com/en/stable/ref/models/expressions/#subquery-expressions
 */
export const OuterRef = make.OuterRef as unknown as t.OuterRefFunction;
/**
 * A queryset as one value: of its first row the one column, or null.
 * @example annotate({ newest: Subquery(Post.objects.filter({ author: OuterRef("pk") }).orderBy("-created").values("title").slice(0, 1)) })
 * @see https://docs.djangoproject.com/en/stable/ref/models/expressions/#subquery-expressions
 */
export const Subquery = make.Subquery as unknown as t.SubqueryFunction;
/** A queryset of one column as a list (PostgreSQL): `ARRAY(SELECT …)`. */
export const ArraySubquery = make.ArraySubquery as unknown as t.ArraySubqueryFunction;
/**
 * Whether a queryset has rows: `filter(Exists(Order.objects.filter({ product: OuterRef("pk") })))`; `.not()` turns it round.
 * @see https://docs.djangoproject.com/en/stable/ref/models/expressions/#exists-subqueries
 */
export const Exists = make.Exists as unknown as t.ExistsFunction;
/**
 * The value of the first branch whose condition holds.
 * @example Case(When({ price__lt: 20 }, { then: Value("cheap") }), { default: Value("dear") })
 *   // CASE WHEN "price" < 20 THEN 'cheap' ELSE 'dear' END
 * @see https://docs.djangoproject.com/en/stable/ref/models/conditional-expressions/#case
 */
export const Case = make.Case as unknown as t.CaseFunction;
/** A branch of a `Case`: `When({ price__lt: 20 }, { then: Value("cheap") })`. Text under `then` is a path. */
export const When = make.When as unknown as t.WhenFunction;
/**
 * A value as the type of a field: `Cast("price", IntegerField())` is `"price"::integer` or `CAST("price" AS …)`.
 * @see https://docs.djangoproject.com/en/stable/ref/models/database-functions/#cast
 */
export const Cast = make.Cast as unknown as t.CastFunction;
/** Text under a collation: `Collate("name", "nocase")` is `"name" COLLATE "nocase"`. */
export const Collate = make.Collate as unknown as t.CollateFunction;
/** An expression whose type is told: `ExpressionWrapper(F("a").div("b"), { outputField: FloatField() })`. */
export const ExpressionWrapper = make.ExpressionWrapper as unknown as t.ExpressionWrapperFunction;
/**
 * SQL of your own as an expression: `RawSQL("price * %s", [2])`. Values belong in `params`, never into the text.
 * @see https://docs.djangoproject.com/en/stable/ref/models/expressions/#raw-sql-expressions
 */
export const RawSQL = make.RawSQL as unknown as t.RawSQLFunction;
/**
 * A function over rows around each row.
 * @example Window(Rank(), { partitionBy: ["category"], orderBy: [F("price").desc()] })
 *   // RANK() OVER (PARTITION BY "category_id" ORDER BY "price" DESC)
 * @see https://docs.djangoproject.com/en/stable/ref/models/expressions/#window-functions
 */
export const Window = make.Window as unknown as t.WindowFunction;
/**
 * A relation under a condition of its own, in the ON clause of its join.
 * @example annotate({ cheap: FilteredRelation("products", { condition: Q({ products__price__lt: 5 }) }) })
 * @see https://docs.djangoproject.com/en/stable/ref/models/querysets/#filteredrelation-objects
 */
export const FilteredRelation = make.FilteredRelation as unknown as t.FilteredRelationFunction;
/**
 * A condition that can be combined: `Q({ inStock: true }).or({ price__lt: 20 })`; also `Q.and`, `Q.or`, `Q.xor`, `Q.not`.
 * @example Product.objects.filter(Q({ inStock: true }).or({ price__lt: 20 }))   // WHERE ("in_stock" OR "price" < 20)
 * @see https://docs.djangoproject.com/en/stable/ref/models/querysets/#q-objects
 */
export const Q = callable(QClass) as unknown as t.QFunction;
/** Conditions, as a type: `C` is the union of those inside. */
export type Q<C = object> = t.Q<C>;

/**
 * Number of rows (`Count("*")`) or of values that are not NULL.
 * @param options `distinct`, `filter`
 * @example Category.objects.annotate({ productCount: Count("products") })   // COUNT("shop_product"."id")
 * @see https://docs.djangoproject.com/en/stable/ref/models/querysets/#count
 */
export const Count = aggregates.Count as unknown as t.CountFunction;
/**
 * Sum of the values; null over none, unless there is a `default`: `Sum("price", { default: 0 })`.
 * @see https://docs.djangoproject.com/en/stable/ref/models/querysets/#sum
 */
export const Sum = aggregates.Sum as unknown as t.OptionalAggregateFunction<"sum">;
/**
 * Mean of the values: `Decimal` of decimals, else `number`; null over none.
 * @see https://docs.djangoproject.com/en/stable/ref/models/querysets/#avg
 */
export const Avg = aggregates.Avg as unknown as t.AverageFunction<"avg">;
/** Smallest value, null over none. */
export const Min = aggregates.Min as unknown as t.OptionalAggregateFunction<"min">;
/** Largest value, null over none. */
export const Max = aggregates.Max as unknown as t.OptionalAggregateFunction<"max">;
/** Some value of the group, null over none. */
export const AnyValue = aggregates.AnyValue as unknown as t.OptionalAggregateFunction<"anyvalue">;
/** Standard deviation; `{ sample: true }` for that of a sample. */
export const StdDev = aggregates.StdDev as unknown as t.AverageFunction<"stddev">;
/** Variance; `{ sample: true }` for that of a sample. */
export const Variance = aggregates.Variance as unknown as t.AverageFunction<"variance">;
/**
 * Values joined by a delimiter: `StringAgg("name", { delimiter: Value(", "), orderBy: "name" })`.
 * @see https://docs.djangoproject.com/en/stable/ref/models/querysets/#stringagg
 */
export const StringAgg = aggregates.StringAgg as unknown as t.StringAggFunction;

/** Which rows of the frame a window function leaves out. */
export { WindowFrameExclusion } from "../expressions/makers.js";
/** A frame counted in rows: `RowRange({ start: -2, end: 0 })` is `ROWS BETWEEN 2 PRECEDING AND CURRENT ROW`. */
export const RowRange = make.RowRange;
/** A frame by values: `ValueRange({ start: null, end: 0 })` is `RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW`. */
export const ValueRange = make.ValueRange;

/** What rarely stands in a program by itself: results of methods, as functions. */
export interface OutputOption {
  /** A field that says what type the result has. */
  readonly outputField?: FieldLike;
}
/** `a op b`, as `F("a").add("b")` makes it. */
export const CombinedExpression = make.CombinedExpression as unknown as (
  lhs: unknown,
  operator: string,
  rhs: unknown,
  options?: OutputOption,
) => t.Expression<unknown>;
/** An expression with a direction, as `F("a").desc()` makes it. */
export const OrderBy = make.OrderBy as unknown as (
  expression: unknown,
  options?: { readonly descending?: boolean } & t.NullsOptions,
) => t.Ordering<unknown>;
/** `NOT` an expression. */
export const NegatedExpression = make.NegatedExpression as unknown as (expression: unknown) => t.Condition<boolean>;
/** The default that the database has for a column, as a value to save. */
export const DatabaseDefault = make.DatabaseDefault as unknown as (
  expression?: unknown,
  options?: OutputOption,
) => t.Expression<unknown>;
/** A part of a text or list. */
export const Sliced = make.Sliced as unknown as (
  expression: unknown,
  slice: { readonly start: number; readonly stop: number | null },
) => t.Expression<unknown>;
