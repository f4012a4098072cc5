/** Senders by label: before there is an orm, in several orms, and where no model is called so. */
import { babik, CharField, postSave, type SignalConnection } from "babik";
import { afterAll, afterEach, expect, test } from "vitest";
import { createTestDatabase } from "../../support/database.js";
import { looseModel, type LooseModel, type LooseOrm, type LooseRow } from "../../support/loose.js";

// A file where it is SQLite: several orms share it.
const database = await createTestDatabase({ file: true });
const open: LooseOrm[] = [];
afterAll(async () => {
  for (const orm of open) await orm.close();
  await database.drop();
});
function make(apps: Record<string, Record<string, LooseModel>>): LooseOrm {
  const orm = babik({ databases: { default: database.url }, apps } as never) as unknown as LooseOrm;
  open.push(orm);
  return orm;
}
const thing = (label: string): LooseModel => looseModel(label, { name: CharField({ maxLength: 9 }) });
let connections: SignalConnection[] = [];
afterEach(() => {
  for (const c of connections) c.disconnect();
  connections = [];
});
const heard: string[] = [];
const on = (sender: unknown): void =>
  void connections.push(
    postSave.connect(({ instance }) => void heard.push((instance as LooseRow)["name"] as string), {
      sender: sender as never,
    }),
  );

test("a label may be connected to before there is an orm; one that no model has is a mistake of the orm", async () => {
  on("shop.Thing");
  on("shop.Thingy");
  let error: unknown;
  try {
    make({ shop: { Thing: thing("Thing") } });
  } catch (caught) {
    error = caught;
  }
  expect(error).toMatchObject({ code: "signals.E001" });
  expect(String(error)).toContain("'shop.Thingy'");
  expect(String(error)).not.toContain("sender 'shop.Thing'");
});
test("a bare label that several apps have has to say its app", () => {
  on("Twin");
  expect(() => make({ a: { Twin: thing("a.Twin") }, b: { Twin: thing("b.Twin") } })).toThrow(
    expect.objectContaining({ code: "model.ambiguous_label" }),
  );
});
test("a label means the models of that name in every orm, and a class means itself", async () => {
  on("shop.Thing");
  const [One, Two, Other] = [thing("Thing"), thing("Thing"), thing("Thing")];
  const one = make({ shop: { Thing: One } });
  await one.createTables();
  // A second program on the same tables; and an app whose model has the same bare name.
  make({ shop: { Thing: Two } });
  const stock = make({ stock: { Thing: Other } });
  await stock.createTables();
  expect(() => on("shop.Thang")).toThrow(/Did you mean 'shop.Thing'\? Choices are: shop.Thing, stock.Thing\./);
  heard.length = 0;
  await One.objects.create({ name: "one" });
  await Two.objects.create({ name: "two" });
  await Other.objects.create({ name: "other" });
  expect(heard).toEqual(["one", "two"]);
  for (const c of connections) c.disconnect();
  on(Two);
  heard.length = 0;
  await One.objects.create({ name: "one" });
  await Two.objects.create({ name: "two" });
  expect(heard).toEqual(["two"]);
});
test("a class may be connected to before it is in an orm", async () => {
  const Later = thing("Later");
  on(Later);
  const orm = make({ shop: { Later } });
  await orm.createTables();
  heard.length = 0;
  await Later.objects.create({ name: "late" });
  expect(heard).toEqual(["late"]);
});
