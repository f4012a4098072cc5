/**
 * Conditions that are decided without the database: an empty `in` list never holds, its negation always does. Folds such nodes
 * through trees, so that a query over nothing is answered without SQL (Django's EmptyResultSet and FullResultSet).
 */
import { ALWAYS, NEVER, where, type CaseNode, type Expr, type WhereNode } from "./expr.js";
import type { DialectInfo } from "./seams.js";
import { mapChildren } from "./walk.js";

/** Tells whether an embedded query is known to be empty; given by the planner. */
export type EmptyTest = (node: Extract<Expr, { kind: "subquery" }>) => boolean;

/**
 * The condition with decided parts folded: may be `ALWAYS` or `NEVER`. Without a dialect, what only a database can decide
 * stays open.
 */
export function simplify(node: Expr, isEmpty: EmptyTest, dialect?: DialectInfo): Expr {
  switch (node.kind) {
    case "where":
      return simplifyWhere(node, isEmpty, dialect);
    case "lookup": {
      const lhs = simplify(node.lhs, isEmpty, dialect);
      // NULL compared with anything is never true.
      if (lhs.kind === "null") return node.op === "isnull" ? (node.options?.["is"] === true ? ALWAYS : NEVER) : NEVER;
      if (node.decide !== undefined && dialect !== undefined) return withType(node.decide(dialect, lhs), node);
      const rhs = node.rhs.map((r) => simplify(r, isEmpty, dialect));
      if (node.op === "in" && rhs.length === 1 && rhs[0]!.kind === "null") return NEVER;
      if (rhs.some((r) => r.kind === "null") && node.op !== "isnull" && node.rhs.some((r) => r.kind === "subquery"))
        return NEVER;
      return lhs === node.lhs && rhs.every((r, i) => r === node.rhs[i]) ? node : { ...node, lhs, rhs };
    }
    case "subquery": {
      if (!isEmpty(node)) return node;
      if (node.exists) return node.negated ? withType(ALWAYS, node) : withType(NEVER, node);
      return { kind: "null", type: node.type };
    }
    case "case":
      return simplifyCase(node, isEmpty, dialect);
    case "aggregate": {
      if (node.filter === null) return mapChildren(node, (c) => simplify(c, isEmpty, dialect));
      const filter = simplify(node.filter, isEmpty, dialect);
      if (filter.kind === "always") return simplify({ ...node, filter: null }, isEmpty, dialect);
      return mapChildren({ ...node, filter }, (c) => (c === filter ? c : simplify(c, isEmpty, dialect)));
    }
    default:
      return mapChildren(node, (c) => simplify(c, isEmpty, dialect));
  }
}
function withType(node: Expr, like: Expr): Expr {
  return like.type === null ? node : ({ ...node, type: like.type } as Expr);
}

function simplifyWhere(node: WhereNode, isEmpty: EmptyTest, dialect?: DialectInfo): Expr {
  const kept: Expr[] = [];
  let always = 0,
    never = 0;
  for (const child of node.children) {
    const c = simplify(child, isEmpty, dialect);
    if (c.kind === "always") always++;
    else if (c.kind === "never") never++;
    else kept.push(c);
  }
  const result = (value: boolean): Expr => withType(value !== node.negated ? ALWAYS : NEVER, node);
  if (node.children.length === 0) return withType(ALWAYS, node);
  switch (node.connector) {
    case "AND":
      if (never > 0) return result(false);
      if (kept.length === 0) return result(true);
      break;
    case "OR":
      if (always > 0) return result(true);
      if (kept.length === 0) return result(false);
      break;
    case "XOR": {
      // Decided parts only flip the parity. It is true or false even where what is left is unknown, also of one condition:
      // a node of XOR is never taken for its only child.
      const flip = always % 2 === 1;
      if (kept.length === 0) return result(flip);
      if (flip) return { ...where("XOR", kept, !node.negated), type: node.type };
      break;
    }
  }
  if (kept.length === node.children.length && kept.every((c, i) => c === node.children[i])) return node;
  return { ...node, children: kept };
}

function simplifyCase(node: CaseNode, isEmpty: EmptyTest, dialect?: DialectInfo): Expr {
  const whens: { when: Expr; then: Expr }[] = [];
  let otherwise = node.otherwise === null ? null : simplify(node.otherwise, isEmpty, dialect);
  for (const w of node.whens) {
    const when = simplify(w.when, isEmpty, dialect);
    if (when.kind === "never") continue;
    const then = simplify(w.then, isEmpty, dialect);
    if (when.kind === "always") {
      otherwise = then;
      break;
    }
    whens.push({ when, then });
  }
  if (whens.length === 0) return otherwise ?? { kind: "null", type: node.type };
  return { ...node, whens, otherwise };
}

/** True and false as values, for decided conditions outside of WHERE. */
export function decided(node: Expr): boolean | null {
  return node.kind === "always" ? true : node.kind === "never" ? false : null;
}
