/** Names of time zones: checked against the runtime before they may stand in SQL text. Knows no databases. */
import { ValueError } from "../base/errors.js";

const OFFSET = /^[+-](?:0\d|1[0-4]):[0-5]\d$/;
const NAME = /^[A-Za-z][A-Za-z0-9_+-]*(?:\/[A-Za-z0-9_+-]+)*$/;
const known = new Set<string>(["UTC"]);

/**
 * The zone as it may be written: an IANA name the runtime knows, or an offset such as `+05:30`.
 * @throws ValueError for anything else
 */
export function checkZone(zone: unknown): string {
  if (typeof zone !== "string")
    throw new ValueError(
      "A time zone is given by its name, such as 'Europe/Paris', or as '+02:00'.",
      "value.time_zone",
    );
  if (known.has(zone)) return zone;
  if (!OFFSET.test(zone)) {
    if (!NAME.test(zone)) throw unknown(zone);
    try {
      new Intl.DateTimeFormat("en-US", { timeZone: zone });
    } catch {
      throw unknown(zone);
    }
  }
  if (known.size > 1000) known.clear();
  known.add(zone);
  return zone;
}
function unknown(zone: string): ValueError {
  return new ValueError(
    `${JSON.stringify(zone.slice(0, 60))} is no time zone that this runtime knows; write an IANA name such as 'Europe/Paris', or '+02:00'.`,
    "value.time_zone",
  );
}
