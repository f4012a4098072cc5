/** Queries as UPDATE and DELETE: assignments resolved, conditions over joins turned into subqueries of keys. */
import {
  func,
  keyword,
  lookup,
  typeOrNull,
  where,
  type ColumnField,
  type Expr,
  type FuncSpec,
  type SubqueryNode,
} from "../ast/expr.js";
import type { DialectInfo } from "../ast/seams.js";
import { simplify } from "../ast/simplify.js";
import type { DeleteStatement, UpdateStatement } from "../ast/statement.js";
import { INSTANCE, isInstance, Slot } from "../ast/slots.js";
import { containsAggregate, containsWindow } from "../ast/walk.js";
import { FieldError, ValueError } from "../base/errors.js";
import { isExpression } from "../expressions/expression.js";
import { DecimalField } from "../fields/decimals.js";
import type { Field } from "../fields/field.js";
import { ForeignObject, ManyToManyField, ReverseRelation } from "../fields/relations.js";
import type { ModelMeta } from "../meta/options.js";
import { asValue } from "./conditions.js";
import { isEmptySubquery, planExpr } from "./plan.js";
import { newContext, resolve } from "./resolve.js";
import { addFields } from "./selection.js";
import type { Query } from "./state.js";

export interface Assignment {
  readonly field: Field;
  readonly value: Expr;
}

/** Resolves `{ name: value }` of `update()` against the query's model. Slots hold plain values; a canonical form is made by the field. */
export function resolveAssignments(query: Query, entries: readonly (readonly [string, unknown])[]): Assignment[] {
  return entries.map(([name, given]) => {
    const field = query.meta.getField(name);
    if (field instanceof ReverseRelation || field instanceof ManyToManyField || !field.concrete)
      throw new FieldError(
        `Cannot update model field '${name}' of ${query.meta.objectName} (only non-relations and foreign keys permitted).`,
        "update.field",
        { model: query.meta.label, path: name },
      );
    if (field.generated)
      throw new FieldError(`The generated field '${name}' cannot be assigned.`, "update.generated", { path: name });
    if (given instanceof Slot) return { field, value: assignedValue(query, field, given) };
    const value = asValue(resolve(query, isExpression(given) ? given : given, { allowJoins: false }));
    if (value.kind === "tuple")
      throw new FieldError(`Composite primary keys are not allowed in this query (${name}=…).`, "update.composite", {
        path: name,
      });
    if (containsAggregate(value))
      throw new FieldError(`Aggregate functions are not allowed in this query (${name}=…).`, "update.aggregate", {
        path: name,
      });
    if (containsWindow(value))
      throw new FieldError(`Window expressions are not allowed in this query (${name}=…).`, "update.window", {
        path: name,
      });
    return { field, value: completeValue(value, field) };
  });
}
// A queryset given as a value selects the key.
function completeValue(value: Expr, _field: Field): Expr {
  if (value.kind !== "subquery" || value.exists) return value;
  const q = value.query as Query;
  if (q.hasSelectFields || !q.isSubqueryValue) return value;
  const c = q.clone();
  c.context = newContext();
  c.clearSelect();
  addFields(c, ["pk"]);
  return { ...value, query: c };
}
function assignedValue(query: Query, field: Field, slot: Slot): Expr {
  if (slot.value === null) return { kind: "param", slot: slot.index, type: field };
  const prepare = (v: unknown): unknown => (v === null ? null : field.prep(relatedValue(field, v)));
  prepare(slot.value);
  query.context.prepare(slot.index, prepare);
  return { kind: "param", slot: slot.index, type: field };
}
/** A model instance given for a foreign key stands for its key. */
export function relatedValue(field: Field, v: unknown): unknown {
  if (field instanceof ForeignObject && isInstance(v)) {
    const given = v[INSTANCE] as unknown as ModelMeta;
    const wanted = field.related as ModelMeta;
    if (given.concrete !== wanted.concrete && !given.allParents.includes(wanted.concrete))
      throw new ValueError(
        `Cannot assign "${given.objectName} object": "${field.name}" must be a "${wanted.objectName}" instance.`,
        "query.wrong_instance",
      );
    const value = (v as unknown as Record<string, unknown>)[field.toFields[0]!.attname];
    if (value === null || value === undefined)
      throw new ValueError(
        `An unsaved ${field.related.objectName} cannot be assigned to '${field.name}'. Save it first.`,
        "query.unsaved_instance",
      );
    return value;
  }
  return v;
}

/** The table's own condition of a query for UPDATE or DELETE: columns of the one table, or keys from a subquery. */
export function ownCondition(
  source: Query,
  meta: ModelMeta,
  dialect: DialectInfo,
): { where: Expr | null; alias: string; empty: boolean } {
  const query = source.clone();
  query.context = newContext();
  const used = [...query.aliases.values()].filter((t) => (query.refs.get(t.alias) ?? 0) > 0);
  const simple =
    used.length <= 1 &&
    !query.isSliced &&
    !query.distinct &&
    query.groupBy === null &&
    query.combinator === null &&
    query.extraTables.length === 0 &&
    !containsAggregate(query.where) &&
    !containsWindow(query.where) &&
    (used.length === 0 || used[0]!.table === meta.dbTable);
  const test = (n: SubqueryNode): boolean => isEmptySubquery(n, dialect);
  if (query.empty) return { where: null, alias: meta.dbTable, empty: true };
  if (simple && !(selfSelects(query, meta) && !dialect.features.updateCanSelfSelect)) {
    const alias = query.initialAlias();
    const w = simplify(query.where, test, dialect);
    if (w.kind === "never") return { where: null, alias, empty: true };
    return { where: w.kind === "always" ? null : planExpr(w, dialect), alias, empty: false };
  }
  const inner = keyQuery(query);
  const keys: Expr = { kind: "subquery", query: inner, exists: false, negated: false, type: meta.pk };
  if (isEmptySubquery(keys as SubqueryNode, dialect) || inner.empty)
    return { where: null, alias: meta.dbTable, empty: true };
  const pk = meta.pkFields;
  const lhs: Expr =
    pk.length === 1
      ? column(meta.dbTable, pk[0]!)
      : { kind: "tuple", items: pk.map((f) => column(meta.dbTable, f)), type: meta.pk };
  let planned = planExpr(lookup("in", lhs, [keys]), dialect);
  // A database that cannot read the table it changes gets the keys by way of a derived table.
  if (!dialect.features.updateCanSelfSelect) planned = { ...planned, options: { derived: true } } as Expr;
  return { where: planned, alias: meta.dbTable, empty: false };
}
function column(alias: string, f: Field): Expr {
  return { kind: "col", alias, field: f as unknown as ColumnField, type: f };
}
function selfSelects(query: Query, meta: ModelMeta): boolean {
  let found = false;
  const walk = (q: Query): void => {
    for (const t of q.aliases.values()) if (t.table === meta.dbTable) found = true;
    for (const s of q.subqueries()) walk(s);
  };
  for (const s of query.subqueries()) walk(s);
  return found;
}
/** The query as one of keys. */
export function keyQuery(source: Query): Query {
  const q = source.clone();
  q.context = newContext();
  if (!q.isSliced && q.distinctFields.length === 0) q.clearOrdering(true);
  q.selectRelated = false;
  q.lock = null;
  if (q.groupBy === true)
    addFields(
      q,
      q.meta.concreteFields.map((f) => f.attname),
      false,
    );
  q.clearSelect();
  addFields(q, [q.meta.pk.name]);
  q.isSubquery = true;
  return q;
}

/** UPDATE of one table by a query. */
export function planUpdate(
  source: Query,
  meta: ModelMeta,
  assignments: readonly Assignment[],
  dialect: DialectInfo,
  returning: readonly Expr[] = [],
): { statement: UpdateStatement; empty: boolean } {
  const own = ownCondition(source, meta, dialect);
  const set = assignments.map(({ field, value }): [string, Expr] => {
    const planned = planExpr(
      simplify(value, (n) => isEmptySubquery(n, dialect), dialect),
      dialect,
    );
    return [field.column!, fitting(planned, value, field, dialect)];
  });
  return {
    statement: { kind: "update", table: meta.dbTable, alias: own.alias, set, where: own.where, orderBy: [], returning },
    empty: own.empty,
  };
}
/** The name of the table of values in an UPDATE of many rows. */
const VALUES = "new_values";
/**
 * UPDATE of many rows, each with values of its own: `rows` rows of the key's columns and the fields', in slots from `slot` on, joined
 * by the key.
 */
export function planRowsUpdate(
  source: Query,
  meta: ModelMeta,
  fields: readonly Field[],
  rows: number,
  slot: number,
  dialect: DialectInfo,
): { statement: UpdateStatement; empty: boolean } {
  const own = ownCondition(source, meta, dialect);
  const columns = [...meta.pkFields, ...fields];
  const value = (i: number): Expr => ({
    kind: "col",
    alias: VALUES,
    field: { column: `column${i + 1}` } as unknown as ColumnField,
    type: columns[i]!,
  });
  const keys = meta.pkFields.map((f, i) => lookup("exact", column(own.alias, f), [value(i)]));
  return {
    statement: {
      kind: "update",
      table: meta.dbTable,
      alias: own.alias,
      set: fields.map((f, i): [string, Expr] => [f.column!, value(meta.pkFields.length + i)]),
      from: {
        alias: VALUES,
        rows: Array.from({ length: rows }, (_, r) =>
          columns.map((f, i): Expr => ({ kind: "param", slot: slot + r * columns.length + i, type: f })),
        ),
      },
      where: where("AND", own.where === null ? keys : [...keys, own.where]),
      orderBy: [],
      returning: [],
    },
    empty: own.empty,
  };
}
const FIT: FuncSpec = { name: "Fit", sql: "BABIK_DEC_FIT" };
/**
 * A calculated value as its column takes it. Text does not become an address, a uuid or a number by itself on a database with
 * strict types; SQLite keeps a decimal as it comes, where the others round it to the column's places and refuse what is too long.
 */
export function fitting(planned: Expr, value: Expr, field: Field, dialect: DialectInfo): Expr {
  if (dialect.name === "sqlite" && field instanceof DecimalField && field.digits !== undefined) {
    const own = value.kind === "col" || value.kind === "param" ? typeOrNull(value) : null;
    if (value.kind === "null" || (own?.digits === field.digits && own?.scale === field.scale)) return planned;
    return func(FIT, [planned, keyword(String(field.digits)), keyword(String(field.scale ?? 0))], field);
  }
  if (dialect.name !== "postgres" || value.kind === "param" || value.kind === "col") return planned;
  const type = typeOrNull(value);
  const isText = type !== null && (type.typeName === "CharField" || type.typeName === "TextField");
  const textColumn =
    field.ancestry.includes("TextField") ||
    (field.ancestry.includes("CharField") && !field.ancestry.includes("GenericIPAddressField"));
  return isText && !textColumn ? { kind: "cast", arg: planned, type: field } : planned;
}
/** DELETE of one table's rows by a query. */
export function planDelete(
  source: Query,
  meta: ModelMeta,
  dialect: DialectInfo,
  returning: readonly Expr[] = [],
): { statement: DeleteStatement; empty: boolean } {
  const own = ownCondition(source, meta, dialect);
  return {
    statement: { kind: "delete", table: meta.dbTable, alias: own.alias, where: own.where, returning },
    empty: own.empty,
  };
}
