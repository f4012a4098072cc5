/**
 * A cursor for SQL written by hand, after Python's DB-API: execute, then fetch. Rows are arrays.
 * It must not know connections; whoever makes it says how a statement is run.
 */
import type { DialectInfo } from "../ast/seams.js";
import { InterfaceError, ProgrammingError } from "../base/errors.js";
import { adaptParam } from "./cursor-values.js";
import type { MaybePromise, RunOptions, RunResult, Statement } from "./driver.js";
import { convertPlaceholders, type CursorParams, pickParams } from "./placeholders.js";

/** Runs `all` for the sets of an `executemany`, or something around it. */
export type RunMany = (
  sql: string,
  sets: readonly unknown[],
  all: (sql: string, sets: readonly unknown[]) => Promise<number>,
) => MaybePromise<RunResult | number>;

/**
 * Runs SQL text with `%s` or `%(name)s` placeholders. Outside of an atomic block each `execute` may use another
 * connection of the pool: what must stay together (temporary tables, session settings) belongs in a block.
 * Integers come as numbers where they are exact and as bigint beyond.
 * Django: https://docs.djangoproject.com/en/stable/topics/db/sql/#connections-and-cursors
 */
export class Cursor {
  readonly #dialect: DialectInfo;
  readonly #run: (statement: Statement, options: RunOptions) => MaybePromise<RunResult>;
  readonly #many: RunMany | undefined;
  #rows: unknown[][] = [];
  #at = 0;
  #columns: readonly string[] | undefined;
  #rowcount = -1;
  #lastInsertId: number | bigint | undefined;
  #closed = false;
  /** How many rows `fetchmany` gives when it is not told. */
  arraysize = 100;

  /** @param many runs all sets of an `executemany`, where somebody wants to see them as one */
  constructor(
    dialect: DialectInfo,
    run: (statement: Statement, options: RunOptions) => MaybePromise<RunResult>,
    many?: RunMany,
  ) {
    this.#dialect = dialect;
    this.#run = run;
    this.#many = many;
  }

  /** Column names of the last result; `undefined` when it had none. */
  get columns(): readonly string[] | undefined {
    return this.#columns;
  }

  /** The columns as Django's `description` has them, one entry per column. */
  get description(): readonly { readonly name: string }[] | undefined {
    return this.#columns?.map((name) => ({ name }));
  }

  /** Rows changed or given by the last statement; -1 before the first one. */
  get rowcount(): number {
    return this.#rowcount;
  }

  /** Key of the last inserted row, where the database tells (not PostgreSQL: use RETURNING). */
  get lastrowid(): number | bigint | undefined {
    return this.#lastInsertId;
  }

  /**
   * Runs a statement. Without `params` a `%` has no meaning in the text; with them it is written `%%`.
   * @example await cursor.execute("UPDATE shop SET price = %s WHERE id = %s", ["9.99", 7])
   * @throws ProgrammingError for placeholders that do not fit, DatabaseError from the database
   */
  async execute(sql: string, params?: CursorParams): Promise<this> {
    this.#check();
    const statement = params === undefined ? { text: String(sql), params: [] } : this.#statement(sql, params);
    const result = await this.#run({ ...statement, bigInts: true }, { wantColumns: true });
    this.#rows = narrow(result.rows);
    this.#at = 0;
    this.#columns = result.columns !== undefined && result.columns.length > 0 ? result.columns : undefined;
    this.#rowcount = result.affected;
    this.#lastInsertId = result.lastInsertId;
    return this;
  }

  /** Runs a statement once per set of parameters; `rowcount` is the sum. */
  async executemany(sql: string, sets: Iterable<CursorParams>): Promise<this> {
    this.#check();
    const all = async (text: string, values: readonly unknown[]): Promise<number> => {
      let sum = 0;
      for (const params of values) {
        await this.execute(text, params as CursorParams);
        sum += this.#rowcount;
      }
      return sum;
    };
    const done = await (this.#many === undefined ? all(sql, [...sets]) : this.#many(String(sql), [...sets], all));
    const count = typeof done === "number" ? done : done.affected;
    this.#rows = [];
    this.#columns = undefined;
    this.#rowcount = count;
    return this;
  }

  /** The next row, or `null` after the last. */
  fetchone(): unknown[] | null {
    this.#check();
    return this.#at < this.#rows.length ? this.#rows[this.#at++]! : null;
  }

  /** The next `size` rows, fewer at the end. */
  fetchmany(size: number = this.arraysize): unknown[][] {
    this.#check();
    if (!Number.isInteger(size) || size < 0)
      throw new ProgrammingError("fetchmany() takes a whole number of rows.", "cursor.fetchmany");
    const rows = this.#rows.slice(this.#at, this.#at + size);
    this.#at += rows.length;
    return rows;
  }

  /** All rows that are left. */
  fetchall(): unknown[][] {
    this.#check();
    const rows = this.#at === 0 ? this.#rows : this.#rows.slice(this.#at);
    this.#at = this.#rows.length;
    return rows;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<unknown[]> {
    for (let row = this.fetchone(); row !== null; row = this.fetchone()) yield row;
  }

  *[Symbol.iterator](): Generator<unknown[]> {
    for (let row = this.fetchone(); row !== null; row = this.fetchone()) yield row;
  }

  /** Forgets the rows; later calls are an InterfaceError. */
  close(): void {
    this.#closed = true;
    this.#rows = [];
    this.#columns = undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #statement(sql: string, params: CursorParams): { text: string; params: ReturnType<typeof adaptParam>[] } {
    const { text, slots } = convertPlaceholders(String(sql), this.#dialect);
    return { text, params: pickParams(slots, params).map((value) => adaptParam(value, this.#dialect)) };
  }

  #check(): void {
    if (this.#closed) throw new InterfaceError("This cursor was closed.", "cursor.closed");
  }
}

/** Integers were read as bigint so that no digit is lost; most of them fit a number. */
function narrow(rows: unknown[][]): unknown[][] {
  for (const row of rows)
    for (let i = 0; i < row.length; i++) {
      const value = row[i];
      if (typeof value === "bigint" && value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER)
        row[i] = Number(value);
    }
  return rows;
}
