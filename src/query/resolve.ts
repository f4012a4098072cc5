/** Unresolved expressions -> nodes within a query: names become columns and joins, values parameters, querysets subqueries. */
import {
  ALWAYS,
  col,
  func,
  labelOf,
  STAR,
  typeOf,
  typeOrNull,
  where,
  type AggregateNode,
  type BinaryNode,
  type BinaryOp,
  type ColumnField,
  type CustomEmitter,
  type Expr,
  type FrameNode,
  type OrderNode,
  type OutputType,
  type SubqueryNode,
} from "../ast/expr.js";
import type { ValueType } from "../ast/seams.js";
import { EmbeddedRef, MISFIT, Slot } from "../ast/slots.js";
import { children, containsAggregate, containsWindow, mapChildren } from "../ast/walk.js";
import { FieldError, NotSupportedError, QueryTypeError, ValueError } from "../base/errors.js";
import { Lookup } from "../expressions/custom.js";
import { isExpression, type Expression } from "../expressions/expression.js";
import { Q } from "../expressions/q.js";
import type { Field } from "../fields/field.js";
import { builtinLookups } from "../lookups/builtin.js";
import { keyTransform } from "../lookups/json.js";
import { preparedSide } from "../lookups/register.js";
import { addQ } from "./filter.js";
import { asCondition, asValue, isConditional } from "./conditions.js";
import { QueryContext, type Resolver } from "./context.js";
import { callFunction } from "./functions.js";
import { setupJoins, trimJoins, type JoinInfo, type Reuse } from "./joins.js";
import { buildLookup, finalColumn, tryTransform } from "./lookup.js";
import { mentionsOuter, outputOf } from "./outer.js";
import { rawParts } from "./raw-parts.js";
import type { Query } from "./state.js";
import {
  BOOLEAN,
  combinedType,
  commonType,
  inferType,
  isA,
  isSmall,
  ruleType,
  temporalKind,
  typeNamed,
} from "./types.js";
import { pathParts } from "./path-parts.js";

export interface ResolveOptions {
  readonly allowJoins?: boolean;
  /** Aliases that multi-valued joins may share; null: any. */
  readonly reuse?: Reuse;
  /** Names of annotations become references to the selected column (aggregation over a subquery). */
  readonly summarize?: boolean;
}

/** A column of a table in this query. */
export function columnOf(alias: string, field: Field, type: OutputType = field): Expr {
  return col(alias, field as unknown as ColumnField, type);
}

/** The resolver as the files under this one see it. */
export const resolver: Resolver = {
  resolve: (query, e, o) => resolve(query as Query, e, o),
  rhs: (query, e, o) => resolveRhs(query as Query, e, o),
  embed: (query, ref, o) => embed(query as Query, ref as EmbeddedRef | Query, o),
  filtered: (query, condition, reuse) => resolveFiltered(query as Query, condition, reuse),
};
/** A fresh context for building one call. */
export const newContext = (): QueryContext => new QueryContext(resolver, builtinLookups);

/** Resolves anything that may stand as an argument: expressions, conditions, querysets, slots. */
export function resolve(query: Query, e: unknown, options: ResolveOptions = {}): Expr {
  if (e instanceof Slot) return slotValue(query, e, undefined);
  if (isExpression(e)) return resolveExpression(query, e, options);
  if (e instanceof Q) return resolveQ(query, e, options);
  if (e instanceof EmbeddedRef) return subqueryValue(query, e, options);
  throw new QueryTypeError(`This cannot be used as an expression: ${typeof e}.`, "expression.type");
}

function slotValue(query: Query, slot: Slot, outputField: ValueType | undefined): Expr {
  const type = outputField ?? inferType(slot.value);
  if (slot.value === null) return { kind: "param", slot: slot.index, type };
  if (type !== null) {
    type.prep(slot.value);
    // Whole numbers of one shape are all small or all large: the type that is declared for the parameter depends on it.
    const small =
      outputField === undefined && typeof slot.value === "number" && Number.isInteger(slot.value)
        ? isSmall(slot.value)
        : null;
    query.context.prepare(slot.index, (v) =>
      v === null ? null : small !== null && typeof v === "number" && isSmall(v) !== small ? MISFIT : type.prep(v),
    );
  } else if (typeof slot.value === "object" && !Array.isArray(slot.value)) {
    throw new FieldError(
      "A plain object as a value needs its type: Value(…, { outputField: JSONField() }).",
      "expression.untyped_value",
    );
  }
  return { kind: "param", slot: slot.index, type };
}

/** A condition used as an expression: its joins must not filter rows, so none is made INNER for what it asks. */
function resolveQ(query: Query, q: Q, o: ResolveOptions): Expr {
  const { clause } = addQ(query, q, {
    reuse: o.reuse ?? null,
    allowJoins: o.allowJoins ?? true,
    splitSubqueries: false,
    checkFilterable: false,
    summarize: o.summarize ?? false,
    updateJoinTypes: false,
  });
  return { ...clause, type: BOOLEAN() } as Expr;
}

function resolveExpression(query: Query, e: Expression, o: ResolveOptions): Expr {
  const sub = (x: unknown): Expr => resolve(query, x, o);
  const value = (x: unknown): Expr => asValue(sub(x));
  const typed = (node: Expr): Expr => (e.outputField === undefined ? node : ({ ...node, type: e.outputField } as Expr));
  switch (e.kind) {
    case "f":
      return resolveRef(query, e.settings["name"] as string, o);
    case "star":
      return STAR;
    case "value": {
      const arg = e.args[0];
      return arg instanceof Slot ? slotValue(query, arg, e.outputField) : typed(sub(arg));
    }
    case "outerref":
      return { kind: "outerref", ref: e.args.length > 0 ? e.args[0] : e.settings["name"], type: null };
    case "combined": {
      const [left, right] = e.args;
      // A text that is calculated with a decimal is a decimal: F("price").mul("1.10").
      const lhs = isPlainText(left) ? null : value(left),
        rhs = isPlainText(right) ? null : value(right);
      const side = (x: unknown, other: Expr | null): Expr =>
        isA(other === null ? null : typeOrNull(other), "DecimalField")
          ? slotValue(query, (x as Expression).args[0] as Slot, typeNamed("DecimalField"))
          : value(x);
      return combine(e.settings["op"] as BinaryOp, lhs ?? side(left, rhs), rhs ?? side(right, lhs), e.outputField);
    }
    case "func": {
      const spec = e.spec!;
      const args = e.args.map(value);
      for (const a of args) refuseComposite(a, labelOf(spec));
      return ownSql(e, callFunction({ spec, args, settings: e.settings, outputField: e.outputField }));
    }
    case "aggregate":
      return resolveAggregate(query, e, o);
    case "case": {
      const whens: { when: Expr; then: Expr }[] = [];
      for (const w of e.args.slice(0, -1) as Expression[]) {
        const when = sub(w.args[0]);
        if (!isConditional(when) && when.kind !== "custom")
          throw new QueryTypeError(
            "When() supports a Q object, a boolean expression, or conditions.",
            "expression.when",
          );
        const then = value(w.args[1]);
        refuseComposite(then, "When");
        whens.push({ when: asCondition(when), then });
      }
      const otherwise = value(e.args.at(-1));
      refuseComposite(otherwise, "Case");
      return {
        kind: "case",
        whens,
        otherwise,
        type: e.outputField ?? commonType([...whens.map((w) => w.then), otherwise], "Expression"),
      };
    }
    case "when":
      return sub(e.args[1]);
    case "wrapper":
      return typed(value(e.args[0]));
    case "cast": {
      const arg = value(e.args[0]);
      refuseComposite(arg, "Cast");
      return { kind: "cast", arg, type: e.outputField! };
    }
    case "collate": {
      const arg = value(e.args[0]);
      refuseComposite(arg, "Collate");
      return { kind: "collate", arg, collation: e.settings["collation"] as string, type: arg.type };
    }
    case "order": {
      const arg = value(e.args[0]);
      return {
        kind: "order",
        expr: arg,
        descending: e.settings["descending"] === true,
        nulls: e.settings["nulls"] as "first" | "last" | null,
        type: arg.type,
      };
    }
    case "not": {
      const arg = sub(e.args[0]);
      if (!isConditional(arg))
        throw new QueryTypeError("Only conditions and booleans can be negated.", "expression.not");
      return where("AND", [asCondition(arg)], true, BOOLEAN());
    }
    case "lookup": {
      const lhs = value(e.args[0]);
      const rhs = resolveRhs(query, e.args[1], o);
      return { ...buildLookup(query, pathParts(e.settings["name"] as string), lhs, rhs), type: BOOLEAN() } as Expr;
    }
    case "rawsql":
      joinParents(query, e.settings["sql"] as string);
      return {
        kind: "raw",
        parts: rawParts(e.settings["sql"] as string, e.args.map(sub)),
        type: e.outputField ?? null,
        parenthesised: true,
      };
    case "subquery":
      return subquery(query, e, o);
    case "exists": {
      const inner = embed(query, e.args[0] as EmbeddedRef, o);
      return { kind: "subquery", query: inner, exists: true, negated: e.settings["negated"] === true, type: BOOLEAN() };
    }
    case "window":
      return resolveWindow(query, e, o);
    case "sliced":
      return sliced(query, e, o);
    // Outside of INSERT, which takes it apart by itself, the default is the expression it stands for.
    case "dbdefault":
      return e.args.length > 0 ? value(e.args[0]) : { kind: "default", type: e.outputField ?? null, expr: null };
    case "custom": {
      const kids = e instanceof Lookup ? lookupSides(query, e, o) : e.args.map(value);
      const type = e.custom!.conditional === true ? BOOLEAN() : (e.outputField ?? commonType(kids, "Expression"));
      return customNode(e, kids, type);
    }
    case "tuple":
      return { kind: "tuple", items: e.args.map(value), type: null };
    case "resolved":
      return e.settings["node"] as Expr;
    case "filteredrelation":
      throw new ValueError(
        "FilteredRelation() can only be given to annotate() and alias().",
        "expression.filtered_relation",
      );
    case "keytransform": {
      return keyTransform(value(e.args[0]), String(e.settings["key"]), e.settings["text"] === true);
    }
  }
}

/** A node that is written by methods of the user's class, where it has some. */
function ownSql(e: Expression, node: Expr): Expr {
  return e.custom === undefined ? node : customNode(e, [node], node.type);
}
const emitters = new WeakMap<CustomEmitter, CustomEmitter>();
/** Door 3: the emitter gets the means to resolve what is built while it writes. */
export function customNode(e: Expression, children: readonly Expr[], type: OutputType): Expr {
  const own = e.custom!;
  let by = emitters.get(own);
  if (by === undefined) {
    const { cacheKey, isAggregate, windowCompatible, conditional } = own;
    by = {
      cacheKey,
      isAggregate,
      windowCompatible,
      conditional,
      emit: (emitter, kids) => own.emit(emitter, kids, (x) => newContext().close(x)),
    };
    emitters.set(own, by);
  }
  return { kind: "custom", by, children, type };
}
function lookupSides(query: Query, e: Lookup, o: ResolveOptions): Expr[] {
  const lhs = asValue(resolve(query, e.args[0], o));
  const right = e.args[1];
  const plain =
    isExpression(right) && right.kind === "value" && right.outputField === undefined ? right.args[0] : undefined;
  return [
    lhs,
    plain instanceof Slot ? preparedSide(e.preparation, plain, lhs, query.context) : asValue(resolve(query, right, o)),
  ];
}

function isPlainText(x: unknown): boolean {
  return (
    isExpression(x) &&
    x.kind === "value" &&
    x.outputField === undefined &&
    x.args[0] instanceof Slot &&
    typeof x.args[0].value === "string"
  );
}
/** Columns of parents' tables that SQL of the user's own seems to name: their tables are joined. */
function joinParents(query: Query, text: string): void {
  const lower = text.toLowerCase();
  for (const parent of query.meta.concrete.allParents)
    for (const f of parent.localConcreteFields)
      if (f.column !== null && lower.includes(f.column.toLowerCase())) {
        resolveRef(query, f.name, {});
        break;
      }
}
function refuseComposite(node: Expr, name: string): void {
  if (node.kind === "tuple")
    throw new ValueError(`${name} expression does not support composite primary keys.`, "expression.composite");
}

/** Right-hand sides keep their slots: the lookup decides on the type. */
export function resolveRhs(query: Query, v: unknown, o: ResolveOptions): Slot | Expr | readonly (Slot | Expr)[] {
  if (v instanceof Slot) return v;
  // A list within a list is a tuple: `pk__in: [[1, F("a")]]`.
  if (Array.isArray(v))
    return v.map((x) =>
      x instanceof Slot
        ? x
        : Array.isArray(x)
          ? { kind: "tuple", items: x.map((i) => resolve(query, i, o)), type: null }
          : asValue(resolve(query, x, o)),
    );
  return asValue(resolve(query, v, o));
}

/** Arithmetic with its output type; dates and durations are marked, since every database has a way of its own. */
export function combine(op: BinaryOp, lhs: Expr, rhs: Expr, outputField: ValueType | undefined): Expr {
  for (const side of [lhs, rhs]) refuseComposite(side, "CombinedExpression");
  const a = typeOrNull(lhs),
    b = typeOrNull(rhs);
  const type = outputField ?? combinedType(op, lhs, rhs);
  const left = isA(a, "DurationField"),
    right = isA(b, "DurationField");
  let temporal: BinaryNode["temporal"];
  if (left !== right && (temporalKind(a) !== null || temporalKind(b) !== null || left || right)) temporal = "duration";
  else if (op === "-" && temporalKind(a) !== null && temporalKind(a) === temporalKind(b)) temporal = "subtraction";
  return { kind: "binary", op, lhs, rhs, type, ...(temporal === undefined ? {} : { temporal }) };
}

// ---- names ------------------------------------------------------------------------------------------------------
/** A name in an expression: an annotation (with transforms after it), or a path over relations. */
export function resolveRef(query: Query, name: string, o: ResolveOptions): Expr {
  const { allowJoins = true, reuse = null, summarize = false } = o;
  const own = query.annotations.get(name);
  if (own !== undefined) {
    if (!allowJoins && usesJoins(query, own)) throw joinsNotPermitted();
    if (summarize) {
      if (!query.annotationSelect.has(name))
        throw new FieldError(
          `Cannot aggregate over the '${name}' alias. Use annotate() to promote it.`,
          "aggregate.alias",
          { path: name },
        );
      return { kind: "ref", name, source: own, type: own.type };
    }
    return own;
  }
  const parts = pathParts(name);
  const first = query.annotations.get(parts[0]!);
  if (first !== undefined) {
    const start: Expr = summarize ? { kind: "ref", name: parts[0]!, source: first, type: first.type } : first;
    return parts.slice(1).reduce((node, t) => tryTransform(query, node, t), start);
  }
  const info = setupJoins(query, parts, query.meta, query.initialAlias(), reuse, true, resolveFiltered);
  const { targets, alias, joins } = trimJoins(query, info);
  if (!allowJoins && joins.length > 1) throw joinsNotPermitted();
  if (reuse !== null) for (const j of joins) reuse.add(j);
  return applyTransforms(query, targetColumn(info, targets, alias), info.transforms);
}
function joinsNotPermitted(): FieldError {
  return new FieldError("Joined field references are not permitted in this query", "query.joins_not_permitted");
}
function usesJoins(query: Query, node: Expr): boolean {
  if (node.kind === "col" && typeof query.aliases.get(node.alias)?.parent === "string") return true;
  return children(node).some((c) => usesJoins(query, c));
}
function targetColumn(info: JoinInfo, targets: readonly Field[], alias: string): Expr {
  if ("annotation" in info.final) return info.final.annotation as Expr;
  return finalColumn(info, targets, alias, true);
}
export function applyTransforms(query: Query, start: Expr, names: readonly string[]): Expr {
  return names.reduce((node, t) => tryTransform(query, node, t), start);
}
/** The condition of a filtered relation, resolved within the query that joins it. */
export function resolveFiltered(query: Query, condition: unknown, reuse: Reuse): Expr {
  const q = condition as Q;
  if (q.empty) return ALWAYS;
  const { clause } = addQ(query, q, {
    reuse,
    allowJoins: true,
    splitSubqueries: false,
    checkFilterable: false,
    summarize: false,
    updateJoinTypes: false,
  });
  return clause;
}

// ---- aggregates and windows -------------------------------------------------------------------------------------
function resolveAggregate(query: Query, e: Expression, o: ResolveOptions): Expr {
  const spec = e.spec!;
  const { n, distinct, filter, fallback, orderings, ...extra } = e.settings as Record<
    string,
    number | boolean | unknown
  > as { n: number; distinct: boolean; filter: number; fallback: number; orderings: number };
  const given = e.args.slice(0, n);
  const args = given.map((a) => asValue(resolve(query, a, o)));
  args.forEach((a, i) => {
    if (a.kind === "tuple") {
      if (spec.name !== "Count") refuseComposite(a, labelOf(spec));
      if (distinct)
        throw new ValueError("COUNT(DISTINCT) doesn't support composite primary keys", "expression.composite");
      // No part of a key is NULL where the row exists.
      args[i] = a.items[0]!;
    }
    // In aggregate() a reference to an existing annotation is a column of the inner query; anything else that aggregates is a mistake.
    if (
      containsAggregate(a) &&
      (o.summarize !== true || a.kind !== "ref" || (a.source.kind === "aggregate" && summaries.has(a.source)))
    ) {
      const name =
        isExpression(given[i]) && given[i].kind === "f" ? String(given[i].settings["name"]) : describe(given[i]);
      throw new FieldError(`Cannot compute ${labelOf(spec)}('${name}'): '${name}' is an aggregate`, "aggregate.nested");
    }
  });
  let at = n;
  const condition = filter > 0 ? asCondition(resolve(query, e.args[at++], o)) : null;
  const defaultArg = fallback > 0 ? e.args[at++] : undefined;
  const orderBy = e.args.slice(at, at + orderings).map((x) => resolve(query, x, o) as OrderNode);
  const options = Object.keys(extra).length > 0 ? extra : undefined;
  const type =
    e.outputField ??
    spec.outputType ??
    ruleType(spec.output, spec.name === "StringAgg" ? args.slice(0, 1) : args, labelOf(spec));
  const plain: AggregateNode = {
    kind: "aggregate",
    spec,
    args,
    type,
    distinct,
    filter: condition,
    orderBy,
    ...(options ? { options } : {}),
  };
  if (o.summarize === true) summaries.add(plain);
  const node = ownSql(e, plain);
  if (defaultArg === undefined) return node;
  const fallbackNode = coalesceDefault(query, defaultArg, node, o);
  return func(COALESCE, [node, fallbackNode], node.type);
}
const summaries = new WeakSet<Expr>();
export const COALESCE = Object.freeze({ name: "Coalesce", sql: "COALESCE" });
function coalesceDefault(query: Query, arg: unknown, node: Expr, o: ResolveOptions): Expr {
  const inner = isExpression(arg) && arg.kind === "value" ? arg.args[0] : undefined;
  if (inner instanceof Slot)
    return slotValue(
      query,
      inner,
      isExpression(arg) && arg.outputField !== undefined ? arg.outputField : (typeOrNull(node) ?? undefined),
    );
  return asValue(resolve(query, arg, o));
}
function describe(e: unknown): string {
  return isExpression(e) ? e.describe() : "expression";
}

function resolveWindow(query: Query, e: Expression, o: ResolveOptions): Expr {
  const partitions = e.settings["partitions"] as number;
  const expr = asValue(resolve(query, e.args[0], o));
  const partitionBy = e.args.slice(1, 1 + partitions).map((a) => asValue(resolve(query, a, o)));
  const orderBy = e.args.slice(1 + partitions).map((a) => asValue(resolve(query, a, o)));
  if (partitionBy.some(containsWindow))
    throw new FieldError("A window function cannot partition by another one.", "expression.window");
  return {
    kind: "window",
    expr,
    partitionBy,
    orderBy,
    frame: e.settings["frame"] as FrameNode | null,
    type: e.outputField ?? expr.type,
  };
}

function sliced(query: Query, e: Expression, o: ResolveOptions): Expr {
  const inner = e.args[0];
  const start = e.settings["start"] as number,
    end = e.settings["end"] as number | null;
  const node = asValue(resolve(query, inner, o));
  if (node.kind === "outerref") return { ...node, ref: { sliced: node.ref, start, end } };
  return sliceNode(node, start, end);
}
export function sliceNode(node: Expr, start: number, end: number | null): Expr {
  const type = typeOf(node);
  if (type !== null && isA(type, "ArrayField")) return func({ name: "ArraySlice" }, [node], type, { start, end });
  if (!isA(type, "CharField") && !isA(type, "TextField"))
    throw new NotSupportedError("This field does not support slicing.", "expression.slice");
  const n = (v: number): Expr => ({ kind: "param", slot: -1, value: v, type: typeNamed("IntegerField") });
  return func(
    { name: "Substr", sql: "SUBSTRING", spell: { sqlite: { sql: "SUBSTR" } } },
    end === null ? [node, n(start + 1)] : [node, n(start + 1), n(Math.max(0, end - start))],
    type,
  );
}

// ---- subqueries -------------------------------------------------------------------------------------------------
function subquery(query: Query, e: Expression, o: ResolveOptions): Expr {
  const inner = embed(query, e.args[0] as EmbeddedRef, o);
  const array = e.settings["array"] === true;
  const type = e.outputField ?? (array ? null : outputOf(inner));
  return {
    kind: "subquery",
    query: inner,
    exists: false,
    negated: false,
    ...(array ? { array } : {}),
    type,
  } satisfies SubqueryNode;
}
/** A queryset given as a value: `in`, `exact` and their kin complete what it selects. */
function subqueryValue(query: Query, ref: EmbeddedRef, o: ResolveOptions): Expr {
  const inner = embed(query, ref, o);
  inner.isSubqueryValue = true;
  if (ref.source.boundAlias !== null) query.boundAliases = new Set([...query.boundAliases, ref.source.boundAlias]);
  return { kind: "subquery", query: inner, exists: false, negated: false, type: outputOf(inner) };
}
/** The query as a part of `outer`: aliases of its own, outer references resolved. */
export function embed(outer: Query, ref: EmbeddedRef | Query, o: ResolveOptions): Query {
  const inner = (ref instanceof EmbeddedRef ? (ref.query() as Query) : ref).clone();
  inner.context = outer.context;
  if (inner.aliases.size === 0 && inner.combinator === null && inner.inner === null) {
    // The table gets its name now, so that it is not that of a table of the outer query.
    inner.unref(inner.initialAlias());
  }
  inner.bumpPrefix(outer);
  inner.isSubquery = true;
  inner.combined = inner.combined.map((c) => embed(outer, c, o));
  resolveOuterRefs(inner, outer, o);
  return inner;
}
function resolveOuterRefs(inner: Query, outer: Query, o: ResolveOptions): void {
  const walk = (e: Expr): Expr => {
    if (e.kind === "outerref") return outerRef(outer, e.ref, o);
    if (e.kind === "subquery") {
      if (!mentionsOuter(e.query as Query)) return e;
      const deeper = (e.query as Query).clone();
      resolveOuterRefs(deeper, outer, o);
      return { ...e, query: deeper };
    }
    if (e.kind === "lookup" && e.lhs.kind === "tuple" && e.rhs[0]?.kind === "outerref") {
      // A composite key of the outer query: compared part by part, now that its parts are known.
      const right = outerRef(outer, e.rhs[0].ref, o);
      if (right.kind === "tuple")
        return where(
          "AND",
          e.lhs.items.map((l, i) => ({ kind: "lookup", op: "exact", lhs: l, rhs: [right.items[i]!], type: null })),
        );
      if (right.kind !== "outerref")
        throw new ValueError("Composite field lookups only work with composite expressions.", "lookup.tuple");
      return { ...e, rhs: [right] };
    }
    return mapChildren(e, walk);
  };
  inner.mapExpressions(walk);
}
function outerRef(outer: Query, ref: unknown, o: ResolveOptions): Expr {
  if (typeof ref === "string") {
    const node = resolveRef(outer, ref, { ...o, reuse: o.reuse ?? null });
    // The aggregate would be taken for one of the inner query, whose HAVING it would end in.
    if (containsAggregate(node))
      throw new NotSupportedError(
        `OuterRef("${ref}") names an aggregate of the outer query, which is not supported. Compare with a Subquery annotation instead.`,
        "expression.outer_aggregate",
      );
    if (containsWindow(node))
      throw new NotSupportedError(
        "Referencing outer query window expression is not supported.",
        "expression.outer_window",
      );
    return node;
  }
  if (isExpression(ref))
    return { kind: "outerref", ref: ref.args.length > 0 ? ref.args[0] : ref.settings["name"], type: null };
  const s = ref as { sliced: unknown; start: number; end: number | null };
  const node = outerRef(outer, s.sliced, o);
  return node.kind === "outerref" ? { ...node, ref: { ...s, sliced: node.ref } } : sliceNode(node, s.start, s.end);
}
