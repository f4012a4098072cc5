/** What planning gives: a statement, its columns, and how rows are read. */
import type { Expr } from "../ast/expr.js";
import type { DialectInfo } from "../ast/seams.js";
import type { LimitValue, SelectLike, SelectStatement } from "../ast/statement.js";
import type { Field } from "../fields/field.js";
import type { ModelMeta } from "../meta/options.js";
import type { Query } from "./state.js";

/** One column of the result, as rows are read. */
export interface PlannedColumn {
  readonly expr: Expr;
  readonly alias: string | null;
}

/** A related row read from the same row (selectRelated). */
export interface RelatedShape {
  /** Name as given to selectRelated. */
  readonly name: string;
  readonly meta: ModelMeta;
  readonly alias: string;
  readonly start: number;
  readonly fields: readonly Field[];
  /** Where the columns are null when there is no row: positions of the key among all columns. */
  readonly keyIndexes: readonly number[];
  /** Cache names: on the row that has the relation, and on the related one (null: nothing is set there). */
  readonly cacheName: string;
  readonly backCacheName: string | null;
  readonly related: readonly RelatedShape[];
  /** Related is a child of the row's model: fields of the parent are taken from the row itself. */
  readonly inherited: readonly { readonly field: Field; readonly index: number }[];
}
/** How a row is read. */
export interface RowShape {
  /** Instances of the model, or rows of named values. */
  readonly instances: boolean;
  readonly fields: readonly Field[];
  /** First column of the model's fields. */
  readonly start: number;
  readonly related: readonly RelatedShape[];
  /** Named columns: annotations and extra columns of instances; all of them for `values()`. */
  readonly named: readonly { readonly name: string; readonly index: number; readonly width?: number }[];
}
export interface SelectPlan {
  readonly statement: SelectLike;
  readonly columns: readonly PlannedColumn[];
  readonly shape: RowShape;
  /** Known to give no row: nothing is sent. */
  readonly empty: boolean;
}
export interface PlanOptions {
  readonly dialect: DialectInfo;
  /** Every column gets an alias (derived tables). */
  readonly aliasColumns?: boolean;
  readonly subquery?: boolean;
}
/** The ends of a query's slice as LIMIT and OFFSET take them. */
export function limitsOf(query: Query): { readonly low: LimitValue | null; readonly high: LimitValue | null } {
  const slot = (n: number | null | undefined): LimitValue | null =>
    n === null || n === undefined ? null : { slot: n };
  return { low: slot(query.limit?.low), high: query.fixedLimit ?? slot(query.limit?.high) };
}
export type Planner = (query: Query, options: PlanOptions) => SelectPlan;

export const NO_SHAPE: RowShape = { instances: false, fields: [], start: 0, related: [], named: [] };
export const EMPTY_SELECT: SelectStatement = {
  kind: "select",
  columns: [],
  distinct: false,
  distinctOn: [],
  from: [],
  where: null,
  groupBy: null,
  having: null,
  orderBy: [],
  low: null,
  high: null,
  lock: null,
  explain: null,
};
