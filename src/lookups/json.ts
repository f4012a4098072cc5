/** Lookups of JSON documents and of paths into them. SQL null and JSON null are told apart; keys and values are parameters. */
import { ALWAYS, lookup, NEVER, typeOrNull, type BindContext, type Expr, type ParamNode } from "../ast/expr.js";
import { MISFIT, Slot } from "../ast/slots.js";
import { FieldError, ValueError } from "../base/errors.js";
import { isWellFormed } from "../base/values.js";
import { isJSONNull, JSONNull, MAX_JSON_DEPTH } from "../fields/json.js";
import { TextField } from "../fields/text.js";
import type { BuildContext } from "./context.js";
import { arrayText, asText, isKeyTransform, jsonType, keysOf, keyTransform, pathText } from "./json-path.js";
import type { Lookup, LookupRegistry, Rhs } from "./registry.js";
import { members, single } from "./values.js";

/** Equal documents get equal texts: keys in one order. Other databases than SQLite and MariaDB do not look at the order. */
function ordered(value: unknown, depth = 0): unknown {
  // Deeper than any document may be: the field refuses it.
  if (depth > MAX_JSON_DEPTH) return value;
  if (value === null || isJSONNull(value)) return JSONNull;
  if (Array.isArray(value)) return value.map((v) => (v === null ? null : ordered(v, depth + 1)));
  if (typeof value !== "object" || Object.getPrototypeOf(value) !== Object.prototype) return value;
  const out: Record<string, unknown> = {};
  for (const key of Object.keys(value).sort()) {
    const v = (value as Record<string, unknown>)[key];
    Object.defineProperty(out, key, {
      value: v === null ? null : ordered(v, depth + 1),
      enumerable: true,
      configurable: true,
      writable: true,
    });
  }
  return out;
}
/** A value as a document; `pick` takes one member of a list. */
function document(slot: Slot, lhs: Expr, context: BuildContext, pick?: number): Expr {
  const type = jsonType(typeOrNull(lhs));
  if (pick === undefined && slot.value !== null) {
    type.prep(slot.value);
    context.prepare(slot.index, (v) => (v === null ? v : type.prep(v)));
  }
  const map = (v: unknown): unknown => ordered(pick === undefined ? v : (v as unknown[])[pick]);
  return { kind: "param", slot: slot.index, type, map, mapKey: pick === undefined ? "json" : `json${pick}` };
}
function isJson(node: Expr): boolean {
  return typeOrNull(node)?.ancestry.includes("JSONField") === true || node.kind === "null";
}

const EXACT: Lookup = {
  name: "exact",
  acceptsNull: true,
  build(lhs, given, context) {
    const rhs = single(given, "exact");
    if (rhs instanceof Slot) return lookup("json_exact", lhs, [document(rhs, lhs, context)]);
    if (rhs.kind === "param" && isJson(rhs)) return lookup("json_exact", lhs, [withNull(rhs)]);
    return lookup("json_exact", lhs, [rhs], null, isJson(rhs) ? undefined : { plain: true });
  },
};
// Value(null) beside a document is the JSON null.
function withNull(p: ParamNode): ParamNode {
  return { ...p, map: (v, c) => ordered(p.map === undefined ? v : p.map(v, c)), mapKey: `${p.mapKey ?? ""}json` };
}

/** The members of a list, one parameter each: the list's length is structure. */
function itemsOf(slot: Slot, name: string, context: BuildContext, clean: (items: unknown[]) => unknown[]): number {
  const prepare = (v: unknown): unknown[] => {
    const given = members(v, name);
    if (given.includes(undefined))
      throw new ValueError(`A member of a list for '${name}' is undefined.`, "value.undefined");
    return clean(given);
  };
  const n = prepare(slot.value).length;
  context.prepare(slot.index, (v) => {
    const list = prepare(v);
    return list.length === n ? list : MISFIT;
  });
  return n;
}
const IN: Lookup = {
  name: "in",
  build(lhs, rhs, context) {
    const one = (r: Slot | Expr): Expr => (r instanceof Slot ? document(r, lhs, context) : r);
    let items: Expr[];
    if (Array.isArray(rhs))
      items = (rhs as readonly (Slot | Expr)[]).filter((r) => !(r instanceof Slot && r.value === null)).map(one);
    else if (rhs instanceof Slot) {
      const n = itemsOf(rhs, "in", context, (list) => list.filter((v) => v !== null));
      items = Array.from({ length: n }, (_, i) => document(rhs, lhs, context, i));
    } else return lookup("in", lhs, [rhs as Expr]);
    return items.length === 0 ? NEVER : lookup("json_in", lhs, items);
  },
};

function containment(name: "contains" | "contained_by"): Lookup {
  return {
    name,
    build(lhs, given, context) {
      const rhs = single(given, name);
      return lookup(`json_${name}`, lhs, [rhs instanceof Slot ? document(rhs, lhs, context) : rhs]);
    },
  };
}

function keyText(key: unknown): string {
  if (typeof key === "string") {
    if (!isWellFormed(key))
      throw new ValueError("A key of a JSON object holds half of a surrogate pair.", "value.lone_surrogate");
    return key;
  }
  if (typeof key === "number" && Number.isSafeInteger(key)) return String(key);
  throw new FieldError("A key of a JSON object is given as text.", "lookup.json_key");
}
/** A key to look for: itself on PostgreSQL, elsewhere a path from the document that the left side is in. */
function keyMap(prefix: readonly string[], pick: number | null): (v: unknown, c: BindContext) => string {
  return (v, c) => {
    const key = keyText(pick === null ? v : (v as unknown[])[pick]);
    return c.dialect.name === "postgres" ? key : pathText([...prefix, key], c.dialect, true);
  };
}
function keyParam(slot: number, lhs: Expr, pick: number | null): Expr {
  const prefix = isKeyTransform(lhs) ? keysOf(lhs) : [];
  return {
    kind: "param",
    slot,
    type: null,
    map: keyMap(prefix, pick),
    mapKey: `key${pick ?? ""}${arrayText(prefix)}`,
    rawValue: true,
  };
}
function constantKey(key: string, lhs: Expr): Expr {
  return { ...(keyParam(-1, lhs, null) as ParamNode), value: key };
}
const HAS_KEY: Lookup = {
  name: "has_key",
  build(lhs, given, context) {
    const rhs = single(given, "has_key");
    if (rhs instanceof Slot) {
      keyText(rhs.value);
      context.prepare(rhs.index, keyText);
      return lookup("json_has_key", lhs, [keyParam(rhs.index, lhs, null)]);
    }
    return hasKey(lhs, rhs);
  },
};
/** A path as the key: its last key is looked for under the others. */
function hasKey(lhs: Expr, rhs: Expr): Expr {
  if (rhs.kind === "param" && rhs.slot >= 0) return lookup("json_has_key", lhs, [keyParam(rhs.slot, lhs, null)]);
  if (!isKeyTransform(rhs))
    throw new FieldError("The lookup 'has_key' takes a text or a path into a document.", "lookup.json_key");
  const keys = keysOf(rhs);
  const under = keys.slice(0, -1).reduce((node, k) => keyTransform(node, k, false), lhs);
  return lookup("json_has_key", under, [constantKey(keys.at(-1)!, under)]);
}
function hasKeys(name: "has_keys" | "has_any_keys"): Lookup {
  return {
    name,
    build(lhs, rhs: Rhs, context) {
      const any = name === "has_any_keys";
      if (Array.isArray(rhs)) {
        const each = (rhs as readonly (Slot | Expr)[]).map((r) => HAS_KEY.build(lhs, r, context));
        return each.length === 0
          ? any
            ? NEVER
            : ALWAYS
          : { kind: "where", connector: any ? "OR" : "AND", negated: false, children: each, type: null };
      }
      if (!(rhs instanceof Slot)) throw new ValueError(`The lookup '${name}' takes a list of keys.`, "lookup.json_key");
      const n = itemsOf(rhs, name, context, (list) => list.map(keyText));
      if (n === 0) return any ? NEVER : ALWAYS;
      return lookup(
        "json_has_keys",
        lhs,
        Array.from({ length: n }, (_, i) => keyParam(rhs.index, lhs, i)),
        null,
        { any },
      );
    },
  };
}

function comparable(v: unknown): unknown {
  if ((typeof v === "number" && !Number.isFinite(v)) || (typeof v === "bigint" && BigInt.asIntN(64, v) !== v))
    throw new ValueError(
      "A number that is compared with a value in JSON is finite and fits into 64 bits.",
      "value.range",
    );
  if (typeof v === "string" && (!isWellFormed(v) || v.includes("\0")))
    throw new ValueError(
      "A text that is compared with a value in JSON holds no NUL and no half of a surrogate pair.",
      "value.invalid",
    );
  return v;
}
/** Order of a value under a path against a number or a text. */
function ordering(name: "gt" | "gte" | "lt" | "lte"): Lookup {
  const op = { gt: ">", gte: ">=", lt: "<", lte: "<=" }[name];
  return {
    name,
    build(lhs, given, context) {
      const rhs = single(given, name);
      if (!(rhs instanceof Slot)) return lookup("json_compare", lhs, [rhs], null, { op, text: false });
      const kind = typeof rhs.value;
      if (kind !== "number" && kind !== "string" && kind !== "bigint" && kind !== "boolean")
        throw new FieldError(`The lookup '${name}' of a JSON path takes a number or a text.`, "value.type");
      comparable(rhs.value);
      context.prepare(rhs.index, (v) => (typeof v === kind ? comparable(v) : MISFIT));
      const map = (v: unknown, c: BindContext): unknown =>
        c.dialect.name === "postgres" ? (typeof v === "bigint" ? String(v) : JSON.stringify(v)) : v;
      return lookup(
        "json_compare",
        lhs,
        [{ kind: "param", slot: rhs.index, type: null, map, mapKey: "jsoncmp", rawValue: true }],
        null,
        { op, text: kind === "string", value: true },
      );
    },
  };
}

const TEXT = new TextField();
/** Comparison of the text under a path. */
function textual(r: LookupRegistry, name: string): Lookup {
  return {
    name,
    build: (lhs, rhs, context) => r.findLookup(TEXT, name)!.build(asText(lhs), rhs, context),
  };
}

/** Registers the lookups of documents and of paths. */
export function addJson(r: LookupRegistry): void {
  for (const type of ["JSONField", "@KeyTransform"]) {
    for (const l of [
      EXACT,
      IN,
      containment("contains"),
      containment("contained_by"),
      HAS_KEY,
      hasKeys("has_keys"),
      hasKeys("has_any_keys"),
    ])
      r.addLookup(type, l);
  }
  for (const name of ["gt", "gte", "lt", "lte"] as const) r.addLookup("@KeyTransform", ordering(name));
  for (const name of ["iexact", "icontains", "startswith", "istartswith", "endswith", "iendswith", "regex", "iregex"])
    r.addLookup("@KeyTransform", textual(r, name));
  r.addOpen("JSONField", (name) => ({ name, build: (lhs) => keyTransform(lhs, name, false) }));
}
export { keyTransform };
