import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  cutBytes,
  generatedName,
  indexName,
  nameDigest,
  shortenIdentifier,
  snakeCase,
  splitPath,
} from "../../../src/base/names.js";
import { holds } from "../../support/holds.js";

describe("names", () => {
  test.each([
    ["inStock", "in_stock"],
    ["name", "name"],
    ["HTTPServer", "http_server"],
    ["isHTTP", "is_http"],
    ["line2Text", "line2_text"],
    ["in_stock", "in_stock"],
    ["aB", "a_b"],
    ["createdAtUTC", "created_at_utc"],
    ["x1", "x1"],
    ["_order", "_order"],
    ["userID2", "user_id2"],
  ])("%s becomes %s", (name, snake) => {
    expect(snakeCase(name)).toBe(snake);
    expect(snakeCase(snake)).toBe(snake);
  });
  test("a path is split at double underscores", () => {
    expect(splitPath("category__parent__name")).toEqual(["category", "parent", "name"]);
  });
  test("a short identifier stays, a long one ends in a digest of the whole", () => {
    expect(shortenIdentifier("shop_product", 63)).toBe("shop_product");
    const long = "x".repeat(80);
    const short = shortenIdentifier(long, 63);
    expect(short).toBe(`${"x".repeat(59)}${nameDigest(4, long)}`);
    expect(shortenIdentifier(`${long}y`, 63)).not.toBe(short);
    expect(shortenIdentifier(`schema"."${long}`, 63)).toBe(`schema"."${short}`);
  });
  test("no identifier is longer than asked, counted in bytes, and none is cut within a character", () => {
    holds(
      fc.property(fc.string({ unit: "grapheme", maxLength: 120 }), fc.integer({ min: 12, max: 64 }), (name, max) => {
        const short = shortenIdentifier(name, max);
        return (
          (Buffer.byteLength(short) <= max || short === name) &&
          (!short.includes("\ufffd") || name.includes("\ufffd")) &&
          Buffer.byteLength(cutBytes(name, max)) <= max
        );
      }),
    );
  });
  test("index names are within 30 characters and begin with a letter", () => {
    holds(
      fc.property(
        fc.stringMatching(/^[a-z0-9_]{1,60}$/),
        fc.array(fc.stringMatching(/^-?[a-z0-9_]{1,40}$/), { minLength: 1, maxLength: 4 }),
        (table, columns) => {
          const name = indexName(table, columns);
          return name.length <= 30 && /^[A-Za-z]/.test(name) && name === indexName(table, columns);
        },
      ),
    );
    expect(indexName("shop_product", ["category_id", "-price"])).toMatch(/^shop_produc_categor_[0-9a-f]{6}_idx$/);
    // Names that Django's own tests expect.
    expect(indexName("model_indexes_book", ["author"])).toBe("model_index_author_0f5565_idx");
    expect(indexName("model_indexes_book", ["-author"])).toBe("model_index_author_708765_idx");
    expect(indexName("model_indexes_book", ["page_count"])).toBe("model_index_page_co_69235a_idx");
    expect(indexName("t", ["-a"])).not.toBe(indexName("t", ["a"]));
  });
  test("names of constraints fit and differ by their columns", () => {
    holds(
      fc.property(
        fc.stringMatching(/^[a-z_]{1,90}$/),
        fc.array(fc.stringMatching(/^[a-z_]{1,60}$/), { minLength: 1, maxLength: 5 }),
        (table, columns) => {
          const name = generatedName(table, columns, "_fk_other_table_id", 63);
          return Buffer.byteLength(name) <= 63 && /^[A-Za-z]/.test(name);
        },
      ),
    );
    expect(generatedName("a", ["b"], "_uniq", 63)).not.toBe(generatedName("a", ["c"], "_uniq", 63));
  });
});
