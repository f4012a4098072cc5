/** Arithmetic, casts and aggregates: dates with durations, bits, decimals without loss. */
import { describe, expect, test } from "vitest";
import { Decimal } from "../../../src/base/values.js";
import { Temporal } from "../../../src/base/temporal.js";
import { AnyValue, Avg, Count, Max, StringAgg, Sum } from "../../../src/expressions/aggregate.js";
import type { Expression } from "../../../src/expressions/expression.js";
import { Cast, F, Value } from "../../../src/expressions/makers.js";
import { TupleExact, TupleGreaterThan, TupleIn, TupleIsNull } from "../../../src/expressions/functions/tuples.js";
import {
  CharField,
  DateField,
  DateTimeField,
  GenericIPAddressField,
  JSONField,
  TimeField,
  UUIDField,
} from "../../../src/fields/factories.js";
import { everyColumn } from "../../support/columns.js";
import { columns, write } from "../../support/compile.js";
import { mariadb, postgres, sqlite } from "../../support/dialects.js";

const table = columns(everyColumn());
const texts = (e: Expression) => [sqlite, postgres, mariadb].map((d) => write(e, table, d).text);
const day = Value(Temporal.Duration.from({ days: 1 }));

describe("dates and durations", () => {
  test("a duration is added", () => {
    expect(texts(F("dt").add(day))).toEqual([
      `babik_format_dtdelta('+', "t"."dt", ?)`,
      `("t"."dt" + $1::interval)`,
      "(`t`.`dt` + INTERVAL ? MICROSECOND)",
    ]);
  });
  test("the difference of two dates is a duration", () => {
    const first = Value(Temporal.PlainDate.from("2024-01-01"));
    expect(texts(F("d").sub(first))).toEqual([
      `babik_timestamp_diff("t"."d", ?)`,
      `(INTERVAL '1 day' * ("t"."d" - $1::date))`,
      "TIMESTAMPDIFF(MICROSECOND, CAST(? AS date), `t`.`d`)",
    ]);
    expect(texts(F("tm").sub(F("tm")))[0]).toBe(`babik_time_diff("t"."tm", "t"."tm")`);
  });
  test("a date beside a date-time is compared as the start of its day on SQLite", () => {
    expect(write(F("d").lt(F("dt")), table, sqlite).text).toBe(`("t"."d" || ' 00:00:00') < "t"."dt"`);
    expect(write(F("d").lt(F("dt")), table, postgres).text).toBe(`"t"."d" < "t"."dt"`);
  });
  test("what cannot be calculated is refused", () => {
    expect(() => write(F("dt").mul(day), table, mariadb)).toThrow("Invalid connector for timedelta: *.");
    expect(() => write(F("dt").mul(day), table, sqlite)).toThrow("Invalid arguments for operator *.");
  });
});

describe("numbers", () => {
  test("powers and bits", () => {
    expect(texts(F("n").pow(2))).toEqual([`POWER("t"."n", ?)`, `("t"."n" ^ $1::integer)`, "POW(`t`.`n`, ?)"]);
    expect(texts(F("n").bitXor(2))).toEqual([
      `BITXOR("t"."n", ?)`,
      `("t"."n" # $1::integer)`,
      "CONVERT(`t`.`n` ^ ?, SIGNED)",
    ]);
    expect(texts(F("n").bitRightShift(2))[2]).toBe("FLOOR(`t`.`n` / POW(2, ?))");
  });
  test("decimals of more than 15 digits are calculated as texts on SQLite", () => {
    expect(write(F("big").add(1).mul(F("dec")), table, sqlite).text).toBe(
      `BABIK_DEC_MUL(BABIK_DEC_ADD("t"."big", ?), "t"."dec")`,
    );
    expect(write(F("dec").div(2), table, sqlite).text).toBe(`(CAST("t"."dec" AS REAL) / ?)`);
    expect(write(F("f").mod(2), table, sqlite).text).toBe(`MOD("t"."f", ?)`);
  });
  test("they are compared and ordered as numbers", () => {
    expect(write(F("big").gt(F("dec")), table, sqlite).text).toBe(`BABIK_DEC_CMP("t"."big", "t"."dec") > 0`);
    expect(write(F("big").eq(new Decimal("1.5")), table, sqlite)).toMatchObject({
      text: `"t"."big" = ?`,
      params: ["1.5000000000"],
    });
    expect(write(F("big").desc(), table, sqlite).text).toBe(`BABIK_DEC_KEY("t"."big") DESC`);
    expect(write(F("big").range("1", "2"), table, sqlite).text).toContain(">= 0 AND BABIK_DEC_CMP");
  });
  test("a value that the column could not hold is compared as it is", () => {
    expect(write(F("dec").eq("1.005"), table, postgres).params).toEqual(["1.005"]);
    expect(write(F("dec").lt("123456789012"), table, mariadb).params).toEqual(["123456789012"]);
  });
  test("decimals are no texts on MariaDB", () => {
    expect(write(F("dec").mul(new Decimal("1.1")), table, mariadb).text).toBe(
      "(`t`.`dec` * CAST(? AS decimal(65, 30)))",
    );
    expect(write(F("big").gt(new Decimal("1.1")), table, mariadb).text).toBe("`t`.`big` > CAST(? AS decimal(30, 10))");
  });
  test("a whole number past 32 bits is declared as a large one", () => {
    expect(write(F("n").add(5_000_000_000), table, postgres).text).toBe(`("t"."n" + $1::bigint)`);
  });
});

describe("patterns", () => {
  test("iexact of PostgreSQL is an equality: nothing in the value is a wildcard, nothing is escaped", () => {
    expect(write(F("s").lookup("iexact", "A_b%"), table, postgres).params).toEqual(["A_b%"]);
    expect(write(F("s").lookup("iexact", "A_b%"), table, sqlite).params).toEqual(["A\\_b\\%"]);
  });
  test("an address is searched as people write it", () => {
    const addresses = columns({ ip: GenericIPAddressField() });
    expect(write(F("ip").lookup("startswith", "10."), addresses, postgres).text).toBe(`HOST("t"."ip") LIKE $1::text`);
  });
  test("UUIDs of databases without the type have no hyphens, whatever they are compared with", () => {
    const ids = columns({ id: UUIDField(), s: CharField({ maxLength: 9 }) });
    expect(write(F("id").lookup("startswith", "55-0e"), ids, sqlite).params).toEqual(["550e%"]);
    expect(write(F("id").lookup("contains", F("s")), ids, sqlite).text).toContain(`REPLACE("t"."s", '-', '')`);
    expect(write(F("id").lookup("contains", F("s")), ids, postgres).text).not.toContain("'-'");
  });
});

describe("casts", () => {
  test("dates of SQLite are canonical texts", () => {
    expect(write(Cast("dt", DateField()), table, sqlite).text).toBe(`DATE("t"."dt")`);
    expect(write(Cast("d", DateTimeField()), table, sqlite).text).toBe(`babik_format_dtdelta('+', "t"."d", 0)`);
    expect(write(Cast("dt", TimeField()), table, sqlite).text).toBe(`babik_datetime_cast_time("t"."dt")`);
  });
  test("documents", () => {
    expect(write(Cast(Value("[1]"), JSONField()), table, mariadb).text).toBe("JSON_EXTRACT(?, '$')");
    expect(write(Cast(Value("[1]"), JSONField()), table, postgres).text).toBe("($1::text)::jsonb");
  });
});

describe("aggregates", () => {
  test("sums and extremes of exact decimals", () => {
    expect(write(Sum("big"), table, sqlite).text).toBe(`BABIK_DEC_SUM("t"."big")`);
    expect(write(Max("dec"), table, sqlite).text).toBe(`MAX("t"."dec")`);
    expect(() => write(Avg("dt"), table, sqlite)).toThrow("You cannot use Sum, Average, StdDev, and Variance");
  });
  test("filters", () => {
    expect(texts(Count("n", { filter: F("n").gt(1) }))).toEqual([
      `COUNT("t"."n") FILTER (WHERE "t"."n" > ?)`,
      `COUNT("t"."n") FILTER (WHERE "t"."n" > $1)`,
      "COUNT(CASE WHEN `t`.`n` > ? THEN `t`.`n` ELSE NULL END)",
    ]);
  });
  test("the separator of joined texts cannot end its literal", () => {
    const e = StringAgg("s", Value("';--"), { orderBy: "-n" });
    expect(texts(e)).toEqual([
      `GROUP_CONCAT("t"."s", ? ORDER BY "t"."n" DESC)`,
      `STRING_AGG("t"."s", $1::text ORDER BY "t"."n" DESC)`,
      "GROUP_CONCAT(`t`.`s` ORDER BY `t`.`n` DESC SEPARATOR x'273b2d2d')",
    ]);
  });
  test("some value of the group, where the database can", () => {
    expect(write(AnyValue("n"), table, sqlite).text).toBe(`ANY_VALUE("t"."n")`);
    expect(() => write(AnyValue("n"), table, postgres)).toThrow("ANY_VALUE is not supported");
  });
});

describe("tuples", () => {
  test("members are compared one by one", () => {
    expect(write(TupleExact(["n", "s"], [1, "x"]), table, postgres)).toMatchObject({
      text: `("t"."n" = $1 AND "t"."s" = $2)`,
      params: [1, "x"],
    });
    expect(
      write(
        TupleIn(
          ["n", "s"],
          [
            [1, "x"],
            [2, null],
          ],
        ),
        table,
        sqlite,
      ).params,
    ).toEqual([1, "x"]);
    expect(write(TupleGreaterThan(["n", "s"], [1, "x"]), table, sqlite).text).toBe(
      `("t"."n" > ? OR ("t"."n" = ? AND "t"."s" > ?))`,
    );
    expect(write(TupleIsNull(["n", "none"], true), table, sqlite).text).toBe(`("t"."n" IS NULL OR "t"."none" IS NULL)`);
  });
  test("wrong lengths are refused", () => {
    expect(() => write(TupleExact(["n", "s"], [1]), table, sqlite)).toThrow(
      "'exact' lookup of 'tuple' must have 2 elements",
    );
    expect(() => write(TupleIn(["n", "s"], [1, 2]), table, sqlite)).toThrow("must be a collection of tuples or lists");
  });
});
