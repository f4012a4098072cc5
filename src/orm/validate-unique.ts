/** Uniqueness of values before saving: unique fields, `uniqueTogether`, `uniqueForDate` and its kind; parents' tables included. */
import { NON_FIELD_ERRORS, QueryTypeError } from "../base/errors.js";
import { asTemporal, currentZone, Temporal } from "../base/temporal.js";
import { isExpression } from "../expressions/expression.js";
import type { Field } from "../fields/field.js";
import { CompositePrimaryKey } from "../fields/generated.js";
import type { ModelMeta } from "../meta/options.js";
import { allRows } from "./base-rows.js";
import { metaOfInstance, stateOf } from "./instance-state.js";
import type { QuerySet } from "./queryset.js";
import { runtimeOf, type CleanOptions } from "./runtime.js";
import { dateMessage, ErrorsByField, uniqueMessage } from "./validation-messages.js";

type DatePart = "date" | "month" | "year";
const DATE_PARTS: readonly (readonly [DatePart, "uniqueForDate" | "uniqueForMonth" | "uniqueForYear"])[] = [
  ["date", "uniqueForDate"],
  ["year", "uniqueForYear"],
  ["month", "uniqueForMonth"],
];

/** A model's own table, then its parents'. */
export function tablesOf(meta: ModelMeta): readonly ModelMeta[] {
  return [...new Set([meta.concrete, ...meta.concrete.allParents.map((p) => p.concrete)])];
}
/** A field's value of an instance; deferred ones are loaded. */
export function valueOf(instance: object, f: Field): unknown {
  return (instance as Record<string, unknown>)[f.attname];
}
/** Whether a queryset has a row that is not the instance's own. The key is that of the table asked: a child has one in each of its tables. */
export async function hasOthers(instance: object, model: ModelMeta, rows: QuerySet): Promise<boolean> {
  if (stateOf(instance).adding) return rows.exists();
  const key: unknown[] = [];
  for (const f of model.pkFields) key.push(await valueOf(instance, f));
  if (key.some((v) => v === null || v === undefined || isExpression(v))) return rows.exists();
  return rows.exclude({ pk: model.hasCompositePk ? key : key[0] }).exists();
}
/** Names of fields that a check passes over. */
export function excludedNames(options: CleanOptions): ReadonlySet<string> {
  const { exclude } = options;
  if (exclude === undefined || exclude === null) return new Set();
  if (typeof exclude === "object" && Symbol.iterator in exclude) return new Set(exclude);
  if (typeof exclude === "object") return new Set(Object.keys(exclude));
  throw new QueryTypeError(
    'exclude is a list of names of fields, such as { exclude: ["price"] }.',
    "validation.exclude",
  );
}
/** The alias of the database that an instance would be saved to. */
export function aliasForChecks(instance: object, meta: ModelMeta): string {
  return runtimeOf(meta).route(meta, true, { instance });
}

/**
 * Checks that no other row has values that must be unique. Values that are NULL are never taken.
 * @param options `exclude`: names of fields; checks they take part in are passed over
 * @throws ValidationError with code `unique`, `unique_together` or `unique_for_date`
 * @example await user.validateUnique(); // SELECT 1 FROM "auth_user" WHERE "email" = 'a@b.c' AND NOT ("id" = 3) LIMIT 1
 * Django: https://docs.djangoproject.com/en/stable/ref/models/instances/#django.db.models.Model.validate_unique
 */
export async function validateUnique(instance: object, options: CleanOptions = {}): Promise<void> {
  const meta = metaOfInstance(instance);
  const exclude = excludedNames(options);
  const errors = new ErrorsByField();
  for (const [model, fields] of uniqueChecks(meta, exclude)) {
    if (await isTaken(instance, meta, model, fields))
      errors.add(fields.length === 1 ? fields[0]!.name : NON_FIELD_ERRORS, [uniqueMessage(model, fields)]);
  }
  for (const model of tablesOf(meta))
    for (const f of model.localFields) {
      if (exclude.has(f.name)) continue;
      for (const [part, option] of DATE_PARTS) {
        const date = f.options[option];
        if (date === undefined || exclude.has(date)) continue;
        const dateField = meta.getConcrete(date);
        if (await isTakenFor(instance, meta, model, f, dateField, part))
          errors.add(f.name, [dateMessage(meta, part, f, dateField)]);
      }
    }
  errors.throwIfAny();
}

function* uniqueChecks(
  meta: ModelMeta,
  exclude: ReadonlySet<string>,
): Generator<readonly [ModelMeta, readonly Field[]]> {
  const tables = tablesOf(meta);
  for (const model of tables)
    for (const names of model.uniqueTogether)
      if (!names.some((n) => exclude.has(n))) yield [model, names.map((n) => model.getConcrete(n))];
  for (const model of tables)
    for (const f of model.localFields) {
      if (exclude.has(f.name)) continue;
      if (f instanceof CompositePrimaryKey) {
        if (!f.fields.some((x) => exclude.has(x.name))) yield [model, f.fields];
      } else if (f.unique && f.concrete) yield [model, [f]];
    }
}

async function isTaken(
  instance: object,
  meta: ModelMeta,
  model: ModelMeta,
  fields: readonly Field[],
): Promise<boolean> {
  const wanted: Record<string, unknown> = {};
  for (const f of fields) {
    const value = await comparable(instance, f);
    if (value === null || value === undefined) return false;
    // The key of a saved row is its own.
    if (f.primaryKey && !stateOf(instance).adding) return false;
    wanted[f.name] = value;
  }
  return hasOthers(instance, model, allRows(model, aliasForChecks(instance, meta)).filter(wanted));
}

/** What a field is going to hold: its value, or what the database gives by default. Undefined where nobody knows. */
async function comparable(instance: object, f: Field): Promise<unknown> {
  const value = await valueOf(instance, f);
  // A blank that such a field cannot hold is saved as NULL.
  if (value === "" && !f.emptyStringsAllowed) return null;
  if (!isExpression(value)) return value;
  return value.kind === "dbdefault" ? f.options.dbDefault : undefined;
}

async function isTakenFor(
  instance: object,
  meta: ModelMeta,
  model: ModelMeta,
  f: Field,
  dateField: Field,
  part: DatePart,
): Promise<boolean> {
  const day = dayOf(await valueOf(instance, dateField));
  const value = await comparable(instance, f);
  if (day === null || value === undefined) return false;
  const { name } = dateField;
  const wanted: Record<string, unknown> =
    part === "date"
      ? { [`${name}__day`]: day.day, [`${name}__month`]: day.month, [`${name}__year`]: day.year }
      : { [`${name}__${part}`]: day[part] };
  if (value === null) wanted[`${f.name}__isnull`] = true;
  else wanted[f.name] = value;
  return hasOthers(instance, model, allRows(model, aliasForChecks(instance, meta)).filter(wanted));
}
/** The day of a date, or of a moment in the current time zone, in which date lookups think too. */
function dayOf(value: unknown): { readonly day: number; readonly month: number; readonly year: number } | null {
  const date = asTemporal("PlainDate", value);
  if (date !== undefined) return date;
  const instant =
    value instanceof Date ? Temporal.Instant.fromEpochMilliseconds(value.getTime()) : asTemporal("Instant", value);
  return instant === undefined ? null : instant.toZonedDateTimeISO(currentZone());
}
