/**
 * Conditions and expressions of definitions: resolved on a query of the model that may not join, and handed to the DDL floor
 * with their values. It runs nothing.
 */
import type { DdlExpr } from "../ast/ddl.js";
import { type Expr, typeOrNull } from "../ast/expr.js";
import { simplify } from "../ast/simplify.js";
import { MISFIT } from "../ast/slots.js";
import type { DialectInfo, ValueType } from "../ast/seams.js";
import { nodes } from "../ast/walk.js";
import { FieldError, QueryTypeError } from "../base/errors.js";
import { isExpression } from "../expressions/expression.js";
import { F } from "../expressions/makers.js";
import { Q } from "../expressions/q.js";
import { ShapeKey, Slotter } from "../expressions/shape-key.js";
import type { ModelMeta } from "../meta/options.js";
import { asCondition, isConditional } from "../query/conditions.js";
import { addQ } from "../query/filter.js";
import { newContext, resolve } from "../query/resolve.js";
import { Query } from "../query/state.js";
import { writeDdlExpression } from "../sql/ddl-expression.js";

/** A node over the model's own columns, its values beside it. */
function resolved(meta: ModelMeta, given: unknown, build: (query: Query, slotted: unknown) => Expr): DdlExpr {
  const query = new Query(meta);
  query.context = newContext();
  query.initialAlias();
  const key = new ShapeKey();
  key.any(given);
  const node = simplify(build(query, new Slotter(0).any(given)), () => false);
  for (const n of nodes(node))
    if (n.kind === "col" && n.alias !== query.baseAlias)
      throw new FieldError(
        `A constraint, index or computed column of ${meta.objectName} reads '${n.field.name}', which is not a column of its own table.`,
        "ddl.foreign_column",
        { model: meta.label, path: n.field.name },
      );
  const { prepares } = query.context;
  const values = key.values.map((v, i) => {
    const prepared = prepares.get(i)?.(v) ?? v;
    return prepared === MISFIT ? v : prepared;
  });
  return { node, values };
}

/** A condition of a constraint or partial index; null where it says nothing. */
export function resolveCondition(meta: ModelMeta, condition: object): DdlExpr | null {
  const q = condition instanceof Q ? condition : new Q(condition);
  if (q.empty) return null;
  return resolved(meta, q, (query, slotted) => {
    const { clause } = addQ(query, slotted as Q, {
      reuse: null,
      allowJoins: false,
      splitSubqueries: false,
      checkFilterable: false,
      summarize: false,
    });
    return clause;
  });
}

/** An expression of an index, constraint or computed column. Texts name fields. */
export function resolveDdlExpression(meta: ModelMeta, expression: unknown): DdlExpr {
  const e = typeof expression === "string" ? F(expression) : expression;
  if (e instanceof Q) return resolveCondition(meta, e) ?? { node: { kind: "always", type: null }, values: [] };
  if (!isExpression(e))
    throw new QueryTypeError(
      'A definition takes expressions and names of fields, such as Lower("name") or "name".',
      "ddl.expression",
      { model: meta.label },
    );
  return resolved(meta, e, (query, slotted) => resolve(query, slotted, { allowJoins: false }));
}

/** The default of a column: a plain value of its type, or an expression that reads no column. */
export function resolveDefault(meta: ModelMeta, type: ValueType, value: unknown): DdlExpr {
  if (value === null) return { node: { kind: "null", type }, values: [] };
  if (!isExpression(value) && !(value instanceof Q))
    return { node: { kind: "param", slot: -1, value: type.prep(value), type }, values: [] };
  const found = resolveDdlExpression(meta, value);
  for (const n of nodes(found.node))
    if (n.kind === "col")
      throw new FieldError(
        `The dbDefault of ${meta.objectName} reads the column '${n.field.name}'; a default may read none.`,
        "ddl.default_column",
        { model: meta.label, path: n.field.name },
      );
  // Value(…) alone has the type of what was written; the column knows better how it is stored.
  if (found.node.kind === "param" && found.node.slot >= 0) {
    const plain = found.values[found.node.slot];
    return plain === null
      ? { node: { kind: "null", type }, values: [] }
      : { node: { kind: "param", slot: -1, value: type.prep(plain), type }, values: [] };
  }
  return found;
}

/**
 * A condition or expression as the text of a definition on one database: columns without their table, values as literals.
 * @param meta the model whose columns it reads
 * @param expression a Q, an expression or the name of a field
 * @example compileDdlExpression(product, Q({ price__gt: 0 }), dialect) // "price" > 0
 * @throws FieldError where it leads to another table, NotSupportedError for subqueries, aggregates and window functions
 */
export function compileDdlExpression(meta: ModelMeta, expression: unknown, dialect: DialectInfo): string {
  return writeDdlExpression(resolveDdlExpression(meta, expression), dialect);
}

/** A boolean expression as a condition of CHECK or WHERE. */
export function resolveCheck(meta: ModelMeta, condition: object): DdlExpr | null {
  if (condition instanceof Q) return resolveCondition(meta, condition);
  const found = resolveDdlExpression(meta, condition);
  if (
    !isConditional(found.node) &&
    typeOrNull(found.node) !== null &&
    found.node.kind !== "custom" &&
    found.node.kind !== "raw"
  )
    throw new QueryTypeError("A condition of a constraint or index has to be boolean.", "ddl.condition", {
      model: meta.label,
    });
  return { node: asCondition(found.node), values: found.values };
}
