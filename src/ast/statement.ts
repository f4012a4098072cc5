/** Whole statements as data: what `query/plan.ts` makes and `sql` writes. */
import type { Expr, OrderNode } from "./expr.js";

export interface TableSource {
  readonly kind: "table";
  readonly table: string;
  readonly alias: string;
}
export interface JoinSource {
  readonly kind: "join";
  readonly table: string;
  readonly alias: string;
  readonly type: "INNER" | "LEFT";
  readonly on: readonly (readonly [left: Expr, right: Expr])[];
  /** Condition besides the columns: a filtered or generic relation. */
  readonly extra: Expr | null;
}
export interface DerivedSource {
  readonly kind: "derived";
  readonly alias: string;
  readonly select: SelectLike;
}
/** Tables of `extra(tables)`. */
export interface NamedSource {
  readonly kind: "named";
  readonly table: string;
  readonly alias: string | null;
}
export type Source = TableSource | JoinSource | DerivedSource | NamedSource;

export interface Column {
  readonly expr: Expr;
  readonly alias: string | null;
}

/** An end of a slice: a number, or the slot of one. */
export type LimitValue = number | { readonly slot: number; readonly minus?: number | undefined };

export interface LockClause {
  readonly nowait: boolean;
  readonly skipLocked: boolean;
  readonly noKey: boolean;
  readonly of: readonly string[];
}

export interface SelectStatement {
  readonly kind: "select";
  readonly columns: readonly Column[];
  /** Only these names of a derived table are given out (`SELECT a, b FROM (…)`); null: `columns` stand as they are. */
  readonly distinct: boolean;
  readonly distinctOn: readonly Expr[];
  readonly from: readonly Source[];
  readonly where: Expr | null;
  readonly groupBy: readonly Expr[] | null;
  readonly having: Expr | null;
  readonly orderBy: readonly OrderNode[];
  readonly low: LimitValue | null;
  readonly high: LimitValue | null;
  readonly lock: LockClause | null;
  readonly explain: Readonly<Record<string, unknown>> | null;
}
export interface CompoundStatement {
  readonly kind: "compound";
  readonly op: "UNION" | "INTERSECT" | "EXCEPT";
  readonly all: boolean;
  readonly parts: readonly SelectLike[];
  readonly orderBy: readonly OrderNode[];
  readonly low: LimitValue | null;
  readonly high: LimitValue | null;
  readonly explain: Readonly<Record<string, unknown>> | null;
}
export type SelectLike = SelectStatement | CompoundStatement;

export interface InsertStatement {
  readonly kind: "insert";
  readonly table: string;
  readonly columns: readonly string[];
  /** One list of nodes for each row. */
  readonly rows: readonly (readonly Expr[])[];
  readonly onConflict: null | {
    readonly action: "ignore" | "update";
    readonly target: readonly string[];
    readonly update: readonly string[];
  };
  readonly returning: readonly Expr[];
  /** Rows of a query instead of values. */
  readonly select?: SelectLike | undefined;
}
/** A table of values that an UPDATE is joined with; its columns are called `column1`, `column2`, … . */
export interface ValuesSource {
  readonly alias: string;
  readonly rows: readonly (readonly Expr[])[];
}
export interface UpdateStatement {
  readonly kind: "update";
  readonly table: string;
  readonly alias: string;
  readonly set: readonly (readonly [column: string, value: Expr])[];
  readonly from?: ValuesSource;
  readonly where: Expr | null;
  readonly orderBy: readonly OrderNode[];
  readonly returning: readonly Expr[];
}
export interface DeleteStatement {
  readonly kind: "delete";
  readonly table: string;
  readonly alias: string;
  readonly where: Expr | null;
  readonly returning: readonly Expr[];
}
export type Statement = SelectLike | InsertStatement | UpdateStatement | DeleteStatement;
