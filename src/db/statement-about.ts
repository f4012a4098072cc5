/**
 * What a statement is about, for logs and traces: its operation and its table. The compiler knows both of the statements that it
 * made; of SQL written by hand only the first word is read. It must not know drivers.
 */

/** The operation and the table of a statement. */
export interface StatementAbout {
  /** `SELECT`, `INSERT`, `UPDATE`, `DELETE`, `BEGIN`, `CREATE`, … */
  readonly operation: string;
  /** The table that is read or changed; absent for SQL written by hand. */
  readonly table?: string | undefined;
}

const KNOWN = 200;
const byWord = new Map<string, StatementAbout>();

/** What SQL written by hand is about, as far as its first word tells. */
export function aboutText(text: string): StatementAbout {
  const word = (/^(?:\s|--[^\n]*\n|\/\*[\s\S]*?\*\/|\()*([A-Za-z]+)/.exec(text)?.[1] ?? "UNKNOWN").toUpperCase();
  let about = byWord.get(word);
  if (about === undefined) {
    about = { operation: word };
    if (byWord.size < KNOWN) byWord.set(word, about);
  }
  return about;
}

// Texts in quotes of either kind, dollar-quoted texts, comments (which stay), numbers.
const LITERALS =
  /--[^\n]*|\/\*[\s\S]*?\*\/|\$(\w*)\$[\s\S]*?\$\1\$|(?:[xXbBeEnN]|_\w+\s?)?'(?:[^'\\]|''|\\[\s\S])*'|"(?:[^"]|"")*"|`(?:[^`]|``)*`|\$\d+|[A-Za-z_][\w$]*|\d[\w.]*/g;

/**
 * SQL written by hand with its literals as `?`: they may be values that nobody wants in a trace. What stands in double quotes
 * is a name, except where the server takes it for a text.
 */
export function withoutLiterals(text: string, doubleQuotesAreText: boolean): string {
  return text.replace(LITERALS, (found) => {
    if (/^\$\d/.test(found)) return found;
    if (found.startsWith("--") || found.startsWith("/*")) return "";
    if (found.startsWith('"')) return doubleQuotesAreText ? "?" : found;
    return found.startsWith("$") || found.endsWith("'") || /^\d/.test(found) ? "?" : found;
  });
}
