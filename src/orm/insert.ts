/** INSERT: rows of values and expressions of one table, what comes back, and batches that the database can take. */
import { typeOrNull, type Expr } from "../ast/expr.js";
import type { DialectInfo } from "../ast/seams.js";
import type { InsertStatement } from "../ast/statement.js";
import { some } from "../ast/walk.js";
import { MISFIT } from "../ast/slots.js";
import { FieldError, ValueError } from "../base/errors.js";
import { currentZone } from "../base/temporal.js";
import type { Database } from "../db/connection.js";
import type { RunResult } from "../db/driver.js";
import { isExpression, type Expression } from "../expressions/expression.js";
import { ShapeKey, Slotter } from "../expressions/shape-key.js";
import type { Field } from "../fields/field.js";
import type { ModelMeta } from "../meta/options.js";
import { asValue } from "../query/conditions.js";
import { newContext, resolve } from "../query/resolve.js";
import { planExpr } from "../query/plan.js";
import { Query } from "../query/state.js";
import { fitting } from "../query/write.js";
import { compileStatement } from "../sql/compile.js";
import { explained } from "./integrity.js";
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
export async function insertRows(
  db: Database,
  meta: ModelMeta,
  fields: readonly Field[],
  rows: readonly (readonly unknown[])[],
  options: InsertOptions,
): Promise<Inserted> {
  const info = await db.ready();
  const plain = rows.every((r) => r.every((v) => !isExpression(v)));
  const returning = info.features.returning ? options.returning : [];
  let compiled: Compiled;
  const values: unknown[] = [];
  const key = plain
    ? `${info.name}|${fields.map((f) => f.column).join()}|${rows.length}|${returning.map((f) => f.column).join()}|${JSON.stringify(options.onConflict ?? null)}`
    : "";
  const cache = compiledInserts.get(meta) ?? new Map<string, { info: DialectInfo; compiled: Compiled }>();
  compiledInserts.set(meta, cache);
  const known = plain ? cache.get(key) : undefined;
  if (known !== undefined && known.info === info) {
    compiled = known.compiled;
    for (const r of rows) for (const v of r) values.push(v);
  } else {
    const statement = build(meta, fields, rows, returning, options.onConflict ?? null, info, values);
    compiled = compileStatement(statement, info, currentZone());
    if (plain) {
      if (cache.size > 64) cache.clear();
      cache.set(key, { info, compiled });
    }
  }
  const bound = compiled.bind(values, currentZone());
  let result: RunResult;
  try {
    result = await db.run({ ...bound, bigInts: returning.some((f) => f.needsBigInt) });
  } catch (error) {
    throw explained(error, meta);
  }
  const readers = returning.map((f) => f.fromDb(info));
  return {
    rows: result.rows.map((r) => r.map((v, i) => (v === null || readers[i] === undefined ? v : readers[i](v)))),
    lastInsertId: result.lastInsertId,
    affected: result.affected,
  };
}

/** The statement; plain values are gathered row by row into `values`, those of expressions where they stand. */
function build(
  meta: ModelMeta,
  fields: readonly Field[],
  rows: readonly (readonly unknown[])[],
  returning: readonly Field[],
  onConflict: InsertStatement["onConflict"],
  info: DialectInfo,
  values: unknown[],
): InsertStatement {
  const tail = {
    onConflict,
    returning: returning.map((f): Expr => ({ kind: "col", alias: meta.dbTable, field: f as never, type: f })),
  };
  // A column that is left to its default in every row is left out; but SQLite numbers a key that is left out, whatever its default.
  const numbered = (f: Field): boolean => info.name === "sqlite" && f.primaryKey;
  const kept = fields.map((_, c) => c).filter((c) => numbered(fields[c]!) || !rows.every((r) => isDefault(r[c])));
  // Where none is left, one row can be made of nothing, but not several.
  if (kept.length === 0 && rows.length > 1 && info.name !== "mysql") {
    if (fields.length > 0) kept.push(0);
    else {
      const number: Expr =
        info.name === "sqlite" ? { kind: "null", type: null } : { kind: "default", type: null, expr: null };
      return {
        kind: "insert",
        table: meta.dbTable,
        columns: [meta.pk.column!],
        rows: rows.map(() => [number]),
        ...tail,
      };
    }
  }
  const nodes = rows.map((r) =>
    kept.map((c): Expr => {
      const v = r[c],
        field = fields[c]!;
      return isExpression(v)
        ? expressionNode(meta, field, v, info, values)
        : { kind: "param", slot: values.push(v) - 1, type: field };
    }),
  );
  return {
    kind: "insert",
    table: meta.dbTable,
    columns: kept.map((c) => fields[c]!.column!),
    rows: nodes,
    ...tail,
  };
}
/** True for the marker of a column that the database fills by its default. */
export function isDefault(v: unknown): boolean {
  return isExpression(v) && v.kind === "dbdefault";
}
function expressionNode(meta: ModelMeta, field: Field, e: Expression, info: DialectInfo, values: unknown[]): Expr {
  if (isDefault(e)) {
    if (info.name !== "sqlite") return { kind: "default", type: null, expr: null };
    // SQLite has no DEFAULT among the values of a row: what it stands for is written out.
    const given = field.options.dbDefault;
    return isExpression(given)
      ? expressionNode(meta, field, given, info, values)
      : { kind: "param", slot: values.push(storedValue(field, given)) - 1, type: field };
  }
  const query = new Query(meta);
  query.context = newContext();
  const first = values.length;
  const key = new ShapeKey();
  key.expression(e);
  const node = planExpr(asValue(resolve(query, new Slotter(first).any(e), { allowJoins: false })), info);
  key.values.forEach((v, n) => {
    const prepared = query.context.prepares.get(first + n)?.(v);
    values.push(prepared === undefined || prepared === MISFIT ? v : prepared);
  });
  const refuse = (what: string, code: string): FieldError =>
    new FieldError(`${what} (${field.name}=…).`, code, { model: meta.label, path: field.name });
  if (some(node, (x) => x.kind === "col" || x.kind === "ref"))
    throw new ValueError(
      `Failed to insert an expression on ${field.path}. F() expressions can only be used to update, not to insert.`,
      "insert.f",
      { path: field.name },
    );
  if (some(node, (x) => x.kind === "aggregate"))
    throw refuse("Aggregate functions are not allowed in this query", "insert.aggregate");
  if (some(node, (x) => x.kind === "window"))
    throw refuse("Window expressions are not allowed in this query", "insert.window");
  return node.kind === "param" && typeOrNull(node) === null
    ? { ...node, type: field }
    : fitting(node, node, field, info);
}
/** Rows that fit into one statement. */
export function batchSize(info: DialectInfo, columns: number): number {
  return Math.max(1, Math.floor(Math.min(info.features.maxParams, 10_000) / Math.max(1, columns)));
}
