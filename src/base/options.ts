/** Options and lists of names as users give them: what somebody put on Object.prototype is none of them. */
import { QueryTypeError, suggest } from "./errors.js";

/** The own options of an object, on an object without a prototype. */
export function ownOptions<T extends object>(options: T | null | undefined): T {
  return { __proto__: null, ...options } as T;
}

/**
 * The own options of an object, all of which have to be among `names`: an option that is misspelt would be left out without a
 * word, and a condition or a lock with it.
 * @param what whose options they are, as messages name it: `"save()"`
 * @throws QueryTypeError for what is no object of options, and for a name that there is not
 */
export function namedOptions<T extends object>(
  what: string,
  options: T | null | undefined,
  names: readonly (string & keyof T)[],
): T {
  if (options === undefined || options === null) return ownOptions<T>(options);
  const proto: unknown = typeof options === "object" ? Object.getPrototypeOf(options) : undefined;
  if (proto !== Object.prototype && proto !== null)
    throw new QueryTypeError(
      `The options of ${what} are one plain object with ${list(names)}; this is ${Array.isArray(options) ? "an array" : typeof options === "object" ? "an object of a class" : `a ${typeof options}`}.`,
      "options.type",
    );
  const unknown = unknownOption(what, options, names);
  if (unknown !== undefined) throw new QueryTypeError(unknown, "options.unknown");
  return ownOptions(options);
}
/** What is wrong with the names of the options, in words; `undefined` where nothing is. */
export function unknownOption(what: string, options: object, names: readonly string[]): string | undefined {
  const name = Object.keys(options).find((n) => !names.includes(n));
  return name === undefined ? undefined : `${what} has no option '${name.slice(0, 40)}'.${suggest(name, names)}`;
}
/** Refuses names that are no options, by an error of the caller's kind and code. */
export function refuseUnknown(
  what: string,
  options: object,
  names: readonly string[],
  make: (message: string) => Error,
): void {
  const unknown = unknownOption(what, options, names);
  if (unknown !== undefined) throw make(unknown);
}
function list(names: readonly string[]): string {
  return names.length === 0 ? "nothing in it" : names.map((n) => `'${n}'`).join(", ");
}
/** Names of the options that a class takes: its own `optionNames` and those of the classes that it extends. */
export function optionNames(cls: { readonly optionNames: readonly string[] }): readonly string[] {
  const out: string[] = [];
  for (let c: unknown = cls; typeof c === "function"; c = Object.getPrototypeOf(c))
    if (Object.hasOwn(c, "optionNames")) out.push(...(c as unknown as typeof cls).optionNames);
  return out;
}
/** A list of texts that an option or argument has to be. @throws QueryTypeError `argument.names` for anything else */
export function nameList(where: string, given: unknown): readonly string[] {
  if (!Array.isArray(given) && !(given instanceof Set)) throw notNames(where);
  const names = [...given] as unknown[];
  if (!names.every((n) => typeof n === "string")) throw notNames(where);
  return names;
}
function notNames(where: string): QueryTypeError {
  return new QueryTypeError(`${where} takes a list of names of fields, each a text.`, "argument.names");
}
/** The own options of a plain object; objects of classes, lists and functions are refused. */
export function plainOptions<T extends object>(where: string, given: T | null | undefined): T {
  if (given === null || given === undefined) return ownOptions<T>(given);
  const prototype: unknown = typeof given === "object" ? Object.getPrototypeOf(given) : undefined;
  if (prototype !== Object.prototype && prototype !== null)
    throw new QueryTypeError(`The options of ${where} are a plain object.`, "argument.options");
  return ownOptions<T>(given);
}
/**
 * Refuses what is no object of values by name: primitives, lists, and objects of a class that have no values, such as a Map or a
 * promise that nobody awaited, which would else make an empty row.
 */
export function valuesObject<T>(where: string, given: T): T {
  if (typeof given !== "object" || given === null || Array.isArray(given)) throw notValues(where);
  const prototype: unknown = Object.getPrototypeOf(given);
  if (prototype !== Object.prototype && prototype !== null && Object.keys(given).length === 0) throw notValues(where);
  return given;
}
function notValues(where: string): QueryTypeError {
  return new QueryTypeError(`${where} takes one object of values by name.`, "argument.values");
}
