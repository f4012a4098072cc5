/** Walking and rewriting of expression trees: children, maps, structural keys, and what a tree contains. */
import type { Expr, OrderNode, RawNode } from "./expr.js";

/** The direct parts of a node, in a fixed order. Subqueries count as leaves: they have a scope of their own. */
export function children(node: Expr): readonly Expr[] {
  switch (node.kind) {
    case "func":
      return node.args;
    case "aggregate":
      return [...node.args, ...(node.filter ? [node.filter] : []), ...node.orderBy];
    case "binary":
      return [node.lhs, node.rhs];
    case "cast":
    case "collate":
      return [node.arg];
    case "case":
      return [...node.whens.flatMap((w) => [w.when, w.then]), ...(node.otherwise ? [node.otherwise] : [])];
    case "where":
      return node.children;
    case "lookup":
      return [node.lhs, ...node.rhs];
    case "window":
      return [node.expr, ...node.partitionBy, ...node.orderBy];
    case "order":
      return [node.expr];
    case "raw":
      return node.parts.filter((p): p is Expr => typeof p !== "string");
    case "ref":
      return [node.source];
    case "tuple":
      return node.items;
    case "custom":
      return node.children;
    case "default":
      return node.expr ? [node.expr] : [];
    default:
      return [];
  }
}

/** The same node with `fn` applied to its parts; the very same object when nothing changed. */
export function mapChildren(node: Expr, fn: (child: Expr) => Expr): Expr {
  switch (node.kind) {
    case "func": {
      const args = mapAll(node.args, fn);
      return args === node.args ? node : { ...node, args };
    }
    case "aggregate": {
      const args = mapAll(node.args, fn);
      const filter = node.filter ? fn(node.filter) : null;
      const orderBy = mapAll(node.orderBy, fn) as readonly OrderNode[];
      return args === node.args && filter === node.filter && orderBy === node.orderBy
        ? node
        : { ...node, args, filter, orderBy };
    }
    case "binary": {
      const lhs = fn(node.lhs),
        rhs = fn(node.rhs);
      return lhs === node.lhs && rhs === node.rhs ? node : { ...node, lhs, rhs };
    }
    case "cast":
    case "collate": {
      const arg = fn(node.arg);
      return arg === node.arg ? node : { ...node, arg };
    }
    case "case": {
      const whens = node.whens.map((w) => ({ when: fn(w.when), then: fn(w.then) }));
      const otherwise = node.otherwise ? fn(node.otherwise) : null;
      const same =
        otherwise === node.otherwise &&
        whens.every((w, i) => w.when === node.whens[i]!.when && w.then === node.whens[i]!.then);
      return same ? node : { ...node, whens, otherwise };
    }
    case "where": {
      const kids = mapAll(node.children, fn);
      return kids === node.children ? node : { ...node, children: kids };
    }
    case "lookup": {
      const lhs = fn(node.lhs),
        rhs = mapAll(node.rhs, fn);
      return lhs === node.lhs && rhs === node.rhs ? node : { ...node, lhs, rhs };
    }
    case "window": {
      const expr = fn(node.expr),
        partitionBy = mapAll(node.partitionBy, fn),
        orderBy = mapAll(node.orderBy, fn);
      return expr === node.expr && partitionBy === node.partitionBy && orderBy === node.orderBy
        ? node
        : { ...node, expr, partitionBy, orderBy };
    }
    case "order": {
      const expr = fn(node.expr);
      return expr === node.expr ? node : { ...node, expr };
    }
    case "raw": {
      if (node.parts.every((p) => typeof p === "string")) return node;
      return { ...node, parts: node.parts.map((p) => (typeof p === "string" ? p : fn(p))) } satisfies RawNode;
    }
    case "ref": {
      const source = fn(node.source);
      return source === node.source ? node : { ...node, source };
    }
    case "tuple": {
      const items = mapAll(node.items, fn);
      return items === node.items ? node : { ...node, items };
    }
    case "custom": {
      const kids = mapAll(node.children, fn);
      return kids === node.children ? node : { ...node, children: kids };
    }
    case "default": {
      const expr = node.expr ? fn(node.expr) : null;
      return expr === node.expr ? node : { ...node, expr };
    }
    default:
      return node;
  }
}

function mapAll(list: readonly Expr[], fn: (child: Expr) => Expr): readonly Expr[] {
  let out: Expr[] | undefined;
  for (let i = 0; i < list.length; i++) {
    const mapped = fn(list[i]!);
    if (out !== undefined) out.push(mapped);
    else if (mapped !== list[i]) out = [...list.slice(0, i), mapped];
  }
  return out ?? list;
}

/** Every node of the tree, the root first. */
export function* nodes(root: Expr): Generator<Expr> {
  yield root;
  for (const child of children(root)) yield* nodes(child);
}

/** True when some node of the tree passes the test. */
export function some(root: Expr, test: (node: Expr) => boolean): boolean {
  if (test(root)) return true;
  for (const child of children(root)) if (some(child, test)) return true;
  return false;
}

const aggregates = new WeakMap<Expr, boolean>();
/** True when the tree aggregates rows of its own query (an aggregate inside a window does not count as one). */
export function containsAggregate(node: Expr): boolean {
  let known = aggregates.get(node);
  if (known === undefined) {
    if (node.kind === "aggregate" || (node.kind === "custom" && node.by.isAggregate === true)) known = true;
    // An aggregate used as a window function is no grouping; one in its partition or ordering is.
    else if (node.kind === "window")
      known = [...children(node.expr), ...node.partitionBy, ...node.orderBy].some(containsAggregate);
    else if (node.kind === "ref") known = containsAggregate(node.source);
    else known = children(node).some(containsAggregate);
    aggregates.set(node, known);
  }
  return known;
}

const windows = new WeakMap<Expr, boolean>();
/** True when the tree has a window function. */
export function containsWindow(node: Expr): boolean {
  let known = windows.get(node);
  if (known === undefined) windows.set(node, (known = node.kind === "window" || children(node).some(containsWindow)));
  return known;
}

/** Exchanges table aliases. Subqueries are asked to exchange theirs. */
export function relabel(node: Expr, map: ReadonlyMap<string, string>): Expr {
  switch (node.kind) {
    case "col":
    case "outercol": {
      const to = map.get(node.alias);
      return to === undefined ? node : { ...node, alias: to };
    }
    case "subquery": {
      const query = node.query.relabeled(map);
      return query === node.query ? node : { ...node, query };
    }
    default:
      return mapChildren(node, (c) => relabel(c, map));
  }
}

/** Moves every slot by `by`, for a tree that joins another query's values. */
export function shiftSlots(node: Expr, by: number): Expr {
  if (by === 0) return node;
  switch (node.kind) {
    case "param":
    case "list":
      return node.slot < 0 ? node : { ...node, slot: node.slot + by };
    case "subquery":
      return { ...node, query: node.query.shifted(by) };
    default:
      return mapChildren(node, (c) => shiftSlots(c, by));
  }
}

/** Replaces whole subtrees, by structural key. */
export function replaceNodes(node: Expr, map: ReadonlyMap<string, Expr>): Expr {
  return map.get(nodeKey(node)) ?? mapChildren(node, (c) => replaceNodes(c, map));
}

const keys = new WeakMap<object, string>();
let counter = 0;
const ids = new WeakMap<object, number>();
/** A number that stays with an object, for keys of things that have no structure of their own. */
export function identity(object: object): number {
  let id = ids.get(object);
  if (id === undefined) ids.set(object, (id = ++counter));
  return id;
}

/** A string that is equal for trees that mean the same SQL with the same parameters. */
export function nodeKey(node: Expr): string {
  let key = keys.get(node);
  if (key === undefined) keys.set(node, (key = makeKey(node)));
  return key;
}
function makeKey(node: Expr): string {
  const kids = (): string => children(node).map(nodeKey).join(",");
  switch (node.kind) {
    case "col":
      return `${node.alias}.${node.field.column}`;
    case "outercol":
      return `${node.alias}!${node.column}`;
    case "param":
    case "list":
      return `${node.kind === "param" ? "$" : "L"}${node.slot < 0 ? `=${literalKey(node.value)}` : node.slot}${node.mapKey ?? ""}:${typeKeyOf(node)}`;
    case "star":
      return "*";
    case "null":
      return "null";
    case "keyword":
      return `k(${node.text})`;
    case "func":
      return `${node.spec.name}#${identity(node.spec)}${optionsKey(node.options)}:${typeKeyOf(node)}(${kids()})`;
    case "aggregate":
      return `${node.spec.name}#${identity(node.spec)}${node.distinct ? "d" : ""}${optionsKey(node.options)}:${node.filter ? "f" : ""}${node.orderBy.length}(${kids()})`;
    case "binary":
      return `(${kids()}${node.op}${node.temporal ?? ""})`;
    case "cast":
      return `cast(${kids()}:${typeKeyOf(node)})`;
    case "collate":
      return `collate(${kids()}:${node.collation})`;
    case "case":
      return `case${node.whens.length}(${kids()})`;
    case "where":
      return `${node.connector}${node.negated ? "!" : ""}(${kids()})`;
    case "lookup":
      return `${node.op}${optionsKey(node.options)}(${kids()})`;
    case "subquery":
      return `sub${node.exists ? "e" : ""}${node.negated ? "!" : ""}${node.array ? "a" : ""}(${node.query.key})`;
    case "window":
      return `over(${nodeKey(node.expr)}|${node.partitionBy.map(nodeKey).join()}|${node.orderBy.map(nodeKey).join()}|${JSON.stringify(node.frame)})`;
    case "order":
      return `${kids()}${node.descending ? " desc" : ""}${node.nulls ?? ""}`;
    case "raw":
      return `raw(${node.parts.map((p) => (typeof p === "string" ? JSON.stringify(p) : nodeKey(p))).join()})`;
    case "ref":
      return `ref(${node.name})`;
    case "tuple":
      return `t(${kids()})`;
    case "always":
      return "T";
    case "never":
      return "F";
    case "custom":
      return `custom${node.by.cacheKey ?? identity(node.by)}(${kids()})`;
    case "default":
      return `default(${kids()})`;
    case "outerref":
      return `outer${identity(node)}`;
  }
}
function typeKeyOf(node: Expr): string {
  return node.type === null ? "" : "problem" in node.type ? "!" : node.type.typeKey;
}
function literalKey(value: unknown): string {
  return typeof value === "object" && value !== null ? `o${identity(value)}` : `${typeof value}${String(value)}`;
}
function optionsKey(options: Readonly<Record<string, unknown>> | undefined): string {
  if (options === undefined) return "";
  return `{${Object.entries(options)
    .map(([k, v]) => `${k}=${literalKey(v)}`)
    .join()}}`;
}
