/**
 * Encrypted connections, against a listener that speaks just enough of PostgreSQL to begin TLS with a certificate of its own:
 * what it is sent, and what is refused before a password could be.
 */
import { readFileSync } from "node:fs";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { TLSSocket } from "node:tls";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { OperationalError } from "../../../src/base/errors.js";
import { connectAll } from "../../../src/db/connections.js";
import { failure } from "../../support/loose.js";

const file = (name: string): string => readFileSync(new URL(`../../fixtures/tls/${name}`, import.meta.url), "utf8");
const [key, cert] = [file("key.pem"), file("cert.pem")];
const SSL_REQUEST = 80_877_103;

/** What the listener heard: whether TLS was asked for, and the start-up message if one came. */
interface Heard {
  tls: boolean;
  startup: string | undefined;
}
let server: Server;
let heard: Heard;
let speaksTls = true;
const sockets = new Set<Socket>();
beforeAll(async () => {
  server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.once("data", (data) => {
      if (data.readInt32BE(4) !== SSL_REQUEST) {
        heard.startup = data.toString("latin1", 8);
        socket.destroy();
        return;
      }
      heard.tls = true;
      socket.write(speaksTls ? "S" : "N");
      if (!speaksTls) return void socket.once("data", (plain) => (heard.startup = plain.toString("latin1", 8)));
      const secure = new TLSSocket(socket, { isServer: true, key, cert });
      secure.on("error", () => undefined);
      secure.once("data", (startup) => {
        heard.startup = startup.toString("latin1", 8);
        secure.destroy();
      });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});
afterAll(() => {
  for (const socket of sockets) socket.destroy();
  server.close();
});

/** Tries to connect; gives the error that there always is, for the listener is no database. */
async function attempt(options: Record<string, unknown>): Promise<Error & Readonly<Record<string, unknown>>> {
  heard = { tls: false, startup: undefined };
  const { port } = server.address() as AddressInfo;
  const url = `postgres://canary_user:canary_password@127.0.0.1:${port}/shop`;
  await using connections = connectAll({ default: { url, options: { connectTimeout: 2000, ...options } } });
  const error = await failure(async () => connections.get().ready());
  expect(error).toBeInstanceOf(OperationalError);
  for (let e: unknown = error; e instanceof Error; e = e.cause) expect(e.message).not.toContain("canary_password");
  return error;
}

describe("TLS", () => {
  test("is not asked for unless the settings say so", async () => {
    await attempt({});
    expect(heard.tls).toBe(false);
    expect(heard.startup).toContain("canary_user");
  });

  test.each([
    ["sslmode=require", { sslmode: "require" }],
    ["sslmode=verify-full", { sslmode: "verify-full" }],
    ["ssl: true", { ssl: true }],
    ["an authority that did not sign", { ssl: { ca: file("other.pem") } }],
    ["the right authority, another name", { sslmode: "verify-full", ssl: { ca: cert, servername: "other.test" } }],
  ])(
    "with %s a certificate that cannot be trusted ends the attempt before the user is named",
    async (_name, options) => {
      const error = await attempt(options);
      expect(error).toMatchObject({ code: "database.connect" });
      expect(error.message).toMatch(/encrypted|certificate/);
      expect(heard).toEqual({ tls: true, startup: undefined });
    },
  );

  test.each([
    ["its own authority and name", { ssl: { ca: cert, servername: "db.test" } }],
    ["sslmode=verify-ca, which does not look at the name", { sslmode: "verify-ca", ssl: { ca: cert } }],
    ["sslmode=no-verify, which looks at nothing", { sslmode: "no-verify" }],
    ["rejectUnauthorized: false", { ssl: { rejectUnauthorized: false } }],
  ])("goes on with %s", async (_name, options) => {
    await attempt(options);
    expect(heard.tls).toBe(true);
    expect(heard.startup).toContain("canary_user");
  });

  test("is not given up where the server has none", async () => {
    speaksTls = false;
    const error = await attempt({ sslmode: "require" });
    speaksTls = true;
    expect(error).toMatchObject({ code: "database.connect" });
    expect(heard).toEqual({ tls: true, startup: undefined });
  });
});
