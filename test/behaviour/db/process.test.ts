/**
 * Programs of their own: they end by themselves when their work is done, idle connections or not, and closing leaves nothing
 * open. The library is bundled for them, as a user's program would have it.
 */
import { execFile } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { build } from "vite";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestDatabase, testKind } from "../../support/database.js";

const root = new URL("../../../", import.meta.url);
const folder = fileURLToPath(new URL(`.reports/programs-${testKind}-${process.pid}/`, root));
const database = await createTestDatabase({ file: true });
const run = promisify(execFile);

beforeAll(async () => {
  mkdirSync(folder, { recursive: true });
  await build({
    configFile: false,
    logLevel: "silent",
    root: folder,
    build: {
      ssr: fileURLToPath(new URL("src/index.ts", root)),
      outDir: `${folder}babik`,
      minify: false,
      rolldownOptions: { output: { entryFileNames: "index.mjs" } },
    },
  });
});
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await database.drop();
});

/** Runs a program that has `orm`, `Item` and `db`; gives what it printed. It is killed when it does not end in time. */
async function program(body: string): Promise<string> {
  const file = `${folder}${Math.abs(hash(body))}.mjs`;
  writeFileSync(
    file,
    `import { babik, model, CharField } from "./babik/index.mjs";
const Item = model("Item", { name: CharField({ maxLength: 50 }) });
const orm = babik({ databases: { default: ${JSON.stringify(database.url)} }, apps: { shop: { Item } } });
const db = orm.connection();
${body}
`,
  );
  const { stdout, stderr } = await run(
    process.execPath,
    ["--unhandled-rejections=strict", "--expose-gc", "--no-warnings", file],
    { timeout: 15_000 },
  );
  expect(stderr.replaceAll(/^.*(?:ExperimentalWarning|--trace-warnings).*$/gm, "").trim()).toBe("");
  return stdout.trim();
}
function hash(text: string): number {
  let out = 7;
  for (const char of text) out = (out * 31 + char.codePointAt(0)!) | 0;
  return out;
}

test("a program ends when its work is done, though its connections are idle in the pool", async () => {
  expect(
    await program(`await orm.createTables();
await orm.atomic(() => Item.objects.create({ name: "a" }));
await Promise.all([1, 2, 3].map(() => Item.objects.count()));
console.log(await Item.objects.count());
await orm.dropTables();`),
  ).toBe("1");
});

test("after close() nothing is open", async () => {
  const text = await program(`await db.ready();
await Promise.all([1, 2, 3].map(async () => db.run({ text: "SELECT 1", params: [] })));
for await (const _rows of db.stream({ text: "SELECT 1", params: [] })) break;
await orm.close();
await new Promise((resolve) => setTimeout(resolve, 20));
const open = process.getActiveResourcesInfo().filter((name) => !/^(?:TTYWrap|PipeWrap)$/.test(name));
console.log(JSON.stringify(open.filter((name) => name !== "Timeout")), typeof db.pool === "undefined" ? 0 : db.pool.size);
await Item.objects.count().catch((error) => console.log(error.code));`);
  expect(text.split("\n")).toEqual(["[] 0", "database.closed"]);
});

test("leaving a block of `await using` closes all", async () => {
  expect(
    await program(`const symbol = Symbol.asyncDispose;
await db.ready();
await orm[symbol]();
await orm[symbol]();
console.log("closed");`),
  ).toBe("closed");
});

test("a transaction that was rolled back by hand leaves nothing behind that keeps the program alive", async () => {
  expect(
    await program(`await orm.createTables();
const tx = await orm.begin();
await Item.objects.using(tx).create({ name: "lost" });
await tx.rollback();
await orm.dropTables();
console.log("done");`),
  ).toBe("done");
});

test("a transaction whose handle was lost is rolled back, and its connection serves others", async () => {
  const text = await program(`await orm.createTables();
process.on("warning", (warning) => console.log(warning.code));
await (async () => {
  const tx = await orm.begin();
  await Item.objects.using(tx).create({ name: "lost" });
})();
for (let i = 0; i < 200 && (db.inTransaction || db.pool === undefined || db.pool.holders.length > 0); i++) {
  gc();
  await new Promise((resolve) => setTimeout(resolve, 5));
  if (db.pool === undefined && i > 20) break;
}
console.log(await Item.objects.count());
await orm.dropTables();`);
  expect(text.split("\n")).toEqual(["BABIK_ABANDONED_TRANSACTION", "0"]);
});

test("work that is under way when close() is called is done before", async () => {
  expect(
    await program(`await db.ready();
const work = Promise.all(Array.from({ length: 20 }, async (_, i) => (await db.run({ text: "SELECT 1", params: [] })).rows.length));
await orm.close();
console.log((await work).length);`),
  ).toBe("20");
});
