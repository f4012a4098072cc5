/**
 * Conditions added to a query: one call shares its multi-valued joins, negated conditions over them become NOT EXISTS, negated
 * comparisons of what may be NULL are guarded, joins are promoted and demoted by votes.
 */
import { lookup, typeOrNull, where, type ColNode, type Expr, type WhereNode } from "../ast/expr.js";
import { EmbeddedRef, INSTANCE, isInstance, Slot, type InstanceLike } from "../ast/slots.js";
import { FieldError, NotSupportedError, QueryTypeError, ValueError } from "../base/errors.js";
import { isExpression } from "../expressions/expression.js";
import { OuterRef } from "../expressions/makers.js";
import { Q, type QChild } from "../expressions/q.js";
import type { Field } from "../fields/field.js";
import { ForeignObject } from "../fields/relations.js";
import type { Rhs } from "../lookups/registry.js";
import type { ModelMeta } from "../meta/options.js";
import { asCondition, isConditional } from "./conditions.js";
import { demoteJoins, JoinVotes, setupJoins, trimJoins, type JoinInfo, type Reuse } from "./joins.js";
import { buildLookup, finalColumn } from "./lookup.js";
import { MultiJoin, walkNames, type Walked } from "./names.js";
import { completeSubquery } from "./selection.js";
import { addClause, Query } from "./state.js";
import { trimStart } from "./trim-start.js";
import { pathParts } from "./path-parts.js";

export interface FilterOptions {
  readonly reuse: Reuse;
  readonly branchNegated?: boolean;
  readonly currentNegated?: boolean;
  readonly allowJoins: boolean;
  readonly splitSubqueries: boolean;
  readonly checkFilterable: boolean;
  readonly summarize: boolean;
  readonly updateJoinTypes?: boolean;
}
interface Built {
  readonly clause: WhereNode;
  /** Joins that must find a row for the condition to hold. */
  readonly inner: Iterable<string>;
}

/** Adds a condition to WHERE, as `filter()` does. */
export function addFilter(query: Query, q: Q, reuseAll = false): void {
  const innerBefore = [...query.aliases.values()].filter((t) => t.type === "INNER").map((t) => t.alias);
  const reuse = reuseAll ? new Set(query.aliases.keys()) : query.usedAliases;
  const { clause } = addQ(query, q, {
    reuse,
    allowJoins: true,
    splitSubqueries: true,
    checkFilterable: true,
    summarize: false,
  });
  if (clause.children.length > 0) query.addWhere(clause);
  // What was INNER stays INNER: earlier conditions removed the rows that a promotion would keep.
  demoteJoins(query, innerBefore);
}

/** The condition of a Q, with its joins set up in the query. */
export function addQ(query: Query, q: Q, o: FilterOptions): Built {
  const currentNegated = (o.currentNegated ?? false) !== q.negated;
  const branchNegated = (o.branchNegated ?? false) || q.negated;
  let clause = where(q.connector, [], q.negated);
  const votes = new JoinVotes(q.connector, q.children.length, currentNegated);
  let children: readonly Expr[] = [];
  for (const child of q.children) {
    const built = buildFilter(query, child, { ...o, branchNegated, currentNegated });
    votes.add(built.inner);
    if (built.clause.children.length > 0)
      children = addClause(where(q.connector, children), built.clause, q.connector).children;
  }
  clause = where(q.connector, children, q.negated);
  const inner = (o.updateJoinTypes ?? true) ? votes.apply(query) : [];
  return { clause, inner };
}

/** One child of a Q: a nested Q, an expression, or a path with its value. */
export function buildFilter(query: Query, child: QChild, o: FilterOptions): Built {
  if (child instanceof Q) return addQ(query, child, o);
  if (!Array.isArray(child)) return expressionFilter(query, child, o);
  const [path, given] = child as [string, unknown];
  const solved = solveLookup(query, path, o.summarize);
  if (solved.annotation !== undefined && o.checkFilterable) checkFilterable(solved.annotation);
  if (!o.allowJoins && solved.parts.length > 1)
    throw new FieldError("Joined field references are not permitted in this query", "query.joins_not_permitted");
  const { resolver } = query.context;
  const before = new Map(query.refs);
  const rhs = resolver.rhs(query, given, { allowJoins: o.allowJoins, reuse: o.reuse, summarize: o.summarize }) as Rhs;
  const inner = new Set<string>();
  for (const [a, n] of query.refs) if (n > (before.get(a) ?? 0)) inner.add(a);
  if (o.checkFilterable && !(rhs instanceof Slot) && !Array.isArray(rhs)) checkFilterable(rhs as Expr);

  if (solved.annotation !== undefined) {
    const value = completeSubquery(keyOfInstance(query, solved.annotation, rhs), null, solved.lookups, query);
    return { clause: where("AND", [buildLookup(query, solved.lookups, solved.annotation, value)]), inner: [] };
  }
  const alias = query.initialAlias();
  let info: JoinInfo;
  try {
    info = setupJoins(
      query,
      solved.parts,
      query.meta,
      alias,
      o.reuse,
      o.branchNegated !== true || !o.splitSubqueries,
      resolver.filtered,
    );
  } catch (e) {
    if (e instanceof MultiJoin) return splitExclude(query, path, given, o.reuse ?? new Set(), e.named, o);
    throw e;
  }
  checkRelated(info, rhs);
  query.lookupJoins = info.joins;
  for (const j of info.joins) inner.add(j);
  const trimmed = trimJoins(query, info);
  if (o.reuse !== null) for (const j of trimmed.joins) o.reuse.add(j);
  const column = finalColumn(info, trimmed.targets, trimmed.alias, false);
  const normal = completeSubquery(normalizeRelated(query, info, rhs, solved.lookups), info, solved.lookups, query);
  const condition = buildLookup(query, solved.lookups, column, normal);
  let clause = where("AND", [condition]);

  const isnull = isnullOf(condition, column);
  let requireOuter = isnull === true && o.currentNegated !== true;
  // A null that is compared as a value (JSON null) is guarded by nothing, as in Django: rows without a document stay unknown.
  const nullValue = isnull === null && rhs instanceof Slot && rhs.value === null;
  if (o.currentNegated === true && isnull !== true && !nullValue) {
    requireOuter = true;
    // NOT (col = x) is unknown for NULL; such rows belong to the negation: NOT (col = x AND col IS NOT NULL).
    if (isnull === null) {
      const target = trimmed.targets[0]!;
      const join = query.aliases.get(trimmed.joins.at(-1)!)!;
      if (isNullable(target) || join.type === "LEFT") {
        const bare = finalColumn(info, trimmed.targets, trimmed.alias, true);
        clause = addClause(clause, notNull(bare), "AND");
      }
      if (
        !(rhs instanceof Slot) &&
        !Array.isArray(rhs) &&
        (rhs as Expr).kind === "col" &&
        isNullable((rhs as ColNode).field as unknown as Field)
      )
        clause = addClause(clause, notNull(rhs as Expr), "AND");
    }
  }
  return { clause, inner: requireOuter ? [] : inner };
}
/** The flag of a test for NULL, of one column or of all parts of a composite one; null for other conditions. */
function isnullOf(condition: Expr, column: Expr): boolean | null {
  if (condition.kind === "where" && column.kind === "tuple" && condition.children.length === column.items.length) {
    const flags = new Set(condition.children.map((c) => isnullOf(c, column.items[0]!)));
    return flags.size === 1 ? [...flags][0]! : null;
  }
  return condition.kind === "lookup" && condition.op === "isnull" && condition.options?.["guard"] === undefined
    ? condition.options?.["is"] === true
    : null;
}
function notNull(node: Expr): Expr {
  const parts = node.kind === "tuple" ? node.items : [node];
  return parts.length === 1
    ? lookup("isnull", parts[0]!, [], null, { is: false })
    : where(
        "AND",
        parts.map((p) => lookup("isnull", p, [], null, { is: false })),
      );
}
export function isNullable(f: Field): boolean {
  return f.null;
}

function expressionFilter(query: Query, child: unknown, o: FilterOptions): Built {
  if (!isExpression(child) && !(child instanceof EmbeddedRef))
    throw new QueryTypeError("filter() takes objects of conditions, Q and boolean expressions.", "filter.argument");
  const node = query.context.resolver.resolve(query, child, {
    allowJoins: o.allowJoins,
    reuse: o.reuse,
    summarize: o.summarize,
  });
  if (!isConditional(node) && node.kind !== "custom" && !(node.kind === "raw" && node.type === null))
    throw new QueryTypeError("Cannot filter against a non-conditional expression.", "filter.not_conditional");
  if (o.checkFilterable) checkFilterable(node);
  return { clause: where("AND", [asCondition(node)]), inner: [] };
}

/** What a path means: an annotation with lookups after it, or fields with lookups after them. */
export function solveLookup(
  query: Query,
  path: string,
  summarize: boolean,
): { lookups: readonly string[]; parts: readonly string[]; annotation?: Expr } {
  const names = pathParts(path);
  if (query.annotations.size > 0) {
    for (let n = 1; n <= names.length; n++) {
      const name = names.slice(0, n).join("__");
      const found = query.annotations.get(name);
      if (found !== undefined)
        return {
          lookups: names.slice(n),
          parts: [],
          annotation: summarize ? { kind: "ref", name, source: found, type: found.type } : found,
        };
    }
  }
  const walked = walkNames(query, names, query.meta);
  const parts = names.slice(0, names.length - walked.rest.length);
  if (walked.rest.length > 1 && parts.length === 0)
    throw new FieldError(`Invalid lookup "${path}" for model ${query.meta.objectName}.`, "query.invalid_lookup", {
      model: query.meta.label,
      path,
    });
  return { lookups: walked.rest, parts };
}

function checkFilterable(node: Expr): void {
  if (node.kind === "aggregate" || node.kind === "custom") return;
  if (node.kind === "order")
    throw new NotSupportedError("An ordering cannot be used in a condition.", "filter.not_filterable");
}

// ---- related objects --------------------------------------------------------------------------------------------
function metaOf(instance: InstanceLike): ModelMeta {
  return instance[INSTANCE] as unknown as ModelMeta;
}
function compatible(meta: ModelMeta, target: ModelMeta, field: unknown): boolean {
  const check = (m: ModelMeta): boolean =>
    meta.concrete === m.concrete ||
    meta.allParents.includes(m.concrete) ||
    m.allParents.includes(meta) ||
    m.concrete.allParents.includes(meta.concrete);
  return check(target) || (field instanceof ForeignObject && field.primaryKey && check(field.owner as ModelMeta));
}
function checkRelated(info: JoinInfo, rhs: Rhs): void {
  const final = info.final;
  if ("annotation" in final || !final.isRelation) return;
  const check = (v: unknown): void => {
    if (isInstance(v) && !compatible(metaOf(v), info.meta, final))
      throw new ValueError(
        `Cannot query "${metaOf(v).objectName} object": Must be "${info.meta.objectName}" instance.`,
        "query.wrong_instance",
      );
  };
  if (rhs instanceof Slot) {
    if (Array.isArray(rhs.value) || rhs.value instanceof Set) for (const v of rhs.value as Iterable<unknown>) check(v);
    else check(rhs.value);
  } else if (!Array.isArray(rhs) && (rhs as Expr).kind === "subquery") {
    const q = (rhs as { query: unknown }).query as Query;
    if (q.isSubqueryValue && !q.hasSelectFields && !compatible(q.meta, info.meta, final))
      throw new ValueError(
        `Cannot use QuerySet for "${q.meta.objectName}": Use a QuerySet for "${info.meta.objectName}".`,
        "query.wrong_queryset",
      );
  }
}
/** Instances as values of a relation become the values of the fields it points at. */
function normalizeRelated(query: Query, info: JoinInfo, rhs: Rhs, lookups: readonly string[]): Rhs {
  const final = info.final;
  if ("annotation" in final || !final.isRelation) {
    if (rhs instanceof Slot && isInstance(rhs.value) && (final as Field).primaryKey)
      return normalizeSlot(query, rhs, info);
    if (rhs instanceof Slot) refuseInstance(rhs.value, final as Field);
    return rhs;
  }
  // One key may be written as a tuple of one, as keys of several columns are; only `in` takes lists.
  const tuples = info.targets.length === 1 && (lookups.length === 0 || (lookups.length === 1 && lookups[0] !== "in"));
  return rhs instanceof Slot ? normalizeSlot(query, rhs, info, tuples) : rhs;
}
function refuseInstance(v: unknown, f: Field): void {
  const list = Array.isArray(v) ? (v as unknown[]) : [v];
  if (list.some((x) => isInstance(x) && !f.primaryKey))
    throw new QueryTypeError(`Field '${f.name}' expected a value but got a model instance.`, "query.instance_value");
}
function normalizeSlot(query: Query, slot: Slot, info: JoinInfo, tuples = false): Slot {
  const sources = info.targets;
  const one = (v: unknown): unknown => {
    if (!isInstance(v)) return v;
    checkRelated(info, new Slot(0, v));
    const values = sources.map((s) => valueFrom(v, s));
    if (values.length === 1 || sources.length === 1) return values[0];
    return values;
  };
  const all = (v: unknown): unknown => {
    if (Array.isArray(v)) return tuples && v.length === 1 ? one(v[0]) : v.map(one);
    return v instanceof Set ? [...v].map(one) : one(v);
  };
  query.context.prepare(slot.index, all);
  return new Slot(slot.index, all(slot.value));
}
function valueFrom(v: InstanceLike, source: Field): unknown {
  let field = source;
  const meta = metaOf(v);
  // The instance may stand further up: a relation to a relation that is a key.
  while (!meta.isA(field.owner as ModelMeta) && field instanceof ForeignObject && field.toFields.length > 0)
    field = field.toFields[0]!;
  const record = v as unknown as Record<string, unknown>;
  if ((record["pk"] ?? null) === null)
    throw new ValueError(
      `Unsaved model instance of ${meta.label} cannot be used in an ORM query. Save it first.`,
      "query.unsaved_instance",
    );
  const value = Object.hasOwn(record, field.attname) ? record[field.attname] : record["pk"];
  return value;
}

/** An instance compared with an annotation stands for the value that the annotation's relation holds. */
function keyOfInstance(query: Query, annotation: Expr, rhs: Rhs): Rhs {
  if (!(rhs instanceof Slot) || !isInstance(rhs.value)) return rhs;
  const type = typeOrNull(annotation);
  const target = type === null ? undefined : ((type as { target?: Field }).target ?? (type as Partial<Field>));
  const one = (v: unknown): unknown => {
    if (!isInstance(v)) return v;
    const record = v as unknown as Record<string, unknown>;
    return target?.attname !== undefined && Object.hasOwn(record, target.attname)
      ? record[target.attname]
      : record["pk"];
  };
  query.context.prepare(rhs.index, one);
  return new Slot(rhs.index, one(rhs.value));
}

// ---- negation over several rows ---------------------------------------------------------------------------------
/** A negated condition over a multi-valued relation: no related row may satisfy it (S2). */
function splitExclude(
  query: Query,
  path: string,
  given: unknown,
  reuse: Set<string>,
  named: Walked["named"],
  o: FilterOptions,
): Built {
  const inner = new Query(query.meta);
  inner.context = query.context;
  inner.filteredRelations = new Map(query.filteredRelations);
  let rhs = given;
  if (isExpression(rhs) && rhs.kind === "outerref") rhs = OuterRef(rhs);
  else if (isExpression(rhs) && rhs.kind === "f") rhs = OuterRef(String(rhs.settings["name"]));
  addFilter(inner, Q.make("AND", [[path, rhs]]));
  inner.clearOrdering(true);
  const { prefix, outer } = trimStart(inner, named);
  const first = inner.select[0] as ColNode;
  if (reuse.has(first.alias)) {
    // The outer query already joins this table under conditions that have to hold for the same row.
    const pk = (first.field as unknown as Field).owner as ModelMeta;
    const alias = first.alias;
    inner.bumpPrefix(query);
    const mine = inner.select[0] as ColNode;
    inner.addWhere(
      lookup("exact", { ...mine, field: pk.pk as never, type: pk.pk }, [
        { ...first, alias, field: pk.pk as never, type: pk.pk },
      ]),
    );
  } else {
    // Resolved against the outer query when the inner one has got aliases of its own.
    inner.addWhere(lookup("exact", first, [{ kind: "outerref", ref: prefix, type: null }]));
  }
  const embedded = query.context.resolver.embed(query, inner, { reuse }) as Query;
  let clause = where("AND", [{ kind: "subquery", query: embedded, exists: true, negated: false, type: null }]);
  if (outer) {
    const orNull = buildFilter(query, [`${prefix}__isnull`, new Slot(-1, true)], {
      ...o,
      reuse,
      branchNegated: true,
      currentNegated: true,
    });
    clause = addClause(clause, orNull.clause, "OR");
  }
  return { clause, inner: [] };
}
