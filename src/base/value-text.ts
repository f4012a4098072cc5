/** The text of values that have one: dates, times, decimals. Objects of other classes have none, whatever their `toString` says: it is never called. */
import { asTemporal, type TemporalKinds } from "./temporal.js";
import { asDecimal, decimalText } from "./values.js";

const KINDS: readonly (keyof TemporalKinds)[] = [
  "Instant",
  "PlainDate",
  "PlainTime",
  "PlainDateTime",
  "ZonedDateTime",
  "Duration",
];

/** Text of a Decimal or a Temporal value; `undefined` for all else. */
export function valueText(value: unknown): string | undefined {
  const decimal = asDecimal(value);
  if (decimal !== undefined) return decimalText(decimal);
  for (const kind of KINDS) {
    const found = asTemporal(kind, value);
    if (found !== undefined) return found.toString();
  }
  return undefined;
}
