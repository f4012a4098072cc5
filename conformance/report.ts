/** What the runner prints. It must not run anything. */
import { show } from "./compare.js";
import { DATABASES, type DatabaseName, type Json } from "./format.js";
import type { AppReport, Replayed } from "./run-app.js";

interface Sum {
  passed: number;
  failed: number;
  unsupported: number;
  moreQueries: number;
}

/** Passed, failed, unsupported, and cases that took more statements than Django. */
export function sum(cases: readonly Replayed[]): Readonly<Sum> {
  const out: Sum = { passed: 0, failed: 0, unsupported: 0, moreQueries: 0 };
  for (const { outcome } of cases) {
    out[outcome.status]++;
    if (
      outcome.queries !== undefined &&
      outcome.expectedQueries !== undefined &&
      outcome.queries > outcome.expectedQueries
    )
      out.moreQueries++;
  }
  return out;
}

/** One line per app: for each database passed/all, and what is behind the rest. */
export function table(reports: readonly AppReport[], databases: readonly DatabaseName[]): string {
  const apps = [...new Set(reports.map((report) => report.app))];
  const rows = [["app", ...databases.flatMap((name) => [name, "failed", "unsupported", "more queries", "s"])]];
  for (const app of apps)
    rows.push([
      app,
      ...databases.flatMap((name) => cells(reports.filter((r) => r.app === app && r.database === name))),
    ]);
  rows.push(["all", ...databases.flatMap((name) => cells(reports.filter((r) => r.database === name)))]);
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? "").length)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)))
        .join("  "),
    )
    .join("\n");
}

function cells(reports: readonly AppReport[]): string[] {
  const cases = reports.flatMap((report) => report.cases);
  if (cases.length === 0) return ["-", "", "", "", ""];
  const { passed, failed, unsupported, moreQueries } = sum(cases);
  const blank = (n: number): string => (n === 0 ? "" : String(n));
  const seconds = reports.reduce((total, report) => total + report.seconds, 0);
  return [`${passed}/${cases.length}`, blank(failed), blank(unsupported), blank(moreQueries), seconds.toFixed(1)];
}

/** How often babik did what Django refuses on that database; empty where it never did. */
export function beyondLine(reports: readonly AppReport[], databases: readonly DatabaseName[]): string {
  const parts = DATABASES.filter((name) => databases.includes(name)).map((name) => {
    const cases = reports.filter((report) => report.database === name).flatMap((report) => report.cases);
    return [name, cases.filter(({ outcome }) => outcome.beyond === true).length] as const;
  });
  if (parts.every(([, n]) => n === 0)) return "";
  const counts = parts.map(([name, n]) => `${name} ${n}`).join(", ");
  return `passed with another database's result, where Django refuses the operation: ${counts}`;
}

/** The last line: `conformance: sqlite P/N postgres P/N mariadb P/N`. */
export function lastLine(reports: readonly AppReport[], databases: readonly DatabaseName[]): string {
  const parts = DATABASES.filter((name) => databases.includes(name)).map((name) => {
    const cases = reports.filter((report) => report.database === name).flatMap((report) => report.cases);
    return `${name} ${sum(cases).passed}/${cases.length}`;
  });
  return `conformance: ${parts.join(" ")}`;
}

/** Everything about a case that did not pass. */
export function details(report: AppReport, { spec, outcome }: Replayed): string {
  const { root, chain, op, env } = spec;
  const lines = [
    `--- ${spec.id} [${report.database}] ${spec.test}: ${outcome.status}`,
    `    ${outcome.message ?? ""}`,
    `    root     ${show(root as Json, 1500)}`,
    ...(chain.length === 0 ? [] : [`    chain    ${show(chain as unknown as Json, 3000)}`]),
    `    op       ${show(op as unknown as Json, 2000)}`,
    ...(env === undefined ? [] : [`    env      ${show(env as unknown as Json)}`]),
    `    expected ${show(spec.result, 1500)}`,
    ...(outcome.got === undefined ? [] : [`    got      ${show(outcome.got, 1500)}`]),
    ...(outcome.statements ?? []).map((sql) => `    sql      ${sql.slice(0, 1500)}`),
    ...(outcome.stack === undefined ? [] : [outcome.stack.replace(/^/gm, "    ")]),
  ];
  return lines.join("\n");
}

/** A message without the names and numbers that make each one different. */
export function normalise(message: string): string {
  return message
    .replace(/ Choices are: .*/, "")
    .replace(/\b[a-z]\w*\.[A-Z]\w*(?:\.\w+)?/g, "app.Model")
    .replace(/(cannot take|on|got) an? [A-Z]\w+/g, "$1 a …")
    .replace(/field on \w+/g, "field on …")
    .replace(/has no \w+\./, "has no ….")
    .replace(/"(?:[^"\\]|\\.)*"/g, '"…"')
    .replace(/'[^']*'/g, "'…'")
    .replace(/`[^`]*`/g, "`…`")
    .replace(/[[{].*[\]}…]/g, "{…}")
    .replace(/-?\d+(?:\.\d+)?/g, "N")
    .slice(0, 160);
}

/** Failures by normalised message, most frequent first, each with two examples. */
export function groups(reports: readonly AppReport[]): string {
  const byMessage = new Map<string, { count: number; apps: Set<string>; examples: string[] }>();
  for (const report of reports)
    for (const { spec, outcome } of report.cases) {
      if (outcome.status === "passed") continue;
      const key = normalise(outcome.message ?? outcome.status);
      const group = byMessage.get(key) ?? { count: 0, apps: new Set(), examples: [] };
      byMessage.set(key, group);
      group.count++;
      group.apps.add(report.app);
      if (group.examples.length < 2)
        group.examples.push(`${report.app}/${spec.id}: ${(outcome.message ?? "").slice(0, 200)}`);
    }
  return [...byMessage]
    .sort((a, b) => b[1].count - a[1].count)
    .map(
      ([key, { count, apps, examples }]) =>
        `${String(count).padStart(5)}  ${key}\n       in ${[...apps].slice(0, 8).join(", ")}${apps.size > 8 ? ", …" : ""}\n       ${examples.join("\n       ")}`,
    )
    .join("\n");
}
