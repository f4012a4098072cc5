/** JSON documents on MySQL and MariaDB. MariaDB keeps them as text: JSON_EXTRACT gives JSON text, and equal documents have equal normal forms. */
import { typeOrNull, type Expr, type FuncNode, type LookupNode } from "../../ast/expr.js";
import type { Compiler, Handler } from "../compiler.js";
import { emitTyped } from "../expressions.js";

export function isPath(node: Expr): node is FuncNode {
  return node.kind === "func" && (node.spec.name === "KeyTransform" || node.spec.name === "KeyTextTransform");
}
function isJson(node: Expr): boolean {
  return typeOrNull(node)?.ancestry.includes("JSONField") === true;
}
function extract(c: Compiler, n: FuncNode): void {
  c.text("JSON_EXTRACT(").emit(n.args[0]!).text(", ").emit(n.args[1]!).text(")");
}
/** A parameter is a document only once a function has read it. */
function document(c: Compiler, node: Expr): void {
  if (node.kind === "param") c.text("JSON_EXTRACT(").emit(node).text(", '$')");
  else emitTyped(c, node);
}
function hasNormalize(c: Compiler): boolean {
  const [major = 0, minor = 0] = c.info.version;
  return c.info.isMariaDb && (major > 10 || (major === 10 && minor >= 7));
}
function equal(c: Compiler, l: Expr, r: Expr): void {
  // JSON_EQUALS would do, but WHERE takes its NULL for true.
  if (hasNormalize(c)) {
    c.text("JSON_NORMALIZE(").emit(l).text(") = JSON_NORMALIZE(").emit(r).text(")");
    return;
  }
  document(c, l);
  c.text(" = ");
  document(c, r);
}
function hasPath(c: Compiler, n: LookupNode, how: "one" | "all"): void {
  c.text("JSON_CONTAINS_PATH(")
    .emit(isPath(n.lhs) ? n.lhs.args[0]! : n.lhs)
    .text(`, '${how}', `)
    .list(n.rhs)
    .text(")");
}
function built(name: string): Handler<FuncNode> {
  return (c, n) => {
    c.text(`${name}(`);
    n.args.forEach((a, i) => {
      if (i > 0) c.text(", ");
      // MariaDB would take the text of a document for a text.
      if (isJson(a) && a.kind !== "func") c.text("JSON_EXTRACT(").emit(a).text(", '$')");
      else emitTyped(c, a);
    });
    c.text(")");
  };
}
export const jsonFunctions: Readonly<Record<string, Handler<FuncNode>>> = {
  KeyTransform: extract,
  KeyTextTransform: (c, n) => {
    // JSON null is no text.
    c.text("IF(JSON_TYPE(");
    extract(c, n);
    c.text(") = 'NULL', NULL, JSON_UNQUOTE(");
    extract(c, n);
    c.text("))");
  },
  JSONObject: built("JSON_OBJECT"),
  JSONArray: built("JSON_ARRAY"),
};
export const jsonLookups: Readonly<Record<string, Handler<LookupNode>>> = {
  json_exact: (c, n) => {
    if (n.options?.["plain"] !== true) return equal(c, n.lhs, n.rhs[0]!);
    c.text("JSON_UNQUOTE(").emit(n.lhs).text(") = ");
    emitTyped(c, n.rhs[0]!);
  },
  json_in: (c, n) => {
    c.text("(");
    n.rhs.forEach((r, i) => {
      if (i > 0) c.text(" OR ");
      equal(c, n.lhs, r);
    });
    c.text(")");
  },
  json_contains: (c, n) => void c.text("JSON_CONTAINS(").emit(n.lhs).text(", ").emit(n.rhs[0]!).text(")"),
  json_contained_by: (c, n) => void c.text("JSON_CONTAINS(").emit(n.rhs[0]!).text(", ").emit(n.lhs).text(")"),
  json_has_key: (c, n) => hasPath(c, n, "one"),
  json_has_keys: (c, n) => hasPath(c, n, n.options?.["any"] === true ? "one" : "all"),
  json_compare: (c, n) => {
    const text = n.options!["text"] === true;
    if (text) c.text("JSON_UNQUOTE(");
    c.emit(n.lhs);
    if (text) c.text(")");
    c.text(` ${String(n.options!["op"])} `);
    emitTyped(c, n.rhs[0]!);
  },
};
