/** Pages as types: what paginators take, and what the pages of each hold. */
import type { AnyQuerySet } from "./lookups.types.js";
import type { $querysets } from "./manager.types.js";
import type { RowOf } from "./queryset.types.js";

/** The rows of what is cut into pages. */
export type PagedRow<S> = S extends readonly (infer T)[]
  ? T
  : S extends { readonly [$querysets]: infer Q }
    ? RowOf<Q>
    : S extends AnyQuerySet
      ? RowOf<S>
      : S extends { slice(start: number, end: number): infer R }
        ? Awaited<R> extends Iterable<infer T>
          ? T
          : unknown
        : unknown;

/** Lists and whatever can be counted and sliced: querysets, managers, objects of one's own. */
export type Pageable =
  | readonly unknown[]
  | AnyQuerySet
  | { count(): number | Promise<number>; slice(start: number, end: number): unknown };

/** What `Paginator` has besides its rows' type. */
export interface PaginatorOptions {
  /** The last page takes so many rows more rather than leaving them to a page of their own (default 0). */
  readonly orphans?: number;
  /** Where there are no rows there is one empty page (default), or none. */
  readonly allowEmptyFirstPage?: boolean;
  /** Texts of the errors. */
  readonly errorMessages?: { readonly invalidPage?: string; readonly minPage?: string; readonly noResults?: string };
}
/** One page of rows, which are there. */
export interface Page<T> extends Iterable<T> {
  readonly objectList: readonly T[];
  /** The number of this page; the first one is 1. */
  readonly number: number;
  readonly paginator: Paginator<T>;
  readonly length: number;
  at(index: number): T | undefined;
  hasNext(): boolean;
  hasPrevious(): boolean;
  hasOtherPages(): boolean;
  /** @throws EmptyPage where there is none */
  nextPageNumber(): number;
  /** @throws EmptyPage where there is none */
  previousPageNumber(): number;
  /** Place of the first row of this page among all rows, counted from 1. */
  startIndex(): number;
  /** Place of the last row of this page among all rows. */
  endIndex(): number;
  toJSON(): readonly T[];
}
/** Numbered pages. */
export interface Paginator<T> extends AsyncIterable<Page<T>> {
  readonly objectList: unknown;
  readonly perPage: number;
  readonly orphans: number;
  readonly allowEmptyFirstPage: boolean;
  count(): Promise<number>;
  numPages(): Promise<number>;
  pageRange(): Promise<number[]>;
  page(number: number | string): Promise<Page<T>>;
  getPage(number?: unknown): Promise<Page<T>>;
  validateNumber(number: unknown): Promise<number>;
  getElidedPageRange(
    number?: number | string,
    options?: { readonly onEachSide?: number; readonly onEnds?: number },
  ): Promise<(number | string)[]>;
}
/** `Paginator(queryset, 25)`; also a class to extend. */
export interface PaginatorFunction {
  <const S extends Pageable>(objectList: S, perPage: number, options?: PaginatorOptions): Paginator<PagedRow<S>>;
  new <const S extends Pageable>(objectList: S, perPage: number, options?: PaginatorOptions): Paginator<PagedRow<S>>;
  /** What stands for left out pages in `getElidedPageRange`. */
  readonly ELLIPSIS: string;
}

/** A page that cursors lead to. */
export interface KeysetPage<T> extends Iterable<T> {
  readonly objectList: readonly T[];
  readonly next: string | null;
  readonly previous: string | null;
  readonly hasNext: boolean;
  readonly hasPrevious: boolean;
  readonly length: number;
  at(index: number): T | undefined;
  /** The cursor of the rows that follow the row at this position of the page. */
  after(index: number): string;
  /** The cursor of the rows before the row at this position of the page. */
  before(index: number): string;
  toJSON(): readonly T[];
}
/** Pages by cursors. */
export interface KeysetPaginator<T> extends AsyncIterable<KeysetPage<T>> {
  readonly size: number;
  page(cursor?: string | null): Promise<KeysetPage<T>>;
  lastPage(): Promise<KeysetPage<T>>;
}
/** `KeysetPaginator(queryset, 25)`. */
export interface KeysetPaginatorFunction {
  <S extends AnyQuerySet>(
    queryset: S,
    size: number,
    options?: { readonly secret?: string },
  ): KeysetPaginator<PagedRow<S>>;
  new <S extends AnyQuerySet>(
    queryset: S,
    size: number,
    options?: { readonly secret?: string },
  ): KeysetPaginator<PagedRow<S>>;
}
