/**
 * What private database servers have in common: finding programs, a temporary folder owned by the user who runs the server,
 * a free port, starting, waiting for the first login, and stopping for certain. It knows no particular database.
 */
import { spawn, spawnSync } from "node:child_process";
import { accessSync, chownSync, constants, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";

/** Path of the first program called one of `names`, in `folders` or PATH; `*` in a folder stands for any version, highest first. */
export function findProgram(names, folders) {
  const path = (process.env.PATH ?? "").split(delimiter).filter(Boolean);
  for (const folder of [...folders.flatMap(expand), ...path])
    for (const name of names)
      try {
        accessSync(join(folder, name), constants.X_OK);
        return join(folder, name);
      } catch {
        // not here
      }
  return undefined;
}

function expand(pattern) {
  if (!pattern.includes("*")) return [pattern];
  const [before, after] = pattern.split("*");
  const parent = before.slice(0, before.lastIndexOf("/"));
  const prefix = before.slice(parent.length + 1);
  try {
    return readdirSync(parent)
      .filter((name) => name.startsWith(prefix))
      .sort((a, b) => b.localeCompare(a, "en", { numeric: true }))
      .map((name) => join(parent, name) + after);
  } catch {
    return [];
  }
}

/** Servers refuse to run as root: the first of `users` that exists, when we are root. */
export function serverUser(users) {
  if (process.getuid?.() !== 0) return {};
  const lines = readFileSync("/etc/passwd", "utf8").split("\n");
  for (const user of [...users, "nobody"]) {
    const [, , uid, gid] = lines.find((line) => line.startsWith(`${user}:`))?.split(":") ?? [];
    if (uid !== undefined) return { uid: Number(uid), gid: Number(gid) };
  }
  return {};
}

/** A temporary folder that the user of the server owns. */
export function serverFolder(name, { uid, gid }) {
  const folder = mkdtempSync(join(tmpdir(), `babik-${name}-`));
  if (uid !== undefined) chownSync(folder, uid, gid);
  return folder;
}

/** A TCP port of the loopback interface that nobody listens on. */
export function freePort() {
  return new Promise((done, fail) => {
    const server = createServer();
    server.on("error", fail);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => done(port));
    });
  });
}

/** Runs a program that makes the data folder; gives its complaint, or undefined. */
export function prepare(program, args, folder, user, env = {}) {
  const options = { ...user, cwd: folder, env: { ...process.env, HOME: folder, ...env }, encoding: "utf8" };
  const { status, stderr, stdout, error } = spawnSync(program, args, options);
  if (status === 0) return undefined;
  return error?.message ?? lastLine(`${stdout}\n${stderr}`);
}

/** Starts the server and waits until `login` works: `{ url, how, stop }` or `{ why }`. */
export async function startServer({ program, args, folder, user, url, login, stopSignal, killSignal }) {
  const stdio = ["ignore", "pipe", "pipe"];
  const server = spawn(program, args, { ...user, cwd: folder, env: { ...process.env, HOME: folder }, stdio });
  let output = "";
  let ended = false;
  const end = new Promise((done) => {
    const finish = () => {
      ended = true;
      done();
    };
    server.on("error", (error) => {
      output += error.message;
      finish();
    });
    server.on("exit", finish);
  });
  server.stdout.on("data", (data) => (output = (output + data).slice(-4000)));
  server.stderr.on("data", (data) => (output = (output + data).slice(-4000)));
  // Should this process end without calling stop, the server must not stay behind.
  const lastResort = () => {
    server.kill(killSignal);
    rmSync(folder, { recursive: true, force: true });
  };
  process.on("exit", lastResort);
  const stop = async () => {
    process.off("exit", lastResort);
    if (!ended) {
      server.kill(stopSignal);
      const timer = setTimeout(() => server.kill(killSignal), 15_000);
      await end;
      clearTimeout(timer);
    }
    rmSync(folder, { recursive: true, force: true });
  };
  const deadline = Date.now() + 60_000;
  let complaint = "";
  while (!ended && Date.now() < deadline) {
    complaint = await login(url, 3000);
    if (complaint === undefined) return { url, how: `private server, ${program}`, stop };
    await Promise.race([end, new Promise((done) => setTimeout(done, 100))]);
  }
  await stop();
  return { why: `${program} did not come up: ${ended ? lastLine(output) : complaint}` };
}

/** As root on a system with apt-get: installs a package. Gives why that is impossible, or undefined. */
export function aptInstall(packageName) {
  if (process.getuid?.() !== 0) return "not root, so nothing is installed";
  if (spawnSync("apt-get", ["--version"], { stdio: "ignore" }).status !== 0) return "no apt-get to install it with";
  console.log(`Installing the package ${packageName} …`);
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  spawnSync("apt-get", ["update", "-qq"], { env, stdio: "ignore" });
  const args = ["install", "-y", "-qq", "--no-install-recommends", packageName];
  const { status, stderr } = spawnSync("apt-get", args, { env, encoding: "utf8", stdio: ["ignore", "ignore", "pipe"] });
  return status === 0 ? undefined : `apt-get install ${packageName} failed: ${lastLine(stderr ?? "")}`;
}

function lastLine(text) {
  return text.trim().split("\n").at(-1) ?? "";
}
