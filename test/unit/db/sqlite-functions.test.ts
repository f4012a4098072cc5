/** The SQL functions that babik adds to SQLite, called through SQL. */
import { describe, expect, test } from "vitest";
import type { DbParam } from "../../../src/ast/seams.js";
import { DataError, ValueError } from "../../../src/base/errors.js";
import type { SqliteConnection } from "../../../src/db/sqlite/driver.js";
import { sqliteDriver } from "../../../src/db/sqlite/driver.js";
import { decimalKey } from "../../../src/db/sqlite/decimal-functions.js";

const connection = sqliteDriver({ driver: "sqlite", database: ":memory:", options: {} }).connect() as SqliteConnection;

function sql(text: string, ...params: DbParam[]): unknown {
  return connection.run({ text: `SELECT ${text}`, params }).rows[0]?.[0];
}

describe("dates", () => {
  const when = "2024-12-30 23:30:15.250000";

  test.each([
    ["year", 2024],
    ["quarter", 4],
    ["month", 12],
    ["day", 30],
    ["week", 1],
    ["iso_year", 2025],
    ["week_day", 2],
    ["iso_week_day", 1],
    ["hour", 23],
    ["minute", 30],
    ["second", 15],
  ])("the %s of a date-time is %i", (kind, expected) => {
    expect(sql("babik_datetime_extract(?, ?, 'UTC', 'UTC')", kind, when)).toBe(expected);
    expect(sql("typeof(babik_datetime_extract(?, ?, 'UTC', 'UTC'))", kind, when)).toBe("integer");
  });

  test("a part is taken in the zone that was asked for", () => {
    expect(sql("babik_datetime_extract('day', ?, 'Europe/Paris', 'UTC')", when)).toBe(31);
    expect(sql("babik_datetime_extract('hour', ?, 'Asia/Kolkata', 'UTC')", when)).toBe(5);
    expect(sql("babik_datetime_extract('hour', ?, '-05:00', 'UTC')", when)).toBe(18);
    expect(sql("babik_datetime_cast_date(?, 'Pacific/Auckland', 'UTC')", when)).toBe("2024-12-31");
    expect(sql("babik_datetime_cast_time(?, 'Europe/Paris', 'UTC')", when)).toBe("00:30:15.250000");
  });

  test("hours that happen twice or never are told apart", () => {
    expect(sql("babik_datetime_trunc('hour', '2024-10-27 00:59:59', 'Europe/Paris', 'UTC')")).toBe(
      "2024-10-27 02:00:00",
    );
    expect(sql("babik_datetime_trunc('hour', '2024-10-27 01:00:00', 'Europe/Paris', 'UTC')")).toBe(
      "2024-10-27 02:00:00",
    );
    expect(sql("babik_datetime_trunc('hour', '2024-03-31 01:00:00', 'Europe/Paris', 'UTC')")).toBe(
      "2024-03-31 03:00:00",
    );
  });

  test("a database that keeps local times is read in its own zone", () => {
    expect(sql("babik_datetime_extract('hour', '2024-07-01 12:00:00', 'UTC', 'Europe/Paris')")).toBe(10);
  });

  test.each([
    ["year", "2024-01-01"],
    ["quarter", "2024-10-01"],
    ["month", "2024-12-01"],
    ["week", "2024-12-30"],
    ["day", "2024-12-30"],
  ])("a date cut to its %s is %s", (kind, expected) => {
    expect(sql("babik_date_trunc(?, '2024-12-30')", kind)).toBe(expected);
    expect(sql("babik_datetime_trunc(?, ?, 'UTC', 'UTC')", kind, when)).toBe(`${expected} 00:00:00`);
  });

  test.each([
    ["hour", "23:00:00"],
    ["minute", "23:30:00"],
    ["second", "23:30:15"],
  ])("a time cut to its %s is %s", (kind, expected) => {
    expect(sql("babik_time_trunc(?, '23:30:15.25')", kind)).toBe(expected);
    expect(sql("babik_datetime_trunc(?, ?, NULL, NULL)", kind, when)).toBe(`2024-12-30 ${expected}`);
  });

  test("weeks agree with ISO 8601 around every New Year", () => {
    const weeks = ["2020-12-31", "2021-01-01", "2021-01-03", "2021-01-04", "2016-01-01", "2018-12-31"].map((day) => [
      sql("babik_date_extract('week', ?)", day),
      sql("babik_date_extract('iso_year', ?)", day),
    ]);
    expect(weeks).toEqual([
      [53, 2020],
      [53, 2020],
      [53, 2020],
      [1, 2021],
      [53, 2015],
      [1, 2019],
    ]);
  });

  test("differences count microseconds", () => {
    expect(sql("babik_time_diff('10:00:00.000001', '09:00:00')")).toBe(3_600_000_001);
    expect(sql("babik_timestamp_diff('2024-03-01 00:00:00', '2024-02-28 23:59:59.999999')")).toBe(86_400_000_001);
  });

  test("durations are added to date-times, dates and times", () => {
    expect(sql("babik_format_dtdelta('+', '2024-02-28 23:00:00', 3600000001)")).toBe("2024-02-29 00:00:00.000001");
    expect(sql("babik_format_dtdelta('-', '2024-03-01', 1000000)")).toBe("2024-02-29 23:59:59");
    expect(sql("babik_format_dtdelta('+', '23:30:00', 3600000000)")).toBe("00:30:00");
    expect(sql("babik_format_dtdelta('+', 5, 7)")).toBe(12);
    expect(sql("babik_format_dtdelta('*', 5, 3)")).toBe(15);
    expect(sql("babik_format_dtdelta('-', '9999-12-31 23:59:59', -2000000)")).toBeNull();
  });

  test("NULL and texts that are no dates give NULL", () => {
    for (const call of [
      "babik_date_extract('year', NULL)",
      "babik_date_extract('year', 'soon')",
      "babik_date_extract('year', '2023-02-29')",
      "babik_datetime_trunc('year', NULL, 'UTC', 'UTC')",
      "babik_time_extract('hour', '25:00')",
      "babik_timestamp_diff('2024-01-01', NULL)",
      "babik_format_dtdelta('+', NULL, 1)",
    ])
      expect(sql(call), call).toBeNull();
  });

  test.each(["constructor", "__proto__", "year'); DROP TABLE x", "millennium"])("the part %s is refused", (kind) => {
    expect(() => sql("babik_date_extract(?, '2024-01-01')", kind)).toThrow(ValueError);
    expect(() => sql("babik_datetime_trunc(?, '2024-01-01', 'UTC', 'UTC')", kind)).toThrow(ValueError);
  });
});

describe("text", () => {
  test("REGEXP searches anywhere, with the flags that the pattern begins with", () => {
    expect(sql("'Fluffy' REGEXP 'uf+'")).toBe(1);
    expect(sql("'Fluffy' REGEXP '^uf'")).toBe(0);
    expect(sql("'FLUFFY' REGEXP '(?i)fluf'")).toBe(1);
    expect(sql("'a-b' REGEXP 'a\\-b'")).toBe(1);
    expect(sql("'ab' REGEXP '\\Aab\\Z'")).toBe(1);
    expect(sql("'aa' REGEXP '(?P<x>a)(?P=x)'")).toBe(1);
    expect(sql("']' REGEXP '[]a]'")).toBe(1);
    expect(sql("NULL REGEXP 'a'")).toBeNull();
    expect(() => sql("'a' REGEXP '('")).toThrow(DataError);
  });

  test("padding, repeating and reversing count characters", () => {
    expect(sql("LPAD('7', 3, '0')")).toBe("007");
    expect(sql("RPAD('abc', 2, 'x')")).toBe("ab");
    expect(sql("LPAD('😀', 3, 'ab')")).toBe("ab😀");
    expect(sql("LPAD('a', 3, '')")).toBe("");
    expect(sql("REPEAT('ab', 3)")).toBe("ababab");
    expect(sql("REPEAT('ab', -1)")).toBe("");
    expect(sql("REVERSE('a😀b')")).toBe("b😀a");
    expect(sql("LPAD(NULL, 3, '0')")).toBeNull();
  });

  test("digests are in lower-case hexadecimal", () => {
    expect(sql("MD5('abc')")).toBe("900150983cd24fb0d6963f7d28e17f72");
    expect(sql("SHA1('abc')")).toBe("a9993e364706816aba3e25717850c26c9cd0d89d");
    expect(sql("SHA256(NULL)")).toBeNull();
    expect(String(sql("SHA512('')"))).toHaveLength(128);
  });
});

describe("numbers", () => {
  test("mathematics that every build answers alike", () => {
    expect(sql("COT(1.0)")).toBeCloseTo(0.642_092_6, 6);
    expect(sql("LOG(2, 8)")).toBeCloseTo(3, 12);
    expect(sql("BITXOR(5, 3)")).toBe(6);
    expect(sql("BITXOR(-1, 1)")).toBe(-2);
    expect(sql("SIGN(-2.5)")).toBe(-1);
    expect(sql("typeof(FLOOR(7))")).toBe("integer");
    expect(sql("SQRT(-1)")).toBeNull();
  });

  test("statistics", () => {
    const over = (call: string) =>
      sql(`${call} FROM (SELECT 2.0 AS v UNION ALL SELECT 4 UNION ALL SELECT NULL UNION ALL SELECT 9)`);
    expect(over("VAR_POP(v)")).toBeCloseTo(26 / 3, 12);
    expect(over("VAR_SAMP(v)")).toBeCloseTo(13, 12);
    expect(over("STDDEV_SAMP(v)")).toBeCloseTo(Math.sqrt(13), 12);
    expect(over("ANY_VALUE(v)")).toBe(2);
    expect(sql("STDDEV_SAMP(v) FROM (SELECT 1 AS v)")).toBeNull();
  });

  test("decimals keep all digits and their scale", () => {
    expect(sql("BABIK_DEC_ADD('0.1', '0.20')")).toBe("0.30");
    expect(sql("BABIK_DEC_SUB('1', '1.00')")).toBe("0.00");
    expect(sql("BABIK_DEC_MUL('19.99', '1.10')")).toBe("21.9890");
    expect(sql("BABIK_DEC_DIV('1', '3')")).toMatch(/^0\.3{60,}$/);
    expect(sql("BABIK_DEC_DIV('1', '0')")).toBeNull();
    const big = "12345678901234567890123456789012345678901234567890123456789012345";
    expect(sql("BABIK_DEC_ADD(?, ?)", big, "0.000000000000000000000000000001")).toBe(
      `${big}.000000000000000000000000000001`,
    );
    expect(sql("BABIK_DEC_ADD(NULL, '1')")).toBeNull();
    expect(sql("BABIK_DEC_ROUND('2.5', 0)")).toBe("3");
    expect(sql("BABIK_DEC_ROUND('-2.345', 2)")).toBe("-2.35");
    expect(() => sql("BABIK_DEC_ADD('abc', '1')")).toThrow(DataError);
  });

  test("decimal aggregates are exact", () => {
    const over = (call: string) =>
      sql(`${call} FROM (SELECT '0.10' AS v UNION ALL SELECT '0.20' UNION ALL SELECT NULL UNION ALL SELECT '-9.5')`);
    expect(over("BABIK_DEC_SUM(v)")).toBe("-9.20");
    expect(over("BABIK_DEC_MIN(v)")).toBe("-9.5");
    expect(over("BABIK_DEC_MAX(v)")).toBe("0.20");
    expect(over("BABIK_DEC_AVG(v)")).toMatch(/^-3\.06{60,}7$/);
    expect(sql("BABIK_DEC_SUM(v) FROM (SELECT '1' AS v WHERE 0)")).toBeNull();
  });

  test("the order of decimal keys is the order of the numbers", () => {
    const ordered = [
      "-1e64",
      "-100",
      "-99.99",
      "-10.01",
      "-10",
      "-1",
      "-0.5",
      "-0.05",
      "-0.0001",
      "0",
      "0.0001",
      "0.05",
      "0.5",
      "1",
      "1.5",
      "9.99",
      "10",
      "10.0000001",
      "99",
      "100",
      "1e64",
    ];
    const keys = ordered.map((value) => decimalKey(value));
    expect([...keys].sort()).toEqual(keys);
    expect(new Set(keys).size).toBe(keys.length);
    expect(decimalKey("1.10")).toBe(decimalKey("1.1"));
    expect(decimalKey("-0")).toBe(decimalKey("0.00"));
  });
});

describe("documents", () => {
  test("equal documents have equal keys, whatever the order and spelling of theirs", () => {
    expect(sql("BABIK_JSON_KEY(?)", '{"b": [1.0, null], "a": {"d": 1, "c": "x"}}')).toBe(
      '{"a":{"c":"x","d":1},"b":[1,null]}',
    );
    expect(sql("BABIK_JSON_KEY(?) = BABIK_JSON_KEY(?)", '{"__proto__":1,"a":2}', '{"a":2,"__proto__":1}')).toBe(1);
    expect(sql("BABIK_JSON_KEY(?)", "no json")).toBe("no json");
    expect(sql("BABIK_JSON_KEY(NULL)")).toBeNull();
  });
  test("members of a list are joined without the nulls", () => {
    expect(sql("BABIK_JOIN(?, ?)", '["a,b", null, 2]', "; ")).toBe("a,b; 2");
    expect(sql("BABIK_JOIN('[]', ',')")).toBeNull();
  });
});

describe("truncation to a moment", () => {
  test.each([
    ["day", "2015-12-31 23:30:50.321000", "+05:30", "2015-12-31 18:30:00"],
    ["year", "2015-12-31 23:30:50", "+05:30", "2015-12-31 18:30:00"],
    ["hour", "2020-10-25 00:30:00", "Europe/Paris", "2020-10-25 00:00:00"],
    ["hour", "2020-10-25 01:30:00", "Europe/Paris", "2020-10-25 01:00:00"],
    ["minute", "2020-10-25 01:30:59.5", "Asia/Kolkata", "2020-10-25 01:30:00"],
    ["day", "2016-10-16 13:00:00", "America/Sao_Paulo", "2016-10-16 03:00:00"],
  ])("the %s of %s in %s", (kind, when, zone, expected) => {
    expect(sql("babik_datetime_trunc_utc(?, ?, ?)", kind, when, zone)).toBe(expected);
  });
  test("an unknown unit is an error and NULL stays NULL", () => {
    expect(() => sql("babik_datetime_trunc_utc('century', '2020-01-01 00:00:00', '+01:00')")).toThrow(ValueError);
    expect(sql("babik_datetime_trunc_utc('day', NULL, '+01:00')")).toBeNull();
  });
});

test("exact sums move with the frame of a window", () => {
  const rows = connection.run({
    text: "WITH t(x) AS (VALUES ('0.1'), ('12345678901234567.2'), ('0.3')) SELECT BABIK_DEC_SUM(x) OVER (ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) FROM t",
    params: [],
  }).rows;
  expect(rows.map((r) => r[0])).toEqual(["0.1", "12345678901234567.3", "12345678901234567.5"]);
});
