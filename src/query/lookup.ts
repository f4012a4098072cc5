/** From names after a path to a condition: transforms, then a lookup; and the column a path ends in. */
import { col, typeOf, typeOrNull, type ColumnField, type Expr, type OutputType } from "../ast/expr.js";
import type { DbParam, DialectInfo, ValueType } from "../ast/seams.js";
import { Slot } from "../ast/slots.js";
import { FieldError, nearest, suggest, ValueError } from "../base/errors.js";
import type { Field } from "../fields/field.js";
import { CompositePrimaryKey } from "../fields/generated.js";
import { ReverseRelation } from "../fields/relations.js";
import { isRelationType, type Rhs } from "../lookups/registry.js";
import type { ModelMeta } from "../meta/options.js";
import type { JoinInfo } from "./joins.js";
import type { Query } from "./state.js";
import { base } from "./types.js";

const relationTypes = new WeakMap<Field, ValueType>();
/** The type of a column seen through a reverse or many-to-many relation: the lookups of relations, the values of its field. */
export function relationType(target: Field): ValueType {
  let t = relationTypes.get(target);
  if (t === undefined) {
    t = {
      typeName: "ForeignKey",
      ancestry: ["ForeignKey", "ForeignObject", "RelatedField", "Field"],
      typeKey: `FK:${target.typeKey}`,
      prep: (v: unknown): unknown => target.prep(v),
      toDb: (v: unknown, d: DialectInfo): DbParam => target.toDb(v, d),
      fromDb: (d: DialectInfo) => target.fromDb(d),
      dbType: (d: DialectInfo) => target.relDbType(d),
      castType: (d: DialectInfo) => target.castType(d),
      needsBigInt: target.needsBigInt,
      target,
    } as ValueType & { target: Field };
    relationTypes.set(target, t);
  }
  return t;
}

/** The column (or tuple of columns) that a path ends in. `plain` gives the target's own type (F), else the relation's (filters). */
export function finalColumn(info: JoinInfo, targets: readonly Field[], alias: string, plain: boolean): Expr {
  const first = targets[0]!;
  if (first instanceof CompositePrimaryKey) {
    const meta = first.owner as ModelMeta;
    return { kind: "tuple", items: meta.pkFields.map((f) => column(alias, f)), type: first };
  }
  if (targets.length > 1)
    return { kind: "tuple", items: targets.map((f) => column(alias, f)), type: relationType(first) };
  const final = info.final;
  if (plain || "annotation" in final || !final.isRelation) return column(alias, first);
  return column(
    alias,
    first,
    final instanceof ReverseRelation || !final.concrete ? relationType(first) : (final as Field),
  );
}
function column(alias: string, f: Field, type: OutputType = f): Expr {
  return col(alias, f as unknown as ColumnField, type);
}

/**
 * One more name on a node: a transform of its type. FieldError with what the type has. `through`: the column of a relation counts as
 * its target's (in expressions and orderings; conditions on relations know their own few lookups only).
 */
export function tryTransform(query: Query, lhs: Expr, name: string, through = true): Expr {
  const own = typeOf(lhs);
  const type = through && own !== null ? base(own) : own;
  const { lookups } = query.context;
  const found = lookups.findTransform(type, name);
  if (found !== undefined) return found.build(lhs, query.context);
  if (isRelationType(type)) throw relatedLookup(type, name);
  const names = lookups.names(type);
  const near = nearest(name, names);
  const typeName = type?.typeName ?? "Field";
  throw new FieldError(
    near === undefined
      ? `Unsupported lookup '${name}' for ${typeName} or join on the field not permitted.`
      : `Unsupported lookup '${name}' for ${typeName} or join on the field not permitted, perhaps you meant ${near}?`,
    "query.unknown_lookup",
    { path: name, choices: names },
  );
}

// What follows a relation is a field of its model, or one of the few lookups of keys.
function relatedLookup(type: ValueType | null, name: string): FieldError {
  const { target } = (type ?? {}) as { readonly target?: Field };
  const choices = (target?.owner as ModelMeta | null | undefined)?.choices() ?? [];
  return new FieldError(`Related Field got invalid lookup: ${name}.${suggest(name, choices)}`, "query.related_lookup", {
    path: name,
    choices,
  });
}

/** The names after a field as transforms and one lookup (`exact` when none is named), with its value. */
export function buildLookup(query: Query, names: readonly string[], start: Expr, rhs: Rhs): Expr {
  const { lookups } = query.context;
  let lhs = start;
  let value: Rhs = rhs;
  const apply = (name: string): void => {
    const type = typeOf(lhs);
    const bilateral = lookups.findTransform(type, name)?.bilateral === true;
    lhs = tryTransform(query, lhs, name, false);
    if (bilateral) value = transformRhs(query, value, type, name);
  };
  const all = names.length === 0 ? ["exact"] : names;
  for (const name of all.slice(0, -1)) apply(name);
  let name = all.at(-1)!;
  let found = lookupOf(query, lhs, name);
  if (found === undefined) {
    // The lookup comes first where a name is both; what is no lookup may be a transform compared for equality.
    if (isRelationType(typeOrNull(lhs))) throw relatedLookup(typeOrNull(lhs), name);
    apply(name);
    name = "exact";
    found = lookupOf(query, lhs, name);
    if (found === undefined)
      throw new FieldError(`The type of '${all.join("__")}' cannot be compared.`, "query.unknown_lookup");
  }
  if (value instanceof Slot && value.value === null && found.acceptsNull !== true) {
    if (name !== "exact" && name !== "iexact")
      throw new ValueError(
        "Cannot use None as a query value (null): only exact and iexact take null; use isnull.",
        "lookup.null",
        { path: name },
      );
    const isnull = lookupOf(query, lhs, "isnull")!;
    return isnull.build(lhs, new Slot(value.index, true), query.context);
  }
  if (lhs.kind !== "tuple" && !(value instanceof Slot) && !Array.isArray(value) && (value as Expr).kind === "tuple")
    throw new ValueError("CompositePrimaryKey cannot be used as a lookup value.", "lookup.composite_value");
  return found.build(lhs, value, query.context);
}
function lookupOf(query: Query, lhs: Expr, name: string) {
  const { lookups } = query.context;
  // Date parts have lookups of their own (a year is a range of dates, which an index can serve).
  if (lhs.kind === "func") {
    const own = lookups.findLookup(specType(lhs.spec.name), name);
    if (own !== undefined) return own;
  }
  if (lhs.kind === "tuple") {
    const own = lookups.findLookup(specType("Tuple"), name);
    if (own !== undefined) return own;
  }
  return lookups.findLookup(typeOf(lhs), name);
}
function specType(name: string): ValueType {
  return { ancestry: [`@${name}`] } as unknown as ValueType;
}
function transformRhs(query: Query, rhs: Rhs, type: ValueType | null, name: string): Rhs {
  const one = (v: Slot | Expr): Slot | Expr => {
    if (v instanceof Slot && v.value === null) return v;
    const node: Expr = v instanceof Slot ? { kind: "param", slot: v.index, type } : v;
    return query.context.lookups.findTransform(type, name)!.build(node, query.context);
  };
  if (Array.isArray(rhs)) return (rhs as readonly (Slot | Expr)[]).map(one);
  const v = rhs as Slot | Expr;
  if (v instanceof Slot && (Array.isArray(v.value) || v.value instanceof Set)) {
    query.context.misfit();
    return [...(v.value as Iterable<unknown>)].map((x) => one({ kind: "param", slot: -1, value: x, type }));
  }
  return one(v);
}
