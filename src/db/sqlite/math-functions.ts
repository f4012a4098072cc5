/**
 * Mathematical functions that this build of SQLite lacks, and statistics, which all builds lack. Functions that the
 * library has stay its own: they are faster and exact for 64-bit integers. NULL in gives NULL out.
 */
import type { Engine, SqlValue } from "./engine.js";

function number(value: SqlValue): number {
  if (typeof value === "string") {
    // SQLite reads the number at the start of a text, and zero where there is none.
    const read = Number.parseFloat(value);
    return Number.isNaN(read) ? 0 : read;
  }
  return typeof value === "object" ? 0 : Number(value);
}

/** A result that is no number (square root of -1) is NULL, as SQLite's own functions have it. */
function real(value: number): number | null {
  return Number.isNaN(value) ? null : value;
}

/** A whole result of whole arguments stays INTEGER. */
function keepType(value: number, ...given: SqlValue[]): SqlValue {
  const whole = given.every((g) => typeof g === "bigint" || (typeof g === "number" && Number.isInteger(g)));
  return whole && Number.isSafeInteger(value) ? BigInt(value) : real(value);
}

const unary: Readonly<Record<string, (x: number) => number>> = {
  ACOS: Math.acos,
  ASIN: Math.asin,
  ATAN: Math.atan,
  COS: Math.cos,
  COT: (x) => 1 / Math.tan(x),
  DEGREES: (x) => (x * 180) / Math.PI,
  EXP: Math.exp,
  LN: (x) => (x > 0 ? Math.log(x) : Number.NaN),
  RADIANS: (x) => (x * Math.PI) / 180,
  SIN: Math.sin,
  SQRT: Math.sqrt,
  TAN: Math.tan,
};

/** Registers the functions and aggregates on a connection. */
export function registerMathFunctions(target: Engine): void {
  const present = new Set(
    target
      .prepare("SELECT upper(name) FROM pragma_function_list")
      .all([])
      .map((row) => row[0]),
  );
  const engine: Pick<Engine, "fn"> = {
    fn: (name, ...rest) => {
      if (!present.has(name)) target.fn(name, ...rest);
    },
  };
  for (const [name, body] of Object.entries(unary))
    engine.fn(name, 1, (value = null) => (value === null ? null : real(body(number(value)))), true);
  for (const [name, body] of [
    ["CEILING", Math.ceil],
    ["CEIL", Math.ceil],
    ["FLOOR", Math.floor],
    ["SIGN", Math.sign],
  ] as const)
    engine.fn(name, 1, (value = null) => (value === null ? null : keepType(body(number(value)) + 0, value)), true);
  const two = (name: string, body: (a: number, b: number) => SqlValue): void =>
    engine.fn(
      name,
      2,
      (left = null, right = null) => (left === null || right === null ? null : body(number(left), number(right))),
      true,
    );
  two("ATAN2", (y, x) => Math.atan2(y, x));
  two("LOG", (base, x) => (base > 0 && base !== 1 && x > 0 ? Math.log(x) / Math.log(base) : null));
  two("POWER", (x, y) => real(x ** y));
  engine.fn(
    "MOD",
    2,
    (left = null, right = null) =>
      left === null || right === null || number(right) === 0
        ? null
        : keepType((number(left) % number(right)) + 0, left, right),
    true,
  );
  engine.fn(
    "BITXOR",
    2,
    (left = null, right = null) =>
      left === null || right === null ? null : BigInt.asIntN(64, whole(left) ^ whole(right)),
    true,
  );
  engine.fn("PI", 0, () => Math.PI, true);
  engine.fn("RAND", 0, () => Math.random(), false);
  registerStatistics(target);
}

function whole(value: SqlValue): bigint {
  return typeof value === "bigint" ? value : BigInt(Math.trunc(number(value)));
}

// Welford's running mean and sum of squared differences: one pass, and no loss when the numbers are large and close.
interface Spread {
  count: number;
  mean: number;
  squares: number;
}

function registerStatistics(engine: Engine): void {
  const spread = (name: string, sample: boolean, root: boolean): void =>
    engine.aggregate<Spread>(name, 1, {
      start: () => ({ count: 0, mean: 0, squares: 0 }),
      step(state, value = null) {
        if (value === null) return state;
        const x = number(value);
        state.count++;
        const difference = x - state.mean;
        state.mean += difference / state.count;
        state.squares += difference * (x - state.mean);
        return state;
      },
      result(state) {
        const over = sample ? state.count - 1 : state.count;
        if (over <= 0) return null;
        const variance = state.squares / over;
        return root ? Math.sqrt(variance) : variance;
      },
    });
  spread("STDDEV_POP", false, true);
  spread("STDDEV_SAMP", true, true);
  spread("VAR_POP", false, false);
  spread("VAR_SAMP", true, false);
  engine.aggregate<{ value: SqlValue }>("ANY_VALUE", 1, {
    start: () => ({ value: null }),
    step(state, value = null) {
      if (state.value === null) state.value = value;
      return state;
    },
    // An integer arrives as a JavaScript number and would leave as REAL.
    result: ({ value }) => (typeof value === "number" && Number.isSafeInteger(value) ? BigInt(value) : value),
  });
}
