/**
 * SQL expressions as plain data: one kind per variant, no model, no connection, no text. Trees are never changed in
 * place; `walk.ts` rewrites them. Values of users appear only as `param` nodes.
 */
import { FieldError } from "../base/errors.js";
import type { DialectInfo, DialectName, LateValue, ValueType } from "./seams.js";

/** The output type of a node: a type, unknown, or a message that is thrown when somebody needs the type. */
export type OutputType = ValueType | null | { readonly problem: string };

/** What a parameter's mapper may know when a statement is bound to its values. */
export interface BindContext {
  readonly dialect: DialectInfo;
  readonly timeZone: string;
}

/** A column of a joined table. `field` is what the column belongs to, seen only through its value type and names. */
export interface ColumnField extends ValueType {
  readonly name: string;
  readonly attname: string;
  readonly column: string | null;
  readonly null: boolean;
  readonly primaryKey: boolean;
}

export interface ColNode {
  readonly kind: "col";
  readonly alias: string;
  readonly field: ColumnField;
  readonly type: OutputType;
}
/** A value: the slot-th gathered value of the queryset, or (`slot` -1) a constant of babik's own in `value`. */
export interface ParamNode {
  readonly kind: "param";
  readonly slot: number;
  readonly value?: unknown;
  readonly type: OutputType;
  /** Canonical value -> canonical value, at bind time (LIKE patterns, bounds of a year, one end of a range). */
  readonly map?: ((value: unknown, context: BindContext) => unknown) | undefined;
  /** Structural name of `map`, part of node keys. */
  readonly mapKey?: string | undefined;
  /** The value is already what the driver takes: no `toDb`. */
  readonly rawValue?: boolean | undefined;
  /** Where the value comes from when it depends on the database; `mapKey` is its key then. */
  readonly late?: LateValue | undefined;
}
/** A parameter whose value is read from the database that runs the statement. */
export function lateParam(late: LateValue, type: OutputType): ParamNode {
  return { kind: "param", slot: -1, value: null, type, mapKey: late.key, late };
}
/** A list of values that takes part as one parameter where the database can (`= ANY($1)`), else as many. */
export interface ListNode {
  readonly kind: "list";
  readonly slot: number;
  readonly value?: readonly unknown[];
  readonly type: OutputType;
  readonly map?: ((value: unknown, context: BindContext) => unknown) | undefined;
  readonly mapKey?: string | undefined;
}
export interface StarNode {
  readonly kind: "star";
  readonly type: OutputType;
}
export interface NullNode {
  readonly kind: "null";
  readonly type: OutputType;
}
/** Text or a number of babik's own making, never a user's: keywords and constants of lowerings. */
export interface KeywordNode {
  readonly kind: "keyword";
  readonly text: string;
  readonly type: OutputType;
}

/** How a function is spelled; a dialect may spell it otherwise. */
export interface Spelling {
  readonly sql?: string;
  /** `%(function)s`, `%(expressions)s`, `%(distinct)s` … and names in `options`. */
  readonly template?: string;
  readonly joiner?: string;
}
/** Everything static about a function; values are in the node's `args`. */
export interface FuncSpec extends Spelling {
  /** Public name, e.g. `"Lower"`; the key of special handlers in the dialects. */
  readonly name: string;
  /** The name in messages and aliases where it is another: users' functions have keys that no handler answers to. */
  readonly label?: string;
  /** The output type itself, instead of the rule in `output`. */
  readonly outputType?: ValueType;
  /** How the output type follows from the arguments: a type's name, or a rule. */
  readonly output?: string;
  readonly arity?: number | readonly [number, number];
  readonly spell?: Partial<Readonly<Record<DialectName, Spelling>>>;
  readonly windowCompatible?: boolean;
  /** Result over an empty set, without asking the database: a value, or undefined when it is unknown. */
  readonly emptyValue?: unknown;
  readonly lookupName?: string;
  readonly bilateral?: boolean;
  /** Usable as a condition (boolean output). */
  readonly conditional?: boolean;
  readonly setReturning?: boolean;
  /** Door 2: the node as other nodes, just before compiling. */
  readonly lower?: (node: FuncNode, dialect: DialectInfo) => Expr;
  /** Types that the arguments' strings are of, for aggregates: DISTINCT and ORDER BY allowed. */
  readonly allowDistinct?: boolean;
  readonly allowOrderBy?: boolean;
}
export interface FuncNode {
  readonly kind: "func";
  readonly spec: FuncSpec;
  readonly args: readonly Expr[];
  readonly type: OutputType;
  /** Static extras: `part`, `timeZone`, template names. */
  readonly options?: Readonly<Record<string, unknown>> | undefined;
}
export interface AggregateNode {
  readonly kind: "aggregate";
  readonly spec: FuncSpec;
  readonly args: readonly Expr[];
  readonly type: OutputType;
  readonly distinct: boolean;
  readonly filter: Expr | null;
  readonly orderBy: readonly OrderNode[];
  readonly options?: Readonly<Record<string, unknown>> | undefined;
}
export type BinaryOp = "+" | "-" | "*" | "/" | "%" | "^" | "&" | "|" | "#" | "<<" | ">>" | "||";
/** Arithmetic. `temporal` marks date and duration arithmetic, which every database spells in a way of its own. */
export interface BinaryNode {
  readonly kind: "binary";
  readonly op: BinaryOp;
  readonly lhs: Expr;
  readonly rhs: Expr;
  readonly type: OutputType;
  readonly temporal?: "duration" | "subtraction" | undefined;
}
export interface CastNode {
  readonly kind: "cast";
  readonly arg: Expr;
  readonly type: OutputType;
}
export interface CollateNode {
  readonly kind: "collate";
  readonly arg: Expr;
  readonly collation: string;
  readonly type: OutputType;
}
export interface CaseNode {
  readonly kind: "case";
  readonly whens: readonly { readonly when: Expr; readonly then: Expr }[];
  readonly otherwise: Expr | null;
  readonly type: OutputType;
}
export interface WhereNode {
  readonly kind: "where";
  readonly connector: "AND" | "OR" | "XOR";
  readonly negated: boolean;
  readonly children: readonly Expr[];
  readonly type: OutputType;
}
/** A comparison. `rhs` is one node, several for ranges, a list, a subquery, or none (`isnull` keeps its flag in `options`). */
export interface LookupNode {
  readonly kind: "lookup";
  readonly op: string;
  readonly lhs: Expr;
  readonly rhs: readonly Expr[];
  readonly type: OutputType;
  readonly options?: Readonly<Record<string, unknown>> | undefined;
  /** What the comparison comes to on a database, where that differs: columns of one type hold more on some. */
  readonly decide?: ((dialect: DialectInfo, lhs: Expr) => Expr) | undefined;
}
/** A query inside an expression: `query` until it is planned, `select` after. */
export interface SubqueryNode {
  readonly kind: "subquery";
  readonly query: EmbeddedQuery;
  readonly exists: boolean;
  readonly negated: boolean;
  readonly array?: boolean | undefined;
  readonly select?: unknown;
  readonly type: OutputType;
}
export interface WindowNode {
  readonly kind: "window";
  readonly expr: Expr;
  readonly partitionBy: readonly Expr[];
  readonly orderBy: readonly Expr[];
  readonly frame: FrameNode | null;
  readonly type: OutputType;
}
export interface FrameNode {
  readonly unit: "ROWS" | "RANGE" | "GROUPS";
  /** Negative: preceding, 0: current row, positive: following, null: unbounded. */
  readonly start: number | null;
  readonly end: number | null;
  readonly exclusion: "CURRENT ROW" | "GROUP" | "TIES" | "NO OTHERS" | null;
}
export interface OrderNode {
  readonly kind: "order";
  readonly expr: Expr;
  readonly descending: boolean;
  readonly nulls: "first" | "last" | null;
  readonly type: OutputType;
}
/** SQL text of the user's own (RawSQL, extra): pieces of text with parameters between them. */
export interface RawNode {
  readonly kind: "raw";
  readonly parts: readonly (string | Expr)[];
  readonly type: OutputType;
  readonly parenthesised: boolean;
}
/** A selected column or annotation by its alias in the same query. */
export interface RefNode {
  readonly kind: "ref";
  readonly name: string;
  readonly source: Expr;
  readonly type: OutputType;
}
/** A column of a derived table. */
export interface OuterColNode {
  readonly kind: "outercol";
  readonly alias: string;
  readonly column: string;
  readonly type: OutputType;
}
export interface TupleNode {
  readonly kind: "tuple";
  readonly items: readonly Expr[];
  readonly type: OutputType;
}
export interface AlwaysNode {
  readonly kind: "always";
  readonly type: OutputType;
}
export interface NeverNode {
  readonly kind: "never";
  readonly type: OutputType;
}
/** Door 3: an expression that writes its own text. Its children are declared, so rewriting goes through it. */
export interface CustomNode {
  readonly kind: "custom";
  readonly by: CustomEmitter;
  readonly children: readonly Expr[];
  readonly type: OutputType;
}
/** DEFAULT in INSERT. */
export interface DefaultNode {
  readonly kind: "default";
  readonly type: OutputType;
  readonly expr: Expr | null;
}
/** Reference to an outer query's name that is not resolved yet. */
export interface OuterRefNode {
  readonly kind: "outerref";
  readonly ref: unknown;
  readonly type: OutputType;
}

export type Expr =
  | ColNode
  | ParamNode
  | ListNode
  | StarNode
  | NullNode
  | KeywordNode
  | FuncNode
  | AggregateNode
  | BinaryNode
  | CastNode
  | CollateNode
  | CaseNode
  | WhereNode
  | LookupNode
  | SubqueryNode
  | WindowNode
  | OrderNode
  | RawNode
  | RefNode
  | OuterColNode
  | TupleNode
  | AlwaysNode
  | NeverNode
  | CustomNode
  | DefaultNode
  | OuterRefNode;
export type Kind = Expr["kind"];
export type NodeOf<K extends Kind> = Extract<Expr, { kind: K }>;

/** A query as an expression tree sees it; `query/state.ts` implements it. */
export interface EmbeddedQuery {
  readonly [QUERY]: true;
  /** The query with table aliases exchanged. */
  relabeled(map: ReadonlyMap<string, string>): EmbeddedQuery;
  /** The query with every parameter slot moved by `by`. */
  shifted(by: number): EmbeddedQuery;
  /** Expressions of the query that point outside (its external columns). */
  externalCols(): readonly Expr[];
  /** Structural key. */
  readonly key: string;
}
export const QUERY: unique symbol = Symbol.for("babik.query");

/** What door 3 gets to write with. */
export interface Emitter {
  readonly dialect: DialectInfo;
  text(sql: string): void;
  param(value: unknown, type?: ValueType | null): void;
  /** Writes a node here. */
  emit(node: Expr): void;
  /** A node as text with `%s` for each parameter and the parameters, which only `splice` understands: Django's `compiler.compile(child)`. */
  compile(node: Expr): SqlPiece;
  /** Writes such text, of one piece or of several put together. Plain values among the parameters become parameters too. */
  splice(piece: SqlPiece): void;
  /** An identifier in the database's quotes. */
  quote(name: string): string;
}
/** Text with `%s` where parameters stand (`%%` is a percent sign), and the parameters. */
export type SqlPiece = readonly [sql: string, params: readonly unknown[]];
export interface CustomEmitter {
  /** `close` makes nodes of expressions that are built while writing, from children and plain values. */
  emit(emitter: Emitter, children: readonly Expr[], close?: (expression: unknown) => Expr): void;
  /** Equal for emitters that write equal text; without one a statement is not cached. */
  readonly cacheKey?: string | undefined;
  readonly isAggregate?: boolean | undefined;
  /** A condition, whatever its parts are. */
  readonly conditional?: boolean | undefined;
  readonly windowCompatible?: boolean | undefined;
}

export const ALWAYS: AlwaysNode = Object.freeze({ kind: "always", type: null });
export const NEVER: NeverNode = Object.freeze({ kind: "never", type: null });
export const STAR: StarNode = Object.freeze({ kind: "star", type: null });

export const col = (alias: string, field: ColumnField, type: OutputType = field): ColNode => ({
  kind: "col",
  alias,
  field,
  type,
});
export const constant = (value: unknown, type: OutputType = null): ParamNode => ({
  kind: "param",
  slot: -1,
  value,
  type,
});
export const keyword = (text: string, type: OutputType = null): KeywordNode => ({ kind: "keyword", text, type });
export const func = (
  spec: FuncSpec,
  args: readonly Expr[],
  type: OutputType = null,
  options?: Readonly<Record<string, unknown>>,
): FuncNode =>
  options === undefined ? { kind: "func", spec, args, type } : { kind: "func", spec, args, type, options };
export const where = (
  connector: "AND" | "OR" | "XOR",
  children: readonly Expr[],
  negated = false,
  type: OutputType = null,
): WhereNode => ({
  kind: "where",
  connector,
  negated,
  children,
  type,
});
export const lookup = (
  op: string,
  lhs: Expr,
  rhs: readonly Expr[],
  type: OutputType = null,
  options?: Readonly<Record<string, unknown>>,
): LookupNode =>
  options === undefined ? { kind: "lookup", op, lhs, rhs, type } : { kind: "lookup", op, lhs, rhs, type, options };
export const order = (expr: Expr, descending = false, nulls: "first" | "last" | null = null): OrderNode => ({
  kind: "order",
  expr,
  descending,
  nulls,
  type: null,
});

/** The node's output type, or null when it is unknown. Throws where the type cannot be decided (mixed types). */
export function typeOf(node: Expr): ValueType | null {
  const t = node.type;
  if (t !== null && "problem" in t) throw new FieldError(t.problem, "expression.mixed_types");
  return t;
}
/** What a function is called in messages and aliases. */
export const labelOf = (spec: FuncSpec): string => spec.label ?? spec.name;
/** Like `typeOf`, but null instead of an error. */
export function typeOrNull(node: Expr): ValueType | null {
  const t = node.type;
  return t !== null && "problem" in t ? null : t;
}
