/** `getNextBy()` and `getPreviousBy()`: the neighbour of a row in the order of a date, keys deciding between equal dates. */
import { nameList } from "../base/options.js";
import { ValueError } from "../base/errors.js";
import { Q } from "../expressions/q.js";
import { defaultRows } from "./base-rows.js";
import { hasPk, metaOfInstance, pkOf, stateOf } from "./instance-state.js";
import { doesNotExist } from "./model-errors.js";

/**
 * The row after (or before) an instance by a field.
 * @param conditions narrows the rows, as `filter()` does
 * @throws the model's DoesNotExist at the end; ValueError for an instance without a key
 * @example await article.getNextBy("published"); // … WHERE ("published" = a AND "id" > 1) OR "published" > a ORDER BY "published", "id" LIMIT 1
 * Django: https://docs.djangoproject.com/en/stable/ref/models/instances/#django.db.models.Model.get_next_by_FOO
 */
export async function nextBy(instance: object, field: string, next: boolean, conditions: unknown): Promise<object> {
  const meta = metaOfInstance(instance);
  if (!hasPk(instance))
    throw new ValueError("getNextBy() and getPreviousBy() cannot be used on unsaved objects.", "next_by.unsaved", {
      model: meta.label,
    });
  nameList("getNextBy()", [field]);
  const f = meta.getConcrete(field);
  // A deferred field is loaded when it is awaited.
  const value: unknown = await (instance as Record<string, unknown>)[f.attname];
  const [op, sign] = next ? (["gt", ""] as const) : (["lt", "-"] as const);
  const rows = defaultRows(meta, stateOf(instance).db)
    .filter(conditions ?? {})
    .filter(Q.or(Q.and({ [f.name]: value, [`pk__${op}`]: pkOf(instance) }), { [`${f.name}__${op}`]: value }))
    .orderBy(`${sign}${f.name}`, `${sign}pk`)
    .slice(0, 1);
  const [found] = (await rows.rows()) as object[];
  if (found === undefined) throw doesNotExist(meta);
  return found;
}
