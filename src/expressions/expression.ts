/**
 * What users write: immutable, unresolved expressions. An expression is a kind, arguments (expressions, conditions,
 * querysets, plain values) and static settings; names mean nothing until `query/resolve.ts` reads them.
 */
import { namedOptions, ownOptions } from "../base/options.js";
import { labelOf, type CustomEmitter, type FuncSpec } from "../ast/expr.js";
import type { ValueType } from "../ast/seams.js";
import { FieldError, QueryTypeError, ValueError } from "../base/errors.js";
import { Q } from "./q.js";

/** Brand of expressions. A module-private symbol: no object from JSON can pass for one. */
const brand: unique symbol = Symbol("expression");

export type ExpressionKind =
  | "f"
  | "outerref"
  | "value"
  | "func"
  | "aggregate"
  | "combined"
  | "case"
  | "when"
  | "subquery"
  | "exists"
  | "window"
  | "order"
  | "rawsql"
  | "wrapper"
  | "cast"
  | "collate"
  | "lookup"
  | "not"
  | "star"
  | "sliced"
  | "custom"
  | "dbdefault"
  | "filteredrelation"
  | "tuple"
  | "keytransform"
  | "resolved";

/** Anything usable where an expression is expected; strings are names of fields (`F`). */
export type ExpressionLike = Expression | Q | string | number | bigint | boolean | object | null;

export interface ExpressionParts {
  readonly kind: ExpressionKind;
  readonly args?: readonly unknown[];
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly spec?: FuncSpec | undefined;
  readonly outputField?: ValueType | undefined;
  readonly custom?: CustomEmitter | undefined;
}

/** An expression; every method returns a new one. See Django's "Query Expressions" page. */
export class Expression {
  readonly [brand] = true;
  readonly kind: ExpressionKind;
  readonly args: readonly unknown[];
  readonly settings: Readonly<Record<string, unknown>>;
  readonly spec: FuncSpec | undefined;
  readonly outputField: ValueType | undefined;
  readonly custom: CustomEmitter | undefined;

  constructor(given: ExpressionParts) {
    const parts = ownOptions(given);
    this.kind = parts.kind;
    this.args = parts.args ?? [];
    this.settings = parts.settings ?? {};
    this.spec = parts.spec;
    this.outputField = parts.outputField;
    this.custom = parts.custom;
    if (this.outputField !== undefined) checkType(this.outputField);
    for (const a of this.args)
      if (a === undefined)
        throw new ValueError(`undefined was given to ${this.describe()}; write null for SQL NULL.`, "value.undefined");
  }

  /** A copy with other parts. */
  with(parts: Partial<ExpressionParts>): Expression {
    const copy = Object.create(Object.getPrototypeOf(this) as object) as Expression;
    return Object.assign(copy, this, parts);
  }
  /** Name used in messages and default aliases. */
  describe(): string {
    return (
      (this.spec === undefined ? undefined : labelOf(this.spec)) ??
      (this.kind === "f" ? `F("${String(this.settings["name"])}")` : this.kind)
    );
  }

  // ---- arithmetic ---------------------------------------------------------------------------------------------
  /** `F("price").add(1)` gives `"price" + 1`. */
  add(other: unknown): Expression {
    return combined(this, "+", other);
  }
  sub(other: unknown): Expression {
    return combined(this, "-", other);
  }
  mul(other: unknown): Expression {
    return combined(this, "*", other);
  }
  div(other: unknown): Expression {
    return combined(this, "/", other);
  }
  mod(other: unknown): Expression {
    return combined(this, "%", other);
  }
  pow(other: unknown): Expression {
    return combined(this, "^", other);
  }
  /** Unary minus. */
  neg(): Expression {
    return combined(this, "*", -1);
  }
  bitAnd(other: unknown): Expression {
    return combined(this, "&", other);
  }
  bitOr(other: unknown): Expression {
    return combined(this, "|", other);
  }
  bitXor(other: unknown): Expression {
    return combined(this, "#", other);
  }
  bitLeftShift(other: unknown): Expression {
    return combined(this, "<<", other);
  }
  bitRightShift(other: unknown): Expression {
    return combined(this, ">>", other);
  }

  // ---- ordering -----------------------------------------------------------------------------------------------
  asc(options: { nullsFirst?: boolean; nullsLast?: boolean } = {}): Expression {
    return orderBy(this, false, options);
  }
  desc(options: { nullsFirst?: boolean; nullsLast?: boolean } = {}): Expression {
    return orderBy(this, true, options);
  }

  // ---- comparisons --------------------------------------------------------------------------------------------
  /** Any lookup by name: `F("a").lookup("startswith", "x")`. */
  lookup(name: string, ...rhs: unknown[]): Expression {
    return comparison(name, this, rhs);
  }
  eq(other: unknown): Expression {
    return comparison("exact", this, [other]);
  }
  ne(other: unknown): Expression {
    return comparison("exact", this, [other]).not();
  }
  lt(other: unknown): Expression {
    return comparison("lt", this, [other]);
  }
  lte(other: unknown): Expression {
    return comparison("lte", this, [other]);
  }
  gt(other: unknown): Expression {
    return comparison("gt", this, [other]);
  }
  gte(other: unknown): Expression {
    return comparison("gte", this, [other]);
  }
  in(list: unknown): Expression {
    return comparison("in", this, [list]);
  }
  range(low: unknown, high: unknown): Expression {
    return comparison("range", this, [[low, high]]);
  }
  isNull(is = true): Expression {
    return comparison("isnull", this, [is]);
  }
  contains(other: unknown): Expression {
    return comparison("contains", this, [other]);
  }
  icontains(other: unknown): Expression {
    return comparison("icontains", this, [other]);
  }
  startsWith(other: unknown): Expression {
    return comparison("startswith", this, [other]);
  }
  endsWith(other: unknown): Expression {
    return comparison("endswith", this, [other]);
  }
  iexact(other: unknown): Expression {
    return comparison("iexact", this, [other]);
  }
  regex(pattern: unknown): Expression {
    return comparison("regex", this, [pattern]);
  }
  iregex(pattern: unknown): Expression {
    return comparison("iregex", this, [pattern]);
  }

  // ---- conditions ---------------------------------------------------------------------------------------------
  and(other: unknown): Q {
    return Q.and(this, other);
  }
  or(other: unknown): Q {
    return Q.or(this, other);
  }
  xor(other: unknown): Q {
    return Q.xor(this, other);
  }
  /** The negation: of a condition, or of a boolean column. */
  not(): Expression {
    if (this.kind === "exists")
      return this.with({ settings: { ...this.settings, negated: this.settings["negated"] !== true } });
    if (this.kind === "not") return this.args[0] as Expression;
    return new Expression({ kind: "not", args: [this] });
  }

  /** The part of a text or array: `F("name").slice(0, 3)`; positions count from 0, the end is not included. */
  slice(start: number, end?: number): Expression {
    for (const n of [start, end ?? 0])
      if (!Number.isSafeInteger(n) || n < 0)
        throw new ValueError("slice() takes whole numbers from 0.", "expression.slice");
    return new Expression({ kind: "sliced", args: [this], settings: { start, end: end ?? null } });
  }
}

// A type is an object with behaviour: nothing that came as data can be one.
function checkType(type: unknown): void {
  const t = type as Partial<ValueType> | null;
  if (
    typeof t !== "object" ||
    t === null ||
    typeof t.toDb !== "function" ||
    typeof t.castType !== "function" ||
    typeof t.typeKey !== "string"
  )
    throw new QueryTypeError("outputField takes a field, such as IntegerField().", "expression.output_field");
}
/** True for expressions made by this package. */
export function isExpression(value: unknown): value is Expression {
  return typeof value === "object" && value !== null && brand in value;
}

export function combined(lhs: unknown, op: string, rhs: unknown): Expression {
  if (rhs === undefined || lhs === undefined)
    throw new ValueError("undefined cannot be calculated with; write null for SQL NULL.", "value.undefined");
  return new Expression({ kind: "combined", args: [operand(lhs), operand(rhs)], settings: { op } });
}
// Plain values in arithmetic are values, also strings: F("a").add("b") adds the text "b", as in Django.
function operand(value: unknown): unknown {
  if (value instanceof Q)
    throw new QueryTypeError(
      "A Q is a condition and cannot be calculated with; combine it with and(), or(), xor().",
      "expression.q_arithmetic",
    );
  return isExpression(value) ? value : new Expression({ kind: "value", args: [value] });
}

export function comparison(name: string, lhs: unknown, rhs: readonly unknown[]): Expression {
  if (!isExpression(lhs))
    throw new FieldError(`The left side of '${name}' has to be an expression, such as F("name").`, "lookup.lhs");
  if (rhs.some((v) => v === undefined))
    throw new ValueError(`undefined was given to '${name}'; write null or leave the condition out.`, "value.undefined");
  return new Expression({ kind: "lookup", args: [lhs, ...rhs], settings: { name } });
}

export function orderBy(
  expr: unknown,
  descending: boolean,
  given: { nullsFirst?: boolean; nullsLast?: boolean } = {},
): Expression {
  const options = namedOptions("asc() and desc()", given, ["nullsFirst", "nullsLast"]);
  if (options.nullsFirst === true && options.nullsLast === true)
    throw new ValueError("nullsFirst and nullsLast exclude each other.", "order.nulls");
  const nulls = options.nullsFirst === true ? "first" : options.nullsLast === true ? "last" : null;
  return new Expression({ kind: "order", args: [expr], settings: { descending, nulls } });
}
