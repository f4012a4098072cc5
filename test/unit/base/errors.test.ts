/** The error tree: what it shows, what it hides, and the guesses at typing mistakes. */
import { inspect } from "node:util";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  BabikError,
  DatabaseError,
  FieldDoesNotExist,
  FieldError,
  IntegrityError,
  NON_FIELD_ERRORS,
  nearest,
  ProtectedError,
  suggest,
  ValidationError,
} from "../../../src/base/errors.js";

describe("an error", () => {
  test("carries its class name, its code and its facts", () => {
    const error = new FieldDoesNotExist("Product has no field 'pirce'.", "field.unknown", {
      model: "shop.Product",
      path: "pirce",
      choices: ["name", "price"],
    });
    expect(error).toBeInstanceOf(FieldError);
    expect(error).toBeInstanceOf(BabikError);
    expect(error.name).toBe("FieldDoesNotExist");
    expect(error.code).toBe("field.unknown");
    expect([error.model, error.path, error.choices]).toEqual(["shop.Product", "pirce", ["name", "price"]]);
  });

  test("keeps the driver's error as its cause", () => {
    const cause = new RangeError("driver");
    expect(new DatabaseError("The statement failed.", "database.error", { cause }).cause).toBe(cause);
    expect("cause" in new DatabaseError("The statement failed.")).toBe(false);
  });

  test("shows no facts when it is printed or serialised", () => {
    const error = new IntegrityError("A row with this name exists.", "database.unique", {
      statement: "INSERT INTO secret_table",
      constraint: "secret_constraint",
    });
    expect(error.constraint).toBe("secret_constraint");
    expect(inspect(error)).not.toContain("secret");
    expect(JSON.stringify(error)).toBe("{}");
  });

  test("about protected rows gives the rows", () => {
    const row = {};
    const error = new ProtectedError("Cannot delete.", new Set([row]));
    expect(error.protectedObjects.has(row)).toBe(true);
    expect(error.code).toBe("delete.protected");
  });
});

describe("ValidationError", () => {
  test("made of one message files it under no field", () => {
    const error = new ValidationError("Too long.", "max_length", { limit: 3 });
    expect(error.messages).toEqual(["Too long."]);
    expect(error.messageDict).toEqual({ [NON_FIELD_ERRORS]: ["Too long."] });
    expect(error.errorList).toEqual([{ message: "Too long.", code: "max_length", params: { limit: 3 } }]);
    expect(error.errorDict).toBeUndefined();
    expect(error.code).toBe("max_length");
  });

  test("made of messages by field keeps the fields", () => {
    const error = new ValidationError({
      name: [
        { message: "Required.", code: "required" },
        { message: "Too short.", code: "min_length" },
      ],
      price: [{ message: "Not a number.", code: "invalid" }],
    });
    expect(error.messageDict).toEqual({ name: ["Required.", "Too short."], price: ["Not a number."] });
    expect(error.messages).toEqual(["Required.", "Too short.", "Not a number."]);
    expect(error.message).toBe("Required.; Too short.; Not a number.");
    expect(error.code).toBe("required");
  });
});

describe("nearest", () => {
  test.each([
    ["pirce", ["name", "price"], "price"],
    ["nmae", ["name", "price"], "name"],
    ["PRICE", ["name", "price"], "price"],
    ["prices", ["name", "price"], "price"],
    ["colour", ["name", "price"], undefined],
    ["x", [], undefined],
  ])("of %s among %j is %s", (name, choices, expected) => {
    expect(nearest(name, choices)).toBe(expected);
  });

  test("finds every name that is itself a choice", () => {
    const names = fc.array(fc.stringMatching(/^[a-z]{1,12}$/), { minLength: 1 });
    fc.assert(
      fc.property(names, (choices) => {
        for (const choice of choices) expect(nearest(choice, choices)).toBe(choice);
      }),
    );
  });

  test("finds a name of four letters or more after two neighbours were swapped", () => {
    const word = fc.stringMatching(/^[a-z]{4,12}$/);
    fc.assert(
      fc.property(word, fc.nat(), (name, seed) => {
        const at = seed % (name.length - 1);
        const swapped = name.slice(0, at) + name[at + 1]! + name[at]! + name.slice(at + 2);
        expect(nearest(swapped, [name])).toBe(name);
      }),
    );
  });
});

describe("suggest", () => {
  test("guesses the name and lists the choices", () => {
    expect(suggest("pirce", ["name", "price"])).toBe(" Did you mean 'price'? Choices are: name, price.");
    expect(suggest("colour", ["name", "price"])).toBe(" Choices are: name, price.");
    expect(suggest("colour", [])).toBe("");
  });

  test("cuts a long list at forty names", () => {
    const choices = Array.from({ length: 50 }, (_, i) => `field_number_${i}`);
    const text = suggest("zzz", choices);
    expect(text).toContain("field_number_39, … (50 in all).");
    expect(text).not.toContain("field_number_40");
  });
});

describe("a ValidationError takes Django's forms", () => {
  test("a text whose places are filled", () => {
    const error = new ValidationError("At most %(n)s.", "too_many", { n: 3 });
    expect(error.messages).toEqual(["At most 3."]);
    expect(error.message).toBe("At most 3.");
    expect(error.errorList).toEqual([{ message: "At most %(n)s.", code: "too_many", params: { n: 3 } }]);
  });
  test("texts and errors by field", () => {
    const error = new ValidationError({
      title: "Too short.",
      pages: ["Too few.", new ValidationError("At least %(n)s.", "least", { n: 2 })],
      __all__: new ValidationError(["Not now.", "Not here."]),
    });
    expect(error.messageDict).toEqual({
      title: ["Too short."],
      pages: ["Too few.", "At least 2."],
      __all__: ["Not now.", "Not here."],
    });
    expect(error.errorDict!["pages"]!.map((m) => m.code)).toEqual(["invalid", "least"]);
    expect(new ValidationError(error).messageDict).toEqual(error.messageDict);
  });
  test("a list of texts and errors", () => {
    const error = new ValidationError([
      "one",
      new ValidationError("two", "second"),
      new ValidationError({ a: "three" }),
    ]);
    expect(error.messages).toEqual(["one", "two", "three"]);
    expect(error.errorList.map((m) => m.code)).toEqual(["invalid", "second", "invalid"]);
    expect(error.messageDict).toEqual({ __all__: ["one", "two", "three"] });
  });
  test("keys of fields reach no prototype", () => {
    const error = new ValidationError(JSON.parse('{"__proto__": "x"}') as Record<string, string>);
    expect(Object.hasOwn(error.messageDict, "__proto__")).toBe(true);
    expect(({} as Record<string, unknown>)["x"]).toBeUndefined();
  });
  test.each([[undefined], [null], [7], [[undefined]], [{ a: 7 }], [{ a: [null] }], [new Date(0)], [new Map()]])(
    "and refuses %o",
    (what) => {
      expect(() => new ValidationError(what as never)).toThrow(
        expect.objectContaining({ code: "validation.argument" }),
      );
    },
  );
  test("and a code or params that are none", () => {
    for (const [code, params] of [
      [{ code: "seven" }, undefined],
      [7, undefined],
      ["x", "y"],
      ["x", null],
    ])
      expect(() => new ValidationError("no", code as never, params as never)).toThrow(
        expect.objectContaining({ code: "validation.argument" }),
      );
  });
});
