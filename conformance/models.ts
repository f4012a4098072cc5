/**
 * Recorded models turned into babik models, built at run time, and grouped as the apps of one `babik({...})`.
 * It must not know databases or rows.
 */
import { call, throughOf, type Bag } from "./babik-api.js";
import { PLAIN_MANAGER, applyChain } from "./chain.js";
import { decodeNames, options, type Scope } from "./decode.js";
import { buildField } from "./fields.js";
import {
  isObject,
  listOf,
  stringsOf,
  type AppSpec,
  type DatabaseName,
  type Json,
  type JsonObject,
  type ModelSpec,
} from "./format.js";
import { camel, tableName } from "./names.js";
import { wideModels } from "./wide-integers.js";

/** The models of one app's file. */
export interface BuiltModels {
  readonly classes: ReadonlyMap<string, unknown>;
  /** Models that could not be built, and why. */
  readonly failures: ReadonlyMap<string, unknown>;
  /** For `babik({ apps })`. */
  readonly apps: Readonly<Record<string, Bag>>;
}

/** Meta options that are read from elsewhere, or say which database the model is for. */
const SKIPPED_META: ReadonlySet<string> = new Set([
  "required_db_vendor",
  "required_db_features",
  "default_related_name",
  "swappable",
  "constraints",
  "indexes",
  "ordering",
]);

/** Models that Django's own apps bring and babik has too. */
const BUILT_IN: Readonly<Record<string, string>> = { "contenttypes.ContentType": "ContentType" };

/** Does the model exist on this database? The recording names the vendor where a model is for one only. */
export function isFor(model: ModelSpec, database: DatabaseName): boolean {
  const vendor = model.meta?.["required_db_vendor"];
  return (
    vendor === undefined ||
    vendor === (database === "postgres" ? "postgresql" : database === "mariadb" ? "mysql" : database)
  );
}

/** Builds all models of an app's file, parents first. A model that fails takes its children with it. */
export function buildModels(app: AppSpec, database: DatabaseName, scope: Scope): BuiltModels {
  const classes = new Map<string, unknown>();
  const failures = new Map<string, unknown>();
  const apps: Record<string, Record<string, unknown>> = {};
  const wide = wideModels(app);
  const build = (spec: ModelSpec): void => {
    if (classes.has(spec.label) || failures.has(spec.label)) return;
    for (const base of spec.bases ?? []) {
      const parent = app.models[base];
      if (parent !== undefined) build(parent);
    }
    try {
      const model = buildModel(spec, app, scope, classes, wide);
      classes.set(spec.label, model);
      const [appLabel = "", name = ""] = spec.label.split(".");
      (apps[appLabel] ??= {})[name] = model;
    } catch (error) {
      failures.set(spec.label, error);
    }
  };
  for (const spec of Object.values(app.models)) {
    if (spec.auto_created !== undefined || !isFor(spec, database)) continue;
    // Models that the recording could not describe are needed by no case.
    if (spec.custom === true && !spec.fields.some((field) => field.custom === true))
      failures.set(spec.label, new UndescribedModel(spec.label));
    else build(spec);
  }
  leaveOutDependents(app, classes, failures, apps);
  return { classes, failures, apps };
}

/** Models that refer to one that could not be built are left out too, so that the others can be registered. */
function leaveOutDependents(
  app: AppSpec,
  classes: Map<string, unknown>,
  failures: Map<string, unknown>,
  apps: Record<string, Record<string, unknown>>,
): void {
  for (let again = failures.size > 0; again;) {
    again = false;
    for (const spec of Object.values(app.models)) {
      if (!classes.has(spec.label)) continue;
      const needed = [...(spec.bases ?? []), ...spec.fields.flatMap((field) => [field.to, field.through])];
      const missing = needed.find((label) => label !== undefined && failures.has(label));
      if (missing === undefined) continue;
      classes.delete(spec.label);
      failures.set(spec.label, new Error(`${spec.label} needs ${missing}, which could not be built.`));
      const [appLabel = "", name = ""] = spec.label.split(".");
      delete apps[appLabel]?.[name];
      again = true;
    }
  }
}

/** Why a model is left out that the recording does not describe. */
export class UndescribedModel extends Error {}

/** Adds the through models that babik made itself; to be called when the models are registered. */
export function withThroughModels(app: AppSpec, built: BuiltModels): Map<string, unknown> {
  const classes = new Map(built.classes);
  for (const spec of Object.values(app.models))
    for (const field of spec.fields) {
      const model = built.classes.get(spec.label);
      if (model === undefined || field.through_auto_created !== true || field.through === undefined) continue;
      classes.set(field.through, throughOf(model, field.name));
    }
  return classes;
}

function buildModel(
  spec: ModelSpec,
  app: AppSpec,
  scope: Scope,
  classes: ReadonlyMap<string, unknown>,
  wide: ReadonlySet<string>,
): unknown {
  const builtIn = BUILT_IN[spec.label];
  if (builtIn !== undefined && scope.babik.has(builtIn)) return scope.babik.get(builtIn);
  const name = spec.label.slice(spec.label.indexOf(".") + 1);
  const meta = buildMeta(spec, scope);
  const bases = (spec.bases ?? []).map((base) => {
    const parent = classes.get(base);
    if (parent === undefined) throw new Error(`The parent ${base} could not be built.`);
    return parent;
  });
  if (spec.proxy === true)
    return call(bases[0], "proxy", [name, bases.length > 1 ? { ...meta, bases: bases.slice(1) } : meta]);
  const fields = buildFields(spec, app, scope, wide.has(spec.label));
  if (bases.length === 0) return scope.babik.make("model", name, fields, meta);
  return call(bases[0], "extend", [name, fields, bases.length > 1 ? { ...meta, bases: bases.slice(1) } : meta]);
}

function buildFields(spec: ModelSpec, app: AppSpec, scope: Scope, wide: boolean): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  for (const field of spec.fields) {
    const implicit = field.auto_created === true && field.type === "BigAutoField";
    if (field.custom === true || field.type === "OrderWrt" || implicit) continue;
    const through = field.through === undefined ? undefined : app.models[field.through];
    fields[field.name] = buildField(field, scope, {
      owner: spec.label,
      wide,
      ...(through === undefined ? {} : { throughTable: tableName(through.db_table) }),
    });
  }
  return fields;
}

function buildMeta(spec: ModelSpec, scope: Scope): Record<string, unknown> {
  const meta: Record<string, unknown> = { appLabel: spec.label.slice(0, spec.label.indexOf(".")) };
  if (spec.proxy !== true) meta["dbTable"] = tableName(spec.db_table);
  if (spec.managed === false) meta["managed"] = false;
  const given = spec.meta ?? {};
  for (const [key, value] of Object.entries(given))
    if (!SKIPPED_META.has(key)) meta[camel(key)] = metaOption(key, value, spec, scope);
  if (given["ordering"] !== undefined)
    meta["ordering"] = listOf(given["ordering"]).map((item) => decodeNames(item, scope, spec.label));
  for (const key of ["constraints", "indexes"])
    if (given[key] !== undefined)
      meta[key] = listOf(given[key]).map((item) => constraint(item as JsonObject, spec.label, scope));
  const managers = buildManagers(spec, scope);
  if (managers !== undefined) meta["managers"] = managers;
  return meta;
}

function metaOption(key: string, value: Json, spec: ModelSpec, scope: Scope): unknown {
  if (key === "unique_together")
    return listOf(value).map((group) => stringsOf(group).map((name) => scope.names.path(name, spec.label)));
  return decodeNames(value, scope, spec.label);
}

function constraint(item: JsonObject, label: string, scope: Scope): unknown {
  const args = listOf(item["args"] ?? []).map((arg) => decodeNames(arg, scope, label));
  const kwargs = isObject(item["kwargs"]) ? item["kwargs"] : {};
  return scope.babik.make(String(item["type"]), ...args, options(kwargs, scope, label));
}

/** Managers as functions of a queryset, and one without any chain: recorded chains hold all that a manager adds. */
function buildManagers(spec: ModelSpec, scope: Scope): Record<string, (qs: unknown) => unknown> | undefined {
  const plain = (qs: unknown): unknown => qs;
  if (spec.managers === undefined)
    return spec.proxy === true || (spec.bases ?? []).length > 0 ? { objects: plain } : undefined;
  const managers: Record<string, (qs: unknown) => unknown> = {};
  for (const manager of spec.managers)
    if (manager.custom === undefined)
      managers[manager.name] = (qs) => applyChain({ qs, model: spec.label }, manager.chain ?? [], scope).qs;
  managers[PLAIN_MANAGER] = plain;
  return managers;
}
