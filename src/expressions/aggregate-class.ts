/** Aggregate: aggregates of the user's own, by call or as a class to extend. What a call may say is in `func.ts`. */
import type { CustomEmitter, Expr, SqlPiece } from "../ast/expr.js";
import type { ValueType } from "../ast/seams.js";
import { aggregateParts } from "./aggregate.js";
import { Door, hasDoors, type SqlCompiler, type SqlConnection } from "./doors.js";
import { Expression } from "./expression.js";
import { plainSql, requireSpelling, splitCall, withNode, type FuncSpelling } from "./func.js";

/**
 * Any aggregate of the database.
 * @example
 * class Product extends Aggregate { static function = "PRODUCT"; static allowDistinct = true; static outputField = FloatField(); }
 * Line.objects.aggregate({ all: Aggregate("n", { function: "BIT_OR" }) })   // SELECT BIT_OR("n")
 * @see https://docs.djangoproject.com/en/stable/ref/models/expressions/#aggregate-expressions
 */
export class Aggregate extends Expression {
  declare static readonly function?: string;
  declare static readonly template?: string;
  declare static readonly argJoiner?: string;
  declare static readonly arity?: number | readonly [number, number];
  declare static readonly outputField?: ValueType;
  declare static readonly allowDistinct?: boolean;
  declare static readonly allowOrderBy?: boolean;
  declare static readonly emptyValue?: unknown;
  declare static readonly sqlite?: FuncSpelling;
  declare static readonly postgresql?: FuncSpelling;
  declare static readonly mysql?: FuncSpelling;
  /** Aggregates may stand in windows unless they say otherwise. */
  static readonly windowCompatible: boolean = true;
  declare lower?: (connection: SqlConnection) => unknown;

  constructor(...args: unknown[]) {
    const proto = new.target.prototype as Aggregate;
    const bare = proto === Aggregate.prototype;
    const { rest, options, words, spec } = splitCall(proto.constructor as never, args, bare, [
      "distinct",
      "filter",
      "default",
      "orderBy",
      "outputField",
    ]);
    const doors = hasDoors(proto, Aggregate.prototype);
    requireSpelling(spec, doors);
    super(aggregateParts(spec, rest, options, words));
    if (doors) (this as { custom: CustomEmitter | undefined }).custom = new Door(this);
  }
  /** The arguments, without filter, default and ordering. */
  getSourceExpressions(): readonly unknown[] {
    return this.args.slice(0, this.settings["n"] as number);
  }
  /** The same expression over nodes. */
  withNodes(children: readonly Expr[]): this {
    return withNode(this, children[0]!);
  }
  /** How it is written; `more` spells it otherwise. */
  asSql(
    compiler: SqlCompiler,
    _connection: SqlConnection,
    more: FuncSpelling & Readonly<Record<string, unknown>> = {},
  ): SqlPiece {
    return plainSql(this, compiler, more);
  }
}
