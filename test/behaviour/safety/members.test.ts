/** What every object or instance has as a member no data can be called: not in definitions, not in the rows of a query. */
import {
  babik,
  CASCADE,
  CharField,
  CompositePrimaryKey,
  Count,
  F,
  ForeignKey,
  IntegerField,
  JSONField,
  ManyToManyField,
  model,
  OneToOneField,
  Prefetch,
  Q,
} from "babik";
import { afterAll, describe, expect, test } from "vitest";
import { Author, Book, openBookshop, Publisher, Review } from "../../support/bookshop.js";
import { testDatabase } from "../../support/database.js";
import { failure, looseModel, type LooseModel, type LooseSet } from "../../support/loose.js";

const orm = await openBookshop(await testDatabase());
afterAll(() => orm.close());

const ofObjects = ["then", "toJSON", "toString", "valueOf", "constructor", "hasOwnProperty", "prototype", "__proto__"];
const ofInstances = ["save", "delete", "refreshFromDb", "set", "clean", "fullClean", "equals", "getDisplay", "_state"];

const accepted: { close(): Promise<void> }[] = [];
afterAll(() => Promise.all(accepted.map((made) => made.close())));

/** What `babik()` says of models. */
function told(models: Record<string, LooseModel>): { readonly code: string; readonly message: string } {
  try {
    accepted.push(babik({ databases: { default: "sqlite::memory:" }, apps: { shop: models } } as never) as never);
  } catch (error) {
    const { code, message } = error as { code: string; message: string };
    return { code, message };
  }
  return { code: "accepted", message: "" };
}
const named = (name: string, field: unknown): object =>
  JSON.parse(`{"${name}":0}`, (k, v: unknown) => (k === name ? field : v)) as object;

describe("in definitions", () => {
  test.each([...ofObjects, ...ofInstances])("a field called %s is refused", (name) => {
    const fields = Object.create(null) as Record<string, unknown>;
    Object.defineProperty(fields, name, { value: CharField({ maxLength: 5 }), enumerable: true });
    const { code, message } = told({ Thing: looseModel("Thing", fields) });
    // Three of them would break the maps of a definition, and are refused when it is read.
    if (["constructor", "prototype", "__proto__"].includes(name)) expect(code).toBe("model.field_name");
    else {
      // One that begins with an underscore or ends so is refused for itself, too.
      expect(code).toBe("fields.E003");
      expect(message).toContain(`'${name}' is a reserved word`);
    }
  });
  test("so are relations, documents and fields of parents", () => {
    const Target = (): LooseModel => looseModel("Target", {});
    const to = (field: unknown): string =>
      told({ Target: Target(), Thing: looseModel("Thing", named("save", field)) }).code;
    expect(to(ForeignKey("Target", { onDelete: CASCADE }))).toBe("fields.E003");
    expect(to(OneToOneField("Target", { onDelete: CASCADE }))).toBe("fields.E003");
    expect(to(ManyToManyField("Target"))).toBe("fields.E003");
    expect(to(JSONField())).toBe("fields.E003");
    expect(to(IntegerField({ dbColumn: "harmless" }))).toBe("fields.E003");
    const Parent = looseModel("Parent", { n: IntegerField() });
    expect(told({ Parent, Child: Parent.extend("Child", { then: IntegerField() }) }).code).toBe("fields.E003");
  });
  test.each(["save", "then", "delete", "toString"])("a relatedName cannot be %s", (relatedName) => {
    const other = ForeignKey("Target", { onDelete: CASCADE, relatedName });
    const many = ManyToManyField("Target", { relatedName });
    for (const field of [other, many])
      expect(told({ Target: looseModel("Target", {}), Thing: looseModel("Thing", { t: field }) })).toMatchObject({
        code: "fields.E302",
        message: expect.stringContaining("every instance has") as string,
      });
  });
  test("nor can the other side of a one-to-one relation be called so by the name of its model", () => {
    const models = {
      Target: looseModel("Target", {}),
      Save: looseModel("Save", { t: OneToOneField("Target", { onDelete: CASCADE }) }),
    };
    expect(told(models).code).toBe("fields.E302");
  });
  test("a composite key is called pk, and harmless names are taken", () => {
    const Pair = model("Pair", { pk: CompositePrimaryKey("a", "b"), a: IntegerField(), b: IntegerField() });
    const Thing = looseModel("Thing", {
      then_: IntegerField({ dbColumn: "x" }),
    });
    expect(told({ Pair: Pair as never })).toMatchObject({ code: "accepted" });
    expect(told({ Thing })).toMatchObject({ code: "fields.E001" });
    const fine = {
      saved: CharField({ maxLength: 1 }),
      thenSome: IntegerField(),
      settings: JSONField(),
      deleted: IntegerField(),
    };
    expect(told({ Thing: looseModel("Thing", fine) })).toMatchObject({ code: "accepted" });
  });
});

const books = Book.objects as unknown as LooseSet;
const alias = (name: string, value: unknown): object => Object.defineProperty({}, name, { value, enumerable: true });
describe("in queries", () => {
  const entries: [string, (name: string) => PromiseLike<unknown>][] = [
    ["annotate()", (n) => books.annotate(alias(n, Count("reviews")))],
    ["annotate() with a condition", (n) => books.annotate(alias(n, Q({ pages__gt: 1 })))],
    ["alias()", (n) => (Book.objects as unknown as { alias(a: object): LooseSet }).alias(alias(n, F("pages")))],
    ["values()", (n) => (books as unknown as { values(a: object): LooseSet }).values(alias(n, F("pages")))],
    ["values().annotate()", (n) => books.values("title").annotate(alias(n, Count("reviews")))],
    ["valuesList()", (n) => (books as unknown as { valuesList(a: object): LooseSet }).valuesList(alias(n, F("pages")))],
    [
      "aggregate()",
      (n) => (Book.objects as unknown as { aggregate(a: object): Promise<unknown> }).aggregate(alias(n, Count("*"))),
    ],
    ["extra()", (n) => (Book.objects as unknown as { extra(a: object): LooseSet }).extra({ select: alias(n, "1") })],
    ["Prefetch()", (n) => Author.objects.prefetchRelated(Prefetch("books", { toAttr: n } as never) as never) as never],
    [
      "raw()",
      (n) =>
        Publisher.objects.raw(
          `SELECT id, 1 AS "${n}" FROM shop_publisher`.replaceAll(
            '"',
            orm.connection().dialect.name === "mysql" ? "`" : '"',
          ),
        ) as never,
    ],
  ];
  test.each(entries)("%s refuses the members of objects", async (_call, ask) => {
    for (const name of ofObjects) {
      const error = await failure(async () => ask(name));
      expect([name, error["code"]]).toEqual([
        name,
        expect.stringMatching(
          /^(query\.alias|raw\.column|prefetch\.name|query\.unknown_field|value\.type|values\.argument)$/,
        ),
      ]);
    }
  });
  const ofRows = entries.filter(([call]) => ["annotate()", "extra()", "Prefetch()", "raw()"].includes(call));
  test.each(ofRows)("%s refuses the members of instances", async (_call, ask) => {
    for (const name of ofInstances) {
      const error = await failure(async () => ask(name));
      expect([name, error["code"]]).toEqual([
        name,
        expect.stringMatching(/^(query\.alias|raw\.column|prefetch\.name)$/),
      ]);
    }
  });
  test("plain rows may have the names of methods, as they have no methods", async () => {
    const row = (
      await books
        .filter({ title: "Atlas" })
        .values("title")
        .annotate({ save: Count("reviews"), set: F("pages") })
    )[0]!;
    expect(Object.keys(row).sort()).toEqual(["save", "set", "title"]);
    const { delete: n } = await (
      Book.objects as unknown as { aggregate(a: object): Promise<{ delete: number }> }
    ).aggregate({ delete: Count("*") });
    expect(n).toBe(await Book.objects.count());
    await expect(books.filter({ title: "Atlas" }).count()).resolves.toBe(1);
  });
  test("rows that were refused nothing are still what they were", async () => {
    const [review] = await (Review.objects as unknown as LooseSet).annotate({ thenSome: Count("book") }).slice(0, 1);
    expect(typeof review!.save).toBe("function");
    expect(await Promise.resolve(review)).toBe(review);
  });
});
