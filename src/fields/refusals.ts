/**
 * The errors with which fields refuse values. Messages name the field, the kind of what came and what is accepted;
 * never the value itself.
 */
import { DataError, FieldError, ValidationError, ValueError } from "../base/errors.js";
import { describeType } from "../base/values.js";

/** What a refusal needs to know of a field. */
export interface RefusingField {
  readonly path: string;
}

/** A value of a JavaScript type that the field never takes. */
export function wrongType(field: RefusingField, value: unknown, accepted: string): FieldError {
  const hint = value === undefined ? " Leave the key out, or give null, where no value is meant." : "";
  return new FieldError(
    `${field.path} cannot take ${article(describeType(value))}; it takes ${accepted}.${hint}`,
    "value.type",
    {
      path: field.path,
    },
  );
}

/** A value of the right type whose content cannot be meant. */
export function wrongValue(field: RefusingField, what: string, accepted: string, code = "value.invalid"): ValueError {
  return new ValueError(`${field.path} cannot take ${what}; it takes ${accepted}.`, code, { path: field.path });
}

/** A value that does not pass conversion where Django answers with a ValidationError. */
export function invalid(field: RefusingField, message: string, code = "invalid"): ValidationError {
  const error = new ValidationError(message, code);
  // Forms show `messages`, which stay as they are; whoever reads the error itself is told the field too.
  error.message = `${field.path}: ${message}`;
  Object.defineProperty(error, "path", { value: field.path, enumerable: false, configurable: true, writable: true });
  return error;
}

/** A value from the database that cannot be what the column says. */
export function unreadable(field: RefusingField, what: string, code = "value.unreadable"): DataError {
  return new DataError(`${field.path}: the database gave ${what}.`, code, { path: field.path });
}

function article(kind: string): string {
  if (kind === "undefined" || kind === "null" || kind === "NaN" || kind.startsWith("an ")) return kind;
  return `${/^[aeiou]/i.test(kind) ? "an" : "a"} ${kind}`;
}
