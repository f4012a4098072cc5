/** Pages under their public types. Only casts and documentation stand here. */
import { callable } from "../fields/factories.js";
import { KeysetPaginator as KeysetPaginatorClass } from "../orm/pagination/keyset.js";
import { Paginator as PaginatorClass } from "../orm/pagination/paginator.js";
import type * as t from "../orm/types/pagination.types.js";

/**
 * Cuts a queryset, a manager or a list into numbered pages. What asks the database is awaited; the page that comes has its rows.
 * @param objectList rows in an order: else a row may be on two pages, or on none, and a warning says so
 * @param perPage rows on a page
 * @param options `orphans`, `allowEmptyFirstPage`, `errorMessages` (`invalidPage`, `minPage`, `noResults`)
 * @throws PageNotAnInteger, EmptyPage from `page()`; both are an InvalidPage. `getPage()` throws neither
 * @example
 * const books = Paginator(Book.objects.orderBy("title"), 25);
 * const page = await books.getPage(request.query.page); // SELECT COUNT(*) …; SELECT … LIMIT 25 OFFSET 25
 * for (const book of page) console.log(book.title);
 * page.hasNext() && page.nextPageNumber();
 * @see https://docs.djangoproject.com/en/stable/ref/paginator/
 */
export const Paginator = callable(PaginatorClass) as unknown as t.PaginatorFunction;
/** Numbered pages of rows of type `T`. */
export type Paginator<T> = t.Paginator<T>;

/**
 * Cuts a queryset into pages that go on where the one before ended: by the values of its order, not by counting. Rows that come or go
 * meanwhile shift nothing, no page is slower than the first, and nothing is counted. The key is added to the order by itself.
 * @param queryset any order but chance: fields, paths, expressions, mixed directions, NULLs
 * @param size rows on a page
 * @param options `secret`: signs cursors; without it the check of a cursor finds mistakes, but no forgery
 * @throws NotSupportedError for querysets whose rows have no place in an order (unions, groups, `"?"`); InvalidCursor from `page()`
 * @example
 * const books = KeysetPaginator(Book.objects.orderBy("-published", "title"), 25);
 * const page = await books.page(request.query.page); // … WHERE published < $1 OR (published = $1 AND …) ORDER BY published DESC, title, id LIMIT 26
 * page.next;     // the cursor of the next page, or null
 * page.previous; // the cursor of the page before, or null
 */
export const KeysetPaginator = callable(KeysetPaginatorClass) as unknown as t.KeysetPaginatorFunction;
/** Pages by cursors, of rows of type `T`. */
export type KeysetPaginator<T> = t.KeysetPaginator<T>;
