/**
 * Servers of a scenario's own, which may be killed, halted and reconfigured. They are started by the scripts that start the servers of the
 * tests; this file must not know what is tried on them.
 */
import type { ServerKind } from "./servers.js";

/** A server in a temporary folder, on a port of its own that it keeps. */
export interface PrivateServer {
  readonly url: string;
  /** Starts it again and waits for the first login; gives why there is none. */
  start(): Promise<string | undefined>;
  /** Ends all its processes at once. */
  kill(): Promise<void>;
  /** Halts all its processes: what is sent to it is taken by the system and answered by nobody. */
  pause(): void;
  resume(): void;
  /** Ends it for good. */
  stop(): Promise<void>;
}

/** How one is started. */
export interface PrivateOptions {
  /** Acknowledged is on disk, as servers do by default; else it is fast. */
  readonly durable?: boolean;
  /** Settings as `name=value`. */
  readonly settings?: readonly string[];
  /** Puts files into its folder before it starts, for the user it runs as; gives further settings. */
  readonly arrange?: (
    folder: string,
    user: { readonly uid?: number; readonly gid?: number },
  ) => readonly string[] | undefined;
}

/** What could not be tried, and why. */
export interface Skipped {
  readonly skipped: string;
}

/** A pooler in front of a server. */
export interface Pooler {
  readonly url: string;
  readonly how: string;
  stop(): Promise<void>;
}

interface Scripts {
  startPrivate(kind: ServerKind, options: PrivateOptions): Promise<PrivateServer | Skipped>;
  startPgBouncer(serverUrl: string): Promise<Pooler | Skipped>;
}

/** The scripts are plain JavaScript beside the checkout's sources: from `.build/faults`, where this runs, two folders up. */
async function script<K extends keyof Scripts>(path: string, name: K): Promise<Scripts[K]> {
  const module = (await import(new URL(`../../scripts/${path}`, import.meta.url).href)) as Scripts;
  return module[name];
}

/** Starts a server of one's own. */
export async function startPrivate(kind: ServerKind, options: PrivateOptions = {}): Promise<PrivateServer | Skipped> {
  return (await script("servers.mjs", "startPrivate"))(kind, options);
}

/** Starts a PgBouncer in transaction mode in front of a PostgreSQL; the address is the server's with another port. */
export async function startPgBouncer(serverUrl: string): Promise<Pooler | Skipped> {
  return (await script("support/pgbouncer.mjs", "startPgBouncer"))(serverUrl);
}

/** Does `work` on a server of its own, with a database of that name, and ends the server. */
export async function withPrivate<T>(
  kind: ServerKind,
  options: PrivateOptions,
  work: (server: PrivateServer) => Promise<T>,
): Promise<T | Skipped> {
  const server = await startPrivate(kind, options);
  if ("skipped" in server) return server;
  try {
    return await work(server);
  } finally {
    await server.stop();
  }
}
