/** Paths: "category__parent__name__icontains" -> joins to walk, the field at the end, and what is left over. */
import type { Expr } from "../ast/expr.js";
import { FieldError, suggest } from "../base/errors.js";
import { type Field } from "../fields/field.js";
import { ReverseRelation } from "../fields/relations.js";
import type { ModelMeta } from "../meta/options.js";
import { parentSteps, pathInfos, type PathInfo } from "../meta/relations.js";
import type { FilteredJoin, Query } from "./state.js";

/** A step of a path, with the filtered relation it goes through, if any. */
export interface Step extends PathInfo {
  readonly filtered?: FilteredJoin | undefined;
}

/** What a path leads to. */
export interface Walked {
  readonly steps: readonly Step[];
  /** The field at the end: a relation itself where the path ends in one. */
  readonly final: Field | ReverseRelation | { readonly annotation: Expr };
  readonly targets: readonly Field[];
  readonly meta: ModelMeta;
  readonly rest: readonly string[];
  /** Which steps each name stands for. */
  readonly named: readonly { readonly name: string; readonly steps: readonly Step[] }[];
}

/** Raised inside the query floor when a negated condition walks a multi-valued relation. */
export class MultiJoin {
  readonly named: Walked["named"];
  constructor(named: Walked["named"]) {
    this.named = named;
  }
}

export interface WalkOptions {
  readonly allowMany?: boolean;
  /** Every name has to be a field; what is left over is an error. */
  readonly strict?: boolean;
}

/** Walks the names as far as they are fields. */
export function walkNames(query: Query, names: readonly string[], from: ModelMeta, options: WalkOptions = {}): Walked {
  const { allowMany = true, strict = false } = options;
  const steps: Step[] = [];
  const named: { name: string; steps: Step[] }[] = [];
  let meta = from;
  let final: Walked["final"] | undefined;
  let targets: readonly Field[] = [];
  let position = 0;
  for (; position < names.length; position++) {
    const given = names[position]!;
    const name = given === "pk" ? meta.pk.name : given;
    const here = { name: given, steps: [] as Step[] };
    let field = meta.find(name);
    let filtered: FilteredJoin | undefined;
    if (field === undefined) {
      const annotation = query.annotationSelect.get(name);
      if (annotation !== undefined && position === 0) {
        final = { annotation };
        position++;
        break;
      }
      filtered = position === 0 ? query.filteredRelations.get(name) : undefined;
      if (filtered !== undefined) {
        const parts = filtered.relation.split("__");
        if (parts.length > 1) {
          const before = walkNames(query, parts.slice(0, -1), meta, { allowMany, strict: true });
          steps.push(...before.steps);
          here.steps.push(...before.steps);
          meta = before.meta;
        }
        field = meta.getField(parts.at(-1)!);
      }
    }
    if (field === undefined) {
      if (position === 0 || strict) throw unknownName(query, name, meta);
      break;
    }
    if (
      field.isRelation &&
      !(field instanceof ReverseRelation) &&
      (field as { related?: unknown }).related === undefined &&
      pathInfos(field).length === 0
    )
      throw new FieldError(
        `Field '${field.name}' does not generate an automatic reverse relation and therefore cannot be used for reverse querying. If it is a GenericForeignKey, consider adding a GenericRelation.`,
        "query.no_reverse",
      );
    const owner = (field instanceof ReverseRelation ? field.model : field.owner) as ModelMeta;
    if (owner.concrete !== meta.concrete) {
      const up = parentSteps(meta, owner);
      if (up.length > 0) {
        steps.push(...up);
        here.steps.push(...up);
        meta = up.at(-1)!.to;
      }
    }
    const infos: readonly Step[] = pathInfos(field);
    if (infos.length > 0) {
      const walked =
        filtered === undefined ? infos : infos.map((p, i) => (i === infos.length - 1 ? { ...p, filtered } : p));
      if (!allowMany && walked.some((p) => p.multi)) {
        const upTo = walked.findIndex((p) => p.multi);
        here.steps.push(...walked.slice(0, upTo + 1));
        named.push(here);
        throw new MultiJoin(named);
      }
      steps.push(...walked);
      here.steps.push(...walked);
      named.push(here);
      const last = walked.at(-1)!;
      // The relation the user named decides on lookups; the last join's own field is what its columns belong to.
      final = last.joinField as Field | ReverseRelation;
      targets = last.targets;
      meta = last.to;
    } else {
      final = field as Field;
      targets = [field as Field];
      named.push(here);
      if (strict && position + 1 !== names.length)
        throw new FieldError(
          `Cannot resolve keyword '${names[position + 1]}' into field. Join on '${given}' not permitted.`,
          "query.join_not_permitted",
          { model: meta.label, path: names.join("__") },
        );
      position++;
      break;
    }
  }
  return { steps, final: final!, targets, meta, rest: names.slice(position), named };
}

/** FieldError with the nearest name and all choices. */
export function unknownName(query: Query, name: string, meta: ModelMeta): FieldError {
  const choices = [
    ...new Set([...meta.choices(), ...query.annotations.keys(), ...query.filteredRelations.keys()]),
  ].sort();
  return new FieldError(
    `Cannot resolve keyword '${name}' into field on ${meta.objectName}.${suggest(name, choices)}`,
    "query.unknown_field",
    { model: meta.label, path: name, choices },
  );
}
