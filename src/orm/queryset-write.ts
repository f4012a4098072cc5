/** Writing through a queryset: create, get-or-create, update-or-create, delete. The bulk methods and update() have files of their own. */
import { valuesObject } from "../base/options.js";
import { FieldError, IntegrityError, QueryTypeError, ValueError, suggest } from "../base/errors.js";
import { Field } from "../fields/field.js";
import type { ModelMeta } from "../meta/options.js";
import { databaseOf } from "./execute.js";
import type { ModelClass } from "./model.js";
import { modelError } from "./model-errors.js";
import type { QuerySetLike } from "./queryset-state.js";
import { runtimeOf, type Deleted } from "./runtime.js";

function writeDb(qs: QuerySetLike) {
  return databaseOf(qs.parts, true);
}
/** Makes and saves one instance. */
export async function create(qs: QuerySetLike, values: Record<string, unknown>): Promise<object> {
  const cls = qs.meta.modelClass as ModelClass;
  valuesObject("create()", values);
  const reverse = Object.keys(values).filter(
    (k) => !qs.meta.byName.has(k) && qs.meta.reverseByQuery.get(k)?.kind === "oneToOne",
  );
  if (reverse.length > 0)
    throw new ValueError(`The following fields do not exist in this model: ${reverse.join(", ")}`, "create.reverse", {
      model: qs.meta.label,
    });
  const instance = new cls(values);
  await runtimeOf(qs.meta).operations.save(instance, { forceInsert: true, using: writeDb(qs).alias });
  return instance;
}

/** Names without lookups, with defaults: what a new row is made of. */
function creationValues(
  meta: ModelMeta,
  conditions: Record<string, unknown>,
  defaults: Record<string, unknown>,
): Record<string, unknown> {
  const out: Record<string, unknown> = {};
  for (const [k, v] of Object.entries(conditions)) if (!k.includes("__")) out[k] = v;
  Object.assign(out, defaults);
  const wrong = Object.keys(out).filter(
    (k) => k !== "pk" && meta.find(k) === undefined && !(k in (meta.modelClass as ModelClass).prototype),
  );
  if (wrong.length > 0)
    throw new FieldError(
      `Invalid field name(s) for model ${meta.objectName}: '${wrong.join("', '")}'.${suggest(wrong[0]!, meta.choices())}`,
      "query.unknown_field",
      { model: meta.label, choices: meta.choices() },
    );
  return out;
}
function called(values: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(values).map(([k, v]) => [k, typeof v === "function" ? (v as () => unknown)() : v]),
  );
}
/** The row that the conditions name, made if there is none; several callers get one row (S39). */
export async function getOrCreate(
  start: QuerySetLike,
  conditions: Record<string, unknown>,
  defaults: Record<string, unknown>,
): Promise<[object, boolean]> {
  valuesObject("getOrCreate()", conditions);
  valuesObject("The option 'defaults' of getOrCreate()", defaults);
  const db = writeDb(start);
  const qs = start.with({ forWrite: true, alias: db.alias });
  try {
    return [(await qs.get(conditions)) as object, false];
  } catch (error) {
    if (!(error instanceof modelError(qs.meta, "DoesNotExist"))) throw error;
  }
  const values = creationValues(qs.meta, conditions, defaults);
  try {
    return await db.atomic(async (): Promise<[object, boolean]> => [await createFor(qs, called(values)), true]);
  } catch (error) {
    if (!(error instanceof IntegrityError)) throw error;
    try {
      return [(await qs.get(conditions)) as object, false];
    } catch (second) {
      if (second instanceof modelError(qs.meta, "DoesNotExist")) throw error;
      throw second;
    }
  }
}
function createFor(qs: QuerySetLike, values: Record<string, unknown>): Promise<object> {
  return (qs as unknown as { create(v: Record<string, unknown>): Promise<object> }).create(values);
}
/** How often an updateOrCreate with a transaction of its own begins anew after a deadlock. */
const UPSERT_RETRIES = 10;
/** Like getOrCreate, and an existing row gets the defaults; it is locked meanwhile (S40). */
export async function updateOrCreate(
  start: QuerySetLike,
  conditions: Record<string, unknown>,
  o: { defaults?: Record<string, unknown>; createDefaults?: Record<string, unknown> },
): Promise<[object, boolean]> {
  const db = writeDb(start);
  const qs = start.with({ forWrite: true, alias: db.alias });
  const updates = o.defaults ?? {};
  const work = async (): Promise<[object, boolean]> => {
    const [object, created] = await getOrCreate(qs.selectForUpdate(), conditions, o.createDefaults ?? updates);
    if (created) return [object, true];
    const { meta } = qs;
    const values = called(updates);
    const ops = runtimeOf(meta).operations;
    ops.assign(object, values);
    const names = new Set(Object.keys(values));
    const plain = meta.concreteFields.filter((f) => !meta.pkFields.includes(f));
    const known = new Set(plain.flatMap((f) => [f.name, f.attname]));
    if ([...names].every((n) => known.has(n))) {
      for (const f of meta.localConcreteFields)
        if (!meta.pkFields.includes(f) && !f.generated && f.preSave !== Field.prototype.preSave) names.add(f.name);
      await ops.save(object, { using: db.alias, updateFields: [...names] });
    } else await ops.save(object, { using: db.alias });
    return [object, false];
  };
  // Several callers who meet at one new key can lock each other out on MariaDB: a refused INSERT leaves a shared lock behind.
  return db.atomic(work, { retries: UPSERT_RETRIES });
}

/** Deletes all rows, with what depends on them. @param given how many arguments there were, which could be meant as conditions */
export async function deleteAll(qs: QuerySetLike, given: number): Promise<Deleted> {
  if (given > 0)
    throw new QueryTypeError("delete() takes no arguments; choose the rows by filter().", "queryset.argument");
  return runtimeOf(qs.meta).operations.deleteRows(qs);
}
