/**
 * Where in a program a statement came from: the place of the call, and the relation or field whose loading it is. Looked for only
 * while somebody watches (`detectNPlusOne`); else one boolean is read. It must not know models.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { fileURLToPath } from "node:url";

/** Who asked for a statement. */
export interface Origin {
  /** File, line and column outside of babik and of packages. */
  readonly place?: string | undefined;
  /** Label of the model whose relation or field is loaded. */
  readonly model?: string | undefined;
  /** The relation or field. */
  readonly name?: string | undefined;
  readonly access?: "relation" | "set" | "deferred" | undefined;
}

/** A part of a queryset's hints under which a related set says which one it is. */
export const SET_ORIGIN: unique symbol = Symbol.for("babik.origin");

/** Whether anybody watches. Read on the way of every queryset; changed by `watchOrigins` only. */
export const origins = { watched: false };
let watchers = 0;

const storage = new AsyncLocalStorage<Origin>();
const places = new WeakMap<object, string>();

/** Begins watching; the function that is returned ends it. */
export function watchOrigins(): () => void {
  watchers++;
  origins.watched = true;
  let ended = false;
  return () => {
    if (ended) return;
    ended = true;
    origins.watched = --watchers > 0;
  };
}

/** Notes where an object (a queryset) was made. */
export function notePlace(made: object): void {
  const place = callPlace();
  if (place !== undefined) places.set(made, place);
}

/** Runs `fn`; statements sent by it are those of `origin`, unless somebody further out is known already. */
export function withOrigin<T>(origin: Origin, fn: () => T): T {
  return storage.getStore() === undefined ? storage.run(origin, fn) : fn();
}

/** Runs `fn` for a queryset: with the place where it was made, and the related set that its hints tell of. */
export function asMadeAt<T>(made: object, hints: object, fn: () => T): T {
  const set = (hints as { readonly [SET_ORIGIN]?: Origin })[SET_ORIGIN];
  return withOrigin({ ...set, place: places.get(made) ?? callPlace() }, fn);
}

/** Hints that tell of a related set. */
export function withSetOrigin<T extends object>(hints: T, model: string, name: string): T {
  return { ...hints, [SET_ORIGIN]: { model, name, access: "set" } satisfies Origin };
}

/** Who asked for the statement that is being sent. */
export function currentOrigin(): Origin {
  return storage.getStore() ?? { place: callPlace() };
}

const own = new URL("..", import.meta.url);
const ownPath = fileURLToPath(own);

/** The nearest caller outside of babik, packages and Node itself; awaiting functions count as callers. */
export function callPlace(): string | undefined {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 60;
  const holder: { stack?: string } = {};
  Error.captureStackTrace(holder, callPlace);
  Error.stackTraceLimit = limit;
  for (const line of (holder.stack ?? "").split("\n").slice(1)) {
    const found = /\(?((?:file:\/\/)?(?:\/|[A-Za-z]:[\\/])[^()]*:\d+:\d+)\)?$/.exec(line.trim())?.[1];
    if (found === undefined || found.startsWith(own.href) || found.startsWith(ownPath)) continue;
    if (/[\\/]node_modules[\\/]/.test(found)) continue;
    return found.startsWith("file:")
      ? fileURLToPath(found.replace(/:\d+:\d+$/, "")) + /:\d+:\d+$/.exec(found)![0]
      : found;
  }
  return undefined;
}
