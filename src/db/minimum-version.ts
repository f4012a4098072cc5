/** The oldest version of each database that babik speaks to. It must not know connections. */
import type { DialectInfo } from "../ast/seams.js";
import { NotSupportedError } from "../base/errors.js";
import { atLeast } from "./dialects.js";

const oldest: Readonly<Record<string, readonly number[]>> = {
  SQLite: [3, 35],
  PostgreSQL: [13],
  MariaDB: [10, 6],
  MySQL: [8, 0, 11],
};

/**
 * Refuses a database that is older than babik knows: its statements would fail one by one, or mean something else.
 * A version that is no number (a server of another make) is let pass.
 * @throws NotSupportedError `database.version`
 */
export function refuseOld({ name, isMariaDb, version }: DialectInfo): void {
  const product = name === "sqlite" ? "SQLite" : name === "postgres" ? "PostgreSQL" : isMariaDb ? "MariaDB" : "MySQL";
  const wanted = oldest[product]!;
  if (version.length === 0 || atLeast(version, ...wanted)) return;
  throw new NotSupportedError(
    `babik works with ${product} ${wanted.join(".")} or newer; this one is ${version.join(".")}.`,
    "database.version",
  );
}
