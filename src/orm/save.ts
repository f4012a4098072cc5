/** Saving one instance: update, else insert; parents first; what the database computed comes back. */
import { nameList, ownOptions, valuesObject } from "../base/options.js";
import { QUERY_SOURCE } from "../ast/slots.js";
import { FieldError, QueryTypeError, suggest, ValueError } from "../base/errors.js";
import type { Database } from "../db/connection.js";
import { isExpression } from "../expressions/expression.js";
import { DatabaseDefault } from "../expressions/makers.js";
import { Field } from "../fields/field.js";
import { GeneratedField } from "../fields/generated.js";
import { AutoField } from "../fields/keys.js";
import { ForeignObject, ManyToManyField, ReverseRelation } from "../fields/relations.js";
import { containsRaw, pathsOf } from "../meta/expression-paths.js";
import type { ModelMeta } from "../meta/options.js";
import { isInstance } from "../ast/slots.js";
import { insertRows, isDefault, storedValue } from "./insert.js";
import { deferredClass } from "./deferred.js";
import { dropCached, metaOfInstance, ownState, putValue, stateOf } from "./instance-state.js";
import type { ModelClass } from "./model.js";
import { modelError } from "./model-errors.js";
import { QuerySet } from "./queryset.js";
import { plainParts } from "./queryset-core.js";
import { runtimeOf, type SaveBaseOptions, type SaveOptions } from "./runtime.js";
import { postSave, preSave, type SaveArguments } from "./signals/model-signals.js";
import { updateReturning } from "./update.js";
import { placeAmongSiblings } from "./sibling-order.js";
import { settleGeneric } from "./contenttypes/hook.js";
import { GenericForeignKey, GenericRelation } from "../fields/generic.js";
import { relatedForBulk } from "./related-keys.js";
import { assignRelation } from "./relations/assign.js";

/** Sets the values of a new instance: given ones by field name, attname or `pk`; defaults for the others. */
export function initialise(instance: object, meta: ModelMeta, values: Readonly<Record<string, unknown>>): void {
  valuesObject("The constructor of a model", values);
  const given = new Map<string, unknown>();
  for (const key of Object.keys(values)) {
    if (values[key] === undefined)
      throw new ValueError(
        `The value of '${key}' given to ${meta.objectName}() is undefined. Write null for NULL, or leave it out.`,
        "value.undefined",
        { model: meta.label, path: key },
      );
    given.set(key, values[key]);
  }
  const relations: [ForeignObject, unknown][] = [];
  for (const f of meta.concreteFields) {
    let value: unknown;
    if (given.has(f.name)) {
      value = given.get(f.name);
      given.delete(f.name);
      if (f instanceof ForeignObject) {
        if (isInstance(value) || value === null) {
          relations.push([f, value]);
          value = null;
        }
      }
    } else if (f.attname !== f.name && given.has(f.attname)) {
      value = given.get(f.attname);
      given.delete(f.attname);
    } else value = f.hasDbDefault() && !f.hasDefault() ? DatabaseDefault() : f.generated ? undefined : f.getDefault();
    if (f.generated) continue;
    putValue(instance, f.attname, lenient(f, value));
  }
  for (const [f, value] of relations) assignRelation(instance, f, value);
  for (const [key, value] of given) {
    if (key === "pk") {
      (instance as { pk: unknown }).pk = value;
      continue;
    }
    const f = meta.find(key);
    if (f instanceof ManyToManyField || f instanceof ReverseRelation)
      throw new QueryTypeError(
        `Direct assignment to the ${f instanceof ManyToManyField ? "forward side of a many-to-many set" : "reverse side of a related set"} is prohibited. Use ${key}.set() instead.`,
        "model.set_assignment",
        { path: key },
      );
    if (f instanceof ForeignObject) {
      assignRelation(instance, f, value);
      continue;
    }
    if (hasSetter(instance, key)) {
      (instance as Record<string, unknown>)[key] = value;
      continue;
    }
    throw new QueryTypeError(
      `${meta.objectName}() got unexpected keyword arguments: '${key}'.${suggest(key, meta.choices())}`,
      "model.unknown_field",
      { model: meta.label, path: key },
    );
  }
}
function hasSetter(instance: object, key: string): boolean {
  if (key === "__proto__" || key === "constructor") return false;
  for (
    let p = Object.getPrototypeOf(instance) as object | null;
    p !== null && p !== Object.prototype;
    p = Object.getPrototypeOf(p) as object | null
  ) {
    const d = Object.getOwnPropertyDescriptor(p, key);
    if (d !== undefined) return d.set !== undefined;
  }
  return false;
}
// A value that does not fit is kept as it is: validation and saving say what is wrong with it.
function lenient(f: Field, value: unknown): unknown {
  if (value === null || value === undefined || isExpression(value) || isInstance(value)) return value ?? null;
  try {
    return f.prep(value);
  } catch {
    return value;
  }
}

/** Checked assignment of several values: `instance.set({...})`. */
export function assign(instance: object, values: Readonly<Record<string, unknown>>): void {
  valuesObject("set()", values);
  const meta = metaOfInstance(instance);
  for (const key of Object.keys(values)) {
    const value = values[key];
    if (value === undefined)
      throw new ValueError(
        `The value of '${key}' is undefined. Write null for NULL, or leave it out.`,
        "value.undefined",
        { path: key },
      );
    if (key === "pk") {
      (instance as { pk: unknown }).pk = value;
      continue;
    }
    const f = meta.find(key);
    if (f === undefined) {
      if (hasSetter(instance, key)) {
        (instance as Record<string, unknown>)[key] = value;
        continue;
      }
      throw new FieldError(
        `${meta.objectName} has no field named '${key}'.${suggest(key, meta.choices())}`,
        "model.unknown_field",
        { model: meta.label, path: key },
      );
    }
    if (f instanceof ForeignObject && key === f.name && (value === null || isInstance(value))) {
      assignRelation(instance, f, value);
      continue;
    }
    if (f instanceof GenericForeignKey) {
      (instance as Record<string, unknown>)[f.name] = value;
      continue;
    }
    if (f instanceof ReverseRelation || f instanceof ManyToManyField || f instanceof GenericRelation)
      throw new QueryTypeError(
        `Direct assignment to a set of related rows is prohibited. Use ${key}.set() instead.`,
        "model.set_assignment",
        { path: key },
      );
    if (value === null && !f.null && !f.primaryKey)
      throw new ValueError(`${f.path} cannot be null.`, "value.null", { path: key });
    putValue(instance, f.attname, storedValue(f, value));
  }
}

/** `instance.save()`. */
export async function saveInstance(instance: object, asked: SaveOptions): Promise<void> {
  const options = ownOptions(asked);
  const meta = metaOfInstance(instance);
  const rt = runtimeOf(meta);
  relatedForBulk(instance, meta, undefined, "save");
  if (meta.virtualFields.length > 0) await settleGeneric(instance, "save");
  const using =
    options.using ??
    (stateOf(instance).db !== null && rt.routing.routers.length === 0
      ? stateOf(instance).db!
      : rt.route(meta, true, { instance }));
  const given: unknown = options.forceInsert;
  if (given !== undefined && typeof given !== "boolean" && !Array.isArray(given))
    throw new QueryTypeError(
      "force_insert must be a bool or tuple: forceInsert is true, false or a list of model classes.",
      "save.force_insert",
    );
  const force = given === true || (Array.isArray(given) && given.length > 0);
  if (Array.isArray(given))
    for (const c of given) {
      const base = (c as ModelClass | null)?.meta as ModelMeta | undefined;
      if (base === undefined || !meta.isA(base))
        throw new QueryTypeError(
          `Invalid force_insert member. It must be a base of ${meta.objectName}.`,
          "save.force_insert",
        );
    }
  if (force && (options.forceUpdate === true || (options.updateFields?.length ?? 0) > 0))
    throw new ValueError("Cannot force both insert and updating in model saving.", "save.options");
  let update: ReadonlySet<Field> | null = null;
  let names: readonly string[] | null = null;
  if (options.updateFields !== undefined) {
    names = nameList("The option 'updateFields' of save()", options.updateFields);
    if (names.length === 0) return;
    update = namedFields(meta, names);
  } else if (!force && using === stateOf(instance).db) {
    const missing = meta.concreteFields.filter((f) => !Object.hasOwn(instance, f.attname) && !f.generated);
    if (missing.length > 0) {
      const loaded = meta.concreteFields.filter(
        (f) => Object.hasOwn(instance, f.attname) && !meta.pkFields.includes(f) && !f.generated,
      );
      if (loaded.length > 0) {
        update = new Set(loaded);
        names = loaded.map((f) => f.attname);
      }
    }
  }
  await write(instance, meta, using, options, update, names);
}

/**
 * `instance.saveBase()`: what `save()` does once it has checked its arguments. With `raw` the values are written as they are: fields
 * do not compute theirs, and rows of parents are not touched.
 */
export async function saveBase(instance: object, options: SaveBaseOptions): Promise<void> {
  const meta = metaOfInstance(instance);
  const using = options.using ?? runtimeOf(meta).route(meta, true, { instance, instanceDb: stateOf(instance).db });
  const names = options.updateFields ?? null;
  if (options.forceInsert === true && (options.forceUpdate === true || names !== null))
    throw new ValueError("Cannot force both insert and updating in model saving.", "save.options");
  if (names !== null && names.length === 0)
    throw new ValueError("saveBase() was given no field to update; leave updateFields out.", "save.update_fields");
  await write(instance, meta, using, options, names === null ? null : namedFields(meta, names), names);
}

/** The row itself, its parents' rows first; told before and after. */
async function write(
  instance: object,
  meta: ModelMeta,
  using: string,
  options: SaveBaseOptions,
  update: ReadonlySet<Field> | null,
  names: readonly string[] | null,
): Promise<void> {
  const db = runtimeOf(meta).database(using);
  const raw = options.raw === true;
  const sender = meta.modelClass as ModelClass;
  const facts = (): SaveArguments => ({ instance, raw, using, updateFields: names === null ? null : new Set(names) });
  if (meta.autoCreated === null && preSave.hasListeners(sender)) {
    await preSave.send(sender, facts());
    // A receiver may have assigned another object.
    if (meta.virtualFields.length > 0) await settleGeneric(instance, "save");
  }
  let updated = false;
  const work = async (): Promise<void> => {
    const parentInserted = raw ? false : await saveParents(instance, meta.concrete, db, update, options, new Map());
    updated = await saveTable(
      instance,
      meta.concrete,
      db,
      ownOptions({ ...options, forceInsert: forced(meta.concrete, options) || parentInserted, update }),
    );
  };
  if (meta.concrete.parents.size > 0) await db.atomic(work, { savepoint: false });
  else await work();
  const state = ownState(instance);
  state.db = using;
  state.adding = false;
  if (meta.autoCreated === null && postSave.hasListeners(sender))
    await postSave.send(sender, { ...facts(), created: !updated });
}
function namedFields(meta: ModelMeta, names: readonly string[]): Set<Field> {
  const out = new Set<Field>();
  const wrong: string[] = [];
  for (const n of names) {
    const f = meta.byName.get(n);
    if (f === undefined || !f.concrete || meta.pkFields.includes(f)) wrong.push(n);
    else out.add(f);
  }
  if (wrong.length > 0)
    throw new ValueError(
      `The following fields do not exist in this model, are m2m fields, primary keys, or are non-concrete fields: ${wrong.join(", ")}`,
      "save.update_fields",
      { model: meta.label, choices: meta.choices() },
    );
  return out;
}
/** True for the tables that `forceInsert` names: all of them, or those of the classes in its list and their children. */
function forced(meta: ModelMeta, options: SaveOptions): boolean {
  const f = options.forceInsert;
  return f === true || (Array.isArray(f) && f.some((c) => meta.isA((c as ModelClass).meta)));
}

// `done`: an ancestor that is reached by two ways (a diamond) is saved once; true when its row was updated.
async function saveParents(
  instance: object,
  meta: ModelMeta,
  db: Database,
  update: ReadonlySet<Field> | null,
  options: SaveOptions,
  done: Map<ModelMeta, boolean>,
): Promise<boolean> {
  let inserted = false;
  const record = instance as Record<string, unknown>;
  for (const [parent, link] of meta.parents) {
    if (link !== null && !isSet(instance, parent.pk.attname) && isSet(instance, link.attname))
      putValue(instance, parent.pk.attname, record[link.attname]);
    let updated = done.get(parent);
    if (updated === undefined) {
      const up = await saveParents(instance, parent, db, update, options, done);
      updated = await saveTable(
        instance,
        parent,
        db,
        ownOptions({
          ...options,
          forceInsert: up || (Array.isArray(options.forceInsert) && forced(parent, options)),
          update,
        }),
      );
      done.set(parent, updated);
    }
    if (!updated) inserted = true;
    if (link !== null) {
      putValue(instance, link.attname, record[parent.pk.attname]);
      dropCached(instance, link.cacheName);
    }
  }
  return inserted;
}

/** Whether an attribute is there and not null; a deferred one is not there. */
function isSet(instance: object, name: string): boolean {
  return Object.hasOwn(instance, name) && ((instance as Record<string, unknown>)[name] ?? null) !== null;
}

interface TableOptions extends SaveBaseOptions {
  readonly update: ReadonlySet<Field> | null;
}
/** Saves the columns of one table. Returns true when a row was updated, false when one was inserted. */
async function saveTable(instance: object, meta: ModelMeta, db: Database, o: TableOptions): Promise<boolean> {
  const record = instance as Record<string, unknown>;
  const { update } = o;
  const own = meta.localConcreteFields;
  let rest = own.filter((f) => !meta.pkFields.includes(f) && !f.generated);
  if (update !== null) rest = rest.filter((f) => update.has(f));
  else rest = rest.filter((f) => Object.hasOwn(instance, f.attname));
  for (const k of meta.pkFields) {
    if ((record[k.attname] ?? null) === null && k.hasDefault())
      putValue(instance, k.attname, lenient(k, k.getDefault()));
  }
  const pk = meta.pkFields.map((f) => record[f.attname] ?? null);
  const set = pk.every((v) => v !== null && !isDefault(v));
  if (!set && (o.forceUpdate === true || update !== null))
    throw new ValueError("Cannot force an update in save() with no primary key.", "save.no_key");
  let forceInsert = o.forceInsert !== undefined && o.forceInsert !== false;
  if (
    o.raw !== true &&
    !forceInsert &&
    o.forceUpdate !== true &&
    stateOf(instance).adding &&
    meta.pkFields.every((f) => f.hasDefault() || f.hasDbDefault())
  )
    forceInsert = true;
  if (set && !forceInsert) {
    const updated = await updateRow(instance, meta, db, rest, pk, o);
    if (
      !updated &&
      (o.forceUpdate === true || o.updateFields !== undefined || (update !== null && o.updateFields === undefined))
    )
      throw new (modelError(meta, "NotUpdated"))(
        o.forceUpdate === true
          ? "Forced update did not affect any rows."
          : "Save with update_fields did not affect any rows.",
        "save.not_updated",
        { model: meta.label },
      );
    if (updated) return true;
  }
  await insertOne(instance, meta, db, set, o.raw === true);
  return false;
}

async function updateRow(
  instance: object,
  meta: ModelMeta,
  db: Database,
  fields: readonly Field[],
  pk: readonly unknown[],
  o: TableOptions,
): Promise<boolean> {
  const record = instance as Record<string, unknown>;
  // A field that is to be saved but was not loaded is loaded first.
  for (const f of fields)
    if (!Object.hasOwn(instance, f.attname) && f.attname in instance) await (record[f.attname] as Promise<unknown>);
  const key = meta.hasCompositePk ? pk : pk[0];
  const base = new QuerySet({ ...plainParts(meta), alias: db.alias });
  const matching = (): QuerySet => base.filter({ pk: key });
  const entries = fields.map((f): [string, unknown] => [
    f.attname,
    storedOrThrow(f, o.raw === true ? record[f.attname] : f.preSave(record, false)),
  ]);
  if (entries.length === 0) return o.update !== null || (await matching().exists());
  const forced = o.update !== null || o.forceUpdate === true;
  if (meta.selectOnSave && !forced && !(await matching().exists())) return false;
  const generated = meta.localConcreteFields.filter((f) => f instanceof GeneratedField && follows(f, meta, fields));
  const computed = [...fields.filter((f, i) => isExpression(entries[i]![1])), ...generated];
  const { matched, row } = await updateReturning(matching(), meta, entries, computed);
  if (matched === 0) return meta.selectOnSave && !forced ? matching().exists() : false;
  fields.forEach((f, i) => {
    const value = entries[i]![1];
    if (!isExpression(value) && !isQuery(value)) putValue(instance, f.attname, value);
  });
  if (computed.length > 0) {
    if (row !== null) computed.forEach((f, i) => putValue(instance, f.attname, row[i]));
    else deferAgain(instance, meta, computed);
  }
  return true;
}
/** Whether a computed column may change when these are written: one that stays need not be read again. */
function follows(field: GeneratedField, meta: ModelMeta, written: readonly Field[]): boolean {
  if (containsRaw(field.expression)) return true;
  return pathsOf(field.expression).some((path) => {
    const read = meta.find(path.split("__")[0]!);
    return !(read instanceof Field) || read.generated || written.includes(read);
  });
}
function storedOrThrow(f: Field, v: unknown): unknown {
  return isQuery(v) ? v : storedValue(f, v);
}
function isQuery(v: unknown): boolean {
  return typeof v === "object" && v !== null && QUERY_SOURCE in v;
}
/** The database computed these and cannot give them back at once: they load when awaited. */
export function deferAgain(instance: object, meta: ModelMeta, fields: readonly Field[]): void {
  const whole = metaOfInstance(instance);
  for (const f of fields) delete (instance as Record<string, unknown>)[f.attname];
  const missing = whole.concreteFields.filter((f) => !Object.hasOwn(instance, f.attname));
  Object.setPrototypeOf(instance, deferredClass(whole.modelClass as ModelClass, whole, missing).prototype);
  void meta;
}

async function insertOne(instance: object, meta: ModelMeta, db: Database, pkSet: boolean, raw: boolean): Promise<void> {
  const record = instance as Record<string, unknown>;
  const info = await db.ready();
  if (meta.orderWithRespectTo !== null)
    await placeAmongSiblings([instance], meta, new QuerySet({ ...plainParts(meta), alias: db.alias }));
  const auto = meta.pkFields.length === 1 && meta.pkFields[0] instanceof AutoField ? meta.pkFields[0] : null;
  const fields = meta.localConcreteFields.filter(
    (f) => !f.generated && (pkSet || f !== auto) && (Object.hasOwn(instance, f.attname) || !f.hasDbDefault()),
  );
  const values = fields.map((f) => storedValue(f, raw ? record[f.attname] : f.preSave(record, true)));
  const returning = [
    ...(auto !== null && !pkSet ? [auto as Field] : []),
    ...fields.filter((f, i) => isExpression(values[i])),
    ...meta.localConcreteFields.filter((f) => f.generated || (f.hasDbDefault() && !fields.includes(f))),
  ];
  const result = await insertRows(db, meta, fields, [values], { returning });
  fields.forEach((f, i) => {
    if (!isExpression(values[i])) putValue(instance, f.attname, values[i]);
  });
  const row = result.rows[0];
  if (info.features.returning && row !== undefined) returning.forEach((f, i) => putValue(instance, f.attname, row[i]));
  else {
    if (auto !== null && !pkSet && result.lastInsertId !== undefined)
      putValue(instance, auto.attname, auto.prep(result.lastInsertId));
    const rest = returning.filter((f) => f !== auto);
    if (rest.length > 0) deferAgain(instance, meta, rest);
  }
}
