/**
 * Tables as raw rows: where a recorded model is stored, and how its values are written to and read from the database
 * without the ORM. Encoding goes through babik's own fields. It must not know states or cases.
 */
import { metaOf, type FieldLike, type Orm } from "./babik-api.js";
import { decode, type Scope } from "./decode.js";
import { tableName } from "./names.js";
import { integer } from "./values.js";
import type { DatabaseName, FieldSpec, Json, ModelSpec, TableSpec } from "./format.js";

/** One column of a table and its field. */
export interface ColumnInfo {
  readonly attname: string;
  readonly spec: FieldSpec;
  readonly field: FieldLike;
  read(value: unknown): unknown;
}

/** The table of one recorded model. */
export interface TableInfo {
  readonly label: string;
  readonly name: string;
  /** By attname. */
  readonly columns: ReadonlyMap<string, ColumnInfo>;
  /** Column that the database numbers by itself. */
  readonly serial: string | undefined;
  /** A through table that babik made: its `id` is not compared. */
  readonly autoCreated: boolean;
}

/** Quotes a name in the way of the database. */
export function quote(name: string, database: DatabaseName): string {
  return database === "mariadb" ? `\`${name.replaceAll("`", "``")}\`` : `"${name.replaceAll('"', '""')}"`;
}

/** What stands in the database for the columns of a model. */
export function tableInfo(spec: ModelSpec, model: unknown, dialect: unknown): TableInfo {
  const fields = new Map<string, FieldLike>();
  for (const field of metaOf(model).localConcreteFields) if (field.column !== null) fields.set(field.column, field);
  const columns = new Map<string, ColumnInfo>();
  let serial: string | undefined;
  for (const field of spec.fields) {
    if (field.column === undefined || field.custom === true || field.type === "GeneratedField") continue;
    const ours = fields.get(field.column);
    if (ours === undefined) throw new Error(`${spec.label} has no column ${field.column} in babik.`);
    const read = ours.fromDb(dialect) ?? ((value: unknown) => value);
    const attname = field.attname ?? field.name;
    columns.set(attname, {
      attname,
      spec: field,
      field: ours,
      read: (v) => (v === null || v === undefined || isHuge(v, field) ? (v ?? null) : read(v)),
    });
    if (/AutoField$/.test(field.type)) serial = field.column;
  }
  return {
    label: spec.label,
    name: tableName(spec.db_table),
    columns,
    serial,
    autoCreated: spec.auto_created !== undefined,
  };
}

/** The recorded rows as parameters, with the names of the columns they belong to. */
export function encodeRows(
  table: TableSpec,
  info: TableInfo,
  scope: Scope,
  dialect: unknown,
): { columns: string[]; rows: unknown[][] } {
  const picked: { readonly index: number; readonly column: ColumnInfo }[] = [];
  table.columns.forEach((attname, index) => {
    const column = info.columns.get(attname);
    if (column !== undefined) picked.push({ index, column });
  });
  const rows = table.rows.map((row) =>
    picked.map(({ index, column }) => encode(row[index] ?? null, column, scope, dialect)),
  );
  return { columns: picked.map(({ column }) => column.spec.column as string), rows };
}

function encode(value: Json, { field, spec }: ColumnInfo, scope: Scope, dialect: unknown): unknown {
  if (value === null) {
    // A column that cannot hold NULL can only have held JSON's null.
    if (spec.type === "JSONField" && spec.kwargs?.["null"] !== true) return "null";
    return null;
  }
  const decoded = decode(value, scope);
  // Some tests store integers that no field of babik's would take; the row is what counts here.
  return typeof decoded === "bigint" ? decoded : field.toDb(field.prep(decoded), dialect);
}

/** Inserts rows in as few statements as the limit on parameters allows. */
export async function insertRows(
  orm: Orm,
  alias: string,
  database: DatabaseName,
  info: TableInfo,
  columns: readonly string[],
  rows: readonly (readonly unknown[])[],
): Promise<void> {
  if (rows.length === 0 || columns.length === 0) return;
  const head = `INSERT INTO ${quote(info.name, database)} (${columns.map((c) => quote(c, database)).join(", ")}) VALUES `;
  const one = `(${columns.map(() => "%s").join(", ")})`;
  const size = Math.max(1, Math.floor(900 / columns.length));
  for (let at = 0; at < rows.length; at += size) {
    const part = rows.slice(at, at + size);
    await orm.rows(alias, head + part.map(() => one).join(", "), part.flat());
  }
}

/** All rows of a table, decoded, in the order of the recorded columns; columns babik does not store are left out. */
export async function readRows(
  orm: Orm,
  alias: string,
  database: DatabaseName,
  info: TableInfo,
  attnames: readonly string[],
): Promise<unknown[][]> {
  const columns = attnames.map((name) => info.columns.get(name)).filter((column) => column !== undefined);
  if (columns.length === 0) return [];
  const list = columns.map((column) => selected(column, database)).join(", ");
  const rows = await orm.rows(alias, `SELECT ${list} FROM ${quote(info.name, database)}`);
  return rows.map((row) => columns.map((column, index) => readValue(column, row[index])));
}

function isHuge(value: unknown, field: FieldSpec): boolean {
  return typeof value === "bigint" && INTEGER.test(field.type);
}

// Some tests store integers that a number does not hold, and a cursor would refuse to round: they are read as text.
const INTEGER = /(?:Auto|Integer)Field$/;

function selected({ spec }: ColumnInfo, database: DatabaseName): string {
  const name = quote(spec.column as string, database);
  return INTEGER.test(spec.type) ? `CAST(${name} AS ${database === "mariadb" ? "CHAR" : "TEXT"})` : name;
}

function readValue(column: ColumnInfo, value: unknown): unknown {
  const isText = INTEGER.test(column.spec.type) && typeof value === "string" && /^-?\d+$/.test(value);
  return column.read(isText ? integer(value) : value);
}
