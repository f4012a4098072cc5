/** Rows -> instances, objects, tuples: readers made once for each shape, compiled where the runtime allows it. */
import { typeOf, typeOrNull } from "../ast/expr.js";
import type { DialectInfo } from "../ast/seams.js";
import type { Field } from "../fields/field.js";
import type { ModelMeta } from "../meta/options.js";
import type { PlannedColumn, RelatedShape, SelectPlan } from "../query/plan-types.js";
import { deferredClass } from "./deferred.js";
import { FROM_DB, InstanceState, setCached, type FetchMode, type Fill } from "./instance-state.js";
import type { ModelClass } from "./model.js";

export type Read = ((value: unknown) => unknown) | undefined;

/** Reader of one column. Without a type, integers read as bigint for a neighbour's sake become numbers again. */
export function columnReader(column: PlannedColumn, dialect: DialectInfo, bigInts: boolean): Read {
  const type = typeOf(column.expr);
  if (type !== null) {
    const read = type.fromDb(dialect);
    // What is calculated may come with a fraction although its type is said to be an integer; it is cut, as Django cuts it.
    if (column.expr.kind !== "col" && type.ancestry.includes("IntegerField") && !type.needsBigInt)
      return (v) => {
        const n = typeof v === "string" ? Number(v) : v;
        return typeof n === "number" && !Number.isInteger(n) ? Math.trunc(n) : read === undefined ? v : read(v);
      };
    return read;
  }
  return bigInts
    ? (v) => (typeof v === "bigint" && v >= -9007199254740991n && v <= 9007199254740991n ? Number(v) : v)
    : undefined;
}
export function needsBigInts(plan: SelectPlan): boolean {
  return plan.columns.some((c) => typeOrNull(c.expr)?.needsBigInt === true);
}

interface Slot {
  readonly name: string;
  readonly index: number;
  readonly read: Read;
  readonly parts?: readonly Read[];
}

const safe = /^[A-Za-z_$][\w$]*$/;
/** Puts columns of a row onto an object, in one order, so that all rows share one hidden class. */
export function compileFill(slots: readonly Slot[]): Fill {
  try {
    const body = slots.map((s, i) => {
      const target = safe.test(s.name) ? `o.${s.name}` : `o[${JSON.stringify(s.name)}]`;
      return s.read === undefined ? `${target}=r[${s.index}];` : `v=r[${s.index}];${target}=v===null?null:c${i}(v);`;
    });
    const names = slots.map((_, i) => `c${i}`);
    // Generated from names of fields and annotations, which are checked, and numbers; values never take part.
    const make = new Function(...names, `return function(o,r){var v;${body.join("")}}`) as (...readers: Read[]) => Fill;
    return make(...slots.map((s) => s.read));
  } catch {
    // Where code may not be generated, a loop does the same.
    return (o, r) => {
      for (const s of slots) {
        const v = r[s.index];
        (o as Record<string, unknown>)[s.name] = v === null || s.read === undefined ? v : s.read(v);
      }
    };
  }
}

/** What a result's rows have in common. */
export interface ResultContext {
  readonly db: string;
  readonly fetchMode: FetchMode;
}

/**
 * Rows that know each other, at most. A row keeps its peers in memory, so somebody who keeps one row of a large result keeps no more
 * than these. Weak references to each row would keep none, and cost a sixth of the time of reading.
 */
const MOST_PEERS = 1000;

interface RelatedReader {
  readonly shape: RelatedShape;
  readonly cls: ModelClass;
  readonly fill: Fill;
  readonly nested: readonly RelatedReader[];
}

/** Reads all rows of a result into instances. */
export type InstanceReader = (rows: readonly (readonly unknown[])[], context: ResultContext) => object[];

export function instanceReader(plan: SelectPlan, meta: ModelMeta, dialect: DialectInfo): InstanceReader {
  const big = needsBigInts(plan);
  const { shape, columns } = plan;
  const slot = (name: string, index: number): Slot => ({
    name,
    index,
    read: columnReader(columns[index]!, dialect, big),
  });
  const own = shape.fields.map((f, i) => slot(f.attname, shape.start + i));
  const fill = compileFill([...own, ...shape.named.map((n) => slot(n.name, n.index))]);
  const cls = classFor(meta, shape.fields);
  const makeRelated = (r: RelatedShape): RelatedReader => ({
    shape: r,
    cls: classFor(r.meta, [...r.fields, ...r.inherited.map((h) => h.field)]),
    fill: compileFill(relatedSlots(r, slot)),
    nested: r.related.map(makeRelated),
  });
  const related = shape.related.map(makeRelated);
  return (rows, context) => {
    const n = rows.length;
    const out: object[] = [];
    for (let i = 0; i < n;) {
      // A list of their own: what users do to the result is no matter of its rows.
      const peers: object[] = [];
      const state = new InstanceState(context.db, false, peers, context.fetchMode, true);
      for (const end = Math.min(n, i + MOST_PEERS); i < end; i++)
        peers.push((out[i] = new cls(FROM_DB, rows[i], state, fill)));
    }
    if (related.length > 0) readRelated(out, rows, related, context);
    return out;
  };
}

/** All values of a related row in the order of its model's fields: its own columns, and those it shares with the row it hangs on. */
function relatedSlots(r: RelatedShape, slot: (name: string, index: number) => Slot): Slot[] {
  const at = new Map(r.fields.map((f, i) => [f, r.start + i]));
  for (const h of r.inherited) at.set(h.field, h.index);
  return r.meta.concreteFields.filter((f) => at.has(f)).map((f) => slot(f.attname, at.get(f)!));
}
function readRelated(
  owners: readonly (object | null)[],
  rows: readonly (readonly unknown[])[],
  related: readonly RelatedReader[],
  context: ResultContext,
): void {
  for (const r of related) {
    let peers: object[] = [];
    let state = new InstanceState(context.db, false, peers, context.fetchMode, true);
    const found: (object | null)[] = [];
    for (let i = 0; i < rows.length; i++) {
      const owner = owners[i];
      found[i] = null;
      if (owner === null || owner === undefined) continue;
      const row = rows[i]!;
      if (peers.length === MOST_PEERS) {
        peers = [];
        state = new InstanceState(context.db, false, peers, context.fetchMode, true);
      }
      const missing = r.shape.keyIndexes.length > 0 && r.shape.keyIndexes.every((k) => row[k] === null);
      const object = missing ? null : new r.cls(FROM_DB, row, state, r.fill);
      const name = r.shape.cacheName;
      // The name of a filtered relation has no accessor: the row itself holds what was found.
      const aliased = !(name in owner) && !name.endsWith("+");
      if (aliased)
        Object.defineProperty(owner, name, { value: object, writable: true, enumerable: false, configurable: true });
      if (object !== null || !aliased) setCached(owner, name, object, true);
      if (object !== null) {
        if (r.shape.backCacheName !== null) setCached(object, r.shape.backCacheName, owner, false);
        peers.push(object);
      }
      found[i] = object;
    }
    if (r.nested.length > 0) readRelated(found, rows, r.nested, context);
  }
}

/** The model's class, or the one whose prototype answers for fields that are not loaded. */
export function classFor(meta: ModelMeta, loaded: readonly Field[]): ModelClass {
  const cls = meta.modelClass as ModelClass;
  const missing = meta.concreteFields.filter((f) => !loaded.includes(f));
  return missing.length === 0 ? cls : deferredClass(cls, meta, missing);
}

export type RowReader = (row: readonly unknown[]) => unknown;

/** One row of `values()`, `valuesList()`. */
export function valuesReader(
  plan: SelectPlan,
  dialect: DialectInfo,
  mode: "values" | "list" | "flat" | "named",
): RowReader {
  const big = needsBigInts(plan);
  const slots = plan.shape.named.map((n): Slot => {
    const read = columnReader(plan.columns[n.index]!, dialect, big);
    if (n.width === undefined) return { name: n.name, index: n.index, read };
    return {
      name: n.name,
      index: n.index,
      read,
      parts: Array.from({ length: n.width }, (_, k) => columnReader(plan.columns[n.index + k]!, dialect, big)),
    };
  });
  if (slots.some((s) => s.parts !== undefined)) return slowReader(slots, mode);
  const one = (s: Slot, i: number): string =>
    s.read === undefined ? `r[${s.index}]` : `(r[${s.index}]===null?null:c${i}(r[${s.index}]))`;
  try {
    const body =
      mode === "flat"
        ? one(slots[0]!, 0)
        : mode === "list"
          ? `[${slots.map(one).join(",")}]`
          : `({${slots.map((s, i) => `${JSON.stringify(s.name)}:${one(s, i)}`).join(",")}})`;
    const make = new Function(...slots.map((_, i) => `c${i}`), `return function(r){return ${body}}`) as (
      ...readers: Read[]
    ) => RowReader;
    return make(...slots.map((s) => s.read));
  } catch {
    return slowReader(slots, mode);
  }
}
function slowReader(slots: readonly Slot[], mode: "values" | "list" | "flat" | "named"): RowReader {
  const at = (read: Read, v: unknown): unknown => (v === null || read === undefined ? v : read(v));
  const value = (s: Slot, r: readonly unknown[]): unknown =>
    s.parts === undefined ? at(s.read, r[s.index]) : s.parts.map((read, k) => at(read, r[s.index + k]));
  if (mode === "flat") return (r) => value(slots[0]!, r);
  if (mode === "list") return (r) => slots.map((s) => value(s, r));
  return (r) => Object.fromEntries(slots.map((s) => [s.name, value(s, r)]));
}
