/** Paths into JSON documents: keys and values are parameters, JSON null is a value, and what a database cannot do is said. */
import { describe, expect, test } from "vitest";
import type { Expression } from "../../../src/expressions/expression.js";
import { KeyTextTransform, KeyTransform, KT } from "../../../src/expressions/functions/json.js";
import { F, HasKey } from "../../../src/expressions/makers.js";
import { everyColumn } from "../../support/columns.js";
import { columns, write } from "../../support/compile.js";
import { databases, mariadb, mysql, postgres, sqlite } from "../../support/dialects.js";

const table = columns(everyColumn());
const path = KeyTransform("c", KeyTransform(0, KeyTransform("a", "j")));
const sql = (e: Expression, info = sqlite) => write(e, table, info);

describe("paths", () => {
  test("the whole path is one parameter", () => {
    expect(sql(path)).toMatchObject({ text: `("t"."j" -> ?)`, params: [`$."a"[0]."c"`] });
    expect(sql(path, postgres)).toMatchObject({ text: `("t"."j" #> $1::text[])`, params: [`{"a","0","c"}`] });
    expect(sql(path, mariadb)).toMatchObject({ text: "JSON_EXTRACT(`t`.`j`, ?)", params: [`$."a"[0]."c"`] });
  });
  test.each(databases)("on %s a key with quotes stays out of the text", (_name, info) => {
    const evil = `x' = '"a"') OR 1 = 1 OR ('d`;
    const { text, params } = sql(F("j").lookup(evil, "y"), info);
    expect(text).not.toContain("1 = 1");
    expect(params).toHaveLength(2);
  });
  test("texts", () => {
    expect(sql(KT("j__a__b"), postgres)).toMatchObject({ text: `("t"."j" #>> $1::text[])`, params: [`{"a","b"}`] });
    expect(sql(KeyTextTransform("a", "j")).text).toContain(`CAST(("t"."j" ->> ?) AS TEXT)`);
    expect(() => KT("j")).toThrow("Lookup must contain key or index transforms.");
  });
  test("negative indexes count from the end, where the database can", () => {
    expect(sql(KeyTransform(-1, "j")).params).toEqual(["$[#-1]"]);
    expect(() => sql(KeyTransform(-1, "j"), mariadb)).toThrow("Using negative JSON array indices is not supported");
  });
  test("equal paths have one number on PostgreSQL, so that they may be grouped by", () => {
    expect(sql(KeyTransform("a", "j").eq(KeyTransform("a", "j")), postgres).text).toBe(
      `("t"."j" #> $1::text[]) = ("t"."j" #> $1::text[])`,
    );
  });
});

describe("comparisons", () => {
  test("documents are equal whatever the order of their keys", () => {
    const e = F("j").lookup("a", { z: 1, b: [null] });
    expect(sql(e)).toMatchObject({
      text: `BABIK_JSON_KEY(("t"."j" -> ?)) = ?`,
      params: [`$."a"`, `{"b":[null],"z":1}`],
    });
    expect(sql(e, postgres).text).toBe(`("t"."j" #> $1::text[]) = $2::jsonb`);
    expect(sql(e, mariadb).text).toBe("JSON_NORMALIZE(JSON_EXTRACT(`t`.`j`, ?)) = JSON_NORMALIZE(?)");
    expect(sql(e, mysql).text).toBe("JSON_EXTRACT(`t`.`j`, ?) = JSON_EXTRACT(?, '$')");
  });
  test.each(databases)("on %s null is the JSON null", (_name, info) => {
    expect(sql(F("j").lookup("exact", null), info).params.at(-1)).toBe("null");
    expect(sql(F("j").lookup("a", null), info).params.at(-1)).toBe("null");
  });
  test("isnull asks whether the key is there", () => {
    expect(sql(F("j").lookup("a__isnull", true)).text).toBe(`("t"."j" -> ?) IS NULL`);
    expect(sql(F("j").lookup("a__isnull", false), postgres).text).toBe(`("t"."j" #> $1::text[]) IS NOT NULL`);
  });
  test("order compares numbers as numbers", () => {
    expect(sql(F("j").lookup("a__gt", 5))).toMatchObject({
      text: `JSON_EXTRACT("t"."j", ?) > ?`,
      params: [`$."a"`, 5],
    });
    expect(sql(F("j").lookup("a__gt", 5), postgres)).toMatchObject({
      text: `("t"."j" #> $1::text[]) > $2::jsonb`,
      params: [`{"a"}`, "5"],
    });
    expect(sql(F("j").lookup("a__lt", "x"), mariadb).text).toBe("JSON_UNQUOTE(JSON_EXTRACT(`t`.`j`, ?)) < ?");
    expect(() => sql(F("j").lookup("a__gt", { b: 1 }))).toThrow("takes a number or a text");
  });
  test("patterns look at the text", () => {
    expect(sql(F("j").lookup("a__icontains", "X"), postgres).text).toBe(
      `UPPER(("t"."j" #>> $1::text[])::text) LIKE UPPER($2::text)`,
    );
  });
  test("lists have a parameter for each member, and null is none of them", () => {
    expect(sql(F("j").lookup("a__in", [1, null, "x"]))).toMatchObject({
      text: `BABIK_JSON_KEY(("t"."j" -> ?)) IN (?, ?)`,
      params: [`$."a"`, "1", `"x"`],
    });
    expect(sql(F("j").lookup("a__in", [])).text).toBe("0");
  });
});

describe("keys and containment", () => {
  test("a key is a name even where it looks like an index", () => {
    expect(sql(F("j").lookup("has_key", "1"))).toMatchObject({
      text: `JSON_TYPE("t"."j", ?) IS NOT NULL`,
      params: [`$."1"`],
    });
    expect(sql(F("j").lookup("a__has_key", "b"), mariadb)).toMatchObject({
      text: "JSON_CONTAINS_PATH(`t`.`j`, 'one', ?)",
      params: [`$."a"."b"`],
    });
    expect(sql(F("j").lookup("has_key", "b"), postgres).text).toBe(`"t"."j" ? $1::text`);
  });
  test("several keys: all, or any", () => {
    expect(sql(F("j").lookup("has_keys", ["a", "b"]), postgres).text).toBe(`"t"."j" ?& ARRAY[$1::text, $2::text]`);
    expect(sql(F("j").lookup("has_any_keys", ["a", "b"])).text).toBe(
      `(JSON_TYPE("t"."j", ?) IS NOT NULL OR JSON_TYPE("t"."j", ?) IS NOT NULL)`,
    );
    expect(sql(F("j").lookup("has_keys", [])).text).toBe("1");
  });
  test("a path as the key", () => {
    expect(sql(HasKey(F("j"), path)).params).toEqual([`$."a"[0]."c"`]);
  });
  test("containment is for databases that have it", () => {
    expect(sql(F("j").lookup("contains", { a: 1 }), postgres).text).toBe(`"t"."j" @> $1::jsonb`);
    expect(sql(F("j").lookup("contained_by", { a: 1 }), mariadb).text).toBe("JSON_CONTAINS(?, `t`.`j`)");
    expect(() => sql(F("j").lookup("contains", { a: 1 }))).toThrow(
      "contains lookup is not supported on this database backend.",
    );
  });
  test("ordering takes the value, not its JSON text", () => {
    expect(sql(path.desc()).text).toBe(`JSON_EXTRACT("t"."j", ?) DESC`);
  });
});
