/**
 * Arguments of a chain method -> a key for their shape and the flat list of their values; and, when a shape is built for
 * the first time, the same arguments with every value replaced by its `Slot`. Both walk in the same order.
 */
import { identity } from "../ast/walk.js";
import { EmbeddedRef, isInstance, isQuerySource, type QuerySource, Slot } from "../ast/slots.js";
import { QueryTypeError, ValueError } from "../base/errors.js";
import { checkDepth, QUERY_LEVELS } from "./depth.js";
import type { Expression } from "./expression.js";
import { isExpression } from "./expression.js";
import { pairs, Q } from "./q.js";

const ODD = /[^\w]/;

/** Gathers the key and the values of one call. */
export class ShapeKey {
  text = "";
  readonly values: unknown[] = [];
  /** False when some part has no structure that could be compared (door 3 without `cacheKey`). */
  cacheable = true;
  /** Levels of the deepest part. Whatever walks these arguments afterwards calls itself no more often. */
  depth = 0;
  private level = 0;

  static(part: string): void {
    this.text += part;
  }
  // A path with odd characters is quoted: no path can imitate the key of another structure.
  name(path: string): void {
    this.text += ODD.test(path) ? `,${JSON.stringify(path)}:` : `,${path}:`;
  }
  value(v: unknown): void {
    this.text += valueClass(v);
    this.values.push(v);
  }
  /** Conditions as a plain object: the hot path. */
  conditions(object: object): void {
    const proto: unknown = Object.getPrototypeOf(object);
    if (proto !== Object.prototype && proto !== null) {
      for (const [k, v] of pairs(object)) {
        this.name(k);
        this.any(v);
      }
      return;
    }
    for (const key in object) {
      if (!Object.hasOwn(object, key)) continue;
      const v = (object as Record<string, unknown>)[key];
      this.name(key);
      switch (typeof v) {
        case "string":
          this.text += "s";
          this.values.push(v);
          break;
        case "number":
          this.text += "n";
          this.values.push(v);
          break;
        default:
          if (v === undefined || key === "__proto__" || key === "constructor" || key === "prototype") pairs(object);
          this.any(v);
      }
    }
  }
  /** Any argument: an expression, a condition, a queryset, a list or a plain value. */
  any(v: unknown): void {
    if (typeof v !== "object" || v === null) {
      this.value(v);
    } else if (isExpression(v)) {
      this.expression(v);
    } else if (v instanceof Q) {
      this.q(v);
    } else if (isQuerySource(v)) {
      this.source(v, QUERY_LEVELS);
    } else if (Array.isArray(v) && v.some(isStructural)) {
      this.text += "[";
      for (const item of v) {
        this.any(item);
        this.text += ",";
      }
      this.text += "]";
    } else {
      this.value(v);
    }
  }
  /** A queryset, which adds so many levels to its own. */
  source(v: QuerySource, levels: number): void {
    this.text += `qs<${v.shapeKey}>${v.boundAlias ?? ""}`;
    this.reach(this.level + levels + v.depth);
    for (const x of v.gathered) this.values.push(x);
  }
  q(q: Q): void {
    if (++this.level > this.depth) this.reach(this.level);
    this.text += `${q.negated ? "!" : ""}${q.connector}(`;
    for (const child of q.children) {
      if (Array.isArray(child)) {
        this.name(String(child[0]));
        this.any(child[1]);
      } else {
        this.text += ";";
        this.any(child);
      }
    }
    this.text += ")";
    this.level--;
  }
  expression(e: Expression): void {
    if (++this.level > this.depth) this.reach(this.level);
    this.text += staticKey(e);
    if (e.custom !== undefined && e.custom.cacheKey === undefined) this.cacheable = false;
    this.text += "(";
    for (const a of e.args) {
      this.any(a);
      this.text += ",";
    }
    this.text += ")";
    this.level--;
  }
  /** @throws ValueError `query.too_deep` */
  reach(depth: number): void {
    if (depth <= this.depth) return;
    checkDepth(depth);
    this.depth = depth;
  }
}

const statics = new WeakMap<Expression, string>();
function staticKey(e: Expression): string {
  let key = statics.get(e);
  if (key === undefined) {
    const settings = Object.entries(e.settings).map(
      ([k, v]) =>
        `${k}=${typeof v === "object" && v !== null ? settingKey(v) : typeof v === "string" && ODD.test(v) ? JSON.stringify(v) : String(v)}`,
    );
    key = `${e.kind}${e.spec ? `#${identity(e.spec)}` : ""}${e.custom ? `@${e.custom.cacheKey ?? identity(e.custom)}` : ""}{${settings.join(";")}}${e.outputField ? `:${e.outputField.typeKey}` : ""}`;
    statics.set(e, key);
  }
  return key;
}
function settingKey(v: object): string {
  if (Array.isArray(v))
    return `[${v.map((x: unknown) => (typeof x === "object" && x !== null ? settingKey(x) : `${typeof x}${JSON.stringify(x)}`)).join()}]`;
  const proto: unknown = Object.getPrototypeOf(v);
  if (proto === Object.prototype || proto === null) return JSON.stringify(v);
  return `o${identity(v)}`;
}

// Expressions stand in lists, and in tuples within lists. What is deeper is a document, of any depth.
function isStructural(v: unknown): boolean {
  return isPart(v) || (Array.isArray(v) && v.some((x) => isPart(x) || (Array.isArray(x) && x.some(isPart))));
}
function isPart(v: unknown): boolean {
  return isExpression(v) || v instanceof Q || isQuerySource(v);
}

/** What of a value can change SQL: its JavaScript type. */
function valueClass(v: unknown): string {
  switch (typeof v) {
    case "string":
      return "s";
    case "number":
      return Number.isInteger(v) ? "n" : "f";
    case "boolean":
      return "b";
    case "bigint":
      return "I";
    case "undefined":
      throw new ValueError(
        "A value is undefined. Write null for SQL NULL, or leave the condition out.",
        "value.undefined",
      );
    case "function":
    case "symbol":
      throw new QueryTypeError(`A ${typeof v} cannot be a value in a query.`, "value.type");
    case "object": {
      if (v === null) return "0";
      if (isInstance(v)) return "M";
      if (Array.isArray(v)) return v.length === 0 ? "E" : "L";
      if (v instanceof Set) return v.size === 0 ? "E" : "L";
      const proto = Object.getPrototypeOf(v) as { constructor?: { name?: string } } | null;
      if (proto === null || proto === Object.prototype) return "j";
      return `o${proto.constructor?.name ?? ""}`;
    }
  }
}

/** Mirrors `ShapeKey`'s walk and puts slots where values are. */
export class Slotter {
  private next: number;
  constructor(first: number) {
    this.next = first;
  }
  /** Where the next value will be. */
  get position(): number {
    return this.next;
  }
  conditions(object: object): Q {
    return Q.make(
      "AND",
      pairs(object).map(([k, v]) => [k, this.any(v)] as const),
    );
  }
  any(v: unknown): unknown {
    if (typeof v !== "object" || v === null) return new Slot(this.next++, v);
    if (isExpression(v)) return this.expression(v);
    if (v instanceof Q) return this.q(v);
    if (isQuerySource(v)) {
      const ref = new EmbeddedRef(v, this.next);
      this.next += v.gathered.length;
      return ref;
    }
    if (Array.isArray(v) && v.some(isStructural)) return v.map((item: unknown) => this.any(item));
    return new Slot(this.next++, v);
  }
  q(q: Q): Q {
    return Q.make(
      q.connector,
      q.children.map((c) => (Array.isArray(c) ? ([c[0] as string, this.any(c[1])] as const) : (this.any(c) as object))),
      q.negated,
    );
  }
  expression(e: Expression): Expression {
    return e.args.length === 0 ? e : e.with({ args: e.args.map((a) => this.any(a)) });
  }
}
