/** SELECT statements: an ordered list of clauses. */
import { func, type Expr, type FuncSpec } from "../ast/expr.js";
import type { CompoundStatement, LimitValue, SelectLike, SelectStatement, Source } from "../ast/statement.js";
import { containsWindow } from "../ast/walk.js";
import { emitColumnsEqual } from "./columns-equal.js";
import type { Compiler } from "./compiler.js";
import { groupsOfOneTable } from "./mysql/distinct-groups.js";

export function emitSelect(c: Compiler, s: SelectLike): void {
  if (s.kind === "compound") emitCompound(c, s);
  else emitPlain(c, c.info.isMariaDb ? groupsOfOneTable(c, s) : s);
}

function emitPlain(c: Compiler, s: SelectStatement): void {
  c.text("SELECT ");
  if (s.distinct) {
    c.text("DISTINCT ");
    if (s.distinctOn.length > 0) {
      if (!c.info.features.distinctOn) c.notSupported("DISTINCT ON fields");
      c.text("ON (").list(s.distinctOn).text(") ");
    }
  }
  s.columns.forEach((col, i) => {
    if (i > 0) c.text(", ");
    emitColumn(c, col.expr);
    if (col.alias !== null) c.text(" AS ").ident(col.alias);
  });
  if (s.from.length > 0) {
    c.text(" FROM ");
    s.from.forEach((f, i) => emitSource(c, f, i));
  }
  if (s.where !== null) c.text(" WHERE ").emit(s.where);
  if (s.groupBy !== null) c.text(" GROUP BY ").list(s.groupBy);
  if (s.having !== null) c.text(" HAVING ").emit(s.having);
  if (s.orderBy.length > 0) emitOrder(c, s);
  emitLimit(c, s.low, s.high);
  if (s.lock !== null) emitLock(c, s);
}
function emitOrder(c: Compiler, s: SelectStatement): void {
  c.text(" ORDER BY ");
  // MariaDB takes an order by the columns it grouped by for done, although a window function has sorted the rows anew since.
  const sortedAnew = c.info.isMariaDb && s.groupBy !== null && s.columns.some((col) => containsWindow(col.expr));
  s.orderBy.forEach((term, i) => {
    if (i > 0) c.text(", ");
    if (
      sortedAnew &&
      term.kind === "order" &&
      (term.expr.kind === "ref" ? term.expr.source : term.expr).kind === "col"
    ) {
      const expr = func(COALESCE, [term.expr], term.expr.type);
      c.emit({ ...term, expr });
    } else c.emit(term);
  });
}
const COALESCE: FuncSpec = { name: "Coalesce", sql: "COALESCE" };
// A row of the SELECT list has no surroundings that tell its type.
function emitColumn(c: Compiler, e: Expr): void {
  if (
    e.kind === "param" &&
    c.dialect.placeholder === "$" &&
    e.rawValue !== true &&
    e.type !== null &&
    !("problem" in e.type)
  ) {
    const cast = c.dialect.castParam?.(e.type, c.info) ?? null;
    if (cast !== null) return void c.param(e).text(`::${cast}`);
  }
  if (e.kind === "tuple") return void c.list(e.items);
  c.emit(e);
}

export function emitSource(c: Compiler, f: Source, index: number): void {
  switch (f.kind) {
    case "table":
      if (index > 0) c.text(", ");
      c.ident(f.table);
      if (f.alias !== f.table) c.text(" ").ident(f.alias);
      return;
    case "named":
      if (index > 0) c.text(", ");
      c.ident(f.table);
      if (f.alias !== null) c.text(" ").ident(f.alias);
      return;
    case "derived":
      if (index > 0) c.text(", ");
      c.text("(");
      emitSelect(c, f.select);
      c.text(") ").ident(f.alias);
      return;
    case "join":
      c.text(f.type === "INNER" ? " INNER JOIN " : " LEFT OUTER JOIN ").ident(f.table);
      if (f.alias !== f.table) c.text(" ").ident(f.alias);
      c.text(" ON (");
      f.on.forEach(([l, r], i) => {
        if (i > 0) c.text(" AND ");
        emitColumnsEqual(c, l, r);
      });
      if (f.extra !== null) {
        c.text(f.on.length > 0 ? " AND (" : "(")
          .emit(f.extra)
          .text(")");
      }
      c.text(")");
  }
}

/** LIMIT and OFFSET: the ends of a slice; a database that needs a LIMIT for every OFFSET gets its "no limit". */
export function emitLimit(c: Compiler, low: LimitValue | null, high: LimitValue | null): void {
  if (high !== null) {
    c.text(" LIMIT ");
    if (typeof high === "number") c.text(String(high));
    else
      c.bind({
        slot: high.slot,
        type: null,
        minusSlot: low !== null && typeof low === "object" ? low.slot : undefined,
      });
  } else if (low !== null && c.info.features.noLimitValue !== null) c.text(` LIMIT ${c.info.features.noLimitValue}`);
  if (low !== null) {
    c.text(" OFFSET ");
    if (typeof low === "number") c.text(String(low));
    else c.bind({ slot: low.slot, type: null });
  }
}

function emitLock(c: Compiler, s: SelectStatement): void {
  const { features } = c.info;
  const lock = s.lock!;
  if (!features.selectForUpdate) return;
  if (lock.nowait && !features.selectForUpdateNowait) c.notSupported("NOWAIT");
  if (lock.skipLocked && !features.selectForUpdateSkipLocked) c.notSupported("SKIP LOCKED");
  if (lock.of.length > 0 && !features.selectForUpdateOf) c.notSupported("FOR UPDATE OF");
  if (lock.noKey && !features.selectForNoKeyUpdate) c.notSupported("FOR NO KEY UPDATE");
  c.text(lock.noKey ? " FOR NO KEY UPDATE" : " FOR UPDATE");
  if (lock.of.length > 0) {
    c.text(" OF ");
    lock.of.forEach((a, i) => {
      if (i > 0) c.text(", ");
      c.ident(a);
    });
  }
  if (lock.nowait) c.text(" NOWAIT");
  if (lock.skipLocked) c.text(" SKIP LOCKED");
}

function emitCompound(c: Compiler, s: CompoundStatement): void {
  const parens = c.info.features.parenthesesInCompound;
  // One part is left: it keeps its own slice and order inside of a derived table.
  const [only] = s.parts;
  if (
    s.parts.length === 1 &&
    (only!.kind === "compound" || only!.orderBy.length > 0 || only!.low !== null || only!.high !== null)
  ) {
    c.text("SELECT * FROM (");
    emitSelect(c, only!);
    c.text(") ").ident("combined");
    if (s.orderBy.length > 0) c.text(" ORDER BY ").list(s.orderBy);
    emitLimit(c, s.low, s.high);
    return;
  }
  s.parts.forEach((p, i) => {
    if (i > 0) c.text(` ${s.op}${s.all ? " ALL" : ""} `);
    // Where parts may not be in parentheses, a nested compound becomes a derived table.
    if (parens) {
      c.text("(");
      emitSelect(c, p);
      c.text(")");
    } else if (p.kind === "compound" || p.orderBy.length > 0 || p.low !== null || p.high !== null) {
      c.text("SELECT * FROM (");
      emitSelect(c, p);
      c.text(")");
    } else emitSelect(c, p);
  });
  if (s.orderBy.length > 0) c.text(" ORDER BY ").list(s.orderBy);
  emitLimit(c, s.low, s.high);
}
