/** Labels of models of the same name are found by app; a bare label means the model of the same app. */
import { babik, postSave } from "babik";
import { type Equal, holds } from "../equal.js";
import * as billing from "./billing.js";
import * as stock from "./stock.js";

export const orm = babik({ databases: { default: "sqlite::memory:" }, apps: { billing, stock } });
declare module "babik" {
  interface Register {
    orm: typeof orm;
  }
}

const items = await billing.Item.objects.filter({
  invoice: "x",
  parent__invoice: "y",
  entries__other__amount: 3,
  parts__invoice: "z",
  item__amount: 3,
});
holds<Equal<typeof items, billing.Item[]>>();
const entry = (await billing.Entry.objects.get({ item__invoice: "x", other__twin__invoice: "y" }))!;
holds<Equal<Awaited<typeof entry.item>, billing.Item>>();
holds<Equal<Awaited<typeof entry.other>, stock.Item>>();
const back = await items[0]!.itemSet.all();
holds<Equal<typeof back, stock.Item[]>>();
await stock.Item.objects.create({ amount: 3, twin: items[0]! });
// @ts-expect-error: the item of the other app
await stock.Item.objects.create({ amount: 3, twin: back[0]! });
// @ts-expect-error: a field of the other app's item
stock.Item.objects.filter({ invoice: "x" });

// Senders of signals are told apart by app.
postSave.connect(({ instance }) => holds<Equal<typeof instance, billing.Item>>(), { sender: "billing.Item" });
postSave.connect(({ instance }) => holds<Equal<typeof instance, stock.Item>>(), { sender: "stock.Item" });
// @ts-expect-error: which of the two?
postSave.connect(() => undefined, { sender: "Item" });
