/**
 * Compiles src to dist, and demo, conformance, bench, faults, fuzz and soak to .build, each where it exists and something changed. A build
 * is made aside and moved into place, so that programs which run from dist meanwhile do not lose their files.
 */
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { bin, root, runNode } from "./process.mjs";

const SOURCE = /\.[cm]?tsx?$/;
const programs = ["demo", "conformance", "bench", "faults", "fuzz", "soak"];

/** Builds what is stale. `only` limits the programs; the library is always built. Gives the exit status. */
export async function build({ only = programs, force = false } = {}) {
  const library = digest(["src", "tsconfig.base.json", "tsconfig.build.json", "package-lock.json"]);
  if (!existsSync(join(root, "src/index.ts"))) {
    console.log("build: there is no src/index.ts, so nothing can be built");
    return 0;
  }
  let status = await compile("src", "tsconfig.build.json", "dist", library, force);
  for (const name of programs) {
    if (!only.includes(name) || !files(name).some((path) => SOURCE.test(path))) continue;
    const inputs = `${library}${digest(["tsconfig.tools.json", name])}`;
    status ||= await compile(name, `${name}/tsconfig.json`, `.build/${name}`, inputs, force);
  }
  return status;
}

async function compile(name, project, out, inputs, force) {
  const stamp = join(root, ".build/stamps", name);
  const fresh = existsSync(join(root, out)) && existsSync(stamp) && readFileSync(stamp, "utf8") === inputs;
  if (fresh && !force) return 0;
  console.log(`build: ${name} -> ${out}`);
  const aside = join(root, `.build/next-${name}-${process.pid}`);
  rmSync(aside, { recursive: true, force: true });
  const tsc = await bin("typescript", "tsc");
  const { status } = await runNode([tsc, "-p", project, "--outDir", aside, "--noEmitOnError"]);
  if (status === 0) {
    // Pages, data and other files that the compiler leaves alone go along.
    cpSync(join(root, name), aside, {
      recursive: true,
      filter: (path) =>
        statSync(path).isDirectory() || !(SOURCE.test(path) || /(tsconfig\.json|README\.md)$/.test(path)),
    });
    const old = join(root, `.build/old-${name}-${process.pid}`);
    mkdirSync(join(root, ".build/stamps"), { recursive: true });
    if (existsSync(join(root, out))) renameSync(join(root, out), old);
    renameSync(aside, join(root, out));
    rmSync(old, { recursive: true, force: true });
    writeFileSync(stamp, inputs);
  }
  rmSync(aside, { recursive: true, force: true });
  return status;
}

function digest(paths) {
  const hash = createHash("sha256");
  for (const path of paths.flatMap(files))
    hash
      .update(path)
      .update("\0")
      .update(readFileSync(join(root, path)));
  return hash.digest("hex");
}

function files(path) {
  const full = join(root, path);
  if (!existsSync(full)) return [];
  if (!statSync(full).isDirectory()) return [path];
  return readdirSync(full)
    .sort()
    .flatMap((name) => files(`${path}/${name}`));
}
