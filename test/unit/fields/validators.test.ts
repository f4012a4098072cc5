import { describe, expect, test } from "vitest";
import type { ValidationError } from "../../../src/base/errors.js";
import { Decimal } from "../../../src/base/values.js";
import * as v from "../../../src/fields/validators.js";

const code = (run: v.Limit, value: unknown): string => {
  try {
    (run as (x: unknown) => void)(value);
  } catch (error) {
    return (error as ValidationError).code;
  }
  return "fine";
};

describe("validators accept and refuse as in Django", () => {
  test.each([
    "email@here.com",
    "weirder-email@here.and.there.com",
    "email@[127.0.0.1]",
    "email@[2001:dB8::1]",
    "email@localhost",
    '"test@test"@example.com',
    "example@valid-----hyphens.com",
    `a@${"a".repeat(63)}.us`,
    "email@xn--4ca9at.com",
    '"\\\t"@here.com',
    "a+b@ü.example",
  ])("e-mail %s", (text) => {
    expect(code(v.validateEmail, text)).toBe("fine");
  });
  test.each([
    "",
    "abc",
    "abc@",
    "abc@bar",
    "a @x.cz",
    "abc@.com",
    "something@@somewhere.com",
    "email@127.0.0.1",
    "email@[127.0.0.256]",
    "example@invalid-.com",
    "example@-invalid.com",
    "trailingdot@shouldfail.com.",
    "a@b.com\n",
    '"\n"@here.com',
    `a@${"a".repeat(64)}.us`,
    "a..b@x.com",
    null,
    5,
  ])("no e-mail %j", (text) => {
    expect(code(v.validateEmail, text)).toBe("invalid");
  });
  test.each([
    "http://www.djangoproject.com/",
    "HTTP://WWW.DJANGOPROJECT.COM/",
    "http://localhost/",
    "http://example.com:8000/test",
    "https://user:pass@example.com",
    "http://[::1]:80/",
    "http://200.8.9.10/?a=b",
    "ftps://foo.bar/",
    "http://مثال.إختبار",
    "http://foo.com/blah_(wikipedia)#cite-1",
    "http://xn--7sbb4ac0ad0be6cf.xn--p1ai",
    "http://example.com./",
    "http://-.~_!$&'()*+,;=%40:80%2f@example.com",
  ])("URL %s", (text) => {
    expect(code(v.URLValidator(), text)).toBe("fine");
  });
  test.each([
    "",
    "foo",
    "http://",
    "http://example",
    "http://example.",
    "http://.com",
    "http://invalid-.com",
    "http://-invalid.com",
    "http://inv-.alid-.com",
    "git+ssh://example.com",
    "http://1.1.1.1.1",
    "http://256.1.1.1/",
    "http://foo bar.com",
    "http://a.com\n",
    "http://user@name@x.com",
    "http://[::1::2]/",
    "http://example.com:999999/",
    "http://a:b:c@x.com",
    `http://${"a".repeat(64)}.com`,
    "http://.www.foo.bar/",
    "javascript:alert(1)",
  ])("no URL %j", (text) => {
    expect(code(v.URLValidator(), text)).toBe("invalid");
  });
  test("domain names", () => {
    expect(["example.com", "xn--d1acj3b.xn--p1ai", "ěšč.cz"].map((d) => code(v.validateDomainName, d))).toEqual([
      "fine",
      "fine",
      "fine",
    ]);
    expect(["localhost", "-a.com", "a_b.com", "a..com", "1.2.3.4"].map((d) => code(v.validateDomainName, d))).toEqual(
      Array(5).fill("invalid"),
    );
    expect(code(v.DomainNameValidator({ acceptIdna: false }), "ěšč.cz")).toBe("invalid");
  });
  test("addresses", () => {
    expect(["1.1.1.1", "255.0.0.0"].map((d) => code(v.validateIpv4Address, d))).toEqual(["fine", "fine"]);
    expect(
      ["25,1,1,1", "1.1.1", "01.1.1.1", "1.1.1.1\n", "256.1.1.1", ""].map((d) => code(v.validateIpv4Address, d)),
    ).toEqual(Array(6).fill("invalid"));
    expect(
      ["::", "fe80::1", "::ffff:1.2.3.4", "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:1.2.3.4", "1::2.3.4.5"].map((d) =>
        code(v.validateIpv6Address, d),
      ),
    ).toEqual(Array(6).fill("fine"));
    expect(
      [
        "1:2",
        "::zzz",
        "12345::",
        "1::2::3",
        "::1.2.3",
        "1:2:3:4:5:6:7:8:9",
        ":::",
        ":1",
        "1:2:3:4:5:6:7::8",
        "::ffff:1.2.3.4:5",
      ].map((d) => code(v.validateIpv6Address, d)),
    ).toEqual(Array(10).fill("invalid"));
  });
  test("slugs, integers and lists of them", () => {
    expect([
      code(v.validateSlug, "slug-ok_1"),
      code(v.validateSlug, "not ok"),
      code(v.validateSlug, "a\n"),
      code(v.validateSlug, "ü"),
    ]).toEqual(["fine", "invalid", "invalid", "invalid"]);
    expect([code(v.validateUnicodeSlug, "ünï-1"), code(v.validateUnicodeSlug, "a b")]).toEqual(["fine", "invalid"]);
    expect([code(v.validateInteger, "-42"), code(v.validateInteger, "4.2")]).toEqual(["fine", "invalid"]);
    expect(["1,2", "1", "", "1,,2", "a", "-1,2"].map((x) => code(v.validateCommaSeparatedIntegerList, x))).toEqual([
      "fine",
      "fine",
      "invalid",
      "invalid",
      "invalid",
      "invalid",
    ]);
    expect(code(v.intListValidator({ sep: ".", allowNegative: true }), "-1.2")).toBe("fine");
  });
  test("limits of numbers, decimals, dates and lengths", () => {
    expect([
      code(v.MaxValueValidator(10), 10),
      code(v.MaxValueValidator(10), 11),
      code(
        v.MinValueValidator(() => 3),
        2,
      ),
    ]).toEqual(["fine", "max_value", "min_value"]);
    expect([
      code(v.MaxValueValidator(2n ** 63n - 1n), new Decimal("9223372036854775808")),
      code(v.MinValueValidator("0.1"), new Decimal("0.1")),
    ]).toEqual(["max_value", "fine"]);
    expect([
      code(v.MaxValueValidator(new Date(5)), new Date(6)),
      code(v.MinLengthValidator(2), "👍"),
      code(v.MaxLengthValidator(1), "👍"),
    ]).toEqual(["max_value", "min_length", "fine"]);
    expect([
      code(v.StepValueValidator(3), 9),
      code(v.StepValueValidator("0.1"), 0.3),
      code(v.StepValueValidator(3, undefined, 1), 9),
    ]).toEqual(["fine", "fine", "step_size"]);
  });
  test("digits of decimals", () => {
    const two = v.DecimalValidator(4, 2);
    expect(["12.34", "1.234", "123.4", "12345", "0.00", "-99.99"].map((d) => code(two, new Decimal(d)))).toEqual([
      "fine",
      "max_decimal_places",
      "max_whole_digits",
      "max_digits",
      "fine",
      "fine",
    ]);
    expect(code(two, new Decimal("1E+9"))).toBe("max_digits");
  });
  test("NUL, extensions and expressions", () => {
    expect(code(v.ProhibitNullCharactersValidator(), "a\0")).toBe("null_characters_not_allowed");
    expect([
      code(v.FileExtensionValidator(["txt"]), "a/b.TXT"),
      code(v.FileExtensionValidator(["txt"]), "b.txt.exe"),
      code(v.FileExtensionValidator([]), "a.txt"),
      code(v.FileExtensionValidator(), "a"),
    ]).toEqual(["fine", "invalid_extension", "invalid_extension", "fine"]);
    expect([code(v.validateImageFileExtension, "a.png"), code(v.validateImageFileExtension, "a.txt")]).toEqual([
      "fine",
      "invalid_extension",
    ]);
    const sticky = v.RegexValidator(/a/g);
    expect([
      code(sticky, "a"),
      code(sticky, "a"),
      code(v.RegexValidator("x", { inverseMatch: true, code: "has_x" }), "x"),
    ]).toEqual(["fine", "fine", "has_x"]);
  });
});

describe("hostile texts cost linear time", () => {
  const all: readonly [string, (x: unknown) => unknown][] = [
    ["e-mail", v.validateEmail],
    ["URL", v.URLValidator()],
    ["domain", v.validateDomainName],
    ["IPv4", v.validateIpv4Address],
    ["IPv6", v.validateIpv6Address],
    ["slug", v.validateSlug],
    ["Unicode slug", v.validateUnicodeSlug],
    ["integer", v.validateInteger],
    ["integers", v.validateCommaSeparatedIntegerList],
    ["NUL", v.ProhibitNullCharactersValidator()],
    ["extension", v.FileExtensionValidator(["txt"])],
    ["decimal", v.DecimalValidator(5, 2)],
    ["length", v.MaxLengthValidator(5)],
  ];
  const hostile = ["a", "a.", "1", "-", ":", "::", "a@", "http://a", '"\\', "@", "0.", "1e", " ", "[", "ü", "1,"];
  test.each(all)("%s", (_name, validate) => {
    for (const piece of hostile) {
      const text = piece.repeat(Math.ceil(1_000_000 / piece.length));
      const start = performance.now();
      code(validate, `${text}!`);
      // A quadratic matcher needs minutes for a million characters; the figure leaves room for a busy machine.
      expect(performance.now() - start).toBeLessThan(500);
    }
  });
});
