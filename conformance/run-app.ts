/**
 * Replays all cases of one app on one database: builds the models, registers them, creates their tables once, and runs
 * the cases in the order of their states so that as little as possible is rewritten between them.
 */
import { MissingApi, type Babik, type Orm } from "./babik-api.js";
import type { Scope } from "./decode.js";
import { resultsElsewhere } from "./elsewhere.js";
import { firstLine } from "./errors.js";
import { BACKEND, type AppSpec, type CaseSpec, type DatabaseName, type Json, type ModelSpec } from "./format.js";
import { UndescribedModel, buildModels, isFor, withThroughModels } from "./models.js";
import { Names, tableName } from "./names.js";
import { runCase, type Bench, type CaseOutcome } from "./run-case.js";
import { ALIASES, type ServerDatabases } from "./servers.js";
import { States } from "./state.js";
import { quote, tableInfo, type TableInfo } from "./tables.js";
import type { TemporalLike } from "./values.js";

/** A case and how it went. */
export interface Replayed {
  readonly spec: CaseSpec;
  readonly outcome: CaseOutcome;
}

/** How an app went on one database. */
export interface AppReport {
  readonly app: string;
  readonly database: DatabaseName;
  readonly cases: readonly Replayed[];
  /** Models or tables that could not be made, and why. */
  readonly notes: readonly string[];
  readonly seconds: number;
}

/** Picks the cases to run. */
export type Wanted = (spec: CaseSpec) => boolean;

/** Replays an app. A set-up that fails, fails every case with its message. */
export async function runApp(
  app: AppSpec,
  database: DatabaseName,
  babik: Babik,
  servers: ServerDatabases,
  wanted: Wanted,
): Promise<AppReport> {
  const began = performance.now();
  const cases = app.cases.filter((spec) => spec.backends.includes(BACKEND[database]) && wanted(spec));
  const notes: string[] = [];
  let replayed: Replayed[];
  try {
    replayed = cases.length === 0 ? [] : await replay(app, cases, database, babik, servers, notes);
  } catch (error) {
    const stack = error instanceof Error ? error.stack?.split("\n").slice(0, 9).join("\n") : undefined;
    const outcome: CaseOutcome = {
      status: "failed",
      message: `set-up: ${firstLine(error)}`,
      ...(stack === undefined ? {} : { stack }),
    };
    replayed = cases.map((spec) => ({ spec, outcome }));
  }
  return { app: app.app, database, cases: replayed, notes, seconds: (performance.now() - began) / 1000 };
}

async function replay(
  app: AppSpec,
  cases: readonly CaseSpec[],
  database: DatabaseName,
  babik: Babik,
  servers: ServerDatabases,
  notes: string[],
): Promise<Replayed[]> {
  const names = new Names(app);
  const classes = new Map<string, unknown>();
  const failures = new Map<string, unknown>();
  const scope: Scope = {
    babik,
    names,
    env: {},
    temporal: babik.get("Temporal") as TemporalLike,
    // One moment for rows and arguments, so that a key made of it can be found; to the millisecond, which all columns keep.
    now: (babik.get("Temporal") as TemporalLike).Instant.from(new Date().toISOString()),
    fetched: new Map(),
    toAttrs: new Set(),
    database,
    model(label) {
      const model = classes.get(label);
      if (model !== undefined) return model;
      const why = failures.get(label);
      throw why instanceof Error ? why : new MissingApi(`model ${label}`);
    },
  };
  const built = buildModels(app, database, scope);
  for (const [label, error] of built.failures) {
    failures.set(label, error);
    if (!(error instanceof UndescribedModel)) notes.push(`${label}: ${firstLine(error)}`);
  }
  const aliases = usesOther(app) ? ALIASES : ["default"];
  const urls = await servers.urls(database, aliases);
  const orm = babik.orm(urls, built.apps);
  try {
    for (const [label, model] of withThroughModels(app, built)) classes.set(label, model);
    for (const alias of aliases) await prepare(alias, database, app, orm);
    const infos = await createTables(app, classes, orm, aliases, database, servers, notes);
    const states = new States(app, orm, database, infos, aliases);
    await states.start();
    const bench: Bench = { database, orm, scope, states, elsewhere: resultsElsewhere(app) };
    const out: Replayed[] = [];
    for (const spec of inOrder(cases)) out.push({ spec, outcome: await runCase(spec, bench) });
    return out;
  } finally {
    await orm.close();
  }
}

/** Cases by state, so that neighbours share most of their rows; those that write without a transaction last. */
function inOrder(cases: readonly CaseSpec[]): CaseSpec[] {
  const first = new Map<string | null, number>();
  cases.forEach((spec, index) => {
    if (!first.has(spec.state)) first.set(spec.state, index);
  });
  const rank = (spec: CaseSpec): number =>
    spec.env?.autocommit === true ? cases.length : (first.get(spec.state) ?? 0);
  return [...cases].sort((a, b) => rank(a) - rank(b));
}

function usesOther(app: AppSpec): boolean {
  if (Object.values(app.states).some((state) => Object.hasOwn(state, "other"))) return true;
  const text = JSON.stringify(app.cases as unknown as Json);
  return text.includes('["using",["other"]') || text.includes('"db":"other"') || text.includes('"using":"other"');
}

const EXTENSIONS = ["btree_gin", "btree_gist", "citext", "hstore", "pg_trgm", "unaccent"];

async function prepare(alias: string, database: DatabaseName, app: AppSpec, orm: Orm): Promise<void> {
  await orm.open(alias);
  if (database !== "postgres") return;
  await orm.rows(alias, "SET synchronous_commit = off");
  if (app.app === "postgres_tests")
    for (const name of EXTENSIONS) await orm.rows(alias, `CREATE EXTENSION IF NOT EXISTS ${name}`);
}

/** Creates the tables and tells where recorded models are stored. Tables that cannot be made are noted and left out. */
async function createTables(
  app: AppSpec,
  classes: ReadonlyMap<string, unknown>,
  orm: Orm,
  aliases: readonly string[],
  database: DatabaseName,
  servers: ServerDatabases,
  notes: string[],
): Promise<Map<string, TableInfo>> {
  const infos = new Map<string, TableInfo>();
  const owners = new Map<string, ModelSpec>();
  for (const spec of Object.values(app.models)) {
    const model = classes.get(spec.label);
    if (model === undefined || spec.proxy === true || !isFor(spec, database)) continue;
    try {
      infos.set(spec.label, tableInfo(spec, model, orm.dialect("default")));
    } catch (error) {
      notes.push(`${spec.label}: ${firstLine(error)}`);
    }
    if (spec.managed !== false && spec.auto_created === undefined && !owners.has(spec.db_table))
      owners.set(spec.db_table, spec);
  }
  const specs = [...owners.values()];
  for (const alias of aliases) {
    const stale = [...allTables(app)].filter((table) => servers.isStale(database, alias, table));
    for (const table of stale) await dropTable(orm, alias, database, table);
    try {
      await orm.createTables(
        alias,
        specs.map((spec) => classes.get(spec.label)),
      );
    } catch {
      for (const spec of await oneByOne(app, specs, classes, orm, alias, database, notes))
        for (const label of [spec.label, ...spec.fields.map((field) => field.through ?? "")]) infos.delete(label);
    }
  }
  return infos;
}

/** Creates tables singly, as long as some can be made: foreign keys may want others first. Gives what could not be made. */
async function oneByOne(
  app: AppSpec,
  specs: readonly ModelSpec[],
  classes: ReadonlyMap<string, unknown>,
  orm: Orm,
  alias: string,
  database: DatabaseName,
  notes: string[],
): Promise<readonly ModelSpec[]> {
  for (const table of allTables(app)) await dropTable(orm, alias, database, table);
  let left = specs;
  for (;;) {
    const failed: { readonly spec: ModelSpec; readonly error: unknown }[] = [];
    for (const spec of left) {
      try {
        await orm.createTables(alias, [classes.get(spec.label)]);
      } catch (error) {
        failed.push({ spec, error });
        for (const table of tablesOf(spec, app)) await dropTable(orm, alias, database, table);
      }
    }
    if (failed.length === left.length || failed.length === 0) {
      const circle = await withoutOne(failed, (models) => orm.createTables(alias, models), classes);
      if (circle !== undefined) failed.splice(0, failed.length, ...circle);
      for (const { spec, error } of failed) notes.push(`${spec.label} on ${alias}: ${firstLine(error)}`);
      return failed.map(({ spec }) => spec);
    }
    left = failed.map(({ spec }) => spec);
  }
}

/** Tables that refer to each other can only be made together: all that are left, or all but one of them. */
async function withoutOne<F extends { readonly spec: ModelSpec }>(
  failed: readonly F[],
  create: (models: readonly unknown[]) => Promise<void>,
  classes: ReadonlyMap<string, unknown>,
): Promise<readonly F[] | undefined> {
  if (failed.length < 2) return undefined;
  for (const out of [undefined, ...failed]) {
    try {
      await create(failed.filter((item) => item !== out).map(({ spec }) => classes.get(spec.label)));
      return out === undefined ? [] : [out];
    } catch {
      // The next try leaves another one out.
    }
  }
  return undefined;
}

/** The table of a model, after those of the pairs of its many-to-many fields. */
function tablesOf(spec: ModelSpec, app: AppSpec): string[] {
  const through = spec.fields.map((field) =>
    field.through_auto_created === true ? app.models[field.through ?? ""]?.db_table : undefined,
  );
  return [...through.filter((table) => table !== undefined), spec.db_table].map(tableName);
}

function allTables(app: AppSpec): Set<string> {
  return new Set(Object.values(app.models).flatMap((spec) => (spec.proxy === true ? [] : tablesOf(spec, app))));
}

async function dropTable(orm: Orm, alias: string, database: DatabaseName, table: string): Promise<void> {
  const drop = `DROP TABLE IF EXISTS ${quote(table, database)}${database === "postgres" ? " CASCADE" : ""}`;
  // A setting of the session lasts as long as the connection is kept: the three go together.
  if (database === "mariadb")
    await orm.script(alias, `SET FOREIGN_KEY_CHECKS = 0; ${drop}; SET FOREIGN_KEY_CHECKS = 1`);
  else await orm.rows(alias, drop);
}
