/** One of two apps with a model of the same name: such models say their app in their label. */
import { CASCADE, CharField, ForeignKey, model } from "babik";
export class Item extends model("billing.Item", {
  invoice: CharField({ maxLength: 9 }),
  parent: ForeignKey("self", { onDelete: CASCADE, null: true, relatedName: "parts" }),
}) {}
export class Entry extends model("Entry", {
  item: ForeignKey("Item", { onDelete: CASCADE, relatedName: "entries" }),
  other: ForeignKey("stock.Item", { onDelete: CASCADE, relatedName: "+" }),
}) {}
