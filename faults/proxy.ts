/**
 * A TCP proxy on the loopback that cuts connections in COMMIT: before it reaches the server, in the middle of the message, or after
 * the server answered and before the client hears of it. It reads just enough of both protocols to find COMMIT, and the token of
 * the transfer that it ends.
 */
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import type { ServerKind } from "./servers.js";

export type Cut = "before" | "middle" | "after";
const CUTS: readonly Cut[] = ["before", "middle", "after"];

/** A message with the text COMMIT, as each protocol frames it. */
const COMMIT: Readonly<Record<ServerKind, Buffer>> = {
  // 'Q', length, text, NUL.
  postgres: Buffer.from([0x51, 0, 0, 0, 11, ...Buffer.from("COMMIT"), 0]),
  // Length, sequence number, COM_QUERY, text.
  mariadb: Buffer.from([7, 0, 0, 0, 3, ...Buffer.from("COMMIT")]),
};
const TOKEN = /cut-\d{8}/g;

/** Whether the answer to COMMIT is an error. */
function refuses(kind: ServerKind, answer: Buffer): boolean {
  return kind === "postgres" ? answer[0] === 0x45 : answer[4] === 0xff;
}

export class CommitProxy {
  /** What was done to which transfer. */
  readonly cuts = new Map<string, Cut>();
  /** Tokens that were seen again after their COMMIT had been cut. */
  readonly again = new Set<string>();
  readonly #server;
  readonly #open = new Set<Socket>();
  readonly #kind: ServerKind;
  readonly #target: { readonly host: string; readonly port: number };
  readonly #share: number;
  #turn = 0;

  /** @param share of the COMMITs that are cut, from 0 to 1 */
  constructor(kind: ServerKind, target: { readonly host: string; readonly port: number }, share: number) {
    this.#kind = kind;
    this.#target = target;
    this.#share = share;
    this.#server = createServer((client) => this.#serve(client));
  }

  async listen(): Promise<number> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    return (this.#server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    for (const socket of this.#open) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #serve(client: Socket): void {
    const server = connect({ ...this.#target, noDelay: true });
    client.setNoDelay(true);
    let token: string | undefined;
    let swallow = false;
    const end = (): void => {
      client.destroy();
      server.destroy();
    };
    for (const socket of [client, server]) {
      this.#open.add(socket);
      socket.on("error", end);
      socket.on("close", () => {
        this.#open.delete(socket);
        end();
      });
    }
    client.on("data", (chunk) => {
      for (const [found] of chunk.toString("latin1").matchAll(TOKEN)) {
        token = found;
        if (this.cuts.has(found)) this.again.add(found);
      }
      const at = chunk.indexOf(COMMIT[this.#kind]);
      if (at < 0 || token === undefined || Math.random() >= this.#share) {
        server.write(chunk);
        return;
      }
      const cut = CUTS[this.#turn++ % CUTS.length]!;
      this.cuts.set(token, cut);
      if (cut === "before") end();
      else if (cut === "middle") server.write(chunk.subarray(0, at + COMMIT[this.#kind].length - 3), () => end());
      else {
        swallow = true;
        server.write(chunk);
      }
    });
    server.on("data", (chunk) => {
      if (!swallow) client.write(chunk);
      else if (refuses(this.#kind, chunk)) {
        // A conflict that shows at COMMIT only: nothing was committed, and there is no answer worth hiding.
        swallow = false;
        this.cuts.delete(token!);
        client.write(chunk);
      } else end();
    });
  }
}
