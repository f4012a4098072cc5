/**
 * Boolean, UUID, binary and IP address fields.
 */
import { Buffer } from "node:buffer";
import type { DbParam, DialectInfo } from "../ast/seams.js";
import { describeType } from "../base/values.js";
import { Field, type CheckMessage, type FieldOptions, type Validator } from "./field.js";
import { cleanIpv6, isIpv4, isIpv6, validateIpv4Address, validateIpv46Address, validateIpv6Address } from "./ip.js";
import { invalid, unreadable, wrongType, wrongValue } from "./refusals.js";
import { TextBase, textOf } from "./text.js";
import { MaxLengthValidator } from "./validators.js";

const NOT_BOOLEAN = "The value must be either true or false.";

/** True or false. */
export class BooleanField extends Field {
  override readonly typeName: string = "BooleanField";
  protected override get invalidMessage(): string {
    return NOT_BOOLEAN;
  }
  override prep(value: unknown): unknown {
    switch (value) {
      case true:
      case 1:
      case 1n:
      case "t":
      case "true":
      case "True":
      case "1":
        return true;
      case false:
      case 0:
      case 0n:
      case "f":
      case "false":
      case "False":
      case "0":
        return false;
      default:
        if (typeof value === "string" || typeof value === "number" || typeof value === "bigint")
          throw invalid(this, NOT_BOOLEAN);
        throw wrongType(this, value, "true, false, or 1 and 0");
    }
  }
  override toDb(value: unknown, dialect: DialectInfo): DbParam {
    return dialect.features.nativeBoolean ? (value as boolean) : value ? 1 : 0;
  }
  override fromDb(_dialect: DialectInfo): (value: unknown) => unknown {
    return (value) => {
      if (typeof value === "boolean") return value;
      if (value === 1 || value === 0) return value === 1;
      // Members of PostgreSQL arrays come as text, conditions on other databases as any integer.
      if (value === "t" || value === "true") return true;
      if (value === "f" || value === "false") return false;
      if (value instanceof Uint8Array) return value.some((byte) => byte !== 0); // bit(1) of MariaDB
      return Boolean(Number(value));
    };
  }
  override dbType(dialect: DialectInfo): string {
    return dialect.name === "postgres" ? "boolean" : "bool";
  }
  override castType(dialect: DialectInfo): string {
    if (dialect.name === "mysql") return "signed integer";
    return dialect.name === "sqlite" ? "integer" : "boolean";
  }
}

// ---- UUID -------------------------------------------------------------------------------------------------------
const NOT_UUID = "The value is not a valid UUID.";
const HYPHENED = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const PLAIN = /^[0-9a-f]{32}$/;

function hyphenate(hex: string): string {
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/**
 * A universally unique identifier; values are lower-case texts with hyphens.
 * MariaDB's type refuses some identifiers of version 8 (those whose fourth group begins with 80), with a DataError.
 */
export class UUIDField extends Field {
  override readonly typeName: string = "UUIDField";
  protected override get invalidMessage(): string {
    return NOT_UUID;
  }
  override prep(value: unknown): unknown {
    if (typeof value === "string") {
      if (HYPHENED.test(value)) return value;
      const plain =
        value.length > 64
          ? ""
          : value
              .trim()
              .toLowerCase()
              .replace(/^urn:uuid:/, "")
              .replace(/[{}-]/g, "");
      if (!PLAIN.test(plain)) throw invalid(this, NOT_UUID);
      return hyphenate(plain);
    }
    if (typeof value === "bigint" || (typeof value === "number" && Number.isSafeInteger(value))) {
      if (value < 0 || value >= 2n ** 128n) throw invalid(this, NOT_UUID);
      return hyphenate(value.toString(16).padStart(32, "0"));
    }
    throw wrongType(this, value, "UUID texts, with or without hyphens");
  }
  override toDb(value: unknown, dialect: DialectInfo): DbParam {
    const text = value as string;
    return dialect.features.nativeUuid
      ? text
      : text.slice(0, 8) + text.slice(9, 13) + text.slice(14, 18) + text.slice(19, 23) + text.slice(24);
  }
  override fromDb(dialect: DialectInfo): ((value: unknown) => unknown) | undefined {
    if (dialect.features.nativeUuid) return undefined;
    return (value) => {
      if (typeof value !== "string") throw unreadable(this, `a ${describeType(value)} where a UUID was expected`);
      return value.length === 32 ? hyphenate(value) : value;
    };
  }
  override dbType(dialect: DialectInfo): string {
    return dialect.features.nativeUuid ? "uuid" : "char(32)";
  }
  override castType(dialect: DialectInfo): string {
    return dialect.name === "sqlite" ? "text" : this.dbType(dialect);
  }
}

// ---- bytes ------------------------------------------------------------------------------------------------------
/** Bytes; values are `Uint8Array`. */
export class BinaryField extends Field {
  override readonly typeName: string = "BinaryField";
  constructor(options: FieldOptions = {}) {
    super({ editable: false, ...options });
  }
  override prep(value: unknown): unknown {
    if (value instanceof Uint8Array) return value;
    if (value instanceof ArrayBuffer) return new Uint8Array(value);
    throw wrongType(this, value, "Uint8Array (Buffer is one) or ArrayBuffer");
  }
  override toDb(value: unknown, _dialect: DialectInfo): DbParam {
    return value as Uint8Array;
  }
  override fromDb(_dialect: DialectInfo): (value: unknown) => unknown {
    return (value) => {
      // A Buffer may be a window on memory that its driver uses again: the value gets bytes of its own.
      if (value instanceof Uint8Array) return new Uint8Array(value);
      if (typeof value === "string") {
        const bytes = value.startsWith("\\x") ? Buffer.from(value.slice(2), "hex") : Buffer.from(value, "utf8");
        return new Uint8Array(bytes);
      }
      throw unreadable(this, `a ${describeType(value)} where bytes were expected`);
    };
  }
  override dbType(dialect: DialectInfo): string {
    if (dialect.name === "postgres") return "bytea";
    return dialect.name === "mysql" ? "longblob" : "BLOB";
  }
  override castType(dialect: DialectInfo): string {
    return dialect.name === "mysql" ? "binary" : this.dbType(dialect).toLowerCase();
  }
  override getDefault(): unknown {
    if (this.hasDefault()) return super.getDefault();
    return this.null ? null : new Uint8Array(0);
  }
  override isEmptyValue(value: unknown): boolean {
    return value instanceof Uint8Array ? value.length === 0 : super.isEmptyValue(value);
  }
  protected override builtInValidators(): readonly Validator[] {
    return this.maxLength === undefined ? [] : [MaxLengthValidator(this.maxLength)];
  }
  override toJson(value: unknown): unknown {
    return value instanceof Uint8Array ? Buffer.from(value).toString("base64") : value;
  }
  override fromJson(value: unknown): unknown {
    return typeof value === "string" ? new Uint8Array(Buffer.from(value, "base64")) : value;
  }
  override check(dialects: readonly DialectInfo[] = []): CheckMessage[] {
    const out = super.check(dialects);
    if (typeof this.options.default === "string")
      out.push({
        id: "fields.E170",
        level: "error",
        message: "BinaryField's default cannot be a string. Use bytes content instead.",
        hint: undefined,
        object: this.path,
      });
    return out;
  }
}

// ---- IP addresses -----------------------------------------------------------------------------------------------
/** Options of GenericIPAddressField. */
export interface IPAddressOptions extends FieldOptions {
  readonly protocol?: "both" | "IPv4" | "IPv6" | "ipv4" | "ipv6";
  /** Stores `::ffff:1.2.3.4` as `1.2.3.4`. */
  readonly unpackIpv4?: boolean;
}

/** An IPv4 or IPv6 address as text; IPv6 addresses are brought into their short form. */
export class GenericIPAddressField extends TextBase {
  static override readonly optionNames: readonly string[] = [
    "protocol",
    "unpackIpv4",
  ] satisfies readonly (keyof IPAddressOptions)[];
  override readonly typeName: string = "GenericIPAddressField";
  override readonly emptyStringsAllowed: boolean = false;
  readonly protocol: "both" | "ipv4" | "ipv6";
  readonly unpackIpv4: boolean;
  constructor(options: IPAddressOptions = {}) {
    super({ ...options, maxLength: 39 });
    this.protocol = (options.protocol ?? "both").toLowerCase() as "both" | "ipv4" | "ipv6";
    this.unpackIpv4 = options.unpackIpv4 ?? false;
  }
  protected override makeTypeKey(): string {
    return `${super.makeTypeKey()}:${this.unpackIpv4}`;
  }
  override prep(value: unknown): unknown {
    const text = textOf(this, value).trim();
    return text.includes(":") ? (cleanIpv6(text, this.unpackIpv4) ?? text) : text;
  }
  /** Checked when it is sent, not before, so that `fullClean()` can file the mistake under the field. An empty text is NULL, as in Django. */
  override toDb(value: unknown, _dialect: DialectInfo): DbParam {
    const text = value as string;
    if (text === "") return null;
    if (!isIpv4(text) && !isIpv6(text))
      throw wrongValue(this, "a text that is no IP address", "IPv4 and IPv6 addresses", "value.ip");
    return text;
  }
  // PostgreSQL writes the last 32 bits of some IPv6 addresses (::ff47:1eff) as IPv4; we give the form that was stored.
  override fromDb(dialect: DialectInfo): ((value: unknown) => unknown) | undefined {
    if (dialect.name !== "postgres") return undefined;
    return (v) => (typeof v === "string" && v.includes(":") && v.includes(".") ? (cleanIpv6(v) ?? v) : v);
  }
  override dbType(dialect: DialectInfo): string {
    return dialect.name === "postgres" ? "inet" : "char(39)";
  }
  override castType(dialect: DialectInfo): string {
    return dialect.name === "sqlite" ? "text" : this.dbType(dialect);
  }
  protected override builtInValidators(): readonly Validator[] {
    return [
      this.protocol === "ipv4"
        ? validateIpv4Address
        : this.protocol === "ipv6"
          ? validateIpv6Address
          : validateIpv46Address,
    ];
  }
  override check(dialects: readonly DialectInfo[] = []): CheckMessage[] {
    const out = super.check(dialects);
    const error = (id: string, message: string) =>
      out.push({ id, level: "error", message, hint: undefined, object: this.path });
    if (!this.null && this.blank)
      error(
        "fields.E150",
        "GenericIPAddressFields cannot have blank: true if null: false, as blank values are stored as nulls.",
      );
    if (!["both", "ipv4", "ipv6"].includes(this.protocol))
      error("fields.E151", "'protocol' must be 'both', 'IPv4' or 'IPv6'.");
    return out;
  }
}
