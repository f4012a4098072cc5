/**
 * Encrypted connections to real servers: what each `sslmode` takes and refuses, that what is taken is encrypted in the server's own view, and
 * that nobody goes on in clear who asked for TLS. What false servers are sent is tried by the unit tests.
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import { chmodSync, chownSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { inspect } from "node:util";
import { babik, OperationalError, withSignal } from "babik";
import { type Certificates, makeCertificates, type Pair } from "./certificates.js";
import { type PrivateOptions, type Skipped, withPrivate } from "./private.js";
import { onServer, placeOn, type ServerKind } from "./servers.js";
import { cipherOf } from "./tls-cipher.js";

const PASSWORD = "canary-of-tls";
/** The certificate is for this name; the other is the same server's address. */
const [NAME, ADDRESS] = ["localhost", "127.0.0.1"];

/** What an attempt came to. */
type Outcome = "encrypted" | "in clear" | "refused" | "another error";

interface Attempt {
  readonly what: string;
  readonly host: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly expected: Outcome;
}

export async function runTls(kind: ServerKind): Promise<Record<string, unknown> | Skipped> {
  const begun = performance.now();
  const certificates = makeCertificates(NAME);
  if ("skipped" in certificates) return certificates;
  const wrong: string[] = [];
  let tried = 0;
  const attempt = async (port: string, attempts: readonly Attempt[]): Promise<void> => {
    for (const { what, host, options, expected } of attempts) {
      tried++;
      const outcome = await connect(kind, host, port, options, wrong);
      if (outcome !== expected) wrong.push(`${what}: ${outcome} instead of ${expected}`);
    }
  };
  let cancelled = false;
  const withTls = await withPrivate(kind, tlsServer(kind, certificates.server), async (server) => {
    const { port } = new URL(server.url);
    const site = await placeOn(kind, server.url, "shop");
    await onServer(site, ({ admin }) => admin.createUser("canary", PASSWORD, "shop"));
    await attempt(port, signed(certificates));
    cancelled = await cancels(kind, port, certificates.authority);
    tried++;
    const known = await withKnownAuthority(kind, port, certificates.authority);
    if (known !== undefined) wrong.push(`verify-full, an authority that Node knows: ${known}`);
    const folder = await onServer(site, ({ admin }) => admin.certificateFolder());
    install(certificates.selfSigned, folder);
    await onServer(site, ({ admin }) => admin.reloadCertificate());
    await attempt(port, [
      { what: "self-signed, verify-full", host: NAME, options: { sslmode: "verify-full" }, expected: "refused" },
      { what: "self-signed, require", host: NAME, options: { sslmode: "require" }, expected: "refused" },
      { what: "self-signed, ssl", host: NAME, options: { ssl: true }, expected: "refused" },
      {
        what: "self-signed and known, verify-full",
        host: NAME,
        options: { sslmode: "verify-full", ssl: { ca: certificates.selfSigned.cert } },
        expected: "encrypted",
      },
    ]);
    return {};
  });
  if ("skipped" in withTls) return withTls;
  const without = await withPrivate(kind, withoutTls(kind), async (server) => {
    const { port } = new URL(server.url);
    const site = await placeOn(kind, server.url, "shop");
    await onServer(site, ({ admin }) => admin.createUser("canary", PASSWORD, "shop"));
    const modes = ["require", "verify-ca", "verify-full", "no-verify"];
    await attempt(port, [
      ...modes.map((sslmode): Attempt => {
        return { what: `no TLS, ${sslmode}`, host: NAME, options: { sslmode }, expected: "refused" };
      }),
      { what: "no TLS, disable", host: NAME, options: { sslmode: "disable" }, expected: "in clear" },
    ]);
    return {};
  });
  if ("skipped" in without) return without;
  return {
    scenario: "TLS",
    database: kind,
    seconds: Math.round((performance.now() - begun) / 100) / 10,
    attempts: tried,
    "statement cancelled over TLS": cancelled,
    wrong,
    good: wrong.length === 0 && cancelled,
  };
}

function signed({ authority, stranger }: Certificates): readonly Attempt[] {
  const ssl = { ca: authority };
  return [
    { what: "verify-full", host: NAME, options: { sslmode: "verify-full", ssl }, expected: "encrypted" },
    { what: "require", host: NAME, options: { sslmode: "require", ssl }, expected: "encrypted" },
    { what: "an authority alone", host: NAME, options: { ssl }, expected: "encrypted" },
    { what: "verify-full, no authority", host: NAME, options: { sslmode: "verify-full" }, expected: "refused" },
    { what: "require, no authority", host: NAME, options: { sslmode: "require" }, expected: "refused" },
    { what: "verify-ca, no authority", host: NAME, options: { sslmode: "verify-ca" }, expected: "refused" },
    {
      what: "verify-full, another authority",
      host: NAME,
      options: { sslmode: "verify-full", ssl: { ca: stranger } },
      expected: "refused",
    },
    { what: "verify-full, another name", host: ADDRESS, options: { sslmode: "verify-full", ssl }, expected: "refused" },
    { what: "require, another name", host: ADDRESS, options: { sslmode: "require", ssl }, expected: "refused" },
    { what: "verify-ca, another name", host: ADDRESS, options: { sslmode: "verify-ca", ssl }, expected: "encrypted" },
    {
      what: "verify-full, the name said",
      host: ADDRESS,
      options: { sslmode: "verify-full", ssl: { ...ssl, servername: NAME } },
      expected: "encrypted",
    },
    {
      what: "verify-full, another name said",
      host: NAME,
      options: { sslmode: "verify-full", ssl: { ...ssl, servername: "other.test" } },
      expected: "refused",
    },
    { what: "no-verify", host: ADDRESS, options: { sslmode: "no-verify" }, expected: "encrypted" },
    { what: "disable", host: NAME, options: { sslmode: "disable" }, expected: "in clear" },
    { what: "nothing said", host: NAME, options: {}, expected: "in clear" },
  ];
}

function openAt(kind: ServerKind, host: string, port: string, options: Readonly<Record<string, unknown>>) {
  const url = `${kind}://canary:${PASSWORD}@${host}:${port}/shop`;
  return babik({ databases: { default: { url, options: { connectTimeout: 5000, ...options } } }, apps: {} });
}

/** Connects, and asks the server itself whether the session is encrypted. */
async function connect(
  kind: ServerKind,
  host: string,
  port: string,
  options: Readonly<Record<string, unknown>>,
  wrong: string[],
): Promise<Outcome> {
  await using orm = openAt(kind, host, port, options);
  try {
    return (await cipherOf(orm, kind)) === "" ? "in clear" : "encrypted";
  } catch (error) {
    for (let e: unknown = error; e instanceof Error; e = e.cause)
      if (`${e.message}${e.stack ?? ""}${inspect(e, { depth: 6, showHidden: true })}`.includes(PASSWORD))
        wrong.push(`the password stands in an error: ${e.name}`);
    if (!(error instanceof OperationalError)) return "another error";
    return error.code === "database.connect" && /encrypted|certificate/.test(error.message)
      ? "refused"
      : "another error";
  }
}

/** A statement that is cancelled: PostgreSQL is asked over a connection of its own, which is encrypted too. */
async function cancels(kind: ServerKind, port: string, ca: string): Promise<boolean> {
  await using orm = openAt(kind, NAME, port, { sslmode: "verify-full", ssl: { ca } });
  await using cursor = await orm.connection().cursor();
  const begun = performance.now();
  const error = await withSignal(AbortSignal.timeout(300), async () =>
    cursor
      .execute(kind === "postgres" ? "SELECT pg_sleep(20)" : "SELECT sleep(20) FROM (SELECT 1) AS x")
      .catch((e: unknown) => e),
  );
  const code = error instanceof OperationalError ? error.code : undefined;
  // MariaDB answers a sleep that was interrupted with a row.
  return performance.now() - begun < 10_000 && (kind === "mariadb" || code === "database.cancelled");
}

/** In a process whose Node knows the authority; gives what went wrong. */
async function withKnownAuthority(kind: ServerKind, port: string, authority: string): Promise<string | undefined> {
  const folder = mkdtempSync(join(tmpdir(), "babik-authority-"));
  const file = join(folder, "authority.pem");
  try {
    writeFileSync(file, authority);
    const child = fork(fileURLToPath(new URL("tls-child.js", import.meta.url)), [kind], {
      env: {
        ...process.env,
        NODE_EXTRA_CA_CERTS: file,
        BABIK_CASE_URL: `${kind}://canary:${PASSWORD}@${NAME}:${port}/shop`,
      },
    });
    let told: { encrypted: boolean; error?: string } | undefined;
    child.on("message", (message: { encrypted: boolean }) => (told = message));
    const timer = setTimeout(() => child.kill("SIGKILL"), 30_000);
    await once(child, "exit");
    clearTimeout(timer);
    return told?.encrypted === true ? undefined : (told?.error ?? "it is not encrypted");
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function tlsServer(kind: ServerKind, pair: Pair): PrivateOptions {
  return {
    arrange: (folder, user) => {
      install(pair, folder, user);
      if (kind === "mariadb")
        return [`ssl-cert=${join(folder, "server.pem")}`, `ssl-key=${join(folder, "server.key")}`];
      askForPasswords(folder);
      return ["ssl=on", `ssl_cert_file=${join(folder, "server.pem")}`, `ssl_key_file=${join(folder, "server.key")}`];
    },
  };
}

function withoutTls(kind: ServerKind): PrivateOptions {
  return {
    arrange: (folder) => {
      if (kind === "mariadb") return ["skip-ssl"];
      askForPasswords(folder);
      return ["ssl=off"];
    },
  };
}

// The first line that fits counts: `canary` needs its password.
function askForPasswords(folder: string): void {
  const file = join(folder, "data", "pg_hba.conf");
  writeFileSync(file, `host all canary all scram-sha-256\n${readFileSync(file, "utf8")}`);
}

function install(
  { key, cert }: Pair,
  folder: string,
  user: { readonly uid?: number; readonly gid?: number } = {},
): void {
  for (const [name, text] of [
    ["server.key", key],
    ["server.pem", cert],
  ] as const) {
    const file = join(folder, name);
    writeFileSync(file, text);
    chmodSync(file, 0o600);
    if (user.uid !== undefined) chownSync(file, user.uid, user.gid ?? user.uid);
  }
}
