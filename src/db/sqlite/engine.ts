/**
 * One small face over the two SQLite libraries, better-sqlite3 and node:sqlite, so that the driver above is written once.
 * Everything here is synchronous. It must not know dialects, errors of babik or SQL functions.
 */
import { createRequire } from "node:module";
import { ImproperlyConfigured } from "../../base/errors.js";

/** A value that SQLite gives to, or takes from, a function written in JavaScript. */
export type SqlValue = null | number | bigint | string | Uint8Array;

/** An aggregate: a state, a step and an end. The state may be any object. */
export interface EngineAggregate<S> {
  readonly start: () => S;
  readonly step: (state: S, ...values: SqlValue[]) => S;
  /** Takes a value away again: an aggregate that has it can be used over the moving frame of a window. */
  readonly inverse?: (state: S, ...values: SqlValue[]) => S;
  readonly result: (state: S) => SqlValue;
}

/** A prepared statement. `all` and `iterate` give rows as arrays. */
export interface EngineStatement {
  /** True when the statement gives rows (SELECT, RETURNING, PRAGMA …). */
  readonly reader: boolean;
  /** True when it cannot change the database. */
  readonly readonly: boolean;
  all(params: readonly unknown[]): unknown[][];
  run(params: readonly unknown[]): { changes: number | bigint; lastInsertRowid: number | bigint };
  iterate(params: readonly unknown[]): IterableIterator<unknown[]>;
  columns(): string[];
  /** Integers come as bigint from now on, or as number. */
  bigInts(on: boolean): void;
}

/** An open database file or memory database. */
export interface Engine {
  /** `"better-sqlite3"` or `"node:sqlite"`. */
  readonly library: string;
  prepare(text: string): EngineStatement;
  exec(text: string): void;
  readonly inTransaction: boolean;
  close(): void;
  /** Registers an SQL function; with `arity` -1 it takes any number of arguments. */
  fn(name: string, arity: number, body: (...values: SqlValue[]) => SqlValue, deterministic: boolean): void;
  aggregate<S>(name: string, arity: number, spec: EngineAggregate<S>): void;
}

/** How to open a database. */
export interface EngineOptions {
  readonly readOnly: boolean;
  /** Milliseconds to wait for the lock of another connection or process. */
  readonly timeout: number;
  /** Which library to use; the first that is there when absent. */
  readonly library?: string | undefined;
}

// The two libraries as far as we use them; own declarations, so that neither must be installed for type checking.
interface BetterStatement {
  readonly reader: boolean;
  readonly readonly: boolean;
  raw(on: boolean): BetterStatement;
  safeIntegers(on: boolean): BetterStatement;
  all(params: readonly unknown[]): unknown[][];
  run(params: readonly unknown[]): { changes: number; lastInsertRowid: number | bigint };
  iterate(params: readonly unknown[]): IterableIterator<unknown[]>;
  columns(): { name: string }[];
}
interface BetterDatabase {
  prepare(text: string): BetterStatement;
  exec(text: string): void;
  readonly inTransaction: boolean;
  close(): void;
  function(name: string, options: object, body: (...values: SqlValue[]) => SqlValue): void;
  aggregate(name: string, options: object): void;
}
interface NodeStatement {
  setReturnArrays?(on: boolean): void;
  setReadBigInts(on: boolean): void;
  all(...params: unknown[]): unknown[];
  run(...params: unknown[]): { changes: number | bigint; lastInsertRowid: number | bigint };
  iterate(...params: unknown[]): IterableIterator<unknown>;
  columns?(): { name: string }[];
}
interface NodeDatabase {
  prepare(text: string): NodeStatement;
  exec(text: string): void;
  readonly isTransaction?: boolean;
  close(): void;
  function(name: string, options: object, body: (...values: SqlValue[]) => SqlValue): void;
  aggregate?(name: string, options: object): void;
}

const load = createRequire(import.meta.url);

/**
 * Opens `file` with better-sqlite3 where it is installed and safe, else with node:sqlite.
 * @throws ImproperlyConfigured when neither can be loaded; the library's own error when the file cannot be opened.
 */
export function openEngine(file: string, options: EngineOptions): Engine {
  const wanted = options.library;
  if (wanted !== undefined && wanted !== "better-sqlite3" && wanted !== "node:sqlite")
    throw new ImproperlyConfigured(
      "The SQLite option 'library' names no library babik knows. Choices are: better-sqlite3, node:sqlite.",
      "settings.sqlite_library",
    );
  let why: unknown;
  for (const library of wanted !== undefined ? [wanted] : preferred()) {
    let loaded: unknown;
    try {
      loaded = load(library);
    } catch (error) {
      why = error;
      continue;
    }
    if (library === "better-sqlite3") {
      const Better = loaded as new (file: string, options: object) => BetterDatabase;
      return openBetter(new Better(file, { readonly: options.readOnly, timeout: options.timeout }));
    }
    const { DatabaseSync } = loaded as { DatabaseSync: new (file: string, options: object) => NodeDatabase };
    return openNode(new DatabaseSync(file, { readOnly: options.readOnly, timeout: options.timeout }));
  }
  throw new ImproperlyConfigured(
    "SQLite needs better-sqlite3 (npm install better-sqlite3) or Node 22.13 or later, which has SQLite built in; neither could be loaded.",
    "settings.sqlite_missing",
    { cause: why },
  );
}

/**
 * The libraries, best first. Since Node 24.19 the process is aborted when a statement of better-sqlite3 before 13 is
 * collected as garbage while no JavaScript runs, so Node's own SQLite comes first there.
 */
export function preferred(node = process.versions.node, better = versionOfBetter()): readonly string[] {
  const [major = 0, minor = 0] = node.split(".").map(Number);
  const aborts = (major > 24 || (major === 24 && minor >= 19)) && better !== null && Number.parseInt(better, 10) < 13;
  return aborts ? ["node:sqlite", "better-sqlite3"] : ["better-sqlite3", "node:sqlite"];
}
function versionOfBetter(): string | null {
  try {
    return (load("better-sqlite3/package.json") as { readonly version: string }).version;
  } catch {
    return null;
  }
}

function openBetter(db: BetterDatabase): Engine {
  return {
    library: "better-sqlite3",
    prepare(text) {
      const statement = db.prepare(text);
      if (statement.reader) statement.raw(true);
      return {
        reader: statement.reader,
        readonly: statement.readonly,
        all: (params) => statement.all(params),
        run: (params) => statement.run(params),
        iterate: (params) => statement.iterate(params),
        columns: () => statement.columns().map((column) => column.name),
        bigInts: (on) => void statement.safeIntegers(on),
      };
    },
    exec: (text) => void db.exec(text),
    get inTransaction() {
      return db.inTransaction;
    },
    close: () => db.close(),
    fn: (name, arity, body, deterministic) =>
      db.function(
        name,
        { deterministic, varargs: arity < 0, directOnly: false },
        arity < 0 ? body : withLength(body, arity),
      ),
    aggregate: (name, arity, spec) =>
      db.aggregate(name, {
        start: spec.start,
        step: withLength(spec.step as (...values: never[]) => unknown, arity + 1),
        ...(spec.inverse === undefined
          ? {}
          : { inverse: withLength(spec.inverse as (...values: never[]) => unknown, arity + 1) }),
        result: spec.result,
        deterministic: true,
      }),
  };
}

function openNode(db: NodeDatabase): Engine {
  return {
    library: "node:sqlite",
    prepare: (text) => prepareNode(db, text),
    exec: (text) => db.exec(text),
    get inTransaction() {
      return db.isTransaction ?? false;
    },
    close: () => db.close(),
    fn: (name, arity, body, deterministic) =>
      db.function(name, { deterministic, varargs: arity < 0 }, arity < 0 ? body : withLength(body, arity)),
    aggregate(name, arity, spec) {
      // Node before 22.16 and 24 has no aggregates; the SQL that needs one then says that it does not exist.
      db.aggregate?.(name, {
        start: spec.start,
        step: withLength(spec.step as (...values: never[]) => unknown, arity + 1),
        ...(spec.inverse === undefined
          ? {}
          : { inverse: withLength(spec.inverse as (...values: never[]) => unknown, arity + 1) }),
        result: spec.result,
      });
    },
  };
}

function prepareNode(db: NodeDatabase, text: string): EngineStatement {
  const statement = db.prepare(text);
  const named = statement.columns?.() ?? [];
  const arrays = typeof statement.setReturnArrays === "function";
  if (arrays) statement.setReturnArrays?.(true);
  const verb = /^\s*(?:--[^\n]*\n\s*|\/\*[\s\S]*?\*\/\s*)*(\w+)/.exec(text)?.[1]?.toLowerCase() ?? "";
  const reader = statement.columns ? named.length > 0 : verb === "select" || verb === "with" || verb === "pragma";
  // Without array rows (Node 22.13 to 22.15) two columns of one name would become one: the compiler names all columns apart.
  const toArray = (row: unknown): unknown[] => (arrays ? (row as unknown[]) : Object.values(row as object));
  return {
    reader,
    readonly: reader && (verb === "select" || verb === "values" || verb === "explain" || verb === "pragma"),
    all(params) {
      const rows = statement.all(...params);
      return arrays ? (rows as unknown[][]) : rows.map(toArray);
    },
    run: (params) => statement.run(...params),
    *iterate(params) {
      for (const row of statement.iterate(...params)) yield toArray(row);
    },
    columns: () => named.map((column) => column.name),
    bigInts: (on) => statement.setReadBigInts(on),
  };
}

// Both libraries read the number of arguments from `length`.
function withLength<F extends (...values: never[]) => unknown>(body: F, arity: number): F {
  return Object.defineProperty(((...values: never[]) => body(...values)) as F, "length", { value: arity });
}
