/** The statements of a deletion: DELETE by query or keys, UPDATE of references that are set to something else. */
import type { DialectInfo } from "../ast/seams.js";
import { currentZone } from "../base/temporal.js";
import type { Database } from "../db/connection.js";
import { ForeignKey, type ForeignObject } from "../fields/relations.js";
import type { ModelMeta } from "../meta/options.js";
import { planDelete } from "../query/write.js";
import type { Compiled } from "../sql/compiled.js";
import { compileStatement } from "../sql/compile.js";
import { allRows } from "./base-rows.js";
import { send } from "./execute.js";
import { explained } from "./integrity.js";
import type { QuerySet } from "./queryset.js";

/** More keys than this do not go into one statement: long lists make some servers give up their index. */
const MOST_KEYS = 10_000;

/** How many keys of `width` columns one statement takes. */
export function keysPerStatement(info: DialectInfo, width: number): number {
  return Math.max(1, Math.floor(Math.min(info.features.maxParams, MOST_KEYS) / Math.max(1, width)));
}
/** A list in parts of at most `size`; nothing for an empty one. */
export function* batches<T>(list: readonly T[], size: number): Generator<readonly T[]> {
  if (list.length <= size) {
    if (list.length > 0) yield list;
    return;
  }
  for (let i = 0; i < list.length; i += size) yield list.slice(i, i + size);
}

interface Prepared {
  readonly info: DialectInfo;
  readonly compiled: Compiled | null;
}
/** `DELETE FROM table WHERE …` for the rows of a queryset; the number of rows. */
export async function deleteMatching(qs: QuerySet, db: Database): Promise<number> {
  const info = await db.ready();
  const zone = currentZone();
  const key = `delete:${info.name}@${zone}`;
  let known = qs.node.compiled.get(key) as Prepared | undefined;
  if (known === undefined || known.info !== info) {
    const { statement, empty } = planDelete(qs.query, qs.meta, info);
    known = { info, compiled: empty ? null : compileStatement(statement, info, zone) };
    qs.node.compiled.set(key, known);
  }
  if (known.compiled === null) return 0;
  try {
    return (await send(db, known.compiled, qs.values_, false)).affected;
  } catch (error) {
    throw explained(error, qs.meta);
  }
}
/** Deletes rows of one table by their keys. */
export async function deleteKeys(meta: ModelMeta, keys: readonly unknown[], db: Database): Promise<number> {
  const rows = allRows(meta, db.alias);
  if (keys.length === 1) return deleteMatching(rows.filter({ pk: keys[0] }), db);
  let total = 0;
  for (const batch of batches(keys, keysPerStatement(await db.ready(), meta.pkFields.length)))
    total += await deleteMatching(rows.filter({ pk__in: batch }), db);
  return total;
}

/** A reference that is set to another value before rows go: of the rows with these keys, or of those that hold these values. */
export interface FieldUpdate {
  readonly field: ForeignObject;
  readonly value: unknown;
  /** `pk`, or the name of the field. */
  readonly by: string;
  readonly keys: unknown[];
}
/** Runs one of the updates, in few statements. */
export async function runUpdate(u: FieldUpdate, db: Database): Promise<void> {
  const meta = u.field.owner as ModelMeta;
  // A relation over several columns has none of its own: each of them is set.
  const set =
    u.field instanceof ForeignKey
      ? { [u.field.name]: u.value }
      : Object.fromEntries(u.field.fromFields.map((f) => [f.attname, u.value]));
  const width = u.by === "pk" ? meta.pkFields.length : u.field.fromFields.length;
  for (const batch of batches(u.keys, keysPerStatement(await db.ready(), width)))
    await allRows(meta, db.alias)
      .filter({ [`${u.by}__in`]: batch })
      .update(set);
}
