/** Paths into JSON documents: keys gathered along a chain of transforms, written for each database when the statement is bound. */
import {
  func,
  typeOrNull,
  type BindContext,
  type Expr,
  type FuncNode,
  type FuncSpec,
  type ParamNode,
} from "../ast/expr.js";
import type { DialectInfo, ValueType } from "../ast/seams.js";
import { NotSupportedError } from "../base/errors.js";
import { JSONField } from "../fields/json.js";
import { TextField } from "../fields/text.js";

/** The value under a path, as JSON and as text. Args: the document and the path. */
export const KEY_TRANSFORM: FuncSpec = Object.freeze({ name: "KeyTransform", arity: 2 });
export const KEY_TEXT_TRANSFORM: FuncSpec = Object.freeze({ name: "KeyTextTransform", arity: 2 });
const JSON_TYPE = new JSONField(),
  TEXT = new TextField();

const INDEX = /^-?\d{1,9}$/;
/** Keys as the path language of SQLite and MySQL; `literal` keys are names even where they look like an index. */
export function pathText(keys: readonly string[], dialect: DialectInfo, literalLast = false): string {
  let out = "$";
  keys.forEach((key, i) => {
    if (!INDEX.test(key) || (literalLast && i === keys.length - 1)) {
      // MariaDB takes the hyphen for part of its path language even within quotes, and finds nothing without a word.
      if (key.startsWith("-") && !dialect.features.jsonHyphenKeys)
        throw new NotSupportedError(
          "This database cannot look up a key of a JSON object that begins with a hyphen. Give the key another name, or read the whole document.",
          "json.hyphen_key",
        );
      out += `.${quoted(key, dialect)}`;
      return;
    }
    const n = Number(key);
    if (n >= 0) out += `[${n}]`;
    else if (dialect.name === "sqlite") out += `[#${n}]`;
    else
      throw new NotSupportedError(
        "Using negative JSON array indices is not supported on this database backend.",
        "json.negative_index",
      );
  });
  return out;
}
function quoted(key: string, dialect: DialectInfo): string {
  // SQLite finds the end of a quoted key at the first quote and knows no way around it before 3.45.
  return dialect.name === "sqlite" && !/["\\]/.test(key) ? `"${key}"` : JSON.stringify(key);
}
/** Keys as a text[] literal of PostgreSQL. */
export function arrayText(keys: readonly string[]): string {
  return `{${keys.map((k) => `"${k.replace(/["\\]/g, "\\$&")}"`).join(",")}}`;
}

/** A path as a parameter: a constant, since keys are part of the query's structure. */
function pathParam(keys: readonly string[]): ParamNode {
  const map = (v: unknown, c: BindContext): string => {
    const list = JSON.parse(v as string) as string[];
    return c.dialect.name === "postgres" ? arrayText(list) : pathText(list, c.dialect);
  };
  return { kind: "param", slot: -1, value: JSON.stringify(keys), type: null, map, mapKey: "path", rawValue: true };
}
export function isKeyTransform(node: Expr): node is FuncNode {
  return node.kind === "func" && (node.spec === KEY_TRANSFORM || node.spec === KEY_TEXT_TRANSFORM);
}
/** The keys of a transform. */
export function keysOf(node: FuncNode): readonly string[] {
  return JSON.parse(String((node.args[1] as ParamNode).value)) as string[];
}
/** One more key under a document, or under a path into one. */
export function keyTransform(lhs: Expr, key: string, text: boolean): Expr {
  const inner = isKeyTransform(lhs);
  const base = inner ? lhs.args[0]! : lhs;
  const keys = inner ? [...keysOf(lhs), key] : [key];
  return func(
    text ? KEY_TEXT_TRANSFORM : KEY_TRANSFORM,
    [base, pathParam(keys)],
    text ? TEXT : jsonType(typeOrNull(base)),
  );
}
/** The same path read as text. */
export function asText(node: Expr): Expr {
  return isKeyTransform(node) ? { ...node, spec: KEY_TEXT_TRANSFORM, type: TEXT } : node;
}
export function jsonType(type: ValueType | null): ValueType {
  return type?.ancestry.includes("JSONField") === true ? type : JSON_TYPE;
}
