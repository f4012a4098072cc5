/** Lists of values: repeated ones, ones with a null in them, and ones that are longer than a statement may be. */
import { captureQueries } from "babik/testing";
import { afterAll, describe, expect, test } from "vitest";
import { Book, openBookshop, titles } from "../../support/bookshop.js";
import { testDatabase } from "../../support/database.js";
import { failure } from "../../support/loose.js";

const orm = await openBookshop(await testDatabase());
afterAll(() => orm.close());
const atlas = await Book.objects.get({ title: "Atlas" });
const statements = async (work: () => PromiseLike<unknown>): Promise<readonly unknown[]> => {
  const { queries } = await captureQueries(async () => void (await work()));
  return queries.filter((q) => q.kind === "statement");
};

describe("values that are repeated (SEC-D04)", () => {
  const many = Array.from({ length: 10_000 }, () => atlas.pk as number);
  test("are asked for once by in", async () => {
    const sent = await statements(async () =>
      expect(titles(await Book.objects.filter({ pk__in: many }))).toEqual(["Atlas"]),
    );
    expect(sent).toHaveLength(1);
  });
  test("are asked for once by inBulk()", async () => {
    const sent = await statements(async () => expect((await Book.objects.inBulk(many)).size).toBe(1));
    expect(sent).toHaveLength(1);
  });
});

describe("a null in a list (SEC-F03)", () => {
  test("is no value that a row could have, and takes no row away", async () => {
    expect(titles(await Book.objects.filter({ rating__in: [null, 4.5] as never }).orderBy("title"))).toEqual(
      titles(await Book.objects.filter({ rating: 4.5 }).orderBy("title")),
    );
    expect(titles(await Book.objects.filter({ rating__in: [null] as never }))).toEqual([]);
    const all = await Book.objects.count();
    expect(await Book.objects.exclude({ rating__in: [null] as never }).count()).toBe(all);
    const some = await Book.objects.filter({ rating: 4.5 }).count();
    expect(await Book.objects.exclude({ rating__in: [null, 4.5] as never }).count()).toBe(all - some);
  });
});

test("a list that is longer than a statement may be is refused before it is sent, or is one parameter (SEC-F21)", async () => {
  const keys = Array.from({ length: 300_000 }, (_, i) => i + 1_000_000);
  const features = (await orm.connection().ready()).features;
  for (const ask of [
    () => Book.objects.filter({ pk__in: [...keys, atlas.pk] }).count(),
    () => Book.objects.filter({ pk__in: [...keys, atlas.pk] }).update({ pages: 7 }),
  ]) {
    if (features.arrays) {
      expect(await ask()).toBe(1);
      continue;
    }
    const sent = await statements(async () => {
      expect(await failure(ask)).toMatchObject({
        name: "NotSupportedError",
        code: "database.too_many_parameters",
        message: expect.stringContaining(`the database takes ${features.maxParams}`) as string,
      });
    });
    expect(sent.length).toBeLessThanOrEqual(1);
  }
});
