/** A private MariaDB: made in a temporary folder, root without a password, fast because it need not survive, unless it is asked to. */
import { rmSync } from "node:fs";
import { dirname, join } from "node:path";
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
  "/usr/sbin",
  "/usr/libexec",
  "/usr/local/sbin",
  "/opt/homebrew/opt/mariadb/bin",
  "/usr/local/opt/mariadb/bin",
];

/**
 * Starts one: see `privateServer`; `{ missing }` where the programs are not installed, `{ why }` where it fails. With `durable` it keeps what
 * it has acknowledged; `settings` are further ones, as `name=value`; `arrange(folder)` puts files there before it starts,
 * and may give more settings.
 */
export async function startMariaDb(login, { durable = false, settings = [], arrange } = {}) {
  const program = findProgram(["mariadbd"], FOLDERS);
  if (program === undefined) return { missing: "no MariaDB is installed" };
  const folders = [dirname(program), "/usr/bin", "/usr/local/bin"];
  const installDb = findProgram(["mariadb-install-db", "mysql_install_db"], folders);
  if (installDb === undefined) return { missing: "MariaDB's mariadb-install-db is not installed" };
  const user = serverUser(["mysql"]);
  const folder = serverFolder("mariadb", user);
  const data = join(folder, "data");
  const make = ["--no-defaults", `--datadir=${data}`, "--auth-root-authentication-method=normal", "--skip-test-db"];
  const complaint = prepare(installDb, make, folder, user);
  if (complaint !== undefined) {
    rmSync(folder, { recursive: true, force: true });
    return { why: `mariadb-install-db failed: ${complaint}` };
  }
  const arranged = arrange?.(folder, user) ?? [];
  const port = await freePort();
  const fast = ["innodb-flush-log-at-trx-commit=0", "innodb-flush-method=nosync"];
  return startServer({
    program,
    args: [
      "--no-defaults",
      `--datadir=${data}`,
      `--socket=${join(folder, "socket")}`,
      `--pid-file=${join(folder, "pid")}`,
      `--tmpdir=${folder}`,
      `--port=${port}`,
      "--bind-address=127.0.0.1",
      "--character-set-server=utf8mb4",
      "--skip-log-bin",
      "--skip-name-resolve",
      ...[...(durable ? ["innodb-flush-log-at-trx-commit=1"] : fast), ...settings, ...arranged].map(
        (setting) => `--${setting}`,
      ),
    ],
    folder,
    user,
    url: `mariadb://root@127.0.0.1:${port}/mysql`,
    login,
    stopSignal: "SIGTERM",
    killSignal: "SIGKILL",
  });
}

/** Installs it with the system's packages; gives why that is impossible, or undefined. */
export function installMariaDb() {
  return aptInstall("mariadb-server");
}
