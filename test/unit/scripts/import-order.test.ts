/** The import-order script, run as `npm test` runs it, on small trees made for the occasion. */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";

const script = join(import.meta.dirname, "../../../scripts/import-order.mjs");
const made: string[] = [];

afterEach(() => {
  for (const folder of made.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function run(files: Record<string, string>): { status: number | null; output: string } {
  const root = mkdtempSync(join(tmpdir(), "babik-import-order-"));
  made.push(root);
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), text);
  }
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, root], { encoding: "utf8" });
  return { status, output: stdout + stderr };
}

describe("the import-order script", () => {
  test("accepts imports from earlier folders and from the same folder", () => {
    const { status, output } = run({
      "base/errors.ts": "export class E {}\n",
      "ast/expr.ts": 'import type { E } from "../base/errors.js";\nimport { walk } from "./walk.js";\n',
      "ast/walk.ts": 'import "node:util";\nexport const walk = 1;\n',
      "sql/select.ts": 'import { walk } from "../ast/walk.js";\n',
      "index.ts": 'export * from "./sql/select.js";\nexport {} from "./testing.js";\n',
      "testing.ts": "export {};\n",
    });
    expect(output).toContain("in order, no loops");
    expect(status).toBe(0);
  });

  test("refuses an import of a later folder, and tells where it stands", () => {
    const { status, output } = run({
      "ast/expr.ts": 'import { x } from "../base/x.js";\n\nimport {\n  q,\n} from "../query/q.js";\n',
      "base/x.ts": "export const x = 1;\n",
      "query/q.ts": "export const q = 1;\n",
    });
    expect(status).toBe(1);
    expect(output).toContain("ast/expr.ts:5: 'ast' imports '../query/q.js', but 'query' comes after 'ast'");
    expect(output).toContain("1 fault(s)");
  });

  test.each([
    ["import type", 'import type { Q } from "../query/q.js";'],
    ["an inline type", 'export type T = import("../query/q.js").Q;'],
    ["export from", 'export type { Q } from "../query/q.js";'],
    ["a dynamic import", 'export const load = () => import("../query/q.js");'],
    ["a side effect import", 'import "../query/q.js";'],
  ])("counts %s in the wrong direction", (_what, text) => {
    const { status, output } = run({ "fields/f.ts": `${text}\n`, "query/q.ts": "export type Q = 1;\n" });
    expect(output).toContain("fields/f.ts:1: 'fields' imports '../query/q.js'");
    expect(status).toBe(1);
  });

  test("refuses a loop of files inside one folder, even of types only", () => {
    const { status, output } = run({
      "orm/a.ts": 'import type { B } from "./b.js";\nexport type A = B;\n',
      "orm/b.ts": 'import type { C } from "./c.js";\nexport type B = C;\n',
      "orm/c.ts": 'import type { A } from "./a.js";\nexport type C = A;\n',
    });
    expect(status).toBe(1);
    expect(output).toContain("import loop: orm/a.ts -> orm/b.ts -> orm/c.ts -> orm/a.ts");
  });

  test("lets sql import nothing but base and ast", () => {
    const { status, output } = run({
      "sql/select.ts": 'import { f } from "../fields/f.js";\n',
      "fields/f.ts": "export const f = 1;\n",
    });
    expect(status).toBe(1);
    expect(output).toContain("'sql' may import only base, ast, sql");
  });

  test("refuses the package's own name inside src, and folders that have no rank", () => {
    const { status, output } = run({ "orm/a.ts": 'import { x } from "babik";\n', "extras/b.ts": "export {};\n" });
    expect(status).toBe(1);
    expect(output).toContain("orm/a.ts:1: imports 'babik'");
    expect(output).toContain("extras/b.ts: 'extras' has no place in the import order");
  });

  test("takes no notice of imports in comments", () => {
    const { status } = run({
      "ast/a.ts": '/**\n * import { q } from "../query/q.js";\n */\n// import "../query/q.js";\nexport {};\n',
      "query/q.ts": "export {};\n",
    });
    expect(status).toBe(0);
  });
});
