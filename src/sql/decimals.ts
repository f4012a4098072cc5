/** Which expressions are exact decimals kept as text (SQLite, more than 15 digits): they are compared and added by babik's functions. */
import { typeOrNull, type Expr } from "../ast/expr.js";

/** True for nodes whose value is a decimal text. */
export function isExactText(node: Expr): boolean {
  switch (node.kind) {
    case "binary":
      return node.temporal === undefined && (isExactText(node.lhs) || isExactText(node.rhs));
    case "aggregate":
      return ["Sum", "Avg", "Min", "Max", "AnyValue"].includes(node.spec.name) && node.args.some(isExactText);
    case "func":
      return (
        [
          "Coalesce",
          "Greatest",
          "Least",
          "NullIf",
          "Abs",
          "Round",
          "Lag",
          "Lead",
          "FirstValue",
          "LastValue",
          "NthValue",
        ].includes(node.spec.name) && node.args.some(isExactText)
      );
    case "case":
      return node.whens.some((w) => isExactText(w.then)) || (node.otherwise !== null && isExactText(node.otherwise));
    case "window":
      return isExactText(node.expr);
    case "ref":
      return isExactText(node.source);
    case "collate":
      return isExactText(node.arg);
    default:
      return (typeOrNull(node) as { readonly exactText?: boolean } | null)?.exactText === true;
  }
}
export function isDecimal(node: Expr): boolean {
  return typeOrNull(node)?.ancestry.includes("DecimalField") === true;
}
export function isFloat(node: Expr): boolean {
  return typeOrNull(node)?.ancestry.includes("FloatField") === true;
}
