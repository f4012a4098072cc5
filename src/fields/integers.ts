/**
 * Integer fields. Values are numbers that are exact (up to 2^53), or bigint for the 64-bit
 * fields; nothing is rounded. No SQL text beyond the names of column types.
 */
import type { DbParam, DialectInfo } from "../ast/seams.js";
import { DataError, ImproperlyConfigured } from "../base/errors.js";
import { asDecimal, parseInteger } from "../base/values.js";
import { Field, type CheckMessage, type DbCheck, type FieldOptions, type Validator } from "./field.js";
import { unreadable, wrongType, wrongValue, type RefusingField } from "./refusals.js";
import { MaxValueValidator, MinValueValidator } from "./validators.js";

const ACCEPTED = "integers (number, bigint or their text)";
const MAX = Number.MAX_SAFE_INTEGER;
const MIN64 = -(2n ** 63n);
const MAX64 = 2n ** 63n - 1n;
const NON_NEGATIVE: DbCheck = Object.freeze({ kind: "nonNegative" });
type SqlName = "smallint" | "integer" | "bigint";
const RANGES = {
  smallint: [-32768, 32767],
  integer: [-2147483648, 2147483647],
  bigint: [MIN64, MAX64],
} as const;
/** Highest value of a column without sign. */
const UNSIGNED_MAX = { smallint: 65535, integer: 4294967295, bigint: 2n ** 64n - 1n } as const;

/** Lowest and highest value of a column; comparisons between number and bigint are exact in JavaScript. */
export type IntegerRange = readonly [number | bigint, number | bigint];

/** The exact integer meant by a raw value, or an error. Booleans count as 0 and 1, as in Django. */
export function exactInteger(field: RefusingField, value: unknown): number | bigint {
  if (typeof value === "number") {
    if (!Number.isFinite(value)) throw wrongValue(field, "NaN or an infinity", ACCEPTED);
    if (!Number.isInteger(value)) throw wrongValue(field, "a number with a fraction", ACCEPTED, "value.fraction");
    if (!Number.isSafeInteger(value))
      throw wrongValue(
        field,
        "a number past 2^53, which may be rounded already",
        "such integers as bigint or text only",
        "value.unsafe_integer",
      );
    return value + 0; // -0 becomes 0
  }
  if (typeof value === "bigint") return value;
  if (typeof value === "boolean") return value ? 1 : 0;
  if (typeof value === "string") {
    const parsed = parseInteger(value);
    if (parsed === undefined) throw wrongValue(field, "a string that is no integer", ACCEPTED);
    return parsed;
  }
  const decimal = asDecimal(value);
  if (decimal === undefined) throw wrongType(field, value, ACCEPTED);
  if (!decimal.isInteger() || decimal.e > 400)
    throw wrongValue(field, "a Decimal that is no integer of usual size", ACCEPTED, "value.fraction");
  return BigInt(decimal.toFixed());
}

/** Reads an integer into a number; refuses those that a number cannot hold. */
function numberReader(field: RefusingField): (value: unknown) => unknown {
  const slow = (value: unknown): unknown => {
    if (typeof value === "bigint") {
      if (value <= MAX && value >= -MAX) return Number(value);
    } else if (typeof value === "string") {
      const n = Number(value);
      if (Number.isNaN(n)) throw unreadable(field, "a text where an integer was expected");
      if (!Number.isInteger(n) || Number.isSafeInteger(n)) return n;
    } else if (typeof value === "boolean") return value ? 1 : 0;
    else if (typeof value === "number" && !Number.isFinite(value)) return value;
    else if (typeof value !== "number") throw unreadable(field, `a ${typeof value} where an integer was expected`);
    throw unreadable(
      field,
      "an integer past 2^53, which a number cannot hold; declare the field with { bigint: true }, or as a BigIntegerField",
      "value.unsafe_integer",
    );
  };
  return (value) => (typeof value === "number" && value <= MAX && value >= -MAX ? value : slow(value));
}

/** Reads an integer into a bigint. */
function bigintReader(field: RefusingField): (value: unknown) => unknown {
  return (value) => {
    if (typeof value === "bigint") return value;
    if (typeof value === "number") {
      if (Number.isSafeInteger(value)) return BigInt(value);
      if (!Number.isInteger(value)) return value; // an average or quotient typed as integer keeps its fraction
      throw unreadable(field, "an integer past 2^53 as a rounded number", "value.unsafe_integer");
    }
    if (typeof value === "boolean") return value ? 1n : 0n;
    const text = String(value);
    const parsed = parseInteger(text.replace(/\.0+$/, ""));
    if (parsed === undefined) throw unreadable(field, "a text where an integer was expected");
    return BigInt(parsed);
  };
}

/** What integer fields can be told beyond the options of all fields. */
export interface IntegerOptions extends FieldOptions {
  /** Values are bigint. Default: only those of BigIntegerField and PositiveBigIntegerField are. */
  readonly bigint?: boolean | undefined;
}

/** A 32-bit integer; values are numbers, or bigint where the options ask for it. */
export class IntegerField extends Field {
  static override readonly optionNames: readonly string[] = ["bigint"] satisfies readonly (keyof IntegerOptions)[];
  override readonly typeName: string = "IntegerField";
  readonly bigint: boolean;
  constructor(options: IntegerOptions = {}) {
    super(options);
    if (options.bigint !== undefined && typeof options.bigint !== "boolean")
      throw new ImproperlyConfigured("The option 'bigint' of an integer field takes true or false.", "field.options");
    this.bigint = options.bigint ?? false;
  }
  override get needsBigInt(): boolean {
    return this.bigint;
  }
  /** Values below zero are refused, by a type without sign or by a check. */
  protected get positive(): boolean {
    return false;
  }
  override get ancestry(): readonly string[] {
    return this.typeName === "IntegerField" ? ["IntegerField", "Field"] : [this.typeName, "IntegerField", "Field"];
  }
  protected override get invalidMessage(): string {
    return "The value must be an integer.";
  }
  override prep(value: unknown): unknown {
    if (this.needsBigInt) return typeof value === "bigint" ? value : BigInt(exactInteger(this, value));
    if (typeof value === "number" && Number.isSafeInteger(value)) return value + 0;
    const exact = exactInteger(this, value);
    if (typeof exact === "number") return exact;
    if (exact > MAX || exact < -MAX)
      throw wrongValue(
        this,
        "an integer past 2^53",
        "integers that a number holds exactly; declare it with { bigint: true }, or as a BigIntegerField",
        "value.unsafe_integer",
      );
    return Number(exact);
  }
  override toDb(value: unknown, dialect: DialectInfo): DbParam {
    if (!this.needsBigInt) return value as number | bigint;
    const big = BigInt(value as number | bigint);
    // What has more bits than the driver's integers may be cut or rounded by it.
    if (big < MIN64 || big > (this.positive && dialect.name === "mysql" ? UNSIGNED_MAX.bigint : MAX64))
      throw new DataError(`${this.path} cannot hold an integer of more than 64 bits.`, "value.out_of_range", {
        path: this.path,
      });
    return big;
  }
  override fromDb(_dialect: DialectInfo): (value: unknown) => unknown {
    return this.needsBigInt ? bigintReader(this) : numberReader(this);
  }
  override toJson(value: unknown): unknown {
    return typeof value === "bigint" ? (value <= MAX && value >= -MAX ? Number(value) : value.toString()) : value;
  }
  /** Name of the signed column type, the same on all databases but for autos on SQLite. */
  protected get sqlName(): SqlName {
    return "integer";
  }
  override dbType(dialect: DialectInfo): string {
    if (!this.positive || dialect.name === "postgres") return this.sqlName;
    return dialect.name === "mysql" ? `${this.sqlName} UNSIGNED` : `${this.sqlName} unsigned`;
  }
  override relDbType(dialect: DialectInfo): string {
    return this.positive && dialect.name === "mysql" ? this.dbType(dialect) : this.sqlName;
  }
  override castType(dialect: DialectInfo): string {
    if (dialect.name === "mysql") return this.positive ? "unsigned integer" : "signed integer";
    return dialect.name === "sqlite" ? "integer" : this.sqlName;
  }
  override dbCheck(_dialect: DialectInfo): DbCheck | null {
    return this.positive ? NON_NEGATIVE : null;
  }
  /** What the column can hold on this database (SQLite: always 64 bits); without one, what every database can hold. */
  range(dialect?: DialectInfo): IntegerRange {
    const [low, high] = dialect?.name === "sqlite" ? RANGES.bigint : RANGES[this.sqlName];
    if (!this.positive) return [low, high];
    return [0, dialect?.name === "mysql" ? UNSIGNED_MAX[this.sqlName] : high];
  }
  /** What a column of any database may hold. */
  get widest(): IntegerRange {
    if (!this.positive) return RANGES.bigint;
    return [0, this.sqlName === "bigint" ? UNSIGNED_MAX.bigint : MAX64];
  }
  protected override builtInValidators(dialect?: DialectInfo): readonly Validator[] {
    const [low, high] = this.range(dialect);
    const own = this.options.validators ?? [];
    // A tighter limit of the user's own says it better than the column's.
    const out: Validator[] = [];
    if (!own.some((v) => "minValue" in v && (v as { minValue: number }).minValue >= low))
      out.push(MinValueValidator(low));
    if (!own.some((v) => "maxValue" in v && (v as { maxValue: number }).maxValue <= high))
      out.push(MaxValueValidator(high));
    return out;
  }
  override check(dialects: readonly DialectInfo[] = []): CheckMessage[] {
    const out = super.check(dialects);
    if (this.options.maxLength !== undefined)
      out.push({
        id: "fields.W122",
        level: "warning",
        message: `'maxLength' is ignored when used with ${this.typeName}.`,
        hint: "Remove 'maxLength' from the field.",
        object: this.path,
      });
    return out;
  }
}

/** A 16-bit integer. */
export class SmallIntegerField extends IntegerField {
  override readonly typeName: string = "SmallIntegerField";
  protected override get sqlName(): SqlName {
    return "smallint";
  }
}

/** A 64-bit integer; values are bigint. */
export class BigIntegerField extends IntegerField {
  override readonly typeName: string = "BigIntegerField";
  override get needsBigInt(): boolean {
    return true;
  }
  protected override get sqlName(): SqlName {
    return "bigint";
  }
}

/** A 32-bit integer that is not negative. */
export class PositiveIntegerField extends IntegerField {
  override readonly typeName: string = "PositiveIntegerField";
  protected override get positive(): boolean {
    return true;
  }
}

/** A 16-bit integer that is not negative. */
export class PositiveSmallIntegerField extends SmallIntegerField {
  override readonly typeName: string = "PositiveSmallIntegerField";
  override get ancestry(): readonly string[] {
    return [this.typeName, "SmallIntegerField", "IntegerField", "Field"];
  }
  protected override get positive(): boolean {
    return true;
  }
}

/** A 64-bit integer that is not negative; values are bigint. */
export class PositiveBigIntegerField extends BigIntegerField {
  override readonly typeName: string = "PositiveBigIntegerField";
  override get ancestry(): readonly string[] {
    return [this.typeName, "BigIntegerField", "IntegerField", "Field"];
  }
  protected override get positive(): boolean {
    return true;
  }
}

/** The place of a row among its siblings (`orderWithRespectTo`); set by the model, never by forms. */
export class OrderWrt extends IntegerField {
  override readonly typeName: string = "OrderWrt";
  constructor(options: FieldOptions = {}) {
    super({ ...options, editable: false });
  }
}
