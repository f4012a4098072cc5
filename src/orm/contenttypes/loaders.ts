/** Loading generic relations for many rows at once: one query for each model that keys lead to, one for the rows of a relation. */
import { ValueError } from "../../base/errors.js";
import { Q } from "../../expressions/q.js";
import { GenericForeignKey, GenericRelation } from "../../fields/generic.js";
import type { ModelMeta } from "../../meta/options.js";
import { getCached, hasPk, keyText, metaOfInstance, pkOf, rawValue, stateOf } from "../instance-state.js";
import type { QuerySet } from "../queryset.js";
import { baseQuerySet, hintsOf, relatedQuerySet, startingFrom } from "../relations/base-query.js";
import { loadDeferred } from "../relations/deferred-load.js";
import { registerLoader, type Loaded, type RelationLoader } from "../relations/loader.js";
import { rowsFor } from "../relations/read-keyed.js";
import { runtimeOf } from "../runtime.js";
import { databaseFor, typesOf } from "./content-types.js";
import { contentTypeField, isCurrent, keyIn, objectIdName } from "./foreign-key.js";
import { ofType } from "./relation-set.js";

/** From rows with a generic key to objects of any models. */
function forward(f: GenericForeignKey): RelationLoader {
  const ctName = contentTypeField(f).attname,
    fkName = objectIdName(f);
  const typeOf = (i: object): { row: object; meta: ModelMeta | null } | null => {
    const id = rawValue(i, ctName) ?? null;
    if (id === null) return null;
    const types = typesOf(f.owner as ModelMeta);
    const row = types.knownById(databaseFor(types, i), id);
    return row === undefined ? null : { row, meta: types.metaOf(row) };
  };
  const keyOf = (i: object): string | null => {
    const type = typeOf(i),
      key = rawValue(i, fkName) ?? null;
    if (type === null || type.meta === null || key === null) return null;
    const text = keyIn(type.meta, key);
    return text === null ? null : `${keyText(pkOf(type.row))}|${text}`;
  };
  return {
    single: true,
    cacheName: f.name,
    isFetched: (i) => isCurrent(i, f),
    cached: (i) => getCached(i, f.name),
    async load(instances, querysets): Promise<Loaded> {
      const types = typesOf(f.owner as ModelMeta);
      for (const i of instances)
        for (const name of [ctName, fkName]) if (!Object.hasOwn(i, name)) await loadDeferred(i, name);
      const custom = new Map<string, QuerySet>();
      for (const qs of querysets ?? []) {
        const id = keyText(
          pkOf(await types.getForModel(qs.meta.modelClass, { forConcreteModel: f.forConcreteModel, using: qs.db })),
        );
        if (custom.has(id))
          throw new ValueError("Only one queryset is allowed for each content type.", "prefetch.querysets");
        custom.set(id, qs);
      }
      const groups = new Map<string, { meta: ModelMeta; instance: object; keys: Map<string, unknown> }>();
      for (const i of instances) {
        const id = rawValue(i, ctName) ?? null,
          key = rawValue(i, fkName) ?? null;
        if (id === null) continue;
        const db = databaseFor(types, i);
        if (types.knownById(db, id) === undefined) await types.getForId(id, { using: db.alias });
        const { meta } = typeOf(i)!;
        if (meta === null || key === null) continue;
        const text = keyIn(meta, key);
        if (text === null) continue;
        let group = groups.get(keyText(id));
        if (group === undefined) groups.set(keyText(id), (group = { meta, instance: i, keys: new Map() }));
        group.keys.set(text, key);
      }
      const rows: object[] = [],
        keys: string[] = [];
      const { fetchMode } = stateOf(instances[0]!);
      for (const [id, { meta, instance, keys: wanted }] of groups) {
        const given = custom.get(id);
        const qs = (given ?? baseQuerySet(meta).with({ alias: stateOf(instance).db, hints: hintsOf(instance) })).with({
          fetchMode,
        });
        const found = await rowsFor(qs, "pk", [...wanted.values()], meta.pkFields.length);
        // Rows of several models have no further way in common: each group does what its own queryset asks for.
        if (qs.prefetches.length > 0 && found.length > 0)
          await runtimeOf(meta).operations.prefetch(found, qs.prefetches);
        for (const row of found) {
          rows.push(row);
          keys.push(`${id}|${keyText(pkOf(row))}`);
        }
      }
      return { rows, keys, keyOf, lookups: [] };
    },
  };
}

/** From objects to the rows that refer to them. The objects may be of several models that share the related one. */
function reverse(f: GenericRelation): RelationLoader {
  const related = f.related as ModelMeta;
  const ct = related.byName.get(f.contentTypeField)!,
    objectId = related.byName.get(f.objectIdField)!;
  const cacheName = f.cacheName;
  const typeKey = (i: object): string => {
    const types = typesOf(related);
    const meta = metaOfInstance(i);
    const row = types.known(databaseFor(types, i), f.forConcreteModel ? meta.concrete : meta);
    return row === undefined ? "" : keyText(pkOf(row));
  };
  const keyOf = (i: object): string | null => (hasPk(i) ? `${typeKey(i)}|${keyText(pkOf(i))}` : null);
  return {
    single: false,
    cacheName,
    isFetched: (i) => Object.hasOwn(stateOf(i).prefetched ?? {}, cacheName),
    cached: (i) => stateOf(i).prefetched?.[cacheName],
    async load(instances, querysets): Promise<Loaded> {
      const types = typesOf(related);
      const first = instances[0]!;
      const groups = new Map<ModelMeta, Map<string, unknown>>();
      for (const i of instances) {
        if (!hasPk(i)) continue;
        const meta = metaOfInstance(i);
        const model = f.forConcreteModel ? meta.concrete : meta;
        if (!groups.has(model)) {
          const db = databaseFor(types, i);
          if (types.known(db, model) === undefined) await types.fill(db);
          groups.set(model, new Map());
        }
        groups.get(model)!.set(keyText(pkOf(i)), pkOf(i));
      }
      const qs = querysets?.[0] ?? startingFrom(relatedQuerySet(related), first);
      if (groups.size === 0) return { rows: [], keys: [], keyOf, lookups: qs.prefetches };
      const rows = await read(qs, groups);
      const pkOfType = new Map(
        [...groups.keys()].map((m) => [keyText(pkOf(types.known(databaseFor(types, first), m) ?? first)), m]),
      );
      const keys = rows.map((row) => {
        const type = keyText(rawValue(row, ct.attname));
        const text = keyIn(pkOfType.get(type) ?? metaOfInstance(first), rawValue(row, objectId.attname));
        return text === null ? null : `${type}|${text}`;
      });
      return { rows, keys, keyOf, lookups: qs.prefetches };
    },
  };
  async function read(
    qs: QuerySet,
    groups: ReadonlyMap<ModelMeta, ReadonlyMap<string, unknown>>,
  ): Promise<readonly object[]> {
    const [only] = groups;
    if (groups.size === 1) return rowsFor(ofType(qs, f, only![0]), objectId.name, [...only![1].values()], 1);
    const types = typesOf(related);
    let condition = new Q();
    for (const [meta, keys] of groups) {
      const type = types.known(types.database(qs.alias_), meta);
      condition = condition.or(
        new Q({ [ct.attname]: type === undefined ? null : pkOf(type), [`${objectId.name}__in`]: [...keys.values()] }),
      );
    }
    return (await qs.with({ prefetches: [] }).filter(condition).rows()) as object[];
  }
}

registerLoader(
  (r) => r instanceof GenericForeignKey,
  (r) => forward(r as GenericForeignKey),
);
registerLoader(
  (r) => r instanceof GenericRelation,
  (r) => reverse(r as GenericRelation),
);
