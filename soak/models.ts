/** The models of the soak: a small shop with every kind of relation. */
import {
  CASCADE,
  CharField,
  DateTimeField,
  DecimalField,
  ForeignKey,
  IntegerField,
  JSONField,
  ManyToManyField,
  model,
} from "babik";

export class Shop extends model("Shop", { name: CharField({ maxLength: 40, unique: true }) }) {}
export class Tag extends model("Tag", { word: CharField({ maxLength: 20, unique: true }) }) {}
export class Item extends model("Item", {
  name: CharField({ maxLength: 40 }),
  price: DecimalField({ maxDigits: 10, decimalPlaces: 2 }),
  stock: IntegerField({ default: 0 }),
  facts: JSONField({ default: () => ({}) }),
  made: DateTimeField({ autoNowAdd: true }),
  shop: ForeignKey("Shop", { onDelete: CASCADE, relatedName: "items" }),
  tags: ManyToManyField("Tag", { relatedName: "items" }),
}) {}
