/** The TypeScript of a technique as it stands in the files of the tour, found by its title. */
import { existsSync, readdirSync, readFileSync } from "node:fs";

// Beside the compiled program lies the checkout it was built in.
const folder = new URL("../../demo/", import.meta.url);
const files = existsSync(folder) ? readdirSync(folder).filter((file) => file.startsWith("tour-")) : [];
const tour = files.map((file) => readFileSync(new URL(file, folder), "utf8")).join("\n");

/** The code of a technique: an expression, or the statements of a block. Without the files, what the compiler made of it. */
export function sourceOf(title: string, code: () => unknown): string {
  const at = tour.indexOf(JSON.stringify(title));
  const text = at < 0 ? code.toString() : argumentAt(at + JSON.stringify(title).length + 1);
  return dedent(
    text
      .trim()
      .replace(/^(async )?\(\) =>\s*/, "")
      .replace(/^\{\n|\n\s*\}$/g, ""),
  );
}

/** The text up to the comma or bracket that ends an argument. */
function argumentAt(start: number): string {
  let depth = 0;
  for (let i = start; i < tour.length; i++) {
    const char = tour[i]!;
    if (char === '"' || char === "`") i = tour.indexOf(char, i + 1);
    else if (tour.startsWith("//", i)) i = tour.indexOf("\n", i);
    else if ("([{".includes(char)) depth++;
    else if (")]}".includes(char) && depth-- === 0) return tour.slice(start, i);
    else if (char === "," && depth === 0) return tour.slice(start, i);
  }
  return tour.slice(start);
}

function dedent(text: string): string {
  const indentOf = (line: string): number => line.length - line.trimStart().length;
  const [first = "", ...rest] = text.split("\n");
  const block = /^\s/.test(first);
  const margin = Math.min(...(block ? [first, ...rest] : rest).filter((line) => line !== "").map(indentOf));
  // Below an expression, what belongs to it stays a step to the right unless it closes a bracket.
  const step =
    block || rest.at(-1)?.trimStart().startsWith(")") === true || rest.at(-1)?.trimStart().startsWith("}") === true
      ? ""
      : "  ";
  return [first.trimStart(), ...rest.map((line) => step + line.slice(margin))].join("\n");
}
