/**
 * Recorded arguments turned into what a user of babik would write: Q objects, expressions, querysets, instances.
 * It translates names and values and holds no semantics: what babik does with them is what is being tested.
 */
import { MissingApi, call, fromDb, member, type Bag } from "./babik-api.js";
import { applyChain, queryset, rootQuerySet } from "./chain.js";
import { buildField } from "./fields.js";
import { isObject, listOf, tagOf, type DatabaseName, type Json, type JsonObject } from "./format.js";
import { babikAttname, camel, type Names } from "./names.js";
import { VALUE_TAGS, plainValue, type ValueContext } from "./values.js";

/** What decoding of one case needs. */
export interface Scope extends ValueContext {
  readonly names: Names;
  /** Model class by label; `MissingApi` where the model could not be built. */
  model(label: string): unknown;
  /** Objects that were fetched before the operation, by the JSON object that names them. */
  readonly fetched: ReadonlyMap<JsonObject, unknown>;
  /** Names that the case's Prefetch objects put their rows under. */
  readonly toAttrs: ReadonlySet<string>;
  readonly database: DatabaseName;
}

/** Keyword arguments of Django that are positional in babik, in order. */
const POSITIONAL: Readonly<Record<string, readonly string[]>> = {
  Window: ["expression"],
  Lead: ["expression"],
  Lag: ["expression"],
  "postgres.Corr": ["y", "x"],
  "postgres.CovarPop": ["y", "x"],
  "postgres.RegrAvgX": ["y", "x"],
  "postgres.RegrAvgY": ["y", "x"],
  "postgres.RegrCount": ["y", "x"],
  "postgres.RegrIntercept": ["y", "x"],
  "postgres.RegrR2": ["y", "x"],
  "postgres.RegrSlope": ["y", "x"],
  "postgres.RegrSXX": ["y", "x"],
  "postgres.RegrSXY": ["y", "x"],
  "postgres.RegrSYY": ["y", "x"],
};
/** Positional arguments of Django that are options in babik: class -> name by position. */
const OPTIONS: Readonly<Record<string, readonly (string | null)[]>> = {
  Value: [null, "outputField"],
  StringAgg: [null, "delimiter"],
};
/** Expressions whose strings are text, not names. */
const LITERAL: ReadonlySet<string> = new Set([
  "Value",
  "RawSQL",
  "postgres.SearchQuery",
  "postgres.Lexeme",
  "postgres.SearchConfig",
]);
/** Expressions whose keyword arguments are the user's own names. */
const OWN_NAMES: ReadonlySet<string> = new Set(["JSONObject"]);

/** Decodes any value. `model` is the label that names in expressions are seen from. */
export function decode(value: Json | undefined, scope: Scope, model?: string): unknown {
  if (Array.isArray(value)) return (value as readonly Json[]).map((item) => decode(item, scope, model));
  if (!isObject(value)) return value ?? null;
  const tag = tagOf(value);
  if (tag === undefined) return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, decode(v, scope, model)]));
  const inner = value[tag] as Json;
  if (VALUE_TAGS.has(tag)) return plainValue(tag, inner, scope, (v) => decode(v, scope, model));
  switch (tag) {
    case "$tuple":
    case "$set":
      return listOf(value).map((item) => decode(item, scope, model));
    case "$dict":
      return dict(inner, scope, model);
    case "$class":
      return scope.model(String(inner));
    case "$obj":
    case "$new":
      return instance(value, scope);
    case "$q":
      return q(inner as JsonObject, scope, model);
    case "$f":
      return scope.babik.make(
        "F",
        typeof inner === "string" ? scope.names.path(inner, model) : decode(inner, scope, model),
      );
    case "$outerref":
      return scope.babik.make(
        "OuterRef",
        typeof inner === "string" ? scope.names.path(inner, undefined) : decode(inner, scope, model),
      );
    case "$expr":
      return expression(value, scope, model);
    case "$field":
      return buildField(
        { name: "", type: String((inner as JsonObject)["type"]), ...fieldParts(inner as JsonObject) },
        scope,
      );
    case "$qs": {
      const spec = inner as JsonObject;
      return queryset(applyChain(rootQuerySet(spec["root"] as JsonObject, scope), spec["chain"] as never, scope).qs);
    }
    case "$prefetch":
      return prefetch(inner as JsonObject, scope, model);
    default:
      throw new MissingApi(`value for ${tag}`);
  }
}

function fieldParts(spec: JsonObject): { readonly kwargs?: JsonObject; readonly args?: readonly Json[] } {
  return {
    ...(isObject(spec["kwargs"]) ? { kwargs: spec["kwargs"] } : {}),
    ...(Array.isArray(spec["args"]) ? { args: spec["args"] as readonly Json[] } : {}),
  };
}

function dict(pairs: Json, scope: Scope, model: string | undefined): unknown {
  const entries = listOf(pairs).map((pair) => listOf(pair).map((v) => decode(v, scope, model)) as [unknown, unknown]);
  return entries.every(([k]) => typeof k === "string")
    ? Object.fromEntries(entries as [string, unknown][])
    : new Map(entries);
}

/** Strings (also inside lists) as names seen from `model`, everything else decoded. */
export function decodeNames(value: Json | undefined, scope: Scope, model: string | undefined): unknown {
  if (typeof value === "string") return scope.names.path(value, model);
  if (Array.isArray(value) || tagOf(value ?? null) === "$tuple" || tagOf(value ?? null) === "$set")
    return listOf(value).map((item) => decodeNames(item, scope, model));
  return decode(value, scope, model);
}

/** Keyword arguments whose keys are the user's names: lookups, field names, aliases. */
export function userKeys(
  kwargs: JsonObject | undefined,
  scope: Scope,
  model: string | undefined,
  names = false,
): Record<string, unknown> {
  const read = names ? decodeNames : decode;
  return Object.fromEntries(
    Object.entries(kwargs ?? {}).map(([k, v]) => [scope.names.path(k, model), read(v, scope, model)]),
  );
}

/** Keyword arguments that are options: camelCase, and absent where Django has `None`. */
export function options(
  kwargs: JsonObject | undefined,
  scope: Scope,
  model: string | undefined,
): Record<string, unknown> {
  const given = Object.entries(kwargs ?? {}).filter(([, v]) => v !== null);
  return Object.fromEntries(given.map(([k, v]) => [camel(k), decodeNames(v, scope, model)]));
}

/** `args` followed by one object of options, if there are any. */
export function withOptions(args: readonly unknown[], bag: Readonly<Record<string, unknown>>): unknown[] {
  return Object.keys(bag).length === 0 ? [...args] : [...args, bag];
}

function q(spec: JsonObject, scope: Scope, model: string | undefined): unknown {
  const make = scope.babik.get("Q");
  const children = listOf(spec["children"]).map((child) => {
    if (!Array.isArray(child) || typeof child[0] !== "string") return decode(child, scope, model);
    return { [scope.names.path(child[0], model)]: decode(child[1] as Json, scope, model) };
  });
  const joined = call(make, String(spec["connector"]).toLowerCase(), children);
  return spec["negated"] === true ? call(joined, "not") : joined;
}

function expression(spec: JsonObject, scope: Scope, model: string | undefined): unknown {
  const name = String(spec["$expr"]);
  const kwargs = isObject(spec["kwargs"]) ? spec["kwargs"] : {};
  const read = (v: Json): unknown => (LITERAL.has(name) ? decode(v, scope, model) : operand(v, scope, model));
  const raw = listOf(spec["args"] ?? []);
  if (name === "Sliced") return sliced(raw, scope, model);
  if (name === "NegatedExpression" && !scope.babik.has(name)) return call(decode(raw[0], scope, model), "not");
  if (name === "When") return when(raw, kwargs, scope, model);
  const first = POSITIONAL[name] ?? [];
  const optionNames = OPTIONS[name] ?? [];
  const positional: unknown[] = first
    .filter((key) => Object.hasOwn(kwargs, key))
    .map((key) => read(kwargs[key] as Json));
  const bag: Record<string, unknown> = {};
  raw.forEach((arg, index) => {
    const key = optionNames[index];
    if (typeof key === "string") bag[key] = read(arg);
    else positional.push(read(arg));
  });
  if (OWN_NAMES.has(name)) Object.assign(bag, userKeys(kwargs, scope, model, true));
  else
    for (const [key, v] of Object.entries(kwargs))
      if (v !== null && !first.includes(key))
        bag[camel(key)] = key === "config" || key === "delimiter" ? decode(v, scope, model) : read(v);
  return scope.babik.make(name, ...withOptions(positional, bag));
}

/** An operand of an expression. UUIDs are text in babik, and text there is a name: they are written as Value(). */
function operand(value: Json, scope: Scope, model: string | undefined): unknown {
  if (tagOf(value) !== "$uuid") return decodeNames(value, scope, model);
  return scope.babik.make("Value", decode(value, scope, model), { outputField: scope.babik.make("UUIDField") });
}

function when(raw: readonly Json[], kwargs: JsonObject, scope: Scope, model: string | undefined): unknown {
  const { then, ...lookups } = kwargs;
  const conditions = raw.slice(0, 1).map((arg) => decode(arg, scope, model));
  if (Object.keys(lookups).length > 0) conditions.push(userKeys(lookups, scope, model));
  const condition = conditions.length > 1 ? call(scope.babik.get("Q"), "and", conditions) : (conditions[0] ?? {});
  const result = then ?? raw[1];
  return scope.babik.make(
    "When",
    condition,
    ...(result === undefined ? [] : [{ then: operand(result, scope, model) }]),
  );
}

function sliced(raw: readonly Json[], scope: Scope, model: string | undefined): unknown {
  const index = raw[1] ?? null;
  const [start = null, stop = null] =
    typeof index === "number" ? [index, index + 1] : listOf((index as JsonObject)["$slice"]);
  return call(decode(raw[0], scope, model), "slice", sliceArgs(start, stop));
}

/** Arguments of `slice()`: Python's open ends are 0 and "left out". */
export function sliceArgs(start: Json, stop: Json): unknown[] {
  return stop === null ? [start ?? 0] : [start ?? 0, stop];
}

function prefetch(spec: JsonObject, scope: Scope, model: string | undefined): unknown {
  const bag: Record<string, unknown> = {};
  if (spec["queryset"] !== null && spec["queryset"] !== undefined)
    bag["queryset"] = decode(spec["queryset"], scope, model);
  if (spec["to_attr"] !== null && spec["to_attr"] !== undefined) bag["toAttr"] = spec["to_attr"];
  const lookup = scope.names.path(String(spec["lookup"]), model);
  if (spec["querysets"] === undefined) return scope.babik.make("Prefetch", ...withOptions([lookup], bag));
  return scope.babik.make("GenericPrefetch", ...withOptions([lookup, decode(spec["querysets"], scope, model)], bag));
}

/** babik's attribute for each recorded attname of a model. */
export function attributeNames(label: string, names: Names): Map<string, string> {
  return new Map(names.columns(label).map((field) => [field.attname ?? field.name, babikAttname(field)]));
}

function instance(value: JsonObject, scope: Scope): unknown {
  const known = scope.fetched.get(value);
  if (known !== undefined) return known;
  const spec = (value["$obj"] ?? value["$new"]) as JsonObject;
  const label = String(spec["model"]);
  const model = scope.model(label);
  const attributes = attributeNames(label, scope.names);
  const recorded = isObject(spec["values"]) ? spec["values"] : primaryKeyOnly(spec, label, scope.names);
  // A value left to the database's default stands for an attribute that was never set.
  const given = Object.entries(recorded).filter(([, v]) => !(isObject(v) && v["$expr"] === "DatabaseDefault"));
  const keys = given.map(([k]) => attributes.get(k) ?? k);
  const values = given.map(([, v]) => decode(v, scope, label));
  const alias = String(spec["db"] ?? "default");
  const out =
    value["$obj"] === undefined
      ? create(
          model,
          Object.fromEntries(keys.map((k, i) => [k, values[i]])),
          spec["db"] === undefined ? undefined : alias,
        )
      : fromDb(model, alias, keys, values);
  const related = isObject(spec["related"]) ? spec["related"] : {};
  for (const [name, object] of Object.entries(related)) call(out, "set", [{ [name]: decode(object, scope) }]);
  return out;
}

function primaryKeyOnly(spec: JsonObject, label: string, names: Names): JsonObject {
  const key = names.columns(label).filter((field) => field.primary_key === true);
  return Object.fromEntries(key.map((field) => [field.attname ?? field.name, spec["pk"] ?? null]));
}

function create(model: unknown, values: Bag, alias: string | undefined): unknown {
  const out = new (model as new (values: Bag) => unknown)(values);
  if (alias !== undefined) {
    // The only way to have an unsaved object that belongs to another database.
    const state = member(out, "_state");
    if (typeof state === "object" && state !== null) (state as Record<string, unknown>)["db"] = alias;
  }
  return out;
}
