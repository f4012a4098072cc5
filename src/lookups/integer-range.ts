/**
 * Comparisons of integer columns with values that a column cannot hold, or with fractions: decided here, since databases
 * answer with an overflow error or round (inventory S10). Columns of one type hold more on some databases, so what lies
 * between the narrowest and the widest is decided when the statement is planned for one.
 */
import { lookup, NEVER, type Expr, type LookupNode } from "../ast/expr.js";
import type { ValueType } from "../ast/seams.js";
import { MISFIT, Slot } from "../ast/slots.js";
import type { IntegerField } from "../fields/integers.js";
import type { BuildContext } from "./context.js";
import { listNode, members, slotParam } from "./values.js";

type Integer = number | bigint;
type Bounds = readonly [Integer, Integer];

function integerType(type: ValueType | null): IntegerField | null {
  return type?.ancestry.includes("IntegerField") === true ? (type as IntegerField) : null;
}
function isNumber(v: unknown): v is Integer {
  return typeof v === "number" || typeof v === "bigint";
}
function within(v: Integer, [low, high]: Bounds): boolean {
  return v >= low && v <= high;
}
function decidable(node: LookupNode, decide: NonNullable<LookupNode["decide"]>): Expr {
  return { ...node, decide };
}
/** Out of range is unknown, not true, for NULL: the comparison holds for every row that has a value. */
function notNull(lhs: Expr): Expr {
  return lookup("isnull", lhs, [], null, { is: false });
}

/** The integer that a number stands for in this comparison; `undefined` where none is equal to it. */
function wholeOf(op: string, v: Integer): Integer | undefined {
  if (typeof v === "bigint" || Number.isInteger(v)) return v;
  if (v === Infinity || v === -Infinity) return v > 0 ? 2n ** 64n : -(2n ** 64n);
  if (op === "exact") return undefined;
  return op === "gte" || op === "lt" ? Math.ceil(v) : Math.floor(v);
}
/** What a comparison with a value outside comes to; `undefined` within. */
function outside(op: string, v: Integer, [low, high]: Bounds): "all" | "none" | undefined {
  if (v < low) return op === "gt" || op === "gte" ? "all" : "none";
  if (v > high) return op === "lt" || op === "lte" ? "all" : "none";
  return undefined;
}

/** A comparison (`exact`, `gt`, `gte`, `lt`, `lte`) of an integer with a value; `undefined` where it is an ordinary one. */
export function integerComparison(
  op: string,
  lhs: Expr,
  rhs: Slot,
  type: ValueType | null,
  context: BuildContext,
): Expr | undefined {
  const integer = integerType(type);
  if (integer === null) return undefined;
  const narrow = integer.range();
  const ordinary = (v: unknown): boolean =>
    !isNumber(v) || Number.isNaN(v) || (wholeOf(op, v) === v && within(v, narrow));
  if (ordinary(rhs.value)) {
    context.prepare(rhs.index, (v) => (ordinary(v) ? v : MISFIT));
    return undefined;
  }
  context.misfit();
  const n = wholeOf(op, rhs.value as Integer);
  if (n === undefined) return NEVER;
  const far = outside(op, n, integer.widest);
  if (far !== undefined) return far === "all" ? notNull(lhs) : NEVER;
  const value = BigInt(n);
  const compared = (left: Expr): LookupNode =>
    lookup(op, left, [
      slotParam(new Slot(rhs.index, value), null, context, { key: `edge${value}`, fn: () => value }),
    ]) as LookupNode;
  if (within(n, narrow)) return compared(lhs);
  const node = compared(lhs);
  return decidable(node, (dialect, left) => {
    const edge = outside(op, n, integer.range(dialect));
    return edge === undefined ? { ...node, lhs: left, decide: undefined } : edge === "all" ? notNull(left) : NEVER;
  });
}

/** `in` over a list with members that some column cannot hold; `undefined` where all are ordinary. */
export function integerList(lhs: Expr, rhs: Slot, type: ValueType | null, context: BuildContext): Expr | undefined {
  const integer = integerType(type);
  if (integer === null) return undefined;
  const narrow = integer.range();
  const canonical = (v: unknown): unknown => (v === null || v === undefined ? v : integer.prep(v));
  const ordinary = (v: unknown): boolean => members(v, "in").every((m) => fits(canonical(m), narrow));
  if (ordinary(rhs.value)) {
    context.prepare(rhs.index, (v) => (ordinary(v) ? v : MISFIT));
    return undefined;
  }
  context.misfit();
  const held = (bounds: Bounds): unknown[] => {
    const all = members(rhs.value, "in").map(canonical);
    return all.filter((m) => fits(m, bounds));
  };
  const listed = (left: Expr, bounds: Bounds): Expr => {
    const list = listNode(new Slot(rhs.index, held(bounds)), type, context);
    if (list.kind !== "list") return NEVER;
    return lookup("in", left, [
      { ...list, map: (v) => only(v as unknown[], bounds), mapKey: `in${bounds.join("..")}` },
    ]);
  };
  const node = listed(lhs, integer.widest);
  if (node.kind === "never") return NEVER;
  return decidable(node as LookupNode, (dialect, left) => listed(left, integer.range(dialect)));
}
function fits(m: unknown, bounds: Bounds): boolean {
  return !isNumber(m) || within(m, bounds);
}
function only(list: unknown[], bounds: Bounds): unknown[] {
  return list.filter((m) => fits(m, bounds));
}

/** `range` with a bound that some column cannot hold; `undefined` where both are ordinary. */
export function integerBetween(
  lhs: Expr,
  rhs: Slot,
  type: ValueType | null,
  context: BuildContext,
  prepare: (v: unknown) => unknown,
): Expr | undefined {
  const integer = integerType(type);
  if (integer === null) return undefined;
  const narrow = integer.range();
  const bounds = prepare(rhs.value) as readonly unknown[];
  if (bounds.every((m) => fits(m, narrow))) {
    context.prepare(rhs.index, (v) => ((prepare(v) as unknown[]).every((m) => fits(m, narrow)) ? v : MISFIT));
    return undefined;
  }
  context.misfit();
  const [from, to] = bounds as [Integer, Integer];
  const param = (v: Integer): Expr => ({ kind: "param", slot: -1, value: v, type });
  const between = (left: Expr, [low, high]: Bounds): Expr => {
    if (from > high || to < low) return NEVER;
    if (from < low) return to > high ? notNull(left) : lookup("lte", left, [param(to)]);
    return to > high ? lookup("gte", left, [param(from)]) : lookup("range", left, [param(from), param(to)]);
  };
  const node = between(lhs, integer.widest);
  if (node.kind !== "lookup" || node.op === "isnull") return node;
  return decidable(node, (dialect, left) => between(left, integer.range(dialect)));
}
