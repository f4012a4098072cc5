/**
 * What this process wrote to a database, as numbers by table: whoever keeps rows that were read asks whether a query would still give
 * the same. It sees the texts of statements only, and takes what it does not understand for a write to every table.
 */

// The forms that babik writes itself. Deleting may reach further tables (ON DELETE CASCADE), so it counts for all.
const ONE_TABLE = /^(?:INSERT (?:IGNORE |OR [A-Z]+ )?INTO|UPDATE|REPLACE INTO) (["`])([^"`]+)\1(?!\.)/;
const READS = /^\s*(?:SELECT|EXPLAIN|VALUES|SHOW|PRAGMA|TABLE)\b/i;
const READS_WITH = /^\s*WITH\b/i;
const WRITING_WORD = /\b(?:INSERT|UPDATE|DELETE|MERGE)\b/i;
/** Longer names may be written shortened. */
const LONGEST_NAME = 60;

/** The writes to one database. */
export class WriteLog {
  /** Whether anybody ever asked; as long as not, nothing is noted. */
  asked = false;
  #all = 0;
  #ofTables = 0;
  readonly #tables = new Map<string, number>();

  /** Notes a statement. */
  note(text: string): void {
    if (READS.test(text) || (READS_WITH.test(text) && !WRITING_WORD.test(text))) return;
    const table = ONE_TABLE.exec(text)?.[2];
    if (table === undefined) this.noteAll();
    else {
      this.#ofTables++;
      this.#tables.set(table, (this.#tables.get(table) ?? 0) + 1);
    }
  }
  /** Notes that any table may be another now. */
  noteAll(): void {
    this.#all++;
  }
  /**
   * A number that is another after a write to one of the tables.
   * @param tables `null`: all of them
   */
  version(tables: readonly string[] | null): number {
    this.asked = true;
    if (tables === null || tables.some((t) => t.length > LONGEST_NAME)) return this.#all + this.#ofTables;
    return tables.reduce((sum, t) => sum + (this.#tables.get(t) ?? 0), this.#all);
  }
}
