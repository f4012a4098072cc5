/**
 * Gathers what a deletion touches: rows by model, references to set to something else, rows that may go unread, and what forbids it.
 * Then runs it in an order that foreign keys allow.
 */
import type { DialectInfo } from "../ast/seams.js";
import { ProtectedError, RestrictedError } from "../base/errors.js";
import { topologicalOrder } from "../base/graph.js";
import type { Database } from "../db/connection.js";
import { Q } from "../expressions/q.js";
import type { Field } from "../fields/field.js";
import { ForeignKey, type ForeignObject } from "../fields/relations.js";
import { compareValues } from "../fields/validators.js";
import type { ModelMeta } from "../meta/options.js";
import { baseRows } from "./base-rows.js";
import {
  canFastDelete,
  isLeftAlone,
  neededFields,
  DELETES_RELATED,
  relationsTo,
  virtualDeletes,
} from "./deletion-relations.js";
import { batches, deleteKeys, deleteMatching, keysPerStatement, runUpdate, type FieldUpdate } from "./deletion-run.js";
import { loadedInstance } from "./from-db.js";
import { dropCached, getCached, keyText, metaOfInstance, pkOf, putValue, rawValue } from "./instance-state.js";
import type { ModelClass } from "./model.js";
import { QuerySet } from "./queryset.js";
import type { Deleted } from "./runtime.js";
import { postDelete, preDelete } from "./signals/model-signals.js";

type Rows = Map<string, object>;
/** Rows that PROTECT guards, by the name of the relation. */
type Guarded = Map<string, Set<object>>;
/** How rows came to be gathered. */
export interface CollectOptions {
  /** The model whose rows refer to, or are referred to by, these. */
  readonly source?: ModelMeta;
  readonly nullable?: boolean;
  readonly collectRelated?: boolean;
  /** These rows go after those of `source`, not before. */
  readonly after?: boolean;
  readonly keepParents?: boolean;
  readonly failOnRestricted?: boolean;
}

/** One deletion: gather with `collect`, then `run`. */
export class Collector {
  private readonly db: Database;
  /** Deletes rows of the model that was asked for, in the place of the plain DELETE. */
  private readonly deleteRows: ((meta: ModelMeta, keys: readonly unknown[]) => Promise<number>) | null;
  private readonly info: DialectInfo;
  /** The instance or queryset that is deleted. */
  private readonly origin: object;
  private data = new Map<ModelMeta, Rows>();
  private readonly updates: FieldUpdate[] = [];
  private readonly fast: QuerySet[] = [];
  private readonly restricted = new Map<ModelMeta, Map<ForeignObject, Rows>>();
  /** By concrete model: models whose rows go first. */
  private readonly dependencies = new Map<ModelMeta, Set<ModelMeta>>();

  constructor(
    db: Database,
    info: DialectInfo,
    origin: object,
    deleteRows: ((meta: ModelMeta, keys: readonly unknown[]) => Promise<number>) | null = null,
  ) {
    this.db = db;
    this.deleteRows = deleteRows;
    this.info = info;
    this.origin = origin;
  }

  // ---- gathering ----------------------------------------------------------------------------------------------
  /** Takes rows, their parents' rows, and what refers to them. */
  async collect(given: QuerySet | readonly object[], o: CollectOptions = {}): Promise<void> {
    if (given instanceof QuerySet && canFastDelete(given.meta)) {
      this.fast.push(given);
      return;
    }
    const objects = this.add(given instanceof QuerySet ? ((await given.rows()) as object[]) : given, o);
    if (objects.length === 0) return;
    const meta = metaOfInstance(objects[0]!);
    if (o.keepParents !== true) await this.collectParents(meta, objects);
    if (o.collectRelated === false) return;
    await this.collectReferring(meta, objects, o.keepParents === true);
    for (const f of virtualDeletes(meta))
      for (const rows of await f[DELETES_RELATED](objects, this.db.alias))
        await this.collect(rows, { source: meta, nullable: true, failOnRestricted: false });
    if (o.failOnRestricted !== false) await this.refuseRestricted(meta);
  }
  private add(objects: readonly object[], o: CollectOptions): object[] {
    if (objects.length === 0) return [];
    const meta = metaOfInstance(objects[0]!);
    const rows = this.rowsOf(meta);
    const fresh: object[] = [];
    for (const x of objects) {
      const key = keyText(pkOf(x));
      if (rows.has(key)) continue;
      rows.set(key, x);
      fresh.push(x);
    }
    // A reference that may be NULL forces no order: it is set to NULL first where that matters.
    if (o.source !== undefined && o.nullable !== true) {
      if (o.after === true) this.depend(meta, o.source);
      else this.depend(o.source, meta);
    }
    return fresh;
  }
  private rowsOf(meta: ModelMeta): Rows {
    let rows = this.data.get(meta);
    if (rows === undefined) this.data.set(meta, (rows = new Map()));
    return rows;
  }
  /** Rows of `model` go after those of `first`. */
  private depend(model: ModelMeta, first: ModelMeta): void {
    const known = this.dependencies.get(model.concrete);
    if (known === undefined) this.dependencies.set(model.concrete, new Set([first.concrete]));
    else known.add(first.concrete);
    this.rowsOf(first);
  }

  private async collectParents(meta: ModelMeta, objects: readonly object[]): Promise<void> {
    for (const [parent, link] of meta.concrete.parents) {
      if (link === null) continue;
      const rows = objects.map((x) => parentRow(x, parent, link, this.db.alias));
      await this.collect(rows, { source: meta, collectRelated: false, after: true, failOnRestricted: false });
    }
  }

  private async collectReferring(meta: ModelMeta, objects: readonly object[], keepParents: boolean): Promise<void> {
    const fast = new Map<ModelMeta, ForeignObject[]>();
    const guards = new Map<ModelMeta, ForeignKey[]>();
    const guarded: Guarded = new Map();
    for (const f of relationsTo(meta)) {
      if (isLeftAlone(f)) continue;
      if (keepParents && meta.concrete.allParents.includes((f.related as ModelMeta).concrete)) continue;
      const owner = f.owner as ModelMeta;
      if (canFastDelete(owner, f)) {
        fast.set(owner, [...(fast.get(owner) ?? []), f]);
        continue;
      }
      if (f instanceof ForeignKey && isGuard(f)) {
        guards.set(owner, [...(guards.get(owner) ?? []), f]);
        continue;
      }
      for (const batch of batches(await referredKeys(f, objects), keysPerStatement(this.info, f.fromFields.length)))
        try {
          await this.act(f, owner, batch, guarded);
        } catch (error) {
          // What guards rows further down is told by the relation that leads there.
          if (!(error instanceof ProtectedError)) throw error;
          note(guarded, f, error.protectedObjects);
        }
    }
    for (const [owner, fields] of guards) await this.readGuards(owner, fields, objects, guarded);
    if (guarded.size > 0)
      throw new ProtectedError(
        `Cannot delete some instances of model '${meta.objectName}' because they are referenced through protected foreign keys: ${[...guarded.keys()].join(", ")}.`,
        new Set([...guarded.values()].flatMap((s) => [...s])),
      );
    for (const [owner, fields] of fast) await this.addFast(owner, fields, objects);
  }
  /**
   * Rows that forbid the deletion, or may do so. Those of one model are read by one query, however many of its keys lead here, where
   * it can be told from the rows which key each of them was found by: text may be equal to the database and not to us.
   */
  private async readGuards(
    owner: ModelMeta,
    fields: readonly ForeignKey[],
    objects: readonly object[],
    guarded: Guarded,
  ): Promise<void> {
    const keys = new Map<ForeignKey, readonly unknown[]>();
    for (const f of fields) keys.set(f, await referredKeys(f, objects));
    const plain = [...keys.values()].flat().every((k) => typeof k === "number" || typeof k === "bigint");
    if (fields.length === 1 || !plain) {
      for (const f of fields)
        for (const batch of batches(keys.get(f)!, keysPerStatement(this.info, 1)))
          await this.act(f, owner, batch, guarded);
      return;
    }
    const size = keysPerStatement(this.info, fields.length);
    const most = Math.max(...[...keys.values()].map((k) => k.length));
    for (let i = 0; i < most; i += size) {
      let condition = new Q();
      const wanted = fields.map((f) => {
        const part = keys.get(f)!.slice(i, i + size);
        if (part.length > 0) condition = condition.or(new Q({ [`${f.name}__in`]: part }));
        return new Set(part.map(keyText));
      });
      const rows = await this.read(baseRows(owner, this.db.alias).filter(condition), owner, fields);
      fields.forEach((f, at) =>
        this.hold(
          f,
          owner,
          rows.filter((x) => wanted[at]!.has(keyText(rawValue(x, f.attname)))),
          guarded,
        ),
      );
    }
  }
  /** Rows with what is needed of them, and with these keys. */
  private async read(given: QuerySet, owner: ModelMeta, keys: readonly ForeignKey[]): Promise<object[]> {
    const needed = neededFields(owner);
    const rows =
      needed.length > 0 && given.query.selectRelated === false
        ? given.only(...new Set([...needed, ...keys.map((f) => f.attname)]))
        : given;
    return (await rows.rows()) as object[];
  }
  /** Notes rows that a relation guards. */
  private hold(f: ForeignObject, owner: ModelMeta, objects: readonly object[], guarded: Guarded): void {
    if (objects.length === 0) return;
    if (f.onDelete.action === "protect") {
      note(guarded, f, objects);
      return;
    }
    let byField = this.restricted.get(owner);
    if (byField === undefined) this.restricted.set(owner, (byField = new Map()));
    const held = byField.get(f) ?? new Map<string, object>();
    byField.set(f, held);
    for (const x of objects) held.set(keyText(pkOf(x)), x);
    this.depend(f.related as ModelMeta, owner);
  }
  private async addFast(owner: ModelMeta, fields: readonly ForeignObject[], objects: readonly object[]): Promise<void> {
    const width = fields.reduce((n, f) => n + f.fromFields.length, 0);
    for (const batch of batches(objects, keysPerStatement(this.info, width))) {
      let condition = new Q();
      for (const f of fields) {
        const keys = await referredKeys(f, batch);
        if (keys.length > 0) condition = condition.or(new Q({ [`${f.name}__in`]: keys }));
      }
      if (!condition.empty) this.fast.push(baseRows(owner, this.db.alias).filter(condition));
    }
  }

  /** What `onDelete` says for the rows that refer to these keys. */
  private async act(f: ForeignObject, owner: ModelMeta, keys: readonly unknown[], guarded: Guarded): Promise<void> {
    const rows = baseRows(owner, this.db.alias).filter({ [`${f.name}__in`]: keys });
    const { action } = f.onDelete;
    if (action === "setNull") return this.addUpdate(f, null, f.name, keys);
    if (action === "set" || action === "setDefault") {
      const value = action === "set" ? f.onDelete.value : f.options.default;
      if (typeof value !== "function") return this.addUpdate(f, value ?? null, f.name, keys);
      // A function may have effects: it is called only where its value is needed.
      if (await rows.exists()) this.addUpdate(f, await (value as () => unknown)(), f.name, keys);
      return;
    }
    const objects = await this.read(rows, owner, []);
    if (objects.length === 0) return;
    if (isGuard(f)) return this.hold(f, owner, objects, guarded);
    await this.collect(objects, { source: f.related as ModelMeta, nullable: f.null, failOnRestricted: false });
    // Circles of references can be deleted in no order: where the database looks at once, they are opened first.
    if (f.null && !this.info.features.deferrableConstraints) this.addUpdate(f, null, "pk", objects.map(pkOf));
  }
  private addUpdate(field: ForeignObject, value: unknown, by: string, keys: readonly unknown[]): void {
    const same = this.updates.find((u) => u.field === field && u.value === value && u.by === by);
    if (same === undefined) this.updates.push({ field, value, by, keys: [...keys] });
    else for (const k of keys) same.keys.push(k);
  }

  /** RESTRICT forbids only what is not deleted anyway. */
  private async refuseRestricted(meta: ModelMeta): Promise<void> {
    if (this.restricted.size === 0) return;
    const release = (owner: ModelMeta, keys: Iterable<string>): void => {
      for (const held of this.restricted.get(owner)?.values() ?? []) for (const k of keys) held.delete(k);
    };
    for (const [owner, rows] of this.data) release(owner, [...rows.keys()]);
    for (const qs of this.fast) {
      const held = [...(this.restricted.get(qs.meta)?.values() ?? [])].flatMap((rows) => [...rows.values()]);
      for (const batch of batches(held, keysPerStatement(this.info, qs.meta.pkFields.length)))
        release(
          qs.meta,
          ((await qs.filter({ pk__in: batch.map(pkOf) }).rows()) as object[]).map((x) => keyText(pkOf(x))),
        );
    }
    const names: string[] = [];
    const objects = new Set<object>();
    for (const [owner, byField] of this.restricted)
      for (const [f, held] of byField) {
        if (held.size === 0) continue;
        names.push(`'${owner.objectName}.${f.name}'`);
        for (const x of held.values()) objects.add(x);
      }
    if (names.length > 0)
      throw new RestrictedError(
        `Cannot delete some instances of model '${meta.objectName}' because they are referenced through restricted foreign keys: ${names.join(", ")}.`,
        objects,
      );
  }

  // ---- deleting -----------------------------------------------------------------------------------------------
  /** Runs what was gathered. To be called in a transaction. */
  async run(): Promise<Deleted> {
    const counts: Record<string, number> = Object.create(null) as Record<string, number>;
    const count = (meta: ModelMeta, n: number): void => {
      if (n > 0) counts[meta.label] = (counts[meta.label] ?? 0) + n;
    };
    // Always in the same order, so that two deletions of the same rows wait for each other instead of locking each other out.
    const ordered = this.inOrder().map(
      (meta) => [meta, [...this.data.get(meta)!.values()].sort((a, b) => compareKeys(pkOf(a), pkOf(b)))] as const,
    );
    for (const [meta, rows] of ordered) await this.tell(preDelete, meta, rows);
    for (const qs of this.fast) count(qs.meta, await deleteMatching(qs, this.db));
    for (const u of this.updates) await runUpdate(u, this.db);
    for (const [meta, rows] of ordered) {
      if (rows.length === 0) continue;
      rows.reverse();
      const keys = rows.map(pkOf);
      count(meta, await (this.deleteRows === null ? deleteKeys(meta, keys, this.db) : this.deleteRows(meta, keys)));
      await this.tell(postDelete, meta, rows);
    }
    for (const [meta, rows] of this.data) for (const x of rows.values()) forgetKey(x, meta);
    return [Object.values(counts).reduce((a, b) => a + b, 0), { ...counts }];
  }
  private async tell(signal: typeof preDelete, meta: ModelMeta, rows: readonly object[]): Promise<void> {
    const sender = meta.modelClass as ModelClass;
    if (meta.autoCreated !== null || rows.length === 0 || !signal.hasListeners(sender)) return;
    for (const instance of rows) await signal.send(sender, { instance, using: this.db.alias, origin: this.origin });
  }
  /** Referring rows before those they refer to; as found where references go in circles. */
  private inOrder(): readonly ModelMeta[] {
    const byConcrete = new Map<ModelMeta, ModelMeta[]>();
    for (const m of this.data.keys()) byConcrete.set(m.concrete, [...(byConcrete.get(m.concrete) ?? []), m]);
    const { order } = topologicalOrder(byConcrete.keys(), (m) => this.dependencies.get(m) ?? []);
    return order === null ? [...this.data.keys()] : order.flatMap((m) => byConcrete.get(m)!);
  }
}

function note(guarded: Guarded, f: ForeignObject, rows: Iterable<object>): void {
  const name = `'${(f.owner as ModelMeta).objectName}.${f.name}'`;
  guarded.set(name, new Set([...(guarded.get(name) ?? []), ...rows]));
}
/** Whether rows that refer by this key may forbid the deletion. */
const isGuard = (f: ForeignObject): boolean => f.onDelete.action === "protect" || f.onDelete.action === "restrict";

/** The values by which other rows refer to these; for relations over several columns the rows themselves. */
async function referredKeys(f: ForeignObject, objects: readonly object[]): Promise<readonly unknown[]> {
  if (!(f instanceof ForeignKey)) return objects;
  const { attname } = f.target;
  const out: unknown[] = [];
  for (const x of objects) {
    // A deferred field is loaded when it is awaited.
    const value = Object.hasOwn(x, attname)
      ? (x as Record<string, unknown>)[attname]
      : await (x as Record<string, unknown>)[attname];
    if (value !== null && value !== undefined) out.push(value);
  }
  return out;
}

/** The parent's part of a row, from what is loaded of the child. */
function parentRow(child: object, parent: ModelMeta, link: ForeignObject, alias: string): object {
  const cached = getCached(child, link.cacheName);
  if (typeof cached === "object" && cached !== null) return cached;
  const record = child as Record<string, unknown>;
  const values = new Map<Field, unknown>();
  for (const f of parent.concreteFields) if (Object.hasOwn(child, f.attname)) values.set(f, record[f.attname]);
  link.toFields.forEach((to, i) => values.set(to, record[link.fromFields[i]!.attname]));
  return loadedInstance(parent, alias, values);
}

/** A deleted row's instance has no key any more; saving it makes a new row. */
export function forgetKey(instance: object, meta: ModelMeta): void {
  for (const f of meta.pkFields) {
    putValue(instance, f.attname, null);
    if (f instanceof ForeignKey) dropCached(instance, f.cacheName);
  }
}

function compareKeys(a: unknown, b: unknown): number {
  if (typeof a === "number" && typeof b === "number") return a - b;
  if (typeof a === "string" && typeof b === "string") return a < b ? -1 : a > b ? 1 : 0;
  if (Array.isArray(a) && Array.isArray(b)) {
    for (let i = 0; i < a.length; i++) {
      const c = compareKeys(a[i], b[i]);
      if (c !== 0) return c;
    }
    return 0;
  }
  if (a instanceof Uint8Array && b instanceof Uint8Array) return Buffer.compare(a, b);
  return compareValues(a, b);
}
