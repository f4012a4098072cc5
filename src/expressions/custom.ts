/**
 * CustomExpression and Lookup: expressions that write their SQL text themselves, with Django's method names. Their children are
 * declared, so that everything that walks through expressions walks through them too.
 */
import type { CustomEmitter, Expr, SqlPiece } from "../ast/expr.js";
import type { ValueType } from "../ast/seams.js";
import { QueryTypeError, ValueError } from "../base/errors.js";
import { Door, resolved, type SqlCompiler, type SqlConnection } from "./doors.js";
import { Expression, type ExpressionParts } from "./expression.js";
import { fieldOrValue, splitOptions, wrapValue } from "./makers.js";

/**
 * An expression that says its SQL itself: `asSql(compiler, connection)` gives `[sql, params]`, with `%s` where parameters stand.
 * `asSqlite`, `asPostgresql` and `asMysql` come first where there are such. Its statements are compiled anew for every queryset, unless
 * `cacheKey` says for which expressions of the class they are the same.
 * @example
 * class Distance extends CustomExpression {
 *   static outputField = FloatField();
 *   asSql(compiler) {
 *     const [[a, p], [b, q]] = this.getSourceExpressions().map((e) => compiler.compile(e));
 *     return [`ABS(${a} - ${b})`, [...p, ...q]];
 *   }
 * }
 * @see https://docs.djangoproject.com/en/stable/ref/models/expressions/#writing-your-own-query-expressions
 */
export class CustomExpression extends Expression {
  declare static readonly outputField?: ValueType;
  declare static readonly cacheKey?: string;
  declare asSql?: (compiler: SqlCompiler, connection: SqlConnection) => SqlPiece;
  declare asSqlite?: (compiler: SqlCompiler, connection: SqlConnection) => SqlPiece;
  declare asPostgresql?: (compiler: SqlCompiler, connection: SqlConnection) => SqlPiece;
  declare asMysql?: (compiler: SqlCompiler, connection: SqlConnection) => SqlPiece;
  declare lower?: (connection: SqlConnection) => unknown;

  constructor(...args: unknown[]) {
    const cls = new.target as unknown as { name: string; outputField?: ValueType };
    const [rest, o] = splitOptions(cls.name, args, ["outputField"]);
    super({
      kind: "custom",
      args: rest.map(fieldOrValue),
      outputField: (o["outputField"] as ValueType | undefined) ?? cls.outputField,
    });
    (this as { custom: CustomEmitter | undefined }).custom = new Door(this, this instanceof Lookup);
    // A class may keep its children where it likes: they are asked for when they are needed, after its constructor.
    if (this.getSourceExpressions !== CustomExpression.prototype.getSourceExpressions)
      Object.defineProperty(this, "args", { get: () => this.sources(), enumerable: true, configurable: true });
  }
  private sources(): unknown[] {
    const list: unknown = this.getSourceExpressions();
    if (!Array.isArray(list) || list.some((e) => e === undefined))
      throw new QueryTypeError(
        `getSourceExpressions() of '${this.describe()}' has to return a list of expressions.`,
        "expression.custom",
      );
    return list.map(fieldOrValue);
  }
  override describe(): string {
    return this.constructor.name || "CustomExpression";
  }
  /** The expressions that this one is made of, by default the arguments of its constructor. Override it where they are kept elsewhere. */
  getSourceExpressions(): readonly unknown[] {
    return this.args;
  }
  /** Puts other expressions in the place of the children; by default in every property that holds one of them. */
  setSourceExpressions(expressions: readonly unknown[], before: readonly unknown[] = []): void {
    const now = (v: unknown): unknown => {
      const i = typeof v === "object" && v !== null ? before.indexOf(v) : -1;
      return i < 0 ? v : expressions[i];
    };
    const own = this as unknown as Record<string, unknown>;
    for (const key of Object.keys(this))
      if (key !== "args") own[key] = Array.isArray(own[key]) ? own[key].map(now) : now(own[key]);
  }
  override with(parts: Partial<ExpressionParts>): Expression {
    const before = this.args;
    const copy = super.with(parts) as CustomExpression;
    if (parts.args !== undefined) copy.setSourceExpressions(parts.args, before);
    return copy;
  }
  /** The same expression over nodes. */
  withNodes(children: readonly Expr[]): this {
    return this.with({ args: children.map(resolved) }) as this;
  }
}

/**
 * A comparison that says its SQL itself, for `registerLookup` and as an expression.
 * @example
 * class NotEqual extends Lookup {
 *   static lookupName = "ne";
 *   asSql(compiler, connection) {
 *     const [lhs, p] = this.processLhs(compiler, connection);
 *     const [rhs, q] = this.processRhs(compiler, connection);
 *     return [`${lhs} <> ${rhs}`, [...p, ...q]];
 *   }
 * }
 * registerLookup(CharField, NotEqual);
 * await Author.objects.filter({ name__ne: "Jack" });   // WHERE "name" <> 'Jack'
 * @see https://docs.djangoproject.com/en/stable/ref/models/lookups/#lookup-reference
 */
export class Lookup extends CustomExpression {
  declare static readonly lookupName?: string;
  /** False where the value is of another type than the left side. */
  declare static readonly prepareRhs?: boolean;
  /** Makes the value what is sent; by the type of the left side when left out. */
  declare static readonly prepare?: (value: unknown, type: ValueType | null) => unknown;
  /** True where null is a value like others. */
  declare static readonly canUseNoneAsRhs?: boolean;

  constructor(lhs: unknown, rhs: unknown) {
    if (lhs === undefined || rhs === undefined)
      throw new ValueError("A lookup takes two sides; write null for SQL NULL.", "value.undefined");
    super(fieldOrValue(lhs), wrapValue(rhs));
  }
  /** The left side. */
  get lhs(): unknown {
    return this.args[0];
  }
  /** The right side. */
  get rhs(): unknown {
    return this.args[1];
  }
  /** The left side as text and parameters. */
  processLhs(compiler: SqlCompiler, _connection?: SqlConnection, lhs: unknown = this.lhs): SqlPiece {
    return compiler.compile(lhs);
  }
  /** The right side as text and parameters. */
  processRhs(compiler: SqlCompiler, _connection?: SqlConnection): SqlPiece {
    return compiler.compile(this.rhs);
  }
  /** How the class prepares values. */
  get preparation(): LookupPreparation {
    return preparationOf(this.constructor);
  }
}
/** How the value of a lookup is prepared. */
export interface LookupPreparation {
  readonly prepareRhs: boolean;
  readonly prepare: ((value: unknown, type: ValueType | null) => unknown) | undefined;
}
/** What a class of lookups says of its values. */
export function preparationOf(cls: object): LookupPreparation {
  const own = cls as { prepareRhs?: boolean; prepare?: LookupPreparation["prepare"] };
  return { prepareRhs: own.prepareRhs !== false, prepare: own.prepare };
}
