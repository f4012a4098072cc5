/** Pages by cursors: whatever the order is, they are the whole in its order, forth and back, also while rows come and go. */
import {
  Avg,
  babik,
  BooleanField,
  CASCADE,
  CharField,
  Count,
  DateField,
  DateTimeField,
  DecimalField,
  F,
  FloatField,
  ForeignKey,
  IntegerField,
  InvalidCursor,
  InvalidPage,
  KeysetPaginator,
  Lower,
  model,
  NotSupportedError,
  QueryTypeError,
  ValueError,
} from "babik";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { captureQueries } from "../../../src/testing.js";
import { testDatabase } from "../../support/database.js";

class Author extends model("Author", { name: CharField({ maxLength: 20 }), age: IntegerField({ null: true }) }) {}
class Book extends model(
  "Book",
  {
    title: CharField({ maxLength: 20 }),
    rating: IntegerField({ null: true }),
    price: DecimalField({ maxDigits: 8, decimalPlaces: 2 }),
    weight: FloatField(),
    sold: BooleanField({ default: false }),
    published: DateField({ null: true }),
    created: DateTimeField(),
    author: ForeignKey("Author", { onDelete: CASCADE, relatedName: "books", null: true }),
  },
  { ordering: ["-rating", "title"] },
) {}
const database = await testDatabase();
const orm = babik({ databases: { default: database.url }, apps: { library: { Author, Book } } });
afterAll(() => orm.close());

/** A row as it is read. The compiler does not know which orm a test file has. */
type Row = Awaited<ReturnType<typeof Book.objects.get>>;

const TITLES = ["ann", "Bob", "bob", "ANN", "cy", "Ärger", "émile", "", " x", "bob"];
beforeAll(async () => {
  await orm.createTables();
  await Author.objects.bulkCreate(
    ["Ann", "Bob", "bob"].map((name, i) => new Author({ name, age: i === 0 ? null : i })),
  );
  const saved = await Author.objects.orderBy("id");
  await Book.objects.bulkCreate(
    Array.from(
      { length: 40 },
      (_, i) =>
        new Book({
          title: TITLES[i % TITLES.length]!,
          rating: i % 3 === 0 ? null : i % 4,
          price: `${i % 7}.${i % 2 === 0 ? "10" : "99"}`,
          weight: (i % 5) / 3,
          sold: i % 2 === 0,
          published: i % 5 === 0 ? null : `2020-01-${String((i % 9) + 1).padStart(2, "0")}`,
          created: new Date(1_700_000_000_000 + (i % 6) * 1001),
          author: i % 4 === 0 ? null : saved[i % 3]!,
        }),
    ),
  );
});

interface Walk {
  page(
    cursor?: string | null,
  ): Promise<{ next: string | null; previous: string | null; objectList: readonly unknown[] }>;
  lastPage(): ReturnType<Walk["page"]>;
}
/** All rows, page after page, and back from the last page. */
async function walked(paginator: Walk): Promise<[unknown[], unknown[]]> {
  const forth: unknown[] = [];
  for (let page = await paginator.page(); ; page = await paginator.page(page.next)) {
    forth.push(...page.objectList);
    if (page.next === null || forth.length > 200) break;
  }
  const back: unknown[] = [];
  for (let page = await paginator.lastPage(); ; page = await paginator.page(page.previous)) {
    back.unshift(...page.objectList);
    if (page.previous === null || back.length > 200) break;
  }
  return [forth, back];
}
const keys = (rows: readonly unknown[]): unknown[] => rows.map((r) => (r as { pk: unknown }).pk);

const orders: Record<string, () => ReturnType<typeof Book.objects.all>> = {
  "the model's own": () => Book.objects.all(),
  "the model's own, reversed": () => Book.objects.all().reverse(),
  "none but the key": () => Book.objects.orderBy(),
  "the key, falling": () => Book.objects.orderBy("-pk"),
  "mixed directions": () => Book.objects.orderBy("-price", "title", "-weight"),
  "NULLs first or last by the database": () => Book.objects.orderBy("rating", "-published"),
  "NULLs where they are asked for": () =>
    Book.objects.orderBy(F("rating").asc({ nullsLast: true }), F("published").desc({ nullsLast: true })),
  "NULLs where they are asked for, the other way": () =>
    Book.objects.orderBy(F("rating").desc({ nullsFirst: true }), F("published").asc({ nullsFirst: true })),
  "a path over a relation that may be missing": () => Book.objects.orderBy("author__age", "-author__name"),
  "a relation": () => Book.objects.orderBy("author"),
  "an expression": () => Book.objects.orderBy(Lower("title").desc(), F("price").mul(2)),
  "dates, moments and booleans": () => Book.objects.orderBy("sold", "-created", "published__day"),
  "an annotation": () => Book.objects.annotate({ twice: F("rating").mul(2) }).orderBy("-twice") as never,
};
describe.each(Object.entries(orders))("by %s", (_name, make) => {
  test("pages are the whole, forth and back", async () => {
    const expected = await make();
    const [forth, back] = await walked(KeysetPaginator(make(), 7));
    const all = keys(expected);
    expect(new Set(keys(forth)).size).toBe(40);
    expect(keys(back)).toEqual(keys(forth));
    expect(keys(forth).toSorted()).toEqual(all.toSorted());
  });
});

test("the order is the queryset's, its key last", async () => {
  const [forth] = await walked(KeysetPaginator(Book.objects.orderBy("-price", "title"), 3));
  expect(keys(forth)).toEqual(keys(await Book.objects.orderBy("-price", "title", "pk")));
  const nulls = F("rating").asc({ nullsLast: true });
  const [rated] = await walked(KeysetPaginator(Book.objects.orderBy(nulls), 3));
  expect(keys(rated)).toEqual(keys(await Book.objects.orderBy(nulls, "pk")));
});
test("aggregates order pages too", async () => {
  for (const of of [Count("books"), Avg("books__rating"), Avg("books__price")]) {
    const authors = Author.objects.annotate({ n: of as never }).orderBy("-n");
    const [forth, back] = await walked(KeysetPaginator(authors, 1));
    expect(keys(forth)).toEqual(keys(await authors.orderBy("-n", "pk")));
    expect(back).toHaveLength(3);
  }
});
test("values that are rounded when they are read are found again", async () => {
  await Book.objects.update({ price: F("price").mul("1.1") });
  await Author.objects.filter({ age: 1 }).update({ age: 3 });
  for (const order of ["price", "-price"]) {
    const [forth, back] = await walked(KeysetPaginator(Book.objects.orderBy(order), 1));
    expect(forth).toHaveLength(40);
    expect(keys(back)).toEqual(keys(forth));
  }
  const third = Author.objects.annotate({ n: Avg("books__weight") }).orderBy("n");
  expect((await walked(KeysetPaginator(third, 1)))[0]).toHaveLength(3);
});
test("rows are what the queryset gives, with nothing beside", async () => {
  const page = await KeysetPaginator(
    Book.objects.filter({ author__name: "Ann" }).selectRelated("author").prefetchRelated("author__books"),
    3,
  ).page();
  const [book] = page.objectList;
  expect(Object.keys(book!)).toEqual(Object.keys((await Book.objects.first())!));
  const { queries } = await captureQueries(async () => {
    expect(book!.author!.name).toBe("Ann");
    expect((await book!.author!.books.all()).length).toBeGreaterThan(3);
  });
  expect(queries).toHaveLength(0);
  const values = await KeysetPaginator(Book.objects.values("title", "rating"), 2).page();
  expect(Object.keys(values.at(0)!)).toEqual(["title", "rating"]);
  const flat = KeysetPaginator(Book.objects.orderBy("pk").valuesList("pk", { flat: true }), 15);
  expect((await walked(flat))[0]).toEqual(keys(await Book.objects.orderBy("pk")));
  const light = await KeysetPaginator(Book.objects.only("title").orderBy("price"), 2).page();
  expect(Object.keys(light.at(0)!).toSorted()).toEqual(["id", "title"]);
  expect(JSON.parse(JSON.stringify(page))).toHaveLength(3);
});
test("a page is one query, which begins where the last one ended", async () => {
  const paginator = KeysetPaginator(Book.objects.orderBy("pk"), 5);
  const first = await paginator.page();
  const { result: second, queries } = await captureQueries(() => paginator.page(first.next));
  expect(queries).toHaveLength(1);
  expect(queries[0]!.sql).not.toContain("OFFSET");
  expect([second.hasNext, second.hasPrevious, first.hasPrevious, second.length]).toEqual([true, true, false, 5]);
  expect(keys((await paginator.page(second.previous)).objectList)).toEqual(keys(first.objectList));
});

describe("while rows come and go", () => {
  test("no row is shown twice, and none is left out", async () => {
    const paginator = KeysetPaginator(Book.objects.filter({ weight__lt: 2 }).orderBy("-rating"), 7);
    const before = keys(await Book.objects.orderBy("pk"));
    const seen: unknown[] = [];
    const made: Row[] = [];
    let cursor: string | null = null;
    do {
      const page: { next: string | null; objectList: readonly unknown[] } = await paginator.page(cursor);
      seen.push(...keys(page.objectList));
      cursor = page.next;
      for (const rating of [null, 3, 0])
        made.push(await Book.objects.create({ title: "new", rating, price: 1, weight: 1, created: new Date() }));
    } while (cursor !== null && made.length < 90);
    const old = seen.filter((k) => before.includes(k));
    expect(new Set(seen).size).toBe(seen.length);
    expect(old.toSorted()).toEqual(before.toSorted());
    await Book.objects.filter({ pk__in: made.map((b) => b.pk) }).delete();
  });
  test("the row of the cursor itself may be gone, and there is a way back from an empty page", async () => {
    const extra = await Book.objects.create({ title: "zz", rating: 99, price: 1, weight: 1, created: new Date() });
    const paginator = KeysetPaginator(Book.objects.filter({ rating__gte: 99 }).orderBy("rating"), 1);
    const page = await paginator.page();
    expect(page.next).toBeNull();
    const behind = page.after(0);
    const empty = await paginator.page(behind);
    expect([empty.length, empty.next]).toEqual([0, null]);
    expect(keys((await paginator.page(empty.previous)).objectList)).toEqual([extra.pk]);
    await extra.delete();
    expect((await paginator.page(page.before(0))).length).toBe(0);
    expect((await paginator.page(empty.previous)).length).toBe(0);
  });
});

describe("a cursor", () => {
  const paginator = KeysetPaginator(Book.objects.orderBy("-price"), 5);
  test("is refused when it was changed, cut or made up, before anything is asked", async () => {
    const next = (await paginator.page()).next!;
    const at = Math.floor(next.length / 2);
    const changed = next.slice(0, at) + (next[at] === "A" ? "B" : "A") + next.slice(at + 1);
    const { queries } = await captureQueries(async () => {
      for (const bad of [changed, next.slice(0, -1), `${next}A`, "", "x", "!!", "%00", "a".repeat(40_000)])
        await expect(paginator.page(bad)).rejects.toThrow(InvalidCursor);
      for (const bad of [7, {}, [next], undefined])
        if (bad !== undefined) await expect(paginator.page(bad as never)).rejects.toThrow(InvalidPage);
    });
    expect(queries).toHaveLength(0);
    expect((await paginator.page(undefined)).length).toBe(5);
  });
  test("belongs to its order, and fits the same order anywhere", async () => {
    const next = (await paginator.page()).next!;
    for (const other of [Book.objects.orderBy("price"), Book.objects.orderBy("-rating"), Author.objects.orderBy("-pk")])
      await expect(KeysetPaginator(other as never, 5).page(next)).rejects.toThrow(/another order/);
    const twice = KeysetPaginator(Book.objects.orderBy(F("weight").mul(2)), 5);
    await expect(
      KeysetPaginator(Book.objects.orderBy(F("weight").mul(3)), 5).page((await twice.page()).next),
    ).rejects.toThrow(/another order/);
    const narrowed = KeysetPaginator(Book.objects.filter({ sold: true }).orderBy("-price"), 2);
    expect((await narrowed.page(next)).length).toBe(2);
  });
  test("can be signed", async () => {
    const make = (secret?: string) =>
      KeysetPaginator(Book.objects.orderBy("pk"), 5, secret === undefined ? {} : { secret });
    const { next } = await make("one").page();
    expect((await make("one").page(next)).length).toBe(5);
    for (const secret of ["two", undefined]) await expect(make(secret).page(next)).rejects.toThrow(InvalidCursor);
  });
  test("leads from any row of a page", async () => {
    const page = await paginator.page();
    expect(keys((await paginator.page(page.after(1))).objectList).slice(0, 3)).toEqual(keys(page.objectList).slice(2));
    expect(keys((await paginator.page(page.before(-1))).objectList)).toEqual(keys(page.objectList).slice(0, 4));
    expect(() => page.after(5)).toThrow(ValueError);
  });
});

test("querysets whose rows have no place in an order are refused", async () => {
  const make = (qs: unknown) => () => KeysetPaginator(qs as ReturnType<typeof Book.objects.all>, 5);
  expect(make(Book.objects.all().slice(0, 3))).toThrow(QueryTypeError);
  expect(make(Book.objects.all().union(Book.objects.all()))).toThrow(NotSupportedError);
  expect(make(Book.objects.values("title").annotate({ n: Count("id") }))).toThrow(NotSupportedError);
  expect(make(Book.objects.values("title").distinct())).toThrow(NotSupportedError);
  expect(make([1, 2])).toThrow(QueryTypeError);
  expect(() => KeysetPaginator(Book.objects.all(), 0)).toThrow(ValueError);
  expect(() => KeysetPaginator(Book.objects.all(), 5, { secret: "" })).toThrow(ValueError);
  expect(() => KeysetPaginator(Book.objects.all(), 5, { size: 3 } as never)).toThrow(QueryTypeError);
  await expect(KeysetPaginator(Book.objects.orderBy("?"), 5).page()).rejects.toThrow(NotSupportedError);
});
test("all pages can be gone through", async () => {
  const sizes: number[] = [];
  for await (const page of KeysetPaginator(Book.objects, 15)) sizes.push(page.length);
  expect(sizes).toEqual([15, 15, 10]);
  for await (const page of KeysetPaginator(Book.objects.none(), 15)) sizes.push(page.length);
  expect(sizes).toHaveLength(3);
});
