/** Names of the recording in babik's form and back. */
import { describe, expect, test } from "vitest";
import type { ModelSpec } from "../../../conformance/format.js";
import { Names, babikAttname, camel } from "../../../conformance/names.js";

const key = { name: "id", column: "id", type: "BigAutoField" };
const models: Record<string, ModelSpec> = {
  "shop.Author": {
    label: "shop.Author",
    db_table: "a",
    fields: [key, { name: "name", column: "name", type: "CharField" }],
  },
  "shop.Book": {
    label: "shop.Book",
    db_table: "b",
    fields: [
      key,
      {
        name: "author",
        attname: "author_id",
        column: "author_id",
        type: "ForeignKey",
        to: "shop.Author",
        reverse_accessor: "book_set",
        reverse_query_name: "book",
      },
      { name: "shelf_id", column: "shelf_id", type: "IntegerField" },
    ],
  },
  "shop.Novel": { label: "shop.Novel", db_table: "b", proxy: true, bases: ["shop.Book"], fields: [] },
  "shop.Stock": {
    label: "shop.Stock",
    db_table: "s",
    fields: [
      key,
      {
        name: "shelf",
        attname: "shelf_id",
        column: "shelf_id",
        type: "ForeignKey",
        to: "shop.Book",
        reverse_query_name: "stock",
      },
    ],
  },
};
const names = new Names({ models });

describe("methods and options", () => {
  test.each([
    ["order_by", "orderBy"],
    ["values_list", "valuesList"],
    ["count", "count"],
    ["_order", "_order"],
    ["unique_for_date", "uniqueForDate"],
  ])("%s is %s", (django, babik) => {
    expect(camel(django)).toBe(babik);
  });
});

describe("names of foreign key columns", () => {
  test("the attribute of a field called first_book is first_bookId", () => {
    expect(babikAttname({ name: "first_book", attname: "first_book_id", type: "ForeignKey" })).toBe("first_bookId");
    expect(babikAttname({ name: "object_id", type: "IntegerField" })).toBe("object_id");
  });

  test.each([
    ["author_id", "shop.Book", "authorId"],
    ["author_id__in", "shop.Book", "authorId__in"],
    ["-author_id", "shop.Book", "-authorId"],
    ["book__author_id__gt", "shop.Author", "book__authorId__gt"],
    ["author__name", "shop.Book", "author__name"],
    ["author_id", "shop.Novel", "authorId"],
  ])("%s seen from %s is %s", (path, model, expected) => {
    expect(names.path(path, model)).toBe(expected);
  });

  test("a plain field that only looks like one stays", () => {
    expect(names.path("shelf_id", "shop.Book")).toBe("shelf_id");
    expect(names.path("shelf_id", "shop.Stock")).toBe("shelfId");
    expect(names.path("stock__shelf_id", "shop.Book")).toBe("stock__shelfId");
  });

  test("an alias at the start stays, what follows it is guessed", () => {
    expect(names.path("top_id", "shop.Author")).toBe("top_id");
    expect(names.path("favourite__author_id", "shop.Author")).toBe("favourite__authorId");
  });

  test("names in results go back", () => {
    expect(names.original("authorId")).toBe("author_id");
    expect(names.original("authorId__max")).toBe("author_id__max");
    expect(names.original("name")).toBe("name");
  });
});

describe("models", () => {
  test("a proxy has the columns of its model", () => {
    expect(names.columns("shop.Novel").map((field) => field.name)).toEqual(["id", "author", "shelf_id"]);
  });

  test("accessors lead to models, also from proxies", () => {
    expect(names.accessorTarget("shop.Author", "book_set")).toBe("shop.Book");
    expect(names.accessorTarget("shop.Author", "nothing")).toBeUndefined();
  });
});
