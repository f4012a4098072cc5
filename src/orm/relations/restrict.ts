/** The queryset of a relation cut down to the rows of some instances; a slice becomes one for each of them. It reads nothing. */
import { lookup, type Expr } from "../../ast/expr.js";
import type { DialectInfo } from "../../ast/seams.js";
import type { Slot } from "../../ast/slots.js";
import { F } from "../../expressions/makers.js";
import { RowNumber } from "../../expressions/functions/window.js";
import { Q } from "../../expressions/q.js";
import { ShapeKey } from "../../expressions/shape-key.js";
import { addAnnotations } from "../../query/annotate.js";
import { addFilter } from "../../query/filter.js";
import { planOrdering } from "../../query/plan-order.js";
import type { QuerySet } from "../queryset.js";

/** Name of the columns that say which instance a row of a many-to-many set belongs to, with their numbers. */
export const OWNER_KEY = "_prefetch_related_val";

/**
 * Rows whose `path` is one of `values`. Joins that are there already are shared, so that conditions of the queryset on the same
 * relation hold for the same row. A sliced queryset gives its slice for each value (by ROW_NUMBER).
 */
export function restrictTo(
  qs: QuerySet,
  path: string,
  values: readonly unknown[],
  dialect: DialectInfo,
  ownerPaths: readonly string[] = [],
): QuerySet {
  const key = new ShapeKey();
  const sliced = qs.query.limit;
  const { low, high } = qs;
  // The order of the window is planned here, and so for one dialect.
  key.static(
    `related:${JSON.stringify([path, ownerPaths, sliced === null ? null : [dialect.name, low > 0, high !== null]])}`,
  );
  key.value(values);
  if (sliced !== null) {
    key.value(low);
    if (high !== null) key.value(high);
  }
  return qs.step(
    key,
    (query, slotter) => {
      const list = slotter.any(values);
      query.initialAlias();
      query.limit = null;
      query.limitedToOne = false;
      addFilter(query, Q.make("AND", [[`${path}__in`, list]]), true);
      if (sliced !== null) {
        const { resolver } = query.context;
        const resolve = (e: unknown): Expr => resolver.resolve(query, e, {});
        const number = resolve(RowNumber());
        const orderBy = planOrdering(query, [], dialect).map((o) => o.node);
        const window: Expr = {
          kind: "window",
          expr: number,
          partitionBy: (ownerPaths.length > 0 ? ownerPaths : [path]).map((p) => resolve(F(p))),
          orderBy,
          frame: null,
          type: number.type,
        };
        const bound = (v: unknown): Expr => ({
          kind: "param",
          slot: (slotter.any(v) as Slot).index,
          type: number.type,
        });
        query.addWhere(lookup("gt", window, [bound(low)]));
        if (high !== null) query.addWhere(lookup("lte", window, [bound(high)]));
      }
      addAnnotations(
        query,
        ownerPaths.map((p, i) => [`${OWNER_KEY}${i}`, F(p)]),
        true,
        false,
      );
    },
    { low: 0, high: null },
  );
}
