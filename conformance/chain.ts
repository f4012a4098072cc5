/**
 * Roots and chains: from the recorded steps to method calls on babik's querysets and managers.
 * It must not run queries, except for what related managers need, which is nothing.
 */
import { MissingApi, call, member } from "./babik-api.js";
import { decode, decodeNames, options, sliceArgs, userKeys, withOptions, type Scope } from "./decode.js";
import { listOf, stringsOf, type Json, type JsonObject, type Step } from "./format.js";
import { camel } from "./names.js";

/** Name of the manager that every model of the runner has: all rows, no matter what other managers do. */
export const PLAIN_MANAGER = "conformancePlain";

/**
 * A queryset or manager on its way through a chain. It is always carried inside an object, because a queryset that is
 * returned from an async function would run.
 */
export interface Carried {
  readonly qs: unknown;
  /** Label of the model whose names the chain uses. */
  readonly model: string | undefined;
  /** The object whose related manager this is. */
  readonly object?: unknown;
}

/** The queryset or manager that a root stands for. */
export function rootQuerySet(root: JsonObject, scope: Scope): Carried {
  if (typeof root["model"] === "string") {
    const model = scope.model(root["model"]);
    const manager = member(model, PLAIN_MANAGER) ?? member(model, "objects");
    if (manager === undefined) throw new MissingApi(`manager on ${root["model"]}`);
    return { qs: manager, model: root["model"] };
  }
  const related = root["related"] as JsonObject | undefined;
  if (related === undefined) throw new MissingApi(`root ${Object.keys(root).join()}`);
  const object = decode(related["obj"], scope);
  const accessor = String(related["accessor"]);
  let manager = member(object, accessor);
  if (manager === undefined) throw new MissingApi(`accessor ${scope.babik.labelOf(object)}.${accessor}`);
  if (typeof related["manager"] === "string") manager = call(manager, "manager", [related["manager"]]);
  return { qs: manager, model: scope.names.accessorTarget(scope.babik.labelOf(object), accessor), object };
}

/** Applies the steps of a chain. */
export function applyChain(from: Carried, chain: readonly Step[], scope: Scope): Carried {
  let at = from;
  for (const step of chain) at = { qs: applyStep(at, step, scope), model: at.model };
  return at;
}

const SET_OPERATORS: Readonly<Record<string, string>> = { "&": "and", "|": "or", "^": "xor" };
/** Steps whose keyword arguments are the user's names. */
const USER_KEYS: ReadonlySet<string> = new Set(["filter", "exclude", "annotate", "alias", "values", "values_list"]);

function applyStep({ qs, model }: Carried, [name, args = [], kwargs = {}]: Step, scope: Scope): unknown {
  const operator = SET_OPERATORS[name];
  if (operator !== undefined) return call(qs, operator, [decode(args[0], scope, model)]);
  switch (name) {
    case "slice":
      return call(queryset(qs), "slice", sliceArgs(args[0] ?? null, args[1] ?? null));
    case "filter":
    case "exclude":
    case "annotate":
    case "alias":
      return call(qs, name, [
        ...args.map((arg) =>
          name === "filter" || name === "exclude" ? decode(arg, scope, model) : decodeNames(arg, scope, model),
        ),
        ...(Object.keys(kwargs).length === 0 ? [] : [userKeys(kwargs, scope, model)]),
      ]);
    case "using":
      // None is Python's way to leave the choice to the routers.
      return args[0] === null ? qs : call(qs, name, [args[0]]);
    case "complex_filter":
      return call(qs, "complexFilter", [complexFilter(args[0] ?? null, scope, model)]);
    case "raw":
      return raw(qs, args, kwargs, scope, model);
    case "extra":
      return call(qs, "extra", [extra(kwargs, scope, model)]);
    default: {
      const positional = args.map((arg) => decodeNames(arg, scope, model));
      const rest = USER_KEYS.has(name) ? valuesKeys(name, kwargs, scope, model) : options(kwargs, scope, model);
      return call(qs, camel(name), withOptions(positional, rest));
    }
  }
}

function valuesKeys(
  name: string,
  kwargs: JsonObject,
  scope: Scope,
  model: string | undefined,
): Record<string, unknown> {
  return name === "values_list" ? options(kwargs, scope, model) : userKeys(kwargs, scope, model, true);
}

function complexFilter(arg: Json, scope: Scope, model: string | undefined): unknown {
  const isLookups =
    typeof arg === "object" && arg !== null && !Array.isArray(arg) && !Object.keys(arg).some((k) => k.startsWith("$"));
  return isLookups ? userKeys(arg as JsonObject, scope, model) : decode(arg, scope, model);
}

function raw(qs: unknown, args: readonly Json[], kwargs: JsonObject, scope: Scope, model: string | undefined): unknown {
  const sql = decode(args[0], scope);
  const params = decode(args[1] ?? kwargs["params"] ?? [], scope);
  const translations = kwargs["translations"];
  const bag =
    translations === null || translations === undefined
      ? {}
      : { translations: userKeys(translations as JsonObject, scope, model) };
  return call(qs, "raw", withOptions([sql, params], bag));
}

/** Arguments of `extra`: table and column names inside SQL text stay as they are. */
function extra(kwargs: JsonObject, scope: Scope, model: string | undefined): Record<string, unknown> {
  const given = Object.entries(kwargs).filter(([, v]) => v !== null);
  return Object.fromEntries(
    given.map(([key, v]) => [
      camel(key),
      key === "order_by" ? stringsOf(v).map((s) => scope.names.path(s, model)) : decodeList(key, v, scope),
    ]),
  );
}

function decodeList(key: string, value: Json, scope: Scope): unknown {
  // SQL text may be a number in Python.
  if (key === "select")
    return Object.fromEntries(Object.entries(value as JsonObject).map(([name, text]) => [name, String(text)]));
  return listOf(value).map((item) => decode(item, scope));
}

/** A queryset, where a manager may stand. Only querysets can be awaited. */
export function queryset(qs: unknown): unknown {
  return typeof member(qs, "then") === "function" ? qs : call(qs, "all");
}
