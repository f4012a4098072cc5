/** Parts and truncations of dates: their SQL, their zones, and what they refuse. */
import { describe, expect, test } from "vitest";
import type { Expression } from "../../../src/expressions/expression.js";
import {
  Extract,
  ExtractHour,
  ExtractWeekDay,
  ExtractYear,
  Now,
  Trunc,
  TruncDate,
  TruncDay,
  TruncMonth,
  TruncTime,
} from "../../../src/expressions/functions/dates.js";
import { F, Value } from "../../../src/expressions/makers.js";
import { DateField, IntegerField, TimeField } from "../../../src/fields/factories.js";
import { makeDialect } from "../../../src/db/dialects.js";
import { everyColumn } from "../../support/columns.js";
import { columns, write } from "../../support/compile.js";
import { mariadb, postgres, sqlite } from "../../support/dialects.js";

const table = columns(everyColumn());
const texts = (e: Expression, zone = "UTC") => [sqlite, postgres, mariadb].map((d) => write(e, table, d, zone).text);

describe("parts", () => {
  test("nothing is converted in UTC", () => {
    expect(texts(ExtractHour("dt"))).toEqual([
      `babik_datetime_extract('hour', "t"."dt")`,
      `EXTRACT(HOUR FROM "t"."dt")::integer`,
      "EXTRACT(HOUR FROM `t`.`dt`)",
    ]);
  });
  test("the current zone and a zone of the function's own", () => {
    expect(texts(ExtractHour("dt"), "+05:30")).toEqual([
      `babik_datetime_extract('hour', "t"."dt", '+05:30')`,
      `EXTRACT(HOUR FROM ("t"."dt" AT TIME ZONE '-05:30'))::integer`,
      "EXTRACT(HOUR FROM CONVERT_TZ(`t`.`dt`, '+00:00', '+05:30'))",
    ]);
    expect(texts(ExtractHour("dt", { tzinfo: "UTC" }), "Europe/Paris")[1]).toBe(`EXTRACT(HOUR FROM "t"."dt")::integer`);
  });
  test("only what depends on the current zone says so", () => {
    expect(write(ExtractHour("dt"), table, sqlite, "Europe/Paris").usesTimeZone).toBe(true);
    expect(write(ExtractHour("dt", { tzinfo: "Asia/Tokyo" }), table, sqlite, "Europe/Paris").usesTimeZone).toBe(false);
    expect(write(ExtractYear("d"), table, sqlite, "Europe/Paris").usesTimeZone).toBe(false);
  });
  test("days of the week begin with Sunday", () => {
    expect(texts(ExtractWeekDay("d")).slice(1)).toEqual([
      `(EXTRACT(DOW FROM "t"."d")::integer + 1)`,
      "DAYOFWEEK(`t`.`d`)",
    ]);
    expect(write(Extract("d", { lookupName: "week" }), table, mariadb).text).toBe("WEEK(`t`.`d`, 3)");
  });
  test("a named zone needs the server's tables on MariaDB, one of a fixed offset does not", () => {
    const paris = ExtractHour("dt", { tzinfo: "Europe/Paris" });
    expect(() => write(paris, table, mariadb)).toThrow("This server has no definitions of time zones");
    const loaded = makeDialect("mysql", [10, 11, 19], true, { namedTimeZones: true });
    expect(write(paris, table, loaded).text).toContain("'Europe/Paris'");
    expect(write(ExtractHour("dt", { tzinfo: "Etc/GMT+10" }), table, mariadb).text).toContain("'-10:00'");
  });
  test.each([
    ["a part that is none", () => Extract("dt", "day' FROM x)) OR 1=1;--"), "Invalid lookup type"],
    ["a zone that is none", () => Extract("dt", "day", { tzinfo: "Mars/Phobos" }), "is no time zone"],
    ["a zone with SQL in it", () => Extract("dt", "day", { tzinfo: "UTC'); DROP TABLE t; --" }), "is no time zone"],
    ["a text", () => write(Extract("s", "hour"), table, sqlite), "Extract input expression must be"],
    [
      "hours of a date",
      () => write(Extract("d", "hour"), table, sqlite),
      "Cannot extract time component 'hour' from DateField 'd'.",
    ],
    [
      "months of a duration",
      () => write(Extract("du", "month"), table, postgres),
      "Cannot extract component 'month' from DurationField 'du'.",
    ],
    [
      "years of a time",
      () => write(Extract("tm", "year"), table, postgres),
      "Cannot extract component 'year' from TimeField 'tm'.",
    ],
    [
      "a zone for a date",
      () => write(Extract("d", "day", { tzinfo: "Asia/Tokyo" }), table, sqlite),
      "tzinfo can only be used with DateTimeField.",
    ],
    [
      "durations that are numbers",
      () => write(Extract("du", "day"), table, sqlite),
      "Extract requires native DurationField",
    ],
  ])("refuses %s", (_what, make, message) => {
    expect(make).toThrow(message);
  });
});

describe("truncation", () => {
  test("a date-time stays a moment: the start of the unit in the zone", () => {
    expect(texts(TruncMonth("dt"))).toEqual([
      `babik_datetime_trunc('month', "t"."dt")`,
      `DATE_TRUNC('month', "t"."dt")`,
      "CAST(CAST(DATE_FORMAT(`t`.`dt`, '%Y-%m-01') AS DATE) AS DATETIME)",
    ]);
    expect(texts(TruncDay("dt"), "+02:00")).toEqual([
      `babik_datetime_trunc_utc('day', "t"."dt", '+02:00')`,
      `DATE_TRUNC('day', "t"."dt", '-02:00')`,
      "CONVERT_TZ(CAST(DATE(CONVERT_TZ(`t`.`dt`, '+00:00', '+02:00')) AS DATETIME), '+02:00', '+00:00')",
    ]);
  });
  test("the result may be a date or a time", () => {
    expect(texts(Trunc("dt", "week", { outputField: DateField() }))).toEqual([
      `babik_date_trunc('week', "t"."dt")`,
      `DATE_TRUNC('week', "t"."dt")::date`,
      "DATE_SUB(DATE(`t`.`dt`), INTERVAL WEEKDAY(`t`.`dt`) DAY)",
    ]);
    expect(write(Trunc("dt", "hour", { outputField: TimeField() }), table, postgres).text).toBe(
      `DATE_TRUNC('hour', "t"."dt")::time`,
    );
    expect(write(Trunc("d", "month"), table, postgres).text).toBe(`DATE_TRUNC('month', "t"."d"::timestamp)::date`);
  });
  test("dates and times of date-times", () => {
    expect(texts(TruncDate("dt"), "+02:00")).toEqual([
      `babik_datetime_cast_date("t"."dt", '+02:00')`,
      `(("t"."dt" AT TIME ZONE '-02:00'))::date`,
      "DATE(CONVERT_TZ(`t`.`dt`, '+00:00', '+02:00'))",
    ]);
    expect(texts(TruncTime("tm"))[0]).toBe(`"t"."tm"`);
  });
  test.each([
    [
      "hours of a date",
      () => write(Trunc("d", "hour"), table, sqlite),
      "Cannot truncate DateField 'd' to DateTimeField.",
    ],
    [
      "years of a time",
      () => write(Trunc("tm", "year"), table, sqlite),
      "Cannot truncate TimeField 'tm' to DateTimeField.",
    ],
    ["a time as a date", () => write(TruncDate("tm"), table, sqlite), "Cannot truncate TimeField 'tm' to DateField."],
    ["a number", () => write(Trunc("n", "year"), table, sqlite), "'n' isn't a DateField, TimeField, or DateTimeField."],
    [
      "a number as the result",
      () => write(Trunc("dt", "year", { outputField: IntegerField() }), table, sqlite),
      "output_field must be either",
    ],
    ["a unit that is none", () => Trunc("dt", "fortnight"), "Invalid kind of truncation"],
  ])("refuses %s", (_what, make, message) => {
    expect(make).toThrow(message);
  });
  test("the present is the statement's", () => {
    expect(texts(Now())).toEqual([
      "(STRFTIME('%Y-%m-%d %H:%M:%f', 'NOW') || '000')",
      "STATEMENT_TIMESTAMP()",
      "CURRENT_TIMESTAMP(6)",
    ]);
  });
});

describe("comparisons with a year", () => {
  test("a year is a range of dates that an index can serve", () => {
    const year = write(F("d").lookup("year", 2024), table, postgres);
    expect(year).toMatchObject({ text: `"t"."d" BETWEEN $1 AND $2`, params: ["2024-01-01", "2024-12-31"] });
    expect(write(F("d").lookup("iso_year__gte", 2020), table, sqlite)).toMatchObject({
      text: `"t"."d" >= ?`,
      params: ["2019-12-30"],
    });
  });
  test("of date-times it begins and ends in the current zone", () => {
    const after = write(F("dt").lookup("year__gt", 2024), table, sqlite, "America/New_York");
    expect(after).toMatchObject({ text: `"t"."dt" > ?`, params: ["2025-01-01 04:59:59.999999"] });
    expect(write(F("dt").lookup("year", "2024"), table, mariadb).params).toEqual([
      "2024-01-01 00:00:00",
      "2024-12-31 23:59:59.999999",
    ]);
  });
  test("beside another expression the year is extracted", () => {
    expect(write(F("dt").lookup("year", F("n")), table, postgres).text).toBe(
      `EXTRACT(YEAR FROM "t"."dt")::integer = "t"."n"`,
    );
  });
  test("years that no date has are refused", () => {
    expect(() => write(F("d").lookup("year", 10_000), table, sqlite)).toThrow(
      "A year is a whole number from 1 to 9999.",
    );
  });
  test("transforms follow one another", () => {
    expect(write(F("dt").lookup("date__month__gte", 6), table, postgres).text).toBe(
      `EXTRACT(MONTH FROM ("t"."dt")::date)::integer >= $1::integer`,
    );
    expect(write(F("tm").lookup("hour", Value(3)), table, sqlite).text).toBe(
      `babik_time_extract('hour', "t"."tm") = ?`,
    );
  });
});
