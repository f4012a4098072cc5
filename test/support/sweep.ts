/**
 * Names a run by this machine and process; at its end removes the databases that test files of this run left on a server,
 * and at its beginning those of runs that were killed.
 */
import { createHash } from "node:crypto";
import { hostname } from "node:os";
import type { TestProject } from "vitest/node";
import { dropDatabases } from "./database.js";

const machine = createHash("sha256").update(hostname()).digest("hex").slice(0, 8);

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  process.env["BABIK_TEST_RUN"] = `${machine}_${process.pid}`;
  const { BABIK_TEST_DB: kind, BABIK_TEST_URL: url } = project.config.env as Record<string, string | undefined>;
  if ((kind !== "postgres" && kind !== "mariadb") || url === undefined) return async () => {};
  await dropDatabases(kind, url, (name) => ofDeadRun(name));
  return async () => {
    const ours = new RegExp(`^babik_test_${machine}_${process.pid}_`);
    const left = await dropDatabases(kind, url, (name) => ours.test(name));
    if (left.length > 0) console.warn(`${kind}: dropped ${left.length} database(s) that test files left behind`);
  };
}

// Only processes of this machine can be asked whether they live.
function ofDeadRun(name: string): boolean {
  const [, run] = new RegExp(`^babik_test_${machine}_([0-9]+)_[0-9a-f]{12}$`).exec(name) ?? [];
  if (run === undefined) return false;
  try {
    process.kill(Number(run), 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ESRCH";
  }
}
