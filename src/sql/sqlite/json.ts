/** JSON documents on SQLite: `->` gives a value as JSON text, JSON_EXTRACT as a value to compare; equal documents have equal keys. */
import { typeOrNull, type Expr, type FuncNode, type LookupNode } from "../../ast/expr.js";
import { NotSupportedError } from "../../base/errors.js";
import type { Compiler, Handler } from "../compiler.js";
import { emitTyped } from "../expressions.js";

export function isPath(node: Expr): node is FuncNode {
  return node.kind === "func" && (node.spec.name === "KeyTransform" || node.spec.name === "KeyTextTransform");
}
export function isJson(node: Expr): boolean {
  return typeOrNull(node)?.ancestry.includes("JSONField") === true;
}
/** `JSON_EXTRACT(document, path)`: numbers as numbers, texts without quotes. */
export function extracted(c: Compiler, node: Expr): void {
  if (isPath(node)) c.text("JSON_EXTRACT(").emit(node.args[0]!).text(", ").emit(node.args[1]!).text(")");
  else if (isJson(node)) c.text("JSON_EXTRACT(").emit(node).text(", '$')");
  else emitTyped(c, node);
}
/** A document by its key: texts that are equal for equal documents. A value bound by a lookup has that form already. */
function keyed(c: Compiler, node: Expr): void {
  if (node.kind === "param" && node.mapKey?.startsWith("json") === true) c.emit(node);
  else c.text("BABIK_JSON_KEY(").emit(node).text(")");
}
const exact: Handler<LookupNode> = (c, n) => {
  const right = n.rhs[0]!;
  if (n.options?.["plain"] === true) {
    extracted(c, n.lhs);
    c.text(" = ");
    emitTyped(c, right);
    return;
  }
  keyed(c, n.lhs);
  c.text(" = ");
  keyed(c, right);
};
const unsupported =
  (name: string): Handler<LookupNode> =>
  () => {
    throw new NotSupportedError(`${name} lookup is not supported on this database backend.`, "sql.not_supported");
  };
/** Unknown for a document that is NULL, as on the other databases; JSON_TYPE alone would say that it lacks the key. */
function hasKeys(c: Compiler, n: LookupNode): void {
  const document = isPath(n.lhs) ? n.lhs.args[0]! : n.lhs;
  const nullable = document.kind !== "col" || (document.field as { readonly null?: boolean }).null !== false;
  if (nullable) c.text("CASE WHEN ").emit(document).text(" IS NOT NULL THEN ");
  if (n.rhs.length > 1) c.text("(");
  n.rhs.forEach((path, i) => {
    if (i > 0) c.text(n.options?.["any"] === true ? " OR " : " AND ");
    c.text("JSON_TYPE(").emit(document).text(", ").emit(path).text(") IS NOT NULL");
  });
  if (n.rhs.length > 1) c.text(")");
  if (nullable) c.text(" END");
}

export const jsonFunctions: Readonly<Record<string, Handler<FuncNode>>> = {
  KeyTransform: (c, n) => void c.text("(").emit(n.args[0]!).text(" -> ").emit(n.args[1]!).text(")"),
  KeyTextTransform: (c, n) => {
    const [doc, path] = n.args as readonly [Expr, Expr];
    c.text("CASE JSON_TYPE(")
      .emit(doc)
      .text(", ")
      .emit(path)
      .text(") WHEN 'true' THEN 'true' WHEN 'false' THEN 'false' ELSE CAST((");
    c.emit(doc).text(" ->> ").emit(path).text(") AS TEXT) END");
  },
  JSONObject: (c, n) => builder(c, "JSON_OBJECT(", n.args),
  JSONArray: (c, n) => builder(c, "JSON_ARRAY(", n.args),
};
// A document inside another is parsed; without that it would become a text.
function builder(c: Compiler, open: string, args: readonly Expr[]): void {
  c.text(open);
  args.forEach((a, i) => {
    if (i > 0) c.text(", ");
    if (isJson(a)) c.text("JSON(").emit(a).text(")");
    else emitTyped(c, a);
  });
  c.text(")");
}

export const jsonLookups: Readonly<Record<string, Handler<LookupNode>>> = {
  json_exact: exact,
  json_in: (c, n) => {
    keyed(c, n.lhs);
    c.text(" IN (");
    n.rhs.forEach((r, i) => {
      if (i > 0) c.text(", ");
      keyed(c, r);
    });
    c.text(")");
  },
  json_contains: unsupported("contains"),
  json_contained_by: unsupported("contained_by"),
  json_has_key: hasKeys,
  json_has_keys: hasKeys,
  json_compare: (c, n) => {
    extracted(c, n.lhs);
    c.text(` ${String(n.options!["op"])} `);
    extracted(c, n.rhs[0]!);
  },
};
