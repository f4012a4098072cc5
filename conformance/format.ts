/**
 * The JSON format of the recorded cases, as types, and reading them from a folder.
 * It must not know babik: nothing here interprets a value.
 */
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";

/** Any JSON value. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
/** A JSON object; tagged values (`{"$date": …}`) are objects too. */
export interface JsonObject {
  readonly [key: string]: Json;
}

/** The three databases, by the runner's names. */
export type DatabaseName = "sqlite" | "postgres" | "mariadb";
/** All of them, in the order of the report. */
export const DATABASES: readonly DatabaseName[] = ["sqlite", "postgres", "mariadb"];
/** The names that the recorded cases use in `backends` and `queries`. */
export const BACKEND: Readonly<Record<DatabaseName, string>> = {
  sqlite: "sqlite",
  postgres: "postgresql",
  mariadb: "mysql",
};

/** One field of a recorded model. */
export interface FieldSpec {
  readonly name: string;
  readonly attname?: string;
  readonly column?: string;
  readonly type: string;
  readonly args?: readonly Json[];
  readonly kwargs?: JsonObject;
  readonly custom?: boolean;
  readonly primary_key?: boolean;
  readonly auto_created?: boolean;
  readonly parent_link?: boolean;
  readonly private?: boolean;
  readonly to?: string;
  readonly reverse_accessor?: string;
  readonly reverse_query_name?: string;
  readonly from_fields?: readonly string[];
  readonly to_fields?: readonly string[];
  readonly through?: string;
  readonly through_auto_created?: boolean;
  readonly m2m_source_field?: string;
  readonly m2m_target_field?: string;
  readonly symmetrical?: boolean;
}

/** A recorded manager: a plain queryset with steps applied. */
export interface ManagerSpec {
  readonly name: string;
  readonly chain?: readonly Step[];
  readonly custom?: string;
}

/** One recorded model. */
export interface ModelSpec {
  readonly label: string;
  readonly db_table: string;
  readonly bases?: readonly string[];
  readonly proxy?: boolean;
  readonly managed?: boolean;
  readonly auto_created?: string;
  readonly custom?: boolean;
  readonly fields: readonly FieldSpec[];
  readonly meta?: JsonObject;
  readonly managers?: readonly ManagerSpec[];
}

/** All rows of one model's table. */
export interface TableSpec {
  readonly model: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly Json[])[];
}

/** Database alias to ids of tables. */
export type StateSpec = Readonly<Record<string, readonly string[]>>;

/** One step of a chain: name, positional and keyword arguments. */
export type Step = readonly [name: string, args?: readonly Json[], kwargs?: JsonObject];

/** Settings that differ from the defaults of the recording. */
export interface EnvSpec {
  readonly use_tz?: boolean;
  readonly time_zone?: string;
  readonly current_time_zone?: string;
  readonly register_lookups?: readonly { readonly on: string; readonly lookup: string; readonly name?: string }[];
  readonly autocommit?: boolean;
}

/** One recorded operation and its outcome. */
export interface CaseSpec {
  readonly id: string;
  readonly test: string;
  readonly backends: readonly string[];
  readonly variant_of?: string;
  readonly env?: EnvSpec;
  readonly state: string | null;
  readonly root: JsonObject;
  readonly chain: readonly Step[];
  readonly op: { readonly name: string; readonly args?: readonly Json[]; readonly kwargs?: JsonObject };
  readonly ordered: boolean;
  readonly queries?: number | Readonly<Record<string, number>>;
  readonly result: JsonObject & { readonly kind: string };
  /** `null` where the operation did not touch a database. */
  readonly after?: string | null;
}

/** One file of recorded cases. */
export interface AppSpec {
  readonly format: number;
  readonly app: string;
  readonly models: Readonly<Record<string, ModelSpec>>;
  readonly tables: Readonly<Record<string, TableSpec>>;
  readonly states: Readonly<Record<string, StateSpec>>;
  readonly cases: readonly CaseSpec[];
}

/** Names of the apps recorded in a folder, sorted. */
export function appNames(folder: string): string[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith(".json"))
    .map((file) => file.slice(0, -".json".length))
    .sort();
}

/** Reads one app's file. */
export function readApp(folder: string, app: string): AppSpec {
  const spec = JSON.parse(readFileSync(join(folder, `${app}.json`), "utf8")) as AppSpec;
  if (spec.format !== 1) throw new Error(`${app}.json has format ${String(spec.format)}; this runner reads format 1.`);
  return spec;
}

/** True for a JSON object (not a list, not null). */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The tag of a tagged value such as `{"$date": "2020-01-01"}`, else `undefined`. */
export function tagOf(value: Json): string | undefined {
  if (!isObject(value)) return undefined;
  const key = Object.keys(value)[0];
  return key !== undefined && key.startsWith("$") ? key : undefined;
}

/** A list of JSON values, whether it stands as a list or as a tagged tuple or set. */
export function listOf(value: Json | undefined): readonly Json[] {
  if (value === undefined || value === null) return [];
  if (Array.isArray(value)) return value as readonly Json[];
  if (isObject(value)) {
    const inner = value["$tuple"] ?? value["$set"];
    if (Array.isArray(inner)) return inner as readonly Json[];
  }
  return [value as Json];
}

/** A list of strings, from any of the forms of `listOf`. */
export function stringsOf(value: Json | undefined): string[] {
  return listOf(value).map(String);
}
