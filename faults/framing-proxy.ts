/**
 * A TCP proxy on the loopback that hands on everything in other pieces than it came: byte by byte, in pieces of random lengths, or many in one. It
 * knows no protocol.
 */
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { setImmediate as turn, setTimeout as wait } from "node:timers/promises";

/** How what came is cut. */
export type Framing = "bytes" | "random" | "merged";
/** How long nothing more may come until what was gathered goes on, in milliseconds, and how much is gathered at most. */
const QUIET = 3;
const MOST = 1_000_000;

export class FramingProxy {
  /** Pieces that were sent, both ways. */
  pieces = 0;
  bytes = 0;
  readonly #server;
  readonly #open = new Set<Socket>();

  constructor(framing: Framing, target: { readonly host: string; readonly port: number }) {
    this.#server = createServer((client) => {
      const server = connect({ ...target, noDelay: true });
      client.setNoDelay(true);
      for (const [from, to] of [
        [client, server],
        [server, client],
      ] as const) {
        this.#open.add(from);
        from.on("error", () => undefined);
        from.on("close", () => {
          this.#open.delete(from);
          to.destroy();
        });
        void this.#handOn(from, to, framing);
      }
    });
  }

  async listen(): Promise<number> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    return (this.#server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    for (const socket of this.#open) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #handOn(from: Socket, to: Socket, framing: Framing): Promise<void> {
    try {
      const pieces = framing === "merged" ? merged(from) : cut(from, framing);
      for await (const piece of pieces) {
        if (to.destroyed) return;
        this.pieces++;
        this.bytes += piece.length;
        if (!to.write(piece)) await once(to, "drain");
        // So that the other side reads this piece before the next one comes.
        await turn();
      }
      to.end();
    } catch {
      // One of both ended: so does the other.
      to.destroy();
    }
  }
}

async function* cut(from: Socket, framing: "bytes" | "random"): AsyncGenerator<Buffer> {
  for await (const chunk of from as AsyncIterable<Buffer>)
    for (let at = 0; at < chunk.length;) {
      const length = framing === "bytes" ? 1 : 1 + Math.floor(Math.random() ** 4 * 40_000);
      yield chunk.subarray(at, at + length);
      at += length;
    }
}

async function* merged(from: Socket): AsyncGenerator<Buffer> {
  const chunks = from[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  let coming = chunks.next();
  let gathered: Buffer[] = [];
  let length = 0;
  for (;;) {
    const quiet = gathered.length > 0 ? wait(QUIET, "quiet" as const) : new Promise<never>(() => undefined);
    const next = await Promise.race([coming, quiet]);
    if (next !== "quiet") {
      if (next.done === true) break;
      gathered.push(next.value);
      length += next.value.length;
      coming = chunks.next();
      if (length < MOST) continue;
    }
    yield Buffer.concat(gathered);
    [gathered, length] = [[], 0];
  }
  if (gathered.length > 0) yield Buffer.concat(gathered);
}
