/** One of several processes on a file: `several-worker.js <file> <number> <transactions>`. It tells that it is there, waits for its start, and tells how it went. */
import { once } from "node:events";
import { Counter, nameOf, openFile, Step } from "./file-models.js";

/** What a worker tells at its end. */
export interface WorkerTold {
  readonly acknowledged: number;
  /** By class and code. None of them is tried again. */
  readonly errors: Readonly<Record<string, number>>;
  /** Milliseconds. */
  readonly slowest: number;
}

const [, , file, worker, transactions] = process.argv as [string, string, string, string, string];
const orm = openFile(file);
await Counter.objects.count();
process.send!("ready");
await once(process, "message");

const errors: Record<string, number> = {};
let [acknowledged, slowest] = [0, 0];
for (let n = 0; n < Number(transactions); n++) {
  const begun = performance.now();
  try {
    await orm.atomic(async () => {
      const counter = await Counter.objects.get({ id: 1 });
      const before = counter.value;
      // Time for another process to write, if it could.
      await new Promise((resolve) => setImmediate(resolve));
      counter.value = before + 1;
      await counter.save();
      await Step.objects.create({ worker: Number(worker), n, before });
    });
    acknowledged++;
  } catch (error) {
    errors[nameOf(error)] = (errors[nameOf(error)] ?? 0) + 1;
  }
  slowest = Math.max(slowest, performance.now() - begun);
}
await orm.close();
process.send!({ acknowledged, errors, slowest } satisfies WorkerTold);
process.disconnect();
