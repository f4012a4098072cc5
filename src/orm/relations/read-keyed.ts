/** Reads the rows of a relation for many instances: keys in chunks, the key of the owner beside each row where a join gives it. */
import type { DialectInfo } from "../../ast/seams.js";
import type { Database } from "../../db/connection.js";
import { databaseOf, fetchRows } from "../execute.js";
import { columnReader, instanceReader, needsBigInts } from "../hydrate.js";
import { keyText, setCached, isCached } from "../instance-state.js";
import type { QuerySet } from "../queryset.js";
import { runtimeOf } from "../runtime.js";
import { chunksOf } from "./chunks.js";
import { OWNER_KEY, restrictTo } from "./restrict.js";

/** Reads rows whose `path` is one of `keys`. */
export async function rowsFor(qs: QuerySet, path: string, keys: readonly unknown[], width: number): Promise<object[]> {
  const { dialect, base } = await prepared(qs);
  const out: object[] = [];
  for (const chunk of chunksOf(keys, dialect, width, base.values_.length)) {
    const rows = (await restrictTo(base, path, chunk, dialect).rows()) as object[];
    if (out.length === 0 && chunk.length === keys.length) return rows;
    for (const row of rows) out.push(row);
  }
  return out;
}

/** Reads rows whose `path` is one of `keys`, with the text of the values at `ownerPaths` for each. */
export async function rowsWithOwner(
  qs: QuerySet,
  path: string,
  ownerPaths: readonly string[],
  keys: readonly unknown[],
  width: number,
): Promise<{ rows: object[]; keys: (string | null)[] }> {
  const { db, dialect, base } = await prepared(qs);
  const rows: object[] = [],
    texts: (string | null)[] = [];
  for (const chunk of chunksOf(keys, dialect, width, base.values_.length)) {
    const restricted = restrictTo(base, path, chunk, dialect, ownerPaths);
    const fetched = await fetchRows(restricted.parts, db);
    const { plan } = fetched.exe;
    // The owner's key is no part of the row: instances are read without it.
    const own = ownerPaths.map((_, i) => plan.shape.named.find((n) => n.name === `${OWNER_KEY}${i}`)!);
    const shape = { ...plan.shape, named: plan.shape.named.filter((n) => !own.includes(n)) };
    const read = instanceReader({ ...plan, shape }, base.meta, dialect);
    const readers = own.map((n) => columnReader(plan.columns[n.index]!, dialect, needsBigInts(plan)));
    const instances = read(fetched.rows, {
      db: db.alias,
      fetchMode: base.fetchMode_ ?? runtimeOf(base.meta).fetchMode,
    });
    for (const k of base.known)
      for (const row of instances) {
        const object = k.objects.get(keyText(k.keyOf(row)));
        if (object !== undefined && !isCached(row, k.cacheName)) setCached(row, k.cacheName, object, false);
      }
    fetched.rows.forEach((row, i) => {
      const values = own.map((n, at) => {
        const value = row[n.index] ?? null;
        return value === null ? null : (readers[at]?.(value) ?? value);
      });
      rows.push(instances[i]!);
      texts.push(values.includes(null) ? null : keyText(values.length === 1 ? values[0] : values));
    });
  }
  return { rows, keys: texts };
}
async function prepared(qs: QuerySet): Promise<{ db: Database; dialect: DialectInfo; base: QuerySet }> {
  const db = databaseOf(qs.parts);
  return { db, dialect: await db.ready(), base: qs.with({ prefetches: [] }) };
}
