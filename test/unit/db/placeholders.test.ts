/** `%s` and `%(name)s` in SQL written by hand. */
import { describe, expect, test } from "vitest";
import { ProgrammingError } from "../../../src/base/errors.js";
import { convertPlaceholders, pickParams } from "../../../src/db/placeholders.js";
import { splitScript } from "../../../src/db/mysql/script.js";

const pg = { name: "postgres" } as const;
const lite = { name: "sqlite" } as const;
const my = { name: "mysql" } as const;

describe("placeholders", () => {
  test("positions become the driver's own placeholders", () => {
    const sql = "SELECT * FROM t WHERE a = %s AND b IN (%s, %s)";
    expect(convertPlaceholders(sql, pg)).toEqual({
      text: "SELECT * FROM t WHERE a = $1 AND b IN ($2, $3)",
      slots: [0, 1, 2],
    });
    expect(convertPlaceholders(sql, lite).text).toBe("SELECT * FROM t WHERE a = ? AND b IN (?, ?)");
  });

  test("a name may stand several times", () => {
    const { text, slots } = convertPlaceholders("SELECT %(a)s, %(b)s, %(a)s", pg);
    expect(text).toBe("SELECT $1, $2, $3");
    expect(pickParams(slots, { a: 1, b: 2 })).toEqual([1, 2, 1]);
  });

  test.each([
    ["a text", "SELECT '%s', 'it''s %s', %s", lite, "SELECT '%s', 'it''s %s', ?"],
    ["a doubled percent sign in a text", "SELECT 'a%%', 5 %% 3, 'b%', %s", lite, "SELECT 'a%', 5 % 3, 'b%', ?"],
    ["a quoted name", 'SELECT "%s" FROM t WHERE a = %s', pg, 'SELECT "%s" FROM t WHERE a = $1'],
    ["a name in backquotes", "SELECT `%s`, %s", my, "SELECT `%s`, ?"],
    ["a name in brackets", "SELECT [%s], %s", lite, "SELECT [%s], ?"],
    ["a line comment", "SELECT 1 -- %s ' \n, %s", pg, "SELECT 1 -- %s ' \n, $1"],
    ["a hash comment", "SELECT 1 # %s\n, %s", my, "SELECT 1 # %s\n, ?"],
    ["a comment", "SELECT /* %s ' */ %s", lite, "SELECT /* %s ' */ ?"],
    ["a nested comment", "SELECT /* a /* %s */ %s */ %s", pg, "SELECT /* a /* %s */ %s */ $1"],
    ["a dollar quote", "SELECT $$ %s ' $$, $x$ $$ %s $x$, %s", pg, "SELECT $$ %s ' $$, $x$ $$ %s $x$, $1"],
    ["an escape string", "SELECT E'it\\'s %s', %s", pg, "SELECT E'it\\'s %s', $1"],
    ["a plain string that ends in a backslash", "SELECT 'a\\', %s", pg, "SELECT 'a\\', $1"],
    ["a backslash on MariaDB", "SELECT 'a\\' %s', %s", my, "SELECT 'a\\' %s', ?"],
    ["an open text", "SELECT 'a %s", lite, "SELECT 'a %s"],
  ])("%s is passed over", (_, sql, dialect, expected) => {
    expect(convertPlaceholders(sql, dialect).text).toBe(expected);
  });

  test("a value that looks like a placeholder stays a value", () => {
    const { text, slots } = convertPlaceholders("SELECT %s, %s", pg);
    expect(text).toBe("SELECT $1, $2");
    expect(pickParams(slots, ["%s", "$1"])).toEqual(["%s", "$1"]);
  });

  test("a negative number after a minus sign makes no comment", () => {
    expect(convertPlaceholders("SELECT 1 -%s, 2", pg).text).toBe("SELECT 1 -$1, 2");
  });

  test.each(["SELECT 5 % 3, %s", "SELECT %d", "SELECT %(a)d", "SELECT %", "SELECT %s, %(a)s"])(
    "%j is refused",
    (sql) => {
      expect(() => convertPlaceholders(sql, lite)).toThrow(ProgrammingError);
    },
  );

  test("parameters that do not fit are refused", () => {
    expect(() => pickParams([0, 1], [1])).toThrow(ProgrammingError);
    expect(() => pickParams([0], { a: 1 })).toThrow(ProgrammingError);
    expect(() => pickParams(["a"], [1])).toThrow(ProgrammingError);
    expect(() => pickParams(["constructor"], {})).toThrow(ProgrammingError);
    expect(() => pickParams(["__proto__"], {})).toThrow(ProgrammingError);
    expect(() => pickParams([], null as never)).toThrow(ProgrammingError);
  });
});

test("scripts are cut at semicolons outside of quotes and comments", () => {
  expect(splitScript("a; b';\\';' ; -- c;\n/* ;*/ `;` \"';\" ;; # x;\n ")).toEqual([
    "a",
    "b';\\';'",
    '-- c;\n/* ;*/ `;` "\';"',
    "# x;",
  ]);
});
