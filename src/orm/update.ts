/** `update()`: one UPDATE for all rows of a queryset, or one for each table of an inherited model; and the UPDATE of a save. */
import type { Expr } from "../ast/expr.js";
import type { DialectInfo } from "../ast/seams.js";
import { containsAggregate } from "../ast/walk.js";
import { FieldError, QueryTypeError, ValueError } from "../base/errors.js";
import { valuesObject } from "../base/options.js";
import { currentZone } from "../base/temporal.js";
import type { Database } from "../db/connection.js";
import type { RunResult } from "../db/driver.js";
import { ShapeKey } from "../expressions/shape-key.js";
import type { Field } from "../fields/field.js";
import type { ModelMeta } from "../meta/options.js";
import type { Query } from "../query/state.js";
import { planUpdate, resolveAssignments } from "../query/write.js";
import type { Compiled } from "../sql/compiled.js";
import { compileStatement } from "../sql/compile.js";
import { databaseOf } from "./execute.js";
import { explained } from "./integrity.js";
import type { QuerySetLike } from "./queryset-state.js";
import type { ShapeNode } from "./shape.js";

function writeDb(qs: QuerySetLike): Database {
  return databaseOf(qs.parts, true);
}

interface UpdateExecutable {
  readonly info: DialectInfo;
  readonly compiled: Compiled | null;
}
/** Sets fields of all rows; returns the number of rows matched. */
export async function update(qs: QuerySetLike, values: Record<string, unknown>): Promise<number> {
  const entries = checkedAssignments(qs, values);
  if (entries.length === 0) return 0;
  const { meta } = qs;
  const inherited = entries.some(([k]) => ownerOf(meta, k) !== meta.concrete);
  return inherited ? updateInherited(qs, entries) : (await updateReturning(qs, meta.concrete, entries, [])).matched;
}
/** What is to be assigned to which name, once the queryset and the values are known to be possible. */
export function checkedAssignments(qs: QuerySetLike, values: Record<string, unknown>): [string, unknown][] {
  qs.refuseCombined("update");
  if (qs.query.isSliced)
    throw new QueryTypeError("Cannot update a query once a slice has been taken.", "queryset.sliced");
  if (qs.query.distinctFields.length > 0)
    throw new QueryTypeError("Cannot call update() after .distinct(*fields).", "update.distinct");
  valuesObject("update()", values);
  const entries = Object.entries(values);
  for (const [k, v] of entries)
    if (v === undefined)
      throw new ValueError(
        `The value of '${k}' given to update() is undefined. Write null for NULL, or leave it out.`,
        "value.undefined",
        { path: k },
      );
  refuseAggregateOrder(qs.query);
  return entries;
}
// The order of an update matters where rows are changed one by one (MySQL's ORDER BY); groups have none.
function refuseAggregateOrder(query: Query): void {
  for (const term of query.ordering) {
    const name = typeof term === "string" ? term.replace(/^-/, "") : "";
    const annotation = query.annotations.get(name);
    if (annotation !== undefined && containsAggregate(annotation))
      throw new FieldError(`Cannot update when ordering by an aggregate: ${name}.`, "update.order", { path: name });
  }
}
/** The model whose table has the column of that name. */
export function ownerOf(meta: ModelMeta, name: string): ModelMeta {
  const f = name === "pk" ? meta.pk : meta.getField(name);
  return "owner" in f && f.owner !== null ? (f.owner as ModelMeta).concrete : meta.concrete;
}
/** One UPDATE for each table, over keys that were read before. */
async function updateInherited(qs: QuerySetLike, entries: [string, unknown][]): Promise<number> {
  const { meta } = qs;
  const db = writeDb(qs);
  const groups = new Map<ModelMeta, [string, unknown][]>();
  for (const e of entries) {
    const owner = ownerOf(meta, e[0]);
    groups.set(owner, [...(groups.get(owner) ?? []), e]);
  }
  let matched = 0,
    own: number | null = null;
  await db.atomic(
    async () => {
      const ancestors = [...groups.keys()].filter((m) => m !== meta.concrete);
      const rows = (await qs
        .with({ alias: db.alias })
        .orderBy()
        .valuesList("pk", ...ancestors.map((m) => keyPath(meta, m)))
        .rows()) as unknown[][];
      const mine = groups.get(meta.concrete);
      if (mine !== undefined)
        own =
          rows.length === 0
            ? 0
            : (
                await updateReturning(
                  keyed(
                    qs,
                    meta,
                    rows.map((r) => r[0]),
                    db.alias,
                  ),
                  meta.concrete,
                  mine,
                  [],
                )
              ).matched;
      for (const [i, m] of ancestors.entries()) {
        const ids = rows.map((r) => r[i + 1]);
        if (ids.length > 0)
          matched = (await updateReturning(keyed(qs, m, ids, db.alias), m, groups.get(m)!, [])).matched;
      }
    },
    { savepoint: false },
  );
  return own ?? matched;
}
function keyPath(meta: ModelMeta, ancestor: ModelMeta): string {
  return ancestor.pk.name in Object.fromEntries(meta.byName) ? ancestor.pk.name : "pk";
}
function keyed(qs: QuerySetLike, meta: ModelMeta, ids: readonly unknown[], alias: string): QuerySetLike {
  const fresh = (qs as unknown as { plain(meta: ModelMeta): QuerySetLike }).plain(meta);
  return fresh.with({ alias }).filter({ pk__in: ids });
}

/** The shape of an UPDATE, and all its values. */
export function assigned(
  qs: QuerySetLike,
  entries: readonly (readonly [string, unknown])[],
): { readonly node: ShapeNode; readonly values: readonly unknown[] } {
  const key = new ShapeKey();
  key.static("update");
  for (const [k, v] of entries) {
    key.static(`,${JSON.stringify(k)}=`);
    key.any(v);
  }
  return qs.node.step(key, qs.values_, (query, slotter) => {
    query.assignments = resolveAssignments(
      query,
      entries.map(([k, v]) => [k, slotter.any(v)] as const),
    );
  });
}
/** UPDATE through the shape cache; `returning` fields are given back for the one row of a save, where the database can. */
export async function updateReturning(
  qs: QuerySetLike,
  meta: ModelMeta,
  entries: readonly (readonly [string, unknown])[],
  returning: readonly Field[],
): Promise<{ matched: number; row: unknown[] | null }> {
  const db = writeDb(qs);
  const info = await db.ready();
  const { node, values } = assigned(qs, entries);
  const wanted = info.features.returningFromUpdate ? returning : [];
  const cacheKey = `update|${info.name}|${currentZone()}|${wanted.map((f) => f.column).join()}`;
  let exe = node.compiled.get(cacheKey) as UpdateExecutable | undefined;
  if (exe === undefined || exe.info !== info) {
    const cols = wanted.map((f): Expr => ({ kind: "col", alias: meta.dbTable, field: f as never, type: f }));
    const plan = planUpdate(node.query, meta, node.query.assignments!, info, cols);
    exe = { info, compiled: plan.empty ? null : compileStatement(plan.statement, info, currentZone()) };
    node.compiled.set(cacheKey, exe);
  }
  if (exe.compiled === null) return { matched: 0, row: null };
  await exe.compiled.ready(db);
  const bound = exe.compiled.bind(values, currentZone(), db);
  let result: RunResult;
  try {
    result = await db.run({ ...bound, bigInts: wanted.some((f) => f.needsBigInt) });
  } catch (error) {
    throw explained(error, meta);
  }
  const row =
    wanted.length > 0 && result.rows.length > 0
      ? result.rows[0]!.map((v, i) => {
          const read = wanted[i]!.fromDb(info);
          return v === null || read === undefined ? v : read(v);
        })
      : null;
  return { matched: wanted.length > 0 ? Math.max(result.rows.length, result.affected) : result.affected, row };
}
