/** Functions over JSON texts that SQLite lacks. NULL in gives NULL out; what is no JSON stays as it is. They must not know fields. */
import type { Engine, SqlValue } from "./engine.js";

/** A document with the keys of its objects in one order: equal documents give equal texts. */
export function documentKey(text: string): string {
  try {
    return JSON.stringify(sorted(JSON.parse(text) as unknown));
  } catch {
    return text;
  }
}
function sorted(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(sorted);
  const out: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
  for (const key of Object.keys(value).sort()) out[key] = sorted((value as Record<string, unknown>)[key]);
  return out;
}
function written(value: unknown): string {
  return typeof value === "string" ? value : typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** Registers the functions on a connection. */
export function registerJsonFunctions(engine: Engine): void {
  engine.fn(
    "BABIK_JSON_KEY",
    1,
    (value: SqlValue = null) => (value === null ? null : documentKey(String(value))),
    true,
  );
  // The members of a JSON list as one text; nulls are passed over, and of nothing there is NULL.
  engine.fn(
    "BABIK_JOIN",
    2,
    (list: SqlValue = null, delimiter: SqlValue = null) => {
      if (list === null || delimiter === null) return null;
      const members = (JSON.parse(String(list)) as unknown[]).filter((m) => m !== null);
      return members.length === 0 ? null : members.map(written).join(String(delimiter));
    },
    true,
  );
}
