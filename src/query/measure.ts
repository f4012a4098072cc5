/** How large annotations are: those that use others grow with each step, whatever short expression was written. */
import type { Expr } from "../ast/expr.js";
import { children } from "../ast/walk.js";
import { checkDepth, MAX_NODES, tooLarge } from "../expressions/depth.js";

interface Size {
  readonly depth: number;
  readonly nodes: number;
}
/** Of whole annotations, so that one that uses another one is not walked through to the bottom. */
const known = new WeakMap<Expr, Size>();

/** @throws ValueError for an annotation that is too deep, or has too many parts */
export function checkAnnotation(alias: string, node: Expr): void {
  known.set(node, measure(alias, node, 0));
}
function measure(alias: string, node: Expr, level: number): Size {
  const size = known.get(node);
  if (size !== undefined) {
    checkDepth(level + size.depth);
    return size;
  }
  checkDepth(level);
  let [depth, nodes] = [0, 1];
  for (const child of children(node)) {
    const part = measure(alias, child, level + 1);
    depth = Math.max(depth, part.depth + 1);
    nodes += part.nodes;
    if (nodes > MAX_NODES) throw tooLarge(alias);
  }
  return { depth, nodes };
}
/** The depth of the deepest annotation: what a condition on it adds to its own. */
export function deepest(annotations: ReadonlyMap<string, Expr>): number {
  let depth = 0;
  for (const [alias, node] of annotations) {
    const size = known.get(node) ?? measure(alias, node, 0);
    known.set(node, size);
    depth = Math.max(depth, size.depth);
  }
  return depth;
}
