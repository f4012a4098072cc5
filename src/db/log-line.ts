/**
 * One statement as one line of a log. Control characters are written as escapes, so that no text can begin a line of its own or
 * steer a terminal. It must not know connections.
 */
import type { DbParam } from "../ast/seams.js";

// Controls, line and paragraph separators, marks that turn the direction of writing, halves of characters.
const UNSAFE = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/gu;
const SHORT: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };
const LONGEST_VALUE = 200;

/** The text with everything that could break out of a line written as an escape. */
export function escapeControls(text: string): string {
  return text.replace(UNSAFE, (c) => SHORT[c] ?? `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** A parameter as it stands in a line: texts in quotes and cut, bytes by their number. */
function valueOf(value: DbParam): string {
  if (typeof value === "string") {
    const cut = value.length > LONGEST_VALUE ? `${value.slice(0, LONGEST_VALUE)}…` : value;
    return `'${escapeControls(cut.replaceAll("\\", "\\\\").replaceAll("'", "\\'"))}'`;
  }
  if (value instanceof Uint8Array) return `<${value.byteLength} bytes>`;
  return String(value);
}

/** The parts of a line. */
export interface LineParts {
  readonly alias: string;
  readonly sql: string;
  readonly milliseconds: number;
  readonly params?: readonly DbParam[] | undefined;
  readonly errorCode?: string | undefined;
}

/** `(0.003) SELECT …; alias=default`, as Django's logger writes it; `args=` only where parameters were asked for. */
export function logLine({ alias, sql, milliseconds, params, errorCode }: LineParts): string {
  const args = params === undefined ? "" : `; args=(${params.map(valueOf).join(", ")})`;
  const failed = errorCode === undefined ? "" : `; error=${escapeControls(errorCode)}`;
  return `(${(milliseconds / 1000).toFixed(3)}) ${escapeControls(sql)}${args}; alias=${escapeControls(alias)}${failed}`;
}
