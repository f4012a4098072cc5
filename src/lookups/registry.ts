/**
 * Which lookups and transforms a type has: tables by type name, searched along the type's ancestry. Built-in tables are passed in
 * at the first use; users add to them with `registerLookup`. Fields know nothing of this.
 */
import type { Expr, FuncSpec } from "../ast/expr.js";
import type { ValueType } from "../ast/seams.js";
import type { Slot } from "../ast/slots.js";
import type { BuildContext } from "./context.js";

/** The right-hand side of a lookup: a gathered value, a resolved expression, or a list of these. */
export type Rhs = Slot | Expr | readonly (Slot | Expr)[];

/** How a lookup becomes a node. */
export interface Lookup {
  readonly name: string;
  /** Builds the condition. `rhs` is a slot where the user gave a plain value. */
  build(lhs: Expr, rhs: Rhs, context: BuildContext): Expr;
  /** `null` as the value is meaningful (isnull is not asked for instead). */
  readonly acceptsNull?: boolean;
}
/** A function usable in paths: `name__lower`, `created__year`. */
export interface Transform {
  readonly name: string;
  build(lhs: Expr, context: BuildContext): Expr;
  /** The transform is applied to the value as well. */
  readonly bilateral?: boolean;
}

/** Anything that may be asked for a name it does not know beforehand (JSON keys, array indexes). */
export type OpenTransform = (name: string, type: ValueType) => Transform | undefined;

export class LookupRegistry {
  private readonly lookups = new Map<string, Map<string, Lookup>>();
  private readonly transforms = new Map<string, Map<string, Transform>>();
  private readonly open = new Map<string, OpenTransform>();
  /** Grows with each registration; part of shape keys, so that old shapes are not used with new lookups. */
  version = 0;

  addLookup(typeName: string, lookup: Lookup): void {
    put(this.lookups, typeName, lookup.name, lookup);
    this.version++;
  }
  addTransform(typeName: string, transform: Transform): void {
    put(this.transforms, typeName, transform.name, transform);
    this.version++;
  }
  /** What is registered for this very type under a name. */
  own(
    typeName: string,
    name: string,
  ): { readonly lookup: Lookup | undefined; readonly transform: Transform | undefined } {
    return { lookup: this.lookups.get(typeName)?.get(name), transform: this.transforms.get(typeName)?.get(name) };
  }
  removeLookup(typeName: string, name: string): void {
    this.lookups.get(typeName)?.delete(name);
    this.transforms.get(typeName)?.delete(name);
    this.version++;
  }
  addOpen(typeName: string, fn: OpenTransform): void {
    this.open.set(typeName, fn);
  }
  findLookup(type: ValueType | null, name: string): Lookup | undefined {
    for (const t of ancestry(type)) {
      const found = this.lookups.get(t)?.get(name);
      if (found !== undefined) return found;
    }
    return undefined;
  }
  findTransform(type: ValueType | null, name: string): Transform | undefined {
    for (const t of ancestry(type)) {
      const found = this.transforms.get(t)?.get(name);
      if (found !== undefined) return found;
    }
    if (type !== null)
      for (const t of ancestry(type)) {
        const found = this.open.get(t)?.(name, type);
        if (found !== undefined) return found;
      }
    return undefined;
  }
  /** Names a type answers to, for messages. */
  names(type: ValueType | null): string[] {
    const out = new Set<string>();
    for (const t of ancestry(type))
      for (const table of [this.lookups.get(t), this.transforms.get(t)])
        for (const n of table?.keys() ?? []) out.add(n);
    return [...out].sort();
  }
}
// Relations answer to their own few lookups only: `author__icontains` is a mistake, not a search in the key.
function ancestry(type: ValueType | null): readonly string[] {
  if (type === null) return ["Field"];
  if (isRelationType(type)) return type.ancestry.filter((t) => t !== "Field");
  return type.ancestry;
}
/** True for the types of relation columns. */
export function isRelationType(type: ValueType | null): boolean {
  return type !== null && type.ancestry.includes("ForeignObject");
}
function put<T>(table: Map<string, Map<string, T>>, type: string, name: string, value: T): void {
  let inner = table.get(type);
  if (inner === undefined) table.set(type, (inner = new Map<string, T>()));
  inner.set(name, value);
}

/** A function's spec as a transform. */
export function specTransform(
  spec: FuncSpec,
  build: (spec: FuncSpec, lhs: Expr, context: BuildContext) => Expr,
): Transform {
  const t = {
    name: spec.lookupName ?? spec.name.toLowerCase(),
    build: (lhs: Expr, c: BuildContext) => build(spec, lhs, c),
  };
  return spec.bilateral === true ? { ...t, bilateral: true } : t;
}
