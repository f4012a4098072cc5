/**
 * Cutting a script into its statements at the semicolons that stand outside of quotes and comments.
 * Several statements in one text are off for these connections, so that no injected second statement can ever run.
 */

/** The statements of `text`, without empty ones. Backslashes escape in quotes, as the session's sql_mode has it. */
export function splitScript(text: string): string[] {
  const parts: string[] = [];
  let start = 0;
  let i = 0;
  while (i < text.length) {
    const char = text[i]!;
    if (char === "'" || char === '"' || char === "`") i = endOfQuote(text, i);
    else if (char === "#" || (text.startsWith("--", i) && /\s|^$/.test(text[i + 2] ?? ""))) {
      const end = text.indexOf("\n", i);
      i = end < 0 ? text.length : end;
    } else if (text.startsWith("/*", i)) {
      const end = text.indexOf("*/", i + 2);
      i = end < 0 ? text.length : end + 2;
    } else if (char === ";") {
      parts.push(text.slice(start, i));
      start = ++i;
    } else i++;
  }
  parts.push(text.slice(start));
  return parts.map((part) => part.trim()).filter((part) => part !== "");
}

function endOfQuote(text: string, start: number): number {
  const quote = text[start]!;
  for (let i = start + 1; i < text.length; i++) {
    if (text[i] === "\\" && quote !== "`") i++;
    else if (text[i] === quote) {
      if (text[i + 1] === quote) i++;
      else return i + 1;
    }
  }
  return text.length;
}
