/**
 * Carries out one recorded operation through babik's public API. It holds no semantics: each operation is one call,
 * with Django's arguments translated.
 */
import { call, member } from "./babik-api.js";
import { applyChain, queryset, rootQuerySet, type Carried } from "./chain.js";
import { decode, decodeNames, options, sliceArgs, userKeys, withOptions, type Scope } from "./decode.js";
import { isObject, listOf, tagOf, type CaseSpec, type Json, type JsonObject } from "./format.js";
import { camel } from "./names.js";

/** What an operation gave, and the objects it started from. */
export interface Performed {
  readonly value: unknown;
  readonly started: readonly unknown[];
}

/** Runs the operation of a case. */
export async function perform(spec: CaseSpec, scope: Scope): Promise<Performed> {
  const { root } = spec;
  if (root["instance"] !== undefined) {
    const object = decode(root["instance"], scope);
    return { value: await onInstance(object, spec, scope), started: [] };
  }
  if (root["instances"] !== undefined) {
    const objects = listOf(root["instances"]).map((item) => decode(item, scope));
    const label = objects.length === 0 ? undefined : scope.babik.labelOf(objects[0]);
    await scope.babik.make(
      "prefetchRelatedObjects",
      objects,
      ...listOf(spec.op.args ?? []).map((arg) => decodeNames(arg, scope, label)),
    );
    return { value: objects, started: [] };
  }
  const from = rootQuerySet(root, scope);
  const at = applyChain(from, spec.chain, scope);
  return { value: await onQuerySet(at, spec, scope), started: from.object === undefined ? [] : [from.object] };
}

async function onInstance(object: unknown, spec: CaseSpec, scope: Scope): Promise<unknown> {
  const { name, args = [], kwargs = {} } = spec.op;
  const label = scope.babik.labelOf(object);
  if (name === "getattr") return await member(object, scope.names.path(String(args[0]), label));
  const given = args.map((arg) => decodeNames(arg, scope, label));
  const result = await call(object, camel(name), withOptions(given, options(kwargs, scope, label)));
  return name === "save" || name === "refresh_from_db" ? object : result;
}

async function onQuerySet(at: Carried, spec: CaseSpec, scope: Scope): Promise<unknown> {
  const { name, args = [], kwargs = {} } = spec.op;
  const { qs, model } = at;
  const method = camel(name);
  switch (name) {
    case "list":
      return await (queryset(qs) as PromiseLike<unknown>);
    case "iterator":
      return await collect(
        call(
          qs,
          "iterator",
          args.length > 0 ? [{ chunkSize: args[0] }] : withOptions([], options(kwargs, scope, model)),
        ),
      );
    case "getitem":
      return await getItem(queryset(qs), args[0] ?? null, scope);
    case "get":
      return await call(qs, method, lookups(args, kwargs, scope, model));
    case "aggregate":
      return await call(
        qs,
        method,
        withOptions(
          args.map((arg) => decodeNames(arg, scope, model)),
          userKeys(kwargs, scope, model),
        ),
      );
    case "create":
    case "get_or_create":
    case "update_or_create":
      return await creating(qs, method, kwargs, scope, model);
    // A recorded chain leaves out all(), without which managers have no delete().
    case "delete":
      return await call(queryset(qs), method, []);
    case "update":
      return await call(qs, method, [userKeys(kwargs, scope, model)]);
    case "in_bulk": {
      const { id_list: ids, ...rest } = kwargs;
      const positional = [...args, ...(ids === undefined ? [] : [ids])].map((arg) => decode(arg, scope, model));
      return await call(qs, method, withOptions(positional, options(rest, scope, model)));
    }
    case "bulk_update": {
      const { fields, ...rest } = kwargs;
      const positional = [decode(args[0], scope, model), decodeNames(args[1] ?? fields, scope, model)];
      return await call(qs, method, withOptions(positional, options(rest, scope, model)));
    }
    case "bulk_create":
    case "contains":
      return await call(
        qs,
        method,
        withOptions(
          args.map((arg) => decode(arg, scope, model)),
          options(kwargs, scope, model),
        ),
      );
    case "earliest":
    case "latest":
      return await call(
        qs,
        method,
        args.map((arg) => decodeNames(arg, scope, model)),
      );
    case "add":
    case "remove":
    case "set":
    case "clear":
      return await call(
        qs,
        method,
        withOptions(
          args.map((arg) => decode(arg, scope, model)),
          relatedOptions(kwargs, scope, model),
        ),
      );
    default:
      return await call(
        qs,
        method,
        withOptions(
          args.map((arg) => decode(arg, scope, model)),
          options(kwargs, scope, model),
        ),
      );
  }
}

function lookups(args: readonly Json[], kwargs: JsonObject, scope: Scope, model: string | undefined): unknown[] {
  return withOptions(
    args.map((arg) => decode(arg, scope, model)),
    userKeys(kwargs, scope, model),
  );
}

/** Keyword arguments of the `…create` family that are options and not values. */
const CREATE_OPTIONS: readonly string[] = ["defaults", "create_defaults", "through_defaults"];

async function creating(
  qs: unknown,
  method: string,
  kwargs: JsonObject,
  scope: Scope,
  model: string | undefined,
): Promise<unknown> {
  const values: Record<string, Json> = {};
  const bag: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(kwargs)) {
    const isOption =
      CREATE_OPTIONS.includes(key) &&
      isObject(value) &&
      tagOf(value) === undefined &&
      (method !== "create" || key === "through_defaults");
    if (isOption)
      bag[camel(key)] = userKeys(value as JsonObject, scope, key === "through_defaults" ? undefined : model);
    else values[key] = value;
  }
  return await call(qs, method, withOptions([userKeys(values, scope, model)], bag));
}

function relatedOptions(kwargs: JsonObject, scope: Scope, model: string | undefined): Record<string, unknown> {
  const { through_defaults: defaults, ...rest } = kwargs;
  const bag = options(rest, scope, model);
  if (isObject(defaults)) bag["throughDefaults"] = userKeys(defaults, scope, undefined);
  return bag;
}

/** Raised by `qs[i]` beyond the end, which is a matter of the language and not of babik. */
class IndexError extends Error {}
/** True for that error. */
export function isIndexError(error: unknown): boolean {
  return error instanceof IndexError;
}

async function getItem(qs: unknown, index: Json, scope: Scope): Promise<unknown> {
  if (typeof index === "number") {
    const rows = (await (call(qs, "slice", [index, index + 1]) as PromiseLike<unknown>)) as readonly unknown[];
    if (rows.length === 0) throw new IndexError("list index out of range");
    return rows[0];
  }
  if (!isObject(index) || index["$slice"] === undefined)
    return await (call(qs, "slice", [decode(index, scope)]) as PromiseLike<unknown>);
  const [start = null, stop = null, step = null] = listOf(index["$slice"]);
  const rows = (await (call(qs, "slice", sliceArgs(start, stop)) as PromiseLike<unknown>)) as readonly unknown[];
  return typeof step === "number" ? rows.filter((_, at) => at % step === 0) : rows;
}

async function collect(rows: unknown): Promise<unknown[]> {
  const out: unknown[] = [];
  for await (const row of rows as AsyncIterable<unknown>) out.push(row);
  return out;
}
