/**
 * Writes batches to a file until it is killed: `killed-writer.js <file>`. Each block is announced on standard output before it begins and
 * acknowledged after it has ended; both lines are in the pipe before it goes on.
 */
import { writeSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { Item, openFile } from "./file-models.js";

/** Rows of a batch; they are sent by several statements. */
export const BATCH = 400;
/** A block writes its batch, and changes it, in so many calls, between which a kill would leave a half. */
const PARTS = 4;

function items(batch: number, part: number): Item[] {
  return Array.from({ length: BATCH / PARTS }, (_, i) => new Item({ batch, filling: `${part} ${i} `.repeat(20) }));
}

async function write(file: string): Promise<never> {
  const orm = openFile(file);
  await Item.objects.count();
  for (let batch = 1; ; batch++) {
    await told(batch, 0, () =>
      orm.atomic(async () => {
        for (let part = 0; part < PARTS; part++) await Item.objects.bulkCreate(items(batch, part), { batchSize: 50 });
      }),
    );
    await told(batch, 1, () =>
      orm.atomic(async () => {
        for (let part = 0; part < PARTS; part++)
          await Item.objects.filter({ batch, filling__startswith: `${part} ` }).update({ state: 1 });
      }),
    );
  }
}

async function told(batch: number, state: number, work: () => Promise<unknown>): Promise<void> {
  writeSync(1, `begin ${batch} ${state}\n`);
  await work();
  writeSync(1, `done ${batch} ${state}\n`);
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href)
  await write(process.argv[2]!);
