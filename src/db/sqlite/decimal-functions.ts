/**
 * Exact decimal arithmetic for SQLite, over text: SQLite itself would go through doubles and lose digits.
 * NULL in gives NULL out; a text that is no number is an error. They must not know fields or queries.
 */
import { Decimal } from "decimal.js";
import { DataError } from "../../base/errors.js";
import type { Engine, SqlValue } from "./engine.js";

// A constructor of our own: 80 digits cover the 65 of DecimalField and leave room; no setting of the user's Decimal matters.
const Exact = Decimal.clone({
  precision: 80,
  rounding: Decimal.ROUND_HALF_EVEN,
  toExpNeg: -400,
  toExpPos: 400,
  maxE: 400,
  minE: -400,
});
// Sums and products must not round at 80 digits while they are being gathered.
const Wide = Decimal.clone({ precision: 400, rounding: Decimal.ROUND_HALF_EVEN, toExpNeg: -900, toExpPos: 900 });

function read(value: SqlValue | undefined): Decimal {
  if (typeof value === "string" && !/^\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,4})?\s*$/.test(value))
    throw notDecimal();
  if (typeof value === "string") return new Wide(value.trim());
  if (typeof value === "bigint") return new Wide(value.toString());
  if (typeof value === "number" && Number.isFinite(value)) return new Wide(value);
  throw notDecimal();
}

function notDecimal(): DataError {
  return new DataError("A decimal function was given a value that is no decimal number.", "sqlite.decimal");
}

/** Plain notation, without the exponent and without zeros that a division left behind. */
function write(value: Decimal): string {
  const text = value.toFixed();
  return text === "-0" ? "0" : text;
}

// Added numbers keep the larger number of decimals, multiplied ones their sum, as SQL does: 1.10 + 1.10 = 2.20.
function scaleOf(value: SqlValue | undefined): number {
  if (typeof value !== "string" || /[eE]/.test(value)) return 0;
  const point = value.indexOf(".");
  return point < 0 ? 0 : value.trim().length - value.trimStart().indexOf(".") - 1;
}

function fixed(value: Decimal, scale: number): string {
  const text = value.decimalPlaces() > scale ? write(value) : value.toFixed(scale);
  return /^-0(\.0*)?$/.test(text) ? text.slice(1) : text;
}

/**
 * A text whose binary order is the order of the numbers: sign, exponent, digits; the digits of negative numbers are
 * complemented and closed with `~`, which sorts after every digit. Numbers that are equal have the same key.
 */
export function decimalKey(value: SqlValue): string {
  const number = read(value);
  if (number.isZero()) return "1";
  const negative = number.isNegative();
  const digits = number.abs().toExponential().replace(/e.*$/, "").replace(".", "").replace(/0+$/, "");
  const exponent = String(number.e + 5000).padStart(4, "0");
  if (!negative) return `2${exponent}${digits}`;
  return `0${complement(exponent)}${complement(digits)}~`;
}

function complement(digits: string): string {
  let out = "";
  for (const digit of digits) out += 9 - Number(digit);
  return out;
}

interface Gathered {
  sum: Decimal;
  scale: number;
  count: number;
  best: string | undefined;
  bestNumber: Decimal | undefined;
}

const start = (): Gathered => ({ sum: new Wide(0), scale: 0, count: 0, best: undefined, bestNumber: undefined });

/** Registers the decimal functions and aggregates on a connection. */
export function registerDecimalFunctions(engine: Engine): void {
  const two = (name: string, body: (a: Decimal, b: Decimal, left: SqlValue, right: SqlValue) => SqlValue): void =>
    engine.fn(
      name,
      2,
      (left = null, right = null) =>
        left === null || right === null ? null : body(read(left), read(right), left, right),
      true,
    );
  two("BABIK_DEC_ADD", (a, b, l, r) => fixed(a.plus(b), Math.max(scaleOf(l), scaleOf(r))));
  two("BABIK_DEC_SUB", (a, b, l, r) => fixed(a.minus(b), Math.max(scaleOf(l), scaleOf(r))));
  two("BABIK_DEC_MUL", (a, b, l, r) => fixed(a.times(b), scaleOf(l) + scaleOf(r)));
  two("BABIK_DEC_DIV", (a, b) => (b.isZero() ? null : write(Exact.div(a, b))));
  // The sign of the dividend, as SQL's % and MOD have it.
  two("BABIK_DEC_MOD", (a, b, l, r) => (b.isZero() ? null : fixed(a.mod(b), Math.max(scaleOf(l), scaleOf(r)))));
  two("BABIK_DEC_CMP", (a, b) => BigInt(a.comparedTo(b)));
  engine.fn("BABIK_DEC_KEY", 1, (value = null) => (value === null ? null : decimalKey(value)), true);
  engine.fn(
    "BABIK_DEC_NEG",
    1,
    (value = null) => (value === null ? null : fixed(read(value).neg(), scaleOf(value))),
    true,
  );
  engine.fn(
    "BABIK_DEC_ABS",
    1,
    (value = null) => (value === null ? null : fixed(read(value).abs(), scaleOf(value))),
    true,
  );
  engine.fn(
    "BABIK_DEC_ROUND",
    2,
    (value = null, places = null) => {
      if (value === null || places === null) return null;
      const to = Number(places);
      if (!Number.isInteger(to) || Math.abs(to) > 100) throw notDecimal();
      // Half away from zero, as PostgreSQL and MariaDB round decimals.
      if (to >= 0) return read(value).toFixed(to, Decimal.ROUND_HALF_UP);
      const unit = new Wide(10).pow(-to);
      return write(read(value).div(unit).toDecimalPlaces(0, Decimal.ROUND_HALF_UP).times(unit));
    },
    true,
  );
  engine.fn(
    "BABIK_DEC_FIT",
    3,
    (value = null, digits = null, places = null) => {
      if (value === null) return null;
      const scale = Number(places);
      const fitting = read(value).toDecimalPlaces(scale, Decimal.ROUND_HALF_UP);
      if (!fitting.isZero() && fitting.e + 1 + scale > Number(digits))
        throw new DataError(
          `A calculated decimal has more than the ${Number(digits) - scale} digits before the point that its column holds.`,
          "value.out_of_range",
        );
      return fixed(fitting, scale);
    },
    true,
  );
  registerAggregates(engine);
}

function registerAggregates(engine: Engine): void {
  const step = (state: Gathered, value: SqlValue = null): Gathered => {
    if (value === null) return state;
    state.sum = state.sum.plus(read(value));
    state.scale = Math.max(state.scale, scaleOf(value));
    state.count++;
    return state;
  };
  // Decimals can be taken away again without a rest, so sums work over moving frames.
  const inverse = (state: Gathered, value: SqlValue = null): Gathered => {
    if (value === null) return state;
    state.sum = state.sum.minus(read(value));
    state.count--;
    return state;
  };
  engine.aggregate<Gathered>("BABIK_DEC_SUM", 1, {
    start,
    step,
    inverse,
    result: (state) => (state.count === 0 ? null : fixed(state.sum, state.scale)),
  });
  engine.aggregate<Gathered>("BABIK_DEC_AVG", 1, {
    start,
    step,
    inverse,
    result: (state) => (state.count === 0 ? null : write(Exact.div(state.sum, state.count))),
  });
  const extreme = (name: string, better: (order: number) => boolean): void =>
    engine.aggregate<Gathered>(name, 1, {
      start,
      step(state, value = null) {
        if (value === null) return state;
        const number = read(value);
        if (state.bestNumber === undefined || better(number.comparedTo(state.bestNumber))) {
          state.bestNumber = number;
          state.best = typeof value === "string" ? value.trim() : write(number);
        }
        return state;
      },
      result: (state) => state.best ?? null,
    });
  extreme("BABIK_DEC_MIN", (order) => order < 0);
  extreme("BABIK_DEC_MAX", (order) => order > 0);
}
