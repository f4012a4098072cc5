/**
 * Database states: loads a recorded state by rewriting only the tables that differ from what is loaded, keeps the
 * counters of automatic keys where the recording wants them, and compares a database with a recorded state.
 */
import type { Orm } from "./babik-api.js";
import { compareRows } from "./compare.js";
import type { Scope } from "./decode.js";
import type { AppSpec, DatabaseName, StateSpec, TableSpec } from "./format.js";
import { snapshot } from "./serialise.js";
import { encodeRows, insertRows, quote, readRows, type TableInfo } from "./tables.js";

type Loaded = Map<string, string>;

/** The databases of one app, and what is in them. */
export class States {
  private readonly loaded = new Map<string, Loaded>();
  /** Tables whose counter may not be `max(pk) + 1`, by alias. */
  private readonly counters = new Map<string, Set<string>>();
  private readonly encoded = new Map<string, ReturnType<typeof encodeRows>>();
  private readonly byTable = new Map<string, TableInfo>();
  private readonly app: AppSpec;
  private readonly orm: Orm;
  private readonly database: DatabaseName;
  private readonly infos: ReadonlyMap<string, TableInfo>;
  readonly aliases: readonly string[];
  private loading = false;

  constructor(
    app: AppSpec,
    orm: Orm,
    database: DatabaseName,
    infos: ReadonlyMap<string, TableInfo>,
    aliases: readonly string[],
  ) {
    this.app = app;
    this.orm = orm;
    this.database = database;
    this.infos = infos;
    this.aliases = aliases;
    for (const info of infos.values()) if (!this.byTable.has(info.name)) this.byTable.set(info.name, info);
    for (const alias of aliases) {
      this.loaded.set(alias, new Map());
      this.counters.set(alias, new Set());
    }
  }

  /** Prepares the connections; to be called once. Making the tables may have put rows in: those of content types. */
  async start(): Promise<void> {
    const types = this.infos.get("contenttypes.ContentType");
    if (types !== undefined) for (const alias of this.aliases) this.loaded.set(alias, new Map([[types.name, "?"]]));
    if (this.database === "mariadb") for (const alias of this.aliases) await this.numberInserts(alias);
  }

  /** Forgets what is loaded: the next load rewrites every table. */
  forget(): void {
    for (const alias of this.aliases)
      this.loaded.set(alias, new Map([...this.byTable.keys()].map((name) => [name, "?"])));
  }

  private wanted(state: string, alias: string): Loaded {
    const out: Loaded = new Map();
    const spec = this.stateOf(state);
    for (const id of spec[alias] ?? []) {
      const table = this.tableOf(id);
      if (table.rows.length === 0) continue;
      // A table that could not be made is left out here; a case that needs it fails by itself.
      const info = this.infos.get(table.model);
      if (info !== undefined) out.set(info.name, id);
    }
    return out;
  }

  private stateOf(id: string): StateSpec {
    const spec = this.app.states[id];
    if (spec === undefined) throw new Error(`The file has no state ${id}.`);
    return spec;
  }
  private tableOf(id: string): TableSpec {
    const spec = this.app.tables[id];
    if (spec === undefined) throw new Error(`The file has no table ${id}.`);
    return spec;
  }
  private infoOf(label: string): TableInfo {
    const info = this.infos.get(label);
    if (info === undefined) throw new Error(`There is no table for ${label}.`);
    return info;
  }

  /** Makes the databases equal to a state, writing only what differs. */
  async load(state: string, scope: Scope): Promise<void> {
    for (const alias of this.aliases) {
      const now = this.loaded.get(alias) ?? new Map<string, string>();
      const wanted = this.wanted(state, alias);
      const names = [...new Set([...now.keys(), ...wanted.keys()])].filter(
        (name) => now.get(name) !== wanted.get(name),
      );
      if (names.length === 0) continue;
      this.loaded.set(alias, new Map([...this.byTable.keys()].map((name) => [name, "?"])));
      await this.withoutChecks(alias, async () => {
        for (const name of names)
          if (now.has(name)) await this.orm.rows(alias, `DELETE FROM ${quote(name, this.database)}`);
        for (const name of names) {
          const id = wanted.get(name);
          if (id !== undefined) await this.insert(alias, id, scope);
        }
      }).finally(() => (this.loading = false));
      this.loaded.set(alias, wanted);
      for (const name of names) this.touched(alias, name);
    }
  }

  private async insert(alias: string, id: string, scope: Scope): Promise<void> {
    const table = this.tableOf(id);
    const info = this.infoOf(table.model);
    let rows = this.encoded.get(id);
    if (rows === undefined) this.encoded.set(id, (rows = encodeRows(table, info, scope, this.orm.dialect(alias))));
    await insertRows(this.orm, alias, this.database, info, rows.columns, rows.rows);
  }

  private async withoutChecks(alias: string, fn: () => Promise<void>): Promise<void> {
    const run = (sql: string): Promise<unknown> => this.orm.rows(alias, sql);
    if (this.database === "sqlite") {
      await run("PRAGMA foreign_keys = OFF");
      try {
        await this.orm.commit([alias], fn);
      } finally {
        await run("PRAGMA foreign_keys = ON");
      }
      return;
    }
    const [off, on] =
      this.database === "postgres"
        ? ["SET LOCAL session_replication_role = replica", undefined]
        : ["SET FOREIGN_KEY_CHECKS = 0", "SET FOREIGN_KEY_CHECKS = 1"];
    try {
      await this.orm.commit([alias], async () => {
        await run(off);
        await fn();
      });
    } finally {
      if (on !== undefined) await run(on);
    }
  }

  private touched(alias: string, table: string): void {
    if (this.byTable.get(table)?.serial !== undefined) this.counters.get(alias)?.add(table);
  }
  /** Notes the tables that the statements of a case wrote to, and gives their names. */
  noteWrites(statements: readonly string[]): Set<string> {
    const out = new Set<string>();
    for (const sql of statements) {
      const table = writtenTable(sql);
      if (table === undefined) continue;
      out.add(table);
      if (/\b(?:INSERT|REPLACE)\b/i.test(sql)) for (const alias of this.aliases) this.touched(alias, table);
    }
    return out;
  }

  /**
   * MariaDB's counters survive a rollback and changing one commits: before each insert of an operation the session is told
   * the next key.
   */
  private async numberInserts(alias: string): Promise<void> {
    await this.orm.beforeEach(alias, (sql) => {
      const table = this.loading ? undefined : writtenTable(sql);
      const serial = table === undefined || !/^\s*INSERT/i.test(sql) ? undefined : this.byTable.get(table)?.serial;
      if (table === undefined || serial === undefined) return undefined;
      const key = quote(serial, "mariadb");
      return `SET insert_id = (SELECT COALESCE(MAX(${key}), 0) + 1 FROM ${quote(table, "mariadb")} WHERE ${key} > 0)`;
    });
  }

  /** Sets the counters of automatic keys to `max(pk) + 1`; to be called before an operation that may insert. */
  async resetCounters(): Promise<void> {
    for (const alias of this.aliases) {
      const dirty = this.counters.get(alias);
      if (dirty === undefined || dirty.size === 0) continue;
      const infos = [...dirty].map((name) => this.byTable.get(name)).filter((info) => info !== undefined);
      dirty.clear();
      if (this.database === "sqlite") await this.resetSqlite(alias, infos);
      else if (this.database === "postgres") await this.resetPostgres(alias, infos);
    }
  }

  private async resetSqlite(alias: string, infos: readonly TableInfo[]): Promise<void> {
    const exists = await this.orm.rows(alias, "SELECT 1 FROM sqlite_master WHERE name = 'sqlite_sequence'");
    if (exists.length === 0) return;
    // Without an entry of its own a table goes on after its largest key, whenever that is looked for.
    for (const info of infos) await this.orm.rows(alias, "DELETE FROM sqlite_sequence WHERE name = %s", [info.name]);
  }

  private async resetPostgres(alias: string, infos: readonly TableInfo[]): Promise<void> {
    const parts = infos.map((info) => {
      const table = quote(info.name, "postgres");
      const column = quote(info.serial ?? "", "postgres");
      const sequence = `pg_get_serial_sequence('${table.replaceAll("'", "''")}', '${(info.serial ?? "").replaceAll("'", "''")}')`;
      return `setval(${sequence}, COALESCE((SELECT MAX(${column}) FROM ${table} WHERE ${column} > 0), 0) + 1, false)`;
    });
    if (parts.length > 0) await this.orm.rows(alias, `SELECT ${parts.join(", ")}`);
  }

  /** The first difference between the databases and a state, or `undefined`. `written` are the tables to read. */
  async difference(
    before: string | null,
    after: string,
    written: ReadonlySet<string>,
    scope: Scope,
  ): Promise<string | undefined> {
    for (const alias of this.aliases) {
      const wanted = this.wanted(after, alias);
      const earlier = before === null ? new Map<string, string>() : this.wanted(before, alias);
      const missing = (this.stateOf(after)[alias] ?? []).find(
        (id) =>
          !this.infos.has(this.tableOf(id).model) && !(before !== null && this.stateOf(before)[alias]?.includes(id)),
      );
      if (missing !== undefined) return `${alias}: there is no table for ${this.tableOf(missing).model}`;
      const names = new Set([...written].filter((name) => this.byTable.has(name)));
      for (const name of new Set([...wanted.keys(), ...earlier.keys()]))
        if (wanted.get(name) !== earlier.get(name)) names.add(name);
      for (const name of names) {
        const found = await this.tableDifference(alias, name, wanted.get(name), scope);
        if (found !== undefined) return `${alias}: ${found}`;
      }
    }
    return undefined;
  }

  private async tableDifference(
    alias: string,
    name: string,
    id: string | undefined,
    scope: Scope,
  ): Promise<string | undefined> {
    const spec = id === undefined ? undefined : this.tableOf(id);
    const info = spec === undefined ? this.byTable.get(name) : this.infoOf(spec.model);
    if (info === undefined) return undefined;
    const skip = (attname: string): boolean => (info.autoCreated && attname === "id") || !info.columns.has(attname);
    const attnames = (spec?.columns ?? [...info.columns.keys()]).filter((attname) => !skip(attname));
    const rows = await readRows(this.orm, alias, this.database, info, attnames);
    const actual = rows.map((row) => row.map((value) => snapshot(value, scope)));
    const indexes = attnames.map((attname) => spec?.columns.indexOf(attname) ?? -1);
    const expected = (spec?.rows ?? []).map((row) => indexes.map((index) => row[index] ?? null));
    const found = compareRows(expected, actual);
    return found === undefined ? undefined : `table ${name} (${attnames.join(", ")}): ${found}`;
  }
}

const WRITE =
  /^\s*(?:INSERT(?:\s+IGNORE|\s+OR\s+\w+)?\s+INTO|REPLACE\s+INTO|UPDATE|DELETE\s+(?:[`"\w]+\s+)?FROM)\s+(?:[`"]([^`"]+)[`"]|([^\s`"(]+))/i;

/** The table that a statement writes to. */
export function writtenTable(sql: string): string | undefined {
  const match = WRITE.exec(sql);
  return match?.[1] ?? match?.[2];
}
