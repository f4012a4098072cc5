/**
 * FloatField and DecimalField: numbers with a fraction, one in binary, one exact. How decimals are compared and summed
 * on SQLite stands with the SQL; here is only how they are stored.
 */
import type { DbParam, DialectInfo } from "../ast/seams.js";
import { NotSupportedError } from "../base/errors.js";
import { asDecimal, Decimal, decimalText, describeType, MAX_DECIMAL_EXPONENT, parseDecimal } from "../base/values.js";
import { Field, type CheckMessage, type FieldOptions, type Validator } from "./field.js";
import { invalid, unreadable, wrongType, wrongValue } from "./refusals.js";
import { DecimalValidator } from "./validators.js";

const FLOATS = "numbers or their text";

/** A number of double precision. */
export class FloatField extends Field {
  override readonly typeName: string = "FloatField";
  protected override get invalidMessage(): string {
    return "The value must be a float.";
  }
  override prep(value: unknown): unknown {
    if (typeof value === "number") return value + 0; // -0 becomes 0: not every database keeps it
    if (typeof value === "boolean") return value ? 1 : 0;
    if (typeof value === "bigint") {
      const n = Number(value);
      if (!Number.isFinite(n) || BigInt(n) !== value)
        throw wrongValue(this, "a bigint that a number would round", FLOATS, "value.unsafe_integer");
      return n;
    }
    if (typeof value === "string") {
      const parsed = parseDecimal(value);
      const n = parsed === undefined ? infinityOf(value) : Number(parsed.toString());
      if (n === undefined) throw wrongValue(this, "a string that is no number", FLOATS);
      if (parsed !== undefined && !Number.isFinite(n))
        throw wrongValue(this, "a number too large for double precision", FLOATS, "value.out_of_range");
      return n + 0;
    }
    const decimal = asDecimal(value);
    if (decimal === undefined) throw wrongType(this, value, FLOATS);
    return decimal.toNumber() + 0;
  }
  override toDb(value: unknown, dialect: DialectInfo): DbParam {
    if (Number.isFinite(value)) return value as number;
    if (dialect.name === "postgres") return String(value);
    throw new NotSupportedError(
      `${this.path}: this database has no NaN and no infinities; give null for a missing number.`,
      "value.not_finite",
      {
        path: this.path,
      },
    );
  }
  override fromDb(_dialect: DialectInfo): (value: unknown) => unknown {
    return (value) => (typeof value === "number" ? value : Number(value));
  }
  override dbType(dialect: DialectInfo): string {
    return dialect.name === "sqlite" ? "real" : "double precision";
  }
  override castType(dialect: DialectInfo): string {
    return dialect.name === "mysql" ? "double" : this.dbType(dialect);
  }
}

function infinityOf(text: string): number | undefined {
  const m = /^([+-]?)(?:inf|infinity|(nan))$/i.exec(text.length > 20 ? "" : text.trim());
  if (m === null) return undefined;
  return m[2] !== undefined ? Number.NaN : m[1] === "-" ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
}

/** Options of DecimalField. */
export interface DecimalOptions extends FieldOptions {
  readonly maxDigits?: number;
  readonly decimalPlaces?: number;
}

const DECIMALS = "Decimal, numbers or decimal texts";
/** Digits that a double of SQLite gives back exactly. */
const DOUBLE_DIGITS = 15;
const NOT_DECIMAL = "The value must be a decimal number.";

/**
 * An exact decimal number of at most `maxDigits` digits, `decimalPlaces` of them after the point.
 *
 * SQLite has no decimal type. Up to 15 digits a double gives every value back exactly, so such columns hold numbers; wider
 * ones hold text (`exactText`), which the SQL compares and sums with babik's own functions.
 */
export class DecimalField extends Field {
  static override readonly optionNames: readonly string[] = [
    "maxDigits",
    "decimalPlaces",
  ] satisfies readonly (keyof DecimalOptions)[];
  override readonly typeName: string = "DecimalField";
  private readonly maxDigits: number | undefined;
  private readonly decimalPlaces: number | undefined;

  constructor(options: DecimalOptions = {}) {
    super(options);
    this.maxDigits = options.maxDigits;
    this.decimalPlaces = options.decimalPlaces;
  }
  override get digits(): number | undefined {
    return this.maxDigits;
  }
  override get scale(): number | undefined {
    return this.decimalPlaces;
  }
  /** SQLite keeps the values as text. An expression's type without digits (no model) does not: its operands decide. */
  get exactText(): boolean {
    return this.digits === undefined ? this.owner !== null : this.digits > DOUBLE_DIGITS;
  }
  protected override makeTypeKey(): string {
    return `${super.makeTypeKey()}:${this.digits === undefined}:${this.exactText}`;
  }
  protected override get invalidMessage(): string {
    return NOT_DECIMAL;
  }
  override prep(value: unknown): unknown {
    let d = asDecimal(value);
    if (d === undefined) {
      if (typeof value === "string") d = parseDecimal(value);
      else if (typeof value === "bigint")
        d = value > 10n ** 400n || value < -(10n ** 400n) ? undefined : new Decimal(value.toString());
      else if (typeof value === "number") d = this.ofNumber(value);
      else throw wrongType(this, value, DECIMALS);
    }
    if (d === undefined || !d.isFinite() || Math.abs(d.e) > MAX_DECIMAL_EXPONENT) throw invalid(this, NOT_DECIMAL);
    return d;
  }
  private ofNumber(value: number): Decimal | undefined {
    if (!Number.isFinite(value)) return undefined;
    if (Number.isInteger(value) && !Number.isSafeInteger(value))
      throw wrongValue(
        this,
        "a number past 2^53, which may be rounded already",
        "such values as text, bigint or Decimal only",
        "value.unsafe_integer",
      );
    const d = new Decimal(value);
    return this.digits === undefined || d.precision() <= this.digits
      ? d
      : d.toSignificantDigits(Math.max(1, this.digits), Decimal.ROUND_HALF_EVEN);
  }
  override toDb(value: unknown, dialect: DialectInfo): DbParam {
    const d = this.quantise(value as Decimal);
    const text = decimalText(d, this.scale);
    if (dialect.name !== "sqlite" || this.exactText) return text;
    // Where a double prints these digits again, a number needs no conversion in comparisons and arithmetic.
    if (this.digits !== undefined || (d.precision() <= DOUBLE_DIGITS && d.e < DOUBLE_DIGITS && d.e > -5))
      return Number(text);
    return text;
  }
  /** The value as the column keeps it: half to even at `decimalPlaces`, refused past `maxDigits`. */
  quantise(value: Decimal): Decimal {
    if (!value.isFinite()) throw invalid(this, NOT_DECIMAL);
    const d =
      this.scale === undefined || value.decimalPlaces() <= this.scale
        ? value
        : value.toDecimalPlaces(this.scale, Decimal.ROUND_HALF_EVEN);
    if (this.digits !== undefined && !d.isZero()) {
      const used = this.scale === undefined ? d.precision() : d.e + 1 + this.scale;
      if (used > this.digits || Math.abs(d.e) > MAX_DECIMAL_EXPONENT)
        throw invalid(this, `Ensure that there are no more than ${this.digits} digits in total.`, "max_digits");
    }
    return d;
  }
  override fromDb(dialect: DialectInfo): (value: unknown) => unknown {
    if (dialect.name === "sqlite") return sqliteReader(this, this.exactText ? undefined : this.scale);
    return (value) => {
      if (typeof value === "string" || typeof value === "number") return new Decimal(value);
      if (typeof value === "bigint") return new Decimal(value.toString());
      throw unreadable(this, `a ${describeType(value)} where a decimal was expected`);
    };
  }
  override dbType(dialect: DialectInfo): string {
    if (dialect.name === "sqlite") return this.digits === undefined || this.digits > DOUBLE_DIGITS ? "text" : "decimal";
    return this.digits === undefined ? "numeric" : `numeric(${this.digits}, ${this.scale ?? 0})`;
  }
  override castType(dialect: DialectInfo): string {
    if (dialect.name === "sqlite") return this.exactText ? "text" : "numeric";
    if (dialect.name === "mysql")
      return this.digits === undefined ? "decimal(65, 30)" : `decimal(${this.digits}, ${this.scale ?? 0})`;
    return this.dbType(dialect);
  }
  override toJson(value: unknown): unknown {
    return asDecimal(value)?.toFixed() ?? value;
  }
  protected override builtInValidators(): readonly Validator[] {
    return this.digits === undefined ? [] : [DecimalValidator(this.digits, this.scale ?? 0)];
  }
  override check(dialects: readonly DialectInfo[] = []): CheckMessage[] {
    const out = super.check(dialects);
    const error = (id: string, message: string) =>
      out.push({ id, level: "error", message, hint: undefined, object: this.path });
    const { digits, scale } = this;
    const bound = dialects.some((d) => d.name === "mysql");
    if (scale === undefined) {
      if (bound || digits !== undefined) error("fields.E130", "DecimalFields must define a 'decimalPlaces' attribute.");
    } else if (!Number.isInteger(scale) || scale < 0)
      error("fields.E131", "'decimalPlaces' must be a non-negative integer.");
    if (digits === undefined) {
      if (bound || scale !== undefined) error("fields.E132", "DecimalFields must define a 'maxDigits' attribute.");
    } else if (!Number.isInteger(digits) || digits <= 0)
      error("fields.E133", "'maxDigits' must be a positive integer.");
    if (digits !== undefined && scale !== undefined && scale > digits)
      error("fields.E134", "'maxDigits' must be greater or equal to 'decimalPlaces'.");
    return out;
  }
}

// A double answers with 15 sound digits; what arithmetic left after them is noise, and a tie at the scale must be judged
// without it, as Django does.
function sqliteReader(field: DecimalField, scale: number | undefined): (value: unknown) => unknown {
  const factor = scale === undefined || scale > 12 ? undefined : 10 ** scale;
  const slow = (value: unknown): unknown => {
    if (typeof value === "bigint") return new Decimal(value.toString());
    if (typeof value === "number") {
      const d = new Decimal(value.toPrecision(DOUBLE_DIGITS));
      return scale === undefined || !d.isFinite() ? d : d.toDecimalPlaces(scale, Decimal.ROUND_HALF_EVEN);
    }
    // Plain texts, as the column keeps them, need no closer look than the constructor's own.
    if (typeof value === "string" && /^[-+.0-9]/.test(value)) {
      try {
        return new Decimal(value);
      } catch {
        throw unreadable(field, "a text where a decimal was expected");
      }
    }
    throw unreadable(field, `a ${describeType(value)} where a decimal was expected`);
  };
  return (value) => {
    if (typeof value !== "number") return slow(value);
    if (Number.isSafeInteger(value)) return new Decimal(value);
    // A value that was stored at this scale: its shortest text is it.
    if (factor !== undefined) {
      const text = String(value);
      const point = text.indexOf(".");
      if (text.length <= DOUBLE_DIGITS && point > 0 && text.length - point - 1 <= scale! && !text.includes("e"))
        return new Decimal(text);
    }
    return slow(value);
  };
}
