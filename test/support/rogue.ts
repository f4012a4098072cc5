/**
 * Servers that mean harm: they speak just enough of each protocol to be believed, ask for what they should not get, and keep all that they are
 * sent. They must not know babik.
 */
import { type AddressInfo, createServer, type Socket } from "node:net";
import { TLSSocket } from "node:tls";

/** A server that listens on the loopback. */
export interface Rogue {
  readonly port: number;
  /** All that was sent in clear, and all that was sent inside of TLS. */
  readonly clear: string;
  readonly secret: string;
  close(): Promise<void>;
}

interface Certificate {
  readonly key: string;
  readonly cert: string;
}

/** Listens, and has `serve` talk to whoever connects; `hear` is what keeps what was sent. */
async function listen(
  serve: (socket: Socket, hear: (data: Buffer, inTls?: boolean) => void) => void,
): Promise<Rogue & { readonly sockets: Set<Socket> }> {
  const heard = { clear: "", secret: "" };
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    serve(socket, (data, inTls = false) => {
      heard[inTls ? "secret" : "clear"] += data.toString("latin1");
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    sockets,
    port: (server.address() as AddressInfo).port,
    get clear() {
      return heard.clear;
    },
    get secret() {
      return heard.secret;
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** How a false MariaDB behaves. */
export interface RogueMariaDb {
  readonly version?: string;
  /** Begins TLS with this certificate; else it says that it has none. */
  readonly tls?: Certificate;
  /** The way of logging in that it asks for after the first attempt; without one everybody is let in. */
  readonly plugin?: string;
  /** What its first message says that it wants. */
  readonly greeting?: string;
  /** The file that it asks for in answer to each query that holds `SELECT 1`. */
  readonly file?: string;
}

const SSL = 1 << 11;
const LOCAL_FILES = 1 << 7;
// Protocol 4.1, long passwords, a database, transactions, secure logins, plugins.
const CAPABILITIES = 1 | 8 | (1 << 9) | (1 << 13) | (1 << 15) | (1 << 19) | LOCAL_FILES;
const SEED = "12345678abcdefghijkl";

function packet(sequence: number, ...parts: readonly (Buffer | string | readonly number[])[]): Buffer {
  const body = Buffer.concat(parts.map((part) => (typeof part === "string" ? Buffer.from(part) : Buffer.from(part))));
  const head = Buffer.alloc(4);
  head.writeUIntLE(body.length, 0, 3);
  head[3] = sequence;
  return Buffer.concat([head, body]);
}

function greeting({
  version = "11.4.2-MariaDB",
  tls,
  greeting: plugin = "mysql_native_password",
}: RogueMariaDb): Buffer {
  const capabilities = Buffer.alloc(4);
  capabilities.writeUInt32LE(CAPABILITIES | (tls === undefined ? 0 : SSL));
  return packet(
    0,
    [10],
    `${version}\0`,
    [1, 0, 0, 0],
    `${SEED.slice(0, 8)}\0`,
    capabilities.subarray(0, 2),
    [45, 2, 0],
    capabilities.subarray(2),
    [21, ...Array.from({ length: 10 }, () => 0)],
    `${SEED.slice(8)}\0${plugin}\0`,
  );
}
const OK = [0, 0, 0, 2, 0, 0, 0];

/** Starts a false MariaDB. */
export function rogueMariaDb(options: RogueMariaDb): Promise<Rogue> {
  return listen((socket, hear) => {
    let loggedIn = false;
    const answer = (stream: Socket, data: Buffer): void => {
      // Several commands may come in one piece; each has its own head.
      for (let at = 0; at + 4 <= data.length;) {
        const length = data.readUIntLE(at, 3);
        const sequence = data[at + 3]!;
        const body = data.toString("latin1", at + 4, at + 4 + length);
        at += 4 + length;
        if (!loggedIn && options.plugin !== undefined && sequence < 3)
          stream.write(packet(sequence + 1, [0xfe], `${options.plugin}\0${SEED}\0`));
        else if (loggedIn && options.file !== undefined && body.includes("SELECT 1"))
          stream.write(packet(1, [0xfb], options.file));
        else {
          stream.write(packet(loggedIn ? 1 : sequence + 1, OK));
          loggedIn = true;
        }
      }
    };
    socket.write(greeting(options));
    socket.once("data", (first) => {
      hear(options.tls === undefined ? first : first.subarray(0, 36));
      if (options.tls === undefined) {
        socket.on("data", (data) => {
          hear(data);
          answer(socket, data);
        });
        answer(socket, first);
        return;
      }
      // The request for TLS is of a fixed length, and what follows it may have come with it.
      socket.pause();
      socket.unshift(first.subarray(36));
      const secure = new TLSSocket(socket, { isServer: true, ...options.tls });
      secure.on("error", () => undefined);
      secure.on("data", (data: Buffer) => {
        hear(data, true);
        answer(secure, data);
      });
    });
  });
}

/** Starts a false PostgreSQL that asks for the password in clear. */
export function roguePostgres(): Promise<Rogue> {
  return listen((socket, hear) => {
    socket.once("data", (first) => {
      hear(first);
      socket.write(Buffer.from([0x52, 0, 0, 0, 8, 0, 0, 0, 3]));
      socket.on("data", hear);
    });
  });
}
