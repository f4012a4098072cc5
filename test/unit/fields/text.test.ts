import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { FieldError, ValidationError } from "../../../src/base/errors.js";
import { Decimal } from "../../../src/base/values.js";
import * as f from "../../../src/fields/factories.js";
import { databases, mariadb, mysql, oldMariadb, postgres, sqlite } from "../../support/dialects.js";
import { holds } from "../../support/holds.js";

describe("text fields", () => {
  const name = f.CharField({ maxLength: 20 });

  test.each([
    ["a", "a"],
    ["", ""],
    [5, "5"],
    [0, "0"],
    [-0, "0"],
    [2n ** 70n, String(2n ** 70n)],
    [new Decimal("1.5"), "1.5"],
    ["日本語 👍", "日本語 👍"],
    ["\ufeffé", "\ufeffé"],
  ])("take %o as text", (raw, canonical) => {
    expect(name.prep(raw)).toBe(canonical);
    expect(databases.map(([, d]) => name.toDb(canonical, d))).toEqual([canonical, canonical, canonical]);
  });
  test.each([
    undefined,
    true,
    ["x"],
    { $gt: "" },
    new Date(0),
    new Uint8Array(1),
    Symbol("s"),
    () => "x",
    new String("x"),
    new Map(),
  ])("refuse the type of case %#", (raw) => {
    expect(() => name.prep(raw)).toThrow(FieldError);
  });
  test("refuse NUL, half a surrogate pair, NaN", () => {
    for (const raw of ["a\0b", "a\ud800b", "\udc00"]) expect(() => name.prep(raw)).toThrow(ValidationError);
    expect(() => name.prep(Number.NaN)).toThrow(/NaN/);
  });
  test("never call code of a value", () => {
    let called = 0;
    const trap = {
      toString: () => String(called++),
      [Symbol.toPrimitive]: () => String(called++),
      toJSON: () => called++,
    };
    for (const field of [
      name,
      f.IntegerField(),
      f.DecimalField(),
      f.UUIDField(),
      f.BooleanField(),
      f.FloatField(),
      f.DateTimeField(),
    ])
      expect(() => field.prep(trap)).toThrow(FieldError);
    expect(called).toBe(0);
  });
  test("give back every well-formed text without NUL", () => {
    holds(
      fc.property(fc.string({ unit: "binary" }), fc.constantFrom(sqlite, postgres, mariadb), (text, dialect) => {
        if (text.includes("\0")) return true;
        const read = name.fromDb(dialect) ?? ((v: unknown) => v);
        return read(name.toDb(name.prep(text), dialect)) === text;
      }),
    );
  });
  test.each([
    [f.CharField({ maxLength: 9 }), ["varchar(9)", "varchar(9)", "varchar(9)"], ["text", "varchar(9)", "char(9)"]],
    [f.TextField(), ["text", "text", "longtext"], ["text", "text", "char"]],
    [f.SlugField(), ["varchar(50)", "varchar(50)", "varchar(50)"], ["text", "varchar(50)", "char(50)"]],
    [f.EmailField(), ["varchar(254)", "varchar(254)", "varchar(254)"], ["text", "varchar(254)", "char(254)"]],
    [f.URLField(), ["varchar(200)", "varchar(200)", "varchar(200)"], ["text", "varchar(200)", "char(200)"]],
    [f.FileField(), ["varchar(100)", "varchar(100)", "varchar(100)"], ["text", "varchar(100)", "char(100)"]],
    [f.GenericIPAddressField(), ["char(39)", "inet", "char(39)"], ["text", "inet", "char(39)"]],
  ])("column and cast types of %#", (field, types, casts) => {
    expect(databases.map(([, d]) => field.dbType(d))).toEqual(types);
    expect(databases.map(([, d]) => field.castType(d))).toEqual(casts);
  });
  test("a length is needed on MariaDB only, and must be positive everywhere", () => {
    expect(
      f
        .CharField()
        .check([mariadb])
        .map((m) => m.id),
    ).toEqual(["fields.E120"]);
    expect(f.CharField().check([sqlite, postgres])).toEqual([]);
    expect(
      f
        .CharField({ maxLength: 0 })
        .check()
        .map((m) => m.id),
    ).toEqual(["fields.E121"]);
    expect(
      f
        .CharField({ maxLength: 2, dbCollation: "" })
        .check()
        .map((m) => m.id),
    ).toEqual(["fields.E190"]);
    expect(f.CharField().dbType(sqlite)).toBe("varchar");
  });
  test("length counts characters, not code units", async () => {
    const two = f.CharField({ maxLength: 2 });
    await expect(two.clean("👍👍")).resolves.toBe("👍👍");
    await expect(two.clean("abc")).rejects.toThrow("Ensure this value has at most 2 characters (it has 3).");
  });
  test("choices, blank and null are checked in validation", async () => {
    const size = f.CharField({
      maxLength: 1,
      choices: [
        ["s", "Small"],
        ["Group", [["m", "Medium"]]],
      ],
    });
    await expect(size.clean("m")).resolves.toBe("m");
    await expect(size.clean("x")).rejects.toMatchObject({ code: "invalid_choice" });
    await expect(size.clean("")).rejects.toMatchObject({ code: "blank" });
    await expect(size.clean(null)).rejects.toThrow("This field cannot be null.");
    const own = f.CharField({ errorMessages: { blank: "Say something." } });
    await expect(own.clean("")).rejects.toThrow("Say something.");
  });
  test("choices that are longer than the column, or no choices, are mistakes", () => {
    expect(
      f
        .CharField({ maxLength: 2, choices: ["abc"] })
        .check()
        .map((m) => m.id),
    ).toEqual(["fields.E009"]);
    expect(
      f
        .CharField({ maxLength: 2, choices: "ab" as never })
        .check()
        .map((m) => m.id),
    ).toEqual(["fields.E004"]);
    expect(
      f
        .CharField({ maxLength: 2, choices: [["a", "b", "c"]] })
        .check()
        .map((m) => m.id),
    ).toEqual(["fields.E005"]);
    expect(
      f
        .CharField({ maxLength: 2, validators: ["x" as never] })
        .check()
        .map((m) => m.id),
    ).toEqual(["fields.E008"]);
  });
});

describe("a UUIDField", () => {
  const field = f.UUIDField();
  const id = "550e8400-e29b-41d4-a716-446655440000";
  test.each([
    id,
    id.toUpperCase(),
    id.replaceAll("-", ""),
    `{${id}}`,
    `urn:uuid:${id}`,
    BigInt(`0x${id.replaceAll("-", "")}`),
  ])("takes %o", (raw) => {
    expect(field.prep(raw)).toBe(id);
  });
  test.each(["", "x", id.slice(1), `${id}0`, "g".repeat(32), -1n, 2n ** 128n])(
    "refuses the content of case %#",
    (raw) => {
      expect(() => field.prep(raw)).toThrow(ValidationError);
    },
  );
  test.each([undefined, 1.5, true, [id], {}])("refuses the type of case %#", (raw) => {
    expect(() => field.prep(raw)).toThrow(FieldError);
  });
  test("has hyphens where the database has a type for it", () => {
    expect(
      [sqlite, postgres, mariadb, oldMariadb, mysql].map((d) => [field.dbType(d), String(field.toDb(id, d)).length]),
    ).toEqual([
      ["char(32)", 32],
      ["uuid", 36],
      ["uuid", 36],
      ["char(32)", 32],
      ["char(32)", 32],
    ]);
  });
  test("is read back the same", () => {
    holds(
      fc.property(fc.uuid(), fc.constantFrom(sqlite, postgres, mariadb, oldMariadb), (uuid, d) => {
        const read = field.fromDb(d) ?? ((v: unknown) => v);
        return read(field.toDb(field.prep(uuid), d)) === uuid;
      }),
    );
  });
});

describe("a GenericIPAddressField", () => {
  test.each([
    ["1.2.3.4", "1.2.3.4"],
    [" 1.2.3.4 ", "1.2.3.4"],
    ["2001:0DB8:0:0:0:0:0:1", "2001:db8::1"],
    ["::", "::"],
    ["::1", "::1"],
    ["1::", "1::"],
    ["1:0:0:2:0:0:0:3", "1:0:0:2::3"],
    ["1:0:2:3:4:5:6:7", "1:0:2:3:4:5:6:7"],
    ["::ffff:0a0a:0a0a", "::ffff:10.10.10.10"],
    ["::ffff:10.10.10.10", "::ffff:10.10.10.10"],
  ])("takes %s as %s", (raw, canonical) => {
    expect(f.GenericIPAddressField().prep(raw)).toBe(canonical);
  });
  test("unpacks mapped addresses where asked", () => {
    expect(f.GenericIPAddressField({ unpackIpv4: true }).prep("::ffff:10.10.10.10")).toBe("10.10.10.10");
  });
  test("validates by protocol", async () => {
    await expect(f.GenericIPAddressField({ protocol: "IPv4" }).clean("::1")).rejects.toThrow(
      "Enter a valid IPv4 address.",
    );
    await expect(f.GenericIPAddressField().clean("256.1.1.1")).rejects.toThrow("Enter a valid IPv4 or IPv6 address.");
    await expect(f.GenericIPAddressField().clean("fe80::1")).resolves.toBe("fe80::1");
    expect(
      f
        .GenericIPAddressField({ blank: true })
        .check()
        .map((m) => m.id),
    ).toEqual(["fields.E150"]);
  });
});

describe("a BooleanField", () => {
  const field = f.BooleanField();
  test.each([
    [true, true],
    [1, true],
    [1n, true],
    ["true", true],
    ["True", true],
    ["t", true],
    ["1", true],
    [false, false],
    [0, false],
    ["false", false],
    ["0", false],
    [-0, false],
  ])("takes %o as %o", (raw, canonical) => {
    expect(field.prep(raw)).toBe(canonical);
  });
  test.each(["yes", "", 2, 1.5, Number.NaN])("refuses the content of case %#", (raw) => {
    expect(() => field.prep(raw)).toThrow(ValidationError);
  });
  test.each([undefined, [true], {}, new Boolean(true)])("refuses the type of case %#", (raw) => {
    expect(() => field.prep(raw)).toThrow(FieldError);
  });
  test("is a boolean on PostgreSQL and 0 or 1 elsewhere", () => {
    expect(databases.map(([, d]) => field.toDb(true, d))).toEqual([1, true, 1]);
    expect(databases.map(([, d]) => field.dbType(d))).toEqual(["bool", "boolean", "bool"]);
    const read = field.fromDb(sqlite);
    expect([1, 0, 1n, 0n, true, false, "t", "f", "1", "0"].map(read)).toEqual([
      true,
      false,
      true,
      false,
      true,
      false,
      true,
      false,
      true,
      false,
    ]);
  });
  test("false is a value, not a blank", async () => {
    await expect(field.clean(false)).resolves.toBe(false);
    await expect(field.clean("")).rejects.toMatchObject({ code: "null" });
  });
});

describe("a BinaryField", () => {
  const field = f.BinaryField({ editable: true });
  const bytes = new Uint8Array([0, 255, 39]);
  test("takes bytes only", () => {
    expect(field.prep(bytes)).toBe(bytes);
    expect(field.prep(bytes.buffer)).toEqual(bytes);
    for (const raw of ["text", 1, [1], undefined, {}]) expect(() => field.prep(raw)).toThrow(FieldError);
  });
  test("gives back a Uint8Array of its own, whatever the driver gives", () => {
    const read = field.fromDb(postgres);
    const buffer = Buffer.from(bytes);
    const out = read(buffer) as Uint8Array;
    expect(out).toEqual(bytes);
    expect([Buffer.isBuffer(out), out.buffer === buffer.buffer]).toEqual([false, false]);
    expect(read("\\x00ff27")).toEqual(bytes);
  });
  test("goes through JSON as base64", () => {
    expect(field.fromJson(field.toJson(bytes))).toEqual(bytes);
  });
  test("counts its length in bytes, and refuses a string as default", async () => {
    await expect(f.BinaryField({ maxLength: 2 }).runValidators(bytes)).rejects.toThrow("at most 2 bytes (it has 3)");
    expect(
      f
        .BinaryField({ default: "x" })
        .check()
        .map((m) => m.id),
    ).toEqual(["fields.E170"]);
  });
});
