/** `fullClean()`: fields, `clean()`, uniqueness and constraints of an instance before it is saved. */
import {
  CASCADE,
  CharField,
  CheckConstraint,
  DateField,
  DateTimeField,
  DecimalField,
  F,
  ForeignKey,
  GeneratedField,
  IntegerField,
  Lower,
  OpClass,
  Q,
  Temporal,
  UniqueConstraint,
  ValidationError,
} from "babik";
import { assertNumQueries, captureQueries } from "babik/testing";
import { beforeEach, describe, expect, test } from "vitest";
import { failure, looseModel, looseOrm, type LooseRow } from "../../support/loose.js";

const Author = looseModel("Author", { name: CharField({ maxLength: 10 }), active: IntegerField({ default: 1 }) });
const Post = looseModel(
  "Post",
  {
    slug: CharField({ maxLength: 20, unique: true }),
    title: CharField({ maxLength: 10, blank: true, uniqueForDate: "posted" }),
    year: CharField({ maxLength: 10, null: true, blank: true, uniqueForYear: "at" }),
    posted: DateField({ null: true, blank: true }),
    at: DateTimeField({ null: true, blank: true }),
    section: CharField({ maxLength: 10, null: true, blank: true }),
    page: IntegerField({ default: 1 }),
    author: ForeignKey("Author", { onDelete: CASCADE, null: true, blank: true, limitChoicesTo: { active: 1 } }),
  },
  { uniqueTogether: [["section", "page"]] },
);
const Product = looseModel(
  "Product",
  {
    name: CharField({ maxLength: 20, null: true, blank: true }),
    color: CharField({ maxLength: 20, null: true, blank: true }),
    price: DecimalField({ maxDigits: 6, decimalPlaces: 2, null: true, blank: true }),
    reduced: DecimalField({ maxDigits: 6, decimalPlaces: 2, null: true, blank: true }),
    code: IntegerField({ null: true, blank: true }),
    twice: GeneratedField({ expression: F("code").mul(2), outputField: IntegerField(), dbPersist: true }),
  },
  {
    constraints: [
      CheckConstraint({ condition: Q({ price__gt: F("reduced") }), name: "price_over_reduced" }),
      CheckConstraint({
        condition: Q({ twice__lt: 1000 }),
        name: "twice_small",
        violationErrorMessage: "Too big for %(name)s.",
        violationErrorCode: "big",
      }),
    ],
  },
);
// Partial and functional indexes are not on every database: these are only asked, their tables have none of them.
const Asked = looseModel(
  "Asked",
  {
    name: CharField({ maxLength: 20, null: true, blank: true }),
    color: CharField({ maxLength: 20, null: true, blank: true }),
    place: CharField({ maxLength: 20, null: true, blank: true }),
    rank: IntegerField({ null: true, blank: true }),
  },
  {
    managed: false,
    dbTable: "shop_plain",
    constraints: [
      UniqueConstraint({ fields: ["name"], condition: Q({ color: null }), name: "name_without_color" }),
      UniqueConstraint(Lower("place"), { name: "lower_place" }),
      UniqueConstraint(OpClass(F("rank").desc(), { name: "int4_ops" }), {
        name: "rank_desc",
        violationErrorCode: "rank",
      }),
    ],
  },
);
const Plain = looseModel("Plain", {
  name: CharField({ maxLength: 20, null: true }),
  color: CharField({ maxLength: 20, null: true }),
  place: CharField({ maxLength: 20, null: true }),
  rank: IntegerField({ null: true }),
});
const Pair = looseModel(
  "Pair",
  { a: IntegerField({ null: true, blank: true }), b: IntegerField(), c: IntegerField({ default: 0 }) },
  {
    constraints: [
      UniqueConstraint({ fields: ["a", "b"], name: "a_b" }),
      UniqueConstraint({ fields: ["c"], name: "only_c" }),
    ],
  },
);
const Place = looseModel("Place", { name: CharField({ maxLength: 20, unique: true }) });
const Cafe = Place.extend("Cafe", { cups: IntegerField({ unique: true }) });
await looseOrm({ Author, Post, Product, Plain, Asked, Pair, Place, Cafe });

beforeEach(async () => {
  for (const m of [Post, Author, Product, Plain, Pair, Cafe, Place]) await m.objects.all().delete();
});
const messages = async (row: LooseRow, options: object = {}): Promise<unknown> => {
  const error = await failure(row.fullClean(options));
  expect(error).toBeInstanceOf(ValidationError);
  return error["messageDict"];
};
const codes = async (row: LooseRow): Promise<unknown> =>
  ((await failure(row.fullClean()))["errorList"] as { code: string }[]).map((m) => m.code);

describe("fields", () => {
  test("every field that does not pass is named with its messages", async () => {
    expect(await messages(new Author({ name: "x".repeat(11), active: "no" }))).toEqual({
      name: ["Ensure this value has at most 10 characters (it has 11)."],
      active: [expect.stringContaining("integer")],
    });
  });
  test("values become what the field understands them as", async () => {
    const row = new Author({ name: "a", active: "7" });
    await row.fullClean();
    expect(row["active"]).toBe(7);
  });
  test("excluded fields are passed over", async () => {
    const row = new Author({ name: "" });
    await expect(row.fullClean({ exclude: ["name"] })).resolves.toBeUndefined();
    expect(await messages(row)).toEqual({ name: ["This field cannot be blank."] });
  });
  test("a foreign key to a row that is not there, or that must not be chosen", async () => {
    const idle = await Author.objects.create({ name: "idle", active: 0 });
    expect(await messages(new Post({ slug: "a", authorId: 999_999 }))).toEqual({
      author: ["author instance with this id is not a valid choice."],
    });
    expect(await messages(new Post({ slug: "a", author: idle }))).toEqual({
      author: ["author instance with this id is not a valid choice."],
    });
    const busy = await Author.objects.create({ name: "busy" });
    await expect(new Post({ slug: "a", author: busy }).fullClean()).resolves.toBeUndefined();
  });
});
describe("clean()", () => {
  class Strict extends (Author as unknown as new (values?: object) => LooseRow) {
    clean(): void {
      throw new ValidationError("Never.", "never");
    }
  }
  test("runs whatever the fields say, and its messages stand beside theirs", async () => {
    expect(await messages(new Strict({ name: "" }))).toEqual({
      name: ["This field cannot be blank."],
      __all__: ["Never."],
    });
  });
});
describe("uniqueness", () => {
  test("a unique field, the row itself left out", async () => {
    const row = await Post.objects.create({ slug: "a" });
    expect(await messages(new Post({ slug: "a" }))).toEqual({ slug: ["Post with this Slug already exists."] });
    await expect(row.fullClean()).resolves.toBeUndefined();
  });
  test("a field that did not pass is not asked for", async () => {
    const { queries } = await captureQueries(() => failure(new Post({ slug: "x".repeat(21) }).fullClean()));
    expect(queries).toEqual([]);
  });
  test("fields together; NULL is never taken", async () => {
    await Post.objects.create({ slug: "a", section: "x", page: 1 });
    await Post.objects.create({ slug: "b", section: null, page: 1 });
    expect(await messages(new Post({ slug: "c", section: "x", page: 1 }))).toEqual({
      __all__: ["Post with this Section and Page already exists."],
    });
    expect(await codes(new Post({ slug: "c", section: "x", page: 1 }))).toEqual(["unique_together"]);
    await expect(new Post({ slug: "d", section: null, page: 1 }).fullClean()).resolves.toBeUndefined();
  });
  test("for a date", async () => {
    const posted = Temporal.PlainDate.from("2026-03-01");
    await Post.objects.create({ slug: "a", title: "t", posted });
    expect(await messages(new Post({ slug: "b", title: "t", posted }))).toEqual({
      title: ["Title must be unique for Posted date."],
    });
    await expect(new Post({ slug: "b", title: "t", posted: "2026-03-02" }).fullClean()).resolves.toBeUndefined();
    await expect(new Post({ slug: "b", title: "t" }).fullClean()).resolves.toBeUndefined();
  });
  test("for the year of a moment", async () => {
    await Post.objects.create({ slug: "a", year: "y", at: new Date("2026-03-01T00:00:00Z") });
    expect(await messages(new Post({ slug: "b", year: "y", at: new Date("2026-12-01T00:00:00Z") }))).toEqual({
      year: ["Year must be unique for At year."],
    });
    await expect(
      new Post({ slug: "b", year: "y", at: new Date("2027-01-01T00:00:00Z") }).fullClean(),
    ).resolves.toBeUndefined();
  });
  test("in the tables of parents, each by its own key", async () => {
    const cafe = await Cafe.objects.create({ name: "x", cups: 1 });
    expect(await messages(new Cafe({ name: "x", cups: 1 }))).toEqual({
      name: ["Place with this Name already exists."],
      cups: ["Cafe with this Cups already exists."],
    });
    await expect(cafe.fullClean()).resolves.toBeUndefined();
  });
});
describe("constraints", () => {
  test("a check over two columns", async () => {
    expect(await messages(new Product({ price: "1", reduced: "2" }))).toEqual({
      __all__: ["Constraint “price_over_reduced” is violated."],
    });
    await expect(new Product({ price: "3", reduced: "2" }).fullClean()).resolves.toBeUndefined();
  });
  test("a check over NULL holds", async () => {
    await expect(new Product({ price: "1" }).fullClean()).resolves.toBeUndefined();
  });
  test("a check over a computed column, with a message and code of its own", async () => {
    const row = new Product({ code: 600 });
    expect(await messages(row)).toEqual({ __all__: ["Too big for twice_small."] });
    expect(await codes(row)).toEqual(["big"]);
  });
  test("a check over an excluded field is passed over", async () => {
    const row = new Product({ price: "1", reduced: "2" });
    await expect(assertNumQueries(1, () => row.validateConstraints({ exclude: ["price"] }))).resolves.toBeUndefined();
  });
  test("checks can be left out", async () => {
    await expect(
      new Product({ price: "1", reduced: "2" }).fullClean({ validateConstraints: false }),
    ).resolves.toBeUndefined();
  });
  test("unique fields of a constraint: one under its name, several together", async () => {
    const row = await Pair.objects.create({ a: 1, b: 1, c: 1 });
    expect(await messages(new Pair({ a: 1, b: 1, c: 1 }))).toEqual({
      __all__: ["Pair with this A and B already exists."],
      c: ["Pair with this C already exists."],
    });
    await expect(row.fullClean()).resolves.toBeUndefined();
    await Pair.objects.create({ a: null, b: 1, c: 2 });
    await expect(new Pair({ a: null, b: 1, c: 3 }).fullClean()).resolves.toBeUndefined();
  });
  test("a condition: only rows that meet it count, on both sides", async () => {
    await Plain.objects.create({ name: "a", color: "red" });
    await Plain.objects.create({ name: "b" });
    await expect(new Asked({ name: "a" }).fullClean()).resolves.toBeUndefined();
    await expect(new Asked({ name: "b", color: "blue" }).fullClean()).resolves.toBeUndefined();
    expect(await messages(new Asked({ name: "b" }))).toEqual({
      __all__: ["Constraint “name_without_color” is violated."],
    });
    await expect(new Asked({ name: "b" }).validateConstraints({ exclude: ["color"] })).resolves.toBeUndefined();
  });
  test("an expression", async () => {
    await Plain.objects.create({ place: "ROME", rank: 5 });
    expect(await messages(new Asked({ place: "Rome" }))).toEqual({
      __all__: ["Constraint “lower_place” is violated."],
    });
    await expect(new Asked({ place: "Oslo" }).fullClean()).resolves.toBeUndefined();
    await expect(new Asked({ place: "Rome" }).fullClean({ exclude: ["place"] })).resolves.toBeUndefined();
    expect(await codes(new Asked({ rank: 5 }))).toEqual(["rank"]);
  });
});
describe("neighbours", () => {
  const slug = async (found: Promise<LooseRow>): Promise<unknown> => (await found)["slug"];
  test("by date, keys deciding between equal ones", async () => {
    const day = (n: number): unknown => Temporal.PlainDate.from({ year: 2026, month: 1, day: n });
    const [a, b, c] = [
      await Post.objects.create({ slug: "a", page: 1, posted: day(1) }),
      await Post.objects.create({ slug: "b", page: 2, posted: day(1) }),
      await Post.objects.create({ slug: "c", page: 3, posted: day(2) }),
    ];
    expect(await slug(a.getNextBy("posted"))).toBe("b");
    expect(await slug(b.getNextBy("posted"))).toBe("c");
    expect(await slug(c.getPreviousBy("posted"))).toBe("b");
    expect(await slug(a.getNextBy("posted", { slug: "c" }))).toBe("c");
    const error = await failure(c.getNextBy("posted"));
    expect(error).toBeInstanceOf(Post.DoesNotExist);
    expect(error.message).toBe("Post matching query does not exist.");
  });
  test("not of an unsaved row", async () => {
    expect((await failure(new Post({ slug: "a" }).getNextBy("posted"))).message).toContain("unsaved");
  });
});
