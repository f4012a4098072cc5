/**
 * Conditions and expressions of constraints over one instance: resolved on the model's own columns, then the instance's values put
 * in their places. What cannot be known before saving (excluded fields, values the database makes) makes the whole unknown.
 */
import { func, type Expr, type FuncSpec } from "../ast/expr.js";
import type { DialectInfo } from "../ast/seams.js";
import { simplify } from "../ast/simplify.js";
import { MISFIT } from "../ast/slots.js";
import { mapChildren, nodes } from "../ast/walk.js";
import { BabikError, DatabaseError, FieldError } from "../base/errors.js";
import { currentZone } from "../base/temporal.js";
import type { Database } from "../db/connection.js";
import { isExpression } from "../expressions/expression.js";
import { F } from "../expressions/makers.js";
import { Q } from "../expressions/q.js";
import { ShapeKey, Slotter } from "../expressions/shape-key.js";
import type { Field } from "../fields/field.js";
import { GeneratedField } from "../fields/generated.js";
import type { ModelMeta } from "../meta/options.js";
import { asCondition, asValue } from "../query/conditions.js";
import { addQ } from "../query/filter.js";
import { planExpr } from "../query/plan.js";
import { newContext, resolve } from "../query/resolve.js";
import { Query } from "../query/state.js";
import { EMPTY_SELECT } from "../query/plan-types.js";
import { compileStatement } from "../sql/compile.js";
import { send } from "./execute.js";

/** A value in a place where the database must be told its type, which functions do. */
export const TYPED: FuncSpec = { name: "ConstraintValue", template: "%(expressions)s" };

/** A condition or expression over what the query knows, its values in it. @throws FieldError for names that it does not know */
export function resolvedIn(query: Query, e: unknown): Expr {
  const key = new ShapeKey();
  key.any(e);
  const slotted = new Slotter(0).any(e);
  const node =
    e instanceof Q
      ? addQ(query, slotted as Q, {
          reuse: null,
          allowJoins: false,
          splitSubqueries: false,
          checkFilterable: false,
          summarize: false,
        }).clause
      : resolve(query, slotted, { allowJoins: false });
  const { prepares } = query.context;
  const values = key.values.map((v, i) => {
    const prepared = prepares.get(i)?.(v) ?? v;
    return prepared === MISFIT ? v : prepared;
  });
  // Each call counts its values from the first: what prepares them must not be met by those of the next.
  query.context = newContext();
  return inlined(
    simplify(node, () => false),
    values,
  );
}
/** A condition or expression over the model's own columns, its values in it; null where it leads elsewhere. Texts name fields. */
export function ownNode(meta: ModelMeta, given: unknown): Expr | null {
  const query = new Query(meta);
  query.context = newContext();
  const base = query.initialAlias();
  let node: Expr;
  try {
    node = resolvedIn(query, typeof given === "string" ? F(given) : given);
  } catch (error) {
    if (error instanceof FieldError) return null;
    throw error;
  }
  for (const n of nodes(node)) if (n.kind === "subquery" || (n.kind === "col" && n.alias !== base)) return null;
  return node;
}
function inlined(node: Expr, values: readonly unknown[]): Expr {
  if ((node.kind === "param" || node.kind === "list") && node.slot >= 0)
    return { ...node, slot: -1, value: values[node.slot] } as Expr;
  return mapChildren(node, (c) => inlined(c, values));
}

/** Names of fields that a condition or expression speaks of. */
function* namesIn(given: unknown): Generator<string> {
  if (typeof given === "string") yield given.split("__")[0]!;
  else if (given instanceof Q)
    for (const child of given.children)
      yield* Array.isArray(child) ? [...namesIn(child[0]), ...namesInValue(child[1])] : namesIn(child);
  else yield* namesInValue(given);
}
// A text in the place of a value is a value.
function* namesInValue(value: unknown): Generator<string> {
  if (value instanceof Q) yield* namesIn(value);
  if (!isExpression(value)) return;
  if (value.kind === "f") yield* namesIn(value.settings["name"]);
  for (const arg of value.args) yield* namesInValue(arg);
}

/** The values of one instance, as nodes. */
export class InstanceValues {
  private readonly meta: ModelMeta;
  private readonly instance: Readonly<Record<string, unknown>>;
  private readonly exclude: ReadonlySet<string>;
  private readonly known = new Map<Field, Expr | null>();

  constructor(meta: ModelMeta, instance: object, exclude: ReadonlySet<string>) {
    this.meta = meta;
    this.instance = instance as Readonly<Record<string, unknown>>;
    this.exclude = exclude;
  }
  /** Whether a condition or expression speaks of an excluded field, by whatever name. */
  excludes(given: unknown): boolean {
    for (const name of namesIn(given)) if (this.exclude.has(name)) return true;
    return false;
  }
  /** The node with values in place of columns; null where one of them is not known. */
  async in(node: Expr | null): Promise<Expr | null> {
    if (node === null) return null;
    const replacements = new Map<Field, Expr>();
    for (const n of nodes(node)) {
      if (n.kind !== "col") continue;
      const field = n.field as unknown as Field;
      if (replacements.has(field)) continue;
      const value = await this.of(field);
      if (value === null) return null;
      replacements.set(field, value);
    }
    const replace = (n: Expr): Expr =>
      n.kind === "col" ? replacements.get(n.field as unknown as Field)! : mapChildren(n, replace);
    return replace(node);
  }
  private async of(field: Field): Promise<Expr | null> {
    let node = this.known.get(field);
    if (node === undefined) this.known.set(field, (node = await this.make(field)));
    return node;
  }
  private async make(field: Field): Promise<Expr | null> {
    if (this.exclude.has(field.name)) return null;
    if (field instanceof GeneratedField) {
      const inner = await this.in(ownNode(this.meta, field.expression));
      return inner === null ? null : ({ ...inner, type: field.outputField } as Expr);
    }
    // A deferred field is loaded when it is awaited.
    const value = await this.instance[field.attname];
    if (value === undefined) return null;
    if (isExpression(value)) return value.kind === "dbdefault" ? this.databaseDefault(field) : null;
    return typed(field, value);
  }
  private databaseDefault(field: Field): Expr | null {
    const given = field.options.dbDefault;
    if (!isExpression(given)) return typed(field, given);
    const node = ownNode(this.meta, given);
    return node === null || [...nodes(node)].some((n) => n.kind === "col") ? null : node;
  }
}
function typed(field: Field, value: unknown): Expr | null {
  try {
    const blank = value === null || value === undefined || (value === "" && !field.emptyStringsAllowed);
    const canonical = blank ? null : field.prep(value);
    return func(TYPED, [{ kind: "param", slot: -1, value: canonical, type: field }], field);
  } catch (error) {
    // A value that does not fit was reported by the check of its field.
    if (error instanceof BabikError) return null;
    throw error;
  }
}

/** A condition of a constraint over own columns: a Q, or a boolean expression. */
export function ownCondition(meta: ModelMeta, condition: object): Expr | null {
  const node = ownNode(meta, condition);
  return node === null ? null : asCondition(node);
}

/**
 * What the database says of a condition without columns: true, false, or null for unknown. Values it cannot calculate with count as
 * unknown; saving will say what is wrong.
 */
export async function ask(db: Database, condition: Expr): Promise<boolean | null> {
  const info: DialectInfo = await db.ready();
  const expr = planExpr(asValue(condition), info);
  const columns = [{ expr, alias: "_check" }];
  const statement = compileStatement({ ...EMPTY_SELECT, columns }, info, currentZone());
  const run = async (): Promise<boolean | null> => {
    const { rows } = await send(db, statement, [], false);
    const answer = rows[0]?.[0] ?? null;
    return answer === null ? null : answer === true || answer === 1 || answer === 1n;
  };
  try {
    // In a transaction a failing statement would spoil the block.
    return await (db.inTransaction ? db.atomic(run) : run());
  } catch (error) {
    if (error instanceof DatabaseError) return null;
    throw error;
  }
}
