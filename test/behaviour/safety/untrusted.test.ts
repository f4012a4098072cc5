/** Names and values from outside: only what is allowed passes, the rest is refused; nothing is left out without a word. */
import { BabikError, FieldError, F, onlyFields, Q, sameIdentity } from "babik";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { guard, PAYLOADS } from "../../support/attack.js";
import { Author, Book, openBookshop, Publisher, Review } from "../../support/bookshop.js";
import { testDatabase } from "../../support/database.js";

const orm = await openBookshop(await testDatabase());
const { refused, intact } = await guard(orm, async () => [
  await Book.objects.valuesList("title", "pages"),
  await Publisher.objects.count(),
  await Review.objects.count(),
  await Author.objects.count(),
]);
afterAll(async () => {
  await intact();
  await orm.close();
});
const any = (x: unknown): never => x as never;
const titles = async (qs: unknown): Promise<unknown[]> =>
  (await (qs as typeof Book.objects).valuesList("title", { flat: true })) as unknown[];

describe("SEC-D03, SEC-P29: filterUntrusted()", () => {
  const allow = ["title", "title__icontains", "pages__gt", "pages__in", "pages__range", "publisher__name"];
  const ask = (conditions: unknown) => Book.objects.filterUntrusted(conditions, any(allow));
  test("lets allowed conditions pass", async () => {
    expect(await titles(ask({ title: "Atlas" }))).toEqual(["Atlas"]);
    expect(await titles(ask(JSON.parse('{"title__icontains":"o","pages__gt":0}')))).toEqual(
      await titles(Book.objects.filter({ title__icontains: "o", pages__gt: 0 })),
    );
    expect(await titles(ask({ pages__in: [1, 2] }))).toEqual(await titles(Book.objects.filter({ pages__in: [1, 2] })));
    expect(await titles(ask({}))).toHaveLength(5);
  });
  test("refuses paths that walk to secrets, and every other name", async () => {
    const secrets = ["authors__name__startswith", "publisher__books__reviews__text", "pages", "title__regex", "pk"];
    for (const path of [...secrets, "publisher__name__startswith", "__proto__", "constructor", ...PAYLOADS])
      if (!allow.includes(path)) expect(await refused(() => ask({ [path]: "x" }))).toBeInstanceOf(FieldError);
    await refused(() => ask(JSON.parse('{"__proto__":{"title":"Atlas"}}')));
    await refused(() => ask({ title: "Atlas", authors__name: "x" }));
  });
  test("refuses whatever is no plain data", async () => {
    for (const v of [
      { $gt: "" },
      ["x"],
      F("title"),
      Q({}),
      Book.objects.all(),
      new Date(),
      undefined,
      () => 1,
      [["x"]],
    ])
      await refused(() => ask({ title: v }));
    for (const v of [[{ $gt: 1 }], [[1]], [undefined], { a: 1 }, 3]) await refused(() => ask({ pages__in: v }));
    for (const v of [null, undefined, 1, "title", [], new Map(), F("title"), Q({ title: "x" })])
      await refused(() => ask(v));
    await refused(() => Book.objects.filterUntrusted({ title: "x" }, any("title")));
  });
  test("of 10,000 random paths only those of the list pass", () => {
    const parts = fc.constantFrom(
      "title",
      "pages",
      "publisher",
      "name",
      "authors",
      "reviews",
      "gt",
      "in",
      "icontains",
      "",
    );
    const paths = fc.oneof(
      fc.array(parts, { minLength: 1, maxLength: 4 }).map((p) => p.join("__")),
      fc.string({ unit: "binary", maxLength: 12 }),
      fc.constantFrom(...allow),
    );
    let passed = 0;
    fc.assert(
      fc.property(paths, (path) => {
        let ok = true;
        try {
          ask({ [path]: path.endsWith("in") || path.endsWith("range") ? [1, 2] : "1" });
        } catch (error) {
          expect(error).toBeInstanceOf(BabikError);
          ok = false;
        }
        if (ok) passed++;
        return !ok || allow.includes(path);
      }),
      { numRuns: 10_000, seed: 9 },
    );
    expect(passed).toBeGreaterThan(1000);
  });
});

describe("SEC-F15: orderByUntrusted()", () => {
  const allow = ["title", "pages", "publisher__name"];
  const order = (terms: unknown) => Book.objects.orderByUntrusted(terms, any(allow));
  test("orders by allowed names", async () => {
    expect(await titles(order("-title"))).toEqual(["Eels", "Dunes", "Chess", "Botany", "Atlas"]);
    expect(await titles(order(["pages", "-title"]))).toEqual(await titles(Book.objects.orderBy("pages", "-title")));
    expect(await titles(order("publisher__name,title"))).toHaveLength(5);
  });
  test("refuses everything else", async () => {
    for (const p of [
      ...PAYLOADS,
      "?",
      "-?",
      "--title",
      "title,",
      "title;pages",
      "authors__name",
      "title,title",
      "-title,title",
    ])
      await refused(() => order(p));
    for (const p of [undefined, null, 1, [], [1], [["title"]], {}, F("title").desc()]) await refused(() => order(p));
    await refused(() => order(Array.from({ length: 50 }, () => "title")));
  });
  test("plain orderBy() refuses names that the model does not have", async () => {
    await refused(() => Book.objects.orderBy(any("-password")));
    await refused(() => Book.objects.orderBy(any("author__secret")));
  });
});

describe("SEC-F16: values of a body", () => {
  const body = { name: "North", city: "Rome", id: 7, isStaff: true };
  test("only the named fields are taken, and others refused", async () => {
    await refused(() => Publisher.objects.create(any(body), any({ only: ["name", "city"] })));
    await refused(() => Publisher.objects.filter(any({ id: 0 })).update(any(body), any({ only: ["name", "city"] })));
    await refused(() => new Publisher(any({})).set(any(body), any({ only: ["name", "city"] })));
    const made = await Publisher.objects.create(any({ name: "New", city: "Rome" }), any({ only: ["name", "city"] }));
    expect(await Publisher.objects.filter({ pk: any(made.pk) }).update({ city: "Oslo" }, { only: ["city"] })).toBe(1);
    made.set({ name: "Newer" }, { only: ["name"] });
    expect(made.name).toBe("Newer");
    await made.delete();
    expect(onlyFields({ a: 1 }, ["a", "b"])).toEqual({ a: 1 });
    for (const o of [null, [], "x", new Map(), { c: 1 }, JSON.parse('{"__proto__":{"a":1}}') as object])
      await refused(() => onlyFields(o, any(["a", "__proto__"])));
  });
  test("unknown keys and the state of instances are refused without a list, too", async () => {
    for (const o of [
      { isStaff: true },
      { _state: { adding: false } },
      { save: 1 },
      { __proto__x: 1 },
      { constructor: 1 },
    ])
      await refused(() => Publisher.objects.create(any({ name: "x", ...o })));
  });
  test("SEC-D25: create() with the key of another row never overwrites it", async () => {
    const first = (await Publisher.objects.first())!;
    await expect(Publisher.objects.create(any({ id: first.pk, name: "Stolen" }))).rejects.toThrow(BabikError);
    expect((await Publisher.objects.get({ pk: any(first.pk) })).name).toBe(first.name);
  });
});

describe("SEC-D07: names of people", () => {
  test("are the same in any case of ASCII letters, and by no trick", () => {
    expect(sameIdentity("Mike@X.org", "mike@x.ORG")).toBe(true);
    for (const other of ["mıke@x.org", "mİke@x.org", "mi\u212ae@x.org", "mike@x.org ", "ｍike@x.org", "mike@x.org\0"])
      expect(sameIdentity(other, "mike@x.org")).toBe(false);
    expect(sameIdentity("ſam@x.org", "sam@x.org")).toBe(false);
    for (const no of [null, undefined, 1, {}, ["a"]]) expect(sameIdentity(no, no)).toBe(false);
  });
});
