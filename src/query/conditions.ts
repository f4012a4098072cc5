/** What may stand as a condition, and conditions as values. */
import { lookup, typeOrNull, type Expr } from "../ast/expr.js";
import { BOOLEAN, isA } from "./types.js";

/** Conditions: usable in WHERE as they stand. */
export function isPredicate(node: Expr): boolean {
  return (
    node.kind === "where" ||
    node.kind === "lookup" ||
    node.kind === "always" ||
    node.kind === "never" ||
    (node.kind === "subquery" && node.exists) ||
    (node.kind === "func" && node.spec.conditional === true) ||
    (node.kind === "custom" && node.by.conditional === true)
  );
}
/** A condition as a value has the boolean type. */
export function asValue(node: Expr): Expr {
  return node.type === null && isPredicate(node) ? ({ ...node, type: BOOLEAN() } as Expr) : node;
}
/** Anything boolean as a condition. */
export function asCondition(node: Expr): Expr {
  if (isPredicate(node)) return node;
  if (node.kind === "case" || node.kind === "ref" || isA(typeOrNull(node), "BooleanField"))
    return lookup("exact", node, [{ kind: "param", slot: -1, value: true, type: BOOLEAN() }], null, { truth: true });
  return node;
}
export function isConditional(node: Expr): boolean {
  return (
    isPredicate(node) ||
    isA(typeOrNull(node), "BooleanField") ||
    (node.kind === "case" && node.whens.every((w) => isConditional(w.then)))
  );
}
