/**
 * What users add to the vocabulary of paths: transforms and lookups of their own, and functions under a name. Registration is for the
 * whole process, as in Django; shapes of queries made before are not used again.
 */
import { type Expr } from "../ast/expr.js";
import { QueryTypeError } from "../base/errors.js";
import type { FunctionMaker } from "../expressions/makers.js";
import { Field } from "../fields/field.js";
import { builtinLookups } from "./builtin.js";
import { addFunction } from "./dates.js";
import type { Lookup, Rhs, Transform } from "./registry.js";
import { single, valueNode } from "./values.js";
import { typeOrNull } from "../ast/expr.js";
import { Slot } from "../ast/slots.js";
import type { ValueType } from "../ast/seams.js";

/** A lookup of the user's own: two nodes in, a condition out. */
export interface UserLookup {
  readonly name: string;
  /** Checks the value and makes it what `build` gets; by the type of the left side when left out. */
  readonly prepare?: (value: unknown, type: ValueType | null) => unknown;
  readonly build: (lhs: Expr, rhs: Expr) => Expr;
}
/** A transform of the user's own: one node in, one out. */
export interface UserTransform {
  readonly name: string;
  readonly transform: (lhs: Expr) => Expr;
  /** Applied to the value as well. */
  readonly bilateral?: boolean;
}
export type Registrable = Pick<FunctionMaker, "spec"> | UserLookup | UserTransform;

/** The name of a field's type: given as text, as the call that makes the field, as its class or as a field. */
function typeNameOf(field: unknown): string {
  if (typeof field === "string") return field;
  if (field instanceof Field) return field.typeName;
  if (typeof field === "function") {
    const own = (field as { typeName?: unknown }).typeName;
    return typeof own === "string" ? own : field.name.replace(/\$\d+$/, "");
  }
  throw new QueryTypeError(
    "registerLookup() takes a field, such as CharField, or the name of its type.",
    "lookup.register",
  );
}
function isFunction(l: Registrable): l is Pick<FunctionMaker, "spec"> {
  return "spec" in l;
}

/**
 * Makes a function, transform or lookup usable in the paths of a field's type and of those that descend from it.
 * @param field the field (`CharField`) or the name of its type
 * @param what a function such as `Length`, `{ name, transform }`, or `{ name, prepare?, build }`
 * @param name the name in paths, when it should be another than its own
 * @returns a function that takes the registration back
 * @throws QueryTypeError when `what` is none of these
 * @example
 * const undo = registerLookup(CharField, Length);
 * await Author.objects.filter({ name__length__gt: 10 });   // WHERE LENGTH("name") > 10
 * @see https://docs.djangoproject.com/en/stable/ref/models/lookups/#registration-api
 */
export function registerLookup(field: unknown, what: Registrable, name?: string): () => void {
  if (what === null || (typeof what !== "object" && typeof what !== "function")) throw notRegistrable();
  const typeName = typeNameOf(field);
  const known = isFunction(what) ? (name ?? what.spec.lookupName ?? what.spec.name.toLowerCase()) : (name ?? what.name);
  if (typeof known !== "string" || !/^[A-Za-z]\w*$/.test(known) || known.includes("__"))
    throw new QueryTypeError("The name of a lookup has letters, digits and single underscores.", "lookup.register");
  const before = builtinLookups.own(typeName, known);
  if (isFunction(what)) addFunction(builtinLookups, typeName, what, known);
  else if ("transform" in what) builtinLookups.addTransform(typeName, transformOf(what, known));
  else if (typeof what.build === "function") builtinLookups.addLookup(typeName, lookupOf(what, known));
  else throw notRegistrable();
  return () => {
    builtinLookups.removeLookup(typeName, known);
    if (before.lookup !== undefined) builtinLookups.addLookup(typeName, before.lookup);
    if (before.transform !== undefined) builtinLookups.addTransform(typeName, before.transform);
  };
}
/** Takes a registration away: by the thing registered, or by its name. */
export function unregisterLookup(field: unknown, what: Registrable | string, name?: string): void {
  const own =
    typeof what === "string"
      ? what
      : isFunction(what)
        ? (what.spec.lookupName ?? what.spec.name.toLowerCase())
        : what.name;
  builtinLookups.removeLookup(typeNameOf(field), name ?? own);
}
function notRegistrable(): QueryTypeError {
  return new QueryTypeError(
    "registerLookup() takes a function such as Length, a transform { name, transform } or a lookup { name, build }.",
    "lookup.register",
  );
}
function transformOf(t: UserTransform, name: string): Transform {
  return { name, build: (lhs) => t.transform(lhs), ...(t.bilateral === true ? { bilateral: true } : {}) };
}
function lookupOf(l: UserLookup, name: string): Lookup {
  return {
    name,
    build(lhs: Expr, given: Rhs, context) {
      const rhs = single(given, name);
      const type = typeOrNull(lhs);
      const { prepare } = l;
      if (prepare !== undefined && rhs instanceof Slot) {
        prepare(rhs.value, type);
        context.prepare(rhs.index, (v) => prepare(v, type));
        return l.build(lhs, { kind: "param", slot: rhs.index, type: null });
      }
      return l.build(lhs, valueNode(rhs, type, context));
    },
  };
}
