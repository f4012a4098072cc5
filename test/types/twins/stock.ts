/** The other of two apps with a model of the same name. */
import { CASCADE, ForeignKey, IntegerField, model } from "babik";
export class Item extends model("stock.Item", {
  amount: IntegerField(),
  twin: ForeignKey("billing.Item", { onDelete: CASCADE }),
}) {}
