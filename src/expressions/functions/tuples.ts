/** Comparisons of several columns at once: `TupleExact([F("a"), F("b")], [1, "x"])`. */
import { FieldError } from "../../base/errors.js";
import { comparison, Expression } from "../expression.js";
import { F, fieldOrValue } from "../makers.js";

/** Several expressions as one: the left side of a comparison of tuples. Strings are names of fields. */
export function Tuple(items: readonly unknown[]): Expression {
  if (!Array.isArray(items) || items.length === 0)
    throw new FieldError("A tuple of expressions is a list with at least one.", "expression.tuple");
  return new Expression({
    kind: "tuple",
    args: (items as readonly unknown[]).map((i) => (typeof i === "string" ? F(i) : fieldOrValue(i))),
  });
}
const compare =
  (name: string) =>
  (lhs: readonly unknown[], rhs: unknown): Expression =>
    comparison(name, Tuple(lhs), [rhs]);
/** `(a, b) = (1, 'x')`. */
export const TupleExact = compare("exact");
/** `(a, b) IN ((1, 'x'), …)`. */
export const TupleIn = compare("in");
/** True where some member is NULL. */
export const TupleIsNull = compare("isnull");
/** `(a, b) > (1, 'x')`, in the order of words in a dictionary. */
export const TupleGreaterThan = compare("gt");
export const TupleGreaterThanOrEqual = compare("gte");
export const TupleLessThan = compare("lt");
export const TupleLessThanOrEqual = compare("lte");
