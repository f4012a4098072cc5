/** Right-hand sides of lookups as nodes: checks by the type of the left side, structure where a value decides it. */
import {
  constant,
  NEVER,
  typeOrNull,
  type BindContext,
  type Expr,
  type ListNode,
  type ParamNode,
} from "../ast/expr.js";
import type { DbParam, DialectInfo, ValueType } from "../ast/seams.js";
import { MISFIT, Slot } from "../ast/slots.js";
import { FieldError, ValueError } from "../base/errors.js";
import type { Decimal } from "../base/values.js";
import { DecimalField } from "../fields/decimals.js";
import type { BuildContext } from "./context.js";
import type { Rhs } from "./registry.js";

export type BindMap = (value: unknown, context: BindContext) => unknown;

/** A gathered value as a parameter of `type`; the value is checked by the type now and on each later use of the shape. */
export function slotParam(
  slot: Slot,
  type: ValueType | null,
  context: BuildContext,
  map?: { key: string; fn: BindMap; rawValue?: boolean },
): ParamNode {
  if (type !== null) {
    type.prep(slot.value);
    context.prepare(slot.index, (v) => (v === null ? MISFIT : type.prep(v)));
  }
  return { kind: "param", slot: slot.index, type, map: map?.fn, mapKey: map?.key, rawValue: map?.rawValue };
}
/** A value or an expression. */
export function valueNode(rhs: Slot | Expr, type: ValueType | null, context: BuildContext): Expr {
  if (!(rhs instanceof Slot)) return rhs;
  if (rhs.value === null) {
    context.prepare(rhs.index, (v) => (v === null ? null : MISFIT));
    return { kind: "param", slot: rhs.index, type };
  }
  return slotParam(rhs, type, context);
}
/** One right-hand side; refuses lists where one value is meant. */
export function single(rhs: Rhs, name: string): Slot | Expr {
  if (Array.isArray(rhs)) throw new FieldError(`The lookup '${name}' takes one value, not a list.`, "lookup.list");
  return rhs as Slot | Expr;
}

/** The members of an iterable right-hand side as they were given. Text counts as one value, not as letters. */
export function members(value: unknown, name: string): unknown[] {
  if (Array.isArray(value)) return value as unknown[];
  if (value instanceof Set) return [...value] as unknown[];
  if (value instanceof Map) return [...value.keys()] as unknown[];
  if (
    typeof value === "object" &&
    value !== null &&
    Symbol.iterator in value &&
    !ArrayBuffer.isView(value) &&
    !(value instanceof String)
  )
    return [...(value as Iterable<unknown>)];
  throw new ValueError(
    `The lookup '${name}' takes a list of values or a queryset, not ${value === null ? "null" : typeof value}.`,
    "lookup.not_iterable",
  );
}

/**
 * `in` over a list of plain values: one list parameter. null members never match and are dropped; doubles are sent once; an empty
 * list matches nothing, which is structure, so such a call gets a shape of its own.
 */
export function listNode(
  slot: Slot,
  type: ValueType | null,
  context: BuildContext,
  fits?: (v: unknown) => boolean,
): Expr {
  const prepare = (v: unknown): unknown => {
    const seen = new Set<unknown>(),
      out: unknown[] = [];
    for (const item of members(v, "in")) {
      if (item === null) continue;
      if (item === undefined) throw new ValueError("A member of an `in` list is undefined.", "value.undefined");
      const canonical = type === null ? item : type.prep(item);
      if (fits !== undefined && !fits(canonical)) continue;
      const identity = typeof canonical === "object" ? canonicalKey(canonical) : canonical;
      if (seen.has(identity)) continue;
      seen.add(identity);
      out.push(canonical);
    }
    return out.length === 0 ? MISFIT : out;
  };
  if (prepare(slot.value) === MISFIT) {
    // The class of the value ("a list") does not tell that nothing is left of it.
    context.misfit();
    return NEVER;
  }
  context.prepare(slot.index, prepare);
  return { kind: "list", slot: slot.index, type } satisfies ListNode;
}
function canonicalKey(value: unknown): unknown {
  if (value instanceof Date) return `d${value.getTime()}`;
  if (ArrayBuffer.isView(value)) return value;
  return typeof (value as { toString?: unknown }).toString === "function" &&
    Object.getPrototypeOf(value) !== Object.prototype &&
    !Array.isArray(value)
    ? `o${String(value)}`
    : value;
}

/** Constant of babik's own as a parameter. */
export function own(value: unknown, type: ValueType | null): ParamNode {
  return constant(value, type);
}
/** The type by which the right side of a comparison is prepared. */
export function rhsType(lhs: Expr): ValueType | null {
  const type = typeOrNull(lhs);
  return type instanceof DecimalField ? comparedDecimal(type) : type;
}
const compared = new WeakMap<DecimalField, DecimalField>();
const ANY_DECIMAL = new DecimalField();
/** A decimal column's type for values that are only compared: what the column could not hold is sent as it is, neither cut nor refused. */
function comparedDecimal(field: DecimalField): DecimalField {
  let type = compared.get(field);
  if (type === undefined) {
    const fits = (d: Decimal): boolean =>
      (field.scale === undefined || d.decimalPlaces() <= field.scale) &&
      (field.digits === undefined || d.isZero() || d.e + 1 + (field.scale ?? 0) <= field.digits);
    type = Object.create(field, {
      toDb: {
        value: (v: unknown, dialect: DialectInfo): DbParam =>
          fits(v as Decimal) ? field.toDb(v, dialect) : ANY_DECIMAL.toDb(v, dialect),
      },
    }) as DecimalField;
    compared.set(field, type);
  }
  return type;
}
