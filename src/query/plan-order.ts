/** ORDER BY: names of fields over relations (with the related model's own ordering), annotations, expressions, `?`. */
import { col, type ColumnField, type Expr, type OrderNode } from "../ast/expr.js";
import type { DialectInfo } from "../ast/seams.js";
import { nodeKey } from "../ast/walk.js";
import { FieldError } from "../base/errors.js";
import { isExpression, type Expression } from "../expressions/expression.js";
import { Q } from "../expressions/q.js";
import type { Field } from "../fields/field.js";
import { CompositePrimaryKey } from "../fields/generated.js";
import type { ModelMeta } from "../meta/options.js";
import { asValue } from "./conditions.js";
import { setupJoins, trimJoins } from "./joins.js";
import { tryTransform } from "./lookup.js";
import type { PlannedColumn } from "./plan-types.js";
import { isOrder, type OrderTerm, type Query } from "./state.js";
import { base } from "./types.js";
import { pathParts } from "./path-parts.js";

export interface PlannedOrder {
  readonly node: OrderNode;
  /** Refers to a selected column by its alias. */
  readonly isRef: boolean;
  /** Comes from the model's Meta and not from a call. */
  readonly fromMeta: boolean;
}
type Selection = Map<string, { readonly expr: Expr; readonly position: number }>;
export const RANDOM = Object.freeze({
  name: "Random",
  sql: "RANDOM",
  output: "FloatField",
  spell: { mysql: { sql: "RAND" }, sqlite: { sql: "RAND" } },
});

/** The terms of ORDER BY with their joins set up in the query. */
export function planOrdering(query: Query, columns: readonly PlannedColumn[], _dialect: DialectInfo): PlannedOrder[] {
  let terms: readonly unknown[] = [];
  let fromMeta = false;
  if (query.extraOrdering.length > 0) terms = query.extraOrdering;
  else if (!query.defaultOrdering) terms = query.ordering;
  else if (query.ordering.length > 0) terms = query.ordering;
  else if (query.meta.ordering.length > 0) {
    terms = query.meta.ordering;
    fromMeta = true;
    // Meta's ordering would add columns to GROUP BY: a grouped query is not ordered by it (S18).
    if (query.groupBy !== null) return [];
  }
  const aliases: Selection = new Map();
  columns.forEach((c, i) => {
    if (c.alias !== null) aliases.set(c.alias, { expr: c.expr, position: i + 1 });
  });
  const out: PlannedOrder[] = [];
  const seen = new Set<string>();
  for (const term of terms)
    for (const planned of termOrders(query, term, aliases, fromMeta)) {
      const key = nodeKey(planned.node.expr.kind === "ref" ? planned.node.expr.source : planned.node.expr);
      if (seen.has(key)) continue;
      seen.add(key);
      out.push(planned);
    }
  return out;
}

function* termOrders(query: Query, term: unknown, selected: Selection, fromMeta: boolean): Generator<PlannedOrder> {
  const reverse = !query.standardOrdering;
  if (typeof term !== "string") {
    const node = orderNode(query, term as OrderTerm | Expression);
    const turned = reverse ? reversed(node) : node;
    // The same expression is selected: refer to it.
    for (const [alias, { expr: e }] of selected)
      if (nodeKey(e) === nodeKey(turned.expr) && e.kind !== "col") {
        if (turned.nulls !== null) break;
        yield { node: { ...turned, expr: positionOf(e, alias, selected) }, isRef: true, fromMeta };
        return;
      }
    yield { node: turned, isRef: false, fromMeta };
    return;
  }
  if (term === "?") {
    yield { node: order({ kind: "func", spec: RANDOM, args: [], type: null }, false), isRef: false, fromMeta };
    return;
  }
  const [name, descending] = direction(term, reverse);
  const chosen = selected.get(name)?.expr;
  if (chosen !== undefined) {
    yield { node: order(positionOf(chosen, name, selected), descending), isRef: true, fromMeta };
    return;
  }
  const annotation = query.annotations.get(name);
  if (annotation !== undefined) {
    yield { node: order(annotation, descending), isRef: false, fromMeta };
    return;
  }
  if (query.extraOrdering.includes(term) && name.includes(".")) {
    // `extra({ orderBy: ["table.column"] })`: both are quoted as they stand.
    const [table, column] = name.split(".", 2) as [string, string];
    yield { node: order({ kind: "outercol", alias: table, column, type: null }, descending), isRef: false, fromMeta };
    return;
  }
  const extra = query.extra.get(name);
  if (extra !== undefined) {
    yield { node: order(extra.node, descending), isRef: false, fromMeta };
    return;
  }
  const first = name.split("__")[0]!;
  if (query.annotations.has(first)) {
    let node = query.annotations.get(first)!;
    for (const t of pathParts(name).slice(1)) node = tryTransform(query, node, t);
    yield { node: order(node, descending), isRef: false, fromMeta };
    return;
  }
  for (const node of nameOrders(query, name, query.meta, query.baseAlias!, descending, new Set()))
    yield { node, isRef: false, fromMeta };
}
/** A selected column by its position: its alias may be the name of a column too. */
function positionOf(e: Expr, alias: string, positions: Selection): Expr {
  return { kind: "keyword", text: String(positions.get(alias)!.position), type: e.type };
}
function order(expr: Expr, descending: boolean, nulls: "first" | "last" | null = null): OrderNode {
  return { kind: "order", expr, descending, nulls, type: null };
}
/** "-name" -> ["name", true]; `reverse` turns the sign around. */
export function direction(term: string, reverse: boolean): [string, boolean] {
  const minus = term.startsWith("-");
  const name = minus || term.startsWith("+") ? term.slice(1) : term;
  return [name, minus !== reverse];
}
function orderNode(query: Query, term: OrderTerm | Expression | Q): OrderNode {
  const node =
    isExpression(term) || term instanceof Q ? asValue(query.context.resolver.resolve(query, term, {})) : (term as Expr);
  return isOrder(node) ? node : order(node, false);
}
export function reversed(node: OrderNode): OrderNode {
  return {
    ...node,
    descending: !node.descending,
    nulls: node.nulls === "first" ? "last" : node.nulls === "last" ? "first" : null,
  };
}

/** Columns a name orders by; a relation is ordered by its model's own ordering (S20). */
function nameOrders(
  query: Query,
  name: string,
  meta: ModelMeta,
  alias: string,
  descending: boolean,
  seen: Set<string>,
  path = "",
): OrderNode[] {
  const pieces = pathParts(name);
  const info = setupJoins(query, pieces, meta, alias, null, true, query.context.resolver.filtered);
  const final = info.final as Field;
  const last = pieces.at(-1);
  if (
    final.isRelation &&
    info.meta.ordering.length > 0 &&
    (final as { attname?: string }).attname !== last &&
    last !== "pk" &&
    info.transforms.length === 0
  ) {
    const trail = info.joins
      .map(
        (j) =>
          query.aliases
            .get(j)
            ?.pairs.map(([l, r]) => `${l.owner?.label}.${l.column}=${r.column}`)
            .join() ?? "",
      )
      .join("|");
    if (seen.has(trail)) throw new FieldError("Infinite loop caused by ordering.", "order.loop", { path: name });
    seen.add(trail);
    const end = info.joins.at(-1)!;
    const out: OrderNode[] = [];
    for (const item of info.meta.ordering) {
      if (typeof item === "string") {
        if (item === "?") {
          out.push(order({ kind: "func", spec: RANDOM, args: [], type: null }, false));
          continue;
        }
        const [sub, desc] = direction(item, false);
        out.push(...nameOrders(query, sub, info.meta, end, desc !== descending, new Set(seen), `${path}${name}__`));
      } else {
        const node = orderNode(query, prefixed(item as Expression, path + name));
        out.push(descending ? reversed(node) : node);
      }
    }
    return out;
  }
  const trimmed = trimJoins(query, info);
  return trimmed.targets
    .flatMap((t) => (t instanceof CompositePrimaryKey ? (t.owner as ModelMeta).pkFields : [t]))
    .map((t) => {
      let node: Expr = col(trimmed.alias, t as unknown as ColumnField, info.transforms.length > 0 ? base(t) : t);
      for (const transform of info.transforms) node = tryTransform(query, node, transform);
      return order(node, descending);
    });
}
/** An expression of a related model's ordering, seen from here: its names get the path in front. */
export function prefixed(e: unknown, prefix: string): Expression {
  if (!isExpression(e)) return e as Expression;
  const args = e.args.map((a) => (isExpression(a) ? prefixed(a, prefix) : a));
  const settings = e.kind === "f" ? { ...e.settings, name: `${prefix}__${String(e.settings["name"])}` } : e.settings;
  return e.with({ args, settings });
}
