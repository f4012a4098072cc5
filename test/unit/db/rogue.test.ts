/** What a server that means harm is sent: no password, no file, not even a name before it has shown who it is. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import { OperationalError } from "../../../src/base/errors.js";
import { connectAll, type Connections } from "../../../src/db/connections.js";
import { failure } from "../../support/loose.js";
import { type Rogue, rogueMariaDb, roguePostgres } from "../../support/rogue.js";

const PASSWORD = "canary_password";
const file = (name: string): string => readFileSync(new URL(`../../fixtures/tls/${name}`, import.meta.url), "utf8");
const tls = { key: file("key.pem"), cert: file("cert.pem") };
const folder = mkdtempSync(join(tmpdir(), "babik-rogue-"));
const wanted = join(folder, "wanted.txt");
writeFileSync(wanted, "canary_of_the_file\n".repeat(100));
afterAll(() => rmSync(folder, { recursive: true }));

const open: (Rogue | Connections)[] = [];
afterEach(async () => {
  for (const one of open.splice(0).toReversed()) await one.close();
});
function connect(rogue: Rogue, scheme: string, options: Record<string, unknown> = {}): Connections {
  const url = `${scheme}://canary_user:${PASSWORD}@127.0.0.1:${rogue.port}/shop`;
  const connections = connectAll({ default: { url, options: { connectTimeout: 2000, ...options } } });
  open.push(rogue, connections);
  return connections;
}
async function refusal(connections: Connections): Promise<Error> {
  const error = await failure(async () => connections.get().ready());
  expect(error).toBeInstanceOf(OperationalError);
  for (let e: unknown = error; e instanceof Error; e = e.cause) expect(e.message).not.toContain(PASSWORD);
  return error;
}

describe("a false MariaDB", () => {
  test.each(["11.4.2-MariaDB", "10.11.6-MariaDB", "8.4.0"])(
    "with a certificate that nobody signed is not told who wants in, whatever version it says it is: %s",
    async (version) => {
      for (const options of [
        { sslmode: "require" },
        { sslmode: "verify-full" },
        { sslmode: "verify-ca" },
        { ssl: true },
      ]) {
        const rogue = await rogueMariaDb({ tls, version });
        const error = await refusal(connect(rogue, "mariadb", options));
        expect(error).toMatchObject({ code: "database.connect" });
        expect(error.message).toMatch(/encrypted|certificate/);
        expect(rogue.clear).not.toContain("canary_user");
        expect(rogue.secret).toBe("");
      }
    },
  );

  test("with another host's certificate is not told either", async () => {
    // The certificate is for db.test, and it is its own authority.
    const rogue = await rogueMariaDb({ tls });
    await refusal(connect(rogue, "mariadb", { sslmode: "verify-full", ssl: { ca: tls.cert } }));
    expect(rogue.clear).not.toContain("canary_user");
    expect(rogue.secret).toBe("");
  });

  test("with the right certificate and name is", async () => {
    const rogue = await rogueMariaDb({ tls });
    await connect(rogue, "mariadb", { ssl: { ca: tls.cert, servername: "db.test" } })
      .get()
      .ready();
    expect(rogue.clear).not.toContain("canary_user");
    expect(rogue.secret).toContain("canary_user");
  });

  test("without TLS is sent nothing at all by who asked for it", async () => {
    const rogue = await rogueMariaDb({});
    expect(await refusal(connect(rogue, "mariadb", { sslmode: "require" }))).toMatchObject({
      code: "database.connect",
    });
    expect(rogue.clear).toBe("");
  });

  test.each(["mysql_clear_password", "dialog", "sha256_password", "caching_sha2_password", "mysql_old_password"])(
    "that asks for a login by %s without TLS gets no password",
    async (plugin) => {
      for (const options of [{ plugin }, { plugin, greeting: plugin }]) {
        const rogue = await rogueMariaDb(options);
        // Whether it lets us in then is its own affair.
        await (async () => connect(rogue, "mariadb").get().ready())().catch((error: unknown) => {
          expect(error).toBeInstanceOf(OperationalError);
        });
        expect(rogue.clear).not.toContain(PASSWORD);
      }
    },
  );

  test("that asks for a file in answer to a query gets none", async () => {
    const rogue = await rogueMariaDb({ file: wanted });
    const connections = connect(rogue, "mariadb");
    const error = await failure(async () => connections.get().run({ text: "SELECT 1", params: [] }));
    expect(error).toMatchObject({ name: "NotSupportedError", code: "database.not_supported" });
    expect(error.message).toMatch(/file/);
    expect(rogue.clear).toContain("SELECT 1");
    expect(rogue.clear).not.toContain("canary_of_the_file");
  });
});

describe("a false PostgreSQL", () => {
  test("that asks for the password in clear, without TLS, does not get it", async () => {
    const rogue = await roguePostgres();
    const error = await refusal(connect(rogue, "postgres"));
    expect(error).toMatchObject({ code: "database.login" });
    expect(error.message).toMatch(/sslmode/);
    expect(rogue.clear).toContain("canary_user");
    expect(rogue.clear).not.toContain(PASSWORD);
  });
});
