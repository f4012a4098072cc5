/** `Meta.constraints` before saving: unique, check and exclusion constraints, asked of the database with the instance's values. */
import { func, lookup, where, type Expr, type FuncSpec } from "../ast/expr.js";
import type { ValidationMessage } from "../base/errors.js";
import type { Database } from "../db/connection.js";
import { isExpression } from "../expressions/expression.js";
import { ShapeKey } from "../expressions/shape-key.js";
import type { Field } from "../fields/field.js";
import {
  type BaseConstraint,
  CheckConstraint,
  ExclusionConstraint,
  isConstraint,
  isOpClass,
  UniqueConstraint,
} from "../meta/constraints.js";
import type { ModelMeta } from "../meta/options.js";
import { allRows } from "./base-rows.js";
import { ask, InstanceValues, ownCondition, ownNode } from "./constraint-values.js";
import { metaOfInstance } from "./instance-state.js";
import type { QuerySet } from "./queryset.js";
import { runtimeOf, type CleanOptions } from "./runtime.js";
import { aliasForChecks, excludedNames, hasOthers, tablesOf, valueOf } from "./validate-unique.js";
import { constraintMessage, ErrorsByField, keyOfConstraint } from "./validation-messages.js";

/** One constraint of one table, asked for one instance. */
interface Asked {
  readonly instance: object;
  readonly model: ModelMeta;
  readonly exclude: ReadonlySet<string>;
  readonly db: Database;
}

/**
 * Checks the constraints of the model and its parents. Those over excluded fields, or over values only the database knows, are
 * passed over.
 * @param options `exclude`: names of fields
 * @throws ValidationError, under the field's name for a unique constraint of one field, else under `__all__`
 * @example await product.validateConstraints(); // SELECT 3 > 0 AS "_check"
 * Django: https://docs.djangoproject.com/en/stable/ref/models/instances/#django.db.models.Model.validate_constraints
 */
export async function validateConstraints(instance: object, options: CleanOptions = {}): Promise<void> {
  const meta = metaOfInstance(instance);
  const exclude = excludedNames(options);
  const errors = new ErrorsByField();
  const db = runtimeOf(meta).database(aliasForChecks(instance, meta));
  for (const model of new Set([meta, ...tablesOf(meta)]))
    for (const c of model.constraints) {
      if (!isConstraint(c)) continue;
      const message = await violation(c, { instance, model, exclude, db });
      if (message === null) continue;
      errors.add(keyOfConstraint(c, message), [message]);
    }
  errors.throwIfAny();
}

async function violation(c: BaseConstraint, asked: Asked): Promise<ValidationMessage | null> {
  if (c instanceof CheckConstraint)
    return (await checkFails(c as CheckConstraint, asked)) ? constraintMessage(c, asked.model) : null;
  if (c instanceof UniqueConstraint) return uniqueViolation(c as UniqueConstraint, asked);
  if (c instanceof ExclusionConstraint) return exclusionViolation(c as ExclusionConstraint, asked);
  return null;
}

// Unknown is not violated: a check passes where it is NULL.
async function checkFails(c: CheckConstraint, { instance, model, exclude, db }: Asked): Promise<boolean> {
  const values = new InstanceValues(model, instance, exclude);
  if (values.excludes(c.condition)) return false;
  const condition = await values.in(ownCondition(model, c.condition));
  return condition !== null && (await ask(db, condition)) === false;
}

async function uniqueViolation(c: UniqueConstraint, asked: Asked): Promise<ValidationMessage | null> {
  const { instance, model, exclude, db } = asked;
  const values = new InstanceValues(model, instance, exclude);
  const fields = c.fields.map((n) => model.getConcrete(n));
  const same: Expr[] = [];
  for (const part of c.fields.length > 0 ? c.fields : c.expressions) {
    if (values.excludes(plainPart(part))) return null;
    const lhs = comparedNode(model, part);
    const rhs = await values.in(lhs);
    if (lhs === null || rhs === null) return null;
    same.push(c.nullsDistinct === false ? equalOrBothNull(lhs, rhs) : lookup("exact", lhs, [rhs]));
  }
  // NULL equals nothing: no row can be in the way.
  if (c.nullsDistinct !== false && (await hasNull(instance, fields))) return null;
  const rows = await among(c.condition, values, model, allRows(model, db.alias));
  if (rows === null || !(await hasOthers(instance, model, narrowed(rows.rows, where("AND", same))))) return null;
  return constraintMessage(c, model);
}
async function hasNull(instance: object, fields: readonly Field[]): Promise<boolean> {
  for (const f of fields) if (!f.generated && (await valueOf(instance, f)) === null) return true;
  return false;
}
function equalOrBothNull(lhs: Expr, rhs: Expr): Expr {
  const isNull = (e: Expr): Expr => lookup("isnull", e, [], null, { is: true });
  return where("OR", [lookup("exact", lhs, [rhs]), where("AND", [isNull(lhs), isNull(rhs)])]);
}

async function exclusionViolation(c: ExclusionConstraint, asked: Asked): Promise<ValidationMessage | null> {
  const { instance, model, exclude, db } = asked;
  const values = new InstanceValues(model, instance, exclude);
  const overlaps: Expr[] = [];
  for (const [part, operator] of c.expressions) {
    if (values.excludes(plainPart(part))) return null;
    const lhs = comparedNode(model, part);
    const rhs = await values.in(lhs);
    if (lhs === null || rhs === null) return null;
    overlaps.push(func(operatorSpec(operator), [lhs, rhs]));
  }
  const rows = await among(c.condition, values, model, allRows(model, db.alias));
  if (rows === null) return null;
  return (await hasOthers(instance, model, narrowed(rows.rows, where("AND", overlaps))))
    ? constraintMessage(c, model)
    : null;
}
// The constraint's own operator, which was checked to be made of operator characters when it was defined.
function operatorSpec(operator: string): FuncSpec {
  return { name: `Operator${operator}`, template: "(%(expressions)s)", joiner: ` ${operator} `, conditional: true };
}

/** What is compared: the expression itself, without order and operator class. */
function comparedNode(model: ModelMeta, part: unknown): Expr | null {
  return ownNode(model, plainPart(part));
}
function plainPart(part: unknown): unknown {
  let e = part;
  while (isOpClass(e) || (isExpression(e) && e.kind === "order")) e = isOpClass(e) ? e.expression : e.args[0];
  return e;
}

/**
 * The rows a constraint with a condition is about, if the instance is one of them; null if it is not, or nobody knows. The rows are
 * in an object, since a queryset that comes out of a promise would be read.
 */
async function among(
  condition: object | null,
  values: InstanceValues,
  model: ModelMeta,
  rows: QuerySet,
): Promise<{ readonly rows: QuerySet } | null> {
  if (condition === null) return { rows };
  if (values.excludes(condition)) return null;
  const ofRow = ownCondition(model, condition);
  const ofInstance = await values.in(ofRow);
  return ofRow === null || ofInstance === null ? null : { rows: narrowed(narrowed(rows, ofRow), ofInstance) };
}
/** A queryset narrowed by a condition that is resolved already. */
function narrowed(rows: QuerySet, condition: Expr): QuerySet {
  const key = new ShapeKey();
  // It holds values of one instance: nobody else can use the shape.
  key.cacheable = false;
  return rows.step(key, (query) => {
    query.initialAlias();
    query.addWhere(condition);
  });
}
