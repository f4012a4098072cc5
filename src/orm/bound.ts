/**
 * Querysets that are bound to a transaction (`using(tx)`) or a signal (`signal(s)`): all they send runs inside of it. They
 * are of a class of their own, made once per class of querysets, so that others pay nothing.
 */
import { InternalError, QueryTypeError } from "../base/errors.js";
import { checkSignal, withSignal } from "../db/abort.js";
import { Transaction } from "../db/begin.js";
import type { Database } from "../db/connection.js";
import type { Binding, QuerySetParts } from "./queryset-state.js";

/** A queryset as this file sees it. */
interface Bindable {
  readonly parts: QuerySetParts;
  readonly binding?: Binding | undefined;
  resultPromise: Promise<unknown[]> | null;
  rows(): Promise<unknown[]>;
  iterator(options?: { chunkSize?: number }): AsyncGenerator<unknown>;
}
type BindableClass = new (parts: unknown) => Bindable;
type Method = (this: Bindable, ...args: unknown[]) => Promise<unknown>;

/** Methods that ask the database, but for `rows` and `iterator`, which need more care. */
const RUNNING = [
  "get",
  "first",
  "last",
  "earliest",
  "latest",
  "count",
  "exists",
  "contains",
  "aggregate",
  "inBulk",
  "explain",
  "create",
  "bulkCreate",
  "bulkUpdate",
  "getOrCreate",
  "updateOrCreate",
  "update",
  "delete",
] as const;

/** Does `fn` inside of what `binding` names. */
export function runBound<T>(binding: Binding | undefined, fn: () => Promise<T>): Promise<T> {
  if (binding === undefined) return fn();
  const { transaction, signal } = binding;
  const inside = transaction === null ? fn : () => transaction.run(fn) as Promise<T>;
  try {
    return signal === null ? inside() : withSignal(signal, inside);
  } catch (error) {
    return Promise.reject(error as Error);
  }
}

/** Refuses a query that would leave its transaction; each method of querysets has to run through `runBound`. */
export function checkBinding(binding: Binding, db: Database): void {
  const { transaction } = binding;
  if (transaction !== null && db.transaction !== transaction.identity)
    throw new InternalError(
      `A query that was bound to a transaction of '${transaction.alias}' would have run outside of it, on '${db.alias}'. Run it inside of tx.run().`,
      "transaction.unbound",
    );
}

const classes = new WeakMap<BindableClass, BindableClass>();

/** Parts and class of the same queryset, bound to a transaction too. */
export function bindTransaction<T>(queryset: T, transaction: Transaction): T {
  return bind(queryset, { transaction }, transaction.alias);
}
/** Parts and class of the same queryset, bound to a signal too. @throws ValueError for what is no AbortSignal */
export function bindSignal<T>(queryset: T, signal: AbortSignal): T {
  checkSignal(signal);
  const before = (queryset as Bindable).binding?.signal ?? null;
  return bind(queryset, { signal: before === null ? signal : AbortSignal.any([before, signal]) });
}
function bind<T>(queryset: T, more: Partial<Binding>, alias?: string): T {
  const qs = queryset as Bindable;
  const Class = qs.constructor as BindableClass;
  const binding: Binding = { ...(qs.binding ?? { transaction: null, signal: null }), ...more };
  const parts = { ...qs.parts, binding, ...(alias === undefined ? {} : { alias }) };
  return new (qs.binding === undefined ? boundClass(Class) : Class)(parts) as T;
}

function boundClass(Class: BindableClass): BindableClass {
  let made = classes.get(Class);
  if (made === undefined) classes.set(Class, (made = makeClass(Class)));
  return made;
}
function makeClass(Class: BindableClass): BindableClass {
  const made = class extends Class {
    override readonly binding: Binding;
    constructor(parts: unknown) {
      super(parts);
      this.binding = (parts as { binding: Binding }).binding;
    }
    override get parts(): QuerySetParts {
      return { ...super.parts, binding: this.binding };
    }
    override rows(): Promise<unknown[]> {
      return this.resultPromise ?? runBound(this.binding, () => super.rows());
    }
    override iterator(options?: { chunkSize?: number }): AsyncGenerator<unknown> {
      return boundIterator(this.binding, () => super.iterator(options));
    }
  };
  Object.defineProperty(made, "name", { value: Class.name });
  for (const name of RUNNING) {
    const method = (Class.prototype as Record<string, Method>)[name]!;
    Object.defineProperty(made.prototype, name, {
      configurable: true,
      writable: true,
      value(this: Bindable, ...args: unknown[]): Promise<unknown> {
        return runBound(this.binding, () => method.apply(this, args));
      },
    });
  }
  return made;
}
// A generator runs where its `next` is called, so each step is taken inside.
async function* boundIterator(binding: Binding, make: () => AsyncGenerator<unknown>): AsyncGenerator<unknown> {
  const rows = make();
  let finished = false;
  try {
    for (;;) {
      const next = await runBound(binding, () => rows.next());
      if (next.done === true) {
        finished = true;
        return;
      }
      yield next.value;
    }
  } finally {
    if (!finished) await rows.return(undefined);
  }
}

/** The alias that `using` names, where it names no transaction. */
export function aliasOf(using: unknown): string {
  if (typeof using !== "string")
    throw new QueryTypeError(
      "using() takes the alias of a database, or a transaction that begin() gave.",
      "queryset.using",
    );
  return using;
}

/** Options of an instance's method whose `using` may be a transaction: the work is done inside of it. */
export function usingTransaction<O extends { readonly using?: string }, T>(
  options: O,
  work: (options: O) => Promise<T>,
): Promise<T> {
  const using: unknown = options.using;
  if (!(using instanceof Transaction)) return work(options);
  return using.run(() => work({ ...options, using: using.alias })) as Promise<T>;
}
