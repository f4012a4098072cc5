/**
 * Indexes of `Meta.indexes` as data: the plain one and the access methods of PostgreSQL. What they become in a database
 * stands in `schema`; here is no SQL and nothing is resolved.
 */
import { optionNames, unknownOption } from "../base/options.js";
import { QueryTypeError, ValueError } from "../base/errors.js";
import { indexName } from "../base/names.js";
import { type Callable, callable } from "../fields/factories.js";
import { fillName, readCondition, readNames, readOpclasses, splitArguments, type NamedModel } from "./constraints.js";

/** Brand of everything that may stand in `Meta.indexes`. */
export const INDEX: unique symbol = Symbol.for("babik.index");

/** Options of Index. */
export interface IndexOptions {
  /** Names of fields, `-` before those in descending order. */
  readonly fields?: readonly string[];
  readonly expressions?: readonly unknown[];
  readonly name?: string;
  /** Rows that the index holds. */
  readonly condition?: object;
  /** Fields that are kept in the index without being part of its key. */
  readonly include?: readonly string[];
  readonly opclasses?: readonly string[];
  readonly dbTablespace?: string;
}
/** A model as indexes see it when they make up a name. */
export interface IndexedModel extends NamedModel {
  readonly dbTable: string;
}

class IndexClass {
  /** The options that the class takes beside those of the classes it extends. */
  static readonly optionNames: readonly string[] = [
    "fields",
    "expressions",
    "name",
    "condition",
    "include",
    "opclasses",
    "dbTablespace",
  ] satisfies readonly (keyof IndexOptions)[];
  readonly [INDEX] = true as const;
  readonly typeName: string = "Index";
  /** Access method, or null for the database's own. */
  readonly method: string | null = null;
  /** End of names that are made up. */
  readonly suffix: string = "idx";
  readonly expressions: readonly unknown[];
  readonly fields: readonly string[];
  readonly name: string | null;
  readonly condition: object | null;
  readonly include: readonly string[];
  readonly opclasses: readonly string[];
  readonly dbTablespace: string | undefined;
  protected readonly given: Readonly<Record<string, unknown>>;

  constructor(...args: unknown[]) {
    const owner = new.target.name.replace(/Class$/, "");
    const [expressions, o] = splitArguments(owner, args);
    const unknown = unknownOption(owner, o, optionNames(new.target));
    if (unknown !== undefined) throw new QueryTypeError(unknown, "options.unknown");
    this.expressions = Object.freeze(expressions);
    this.fields = readNames(owner, "fields", o["fields"]);
    const name = o["name"] ?? null;
    if (name !== null && (typeof name !== "string" || name === ""))
      throw new QueryTypeError(`${owner}.name is a text.`, "index.name");
    this.name = name;
    this.condition = readCondition(owner, o["condition"]);
    this.include = readNames(owner, "include", o["include"]);
    this.opclasses = readOpclasses(owner, o["opclasses"]);
    this.dbTablespace = o["dbTablespace"] as string | undefined;
    this.given = Object.freeze({ ...o });
    this.refuseMixtures(owner);
  }
  private refuseMixtures(owner: string): void {
    const refuse = (message: string): never => {
      throw new ValueError(message, "index.options");
    };
    if (this.expressions.length === 0 && this.fields.length === 0)
      refuse(`At least one field or expression is required to define an index.`);
    if (this.expressions.length > 0 && this.fields.length > 0)
      refuse(`${owner}.fields and expressions are mutually exclusive.`);
    if (this.opclasses.length > 0 && this.expressions.length > 0)
      refuse(`${owner}.opclasses cannot be used with expressions. Use OpClass() instead.`);
    if (this.opclasses.length > 0 && this.opclasses.length !== this.fields.length)
      refuse(`${owner}.fields and ${owner}.opclasses must have the same number of elements.`);
    if (this.name !== null) return;
    if (this.expressions.length > 0) refuse("An index must be named to use expressions.");
    if (this.opclasses.length > 0) refuse("An index must be named to use opclasses.");
    if (this.condition !== null) refuse("An index must be named to use condition.");
    if (this.include.length > 0) refuse("A covering index must be named.");
  }
  /** Names of fields, and whether each is in descending order. */
  get fieldOrders(): readonly (readonly [name: string, descending: boolean])[] {
    return this.fields.map((f) => (f.startsWith("-") ? [f.slice(1), true] : [f, false]));
  }
  /** The name on a model: the given one, or one made of the table, the first column and a digest. */
  nameFor(model: IndexedModel, columnOf: (field: string) => string): string {
    if (this.name !== null) return fillName(this.name, model);
    const columns = this.fieldOrders.map(([f, down]) => `${down ? "-" : ""}${columnOf(f)}`);
    return indexName(model.dbTable, columns, this.suffix);
  }
  /** Settings of the access method: `WITH (fillfactor = 70)`. */
  get withParams(): Readonly<Record<string, string>> {
    return {};
  }
  /** A setting from the options. */
  protected setting(name: string): unknown {
    return this.given[name];
  }
  /** How the index was built. */
  deconstruct(): {
    readonly type: string;
    readonly args: readonly unknown[];
    readonly options: Readonly<Record<string, unknown>>;
  } {
    return {
      type: this.typeName,
      args: this.given["expressions"] === undefined ? this.expressions : [],
      options: this.given,
    };
  }
}

// Settings stand in the statement as they are, so only numbers and flags pass.
function numbers(entries: Readonly<Record<string, unknown>>): Record<string, string> {
  const out: Record<string, string> = {};
  for (const [key, value] of Object.entries(entries)) {
    if (value === undefined || value === null) continue;
    if (!Number.isSafeInteger(value) || (value as number) < 0)
      throw new ValueError(`The setting ${key} of an index is a whole number.`, "index.setting", { path: key });
    out[key] = String(value);
  }
  return out;
}
function flags(entries: Readonly<Record<string, unknown>>): Record<string, string> {
  const out: Record<string, string> = {};
  for (const [key, value] of Object.entries(entries)) {
    if (value === undefined || value === null) continue;
    if (typeof value !== "boolean")
      throw new ValueError(`The setting ${key} of an index is true or false.`, "index.setting", { path: key });
    out[key] = value ? "on" : "off";
  }
  return out;
}

class BTreeIndexClass extends IndexClass {
  static override readonly optionNames: readonly string[] = ["fillfactor", "deduplicateItems"];
  override readonly typeName: string = "BTreeIndex";
  override readonly method: string | null = "btree";
  override readonly suffix: string = "btree";
  override get withParams(): Readonly<Record<string, string>> {
    return {
      ...numbers({ fillfactor: this.setting("fillfactor") }),
      ...flags({ deduplicate_items: this.setting("deduplicateItems") }),
    };
  }
}
class HashIndexClass extends IndexClass {
  static override readonly optionNames: readonly string[] = ["fillfactor"];
  override readonly typeName: string = "HashIndex";
  override readonly method: string | null = "hash";
  override readonly suffix: string = "hash";
  override get withParams(): Readonly<Record<string, string>> {
    return numbers({ fillfactor: this.setting("fillfactor") });
  }
}
class GinIndexClass extends IndexClass {
  static override readonly optionNames: readonly string[] = ["ginPendingListLimit", "fastupdate"];
  override readonly typeName: string = "GinIndex";
  override readonly method: string | null = "gin";
  override readonly suffix: string = "gin";
  override get withParams(): Readonly<Record<string, string>> {
    return {
      ...numbers({ gin_pending_list_limit: this.setting("ginPendingListLimit") }),
      ...flags({ fastupdate: this.setting("fastupdate") }),
    };
  }
}
class GistIndexClass extends IndexClass {
  static override readonly optionNames: readonly string[] = ["buffering", "fillfactor"];
  override readonly typeName: string = "GistIndex";
  override readonly method: string | null = "gist";
  override readonly suffix: string = "gist";
  override get withParams(): Readonly<Record<string, string>> {
    return {
      ...flags({ buffering: this.setting("buffering") }),
      ...numbers({ fillfactor: this.setting("fillfactor") }),
    };
  }
}
class SpGistIndexClass extends IndexClass {
  static override readonly optionNames: readonly string[] = ["fillfactor"];
  override readonly typeName: string = "SpGistIndex";
  override readonly method: string | null = "spgist";
  override readonly suffix: string = "spgist";
  override get withParams(): Readonly<Record<string, string>> {
    return numbers({ fillfactor: this.setting("fillfactor") });
  }
}
class BrinIndexClass extends IndexClass {
  static override readonly optionNames: readonly string[] = ["autosummarize", "pagesPerRange"];
  override readonly typeName: string = "BrinIndex";
  override readonly method: string | null = "brin";
  override readonly suffix: string = "brin";
  override get withParams(): Readonly<Record<string, string>> {
    return {
      ...flags({ autosummarize: this.setting("autosummarize") }),
      ...numbers({ pages_per_range: this.setting("pagesPerRange") }),
    };
  }
}
class BloomIndexClass extends IndexClass {
  static override readonly optionNames: readonly string[] = ["columns", "length"];
  override readonly typeName: string = "BloomIndex";
  override readonly method: string | null = "bloom";
  override readonly suffix: string = "bloom";
  override get withParams(): Readonly<Record<string, string>> {
    const columns = this.setting("columns");
    const lengths = Array.isArray(columns)
      ? Object.fromEntries(columns.map((n: unknown, i) => [`col${i + 1}`, n]))
      : {};
    return numbers({ length: this.setting("length"), ...lengths });
  }
}

/** True for an index made by this package. */
export function isIndex(value: unknown): value is Index {
  return typeof value === "object" && value !== null && (value as { [INDEX]?: unknown })[INDEX] === true;
}

/**
 * An index over fields or expressions: `Index({ fields: ["category", "-price"] })` gives
 * `CREATE INDEX "shop_product_categor_0a1b2c_idx" ON "shop_product" ("category_id", "price" DESC)`;
 * `Index(Lower("title"), { name: "lower_title" })` indexes an expression.
 * @throws ValueError, QueryTypeError for options that exclude each other
 * Django: https://docs.djangoproject.com/en/stable/ref/models/indexes/
 */
export const Index: Callable<typeof IndexClass> = callable(IndexClass);
export type Index = IndexClass;
/** B-tree (PostgreSQL): `BTreeIndex({ fields, fillfactor, deduplicateItems })`. */
export const BTreeIndex: Callable<typeof BTreeIndexClass> = callable(BTreeIndexClass);
/** Hash (PostgreSQL): equality only. */
export const HashIndex: Callable<typeof HashIndexClass> = callable(HashIndexClass);
/** GIN (PostgreSQL): arrays, jsonb, full text: `GinIndex({ fields: ["tags"], fastupdate: false })`. */
export const GinIndex: Callable<typeof GinIndexClass> = callable(GinIndexClass);
/** GiST (PostgreSQL): ranges and nearness. */
export const GistIndex: Callable<typeof GistIndexClass> = callable(GistIndexClass);
/** SP-GiST (PostgreSQL). */
export const SpGistIndex: Callable<typeof SpGistIndexClass> = callable(SpGistIndexClass);
/** BRIN (PostgreSQL): large tables in the order of the column: `BrinIndex({ fields: ["created"], pagesPerRange: 4 })`. */
export const BrinIndex: Callable<typeof BrinIndexClass> = callable(BrinIndexClass);
/** Bloom (PostgreSQL, extension bloom). */
export const BloomIndex: Callable<typeof BloomIndexClass> = callable(BloomIndexClass);
