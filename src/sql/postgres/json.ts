/** JSON documents on PostgreSQL: jsonb, its operators, and paths as text[] parameters. */
import { typeOrNull, type Expr, type FuncNode, type LookupNode } from "../../ast/expr.js";
import type { Compiler, Handler } from "../compiler.js";
import { emitTyped } from "../expressions.js";

function isJson(node: Expr): boolean {
  return typeOrNull(node)?.ancestry.includes("JSONField") === true;
}
/** Anything as jsonb. */
function jsonb(c: Compiler, node: Expr): void {
  if (node.kind === "param" && node.rawValue === true) c.emit(node).text("::jsonb");
  else if (isJson(node)) emitTyped(c, node);
  else {
    c.text("TO_JSONB(");
    emitTyped(c, node);
    c.text(")");
  }
}
const infix =
  (op: string): Handler<LookupNode> =>
  (c, n) => {
    emitTyped(c, n.lhs);
    c.text(` ${op} `);
    jsonb(c, n.rhs[0]!);
  };
const path =
  (op: string): Handler<FuncNode> =>
  (c, n) => {
    c.text("(");
    emitTyped(c, n.args[0]!);
    c.text(` ${op} `).emit(n.args[1]!).text("::text[])");
  };
function built(name: string): Handler<FuncNode> {
  return (c, n) => {
    c.text(`${name}(`);
    n.args.forEach((a, i) => {
      if (i > 0) c.text(", ");
      emitTyped(c, a);
      // A NULL without a type cannot be put into a document.
      if (a.kind === "param" && a.type === null) c.text("::text");
    });
    c.text(")");
  };
}
export const jsonFunctions: Readonly<Record<string, Handler<FuncNode>>> = {
  KeyTransform: path("#>"),
  KeyTextTransform: path("#>>"),
  JSONObject: built("JSONB_BUILD_OBJECT"),
  JSONArray: built("JSONB_BUILD_ARRAY"),
};
export const jsonLookups: Readonly<Record<string, Handler<LookupNode>>> = {
  json_exact: infix("="),
  json_in: (c, n) => {
    emitTyped(c, n.lhs);
    c.text(" IN (");
    n.rhs.forEach((r, i) => {
      if (i > 0) c.text(", ");
      jsonb(c, r);
    });
    c.text(")");
  },
  json_contains: infix("@>"),
  json_contained_by: infix("<@"),
  json_has_key: (c, n) => void c.emit(n.lhs).text(" ? ").emit(n.rhs[0]!).text("::text"),
  json_has_keys: (c, n) => {
    c.emit(n.lhs).text(n.options?.["any"] === true ? " ?| ARRAY[" : " ?& ARRAY[");
    n.rhs.forEach((r, i) => {
      if (i > 0) c.text(", ");
      c.emit(r).text("::text");
    });
    c.text("]");
  },
  json_compare: (c, n) => infix(String(n.options!["op"]))(c, n),
};
