/**
 * Input from outside: conditions, orderings and values whose names somebody else chose. Only what is allowed by name passes, and
 * only plain data; what does not is refused, never left out, so that a filter cannot grow wider by it.
 */
import { namedOptions } from "../base/options.js";
import { FieldError, QueryTypeError } from "../base/errors.js";

const LISTED = /(?:^|__)(?:in|range|has_keys|has_any_keys)$/;

/** Conditions out of a request, checked for `filter()`: an object whose own keys are all allowed, with plain values. */
export function allowedConditions(method: string, given: unknown, allow: readonly string[]): Record<string, unknown> {
  const names = allowList(method, allow);
  const out: Record<string, unknown> = {};
  for (const [path, value] of entries(method, given)) {
    if (!names.has(path)) throw notAllowed(method, path);
    if (Array.isArray(value) ? !LISTED.test(path) || !value.every(isPlain) : !isPlain(value))
      throw new FieldError(
        `The condition '${path}' given to ${method}() takes a text, a number, a boolean or null${LISTED.test(path) ? ", or a list of them" : ""}.`,
        "untrusted.value",
        { path },
      );
    out[path] = value;
  }
  return out;
}
/** An ordering out of a request, checked for `orderBy()`: `"-price,name"` or a list of such names. */
export function allowedOrder(method: string, given: unknown, allow: readonly string[]): string[] {
  const names = allowList(method, allow);
  const terms: unknown = typeof given === "string" ? given.split(",") : given;
  if (!Array.isArray(terms) || terms.length === 0 || !terms.every((t) => typeof t === "string"))
    throw new QueryTypeError(`${method}() takes a text such as "-price,name", or a list of names.`, "untrusted.order");
  const seen = new Set<string>();
  for (const term of terms as string[]) {
    const name = term.startsWith("-") ? term.slice(1) : term;
    if (!names.has(name)) throw notAllowed(method, name);
    if (seen.has(name))
      throw new FieldError(`${method}() was given the name '${name}' twice.`, "untrusted.twice", { path: name });
    seen.add(name);
  }
  return [...(terms as string[])];
}
/**
 * Values out of a request, of which only those with these names may be there.
 * @param values an object, such as the body of a request
 * @param names what it may have: names of fields
 * @returns an object of the same values
 * @throws FieldError `untrusted.name` when it has another name; QueryTypeError when it is no plain object
 * @example
 * await Product.objects.filter({ pk }).update(onlyFields(body, ["name", "price"]));
 */
export function onlyFields(values: unknown, names: readonly string[], method = "onlyFields"): Record<string, unknown> {
  const allowed = allowList(method, names);
  const out: Record<string, unknown> = {};
  for (const [name, value] of entries(method, values)) {
    if (!allowed.has(name)) throw notAllowed(method, name);
    out[name] = value;
  }
  return out;
}

/** The option of methods that take values: names that they may have. */
export interface OnlyOption {
  readonly only?: readonly string[];
}
/** The values themselves, or, with the option, those values once their names are checked. */
export function onlyOption<T extends object>(method: string, values: T, options: OnlyOption): T {
  const names = namedOptions(`${method}()`, options, ["only"]).only;
  return names === undefined ? values : (onlyFields(values, names, method) as T);
}

// Whatever the list of the program says, these are never names of fields.
const NEVER = new Set(["__proto__", "constructor", "prototype"]);
function allowList(method: string, allow: unknown): Set<string> {
  if (!Array.isArray(allow) || !allow.every((name) => typeof name === "string"))
    throw new QueryTypeError(`${method}() takes a list of the names that are allowed.`, "untrusted.allow");
  return new Set((allow as string[]).filter((name) => !NEVER.has(name)));
}
function entries(method: string, given: unknown): [string, unknown][] {
  const prototype: unknown = typeof given === "object" && given !== null ? Object.getPrototypeOf(given) : undefined;
  if (prototype !== Object.prototype && prototype !== null)
    throw new QueryTypeError(`${method}() takes a plain object, such as what JSON.parse gives.`, "untrusted.object");
  return Object.entries(given as object);
}
const isPlain = (value: unknown): boolean =>
  value === null || ["string", "number", "boolean", "bigint"].includes(typeof value);
// The names that are allowed are not told: they are for the program, not for whoever sent the request.
function notAllowed(method: string, name: string): FieldError {
  const shown = /^[\w-]{1,60}$/.test(name) ? `'${name}' is` : "A name is";
  return new FieldError(`${shown} not among the names that ${method}() allows.`, "untrusted.name", { path: name });
}
