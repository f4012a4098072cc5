/** Lookups of several columns at once: composite keys and relations over more than one column. Values are prepared by each member's type. */
import { lookup, NEVER, typeOrNull, where, type Expr, type TupleNode } from "../ast/expr.js";
import type { ValueType } from "../ast/seams.js";
import { MISFIT, Slot } from "../ast/slots.js";
import { ValueError } from "../base/errors.js";
import { isnullFlag } from "./compare.js";
import type { BuildContext } from "./context.js";
import type { Lookup, LookupRegistry, Rhs } from "./registry.js";

/** What messages call the left side. */
function nameOf(lhs: TupleNode): string {
  const type = lhs.type as (ValueType & { name?: string }) | null;
  return typeof type?.name === "string" && type.name !== "" ? type.name : "tuple";
}
function refuse(name: string, lhs: TupleNode, what: string): ValueError {
  return new ValueError(`'${name}' lookup of '${nameOf(lhs)}' ${what}`, "lookup.tuple");
}
/** The values of one tuple, each prepared by the type of its member. */
function checked(value: unknown, name: string, lhs: TupleNode): unknown[] {
  if (!Array.isArray(value)) throw refuse(name, lhs, "must be a tuple or a list");
  if (value.length !== lhs.items.length) throw refuse(name, lhs, `must have ${lhs.items.length} elements`);
  return value.map((v: unknown, i) => (v === null ? null : (typeOrNull(lhs.items[i]!)?.prep(v) ?? v)));
}
const member = (slot: Slot, lhs: TupleNode, i: number): Expr => ({
  kind: "param",
  slot: slot.index,
  type: lhs.items[i]!.type,
  map: (v) => (v as unknown[])[i],
  mapKey: `m${i}`,
});
/** One tuple as nodes, member by member; null members are structure. */
function tupleOf(given: Rhs, name: string, lhs: TupleNode, context: BuildContext): readonly Expr[] {
  if (Array.isArray(given)) {
    const parts = given as readonly (Slot | Expr)[];
    if (parts.length !== lhs.items.length) throw refuse(name, lhs, `must have ${lhs.items.length} elements`);
    return parts.map((p, i) => (p instanceof Slot ? plainMember(p, lhs, i, context) : p));
  }
  if (given instanceof Slot) {
    const values = checked(given.value, name, lhs);
    const nulls = values.map((v) => v === null);
    context.prepare(given.index, (v) => {
      const list = checked(v, name, lhs);
      return list.every((x, i) => (x === null) === nulls[i]) ? list : MISFIT;
    });
    return values.map((v, i): Expr => (v === null ? { kind: "null", type: null } : member(given, lhs, i)));
  }
  const node = given as Expr;
  if (node.kind === "tuple") {
    if (node.items.length !== lhs.items.length) throw refuse(name, lhs, `must have ${lhs.items.length} elements`);
    return node.items;
  }
  throw new ValueError("Composite field lookups only work with composite expressions.", "lookup.tuple");
}
function plainMember(slot: Slot, lhs: TupleNode, i: number, context: BuildContext): Expr {
  const type = typeOrNull(lhs.items[i]!);
  if (slot.value === null) return { kind: "null", type: null };
  if (type !== null) {
    type.prep(slot.value);
    context.prepare(slot.index, (v) => (v === null ? MISFIT : type.prep(v)));
  }
  return { kind: "param", slot: slot.index, type };
}

interface Width {
  readonly select: readonly Expr[];
  readonly annotationSelect: ReadonlyMap<string, Expr>;
}
function widthOf(node: Expr): number | null {
  if (node.kind !== "subquery" || node.exists) return null;
  const q = node.query as unknown as Width;
  return [...q.select, ...q.annotationSelect.values()].reduce(
    (n, e) => n + (e.kind === "tuple" ? e.items.length : 1),
    0,
  );
}

/** Every member equal. */
function equal(lhs: TupleNode, rhs: readonly Expr[]): Expr {
  if (rhs.some((r) => r.kind === "null")) return NEVER;
  return where(
    "AND",
    lhs.items.map((l, i) => lookup("exact", l, [rhs[i]!])),
  );
}
const EXACT: Lookup = {
  name: "exact",
  build(given, rhs, context) {
    const lhs = given as TupleNode;
    const width = Array.isArray(rhs) || rhs instanceof Slot ? null : widthOf(rhs as Expr);
    if (width !== null) {
      if (width !== lhs.items.length)
        throw new ValueError(
          `The QuerySet value for the exact lookup must have ${lhs.items.length} selected fields (received ${width})`,
          "lookup.columns",
        );
      return lookup("exact", lhs, [rhs as Expr]);
    }
    // What an outer reference is made of shows when the query becomes part of the outer one.
    if (!Array.isArray(rhs) && !(rhs instanceof Slot) && (rhs as Expr).kind === "outerref")
      return lookup("exact", lhs, [rhs as Expr]);
    if (isPredicate(rhs))
      throw new ValueError(
        `'exact' subquery lookup of '${nameOf(lhs)}' only supports OuterRef and QuerySet objects (received 'Exact')`,
        "lookup.tuple",
      );
    return equal(lhs, tupleOf(rhs, "exact", lhs, context));
  },
};
function isPredicate(rhs: Rhs): boolean {
  return !Array.isArray(rhs) && !(rhs instanceof Slot) && ["lookup", "where"].includes((rhs as Expr).kind);
}

const IN: Lookup = {
  name: "in",
  build(given, rhs, context) {
    const lhs = given as TupleNode;
    const n = lhs.items.length;
    if (!Array.isArray(rhs) && !(rhs instanceof Slot)) {
      const width = widthOf(rhs as Expr);
      if (width === null) throw refuse("in", lhs, "must be a collection of tuples or lists");
      if (width !== n)
        throw new ValueError(
          `The QuerySet value for the 'in' lookup must have ${n} selected fields (received ${width})`,
          "lookup.columns",
        );
      return lookup("in", lhs, [rhs as Expr]);
    }
    if (Array.isArray(rhs)) {
      const rows = (rhs as readonly (Slot | Expr)[]).map((r) => tupleOf(r, "in", lhs, context));
      return oneOf(lhs, rows);
    }
    const list = (v: unknown): unknown[][] => {
      const all = v instanceof Set ? ([...v] as unknown[]) : v;
      if (!Array.isArray(all)) throw refuse("in", lhs, "must be a tuple or a list");
      if (!all.every((x) => Array.isArray(x))) throw refuse("in", lhs, "must be a collection of tuples or lists");
      if (!all.every((x) => (x as unknown[]).length === n)) throw refuse("in", lhs, `must have ${n} elements each`);
      // A member that is NULL equals nothing: its tuple cannot be found.
      return (all as unknown[][]).filter((x) => !x.includes(null)).map((x) => checked(x, "in", lhs));
    };
    const slot = rhs as Slot;
    const count = list(slot.value).length;
    context.prepare(slot.index, (v) => {
      const rows = list(v);
      return rows.length === count ? rows : MISFIT;
    });
    const rows = Array.from({ length: count }, (_, row) =>
      lhs.items.map((item, i): Expr => ({
        kind: "param",
        slot: slot.index,
        type: item.type,
        map: (v) => (v as unknown[][])[row]![i],
        mapKey: `r${row}m${i}`,
      })),
    );
    return oneOf(lhs, rows);
  },
};
function oneOf(lhs: TupleNode, rows: readonly (readonly Expr[])[]): Expr {
  const found = rows.map((r) => equal(lhs, r)).filter((e) => e.kind !== "never");
  return found.length === 0 ? NEVER : where("OR", found);
}

const ISNULL: Lookup = {
  name: "isnull",
  acceptsNull: true,
  build(given, rhs, context) {
    const flag = isnullFlag(rhs, context);
    return where(
      flag ? "OR" : "AND",
      (given as TupleNode).items.map((i) => lookup("isnull", i, [], null, { is: flag })),
    );
  },
};

/** `(a, b) > (x, y)` is `a > x OR (a = x AND b > y)`; the last member takes the comparison itself. */
function ordering(name: "gt" | "gte" | "lt" | "lte"): Lookup {
  const strict = name === "gt" || name === "gte" ? "gt" : "lt";
  return {
    name,
    build(given, rhs, context) {
      const lhs = given as TupleNode;
      if (!Array.isArray(rhs) && !(rhs instanceof Slot) && widthOf(rhs as Expr) !== null)
        throw new ValueError(`'${name}' doesn't support multi-column subqueries.`, "lookup.tuple");
      const values = tupleOf(rhs, name, lhs, context);
      const last = lhs.items.length - 1;
      const from = (i: number): Expr => {
        const l = lhs.items[i]!,
          r = values[i]!;
        if (r.kind === "null") return NEVER;
        if (i === last) return lookup(name, l, [r]);
        return where("OR", [lookup(strict, l, [r]), where("AND", [lookup("exact", l, [r]), from(i + 1)])]);
      };
      return from(0);
    },
  };
}

/** Registers the lookups of tuples. */
export function addTuples(r: LookupRegistry): void {
  for (const l of [EXACT, IN, ISNULL]) r.addLookup("@Tuple", l);
  for (const name of ["gt", "gte", "lt", "lte"] as const) r.addLookup("@Tuple", ordering(name));
}
