/** Counts attempts to connect to a port of this machine, whoever makes them in this process. It must not know babik or drivers. */
import { AsyncLocalStorage } from "node:async_hooks";
import { Socket } from "node:net";

/** A count that goes on until `stop`. */
export interface LoginCount {
  readonly count: number;
  /** What `work` connects is not counted. */
  uncounted<T>(work: () => Promise<T>): Promise<T>;
  stop(): void;
}

export function countLogins(port: number): LoginCount {
  const apart = new AsyncLocalStorage<true>();
  let count = 0;
  // Both drivers end up here, with a port and a host or an object; `net.connect` hands its arguments on in a list.
  const original = Socket.prototype.connect;
  function connect(this: Socket, ...given: unknown[]): Socket {
    const first: unknown = Array.isArray(given[0]) ? (given[0] as unknown[])[0] : given[0];
    const asked = typeof first === "object" && first !== null ? (first as { port?: unknown }).port : first;
    if (Number(asked) === port && apart.getStore() === undefined) count++;
    return Reflect.apply(original, this, given) as Socket;
  }
  Socket.prototype.connect = connect as typeof original;
  return {
    get count() {
      return count;
    },
    uncounted: (work) => apart.run(true, work),
    stop: () => {
      Socket.prototype.connect = original;
    },
  };
}
