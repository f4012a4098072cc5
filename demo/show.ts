/** Shows one technique of the tour: its TypeScript, the SQL that babik sends for it, its first rows and its time. */
import { captureQueries } from "babik/testing";
import { sourceOf } from "./source.js";

const ROWS = 6;
const WIDTH = 110;

type Cell = string | number | boolean | null;
/** What a row shows, by column. */
export type Cells = Readonly<Record<string, Cell>>;

let number = 0;
const totals = { steps: 0, queries: 0, milliseconds: 0 };

/**
 * Runs a technique and shows it. Its code is printed as it stands in the file.
 * @param row what the table shows of a row; left out where the rows are shown as they are
 */
export async function technique<Q extends PromiseLike<unknown>>(
  title: string,
  code: () => Q,
  row?: (row: RowIn<Awaited<Q>>) => Cells,
): Promise<void> {
  const start = performance.now();
  const { result, queries } = await captureQueries(async () => await code());
  const milliseconds = performance.now() - start;
  const rows = (Array.isArray(result) ? result : [result]) as RowIn<Awaited<Q>>[];
  heading(title);
  print(sourceOf(title, code), "  ");
  const shown = queries.slice(0, 3).map(({ sql }) => sql);
  if (queries.length > 3) shown.push(`… and ${queries.length - 3} more`);
  for (const sql of shown) print(wrap(sql), dim("  │ "));
  table(rows.slice(0, ROWS).map((each) => (row === undefined ? cells(each) : row(each))));
  const counts = [
    ...(Array.isArray(result) ? [plural(rows.length, "row", "rows")] : []),
    plural(queries.length, "query", "queries"),
  ];
  console.log(dim(`  ${counts.join(", ")}, ${milliseconds.toFixed(1)} ms`));
  totals.steps++;
  totals.queries += queries.length;
  totals.milliseconds += milliseconds;
}
type RowIn<R> = R extends readonly (infer Row)[] ? Row : R;

function plural(n: number, one: string, many: string): string {
  return `${n.toLocaleString("en")} ${n === 1 ? one : many}`;
}

/** The last line of the tour. */
export function summary(): void {
  const { steps, queries, milliseconds } = totals;
  console.log(`\n${steps} techniques, ${queries} queries, ${(milliseconds / 1000).toFixed(2)} s.`);
}

function heading(title: string): void {
  console.log(`\n${bold(`${++number}. ${title}`)}`);
}

/** Rows that are objects or tuples show themselves, single values stand alone. */
function cells(row: unknown): Cells {
  if (typeof row !== "object" || row === null) return { "": cell(row) };
  const entries = Array.isArray(row) ? row.map((value, i) => [String(i), value] as const) : Object.entries(row);
  return Object.fromEntries(entries.map(([name, value]) => [name, cell(value)]));
}
function cell(value: unknown): Cell {
  return value === null || typeof value === "number" || typeof value === "boolean" ? value : String(value);
}

function table(rows: readonly Cells[]): void {
  const names = Object.keys(rows[0] ?? {});
  if (names.length === 0) return;
  const text = rows.map((row) => names.map((name) => format(row[name])));
  const widths = names.map((name, i) => Math.max(name.length, ...text.map((line) => line[i]!.length)));
  const line = (values: readonly string[], numeric: readonly boolean[]): string =>
    values.map((value, i) => (numeric[i] === true ? value.padStart(widths[i]!) : value.padEnd(widths[i]!))).join("  ");
  const numeric = names.map((name) => typeof rows[0]![name] === "number");
  if (names.some((name) => name !== "")) console.log(`  ${dim(line(names, numeric))}`);
  for (const values of text) console.log(`  ${line(values, numeric)}`.trimEnd());
}
function format(value: Cell | undefined): string {
  if (typeof value === "number") return value.toLocaleString("en", { maximumFractionDigits: 2 });
  return value === null || value === undefined ? "–" : String(value).split("\n")[0]!.slice(0, 100);
}

function wrap(text: string): string {
  const words = text.replaceAll(/\s+/g, " ").split(" ");
  const lines = [""];
  for (const word of words) {
    if (lines.at(-1) !== "" && lines.at(-1)!.length + word.length >= WIDTH) lines.push("");
    lines[lines.length - 1] += `${word} `;
  }
  return lines.slice(0, 8).join("\n") + (lines.length > 8 ? "…" : "");
}
function print(text: string, prefix: string): void {
  for (const line of text.split("\n")) console.log(`${prefix}${line.trimEnd()}`);
}
const styled = process.stdout.isTTY && process.env["NO_COLOR"] === undefined;
const bold = (text: string): string => (styled ? `\u001b[1m${text}\u001b[22m` : text);
const dim = (text: string): string => (styled ? `\u001b[2m${text}\u001b[22m` : text);
