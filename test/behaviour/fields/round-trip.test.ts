/**
 * Values of every field through a real column of its own type and back, extremes among them; and each is found again by
 * equality with itself. Only fields and drivers take part, so that nothing else can hide a loss.
 */
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import type { DbParam } from "../../../src/ast/seams.js";
import { MAX_EPOCH_MS, MIN_EPOCH_MS } from "../../../src/base/date-text.js";
import { Range } from "../../../src/base/range.js";
import { Temporal } from "../../../src/base/temporal.js";
import { Decimal } from "../../../src/base/values.js";
import type { DriverConnection } from "../../../src/db/driver.js";
import { mysqlDriver } from "../../../src/db/mysql/driver.js";
import { postgresDriver } from "../../../src/db/postgres/driver.js";
import { sqliteDriver } from "../../../src/db/sqlite/driver.js";
import { readSettings } from "../../../src/db/urls.js";
import * as f from "../../../src/fields/factories.js";
import type { Field } from "../../../src/fields/field.js";
import { testDatabase } from "../../support/database.js";

const database = await testDatabase();
const settings = readSettings(database.url);
const makeDriver = { sqlite: sqliteDriver, postgres: postgresDriver, mysql: mysqlDriver }[settings.driver];
const connection: DriverConnection = await makeDriver(settings).connect();
const dialect = connection.dialect;
afterAll(() => connection.close());

const placeholder = dialect.name === "postgres" ? "$1" : "?";
const run = async (text: string, params: readonly DbParam[] = [], bigInts = false) =>
  (await connection.run({ text, params, bigInts })).rows;

const text = fc.string({ unit: "grapheme", maxLength: 30 }).filter((s) => !s.includes("\0"));
const instants = fc.integer({ min: MIN_EPOCH_MS, max: MAX_EPOCH_MS });
const big = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
const decimal = (digits: number, scale: number) =>
  fc
    .bigInt({ min: 1n - 10n ** BigInt(digits), max: 10n ** BigInt(digits) - 1n })
    .map((n) => new Decimal(n.toString()).div(new Decimal(10).pow(scale)));
const date = (iso: string) => Temporal.PlainDate.from(iso);
// jsonb keeps numbers as decimals, so that only texts that every database prints alike are compared.
const documents = fc
  .jsonValue({ stringUnit: "grapheme" })
  .filter(
    (v) =>
      v !== null &&
      !JSON.stringify(v).includes("\\u0000") &&
      !/-0[,\]}]|^-0$/.test(JSON.stringify(v)) &&
      !hasMinusZero(v),
  );
function hasMinusZero(value: unknown): boolean {
  return (
    Object.is(value, -0) || (typeof value === "object" && value !== null && Object.values(value).some(hasMinusZero))
  );
}

interface Case {
  readonly name: string;
  readonly field: Field;
  readonly values: fc.Arbitrary<unknown>;
  readonly extremes: readonly unknown[];
  /** `=` does not find the value again, and why. */
  readonly unequal?: string;
}

const cases: readonly Case[] = [
  { name: "IntegerField", field: f.IntegerField(), values: fc.integer(), extremes: [0, -2147483648, 2147483647] },
  {
    name: "SmallIntegerField",
    field: f.SmallIntegerField(),
    values: fc.integer({ min: -32768, max: 32767 }),
    extremes: [-32768, 32767],
  },
  { name: "PositiveIntegerField", field: f.PositiveIntegerField(), values: fc.nat(), extremes: [0, 2147483647] },
  {
    name: "BigIntegerField",
    field: f.BigIntegerField(),
    values: big,
    extremes: [2n ** 63n - 1n, -(2n ** 63n), 2n ** 53n + 1n, 0n],
  },
  {
    name: "PositiveBigIntegerField",
    field: f.PositiveBigIntegerField(),
    values: fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }),
    extremes: [2n ** 63n - 1n],
  },
  {
    name: "BigAutoField",
    field: f.BigAutoField(),
    values: fc.maxSafeInteger(),
    extremes: [Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER],
  },
  {
    name: "FloatField",
    field: f.FloatField(),
    values: fc.double({ noNaN: true, noDefaultInfinity: true }),
    extremes: [0.1, 5e-324, 1.7976931348623157e308, 1, -1.5],
  },
  {
    name: "DecimalField of 10 digits",
    field: f.DecimalField({ maxDigits: 10, decimalPlaces: 2 }),
    values: decimal(10, 2),
    extremes: ["0.10", "-99999999.99", "0"],
  },
  {
    name: "DecimalField of 15 digits",
    field: f.DecimalField({ maxDigits: 15, decimalPlaces: 6 }),
    values: decimal(15, 6),
    extremes: ["999999999.999999", "0.000001"],
  },
  {
    name: "DecimalField of 38 digits",
    field: f.DecimalField({ maxDigits: 38, decimalPlaces: 10 }),
    values: decimal(38, 10),
    extremes: ["0.1", "-9999999999999999999999999999.9999999999"],
  },
  { name: "BooleanField", field: f.BooleanField(), values: fc.boolean(), extremes: [true, false] },
  {
    name: "CharField",
    field: f.CharField({ maxLength: 100 }),
    values: text,
    extremes: ["", "👍🏽", "日本語", "\ufeffx", 'it\'s "q" \\ %s ? $1 :a', "\r\n\t\u0001"],
  },
  { name: "TextField", field: f.TextField(), values: text, extremes: ["", "x".repeat(70_000)] },
  {
    name: "UUIDField",
    field: f.UUIDField(),
    values: fc.uuid({ version: [1, 2, 3, 4, 5, 6, 7] }),
    extremes: ["00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff"],
  },
  {
    name: "GenericIPAddressField",
    field: f.GenericIPAddressField(),
    values: fc.oneof(fc.ipV4(), fc.ipV6()),
    extremes: ["::ffff:1.2.3.4", "::1", "::ff47:1eff", "255.255.255.255"],
  },
  {
    name: "BinaryField",
    field: f.BinaryField(),
    values: fc.uint8Array({ maxLength: 40 }),
    extremes: [new Uint8Array(0), new Uint8Array([0, 255, 39, 92, 10])],
  },
  {
    name: "DateField",
    field: f.DateField(),
    values: instants.map((ms) => date(new Date(ms).toISOString().slice(0, 10))),
    extremes: ["0001-01-01", "9999-12-31", "2024-02-29"],
  },
  {
    name: "TimeField",
    field: f.TimeField(),
    values: fc
      .nat(86_399_999)
      .map((ms) => Temporal.PlainTime.from("00:00").add({ milliseconds: ms, microseconds: ms % 1000 })),
    extremes: ["00:00", "23:59:59.999999"],
  },
  {
    name: "DateTimeField",
    field: f.DateTimeField(),
    values: instants.map((ms) => new Date(ms)),
    extremes: [new Date(MIN_EPOCH_MS), new Date(MAX_EPOCH_MS), new Date(0), new Date(-1)],
  },
  {
    name: "DateTimeField of microseconds",
    field: f.DateTimeField({ precision: 6 }),
    values: fc
      .tuple(instants, fc.nat(999))
      .map(([ms, us]) => Temporal.Instant.fromEpochNanoseconds(BigInt(ms) * 1_000_000n + BigInt(us) * 1000n)),
    extremes: ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z"],
  },
  {
    name: "DurationField",
    field: f.DurationField(),
    values: big.map((us) => f.DurationField().fromDb(dialect)(us)),
    extremes: ["P0D", "-PT0.000001S", "P100000D"],
  },
  {
    name: "JSONField",
    field: f.JSONField(),
    values: documents,
    extremes: [{}, [], "", 0, false, { a: [null, { __proto__x: "👍" }] }, 2 ** 53],
    unequal: "documents are compared by lookups of their own",
  },
];
const lists: readonly Case[] = [
  {
    name: "ArrayField of texts",
    field: f.ArrayField(f.CharField({ maxLength: 100 })),
    values: fc.array(fc.option(text)),
    extremes: [[], [null], ["NULL", "", '"', "\\", "{}", ","]],
  },
  {
    name: "ArrayField of moments",
    field: f.ArrayField(f.DateTimeField()),
    values: fc.array(instants.map((ms) => new Date(ms))),
    extremes: [[new Date(0)]],
  },
  {
    name: "ArrayField of bytes",
    field: f.ArrayField(f.BinaryField()),
    values: fc.array(fc.uint8Array({ maxLength: 9 })),
    extremes: [[new Uint8Array([0, 255])]],
  },
  {
    name: "ArrayField in an ArrayField",
    field: f.ArrayField(f.ArrayField(f.BigIntegerField())),
    values: fc.array(fc.tuple(big, big), { minLength: 1 }),
    extremes: [[[1n, null]]],
  },
  {
    name: "IntegerRangeField",
    field: f.IntegerRangeField(),
    values: fc.tuple(fc.integer({ max: -1 }), fc.integer({ min: 1 })).map(([a, b]) => new Range(a, b)),
    extremes: [new Range(null, 5, "()"), Range.empty()],
  },
  {
    name: "DecimalRangeField",
    field: f.DecimalRangeField(),
    values: decimal(20, 4).map((d) => new Range(d, d.plus(1), "[]")),
    extremes: [new Range("0.1", null, "[)")],
  },
  {
    name: "DateTimeRangeField",
    field: f.DateTimeRangeField(),
    values: instants.map((ms) => new Range(new Date(ms - 1 < MIN_EPOCH_MS ? ms : ms - 1), new Date(ms), "[]")),
    extremes: [new Range(new Date(0), new Date(1))],
  },
  {
    name: "DateRangeField",
    field: f.DateRangeField(),
    values: fc.constant(new Range("2024-01-01", "2024-02-01")),
    extremes: [new Range("0001-01-01", "9999-12-31")],
  },
];

// Temporal values, Decimals and dates compare by what they print; the rest by structure.
function shown(value: unknown): unknown {
  if (value instanceof Decimal || value instanceof Date) return `${value.constructor.name} ${value.valueOf()}`;
  if (value instanceof Range) return { ...value, lower: shown(value.lower), upper: shown(value.upper) };
  if (Array.isArray(value)) return value.map(shown);
  const tag =
    typeof value === "object" && value !== null
      ? (value as { [Symbol.toStringTag]?: string })[Symbol.toStringTag]
      : undefined;
  return tag?.startsWith("Temporal.") ? `${tag} ${String(value)}` : value;
}

async function roundTrip(c: Case, table: string): Promise<void> {
  await connection.script(`CREATE TABLE ${table} (v ${c.field.dbType(dialect)} NULL)`);
  const read = c.field.fromDb(dialect) ?? ((v: unknown) => v);
  for (const raw of [...c.extremes, ...fc.sample(c.values, 40)]) {
    const canonical = c.field.prep(raw);
    const db = c.field.toDb(canonical, dialect);
    await run(`INSERT INTO ${table} (v) VALUES (${placeholder})`, [db]);
    const rows = await run(`SELECT v FROM ${table}`, [], c.field.needsBigInt);
    expect(rows.map(([v]) => shown(read(v)))).toEqual([shown(canonical)]);
    if (c.unequal === undefined)
      expect(
        await run(`SELECT count(*) FROM ${table} WHERE v = ${placeholder}`, [db]).then((r) => Number(r[0]?.[0])),
      ).toBe(1);
    await run(`DELETE FROM ${table}`);
  }
}

describe("every value comes back as it was given, and is found again", () => {
  test.each(cases.map((c, i) => [c.name, c, i] as const))("%s", async (_name, c, i) => {
    await roundTrip(c, `round_trip_${i}`);
  });
  test.runIf(dialect.features.arrays).each(lists.map((c, i) => [c.name, c, i] as const))("%s", async (_name, c, i) => {
    await roundTrip(c, `round_trip_list_${i}`);
  });
});

describe("NaN and infinities", () => {
  test.runIf(dialect.name === "postgres")("are kept where the database has them", async () => {
    const field = f.FloatField();
    await connection.script("CREATE TABLE not_finite (v double precision)");
    for (const n of [Number.NaN, Infinity, -Infinity])
      await run("INSERT INTO not_finite VALUES ($1)", [field.toDb(n, dialect)]);
    expect((await run("SELECT v FROM not_finite ORDER BY v")).map(([v]) => field.fromDb(dialect)(v))).toEqual([
      -Infinity,
      Infinity,
      Number.NaN,
    ]);
  });
});

describe("key columns", () => {
  test("a reader in a row that is read as bigint still gives numbers", async () => {
    await connection.script(
      `CREATE TABLE mixed (a ${f.IntegerField().dbType(dialect)}, b ${f.BigIntegerField().dbType(dialect)}, c ${f.BooleanField().dbType(dialect)}, d ${f.FloatField().dbType(dialect)})`,
    );
    const marks = dialect.name === "postgres" ? "$1, $2, $3, $4" : "?, ?, ?, ?";
    await run(`INSERT INTO mixed VALUES (${marks})`, [5, 2n ** 60n, f.BooleanField().toDb(true, dialect), 2]);
    const [row] = await run("SELECT a, b, c, d FROM mixed", [], true);
    const fields = [f.IntegerField(), f.BigIntegerField(), f.BooleanField(), f.FloatField()];
    expect(fields.map((field, i) => field.fromDb(dialect)(row![i]))).toEqual([5, 2n ** 60n, true, 2]);
  });
});
