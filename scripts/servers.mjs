/**
 * Finds a PostgreSQL and a MariaDB for the tests, or starts private ones: (a) the addresses in BABIK_POSTGRES_URL and
 * BABIK_MARIADB_URL, (b) the usual local ports, (c) installed programs, started in a temporary folder, (d) as root with
 * apt-get, programs installed now. BABIK_SERVERS limits the search: `private` (c and d only), `installed` (no d), `none`.
 * Usage: node scripts/servers.mjs <program> [arguments]: runs the program with both addresses in its environment.
 */
import { userInfo } from "node:os";
import { pathToFileURL } from "node:url";
import { installMariaDb, startMariaDb } from "./support/mariadb.mjs";
import { installPostgres, startPostgres } from "./support/postgres.mjs";
import { onInterrupt, run } from "./support/process.mjs";

const LOCAL_TIMEOUT = 3000;

const kinds = {
  postgres: {
    variable: "BABIK_POSTGRES_URL",
    local: () =>
      ["postgres", userInfo().username].map((user) => `postgres://${encodeURIComponent(user)}@127.0.0.1:5432/postgres`),
    login: loginPostgres,
    start: startPostgres,
    install: installPostgres,
  },
  mariadb: {
    variable: "BABIK_MARIADB_URL",
    local: () => ["mariadb://root@127.0.0.1:3306/mysql"],
    login: loginMariaDb,
    start: startMariaDb,
    install: installMariaDb,
  },
};

/**
 * One server of `kind`, as `{ url, how, stop }`; `{ skipped: why }` where there is none; `{ failed: why }` where an address
 * was given that does not answer.
 */
export async function findServer(kind) {
  const { variable, local, login } = kinds[kind];
  const search = process.env.BABIK_SERVERS ?? "";
  if (!["", "private", "installed", "none"].includes(search))
    return { failed: `BABIK_SERVERS is '${search}'; choices are: private, installed, none.` };
  if (search === "none") return { skipped: "BABIK_SERVERS is 'none'" };
  const given = process.env[variable];
  if (given !== undefined && given !== "" && search !== "private") {
    const why = await login(given, 10_000);
    return why === undefined ? { url: given, how: variable, stop } : { failed: `${variable} does not work: ${why}` };
  }
  if (search !== "private")
    for (const url of local())
      if ((await login(url, LOCAL_TIMEOUT)) === undefined) return { url, how: `found at ${new URL(url).host}`, stop };
  return startPrivate(kind);
}

/**
 * A server of one's own, whatever else runs: `{ url, how, start, stop, kill, pause, resume }`, or `{ skipped: why }`.
 * @param options `durable`, `settings`, `arrange`: see `startPostgres`
 */
export async function startPrivate(kind, options = {}) {
  const { login, start, install } = kinds[kind];
  const search = process.env.BABIK_SERVERS ?? "";
  if (search === "none") return { skipped: "BABIK_SERVERS is 'none'" };
  let started = await start(login, options);
  if (started.missing !== undefined && search !== "installed") {
    const why = await install();
    if (why !== undefined) return { skipped: `${started.missing}; ${why}` };
    started = await start(login, options);
  }
  return started.url === undefined ? { skipped: started.missing ?? started.why } : started;
}

async function stop() {}

/** Why a login with rights to make databases is impossible, or undefined. */
async function loginPostgres(url, timeout) {
  const { default: pg } = await import("pg");
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: timeout });
  client.on("error", () => {});
  try {
    await client.connect();
    const { rows } = await client.query(
      "SELECT rolsuper OR rolcreatedb AS ok FROM pg_roles WHERE rolname = current_user",
    );
    return rows[0]?.ok === true ? undefined : "the user may not create databases";
  } catch (error) {
    return error.message || String(error.code);
  } finally {
    await client.end().catch(() => {});
  }
}

async function loginMariaDb(url, timeout) {
  const { createConnection } = await import("mariadb");
  try {
    const { hostname, port, username, password } = new URL(url);
    const connection = await createConnection({
      host: hostname,
      port: Number(port || 3306),
      user: decodeURIComponent(username),
      password: decodeURIComponent(password),
      connectTimeout: timeout,
    });
    try {
      const grants = await connection.query({ sql: "SHOW GRANTS", rowsAsArray: true });
      const all = grants.flat().join("\n");
      return /\b(ALL PRIVILEGES|CREATE)\b.* ON \*\.\*/.test(all) ? undefined : "the user may not create databases";
    } finally {
      await connection.end();
    }
  } catch (error) {
    return error.sqlMessage ?? error.message;
  }
}

/** Both servers, and one `stop` for what was started. Says loudly what is missing. */
export async function findServers(names = Object.keys(kinds)) {
  const found = Object.fromEntries(await Promise.all(names.map(async (name) => [name, await findServer(name)])));
  const env = {};
  for (const [name, server] of Object.entries(found)) {
    if (server.url !== undefined) {
      env[kinds[name].variable] = server.url;
      console.log(`${name}: ${server.how}`);
    } else if (server.failed !== undefined) console.error(`FAILED: ${name} (${server.failed})`);
    else console.error(`SKIPPED: ${name} (${server.skipped})`);
  }
  return { found, env, stop: () => Promise.all(Object.values(found).map((server) => server.stop?.())) };
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const [program, ...args] = process.argv.slice(2);
  const servers = await findServers();
  onInterrupt(servers.stop);
  if (program !== undefined) process.exitCode = (await run(program, args, { env: servers.env })).status;
  await servers.stop();
}
