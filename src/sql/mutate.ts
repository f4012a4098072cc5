/** INSERT, UPDATE and DELETE. */
import { typeOrNull, type Expr } from "../ast/expr.js";
import type { DeleteStatement, InsertStatement, Statement, UpdateStatement, ValuesSource } from "../ast/statement.js";
import type { Compiler } from "./compiler.js";
import { emitSelect } from "./select.js";

/** Writes any statement. */
export function emitStatement(c: Compiler, s: Statement): void {
  switch (s.kind) {
    case "select":
    case "compound":
      return emitSelect(c, s);
    case "insert":
      return emitInsert(c, s);
    case "update":
      return emitUpdate(c, s);
    case "delete":
      return emitDelete(c, s);
  }
}

function emitInsert(c: Compiler, s: InsertStatement): void {
  const { features, name } = c.info;
  const ignore = s.onConflict?.action === "ignore";
  c.text(
    ignore && name === "mysql"
      ? "INSERT IGNORE INTO "
      : ignore && name === "sqlite"
        ? "INSERT OR IGNORE INTO "
        : "INSERT INTO ",
  )
    .ident(s.table)
    .text(" ");
  if (s.columns.length === 0) {
    // A row of nothing but defaults.
    if (name === "mysql") c.text(`() VALUES ${s.rows.map(() => "()").join(", ")}`);
    else c.text("DEFAULT VALUES");
  } else {
    c.text("(");
    s.columns.forEach((col, i) => {
      if (i > 0) c.text(", ");
      c.ident(col);
    });
    c.text(") ");
    if (s.select !== undefined) emitSelect(c, s.select);
    else {
      c.text("VALUES ");
      s.rows.forEach((row, i) =>
        c
          .text(i > 0 ? ", (" : "(")
          .list(row)
          .text(")"),
      );
    }
  }
  if (s.onConflict !== null) emitConflict(c, s);
  if (s.returning.length > 0 && features.returning) emitReturning(c, s.returning);
}
function emitConflict(c: Compiler, s: InsertStatement): void {
  const k = s.onConflict!;
  if (k.action === "ignore") {
    if (!c.info.features.ignoreConflicts) c.notSupported("Ignoring conflicts");
    if (c.info.name === "postgres") c.text(" ON CONFLICT DO NOTHING");
    return;
  }
  if (!c.info.features.updateConflicts) c.notSupported("Updating conflicts");
  if (c.info.name === "mysql") {
    c.text(" ON DUPLICATE KEY UPDATE ");
    k.update.forEach((col, i) =>
      c
        .text(i > 0 ? ", " : "")
        .ident(col)
        .text(c.info.isMariaDb ? " = VALUES(" : " = VALUES(")
        .ident(col)
        .text(")"),
    );
    return;
  }
  c.text(" ON CONFLICT(");
  k.target.forEach((col, i) => c.text(i > 0 ? ", " : "").ident(col));
  c.text(") DO UPDATE SET ");
  k.update.forEach((col, i) =>
    c
      .text(i > 0 ? ", " : "")
      .ident(col)
      .text(" = EXCLUDED.")
      .ident(col),
  );
}
function emitReturning(c: Compiler, nodes: readonly Expr[]): void {
  c.text(" RETURNING ");
  nodes.forEach((n, i) => {
    if (i > 0) c.text(", ");
    if (n.kind === "col") c.ident(n.field.column!);
    else c.emit(n);
  });
}

function emitUpdate(c: Compiler, s: UpdateStatement): void {
  const joined = s.from !== undefined && c.info.name === "mysql";
  c.text("UPDATE ").ident(s.table);
  if (s.alias !== s.table) c.text(" ").ident(s.alias);
  if (joined) emitValues(c.text(", "), s.from);
  c.text(" SET ");
  s.set.forEach(([col, value], i) => {
    if (i > 0) c.text(", ");
    if (joined) c.ident(s.alias).text(".");
    c.ident(col).text(" = ").emit(value);
  });
  if (s.from !== undefined && !joined) emitValues(c.text(" FROM "), s.from);
  if (s.where !== null) c.text(" WHERE ").emit(s.where);
  if (s.orderBy.length > 0) c.text(" ORDER BY ").list(s.orderBy);
  if (s.returning.length > 0 && c.info.features.returningFromUpdate) emitReturning(c, s.returning);
}

// MySQL and MariaDB 10 know VALUES as the values of an INSERT only: there it is a union of rows.
function emitValues(c: Compiler, from: ValuesSource): void {
  c.text("(");
  from.rows.forEach((row, r) => {
    if (c.info.name === "mysql") {
      c.text(r > 0 ? " UNION ALL SELECT " : "SELECT ");
      row.forEach((e, i) => {
        if (i > 0) c.text(", ");
        c.emit(e);
        if (r === 0) c.text(` AS column${i + 1}`);
      });
      return;
    }
    c.text(r > 0 ? ", (" : "VALUES (");
    row.forEach((e, i) => {
      if (i > 0) c.text(", ");
      // PostgreSQL takes the types of the columns from the first row.
      const type = r === 0 && c.info.name === "postgres" ? typeOrNull(e) : null;
      if (type === null) c.emit(e);
      else
        c.text("CAST(")
          .emit(e)
          .text(` AS ${c.dialect.castParam?.(type, c.info) ?? type.castType(c.info)})`);
    });
    c.text(")");
  });
  c.text(") AS ").ident(from.alias);
}

function emitDelete(c: Compiler, s: DeleteStatement): void {
  c.text("DELETE FROM ").ident(s.table);
  if (s.where !== null) c.text(" WHERE ").emit(s.where);
  if (s.returning.length > 0 && c.info.features.returningFromDelete) emitReturning(c, s.returning);
}
