/** INSERT: rows of values and expressions of one table, what comes back, and batches that the database can take. */
import { typeOrNull, type Expr } from "../ast/expr.js";
import type { DialectInfo } from "../ast/seams.js";
import type { InsertStatement } from "../ast/statement.js";
import { some } from "../ast/walk.js";
import { FieldError } from "../base/errors.js";
import { currentZone } from "../base/temporal.js";
import type { Database } from "../db/connection.js";
import { isExpression } from "../expressions/expression.js";
import { Slotter } from "../expressions/shape-key.js";
import type { Field } from "../fields/field.js";
import type { ModelMeta } from "../meta/options.js";
import { asValue } from "../query/conditions.js";
import { newContext, resolve } from "../query/resolve.js";
import { planExpr } from "../query/plan.js";
import { Query } from "../query/state.js";
import { compileStatement } from "../sql/compile.js";
import type { Compiled } from "../sql/compiled.js";

export interface InsertOptions {
  readonly returning: readonly Field[];
  readonly onConflict?: InsertStatement["onConflict"];
}
export interface Inserted {
  /** Values of the returned fields for each row, canonical; empty where the database returns nothing. */
  readonly rows: unknown[][];
  readonly lastInsertId: number | bigint | undefined;
  readonly affected: number;
}

const compiledInserts = new WeakMap<ModelMeta, Map<string, { info: DialectInfo; compiled: Compiled }>>();

/** A field's value as it is stored: expressions stay, plain values are made canonical; undefined is refused by the field. */
export function storedValue(field: Field, value: unknown): unknown {
  if (value === null) return null;
  if (isExpression(value)) return value;
  return field.prep(value);
}

/** Inserts rows of one table; each row has a stored value for each of the fields. */
export async function insertRows(db: Database, meta: ModelMeta, fields: readonly Field[], rows: readonly (readonly unknown[])[], options: InsertOptions): Promise<Inserted> {
  const info = await db.ready();
  const plain = rows.every((r) => r.every((v) => !isExpression(v)));
  const returning = info.features.returning ? options.returning : [];
  let compiled: Compiled;
  const values: unknown[] = [];
  const key = plain ? `${info.name}|${fields.map((f) => f.column).join()}|${rows.length}|${returning.map((f) => f.column).join()}|${JSON.stringify(options.onConflict ?? null)}` : "";
  const cache = compiledInserts.get(meta) ?? new Map<string, { info: DialectInfo; compiled: Compiled }>();
  compiledInserts.set(meta, cache);
  if (plain) for (const r of rows) for (const v of r) values.push(v);
  const known = plain ? cache.get(key) : undefined;
  if (known !== undefined && known.info === info) compiled = known.compiled;
  else {
    const statement = build(meta, fields, rows, returning, options.onConflict ?? null, info);
    compiled = compileStatement(statement, info, currentZone());
    if (plain) {
      if (cache.size > 64) cache.clear();
      cache.set(key, { info, compiled });
    }
  }
  const bound = compiled.bind(values, currentZone());
  const result = await db.run({ ...bound, bigInts: returning.some((f) => f.needsBigInt) });
  const readers = returning.map((f) => f.fromDb(info));
  return {
    rows: result.rows.map((r) => r.map((v, i) => (v === null || readers[i] === undefined ? v : readers[i](v)))),
    lastInsertId: result.lastInsertId,
    affected: result.affected,
  };
}

function build(meta: ModelMeta, fields: readonly Field[], rows: readonly (readonly unknown[])[], returning: readonly Field[], onConflict: InsertStatement["onConflict"], info: DialectInfo): InsertStatement {
  // A column that is left to its default in every row is left out.
  const kept = fields.map((_, c) => c).filter((c) => !rows.every((r) => isDefault(r[c])));
  const n = fields.length;
  const nodes = rows.map((r, i) => kept.map((c): Expr => {
    const v = r[c], field = fields[c]!;
    if (!isExpression(v)) return { kind: "param", slot: rowsArePlain(rows) ? i * n + c : -1, value: v, type: field };
    return expressionNode(meta, field, v, info);
  }));
  return { kind: "insert", table: meta.dbTable, columns: kept.map((c) => fields[c]!.column!), rows: nodes, onConflict, returning: returning.map((f): Expr => ({ kind: "col", alias: meta.dbTable, field: f as never, type: f })) };
}
const plainRows = new WeakMap<readonly unknown[], boolean>();
function rowsArePlain(rows: readonly (readonly unknown[])[]): boolean {
  let known = plainRows.get(rows);
  if (known === undefined) plainRows.set(rows, (known = rows.every((r) => r.every((v) => !isExpression(v)))));
  return known;
}
export function isDefault(v: unknown): boolean {
  return isExpression(v) && v.kind === "dbdefault";
}
function expressionNode(meta: ModelMeta, field: Field, e: unknown, info: DialectInfo): Expr {
  const query = new Query(meta);
  query.context = newContext();
  const node = isDefault(e)
    ? ({ kind: "default", type: null, expr: null } satisfies Expr)
    : planExpr(literal(asValue(resolve(query, new Slotter(0).any(e), { allowJoins: false })), e), info);
  if (some(node, (x) => x.kind === "col" || x.kind === "ref"))
    throw new FieldError(`Failed to insert an expression on ${field.path}. F() expressions can only be used to update, not to insert.`, "insert.f", { path: field.name });
  if (some(node, (x) => x.kind === "aggregate")) throw new FieldError(`Aggregate functions are not allowed in this query (${field.name}=…).`, "insert.aggregate", { path: field.name });
  if (some(node, (x) => x.kind === "window")) throw new FieldError(`Window expressions are not allowed in this query (${field.name}=…).`, "insert.window", { path: field.name });
  if (node.kind === "default" && info.name === "sqlite") {
    const given = field.options.dbDefault;
    if (isExpression(given)) return expressionNode(meta, field, given, info);
    return { kind: "param", slot: -1, value: storedValue(field, given), type: field };
  }
  if (node.kind === "param" && typeOrNull(node) === null) return { ...node, type: field };
  return node;
}
/** Slots of a lone expression -> constants: there are no gathered values to take them from. */
export function literal(node: Expr, e: unknown): Expr {
  const values: unknown[] = [];
  const gather = (x: unknown): void => {
    if (isExpression(x)) x.args.forEach(gather);
    else if (Array.isArray(x) && x.some(isExpression)) x.forEach(gather);
    else if (typeof x === "object" && x !== null && Symbol.for("babik.querysource") in x) values.push(...(x as { gathered: readonly unknown[] }).gathered);
    else if (typeof x === "object" && x !== null && "connector" in x && "children" in x)
      for (const c of (x as { children: readonly unknown[] }).children) gather(Array.isArray(c) ? c[1] : c);
    else values.push(x);
  };
  gather(e);
  return fillSlots(node, values);
}
import { mapChildren } from "../ast/walk.js";
function fillSlots(node: Expr, values: readonly unknown[]): Expr {
  if ((node.kind === "param" || node.kind === "list") && node.slot >= 0) {
    const type = typeOrNull(node);
    const v = values[node.slot];
    const canonical = v === null || type === null || node.map !== undefined ? v : type.prep(v);
    return { ...node, slot: -1, value: canonical } as Expr;
  }
  return mapChildren(node, (c) => fillSlots(c, values));
}
/** Rows that fit into one statement. */
export function batchSize(info: DialectInfo, columns: number): number {
  return Math.max(1, Math.floor(Math.min(info.features.maxParams, 30_000) / Math.max(1, columns)));
}
