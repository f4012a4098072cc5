/** Programs end by themselves, leave no rejection without a reader, and stream in bounded memory. */
import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { cases, openRows, Row } from "./cases.js";

/** A process that is still there so long after its work is a fault; on an idle machine it is a tenth of that. */
const LIMIT = 2000;
const ROWS = 500_000;
const GROWTH = 60;

interface Ended {
  readonly code: number | null;
  readonly after: number;
  readonly rows?: number;
  readonly growth?: number;
}

async function run(name: string, url: string): Promise<Ended> {
  const child = fork(fileURLToPath(new URL("case.js", import.meta.url)), [name], {
    env: { ...process.env, BABIK_CASE_URL: url },
    execArgv: ["--unhandled-rejections=strict", "--enable-source-maps"],
  });
  let told: { at: number; rows?: number; growth?: number } | undefined;
  child.on("message", (message: { at: number }) => (told = message));
  const timer = setTimeout(() => child.kill("SIGKILL"), 120_000);
  const [code] = (await once(child, "exit")) as [number | null];
  clearTimeout(timer);
  return { code: told === undefined ? (code ?? -1) || -1 : code, after: Date.now() - (told?.at ?? 0), ...told };
}

/** @param url a database of its own */
export async function runEndings(kind: string, url: string): Promise<Record<string, unknown>> {
  const begun = performance.now();
  const orm = openRows(url);
  await orm.createTables();
  await Row.objects.bulkCreate(Array.from({ length: 1000 }, (_, n) => new Row({ name: `row number ${n} of many`, n })));
  const late: string[] = [];
  const failed: string[] = [];
  let slowest = 0;
  for (const name of Object.keys(cases)) {
    const { code, after } = await run(name, url);
    if (code !== 0) failed.push(name);
    else if (after > LIMIT) late.push(name);
    if (code === 0) slowest = Math.max(slowest, after);
  }
  await using cursor = await orm.connection().cursor();
  await cursor.execute(
    `INSERT INTO cases_row (name, n) SELECT a.name, b.n FROM cases_row a CROSS JOIN cases_row b WHERE b.id <= (SELECT min(id) + ${ROWS / 1000 - 2} FROM cases_row)`,
  );
  const total = await Row.objects.count();
  const stream = await run("stream", url);
  await orm.close();
  return {
    scenario: "endings",
    database: kind,
    seconds: Math.round((performance.now() - begun) / 100) / 10,
    programs: Object.keys(cases).length,
    "slowest end (ms)": slowest,
    "ended late": late,
    "ended with a failure": failed,
    "rows streamed": stream.rows ?? 0,
    "growth while streaming (MB)": stream.growth ?? -1,
    good:
      late.length + failed.length === 0 &&
      stream.code === 0 &&
      stream.rows === total &&
      total >= ROWS * 0.9 &&
      (stream.growth ?? GROWTH) < GROWTH,
  };
}
