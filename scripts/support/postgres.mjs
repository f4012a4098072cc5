/**
 * A private PostgreSQL: made in a temporary folder with trust logins for `postgres`, fast because it need not survive, unless it is
 * asked to.
 */
import { rmSync } from "node:fs";
import { join } from "node:path";
import {
  aptInstall,
  findProgram,
  freePort,
  prepare,
  serverFolder,
  serverUser,
  startServer,
} from "./private-server.mjs";

const FOLDERS = [
  "/usr/lib/postgresql/*/bin",
  "/usr/pgsql-*/bin",
  "/opt/homebrew/opt/postgresql@*/bin",
  "/usr/local/opt/postgresql@*/bin",
];

/**
 * Starts one: see `privateServer`; `{ missing }` where the programs are not installed, `{ why }` where it fails. With `durable` it keeps what
 * it has acknowledged; `settings` are further ones, as `name=value`; `arrange(folder)` puts files there before it starts,
 * and may give more settings.
 */
export async function startPostgres(login, { durable = false, settings = [], arrange } = {}) {
  const program = findProgram(["postgres"], FOLDERS);
  const initdb = findProgram(["initdb"], FOLDERS);
  if (program === undefined || initdb === undefined) return { missing: "no PostgreSQL is installed" };
  const user = serverUser(["postgres"]);
  const folder = serverFolder("postgres", user);
  const data = join(folder, "data");
  let complaint;
  // The first locale that the system has; plain C knows capital letters of ASCII only.
  for (const locale of ["C.UTF-8", "en_US.UTF-8", "C"]) {
    const args = ["-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", `--locale=${locale}`, "--no-sync"];
    complaint = prepare(initdb, args, folder, user);
    if (complaint === undefined) break;
  }
  if (complaint !== undefined) {
    rmSync(folder, { recursive: true, force: true });
    return { why: `initdb failed: ${complaint}` };
  }
  const arranged = arrange?.(folder, user) ?? [];
  const port = await freePort();
  const fast = durable ? [] : ["fsync=off", "synchronous_commit=off", "full_page_writes=off"];
  const all = [...fast, "max_connections=200", ...settings, ...arranged];
  return startServer({
    program,
    args: [
      "-D",
      data,
      "-h",
      "127.0.0.1",
      "-p",
      String(port),
      "-k",
      folder,
      ...all.flatMap((setting) => ["-c", setting]),
    ],
    folder,
    user,
    url: `postgres://postgres@127.0.0.1:${port}/postgres`,
    login,
    stopSignal: "SIGINT", // "fast": ends open sessions
    killSignal: "SIGQUIT",
  });
}

/** Installs it with the system's packages; gives why that is impossible, or undefined. */
export function installPostgres() {
  return aptInstall("postgresql");
}
