/**
 * Pages by the place of their rows in the order, not by number: each page goes on where the one before ended, whatever was inserted
 * or deleted in between, and the thousandth page costs what the first one does.
 */
import { QueryTypeError, ValueError } from "../../base/errors.js";
import { ownOptions, refuseUnknown } from "../../base/options.js";
import type { DialectInfo } from "../../ast/seams.js";
import type { Expr } from "../../ast/expr.js";
import { EmbeddedRef, Slot } from "../../ast/slots.js";
import { children } from "../../ast/walk.js";
import { isExpression } from "../../expressions/expression.js";
import { Q } from "../../expressions/q.js";
import { runBound } from "../bound.js";
import { databaseOf, fetchRows, type Executable } from "../execute.js";
import { Manager } from "../manager.js";
import { QuerySet } from "../queryset.js";
import { checkLock, finish } from "../queryset-run.js";
import { CursorCodec, type Place } from "./cursor.js";
import { behind, checkKeyset, KEY_COLUMN, keyTerms, ordered } from "./keyset-query.js";

/** Options of a keyset paginator. */
export interface KeysetOptions {
  /** Signs cursors, so that nobody but who knows it can make one. */
  readonly secret?: string;
}

/** A page of a keyset paginator. It can be iterated over, has a length, and gives its rows as JSON. */
export class KeysetPage<T = unknown> implements Iterable<T> {
  /** The rows of this page. */
  readonly objectList: readonly T[];
  /** The cursor of the page that follows; null where there is none. */
  readonly next: string | null;
  /** The cursor of the page before; null where there is none. */
  readonly previous: string | null;
  readonly #cursorAt: (index: number, backwards: boolean) => string;

  constructor(
    objectList: readonly T[],
    next: string | null,
    previous: string | null,
    cursorAt: (index: number, backwards: boolean) => string,
  ) {
    this.objectList = objectList;
    this.next = next;
    this.previous = previous;
    this.#cursorAt = cursorAt;
  }
  get hasNext(): boolean {
    return this.next !== null;
  }
  get hasPrevious(): boolean {
    return this.previous !== null;
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
  /** The cursor of the rows that follow the row at this position of the page. @throws ValueError where there is no such row */
  after(index: number): string {
    return this.#cursorAt(this.#position(index), false);
  }
  /** The cursor of the rows before the row at this position of the page. @throws ValueError where there is no such row */
  before(index: number): string {
    return this.#cursorAt(this.#position(index), true);
  }
  #position(index: number): number {
    const at = index < 0 ? index + this.length : index;
    if (!Number.isInteger(at) || at < 0 || at >= this.length)
      throw new ValueError(`The page has ${this.length} rows, and none at that position.`, "page.position");
    return at;
  }
  toString(): string {
    return `<KeysetPage of ${this.length} rows>`;
  }
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }
  toJSON(): readonly T[] {
    return this.objectList;
  }
}

/** Pages of a queryset by cursors. */
export class KeysetPaginator<T = unknown> {
  readonly queryset: unknown;
  readonly size: number;
  readonly #secret: string;

  constructor(queryset: unknown, size: number, given: KeysetOptions = {}) {
    const options = ownOptions(given);
    refuseUnknown("KeysetPaginator()", options, ["secret"], (text) => new QueryTypeError(text, "paginator.option"));
    if (options.secret !== undefined && (typeof options.secret !== "string" || options.secret === ""))
      throw new ValueError("The secret of a KeysetPaginator is a text that is not empty.", "paginator.secret");
    const qs = queryset instanceof Manager ? queryset.getQuerySet() : queryset;
    if (!(qs instanceof QuerySet))
      throw new QueryTypeError("KeysetPaginator() takes a queryset or a manager.", "paginator.object_list");
    if (typeof size !== "number" || !Number.isSafeInteger(size) || size < 1)
      throw new ValueError("The size of a page is a whole number, 1 at least.", "paginator.number");
    checkKeyset(qs);
    this.queryset = qs;
    this.size = size;
    this.#secret = options.secret ?? "";
  }

  /**
   * A page: the first one, or the one that a cursor (`page.next`, `page.previous`) leads to.
   * @throws InvalidCursor for a cursor that was changed or made for another order
   */
  async page(cursor: string | null = null): Promise<KeysetPage<T>> {
    return this.#bound((dialect) => {
      const place = cursor === null ? null : this.#codec(dialect).decode(cursor);
      return this.#read(dialect, place, place?.backwards ?? false);
    });
  }
  /** The last page: as many rows as a page has, from the end. */
  async lastPage(): Promise<KeysetPage<T>> {
    return this.#bound((dialect) => this.#read(dialect, null, true));
  }
  /** All pages, one after the other. */
  async *[Symbol.asyncIterator](): AsyncGenerator<KeysetPage<T>> {
    let page = await this.page();
    if (page.length > 0) yield page;
    while (page.next !== null) {
      page = await this.page(page.next);
      if (page.length > 0) yield page;
    }
  }

  #bound<R>(work: (dialect: DialectInfo) => Promise<R>): Promise<R> {
    const { parts } = this.queryset as QuerySet;
    return runBound(parts.binding, async () => work(await databaseOf(parts).ready()));
  }
  #codec(dialect: DialectInfo): CursorCodec {
    const qs = this.queryset as QuerySet;
    const terms = keyTerms(ordered(qs, dialect, false));
    const shape = terms.map((t) => [t.type?.typeName ?? null, t.descending, t.nullsFirst]);
    const { query } = qs;
    const by = query.extraOrdering.length > 0 ? query.extraOrdering : query.ordering.length > 0 ? query.ordering : [];
    const order = JSON.stringify([
      dialect.name,
      qs.meta.label,
      shape,
      written(by, qs.values_),
      written(qs.meta.ordering, []),
    ]);
    return new CursorCodec(terms.length, order, this.#secret);
  }
  async #read(dialect: DialectInfo, place: Place | null, backwards: boolean): Promise<KeysetPage<T>> {
    const codec = this.#codec(dialect);
    const base = ordered(this.queryset as QuerySet, dialect, backwards);
    const from = place === null ? base : behind(base, place.values, place.inclusive);
    // One row more than the page has tells whether another page follows.
    const qs = from.slice(0, this.size + 1);
    const db = databaseOf(qs.parts);
    checkLock(qs, db);
    const { exe, rows: raw } = await fetchRows(qs.parts, db);
    const rows = backwards ? raw.slice(0, this.size).reverse() : raw.slice(0, this.size);
    const list = (await finish(qs, withoutKeys(exe), rows, db)) as T[];
    const keys = keyIndexes(exe);
    const cursorAt = (index: number, back: boolean): string =>
      codec.encode({ backwards: back, inclusive: false, values: keys.map((k) => rows[index]![k] ?? null) });
    const ahead = raw.length > this.size;
    // From a place there is a way back to it, even where no row is left on this side.
    const turned = (back: boolean): string | null =>
      place === null ? null : codec.encode({ backwards: back, inclusive: !place.inclusive, values: place.values });
    if (rows.length === 0)
      return new KeysetPage<T>(list, backwards ? turned(false) : null, backwards ? null : turned(true), cursorAt);
    const next = (backwards ? place !== null : ahead) ? cursorAt(rows.length - 1, false) : null;
    const previous = (backwards ? ahead : place !== null) ? cursorAt(0, true) : null;
    return new KeysetPage<T>(list, next, previous, cursorAt);
  }
}

const stripped = new WeakMap<Executable, Executable>();
/** The statement whose rows are read without the columns of the order. */
function withoutKeys(exe: Executable): Executable {
  let out = stripped.get(exe);
  if (out === undefined) {
    const named = exe.plan.shape.named.filter((n) => !n.name.startsWith(KEY_COLUMN));
    const plan = { ...exe.plan, shape: { ...exe.plan.shape, named } };
    stripped.set(exe, (out = { plan, compiled: exe.compiled, bigInts: exe.bigInts }));
  }
  return out;
}
/** Where the values of the order stand in a row. */
function keyIndexes(exe: Executable): number[] {
  return exe.plan.shape.named
    .filter((n) => n.name.startsWith(KEY_COLUMN))
    .sort((a, b) => Number(a.name.slice(KEY_COLUMN.length)) - Number(b.name.slice(KEY_COLUMN.length)))
    .map((n) => n.index);
}

/** Terms of an order as data that is the same in every process: resolved nodes, expressions, names. */
function written(part: unknown, values: readonly unknown[]): unknown {
  if (Array.isArray(part)) return part.map((p: unknown) => written(p, values));
  if (part instanceof Slot) return ["=", String(values[part.index] ?? part.value)];
  if (part instanceof EmbeddedRef) return ["query", part.source.modelLabel];
  if (part instanceof Q) return [part.connector, part.negated, written(part.children, values)];
  if (isExpression(part)) return [part.kind, part.spec?.name ?? null, flags(part.settings), written(part.args, values)];
  if (typeof part !== "object" || part === null) return String(part);
  const node = part as Expr;
  if (typeof node.kind !== "string") return Object.prototype.toString.call(part);
  // The column, not the table's alias: that may be another one behind other conditions.
  if (node.kind === "col") return [node.field.column, (node.field as { readonly path?: string }).path ?? null];
  if (node.kind === "param" || node.kind === "list") return ["=", String(values[node.slot])];
  const { spec } = node as { readonly spec?: { readonly name: string } };
  return [node.kind, spec?.name ?? null, flags(node as object), [...children(node)].map((c) => written(c, values))];
}
function flags(of: object): unknown {
  return Object.entries(of).filter(([, v]) => ["string", "number", "boolean"].includes(typeof v));
}
