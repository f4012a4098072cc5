/** Output types of expressions: from values, from names in function tables, and from the types of operands. */
import { typeOrNull, type BinaryOp, type Expr, type OutputType } from "../ast/expr.js";
import type { ValueType } from "../ast/seams.js";
import { QueryTypeError } from "../base/errors.js";
import { asTemporal } from "../base/temporal.js";
import { asDecimal } from "../base/values.js";
import { DateField, DateTimeField, TimeField } from "../fields/dates.js";
import { DecimalField, FloatField } from "../fields/decimals.js";
import { DurationField } from "../fields/duration.js";
import { BigIntegerField, IntegerField } from "../fields/integers.js";
import { JSONField } from "../fields/json.js";
import { BinaryField, BooleanField, UUIDField } from "../fields/other.js";
import { CharField, TextField } from "../fields/text.js";

const MAKERS: Readonly<Record<string, () => ValueType>> = {
  IntegerField: () => new IntegerField(),
  BigIntegerField: () => new BigIntegerField(),
  FloatField: () => new FloatField(),
  DecimalField: () => new DecimalField(),
  BooleanField: () => new BooleanField(),
  CharField: () => new CharField(),
  TextField: () => new TextField(),
  DateField: () => new DateField(),
  TimeField: () => new TimeField(),
  DateTimeField: () => new DateTimeField(),
  DateTimeField6: () => new DateTimeField({ precision: 6 }),
  DurationField: () => new DurationField(),
  BinaryField: () => new BinaryField(),
  UUIDField: () => new UUIDField(),
  JSONField: () => new JSONField(),
};
const made = new Map<string, ValueType>();
/** The plain type of a name, one object for all. */
export function typeNamed(name: string): ValueType {
  let t = made.get(name);
  if (t === undefined) made.set(name, (t = MAKERS[name]!()));
  return t;
}
export const INTEGER = (): ValueType => typeNamed("IntegerField");
export const BOOLEAN = (): ValueType => typeNamed("BooleanField");

/** The type that a plain value has by itself, as `Value()` infers it; null for null. */
export function inferType(value: unknown): ValueType | null {
  switch (typeof value) {
    case "string":
      return typeNamed("CharField");
    case "boolean":
      return typeNamed("BooleanField");
    case "number":
      return typeNamed(!Number.isInteger(value) ? "FloatField" : isSmall(value) ? "IntegerField" : "BigIntegerField");
    case "bigint":
      return typeNamed("BigIntegerField");
    case "object": {
      if (value === null) return null;
      if (value instanceof Date) return typeNamed("DateTimeField");
      if (asDecimal(value) !== undefined) return typeNamed("DecimalField");
      if (asTemporal("Instant", value) !== undefined) return typeNamed("DateTimeField6");
      if (asTemporal("PlainDate", value) !== undefined) return typeNamed("DateField");
      if (asTemporal("PlainTime", value) !== undefined) return typeNamed("TimeField");
      if (asTemporal("Duration", value) !== undefined) return typeNamed("DurationField");
      if (ArrayBuffer.isView(value)) return typeNamed("BinaryField");
      return null;
    }
    default:
      throw new QueryTypeError(`A ${typeof value} cannot be a value in a query.`, "value.type");
  }
}

/** True for integers that every database takes as its plain integer type. */
export function isSmall(value: number): boolean {
  return value >= -2147483648 && value <= 2147483647;
}

export function isA(type: ValueType | null, name: string): boolean {
  return type !== null && base(type).ancestry.includes(name);
}
/** A relation column counts as its target's type. */
export function base(type: ValueType): ValueType {
  const target = (type as { target?: ValueType }).target;
  return type.ancestry.includes("ForeignObject") && target !== undefined ? base(target) : type;
}

const ARITHMETIC: readonly BinaryOp[] = ["+", "-", "*", "/", "%", "^"];
const NUMBERS = ["IntegerField", "FloatField", "DecimalField"] as const;

/** Output type of `lhs op rhs`, or a message saying what to write. */
export function combinedType(op: BinaryOp, left: Expr, right: Expr): OutputType {
  const a = typeOrNull(left),
    b = typeOrNull(right);
  if (a === null && b === null) return left.type !== null ? left.type : null;
  if (a === null || b === null) {
    const known = (a ?? b)!;
    const problem = a === null ? left.type : right.type;
    return problem !== null && "problem" in problem ? problem : known;
  }
  if (ARITHMETIC.includes(op)) {
    for (const n of NUMBERS) if (isA(a, n) && isA(b, n)) return typeNamed(n);
    // Not the column's own type: a quotient has more digits than the column.
    for (const [x, y] of [
      [a, b],
      [b, a],
    ] as const)
      if (isA(x, "IntegerField"))
        for (const n of ["DecimalField", "FloatField"] as const) if (isA(y, n)) return typeNamed(n);
  } else if (isA(a, "IntegerField") && isA(b, "IntegerField")) return INTEGER();
  if (op === "+" || op === "-") {
    if (isA(a, "DurationField") && isA(b, "DurationField")) return typeNamed("DurationField");
    if (isA(b, "DurationField")) {
      if (isA(a, "DateTimeField")) return base(a);
      if (isA(a, "DateField")) return typeNamed("DateTimeField");
      if (isA(a, "TimeField")) return base(a);
    }
    if (op === "+" && isA(a, "DurationField")) {
      if (isA(b, "DateTimeField")) return base(b);
      if (isA(b, "DateField")) return typeNamed("DateTimeField");
      if (isA(b, "TimeField")) return base(b);
    }
    if (op === "-" && temporalKind(a) !== null && temporalKind(a) === temporalKind(b))
      return typeNamed("DurationField");
  }
  if ((op === "+" || op === "%") && a.typeKey === b.typeKey && temporalKind(a) === null) return a;
  return {
    problem: `Cannot infer type of '${op}' expression involving these types: ${base(a).typeName}, ${base(b).typeName}. You must set outputField: wrap it as ExpressionWrapper(…, { outputField: … }).`,
  };
}
/** DateTimeField, DateField or TimeField, else null. */
export function temporalKind(type: ValueType | null): "DateTimeField" | "DateField" | "TimeField" | null {
  for (const n of ["DateTimeField", "DateField", "TimeField"] as const) if (isA(type, n)) return n;
  return null;
}

/** One type for several sources: they have to be of one family; the first one's. */
export function commonType(sources: readonly Expr[], where: string): OutputType {
  let first: ValueType | null = null;
  // A whole number written beside floats or decimals is one of them: 0 and 0.0 are the same value in JavaScript.
  const fraction = sources.some((s) => isA(typeOrNull(s), "FloatField") || isA(typeOrNull(s), "DecimalField"));
  for (const s of sources) {
    if (fraction && s.kind === "param" && isA(typeOrNull(s), "IntegerField")) continue;
    if (s.type !== null && "problem" in s.type) return s.type;
    const t = typeOrNull(s);
    if (t === null) continue;
    if (first === null) first = t;
    else if (
      !isA(first, base(t).typeName) &&
      !(base(t).ancestry.includes(base(first).typeName) && base(first).typeName === "CharField")
    )
      return {
        problem: `${where} contains mixed types: ${base(first).typeName}, ${base(t).typeName}. You must set outputField.`,
      };
  }
  return first;
}

/** Output type of a function by the rule of its table row. */
export function ruleType(rule: string | undefined, args: readonly Expr[], name: string): OutputType {
  switch (rule) {
    case undefined:
    case "same":
      return commonType(args, "Expression");
    case "first":
      return args[0]?.type ?? null;
    case "numeric":
    case "avg": {
      if (args.some((a) => isA(typeOrNull(a), "DecimalField"))) return typeNamed("DecimalField");
      if (args.some((a) => isA(typeOrNull(a), "IntegerField"))) return typeNamed("FloatField");
      return commonType(args, name);
    }
    // A sum has more digits than its column.
    case "sum":
      return args.some((a) => isA(typeOrNull(a), "DecimalField")) ? typeNamed("DecimalField") : commonType(args, name);
    // Functions of mathematics give floats, decimals of decimals.
    case "math":
      return args.some((a) => isA(typeOrNull(a), "DecimalField")) ? typeNamed("DecimalField") : typeNamed("FloatField");
    case "none":
      return null;
    default:
      return typeNamed(rule);
  }
}
