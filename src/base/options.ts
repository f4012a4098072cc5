/** Options as users give them: what somebody put on Object.prototype is none of them. */
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
