/**
 * Patterns of `regex` and `iregex` lookups on SQLite: written for the search of a regular expression anywhere in a text,
 * run by JavaScript's engine. It must not know SQL.
 */
import { DataError } from "../../base/errors.js";

const compiled = new Map<string, RegExp>();
const LIMIT = 200;

/**
 * The JavaScript form of a pattern, remembered. `(?i)`, `(?s)`, `(?m)` and `(?x)`-free combinations at its start become
 * flags; `\A`, `\Z`, `\z` and `(?P<name>…)` become what JavaScript calls them.
 * @throws DataError for a pattern that neither Unicode nor plain mode accepts
 */
export function compilePattern(source: string): RegExp {
  let found = compiled.get(source);
  if (found !== undefined) return found;
  const inline = /^\(\?([aimsu]+)\)/.exec(source);
  const flags = [...new Set((inline?.[1] ?? "").replace(/[^ims]/g, ""))].join("");
  const body = translate(inline === null ? source : source.slice(inline[0].length));
  try {
    found = new RegExp(body, `${flags}u`);
  } catch {
    // Unicode mode refuses escapes that mean nothing, such as `\-` or `\'`, which other engines read as the character.
    try {
      found = new RegExp(body, flags);
    } catch (error) {
      throw new DataError("The pattern of a regex lookup is not a regular expression.", "database.regex", {
        cause: error,
      });
    }
  }
  if (compiled.size >= LIMIT) compiled.delete(compiled.keys().next().value!);
  compiled.set(source, found);
  return found;
}

// One pass that keeps escapes and classes apart, because `\\A` is a backslash and an A.
function translate(source: string): string {
  let out = "";
  let inClass = false;
  for (let i = 0; i < source.length; i++) {
    const char = source[i]!;
    if (char === "\\") {
      const next = source[++i] ?? "";
      if (!inClass && next === "A") out += "(?<![\\s\\S])";
      else if (!inClass && (next === "Z" || next === "z")) out += "(?![\\s\\S])";
      else out += char + next;
    } else if (inClass) {
      inClass = char !== "]";
      out += char;
    } else if (char === "[") {
      inClass = true;
      out += char;
      // A bracket that comes first stands for itself: []a] and [^]a].
      if (source[i + 1] === "^") out += source[++i]!;
      if (source[i + 1] === "]") {
        out += "\\]";
        i++;
      }
    } else if (source.startsWith("(?P<", i)) {
      out += "(?<";
      i += 3;
    } else if (source.startsWith("(?P=", i)) {
      const end = source.indexOf(")", i);
      out += end < 0 ? "(?P=" : `\\k<${source.slice(i + 4, end)}>`;
      i = end < 0 ? i + 3 : end;
    } else out += char;
  }
  return out;
}
