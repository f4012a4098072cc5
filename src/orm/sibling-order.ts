/** Places of rows among their siblings (`orderWithRespectTo`): new ones come after the last one, and each has neighbours. */
import { QueryTypeError } from "../base/errors.js";
import { Max } from "../expressions/aggregate.js";
import { Q } from "../expressions/q.js";
import { GenericForeignKey } from "../fields/generic.js";
import type { ModelMeta } from "../meta/options.js";
import { keyText, metaOfInstance, putValue, rawValue } from "./instance-state.js";
import type { QuerySetLike } from "./queryset-state.js";
import { runtimeOf } from "./runtime.js";

/** Attributes that siblings have in common: the foreign key's, or the two of a generic key. */
function sharedNames(meta: ModelMeta): readonly string[] {
  const f = meta.orderWithRespectTo!;
  return f instanceof GenericForeignKey ? [f.ctField, f.fkField].map((n) => meta.byName.get(n)!.attname) : [f.attname];
}

/**
 * Gives rows without a place the next ones behind the siblings that are saved, by one query for all of them.
 * @param rows all rows of the model, in the database that is written to
 */
export async function placeAmongSiblings(
  instances: readonly object[],
  meta: ModelMeta,
  rows: QuerySetLike,
): Promise<void> {
  const without = instances.filter((i) => (rawValue(i, "_order") ?? null) === null);
  if (meta.orderWithRespectTo === null || without.length === 0) return;
  const names = sharedNames(meta);
  const groupOf = (values: readonly unknown[]): string => keyText(values.map((v) => v ?? ""));
  const groups = new Map<string, { readonly values: readonly unknown[]; next: number }>();
  for (const i of without) {
    const values = names.map((n) => rawValue(i, n) ?? null);
    if (!groups.has(groupOf(values))) groups.set(groupOf(values), { values, next: 0 });
  }
  let condition = new Q();
  for (const { values } of groups.values())
    condition = condition.or(new Q(Object.fromEntries(names.map((n, i) => [n, values[i]]))));
  const last = (await rows
    .filter(condition)
    .orderBy()
    .values(...names)
    .annotate({ place: Max("_order") })
    .rows()) as Record<string, unknown>[];
  for (const row of last) {
    const group = groups.get(groupOf(names.map((n) => row[n])));
    if (group !== undefined && row["place"] !== null) group.next = Number(row["place"]) + 1;
  }
  for (const i of without) {
    const group = groups.get(groupOf(names.map((n) => rawValue(i, n) ?? null)))!;
    putValue(i, "_order", group.next++);
  }
}

/**
 * The neighbour of a row among its siblings.
 * @throws QueryTypeError where the model has no orderWithRespectTo; its DoesNotExist at the end
 */
export async function siblingOf(instance: object, next: boolean): Promise<object> {
  const meta = metaOfInstance(instance);
  if (meta.orderWithRespectTo === null)
    throw new QueryTypeError(
      `Rows of ${meta.label} have no order among siblings; the option orderWithRespectTo gives them one.`,
      "model.no_order",
      { model: meta.label },
    );
  const shared: Record<string, unknown> = {};
  // A deferred column is loaded when it is awaited.
  for (const name of sharedNames(meta)) shared[name] = await (instance as Record<string, unknown>)[name];
  return runtimeOf(meta).operations.nextBy(instance, "_order", next, shared);
}
