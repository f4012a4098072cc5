/**
 * A compiled statement: text with holes for lists, and what is bound where. Binding puts values in; it is the only thing done for
 * each execution. It knows no queries and no connection.
 */
import type { BindContext } from "../ast/expr.js";
import type { DbParam, DialectInfo, LateValue, ValueType } from "../ast/seams.js";
import { DataError, QueryTypeError } from "../base/errors.js";
import { valueText } from "../base/value-text.js";

/** Where a parameter comes from and how it becomes what the driver takes. */
export interface Binding {
  readonly slot: number;
  readonly value?: unknown;
  readonly type: ValueType | null;
  readonly map?: ((value: unknown, context: BindContext) => unknown) | undefined;
  readonly rawValue?: boolean | undefined;
  /** All values of the slot, as one array literal (`array`) or one placeholder each (`expand`). */
  readonly list?: "array" | "expand" | undefined;
  /** Subtracted from the value: LIMIT is the difference of a slice's ends. */
  readonly minusSlot?: number | undefined;
  /** The value comes from the database that runs the statement. */
  readonly late?: LateValue | undefined;
}
/** A piece of text, a list of placeholders to write, or text made from a value (a hexadecimal literal). */
export type Segment = string | { readonly expand: number } | { readonly inline: number };

export interface StatementText {
  readonly text: string;
  readonly params: DbParam[];
  /** Equal text has the same handle: prepared statements hang on it. */
  readonly handle: StatementHandle;
}
/** Prepared statements hang on it; `about` is for logs. */
interface StatementHandle {
  readonly name: string;
  readonly about?: { readonly operation: string; readonly table?: string | undefined } | undefined;
  prepared?: WeakMap<object, unknown>;
}

let serial = 0;

export class Compiled {
  readonly segments: readonly Segment[];
  readonly bindings: readonly Binding[];
  readonly dialect: DialectInfo;
  /** The text depends on the time zone it was compiled for. */
  readonly usesTimeZone: boolean;
  private readonly about: StatementHandle["about"];
  private readonly fixed: { text: string; handle: StatementText["handle"] } | null;
  private readonly late: readonly LateValue[];
  private variants: Map<string, { text: string; handle: StatementText["handle"] }> | undefined;

  constructor(
    segments: readonly Segment[],
    bindings: readonly Binding[],
    dialect: DialectInfo,
    usesTimeZone = false,
    about?: StatementHandle["about"],
  ) {
    this.about = about;
    this.usesTimeZone = usesTimeZone;
    this.segments = segments;
    this.bindings = bindings;
    this.dialect = dialect;
    this.late = bindings.flatMap((b) => (b.late === undefined ? [] : [b.late]));
    this.fixed = segments.every((s) => typeof s === "string")
      ? { text: segments.join(""), handle: { name: `babik_${++serial}`, about } }
      : null;
  }

  /** Makes late values known for a database. A promise where that has to be asked; to be awaited before `bind`. */
  ready(database: object): void | Promise<void> {
    let waiting: Promise<void> | undefined;
    for (const late of this.late) {
      if (waiting !== undefined) waiting = waiting.then(() => late.ready(database));
      else {
        const asked = late.ready(database);
        if (asked instanceof Promise) waiting = asked;
      }
    }
    return waiting;
  }
  /** The statement with the values of one execution. `database`: where late values are read from. */
  bind(values: readonly unknown[], timeZone: string, database: object | null = null): StatementText {
    const { bindings, dialect } = this;
    const params: DbParam[] = [];
    if (this.fixed !== null) {
      for (let i = 0; i < bindings.length; i++) {
        const b = bindings[i]!;
        params.push(
          b.list === undefined
            ? scalar(b, values, dialect, timeZone, database)
            : arrayParam(b, values, dialect, timeZone),
        );
      }
      return { text: this.fixed.text, params, handle: this.fixed.handle };
    }
    let shape = "";
    const parts: string[] = [];
    for (const s of this.segments) {
      if (typeof s === "string") {
        parts.push(s);
      } else if ("expand" in s) {
        const items = listValues(bindings[s.expand]!, values, dialect, timeZone);
        const n = padded(items.length, dialect.features.maxParams);
        shape += `${n},`;
        parts.push(Array.from({ length: n }, () => "?").join(", "));
      } else {
        const text = inlineText(scalar(bindings[s.inline]!, values, dialect, timeZone, database));
        shape += `${text},`;
        parts.push(text);
      }
    }
    const inlined = new Set(this.segments.flatMap((s) => (typeof s === "object" && "inline" in s ? [s.inline] : [])));
    bindings.forEach((b, i) => {
      if (inlined.has(i)) return;
      if (b.list === "expand") {
        const items = listValues(b, values, dialect, timeZone);
        const n = padded(items.length, dialect.features.maxParams);
        for (let k = 0; k < n; k++) params.push(items[Math.min(k, items.length - 1)]!);
      } else
        params.push(
          b.list === "array"
            ? arrayParam(b, values, dialect, timeZone)
            : scalar(b, values, dialect, timeZone, database),
        );
    });
    this.variants ??= new Map();
    let known = this.variants.get(shape);
    if (known === undefined) {
      if (this.variants.size > 64) this.variants.clear();
      known = { text: parts.join(""), handle: { name: `babik_${++serial}`, about: this.about } };
      this.variants.set(shape, known);
    }
    return { text: known.text, params, handle: known.handle };
  }
}

// Few different lengths make few different statements: lists are filled up with their last member to a power of two.
function padded(n: number, max: number): number {
  if (n <= 2) return n;
  const up = 2 ** Math.ceil(Math.log2(n));
  return up > max / 2 ? n : up;
}

function scalar(
  b: Binding,
  values: readonly unknown[],
  dialect: DialectInfo,
  timeZone: string,
  database: object | null,
): DbParam {
  let v = b.late !== undefined && database !== null ? b.late.value(database) : b.slot >= 0 ? values[b.slot] : b.value;
  if (b.minusSlot !== undefined) v = (v as number) - (values[b.minusSlot] as number);
  if (b.map !== undefined) v = b.map(v, { dialect, timeZone });
  if (v === null || v === undefined) return null;
  if (b.rawValue === true || b.type === null) return primitive(v, dialect);
  return b.type.toDb(v, dialect);
}
function listValues(b: Binding, values: readonly unknown[], dialect: DialectInfo, timeZone: string): DbParam[] {
  let v = b.slot >= 0 ? values[b.slot] : b.value;
  if (b.map !== undefined) v = b.map(v, { dialect, timeZone });
  return (v as readonly unknown[]).map((x) =>
    x === null ? null : b.rawValue === true || b.type === null ? primitive(x, dialect) : b.type.toDb(x, dialect),
  );
}
/** An array literal of PostgreSQL, sent as one text parameter. */
function arrayParam(b: Binding, values: readonly unknown[], dialect: DialectInfo, timeZone: string): DbParam {
  return arrayLiteral(listValues(b, values, dialect, timeZone));
}
export function arrayLiteral(items: readonly DbParam[]): string {
  return `{${items
    .map((v) => {
      if (v === null) return "NULL";
      if (typeof v === "number" || typeof v === "bigint") return String(v);
      if (typeof v === "boolean") return v ? "t" : "f";
      const text = typeof v === "string" ? v : `\\x${Buffer.from(v).toString("hex")}`;
      return `"${text.replace(/["\\]/g, "\\$&")}"`;
    })
    .join(",")}}`;
}
/** A text as a hexadecimal literal: no character of it can end the literal. */
function inlineText(v: DbParam): string {
  if (typeof v !== "string") throw new QueryTypeError("Only text can stand here.", "sql.inline");
  return v === "" ? "''" : `x'${Buffer.from(v, "utf8").toString("hex")}'`;
}
/** Values without a type of their own; nothing but primitives may reach a driver. */
export function primitive(v: unknown, dialect: DialectInfo): DbParam {
  switch (typeof v) {
    case "string":
      if (v.includes("\0"))
        throw new DataError("A text with a NUL character cannot be sent to the database.", "value.nul");
      return v;
    case "number":
    case "bigint":
      return v;
    case "boolean":
      return dialect.features.nativeBoolean ? v : v ? 1 : 0;
    case "object": {
      if (v === null) return null;
      if (v instanceof Uint8Array) return v;
      if (v instanceof Date && !Number.isNaN(v.getTime()))
        return v
          .toISOString()
          .replace("T", " ")
          .replace("Z", dialect.name === "postgres" ? "+00" : "");
      const text = valueText(v);
      if (text !== undefined) return text;
      throw new QueryTypeError(
        "An object or list cannot be a parameter without a type that says how it is sent.",
        "value.type",
      );
    }
    default:
      throw new QueryTypeError(`A ${typeof v} cannot be a parameter.`, "value.type");
  }
}
