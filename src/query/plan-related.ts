/** Columns of the model and of the relations that are loaded with it, under the masks of only() and defer(). */
import { col, type ColumnField, type Expr } from "../ast/expr.js";
import { FieldError } from "../base/errors.js";
import type { Field } from "../fields/field.js";
import { ForeignObject, ReverseRelation } from "../fields/relations.js";
import type { MetaField, ModelMeta } from "../meta/options.js";
import { parentSteps } from "../meta/relations.js";
import { join, setupJoins } from "./joins.js";
import type { RelatedShape } from "./plan-types.js";
import type { NameTree, Query } from "./state.js";
import { pathParts } from "./path-parts.js";

/** Fields to load at once, with masks of their own for relations; null: all. */
export type Mask = ReadonlyMap<MetaField, Mask> | null;
type MaskMap = Map<MetaField, MaskMap>;

/** The mask of the query's only() and defer() calls. */
export function loadMask(query: Query): Mask {
  const { names, defer } = query.deferred;
  if (names.size === 0) return null;
  const tree: NameTree = Object.create(null) as NameTree;
  for (const name of names) {
    let at = tree as Record<string, NameTree>;
    for (const part of pathParts(name)) at = (at[part] ??= Object.create(null) as NameTree) as Record<string, NameTree>;
  }
  return (defer ? deferMask(query, query.meta, tree, new Map()) : onlyMask(query, query.meta, tree, new Map())) as Mask;
}
function keyOf(meta: ModelMeta): MetaField[] {
  return meta.hasCompositePk ? [...meta.pkFields] : [meta.pk];
}
function findField(query: Query, meta: ModelMeta, name: string): MetaField | undefined {
  const found = meta.find(name === "pk" ? meta.pk.name : name);
  if (found !== undefined) return found;
  const filtered = query.filteredRelations.get(name);
  return filtered === undefined ? undefined : meta.find(filtered.relation);
}
function targetOf(f: MetaField): ModelMeta {
  return (f instanceof ReverseRelation ? f.relatedModel : (f as ForeignObject).related) as ModelMeta;
}
function child(map: MaskMap, f: MetaField): MaskMap {
  let c = map.get(f);
  if (c === undefined) map.set(f, (c = new Map()));
  return c;
}
function onlyMask(query: Query, meta: ModelMeta, tree: NameTree, out: MaskMap): MaskMap {
  for (const k of keyOf(meta)) child(out, k);
  for (const [name, sub] of Object.entries(tree)) {
    const f = findField(query, meta, name);
    if (f === undefined) continue;
    const inner = child(out, f);
    if (Object.keys(sub).length > 0) {
      if (!f.isRelation)
        throw new FieldError(
          `Field '${name}' is no relation, so '${name}__${Object.keys(sub)[0]}' cannot be loaded.`,
          "query.only",
        );
      onlyMask(query, targetOf(f), sub, inner);
    }
  }
  return out;
}
function deferMask(query: Query, meta: ModelMeta, tree: NameTree, out: MaskMap): MaskMap {
  for (const k of keyOf(meta)) child(out, k);
  const rest = new Map(Object.entries(tree));
  const take = (name: string): NameTree | undefined => {
    const v = rest.get(name);
    rest.delete(name);
    return v;
  };
  for (const f of meta.concreteFields) {
    const own = take(f.name) ?? (f.primaryKey ? take("pk") : undefined);
    const att = f.attname === f.name ? undefined : take(f.attname);
    if (own === undefined && att === undefined) child(out, f);
    else if (own !== undefined && Object.keys(own).length > 0) {
      if (!f.isRelation) throw new FieldError(`Field '${f.name}' is no relation.`, "query.defer");
      deferMask(query, targetOf(f), own, child(out, f));
    }
  }
  for (const [name, sub] of rest) {
    const f = findField(query, meta, name);
    if (f !== undefined && f.isRelation) deferMask(query, targetOf(f), sub, child(out, f));
  }
  return out;
}

/** Columns of a model's own and inherited fields, under a mask. `fromParent`: the parent's columns are read already. */
export function defaultColumns(
  query: Query,
  meta: ModelMeta,
  alias: string,
  mask: Mask,
  fromParent: ModelMeta | null,
): { field: Field; expr: Expr }[] {
  const out: { field: Field; expr: Expr }[] = [];
  for (const field of meta.concreteFields) {
    const owner = (field.owner as ModelMeta).concrete;
    const inherited = owner !== meta.concrete;
    if (
      fromParent !== null &&
      inherited &&
      (fromParent.concrete === owner || fromParent.concrete.allParents.includes(owner))
    )
      continue;
    if (mask !== null && mask.size > 0 && !mask.has(field)) continue;
    out.push({
      field,
      expr: col(inherited ? parentAlias(query, meta, owner, alias) : alias, field as unknown as ColumnField),
    });
  }
  return out;
}
function parentAlias(query: Query, meta: ModelMeta, owner: ModelMeta, alias: string): string {
  let at = alias;
  for (const step of parentSteps(meta, owner)) at = join(query, step, at, null, query.context.resolver.filtered);
  return at;
}

/** A column of a row that is read anyway. */
type Loaded = RelatedShape["inherited"][number];
const MAX_DEPTH = 5;
/** Adds the columns of the relations that selectRelated names (or all that cannot be null) and says how to read them. */
export function relatedColumns(
  query: Query,
  mask: Mask,
  own: readonly Loaded[],
  add: (e: Expr) => number,
): RelatedShape[] {
  const wanted = query.selectRelated;
  return level(query, query.meta, query.baseAlias!, mask, typeof wanted === "object" ? wanted : null, 1, own, add);
}
function level(
  query: Query,
  meta: ModelMeta,
  alias: string,
  mask: Mask,
  wanted: NameTree | null,
  depth: number,
  own: readonly Loaded[],
  add: (e: Expr) => number,
): RelatedShape[] {
  if (wanted === null && depth > MAX_DEPTH) return [];
  const out: RelatedShape[] = [];
  const found = new Set<string>();
  const load = (
    name: string,
    to: ModelMeta,
    cacheName: string,
    back: string | null,
    subMask: Mask,
    sub: NameTree | null,
    fromParent: ModelMeta | null,
  ): void => {
    const info = setupJoins(query, [name], meta, alias, null, true, query.context.resolver.filtered);
    const target = info.joins.at(-1)!;
    const columns = defaultColumns(query, to, target, subMask, fromParent);
    const start = columns.length === 0 ? 0 : add(columns[0]!.expr);
    columns.slice(1).forEach((c) => add(c.expr));
    const fields = columns.map((c) => c.field);
    // A child's row shares columns with its parent's, which are read already.
    const inherited = fromParent === null ? [] : own.filter((o) => to.concreteFields.includes(o.field));
    const all = [...fields.map((field, i) => ({ field, index: start + i })), ...inherited];
    const keys = to.pkFields
      .map((f) => fields.indexOf(f))
      .filter((i) => i >= 0)
      .map((i) => start + i);
    out.push({
      name,
      meta: to,
      alias: target,
      start,
      fields,
      keyIndexes: keys.length > 0 ? keys : fields.map((_, i) => start + i).slice(0, 1),
      cacheName,
      backCacheName: back,
      related: level(query, to, target, subMask, sub, depth + 1, all, add),
      inherited,
    });
  };
  for (const f of relationsOf(meta)) {
    found.add(f.name);
    if (wanted !== null && !Object.hasOwn(wanted, f.name)) continue;
    if (wanted === null && (f.null || !(f instanceof ForeignObject))) continue;
    if (f.parentLink && wanted === null) continue;
    if (wanted !== null && mask !== null && mask.size > 0 && !mask.has(f))
      throw new FieldError(
        `Field ${meta.objectName}.${f.name} cannot be both deferred and traversed using select_related at the same time.`,
        "query.deferred_related",
        { path: f.name },
      );
    const to = f.related as ModelMeta;
    const sub = mask === null ? null : (mask.get(f) ?? null);
    load(
      f.name,
      to,
      f.name,
      f.unique ? f.reverse.cacheName : null,
      sub,
      wanted === null ? null : wanted[f.name]!,
      null,
    );
  }
  if (wanted === null) return out;
  for (const r of allReverse(meta)) {
    if (r.kind !== "oneToOne" || !Object.hasOwn(wanted, r.queryName) || found.has(r.queryName)) continue;
    found.add(r.queryName);
    const to = r.relatedModel as ModelMeta;
    const sub = mask === null ? null : (mask.get(r) ?? null);
    const child_ = to.concrete !== meta.concrete && to.concrete.allParents.includes(meta.concrete);
    load(
      r.queryName,
      to,
      r.cacheName,
      (r.field as ForeignObject).cacheName,
      sub,
      wanted[r.queryName]!,
      child_ ? meta : null,
    );
  }
  if (depth === 1)
    for (const name of Object.keys(wanted)) {
      const filtered = query.filteredRelations.get(name);
      if (filtered === undefined || found.has(name)) continue;
      found.add(name);
      const info = setupJoins(query, [name], meta, alias, null, true, query.context.resolver.filtered);
      const final = info.final as ForeignObject | ReverseRelation;
      // Over several steps, what lies at the end is not related to this very row.
      const back =
        info.joins.length > 2
          ? null
          : final instanceof ReverseRelation
            ? (final.field as ForeignObject).cacheName
            : final.reverse.cacheName;
      load(
        name,
        info.meta,
        name,
        back,
        mask === null ? null : (mask.get(final as MetaField) ?? null),
        wanted[name]!,
        null,
      );
    }
  const unknown = Object.keys(wanted).filter((n) => !found.has(n));
  if (unknown.length > 0) {
    const plain = unknown.find((n) => meta.byName.has(n));
    const choices = [
      ...relationsOf(meta).map((f) => f.name),
      ...allReverse(meta)
        .filter((r) => r.kind === "oneToOne" && !r.hidden)
        .map((r) => r.queryName),
      ...query.filteredRelations.keys(),
    ];
    const list = choices.length > 0 ? choices.join(", ") : "(none)";
    throw new FieldError(
      plain !== undefined && !meta.byName.get(plain)!.isRelation
        ? `Non-relational field given in select_related: '${plain}'. Choices are: ${list}`
        : `Invalid field name(s) given in select_related: ${unknown.map((u) => `'${u}'`).join(", ")}. Choices are: ${list}`,
      "query.select_related",
      { model: meta.label, choices },
    );
  }
  for (const name of Object.keys(wanted)) {
    const f = meta.byName.get(name);
    if (f !== undefined && !f.isRelation)
      throw new FieldError(
        `Non-relational field given in select_related: '${name}'. Choices are: ${
          relationsOf(meta)
            .map((r) => r.name)
            .join(", ") || "(none)"
        }`,
        "query.select_related",
        { model: meta.label },
      );
  }
  return out;
}
function relationsOf(meta: ModelMeta): ForeignObject[] {
  const out: ForeignObject[] = [];
  for (const f of meta.byName.values()) if (f instanceof ForeignObject && !out.includes(f)) out.push(f);
  return out;
}
function allReverse(meta: ModelMeta): ReverseRelation[] {
  return [...meta.reverseByQuery.values()];
}
