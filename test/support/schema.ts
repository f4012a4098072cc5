/**
 * A database for tests of the schema editor, one for each file that asks: tables of models are made by `create` and dropped after each test.
 */
import { deepEqual } from "node:assert/strict";
import { afterAll, afterEach } from "vitest";
import { makeDriver, openDatabase } from "../../src/db/connections.js";
import { readSettings } from "../../src/db/urls.js";
import type { Field } from "../../src/fields/field.js";
import type { MetaOptions, ModelMeta } from "../../src/meta/options.js";
import { schemaEditorFor } from "../../src/schema/editor.js";
import { ddlDialectFor } from "../../src/sql/ddl.js";
import { testDatabase } from "./database.js";
import { metaOf } from "./models.js";

/** Call it at the top of the file. */
export async function schemaDatabase() {
  const { url } = await testDatabase();
  const database = openDatabase("default", makeDriver(readSettings(url)));
  const dialect = await database.ready();
  const { features } = dialect;
  const ddl = ddlDialectFor(dialect);
  const editor = schemaEditorFor(database);
  afterAll(() => database.close());

  let made: ModelMeta[] = [];
  /** Has models dropped after the test that were made by other means. */
  const note = (...metas: ModelMeta[]): void => void made.push(...metas);
  afterEach(async () => {
    await editor.deleteModels(made);
    made = [];
    deepEqual(await tables(), [], "tables were left behind");
  });

  /** Creates the tables of models; they are dropped after the test. */
  async function create(...metas: ModelMeta[]): Promise<void> {
    made.push(...metas);
    await editor.createModels(metas);
  }
  const run = async (text: string): Promise<unknown[][]> => (await database.run({ text, params: [] })).rows;
  const q = (name: string): string => (dialect.name === "mysql" ? `\`${name}\`` : `"${name}"`);
  async function tables(): Promise<unknown[]> {
    const text = {
      sqlite: "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name",
      postgres: "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename",
      mysql: "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE() ORDER BY table_name",
    }[dialect.name];
    return (await run(text)).map(([name]) => name);
  }
  async function indexes(table: string): Promise<unknown[]> {
    const text = {
      sqlite: `SELECT name FROM sqlite_master WHERE type = 'index' AND tbl_name = '${table}' ORDER BY name`,
      postgres: `SELECT indexname FROM pg_indexes WHERE tablename = '${table}' ORDER BY indexname`,
      mysql: `SELECT DISTINCT index_name FROM information_schema.statistics WHERE table_schema = DATABASE() AND table_name = '${table}' ORDER BY index_name`,
    }[dialect.name];
    return (await run(text)).map(([name]) => name);
  }
  const insert = (table: string, values: Record<string, string>): Promise<unknown[][]> =>
    run(
      `INSERT INTO ${q(table)} (${Object.keys(values).map(q).join(", ")}) VALUES (${Object.values(values).join(", ")})`,
    );
  const product = (fields: Record<string, Field>, options: MetaOptions = {}): ModelMeta => metaOf(fields, options);
  return { create, database, ddl, dialect, editor, features, indexes, insert, note, product, q, run, tables };
}
