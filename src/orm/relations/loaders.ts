/** Loaders of foreign keys, of both sides of one-to-one relations, of reverse sets and of many-to-many sets. */
import { ForeignObject, ManyToManyField, ReverseRelation, type ForeignKey } from "../../fields/relations.js";
import type { ModelMeta } from "../../meta/options.js";
import { getCached, isCached, rawValue, setCached, stateOf } from "../instance-state.js";
import type { QuerySet } from "../queryset.js";
import { baseQuerySet, hintsOf, relatedQuerySet, startingFrom } from "./base-query.js";
import { loadDeferred } from "./deferred-load.js";
import { hasCurrent, localValues, targetValues, valuesText } from "./keys.js";
import { registerLoader, type Loaded, type RelationLoader } from "./loader.js";
import { rowsFor, rowsWithOwner } from "./read-keyed.js";

interface Keyed {
  readonly values: readonly (readonly unknown[])[];
  readonly owners: ReadonlyMap<string, object>;
}
/** Distinct keys of the instances, and an instance for each. */
function distinct(
  instances: readonly object[],
  valuesOf: (i: object) => unknown[],
  keyOf: (i: object) => string | null,
): Keyed {
  const owners = new Map<string, object>(),
    values: unknown[][] = [];
  for (const i of instances) {
    const text = keyOf(i);
    if (text === null || owners.has(text)) continue;
    owners.set(text, i);
    values.push(valuesOf(i));
  }
  return { values, owners };
}
/** What is compared with a path: plain values of one column, instances where several columns count. */
function listFor(keyed: Keyed): unknown[] {
  return keyed.values.some((v) => v.length > 1) ? [...keyed.owners.values()] : keyed.values.map((v) => v[0]);
}
/** The queryset that was given, read from the database of the instances unless it names one. */
function chosen(querysets: readonly QuerySet[] | null, instances: readonly object[]): QuerySet | undefined {
  return querysets?.[0]?.with({ hints: hintsOf(instances[0]!) });
}
/** Loads columns of a relation that were deferred, for all rows that need them. */
async function withColumns(rows: readonly object[], attnames: readonly string[]): Promise<void> {
  for (const name of attnames) for (const row of rows) if (!Object.hasOwn(row, name)) await loadDeferred(row, name);
}

/** From the holders of a foreign key to its targets. */
function forward(field: ForeignObject): RelationLoader {
  const related = field.related as ModelMeta;
  const keyOf = (i: object): string | null => valuesText(field.toFields, localValues(field, i));
  return {
    single: true,
    cacheName: field.cacheName,
    isFetched: (i) => hasCurrent(i, field),
    cached: (i) => getCached(i, field.cacheName),
    async load(instances, querysets): Promise<Loaded> {
      await withColumns(
        instances,
        field.fromFields.map((f) => f.attname),
      );
      const keyed = distinct(instances, (i) => localValues(field, i), keyOf);
      const qs = chosen(querysets, instances) ?? startingFrom(baseQuerySet(related), instances[0]!);
      if (keyed.values.length === 0) return { rows: [], keys: [], keyOf, lookups: qs.prefetches };
      const one = field.toFields.length === 1;
      const path = one ? field.toFields[0]!.name : field.reverse.queryName;
      const rows = await rowsFor(
        unorderedOne(qs),
        path,
        one ? keyed.values.map((v) => v[0]) : [...keyed.owners.values()],
        field.toFields.length,
      );
      const keys = rows.map((r) => valuesText(field.toFields, targetValues(field, r)));
      if (!field.multiple)
        rows.forEach((row, n) => {
          const owner = keys[n] === null ? undefined : keyed.owners.get(keys[n]!);
          if (owner !== undefined) setCached(row, field.reverse.cacheName, owner, false);
        });
      return { rows, keys, keyOf, lookups: qs.prefetches };
    },
  };
}
// One row for each key needs no order, unless the queryset is a slice.
function unorderedOne(qs: QuerySet): QuerySet {
  return qs.query.isSliced ||
    qs.query.distinctFields.length > 0 ||
    qs.query.ordering.length + qs.meta.ordering.length === 0
    ? qs
    : qs.orderBy();
}

/** From the targets of a foreign key to its holders: one of each for a one-to-one, else sets. */
function reverse(relation: ReverseRelation, field: ForeignObject): RelationLoader {
  const owner = relation.relatedModel as ModelMeta;
  const { cacheName } = relation;
  const single = !relation.multiple;
  const keyOf = (i: object): string | null => valuesText(field.toFields, targetValues(field, i));
  return {
    single,
    cacheName,
    isFetched: single ? (i) => isCached(i, cacheName) : (i) => hasPrefetched(i, cacheName),
    cached: (i) => (single ? getCached(i, cacheName) : stateOf(i).prefetched?.[cacheName]),
    async load(instances, querysets): Promise<Loaded> {
      await withColumns(
        instances,
        field.toFields.map((f) => f.attname),
      );
      const keyed = distinct(instances, (i) => targetValues(field, i), keyOf);
      const qs =
        chosen(querysets, instances) ??
        startingFrom(single ? baseQuerySet(owner) : relatedQuerySet(owner), instances[0]!);
      if (keyed.values.length === 0) return { rows: [], keys: [], keyOf, lookups: qs.prefetches };
      const rows = await rowsFor(single ? unorderedOne(qs) : qs, field.name, listFor(keyed), field.fromFields.length);
      await withColumns(
        rows,
        field.fromFields.map((f) => f.attname),
      );
      const keys = rows.map((r) => valuesText(field.toFields, localValues(field, r)));
      rows.forEach((row, n) => {
        const instance = keys[n] === null ? undefined : keyed.owners.get(keys[n]!);
        if (instance !== undefined && (single || !isCached(row, field.cacheName)))
          setCached(row, field.cacheName, instance, false);
      });
      return { rows, keys, keyOf, lookups: qs.prefetches };
    },
  };
}

/** A many-to-many set, from either side. */
export interface ManySide {
  readonly through: ModelMeta;
  /** The through model's keys to this side and to the other one. */
  readonly source: ForeignKey;
  readonly target: ForeignKey;
  readonly related: ModelMeta;
  /** Path from the related model back to this side. */
  readonly queryName: string;
  readonly cacheName: string;
  /** The field, and whether it is seen from its target. */
  readonly field: ManyToManyField;
  readonly reversed: boolean;
}
/** The sides of a many-to-many relation as its accessor sees them. */
export function manySide(relation: ManyToManyField | ReverseRelation): ManySide {
  if (relation instanceof ReverseRelation) {
    const field = relation.field as ManyToManyField;
    return {
      through: field.through as ModelMeta,
      source: field.targetField,
      target: field.sourceField,
      related: relation.relatedModel as ModelMeta,
      queryName: field.name,
      cacheName: relation.cacheName,
      field,
      reversed: true,
    };
  }
  return {
    through: relation.through as ModelMeta,
    source: relation.sourceField,
    target: relation.targetField,
    related: relation.related as ModelMeta,
    queryName: relation.reverse.queryName,
    cacheName: relation.name,
    field: relation,
    reversed: false,
  };
}
function many(relation: ManyToManyField | ReverseRelation): RelationLoader {
  const side = manySide(relation);
  const { source, cacheName } = side;
  const values = (i: object): unknown[] => source.toFields.map((f) => rawValue(i, f.attname));
  const keyOf = (i: object): string | null => valuesText(source.toFields, values(i));
  return {
    single: false,
    cacheName,
    isFetched: (i) => hasPrefetched(i, cacheName),
    cached: (i) => stateOf(i).prefetched?.[cacheName],
    async load(instances, querysets): Promise<Loaded> {
      await withColumns(
        instances,
        source.toFields.map((f) => f.attname),
      );
      const keyed = distinct(instances, values, keyOf);
      const qs = chosen(querysets, instances) ?? startingFrom(relatedQuerySet(side.related), instances[0]!);
      if (keyed.values.length === 0) return { rows: [], keys: [], keyOf, lookups: qs.prefetches };
      const paths = source.toFields.map((f) => `${side.queryName}__${f.name}`);
      const path = paths.length === 1 ? paths[0]! : side.queryName;
      const { rows, keys } = await rowsWithOwner(qs, path, paths, listFor(keyed), paths.length);
      return { rows, keys, keyOf, lookups: qs.prefetches };
    },
  };
}
function hasPrefetched(instance: object, name: string): boolean {
  return Object.hasOwn(stateOf(instance).prefetched ?? {}, name);
}

registerLoader(
  (r) => r instanceof ForeignObject,
  (r) => forward(r as ForeignObject),
);
registerLoader(
  (r) => r instanceof ManyToManyField || (r instanceof ReverseRelation && r.field instanceof ManyToManyField),
  (r) => many(r as ManyToManyField),
);
registerLoader(
  (r) => r instanceof ReverseRelation && r.field instanceof ForeignObject,
  (r) => reverse(r as ReverseRelation, (r as ReverseRelation).field as ForeignObject),
);
