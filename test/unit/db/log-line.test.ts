/** Statements as lines of a log, and what is known of SQL written by hand. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { escapeControls, logLine } from "../../../src/db/log-line.js";
import { aboutText, withoutLiterals } from "../../../src/db/statement-about.js";

describe("a line", () => {
  const parts = { alias: "default", milliseconds: 3.4 };

  test("is written as Django's logger writes it", () => {
    expect(logLine({ ...parts, sql: "SELECT 1" })).toBe("(0.003) SELECT 1; alias=default");
  });

  test("shows parameters only where they are given, texts in quotes and bytes by their number", () => {
    const params = ["it's", 7, null, true, 12n, new Uint8Array(3)];
    expect(logLine({ ...parts, sql: "SELECT ?", params })).toBe(
      "(0.003) SELECT ?; args=('it\\'s', 7, null, true, 12, <3 bytes>); alias=default",
    );
  });

  test("cuts long texts", () => {
    expect(logLine({ ...parts, sql: "S", params: ["x".repeat(5000)] }).length).toBeLessThan(300);
  });

  test("tells the code of a failure", () => {
    expect(logLine({ ...parts, sql: "S", errorCode: "integrity.unique" })).toBe(
      "(0.003) S; alias=default; error=integrity.unique",
    );
  });

  test("stays one line without control characters, whatever the statement and the parameters hold", () => {
    const text = fc.string({
      unit: fc.oneof(fc.constantFrom("\n", "\r", "\u001b", "\u2028", "\u202e", "\u0085", "\0"), fc.string()),
    });
    fc.assert(
      fc.property(text, text, (sql, param) => {
        const line = logLine({ ...parts, sql, params: [param] });
        expect(line).not.toMatch(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u);
        expect(line.split(/\r\n|[\n\r\u0085\u2028\u2029]/)).toHaveLength(1);
      }),
    );
  });

  test("keeps letters of all languages, and writes what steers a terminal as escapes", () => {
    expect(escapeControls("größe 東京 😀\u001b[31m\n")).toBe("größe 東京 😀\\u001b[31m\\n");
  });
});

describe("SQL written by hand", () => {
  test.each([
    ["SELECT 1", "SELECT"],
    ["  -- a note\n/* more */ update x set y = 1", "UPDATE"],
    ["(select 1)", "SELECT"],
    ["", "UNKNOWN"],
  ])("%j is a %s", (text, operation) => {
    expect(aboutText(text)).toEqual({ operation });
  });

  test.each([
    ["SELECT * FROM a WHERE b = 'it''s' AND c = 12.5", "SELECT * FROM a WHERE b = ? AND c = ?"],
    ["SELECT E'a\\'b', x'ff', $tag$secret 'x'$tag$ FROM \"t1\"", 'SELECT ?, ?, ? FROM "t1"'],
    ["SELECT $1, a2 FROM t3 WHERE x=1e5", "SELECT $1, a2 FROM t3 WHERE x=?"],
    ["SELECT 1 -- 'secret\n, 'b'", "SELECT ? \n, ?"],
    ["SELECT `it's`, a FROM b", "SELECT `it's`, a FROM b"],
  ])("%j has no literals as %j", (text, expected) => {
    expect(withoutLiterals(text, false)).toBe(expected);
  });

  test("has no texts in double quotes where the server takes them for texts", () => {
    expect(withoutLiterals('SELECT "secret"', true)).toBe("SELECT ?");
  });
});
