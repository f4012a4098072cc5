/**
 * What is known of each database's content types: rows by model and by key. Rows read inside a transaction count only there until
 * it is committed. It holds rows and reads none.
 */
import type { Database } from "../../db/connection.js";
import { keyText, pkOf } from "../instance-state.js";

/** Rows of one database, or of one transaction. */
export class ContentTypeRows {
  /** By `app.model`. */
  readonly byName = new Map<string, object>();
  readonly byKey = new Map<string, object>();
  put(name: string, row: object): void {
    this.byName.set(name, row);
    this.byKey.set(keyText(pkOf(row)), row);
  }
  putAll(rows: ContentTypeRows): void {
    for (const [name, row] of rows.byName) this.put(name, row);
  }
}

/** The caches of all databases of an orm. */
export class ContentTypeCache {
  private shared = new Map<string, ContentTypeRows>();
  private inside = new WeakMap<object, ContentTypeRows>();

  /** The row of a model, by `app.model`. */
  named(db: Database, name: string): object | undefined {
    return this.shared.get(db.alias)?.byName.get(name) ?? this.ofTransaction(db)?.byName.get(name);
  }
  /** The row with a key. */
  keyed(db: Database, key: unknown): object | undefined {
    const text = keyText(key);
    return this.shared.get(db.alias)?.byKey.get(text) ?? this.ofTransaction(db)?.byKey.get(text);
  }
  private ofTransaction(db: Database): ContentTypeRows | undefined {
    const transaction = db.transaction;
    return transaction === undefined ? undefined : this.inside.get(transaction);
  }
  /** Where rows that are read now belong. What a transaction saw may be taken back with it. */
  rows(db: Database): ContentTypeRows {
    const transaction = db.transaction;
    if (transaction === undefined) return this.sharedRows(db.alias);
    let rows = this.inside.get(transaction);
    if (rows === undefined) {
      this.inside.set(transaction, (rows = new ContentTypeRows()));
      const kept = rows;
      const all = this.shared;
      void db.onCommit(() => {
        // Not when the cache was cleared meanwhile.
        if (this.shared === all) this.sharedRows(db.alias).putAll(kept);
      });
    }
    return rows;
  }
  private sharedRows(alias: string): ContentTypeRows {
    let rows = this.shared.get(alias);
    if (rows === undefined) this.shared.set(alias, (rows = new ContentTypeRows()));
    return rows;
  }
  clear(): void {
    this.shared = new Map();
    this.inside = new WeakMap();
  }
}
