/** Pages by number, by counting and slicing: Django's `Paginator`, which asks the database when it is awaited. */
import {
  EmptyPage,
  PageNotAnInteger,
  QueryTypeError,
  UnorderedObjectListWarning,
  ValueError,
} from "../../base/errors.js";
import { ownOptions, refuseUnknown } from "../../base/options.js";
import { Manager } from "../manager.js";
import { QuerySet } from "../queryset.js";
import { messagesWith, Page, pageNumber, type PageMessages } from "./page.js";

/** Options of a paginator. */
export interface PaginatorOptions {
  /** The last page takes so many rows more rather than leaving them to a page of their own (default 0). */
  readonly orphans?: number;
  /** Where there are no rows there is one empty page (default), or none. */
  readonly allowEmptyFirstPage?: boolean;
  readonly errorMessages?: Partial<PageMessages>;
}
const OPTIONS = ["orphans", "allowEmptyFirstPage", "errorMessages"];

/** What can be cut into pages besides lists: it is counted and sliced. */
interface Countable {
  count(): number | Promise<number>;
  slice(start: number, end: number): unknown;
  readonly ordered?: boolean;
}

/** What stands for left out pages in `getElidedPageRange`. */
const ELLIPSIS = "…";
const warned = new WeakSet<object>();

/** Numbered pages of a queryset, a manager or a list. See Django's "Paginator class". */
export class Paginator<T = unknown> {
  static readonly ELLIPSIS = ELLIPSIS;
  readonly objectList: unknown;
  readonly perPage: number;
  readonly orphans: number;
  readonly allowEmptyFirstPage: boolean;
  readonly errorMessages: PageMessages;
  #count: Promise<number> | null = null;

  constructor(objectList: unknown, perPage: number, given: PaginatorOptions = {}) {
    const options = ownOptions(given);
    refuseUnknown("Paginator()", options, OPTIONS, (text) => new QueryTypeError(text, "paginator.option"));
    this.objectList = objectList instanceof Manager ? objectList.getQuerySet() : objectList;
    this.perPage = whole("perPage", perPage, 1);
    this.orphans = whole("orphans", options.orphans ?? 0, 0);
    if (this.orphans >= this.perPage) throw new ValueError("orphans has to be less than perPage.", "paginator.orphans");
    this.allowEmptyFirstPage = options.allowEmptyFirstPage ?? true;
    this.errorMessages = messagesWith(options.errorMessages);
    this.#checkList();
  }
  #checkList(): void {
    const list = this.objectList;
    if (Array.isArray(list)) return;
    const { count, slice, ordered } = (typeof list === "object" && list !== null ? list : {}) as Partial<Countable>;
    if (typeof count !== "function" || typeof slice !== "function")
      throw new QueryTypeError(
        "Paginator() takes a queryset, a manager, a list, or an object with count() and slice().",
        "paginator.object_list",
      );
    if (ordered !== false) return;
    const about = list instanceof QuerySet ? list.meta : (list as object);
    // Once for each model: a site would fill its log with it.
    if (warned.has(about)) return;
    warned.add(about);
    const what = list instanceof QuerySet ? `a QuerySet of ${list.meta.label}` : "the list";
    process.emitWarning(
      new UnorderedObjectListWarning(
        `Pagination may yield inconsistent results with an unordered object list: ${what}. Order it by orderBy(), or by the option ordering of the model.`,
        "paginator.unordered",
      ),
    );
  }

  /** Number of all rows; asked for once. */
  count(): Promise<number> {
    return (this.#count ??= this.#ask());
  }
  async #ask(): Promise<number> {
    try {
      const list = this.objectList;
      return Array.isArray(list) ? list.length : Number(await (list as Countable).count());
    } catch (error) {
      // A failure is not kept: the next call asks again.
      this.#count = null;
      throw error;
    }
  }
  /** Number of pages. */
  async numPages(): Promise<number> {
    return this.#pagesOf(await this.count());
  }
  #pagesOf(count: number): number {
    if (count === 0 && !this.allowEmptyFirstPage) return 0;
    return Math.ceil(Math.max(1, count - this.orphans) / this.perPage);
  }
  /** The numbers of all pages, from 1. */
  async pageRange(): Promise<number[]> {
    return range(1, await this.numPages());
  }
  /** The number of a page that is there. @throws PageNotAnInteger, EmptyPage */
  async validateNumber(number: unknown): Promise<number> {
    return pageNumber(number, await this.numPages(), this.errorMessages);
  }
  /** The page with a number, its rows read. @throws PageNotAnInteger, EmptyPage */
  async page(given: unknown): Promise<Page<T>> {
    const count = await this.count();
    const numPages = this.#pagesOf(count);
    const number = pageNumber(given, numPages, this.errorMessages);
    const bottom = (number - 1) * this.perPage;
    const top = bottom + this.perPage + this.orphans >= count ? count : bottom + this.perPage;
    return this.makePage(await this.#rows(bottom, top), {
      number,
      numPages,
      count,
      perPage: this.perPage,
      messages: this.errorMessages,
      paginator: this,
    });
  }
  /** For classes of users' own: makes the page of rows. */
  protected makePage(...args: ConstructorParameters<typeof Page<T>>): Page<T> {
    return new Page<T>(...args);
  }
  async #rows(bottom: number, top: number): Promise<readonly T[]> {
    const list = this.objectList;
    if (Array.isArray(list)) return list.slice(bottom, top) as T[];
    if (top <= bottom) return [];
    if (list instanceof QuerySet) {
      if (list.result !== null) return list.result.slice(bottom, top) as T[];
      return (await list.slice(bottom, top).rows()) as T[];
    }
    return Array.from((await (list as Countable).slice(bottom, top)) as Iterable<T>);
  }
  /** The page with a number, whatever was asked for: the first one for what is no number, the last one for what is past it. */
  async getPage(number: unknown): Promise<Page<T>> {
    try {
      return await this.page(number);
    } catch (error) {
      if (error instanceof PageNotAnInteger) return this.page(1);
      if (error instanceof EmptyPage) return this.page(await this.numPages());
      throw error;
    }
  }
  /** Numbers of pages around one, with an ellipsis for those that are left out: `[1, 2, "…", 40, 41, 42, "…", 49, 50]`. */
  async getElidedPageRange(
    given: unknown = 1,
    options: { readonly onEachSide?: number; readonly onEnds?: number } = {},
  ): Promise<(number | string)[]> {
    const { onEachSide = 3, onEnds = 2 } = ownOptions(options);
    const side = whole("onEachSide", onEachSide, 0),
      ends = whole("onEnds", onEnds, 0);
    const last = await this.numPages();
    const number = pageNumber(given, last, this.errorMessages);
    if (last <= (side + ends) * 2) return range(1, last);
    const out: (number | string)[] = [];
    if (number > 1 + side + ends + 1) out.push(...range(1, ends), ELLIPSIS, ...range(number - side, number));
    else out.push(...range(1, number));
    if (number < last - side - ends - 1)
      out.push(...range(number + 1, number + side), ELLIPSIS, ...range(last - ends + 1, last));
    else out.push(...range(number + 1, last));
    return out;
  }
  /** All pages, one after the other. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Page<T>> {
    for (const number of await this.pageRange()) yield await this.page(number);
  }
}
function range(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from + 1) }, (_, i) => from + i);
}
function whole(name: string, value: unknown, least: number): number {
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < least)
    throw new ValueError(`${name} is a whole number, ${least} at least.`, "paginator.number");
  return value;
}
