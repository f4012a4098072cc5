/** A table with a column of every kind, for tests of expressions. */
import {
  BooleanField,
  CharField,
  DateField,
  DateTimeField,
  DecimalField,
  DurationField,
  FloatField,
  IntegerField,
  JSONField,
  TimeField,
} from "../../src/fields/factories.js";
import type { Field } from "../../src/fields/field.js";

/** Fresh fields by name; `big` has more digits than a double. */
export const everyColumn = (): Record<string, Field> => ({
  n: IntegerField(),
  f: FloatField(),
  s: CharField({ maxLength: 50 }),
  none: CharField({ maxLength: 5, null: true }),
  d: DateField(),
  dt: DateTimeField(),
  tm: TimeField(),
  du: DurationField(),
  dec: DecimalField({ maxDigits: 10, decimalPlaces: 2 }),
  big: DecimalField({ maxDigits: 30, decimalPlaces: 10 }),
  j: JSONField(),
  b: BooleanField(),
});
