/**
 * What users add to the vocabulary of paths: transforms and lookups of their own, and functions under a name. Registration is for the
 * whole process, as in Django; shapes of queries made before are not used again.
 */
import { type Expr } from "../ast/expr.js";
import { QueryTypeError, ValueError } from "../base/errors.js";
import { Lookup, preparationOf, type LookupPreparation } from "../expressions/custom.js";
import { resolved } from "../expressions/doors.js";
import { Expression } from "../expressions/expression.js";
import type { FunctionMaker } from "../expressions/makers.js";
import type { Q } from "../expressions/q.js";
import { Field } from "../fields/field.js";
import type { BuildContext } from "./context.js";
import { builtinLookups } from "./builtin.js";
import { addFunction } from "./dates.js";
import type { Lookup as Lookup_, Transform } from "./registry.js";
import { rhsType, single, valueNode } from "./values.js";
import { Slot } from "../ast/slots.js";
import type { ValueType } from "../ast/seams.js";

/** A lookup of the user's own: two expressions in, a condition made of them out. */
export interface UserLookup {
  readonly name: string;
  /** Checks the value and makes it what `build` gets; by the type of the left side when left out. */
  readonly prepare?: (value: unknown, type: ValueType | null) => unknown;
  readonly build: (lhs: Expression, rhs: Expression) => Expression | Q;
}
/** A transform of the user's own: one expression in, one out. */
export interface UserTransform {
  readonly name: string;
  readonly transform: (lhs: Expression) => Expression;
  /** Applied to the value as well. */
  readonly bilateral?: boolean;
}
/** A class that extends `Transform`, `Func`, `CustomExpression` or `Lookup`. */
export type UserClass = (new (...args: never[]) => Expression) & {
  readonly lookupName?: string;
  readonly bilateral?: boolean;
};
export type Registrable = Pick<FunctionMaker, "spec"> | UserLookup | UserTransform | UserClass;

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
function isClass(l: Registrable): l is UserClass {
  return typeof l === "function" && (l as { prototype?: unknown }).prototype instanceof Expression;
}
/** The name that a thing has by itself. */
function ownName(l: Registrable): string {
  if (isClass(l)) return l.lookupName ?? l.name.toLowerCase();
  return isFunction(l) ? (l.spec.lookupName ?? l.spec.name.toLowerCase()) : l.name;
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
  const known = name ?? ownName(what);
  if (typeof known !== "string" || !/^[A-Za-z]\w*$/.test(known) || known.includes("__"))
    throw new QueryTypeError("The name of a lookup has letters, digits and single underscores.", "lookup.register");
  const before = builtinLookups.own(typeName, known);
  if (isClass(what)) addClass(typeName, what, known);
  else if (isFunction(what)) addFunction(builtinLookups, typeName, what, known);
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
  const own = typeof what === "string" ? what : ownName(what);
  builtinLookups.removeLookup(typeNameOf(field), name ?? own);
}
function notRegistrable(): QueryTypeError {
  return new QueryTypeError(
    "registerLookup() takes a function such as Length, a transform { name, transform } or a lookup { name, build }.",
    "lookup.register",
  );
}
function addClass(typeName: string, cls: UserClass, name: string): void {
  const make = (...parts: Expr[]): Expression => new cls(...(parts.map(resolved) as never[]));
  if (!(cls.prototype instanceof Lookup)) {
    builtinLookups.addTransform(typeName, {
      name,
      build: (lhs, context) => context.close(make(lhs)),
      ...(cls.bilateral === true ? { bilateral: true } : {}),
    });
    return;
  }
  const preparation = preparationOf(cls);
  builtinLookups.addLookup(typeName, {
    name,
    build: (lhs, given, context) =>
      context.close(make(lhs, preparedSide(preparation, single(given, name), lhs, context))),
    ...((cls as { canUseNoneAsRhs?: boolean }).canUseNoneAsRhs === true ? { acceptsNull: true } : {}),
  });
}
function transformOf(t: UserTransform, name: string): Transform {
  return {
    name,
    build: (lhs, context) => context.close(t.transform(resolved(lhs))),
    ...(t.bilateral === true ? { bilateral: true } : {}),
  };
}
function lookupOf(l: UserLookup, name: string): Lookup_ {
  const preparation = { prepareRhs: true, prepare: l.prepare };
  return {
    name,
    build: (lhs, given, context) =>
      context.close(l.build(resolved(lhs), resolved(preparedSide(preparation, single(given, name), lhs, context)))),
  };
}
/** The right side of a user's lookup: a plain value is prepared as the lookup says, else by the type of the left side. */
export function preparedSide(p: LookupPreparation, rhs: Slot | Expr, lhs: Expr, context: BuildContext): Expr {
  const type = rhsType(lhs);
  if (!(rhs instanceof Slot)) return rhs;
  const { prepare } = p;
  if (prepare !== undefined) {
    const checked = (v: unknown): unknown => {
      const out = prepare(v, type);
      if (out === undefined)
        throw new ValueError("The preparation of a lookup's value returned undefined.", "value.undefined");
      return out;
    };
    checked(rhs.value);
    context.prepare(rhs.index, checked);
    return { kind: "param", slot: rhs.index, type: null };
  }
  return p.prepareRhs ? valueNode(rhs, type, context) : { kind: "param", slot: rhs.index, type: null };
}
