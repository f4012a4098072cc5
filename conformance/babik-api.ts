/**
 * The only door from the runner to babik: finds the exports by name and knows the shape of the few calls that are not
 * simply "method of that name". Everything is typed loosely, because the runner works on models built from data.
 */

/** Raised when babik lacks something a case needs: the case fails, it is never left out. */
export class MissingApi extends Error {
  constructor(what: string) {
    super(`babik has no ${what}`);
    this.name = "MissingApi";
  }
}

/** Anything with members by name. */
export type Bag = Readonly<Record<string, unknown>>;
type Fn = (...args: unknown[]) => unknown;

/** Member of an object, function or class by name; `undefined` where there is none. */
export function member(target: unknown, name: string): unknown {
  if (target === null || (typeof target !== "object" && typeof target !== "function")) return undefined;
  return (target as Bag)[name];
}

/** Calls a method by name; a missing one is `MissingApi`. */
export function call(target: unknown, name: string, args: readonly unknown[] = []): unknown {
  const method = member(target, name);
  if (typeof method !== "function") throw new MissingApi(`${describe(target)}.${name}()`);
  return (method as Fn).apply(target, [...args]);
}

function describe(target: unknown): string {
  if (typeof target === "function") return target.name === "" ? "class" : target.name;
  const maker = member(target, "constructor");
  return typeof maker === "function" && maker.name !== "Object" ? maker.name : typeof target;
}

/** A field as the runner uses it: encoding of raw rows. */
export interface FieldLike {
  readonly name: string;
  readonly attname: string;
  readonly column: string | null;
  readonly null: boolean;
  readonly typeName: string;
  prep(value: unknown): unknown;
  toDb(value: unknown, dialect: unknown): unknown;
  fromDb(dialect: unknown): ((value: unknown) => unknown) | undefined;
}

/** What the runner asks about an instance. */
export interface InstanceFacts {
  readonly db: string | null;
  readonly adding: boolean;
  readonly deferred: readonly string[];
  readonly cached: ReadonlyMap<string, unknown>;
  readonly annotations: readonly string[];
}

/** A statement that ran, and how many of them. */
export interface Captured<T> {
  readonly result: T;
  readonly statements: readonly string[];
}

/** babik's exports, by name. */
export class Babik {
  readonly exports: Bag;
  readonly testing: Bag;
  constructor(exports: Bag, testing: Bag) {
    this.exports = exports;
    this.testing = testing;
  }

  has(name: string): boolean {
    return this.find(name) !== undefined;
  }
  /** An export by name; `postgres.X` is looked up in the `postgres` namespace. */
  find(name: string): unknown {
    if (name.startsWith("postgres.")) {
      const plain = name.slice("postgres.".length);
      // Fields of PostgreSQL stand among the others as well.
      return member(this.exports["postgres"], plain) ?? (plain.endsWith("Field") ? this.find(plain) : undefined);
    }
    return Object.hasOwn(this.exports, name) ? this.exports[name] : undefined;
  }
  get(name: string): unknown {
    const found = this.find(name);
    if (found === undefined) throw new MissingApi(name);
    return found;
  }
  /** Calls an exported function. */
  make(name: string, ...args: unknown[]): unknown {
    const maker = this.get(name);
    if (typeof maker !== "function") throw new MissingApi(`${name}()`);
    return (maker as Fn)(...args);
  }

  // ---- the orm ------------------------------------------------------------------------------------------------
  /** `babik({ databases, apps })`. */
  orm(databases: Readonly<Record<string, string>>, apps: Readonly<Record<string, Bag>>): Orm {
    return new Orm(this.make("babik", { databases, apps, timeZone: "UTC" }));
  }
  /** Runs `fn` as if `zone` were the current time zone. */
  async inZone<T>(zone: string, fn: () => Promise<T>): Promise<T> {
    return (await call(this.get("timezone"), "override", [zone, fn])) as T;
  }
  /** Registers a lookup or transform under its Django class name; the answer takes it away again. */
  registerLookup(on: string, lookup: string, name: string | undefined): () => void {
    const undo = this.make("registerLookup", on, this.get(lookup), ...(name === undefined ? [] : [name]));
    return typeof undo === "function" ? (undo as () => void) : () => undefined;
  }

  // ---- instances ----------------------------------------------------------------------------------------------
  isInstance(value: unknown): boolean {
    const meta = member(member(value, "constructor"), "meta");
    return typeof value === "object" && value !== null && typeof member(meta, "label") === "string";
  }
  facts(instance: unknown): InstanceFacts {
    const read = this.testing["instanceState"];
    if (typeof read !== "function") throw new MissingApi("instanceState() in babik/testing");
    return (read as Fn)(instance) as InstanceFacts;
  }
  /** Model label of an instance, e.g. `lookup.Author`. */
  labelOf(instance: unknown): string {
    return String(member(member(member(instance, "constructor"), "meta"), "label"));
  }
}

/** One `babik({...})` and its connections. */
export class Orm {
  private readonly orm: unknown;
  constructor(orm: unknown) {
    this.orm = orm;
  }

  connection(alias: string): unknown {
    return call(this.orm, "connection", [alias]);
  }
  /** What the database can do; to be asked after `open`. */
  dialect(alias: string): unknown {
    return member(this.connection(alias), "dialect");
  }
  /** Connects: only then is the dialect known. */
  async open(alias: string): Promise<void> {
    await call(this.connection(alias), "ready");
  }
  /** Runs one statement in the current transaction, if there is one, and gives its rows as arrays. */
  async rows(alias: string, sql: string, params: readonly unknown[] = []): Promise<unknown[][]> {
    const cursor = await call(this.connection(alias), "cursor");
    try {
      await call(cursor, "execute", params.length === 0 ? [sql] : [sql, params]);
      return /^\s*(SELECT|PRAGMA|SHOW)/i.test(sql) ? (call(cursor, "fetchall") as unknown[][]) : [];
    } finally {
      await call(cursor, "close");
    }
  }
  /** Runs several statements on one connection. */
  async script(alias: string, sql: string): Promise<void> {
    await call(this.connection(alias), "script", [sql]);
  }
  /** Runs `fn` in a transaction of each alias and commits. */
  async commit(aliases: readonly string[], fn: () => Promise<void>): Promise<void> {
    const [first, ...rest] = aliases;
    if (first === undefined) return await fn();
    await call(this.connection(first), "atomic", [() => this.commit(rest, fn), { ofTest: true }]);
  }
  /** Runs `fn` in a transaction of each alias and takes all of it back. */
  async rollback(aliases: readonly string[], fn: () => Promise<void>): Promise<void> {
    const back = new RolledBack();
    try {
      await this.commit(aliases, async () => {
        await fn();
        throw back;
      });
    } catch (error) {
      if (error !== back) throw error;
    }
  }
  /** Runs `fn` and tells which statements ran, whatever comes of it. */
  async capture<T>(aliases: readonly string[], fn: () => Promise<T>): Promise<Captured<T>> {
    const captures = aliases.map((alias) => call(this.connection(alias), "capture"));
    const statements = (): string[] => {
      for (const capture of captures) call(capture, "stop");
      return captures.flatMap((capture) =>
        (member(capture, "queries") as readonly Bag[]).map((entry) => String(entry["sql"])),
      );
    };
    try {
      return { result: await fn(), statements: statements() };
    } catch (error) {
      throw new FailedCapture(error, statements());
    }
  }
  /** Has a statement run before others: the one that `first` names for their text, if any. */
  async beforeEach(alias: string, first: (sql: string) => string | undefined): Promise<void> {
    type Execute = (sql: string, params: unknown, many: boolean, context: unknown) => unknown;
    await call(this.connection(alias), "addExecuteWrapper", [
      async (execute: Execute, sql: string, params: unknown, many: boolean, context: unknown) => {
        const text = first(sql);
        if (text !== undefined) await execute(text, [], false, context);
        return execute(sql, params, many, context);
      },
    ]);
  }
  /** Reads the content types, where the models have any: the recording takes them to be known. */
  async readContentTypes(aliases: readonly string[]): Promise<void> {
    let types: unknown;
    try {
      types = member(this.orm, "contentTypes");
    } catch {
      return;
    }
    call(types, "clearCache");
    for (const alias of aliases) await call(types, "fill", [this.connection(alias)]);
  }
  /** Creates the tables of models, with their indexes, constraints and through tables; and no rows, those of content types included. */
  async createTables(alias: string, models: readonly unknown[]): Promise<void> {
    const metas = models.map((m) => member(m, "meta"));
    await call(call(this.orm, "schemaEditor", [alias]), "createModels", [metas]);
  }
  async close(): Promise<void> {
    await call(this.orm, "close");
  }
}

/** Thrown to take a transaction back; never shown. */
class RolledBack extends Error {}

/** What `capture` throws when the function failed: the error, and the statements that ran before. */
export class FailedCapture extends Error {
  readonly error: unknown;
  readonly statements: readonly string[];
  constructor(error: unknown, statements: readonly string[]) {
    super("the captured function failed");
    this.error = error;
    this.statements = statements;
  }
}

/** Label of a model, and the fields with a column in its own table. */
export function metaOf(model: unknown): { readonly label: string; readonly localConcreteFields: readonly FieldLike[] } {
  const meta = member(model, "meta");
  if (meta === undefined) throw new MissingApi(`${describe(model)}.meta`);
  return meta as { label: string; localConcreteFields: readonly FieldLike[] };
}

/** The model of the table of pairs of a many-to-many field. */
export function throughOf(model: unknown, field: string): unknown {
  const through = member(call(member(model, "meta"), "getField", [field]), "through");
  return member(through, "modelClass") ?? through;
}

/** An instance "as from the database" with these values; what is not named is deferred. */
export function fromDb(model: unknown, alias: string, names: readonly string[], values: readonly unknown[]): unknown {
  return call(model, "fromDb", [alias, names, values]);
}

/** Loads the built library. Decimal and Temporal are those that babik exports, or else those it depends on. */
export async function loadBabik(): Promise<Babik> {
  // Through a variable: the runner must compile, and its tests run, whatever the state of the rest.
  const load = async (specifier: string): Promise<Bag> => (await import(specifier)) as Bag;
  const { Decimal } = await import("decimal.js");
  const { Temporal: polyfill } = await import("temporal-polyfill");
  const Temporal = (globalThis as { readonly Temporal?: unknown }).Temporal ?? polyfill;
  return new Babik({ Decimal, Temporal, ...(await load("babik")) }, await load("babik/testing"));
}
