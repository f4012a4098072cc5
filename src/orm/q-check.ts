/** `Q.check()`: whether a condition holds for given values, asked of the database the way constraints are before saving. */
import { func, keyword, type Expr } from "../ast/expr.js";
import { nodes } from "../ast/walk.js";
import { namedOptions } from "../base/options.js";
import { FieldError, QueryTypeError, suggest } from "../base/errors.js";
import { Value } from "../expressions/makers.js";
import { isExpression } from "../expressions/expression.js";
import { pairs, Q, qDoors } from "../expressions/q.js";
import { AutoField } from "../fields/keys.js";
import type { ModelMeta } from "../meta/options.js";
import { Registry } from "../meta/registry.js";
import { checkAlias } from "../query/annotate.js";
import { asCondition } from "../query/conditions.js";
import { newContext } from "../query/resolve.js";
import { Query } from "../query/state.js";
import { ask, resolvedIn, TYPED } from "./constraint-values.js";
import { currentOrm } from "./define.js";

let nothing: ModelMeta | undefined;
/** A model without anything that could be named: names are those of the values. */
function modelOfNothing(): ModelMeta {
  if (nothing !== undefined) return nothing;
  const registry = new Registry();
  const fields = { babik_no_field: new AutoField({ primaryKey: true }) };
  nothing = registry.add("babik", { label: "Values", fields, options: {}, parents: [], proxyFor: null });
  registry.finish();
  return nothing;
}

async function check(q: Q, against: unknown, given: { readonly using?: string | undefined }): Promise<boolean> {
  const { using } = namedOptions("Q.check()", given, ["using"]);
  if (typeof against !== "object" || against === null || Array.isArray(against))
    throw new QueryTypeError(
      "Q.check() takes an object of values by name first, such as { price: 20 }.",
      "filter.argument",
    );
  const query = new Query(modelOfNothing());
  query.context = newContext();
  query.initialAlias();
  const known: string[] = [];
  for (const [name, value] of pairs(against)) {
    checkAlias(name);
    query.annotations.set(name, valueNode(query, value));
    known.push(name);
  }
  const db = currentOrm().connection(using);
  if (q.empty) return true;
  const node = resolvedIn(query, q);
  for (const n of nodes(node))
    if (n.kind === "col")
      throw new FieldError(
        `The condition speaks of something that is not among the values.${suggest("pk", known)}`,
        "query.unknown_field",
        { choices: known },
      );
  // Unknown counts as right, as it does for the database's own constraints.
  return (await ask(db, asCondition(node))) !== false;
}
/** A value whose type the database is told; expressions may use the values before them. */
function valueNode(query: Query, value: unknown): Expr {
  // Written out: a parameter would need a type, and what is known to be NULL would be decided here, where unknown is not told from wrong.
  if (value === null) return func(TYPED, [keyword("NULL")]);
  if (isExpression(value) && value.kind !== "value") return resolvedIn(query, value);
  if (value instanceof Q) return resolvedIn(query, value);
  const node = resolvedIn(query, isExpression(value) ? value : Value(value as never));
  return func(TYPED, [node], node.type);
}

qDoors.check = check;
