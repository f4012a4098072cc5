/** The lookups every field has: comparisons, ranges, lists, NULL tests, text patterns. */
import { func, keyword, lookup, NEVER, type BindContext, type Expr, type FuncSpec } from "../ast/expr.js";
import type { ValueType } from "../ast/seams.js";
import { MISFIT, Slot } from "../ast/slots.js";
import { FieldError, ValueError } from "../base/errors.js";
import { isWellFormed } from "../base/values.js";
import { valueText } from "../base/value-text.js";
import type { BuildContext } from "./context.js";
import { integerBetween, integerComparison, integerList } from "./integer-range.js";
import type { Lookup, LookupRegistry, Rhs } from "./registry.js";
import { listNode, members, rhsType, single, valueNode } from "./values.js";

function comparison(op: string): Lookup {
  return {
    name: op,
    build(lhs, given, context) {
      const rhs = single(given, op);
      const type = rhsType(lhs);
      if (rhs instanceof Slot)
        return integerComparison(op, lhs, rhs, type, context) ?? lookup(op, lhs, [valueNode(rhs, type, context)]);
      return lookup(op, lhs, [op === "exact" ? oneRow(rhs) : rhs]);
    },
  };
}

/** A subquery compared with one value has to be limited to one row; what it selects is completed by the query floor. */
function oneRow(rhs: Expr): Expr {
  if (rhs.kind === "subquery" && !rhs.exists) {
    const q = rhs.query as unknown as SingleRow;
    if (q.isSubqueryValue === true && !q.limitedToOne)
      throw new ValueError(
        `The QuerySet value for an exact lookup must be limited to one result using slicing.`,
        "lookup.not_limited",
      );
  }
  return rhs;
}
interface SingleRow {
  readonly isSubqueryValue?: boolean;
  readonly limitedToOne: boolean;
}

const IN: Lookup = {
  name: "in",
  build(lhs, rhs, context) {
    const type = rhsType(lhs);
    if (Array.isArray(rhs)) {
      const items = (rhs as readonly (Slot | Expr)[])
        .filter((r) => !(r instanceof Slot && r.value === null))
        .map((r) => valueNode(r, type, context));
      if (items.length === 0) {
        context.misfit();
        return NEVER;
      }
      return lookup("in", lhs, items);
    }
    if (rhs instanceof Slot) {
      const integers = integerList(lhs, rhs, type, context);
      if (integers !== undefined) return integers;
      const list = listNode(rhs, type, context);
      return list.kind === "never" ? NEVER : lookup("in", lhs, [list]);
    }
    const expr = rhs as Expr;
    return lookup("in", lhs, [expr]);
  },
};

const RANGE: Lookup = {
  name: "range",
  build(lhs, rhs, context) {
    const type = rhsType(lhs);
    if (Array.isArray(rhs)) {
      const parts = rhs as readonly (Slot | Expr)[];
      if (parts.length !== 2) throw new ValueError("The lookup 'range' takes two values.", "lookup.range");
      return lookup(
        "range",
        lhs,
        parts.map((r) => valueNode(r, type, context)),
      );
    }
    if (!(rhs instanceof Slot)) throw new ValueError("The lookup 'range' takes a list of two values.", "lookup.range");
    const prepare = (v: unknown): unknown => {
      const two = members(v, "range");
      if (two.length !== 2)
        throw new ValueError(`The lookup 'range' takes two values, not ${two.length}.`, "lookup.range");
      for (const bound of two)
        if (bound === null || bound === undefined)
          throw new ValueError(
            `Cannot use ${String(bound)} as a bound of 'range'.`,
            bound === null ? "lookup.null" : "value.undefined",
          );
      return type === null ? two : two.map((x) => type.prep(x));
    };
    const integers = integerBetween(lhs, rhs, type, context, prepare);
    if (integers !== undefined) return integers;
    prepare(rhs.value);
    context.prepare(rhs.index, prepare);
    const pick = (i: 0 | 1): Expr => ({
      kind: "param",
      slot: rhs.index,
      type,
      map: (v) => (v as unknown[])[i],
      mapKey: `pick${i}`,
    });
    return lookup("range", lhs, [pick(0), pick(1)]);
  },
};

const ISNULL: Lookup = {
  name: "isnull",
  acceptsNull: true,
  build(lhs, rhs, context) {
    return lookup("isnull", lhs, [], null, { is: isnullFlag(rhs, context) });
  },
};
/** The flag of `isnull`. It decides on structure: a call with the other one gets a shape of its own. (`null` is `exact` with null.) */
export function isnullFlag(rhs: Rhs, context: BuildContext): boolean {
  const flag = rhs instanceof Slot ? rhs.value : undefined;
  if (typeof flag !== "boolean")
    throw new ValueError(
      "The QuerySet value for an isnull lookup must be True or False (true or false).",
      "lookup.isnull",
    );
  context.prepare((rhs as Slot).index, (v) => (v === flag || v === null ? v : MISFIT));
  return flag;
}

/** Text before and after the escaped value in LIKE. */
export const PATTERNS: Readonly<Record<string, readonly [string, string]>> = {
  contains: ["%", "%"],
  icontains: ["%", "%"],
  startswith: ["", "%"],
  istartswith: ["", "%"],
  endswith: ["%", ""],
  iendswith: ["%", ""],
  iexact: ["", ""],
};
const escapeLike = (text: string): string => text.replace(/[\\%_]/g, "\\$&");

function textOf(v: unknown, name: string): string {
  if (typeof v === "string") return v;
  if (typeof v === "number" && !Number.isFinite(v))
    throw new ValueError(`The lookup '${name}' takes text, not NaN or an infinity.`, "value.invalid");
  if (typeof v === "number" || typeof v === "bigint" || typeof v === "boolean") return String(v);
  if (v instanceof Date && !Number.isNaN(v.getTime()))
    return v
      .toISOString()
      .replace("T", " ")
      .replace("Z", "")
      .replace(/\.000$/, "");
  const text = valueText(v);
  if (text !== undefined) return text;
  throw new FieldError(
    `The lookup '${name}' takes text, not ${Array.isArray(v) ? "a list" : v === null ? "null" : typeof v}.`,
    "value.type",
  );
}

// Databases without a type of their own keep UUIDs as 32 digits.
const WITHOUT_HYPHENS: FuncSpec = {
  name: "WithoutHyphens",
  lower: (n, dialect) =>
    dialect.features.nativeUuid
      ? n.args[0]!
      : func({ name: "Replace", sql: "REPLACE" }, [n.args[0]!, keyword("'-'"), keyword("''")]),
};
function pattern(name: string): Lookup {
  const [before, after] = PATTERNS[name]!;
  return {
    name,
    build(lhs, given, context) {
      const rhs = single(given, name);
      const bare = isUuid(rhsType(lhs));
      if (!(rhs instanceof Slot))
        return lookup(name, lhs, [bare ? func(WITHOUT_HYPHENS, [rhs]) : rhs], null, { expression: true });
      const prepare = (v: unknown): unknown => refuseNul(textOf(v, name), name);
      prepare(rhs.value);
      context.prepare(rhs.index, prepare);
      const map = (v: unknown, c: BindContext): string => {
        const text = bare && !c.dialect.features.nativeUuid ? (v as string).replaceAll("-", "") : (v as string);
        // PostgreSQL compares capitals with =, not with LIKE.
        return name === "iexact" && c.dialect.name === "postgres" ? text : before + escapeLike(text) + after;
      };
      return lookup(name, lhs, [
        { kind: "param", slot: rhs.index, type: null, map, mapKey: name + (bare ? "u" : ""), rawValue: true },
      ]);
    },
  };
}
function isUuid(type: ValueType | null): boolean {
  return type?.ancestry.includes("UUIDField") ?? false;
}
function refuseNul(text: string, name: string): string {
  if (!isWellFormed(text))
    throw new ValueError(
      `The lookup '${name}' was given text with half of a surrogate pair, which no database can hold.`,
      "value.lone_surrogate",
    );
  if (text.includes("\0"))
    throw new ValueError(
      `The lookup '${name}' was given text with a NUL character, which databases cannot hold.`,
      "value.nul",
    );
  return text;
}
function regex(name: string): Lookup {
  return {
    name,
    build(lhs, given, context) {
      const rhs = single(given, name);
      if (!(rhs instanceof Slot)) return lookup(name, lhs, [rhs]);
      const prepare = (v: unknown): unknown => refuseNul(v instanceof RegExp ? v.source : textOf(v, name), name);
      prepare(rhs.value);
      context.prepare(rhs.index, prepare);
      return lookup(name, lhs, [{ kind: "param", slot: rhs.index, type: null, rawValue: true }]);
    },
  };
}

/** Registers the lookups of all fields, and those of relations. */
export function addComparisons(r: LookupRegistry): void {
  for (const name of ["exact", "gt", "gte", "lt", "lte"]) r.addLookup("Field", comparison(name));
  r.addLookup("Field", IN);
  r.addLookup("Field", RANGE);
  r.addLookup("Field", ISNULL);
  for (const name of Object.keys(PATTERNS)) r.addLookup("Field", pattern(name));
  r.addLookup("Field", regex("regex"));
  r.addLookup("Field", regex("iregex"));
  for (const name of ["exact", "gt", "gte", "lt", "lte"]) r.addLookup("ForeignObject", comparison(name));
  r.addLookup("ForeignObject", IN);
  r.addLookup("ForeignObject", ISNULL);
}
