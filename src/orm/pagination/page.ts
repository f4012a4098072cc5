/** One page of a `Paginator`: its rows, which are there, and where it stands among the others. See Django's "Page class". */
import { EmptyPage, PageNotAnInteger, QueryTypeError, ValueError } from "../../base/errors.js";
import { ownOptions } from "../../base/options.js";

/** Texts of the errors of a paginator. */
export interface PageMessages {
  readonly invalidPage: string;
  readonly minPage: string;
  readonly noResults: string;
}
const MESSAGES: PageMessages = {
  invalidPage: "That page number is not an integer",
  minPage: "That page number is less than 1",
  noResults: "That page contains no results",
};
/** The texts, some of them of the user's own. @throws ValueError for a name that is none of them */
export function messagesWith(own: unknown): PageMessages {
  if (own === undefined || own === null) return MESSAGES;
  if (typeof own !== "object")
    throw new QueryTypeError("errorMessages is an object of texts.", "paginator.error_messages");
  const given = ownOptions(own as Record<string, unknown>);
  for (const [key, text] of Object.entries(given)) {
    if (!Object.hasOwn(MESSAGES, key))
      throw new ValueError(
        `errorMessages has no '${key}'. Its texts are: ${Object.keys(MESSAGES).join(", ")}.`,
        "paginator.error_messages",
      );
    if (typeof text !== "string")
      throw new QueryTypeError(`errorMessages.${key} is a text.`, "paginator.error_messages");
  }
  return { ...MESSAGES, ...given };
}

const WHOLE = /^\s*[+-]?\d+\s*$/;
/**
 * The number of a page that is there. Texts of digits do, as they come with requests.
 * @throws PageNotAnInteger, EmptyPage
 */
export function pageNumber(given: unknown, numPages: number, messages: PageMessages): number {
  const number =
    typeof given === "number" || typeof given === "bigint" || (typeof given === "string" && WHOLE.test(given))
      ? Number(given)
      : Number.NaN;
  if (!Number.isInteger(number)) throw new PageNotAnInteger(messages.invalidPage, "page.not_an_integer");
  if (number < 1) throw new EmptyPage(messages.minPage, "page.less_than_one");
  if (number > numPages) throw new EmptyPage(messages.noResults, "page.empty");
  return number;
}

/** What a page knows of its paginator. */
export interface PageFacts {
  readonly number: number;
  readonly numPages: number;
  readonly count: number;
  readonly perPage: number;
  readonly messages: PageMessages;
  readonly paginator: unknown;
}

/** A page. It can be iterated over, has a length, and gives its rows as JSON. */
export class Page<T = unknown> implements Iterable<T> {
  readonly #facts: PageFacts;
  /** The rows of this page. */
  readonly objectList: readonly T[];

  constructor(objectList: readonly T[], facts: PageFacts) {
    this.objectList = objectList;
    this.#facts = facts;
  }
  /** The number of this page; the first one is 1. */
  get number(): number {
    return this.#facts.number;
  }
  get paginator(): unknown {
    return this.#facts.paginator;
  }
  get length(): number {
    return this.objectList.length;
  }
  at(index: number): T | undefined {
    return this.objectList.at(index);
  }
  [Symbol.iterator](): IterableIterator<T> {
    return this.objectList[Symbol.iterator]();
  }
  hasNext(): boolean {
    return this.number < this.#facts.numPages;
  }
  hasPrevious(): boolean {
    return this.number > 1;
  }
  hasOtherPages(): boolean {
    return this.hasPrevious() || this.hasNext();
  }
  /** @throws EmptyPage where there is no next page */
  nextPageNumber(): number {
    return pageNumber(this.number + 1, this.#facts.numPages, this.#facts.messages);
  }
  /** @throws EmptyPage where there is no previous page */
  previousPageNumber(): number {
    return pageNumber(this.number - 1, this.#facts.numPages, this.#facts.messages);
  }
  /** Place of the first row of this page among all rows, counted from 1; 0 where there are none. */
  startIndex(): number {
    const { count, perPage } = this.#facts;
    return count === 0 ? 0 : perPage * (this.number - 1) + 1;
  }
  /** Place of the last row of this page among all rows, counted from 1. */
  endIndex(): number {
    const { count, perPage, numPages } = this.#facts;
    return this.number === numPages ? count : this.number * perPage;
  }
  toString(): string {
    return `<Page ${this.number} of ${this.#facts.numPages}>`;
  }
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }
  toJSON(): readonly T[] {
    return this.objectList;
  }
}
