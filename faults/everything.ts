/** A program of something of everything: streams, savepoints, bulk inserts, errors. What it finds is the same each time. */
import { BabikError, F, Sum } from "babik";
import { Account, type Bank, Transfer } from "./bank.js";

/** Something of everything that reads or is rolled back, as plain values. */
export async function everything(bank: Bank): Promise<unknown> {
  const streamed: number[] = [];
  for await (const { id } of Account.objects.orderBy("id").iterator({ chunkSize: 100 })) streamed.push(id);
  let left = 0;
  for await (const row of Account.objects.iterator({ chunkSize: 10 })) if (row.id > 0 && ++left === 15) break;
  const inside = await bank
    .atomic(async () => {
      await Account.objects.filter({ id: 1 }).update({ balance: F("balance").add(5) });
      await bank.atomic(async () => Account.objects.get({ id: -1 })).catch(() => undefined);
      const made = await Transfer.objects.bulkCreate(
        [1, 2, 3].map((n) => new Transfer({ token: "undone", source: n, target: n, amount: n })),
      );
      const some: number[] = [];
      for await (const { id } of Account.objects.orderBy("-id").iterator({ chunkSize: 7 })) {
        some.push(id);
        if (some.length % 100 === 0) some.push(await Transfer.objects.filter({ token: "undone" }).count());
      }
      const { total } = await Account.objects.aggregate({ total: Sum("balance") });
      throw new Undo([made.length, some, String(total)]);
    })
    .catch((error: unknown) => (error instanceof Undo ? error.found : String(error)));
  const error = await Account.objects.create({ id: 1, balance: 1 }).catch((e: unknown) => e);
  return [
    streamed,
    left,
    inside,
    error instanceof BabikError ? error.code : "no error of ours",
    await Account.objects
      .filter({ id__in: [5, 6, 7] })
      .orderBy("id")
      .valuesList("id", { flat: true }),
    (await Account.objects.filter({ id__lte: 3 }).explain()).length > 0,
  ];
}

class Undo extends BabikError {
  readonly found: unknown;
  constructor(found: unknown) {
    super("Everything is undone.", "faults.undo");
    this.found = found;
  }
}
