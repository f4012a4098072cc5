import fc from "fast-check";
import { afterEach, describe, expect, test } from "vitest";
import { DataError, FieldError, ValidationError, ValueError } from "../../../src/base/errors.js";
import { MAX_EPOCH_MS, MIN_EPOCH_MS } from "../../../src/base/date-text.js";
import { readZoneFrom, Temporal, type Duration, type Instant } from "../../../src/base/temporal.js";
import * as f from "../../../src/fields/factories.js";
import { databases, mariadb, postgres, sqlite } from "../../support/dialects.js";
import { holds } from "../../support/holds.js";

const dialects = fc.constantFrom(sqlite, postgres, mariadb);
const instants = fc.integer({ min: MIN_EPOCH_MS, max: MAX_EPOCH_MS });
afterEach(() => readZoneFrom(() => "UTC"));

describe("a DateTimeField of milliseconds", () => {
  const field = f.DateTimeField();

  test.each([
    [new Date(5), 5],
    ["1970-01-01", 0],
    ["1970-01-01 00:00:01", 1000],
    ["1970-01-01T00:00:01.5Z", 1500],
    ["1970-01-01T01:00:00+01:00", 0],
    ["1970-01-01 01:00+0100", 0],
    ["1970-1-1 0:00", 0],
    ["1969-12-31T23:30:00-00:30", 0],
    ["0001-01-01T00:00:00Z", MIN_EPOCH_MS],
    ["9999-12-31T23:59:59.999Z", MAX_EPOCH_MS],
    [Temporal.Instant.from("1970-01-01T00:00:00.123456Z"), 123],
    [Temporal.ZonedDateTime.from("1970-01-01T01:00[Europe/Paris]"), 0],
    [Temporal.PlainDateTime.from("1970-01-01T00:00"), 0],
    [Temporal.PlainDate.from("1970-01-02"), 86_400_000],
  ])("takes case %#", (raw, ms) => {
    expect(field.prep(raw)).toEqual(new Date(ms));
  });
  test.each([
    "",
    "x",
    "2024-13-01",
    "2024-02-30",
    "2024-01-01T25:00",
    "2024-01-01T10:60",
    "2024-01-01T10:00+99:00",
    "10000-01-01",
    "0000-01-01",
    "1".repeat(1_000_000),
    "2024-01-01T",
  ])("refuses the text of case %#", (raw) => {
    expect(() => field.prep(raw)).toThrow(ValidationError);
  });
  test.each([undefined, 5, 5n, true, [1], {}, Temporal.Duration.from("P1D")])("refuses the type of case %#", (raw) => {
    expect(() => field.prep(raw)).toThrow(FieldError);
  });
  test("refuses an invalid Date, years that databases do not have, and digits it would drop", () => {
    expect(() => field.prep(new Date(Number.NaN))).toThrow(ValueError);
    expect(() => field.prep(new Date(MAX_EPOCH_MS + 1))).toThrow(ValueError);
    expect(() => field.prep(new Date(MIN_EPOCH_MS - 1))).toThrow(ValueError);
    expect(() => field.prep("2024-01-01T00:00:00.123456Z")).toThrow(/more digits of a second/);
    expect(() => field.toDb(new Date(Number.NaN), sqlite)).toThrow(ValueError);
  });
  test("understands texts without an offset in the current zone", () => {
    readZoneFrom(() => "Europe/Paris");
    expect(field.prep("2024-07-01 12:00")).toEqual(new Date("2024-07-01T10:00:00Z"));
    expect(field.prep("2024-07-01 12:00Z")).toEqual(new Date("2024-07-01T12:00:00Z"));
  });
  test("is sent in UTC, its fraction left out where it is zero", () => {
    const sent = (ms: number) => databases.map(([, d]) => field.toDb(new Date(ms), d));
    expect(sent(0)).toEqual(["1970-01-01 00:00:00", "1970-01-01 00:00:00+00", "1970-01-01 00:00:00"]);
    expect(sent(7)).toEqual([
      "1970-01-01 00:00:00.007000",
      "1970-01-01 00:00:00.007000+00",
      "1970-01-01 00:00:00.007000",
    ]);
    expect(field.toDb(new Date(MIN_EPOCH_MS), sqlite)).toBe("0001-01-01 00:00:00");
    expect(databases.map(([, d]) => field.dbType(d))).toEqual([
      "datetime",
      "timestamp(3) with time zone",
      "datetime(3)",
    ]);
  });
  test("is read back the same on every database", () => {
    holds(
      fc.property(
        instants,
        dialects,
        (ms, d) => (field.fromDb(d)(field.toDb(field.prep(new Date(ms)), d)) as Date).getTime() === ms,
      ),
      2000,
    );
  });
  test("reads offsets, and refuses what is no date", () => {
    const read = field.fromDb(postgres);
    expect(read("2024-01-01 12:00:00.5+05:30")).toEqual(new Date("2024-01-01T06:30:00.500Z"));
    expect(read("2024-01-01T12:00:00-03")).toEqual(new Date("2024-01-01T15:00:00Z"));
    expect(read("2024-01-01")).toEqual(new Date("2024-01-01T00:00:00Z"));
    for (const raw of [
      "infinity",
      "-infinity",
      "0000-00-00 00:00:00",
      "0044-03-15 00:00:00+00 BC",
      "10000-01-01 00:00:00+00",
      "x",
      5,
      null,
    ])
      expect(() => read(raw)).toThrow(DataError);
  });
});

describe("a DateTimeField of microseconds", () => {
  const field = f.DateTimeField({ precision: 6 });
  test("is an Instant, read back the same on every database", () => {
    holds(
      fc.property(instants, fc.integer({ min: 0, max: 999 }), dialects, (ms, us, d) => {
        const instant = Temporal.Instant.fromEpochNanoseconds(BigInt(ms) * 1_000_000n + BigInt(us) * 1000n);
        const canonical = field.prep(instant) as Instant;
        const back = field.fromDb(d)(field.toDb(canonical, d)) as Instant;
        return canonical.equals(instant) && back.equals(instant) && back instanceof Temporal.Instant;
      }),
      2000,
    );
  });
  test("drops what a clock gives below a microsecond, and takes a Date", () => {
    expect(String(field.prep(Temporal.Instant.from("2024-01-01T00:00:00.123456789Z")))).toBe(
      "2024-01-01T00:00:00.123456Z",
    );
    expect(String(field.prep(Temporal.Instant.from("1969-12-31T23:59:59.999999Z")))).toBe(
      "1969-12-31T23:59:59.999999Z",
    );
    expect(String(field.prep(new Date(1)))).toBe("1970-01-01T00:00:00.001Z");
    expect(String(field.prep("2024-01-01 00:00:00.000001"))).toBe("2024-01-01T00:00:00.000001Z");
    expect(() => field.prep("2024-01-01 00:00:00.0000001")).toThrow(ValueError);
  });
  test("has its own column types", () => {
    expect(databases.map(([, d]) => field.dbType(d))).toEqual(["datetime", "timestamp with time zone", "datetime(6)"]);
    expect(field.typeKey).not.toBe(f.DateTimeField().typeKey);
  });
});

describe("autoNow and autoNowAdd", () => {
  test("give the present in the field's own form", () => {
    const before = Date.now();
    const made = f.DateTimeField({ autoNowAdd: true });
    made.bind({ label: "a.B", appLabel: "a", objectName: "B", modelName: "b", dbTable: "a_b" }, "made", "made");
    expect((made.preSave({}, true) as Date).getTime()).toBeGreaterThanOrEqual(before);
    const kept = new Date(0);
    expect(made.preSave({ made: kept }, false)).toBe(kept);
    expect(f.DateTimeField({ autoNow: true, precision: 6 }).preSave({}, false)).toBeInstanceOf(Temporal.Instant);
    expect(f.DateField({ autoNow: true }).preSave({}, false)).toBeInstanceOf(Temporal.PlainDate);
    expect(f.TimeField({ autoNow: true }).preSave({}, false)).toBeInstanceOf(Temporal.PlainTime);
    expect([made.editable, made.blank]).toEqual([false, true]);
  });
  test("exclude each other", () => {
    expect(
      f
        .DateField({ autoNow: true, autoNowAdd: true })
        .check()
        .map((m) => m.id),
    ).toEqual(["fields.E160"]);
    expect(
      f
        .DateField({ autoNow: true, default: null })
        .check()
        .map((m) => m.id),
    ).toEqual(["fields.E160"]);
  });
});

describe("a DateField", () => {
  const field = f.DateField();
  test("takes dates, ISO texts, and the day of a moment in the current zone", () => {
    readZoneFrom(() => "Asia/Tokyo");
    const taken = [
      "2024-02-29",
      " 2024-2-9 ",
      Temporal.PlainDate.from("2024-01-01"),
      Temporal.PlainDateTime.from("2024-01-01T10:00"),
      new Date("2024-01-01T20:00Z"),
      Temporal.Instant.from("2024-01-01T10:00Z"),
    ];
    expect(taken.map((v) => String(field.prep(v)))).toEqual([
      "2024-02-29",
      "2024-02-09",
      "2024-01-01",
      "2024-01-01",
      "2024-01-02",
      "2024-01-01",
    ]);
  });
  test.each(["", "2023-02-29", "2024-00-01", "20240101", "2024-01-01T00:00", "0000-01-01"])(
    "refuses the text of case %#",
    (raw) => {
      expect(() => field.prep(raw)).toThrow(ValidationError);
    },
  );
  test.each([undefined, 5, true, [], {}, new Date(Number.NaN)])("refuses the type of case %#", (raw) => {
    expect(() => field.prep(raw)).toThrow(FieldError);
  });
  test("is read back the same", () => {
    holds(
      fc.property(instants, dialects, (ms, d) => {
        const date = Temporal.PlainDate.from(new Date(ms).toISOString().slice(0, 10));
        return (field.fromDb(d)(field.toDb(field.prep(date), d)) as typeof date).equals(date);
      }),
    );
  });
  test("reads the date of a moment, and refuses other texts", () => {
    const read = field.fromDb(sqlite);
    expect(String(read("2024-01-02 10:00:00"))).toBe("2024-01-02");
    for (const raw of ["infinity", "0000-00-00", "2024-02-30", "12024-01-01", 5])
      expect(() => read(raw)).toThrow(DataError);
  });
  test("a calendar other than ISO is brought to ISO", () => {
    expect(
      (field.prep(Temporal.PlainDate.from("2024-01-01").withCalendar("gregory")) as { calendarId: string }).calendarId,
    ).toBe("iso8601");
  });
});

describe("a TimeField", () => {
  const field = f.TimeField();
  test.each([
    ["14:30", "14:30:00"],
    ["1:02:03.5", "01:02:03.5"],
    ["23:59:59.999999", "23:59:59.999999"],
  ])("takes %s", (raw, canonical) => {
    expect(String(field.prep(raw))).toBe(canonical);
  });
  test("refuses what is no time of day", () => {
    for (const raw of ["", "24:00", "10:60", "x", "10"]) expect(() => field.prep(raw)).toThrow(ValidationError);
    for (const raw of [undefined, 10, new Date(), {}]) expect(() => field.prep(raw)).toThrow(FieldError);
    expect(() => field.prep("00:00:00.0000001")).toThrow(ValueError);
    for (const raw of ["24:00:00", "-01:00:00", "838:59:59", 5])
      expect(() => field.fromDb(mariadb)(raw)).toThrow(DataError);
  });
  test("is read back the same", () => {
    holds(
      fc.property(fc.integer({ min: 0, max: 86_399_999_999 }), dialects, (us, d) => {
        const time = Temporal.PlainTime.from("00:00").add({ microseconds: us });
        return (field.fromDb(d)(field.toDb(field.prep(time), d)) as typeof time).equals(time);
      }),
    );
    expect(String(field.fromDb(sqlite)("1970-01-01 10:20:30.5"))).toBe("10:20:30.5");
  });
});

describe("a DurationField", () => {
  const field = f.DurationField();
  const iso = (raw: unknown) => String(field.prep(raw));
  test.each([
    ["P1DT2H", "P1DT2H"],
    ["-PT1.5S", "-PT1.5S"],
    ["P2W", "P14D"],
    ["1 02:03:04.5", "P1DT2H3M4.5S"],
    ["3 days, 10:00:00", "P3DT10H"],
    ["15", "PT15S"],
    ["01:02", "PT1M2S"],
    ["-1 00:00:00", "-P1D"],
    [Temporal.Duration.from({ hours: 36 }), "P1DT12H"],
    [Temporal.Duration.from({ nanoseconds: 1500 }), "PT0.000001S"],
    ["PT0S", "PT0S"],
  ])("takes %s as %s", (raw, canonical) => {
    expect(iso(raw)).toBe(canonical);
  });
  test("refuses what has no fixed length or is none", () => {
    for (const raw of ["", "x", "P1Y", "P1M", "1:2:3:4", "1::2"])
      expect(() => field.prep(raw)).toThrow(ValidationError);
    expect(() => field.prep(Temporal.Duration.from({ months: 1 }))).toThrow(ValueError);
    expect(() => field.prep(Temporal.Duration.from({ days: 200_000_000 }))).toThrow(ValueError);
    for (const raw of [undefined, 5, {}, []]) expect(() => field.prep(raw)).toThrow(FieldError);
  });
  test("is an interval on PostgreSQL and microseconds elsewhere", () => {
    const d = field.prep("-1 02:03:04.000005");
    expect(databases.map(([, dialect]) => field.toDb(d, dialect))).toEqual([
      -93_784_000_005n,
      "-1 days -02:03:04.000005",
      -93_784_000_005n,
    ]);
  });
  test("is read back the same on every database", () => {
    holds(
      fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), dialects, (us, d) => {
        const duration = field.fromDb(d)(us) as Duration;
        const back = field.fromDb(d)(field.toDb(field.prep(duration), d)) as Duration;
        return String(back) === String(duration);
      }),
    );
  });
  test("reads PostgreSQL's own notation", () => {
    const read = (text: string) => String(field.fromDb(postgres)(text));
    expect(
      [
        "1 day 02:03:04.5",
        "-1 days +02:00:00",
        "00:00:00",
        "1 year 2 mons",
        "-00:00:00.000001",
        "26:00:00",
        "P1DT2H",
      ].map(read),
    ).toEqual(["P1DT2H3M4.5S", "-PT22H", "PT0S", "P425D", "-PT0.000001S", "P1DT2H", "P1DT2H"]);
    for (const raw of ["x", "1 fortnight", true]) expect(() => field.fromDb(postgres)(raw)).toThrow(DataError);
  });
});

test("a reader gives equal values for equal texts, however many texts it saw", () => {
  const read = f.TimeField().fromDb(sqlite);
  for (let round = 0; round < 3; round++)
    for (let minute = 0; minute < 1440; minute++) {
      const text = `${String(Math.floor(minute / 60)).padStart(2, "0")}:${String(minute % 60).padStart(2, "0")}:00`;
      expect(String(read(text))).toBe(text);
    }
});
