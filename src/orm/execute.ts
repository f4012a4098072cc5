/** Shapes -> compiled statements -> rows. The only file of this floor that sends a query's SQL to a database. */
import { typeOf } from "../ast/expr.js";
import type { DialectInfo } from "../ast/seams.js";
import { ValueError } from "../base/errors.js";
import { currentZone } from "../base/temporal.js";
import type { Database } from "../db/connection.js";
import type { MaybePromise, RunResult } from "../db/driver.js";
import { planSelect, emptyValue, UNKNOWN } from "../query/plan.js";
import type { SelectPlan } from "../query/plan-types.js";
import type { Query } from "../query/state.js";
import type { Compiled } from "../sql/compiled.js";
import { compileStatement } from "../sql/compile.js";
import { checkBinding } from "./bound.js";
import {
  columnReader,
  instanceReader,
  needsBigInts,
  valuesReader,
  type InstanceReader,
  type RowReader,
} from "./hydrate.js";
import type { QuerySetParts } from "./queryset-state.js";
import { runtimeOf } from "./runtime.js";
import type { ShapeNode } from "./shape.js";

/** A shape ready to run on one kind of database. */
export interface Executable {
  readonly plan: SelectPlan;
  readonly compiled: Compiled | null;
  readonly bigInts: boolean;
  instances?: InstanceReader;
  rows?: Map<string, RowReader>;
}

/** Database a queryset reads from (or writes to). */
export function databaseOf(qs: QuerySetParts, write = qs.forWrite): Database {
  const rt = runtimeOf(qs.meta);
  const db = rt.database(qs.alias ?? rt.route(qs.meta, write, qs.hints));
  if (qs.binding !== undefined) checkBinding(qs.binding, db);
  return db;
}

/** The compiled form of a shape, made once for each kind of database and time zone. */
export function executable(node: ShapeNode, info: DialectInfo): Executable {
  const zone = currentZone();
  const key = zone === "UTC" ? info.name : `${info.name}@${zone}`;
  const known = node.compiled.get(key) as { info: DialectInfo; exe: Executable } | undefined;
  if (known !== undefined && known.info === info) return known.exe;
  const exe = prepare(node.query, info, zone);
  // Time zones may come from users: old ones make room.
  if (node.compiled.size > 16) node.compiled.clear();
  node.compiled.set(key, { info, exe });
  return exe;
}
/** Plans and compiles a query. */
export function prepare(query: Query, info: DialectInfo, zone: string = currentZone()): Executable {
  const plan = planSelect(query, { dialect: info });
  const compiled = plan.empty ? null : compileStatement(plan.statement, info, zone);
  // A column whose type cannot be told is a mistake to hear of now, not once rows have come.
  for (const c of plan.columns) typeOf(c.expr);
  return { plan, compiled, bigInts: needsBigInts(plan) };
}

/** Runs a compiled statement. */
export function send(
  db: Database,
  compiled: Compiled,
  values: readonly unknown[],
  bigInts: boolean,
): MaybePromise<RunResult> {
  const waiting = compiled.ready(db);
  return waiting instanceof Promise
    ? waiting.then(() => sendReady(db, compiled, values, bigInts))
    : sendReady(db, compiled, values, bigInts);
}
function sendReady(
  db: Database,
  compiled: Compiled,
  values: readonly unknown[],
  bigInts: boolean,
): MaybePromise<RunResult> {
  const { text, params, handle } = compiled.bind(values, currentZone(), db);
  return db.run({ text, params, handle, bigInts });
}

/** Raw rows of a shape. */
export function fetchRows(
  qs: QuerySetParts,
  db: Database,
): MaybePromise<{ exe: Executable; rows: readonly (readonly unknown[])[] }> {
  const dialect = db.ready();
  return dialect instanceof Promise ? dialect.then((d) => fetchWith(qs, db, d)) : fetchWith(qs, db, dialect);
}
function fetchWith(
  qs: QuerySetParts,
  db: Database,
  dialect: DialectInfo,
): MaybePromise<{ exe: Executable; rows: readonly (readonly unknown[])[] }> {
  checkBound(qs.node.query, db);
  const exe = executable(qs.node, dialect);
  if (exe.compiled === null) return { exe, rows: [] };
  const result = send(db, exe.compiled, qs.values, exe.bigInts);
  return result instanceof Promise ? result.then((r) => ({ exe, rows: r.rows })) : { exe, rows: result.rows };
}

function checkBound(query: Query, db: Database): void {
  for (const alias of query.boundAliases)
    if (alias !== db.alias)
      throw new ValueError(
        "Subqueries aren't allowed across different databases. Force the inner query to be evaluated: await it, and give the list.",
        "query.other_database",
      );
}

/** Reads rows as the queryset's mode says. */
export function readRows(
  qs: QuerySetParts,
  exe: Executable,
  rows: readonly (readonly unknown[])[],
  db: Database,
): unknown[] {
  if (qs.mode === "instances") {
    const read = (exe.instances ??= instanceReader(exe.plan, qs.meta, db.dialect));
    const rt = runtimeOf(qs.meta);
    return read(rows, { db: db.alias, fetchMode: qs.fetchMode ?? rt.fetchMode });
  }
  exe.rows ??= new Map();
  let read = exe.rows.get(qs.mode);
  if (read === undefined) exe.rows.set(qs.mode, (read = valuesReader(exe.plan, db.dialect, qs.mode)));
  const out: unknown[] = [];
  for (let i = 0; i < rows.length; i++) out[i] = read(rows[i]!);
  return out;
}

/** One row of aggregates as an object; over a set known to be empty without asking the database where that is possible. */
export function fetchAggregates(
  qs: QuerySetParts,
  node: ShapeNode,
  values: readonly unknown[],
  db: Database,
): MaybePromise<Record<string, unknown>> {
  const dialect = db.ready();
  return dialect instanceof Promise
    ? dialect.then((d) => aggregatesWith(node, values, db, d))
    : aggregatesWith(node, values, db, dialect);
}
function aggregatesWith(
  node: ShapeNode,
  values: readonly unknown[],
  db: Database,
  dialect: DialectInfo,
): MaybePromise<Record<string, unknown>> {
  let exe = executable(node, dialect);
  if (exe.plan.empty || exe.compiled === null) {
    const nodes = exe.plan.columns.map((c) => c.expr);
    const known = (nodes.length > 0 ? nodes : [...node.query.annotationSelect.values()]).map((n) =>
      emptyValue(n, values),
    );
    const names = [...node.query.annotationSelect.keys()];
    if (known.every((v) => v !== UNKNOWN)) return Object.fromEntries(names.map((n, i) => [n, known[i]]));
    const q = node.query.clone();
    exe = prepareOverNothing(q, dialect);
  }
  const { plan } = exe;
  const read = (result: RunResult): Record<string, unknown> => {
    const row = result.rows[0] ?? [];
    const out: Record<string, unknown> = {};
    for (const n of plan.shape.named) {
      const reader = columnReader(plan.columns[n.index]!, dialect, exe.bigInts);
      const v = row[n.index] ?? null;
      out[n.name] = v === null || reader === undefined ? v : reader(v);
      // An aggregate whose rows were all filtered away by an empty condition still knows its value.
    }
    return out;
  };
  const result = send(db, exe.compiled!, values, exe.bigInts);
  return result instanceof Promise ? result.then(read) : read(result);
}
// The database is asked about nothing: the same SELECT list under a condition that never holds.
function prepareOverNothing(query: Query, info: DialectInfo): Executable {
  const q = query.clone();
  const inner = q.inner;
  const source = inner ?? q;
  const c = source.clone();
  c.empty = false;
  c.where = {
    kind: "where",
    connector: "AND",
    negated: false,
    children: [
      {
        kind: "lookup",
        op: "isnull",
        lhs: { kind: "keyword", text: "1", type: null },
        rhs: [],
        type: null,
        options: { is: true },
      },
    ],
    type: null,
  };
  if (inner !== null) q.inner = c;
  return prepare(inner !== null ? q : c, info);
}
