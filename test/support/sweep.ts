/** Names a run, and at its end removes the databases that test files of this run left on a server. */
import { randomBytes } from "node:crypto";
import type { TestProject } from "vitest/node";
import { dropDatabases, runPrefix } from "./database.js";

export default function setup(project: TestProject): () => Promise<void> {
  process.env["BABIK_TEST_RUN"] ??= randomBytes(4).toString("hex");
  const { BABIK_TEST_DB: kind, BABIK_TEST_URL: url } = project.config.env as Record<string, string | undefined>;
  return async () => {
    if ((kind !== "postgres" && kind !== "mariadb") || url === undefined) return;
    const left = await dropDatabases(kind, url, runPrefix());
    if (left.length > 0) console.warn(`${kind}: dropped ${left.length} database(s) that test files left behind`);
  };
}
