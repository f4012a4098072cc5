/**
 * The servers through their bare drivers: making and dropping a database, listing and ending its sessions. It must not know babik,
 * so that it judges from outside.
 */
import { dirname } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { createConnection } from "mariadb";
import pg from "pg";

export type ServerKind = "postgres" | "mariadb";

/** A session of the server's own, outside of what is tested. */
export interface Admin {
  createDatabase(name: string): Promise<void>;
  dropDatabase(name: string): Promise<void>;
  /** Ids of the sessions on a database, this one left out. */
  sessions(database: string): Promise<number[]>;
  /** A user with a password, who may do everything in one database and nothing else. */
  createUser(name: string, password: string, database: string): Promise<void>;
  /** Whether writes are refused to users who may not do everything. */
  setReadOnly(on: boolean): Promise<void>;
  /** Where the server's certificate lies. */
  certificateFolder(): Promise<string>;
  /** Has the server read its certificate anew. */
  reloadCertificate(): Promise<void>;
  /** Ends a session. False where it had ended by itself. */
  kill(id: number): Promise<boolean>;
  close(): Promise<void>;
}

/** A database on a server, and how to get there. */
export interface Site {
  readonly kind: ServerKind;
  /** Address of the server. */
  readonly server: string;
  /** Address and name of the database of this run. */
  readonly url: string;
  readonly database: string;
}

/** Where a scenario runs, with a session that lasts as long as it. */
export interface Place extends Site {
  readonly admin: Admin;
}

/** Makes a database on a server, for scenarios that no session of ours outlasts. */
export async function placeOn(kind: ServerKind, server: string, database: string): Promise<Site> {
  const url = new URL(server);
  url.pathname = `/${database}`;
  const site = { kind, server, url: url.href, database };
  await onServer(site, ({ admin }) => admin.createDatabase(database));
  return site;
}

/** Does `work` with a session of its own. */
export async function onServer<T>(site: Site, work: (place: Place) => Promise<T>): Promise<T> {
  const admin = await openAdmin(site.kind, site.server);
  try {
    return await work({ ...site, admin });
  } finally {
    await admin.close();
  }
}

export async function openAdmin(kind: ServerKind, url: string): Promise<Admin> {
  return kind === "postgres" ? postgresAdmin(url) : mariadbAdmin(url);
}

async function postgresAdmin(url: string): Promise<Admin> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  return {
    createDatabase: async (name) => void (await client.query(`CREATE DATABASE ${name} TEMPLATE template0`)),
    dropDatabase: async (name) => void (await client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`)),
    sessions: async (database) => {
      const { rows } = await client.query<{ pid: number }>(
        "SELECT pid FROM pg_stat_activity WHERE datname = $1 AND pid <> pg_backend_pid() AND backend_type = 'client backend'",
        [database],
      );
      return rows.map((row) => row.pid);
    },
    createUser: async (name, password, database) => {
      await client.query(
        `CREATE ROLE ${name} LOGIN PASSWORD '${password}' IN ROLE pg_read_all_data, pg_write_all_data`,
      );
      await client.query(`GRANT ALL ON DATABASE ${database} TO ${name}`);
    },
    setReadOnly: async (on) => {
      await client.query(`ALTER SYSTEM SET default_transaction_read_only = ${on ? "on" : "off"}`);
      await client.query("SELECT pg_reload_conf()");
    },
    certificateFolder: async () => {
      const { rows } = await client.query<{ ssl_cert_file: string }>("SHOW ssl_cert_file");
      return dirname(rows[0]!.ssl_cert_file);
    },
    reloadCertificate: async () => {
      await client.query("SELECT pg_reload_conf()");
      // The postmaster reads it when it comes to it.
      await wait(500);
    },
    kill: async (id) =>
      (await client.query<{ done: boolean }>("SELECT pg_terminate_backend($1) AS done", [id])).rows[0]!.done,
    close: () => client.end(),
  };
}

async function mariadbAdmin(url: string): Promise<Admin> {
  const { hostname, port, username, password } = new URL(url);
  const connection = await createConnection({
    host: hostname,
    port: Number(port || 3306),
    user: decodeURIComponent(username),
    password: decodeURIComponent(password),
  });
  return {
    createDatabase: async (name) => void (await connection.query(`CREATE DATABASE ${name}`)),
    dropDatabase: async (name) => void (await connection.query(`DROP DATABASE IF EXISTS ${name}`)),
    sessions: async (database) => {
      const rows = await connection.query<{ id: bigint | number }[]>(
        "SELECT id FROM information_schema.processlist WHERE db = ? AND id <> connection_id()",
        [database],
      );
      return rows.map((row) => Number(row.id));
    },
    createUser: async (name, password, database) => {
      await connection.query(`CREATE USER ${name}@'%' IDENTIFIED BY '${password}'`);
      await connection.query(`GRANT ALL ON ${database}.* TO ${name}@'%'`);
    },
    setReadOnly: async (on) => void (await connection.query(`SET GLOBAL read_only = ${on ? 1 : 0}`)),
    certificateFolder: async () => {
      const rows = await connection.query<{ file: string }[]>("SELECT @@ssl_cert AS file");
      return dirname(rows[0]!.file);
    },
    reloadCertificate: async () => void (await connection.query("FLUSH SSL")),
    kill: async (id) => {
      try {
        await connection.query(`KILL CONNECTION ${id}`);
        return true;
      } catch {
        return false;
      }
    },
    close: () => connection.end(),
  };
}

/** Sessions of the database that are still there a moment after everything was closed. */
export async function sessionsLeft(place: Place): Promise<number> {
  for (let i = 0; ; i++) {
    const left = (await place.admin.sessions(place.database)).length;
    if (left === 0 || i === 20) return left;
    await wait(100);
  }
}
