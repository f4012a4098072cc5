/**
 * The tree of shapes: a node for every chain of methods that was called, whatever the values. A call looks its shape up by key; only
 * the first one resolves names and builds the query. What a node compiles to hangs on it.
 */
import { MISFIT, type Prepare } from "../ast/slots.js";
import { checkDepth } from "../expressions/depth.js";
import { Slotter, type ShapeKey } from "../expressions/shape-key.js";
import { deepest } from "../query/measure.js";
import { newContext } from "../query/resolve.js";
import type { Query } from "../query/state.js";

/** Children a node keeps; the least recently used fall out. */
const MOST_CHILDREN = 512;
let serial = 0;

/** Switched off by tests, which demand the same rows without it. */
export const shapeCache = { enabled: process.env["BABIK_SHAPE_CACHE"] !== "off" };

export class ShapeNode {
  readonly id: number = ++serial;
  readonly query: Query;
  /** Slots filled by the chain up to here. */
  readonly slots: number;
  /** How many values the last call brought, and what prepares them. */
  readonly added: number;
  private readonly prepares: readonly (readonly [number, Prepare])[];
  private readonly children = new Map<string, ShapeNode>();
  private used = false;
  /** Levels of the deepest part of the query. */
  readonly depth: number;
  /** Compiled forms by dialect and use; owned by `execute.ts`. */
  readonly compiled = new Map<string, unknown>();
  /** Registrations of lookups at the time of building. */
  readonly version: number;

  constructor(
    query: Query,
    slots: number,
    added: number,
    prepares: ReadonlyMap<number, Prepare>,
    version: number,
    depth = 0,
  ) {
    this.query = query;
    this.depth = depth;
    this.slots = slots;
    this.added = added;
    this.version = version;
    const first = slots - added;
    this.prepares = [...prepares].filter(([slot]) => slot >= first).map(([slot, fn]) => [slot - first, fn] as const);
  }

  /** The values as this shape needs them, after the ones before; undefined when a value asks for another shape. */
  accept(before: readonly unknown[], values: readonly unknown[]): unknown[] | undefined {
    const out = before.length === 0 ? values.slice() : before.concat(values);
    const first = before.length;
    for (const [i, fn] of this.prepares) {
      const v = fn(values[i]);
      if (v === MISFIT) return undefined;
      out[first + i] = v;
    }
    return out;
  }

  /**
   * The shape after one more call, and the gathered values. `build` changes a clone of the query; it runs only when the shape is new
   * or does not fit.
   */
  step(
    key: ShapeKey,
    before: readonly unknown[],
    build: (query: Query, slotter: Slotter) => void | Query,
  ): { node: ShapeNode; values: readonly unknown[] } {
    const cacheable = key.cacheable && shapeCache.enabled;
    if (cacheable) {
      const child = this.children.get(key.text);
      if (
        child !== undefined &&
        child.added === key.values.length &&
        child.version === child.query.context.lookups.version
      ) {
        const values = child.accept(before, key.values);
        if (values !== undefined) {
          child.used = true;
          return { node: child, values };
        }
      }
    }
    const depth = Math.max(this.depth, key.depth + deepest(this.query.annotations));
    checkDepth(depth);
    const start = this.query.chain();
    const context = newContext();
    start.context = context;
    const query = build(start, new Slotter(before.length)) ?? start;
    query.context = context;
    const { prepares, lookups } = query.context;
    const { length } = key.values;
    const node = new ShapeNode(query, before.length + length, length, prepares, lookups.version, depth);
    const values = before.concat(key.values);
    for (const [slot, fn] of prepares) {
      if (slot < before.length) continue;
      const v = fn(values[slot]);
      if (v !== MISFIT) values[slot] = v;
    }
    if (cacheable && query.context.cacheable) this.keep(key.text, node);
    return { node, values };
  }
  private keep(key: string, node: ShapeNode): void {
    if (this.children.size >= MOST_CHILDREN) {
      for (const [k, child] of this.children) {
        this.children.delete(k);
        // A second chance for what was used since it came to the front.
        if (!child.used) break;
        child.used = false;
        this.children.set(k, child);
      }
    }
    this.children.set(key, node);
  }
}

/** The shape that a chain starts with. */
export function rootShape(query: Query): ShapeNode {
  query.context = newContext();
  return new ShapeNode(query, 0, 0, new Map(), query.context.lookups.version);
}
