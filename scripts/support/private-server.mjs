/**
 * What private database servers have in common: finding programs, a temporary folder owned by the user who runs the server,
 * a free port, starting, waiting for the first login, and stopping for certain. It knows no particular database.
 */
import { spawn, spawnSync } from "node:child_process";
import { accessSync, chownSync, constants, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
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

/**
 * A server that can be started, killed, halted and started again at the same address: `{ url, how, start, stop, kill, pause, resume }`.
 * `start` waits until `login` works and gives why it does not, or undefined; `stop` is for good and removes the folder.
 */
export function privateServer({ program, args, folder, user, url, login, stopSignal, killSignal }) {
  let server;
  let output = "";
  let ended = Promise.resolve();
  const alive = () => server !== undefined && server.exitCode === null && server.signalCode === null;
  // Should this process end without calling stop, the server must not stay behind.
  const lastResort = () => {
    if (alive()) {
      signalAll(server.pid, "SIGCONT");
      server.kill(killSignal);
    }
    rmSync(folder, { recursive: true, force: true });
  };

  async function start() {
    const stdio = ["ignore", "pipe", "pipe"];
    const env = { ...process.env, HOME: folder };
    output = "";
    const child = spawn(program, args, { ...user, cwd: folder, env, stdio });
    server = child;
    let over = false;
    ended = new Promise((done) => {
      const finish = () => {
        over = true;
        done();
      };
      child.on("error", (error) => {
        output += error.message;
        finish();
      });
      child.on("exit", finish);
    });
    for (const pipe of [child.stdout, child.stderr]) pipe.on("data", (data) => (output = (output + data).slice(-4000)));
    process.off("exit", lastResort);
    process.on("exit", lastResort);
    const deadline = Date.now() + 60_000;
    let complaint = "";
    while (!over && Date.now() < deadline) {
      complaint = await login(url, 3000);
      if (complaint === undefined) return undefined;
      await Promise.race([ended, new Promise((done) => setTimeout(done, 100))]);
    }
    return `${program} did not come up: ${over ? lastLine(output) : complaint}`;
  }

  async function stop() {
    process.off("exit", lastResort);
    if (alive()) {
      signalAll(server.pid, "SIGCONT");
      server.kill(stopSignal);
      const timer = setTimeout(() => server.kill(killSignal), 15_000);
      await ended;
      clearTimeout(timer);
    }
    rmSync(folder, { recursive: true, force: true });
  }

  return {
    url,
    how: `private server, ${program}`,
    start,
    stop,
    /** Ends all its processes with SIGKILL, as a crash of the machine would; the data stays for another `start`. */
    async kill() {
      if (!alive()) return;
      signalAll(server.pid, "SIGKILL");
      await ended;
    },
    /** Halts all its processes: connections stay open and nothing is answered. */
    pause: () => alive() && signalAll(server.pid, "SIGSTOP"),
    resume: () => alive() && signalAll(server.pid, "SIGCONT"),
  };
}

/** Starts a server and waits until `login` works: what `privateServer` gives, or `{ why }`. */
export async function startServer(spec) {
  const server = privateServer(spec);
  const why = await server.start();
  if (why === undefined) return server;
  await server.stop();
  return { why };
}

/** A signal to a process and all its children. Halted first, it makes no further ones meanwhile. */
function signalAll(pid, signal) {
  if (signal !== "SIGCONT") send(pid, "SIGSTOP");
  for (const child of childrenOf(pid)) send(child, signal);
  send(pid, signal);
}

function send(pid, signal) {
  try {
    process.kill(pid, signal);
  } catch {
    // It ended meanwhile.
  }
}

function childrenOf(pid) {
  return parents()
    .filter(([, parent]) => parent === pid)
    .map(([child]) => child);
}

/** All processes and their parents: of /proc where there is one, else told by ps. */
function parents() {
  if (existsSync("/proc/self/stat"))
    return readdirSync("/proc")
      .filter((name) => /^\d+$/.test(name))
      .flatMap((name) => {
        try {
          const stat = readFileSync(`/proc/${name}/stat`, "latin1");
          // The name of the program stands in brackets, and may hold some itself.
          return [[Number(name), Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1])]];
        } catch {
          return []; // it ended meanwhile
        }
      });
  const { stdout } = spawnSync("ps", ["-A", "-o", "pid=,ppid="], { encoding: "utf8" });
  return (stdout ?? "").split("\n").map((line) => line.trim().split(/\s+/).map(Number));
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
