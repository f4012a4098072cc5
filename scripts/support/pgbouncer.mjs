/**
 * A private PgBouncer in transaction mode, before a PostgreSQL that runs already: found or installed, on a free loopback port. As strict as it
 * can be: two server connections per database, nothing reset between clients, no start-up setting ignored.
 */
import { spawnSync } from "node:child_process";
import { chownSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { aptInstall, findProgram, freePort, serverFolder, serverUser, startServer } from "./private-server.mjs";

const FOLDERS = ["/usr/sbin", "/usr/local/sbin", "/opt/homebrew/opt/pgbouncer/bin", "/usr/local/opt/pgbouncer/bin"];

/**
 * Starts one: `{ url, how, stop }`, or `{ skipped: why }`. `url` is the server's with another port and `prepare=false`.
 */
export async function startPgBouncer(serverUrl) {
  const install = (process.env.BABIK_SERVERS ?? "") !== "installed";
  let program = findProgram(["pgbouncer"], FOLDERS);
  if (program === undefined) {
    const why = install ? aptInstall("pgbouncer") : "nothing is installed while BABIK_SERVERS is 'installed'";
    program = findProgram(["pgbouncer"], FOLDERS);
    if (program === undefined) return { skipped: `no PgBouncer is installed; ${why ?? "the package has none"}` };
  }
  const server = new URL(serverUrl);
  const user = serverUser(["postgres"]);
  const folder = serverFolder("pgbouncer", user);
  const port = await freePort();
  const config = join(folder, "pgbouncer.ini");
  const log = join(folder, "pgbouncer.log");
  writeFileSync(config, settings({ server, port, log }));
  if (user.uid !== undefined) chownSync(config, user.uid, user.gid);
  const url = new URL(serverUrl);
  url.hostname = "127.0.0.1";
  url.port = String(port);
  url.searchParams.set("prepare", "false");
  const started = await startServer({
    program,
    args: [config],
    folder,
    user,
    url: url.href,
    login,
    stopSignal: "SIGTERM",
    killSignal: "SIGKILL",
  });
  if (started.url === undefined) {
    rmSync(folder, { recursive: true, force: true });
    return { skipped: started.why };
  }
  const version = spawnSync(program, ["--version"], { encoding: "utf8" }).stdout.split("\n")[0];
  return { ...started, how: `${version} before ${server.host}` };
}

// `auth_type=any` logs everybody in as the user of the database line, without asking: it listens on the loopback only.
function settings({ server, port, log }) {
  const text = (value) => `'${decodeURIComponent(value).replaceAll("'", "''")}'`;
  const password = server.password === "" ? "" : ` password=${text(server.password)}`;
  const host = server.hostname.replace(/^\[(.*)\]$/, "$1");
  return [
    "[databases]",
    `* = host=${host} port=${server.port || 5432} user=${text(server.username || "postgres")}${password}`,
    "[pgbouncer]",
    "listen_addr = 127.0.0.1",
    `listen_port = ${port}`,
    "unix_socket_dir =",
    `logfile = ${log}`,
    "auth_type = any",
    "pool_mode = transaction",
    "default_pool_size = 2",
    "server_reset_query =",
    "max_client_conn = 1000",
    "",
  ].join("\n");
}

async function login(url, timeout) {
  const { default: pg } = await import("pg");
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: timeout });
  client.on("error", () => {});
  try {
    await client.connect();
    await client.query("SELECT 1");
    return undefined;
  } catch (error) {
    return error.message || String(error.code);
  } finally {
    await client.end().catch(() => {});
  }
}
