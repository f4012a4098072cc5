/** Which fields conditions and expressions read, told from what the user wrote. Nothing is resolved here. */
import { isExpression } from "../expressions/expression.js";
import { Q } from "../expressions/q.js";
import { isOpClass } from "./constraints.js";

/** Paths that a condition or expression reads. */
export function pathsOf(given: unknown, out: string[] = []): string[] {
  if (given instanceof Q) {
    for (const child of given.children) {
      if (Array.isArray(child)) {
        out.push(child[0] as string);
        pathsOf(child[1], out);
      } else pathsOf(child, out);
    }
  } else if (isOpClass(given))
    pathsOf(
      typeof given.expression === "string" ? [] : given.expression,
      typeof given.expression === "string" ? (out.push(given.expression), out) : out,
    );
  else if (isExpression(given)) {
    if (given.kind === "f") out.push(String(given.settings["name"]));
    for (const a of given.args) pathsOf(a, out);
  } else if (Array.isArray(given)) for (const g of given as unknown[]) pathsOf(g, out);
  return out;
}
/** SQL text of the user's own may read anything. */
export function containsRaw(given: unknown): boolean {
  if (given instanceof Q) return given.children.some((c) => (Array.isArray(c) ? containsRaw(c[1]) : containsRaw(c)));
  return isExpression(given) && (given.kind === "rawsql" || given.args.some(containsRaw));
}
