/**
 * JSONField and JSONNull. A document is written only if it reads back the same: what JSON.stringify would drop or change
 * (undefined, functions, NaN, -0, bigint, dates) is refused. Paths into documents are lookups and stand elsewhere.
 */
import type { DbParam, DialectInfo } from "../ast/seams.js";
import { FieldError, ValidationError, ValueError } from "../base/errors.js";
import { Decimal, describeType, isWellFormed } from "../base/values.js";
import { Field, type CheckMessage, type DbCheck, type FieldOptions } from "./field.js";
import { unreadable, wrongType, wrongValue, type RefusingField } from "./refusals.js";

const JSON_NULL: unique symbol = Symbol.for("babik.jsonNull");

/** Class of `JSONNull`. */
export class JSONNullType {
  readonly [JSON_NULL] = true as const;
  toJSON(): null {
    return null;
  }
  toString(): string {
    return "JSONNull";
  }
}
/**
 * The JSON value `null`, as told apart from SQL NULL: `save()` of `null` stores SQL NULL, of `JSONNull` a document.
 *
 * @example
 * await Doc.objects.create({ data: JSONNull });   // INSERT … VALUES ('null')
 */
export const JSONNull: JSONNullType = Object.freeze(new JSONNullType());
/** True for JSONNull of whatever copy of this package. */
export function isJSONNull(value: unknown): value is JSONNullType {
  return typeof value === "object" && value !== null && (value as { [JSON_NULL]?: unknown })[JSON_NULL] === true;
}

/** Most levels of lists and objects in a document. */
export const MAX_JSON_DEPTH = 512;
const ACCEPTED = "JSON values: strings, numbers, booleans, null, lists and plain objects";

// Refuses what JSON.stringify would drop or change. Depth is counted, so a cycle ends here too.
function checkJson(field: RefusingField, value: unknown, depth: number, nulAllowed: boolean): void {
  switch (typeof value) {
    case "string":
      checkText(field, value, nulAllowed);
      return;
    case "boolean":
      return;
    case "number":
      if (!Number.isFinite(value))
        throw wrongValue(field, "NaN or an infinity inside JSON", ACCEPTED, "value.json_number");
      if (Object.is(value, -0))
        throw wrongValue(field, "-0 inside JSON, which would come back as 0", ACCEPTED, "value.json_number");
      return;
    case "bigint":
      throw wrongValue(field, "a bigint inside JSON", `${ACCEPTED}; write it as text`, "value.json_bigint");
    case "object":
      break;
    default:
      throw wrongType(field, value, ACCEPTED);
  }
  if (value === null || isJSONNull(value)) return;
  if (depth >= MAX_JSON_DEPTH)
    throw wrongValue(
      field,
      "JSON that refers to itself or is nested too deep",
      `documents of at most ${MAX_JSON_DEPTH} levels`,
      "value.json_depth",
    );
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) checkJson(field, value[i], depth + 1, nulAllowed);
    return;
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null)
    throw new FieldError(
      `${field.path} cannot take a ${describeType(value)} inside JSON; it takes ${ACCEPTED}.`,
      "value.type",
      { path: field.path },
    );
  for (const key of Object.keys(value)) {
    checkText(field, key, nulAllowed);
    checkJson(field, (value as Record<string, unknown>)[key], depth + 1, nulAllowed);
  }
  if (Object.hasOwn(value, "toJSON") && typeof (value as { toJSON: unknown }).toJSON === "function")
    throw wrongType(field, value, ACCEPTED);
}
function checkText(field: RefusingField, text: string, nulAllowed: boolean): void {
  if (!isWellFormed(text))
    throw wrongValue(field, "half of a surrogate pair inside JSON", ACCEPTED, "value.lone_surrogate");
  if (!nulAllowed && text.includes("\0"))
    throw wrongValue(field, "U+0000 inside JSON", "no such character on this database", "value.nul");
}

// JSON.parse rounds integers past 2^53 without a word. Only a text with a run of 16 digits can hold one.
const LONG_NUMBER = /[0-9]{16}/;
const TOKENS = /"(?:[^"\\]|\\.)*"|-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/g;
function holdsRoundedInteger(text: string): boolean {
  for (const [token] of text.matchAll(TOKENS)) {
    if (token.startsWith('"') || token.length < 16 || !/^-?[0-9]+$/.test(token)) continue;
    // JSON.stringify writes the shortest digits that give the number again, and jsonb spells their exponent out as zeros:
    // neither is a loss.
    const n = Number(token);
    if (!Number.isFinite(n) || (BigInt(n) !== BigInt(token) && new Decimal(n).toFixed() !== token)) return true;
  }
  return false;
}

/** Options of JSONField. */
export interface JSONOptions extends FieldOptions {
  /** Turns the field's value into plain JSON before it is written, e.g. dates into texts. */
  readonly encoder?: (value: unknown) => unknown;
  /** Turns the document that was read into the field's value. */
  readonly decoder?: (document: unknown) => unknown;
}

/** A JSON document. */
export class JSONField extends Field {
  static override readonly optionNames: readonly string[] = [
    "encoder",
    "decoder",
  ] satisfies readonly (keyof JSONOptions)[];
  override readonly typeName: string = "JSONField";
  readonly encoder: JSONOptions["encoder"];
  readonly decoder: JSONOptions["decoder"];
  constructor(options: JSONOptions = {}) {
    super(options);
    this.encoder = options.encoder;
    this.decoder = options.decoder;
  }
  protected override makeTypeKey(): string {
    // Functions cannot be compared; a field with its own shares plans with nobody else.
    return this.encoder === undefined && this.decoder === undefined
      ? this.typeName
      : `${this.typeName}:${this.creationOrder}`;
  }
  protected override get invalidMessage(): string {
    return "Value must be valid JSON.";
  }
  override prep(value: unknown): unknown {
    if (this.encoder === undefined && (value === undefined || typeof value === "function" || typeof value === "symbol"))
      throw wrongType(this, value, ACCEPTED);
    return value;
  }
  override toDb(value: unknown, dialect: DialectInfo): DbParam {
    const document = this.encoder === undefined || isJSONNull(value) ? value : this.encoder(value);
    checkJson(this, document, 0, dialect.name !== "postgres");
    return JSON.stringify(document);
  }
  override fromDb(_dialect: DialectInfo): (value: unknown) => unknown {
    return (value) => {
      if (value instanceof Uint8Array) return this.read(new TextDecoder().decode(value));
      // A path into a document may come as the value itself.
      return typeof value === "string" ? this.read(value) : this.decode(value);
    };
  }
  private decode(document: unknown): unknown {
    return this.decoder === undefined || document === null ? document : this.decoder(document);
  }
  private read(text: string): unknown {
    if (LONG_NUMBER.test(text) && holdsRoundedInteger(text))
      throw unreadable(
        this,
        "JSON with an integer past 2^53, which JavaScript would round; store it as text",
        "value.unsafe_integer",
      );
    try {
      return this.decode(JSON.parse(text) as unknown);
    } catch (cause) {
      if (cause instanceof SyntaxError) return text; // what is no JSON is shown as it is, as Django does
      throw cause;
    }
  }
  override dbType(dialect: DialectInfo): string {
    if (dialect.name === "postgres") return "jsonb";
    return dialect.name === "mysql" ? "json" : "text";
  }
  override castType(dialect: DialectInfo): string {
    // MariaDB's json is a text with a check, and no target of CAST.
    return dialect.isMariaDb ? "char" : this.dbType(dialect);
  }
  override dbCheck(dialect: DialectInfo): DbCheck | null {
    // MariaDB adds the check to its json type by itself; MySQL's json is a type.
    return dialect.name === "sqlite" ? { kind: "jsonValid" } : null;
  }
  override isEmptyValue(value: unknown): boolean {
    return isJSONNull(value) ? false : super.isEmptyValue(value);
  }
  override toCanonical(value: unknown): unknown {
    if (value === null || value === undefined || value === "") return value ?? null;
    try {
      checkJson(this, this.encoder === undefined ? value : this.encoder(value), 0, true);
    } catch (cause) {
      if (!(cause instanceof FieldError || cause instanceof ValueError)) throw cause;
      throw new ValidationError(this.errorMessage("invalid", this.invalidMessage), "invalid");
    }
    return value;
  }
  override check(dialects: readonly DialectInfo[] = []): CheckMessage[] {
    const out = super.check(dialects);
    const d: unknown = this.options.default;
    if (typeof d === "object" && d !== null && !isJSONNull(d))
      out.push({
        id: "fields.E010",
        level: "warning",
        message:
          "JSONField default should be a function instead of an object, so that it is not shared between all rows.",
        hint: "Use a function instead, e.g. default: () => ({}).",
        object: this.path,
      });
    return out;
  }
}
