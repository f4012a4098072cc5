/** SQL of one expression on one database, without models: names are looked up among given columns of a table called `t`. */
import { Slotter, ShapeKey } from "../../src/expressions/shape-key.js";
import type { Expression } from "../../src/expressions/expression.js";
import type { DialectInfo } from "../../src/ast/seams.js";
import { col, type ColumnField, type Expr } from "../../src/ast/expr.js";
import type { Field } from "../../src/fields/field.js";
import { newContext, resolve } from "../../src/query/resolve.js";
import type { Query } from "../../src/query/state.js";
import { dialectFor } from "../../src/sql/compile.js";
import { Compiler } from "../../src/sql/compiler.js";

export interface Written {
  readonly text: string;
  readonly params: readonly unknown[];
  readonly node: Expr;
  readonly usesTimeZone: boolean;
}
/** Columns of `t` by name. */
export function columns(fields: Readonly<Record<string, Field>>): Map<string, Expr> {
  const out = new Map<string, Expr>();
  for (const [name, field] of Object.entries(fields)) {
    Object.assign(field, { name, attname: name, column: name });
    out.set(name, col("t", field as unknown as ColumnField));
  }
  return out;
}
/** The node of an expression over the columns, and the values it gathered. */
export function resolved(e: Expression, table: ReadonlyMap<string, Expr>): { node: Expr; values: unknown[] } {
  const key = new ShapeKey();
  key.any(e);
  const context = newContext();
  const query = { context, annotations: table } as unknown as Query;
  const node = resolve(query, new Slotter(0).any(e));
  const values = key.values.map((v, i) => context.prepares.get(i)?.(v) ?? v);
  return { node, values };
}
export function write(e: Expression, table: ReadonlyMap<string, Expr>, info: DialectInfo, timeZone = "UTC"): Written {
  const { node, values } = resolved(e, table);
  const c = new Compiler(dialectFor(info), info, timeZone);
  c.emit(node);
  const { text, params } = c.finish().bind(values, timeZone);
  return { text, params, node, usesTimeZone: c.usesTimeZone };
}
