/** Default spellings of every kind of node; a dialect replaces what it writes differently. */
import {
  labelOf,
  typeOrNull,
  type AggregateNode,
  type Expr,
  type FrameNode,
  type FuncNode,
  type FuncSpec,
  type LookupNode,
  type NodeOf,
  type WhereNode,
} from "../ast/expr.js";
import type { SelectLike } from "../ast/statement.js";
import { DatabaseError, NotSupportedError, ValueError } from "../base/errors.js";
import { some } from "../ast/walk.js";
import type { Compiler, Handlers } from "./compiler.js";
import { emitSelect } from "./select.js";

/** A value in a place where the database cannot infer its type gets a cast. */
export function emitTyped(c: Compiler, node: Expr): void {
  if (node.kind === "param" && node.rawValue !== true) {
    const type = typeOrNull(node);
    const cast = type === null ? null : (c.dialect.castParam?.(type, c.info) ?? null);
    if (cast !== null) {
      if (c.dialect.placeholder === "$") c.param(node).text(`::${cast}`);
      else c.text("CAST(").param(node).text(` AS ${cast})`);
      return;
    }
  }
  c.emit(node);
}
export function typedList(c: Compiler, nodes: readonly Expr[], joiner: string): void {
  nodes.forEach((n, i) => {
    if (i > 0) c.text(joiner);
    emitTyped(c, n);
  });
}

/** Fills `%(name)s` in a template; `expressions` and `function` are the node's own. */
export function emitTemplate(c: Compiler, template: string, parts: Readonly<Record<string, () => void>>): void {
  const pieces = template.split(/%\((\w+)\)s/);
  pieces.forEach((p, i) => {
    if (i % 2 === 0) c.text(p.replaceAll("%%", "%"));
    else {
      const fill = parts[p];
      if (fill === undefined)
        throw new DatabaseError(`The template of a function has no value for %(${p})s.`, "sql.template");
      fill();
    }
  });
}

export function spelling(spec: FuncSpec, c: Compiler): { sql: string; template: string | undefined; joiner: string } {
  const own = spec.spell?.[c.info.name];
  return {
    sql: own?.sql ?? spec.sql ?? spec.name.toUpperCase(),
    template: own?.template ?? spec.template,
    joiner: own?.joiner ?? spec.joiner ?? ", ",
  };
}

export function emitFunc(c: Compiler, node: FuncNode): void {
  const special = Object.hasOwn(c.dialect.functions, node.spec.name) ? c.dialect.functions[node.spec.name] : undefined;
  if (special !== undefined) return special(c, node);
  if (node.spec.lower !== undefined) return void c.emit(node.spec.lower(node, c.info));
  const s = spelling(node.spec, c);
  if (s.template !== undefined) {
    const extra = Object.fromEntries(
      Object.entries(node.options ?? {}).map(([k, v]) => [k, () => void c.text(templateWord(v))]),
    );
    emitTemplate(c, s.template, {
      ...extra,
      function: () => void c.text(s.sql),
      expressions: () => typedList(c, node.args, s.joiner),
    });
    return;
  }
  c.text(`${s.sql}(`);
  typedList(c, node.args, s.joiner);
  c.text(")");
}
// Words for templates come from a class of the user's code, never from data; still only words and numbers pass.
function templateWord(v: unknown): string {
  const text = String(v);
  // Two hyphens would begin a comment.
  if (!/^[\w .,:-]*$/.test(text) || text.includes("--"))
    throw new DatabaseError(
      "A word for a function's template may only have letters, digits, spaces and . , : - _",
      "sql.template",
    );
  return text;
}

/** `NAME(DISTINCT args ORDER BY …) FILTER (WHERE …)`; without FILTER the arguments become CASE expressions. */
export function emitAggregate(c: Compiler, node: AggregateNode): void {
  const special =
    c.dialect.aggregates !== undefined && Object.hasOwn(c.dialect.aggregates, node.spec.name)
      ? c.dialect.aggregates[node.spec.name]
      : undefined;
  if (special !== undefined) return special(c, node);
  plainAggregate(c, node);
}
export function plainAggregate(c: Compiler, node: AggregateNode, sql?: string): void {
  const filtered = withoutFilter(c, node);
  const s = spelling(node.spec, c);
  const emitOrder = (): void => {
    if (filtered.orderBy.length > 0) {
      c.text(" ORDER BY ");
      c.list(filtered.orderBy);
    }
  };
  const emitArgs = (): void => {
    if (node.distinct) c.text("DISTINCT ");
    typedList(c, filtered.args, s.joiner);
    emitOrder();
  };
  if (s.template !== undefined) {
    const extra = Object.fromEntries(
      Object.entries(node.options ?? {}).map(([k, v]) => [k, () => void c.text(templateWord(v))]),
    );
    emitTemplate(c, s.template, {
      ...extra,
      distinct: () => void (node.distinct && c.text("DISTINCT ")),
      function: () => void c.text(sql ?? s.sql),
      expressions: () => typedList(c, filtered.args, s.joiner),
      orderBy: emitOrder,
      filter: () => undefined,
    });
  } else {
    c.text(`${sql ?? s.sql}(`);
    emitArgs();
    c.text(")");
  }
  if (filtered.filter !== null) c.text(" FILTER (WHERE ").emit(filtered.filter).text(")");
}
/** The aggregate with its filter moved into CASE where the database has no FILTER. */
export function withoutFilter(c: Compiler, node: AggregateNode): AggregateNode {
  if (node.filter === null || c.info.features.aggregateFilter) return node;
  const { filter } = node;
  const [first, ...rest] = node.args;
  if (first === undefined) c.notSupported(`A filter of the aggregate '${labelOf(node.spec)}', which has no arguments,`);
  const arg: Expr = first.kind === "star" ? { kind: "keyword", text: "1", type: null } : first;
  return {
    ...node,
    filter: null,
    args: [{ kind: "case", whens: [{ when: filter, then: arg }], otherwise: null, type: arg.type }, ...rest],
  };
}

function emitWhere(c: Compiler, node: WhereNode): void {
  if (node.children.length === 0) return void c.text(node.negated ? falseText(c) : trueText(c));
  if (node.connector === "XOR") return emitXor(c, node);
  if (node.negated) c.text("NOT (");
  else if (node.children.length > 1) c.text("(");
  emitJoined(c, node.children, ` ${node.connector} `);
  if (node.negated || node.children.length > 1) c.text(")");
}
// SQLite counts each AND and OR of a list as a level, of which it takes a thousand: a long list is written as a list of lists.
function emitJoined(c: Compiler, children: readonly Expr[], connector: string): void {
  if (children.length <= LONG || c.info.name !== "sqlite") {
    children.forEach((child, i) => {
      if (i > 0) c.text(connector);
      emitCondition(c, child);
    });
    return;
  }
  const size = Math.ceil(children.length / LONG);
  for (let i = 0; i < children.length; i += size) {
    c.text(i > 0 ? `${connector}(` : "(");
    emitJoined(c, children.slice(i, i + size), connector);
    c.text(")");
  }
}
const LONG = 100;
/** Parity of the conditions that hold: true when an odd number of them does, also where one is unknown (S12). */
function emitXor(c: Compiler, node: WhereNode): void {
  if (node.negated) c.text("NOT ");
  if (node.children.length === 1) {
    c.text("(CASE WHEN ");
    emitCondition(c, node.children[0]!);
    return void c.text(" THEN 1 ELSE 0 END = 1)");
  }
  // That one of them holds follows from the rest; it is said for the planner, which finds indexes by it. Each XOR within another one would be
  // written twice as often as the one around it, so there it is left out.
  const innermost = !node.children.some((child) => some(child, isXor));
  c.text("(");
  if (innermost) {
    c.text("(");
    node.children.forEach((child, i) => {
      if (i > 0) c.text(" OR ");
      emitCondition(c, child);
    });
    c.text(") AND ");
  }
  c.text("MOD(");
  node.children.forEach((child, i) => {
    if (i > 0) c.text(" + ");
    c.text("CASE WHEN ");
    emitCondition(c, child);
    c.text(" THEN 1 ELSE 0 END");
  });
  c.text(", 2) = 1)");
}
function isXor(node: Expr): boolean {
  return node.kind === "where" && node.connector === "XOR";
}
export function emitCondition(c: Compiler, node: Expr): void {
  if (node.kind === "where" && !node.negated && node.children.length > 1) return void c.emit(node);
  c.emit(node);
}
function trueText(c: Compiler): string {
  return c.info.features.nativeBoolean ? "TRUE" : "1";
}
function falseText(c: Compiler): string {
  return c.info.features.nativeBoolean ? "FALSE" : "0";
}

export function emitSubselect(c: Compiler, select: unknown): void {
  c.text("(");
  emitSelect(c, select as SelectLike);
  c.text(")");
}

function emitWindow(c: Compiler, node: NodeOf<"window">): void {
  c.emit(node.expr).text(" OVER (");
  let space = "";
  if (node.partitionBy.length > 0) {
    c.text("PARTITION BY ").list(node.partitionBy);
    space = " ";
  }
  if (node.orderBy.length > 0) {
    c.text(`${space}ORDER BY `).list(node.orderBy);
    space = " ";
  }
  if (node.frame !== null) {
    c.text(space);
    emitFrame(c, node.frame);
  }
  c.text(")");
}
function emitFrame(c: Compiler, f: FrameNode): void {
  if (f.exclusion !== null && !c.info.features.windowFrameExclusion)
    c.notSupported("Frame exclusion in window functions");
  if (f.unit === "RANGE") {
    // The values of a range begin at or before the row's own and end at or after it.
    if (f.start !== null && f.start > 0) throw badBound("start", "negative", f.start);
    if (f.end !== null && f.end < 0) throw badBound("end", "positive", f.end);
    if (c.info.name === "postgres" && ((f.start !== null && f.start < 0) || (f.end !== null && f.end > 0)))
      throw new NotSupportedError(
        "PostgreSQL only supports UNBOUNDED together with PRECEDING and FOLLOWING.",
        "sql.frame",
      );
  } else if (f.start !== null && f.end !== null && f.start > f.end)
    throw new ValueError("start cannot be greater than end.", "sql.frame");
  const start =
    f.start === null
      ? "UNBOUNDED PRECEDING"
      : f.start === 0
        ? "CURRENT ROW"
        : f.start < 0
          ? `${-f.start} PRECEDING`
          : `${f.start} FOLLOWING`;
  const end =
    f.end === null
      ? "UNBOUNDED FOLLOWING"
      : f.end === 0
        ? "CURRENT ROW"
        : f.end > 0
          ? `${f.end} FOLLOWING`
          : `${-f.end} PRECEDING`;
  c.text(`${f.unit} BETWEEN ${start} AND ${end}${f.exclusion === null ? "" : ` EXCLUDE ${f.exclusion}`}`);
}

function badBound(which: string, sign: string, value: number): ValueError {
  return new ValueError(
    `${which} argument must be a ${sign} integer, zero, or None (null), but got '${value}'.`,
    "sql.frame",
  );
}

export function emitLookup(c: Compiler, node: LookupNode): void {
  const special = Object.hasOwn(c.dialect.lookups, node.op) ? c.dialect.lookups[node.op] : undefined;
  if (special === undefined) c.notSupported(`The lookup '${node.op}'`);
  special(c, node);
}

export const baseHandlers: Handlers = {
  col: (c, n) => void c.ident(n.alias).text(".").ident(n.field.column!),
  outercol: (c, n) => void c.ident(n.alias).text(".").ident(n.column),
  param: (c, n) => void c.param(n),
  list: (c, n) => void c.listParam(n),
  star: (c) => void c.text("*"),
  null: (c) => void c.text("NULL"),
  keyword: (c, n) => void c.text(n.text),
  func: emitFunc,
  aggregate: emitAggregate,
  binary: (c, n) => {
    c.text("(");
    emitTyped(c, n.lhs);
    c.text(` ${n.op} `);
    emitTyped(c, n.rhs);
    c.text(")");
  },
  cast: (c, n) => {
    const type = typeOrNull(n)!;
    c.text("CAST(");
    emitTyped(c, n.arg);
    c.text(` AS ${type.castType(c.info)})`);
  },
  collate: (c, n) => {
    emitTyped(c, n.arg);
    c.text(" COLLATE ").ident(n.collation);
  },
  case: (c, n) => {
    if (n.whens.length === 0) return n.otherwise === null ? void c.text("NULL") : emitTyped(c, n.otherwise);
    c.text("CASE");
    for (const w of n.whens) {
      c.text(" WHEN ");
      emitCondition(c, w.when);
      c.text(" THEN ");
      emitTyped(c, w.then);
    }
    c.text(" ELSE ");
    if (n.otherwise === null) c.text("NULL");
    else emitTyped(c, n.otherwise);
    c.text(" END");
  },
  where: emitWhere,
  lookup: emitLookup,
  subquery: (c, n) => {
    if (n.exists) {
      c.text(n.negated ? "NOT EXISTS" : "EXISTS");
      emitSubselect(c, n.select);
    } else {
      if (n.array === true) c.text("ARRAY");
      emitSubselect(c, n.select);
    }
  },
  window: emitWindow,
  order: (c, n) => {
    const native = c.info.features.nullsOrdering;
    if (n.nulls !== null && !native) {
      emitTyped(c, n.expr);
      c.text(n.nulls === "last" ? " IS NULL, " : " IS NOT NULL, ");
    }
    emitTyped(c, n.expr);
    c.text(n.descending ? " DESC" : " ASC");
    if (n.nulls !== null && native) c.text(n.nulls === "first" ? " NULLS FIRST" : " NULLS LAST");
  },
  raw: (c, n) => {
    if (n.parenthesised) c.text("(");
    for (const p of n.parts) {
      if (typeof p === "string") c.text(p);
      else emitTyped(c, p);
    }
    if (n.parenthesised) c.text(")");
  },
  ref: (c, n) => void c.ident(n.name),
  tuple: (c, n) => void c.text("(").list(n.items).text(")"),
  always: (c) => void c.text(trueText(c)),
  never: (c) => void c.text(falseText(c)),
  custom: (c, n) => n.by.emit(c.emitter(emitTyped), n.children),
  default: (c) => void c.text("DEFAULT"),
  outerref: () => {
    throw new ValueError(
      "This queryset contains a reference to an outer query and may only be used in a subquery.",
      "query.outer_reference",
    );
  },
};
