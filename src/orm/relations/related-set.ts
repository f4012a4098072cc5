/**
 * A set of related rows of one instance, of whatever kind: its queryset, what was prefetched, the databases it works on. Kinds add
 * how rows are chosen and changed. It must not know managers' classes.
 */
import { QueryTypeError, ValueError } from "../../base/errors.js";
import { refuseUnknown } from "../../base/options.js";
import type { Database } from "../../db/connection.js";
import { origins, withSetOrigin } from "../../db/origin.js";
import { isOptions } from "../../expressions/makers.js";
import { ShapeKey } from "../../expressions/shape-key.js";
import type { MetaField, ModelMeta } from "../../meta/options.js";
import { addFilter } from "../../query/filter.js";
import { isInstance } from "../../ast/slots.js";
import { dropPrefetched, hasPk, metaOfInstance, ownState, stateOf } from "../instance-state.js";
import type { Manager } from "../manager.js";
import { QuerySet } from "../queryset.js";
import { runtimeOf } from "../runtime.js";
import { defaultManagerOf } from "../managers-of.js";
import { hintsOf } from "./base-query.js";
import { forgetPeerSets, readWithPeers } from "./peer-sets.js";
import { kindOf } from "./related-errors.js";

/** What a method of the manager's own class does with the call (a custom `create`, say). */
export type Call = (...args: unknown[]) => Promise<unknown>;

/** Where the rows of one access come from. */
export interface SetSource {
  readonly instance: object;
  /** The manager whose querysets are restricted. */
  readonly manager: Manager;
  /** Database named by `dbManager(using)`. */
  readonly alias: string | null;
  readonly hints: Readonly<Record<string, unknown>> | null;
}

/**
 * What belongs to prefetched rows. It lies on the instance and not in a table beside: values of a table that lives long keep
 * whatever they lead to alive through the small collections of garbage.
 */
interface PrefetchedSet {
  readonly rows: readonly object[];
  /** The queryset they were read through: what is derived from them later starts from it. */
  readonly through: QuerySet | null;
  /** The queryset that answers with them. */
  filled: QuerySet | null;
}
/** Notes the queryset that prefetched rows were read through. */
export function notePrefetchQuerySet(
  instance: object,
  cacheName: string,
  rows: readonly object[],
  through: QuerySet | null,
): PrefetchedSet {
  const set: PrefetchedSet = { rows, through, filled: null };
  (ownState(instance).sets ??= Object.create(null) as Record<string, unknown>)[cacheName] = set;
  return set;
}

/** What all kinds of sets have in common. */
export abstract class RelatedSet {
  readonly source: SetSource;
  abstract readonly related: ModelMeta;
  /** The relation as the instance's model sees it. */
  abstract readonly relation: MetaField;
  /** Name of prefetched rows on the instance. */
  abstract readonly cacheName: string;

  constructor(source: SetSource) {
    this.source = source;
  }
  get instance(): object {
    return this.source.instance;
  }
  /** The same set with another manager or database. */
  abstract from(source: SetSource): RelatedSet;
  /** Refuses instances that have nothing to be related by yet. */
  abstract check(): void;
  /** Refuses instances whose set cannot even be read. */
  protected checkRead(): void {
    this.check();
  }
  /** Conditions that choose the rows of this instance. */
  protected abstract conditions(): Readonly<Record<string, unknown>>;
  /** Later conditions of the same call share the joins of these. */
  protected abstract readonly sticky: boolean;
  protected finish(qs: QuerySet): QuerySet {
    return qs;
  }

  abstract create(call: Call, values: Record<string, unknown>, options: Record<string, unknown>): Promise<unknown>;
  abstract getOrCreate(
    call: Call,
    conditions: Record<string, unknown>,
    options: Record<string, unknown>,
  ): Promise<unknown>;
  abstract updateOrCreate(
    call: Call,
    conditions: Record<string, unknown>,
    options: Record<string, unknown>,
  ): Promise<unknown>;
  abstract add(given: readonly unknown[]): Promise<void>;
  abstract remove(given: readonly unknown[]): Promise<void>;
  abstract clear(options: Record<string, unknown>): Promise<void>;
  abstract set(rows: unknown, options: Record<string, unknown>): Promise<void>;
  /** Keys of the rows in the order that their model has with respect to this instance. */
  getOrder(): Promise<unknown[]> {
    return Promise.reject(this.noOrder());
  }
  setOrder(_keys: Iterable<unknown>): Promise<void> {
    return Promise.reject(this.noOrder());
  }
  private noOrder(): Error {
    return new QueryTypeError(
      `${this.cacheName} is no set by a foreign key; its rows have no order of their own.`,
      "relation.order",
    );
  }
  /** A queryset that counts the same rows more cheaply, where there is one. */
  shortcut(): QuerySet | null {
    return null;
  }

  /** The rows of the instance; already read where they were prefetched. */
  getQuerySet(): QuerySet {
    const rows = stateOf(this.instance).prefetched?.[this.cacheName];
    if (Array.isArray(rows)) return this.prefetched(rows as object[]);
    this.checkRead();
    const { manager, alias, hints } = this.source;
    const qs = this.restrict(manager.getQuerySet());
    // As a whole and as everybody reads it: then it may be read for the other rows of the result too.
    if (alias === null && hints === null && manager === defaultManagerOf(this.related)) readWithPeers(this, qs);
    return qs;
  }
  /** The rows of the instance within a queryset. */
  restrict(base: QuerySet): QuerySet {
    const { alias, hints } = this.source;
    const from = hints ?? hintsOf(this.instance);
    const start = base.with({
      hints: origins.watched ? withSetOrigin(from, metaOfInstance(this.instance).objectName, this.cacheName) : from,
      fetchMode: stateOf(this.instance).fetchMode,
      ...(alias === null ? {} : { alias }),
    });
    const conditions = this.conditions();
    const key = new ShapeKey();
    key.static(`of${this.sticky ? "~" : ""}`);
    key.conditions(conditions);
    return this.finish(
      start.step(key, (query, slotter) => {
        addFilter(query, slotter.conditions(conditions));
        query.sticky = this.sticky;
      }),
    );
  }
  private prefetched(rows: object[]): QuerySet {
    let set = stateOf(this.instance).sets?.[this.cacheName] as PrefetchedSet | undefined;
    if (set === undefined || set.rows !== rows) set = notePrefetchQuerySet(this.instance, this.cacheName, rows, null);
    if (set.filled === null) {
      const qs = this.restrict(set.through ?? this.source.manager.getQuerySet()).with({ prefetches: [] });
      qs.result = rows;
      qs.resultPromise = Promise.resolve(rows);
      set.filled = qs;
    }
    return set.filled;
  }
  get isPrefetched(): boolean {
    return Array.isArray(stateOf(this.instance).prefetched?.[this.cacheName]);
  }
  forget(): void {
    dropPrefetched(this.instance, this.cacheName);
    forgetPeerSets(this.instance, this.cacheName);
  }

  /** Database that rows of `meta` are written to. */
  writeTo(meta: ModelMeta): Database {
    const rt = runtimeOf(meta);
    return rt.database(rt.route(meta, true, hintsOf(this.instance)));
  }
  protected requireKey(): void {
    if (!hasPk(this.instance))
      throw new ValueError(
        `'${metaOfInstance(this.instance).objectName}' instance needs to have a primary key value before this relationship can be used.`,
        "relation.unsaved",
        { model: metaOfInstance(this.instance).label },
      );
  }
  /** True for an instance of the related model; false for what may be a key, where keys may stand. */
  protected isRow(value: unknown, keys = true): value is object {
    if (!isInstance(value)) {
      if (!keys || value === undefined || value === null)
        throw new QueryTypeError(
          `'${this.related.objectName}' instance expected, got ${kindOf(value)}.`,
          "relation.row",
        );
      return false;
    }
    if (!metaOfInstance(value).isA(this.related))
      throw new QueryTypeError(`'${this.related.objectName}' instance expected, got ${kindOf(value)}.`, "relation.row");
    return true;
  }
}

/** Rows and the object of options that may stand last. */
export function splitRows(
  method: string,
  given: readonly unknown[],
  allowed: readonly string[],
): { rows: unknown[]; options: Record<string, unknown> } {
  const last = given.at(-1);
  if (!isOptions(last) || isInstance(last)) return { rows: [...given], options: {} };
  checkOptions(method, last, allowed);
  return { rows: given.slice(0, -1), options: last };
}
/** Refuses options that a method does not have. */
export function checkOptions(method: string, options: Record<string, unknown>, allowed: readonly string[]): void {
  refuseUnknown(`${method}()`, options, allowed, (text) => new QueryTypeError(text, "relation.option"));
}
/** The rows given to `set`: any iterable, or a queryset, which is read before anything changes. */
export async function listOf(method: string, rows: unknown): Promise<unknown[]> {
  if (rows instanceof QuerySet) return rows.rows();
  if (typeof rows === "object" && rows !== null && Symbol.iterator in rows) return [...(rows as Iterable<unknown>)];
  throw new QueryTypeError(`${method}() takes a list of rows or keys, or a queryset.`, "relation.rows");
}
