/** Q: a condition as data. Pairs of path and value, other conditions and expressions, joined by AND, OR or XOR. */
import { FieldError, QueryTypeError, ValueError } from "../base/errors.js";

export type Connector = "AND" | "OR" | "XOR";
/** `[path, value]`, another Q, or an expression usable as a condition. */
export type QChild = readonly [string, unknown] | Q | object;

/** What conditions can do only where there are databases: put in by the floor that has them. */
export const qDoors: {
  check: (q: Q, against: unknown, options: { readonly using?: string | undefined }) => Promise<boolean>;
} = {
  check: () => {
    throw new QueryTypeError("Q.check() needs an orm: import from 'babik'.", "settings.no_orm");
  },
};

const REFUSED = new Set(["__proto__", "constructor", "prototype"]);

/** Reads an object of conditions. Own enumerable keys only; refuses anything that is not a plain object, and `undefined` values. */
export function pairs(conditions: object): [string, unknown][] {
  const proto: unknown = Object.getPrototypeOf(conditions);
  if (proto !== Object.prototype && proto !== null)
    throw new QueryTypeError(
      `Conditions are plain objects, Q or expressions; this is ${Array.isArray(conditions) ? "an array" : `a ${(conditions as { constructor?: { name?: string } }).constructor?.name ?? "special object"}`}.`,
      "filter.argument",
    );
  const out: [string, unknown][] = [];
  for (const key of Object.keys(conditions)) {
    const value = (conditions as Record<string, unknown>)[key];
    if (value === undefined)
      throw new ValueError(
        `The condition on '${key}' is undefined. Write null for SQL NULL, or leave the key out.`,
        "value.undefined",
        { path: key },
      );
    if (REFUSED.has(key))
      throw new FieldError(`'${key}' cannot be the name of a field.`, "query.unknown_field", { path: key });
    out.push([key, value]);
  }
  return out;
}

/**
 * A condition that can be combined: `Q({ inStock: true }).or({ price__lt: 20 })`.
 * Takes objects of conditions, other Qs and boolean expressions; all of them must hold.
 * See "Complex lookups with Q objects" in Django's documentation.
 */
export class Q {
  readonly connector: Connector;
  readonly negated: boolean;
  readonly children: readonly QChild[];

  constructor(...args: readonly unknown[]) {
    this.connector = "AND";
    this.negated = false;
    this.children = args.flatMap((a) => asChildren(a));
  }
  static make(connector: Connector, children: readonly QChild[], negated = false): Q {
    const q = Object.create(Q.prototype) as { connector: Connector; negated: boolean; children: readonly QChild[] };
    q.connector = connector;
    q.negated = negated;
    q.children = children;
    return q as Q;
  }
  /** All of them hold. */
  static and(...args: readonly unknown[]): Q {
    return join("AND", args);
  }
  /** At least one of them holds. */
  static or(...args: readonly unknown[]): Q {
    return join("OR", args);
  }
  /** An odd number of them holds. */
  static xor(...args: readonly unknown[]): Q {
    return join("XOR", args);
  }
  static not(...args: readonly unknown[]): Q {
    return new Q(...args).not();
  }

  and(...others: readonly unknown[]): Q {
    return join("AND", [this, ...others]);
  }
  or(...others: readonly unknown[]): Q {
    return join("OR", [this, ...others]);
  }
  xor(...others: readonly unknown[]): Q {
    return join("XOR", [this, ...others]);
  }
  not(): Q {
    return this.negated || this.children.length === 0
      ? Q.make(this.connector, this.children, !this.negated && this.children.length > 0)
      : Q.make(this.connector, this.children, true);
  }
  /** Whether it holds for these values, as the database sees it. */
  async check(against: unknown, options: { readonly using?: string | undefined } = {}): Promise<boolean> {
    return qDoors.check(this, against, options);
  }
  /** True for a Q that says nothing. */
  get empty(): boolean {
    return this.children.length === 0;
  }
}

function join(connector: Connector, args: readonly unknown[]): Q {
  const parts = args.map((a) => (a instanceof Q ? a : new Q(a))).filter((q) => !q.empty);
  if (parts.length === 0) return new Q();
  if (parts.length === 1) return parts[0]!;
  // Same connector on the left: stay flat, as Django's tree does, so that one join serves all of them.
  const children: QChild[] = [];
  for (const part of parts) {
    if (!part.negated && (part.connector === connector || part.children.length === 1)) children.push(...part.children);
    else children.push(part);
  }
  return Q.make(connector, children);
}

function asChildren(arg: unknown): QChild[] {
  if (arg === undefined || arg === null || typeof arg !== "object")
    throw new QueryTypeError(
      `A condition is an object such as { price__lt: 20 }, a Q or an expression; this is ${arg === null ? "null" : typeof arg}.`,
      "filter.argument",
    );
  if (arg instanceof Q) return arg.empty ? [] : [arg];
  if (isConditionObject(arg)) return [arg];
  return pairs(arg);
}
// Expressions and querysets have classes of their own; only plain objects are read as conditions.
function isConditionObject(arg: object): boolean {
  const proto: unknown = Object.getPrototypeOf(arg);
  return proto !== Object.prototype && proto !== null && !Array.isArray(arg) && "settings" in arg && "kind" in arg;
}
