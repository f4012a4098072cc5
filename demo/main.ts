/**
 * An atlas of the real world, built and toured with babik: `npm run demo`, or `npm run demo -- --db postgres://…`.
 * Without `--db` it lives in an embedded SQLite file. The tables of the atlas are made anew each time.
 */
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { BabikError, ProgrammingError } from "babik";
import { loadAtlas } from "./load.js";
import { City } from "./models.js";
import { openAtlas } from "./orm.js";
import { summary } from "./show.js";
import { tourOfQueries } from "./tour-queries.js";
import { tourOfRelations } from "./tour-relations.js";
import { tourOfSql } from "./tour-sql.js";

const { values } = parseArgs({
  options: { db: { type: "string" }, help: { type: "boolean", short: "h" } },
});
if (values.help === true) {
  console.log("npm run demo [-- --db <sqlite:…, postgres:… or mariadb:… URL>]");
  process.exit(0);
}

try {
  await main(values.db);
} catch (error) {
  // What babik says is meant for people; anything else is a mistake of the demo.
  if (!(error instanceof BabikError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}

async function main(db: string | undefined): Promise<void> {
  const file = fileURLToPath(new URL("../atlas.sqlite3", import.meta.url));
  await using orm = openAtlas(db ?? `sqlite:${file}`);
  const { name, version, isMariaDb } = await orm.connection().ready();
  console.log(
    `The atlas is built in ${isMariaDb ? "mariadb" : name} ${version.join(".")}${db === undefined ? `, in ${file}` : ""}.\n`,
  );

  if (await wasBuilt()) await orm.dropTables();
  await orm.createTables();
  await loadAtlas();

  await tourOfQueries();
  await tourOfRelations();
  await tourOfSql(orm);
  summary();
}

/** Whether the tables of an earlier run are there. */
async function wasBuilt(): Promise<boolean> {
  try {
    await City.objects.exists();
    return true;
  } catch (error) {
    if (error instanceof ProgrammingError) return false;
    throw error;
  }
}
