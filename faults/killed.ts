/**
 * A process is killed (SIGKILL) at a random moment while it writes batches to a SQLite file. The file is sound afterwards, no batch is there
 * by half, and what the process had acknowledged is there.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { BATCH } from "./killed-writer.js";
import { intact, Item, openFile, readFile } from "./file-models.js";

/** A batch as it is in the file. */
interface Batch {
  readonly batch: number;
  readonly rows: number;
  readonly low: number;
  readonly high: number;
}

/** @param file a database file that is not there yet */
export async function runKilled(file: string, { kills }: { readonly kills: number }): Promise<Record<string, unknown>> {
  const begun = performance.now();
  const orm = openFile(file);
  await orm.createTables();
  const seen = { acknowledged: 0, kept: 0, inside: 0, broken: 0, half: 0, lost: 0, extra: 0, unasked: 0, stuck: 0 };
  for (let n = 0; n < kills; n++) {
    const { lines, ended } = await killOne(file);
    if (ended) seen.unasked++;
    if (!intact(file)) seen.broken++;
    const there = new Map(
      readFile<Batch>(
        file,
        "SELECT batch, count(*) AS rows, min(state) AS low, max(state) AS high FROM files_item GROUP BY batch",
      ).map((batch) => [batch.batch, batch]),
    );
    // The state each batch has to have: what was acknowledged last for it.
    const told = new Map<number, number>();
    let open: readonly [batch: number, state: number] | undefined;
    for (const [word, batch, state] of lines) {
      if (word === "done") told.set(batch, state);
      open = word === "begin" ? [batch, state] : undefined;
    }
    if (open !== undefined) seen.inside++;
    seen.acknowledged += lines.filter(([word]) => word === "done").length;
    for (const { batch, rows, low, high } of there.values()) {
      if (rows !== BATCH || low !== high) seen.half++;
      const mayBe = open?.[0] === batch && high === open[1];
      // Committed, and killed before it was told: that may be. Anything else that was not acknowledged may not.
      if (high !== told.get(batch)) seen[mayBe ? "kept" : "extra"]++;
    }
    for (const batch of told.keys()) if (!there.has(batch)) seen.lost++;
    // Who comes after the killed one finds a file that can be written.
    try {
      await orm.atomic(() => Item.objects.all().delete());
    } catch {
      seen.stuck++;
    }
  }
  await orm.close();
  return {
    scenario: "killed process",
    database: "sqlite",
    seconds: Math.round((performance.now() - begun) / 100) / 10,
    kills,
    "killed inside of a block": seen.inside,
    "blocks acknowledged": seen.acknowledged,
    "committed, killed before it was told": seen.kept,
    "acknowledged and lost": seen.lost,
    "half batches": seen.half,
    "not acknowledged and there": seen.extra,
    "integrity_check failed": seen.broken,
    "could not be written afterwards": seen.stuck,
    "writers that ended by themselves": seen.unasked,
    good:
      seen.lost + seen.half + seen.extra + seen.broken + seen.stuck + seen.unasked === 0 &&
      seen.acknowledged > 0 &&
      // Else it was not the writing that was killed.
      seen.inside >= kills / 2,
  };
}

type Line = readonly [word: string, batch: number, state: number];

/** Starts a writer, kills it some time after its first block, and gives the lines that it had written to its pipe. */
async function killOne(file: string): Promise<{ readonly lines: readonly Line[]; readonly ended: boolean }> {
  const program = fileURLToPath(new URL("killed-writer.js", import.meta.url));
  const child = spawn(process.execPath, ["--enable-source-maps", program, file], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let text = "";
  const gone = once(child, "close");
  const first = new Promise<void>((resolve) => {
    child.stdout.on("data", (chunk: Buffer) => {
      text += chunk.toString();
      if (text.includes("\n")) resolve();
    });
  });
  await Promise.race([first, gone]);
  await wait(Math.random() * 400);
  const ended = !child.kill("SIGKILL");
  await gone;
  // A line that was cut is no line.
  const whole = text.slice(0, text.lastIndexOf("\n") + 1);
  const lines = whole
    .split("\n")
    .filter((line) => line !== "")
    .map((line): Line => {
      const [word, batch, state] = line.split(" ");
      return [word!, Number(batch), Number(state)];
    });
  return { lines, ended };
}
