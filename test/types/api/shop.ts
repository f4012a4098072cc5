/** The models of the type tests: an app that has a field or relation of every kind. */
import {
  abstractModel,
  AutoField,
  BigIntegerField,
  BinaryField,
  BooleanField,
  CASCADE,
  CharField,
  CompositePrimaryKey,
  DateField,
  DateTimeField,
  DecimalField,
  DurationField,
  EmailField,
  F,
  FileField,
  FloatField,
  ForeignKey,
  GeneratedField,
  GenericForeignKey,
  GenericIPAddressField,
  GenericRelation,
  IntegerField,
  JSONField,
  Manager,
  ManyToManyField,
  model,
  OneToOneField,
  PROTECT,
  PositiveIntegerField,
  QuerySet,
  SET_NULL,
  SlugField,
  TextField,
  TimeField,
  URLField,
  UUIDField,
} from "babik";

export interface Settings {
  theme: "dark" | "light";
  sizes: number[];
}

const timestamped = {
  created: DateTimeField({ autoNowAdd: true }),
  changed: DateTimeField({ autoNow: true, precision: 6 }),
};

export class Category extends model("Category", {
  name: CharField({ maxLength: 100, unique: true }),
  parent: ForeignKey("self", { onDelete: CASCADE, null: true, relatedName: "children" }),
  maxPrice: DecimalField({ maxDigits: 10, decimalPlaces: 2, null: true }),
}) {
  shout() {
    return this.name.toUpperCase();
  }
}

export class Tag extends model("Tag", {
  label: CharField({ maxLength: 20, choices: ["hot", "new"] }),
  level: IntegerField({
    choices: [
      [1, "low"],
      [2, "high"],
    ],
    default: 1,
  }),
}) {}

export class Product extends model(
  "Product",
  {
    ...timestamped,
    name: CharField({ maxLength: 200 }),
    slug: SlugField({ blank: true }),
    description: TextField({ default: "" }),
    price: DecimalField({ maxDigits: 10, decimalPlaces: 2 }),
    stock: PositiveIntegerField({ default: 0 }),
    inStock: BooleanField({ default: true }),
    weight: FloatField({ null: true }),
    views: BigIntegerField({ default: 0n }),
    settings: JSONField<Settings>({ default: () => ({ theme: "dark" as const, sizes: [] }) }),
    category: ForeignKey("Category", { onDelete: CASCADE, relatedName: "products" }),
    tags: ManyToManyField("shop.Tag", { through: "ProductTag", relatedName: "products" }),
    total: GeneratedField({
      expression: F("price").mul(F("stock")),
      outputField: DecimalField({ maxDigits: 12, decimalPlaces: 2 }),
      dbPersist: true,
    }),
  },
  { ordering: ["name"] },
) {
  get title() {
    return `${this.name} (${this.price})`;
  }
  static override readonly objects = this.manager(
    class extends QuerySet<"Product"> {
      cheap() {
        return this.filter({ price__lt: 20 });
      }
      inCategory(name: string) {
        return this.filter({ category__name: name });
      }
      async total() {
        let sum = 0;
        for await (const product of this) sum += product.stock;
        return sum;
      }
    },
  );
  static readonly dear = this.manager(
    class extends Manager<"Product"> {
      override getQuerySet() {
        return super.getQuerySet().filter({ price__gt: 100 });
      }
    },
  );
}

export class ProductTag extends model("ProductTag", {
  product: ForeignKey("Product", { onDelete: CASCADE }),
  tag: ForeignKey("Tag", { onDelete: CASCADE }),
  weight: IntegerField(),
}) {}

export class Order extends model("Order", {
  id: UUIDField({ primaryKey: true, default: () => "6f1c" }),
  customer: ForeignKey("crm.Customer", { onDelete: PROTECT, relatedName: "orders" }),
  product: ForeignKey("Product", { onDelete: PROTECT, relatedName: "orders" }),
  quantity: IntegerField(),
  placed: DateTimeField(),
  shipped: DateField({ null: true }),
  at: TimeField({ null: true }),
  took: DurationField({ null: true }),
}) {}

export class Line extends model("Line", {
  pk: CompositePrimaryKey("order", "number"),
  order: ForeignKey("Order", { onDelete: CASCADE, relatedName: "lines" }),
  number: IntegerField(),
  note: TextField({ blank: true }),
}) {}

export class Country extends model("Country", {
  code: CharField({ maxLength: 2, primaryKey: true }),
  iso: CharField({ maxLength: 3, unique: true }),
  ip: GenericIPAddressField({ null: true }),
  flag: BinaryField({ null: true }),
  site: URLField({ null: true }),
  anthem: FileField({ blank: true }),
}) {}

export class Place extends model("Place", {
  key: AutoField(),
  name: CharField({ maxLength: 50 }),
  country: ForeignKey("Country", { onDelete: SET_NULL, null: true, relatedName: "places" }),
  zone: ForeignKey("Country", { onDelete: CASCADE, toField: "iso", relatedName: "+" }),
}) {
  sign() {
    return `At ${this.name}`;
  }
}
export class Restaurant extends Place.extend("Restaurant", { stars: IntegerField({ null: true }) }) {}
export class NamedPlace extends Place.proxy("NamedPlace", { ordering: ["name"] }) {
  greet() {
    return `Hello ${this.name}`;
  }
}

const owned = abstractModel({ owner: EmailField(), notes: TextField({ null: true }) });
const coloured = abstractModel({ colour: CharField({ maxLength: 9 }) });
export class Note extends owned.extend("Note", { text: TextField(), about: GenericForeignKey() }) {}
export class Badge extends model("Badge", {
  ...coloured,
  product: OneToOneField("Product", { onDelete: CASCADE }),
}) {}
export class Mark extends model("Mark", {
  word: CharField({ maxLength: 20 }),
  contentType: ForeignKey("contenttypes.ContentType", { onDelete: CASCADE }),
  objectId: IntegerField(),
  thing: GenericForeignKey({ to: ["Product", "Shelf"] }),
}) {}
export class Shelf extends model("Shelf", {
  name: CharField({ maxLength: 20 }),
  marks: GenericRelation("Mark"),
}) {}
