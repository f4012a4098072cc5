/**
 * What babik gave, as the tagged JSON of the recording, so that outcomes can be compared and printed. It must not
 * decide whether an outcome is right.
 */
import { call, member, type Bag } from "./babik-api.js";
import { decode, type Scope } from "./decode.js";
import { isObject, type Json, type JsonObject } from "./format.js";
import { babikAttname } from "./names.js";

type Row = Record<string, Json>;

/** Any value as tagged JSON. `outer` holds the instances that are being shown around it. */
export function snapshot(value: unknown, scope: Scope, outer: readonly unknown[] = []): Json {
  if (value === null || typeof value === "boolean" || typeof value === "string") return value;
  if (value === undefined) return { $undefined: true };
  if (typeof value === "number")
    return Number.isFinite(value) ? value : { $float: String(value).toLowerCase().replace("infinity", "inf") };
  if (typeof value === "bigint") return { $int: String(value) };
  if (typeof value !== "object") return { $unknown: typeof value };
  if (Array.isArray(value)) return value.map((item) => snapshot(item, scope, outer));
  return tagged(value) ?? container(value, scope, outer);
}

/** Dates, decimals and bytes; `undefined` for other objects. */
function tagged(value: object): JsonObject | undefined {
  if (value instanceof Date) return { $datetime: value.toISOString() };
  if (value instanceof Uint8Array) return { $bytes: Buffer.from(value).toString("base64") };
  const tag = String((value as { [Symbol.toStringTag]?: unknown })[Symbol.toStringTag] ?? "");
  switch (tag) {
    case "Temporal.Instant":
    case "Temporal.PlainDateTime":
      return { $datetime: String(value) };
    case "Temporal.ZonedDateTime":
      return { $datetime: String((value as unknown as { toInstant(): unknown }).toInstant()) };
    case "Temporal.PlainDate":
      return { $date: String(value) };
    case "Temporal.PlainTime":
      return { $time: String(value) };
    case "Temporal.Duration":
      return { $timedelta: durationMicroseconds(value as Bag) };
  }
  if (tag === "Decimal" || tag === "[object Decimal]") return { $decimal: String(value) };
  return undefined;
}

/** A duration in microseconds; the recording has no months or years. */
export function durationMicroseconds(value: Bag): number {
  const n = (unit: string): number => Number(value[unit] ?? 0);
  const seconds = ((n("weeks") * 7 + n("days")) * 24 + n("hours")) * 3600 + n("minutes") * 60 + n("seconds");
  return seconds * 1e6 + n("milliseconds") * 1000 + n("microseconds") + n("nanoseconds") / 1000;
}

function container(value: object, scope: Scope, outer: readonly unknown[]): Json {
  if (value instanceof Set) return { $set: [...value].map((item) => snapshot(item, scope, outer)) };
  if (value instanceof Map)
    return { $dict: [...value].map(([k, v]) => [snapshot(k, scope, outer), snapshot(v, scope, outer)]) };
  if (scope.babik.isInstance(value)) return { $instance: instanceSnapshot(value, scope, outer) };
  const maker = (member(value, "constructor") as { readonly name?: string } | undefined)?.name;
  if (maker === "Range") return { $range: range(value as Bag, scope) };
  if (!isPlain(value)) return { $unknown: maker ?? "object" };
  return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, snapshot(v, scope, outer)]));
}

function range(value: Bag, scope: Scope): JsonObject {
  const empty = value["isEmpty"] === true || value["empty"] === true;
  if (empty) return { lower: null, upper: null, bounds: null };
  return {
    lower: snapshot(value["lower"], scope),
    upper: snapshot(value["upper"], scope),
    bounds: snapshot(value["bounds"], scope),
  };
}

/** An instance: model, key, loaded values, annotations, deferred fields, loaded relations, database. */
export function instanceSnapshot(instance: unknown, scope: Scope, outer: readonly unknown[] = []): JsonObject {
  const label = scope.babik.labelOf(instance);
  const pk = snapshot(member(instance, "pk"), scope);
  if (outer.includes(instance)) return { model: label, pk, ref: true };
  const facts = scope.babik.facts(instance);
  const inside = [...outer, instance];
  const deferred = new Set(facts.deferred);
  const values: Row = {};
  for (const field of scope.names.columns(label)) {
    const attribute = babikAttname(field);
    if (!deferred.has(attribute))
      values[field.attname ?? field.name] = snapshot(member(instance, attribute), scope, inside);
  }
  const out: Row = { model: label, pk, values };
  // What a Prefetch put under a name is a loaded relation; where it found nothing, the recording has a plain attribute.
  const isLoaded = (name: string): boolean => scope.toAttrs.has(name) && !isNothing(member(instance, name));
  const annotations = facts.annotations.filter((name) => !isLoaded(name));
  if (annotations.length > 0)
    out["annotations"] = Object.fromEntries(
      annotations.map((name) => [scope.names.original(name), snapshot(member(instance, name), scope, inside)]),
    );
  if (deferred.size > 0) out["deferred"] = [...deferred].map((name) => scope.names.original(name));
  const loaded = new Map(facts.cached);
  for (const name of facts.annotations) if (isLoaded(name)) loaded.set(name, member(instance, name));
  if (loaded.size > 0)
    out["cached"] = Object.fromEntries([...loaded].map(([name, value]) => [name, cached(value, scope, inside)]));
  if (facts.db !== null && facts.db !== "default") out["db"] = facts.db;
  return out;
}

function isNothing(value: unknown): boolean {
  return value === null || value === undefined || (Array.isArray(value) && value.length === 0);
}

function cached(value: unknown, scope: Scope, outer: readonly unknown[]): Json {
  if (value === null || value === undefined) return null;
  if (Array.isArray(value)) return { ordered: true, items: value.map((item) => shown(item, scope, outer)) };
  return shown(value, scope, outer);
}

/** A result item: an instance stands for itself, other values as they are. */
function shown(value: unknown, scope: Scope, outer: readonly unknown[]): Json {
  return scope.babik.isInstance(value) ? instanceSnapshot(value, scope, outer) : snapshot(value, scope, outer);
}

function originalKeys(value: unknown, scope: Scope, outer: readonly unknown[]): Json {
  if (!isPlain(value)) return shown(value, scope, outer);
  return Object.fromEntries(
    Object.entries(value).map(([k, v]) => [scope.names.original(k), snapshot(v, scope, outer)]),
  );
}

/** An object that is only a bag of properties, such as a row of `values()`. */
function isPlain(value: unknown): value is object {
  if (typeof value !== "object" || value === null) return false;
  const prototype = Object.getPrototypeOf(value) as unknown;
  return prototype === null || prototype === Object.prototype;
}

/**
 * The outcome of an operation in the shape of the recorded result. JavaScript values do not say whether they are a row
 * of `values()` or a JSON value, so the recorded kind tells how to read them; a wrong one then compares as different.
 */
export function outcome(
  kind: string,
  value: unknown,
  scope: Scope,
  started: readonly unknown[],
): JsonObject & { readonly kind: string } {
  const items = Array.isArray(value) ? (value as readonly unknown[]) : undefined;
  switch (kind) {
    case "instances":
    case "scalars":
    case "tuples":
    case "list":
      if (items !== undefined) return { kind, items: items.map((item) => shown(item, scope, started)) };
      break;
    case "dicts":
      if (items !== undefined) return { kind, items: items.map((item) => originalKeys(item, scope, started)) };
      break;
    case "named":
      if (items !== undefined) return { kind, items: items.map((item) => named(item, scope)) };
      break;
    case "in_bulk":
      if (value instanceof Map)
        return { kind, items: [...value].map(([k, v]) => [snapshot(k, scope), inBulk(v, scope, started)]) };
      break;
    case "aggregate":
      return { kind, value: originalKeys(value, scope, started) };
    case "instance":
      if (items?.length === 2 && typeof items[1] === "boolean")
        return { kind, item: shown(items[0], scope, started), created: items[1] };
      if (scope.babik.isInstance(value)) return { kind, item: instanceSnapshot(value, scope, started) };
      break;
    case "deleted": {
      const [total, byModel] = items ?? [member(value, "total"), member(value, "byModel")];
      const counts = byModel instanceof Map ? Object.fromEntries(byModel) : byModel;
      return { kind, total: snapshot(total, scope), by_model: snapshot(counts, scope) };
    }
    case "none":
      if (value === undefined || value === null) return { kind };
      break;
    case "value":
      return { kind, value: originalKeys(value, scope, started) };
  }
  return {
    kind: value === undefined || value === null ? "none" : "value",
    value: shown(value ?? null, scope, started),
  };
}

function inBulk(value: unknown, scope: Scope, outer: readonly unknown[]): Json {
  return isPlain(value) ? originalKeys(value, scope, outer) : snapshot(value, scope, outer);
}

function named(item: unknown, scope: Scope): Json {
  if (typeof item !== "object" || item === null) return snapshot(item, scope);
  const entries = Object.entries(item);
  return { fields: entries.map(([k]) => scope.names.original(k)), values: entries.map(([, v]) => snapshot(v, scope)) };
}

/** A recorded instance with its values in the form that babik's fields give them; what they would not take stays. */
export function canonicalItem(item: Json, scope: Scope): Json {
  if (!isObject(item) || typeof item["model"] !== "string" || !isObject(item["values"])) return item;
  const label = item["model"];
  const fields = new Map(scope.names.columns(label).map((field) => [field.attname ?? field.name, babikAttname(field)]));
  const canonical = (attname: string, value: Json): Json => {
    try {
      const field = call(member(scope.model(label), "meta"), "getField", [fields.get(attname) ?? attname]);
      return value === null ? null : snapshot(call(field, "prep", [decode(value, scope)]), scope);
    } catch {
      return value;
    }
  };
  const values = Object.fromEntries(Object.entries(item["values"]).map(([k, v]) => [k, canonical(k, v)]));
  return { ...item, values, pk: canonical("pk", item["pk"] ?? null) };
}
