/**
 * Integer fields. Values are numbers that are exact (up to 2^53), or bigint for the 64-bit
 * fields; nothing is rounded. No SQL text beyond the names of column types.
 */
import type { DbParam, DialectInfo } from "../ast/seams.js";
import { DataError } from "../base/errors.js";
import { asDecimal, parseInteger } from "../base/values.js";
import { Field, type CheckMessage, type DbCheck, type FieldOptions, type Validator } from "./field.js";
import { unreadable, wrongType, wrongValue, type RefusingField } from "./refusals.js";
import { MaxValueValidator, MinValueValidator } from "./validators.js";

const ACCEPTED = "integers (number, bigint or their text)";
const MAX = Number.MAX_SAFE_INTEGER;
const MIN64 = -(2n ** 63n);
const MAX64 = 2n ** 63n - 1n;

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
      "an integer past 2^53, which a number cannot hold; declare a BigIntegerField to read it as bigint",
      "value.unsafe_integer",
    );
  };
  return (value) => (typeof value === "number" && value <= MAX && value >= -MAX ? value : slow(value));
}

/** A 32-bit integer. */
export class IntegerField extends Field {
  override readonly typeName: string = "IntegerField";
  override get ancestry(): readonly string[] {
    return this.typeName === "IntegerField" ? ["IntegerField", "Field"] : [this.typeName, "IntegerField", "Field"];
  }
  protected override get invalidMessage(): string {
    return "The value must be an integer.";
  }
  override prep(value: unknown): unknown {
    if (typeof value === "number" && Number.isSafeInteger(value)) return value + 0;
    const exact = exactInteger(this, value);
    if (typeof exact === "number") return exact;
    if (exact > MAX || exact < -MAX)
      throw wrongValue(
        this,
        "an integer past 2^53",
        "integers that a number holds exactly; use a BigIntegerField",
        "value.unsafe_integer",
      );
    return Number(exact);
  }
  override toDb(value: unknown, _dialect: DialectInfo): DbParam {
    return value as number | bigint;
  }
  override fromDb(_dialect: DialectInfo): (value: unknown) => unknown {
    return numberReader(this);
  }
  /** Name of the signed column type, the same on all databases but for autos on SQLite. */
  protected get sqlName(): "smallint" | "integer" | "bigint" {
    return "integer";
  }
  override dbType(_dialect: DialectInfo): string {
    return this.sqlName;
  }
  override castType(dialect: DialectInfo): string {
    if (dialect.name === "mysql") return "signed integer";
    return dialect.name === "sqlite" ? "integer" : this.sqlName;
  }
  /** What the column can hold on this database (SQLite: always 64 bits); without one, what every database can hold. */
  range(dialect?: DialectInfo): IntegerRange {
    if (dialect?.name === "sqlite") return [MIN64, MAX64];
    if (this.sqlName === "smallint") return [-32768, 32767];
    return this.sqlName === "integer" ? [-2147483648, 2147483647] : [MIN64, MAX64];
  }
  /**
   * Where a raw right-hand side stands to the range: -1 below, 1 above, 0 within, `undefined` where it is no integer.
   * Lookups answer comparisons with a value outside without asking the database (inventory S10).
   */
  compareToRange(value: unknown, dialect?: DialectInfo): -1 | 0 | 1 | undefined {
    let n: number | bigint | undefined;
    if (typeof value === "bigint" || (typeof value === "number" && !Number.isNaN(value))) n = value;
    else if (typeof value === "boolean") n = value ? 1 : 0;
    else if (typeof value === "string") n = parseInteger(value);
    if (n === undefined) return undefined;
    const [low, high] = this.range(dialect);
    return n < low ? -1 : n > high ? 1 : 0;
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
  protected override get sqlName(): "smallint" | "integer" | "bigint" {
    return "smallint";
  }
}

/** A 64-bit integer; values are bigint. */
export class BigIntegerField extends IntegerField {
  override readonly typeName: string = "BigIntegerField";
  override get needsBigInt(): boolean {
    return true;
  }
  protected override get sqlName(): "smallint" | "integer" | "bigint" {
    return "bigint";
  }
  override prep(value: unknown): unknown {
    return typeof value === "bigint" ? value : BigInt(exactInteger(this, value));
  }
  override toDb(value: unknown, _dialect: DialectInfo): DbParam {
    const big = BigInt(value as number | bigint);
    if (big < MIN64 || big > MAX64)
      throw new DataError(`${this.path} cannot hold an integer of more than 64 bits.`, "value.out_of_range", {
        path: this.path,
      });
    return big;
  }
  override fromDb(_dialect: DialectInfo): (value: unknown) => unknown {
    return (value) => {
      if (typeof value === "bigint") return value;
      if (typeof value === "number") {
        if (Number.isSafeInteger(value)) return BigInt(value);
        if (!Number.isInteger(value)) return value; // an average or quotient typed as integer keeps its fraction
        throw unreadable(this, "an integer past 2^53 as a rounded number", "value.unsafe_integer");
      }
      if (typeof value === "boolean") return value ? 1n : 0n;
      const text = String(value);
      const parsed = parseInteger(text.replace(/\.0+$/, ""));
      if (parsed === undefined) throw unreadable(this, "a text where an integer was expected");
      return parsed;
    };
  }
  override toJson(value: unknown): unknown {
    return typeof value === "bigint" ? (value <= MAX && value >= -MAX ? Number(value) : value.toString()) : value;
  }
}

// ---- positive integers ------------------------------------------------------------------------------------------
function unsignedName(name: string, dialect: DialectInfo): string {
  if (dialect.name === "mysql") return `${name} UNSIGNED`;
  return dialect.name === "sqlite" ? `${name} unsigned` : name;
}
const NON_NEGATIVE: DbCheck = Object.freeze({ kind: "nonNegative" });

/** A 32-bit integer that is not negative. */
export class PositiveIntegerField extends IntegerField {
  override readonly typeName: string = "PositiveIntegerField";
  override dbType(dialect: DialectInfo): string {
    return unsignedName(this.sqlName, dialect);
  }
  override relDbType(dialect: DialectInfo): string {
    return dialect.name === "mysql" ? this.dbType(dialect) : this.sqlName;
  }
  override castType(dialect: DialectInfo): string {
    return dialect.name === "mysql" ? "unsigned integer" : super.castType(dialect);
  }
  override dbCheck(_dialect: DialectInfo): DbCheck {
    return NON_NEGATIVE;
  }
  override range(dialect?: DialectInfo): IntegerRange {
    return [0, dialect?.name === "mysql" ? 4294967295 : super.range(dialect)[1]];
  }
}

/** A 16-bit integer that is not negative. */
export class PositiveSmallIntegerField extends SmallIntegerField {
  override readonly typeName: string = "PositiveSmallIntegerField";
  override get ancestry(): readonly string[] {
    return [this.typeName, "SmallIntegerField", "IntegerField", "Field"];
  }
  override dbType(dialect: DialectInfo): string {
    return unsignedName(this.sqlName, dialect);
  }
  override relDbType(dialect: DialectInfo): string {
    return dialect.name === "mysql" ? this.dbType(dialect) : this.sqlName;
  }
  override castType(dialect: DialectInfo): string {
    return dialect.name === "mysql" ? "unsigned integer" : super.castType(dialect);
  }
  override dbCheck(_dialect: DialectInfo): DbCheck {
    return NON_NEGATIVE;
  }
  override range(dialect?: DialectInfo): IntegerRange {
    return [0, dialect?.name === "mysql" ? 65535 : super.range(dialect)[1]];
  }
}

/** A 64-bit integer that is not negative; values are bigint. */
export class PositiveBigIntegerField extends BigIntegerField {
  override readonly typeName: string = "PositiveBigIntegerField";
  override get ancestry(): readonly string[] {
    return [this.typeName, "BigIntegerField", "IntegerField", "Field"];
  }
  override dbType(dialect: DialectInfo): string {
    return unsignedName(this.sqlName, dialect);
  }
  override relDbType(dialect: DialectInfo): string {
    return dialect.name === "mysql" ? this.dbType(dialect) : this.sqlName;
  }
  override castType(dialect: DialectInfo): string {
    return dialect.name === "mysql" ? "unsigned integer" : super.castType(dialect);
  }
  override dbCheck(_dialect: DialectInfo): DbCheck {
    return NON_NEGATIVE;
  }
  override range(_dialect?: DialectInfo): IntegerRange {
    return [0, MAX64];
  }
}

/** The place of a row among its siblings (`orderWithRespectTo`); set by the model, never by forms. */
export class OrderWrt extends IntegerField {
  override readonly typeName: string = "OrderWrt";
  constructor(options: FieldOptions = {}) {
    super({ ...options, editable: false });
  }
}
