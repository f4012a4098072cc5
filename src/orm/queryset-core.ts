/**
 * The base of QuerySet: a node of the shape tree with the values gathered on the way, how one more call makes another of them,
 * how it is a part of another query, and filtering.
 */
import type { EmbeddedQuery } from "../ast/expr.js";
import { QUERY_SOURCE, type QuerySource } from "../ast/slots.js";
import { NotSupportedError, QueryTypeError } from "../base/errors.js";
import { notePlace, origins } from "../db/origin.js";
import { isExpression } from "../expressions/expression.js";
import { Q } from "../expressions/q.js";
import { ShapeKey, type Slotter } from "../expressions/shape-key.js";
import type { ModelMeta } from "../meta/options.js";
import { addFilter } from "../query/filter.js";
import { Query } from "../query/state.js";
import type { FetchMode } from "./instance-state.js";
import type { KnownRelated, QuerySetParts, RowMode } from "./queryset-state.js";
import { rootShape, type ShapeNode } from "./shape.js";
import { allowedConditions } from "./untrusted.js";

const roots = new WeakMap<ModelMeta, ShapeNode>();
/** The shape of "all rows" of a model. */
export function rootOf(meta: ModelMeta): ShapeNode {
  let node = roots.get(meta);
  if (node === undefined) roots.set(meta, (node = rootShape(new Query(meta))));
  return node;
}
/** Parts of a plain queryset of a model. */
export function plainParts(meta: ModelMeta): QuerySetParts {
  return {
    meta,
    node: rootOf(meta),
    values: [],
    alias: null,
    mode: "instances",
    prefetches: [],
    fetchMode: null,
    known: [],
    forWrite: false,
    hints: {},
    low: 0,
    high: null,
    sticky: false,
  };
}

/** What every queryset is made of: its parts, its place in the shape tree, and conditions. */
export class QuerySetCore implements QuerySource {
  readonly [QUERY_SOURCE] = true as const;
  readonly meta: ModelMeta;
  readonly node: ShapeNode;
  readonly values_: readonly unknown[];
  readonly alias_: string | null;
  readonly mode: RowMode;
  readonly prefetches: readonly unknown[];
  readonly fetchMode_: FetchMode | null;
  readonly known: readonly KnownRelated[];
  readonly forWrite: boolean;
  readonly hints: Readonly<Record<string, unknown>>;
  readonly low: number;
  readonly high: number | null;
  readonly sticky: boolean;
  /** The rows, once they are asked for. */
  resultPromise: Promise<unknown[]> | null = null;
  result: unknown[] | null = null;
  /** Reads the rows in another way than by this query: a set of related rows, together with those of other rows. */
  reader: (() => Promise<unknown[]>) | null = null;

  constructor(parts: unknown) {
    const p = parts as QuerySetParts;
    if (p === undefined || p === null || p.meta === undefined)
      throw new QueryTypeError(
        "Querysets come from a model's manager, such as Product.objects.",
        "queryset.constructor",
      );
    this.meta = p.meta;
    this.node = p.node;
    this.values_ = p.values;
    this.alias_ = p.alias;
    this.mode = p.mode;
    this.prefetches = p.prefetches;
    this.fetchMode_ = p.fetchMode;
    this.known = p.known;
    this.forWrite = p.forWrite;
    this.hints = p.hints;
    this.low = p.low;
    this.high = p.high;
    this.sticky = p.sticky;
    if (origins.watched) notePlace(this);
  }
  // `values`, `alias` and `fetchMode` are methods of the public API; the parts of the same names go by another way.
  get parts(): QuerySetParts {
    return {
      meta: this.meta,
      node: this.node,
      values: this.values_,
      alias: this.alias_,
      mode: this.mode,
      prefetches: this.prefetches,
      fetchMode: this.fetchMode_,
      known: this.known,
      forWrite: this.forWrite,
      hints: this.hints,
      low: this.low,
      high: this.high,
      sticky: this.sticky,
    };
  }
  /** The same kind of queryset with some parts exchanged. */
  with(parts: Partial<QuerySetParts>): this {
    const Class = this.constructor as new (parts: QuerySetParts) => this;
    return new Class({ ...this.parts, ...parts });
  }
  /** One more call: the shape is looked up, or built by `build`. */
  step(
    key: ShapeKey,
    build: (query: Query, slotter: Slotter) => void | Query,
    more: Partial<QuerySetParts> = {},
  ): this {
    const { node, values } = this.node.step(key, this.values_, build);
    return this.with({ node, values, ...more });
  }
  get query(): Query {
    return this.node.query;
  }
  // ---- as part of another query -------------------------------------------------------------------------------
  get shapeKey(): string {
    return `${this.node.id}${this.mode === "instances" ? "" : this.mode}`;
  }
  get gathered(): readonly unknown[] {
    return this.values_;
  }
  get depth(): number {
    return this.node.depth;
  }
  /** The class of its rows' model. */
  get model(): unknown {
    return this.meta.modelClass;
  }
  get modelLabel(): string {
    return this.meta.label;
  }
  get boundAlias(): string | null {
    return this.alias_;
  }
  embed(base: number): EmbeddedQuery {
    const q = this.node.query.clone().shifted(base) as Query;
    return q === this.node.query ? q.clone() : q;
  }

  // ---- filtering ----------------------------------------------------------------------------------------------
  /** Rows for which all conditions hold. */
  filter(...conditions: unknown[]): this {
    return this.filtered("filter", conditions, false);
  }
  /** Rows for which the conditions together do not hold. */
  exclude(...conditions: unknown[]): this {
    return this.filtered("exclude", conditions, true);
  }
  /** `filter()` with conditions from outside: names that are not in `allow` are refused, and so is all that is not plain data. */
  filterUntrusted(conditions: unknown, allow: readonly string[]): this {
    return this.filter(allowedConditions("filterUntrusted", conditions, allow));
  }
  /** A Q or an object, as `limitChoicesTo` holds it. */
  complexFilter(condition: unknown): this {
    return condition instanceof Q ? this.filter(condition) : this.filter(condition as object);
  }
  protected filtered(name: string, conditions: readonly unknown[], negated: boolean): this {
    this.refuseCombined(name);
    if (this.query.isSliced && conditions.length > 0)
      throw new QueryTypeError("Cannot filter a query once a slice has been taken.", "queryset.sliced");
    const key = new ShapeKey();
    key.static(negated ? "x" : "f");
    if (this.sticky) key.static("~");
    for (const c of conditions) {
      key.static(";");
      if (c instanceof Q) key.q(c);
      else if (isExpression(c)) key.expression(c);
      else if (typeof c === "object" && c !== null && !Array.isArray(c) && QUERY_SOURCE in c)
        throw new QueryTypeError(
          "A queryset is no condition; use { pk__in: queryset } or Exists(queryset).",
          "filter.argument",
        );
      else if (typeof c === "object" && c !== null && !Array.isArray(c)) key.conditions(c);
      else
        throw new QueryTypeError(
          `${name}() takes objects such as { price__lt: 20 }, Q and boolean expressions; this is ${c === null ? "null" : Array.isArray(c) ? "an array" : typeof c}.`,
          "filter.argument",
        );
    }
    return this.step(key, (query, slotter) => {
      const parts = conditions.map((c) =>
        c instanceof Q ? slotter.q(c) : isExpression(c) ? slotter.expression(c) : slotter.conditions(c as object),
      );
      const flat = parts.flatMap((p) =>
        p instanceof Q && !p.negated && p.connector === "AND" ? p.children : [p as object],
      );
      const q = Q.make("AND", flat, negated);
      if (flat.length > 0 || negated) addFilter(query, q.children.length === 0 ? new Q() : q);
    });
  }

  refuseCombined(name: string): void {
    if (this.query.combinator !== null)
      throw new NotSupportedError(
        `Calling QuerySet.${name}() after ${this.query.combinator}() is not supported.`,
        "queryset.combined",
      );
  }
}
