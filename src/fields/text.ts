/**
 * Text fields. Text is stored exactly or refused: no NUL (PostgreSQL cannot hold it), no lone surrogate (drivers replace it).
 */
import type { DbParam, DialectInfo } from "../ast/seams.js";
import { asDecimal, describeType, isWellFormed } from "../base/values.js";
import { Field, type CheckMessage, type FieldOptions, type Validator } from "./field.js";
import { invalid, unreadable, wrongType, wrongValue, type RefusingField } from "./refusals.js";
import { EmailValidator, MaxLengthValidator, URLValidator, validateSlug, validateUnicodeSlug } from "./validators.js";

const TEXTS = "strings, or numbers as their text";

/** The text meant by a raw value, or an error. Numbers become their text, so that a server never casts the column instead. */
export function textOf(field: RefusingField, value: unknown): string {
  if (typeof value !== "string") {
    if (typeof value === "number") {
      if (!Number.isFinite(value)) throw wrongValue(field, "NaN or an infinity", TEXTS);
      return String(value + 0);
    }
    if (typeof value === "bigint") return value.toString();
    const decimal = asDecimal(value);
    if (decimal === undefined) throw wrongType(field, value, TEXTS);
    return decimal.toString();
  }
  if (value.includes("\0")) throw invalid(field, "Null characters are not allowed.", "null_characters_not_allowed");
  if (!isWellFormed(value))
    throw invalid(
      field,
      "Half of a surrogate pair stands alone in the text; no database can keep it.",
      "lone_surrogate",
    );
  return value;
}

/** What all fields with text values share. */
export abstract class TextBase extends Field {
  override readonly emptyStringsAllowed: boolean = true;
  override prep(value: unknown): unknown {
    return textOf(this, value);
  }
  override toDb(value: unknown, _dialect: DialectInfo): DbParam {
    return value as string;
  }
  override fromDb(_dialect: DialectInfo): ((value: unknown) => unknown) | undefined {
    return (value) => (typeof value === "string" ? value : readText(this, value));
  }
  protected get lengthValidator(): readonly Validator[] {
    return this.maxLength === undefined ? [] : [MaxLengthValidator(this.maxLength)];
  }
}

// Columns without a text affinity, and expressions, may give numbers; MariaDB gives bytes for binary collations.
function readText(field: RefusingField, value: unknown): string {
  if (typeof value === "number" || typeof value === "bigint") return String(value);
  if (value instanceof Uint8Array) return new TextDecoder().decode(value);
  throw unreadable(field, `a ${describeType(value)} where text was expected`);
}

/** `varchar` of a length, on databases that allow it also without. */
export function varchar(maxLength: number | undefined): string {
  return maxLength === undefined ? "varchar" : `varchar(${maxLength})`;
}

function castChar(dialect: DialectInfo, maxLength: number | undefined): string {
  if (dialect.name === "sqlite") return "text";
  if (dialect.name === "mysql") return maxLength === undefined ? "char" : `char(${maxLength})`;
  return varchar(maxLength);
}

/** Text of at most `maxLength` characters. */
export class CharField extends TextBase {
  override readonly typeName: string = "CharField";
  override get ancestry(): readonly string[] {
    return this.typeName === "CharField" ? ["CharField", "Field"] : [this.typeName, "CharField", "Field"];
  }
  override dbType(_dialect: DialectInfo): string {
    return varchar(this.maxLength);
  }
  override castType(dialect: DialectInfo): string {
    return castChar(dialect, this.maxLength);
  }
  protected override builtInValidators(): readonly Validator[] {
    return this.lengthValidator;
  }
  override check(dialects: readonly DialectInfo[] = []): CheckMessage[] {
    return [...super.check(dialects), ...checkMaxLength(this, dialects), ...checkCollation(this, dialects)];
  }
}

function checkMaxLength(field: Field, dialects: readonly DialectInfo[]): CheckMessage[] {
  const error = (id: string, message: string): CheckMessage[] => [
    { id, level: "error", message, hint: undefined, object: field.path },
  ];
  const length: unknown = field.options.maxLength;
  if (length === undefined)
    return dialects.some((d) => d.name === "mysql")
      ? error("fields.E120", `${field.typeName}s must define a 'maxLength' attribute.`)
      : [];
  return typeof length === "number" && Number.isInteger(length) && length > 0
    ? []
    : error("fields.E121", "'maxLength' must be a positive integer.");
}

function checkCollation(field: Field, _dialects: readonly DialectInfo[]): CheckMessage[] {
  const collation: unknown = field.options.dbCollation;
  if (collation === undefined || (typeof collation === "string" && collation !== "" && !collation.includes("\0")))
    return [];
  return [
    {
      id: "fields.E190",
      level: "error",
      message: "'dbCollation' must be the name of a collation.",
      hint: undefined,
      object: field.path,
    },
  ];
}

/** Text of any length. */
export class TextField extends TextBase {
  override readonly typeName: string = "TextField";
  override dbType(dialect: DialectInfo): string {
    return dialect.name === "mysql" ? "longtext" : "text";
  }
  override castType(dialect: DialectInfo): string {
    return dialect.name === "mysql" ? "char" : "text";
  }
  protected override builtInValidators(): readonly Validator[] {
    return [];
  }
  override check(dialects: readonly DialectInfo[] = []): CheckMessage[] {
    return [...super.check(dialects), ...checkCollation(this, dialects)];
  }
}

/** Options of SlugField. */
export interface SlugOptions extends FieldOptions {
  readonly allowUnicode?: boolean;
}

/** A label for addresses: letters, digits, hyphens and underscores; indexed. */
export class SlugField extends CharField {
  static override readonly optionNames: readonly string[] = ["allowUnicode"] satisfies readonly (keyof SlugOptions)[];
  override readonly typeName: string = "SlugField";
  readonly allowUnicode: boolean;
  constructor(options: SlugOptions = {}) {
    super({ maxLength: 50, dbIndex: true, ...options });
    this.allowUnicode = options.allowUnicode ?? false;
  }
  protected override builtInValidators(): readonly Validator[] {
    return [this.allowUnicode ? validateUnicodeSlug : validateSlug, ...this.lengthValidator];
  }
}

/** An e-mail address. */
export class EmailField extends CharField {
  override readonly typeName: string = "EmailField";
  constructor(options: FieldOptions = {}) {
    super({ maxLength: 254, ...options });
  }
  protected override builtInValidators(): readonly Validator[] {
    return [EmailValidator(), ...this.lengthValidator];
  }
}

/** A web address. */
export class URLField extends CharField {
  override readonly typeName: string = "URLField";
  constructor(options: FieldOptions = {}) {
    super({ maxLength: 200, ...options });
  }
  protected override builtInValidators(): readonly Validator[] {
    return [URLValidator(), ...this.lengthValidator];
  }
}
