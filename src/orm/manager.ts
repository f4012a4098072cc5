/** Managers: where a model's querysets come from. Every queryset method is there too, on a fresh set of all rows. */
import { ImproperlyConfigured, QueryTypeError } from "../base/errors.js";
import type { Transaction } from "../db/begin.js";
import type { ModelMeta } from "../meta/options.js";
import type { ModelClass } from "./model.js";
import { QuerySet } from "./queryset.js";
import { plainParts, QuerySetCore } from "./queryset-core.js";

export type QuerySetClass = typeof QuerySet;
/** Methods that would run a manager by accident when it is returned from an async function, or that make no sense on it. */
const LEFT_OUT = new Set([
  "constructor",
  // As in Django: who means all rows writes all().delete().
  "delete",
  "then",
  "rows",
  "parts",
  "with",
  "step",
  "embed",
  "refuseCombined",
  "toString",
  "toJSON",
  "sql",
  "plain",
]);

/** `Product.objects`: override `getQuerySet()` to change what it starts from. */
export class Manager {
  #model: ModelClass | null = null;
  #name = "objects";
  #alias: string | null = null;
  #hints: Readonly<Record<string, unknown>> = {};
  #base: QuerySet | null = null;
  #baseMeta: ModelMeta | null = null;

  /** A manager class whose querysets are of `cls`; its methods are on the manager too. */
  static fromQuerySet(cls: QuerySetClass): typeof Manager {
    return managerFromQuerySet(cls, this);
  }
  /** The class its querysets are of. */
  get querySetClass(): QuerySetClass {
    return QuerySet;
  }
  get model(): ModelClass {
    if (this.#model === null) throw new ImproperlyConfigured("This manager belongs to no model.", "manager.no_model");
    return this.#model;
  }
  get name(): string {
    return this.#name;
  }
  /** A copy of this manager for a model (or a child of it). */
  bind(model: ModelClass, name: string): this {
    const copy = this.copy();
    copy.#model = model;
    copy.#name = name;
    return copy;
  }
  private copy(): this {
    const Class = this.constructor as new () => this;
    const made = new Class();
    made.#model = this.#model;
    made.#name = this.#name;
    made.#alias = this.#alias;
    made.#hints = this.#hints;
    return made;
  }
  /** The same manager for another database. */
  dbManager(using: string | null = null, hints: Readonly<Record<string, unknown>> | null = null): this {
    const made = this.copy();
    if (using !== null) made.#alias = using;
    if (hints !== null) made.#hints = hints;
    return made;
  }
  using(database: string | Transaction): QuerySet {
    return this.getQuerySet().using(database);
  }
  /** All rows that this manager gives. */
  getQuerySet(): QuerySet {
    const { meta } = this.model;
    if (this.#base === null || this.#baseMeta !== meta) {
      const Class = this.querySetClass;
      this.#base = new Class({ ...plainParts(meta), alias: this.#alias, hints: this.#hints });
      this.#baseMeta = meta;
    }
    // Handed out anew each time: a queryset keeps its rows once it has read them.
    return this.#base.result === null && this.#base.resultPromise === null
      ? this.#base
      : (this.#base = this.#base.with({}));
  }
  /** All rows. */
  all(): QuerySet {
    return this.getQuerySet().with({});
  }
  toString(): string {
    return `${this.model.name}.${this.#name}`;
  }
}

type AnyMethod = (...args: unknown[]) => unknown;
function delegate(target: object, source: object): void {
  for (const name of Object.getOwnPropertyNames(source)) {
    if (LEFT_OUT.has(name) || name in target || name.endsWith("_")) continue;
    const d = Object.getOwnPropertyDescriptor(source, name)!;
    if (typeof d.value !== "function") continue;
    Object.defineProperty(target, name, {
      configurable: true,
      writable: true,
      enumerable: false,
      value(this: Manager, ...args: unknown[]): unknown {
        const qs = this.getQuerySet() as unknown as Record<string, AnyMethod>;
        return qs[name]!(...args);
      },
    });
  }
}
delegate(Manager.prototype, QuerySet.prototype);
delegate(Manager.prototype, QuerySetCore.prototype);

/** A manager whose querysets are of a class of your own; its methods are on the manager too. */
export function managerFromQuerySet(cls: QuerySetClass, Base: typeof Manager = Manager): typeof Manager {
  const made = class extends Base {
    override get querySetClass(): QuerySetClass {
      return cls;
    }
  };
  for (
    let p = cls.prototype as object;
    p !== QuerySet.prototype && p !== Object.prototype;
    p = Object.getPrototypeOf(p) as object
  )
    delegateOwn(made.prototype, p);
  return made;
}
function delegateOwn(target: object, source: object): void {
  for (const name of Object.getOwnPropertyNames(source)) {
    if (LEFT_OUT.has(name) || Object.hasOwn(target, name)) continue;
    const d = Object.getOwnPropertyDescriptor(source, name)!;
    if (typeof d.value !== "function" || (d.value as { querySetOnly?: boolean }).querySetOnly === true) continue;
    Object.defineProperty(target, name, {
      configurable: true,
      writable: true,
      enumerable: false,
      value(this: Manager, ...args: unknown[]): unknown {
        return (this.getQuerySet() as unknown as Record<string, AnyMethod>)[name]!(...args);
      },
    });
  }
}

/** Manager class or queryset class -> a manager. */
export function makeManager(of: unknown): Manager {
  if (typeof of !== "function")
    throw new QueryTypeError("manager() takes a class that extends QuerySet or Manager.", "manager.argument");
  const proto = (of as { prototype?: unknown }).prototype;
  if (proto instanceof Manager) return new (of as new () => Manager)();
  if (proto instanceof QuerySet || proto === QuerySet.prototype)
    return new (managerFromQuerySet(of as QuerySetClass))();
  throw new QueryTypeError("manager() takes a class that extends QuerySet or Manager.", "manager.argument");
}
/** A manager that gives what `fn` makes of all rows; for models made of data. */
export function managerFrom(fn: (qs: QuerySet) => QuerySet): Manager {
  return new (class extends Manager {
    override getQuerySet(): QuerySet {
      return fn(super.getQuerySet());
    }
    override all(): QuerySet {
      return this.getQuerySet().with({});
    }
  })();
}
