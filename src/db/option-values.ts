/**
 * Readers of single option values, for settings given as objects or in a URL (where all is text).
 * Messages name the option, never its value. It must not know which options a driver has.
 */
import { ImproperlyConfigured, suggest } from "../base/errors.js";

/** Refuses option names that the database does not have. */
export function checkNames(database: string, given: Readonly<Record<string, unknown>>, names: readonly string[]): void {
  for (const name of Object.keys(given))
    if (!names.includes(name))
      throw new ImproperlyConfigured(`${database} has no option '${name}'.${suggest(name, names)}`, "settings.option");
}

/** A word out of a list, in any case; given back in lower case. */
export function keyword<const T extends string>(name: string, given: unknown, choices: readonly T[], otherwise: T): T {
  if (given === undefined) return otherwise;
  const found = choices.find((choice) => choice === String(given).toLowerCase());
  if (found === undefined) throw wrong(name, `one of ${choices.join(", ")}`);
  return found;
}

/** A text, or nothing. */
export function text(name: string, given: unknown): string | undefined {
  if (given === undefined) return undefined;
  if (typeof given !== "string" || given.includes("\0")) throw wrong(name, "a text");
  return given;
}

/** One statement, or several in their order. */
export function statements(name: string, given: unknown): readonly string[] {
  if (given === undefined) return [];
  const list: unknown[] = Array.isArray(given) ? given : [given];
  const texts = list.map((one) => text(name, one)?.trim() ?? "");
  if (texts.includes("")) throw wrong(name, "a statement, or a list of statements");
  return texts;
}

/** A switch given as a boolean or, in a URL, as text. */
export function boolean(name: string, given: unknown, otherwise: boolean): boolean {
  if (given === undefined) return otherwise;
  if (typeof given === "boolean") return given;
  if (given === "true" || given === "1" || given === "on" || given === "") return true;
  if (given === "false" || given === "0" || given === "off") return false;
  throw wrong(name, "true or false");
}

/** A whole number from zero up, given as a number or, in a URL, as text. */
export function whole(name: string, given: unknown, otherwise: number): number {
  if (given === undefined) return otherwise;
  const value = typeof given === "string" && /^\d+$/.test(given) ? Number(given) : given;
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0 || value > 2_147_483_647)
    throw wrong(name, "a whole number from 0 to 2147483647");
  return value;
}

/** An option with a value that cannot be used. */
export function wrong(name: string, right: string): ImproperlyConfigured {
  return new ImproperlyConfigured(
    `The database option '${name}' has a value that cannot be used; it takes ${right}.`,
    "settings.option",
  );
}
