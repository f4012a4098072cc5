/**
 * DDL nodes -> statements. What the databases write differently is a record of each (`<dialect>/ddl.ts`); names go through the
 * one quoting function of the compiler, values through `literal.ts`. It knows no models and no fields.
 */
import type {
  ColumnDefinition,
  CreateIndex,
  CreateTable,
  DdlExpr,
  DdlKind,
  DdlNode,
  DdlOf,
  Deferral,
  ExclusionTableConstraint,
  IndexPart,
  Reference,
  TableConstraint,
} from "../ast/ddl.js";
import type { DialectInfo } from "../ast/seams.js";
import { NotSupportedError } from "../base/errors.js";
import { dialectFor } from "./compile.js";
import { Compiler } from "./compiler.js";
import type { DdlDialect } from "./ddl-dialect.js";
import { isLiteral, writeDdlExpression } from "./ddl-expression.js";
import { quoteText } from "./literal.js";
import { mysqlDdl } from "./mysql/ddl.js";
import { postgresDdl } from "./postgres/ddl.js";
import { sqliteDdl } from "./sqlite/ddl.js";

/** The record of what a database's DDL has of its own. */
export function ddlDialectFor(info: DialectInfo): DdlDialect {
  return info.name === "sqlite" ? sqliteDdl : info.name === "postgres" ? postgresDdl : mysqlDdl;
}

/** One DDL node as a statement, without a semicolon. */
export function writeDdl(node: DdlNode, info: DialectInfo): string {
  return new DdlWriter(info).write(node);
}

type Writers = { readonly [K in DdlKind]: (w: DdlWriter, node: DdlOf<K>) => string };

class DdlWriter {
  readonly info: DialectInfo;
  readonly own: DdlDialect;
  private readonly compiler: Compiler;
  constructor(info: DialectInfo) {
    this.info = info;
    this.own = ddlDialectFor(info);
    this.compiler = new Compiler(dialectFor(info), info, "UTC");
  }
  write(node: DdlNode): string {
    return (writers[node.kind] as (w: DdlWriter, n: DdlNode) => string)(this, node);
  }
  quote(name: string): string {
    return this.compiler.quote(name);
  }
  names(list: readonly string[]): string {
    return list.map((n) => this.quote(n)).join(", ");
  }
  expression(e: DdlExpr): string {
    return writeDdlExpression(e, this.info);
  }
  text(text: string): string {
    return quoteText(text, this.info);
  }
  notSupported(what: string): never {
    throw new NotSupportedError(
      `${what} is not supported on this database (${this.info.isMariaDb ? "MariaDB" : this.info.name}).`,
      "ddl.not_supported",
    );
  }
}

const writers: Writers = {
  createTable,
  dropTable: (w, n) => `DROP TABLE ${w.quote(n.table)}${w.own.dropTableTail}`,
  addConstraint: (w, n) => {
    if (!w.own.addsConstraints) w.notSupported("Adding a constraint to a table");
    return `ALTER TABLE ${w.quote(n.table)} ADD ${constraint(w, n.constraint)}`;
  },
  dropConstraint: (w, n) => {
    const words = w.own.dropConstraint(n.of, w.info);
    if (words === null) return w.notSupported("Removing a constraint from a table");
    return `ALTER TABLE ${w.quote(n.table)} ${words} ${w.quote(n.name)}`;
  },
  createIndex,
  dropIndex: (w, n) => `DROP INDEX ${w.quote(n.name)}${w.own.dropIndexNamesTable ? ` ON ${w.quote(n.table)}` : ""}`,
  comment: (w, n) => {
    if (w.own.comments !== "statement") w.notSupported("COMMENT ON");
    const target = n.column === null ? `TABLE ${w.quote(n.table)}` : `COLUMN ${w.quote(n.table)}.${w.quote(n.column)}`;
    return `COMMENT ON ${target} IS ${n.comment === null ? "NULL" : w.text(n.comment)}`;
  },
};

function createTable(w: DdlWriter, n: CreateTable): string {
  const parts = [...n.columns.map((c) => column(w, c)), ...n.constraints.map((c) => constraint(w, c))];
  const comment = n.comment !== null && w.own.comments === "inline" ? ` COMMENT = ${w.text(n.comment)}` : "";
  return `CREATE TABLE ${w.quote(n.table)} (${parts.join(", ")})${comment}`;
}

function column(w: DdlWriter, c: ColumnDefinition): string {
  const out = [w.quote(c.name), c.type];
  if (c.collation !== null) out.push(`COLLATE ${w.quote(c.collation)}`);
  if (c.autoIncrement !== null && w.own.autoIncrementFirst) out.push(c.autoIncrement);
  if (c.comment !== null && w.own.comments === "inline") out.push(`COMMENT ${w.text(c.comment)}`);
  if (c.default !== null) out.push(`DEFAULT ${defaultText(w, c, c.default)}`);
  if (c.generated !== null)
    out.push(
      `GENERATED ALWAYS AS (${w.expression(c.generated.expression)}) ${c.generated.stored ? "STORED" : "VIRTUAL"}`,
    );
  // What a computed column may hold follows from its expression, and MariaDB's grammar has no NULL or NOT NULL there.
  if (c.generated === null) out.push(c.null ? "NULL" : "NOT NULL");
  if (c.primaryKey) out.push("PRIMARY KEY");
  else if (c.unique) out.push("UNIQUE");
  if (c.check !== null) out.push(`CHECK (${columnCheck(w, c)})`);
  if (c.autoIncrement !== null && !w.own.autoIncrementFirst) out.push(c.autoIncrement);
  if (c.references !== null) out.push(reference(w, c.references));
  return out.join(" ");
}
function defaultText(w: DdlWriter, c: ColumnDefinition, value: DdlExpr): string {
  const text = w.expression(value);
  return isLiteral(value.node) && !w.own.wrapsDefault(c.type) ? text : `(${text})`;
}
function columnCheck(w: DdlWriter, c: ColumnDefinition): string {
  const name = w.quote(c.name);
  return c.check!.kind === "nonNegative" ? `${name} >= 0` : `(JSON_VALID(${name}) OR ${name} IS NULL)`;
}

function reference(w: DdlWriter, r: Reference): string {
  if (r.onDelete === "SET DEFAULT" && !w.info.features.onDeleteSetDefault) w.notSupported("ON DELETE SET DEFAULT");
  const action = r.onDelete === null ? "" : ` ON DELETE ${r.onDelete}`;
  return `REFERENCES ${w.quote(r.table)} (${w.names(r.columns)})${action}${deferral(w, r.deferral)}`;
}
function deferral(w: DdlWriter, d: Deferral): string {
  return d === null || !w.info.features.deferrableConstraints ? "" : ` DEFERRABLE INITIALLY ${d.toUpperCase()}`;
}

function constraint(w: DdlWriter, c: TableConstraint): string {
  switch (c.kind) {
    case "primaryKey":
      return `PRIMARY KEY (${w.names(c.columns)})`;
    case "unique": {
      const nulls = nullsDistinct(w, c.nullsDistinct);
      return `CONSTRAINT ${w.quote(c.name)} UNIQUE${nulls} (${w.names(c.columns)})${deferral(w, c.deferral)}`;
    }
    case "check":
      return `CONSTRAINT ${w.quote(c.name)} CHECK (${w.expression(c.condition)})`;
    case "foreignKey":
      return `CONSTRAINT ${w.quote(c.name)} FOREIGN KEY (${w.names(c.columns)}) ${reference(w, c.references)}`;
    case "exclusion":
      return exclusion(w, c);
  }
}
function nullsDistinct(w: DdlWriter, value: boolean | null): string {
  if (value === null) return "";
  if (!w.info.features.nullsDistinct) w.notSupported("NULLS [NOT] DISTINCT");
  return value ? " NULLS DISTINCT" : " NULLS NOT DISTINCT";
}
function exclusion(w: DdlWriter, c: ExclusionTableConstraint): string {
  if (!w.own.accessMethods) w.notSupported("An exclusion constraint");
  const parts = c.parts.map((p) => `${indexPart(w, p.part)} WITH ${p.operator}`).join(", ");
  const include = c.include.length === 0 ? "" : ` INCLUDE (${w.names(c.include)})`;
  const where = c.where === null ? "" : ` WHERE (${w.expression(c.where)})`;
  return `CONSTRAINT ${w.quote(c.name)} EXCLUDE USING ${c.method} (${parts})${include}${where}${deferral(w, c.deferral)}`;
}

function createIndex(w: DdlWriter, n: CreateIndex): string {
  const { features } = w.info;
  if (n.where !== null && !features.partialIndexes) w.notSupported("An index with a condition");
  if (n.include.length > 0 && !features.coveringIndexes) w.notSupported("An index with INCLUDE");
  if (n.method !== null && !w.own.accessMethods) w.notSupported(`An index of the kind ${n.method}`);
  const settings = Object.entries(n.with).map(([k, v]) => `${k} = ${v}`);
  return [
    `CREATE ${n.unique ? "UNIQUE " : ""}INDEX ${w.quote(n.name)} ON ${w.quote(n.table)}`,
    n.method === null ? "" : ` USING ${n.method}`,
    ` (${n.parts.map((p) => indexPart(w, p)).join(", ")})`,
    n.include.length === 0 ? "" : ` INCLUDE (${w.names(n.include)})`,
    nullsDistinct(w, n.nullsDistinct),
    settings.length === 0 ? "" : ` WITH (${settings.join(", ")})`,
    n.tablespace === null || !w.own.accessMethods ? "" : ` TABLESPACE ${w.quote(n.tablespace)}`,
    n.where === null ? "" : ` WHERE ${w.expression(n.where)}`,
  ].join("");
}
function indexPart(w: DdlWriter, p: IndexPart): string {
  let out: string;
  if (typeof p.of === "string") out = w.quote(p.of);
  else {
    // A bare column stays bare: MySQL takes no "expression" that is only a column.
    if (p.of.node.kind === "col") out = w.expression(p.of);
    else {
      if (!w.info.features.expressionIndexes) w.notSupported("An index over an expression");
      out = `(${w.expression(p.of)})`;
    }
  }
  if (p.collation !== null) out += ` COLLATE ${w.quote(p.collation)}`;
  if (p.opclass !== null && w.own.accessMethods) out += ` ${p.opclass}`;
  if (p.descending) out += " DESC";
  if (p.nulls !== null && w.own.accessMethods) out += p.nulls === "first" ? " NULLS FIRST" : " NULLS LAST";
  return out;
}
