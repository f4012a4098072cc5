/** Signals: events follow from the sender, and what is no sender is refused. */
import {
  type AnyModelClass,
  classPrepared,
  connectionCreated,
  type Database,
  type LooseRow,
  m2mChanged,
  type NewConnection,
  postDelete,
  postInit,
  postSave,
  preDelete,
  preInit,
  preSave,
  receiver,
  Signal,
} from "babik";
import { type Equal, holds } from "../equal.js";
import { Customer } from "./crm.js";
import { orm } from "./orm.js";
import { NamedPlace, Product, ProductTag, Restaurant, Tag } from "./shop.js";

// ---- the sender is a class
postSave.connect(
  ({ sender, instance, created, raw, using, updateFields, signal }) => {
    holds<Equal<typeof sender, typeof Product>>();
    holds<Equal<typeof instance, Product>>();
    holds<Equal<typeof created, boolean>>();
    holds<Equal<typeof raw, boolean>>();
    holds<Equal<typeof using, string>>();
    holds<Equal<typeof updateFields, ReadonlySet<string> | null>>();
    holds<Equal<typeof signal, typeof postSave>>();
    instance.title satisfies string;
  },
  { sender: Product, dispatchUid: "one" },
);
preSave.connect(
  async ({ instance }) => {
    instance.stars = 3;
    instance.sign();
  },
  { sender: Restaurant },
);
postDelete.connect(({ instance, origin }) => [instance.greet(), origin], { sender: NamedPlace });

// ---- the sender is a label
preDelete.connect(
  ({ sender, instance, origin }) => {
    holds<Equal<typeof sender, typeof Product>>();
    holds<Equal<typeof instance, Product>>();
    holds<Equal<typeof origin, object>>();
  },
  { sender: "Product" },
);
postSave.connect(({ instance }) => holds<Equal<typeof instance, Customer>>(), { sender: "crm.Customer" });
const somewhere: string = "shop.Product";
postSave.connect(({ instance }) => holds<Equal<typeof instance, LooseRow>>(), { sender: somewhere });

// ---- no sender: any model
postSave.connect(({ sender, instance }) => {
  holds<Equal<typeof sender, AnyModelClass>>();
  holds<Equal<typeof instance, LooseRow>>();
  if (instance instanceof Product) instance.title satisfies string;
});

// ---- what is no sender
// @ts-expect-error: a label that no model has
postSave.connect(() => undefined, { sender: "Prodct" });
// @ts-expect-error: a model that the app does not have
postSave.connect(() => undefined, { sender: "crm.Product" });
// @ts-expect-error: a class that is no model
postSave.connect(() => undefined, { sender: Date });
// @ts-expect-error: an instance
postSave.connect(() => undefined, { sender: new Product() });
// @ts-expect-error: no such option
postSave.connect(() => undefined, { sender: Product, uid: "x" });
// @ts-expect-error: the event has no such member
postSave.connect(({ pkSet }) => pkSet, { sender: Product });
// @ts-expect-error: whether a row was made is told afterwards only
preSave.connect(({ created }) => created, { sender: Product });
// @ts-expect-error: a member that products do not have
postSave.connect(({ instance }) => instance.prize, { sender: Product });
// @ts-expect-error: a member that the labelled model does not have
postSave.connect(({ instance }) => instance.title, { sender: "crm.Customer" });

// ---- receivers where nobody can wait
preInit.connect(
  ({ sender, values }) => {
    holds<Equal<typeof sender, typeof Product>>();
    values["name"] = "x";
  },
  { sender: Product },
);
postInit.connect(({ instance }) => void (instance.name = "x"), { sender: Product });
classPrepared.connect(({ sender }) => holds<Equal<typeof sender, typeof Tag>>(), { sender: Tag });
// @ts-expect-error: async
postInit.connect(async () => undefined, { sender: Product });
// @ts-expect-error: async
preInit.connect(async ({ values }) => void values);
// @ts-expect-error: async
classPrepared.connect(async () => undefined);

// ---- many-to-many
m2mChanged.connect(
  (event) => {
    if (event.reverse) {
      holds<Equal<typeof event.instance, Tag>>();
      holds<Equal<typeof event.model, typeof Product>>();
    } else {
      holds<Equal<typeof event.instance, Product>>();
      holds<Equal<typeof event.model, typeof Tag>>();
    }
    if (event.action === "post_clear") holds<Equal<typeof event.pkSet, null>>();
    if (event.action === "pre_add") holds<Equal<typeof event.pkSet, ReadonlySet<number>>>();
  },
  { sender: "Product.tags" },
);
m2mChanged.connect(
  ({ pkSet, model }) => {
    model satisfies AnyModelClass;
    for (const pk of pkSet ?? []) pk satisfies number;
  },
  { sender: "shop.Product.tags" },
);
m2mChanged.connect(({ instance }) => holds<Equal<typeof instance, LooseRow>>(), { sender: ProductTag });
m2mChanged.connect(({ instance }) => holds<Equal<typeof instance, LooseRow>>(), { sender: "shop.ProductTag" });
m2mChanged.connect(({ instance }) => holds<Equal<typeof instance, LooseRow>>());
// @ts-expect-error: a field that the model does not have
m2mChanged.connect(() => undefined, { sender: "Product.tagz" });
// @ts-expect-error: a field that is not many-to-many
m2mChanged.connect(() => undefined, { sender: "Product.category" });

// ---- other methods
postSave.disconnect(null, { sender: Product, dispatchUid: "one" }) satisfies boolean;
postSave.hasListeners("shop.Product") satisfies boolean;
// @ts-expect-error: a label that no model has
postSave.hasListeners("shop.Prodct");
await postSave.send(Product, {
  instance: new Product(),
  created: true,
  raw: false,
  using: "default",
  updateFields: null,
});
// @ts-expect-error: an argument is missing
await postSave.send(Product, { instance: new Product(), created: true, raw: false, using: "default" });
// @ts-expect-error: an instance of another model
await postDelete.send(Product, { instance: new Tag(), using: "default", origin: {} });
{
  using connection = postSave.connect(() => undefined);
  connection.disconnect() satisfies boolean;
}

// ---- receiver()
export const audit = receiver([postSave, postDelete], { sender: Product })((event) => {
  holds<Equal<typeof event.instance, Product>>();
  return "created" in event ? event.created : false;
});
holds<Equal<ReturnType<typeof audit>, boolean>>();
export class Listeners {
  @receiver(postSave, { sender: "Product" })
  static saved({ instance }: { readonly instance: Product }) {
    return instance.title;
  }
}
// @ts-expect-error: a label that no model has
receiver(postSave, { sender: "Prodct" });

// ---- signals of one's own
const paid = Signal<{ readonly product: Product; readonly amount: number }, Customer>();
paid.connect(({ product, amount, sender }) => {
  holds<Equal<typeof product, Product>>();
  holds<Equal<typeof amount, number>>();
  holds<Equal<typeof sender, Customer>>();
});
await paid.send(new Customer(), { product: new Product(), amount: 3 });
// @ts-expect-error: an argument is missing
await paid.send(new Customer(), { product: new Product() });
// @ts-expect-error: arguments are missing
await paid.send(new Customer());
// @ts-expect-error: another kind of sender
await paid.send(new Product(), { product: new Product(), amount: 3 });
const started = new Signal();
await started.send("anybody");

// ---- connections
connectionCreated.connect(
  async ({ connection, alias, sender }) => {
    holds<Equal<typeof alias, string>>();
    holds<Equal<typeof sender, Database>>();
    holds<Equal<typeof connection, NewConnection>>();
    await using cursor = connection.cursor();
    await cursor.execute("SET application_name = %s", ["reports"]);
  },
  { sender: orm.connection("replica"), dispatchUid: "reports" },
);
receiver(connectionCreated)(({ connection }) => void holds<Equal<typeof connection, NewConnection>>());
// @ts-expect-error: a model makes no connections
connectionCreated.connect(() => undefined, { sender: Product });
