/** Texts of validation errors, and how they are gathered. */
import { describe, expect, test } from "vitest";
import { FieldError, ValidationError } from "../../../src/base/errors.js";
import { CharField, DateField } from "../../../src/fields/factories.js";
import type { Field } from "../../../src/fields/field.js";
import { fillMessage } from "../../../src/base/message-text.js";
import { dateMessage, ErrorsByField, listed, uniqueMessage } from "../../../src/orm/validation-messages.js";
import { metaOf } from "../../support/models.js";

const meta = metaOf({
  firstName: CharField({
    maxLength: 9,
    errorMessages: { unique: "%(field_label)s is taken, says %(model_name)s; 100%." },
  }) as unknown as Field,
  email: CharField({ maxLength: 9, verboseName: "e-mail address" }) as unknown as Field,
  day: DateField() as unknown as Field,
});
const field = (name: string): Field => meta.getConcrete(name);

describe("messages", () => {
  test("of one field that is taken", () => {
    expect(uniqueMessage(meta, [field("email")])).toMatchObject({
      message: "Product with this E-mail address already exists.",
      code: "unique",
    });
  });
  test("of the field's own", () => {
    expect(uniqueMessage(meta, [field("firstName")]).message).toBe("First name is taken, says Product; 100%.");
  });
  test("of fields that are taken together", () => {
    expect(uniqueMessage(meta, [field("firstName"), field("email"), field("day")])).toMatchObject({
      message: "Product with this First name, E-mail address and Day already exists.",
      code: "unique_together",
    });
  });
  test("of a field that is taken for a month", () => {
    expect(dateMessage(meta, "month", field("email"), field("day"))).toMatchObject({
      message: "E-mail address must be unique for Day month.",
      code: "unique_for_date",
    });
  });
  test("places without a parameter stay, and parameters are own properties", () => {
    expect(fillMessage("%(a)s %(b)s %(constructor)s", { a: 1 })).toBe("1 %(b)s %(constructor)s");
  });
  test("lists of words", () => {
    expect([listed([]), listed(["a"]), listed(["a", "b"]), listed(["a", "b", "c"])]).toEqual([
      "",
      "a",
      "a and b",
      "a, b and c",
    ]);
  });
});

describe("ErrorsByField", () => {
  test("gathers messages under fields, those of none under __all__", async () => {
    const errors = new ErrorsByField();
    await errors.during(() => {
      throw new ValidationError({ a: [{ message: "one", code: "x" }] });
    });
    await errors.during(async () => {
      throw new ValidationError("all of it", "y");
    });
    errors.add("a", [{ message: "two", code: "z" }]);
    expect(errors.fields).toEqual(["a"]);
    expect(() => errors.throwIfAny()).toThrow(ValidationError);
    try {
      errors.throwIfAny();
    } catch (error) {
      expect((error as ValidationError).messageDict).toEqual({ a: ["one", "two"], __all__: ["all of it"] });
    }
  });
  test("throws other errors on", async () => {
    await expect(
      new ErrorsByField().during(() => {
        throw new FieldError("mine", "test.mine");
      }),
    ).rejects.toThrow("mine");
  });
  test("throws nothing where nothing was found", () => {
    expect(() => new ErrorsByField().throwIfAny()).not.toThrow();
  });
});
