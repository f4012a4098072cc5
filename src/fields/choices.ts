/**
 * The `choices` option: its forms, the flat list of pairs that they mean, and mistakes in it.
 */
import { isPlainObject } from "../base/values.js";

/** Values, pairs of a value and its name, groups of pairs, an object of names by value, or a function that gives one. */
export type ChoicesOption =
  | readonly unknown[]
  | Readonly<Record<string, string>>
  | (() => readonly unknown[] | Readonly<Record<string, string>>);

/** `[value, name]` pairs of choices; groups are opened. */
export function flattenChoices(choices: ChoicesOption | undefined): readonly (readonly [unknown, string])[] {
  if (choices === undefined) return [];
  const list = typeof choices === "function" ? choices() : choices;
  if (!Array.isArray(list)) return Object.entries(list as Record<string, string>);
  const out: (readonly [unknown, string])[] = [];
  for (const item of list as readonly unknown[]) {
    if (!Array.isArray(item)) out.push([item, String(item)]);
    else if (Array.isArray(item[1])) out.push(...flattenChoices(item[1] as readonly unknown[]));
    else out.push([item[0], String(item[1])]);
  }
  return out;
}

// Canonical values of one field are equal when their texts are: Decimal, Temporal, Date, bigint and bytes all print exactly.
/** A text that is equal for equal canonical values of one field. */
export function valueKey(value: unknown): string {
  if (value instanceof Date) return String(value.getTime());
  return typeof value === "object" && value !== null && (Array.isArray(value) || isPlainObject(value))
    ? JSON.stringify(value, (_k, v: unknown) => (typeof v === "bigint" ? `${v}n` : v))
    : String(value);
}

/** Reports what is wrong with a field's choices, with Django's ids. */
export function checkChoices(
  field: { readonly options: { readonly choices?: ChoicesOption }; readonly maxLength: number | undefined },
  error: (id: string, message: string, hint?: string) => void,
): void {
  const { choices } = field.options;
  if (choices === undefined) return;
  const list: unknown = typeof choices === "function" ? choices() : choices;
  if (typeof list !== "object" || list === null) {
    error("fields.E004", "'choices' must be a mapping (such as an object) or a list.");
    return;
  }
  if (!Array.isArray(list)) return;
  const bad = (list as readonly unknown[]).some(
    (item) => typeof item === "object" && item !== null && Array.isArray(item) && item.length !== 2,
  );
  if (bad) {
    error("fields.E005", "'choices' must hold values, or pairs of a value and a readable name.");
    return;
  }
  const limit = field.maxLength;
  if (typeof limit !== "number" || !Number.isInteger(limit)) return;
  const longest = Math.max(
    0,
    ...flattenChoices(choices).map(([value]) => (typeof value === "string" ? [...value].length : 0)),
  );
  if (longest > limit)
    error("fields.E009", `'maxLength' is too small to fit the longest value in 'choices' (${longest} characters).`);
}
