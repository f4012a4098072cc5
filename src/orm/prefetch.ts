/**
 * Loading relations of rows that are there already: level by level, one query for each, shared between lookups. How a relation is
 * read is the matter of its loader; here are the order of the work and where results are put.
 */
import { isInstance } from "../ast/slots.js";
import { QueryTypeError } from "../base/errors.js";
import { FieldError, suggest, ValueError } from "../base/errors.js";
import type { MetaField } from "../meta/options.js";
import { metaOfInstance, putValue, setCached, setPrefetched } from "./instance-state.js";
import { toLookup, type PrefetchLookup } from "./prefetch-lookup.js";
import { relationsByAccessor } from "./relations/keys.js";
import { relationLoader, type RelationLoader } from "./relations/loader.js";
import { notePrefetchQuerySet } from "./relations/related-set.js";
import "./relations/loaders.js";

export { Prefetch } from "./prefetch-lookup.js";

/**
 * Loads relations for instances that were read before. Implements `operations.prefetch`.
 * @param instances rows of one model
 * @param lookups paths of relations and `Prefetch` objects, one by one or as a list
 * @throws ValueError when a lookup was seen before with another queryset, or leads to no relation; FieldError for unknown names
 * @example
 * await prefetchRelatedObjects(authors, "books__reviews");   // two queries
 * @see https://docs.djangoproject.com/en/dev/ref/models/querysets/#prefetch-related-objects
 */
export async function prefetchRelatedObjects(
  instances: readonly object[],
  ...lookups: readonly unknown[]
): Promise<void> {
  if (!Array.isArray(instances) || !instances.every((x) => isInstance(x)))
    throw new QueryTypeError("prefetchRelatedObjects() takes a list of model instances first.", "prefetch.instances");
  if (instances.length === 0) return;
  const work = new Work(instances);
  work.push(lookups.flat().map((l) => toLookup(l, [])));
  await work.run();
}

class Work {
  private readonly instances: readonly object[];
  /** What was loaded, by path. */
  private readonly done = new Map<string, readonly object[]>();
  /** Lookups still to do, the next one last. */
  private readonly waiting: PrefetchLookup[] = [];
  /** Lookups that came with querysets, and relations walked so far: together they tell a circle. */
  private readonly automatic = new Set<PrefetchLookup>();
  private readonly followed = new Set<MetaField>();

  constructor(instances: readonly object[]) {
    this.instances = instances;
  }
  push(lookups: readonly PrefetchLookup[]): void {
    this.waiting.push(...[...lookups].reverse());
  }
  async run(): Promise<void> {
    for (let lookup = this.waiting.pop(); lookup !== undefined; lookup = this.waiting.pop()) {
      if (!this.done.has(lookup.path)) await this.walk(lookup);
      else if (lookup.querysets !== null)
        throw new ValueError(
          `'${lookup.path}' lookup was already seen with a different queryset. You may need to adjust the ordering of your lookups.`,
          "prefetch.seen",
          { path: lookup.path },
        );
    }
  }
  private async walk(lookup: PrefetchLookup): Promise<void> {
    let objects = this.instances;
    for (const [level, name] of lookup.through.entries()) {
      if (objects.length === 0) return;
      const path = lookup.pathAt(level);
      const known = this.done.get(path);
      if (known !== undefined) {
        objects = known;
        continue;
      }
      const step = stepOf(objects[0]!, name, lookup, level);
      const lacking = step.loader === undefined ? [] : objects.filter((o) => !step.isFetched(o));
      if (lacking.length === 0) {
        objects = objects.flatMap((o) => valuesAt(o, name, step));
        continue;
      }
      const { rows, more } = await loadLevel(lacking, step.loader!, lookup, level);
      // A lookup that came with a queryset and walks where one walked before would come again and again.
      if (!(this.automatic.has(lookup) && this.followed.has(step.relation!) && this.done.has(path))) {
        this.done.set(path, rows);
        const added = more.map((l) => toLookup(l, lookup.to.slice(0, level + 1)));
        for (const l of added) this.automatic.add(l);
        this.push(added);
      }
      this.followed.add(step.relation!);
      objects = rows;
    }
  }
}

/** One name of a path on the objects of a level: a relation, or lists that were put there before. */
interface Step {
  readonly relation: MetaField | undefined;
  readonly loader: RelationLoader | undefined;
  readonly isFetched: (o: object) => boolean;
}
function stepOf(first: object, name: string, lookup: PrefetchLookup, level: number): Step {
  const meta = metaOfInstance(first);
  const relation = relationsByAccessor(meta).get(name);
  const loader = relation === undefined ? undefined : relationLoader(relation);
  const last = level === lookup.through.length - 1;
  if (loader === undefined) {
    if (relation === undefined && !(name in first)) {
      const choices = [...relationsByAccessor(meta).keys()];
      throw new FieldError(
        `Cannot find '${name}' on ${meta.objectName} object, '${lookup.through.join("__")}' is an invalid parameter to prefetch_related().${suggest(name, choices)}`,
        "prefetch.unknown",
        { model: meta.label, path: name, choices },
      );
    }
    if (last)
      throw new ValueError(
        `'${lookup.through.join("__")}' does not resolve to an item that supports prefetching - this is an invalid parameter to prefetch_related().`,
        "prefetch.not_relation",
        { model: meta.label, path: name },
      );
    return { relation, loader, isFetched: () => true };
  }
  const to = lookup.nameAt(level).name;
  if (to === name) return { relation, loader, isFetched: (o) => loader.isFetched(o) };
  // Under a name of its own, whatever stands there counts as loaded; the name of a relation is refused further on.
  const taken = relationsByAccessor(meta).has(to);
  return { relation, loader, isFetched: (o) => !taken && to in o };
}
function valuesAt(object: object, name: string, step: Step): object[] {
  let value: unknown;
  if (step.loader !== undefined && step.loader.isFetched(object)) {
    value = step.loader.cached(object);
    // Asked for with the result: from now on it is a value, not a thing to await.
    if (step.loader.single) setCached(object, step.loader.cacheName, value, true);
  } else if (Object.hasOwn(object, name)) value = (object as Record<string, unknown>)[name];
  if (Array.isArray(value)) return value as object[];
  return typeof value === "object" && value !== null ? [value] : [];
}

/** Loads one relation of all instances and puts the rows where the lookup wants them. */
async function loadLevel(
  instances: readonly object[],
  loader: RelationLoader,
  lookup: PrefetchLookup,
  level: number,
): Promise<{ rows: readonly object[]; more: readonly unknown[] }> {
  const { name, own } = lookup.nameAt(level);
  const meta = metaOfInstance(instances[0]!);
  if (own && (meta.find(name) !== undefined || relationsByAccessor(meta).has(name)))
    throw new ValueError(
      `to_attr=${name} conflicts with a field on the ${meta.objectName} model.`,
      "prefetch.to_attr",
      { model: meta.label, path: name },
    );
  const querysets = lookup.querysetsAt(level);
  const { rows, keys, keyOf, lookups } = await loader.load(instances, querysets);
  const groups = new Map<string, object[]>();
  rows.forEach((row, i) => {
    const key = keys[i];
    if (key === null || key === undefined) return;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [row]);
    else group.push(row);
  });
  const leaf = level === lookup.through.length - 1;
  const through = leaf ? (querysets?.[0] ?? null) : null;
  const handed = new Set<object[]>();
  for (const instance of instances) {
    const key = keyOf(instance);
    let found = key === null ? [] : (groups.get(key) ?? []);
    if (loader.single) {
      const row = found[0] ?? null;
      if (own) putValue(instance, name, row);
      else setCached(instance, loader.cacheName, row, true);
      continue;
    }
    // Each instance has a list of its own, also where two stand for the same row.
    if (handed.has(found)) found = [...found];
    handed.add(found);
    if (own) putValue(instance, name, found);
    else {
      if (through !== null) notePrefetchQuerySet(instance, loader.cacheName, found, through);
      setPrefetched(instance, loader.cacheName, found);
    }
  }
  return { rows, more: lookups };
}
