/**
 * `qs.returning().update()` and `.delete()`: the rows that a statement changed or removed, by the statement itself. In between stands an
 * object of its own that cannot be awaited, so that `update()` stays a promise of a number and nothing ever runs twice.
 */
import { where, type Expr } from "../ast/expr.js";
import type { DialectInfo } from "../ast/seams.js";
import { containsAggregate, containsWindow, nodes } from "../ast/walk.js";
import { FieldError, NotSupportedError, QueryTypeError } from "../base/errors.js";
import { currentZone } from "../base/temporal.js";
import type { Database } from "../db/connection.js";
import { ShapeKey } from "../expressions/shape-key.js";
import { planSelect } from "../query/plan.js";
import type { SelectPlan } from "../query/plan-types.js";
import { planDelete, planUpdate } from "../query/write.js";
import { compileStatement } from "../sql/compile.js";
import { allRows } from "./base-rows.js";
import { runBound } from "./bound.js";
import { Collector } from "./deletion-collect.js";
import { canFastDelete } from "./deletion-relations.js";
import { batches, deleteKeys, keysPerStatement } from "./deletion-run.js";
import { databaseOf, readRows, send, type Executable } from "./execute.js";
import { needsBigInts } from "./hydrate.js";
import { explained } from "./integrity.js";
import type { QuerySet } from "./queryset.js";
import type { QuerySetLike } from "./queryset-state.js";
import type { ShapeNode } from "./shape.js";
import { assigned, checkedAssignments, ownerOf } from "./update.js";

/** A queryset whose rows are written and given back. Its rows have the form that the queryset's own rows have. */
export class Returning {
  readonly #rows: QuerySet;
  constructor(rows: QuerySet) {
    this.#rows = rows;
  }
  /**
   * Sets fields of all rows, and gives these rows as they are afterwards.
   * @throws NotSupportedError where the database has no UPDATE … RETURNING (MariaDB, MySQL)
   */
  update(values: Record<string, unknown>): Promise<unknown[]> {
    return runBound(this.#rows.parts.binding, () => this.#update(values));
  }
  async #update(values: Record<string, unknown>): Promise<unknown[]> {
    const rows = this.#rows;
    const entries = checkedAssignments(rows, values);
    const db = databaseOf(rows.parts, true);
    const info = await db.ready();
    if (!info.features.returningFromUpdate) throw notSupported("UPDATE", "read the rows in the same transaction");
    const { meta } = rows;
    if (entries.some(([name]) => ownerOf(meta, name) !== meta.concrete))
      throw new NotSupportedError(
        `returning().update() writes one table; ${meta.objectName} has some of these fields in that of a parent.`,
        "returning.inherited",
        { model: meta.label },
      );
    if (entries.length === 0) return [];
    const { node, values: all } = assigned(rows, entries);
    const exe = executable(node, info, "update", (plan, columns) => {
      const { statement, empty } = planUpdate(node.query, meta.concrete, node.query.assignments!, info, columns);
      return { plan, empty, statement };
    });
    return run(rows, exe, all, db);
  }
  /**
   * Deletes all rows with what `onDelete` takes along, and gives the rows of this model as they were.
   * @throws NotSupportedError where the database has no DELETE … RETURNING (MySQL); ProtectedError, RestrictedError where a
   * relation forbids it
   */
  delete(): Promise<unknown[]> {
    return runBound(this.#rows.parts.binding, () => this.#delete());
  }
  async #delete(): Promise<unknown[]> {
    const rows = this.#rows;
    rows.refuseCombined("delete");
    if (rows.query.isSliced) throw new QueryTypeError("Cannot use 'limit' or 'offset' with delete().", "delete.sliced");
    if (rows.query.distinctFields.length > 0)
      throw new QueryTypeError("Cannot call delete() after .distinct(*fields).", "delete.distinct");
    const db = databaseOf(rows.parts, true);
    const info = await db.ready();
    if (!info.features.returningFromDelete) throw notSupported("DELETE", "read the rows in the same transaction");
    const { meta } = rows;
    // Wrong columns are told before anything is deleted.
    returned(rows.node, info);
    if (canFastDelete(meta)) return removed(rows, db, info);
    return db.atomic(async () => {
      const out: unknown[] = [];
      const collector = new Collector(db, info, rows, async (model, keys) => {
        if (model.concrete !== meta.concrete) return deleteKeys(model, keys, db);
        let count = 0;
        for (const batch of batches(keys, keysPerStatement(info, model.pkFields.length))) {
          const part = await removed(unfiltered(rows).filter({ pk__in: batch }), db, info);
          count += part.length;
          out.push(...part);
        }
        return count;
      });
      const found = allRows(meta, db.alias).filter({ pk__in: rows.orderBy().values("pk") });
      await collector.collect((await found.rows()) as object[]);
      await collector.run();
      return out;
    });
  }
  toString(): string {
    return `${String(this.#rows)}.returning()`;
  }
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }
}
function notSupported(statement: string, instead: string): NotSupportedError {
  return new NotSupportedError(`This database has no ${statement} … RETURNING; ${instead}.`, "returning.not_supported");
}

/** The same form of rows, of all rows of the table. */
function unfiltered(rows: QuerySet): QuerySet {
  const key = new ShapeKey();
  key.static("returning all");
  return rows.step(key, (query) => {
    query.where = where("AND", []);
    query.empty = false;
  });
}
async function removed(rows: QuerySet, db: Database, info: DialectInfo): Promise<unknown[]> {
  const exe = executable(rows.node, info, "delete", (plan, columns) => {
    const { statement, empty } = planDelete(rows.query, rows.meta.concrete, info, columns);
    return { plan, empty, statement };
  });
  const work = (): Promise<unknown[]> => run(rows, exe, rows.values_, db);
  // In a transaction a failing statement spoils the block.
  return db.inTransaction ? db.atomic(work, { savepoint: false }) : work();
}
async function run(rows: QuerySetLike, exe: Executable, values: readonly unknown[], db: Database): Promise<unknown[]> {
  if (exe.compiled === null) return [];
  try {
    const result = await send(db, exe.compiled, values, exe.bigInts);
    return readRows(rows.parts, exe, result.rows, db);
  } catch (error) {
    throw explained(error, rows.meta);
  }
}

/** The statement of a shape with its columns, kept with the shape. */
function executable(
  node: ShapeNode,
  info: DialectInfo,
  verb: "update" | "delete",
  make: (
    plan: SelectPlan,
    columns: readonly Expr[],
  ) => {
    readonly plan: SelectPlan;
    readonly empty: boolean;
    readonly statement: Parameters<typeof compileStatement>[0];
  },
): Executable {
  const zone = currentZone();
  const key = `returning ${verb}|${info.name}@${zone}`;
  const known = node.compiled.get(key) as { info: DialectInfo; exe: Executable } | undefined;
  if (known !== undefined && known.info === info) return known.exe;
  const { plan, columns } = returned(node, info);
  const { statement, empty } = make(plan, columns);
  const exe: Executable = {
    plan,
    compiled: empty || plan.empty ? null : compileStatement(statement, info, zone),
    bigInts: needsBigInts(plan),
  };
  node.compiled.set(key, { info, exe });
  return exe;
}
/** How rows are read, and the columns to give back: those of the one table that the statement writes. */
function returned(
  node: ShapeNode,
  info: DialectInfo,
): { readonly plan: SelectPlan; readonly columns: readonly Expr[] } {
  const query = node.query.clone();
  query.clearOrdering(true);
  query.lock = null;
  const plan = planSelect(query, { dialect: info });
  if (plan.empty) return { plan, columns: [] };
  const columns = plan.columns.map((c) => c.expr);
  for (const c of columns)
    if (
      containsAggregate(c) ||
      containsWindow(c) ||
      [...nodes(c)].some((n) => n.kind === "col" && n.alias !== query.meta.concrete.dbTable)
    )
      throw new FieldError(
        `returning() gives columns of ${query.meta.objectName}'s own table and expressions over them; related columns, aggregates and windows are no part of the statement. Use alias() in the place of annotate(), or read the rows afterwards.`,
        "returning.column",
        { model: query.meta.label },
      );
  return { plan, columns };
}
