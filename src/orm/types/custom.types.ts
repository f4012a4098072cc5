/**
 * Types of the classes that users extend: functions, aggregates, transforms, expressions and lookups of their own. What
 * stands behind them at run time is in `expressions/`.
 */
import type { Aggregate, Condition, Expression, Q, Source } from "./expressions.types.js";
import type { $out, AnyField, FieldLike } from "./fields.types.js";
import type { AnyExpression } from "./lookups.types.js";

/** The database that SQL is written for. It holds no connection. */
export interface SqlConnection {
  /** Django's name of the kind of database. */
  readonly vendor: "sqlite" | "postgresql" | "mysql";
  readonly isMariaDb: boolean;
  /** Version of the server, e.g. `[10, 11, 19]`. */
  readonly version: readonly number[];
  /** What the database can do. */
  readonly features: Readonly<Record<string, unknown>>;
}
/** Text with `%s` where parameters stand (`%%` is a percent sign), and the parameters. */
export type SqlPiece = readonly [sql: string, params: readonly unknown[]];
/** What `asSql` writes with. */
export interface SqlCompiler {
  /** A child, or an expression made of children and plain values, as text and parameters. */
  compile(expression: AnyExpression | unknown): SqlPiece;
  /** A name in the database's quotes. */
  quoteName(name: string): string;
  readonly connection: SqlConnection;
}

/** How a function is spelled, on all databases or on one of them. */
export interface FuncSpelling {
  /** A name such as `POWER`. */
  readonly function?: string;
  /** `%(function)s(%(expressions)s)`, where words of the call may stand too. */
  readonly template?: string;
  /** Between the arguments; `, ` if not said. */
  readonly argJoiner?: string;
}
/** What a call of `Func` or `Aggregate` itself, or a class that extends them, may say. */
export interface FuncSettings extends FuncSpelling {
  readonly arity?: number | readonly [number, number];
  readonly windowCompatible?: boolean;
  /** A condition: it stands in `filter` as it is. */
  readonly conditional?: boolean;
  readonly sqlite?: FuncSpelling;
  readonly postgresql?: FuncSpelling;
  readonly mysql?: FuncSpelling;
}
/** Options of a call of `Func`; other keys are words that the template asks for. */
export interface FuncOptions<B extends FieldLike = FieldLike> extends FuncSettings {
  readonly outputField?: B;
  readonly [word: string]: unknown;
}
/** An argument of a function: a path, an expression, or a value. */
export type FuncArgument = Source | number | bigint | boolean | Date | null | Q;

/** Methods of classes with SQL of their own. */
export interface OwnSql {
  /** The expression as other expressions, for one kind of database; null to write it as it is. */
  lower?(connection: SqlConnection): AnyExpression | Q | null;
  asSqlite?(compiler: SqlCompiler, connection: SqlConnection): SqlPiece;
  asPostgresql?(compiler: SqlCompiler, connection: SqlConnection): SqlPiece;
  asMysql?(compiler: SqlCompiler, connection: SqlConnection): SqlPiece;
  /** Equal for expressions of one class that write equal SQL. */
  readonly cacheKey?: string | undefined;
}
/** An instance of a class that extends `Func`. */
export interface FuncInstance<T> extends Expression<T>, OwnSql {
  getSourceExpressions(): readonly any[];
  asSql(
    compiler: SqlCompiler,
    connection: SqlConnection,
    more?: FuncSpelling & Readonly<Record<string, unknown>>,
  ): SqlPiece;
}
/** `Func("price", { function: "ROUND" })`: any SQL function; and the class to extend. */
export interface FuncFunction extends FuncStatics {
  <B extends FieldLike = FieldLike>(
    ...args: (FuncArgument | FuncOptions<B>)[]
  ): Expression<B extends AnyField ? B[typeof $out] : any>;
  new <T = any>(...args: (FuncArgument | FuncOptions)[]): FuncInstance<T>;
  readonly prototype: FuncInstance<any>;
}
/** Static fields of a class that extends `Func`. */
export interface FuncStatics extends FuncSettings {
  readonly outputField?: FieldLike;
  readonly lookupName?: string;
  readonly bilateral?: boolean;
  readonly cacheKey?: string;
}
/** An instance of a class that extends `Transform`. */
export interface TransformInstance<T> extends FuncInstance<T> {
  readonly lhs: any;
}
/** The class `Transform`. */
export interface TransformClass extends FuncStatics {
  (...args: (FuncArgument | FuncOptions)[]): Expression<any>;
  new <T = any>(...args: (FuncArgument | FuncOptions)[]): TransformInstance<T>;
  readonly prototype: TransformInstance<any>;
}

/** Options of a call of an aggregate. */
export interface AggregateCallOptions<B extends FieldLike = FieldLike> extends FuncOptions<B> {
  readonly distinct?: boolean;
  readonly filter?: unknown;
  readonly default?: unknown;
  readonly orderBy?: unknown;
  readonly allowDistinct?: boolean;
  readonly allowOrderBy?: boolean;
  readonly emptyValue?: unknown;
}
/** An instance of a class that extends `Aggregate`. */
export interface AggregateInstance<T> extends Aggregate<T>, OwnSql {
  getSourceExpressions(): readonly any[];
  asSql(
    compiler: SqlCompiler,
    connection: SqlConnection,
    more?: FuncSpelling & Readonly<Record<string, unknown>>,
  ): SqlPiece;
}
/** `Aggregate("n", { function: "BIT_OR" })`, and the class to extend. */
export interface AggregateFunction extends FuncStatics {
  readonly allowDistinct?: boolean;
  readonly allowOrderBy?: boolean;
  /** The result over no rows, known without asking. */
  readonly emptyValue?: unknown;
  <B extends FieldLike = FieldLike>(
    ...args: (FuncArgument | AggregateCallOptions<B>)[]
  ): Aggregate<B extends AnyField ? B[typeof $out] : any>;
  new <T = any>(...args: (FuncArgument | AggregateCallOptions)[]): AggregateInstance<T>;
  readonly prototype: AggregateInstance<any>;
}

/** An instance of a class that extends `CustomExpression`. */
export interface CustomExpressionInstance<T> extends Expression<T>, OwnSql {
  getSourceExpressions(): readonly any[];
  setSourceExpressions(expressions: readonly any[], before?: readonly any[]): void;
  asSql?(compiler: SqlCompiler, connection: SqlConnection): SqlPiece;
  readonly containsAggregate?: boolean;
  readonly windowCompatible?: boolean;
}
/** The class `CustomExpression`. */
export interface CustomExpressionClass {
  new <T = any>(...args: (FuncArgument | { readonly outputField?: FieldLike })[]): CustomExpressionInstance<T>;
  readonly prototype: CustomExpressionInstance<any>;
  readonly outputField?: FieldLike;
  readonly cacheKey?: string;
  readonly lookupName?: string;
  readonly bilateral?: boolean;
  readonly containsAggregate?: boolean;
  readonly windowCompatible?: boolean;
}

/** An instance of a class that extends `Lookup`. */
export interface LookupInstance extends Condition<boolean>, OwnSql {
  readonly lhs: any;
  readonly rhs: any;
  asSql?(compiler: SqlCompiler, connection: SqlConnection): SqlPiece;
  processLhs(compiler: SqlCompiler, connection?: SqlConnection, lhs?: any): SqlPiece;
  processRhs(compiler: SqlCompiler, connection?: SqlConnection): SqlPiece;
}
/** The class `Lookup`. */
export interface LookupClass {
  new (lhs: any, rhs: any): LookupInstance;
  readonly prototype: LookupInstance;
  readonly lookupName?: string;
  readonly cacheKey?: string;
  /** False where the value is of another type than the left side. */
  readonly prepareRhs?: boolean;
  /** Makes the value what is sent. */
  readonly prepare?: (value: any, type: any) => unknown;
  /** True where null is a value like others. */
  readonly canUseNoneAsRhs?: boolean;
}

/** A lookup made of other expressions, for `registerLookup`. */
export interface UserLookup {
  readonly name: string;
  /** Checks the value and makes it what `build` gets; by the type of the left side when left out. */
  readonly prepare?: (value: any, type: any) => unknown;
  readonly build: (lhs: Expression<any>, rhs: Expression<any>) => AnyExpression | Q;
}
/** A transform made of other expressions, for `registerLookup`. */
export interface UserTransform {
  readonly name: string;
  readonly transform: (lhs: Expression<any>) => AnyExpression;
  /** Applied to the value as well. */
  readonly bilateral?: boolean;
}
/** `callable(class Power extends Func { … })`. */
export interface MakeCallable {
  <C extends new (...args: any[]) => object>(cls: C): C & ((...args: ConstructorParameters<C>) => InstanceType<C>);
}
