/**
 * A queryset that goes on from a place in its order: the key of the row is added to the order, the values of the order are read
 * beside each row, and rows behind (or before) a place are chosen by comparing these values. It reads nothing.
 */
import { lookup, NEVER, typeOrNull, where, type Expr, type OrderNode } from "../../ast/expr.js";
import type { DialectInfo, ValueType } from "../../ast/seams.js";
import type { Slot } from "../../ast/slots.js";
import { nodeKey } from "../../ast/walk.js";
import { NotSupportedError, QueryTypeError } from "../../base/errors.js";
import { F } from "../../expressions/makers.js";
import { ShapeKey } from "../../expressions/shape-key.js";
import { putAnnotation } from "../../query/annotations-put.js";
import { planOrdering, RANDOM, reversed } from "../../query/plan-order.js";
import type { Query } from "../../query/state.js";
import type { QuerySet } from "../queryset.js";

/** Names of the columns that hold the values of the order, with their numbers. */
export const KEY_COLUMN = "_keyset_";

/** One term of the order. */
export interface KeyTerm {
  readonly expr: Expr;
  readonly type: ValueType | null;
  readonly descending: boolean;
  readonly nullsFirst: boolean;
  /** Whether a row may have no value there. */
  readonly nullable: boolean;
}
const termsOfQuery = new WeakMap<Query, readonly KeyTerm[]>();
/** The terms of the order of a queryset that `ordered` gave. */
export function keyTerms(qs: QuerySet): readonly KeyTerm[] {
  return termsOfQuery.get(qs.query)!;
}

/** Refuses querysets whose rows cannot be found again by their order. */
export function checkKeyset(qs: QuerySet): void {
  const { query } = qs;
  const no = (what: string, code: string): never => {
    throw new NotSupportedError(`KeysetPaginator() cannot go through ${what}.`, `keyset.${code}`, {
      model: qs.meta.label,
    });
  };
  qs.refuseCombined("keyset");
  if (query.isSliced) throw new QueryTypeError("Cannot cut a slice into pages.", "queryset.sliced");
  if (query.distinctFields.length > 0) no("a queryset with distinct(…fields)", "distinct");
  if (query.distinct && qs.mode !== "instances") no("distinct values", "distinct");
  if (Array.isArray(query.groupBy)) no("grouped values: their rows have no key", "grouped");
}

/** The queryset with its order made unique, or turned around, and the values of the order as columns. */
export function ordered(qs: QuerySet, dialect: DialectInfo, backwards: boolean): QuerySet {
  const key = new ShapeKey();
  key.static(`keyset:${dialect.name}${backwards ? ":back" : ""}`);
  return qs.step(
    key,
    (query) => {
      query.initialAlias();
      const nodes = planOrdering(query, [], dialect).map((o) => o.node);
      const seen = new Set(nodes.map((n) => nodeKey(n.expr)));
      for (const pk of query.meta.pkFields) {
        const expr = query.context.resolver.resolve(query, F(pk.name), {});
        if (seen.has(nodeKey(expr))) continue;
        nodes.push({ kind: "order", expr, descending: false, nulls: null, type: null });
      }
      const turned = backwards ? nodes.map(reversed) : nodes;
      query.clearOrdering(true, false);
      query.ordering = turned;
      query.standardOrdering = true;
      turned.forEach((n, i) => putAnnotation(query, KEY_COLUMN + i, n.expr, true));
      termsOfQuery.set(
        query,
        turned.map((n) => termOf(query, n, dialect)),
      );
    },
    { known: qs.known },
  );
}
function termOf(query: Query, node: OrderNode, dialect: DialectInfo): KeyTerm {
  const { expr, descending, nulls } = node;
  if (expr.kind === "func" && expr.spec === RANDOM)
    throw new NotSupportedError('KeysetPaginator() cannot go through an order by chance ("?").', "keyset.random");
  const type = typeOrNull(expr);
  if (type?.ancestry.includes("JSONField") === true)
    throw new NotSupportedError(`KeysetPaginator() cannot go by values of a ${type.typeName}.`, "keyset.type");
  const own = expr.kind === "col" && expr.alias === query.baseAlias;
  return {
    expr,
    type,
    descending,
    nullsFirst: nulls === null ? dialect.features.nullsLargest === descending : nulls === "first",
    nullable: !own || (expr.field as { readonly null?: boolean }).null !== false,
  };
}

/** The rows behind a place in the order; with `inclusive` the row at the place too. */
export function behind(qs: QuerySet, values: readonly unknown[], inclusive: boolean): QuerySet {
  const terms = keyTerms(qs);
  const key = new ShapeKey();
  key.static(`behind${inclusive ? "=" : ""}`);
  for (const v of values) key.value(v);
  return qs.step(key, (query, slotter) => {
    const params = values.map((v, i): Expr | null => {
      const slot = slotter.any(v) as Slot;
      // As the driver gave it: what is read may be rounded, and would not be found again.
      return v === null ? null : { kind: "param", slot: slot.index, type: terms[i]!.type, rawValue: true };
    });
    query.addWhere(after(terms, params, inclusive));
    const [first] = terms,
      [bound] = params;
    // The first term alone bounds the rows, which an index can serve; the rest sorts out those at the bound.
    if (terms.length > 1 && bound !== null && bound !== undefined && (!first!.nullable || first!.nullsFirst))
      query.addWhere(lookup(first!.descending ? "lte" : "gte", first!.expr, [bound]));
    termsOfQuery.set(query, terms);
  });
}
/** `a > x OR (a = x AND (b > y OR …))`, with NULLs where the order puts them. */
function after(terms: readonly KeyTerm[], params: readonly (Expr | null)[], inclusive: boolean): Expr {
  const from = (i: number): Expr => {
    const term = terms[i]!;
    const param = params[i]!;
    const here = further(term, param);
    if (i === terms.length - 1) return inclusive ? either(here, same(term, param)) : here;
    return either(here, where("AND", [same(term, param), from(i + 1)]));
  };
  return from(0);
}
function further(term: KeyTerm, param: Expr | null): Expr {
  if (param === null) return term.nullsFirst ? isNull(term.expr, false) : NEVER;
  const past = lookup(term.descending ? "lt" : "gt", term.expr, [param]);
  return term.nullable && !term.nullsFirst ? either(past, isNull(term.expr, true)) : past;
}
function same(term: KeyTerm, param: Expr | null): Expr {
  return param === null ? isNull(term.expr, true) : lookup("exact", term.expr, [param]);
}
function isNull(expr: Expr, is: boolean): Expr {
  return lookup("isnull", expr, [], null, { is });
}
function either(a: Expr, b: Expr): Expr {
  return a.kind === "never" ? b : where("OR", [a, b]);
}
