/**
 * Sets of related rows that are read as a whole, `await author.books.all()`, for all rows of a result by one query. What was read for
 * a peer waits until it is asked for, and is given away once: the next time is a query again, as in Django. Rows do not wait past a
 * write of this process to their tables, nor for another transaction.
 */
import type { Database } from "../../db/connection.js";
import type { MetaField, ModelMeta } from "../../meta/options.js";
import { databaseOf } from "../execute.js";
import { hasPk, metaOfInstance, stateOf } from "../instance-state.js";
import type { QuerySet } from "../queryset.js";
import { rootOf } from "../queryset-core.js";
import { load } from "../queryset-run.js";
import { runtimeOf } from "../runtime.js";
import { relatedQuerySet } from "./base-query.js";
import { relationLoader, type RelationLoader } from "./loader.js";
import { fetchBlocked } from "./related-errors.js";
import { once } from "./shared-work.js";

/** Where a program writes between the reads, waiting rows are thrown away each time: after so many times each set is read by itself. */
const MOST_WASTED = 2;

/** The sets of one relation that wait for rows of one result. */
interface Waiting {
  readonly sets: Map<object, readonly object[]>;
  version: number;
  transaction: object | undefined;
  wasted: number;
}
/** Peers with what waits for them. It lies on their list: in a table that lives long it would outlive them. */
interface WaitedFor extends ReadonlyArray<object> {
  waiting?: Map<string, Waiting>;
}

/** A set of related rows, as far as its reading goes. */
export interface WholeSet {
  readonly instance: object;
  readonly related: ModelMeta;
  readonly relation: MetaField;
  readonly cacheName: string;
}

/** Has the set's queryset read in the fetch mode of its instance: for the peers too, or not at all. */
export function readWithPeers(set: WholeSet, qs: QuerySet): void {
  const { fetchMode, peers } = stateOf(set.instance);
  if (fetchMode === "one" || (fetchMode === "peers" && (peers === null || peers.length < 2))) return;
  const loader = relationLoader(set.relation);
  if (loader === undefined) return;
  const read = async (): Promise<unknown[]> => {
    if (fetchMode === "raise")
      throw fetchBlocked(metaOfInstance(set.instance), set.cacheName, `prefetchRelated("${set.cacheName}")`);
    const rows = (await readForAll(set, databaseOf(qs.parts), peers!, loader)) ?? (await load(qs));
    qs.result = rows;
    return rows;
  };
  // Kept as rows of other queries are; a failure is not: the next await tries again.
  qs.reader = () => {
    const reading = read().catch((error: unknown) => {
      if (qs.resultPromise === reading) qs.resultPromise = null;
      throw error;
    });
    return (qs.resultPromise = reading);
  };
}

async function readForAll(
  set: WholeSet,
  db: Database,
  peers: readonly object[],
  loader: RelationLoader,
): Promise<unknown[] | undefined> {
  const tables = tablesOf(set);
  let waiting = current(set, db, peers, tables);
  if (!waiting.sets.has(set.instance)) {
    if (waiting.wasted > MOST_WASTED) return undefined;
    await once(peers, `set ${set.cacheName}`, db, () => fill(set, peers, loader, waiting));
    // After a write in the meantime nothing is left here, and the set is read by itself.
    waiting = current(set, db, peers, tables);
  }
  const rows = waiting.sets.get(set.instance);
  waiting.sets.delete(set.instance);
  return rows === undefined ? undefined : [...rows];
}
/** What waits and may still be given away. */
function current(set: WholeSet, db: Database, peers: readonly object[], tables: readonly string[] | null): Waiting {
  const names = ((peers as WaitedFor).waiting ??= new Map<string, Waiting>());
  const version = db.writes.version(tables);
  const { transaction } = db;
  let waiting = names.get(set.cacheName);
  if (waiting === undefined) names.set(set.cacheName, (waiting = { sets: new Map(), version, transaction, wasted: 0 }));
  else if (waiting.version !== version || waiting.transaction !== transaction) {
    if (waiting.sets.size > 0) waiting.wasted++;
    waiting.sets.clear();
    waiting.version = version;
    waiting.transaction = transaction;
  }
  return waiting;
}
async function fill(set: WholeSet, peers: readonly object[], loader: RelationLoader, waiting: Waiting): Promise<void> {
  const meta = metaOfInstance(set.instance).concrete;
  const alias = stateOf(set.instance).db;
  const lacking = peers.filter(
    (p) =>
      p === set.instance ||
      (metaOfInstance(p).concrete === meta &&
        stateOf(p).db === alias &&
        hasPk(p) &&
        !loader.isFetched(p) &&
        !waiting.sets.has(p)),
  );
  const { rows, keys, keyOf, lookups } = await loader.load(lacking, null);
  if (lookups.length > 0 && rows.length > 0) await runtimeOf(set.related).operations.prefetch(rows, lookups);
  const groups = new Map<string, object[]>();
  rows.forEach((row, i) => {
    const key = keys[i];
    if (typeof key !== "string") return;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [row]);
    else group.push(row);
  });
  const given = new Set<string>();
  for (const instance of lacking) {
    const key = keyOf(instance);
    // Two rows of a result may stand for one row: rows of the set lead back to the first of them.
    if (key === null || given.has(key)) continue;
    given.add(key);
    waiting.sets.set(instance, groups.get(key) ?? []);
  }
}

/** The tables that the set is read from; null: who knows which. */
function tablesOf({ related, relation }: WholeSet): readonly string[] | null {
  const qs = relatedQuerySet(related);
  if (qs.node !== rootOf(related) || qs.prefetches.length > 0) return null;
  const { through } = ("field" in relation ? relation.field : relation) as { readonly through?: ModelMeta };
  return [related.concrete, ...related.allParents, ...(through === undefined ? [] : [through])].map((m) => m.dbTable);
}

/** Forgets what waits for an instance: its set is being changed. */
export function forgetPeerSets(instance: object, cacheName: string): void {
  const { peers } = stateOf(instance);
  if (peers !== null) (peers as WaitedFor).waiting?.get(cacheName)?.sets.delete(instance);
}
