/**
 * The doors behind which users' classes stand: what their methods `lower` and `asSql` are given, and how the compiler calls
 * them. It knows no query and no database; nodes of new expressions are made by `close`, which the query floor hands in.
 */
import type { CustomEmitter, Emitter, Expr, SqlPiece } from "../ast/expr.js";
import type { DialectName } from "../ast/seams.js";
import { identity } from "../ast/walk.js";
import { NotSupportedError, QueryTypeError } from "../base/errors.js";
import { Expression, isExpression } from "./expression.js";
import { Q } from "./q.js";

/** The database that SQL is written for, as expressions of one's own see it. It holds no connection. */
export interface SqlConnection {
  /** Django's name of the kind of database. */
  readonly vendor: "sqlite" | "postgresql" | "mysql";
  readonly isMariaDb: boolean;
  /** Version of the server, e.g. `[10, 11, 19]`. */
  readonly version: readonly number[];
  /** What the database can do. */
  readonly features: Readonly<Record<string, unknown>>;
}
/** What `asSql` writes with. */
export interface SqlCompiler {
  /** A child, or an expression made of children and plain values, as text with `%s` for each parameter, and the parameters. */
  compile(expression: unknown): SqlPiece;
  /** A name in the database's quotes. */
  quoteName(name: string): string;
  readonly connection: SqlConnection;
}
/** Methods that a class may have. */
interface Methods {
  lower?(connection: SqlConnection): unknown;
  asSql?(compiler: SqlCompiler, connection: SqlConnection): SqlPiece;
  asSqlite?(compiler: SqlCompiler, connection: SqlConnection): SqlPiece;
  asPostgresql?(compiler: SqlCompiler, connection: SqlConnection): SqlPiece;
  asMysql?(compiler: SqlCompiler, connection: SqlConnection): SqlPiece;
  readonly cacheKey?: unknown;
  readonly containsAggregate?: unknown;
  readonly windowCompatible?: unknown;
}
/** An expression of a user's class: it can be given its parts as nodes. */
export type UserExpression = Expression & Methods & { withNodes(children: readonly Expr[]): UserExpression };

const VENDORS: Readonly<Record<DialectName, SqlConnection["vendor"]>> = {
  sqlite: "sqlite",
  postgres: "postgresql",
  mysql: "mysql",
};
const METHODS = { sqlite: "asSqlite", postgres: "asPostgresql", mysql: "asMysql" } as const;

/** A node as an expression, for the hands of users. */
export function resolved(node: Expr): Expression {
  return new Expression({ kind: "resolved", settings: { node } });
}
/** True when a class writes or lowers its own SQL; `plain` is what it would be without. */
export function hasDoors(prototype: object, plain: object): boolean {
  const own = prototype as Methods;
  return (
    own.lower !== undefined ||
    own.asSqlite !== undefined ||
    own.asPostgresql !== undefined ||
    own.asMysql !== undefined ||
    own.asSql !== (plain as Methods).asSql
  );
}
/** What an expression or its class says under a name. */
export function said(e: Expression, name: string): unknown {
  return (e as unknown as Record<string, unknown>)[name] ?? (e.constructor as unknown as Record<string, unknown>)[name];
}

const emitters = new WeakMap<SqlCompiler, Emitter>();
/** A node through the compiler that `asSql` was given. */
export function compileNode(compiler: SqlCompiler, node: Expr): SqlPiece {
  const emitter = emitters.get(compiler);
  if (emitter === undefined)
    throw new QueryTypeError("asSql() takes the compiler that it is given.", "expression.custom_compiler");
  return emitter.compile(node);
}

/** Lets the compiler call the methods of a user's expression. */
export class Door implements CustomEmitter {
  readonly #own: UserExpression;
  /** A condition, whatever its parts are. */
  readonly conditional: boolean;
  constructor(own: UserExpression, conditional = false) {
    this.#own = own;
    this.conditional = conditional;
  }
  // Two classes never share statements, whatever keys they choose.
  get cacheKey(): string | undefined {
    const key = said(this.#own, "cacheKey");
    return key === undefined || key === null
      ? undefined
      : `${identity(this.#own.constructor)}:${typeof key}:${String(key)}`;
  }
  get isAggregate(): boolean {
    return said(this.#own, "containsAggregate") === true;
  }
  get windowCompatible(): boolean {
    return said(this.#own, "windowCompatible") === true;
  }
  emit(emitter: Emitter, children: readonly Expr[], close?: (expression: unknown) => Expr): void {
    const { dialect } = emitter;
    const connection: SqlConnection = Object.freeze({
      vendor: VENDORS[dialect.name],
      isMariaDb: dialect.isMariaDb,
      version: dialect.version,
      features: dialect.features as unknown as Readonly<Record<string, unknown>>,
    });
    const nodeOf = (e: unknown): Expr => {
      if (isExpression(e) && e.kind === "resolved") return e.settings["node"] as Expr;
      if (!isExpression(e) && !(e instanceof Q))
        throw new QueryTypeError(
          `compile() and lower() of '${this.#own.describe()}' deal in expressions; wrap plain values in Value().`,
          "expression.custom",
        );
      if (close === undefined) throw new QueryTypeError("Expressions cannot be made here.", "expression.custom");
      return close(e);
    };
    const self = this.#own.withNodes(children);
    const lowered = self.lower?.(connection) ?? null;
    if (lowered !== null) return emitter.emit(nodeOf(lowered));
    const compiler: SqlCompiler = Object.freeze({
      compile: (e: unknown) => emitter.compile(nodeOf(e)),
      quoteName: (name: string) => emitter.quote(name),
      connection,
    });
    emitters.set(compiler, emitter);
    const method = self[METHODS[dialect.name]] ?? self.asSql;
    if (method === undefined)
      throw new NotSupportedError(
        `'${this.#own.describe()}' does not say how it is written on this database: it has neither ${METHODS[dialect.name]}() nor asSql().`,
        "expression.custom_missing",
      );
    emitter.splice(checkPiece(this.#own, method.call(self, compiler, connection)));
  }
}
function checkPiece(own: Expression, piece: unknown): SqlPiece {
  if (!Array.isArray(piece) || piece.length !== 2 || typeof piece[0] !== "string" || !Array.isArray(piece[1]))
    throw new QueryTypeError(
      `asSql() of '${own.describe()}' has to return [sql, params]: a text and a list.`,
      "expression.custom_result",
    );
  return piece as unknown as SqlPiece;
}
