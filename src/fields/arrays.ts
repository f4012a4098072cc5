/**
 * ArrayField and HStoreField of PostgreSQL, and the literal texts of arrays, hstores and ranges.
 */
import { Buffer } from "node:buffer";
import type { DbParam, DialectInfo, ValueType } from "../ast/seams.js";
import { ImproperlyConfigured, NotSupportedError, ValidationError } from "../base/errors.js";
import { describeType, isPlainObject } from "../base/values.js";
import { Field, isField, type CheckMessage, type FieldOptions, type FieldOwner } from "./field.js";
import { unreadable, wrongType, wrongValue } from "./refusals.js";
import { textOf } from "./text.js";

/** Refuses a column type that only databases with arrays (PostgreSQL) have. */
export function needsPostgres(field: Field, dialect: DialectInfo): void {
  if (!dialect.features.arrays)
    throw new NotSupportedError(`${field.path}: ${field.typeName} needs PostgreSQL.`, "field.not_supported", {
      path: field.path,
    });
}

function quoted(text: string): string {
  return `"${text.replace(/["\\]/g, "\\$&")}"`;
}

/** A database value as a member of an array or range literal. */
export function memberText(value: DbParam): string {
  if (value === null) return "NULL";
  if (typeof value === "boolean") return value ? "t" : "f";
  if (value instanceof Uint8Array) return quoted(`\\x${Buffer.from(value).toString("hex")}`);
  return typeof value === "string" ? quoted(value) : String(value);
}

/** Members of an array literal (`{1,NULL,"a b",{…}}`) as texts, nulls and lists; `undefined` if it is none. */
export function parseArray(text: string): unknown[] | undefined {
  // A lower bound that is not 1 is written before the braces: `[0:1]={1,2}`.
  let at = text.startsWith("[") ? text.indexOf("=") + 1 : 0;
  const list = (): unknown[] | undefined => {
    at++;
    const out: unknown[] = [];
    if (text[at] === "}") return (at++, out);
    while (at < text.length) {
      if (text[at] === "{") {
        const inner = list();
        if (inner === undefined) return undefined;
        out.push(inner);
      } else if (text[at] === '"') out.push(quotedAt());
      else {
        const from = at;
        while (at < text.length && text[at] !== "," && text[at] !== "}") at++;
        const word = text.slice(from, at);
        out.push(word === "NULL" ? null : word);
      }
      const next = text[at++];
      if (next === "}") return out;
      if (next !== ",") return undefined;
    }
    return undefined;
  };
  const quotedAt = (): string => {
    let piece = "";
    let from = ++at;
    while (at < text.length && text[at] !== '"') {
      if (text[at] === "\\") {
        piece += text.slice(from, at);
        from = ++at;
      }
      at++;
    }
    piece += text.slice(from, at);
    at++;
    return piece;
  };
  if (text[at] !== "{") return undefined;
  const result = list();
  return at === text.length ? result : undefined;
}

/** Options of ArrayField. */
export interface ArrayOptions extends FieldOptions {
  readonly size?: number | null;
}

/** A list of values of another field (PostgreSQL). */
export class ArrayField extends Field {
  static override readonly optionNames: readonly string[] = ["size"] satisfies readonly (keyof ArrayOptions)[];
  override readonly typeName: string = "ArrayField";
  readonly baseField: Field;
  readonly size: number | undefined;

  constructor(base: Field, options: ArrayOptions = {}) {
    super(options);
    if (!isField(base))
      throw new ImproperlyConfigured(
        "ArrayField takes the field of its members first, such as ArrayField(IntegerField()).",
        "field.base",
      );
    this.baseField = base;
    this.size = options.size ?? undefined;
  }
  override bind(owner: FieldOwner, name: string, column: string): void {
    super.bind(owner, name, column);
    this.baseField.bind(owner, name, column);
  }
  override get member(): ValueType {
    return this.baseField;
  }
  override clone(): Field {
    const copy = super.clone();
    (copy as unknown as { baseField: Field }).baseField = this.baseField.clone();
    return copy;
  }
  protected override makeTypeKey(): string {
    return `Array:${this.baseField.typeKey}:${this.size ?? ""}`;
  }
  override prep(value: unknown): unknown {
    if (value instanceof Set) return this.prep([...value]);
    if (!Array.isArray(value)) throw wrongType(this, value, "lists");
    // Array.from, unlike map, visits the holes of a sparse list, which are undefined and refused.
    return Array.from(value as readonly unknown[], (v) => (v === null ? null : this.baseField.prep(v)));
  }
  override toDb(value: unknown, dialect: DialectInfo): DbParam {
    needsPostgres(this, dialect);
    const members = (value as readonly unknown[]).map((v) => {
      if (v === null) return "NULL";
      const db = this.baseField.toDb(v, dialect);
      return this.baseField instanceof ArrayField ? String(db) : memberText(db);
    });
    return `{${members.join(",")}}`;
  }
  override fromDb(dialect: DialectInfo): (value: unknown) => unknown {
    const read = this.baseField.fromDb(dialect) ?? ((v: unknown) => v);
    return (value) => {
      const list = Array.isArray(value)
        ? (value as unknown[])
        : typeof value === "string"
          ? parseArray(value)
          : undefined;
      if (list === undefined) throw unreadable(this, `a ${describeType(value)} that is no array`);
      return list.map((v) => (v === null ? null : read(v)));
    };
  }
  override dbType(dialect: DialectInfo): string {
    needsPostgres(this, dialect);
    return `${this.baseField.dbType(dialect)}[${this.size ?? ""}]`;
  }
  override castType(dialect: DialectInfo): string {
    needsPostgres(this, dialect);
    return `${this.baseField.castType(dialect)}[${this.size ?? ""}]`;
  }
  override toJson(value: unknown): unknown {
    return Array.isArray(value) ? value.map((v) => (v === null ? null : this.baseField.toJson(v))) : value;
  }
  override fromJson(value: unknown): unknown {
    return Array.isArray(value) ? value.map((v: unknown) => (v === null ? null : this.baseField.fromJson(v))) : value;
  }
  override validate(value: unknown): void {
    super.validate(value);
    if (!Array.isArray(value)) return;
    if (this.size !== undefined && value.length > this.size)
      throw new ValidationError(
        `List contains ${value.length} items, it should contain no more than ${this.size}.`,
        "max_length",
      );
    const lengths = new Set(value.filter(Array.isArray).map((v: unknown[]) => v.length));
    if (lengths.size > 1)
      throw new ValidationError("Nested arrays must have the same length.", "nested_array_mismatch");
    value.forEach((v: unknown, i) => {
      try {
        this.baseField.validate(v);
      } catch (error) {
        if (!(error instanceof ValidationError)) throw error;
        throw new ValidationError(`Item ${i + 1} in the array did not validate: ${error.message}`, "item_invalid", {
          nth: i + 1,
        });
      }
    });
  }
  override async runValidators(value: unknown, dialect?: DialectInfo): Promise<void> {
    await super.runValidators(value, dialect);
    if (!Array.isArray(value)) return;
    for (const [i, v] of (value as unknown[]).entries()) {
      try {
        await this.baseField.runValidators(v, dialect);
      } catch (error) {
        if (!(error instanceof ValidationError)) throw error;
        throw new ValidationError(`Item ${i + 1} in the array did not validate: ${error.message}`, "item_invalid", {
          nth: i + 1,
        });
      }
    }
  }
  override deconstruct() {
    return { type: this.typeName, args: [this.baseField], options: this.options };
  }
  override check(dialects: readonly DialectInfo[] = []): CheckMessage[] {
    const out = super.check(dialects);
    if (this.baseField.isRelation)
      out.push({
        id: "postgres.E002",
        level: "error",
        message: "Base field for array cannot be a related field.",
        hint: undefined,
        object: this.path,
      });
    const inner = this.baseField.isRelation ? [] : this.baseField.check(dialects).filter((m) => m.level === "error");
    if (inner.length > 0)
      out.push({
        id: "postgres.E001",
        level: "error",
        message: `Base field for array has errors: ${inner.map((m) => `${m.message} (${m.id})`).join(" ")}`,
        hint: undefined,
        object: this.path,
      });
    return out;
  }
}

/** Texts by keys (PostgreSQL, extension hstore). */
export class HStoreField extends Field {
  override readonly typeName: string = "HStoreField";
  override prep(value: unknown): unknown {
    if (!isPlainObject(value) && !(value instanceof Map)) throw wrongType(this, value, "plain objects of strings");
    const entries: [unknown, unknown][] = value instanceof Map ? [...value] : Object.entries(value);
    // Object.fromEntries defines own keys, so that "__proto__" is a key like any other.
    return Object.fromEntries(entries.map(([k, v]) => [textOf(this, k), v === null ? null : textOf(this, v)]));
  }
  override toDb(value: unknown, dialect: DialectInfo): DbParam {
    needsPostgres(this, dialect);
    return Object.entries(value as Record<string, string | null>)
      .map(([k, v]) => `${quoted(k)}=>${v === null ? "NULL" : quoted(v)}`)
      .join(", ");
  }
  override fromDb(_dialect: DialectInfo): (value: unknown) => unknown {
    return (value) => {
      if (isPlainObject(value)) return value;
      const parsed = typeof value === "string" ? parseHStore(value) : undefined;
      if (parsed === undefined) throw unreadable(this, `a ${describeType(value)} that is no hstore`);
      return parsed;
    };
  }
  override dbType(dialect: DialectInfo): string {
    needsPostgres(this, dialect);
    return "hstore";
  }
}

const PAIR = /\s*"((?:[^"\\]|\\.)*)"=>(?:"((?:[^"\\]|\\.)*)"|NULL)\s*(?:,|$)/sy;
function parseHStore(text: string): Record<string, string | null> | undefined {
  const entries: [string, string | null][] = [];
  const plain = (s: string) => s.replace(/\\(.)/gs, "$1");
  PAIR.lastIndex = 0;
  while (PAIR.lastIndex < text.length) {
    const m = PAIR.exec(text);
    if (m === null) return undefined;
    entries.push([plain(m[1]!), m[2] === undefined ? null : plain(m[2])]);
  }
  return Object.fromEntries(entries);
}

/** A text prepared for full text search (PostgreSQL). */
export class SearchVectorField extends Field {
  override readonly typeName: string = "SearchVectorField";
  override prep(value: unknown): unknown {
    if (typeof value !== "string")
      throw wrongValue(
        this,
        `a ${describeType(value)}`,
        "tsvector texts; use SearchVector(…) to make one",
        "value.type",
      );
    return textOf(this, value);
  }
  override toDb(value: unknown, dialect: DialectInfo): DbParam {
    needsPostgres(this, dialect);
    return value as string;
  }
  override fromDb(_dialect: DialectInfo): undefined {
    return undefined;
  }
  override dbType(dialect: DialectInfo): string {
    needsPostgres(this, dialect);
    return "tsvector";
  }
}
