/**
 * The examples of the README and the guides are true: the code of a page runs as one program, and every line that ends in
 * `// => value` gives that value.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestDatabase, testKind } from "../support/database.js";

const root = new URL("../../", import.meta.url);
const folder = fileURLToPath(new URL(`.reports/docs-${testKind}-${process.pid}/`, root));
beforeAll(() => mkdirSync(folder, { recursive: true }));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const pages = [
  "README.md",
  "docs/models.md",
  "docs/queries.md",
  "docs/relations.md",
  "docs/signals.md",
  "docs/errors.md",
  "docs/writing.md",
  "docs/constraints-and-validation.md",
  "docs/pagination.md",
  "docs/instrumentation.md",
  "docs/testing.md",
  "docs/transactions.md",
  "docs/safety.md",
  "docs/connections.md",
];

test.each(pages)("%s", async (page) => {
  const { code, lines } = program(readFileSync(new URL(page, root), "utf8"));
  const file = `${folder}${page.replaceAll(/\W/g, "-")}.ts`;
  writeFileSync(file, code);
  const database = await createTestDatabase();
  const before = process.env["DATABASE_URL"];
  process.env["DATABASE_URL"] = database.url;
  try {
    const { results } = (await import(/* @vite-ignore */ file)) as {
      results: readonly (readonly [unknown, unknown])[];
    };
    expect(results).toHaveLength(lines);
    for (const [given, expected] of results) expect(plain(given)).toEqual(plain(expected));
  } finally {
    if (before === undefined) delete process.env["DATABASE_URL"];
    else process.env["DATABASE_URL"] = before;
    await database.drop();
  }
});

/** The `ts` blocks of a page as one module that gathers what its lines give, beside what they promise. */
function program(text: string): { readonly code: string; readonly lines: number } {
  const blocks = [...text.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, block]) => block!);
  let lines = 0;
  const code = blocks.join("\n").replaceAll(/^(.+); \/\/ => (.+)$/gm, (_all, given: string, expected: string) => {
    lines++;
    return `results.push([${given}, ${expected}]);`;
  });
  const orms = [...code.matchAll(/^const (\w+) = babik\(/gm)].map(([, name]) => `await ${name}.close();\n`);
  return { code: `export const results = [];\n${code}\n${orms.join("")}`, lines };
}

/** Decimals and dates as text, tuples as lists. */
function plain(value: unknown): unknown {
  return value === undefined ? undefined : JSON.parse(JSON.stringify(value));
}
