/**
 * The range fields of PostgreSQL. Values are `Range`s of the values of another field.
 */
import type { DbParam, DialectInfo, ValueType } from "../ast/seams.js";
import { isRange, Range, type RangeBounds } from "../base/range.js";
import { describeType } from "../base/values.js";
import { memberText, needsPostgres } from "./arrays.js";
import { DateField, DateTimeField, type DateTimeOptions } from "./dates.js";
import { DecimalField } from "./decimals.js";
import { Field, type FieldOptions, type FieldOwner } from "./field.js";
import { BigIntegerField, IntegerField } from "./integers.js";
import { unreadable, wrongType, wrongValue } from "./refusals.js";

/** Options of range fields. */
export interface RangeOptions extends FieldOptions {
  /** Bounds of values given as two-element lists; only for ranges that are not discrete. */
  readonly defaultBounds?: RangeBounds;
}

const RANGES = "Range, or a list of its two ends";

/** What all range fields share. */
export abstract class RangeField extends Field {
  static override readonly optionNames: readonly string[] = ["defaultBounds"] satisfies readonly (keyof RangeOptions)[];
  abstract readonly baseField: Field;
  /** PostgreSQL's name of the type. */
  protected abstract readonly rangeType: string;
  readonly defaultBounds: RangeBounds;

  constructor(options: RangeOptions = {}) {
    super(options);
    this.defaultBounds = options.defaultBounds ?? "[)";
  }
  override get member(): ValueType {
    return this.baseField;
  }
  override bind(owner: FieldOwner, name: string, column: string): void {
    super.bind(owner, name, column);
    this.baseField.bind(owner, name, column);
  }
  override clone(): Field {
    const copy = super.clone();
    (copy as unknown as { baseField: Field }).baseField = this.baseField.clone();
    return copy;
  }
  override get ancestry(): readonly string[] {
    return [this.typeName, "RangeField", "Field"];
  }
  protected override makeTypeKey(): string {
    return `Range:${this.baseField.typeKey}:${this.defaultBounds}`;
  }
  override prep(value: unknown): unknown {
    if (isRange(value)) return value.isEmpty ? value : this.build(value.lower, value.upper, value.bounds);
    if (!Array.isArray(value)) throw wrongType(this, value, RANGES);
    if (value.length !== 2) throw wrongValue(this, `a list of ${value.length}`, RANGES, "value.length");
    return this.build(value[0], value[1], this.defaultBounds);
  }
  private build(lower: unknown, upper: unknown, bounds: RangeBounds): Range {
    const end = (v: unknown) => (v === null ? null : this.baseField.prep(v));
    return new Range(end(lower), end(upper), bounds);
  }
  override toDb(value: unknown, dialect: DialectInfo): DbParam {
    needsPostgres(this, dialect);
    const range = value as Range;
    if (range.isEmpty) return "empty";
    const end = (v: unknown) => (v === null ? "" : memberText(this.baseField.toDb(v, dialect)));
    return `${range.bounds[0]}${end(range.lower)},${end(range.upper)}${range.bounds[1]}`;
  }
  override fromDb(dialect: DialectInfo): (value: unknown) => unknown {
    const read = this.baseField.fromDb(dialect) ?? ((v: unknown) => v);
    return (value) => {
      if (value === "empty") return Range.empty();
      const parts = typeof value === "string" ? parseRange(value) : undefined;
      if (parts === undefined) throw unreadable(this, `a ${describeType(value)} that is no range`);
      const end = (text: string | null) => (text === null ? null : read(text));
      return new Range(end(parts.lower), end(parts.upper), parts.bounds);
    };
  }
  override dbType(dialect: DialectInfo): string {
    needsPostgres(this, dialect);
    return this.rangeType;
  }
  override toJson(value: unknown): unknown {
    if (!isRange(value)) return value;
    const end = (v: unknown) => (v === null ? null : this.baseField.toJson(v));
    return value.isEmpty ? { empty: true } : { lower: end(value.lower), upper: end(value.upper), bounds: value.bounds };
  }
  override fromJson(value: unknown): unknown {
    if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
    const v = value as { lower?: unknown; upper?: unknown; bounds?: RangeBounds; empty?: boolean };
    return v.empty === true ? Range.empty() : new Range(v.lower ?? null, v.upper ?? null, v.bounds ?? "[)");
  }
}

const END = '(?:"((?:[^"\\\\]|\\\\.|"")*)"|([^,"()\\[\\]]*))';
const RANGE_TEXT = new RegExp(`^([[(])${END},${END}([\\])])$`, "s");
/** The two ends of a range literal, still as texts. */
function parseRange(text: string): { lower: string | null; upper: string | null; bounds: RangeBounds } | undefined {
  const m = RANGE_TEXT.exec(text);
  if (m === null) return undefined;
  const end = (q: string | undefined, bare: string | undefined) =>
    q !== undefined ? q.replace(/\\(.)|"(")/gs, "$1$2") : bare === "" || bare === undefined ? null : bare;
  return { lower: end(m[2], m[3]), upper: end(m[4], m[5]), bounds: `${m[1]}${m[6]}` as RangeBounds };
}

/** A range of 32-bit integers. */
export class IntegerRangeField extends RangeField {
  override readonly typeName: string = "IntegerRangeField";
  override readonly baseField: Field = new IntegerField();
  protected override readonly rangeType = "int4range";
}
/** A range of 64-bit integers; ends are bigint. */
export class BigIntegerRangeField extends RangeField {
  override readonly typeName: string = "BigIntegerRangeField";
  override readonly baseField: Field = new BigIntegerField();
  protected override readonly rangeType = "int8range";
}
/** A range of decimals. */
export class DecimalRangeField extends RangeField {
  override readonly typeName: string = "DecimalRangeField";
  override readonly baseField: Field = new DecimalField();
  protected override readonly rangeType = "numrange";
}
/** A range of dates. */
export class DateRangeField extends RangeField {
  override readonly typeName: string = "DateRangeField";
  override readonly baseField: Field = new DateField();
  protected override readonly rangeType = "daterange";
}
/** A range of points in time. */
export class DateTimeRangeField extends RangeField {
  static override readonly optionNames: readonly string[] = ["precision"];
  override readonly typeName: string = "DateTimeRangeField";
  override readonly baseField: Field;
  protected override readonly rangeType = "tstzrange";
  constructor(options: RangeOptions & Pick<DateTimeOptions, "precision"> = {}) {
    super(options);
    this.baseField = new DateTimeField(options.precision === undefined ? {} : { precision: options.precision });
  }
}
