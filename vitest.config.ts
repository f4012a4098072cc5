/**
 * The test rings that need Vitest. `sqlite`, `postgres` and `mariadb` run the very same files, each on its own database;
 * the servers' addresses come from the environment (scripts/test.mjs finds or starts servers and sets them).
 */
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const source = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

const shared = {
  resolve: {
    alias: [
      { find: /^babik\/testing$/, replacement: source("./src/testing.ts") },
      { find: /^babik$/, replacement: source("./src/index.ts") },
    ],
  },
  oxc: { target: "es2023" },
};

/**
 * Loading babik takes longer than most files, so the files of a thread share it, as they share what is known to the process:
 * each has its own models and database, closes its orms, and disconnects its receivers.
 */
const together = { pool: "threads", isolate: false, expect: { requireAssertions: true } } as const;

function behaviour(name: string, url: string) {
  return {
    ...shared,
    test: {
      ...together,
      name,
      include: ["test/behaviour/**/*.test.ts"],
      env: { BABIK_TEST_DB: name, BABIK_TEST_URL: url },
      globalSetup: ["./test/support/sweep.ts"],
      setupFiles: ["./test/support/closed.ts"],
      testTimeout: 20_000,
      hookTimeout: 60_000,
    },
  };
}

export default defineConfig({
  test: {
    passWithNoTests: true,
    projects: [
      {
        ...shared,
        test: { ...together, name: "unit", include: ["test/unit/**/*.test.ts"] },
      },
      behaviour("sqlite", "sqlite::memory:"),
      behaviour("postgres", process.env["BABIK_POSTGRES_URL"] ?? "postgres://postgres@127.0.0.1:5432/postgres"),
      behaviour("mariadb", process.env["BABIK_MARIADB_URL"] ?? "mariadb://root@127.0.0.1:3306/mysql"),
    ],
  },
});
