/**
 * Range: the value of PostgreSQL's range columns. A plain immutable value; it must not know fields or SQL.
 */

import { ValueError } from "./errors.js";

/** Which ends belong to a range: `[` and `]` do, `(` and `)` do not. */
export type RangeBounds = "[)" | "[]" | "(]" | "()";
const RANGE: unique symbol = Symbol.for("babik.range");
const BOUNDS: readonly string[] = ["[)", "[]", "(]", "()"];

/**
 * Values between two ends; `null` is an end that is open to infinity.
 *
 * @example
 * new Range(1, 5)          // 1 <= x < 5
 * new Range(null, 5, "(]") // x <= 5
 * Range.empty<number>()
 */
export class Range<T = unknown> {
  readonly [RANGE] = true as const;
  readonly lower: T | null;
  readonly upper: T | null;
  readonly bounds: RangeBounds;
  /** Holds no value at all. */
  readonly isEmpty: boolean;

  constructor(lower: T | null = null, upper: T | null = null, bounds: RangeBounds = "[)", isEmpty = false) {
    if (!BOUNDS.includes(bounds)) throw new ValueError(`Range bounds are one of ${BOUNDS.join(" ")}.`, "value.bounds");
    this.lower = isEmpty ? null : lower;
    this.upper = isEmpty ? null : upper;
    this.bounds = bounds;
    this.isEmpty = isEmpty;
    Object.freeze(this);
  }
  /** The range that holds nothing. */
  static empty<T>(): Range<T> {
    return new Range<T>(null, null, "[)", true);
  }
  get lowerInclusive(): boolean {
    return !this.isEmpty && this.lower !== null && this.bounds.startsWith("[");
  }
  get upperInclusive(): boolean {
    return !this.isEmpty && this.upper !== null && this.bounds.endsWith("]");
  }
  /** PostgreSQL's notation, `[1,5)`. */
  toString(): string {
    if (this.isEmpty) return "empty";
    return `${this.bounds[0]}${this.lower ?? ""},${this.upper ?? ""}${this.bounds[1]}`;
  }
  toJSON(): unknown {
    return this.isEmpty ? { empty: true } : { lower: this.lower, upper: this.upper, bounds: this.bounds };
  }
}

/** True for a Range of whatever copy of this package. */
export function isRange(value: unknown): value is Range {
  return typeof value === "object" && value !== null && (value as { [RANGE]?: unknown })[RANGE] === true;
}
