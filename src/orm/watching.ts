/** Watching all databases of an orm at once: the settings `debug` and `slowQuery`, and listeners. */
import { ownOptions } from "../base/options.js";
import { ImproperlyConfigured } from "../base/errors.js";
import type { Connections } from "../db/connections.js";
import type { ListenOptions, QueryEventName, QueryListener } from "../db/listeners.js";

/** Options of `orm.on`: those of a database's, and one alias where not all databases are meant. */
export type OrmListenOptions = ListenOptions & { readonly using?: string | undefined };

/** Puts the settings in force. @throws ImproperlyConfigured for values that cannot be meant */
export function applyWatchSettings(
  connections: Connections,
  settings: { readonly debug?: unknown; readonly slowQuery?: unknown },
): void {
  const { debug, slowQuery } = settings;
  if (debug !== undefined && typeof debug !== "boolean")
    throw new ImproperlyConfigured("The setting 'debug' is true or false.", "settings.value");
  if (slowQuery !== undefined && !(typeof slowQuery === "number" && Number.isFinite(slowQuery) && slowQuery >= 0))
    throw new ImproperlyConfigured("The setting 'slowQuery' is a number of milliseconds from 0 up.", "settings.value");
  for (const database of connections) {
    if (debug === true) database.forceDebugCursor = true;
    if (slowQuery !== undefined) database.slowQuery = slowQuery as number;
  }
}

/** Adds a listener to one database or to all of them; gives what takes it away. */
export function listen(
  connections: Connections,
  event: QueryEventName,
  listener: QueryListener,
  options: OrmListenOptions,
): () => void {
  const { using, ...rest } = ownOptions(options);
  const databases = using === undefined ? [...connections] : [connections.get(using)];
  const removers = databases.map((database) => database.on(event, listener, rest));
  return () => {
    for (const remove of removers) remove();
  };
}
