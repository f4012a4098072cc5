/**
 * The options of a SQLite database, checked: names and keyword values come from fixed lists, so that nothing of a URL
 * is ever spliced into a PRAGMA. It must not know connections.
 */
import { ImproperlyConfigured, suggest } from "../../base/errors.js";
import { boolean, checkNames, keyword, statements, whole, wrong } from "../option-values.js";
import type { EngineOptions } from "./engine.js";

/** Options as the driver uses them. */
export interface SqliteOptions extends EngineOptions {
  readonly journalMode: string;
  readonly foreignKeys: boolean;
  readonly transactionMode: string;
  /** What each connection begins with. */
  readonly initCommand: readonly string[];
  /** PRAGMA names and values, both checked. */
  readonly pragmas: readonly (readonly [string, string])[];
}

const journalModes = ["wal", "delete", "truncate", "persist", "memory", "off"];
const transactionModes = ["immediate", "deferred", "exclusive"];
const names = [
  "readOnly",
  "timeout",
  "library",
  "journalMode",
  "foreignKeys",
  "transactionMode",
  "initCommand",
  "pragmas",
];
const pragmaNames = new Set([
  "analysis_limit",
  "auto_vacuum",
  "automatic_index",
  "cache_size",
  "cache_spill",
  "cell_size_check",
  "encoding",
  "journal_size_limit",
  "locking_mode",
  "max_page_count",
  "mmap_size",
  "page_size",
  "recursive_triggers",
  "reverse_unordered_selects",
  "secure_delete",
  "soft_heap_limit",
  "synchronous",
  "temp_store",
  "threads",
  "trusted_schema",
  "wal_autocheckpoint",
]);

/**
 * Reads the options of settings. `timeout` is in milliseconds (5000), `journalMode` WAL, `transactionMode` IMMEDIATE,
 * `initCommand` statements that each connection begins with, `pragmas` an object of further pragmas such as `{ cache_size: -64000, synchronous: "NORMAL" }`.
 * @throws ImproperlyConfigured for a name or value that is not known
 */
export function readSqliteOptions(given: Readonly<Record<string, unknown>>): SqliteOptions {
  checkNames("SQLite", given, names);
  const read = (name: string): unknown => (Object.hasOwn(given, name) ? given[name] : undefined);
  return {
    readOnly: boolean("readOnly", read("readOnly"), false),
    timeout: whole("timeout", read("timeout"), 5000),
    library: read("library") === undefined ? undefined : String(read("library")),
    journalMode: keyword("journalMode", read("journalMode"), journalModes, "wal").toUpperCase(),
    foreignKeys: boolean("foreignKeys", read("foreignKeys"), true),
    transactionMode: keyword("transactionMode", read("transactionMode"), transactionModes, "immediate").toUpperCase(),
    initCommand: statements("initCommand", read("initCommand")),
    pragmas: pragmas(read("pragmas")),
  };
}

function pragmas(given: unknown): (readonly [string, string])[] {
  if (given === undefined) return [];
  if (typeof given !== "object" || given === null) throw wrong("pragmas", "an object of names and values");
  return Object.entries(given).map(([name, value]) => {
    if (!pragmaNames.has(name))
      throw new ImproperlyConfigured(`babik sets no pragma '${name}'.${suggest(name, pragmaNames)}`, "settings.option");
    const text = String(value);
    if (!/^-?\d+$|^[A-Za-z_]+$/.test(text)) throw wrong(`pragmas.${name}`, "a whole number or a keyword");
    return [name, text] as const;
  });
}
