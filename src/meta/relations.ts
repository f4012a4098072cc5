/** How a relation is walked, as data: one PathInfo per joined table, in either direction. */
import type { LateValue } from "../ast/seams.js";
import { type Field } from "../fields/field.js";
import { GenericRelation } from "../fields/generic.js";
import { ForeignObject, ManyToManyField, ReverseRelation } from "../fields/relations.js";
import type { ModelMeta } from "./options.js";
import { type MetaField } from "./options.js";

/** Pairs of fields whose columns are equal in a join: left (where we are) and right (where we go). */
export type JoinPairs = readonly (readonly [Field, Field])[];

/** A condition that a join carries besides its columns: the content type of a generic relation. */
export interface JoinRestriction {
  /** Which table the field is in: the one we come from (left) or the one we go to (right). */
  readonly side: "left" | "right";
  readonly field: Field;
  readonly value: LateValue;
}

/** One step of a path: from a model to another over one join. */
export interface PathInfo {
  readonly from: ModelMeta;
  readonly to: ModelMeta;
  /** Fields of `to` that stand for the relation's value. */
  readonly targets: readonly Field[];
  readonly pairs: JoinPairs;
  /** What was walked: used to tell joins apart, to trim, and for messages. */
  readonly joinField: ForeignObject | ReverseRelation | Field;
  /** Several rows may match. */
  readonly multi: boolean;
  /** A forward relation. */
  readonly direct: boolean;
  /** The join may find no row. */
  readonly nullable: boolean;
  readonly restriction?: JoinRestriction | undefined;
}

/** The steps for one name of a path. */
export function pathInfos(f: MetaField): readonly PathInfo[] {
  if (f instanceof ReverseRelation) {
    const { field } = f;
    if (field instanceof GenericRelation) return [genericReverse(field)];
    if (field instanceof ManyToManyField) return manyToMany(field, true);
    if (field instanceof ForeignObject) return [reversePath(field, f)];
    return [];
  }
  if (f instanceof GenericRelation) return genericForward(f);
  if (f instanceof ManyToManyField) return manyToMany(f, false);
  if (f instanceof ForeignObject) return [forwardPath(f)];
  return [];
}

/** Over a foreign key to its target. */
export function forwardPath(f: ForeignObject): PathInfo {
  return {
    from: f.owner as ModelMeta,
    to: f.related as ModelMeta,
    targets: f.toFields,
    pairs: f.fromFields.map((from, i) => [from, f.toFields[i]!] as const),
    joinField: f,
    multi: false,
    direct: true,
    nullable: f.null || f.fromFields.some((x) => x.null),
  };
}
/** From the target of a foreign key back to the rows that hold it. */
export function reversePath(f: ForeignObject, r: ReverseRelation): PathInfo {
  const to = r.relatedModel as ModelMeta;
  return {
    from: r.model as ModelMeta,
    to,
    targets: to.pkFields,
    pairs: f.fromFields.map((from, i) => [f.toFields[i]!, from] as const),
    joinField: r,
    multi: f.multiple,
    direct: false,
    nullable: true,
  };
}
function manyToMany(f: ManyToManyField, reverse: boolean): readonly PathInfo[] {
  const [first, second] = reverse ? [f.targetField, f.sourceField] : [f.sourceField, f.targetField];
  const start = reversePath(first, first.reverse);
  const end = forwardPath(second);
  const steps = [start];
  // A through model that points at a parent (or a proxy's base) of the models at the ends needs the links between.
  const here = (reverse ? f.related : f.owner) as ModelMeta;
  if (start.from.concrete !== here.concrete) steps.unshift(...linkPath(here, start.from));
  // The two keys may stand on different models of one tree: a through model that inherits one of them.
  if (start.to.concrete !== end.from.concrete) steps.push(...linkPath(start.to, end.from));
  steps.push(end);
  const there = (reverse ? f.owner : f.related) as ModelMeta;
  if (end.to.concrete !== there.concrete) steps.push(...linkPath(end.to, there));
  return steps;
}

/** From an object to the rows that name it by content type and key; over the parent that has those columns, where the model inherits them. */
function genericForward(f: GenericRelation): readonly PathInfo[] {
  const related = (f.related as ModelMeta | undefined)?.concrete;
  const objectId = related?.byName.get(f.objectIdField);
  if (related === undefined || objectId === undefined) return [];
  const holder = objectId.owner as ModelMeta;
  const owner = f.owner as ModelMeta;
  const first: PathInfo = {
    from: owner,
    to: holder,
    targets: holder.pkFields,
    pairs: [[owner.pk, objectId]],
    joinField: f.reverse,
    multi: true,
    direct: false,
    nullable: true,
    restriction: restrictionOf(f, holder, "right"),
  };
  return holder === related ? [first] : [first, ...linkPath(holder, related)];
}
/** From the rows back to the objects of one model. */
function genericReverse(f: GenericRelation): PathInfo {
  const owner = f.owner as ModelMeta,
    related = f.related as ModelMeta;
  const objectId = related.byName.get(f.objectIdField)!;
  return {
    from: related,
    to: owner,
    targets: owner.pkFields,
    pairs: [[objectId, owner.pk]],
    joinField: f,
    multi: true,
    direct: false,
    nullable: true,
    restriction: restrictionOf(f, related, "left"),
  };
}
function restrictionOf(f: GenericRelation, meta: ModelMeta, side: "left" | "right"): JoinRestriction | undefined {
  const field = meta.byName.get(f.contentTypeField);
  const value = (f.owner as ModelMeta).contentTypeKey(f.forConcreteModel);
  return field === undefined || value === null ? undefined : { side, field, value };
}

/** Joins along parent links, up or down, between two models of one inheritance tree. */
export function linkPath(from: ModelMeta, to: ModelMeta): PathInfo[] {
  if (from.concrete === to.concrete) return [];
  const up = from.concrete.baseChain(to.concrete);
  if (up.length > 0) return upwards(from.concrete, up);
  const down = to.concrete.baseChain(from.concrete);
  if (down.length === 0) return [];
  return upwards(to.concrete, down)
    .reverse()
    .map((p) => {
      const field = p.joinField as ForeignObject;
      return { ...reversePath(field, field.reverse), multi: false };
    });
}
function upwards(from: ModelMeta, chain: readonly ModelMeta[]): PathInfo[] {
  const out: PathInfo[] = [];
  let at = from;
  for (const next of chain) {
    if (at.concrete === next.concrete) {
      at = next;
      continue;
    }
    const link = at.parents.get(next);
    if (link) out.push({ ...forwardPath(link), nullable: false });
    at = next;
  }
  return out;
}

/** Steps from a model to the ancestor a field stands on; empty when the field is its own. */
export function parentSteps(at: ModelMeta, owner: ModelMeta): PathInfo[] {
  const from = at.concrete;
  if (from === owner.concrete) return [];
  const out: PathInfo[] = [];
  let current = from;
  for (const next of from.baseChain(owner.concrete)) {
    const link = current.parents.get(next);
    if (link) {
      out.push({
        from: current,
        to: next,
        targets: link.toFields,
        pairs: link.fromFields.map((f, i) => [f, link.toFields[i]!] as const),
        joinField: link,
        multi: false,
        direct: true,
        nullable: false,
      });
    }
    current = next;
  }
  return out;
}
