/**
 * The disk is full: what is written until then fails with an error of a class, the last committed state stays, and with space again
 * everything works. On a small file system of its own where one can be mounted, else by SQLite's limit of pages, which fails the same way.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { OperationalError } from "babik";
import { intact, Item, nameOf, openFile, readFile } from "./file-models.js";

const MEGABYTES = 16;
/** Rows that are there in every cycle. */
const KEPT = 200;
const ROWS = 500;

/** Something that can be made too small, and large enough again. */
interface Space {
  readonly kind: string;
  readonly file: string;
  shrink(): Promise<void>;
  grow(): Promise<void>;
  end(): void;
}
type Orm = ReturnType<typeof openFile>;

/** @param folder where a file system can be mounted, or the file be put */
export async function runFull(
  folder: string,
  { cycles }: { readonly cycles: number },
): Promise<Record<string, unknown>> {
  const begun = performance.now();
  const place = join(folder, "small");
  mkdirSync(place);
  const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", `size=${MEGABYTES}m`, "tmpfs", place]).status === 0;
  try {
    const orm = openFile(join(place, "full.sqlite3"));
    try {
      return await cyclesOn(orm, mounted ? smallDisk(place) : fewPages(place, orm), cycles, begun);
    } finally {
      await orm.close();
    }
  } finally {
    if (mounted) spawnSync("umount", [place]);
    rmSync(place, { recursive: true, force: true });
  }
}

// What fills the disk is a file of somebody else, of which a part is taken away again.
function smallDisk(place: string): Space {
  const filler = join(place, "filler");
  return {
    kind: `tmpfs of ${MEGABYTES} MB`,
    file: join(place, "full.sqlite3"),
    shrink: async () => {
      // A new file each time, so that a failing write of the filler cannot be mistaken for one of the database.
      for (let size = 10; size > 0; size--)
        try {
          writeFileSync(filler, Buffer.alloc(size * 2 ** 20, 1));
          return;
        } catch {
          rmSync(filler, { force: true });
        }
    },
    grow: async () => rmSync(filler, { force: true }),
    end: () => rmSync(filler, { force: true }),
  };
}

function fewPages(place: string, orm: Orm): Space {
  const limit = async (pages: number): Promise<void> => {
    await using cursor = await orm.connection().cursor();
    await cursor.execute(`PRAGMA max_page_count = ${pages}`);
  };
  return {
    kind: "PRAGMA max_page_count",
    file: join(place, "full.sqlite3"),
    shrink: () => limit(1000),
    grow: () => limit(1_000_000),
    end: () => undefined,
  };
}

async function cyclesOn(orm: Orm, space: Space, cycles: number, begun: number): Promise<Record<string, unknown>> {
  await orm.createTables();
  const batch = (number: number, rows: number): Item[] =>
    Array.from({ length: rows }, (_, i) => new Item({ batch: number, filling: `${number} ${i} `.repeat(40) }));
  await Item.objects.bulkCreate(batch(0, KEPT));
  const errors: Record<string, number> = {};
  const seen = { never: 0, wrong: 0, state: 0, blocked: 0, broken: 0, written: 0 };
  const told = (error: unknown): void => {
    errors[nameOf(error)] = (errors[nameOf(error)] ?? 0) + 1;
    if (!(error instanceof OperationalError) || error.code !== "database.full") seen.wrong++;
  };
  for (let cycle = 1; cycle <= cycles; cycle++) {
    await space.shrink();
    const committed = new Map<number, number>([[0, KEPT]]);
    let failure: unknown;
    try {
      // In turn: one block that grows until there is no space, and batches that are committed one by one until then.
      if (cycle % 2 === 0)
        await orm.atomic(async () => {
          for (let i = 1; i <= 100; i++) await Item.objects.bulkCreate(batch(i, ROWS));
        });
      else
        for (let i = 1; i <= 100; i++) {
          await Item.objects.bulkCreate(batch(i, ROWS));
          committed.set(i, ROWS);
        }
    } catch (error) {
      failure = error;
    }
    if (failure === undefined) seen.never++;
    else told(failure);
    seen.written += committed.size - 1;
    // Reading goes on while there is no space.
    if ((await Item.objects.count()) !== [...committed.values()].reduce((a, b) => a + b)) seen.state++;
    await space.grow();
    try {
      await orm.atomic(() => Item.objects.bulkCreate(batch(1000, ROWS)));
      committed.set(1000, ROWS);
    } catch (error) {
      seen.blocked++;
      told(error);
    }
    const there = readFile<{ readonly batch: number; readonly rows: number }>(
      space.file,
      "SELECT batch, count(*) AS rows FROM files_item GROUP BY batch",
    );
    if (there.length !== committed.size || there.some(({ batch: b, rows }) => committed.get(b) !== rows)) seen.state++;
    if (!intact(space.file)) seen.broken++;
    await Item.objects.filter({ batch__gt: 0 }).delete();
    await using cursor = await orm.connection().cursor();
    await cursor.execute("VACUUM");
    await cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)");
  }
  space.end();
  return {
    scenario: "full disk",
    database: "sqlite",
    seconds: Math.round((performance.now() - begun) / 100) / 10,
    "what is full": space.kind,
    cycles,
    errors,
    "batches committed before it was full": seen.written,
    "never full": seen.never,
    "other errors": seen.wrong,
    "another state than the committed one": seen.state,
    "did not work with space again": seen.blocked,
    "integrity_check failed": seen.broken,
    good: seen.never + seen.wrong + seen.state + seen.blocked + seen.broken === 0 && seen.written > 0,
  };
}
