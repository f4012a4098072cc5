/** What the functions of texts, numbers and comparisons are written as, and what they refuse. */
import { describe, expect, test } from "vitest";
import { F, Value } from "../../../src/expressions/makers.js";
import type { Expression } from "../../../src/expressions/expression.js";
import {
  Coalesce,
  Greatest,
  JSONArray,
  JSONObject,
  Least,
  NullIf,
} from "../../../src/expressions/functions/comparison.js";
import { Abs, Log, Mod, Pi, Random, Round } from "../../../src/expressions/functions/math.js";
import {
  Chr,
  Concat,
  Left,
  Length,
  LPad,
  Ord,
  Repeat,
  Replace,
  Right,
  SHA256,
  StrIndex,
  Substr,
  Upper,
} from "../../../src/expressions/functions/text.js";
import { Lag, Lead, NthValue, Ntile, RowNumber } from "../../../src/expressions/functions/window.js";
import { Window } from "../../../src/expressions/makers.js";
import { everyColumn } from "../../support/columns.js";
import { columns, write } from "../../support/compile.js";
import { mariadb, postgres, sqlite } from "../../support/dialects.js";

const table = columns(everyColumn());
const on = (e: Expression) => ({
  lite: write(e, table, sqlite),
  pg: write(e, table, postgres),
  maria: write(e, table, mariadb),
});
const texts = (e: Expression) => {
  const { lite, pg, maria } = on(e);
  return [lite.text, pg.text, maria.text];
};

describe("texts", () => {
  test("Concat takes NULL for the empty text, on each database in its way", () => {
    expect(texts(Concat("s", Value("-"), "none"))).toEqual([
      `(COALESCE("t"."s", '') || COALESCE(?, '') || COALESCE("t"."none", ''))`,
      `(COALESCE("t"."s"::text, '') || COALESCE($1::text, '') || COALESCE("t"."none"::text, ''))`,
      "CONCAT_WS('', `t`.`s`, ?, `t`.`none`)",
    ]);
    expect(() => Concat("s")).toThrow("Concat must take at least two expressions");
  });
  test("lengths count characters and code points are those of Unicode", () => {
    expect(texts(Length("s"))).toEqual([`LENGTH("t"."s")`, `LENGTH("t"."s")`, "CHAR_LENGTH(`t`.`s`)"]);
    expect(texts(Ord("s"))).toEqual([`UNICODE("t"."s")`, `ASCII("t"."s")`, "ORD(CONVERT(`t`.`s` USING utf32))"]);
    expect(on(Chr("n")).maria.text).toBe("CHAR(`t`.`n` USING utf16)");
  });
  test("SQLite takes parts of texts with SUBSTR alone", () => {
    expect(on(Left("s", 2)).lite.text).toBe(`SUBSTR("t"."s", 1, ?)`);
    expect(on(Right("s", 2)).lite.text).toBe(`SUBSTR("t"."s", -1 * ?, ?)`);
    expect(on(Right("s", 2)).pg.text).toBe(`RIGHT("t"."s", $1::integer)`);
    expect(on(Substr("s", 2, 3)).lite).toMatchObject({ text: `SUBSTR("t"."s", ?, ?)`, params: [2, 3] });
  });
  test("digests of PostgreSQL are the server's own", () => {
    expect(on(SHA256("s")).pg.text).toBe(`ENCODE(SHA256(CONVERT_TO("t"."s", 'UTF8')), 'hex')`);
    expect(on(SHA256("s")).maria.text).toBe("SHA2(`t`.`s`, 256)");
  });
  test("missing arguments are filled in", () => {
    expect(on(Replace("s", Value("a"))).lite.params).toEqual(["a", ""]);
    expect(on(LPad("s", 9)).lite.params).toEqual([9, " "]);
    expect(on(StrIndex("s", Value("x"))).pg.text).toBe(`STRPOS("t"."s", $1::text)`);
  });
  test.each([
    ["Left of nothing", () => Left("s", 0), "'length' must be greater than 0."],
    ["Right of nothing", () => Right("s", -1), "'length' must be greater than 0."],
    ["a position before the first", () => Substr("s", 0), "'pos' must be greater than 0"],
    ["a length below zero", () => LPad("s", -1), "'length' must be greater or equal to 0."],
    ["repetition below zero", () => Repeat("s", -1), "'number' must be greater or equal to 0."],
    ["an argument too many", () => Upper("s", "s"), "takes exactly 1 argument"],
  ])("refuses %s", (_what, make, message) => {
    expect(make).toThrow(message);
  });
});

describe("numbers", () => {
  test("doubles are cast where PostgreSQL knows numeric only", () => {
    expect(on(Mod("f", "n")).pg.text).toBe(`MOD("t"."f"::numeric, "t"."n")`);
    expect(on(Log(Value(2), "f")).pg.text).toBe(`LOG($1::integer, "t"."f"::numeric)`);
    expect(on(Round("f", { precision: 1 })).pg).toMatchObject({
      text: `ROUND("t"."f"::numeric, $1::integer)`,
      params: [1],
    });
  });
  test("negative digits are refused on SQLite, which would take them for zero", () => {
    expect(() => write(Round("n", -1), table, sqlite)).toThrow("SQLite does not support negative precision.");
    expect(write(Round("n", -1), table, mariadb).params).toEqual([-1]);
  });
  test("exact decimals of SQLite go through functions that lose no digit", () => {
    expect(on(Abs("big")).lite.text).toBe(`BABIK_DEC_ABS("t"."big")`);
    expect(on(Abs("dec")).lite.text).toBe(`ABS("t"."dec")`);
    expect(on(Greatest("big", "dec")).lite.text).toContain(`BABIK_DEC_CMP("t"."big", "t"."dec") >= 0`);
  });
  test("functions without arguments", () => {
    expect(texts(Pi())).toEqual(["PI()", "PI()", "PI()"]);
    expect(texts(Random())).toEqual(["RAND()", "RANDOM()", "RAND()"]);
  });
});

describe("comparisons and JSON values", () => {
  test("the greatest and least of values, and the first that is not NULL", () => {
    expect(texts(Greatest("n", 3))).toEqual([
      `MAX("t"."n", ?)`,
      `GREATEST("t"."n", $1::integer)`,
      "GREATEST(`t`.`n`, ?)",
    ]);
    expect(on(Least("n", "f")).lite.text).toBe(`MIN("t"."n", "t"."f")`);
    expect(on(Coalesce("none", "s")).pg.text).toBe(`COALESCE("t"."none", "t"."s")`);
    expect(on(NullIf("n", 7)).maria.text).toBe("NULLIF(`t`.`n`, ?)");
    expect(() => Coalesce("s")).toThrow("Coalesce must take at least two expressions");
  });
  test("keys of objects are parameters and documents stay documents", () => {
    const { lite, pg, maria } = on(JSONObject({ "a'b": "n", doc: "j" }));
    expect(lite).toMatchObject({ text: `JSON_OBJECT(?, "t"."n", ?, JSON("t"."j"))`, params: ["a'b", "doc"] });
    expect(pg.text).toBe(`JSONB_BUILD_OBJECT($1::text, "t"."n", $2::text, "t"."j")`);
    expect(maria.text).toBe("JSON_OBJECT(?, `t`.`n`, ?, JSON_EXTRACT(`t`.`j`, '$'))");
    expect(on(JSONArray("n", Value(null))).pg.text).toBe(`JSONB_BUILD_ARRAY("t"."n", $1::text)`);
  });
});

describe("windows", () => {
  const over = (e: Expression) => Window(e, { orderBy: ["n"] });
  test("rows are numbered and compared with their neighbours", () => {
    expect(on(over(RowNumber())).pg.text).toBe(`ROW_NUMBER() OVER (ORDER BY "t"."n" ASC)`);
    expect(on(over(Lead("s", 2))).lite.text).toBe(`LEAD("t"."s", ?) OVER (ORDER BY "t"."n" ASC)`);
  });
  test("MariaDB's LAG has no default: the row that is missing is found by a LAG of its own", () => {
    const lag = over(Lag("n", { default: 0 }));
    expect(on(lag).lite.text).toBe(`LAG("t"."n", ?, ?) OVER (ORDER BY "t"."n" ASC)`);
    expect(on(lag).maria.text).toBe(
      "CASE WHEN LAG(1, ?) OVER (ORDER BY `t`.`n` ASC) IS NULL THEN ? ELSE LAG(`t`.`n`, ?) OVER (ORDER BY `t`.`n` ASC) END",
    );
  });
  test.each([
    ["an offset of zero", () => Lag("n", 0), "Lag requires a positive integer for the offset."],
    ["an offset that is no integer", () => Lead("n", { offset: 1.5 }), "Lead requires a positive integer"],
    ["no expression", () => Lag(), "Lag requires a non-null source expression."],
    ["no parts", () => Ntile(0), "num_buckets must be greater than 0."],
    ["the row before the first", () => NthValue("n", { nth: 0 }), "NthValue requires a positive integer as for nth."],
    ["a function that is none of windows", () => Window(Abs("n")), "isn't compatible with OVER clauses"],
  ])("refuses %s", (_what, make, message) => {
    expect(make).toThrow(message);
  });
  test("a bound of a frame that cannot be is refused", () => {
    const sum = Window(RowNumber(), { orderBy: ["n"], frame: { unit: "ROWS", start: 4, end: -3, exclusion: null } });
    expect(() => write(sum, table, sqlite)).toThrow("start cannot be greater than end.");
  });
  test("F keeps its place in all of them", () => {
    expect(on(over(Lag(F("n"), 1))).pg.params).toEqual([1]);
  });
});
