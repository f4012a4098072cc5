/** Types of watching and of the tools for tests. */
import type { CommitUnknown, ExecuteWrapper, OperationalError, QueryRecord, QueryTrace } from "babik";
import { resetQueries } from "babik";
import {
  assertNoNPlusOne,
  assertNumQueries,
  assertQuerySetEqual,
  captureOnCommitCallbacks,
  captureQueries,
  detectNPlusOne,
  testTransaction,
  useTransaction,
} from "babik/testing";
import { type Equal, holds } from "../equal.js";
import { orm } from "./orm.js";
import { Product } from "./shop.js";

const off = orm.on("query", (query) => holds<Equal<typeof query, QueryRecord>>());
holds<Equal<typeof off, () => void>>();
orm.on("slow", (query) => query.line.trim(), { over: 100, using: "default", params: true });
// @ts-expect-error: no event of that name
orm.on("querry", () => undefined);
// @ts-expect-error: a listener is called with a record
orm.on("query", (query: number) => query);

const db = orm.connection();
holds<Equal<typeof db.queries, readonly QueryRecord[]>>();
db.resetQueries();
resetQueries();

const wrapper: ExecuteWrapper = (execute, sql, params, many, context) => {
  holds<Equal<typeof sql, string>>();
  holds<Equal<typeof many, boolean>>();
  holds<Equal<typeof context.connection.alias, string>>();
  return execute(sql, params, many, context);
};
const wrapped = db.executeWrapper(wrapper, () => Product.objects.count());
holds<Equal<typeof wrapped, Promise<number>>>();
// @ts-expect-error: a wrapper gives what execute gives
const nothing: ExecuteWrapper = () => "nothing";

declare const trace: QueryTrace;
holds<Equal<typeof trace.attributes, Record<string, string | number>>>();
declare const unknown: CommitUnknown;
unknown satisfies OperationalError;

export async function tools(): Promise<void> {
  const n = await assertNumQueries(1, () => Product.objects.count());
  holds<Equal<typeof n, number>>();
  const captured = await captureQueries(() => Product.objects.count(), { params: true });
  holds<Equal<typeof captured.result, number>>();
  const inside = await testTransaction(async () => "x");
  holds<Equal<typeof inside, string>>();
  const { findings } = await detectNPlusOne(() => Product.objects.count(), { threshold: 2 });
  holds<Equal<(typeof findings)[number]["access"], "relation" | "set" | "deferred" | undefined>>();
  const same = await assertNoNPlusOne(() => Product.objects.count());
  holds<Equal<typeof same, number>>();
  const { callbacks } = await captureOnCommitCallbacks(() => 1, { execute: true });
  holds<Equal<typeof callbacks, readonly (() => unknown)[]>>();
  await assertQuerySetEqual(Product.objects.all(), ["a"], { transform: (product) => product.name.trim() });
  // @ts-expect-error: the row is a product
  await assertQuerySetEqual(Product.objects.all(), ["a"], { transform: (product) => product.nonsense });
  // @ts-expect-error: no option of that name
  useTransaction({ each: () => undefined });
}
