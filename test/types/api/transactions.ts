/** Transactions, signals, locks and routers: what they take and give. */
import {
  advisoryLock,
  babik,
  type DatabaseRouter,
  replicaRouter,
  savepoint,
  type Savepoint,
  type Transaction,
  withAdvisoryLock,
  withSignal,
} from "babik";
import { type Equal, holds } from "../equal.js";
import { orm } from "./orm.js";
import { Product } from "./shop.js";

// ---- begin()
const tx = await orm.begin({ isolation: "serializable", readOnly: true, using: "default" });
holds<Equal<typeof tx, Transaction>>();
holds<Equal<typeof tx.state, "open" | "broken" | "ended">>();
// @ts-expect-error: a transaction with a handle is never repeated
orm.begin({ retries: 3 });
// @ts-expect-error: no such level
orm.begin({ isolation: "chaos" });
const seven = await tx.run(async () => 7);
holds<Equal<typeof seven, number>>();
const read = await tx.run(() => Product.objects.values("name"));
holds<Equal<typeof read, { name: string }[]>>();
const inner = await tx.atomic(async () => "x");
holds<Equal<typeof inner, string>>();
const here = await tx.savepoint();
holds<Equal<typeof here, Savepoint>>();
const byHand = await savepoint("default");
holds<Equal<typeof byHand, Savepoint>>();

// ---- using(tx): the type of the queryset stays, methods of one's own included
const cheap = await Product.objects.using(tx).cheap().values("name");
holds<Equal<typeof cheap, { name: string }[]>>();
const product = await Product.objects.using(tx).get({ name: "x" });
await product.save({ using: tx });
await product.delete({ using: tx });
await product.refreshFromDb({ using: tx });
// @ts-expect-error: an alias or a transaction
Product.objects.using(7);
product._state.db = "other";
product._state.adding = true;
// @ts-expect-error: an alias is a text
product._state.db = 7;

// ---- signals
const { signal } = new AbortController();
const counted = await Product.objects.signal(signal).cheap().count();
holds<Equal<typeof counted, number>>();
const under = await withSignal(signal, async () => 1);
holds<Equal<typeof under, number>>();
// @ts-expect-error: the signal, not its controller
Product.objects.signal(new AbortController());

// ---- advisory locks
const locked = await withAdvisoryLock("report", async () => 1, { wait: 500, shared: true });
holds<Equal<typeof locked, number>>();
await advisoryLock(42n, { wait: false });
// @ts-expect-error: a text or a whole number
advisoryLock({ key: 1 });

// ---- routers
const router: DatabaseRouter = {
  dbForRead: (model, hints, context) =>
    context.inTransaction("default") || hints.instance !== undefined || model.meta.appLabel === "auth"
      ? "default"
      : null,
};
babik({ apps: {}, databaseRouters: [router, replicaRouter({ replicas: ["r1"] })] });
// @ts-expect-error: an alias, not a number
babik({ apps: {}, databaseRouters: [{ dbForRead: () => 7 }] });
// @ts-expect-error: no replicas
replicaRouter({ primary: "default" });

// ---- foreign keys later
orm.connection().constraintChecksDisabled(async () => 5) satisfies Promise<number>;
orm.connection().constraintChecksDisabled(() => "x") satisfies Promise<string>;
orm.connection().checkConstraints(["shop_product"]) satisfies Promise<void>;
// @ts-expect-error: a list of tables
orm.connection().checkConstraints("shop_product");
