/** Arguments of queryset methods, checked and put in order. */
import { labelOf } from "../ast/expr.js";
import { QUERY_SOURCE } from "../ast/slots.js";
import { QueryTypeError, ValueError } from "../base/errors.js";
import { isExpression, type Expression } from "../expressions/expression.js";
import { isOptions } from "../expressions/makers.js";
import { Q } from "../expressions/q.js";
import { QuerySetCore } from "./queryset-core.js";

/** Refuses what is no queryset beside another one. */
export function refuseOthers(kind: string, others: readonly unknown[]): void {
  for (const o of others)
    if (!(o instanceof QuerySetCore)) throw new QueryTypeError(`${kind}() takes querysets.`, "queryset.combinator");
}

/** An end of a slice. */
export function position(n: unknown): number {
  if (typeof n !== "number" || !Number.isSafeInteger(n))
    throw new QueryTypeError("Slices take whole numbers.", "queryset.slice");
  if (n < 0) throw new ValueError("Negative indexing is not supported.", "queryset.slice");
  return n;
}
/** `annotate({ a: …, b: … })` and `annotate(Count("x"))` as pairs of name and expression. */
export function namedExpressions(method: string, args: readonly unknown[]): [string, unknown][] {
  const out = new Map<string, unknown>();
  for (const a of args) {
    if (isExpression(a)) {
      const name = defaultName(a);
      if (name === null)
        throw new QueryTypeError("Complex annotations require an alias: { name: expression }.", "annotate.alias");
      if (out.has(name))
        throw new QueryTypeError(
          `The named annotation '${name}' conflicts with the default name for another annotation.`,
          "annotate.alias",
        );
      out.set(name, a);
    } else if (isOptions(a)) {
      for (const [k, v] of Object.entries(a)) {
        if (v === undefined)
          throw new ValueError(`The value of '${k}' given to ${method}() is undefined.`, "value.undefined");
        if (!isExpression(v) && !(v instanceof Q) && !(typeof v === "object" && v !== null && QUERY_SOURCE in v))
          throw new QueryTypeError(
            `${method}() received a non-expression for '${k}'. Wrap plain values in Value().`,
            "query.annotation_type",
          );
        if (out.has(k))
          throw new QueryTypeError(
            `The named annotation '${k}' conflicts with the default name for another annotation.`,
            "annotate.alias",
          );
        out.set(k, v);
      }
    } else
      throw new QueryTypeError(
        `QuerySet.${method}() received a non-expression: ${a === null ? "null" : typeof a}.`,
        "query.annotation_type",
      );
  }
  return [...out];
}
/** The name an aggregate has by itself: `price__avg`. */
export function defaultName(e: Expression): string | null {
  if (e.kind === "f") return String(e.settings["name"]);
  if (e.kind !== "aggregate") return null;
  const first = e.args[0];
  return e.settings["n"] === 1 && isExpression(first) && first.kind === "f"
    ? `${String(first.settings["name"])}__${labelOf(e.spec!).toLowerCase()}`
    : null;
}
/** A name for an expression that was given none. */
export function autoName(e: Expression): string {
  return defaultName(e) ?? (e.spec === undefined ? e.kind : labelOf(e.spec)).toLowerCase();
}
