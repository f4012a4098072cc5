/** What a query selects and how it is ordered: values, only/defer, selectRelated, orderBy, distinct, and subqueries' columns. */
import { col, type ColumnField, type Expr } from "../ast/expr.js";
import { Slot } from "../ast/slots.js";
import { FieldDoesNotExist, FieldError, QueryTypeError, suggest, ValueError } from "../base/errors.js";
import { isExpression } from "../expressions/expression.js";
import type { Field } from "../fields/field.js";
import { CompositePrimaryKey } from "../fields/generated.js";
import { ReverseRelation } from "../fields/relations.js";
import type { Rhs } from "../lookups/registry.js";
import { asValue } from "./conditions.js";
import { setupJoins, trimJoins, type JoinInfo } from "./joins.js";
import { tryTransform } from "./lookup.js";
import { unknownName, walkNames } from "./names.js";
import { setGroupBy } from "./grouping.js";
import { isOrder, type NameTree, type OrderTerm, type Query, type Selected } from "./state.js";
import { pathParts } from "./path-parts.js";

/** Adds columns by path to the SELECT list. */
export function addFields(query: Query, paths: readonly string[], allowMany = true): void {
  const base = query.initialAlias();
  const cols: Expr[] = [];
  for (const path of paths) {
    const parts = pathParts(path);
    let info: JoinInfo;
    try {
      info = setupJoins(query, parts, query.meta, base, null, allowMany, query.context.resolver.filtered);
    } catch (e) {
      if (e instanceof FieldError && parts.length === 1 && e.code === "query.unknown_field")
        throw unknownName(query, path, query.meta);
      throw e;
    }
    const { targets, alias } = trimJoins(query, info);
    // A relation of several columns is one value, as its key is.
    if (targets.length > 1 && info.transforms.length === 0) {
      cols.push({
        kind: "tuple",
        items: targets.map((t) => col(alias, t as unknown as ColumnField)),
        type: info.final as Field,
      });
      continue;
    }
    for (const t of targets) {
      let node: Expr = t instanceof CompositePrimaryKey ? tupleOf(alias, t) : col(alias, t as unknown as ColumnField);
      for (const name of info.transforms) node = tryTransform(query, node, name);
      cols.push(node);
    }
  }
  if (cols.length > 0) query.select = [...query.select, ...cols];
}
function tupleOf(alias: string, pk: CompositePrimaryKey): Expr {
  const owner = pk.owner as unknown as { pkFields: readonly Field[] };
  return { kind: "tuple", items: owner.pkFields.map((f) => col(alias, f as unknown as ColumnField)), type: pk };
}

/** `values()` and `valuesList()`: names of fields, annotations and extra columns, in the order given. */
export function setValues(query: Query, names: readonly string[]): void {
  query.selectRelated = false;
  query.deferred = { names: new Set(), defer: true };
  query.select = [];
  query.defaultCols = false;
  query.valuesSelect = [];
  query.selected = null;
  query.valuesOrder = null;
  let fields: string[];
  if (names.length > 0) {
    const selected = new Map<string, Selected>();
    fields = [];
    const annotations: string[] = [],
      extras: string[] = [];
    for (const name of names) {
      if (query.extra.has(name)) {
        extras.push(name);
        selected.set(name, { kind: "extra" });
      } else if (query.annotations.has(name)) {
        if (!query.annotationSelect.has(name))
          throw new FieldError(
            `Cannot select the '${name}' alias. Use annotate() to promote it.`,
            "query.values_alias",
            { path: name },
          );
        annotations.push(name);
        selected.set(name, { kind: "annotation" });
      } else {
        if (query.annotations.size > 0) {
          const first = name.split("__")[0]!;
          if (first !== name && query.annotations.has(first)) throw transformNotSelected(name);
        }
        selected.set(name, { kind: "column", index: fields.length });
        fields.push(name);
      }
    }
    query.valuesOrder = names;
    query.extraMask = new Set(extras);
    query.maskAnnotations(annotations);
    query.selected = selected;
  } else {
    fields = query.meta.concreteFields.map((f) => f.attname);
  }
  // Names written out before this call decide on grouping now, while what they stand for is known.
  if (query.groupBy === true) {
    addFields(
      query,
      query.meta.concreteFields.map((f) => f.attname),
      false,
    );
    setGroupBy(query, false);
    query.select = [];
    query.defaultCols = false;
  } else if (query.groupBy !== null) {
    const group: Expr[] = [];
    for (const e of query.groupBy) {
      if (e.kind === "ref" && query.annotations.has(e.name) && !query.annotationSelect.has(e.name))
        group.push(query.annotations.get(e.name)!);
      else group.push(e);
    }
    query.groupBy = group;
  }
  query.valuesSelect = fields;
  addFields(query, fields, true);
}
function transformNotSelected(name: string): FieldError {
  return new FieldError(
    `Cannot select '${name}': transforms of annotations are not selected by name; annotate it first.`,
    "query.values_transform",
    { path: name },
  );
}

/** Terms of `orderBy`: names with an optional sign, "?", and expressions. Checked now, resolved when the query is planned. */
export function addOrdering(query: Query, terms: readonly unknown[]): void {
  const out: OrderTerm[] = [];
  for (const term of terms) {
    if (typeof term === "string") {
      if (term === "?") {
        out.push(term);
        continue;
      }
      const name = term.startsWith("-") ? term.slice(1) : term.startsWith("+") ? term.slice(1) : term;
      if (query.annotations.has(name) || query.extra.has(name)) {
        out.push(term);
        continue;
      }
      checkOrderName(query, name);
      out.push(term);
    } else if (query.combinator !== null && isExpression(term) && namedTerm(term) !== null) {
      // After a union a name is one of the result's columns.
      out.push(namedTerm(term)!);
    } else if (
      query.combinator !== null &&
      isExpression(term) &&
      term.kind === "order" &&
      isExpression(term.args[0]) &&
      term.args[0].kind === "f"
    ) {
      const name = String(term.args[0].settings["name"]);
      const ref: Expr = { kind: "ref", name, source: { kind: "null", type: null }, type: null };
      out.push({
        kind: "order",
        expr: ref,
        descending: term.settings["descending"] === true,
        nulls: term.settings["nulls"] as "first" | "last" | null,
        type: null,
      });
    } else if (isExpression(term)) {
      const node = asValue(query.context.resolver.resolve(query, term, {}));
      if (containsAggregateNode(node) && query.groupBy === null)
        throw new FieldError(
          "Using an aggregate in orderBy() without also including it in annotate() is not allowed.",
          "order.aggregate",
        );
      out.push(isOrder(node) ? node : { kind: "order", expr: node, descending: false, nulls: null, type: null });
    } else if (typeof term === "object" && term !== null && "connector" in term) {
      const node = asValue(query.context.resolver.resolve(query, term, {}));
      out.push({ kind: "order", expr: node, descending: false, nulls: null, type: null });
    } else throw new FieldError('orderBy() takes names of fields, such as "-price", and expressions.', "order.term");
  }
  if (out.length > 0) query.ordering = [...query.ordering, ...out];
  else query.defaultOrdering = false;
}
/** `F("name").desc()` as "-name", where nothing is said about NULLs. */
function namedTerm(term: unknown): string | null {
  if (!isExpression(term)) return null;
  const order = term.kind === "order" ? term : null;
  if (order !== null && order.settings["nulls"] !== null) return null;
  const inner = order === null ? term : order.args[0];
  if (!isExpression(inner) || inner.kind !== "f") return null;
  return (order?.settings["descending"] === true ? "-" : "") + String(inner.settings["name"]);
}
function containsAggregateNode(node: Expr): boolean {
  return node.kind === "aggregate" || (node.kind === "order" && node.expr.kind === "aggregate");
}
function checkOrderName(query: Query, name: string): void {
  const parts = pathParts(name);
  if (query.annotations.has(parts[0]!)) {
    let node = query.annotations.get(parts[0]!)!;
    for (const t of parts.slice(1)) node = tryTransform(query, node, t);
    return;
  }
  const walked = walkNames(query, parts, query.meta);
  if (walked.rest.length > 0) {
    // What is left has to be transforms: try them on a column that is thrown away.
    const target = walked.targets[0];
    if (target === undefined) throw unknownName(query, walked.rest[0]!, walked.meta);
    const isRelation = !("annotation" in walked.final) && walked.final.isRelation;
    try {
      let node: Expr = col("", target as unknown as ColumnField);
      for (const t of walked.rest) node = tryTransform(query, node, t);
    } catch (error) {
      if (isRelation && error instanceof FieldError) throw unknownName(query, walked.rest[0]!, walked.meta);
      throw error;
    }
  }
}

/** `only()`: exactly these fields are loaded at once. */
export function addImmediate(query: Query, names: readonly string[]): void {
  const given = new Set(names.map((n) => (n === "pk" ? query.meta.pk.name : n)));
  for (const n of given) checkLoadName(query, n);
  const { names: before, defer } = query.deferred;
  if (defer) for (const n of before) given.delete(n);
  query.deferred = { names: given, defer: false };
}
/** `defer()`: these fields are loaded later. */
export function addDeferred(query: Query, names: readonly string[]): void {
  for (const n of names) checkLoadName(query, n);
  const { names: before, defer } = query.deferred;
  if (defer) query.deferred = { names: new Set([...before, ...names]), defer: true };
  else {
    const rest = new Set([...before].filter((n) => !names.includes(n)));
    query.deferred = { names: rest, defer: false };
    if (rest.size === 0) {
      // Nothing is left to load at once: what was not deferred by name before now is.
      const own = new Set(names.filter((n) => !before.has(n)));
      query.deferred = { names: own, defer: true };
    }
  }
}
function checkLoadName(query: Query, path: string): void {
  let meta = query.meta;
  const parts = pathParts(path);
  for (const [i, name] of parts.entries()) {
    const f = meta.find(name === "pk" ? meta.pk.name : name);
    if (f === undefined) {
      if (i === 0 && query.filteredRelations.has(name)) return;
      throw new FieldDoesNotExist(
        `${meta.objectName} has no field named '${name}'.${suggest(name, meta.choices())}`,
        "query.unknown_field",
        { model: meta.label, path },
      );
    }
    if (i === parts.length - 1) return;
    const next = f instanceof ReverseRelation ? f.relatedModel : (f as { related?: unknown }).related;
    if (next === undefined)
      throw new FieldError(
        `Field '${name}' of ${meta.objectName} is no relation, so '${path}' leads nowhere.`,
        "query.unknown_field",
        { path },
      );
    meta = next as typeof meta;
  }
}

/** `selectRelated("a__b", "c")` as a tree. */
export function addSelectRelated(query: Query, paths: readonly string[]): void {
  const tree: Record<string, Record<string, unknown>> = typeof query.selectRelated === "object"
    ? structuredClone(query.selectRelated as Record<string, Record<string, unknown>>)
    : (Object.create(null) as Record<string, Record<string, unknown>>);
  for (const path of paths) {
    let at: Record<string, unknown> = tree;
    for (const part of pathParts(path)) {
      if (part === "__proto__") throw new FieldError("'__proto__' is no relation.", "query.unknown_field");
      at = (Object.hasOwn(at, part) ? at[part] : (at[part] = Object.create(null))) as Record<string, unknown>;
    }
  }
  query.selectRelated = tree as NameTree;
}

/** A queryset as the right side of a relation's or column's lookup selects what is compared (S8). */
export function completeSubquery(rhs: Rhs, info: JoinInfo | null, lookups: readonly string[], query: Query): Rhs {
  if (rhs instanceof Slot || Array.isArray(rhs)) return rhs;
  const node = rhs as Expr;
  if (node.kind !== "subquery" || node.exists) return rhs;
  const inner = node.query as Query;
  if (!inner.isSubqueryValue) return rhs;
  const name = lookups.at(-1) ?? "exact";
  const q = inner.clone();
  q.context = query.context;
  if (name === "in") q.clearOrdering(false, true);
  if (!q.hasSelectFields || (q.defaultCols && q.select.length === 0)) {
    let wantedNames = ["pk"];
    if (info !== null && !("annotation" in info.final) && info.final.isRelation && info.targets.length > 1)
      wantedNames = info.targets.map((t) => t.name);
    else if (info !== null && !("annotation" in info.final) && info.final.isRelation && info.targets.length === 1) {
      const related = info.targets[0]!;
      if (!related.primaryKey) {
        const final = info.final as Field;
        wantedNames = [final.primaryKey && final.owner === (q.meta as unknown) ? final.name : related.name];
      }
    }
    q.clearSelect();
    addFields(q, wantedNames);
  }
  const n = selectedCount(q);
  const first = info?.targets[0];
  const wanted =
    first instanceof CompositePrimaryKey
      ? (first.owner as unknown as { pkFields: readonly Field[] }).pkFields.length
      : (info?.targets.length ?? 1);
  if (n !== wanted && info !== null)
    throw new ValueError(
      `The QuerySet value for the '${name}' lookup must have ${wanted} selected fields (received ${n})`,
      "lookup.columns",
    );
  const type = q.select.length === 1 ? q.select[0]!.type : node.type;
  return { ...node, query: q, type };
}
/** How many columns a query selects. */
export function selectedCount(q: Query): number {
  if (q.combined.length > 0 && q.select.length === 0 && !q.defaultCols) return selectedCount(q.combined[0]!);
  return (
    q.select.reduce((n, e) => n + (e.kind === "tuple" ? e.items.length : 1), 0) +
    q.annotationSelect.size +
    q.extraSelect.size +
    (q.defaultCols ? q.meta.concreteFields.length : 0)
  );
}

/** `distinct("a", "b")`. */
export function addDistinct(query: Query, names: readonly string[]): void {
  for (const n of names)
    if (query.annotations.has(n) && !query.annotationSelect.has(n)) throw unknownName(query, n, query.meta);
  query.distinctFields = names;
  query.distinct = true;
}
export function refuseDistinctOn(query: Query, what: string): void {
  if (query.distinctFields.length > 0)
    throw new QueryTypeError(`Cannot call ${what}() after .distinct(*fields).`, "query.distinct_on");
}
