/**
 * Foreign keys that are looked at later, or by hand: loading rows in any order, and finding those that refer to nothing. Keys of rows are
 * named in messages, what they refer to is not. It must not know models.
 */
import type { DialectInfo } from "../ast/seams.js";
import { IntegrityError, ProgrammingError, ValueError } from "../base/errors.js";
import { type Block, currentBlock, type Root, type TransactionHost } from "./block.js";
import type { MaybePromise, RunResult, Statement } from "./driver.js";
import { runUnchecked } from "./transaction.js";

/** What is needed of a database. */
export interface CheckedDatabase {
  readonly alias: string;
  readonly dialect: DialectInfo;
  run(statement: Statement): MaybePromise<RunResult>;
}

/** Runs `fn` while foreign keys are not looked at; see `Database.constraintChecksDisabled`. */
export async function constraintChecksDisabled<T>(host: TransactionHost, fn: () => T | Promise<T>): Promise<T> {
  if (typeof fn !== "function")
    throw new ValueError(
      "constraintChecksDisabled() takes the function that is to be run meanwhile.",
      "transaction.function",
    );
  const block = currentBlock(host);
  if (block === undefined) return runUnchecked(host, fn);
  block.check();
  const { root } = block;
  if (root.unchecked) return fn();
  const { name } = root.connection.dialect;
  if (name !== "mysql") {
    // Until the commit: a transaction that is open already cannot do without.
    const text = name === "sqlite" ? "PRAGMA defer_foreign_keys = ON" : "SET CONSTRAINTS ALL DEFERRED";
    await block.run((connection) => connection.run({ text, params: [] }));
    return fn();
  }
  await block.run((connection) => connection.run({ text: "SET SESSION foreign_key_checks = 0", params: [] }));
  root.unchecked = true;
  try {
    return await fn();
  } finally {
    root.unchecked = false;
    await checkAgain(block, root);
  }
}
// Also where the block is broken by now. Should it fail, the session was changed and is not given to others as it is.
async function checkAgain(block: Block, root: Root): Promise<void> {
  if (!root.connection.usable) return;
  await block.enter();
  try {
    await root.connection.run({ text: "SET SESSION foreign_key_checks = 1", params: [] });
  } finally {
    block.gate.leave();
  }
}

const quoted = (db: CheckedDatabase, name: string): string =>
  db.dialect.name === "mysql" ? `\`${name.replaceAll("`", "``")}\`` : `"${name.replaceAll('"', '""')}"`;
async function rowsOf(db: CheckedDatabase, text: string, params: readonly string[] = []): Promise<unknown[][]> {
  return (await db.run({ text, params })).rows;
}

/** Looks for rows that refer to nothing; see `Database.checkConstraints`. */
export async function checkConstraints(db: CheckedDatabase, tables: readonly string[] | undefined): Promise<void> {
  if (tables !== undefined && (!Array.isArray(tables) || tables.some((t) => typeof t !== "string" || t === "")))
    throw new ValueError("checkConstraints() takes a list of names of tables.", "constraints.tables");
  if (db.dialect.name === "postgres") {
    await db.run({ text: "SET CONSTRAINTS ALL IMMEDIATE", params: [] });
    await db.run({ text: "SET CONSTRAINTS ALL DEFERRED", params: [] });
    return;
  }
  if (db.dialect.name === "sqlite") return checkSqlite(db, tables);
  return checkMaria(db, tables);
}

async function checkSqlite(db: CheckedDatabase, tables: readonly string[] | undefined): Promise<void> {
  for (const table of tables ?? [undefined]) {
    const text = table === undefined ? "PRAGMA foreign_key_check" : `PRAGMA foreign_key_check(${quoted(db, table)})`;
    const broken = await rowsOf(db, text);
    if (broken.length === 0) continue;
    const [name, key, parent, id] = broken[0] as [string, number | bigint | null, string, number | bigint];
    const list = await rowsOf(db, `PRAGMA foreign_key_list(${quoted(db, name)})`);
    const columns = list.filter((row) => Number(row[0]) === Number(id)).map((row) => String(row[3]));
    throw invalid({ table: name, key: key === null ? undefined : String(key), columns, parent });
  }
}

interface ForeignKey {
  readonly constraint: string;
  readonly table: string;
  readonly parentSchema: string;
  readonly parent: string;
  readonly pairs: { readonly column: string; readonly target: string }[];
}
async function checkMaria(db: CheckedDatabase, tables: readonly string[] | undefined): Promise<void> {
  const named = await rowsOf(
    db,
    `SELECT constraint_name, table_name, referenced_table_schema, referenced_table_name, column_name, referenced_column_name
     FROM information_schema.key_column_usage
     WHERE table_schema = database() AND referenced_table_name IS NOT NULL
     ORDER BY table_name, constraint_name, ordinal_position`,
  );
  if (tables !== undefined) await knownTables(db, tables);
  const keys = new Map<string, ForeignKey>();
  for (const [constraint, table, parentSchema, parent, column, target] of named.map((row) => row.map(String))) {
    if (tables !== undefined && !tables.includes(table!)) continue;
    const at = JSON.stringify([table, constraint]);
    let key = keys.get(at);
    if (key === undefined)
      keys.set(
        at,
        (key = { constraint: constraint!, table: table!, parentSchema: parentSchema!, parent: parent!, pairs: [] }),
      );
    key.pairs.push({ column: column!, target: target! });
  }
  for (const key of keys.values()) await checkKey(db, key);
}
async function checkKey(db: CheckedDatabase, key: ForeignKey): Promise<void> {
  const q = (name: string): string => quoted(db, name);
  const primary = await rowsOf(
    db,
    "SELECT column_name FROM information_schema.key_column_usage WHERE table_schema = database() AND table_name = ? AND constraint_name = 'PRIMARY' ORDER BY ordinal_position",
    [key.table],
  );
  const shown = primary.map(([column]) => `child.${q(String(column))}`);
  const equal = key.pairs.map((p) => `child.${q(p.column)} = parent.${q(p.target)}`).join(" AND ");
  const given = key.pairs.map((p) => `child.${q(p.column)} IS NOT NULL`).join(" AND ");
  const broken = await rowsOf(
    db,
    `SELECT ${shown.length === 0 ? "NULL" : shown.join(", ")} FROM ${q(key.table)} AS child
     LEFT JOIN ${q(key.parentSchema)}.${q(key.parent)} AS parent ON ${equal}
     WHERE ${given} AND parent.${q(key.pairs[0]!.target)} IS NULL LIMIT 1`,
  );
  if (broken.length === 0) return;
  throw invalid({
    table: key.table,
    key: shown.length === 0 ? undefined : broken[0]!.map(String).join(", "),
    columns: key.pairs.map((p) => p.column),
    parent: key.parent,
    constraint: key.constraint,
  });
}
async function knownTables(db: CheckedDatabase, tables: readonly string[]): Promise<void> {
  const known = await rowsOf(db, "SELECT table_name FROM information_schema.tables WHERE table_schema = database()");
  const missing = tables.find((t) => !known.some(([name]) => name === t));
  if (missing !== undefined)
    throw new ProgrammingError(
      `There is no table '${missing}' whose constraints could be checked.`,
      "database.no_table",
    );
}

function invalid(found: {
  readonly table: string;
  readonly key: string | undefined;
  readonly columns: readonly string[];
  readonly parent: string;
  readonly constraint?: string;
}): IntegrityError {
  const { table, key, columns, parent, constraint } = found;
  return new IntegrityError(
    `The row of '${table}'${key === undefined ? "" : ` with the key ${key}`} has an invalid foreign key${constraint === undefined ? "" : ` '${constraint}'`}: what ${columns.map((c) => `'${c}'`).join(", ")} refers to is not in '${parent}'.`,
    "integrity.foreign_key",
    { table, columns, ...(constraint === undefined ? {} : { constraint }) },
  );
}
